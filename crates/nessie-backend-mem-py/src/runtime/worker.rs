//! Work that may take long and that Ctrl-C ends.
//!
//! Python handles signals in the main thread, and only while that is attached. So long work is done
//! in a thread of its own, and the caller looks for signals meanwhile. Work whose caller is gone
//! goes on until it is done, and its result is dropped: it must be on a copy or a view.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nessie_backend_mem::MemBackend;
use pyo3::prelude::*;

use crate::runtime::exit::Calling;

/// How often the caller looks for signals.
const TICK: Duration = Duration::from_millis(20);
/// Work on fewer records than these is over sooner than anyone notices.
const MANY: usize = 100_000;

/// How many records a backend has.
pub(crate) fn count_records(backend: &MemBackend) -> usize {
    let counts = backend.counts();
    (counts.volumes as usize).saturating_add(counts.snapshots as usize)
}

/// Does work on so many records while other Python threads go on.
///
/// # Errors
/// What a handler of a signal raises.
pub(crate) fn run<R: Send + 'static>(
    py: Python<'_>,
    records: usize,
    work: impl FnOnce() -> R + Send + 'static,
) -> PyResult<R> {
    if records < MANY {
        return Ok(py.detach(work));
    }
    let (under_way, mut watch) = mpsc::channel::<()>();
    let worker = thread::Builder::new().name("nessie-work".to_owned()).spawn(move || {
        let result = work();
        drop(under_way);
        result
    })?;
    loop {
        let seen;
        (seen, watch) = py.detach(move || (watch.recv_timeout(TICK), watch));
        if seen == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        let _calling = Calling::python(py);
        py.check_signals()?;
    }
    py.detach(|| worker.join()).or_else(|panic| resume_unwind(panic))
}
