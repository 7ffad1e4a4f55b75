//! Callers of a backend written in Python, and their handling of unexpected exceptions.

use std::cell::RefCell;

use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyString};

use super::run_guard::{Inside, RunGuard};
use crate::runtime::exit;

/// A caller of a backend that is written in Python.
pub(crate) trait Caller: Send + Sync {
    /// Whether no more calls are made: each fails at once.
    fn is_ended(&self) -> bool;

    /// Lists this thread as being in a call until the result is dropped.
    fn enter(&self, py: Python<'_>) -> Option<Inside<'_>>;

    /// Handles an exception that the contract does not have, and returns the message of the error.
    fn raised(&self, py: Python<'_>, operation: &'static str, raised: PyErr) -> String;

    /// Handles a result that breaks the contract.
    fn malformed(&self, py: Python<'_>, operation: &'static str, message: &str);
}

/// A run of the conformance suite. Its report shows tracebacks. An exception that is not of the
/// class `Exception` ends it.
impl Caller for RunGuard {
    fn is_ended(&self) -> bool {
        self.is_ended()
    }

    fn enter(&self, py: Python<'_>) -> Option<Inside<'_>> {
        Some(self.enter(py))
    }

    fn raised(&self, py: Python<'_>, _: &'static str, raised: PyErr) -> String {
        let text = traceback(py, &raised);
        if !raised.is_instance_of::<PyException>(py) {
            self.end(raised);
        }
        text
    }

    fn malformed(&self, _: Python<'_>, _: &'static str, _: &str) {}
}

/// A cluster. Its client gets one sentence, the log gets the traceback, and later calls are made.
pub(crate) struct Requests;

thread_local! {
    /// The request that this thread of Python makes itself, if it makes one.
    static OWN: RefCell<OwnRequest> = const { RefCell::new(OwnRequest::None) };
}

enum OwnRequest {
    None,
    Running,
    /// The request raised this, which is not of the class `Exception`.
    Raised(PyErr),
}

impl Requests {
    /// Makes a request in the caller's thread.
    ///
    /// # Errors
    /// An exception of a backend that is not of the class `Exception`, such as `KeyboardInterrupt`.
    pub(crate) fn own<R>(request: impl FnOnce() -> R) -> PyResult<R> {
        let outer = OWN.replace(OwnRequest::Running);
        let answer = request();
        match OWN.replace(outer) {
            OwnRequest::Raised(error) => Err(error),
            OwnRequest::None | OwnRequest::Running => Ok(answer),
        }
    }

    /// Whether this thread makes a request itself.
    pub(super) fn are_own() -> bool {
        OWN.with_borrow(|own| !matches!(own, OwnRequest::None))
    }
}

impl Caller for Requests {
    fn is_ended(&self) -> bool {
        OWN.with_borrow(|own| matches!(own, OwnRequest::Raised(_)))
    }

    fn enter(&self, _: Python<'_>) -> Option<Inside<'_>> {
        None
    }

    fn raised(&self, py: Python<'_>, operation: &'static str, raised: PyErr) -> String {
        let text = sentence(py, &raised);
        if is_for_caller(py, &raised) {
            OWN.replace(OwnRequest::Raised(raised));
        } else if !exit::is_ending() {
            log(py, &format!("the backend's {operation}() raised an exception"), Some(&raised));
        }
        text
    }

    fn malformed(&self, py: Python<'_>, operation: &'static str, message: &str) {
        log(py, &format!("the backend's {operation}() returned {message}"), None);
    }
}

/// Whether an exception ends the request that this thread makes itself.
fn is_for_caller(py: Python<'_>, raised: &PyErr) -> bool {
    Requests::are_own() && !raised.is_instance_of::<PyException>(py)
}

/// Writes to the log of `nessie_backend_mem.ontap`.
fn log(py: Python<'_>, message: &str, raised: Option<&PyErr>) {
    let write = || -> PyResult<()> {
        let logger = py.import("logging")?.call_method1("getLogger", (LOGGER,))?;
        let raised =
            raised.map(|raised| (raised.get_type(py), raised.value(py), raised.traceback(py)));
        let more = [("exc_info", raised)].into_py_dict(py)?;
        logger.call_method("error", ("%s", message), Some(&more))?;
        Ok(())
    };
    match write() {
        Ok(()) => {}
        Err(error) if is_for_caller(py, &error) => {
            OWN.replace(OwnRequest::Raised(error));
        }
        Err(error) => error.write_unraisable(py, None),
    }
}

const LOGGER: &str = "nessie_backend_mem.ontap";

/// The most characters of a sentence.
const MAX_CHARACTERS: usize = 400;

/// The message of an exception in one line, after the name of its type. The name is left out if the
/// exception has a code or is an `OSError`; the latter is shown without names of files.
fn sentence(py: Python<'_>, raised: &PyErr) -> String {
    let value = raised.value(py).as_any();
    if raised.is_instance_of::<PyOSError>(py)
        && let Some(reason) = text(value, "strerror")
        && !reason.is_empty()
    {
        return reason;
    }
    let whole = value.str().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default();
    let line = whole.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = match line.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    };
    let kind = || value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    match text(value, "code") {
        _ if line.is_empty() => kind(),
        Some(_) => line,
        None => format!("{}: {line}", kind()),
    }
}

/// The number of calls of a traceback that are shown: the last ones.
const CALLS: i32 = 20;
/// The number of characters of a traceback that are shown: the last ones.
const CHARACTERS: usize = 8_000;

/// An exception as Python prints it, with its traceback.
fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let format = || -> PyResult<String> {
        let limit = [("limit", -CALLS)].into_py_dict(py)?;
        let lines = py.import("traceback")?.call_method(
            "format_exception",
            (error.get_type(py), error.value(py), error.traceback(py)),
            Some(&limit),
        )?;
        let lines: Vec<String> = lines.extract()?;
        let text = lines.concat();
        let text = text.trim_end();
        Ok(match text.char_indices().nth_back(CHARACTERS) {
            Some((start, _)) => format!("…{}", text.get(start..).unwrap_or_default()),
            None => text.to_owned(),
        })
    };
    format().unwrap_or_else(|_| error.to_string())
}

/// An attribute that is a `str`.
pub(super) fn text(value: &Bound<'_, PyAny>, attribute: &str) -> Option<String> {
    let text = value.getattr(attribute).ok()?;
    Some(text.cast::<PyString>().ok()?.to_string_lossy().into_owned())
}
