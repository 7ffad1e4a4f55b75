//! The end of the interpreter while other threads are at work.
//!
//! As the interpreter ends, Python stops each other thread where it would next run Python code. If
//! this package called that code, Python cannot unwind the frames of Rust below it, and the process
//! aborts. A thread that attaches after the end finds no interpreter, and crashes.
//!
//! So every call of Python code by this package is noted here. When the interpreter begins to end,
//! it waits until no other thread is in such a call, and from then on no other thread begins one.
//!
//! Code that only detaches needs none of this: `PyO3` stops a thread that attaches again too late.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PySystemExit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Whether the interpreter has begun to end.
static ENDING: AtomicBool = AtomicBool::new(false);
/// How many calls of Python code are under way.
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// The threads that are in one, as Python identifies them.
static THREADS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

thread_local! {
    /// How many of the calls this thread is in. What it calls within them may call Python too.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread is the one that ends the interpreter. It may call Python to the last.
    static ENDS: Cell<bool> = const { Cell::new(false) };
    /// This thread as Python identifies it, once that is known.
    static IDENT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// How long the end of the interpreter waits for calls of Python code to return.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits once more, when it has raised an exception in them.
const GRACE: Duration = Duration::from_millis(300);
/// How long it sleeps before it looks again.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a thread waits for the end of the process before it goes on.
const DELAY: Duration = Duration::from_secs(2);

/// Whether the interpreter has begun to end, and this is not the thread that ends it.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst) && !ENDS.get()
}

/// What a caller is told when Python code cannot be called any more.
pub(crate) const REFUSAL: &str = "the interpreter is shutting down";

/// A call of Python code that is under way. Dropping notes its end, even if it panics.
struct Noted;

impl Noted {
    fn begin() -> Self {
        CALLS.fetch_add(1, Ordering::SeqCst);
        DEPTH.set(DEPTH.get() + 1);
        Self
    }

    /// `None` once the interpreter ends.
    fn try_begin() -> Option<Self> {
        // Noted before the look at the end, which looks in the other order: one sees the other.
        let noted = Self::begin();
        (!is_ending() || DEPTH.get() > 1).then_some(noted)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
        // There is nothing to end in a child that was forked though this was under way.
        let one_less = |calls: usize| calls.checked_sub(1);
        let _ = CALLS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    }
}

/// A thread that is in a call of Python code, until this is dropped.
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

/// `None` where another thread has them. Nobody waits for it: in a forked child it may not be there.
/// With a lock of the interpreter there is no such thread, as all of them are attached.
fn threads() -> Option<MutexGuard<'static, Vec<u64>>> {
    THREADS.try_lock().ok()
}

/// This thread, as Python identifies it.
pub(crate) fn ident(py: Python<'_>) -> Option<u64> {
    static GET_IDENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if IDENT.get().is_none() {
        let get_ident = GET_IDENT.import(py, "_thread", "get_ident");
        IDENT.set(get_ident.and_then(|get_ident| get_ident.call0()?.extract()).ok());
    }
    IDENT.get()
}

/// Attaches a thread that is not attached, to call Python code; `None` once the interpreter ends.
pub(crate) fn attach<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let _noted = Noted::try_begin()?;
    #[expect(clippy::disallowed_methods, reason = "it is noted")]
    Python::try_attach(|py| {
        let _inside = Inside::begin(py);
        work(py)
    })
}

/// Attaches again within a detached call that Python has made, to call Python code.
///
/// # Errors
/// What the code raises. `RuntimeError` once the interpreter ends; it is raised after a delay, in
/// which the process usually ends.
pub(crate) fn attach_again<R>(work: impl FnOnce(Python<'_>) -> PyResult<R>) -> PyResult<R> {
    attach(work).unwrap_or_else(|| {
        thread::sleep(DELAY);
        Err(PyRuntimeError::new_err(REFUSAL))
    })
}

/// An attached thread is to call Python code, until this is dropped.
pub(crate) struct Calling {
    // Dropped in this order.
    _inside: Inside,
    _noted: Noted,
}

impl Calling {
    /// Once the interpreter ends, it waits for the end of the process. If that takes too long, the
    /// thread that ends the interpreter may wait for this one, so it goes on.
    pub(crate) fn python(py: Python<'_>) -> Self {
        let noted = Noted::try_begin().unwrap_or_else(|| {
            py.detach(|| thread::sleep(DELAY));
            Noted::begin()
        });
        Self { _inside: Inside::begin(py), _noted: noted }
    }
}

/// Lets no other thread begin a call of Python code, and waits until none is in one.
#[pyfunction]
#[pyo3(name = "_at_exit")]
pub(crate) fn at_exit(py: Python<'_>) {
    ENDS.set(true);
    ENDING.store(true, Ordering::SeqCst);
    if wait(py, PATIENCE) {
        return;
    }
    // Where this fails there is nothing more to be done.
    let _ = interrupt(py);
    wait(py, GRACE);
}

/// Waits until no call is under way, and says whether that came about.
fn wait(py: Python<'_>, limit: Duration) -> bool {
    let asked = Instant::now();
    py.detach(|| {
        while CALLS.load(Ordering::SeqCst) > 0 {
            if asked.elapsed() > limit {
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    })
}

/// Raises `SystemExit` in the threads that are in a call. One that waits outside of Python stays as
/// it is.
fn interrupt(py: Python<'_>) -> PyResult<()> {
    let own = ident(py);
    let mut threads = threads().map(|threads| threads.clone()).unwrap_or_default();
    threads.retain(|thread| Some(*thread) != own);
    let module = py.import("nessie_backend_mem._threads")?;
    module.call_method1("raise_in", (threads, py.get_type::<PySystemExit>()))?;
    Ok(())
}

/// In a forked child there are no other threads.
pub(crate) fn after_fork_in_child() {
    CALLS.store(0, Ordering::SeqCst);
    if let Some(mut threads) = threads() {
        threads.clear();
    }
}
