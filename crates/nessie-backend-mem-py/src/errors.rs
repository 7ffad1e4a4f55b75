//! The one place where the core's errors become Python's.

use nessie_backend_core::BackendError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

mod classes {
    use pyo3::import_exception;

    import_exception!(nessie_backend_mem.errors, NessieError);
    import_exception!(nessie_backend_mem.errors, VolumeNotFoundError);
    import_exception!(nessie_backend_mem.errors, SnapshotNotFoundError);
    import_exception!(nessie_backend_mem.errors, VolumeExistsError);
    import_exception!(nessie_backend_mem.errors, SnapshotExistsError);
    import_exception!(nessie_backend_mem.errors, JunctionPathExistsError);
    import_exception!(nessie_backend_mem.errors, VolumeBusyError);
    import_exception!(nessie_backend_mem.errors, SnapshotBusyError);
    import_exception!(nessie_backend_mem.errors, VolumeOfflineError);
    import_exception!(nessie_backend_mem.errors, InvalidArgumentError);
    import_exception!(nessie_backend_mem.errors, FeatureNotSupportedError);
    import_exception!(nessie_backend_mem.errors, BackendTimeoutError);
    import_exception!(nessie_backend_mem.errors, SubstrateError);
}

/// A refusal on its way to Python.
pub(crate) enum Error {
    /// The backend, or the check of an argument in its name, refused.
    Backend(BackendError),
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

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Python(error) => error,
            Error::Backend(error) => Python::attach(|py| raise(py, &error)),
        }
    }
}

fn raise(py: Python<'_>, error: &BackendError) -> PyErr {
    let message = error.to_string();
    let target = error.target().map(std::borrow::Cow::into_owned);
    if let Some(dependents) = error.dependents() {
        let names = match PyTuple::new(py, &dependents.names) {
            Ok(names) => names.unbind(),
            Err(error) => return error,
        };
        let args = (message, target, names, dependents.count);
        return match error {
            BackendError::VolumeBusy { .. } => classes::VolumeBusyError::new_err(args),
            _ => classes::SnapshotBusyError::new_err(args),
        };
    }
    let args = (message, target);
    match error {
        BackendError::VolumeNotFound { .. } => classes::VolumeNotFoundError::new_err(args),
        BackendError::SnapshotNotFound { .. } => classes::SnapshotNotFoundError::new_err(args),
        BackendError::VolumeExists { .. } => classes::VolumeExistsError::new_err(args),
        BackendError::SnapshotExists { .. } => classes::SnapshotExistsError::new_err(args),
        BackendError::JunctionPathExists { .. } => classes::JunctionPathExistsError::new_err(args),
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
