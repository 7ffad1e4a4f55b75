//! Forks of the process while work without the interpreter holds a backend's lock.
//!
//! A thread that is not attached can hold a backend's lock at any time. In a child that is forked
//! then, the lock is never released, because the thread that holds it is not copied. So a fork waits
//! until such work is done, and work that begins while a fork waits stays attached.
//!
//! Such work calls no Python code and waits for no thread that does: the thread that forks may hold
//! any lock of Python, and the fork waits for the work. Such work is not nested.
//!
//! This module has no own lock: if two threads fork at once, the child of one would have it
//! locked by the other.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The number of calls that run without the interpreter.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// The number of threads that are about to fork.
static FORKING: AtomicUsize = AtomicUsize::new(0);
/// The number of forks between the process that loaded this module and this process.
static ANCESTORS: AtomicUsize = AtomicUsize::new(0);

/// The time between two checks of a waiting fork.
const PAUSE: Duration = Duration::from_micros(100);
/// The longest wait of a fork. No work takes as long; the limit ends an endless wait.
const LIMIT: Duration = Duration::from_secs(60);

/// Work that is running. Its end is counted when this is dropped, also after a panic.
struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // In a child that was forked meanwhile, the count is 0 already.
        let one_less = |running: usize| running.checked_sub(1);
        let _ = RUNNING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    }
}

/// Work that takes a backend's lock, until it is dropped. Its thread is not attached to the interpreter.
/// It begins when no fork is about to happen.
pub(crate) fn enter() -> impl Drop + 'static {
    begin_detached()
}

/// Runs a part of [`guarded`] work that takes no lock and may take long. Forks do not wait for it.
pub(crate) fn unguarded<R>(work: impl FnOnce() -> R) -> R {
    drop(Running);
    let result = work();
    // The guarded work, which continues, counts its end.
    mem::forget(begin_detached());
    result
}

fn begin_detached() -> Running {
    loop {
        let running = Running::begin();
        if FORKING.load(Ordering::SeqCst) == 0 {
            return running;
        }
        drop(running);
        thread::sleep(PAUSE);
    }
}

/// Runs work that takes a backend's lock, on a thread that is not attached to the interpreter. It
/// waits while a fork is about to happen.
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> R {
    let _running = begin_detached();
    work()
}

/// Runs work that holds a backend's lock for long, while other Python threads run.
pub(crate) fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> R {
    // The work is counted before the forks are read. A fork does both in the other order, so one of
    // the two sees the other.
    let running = Running::begin();
    if FORKING.load(Ordering::SeqCst) > 0 {
        drop(running);
        return work();
    }
    py.detach(|| {
        let _running = running;
        work()
    })
}

/// Waits until no work runs detached, and prevents new detached work until the fork is done.
#[pyfunction]
#[pyo3(name = "_before_fork")]
pub(crate) fn before_fork(py: Python<'_>) -> PyResult<()> {
    FORKING.fetch_add(1, Ordering::SeqCst);
    let start = Instant::now();
    let is_quiet = py.detach(|| {
        while RUNNING.load(Ordering::SeqCst) > 0 {
            if start.elapsed() > LIMIT {
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    });
    if is_quiet {
        return Ok(());
    }
    // Python prints this and forks anyway.
    let message = format!(
        "a MemBackend was in use for {} s when the process was to be forked: it may be locked in the \
         child, which should use a MemBackend of its own",
        LIMIT.as_secs(),
    );
    Err(PyRuntimeError::new_err(message))
}

/// Ends the wait of `_before_fork`.
#[pyfunction]
#[pyo3(name = "_after_fork_in_parent")]
pub(crate) fn after_fork_in_parent() {
    // If the module was imported after the fork began, the count is 0.
    let one_less = |forking: usize| forking.checked_sub(1);
    let _ = FORKING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
}

/// Ends the wait of `_before_fork` in the child, for its thread and for those that are not copied.
#[pyfunction]
#[pyo3(name = "_after_fork_in_child")]
pub(crate) fn after_fork_in_child() {
    ANCESTORS.fetch_add(1, Ordering::SeqCst);
    FORKING.store(0, Ordering::SeqCst);
    // A thread that waited for the fork may have counted itself at that moment.
    RUNNING.store(0, Ordering::SeqCst);
    crate::runtime::exit::after_fork_in_child();
}

/// The number of forks between the process that loaded this module and this process. It changes
/// when the process is forked.
pub(crate) fn ancestors() -> usize {
    ANCESTORS.load(Ordering::SeqCst)
}
