//! Work that holds a backend's lock without the interpreter, and forks of the process meanwhile.
//!
//! A thread that is not attached may hold a backend's lock at any instant, and a child forked at
//! that instant would find it locked for ever: the thread that would release it is not copied. So
//! a fork waits until such work is done, and work that begins while one waits stays attached.
//!
//! Such work calls no Python code and waits for no thread that does: a thread that forks may hold
//! any lock of Python's, and the fork waits for the work. It has no other such work within it.
//!
//! There is no lock here: two threads may fork at once, and the child of one would find it held by
//! the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How much work is under way without the interpreter.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// How many threads are about to fork.
static FORKING: AtomicUsize = AtomicUsize::new(0);
/// How many forks lead from the process that loaded this module to this one.
static ANCESTORS: AtomicUsize = AtomicUsize::new(0);

/// How long a fork sleeps before it looks again whether work is still under way.
const PAUSE: Duration = Duration::from_micros(100);
/// How long a fork waits. No work takes as long, so this only ends a wait that would have no end.
const LIMIT: Duration = Duration::from_secs(60);

/// Work that is under way. Dropping notes its end, even if it panics.
struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // There is nothing to end in a child that was forked though this was under way.
        let one_less = |running: usize| running.checked_sub(1);
        let _ = RUNNING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    }
}

/// Runs work that takes a backend's lock on a thread that is not attached to the interpreter. While
/// a fork is about to happen, it waits.
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> R {
    let _running = loop {
        let running = Running::begin();
        if FORKING.load(Ordering::SeqCst) == 0 {
            break running;
        }
        drop(running);
        thread::sleep(PAUSE);
    };
    work()
}

/// Runs work that takes a backend's lock for long, while other Python threads go on.
pub(crate) fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> R {
    // Noted before the look at the forks, which look in the other order: one sees the other.
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

/// Waits until nothing runs detached, and keeps it so until the fork is over.
#[pyfunction]
#[pyo3(name = "_before_fork")]
pub(crate) fn before_fork(py: Python<'_>) -> PyResult<()> {
    FORKING.fetch_add(1, Ordering::SeqCst);
    let asked = Instant::now();
    let is_quiet = py.detach(|| {
        while RUNNING.load(Ordering::SeqCst) > 0 {
            if asked.elapsed() > LIMIT {
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    });
    if is_quiet {
        return Ok(());
    }
    // Python shows this and forks all the same.
    let message = format!(
        "a MemBackend was in use for {} s as the process was to be forked: the child may find it \
         locked, and should use a MemBackend of its own",
        LIMIT.as_secs(),
    );
    Err(PyRuntimeError::new_err(message))
}

/// Ends what `_before_fork` began.
#[pyfunction]
#[pyo3(name = "_after_fork_in_parent")]
pub(crate) fn after_fork_in_parent() {
    // There is nothing to end where the module was imported while the fork had begun.
    let one_less = |forking: usize| forking.checked_sub(1);
    let _ = FORKING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
}

/// Ends what `_before_fork` began, here and in threads that are not copied into the child.
#[pyfunction]
#[pyo3(name = "_after_fork_in_child")]
pub(crate) fn after_fork_in_child() {
    ANCESTORS.fetch_add(1, Ordering::SeqCst);
    FORKING.store(0, Ordering::SeqCst);
    // A thread that waited for the fork may just have looked whether it is over.
    RUNNING.store(0, Ordering::SeqCst);
    crate::runtime::exit::after_fork_in_child();
}

/// How many processes there are from the one that loaded this module to this one. It differs from
/// what it was where this process was forked since.
pub(crate) fn ancestors() -> usize {
    ANCESTORS.load(Ordering::SeqCst)
}
