//! The backend's clock.

use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::args;
use crate::errors::Result;
use crate::results::time;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Return the backend's time.
    ///
    /// Returns:
    ///     str: RFC 3339 text in UTC, such as "2000-01-01T00:00:00Z".
    fn now<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        time::text(py, self.call(py, core::MemBackend::now))
    }

    /// Advance the clock of a backend with a seed or a start time.
    ///
    /// Args:
    ///     delta (float | timedelta): Seconds, or a timedelta. Not negative.
    ///
    /// Returns:
    ///     str: The new time, as from `now()`.
    ///
    /// Raises:
    ///     InvalidArgumentError: `delta` is negative or too large.
    ///     FeatureNotSupportedError: The backend uses the system's clock.
    fn advance<'py>(&self, delta: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
        let by = args::time::delta(delta)?;
        Ok(time::text(delta.py(), self.try_call(delta.py(), |core| core.advance(by))?))
    }
}
