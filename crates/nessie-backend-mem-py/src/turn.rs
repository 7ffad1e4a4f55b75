//! Turns for others during long loops that need the interpreter.

use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};

use crate::exit::Calling;

/// How many items are handled before other threads and signals get their turn.
const ITEMS: usize = 1024;

/// Lets other threads run and Ctrl-C through now and then; `done` items are handled so far.
pub(crate) fn take(py: Python<'_>, done: usize) -> PyResult<()> {
    if done.is_multiple_of(ITEMS) {
        {
            let _calling = Calling::python(py);
            py.check_signals()?;
        }
        py.detach(|| ());
    }
    Ok(())
}

/// The items of an iterable.
pub(crate) struct Items<'py> {
    items: Bound<'py, PyIterator>,
    /// Whether the next item may come out of Python code.
    calls_python: bool,
}

impl<'py> Items<'py> {
    /// Fails as `iter()` does.
    pub(crate) fn of(value: &Bound<'py, PyAny>) -> PyResult<Self> {
        let is_plain =
            value.is_exact_instance_of::<PyList>() || value.is_exact_instance_of::<PyTuple>();
        let _calling = (!is_plain).then(|| Calling::python(value.py()));
        Ok(Self { items: value.try_iter()?, calls_python: !is_plain })
    }
}

impl<'py> Iterator for Items<'py> {
    type Item = PyResult<Bound<'py, PyAny>>;

    fn next(&mut self) -> Option<Self::Item> {
        let _calling = self.calls_python.then(|| Calling::python(self.items.py()));
        self.items.next()
    }
}
