//! Requests on their way into a log that is written in Python.
//!
//! The server's threads put them in and never wait; one thread of Python's takes them out. What
//! waits is bounded: requests that find no room are counted instead.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use nessie_store::{AccessLog, AccessLogEntry};

/// Bytes that may wait.
const MOST_WAITING: usize = 4 << 20;

/// What the log is called with: method, target, status, bytes of the reply, seconds.
pub(crate) type LogLine = (String, String, u16, usize, f64);

/// A queue of requests, bounded in bytes.
#[derive(Debug, Default)]
pub(crate) struct LogQueue {
    state: Mutex<State>,
    /// A line came, or the queue was closed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<LogLine>,
    /// Of those that wait.
    bytes: usize,
    /// How many requests will never reach the log.
    lost: u64,
    is_closed: bool,
}

impl LogQueue {
    /// What the server calls.
    pub(crate) fn log(self: &Arc<Self>) -> AccessLog {
        let lines = Arc::clone(self);
        Arc::new(move |entry: &AccessLogEntry<'_>| lines.push(entry))
    }

    fn push(&self, entry: &AccessLogEntry<'_>) {
        let mut state = self.state();
        let bytes = size_of::<LogLine>() + entry.method.len() + entry.target.len();
        if state.is_closed || state.bytes + bytes > MOST_WAITING {
            state.lost += 1;
            return;
        }
        state.bytes += bytes;
        state.waiting.push_back((
            entry.method.to_owned(),
            entry.target.to_owned(),
            entry.status,
            entry.bytes,
            entry.time.as_secs_f64(),
        ));
        drop(state);
        self.changed.notify_one();
    }

    /// Waits for the next line. Nothing comes once the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<LogLine> {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.state(), is_idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let line = state.waiting.pop_front()?;
        state.bytes -= size_of::<LogLine>() + line.0.len() + line.1.len();
        Some(line)
    }

    /// Takes no more lines. Those that wait can still be taken out.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Gives up the lines that wait.
    pub(crate) fn discard(&self) {
        let mut state = self.state();
        state.lost += state.waiting.len() as u64;
        state.waiting.clear();
        state.bytes = 0;
    }

    pub(crate) fn lost(&self) -> u64 {
        self.state().lost
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
