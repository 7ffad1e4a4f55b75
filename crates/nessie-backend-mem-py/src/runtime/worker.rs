//! Long work that Ctrl-C interrupts.
//!
//! Python handles signals in the main thread, and only while that thread is attached. So long work
//! runs in a separate thread, while the caller checks for signals. After a signal the work runs on
//! to its end and its result is dropped, so it must use a copy or a view.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nessie_backend_mem::MemBackend;
use pyo3::prelude::*;

use crate::runtime::exit::Calling;

/// How often the caller checks for signals.
const TICK: Duration = Duration::from_millis(20);
/// Work on fewer records is so short that it runs in the caller's thread.
const MANY: usize = 100_000;

/// The number of volumes and snapshots of a backend.
pub(crate) fn count_records(backend: &MemBackend) -> usize {
    let counts = backend.counts();
    (counts.volumes as usize).saturating_add(counts.snapshots as usize)
}

/// Runs work on that many records while other Python threads run.
///
/// # Errors
/// The exception of a signal handler.
pub(crate) fn run<R: Send + 'static>(
    py: Python<'_>,
    records: usize,
    work: impl FnOnce() -> R + Send + 'static,
) -> PyResult<R> {
    if records < MANY {
        return Ok(py.detach(work));
    }
    let (running, mut watch) = mpsc::channel::<()>();
    let worker = thread::Builder::new().name("nessie-work".to_owned()).spawn(move || {
        let result = work();
        drop(running);
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
