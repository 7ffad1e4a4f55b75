//! Errors of the core as exceptions of Python.

use std::borrow::Cow;

use nessie_backend_core::{BackendError, Dependents};
use nessie_backend_mem::BulkError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use pyo3::{PyErrArguments, PyTypeInfo};

use crate::runtime::exit::Calling;

/// Declares the classes of `nessie_backend_mem.errors` and a function that imports them.
macro_rules! classes {
    ($($class:ident),+ $(,)?) => {
        mod classes {
            $(pyo3::import_exception!(nessie_backend_mem.errors, $class);)+
        }

        /// Imports the classes. This is done when the module is loaded, because an interpreter that
        /// exits cannot import, and errors are still raised then.
        ///
        /// If the package is imported again, it gets the same classes.
        pub(crate) fn load(py: Python<'_>) -> PyResult<()> {
            static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
            let import = || py.import("nessie_backend_mem.errors").map(Bound::unbind);
            let module = MODULE.get_or_try_init(py, import)?;
            let modules = py.import("sys")?.getattr("modules")?;
            modules.set_item("nessie_backend_mem.errors", module)?;
            modules.get_item("nessie_backend_mem")?.setattr("errors", module)?;
            $(let _ = classes::$class::type_object(py);)+
            Ok(())
        }
    };
}

classes!(
    NessieError,
    VolumeNotFoundError,
    SnapshotNotFoundError,
    VolumeExistsError,
    SnapshotExistsError,
    JunctionPathExistsError,
    VolumeBusyError,
    SnapshotBusyError,
    SnapshotLockedError,
    SnapshotPolicyNotFoundError,
    SnapshotPolicyExistsError,
    SnapshotPolicyBusyError,
    VolumeOfflineError,
    NoSpaceError,
    LimitExceededError,
    InvalidArgumentError,
    FeatureNotSupportedError,
    BackendTimeoutError,
    SubstrateError,
);

/// An error before it is raised in Python.
pub(crate) enum Error {
    /// The backend refused, or an argument broke a rule of the backend.
    Backend(BackendError),
    /// The backend refused a batch.
    Bulk(BulkError),
    /// The backend refused, and the message ends with a hint.
    Hinted(BulkError, String),
    /// Python raised, or an argument has the wrong type.
    Python(PyErr),
}

/// The result of a call.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl From<BulkError> for Error {
    fn from(error: BulkError) -> Self {
        Self::Bulk(error)
    }
}

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the thread is attached already")]
        match error {
            Error::Python(error) => error,
            Error::Backend(error) => Python::attach(|py| raise(py, &error, error.to_string())),
            Error::Bulk(error) => Python::attach(|py| raise_bulk(py, &error, error.to_string())),
            Error::Hinted(error, hint) => {
                Python::attach(|py| raise_bulk(py, &error, format!("{error}{hint}")))
            }
        }
    }
}

/// The class of which all others are.
pub(crate) fn nessie_error(py: Python<'_>) -> Bound<'_, PyType> {
    classes::NessieError::type_object(py)
}

fn raise(py: Python<'_>, error: &BackendError, message: String) -> PyErr {
    let _calling = Calling::python(py);
    let raised = exception(error, message);
    // This creates the exception. Its class is written in Python, so the call has to be noted.
    raised.value(py);
    raised
}

fn exception(error: &BackendError, message: String) -> PyErr {
    let target = error.target().map(Cow::into_owned);
    if let Some(dependents) = error.dependents() {
        let args = Busy { message, target, dependents: dependents.clone() };
        return match error {
            BackendError::VolumeBusy { .. } => classes::VolumeBusyError::new_err(args),
            BackendError::SnapshotPolicyBusy { .. } => {
                classes::SnapshotPolicyBusyError::new_err(args)
            }
            _ => classes::SnapshotBusyError::new_err(args),
        };
    }
    if let BackendError::NoSpace { needed_bytes, available_bytes, .. } = error {
        return classes::NoSpaceError::new_err((message, target, *needed_bytes, *available_bytes));
    }
    if let BackendError::LimitExceeded { max, .. } = error {
        return classes::LimitExceededError::new_err((message, target, *max));
    }
    if let BackendError::SnapshotLocked { expires_at, .. } = error {
        return classes::SnapshotLockedError::new_err((message, target, expires_at.to_string()));
    }
    let args = (message, target);
    match error {
        BackendError::VolumeNotFound { .. } => classes::VolumeNotFoundError::new_err(args),
        BackendError::SnapshotNotFound { .. } | BackendError::SnapshotNameNotFound { .. } => {
            classes::SnapshotNotFoundError::new_err(args)
        }
        BackendError::VolumeExists { .. } => classes::VolumeExistsError::new_err(args),
        BackendError::SnapshotExists { .. } => classes::SnapshotExistsError::new_err(args),
        BackendError::JunctionPathExists { .. } => classes::JunctionPathExistsError::new_err(args),
        BackendError::SnapshotPolicyNotFound { .. } => {
            classes::SnapshotPolicyNotFoundError::new_err(args)
        }
        BackendError::SnapshotPolicyExists { .. } => {
            classes::SnapshotPolicyExistsError::new_err(args)
        }
        BackendError::VolumeOffline { .. } => classes::VolumeOfflineError::new_err(args),
        BackendError::InvalidArgument { .. } => classes::InvalidArgumentError::new_err(args),
        BackendError::FeatureNotSupported { .. } => {
            classes::FeatureNotSupportedError::new_err(args)
        }
        BackendError::Timeout { .. } => classes::BackendTimeoutError::new_err(args),
        BackendError::Substrate { .. } => classes::SubstrateError::new_err(args),
        _ => classes::NessieError::new_err(args),
    }
}

/// The error of one item of a batch, with the item's index.
fn raise_bulk(py: Python<'_>, error: &BulkError, message: String) -> PyErr {
    let raised = raise(py, &error.error, message);
    let Some(index) = error.index else { return raised };
    match raised.value(py).setattr("index", index) {
        Ok(()) => raised,
        Err(failure) => failure,
    }
}

/// The arguments of a busy error.
struct Busy {
    message: String,
    target: Option<String>,
    dependents: Dependents,
}

impl PyErrArguments for Busy {
    fn arguments(self, py: Python<'_>) -> Py<PyAny> {
        let Dependents { names, count, .. } = self.dependents;
        let args = PyTuple::new(py, names)
            .and_then(|names| (self.message, self.target, names, count).into_pyobject(py));
        args.map_or_else(|_| py.None(), |args| args.into_any().unbind())
    }
}
