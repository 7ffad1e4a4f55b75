//! Turns for others during long loops that need the interpreter.

use pyo3::prelude::*;

/// How many items are handled before other threads and signals get their turn.
const ITEMS: usize = 1024;

/// Lets other threads run and Ctrl-C through now and then; `done` items are handled so far.
pub(crate) fn take(py: Python<'_>, done: usize) -> PyResult<()> {
    if done.is_multiple_of(ITEMS) {
        py.check_signals()?;
        py.detach(|| ());
    }
    Ok(())
}
