//! The state of one run of the conformance suite on a backend written in Python.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::runtime::exit;

/// The exception that ended the run, and the threads that are in a call.
#[derive(Default)]
pub(crate) struct RunGuard {
    ended: AtomicBool,
    error: Mutex<Option<PyErr>>,
    threads: Mutex<HashSet<u64>>,
}

impl RunGuard {
    /// Ends the run with an exception such as `KeyboardInterrupt` or `SystemExit`. The first one is
    /// kept.
    pub(crate) fn end(&self, error: PyErr) {
        let late = {
            let mut kept = lock(&self.error);
            if kept.is_none() { kept.replace(error) } else { Some(error) }
        };
        self.ended.store(true, Ordering::Release);
        // A dropped exception can run Python code, so it is dropped after the lock.
        drop(late);
    }

    /// Whether there was such an exception.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The exception, to be raised again.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        lock(&self.error).take()
    }

    /// The threads that are in a call, as Python identifies them.
    pub(crate) fn threads(&self) -> Vec<u64> {
        lock(&self.threads).iter().copied().collect()
    }

    /// Lists this thread as being in a call until the result is dropped.
    pub(super) fn enter(&self, py: Python<'_>) -> Inside<'_> {
        let thread = exit::ident(py);
        if let Some(thread) = thread {
            lock(&self.threads).insert(thread);
        }
        Inside { guard: self, thread }
    }
}

/// A thread that is in a call.
pub(crate) struct Inside<'a> {
    guard: &'a RunGuard,
    thread: Option<u64>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(thread) = self.thread {
            lock(&self.guard.threads).remove(&thread);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
