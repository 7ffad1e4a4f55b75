//! A log of events.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use crate::event::{Event, Numbered, Read};

/// A log of the events of a backend. A clone is another handle. Once all handles are dropped, it is
/// closed and has no events.
///
/// Events are numbered from 0. A log with a bound keeps the last ones.
#[derive(Clone)]
pub struct EventLog {
    handle: Arc<Handle>,
}

/// What the handles of a log share.
struct Handle(Arc<Inner>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.is_open.store(false, Ordering::Relaxed);
        drop(mem::take(&mut *self.0.events()));
    }
}

/// A log as the backend that it records knows it.
#[derive(Clone)]
pub(crate) struct Recording(Arc<Inner>);

impl Recording {
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    /// Records an event, if the log is open.
    pub(crate) fn push(&self, event: Event) {
        if !self.is_open() {
            return;
        }
        let mut events = self.0.events();
        let is_full = self.0.keep.is_some_and(|keep| events.kept.len() == keep.get());
        let dropped = if is_full { events.kept.pop_front() } else { None };
        events.lost += u64::from(is_full);
        events.kept.push_back(event);
        drop(events);
        // The lock is not held while the event is freed.
        drop(dropped);
    }
}

struct Inner {
    is_open: AtomicBool,
    keep: Option<NonZeroUsize>,
    events: Mutex<Events>,
}

impl Inner {
    // A panic leaves the list valid.
    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Events {
    /// The number of events that are not kept.
    lost: u64,
    kept: VecDeque<Event>,
}

/// The first line of a written log.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    events: u64,
}

const FORMAT: &str = "nessie-events";
const VERSION: u32 = 1;

impl EventLog {
    /// An open log. It keeps all events, or the last ones.
    #[must_use]
    pub fn new(keep: Option<NonZeroUsize>) -> Self {
        let inner = Inner { is_open: AtomicBool::new(true), keep, events: Mutex::default() };
        Self { handle: Arc::new(Handle(Arc::new(inner))) }
    }

    pub(crate) fn recording(&self) -> Recording {
        Recording(Arc::clone(&self.handle.0))
    }

    /// Whether it records events.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.handle.0.is_open.load(Ordering::Relaxed)
    }

    /// Ends the recording. The events stay.
    pub fn close(&self) {
        self.handle.0.is_open.store(false, Ordering::Relaxed);
    }

    /// How many events it keeps at most; `None` for all.
    #[must_use]
    pub fn keep(&self) -> Option<NonZeroUsize> {
        self.handle.0.keep
    }

    /// The number of events that it does not keep any more.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.events().lost
    }

    /// The number of events that it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events().kept.len()
    }

    /// Whether it keeps no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events from a number on, each with its number.
    #[must_use]
    pub fn since(&self, seq: u64) -> Vec<(u64, Event)> {
        let events = self.events();
        let skipped = usize::try_from(seq.saturating_sub(events.lost)).unwrap_or(usize::MAX);
        let first = events.lost;
        let numbered = events.kept.iter().enumerate().skip(skipped);
        numbered.map(|(index, event)| (first + index as u64, event.clone())).collect()
    }

    /// The first event from a number on, with its number.
    #[must_use]
    pub fn first_since(&self, seq: u64) -> Option<(u64, Event)> {
        let lost = self.lost();
        self.get(usize::try_from(seq.saturating_sub(lost)).ok()?)
    }

    /// The events whose operation matches a pattern and that have a matching name or identifier among
    /// their arguments or in their result, each with its number.
    #[must_use]
    pub fn matching(&self, operation: &str, name: &str) -> Vec<(u64, Event)> {
        let (operation, name) = (WildMatch::new(operation), WildMatch::new(name));
        let is_any = name.pattern_chars().iter().all(|c| *c == '*');
        let fits = |(_, event): &(u64, Event)| {
            operation.matches(event.operation.kind.name())
                && (is_any || event.names().any(|found| name.matches(&found)))
        };
        self.since(0).into_iter().filter(fits).collect()
    }

    /// The event at an index among those that it keeps, with its number.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<(u64, Event)> {
        let events = self.events();
        events.kept.get(index).map(|event| (events.lost + index as u64, event.clone()))
    }

    /// Writes the events as lines of JSON, after a line with their number. Returns how many it has
    /// written.
    ///
    /// # Errors
    /// What the writer returns.
    pub fn write(&self, mut to: impl Write) -> io::Result<u64> {
        let events = self.since(0);
        let count = events.len() as u64;
        let header = Header { format: FORMAT.into(), version: VERSION, events: count };
        serde_json::to_writer(&mut to, &header)?;
        to.write_all(b"\n")?;
        for (seq, event) in events {
            write_event(&mut to, seq, &event)?;
        }
        Ok(count)
    }

    /// Reads a log that [`write`](Self::write) has written. It is closed.
    ///
    /// # Errors
    /// What the reader returns; [`InvalidData`](io::ErrorKind::InvalidData), with the number of the
    /// line, for text that is not a whole log.
    pub fn read(from: impl BufRead) -> io::Result<Self> {
        let mut lines = from.lines().enumerate();
        let Some((_, first)) = lines.next() else {
            return Err(invalid("the text is empty; a log begins with a line of its own"));
        };
        let header: Header = serde_json::from_str(&first?)
            .map_err(|_| invalid("line 1 is not the first line of a log"))?;
        if header.format != FORMAT {
            return Err(invalid(format!("line 1: {:?} is not {FORMAT:?}", header.format)));
        }
        if header.version != VERSION {
            let rule = format!("version {} is unknown, {VERSION} is known", header.version);
            return Err(invalid(format!("line 1: {rule}")));
        }
        let mut events = Events::default();
        for (index, line) in lines {
            let number = index + 1;
            let Read { seq, event } = serde_json::from_str(&line?)
                .map_err(|error| invalid(format!("line {number} is not an event: {error}")))?;
            if events.kept.is_empty() {
                events.lost = seq;
            }
            let expected = events.lost + events.kept.len() as u64;
            if seq != expected {
                let found = format!("event {seq} is in the place of event {expected}");
                return Err(invalid(format!("line {number}: {found}")));
            }
            events.kept.push_back(event);
        }
        let found = events.kept.len() as u64;
        if found != header.events {
            let expected = header.events;
            let text = format!("the log has {found} of {expected} events; it was cut or changed");
            return Err(invalid(text));
        }
        let log = Self::new(None);
        log.close();
        *log.events() = events;
        Ok(log)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.handle.0.events()
    }
}

/// Writes an event with its number as one line of JSON.
///
/// # Errors
/// What the writer returns.
pub fn write_event(mut to: impl Write, seq: u64, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut to, &Numbered { seq, event })?;
    to.write_all(b"\n")
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog")
            .field("is_open", &self.is_open())
            .field("keep", &self.keep())
            .field("len", &self.len())
            .field("lost", &self.lost())
            .finish()
    }
}
