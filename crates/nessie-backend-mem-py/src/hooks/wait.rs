//! Delays. No lock is held meanwhile, other Python threads run, and signals arrive.

use std::thread;
use std::time::{Duration, Instant};

use nessie_backend_faults::{Cause, Hooks, mem};
use nessie_backend_mem::MemBackend;
use pyo3::prelude::*;

use crate::errors::Result;
use crate::runtime::exit::Calling;
use crate::runtime::fork;

/// The time between two checks for signals.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// Lets the time of a backend pass: advances a clock that only calls advance, or blocks the thread.
pub(crate) fn on_clock_of(
    py: Python<'_>,
    backend: &MemBackend,
    hooks: &Hooks,
    time: Duration,
) -> Result<()> {
    if backend.standing_clock().is_none() {
        return blocking(py, time);
    }
    let mut left = time;
    while !left.is_zero() {
        let until = Instant::now() + TICK;
        fork::detached(py, || -> nessie_backend_core::Result<()> {
            while !left.is_zero() && Instant::now() < until {
                mem::advance(backend, &mut left, hooks, Cause::Delay)?;
            }
            Ok(())
        })?;
        let _calling = Calling::python(py);
        py.check_signals()?;
    }
    Ok(())
}

/// Blocks the thread.
pub(crate) fn blocking(py: Python<'_>, time: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        let left = time.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        py.detach(|| thread::sleep(left.min(TICK)));
        let _calling = Calling::python(py);
        py.check_signals()?;
    }
}
