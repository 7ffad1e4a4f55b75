//! Exceptions that are no refusals, and who has to know of them.

use std::cell::RefCell;

use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyString};

use super::run_guard::{Inside, RunGuard};
use crate::runtime::exit;

/// Who calls a backend that is written in Python.
pub(crate) trait Caller: Send + Sync {
    /// Whether no more calls are to be made, so that each fails at once.
    fn is_ended(&self) -> bool;

    /// Notes that this thread is in a call until the result is dropped.
    fn enter(&self, py: Python<'_>) -> Option<Inside<'_>>;

    /// Takes an exception that is no refusal, and returns what the error of the call says.
    fn raised(&self, py: Python<'_>, operation: &'static str, raised: PyErr) -> String;

    /// Learns that a call returned something that the contract does not allow.
    fn malformed(&self, py: Python<'_>, operation: &'static str, message: &str);
}

/// A run of the conformance suite: its report shows tracebacks, and what is no `Exception` ends it.
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

/// A cluster: its client gets one sentence, the log gets the traceback, and later calls are made.
pub(crate) struct Requests;

thread_local! {
    /// Of a request that a thread of Python's makes itself, what is no `Exception`.
    static OWN: RefCell<Own> = const { RefCell::new(Own::Nothing) };
}

enum Own {
    /// This thread makes no such request.
    Nothing,
    /// It makes one.
    Request,
    /// It makes one, in which this was raised.
    Raised(PyErr),
}

impl Requests {
    /// Makes a request in the thread of whoever wants the answer.
    ///
    /// # Errors
    /// What a backend raised, if it is no `Exception`: as Ctrl-C, it is meant for this thread.
    pub(crate) fn own<R>(request: impl FnOnce() -> R) -> PyResult<R> {
        let outer = OWN.replace(Own::Request);
        let answer = request();
        match OWN.replace(outer) {
            Own::Raised(error) => Err(error),
            Own::Nothing | Own::Request => Ok(answer),
        }
    }
}

impl Requests {
    /// Whether this thread is one of Python's that makes a request itself.
    pub(super) fn are_own() -> bool {
        OWN.with_borrow(|own| !matches!(own, Own::Nothing))
    }
}

impl Caller for Requests {
    fn is_ended(&self) -> bool {
        OWN.with_borrow(|own| matches!(own, Own::Raised(_)))
    }

    fn enter(&self, _: Python<'_>) -> Option<Inside<'_>> {
        None
    }

    fn raised(&self, py: Python<'_>, operation: &'static str, raised: PyErr) -> String {
        let text = sentence(py, &raised);
        if is_for_caller(py, &raised) {
            OWN.replace(Own::Raised(raised));
        } else if !exit::is_ending() {
            log(py, &format!("the backend's {operation}() raised an exception"), Some(&raised));
        }
        text
    }

    fn malformed(&self, py: Python<'_>, operation: &'static str, message: &str) {
        log(py, &format!("the backend's {operation}() returned {message}"), None);
    }
}

/// Whether an exception is for the thread of Python's that makes the request.
fn is_for_caller(py: Python<'_>, raised: &PyErr) -> bool {
    Requests::are_own() && !raised.is_instance_of::<PyException>(py)
}

/// Writes to the log of the package's endpoint.
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
            OWN.replace(Own::Raised(error));
        }
        Err(error) => error.write_unraisable(py, None),
    }
}

const LOGGER: &str = "nessie_backend_mem.ontap";

/// The most characters of a sentence.
const MOST: usize = 400;

/// What an exception says, in one line, after the name of its type. An exception with a code says
/// enough by itself, and so does an `OSError`, which is shown without the names of files.
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
    let line = match line.char_indices().nth(MOST) {
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

/// How many calls of a traceback are shown, the last ones.
const CALLS: i32 = 20;
/// How many characters of a traceback are shown, the last ones.
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
