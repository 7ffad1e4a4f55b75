//! A queue of requests for the access log, which is written in Python.
//!
//! The server's threads add requests and never wait. One thread of Python takes them out. If the
//! queue is full, requests are counted and dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use nessie_store::{AccessLog, AccessLogEntry};

/// The most bytes in the queue.
const MAX_BYTES: usize = 4 << 20;

/// The arguments of the log: method, target, status, bytes of the reply, seconds.
pub(crate) type LogLine = (String, String, u16, usize, f64);

/// A queue of requests, bounded in bytes.
#[derive(Debug, Default)]
pub(crate) struct LogQueue {
    state: Mutex<State>,
    /// Signalled when a line is added and when the queue is closed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<LogLine>,
    /// The bytes of the waiting lines.
    bytes: usize,
    /// The number of requests that the log never gets.
    lost: u64,
    is_closed: bool,
}

impl LogQueue {
    /// The function that the server calls.
    pub(crate) fn log(self: &Arc<Self>) -> AccessLog {
        let lines = Arc::clone(self);
        Arc::new(move |entry: &AccessLogEntry<'_>| lines.push(entry))
    }

    fn push(&self, entry: &AccessLogEntry<'_>) {
        let mut state = self.state();
        let bytes = size_of::<LogLine>() + entry.method.len() + entry.target.len();
        if state.is_closed || state.bytes + bytes > MAX_BYTES {
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

    /// Waits for the next line. `None` once the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<LogLine> {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.state(), is_idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let line = state.waiting.pop_front()?;
        state.bytes -= size_of::<LogLine>() + line.0.len() + line.1.len();
        Some(line)
    }

    /// Accepts no more lines. The waiting ones can still be taken out.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Drops the waiting lines.
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
