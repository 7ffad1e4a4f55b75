//! Lets other threads run and signals interrupt during long loops that need the interpreter.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};

use crate::runtime::exit::Calling;

/// The number of items between two checks for signals.
const ITEMS: usize = 1024;
/// The time between two releases of the GIL. A waiting thread requests the GIL after 5 ms, and gets
/// it at the next release after that. If it were released more often, the waiting thread would wake
/// each time, miss it, and start its 5 ms again.
const RELEASE_INTERVAL: Duration = Duration::from_millis(6);

thread_local! {
    /// When this thread last released the GIL.
    static RELEASED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Checks for signals and lets other threads run, at intervals. `done` is the number of items so far.
pub(crate) fn check(py: Python<'_>, done: usize) -> PyResult<()> {
    if !done.is_multiple_of(ITEMS) {
        return Ok(());
    }
    {
        let _calling = Calling::python(py);
        py.check_signals()?;
    }
    if RELEASED.get().is_none_or(|at| at.elapsed() >= RELEASE_INTERVAL) {
        py.detach(|| ());
        RELEASED.set(Some(Instant::now()));
    }
    Ok(())
}

/// The items of an iterable.
pub(crate) struct Items<'py> {
    items: Bound<'py, PyIterator>,
    /// Whether the iterator may run Python code.
    calls_python: bool,
}

impl<'py> Items<'py> {
    /// # Errors
    /// Those of `iter()`.
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

/// Builds a list while other threads run. Ctrl-C interrupts it.
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
