//! The exit of the interpreter while other threads run.
//!
//! When the interpreter exits, Python stops each other thread at the next Python code that it would
//! run. If this package called that code, Python cannot unwind the frames of Rust below it, and the
//! process aborts. A thread that attaches after the exit crashes.
//!
//! So this module counts every call of Python code by this package. The exit waits until no other
//! thread is in such a call, and from then on no other thread begins one.
//!
//! Code that only detaches needs no count: `PyO3` stops a thread that attaches again too late.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PySystemExit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Whether the interpreter exits.
static ENDING: AtomicBool = AtomicBool::new(false);
/// The number of calls of Python code that are running.
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// The threads that are in such a call, as Python identifies them.
static THREADS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

thread_local! {
    /// The number of nested calls that this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread runs the exit of the interpreter. It may call Python until the end.
    static ENDS: Cell<bool> = const { Cell::new(false) };
    /// Python's identifier of this thread, once it is known.
    static IDENT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// How long the exit waits for calls of Python code to return.
const LIMIT: Duration = Duration::from_secs(1);
/// How long it waits again after it has raised an exception in them.
const GRACE: Duration = Duration::from_millis(300);
/// The time between two checks of the waiting exit.
const PAUSE: Duration = Duration::from_millis(1);
/// How often a thread tries to take a lock that another thread holds for some instructions.
const TRIES: usize = 1_000;
/// How long a thread waits for the end of the process before it continues.
const DELAY: Duration = Duration::from_secs(2);

/// Whether the interpreter exits, and another thread runs the exit.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst) && !ENDS.get()
}

/// The error when Python code can no longer be called.
pub(crate) const REFUSAL: &str = "the interpreter is shutting down";

/// A call of Python code. Its end is counted when this is dropped, also after a panic.
struct Noted;

impl Noted {
    fn begin() -> Self {
        CALLS.fetch_add(1, Ordering::SeqCst);
        DEPTH.set(DEPTH.get() + 1);
        Self
    }

    /// `None` once the interpreter exits.
    fn try_begin() -> Option<Self> {
        // The call is counted before `ENDING` is read. The exit does both in the other order, so one
        // of the two sees the other.
        let noted = Self::begin();
        (!is_ending() || DEPTH.get() > 1).then_some(noted)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
        // In a child that was forked meanwhile, the count is 0 already.
        let one_less = |calls: usize| calls.checked_sub(1);
        let _ = CALLS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    }
}

/// Lists the thread as being in a call of Python code, until this is dropped.
struct Inside(Option<u64>);

impl Inside {
    fn begin(py: Python<'_>) -> Self {
        let thread = ident(py);
        if let (Some(thread), Some(mut threads)) = (thread, threads()) {
            threads.push(thread);
        }
        Self(thread)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(mut threads) = threads()
            && let Some(place) = threads.iter().rposition(|thread| Some(*thread) == self.0)
        {
            threads.swap_remove(place);
        }
    }
}

/// `None` if another thread holds the lock for long: in a forked child, that thread can be missing.
///
/// All users are attached and hold the lock for some instructions. With a GIL it is always free, and on a
/// free-threaded Python after a few tries.
fn threads() -> Option<MutexGuard<'static, Vec<u64>>> {
    let retry = || {
        thread::yield_now();
        THREADS.try_lock().ok()
    };
    THREADS.try_lock().ok().or_else(|| (0..TRIES).find_map(|_| retry()))
}

/// Python's identifier of this thread.
pub(crate) fn ident(py: Python<'_>) -> Option<u64> {
    static GET_IDENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if IDENT.get().is_none() {
        let get_ident = GET_IDENT.import(py, "_thread", "get_ident");
        IDENT.set(get_ident.and_then(|get_ident| get_ident.call0()?.extract()).ok());
    }
    IDENT.get()
}

/// Attaches a thread that is not attached, to call Python code. `None` once the interpreter exits.
pub(crate) fn attach<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let _noted = Noted::try_begin()?;
    #[expect(clippy::disallowed_methods, reason = "it is noted")]
    Python::try_attach(|py| {
        let _inside = Inside::begin(py);
        work(py)
    })
}

/// Attaches again within a detached call of Python's, to call Python code.
///
/// # Errors
/// Those of the code. `RuntimeError` once the interpreter exits, after a delay in which the process
/// usually ends.
pub(crate) fn attach_again<R>(work: impl FnOnce(Python<'_>) -> PyResult<R>) -> PyResult<R> {
    attach(work).unwrap_or_else(|| {
        thread::sleep(DELAY);
        Err(PyRuntimeError::new_err(REFUSAL))
    })
}

/// A call of Python code by an attached thread, until this is dropped.
pub(crate) struct Calling {
    // Dropped in this order.
    _inside: Inside,
    _noted: Noted,
}

impl Calling {
    /// Once the interpreter exits, this waits for the end of the process. If that takes too long, it
    /// continues, because the thread that runs the exit may wait for this one.
    pub(crate) fn python(py: Python<'_>) -> Self {
        let noted = Noted::try_begin().unwrap_or_else(|| {
            py.detach(|| thread::sleep(DELAY));
            Noted::begin()
        });
        Self { _inside: Inside::begin(py), _noted: noted }
    }
}

/// Prevents new calls of Python code by other threads, and waits until none is in one.
#[pyfunction]
#[pyo3(name = "_at_exit")]
pub(crate) fn at_exit(py: Python<'_>) {
    ENDS.set(true);
    ENDING.store(true, Ordering::SeqCst);
    if wait(py, LIMIT) {
        return;
    }
    // If this fails, nothing else can be done.
    let _ = interrupt(py);
    wait(py, GRACE);
}

/// Waits until no call is running, and returns whether that happened within the limit.
fn wait(py: Python<'_>, limit: Duration) -> bool {
    let start = Instant::now();
    py.detach(|| {
        while CALLS.load(Ordering::SeqCst) > 0 {
            if start.elapsed() > limit {
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    })
}

/// Raises `SystemExit` in the threads that are in a call. It has no effect on a thread that waits
/// outside of Python.
fn interrupt(py: Python<'_>) -> PyResult<()> {
    let own = ident(py);
    let mut threads = threads().map(|threads| threads.clone()).unwrap_or_default();
    threads.retain(|thread| Some(*thread) != own);
    let module = py.import("nessie_backend_mem._threads")?;
    module.call_method1("raise_in", (threads, py.get_type::<PySystemExit>()))?;
    Ok(())
}

/// Resets the counts: a forked child has no other threads.
pub(crate) fn after_fork_in_child() {
    CALLS.store(0, Ordering::SeqCst);
    if let Some(mut threads) = threads() {
        threads.clear();
    }
}
