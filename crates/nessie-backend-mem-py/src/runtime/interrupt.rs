//! Turns for other threads during long loops that need the interpreter.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};

use crate::runtime::exit::Calling;

/// How many items are handled before signals get their turn.
const ITEMS: usize = 1024;
/// How long the interpreter is kept from other threads. A thread that waits for it asks for it after
/// 5 ms; only then is it sure to get it when it is let go. If it is let go more often, the waiting
/// thread wakes each time, finds it taken again, and never asks.
const TURN: Duration = Duration::from_millis(6);

thread_local! {
    /// When this thread last let the interpreter go.
    static LET_GO: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Lets other threads run and Ctrl-C through now and then; `done` items are handled so far.
pub(crate) fn check(py: Python<'_>, done: usize) -> PyResult<()> {
    if !done.is_multiple_of(ITEMS) {
        return Ok(());
    }
    {
        let _calling = Calling::python(py);
        py.check_signals()?;
    }
    if LET_GO.get().is_none_or(|at| at.elapsed() >= TURN) {
        py.detach(|| ());
        LET_GO.set(Some(Instant::now()));
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

/// A list, built so that other threads run meanwhile and Ctrl-C ends it.
pub(crate) fn list<'py, T, U: PyTypeInfo>(
    py: Python<'py>,
    items: impl Iterator<Item = T>,
    make: impl Fn(T) -> PyResult<Bound<'py, U>>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (index, item) in items.enumerate() {
        list.append(make(item)?)?;
        check(py, index + 1)?;
    }
    Ok(list)
}
