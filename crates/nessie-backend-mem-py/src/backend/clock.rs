//! The backend's clock.

use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::Result;
use crate::results::time;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// The backend's present time as RFC 3339 text in UTC.
    fn now<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        time::text(py, self.call(py, core::MemBackend::now))
    }

    /// Move a standing clock on, and return the new time.
    ///
    /// delta: seconds as an int or float, or a timedelta; not negative.
    ///
    /// Raises InvalidArgumentError; FeatureNotSupportedError if the backend has neither seed nor
    /// start and so follows the system's clock.
    fn advance<'py>(&self, delta: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
        let by = time::delta(delta)?;
        Ok(time::text(delta.py(), self.ask(delta.py(), |core| core.advance(by))?))
    }
}
