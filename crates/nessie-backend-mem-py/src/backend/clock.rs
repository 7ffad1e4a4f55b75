//! The backend's clock.

use std::time::Instant;

use nessie_backend_faults::{Cause, mem};
use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::args;
use crate::errors::Result;
use crate::hooks::wait::TICK;
use crate::results::time;
use crate::runtime::exit::Calling;

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
    /// It passes through each time when a rule of a snapshot policy is due, up
    /// to and including the new time, and runs the rules that are due. One call
    /// has the same effect as several of the same length in all. Ctrl-C ends
    /// it after the rules of one time, with the clock there. Other threads can
    /// use the backend at each of these times.
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
        let py = delta.py();
        let mut left = args::time::delta("delta", delta)?;
        if self.call(py, core::MemBackend::next_due).is_none() {
            let advance = |core: &_| mem::advance(core, &mut left, &self.hooks, Cause::Call);
            return Ok(time::text(py, self.try_call(py, advance)?));
        }
        loop {
            let until = Instant::now() + TICK;
            let now = self.try_bulk(py, |core| {
                loop {
                    let now = mem::advance(core, &mut left, &self.hooks, Cause::Call);
                    if now.is_err() || left.is_zero() || Instant::now() >= until {
                        return now;
                    }
                }
            })?;
            if left.is_zero() {
                return Ok(time::text(py, now));
            }
            let _calling = Calling::python(py);
            py.check_signals()?;
        }
    }
}
