//! Templates of dicts.
//!
//! A dict is a copy of a template of its shape in which the varying values are replaced. That is
//! several times as fast as filling an empty dict.

use std::sync::{Mutex, OnceLock};

use nessie_backend_core::Timestamp;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::results::time;

/// A key with its value in the template. `None` is also the value of the keys that vary.
pub(super) type Entry<'py> = (&'static str, Option<Bound<'py, PyAny>>);

/// How dicts keep their keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Each dict has its own. `CPython` reuses the memory of such a dict at once, so a result that
    /// the caller soon drops takes less time.
    Own,
    /// All copies of a template share them, which halves the memory of the dicts in a list. On an
    /// interpreter without shared keys, each dict has its own.
    Shared,
}

impl Keys {
    /// A new template.
    pub(super) fn template<'py>(
        self,
        py: Python<'py>,
        entries: &[Entry<'py>],
    ) -> PyResult<Bound<'py, PyDict>> {
        match self {
            Self::Own => {
                let dict = PyDict::new(py);
                for (key, value) in entries {
                    dict.set_item(PyString::intern(py, key), value)?;
                }
                Ok(dict)
            }
            Self::Shared => shared(py, entries),
        }
    }
}

/// `CPython` reserves room for this many shared keys, less one for each instance of the class.
const RESERVED_KEYS: usize = 30;

/// A template that shares its keys with its copies: `CPython` shares the keys of all instances of
/// a class, and of the copies of their dicts.
fn shared<'py>(py: Python<'py>, entries: &[Entry<'py>]) -> PyResult<Bound<'py, PyDict>> {
    let definition = ("Record", PyTuple::empty(py), PyDict::new(py));
    let class = py.get_type::<PyType>().call1(definition)?;
    let instance = class.call0()?;
    for (key, value) in entries {
        instance.setattr(PyString::intern(py, key), value)?;
    }
    for _ in 0..RESERVED_KEYS {
        class.call0()?;
    }
    instance.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?.copy()
}

/// Returns the value of a cell, which is made at its first use. If two threads make it at once, the
/// value of the first is kept. No thread waits while it is made: that may run the garbage
/// collector, which may call this function again.
pub(super) fn get_or_make<T>(
    cell: &OnceLock<T>,
    make: impl FnOnce() -> PyResult<T>,
) -> PyResult<&T> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

/// The template of records of one shape.
pub(super) struct Shape {
    blank: Py<PyDict>,
    last: Mutex<Last>,
}

/// A template with the size and time of the last record made from it. The next record often has the
/// same ones, which then need not be set.
struct Last {
    dict: Py<PyDict>,
    size_bytes: Option<u64>,
    create_time: Option<Timestamp>,
}

impl Shape {
    pub(super) fn new<'py>(py: Python<'py>, keys: Keys, entries: &[Entry<'py>]) -> PyResult<Self> {
        let blank = keys.template(py, entries)?;
        let last = Mutex::new(Last::new(blank.copy()?));
        Ok(Self { blank: blank.unbind(), last })
    }

    /// A new dict with this size and time. A record without a size has `None`.
    pub(super) fn copy<'py>(
        &self,
        py: Python<'py>,
        size_bytes: Option<u64>,
        create_time: Timestamp,
    ) -> PyResult<Bound<'py, PyDict>> {
        // A copy may run the garbage collector, which may call this function again. If the template
        // is in use, the dict is built without it instead of waiting.
        if let Ok(mut last) = self.last.try_lock() {
            last.set(py, size_bytes, create_time)?.copy()
        } else {
            Last::new(self.blank.bind(py).copy()?).set(py, size_bytes, create_time)
        }
    }
}

impl Last {
    fn new(blank: Bound<'_, PyDict>) -> Self {
        Self { dict: blank.unbind(), size_bytes: None, create_time: None }
    }

    /// The template with this size and time.
    fn set<'py>(
        &mut self,
        py: Python<'py>,
        size_bytes: Option<u64>,
        create_time: Timestamp,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = self.dict.bind(py).clone();
        if self.size_bytes != size_bytes {
            dict.set_item(intern!(py, "size_bytes"), size_bytes)?;
            self.size_bytes = size_bytes;
        }
        if self.create_time != Some(create_time) {
            dict.set_item(intern!(py, "create_time"), time::text(py, create_time))?;
            self.create_time = Some(create_time);
        }
        Ok(dict)
    }
}
