//! `MemBackend` as a container of volumes: `len()`, `iter()`, `in`.

use std::sync::{Mutex, PoisonError};

use nessie_backend_core::{BackendError, VolumeId};
use nessie_backend_mem as core;
use nessie_backend_mem::binding::IntoRows;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::args::scalars;
use crate::errors::{Error, Result};
use crate::results::records;
use crate::runtime::freed::Freed;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    fn __len__(&self, py: Python<'_>) -> usize {
        self.call(py, core::MemBackend::counts).volumes as usize
    }

    fn __iter__(&self, py: Python<'_>) -> VolumeIterator {
        VolumeIterator { volumes: Mutex::new(self.rows(py)) }
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> Result<bool> {
        if let Ok(name) = item.cast::<PyString>() {
            let text = scalars::name(name);
            if self.call(item.py(), |core| core.contains_name(&text)) {
                return Ok(true);
            }
        }
        match scalars::id::<VolumeId>("uuid", item) {
            Ok(id) => Ok(self.call(item.py(), |core| core.contains(id.value))),
            Err(Error::Backend(BackendError::InvalidArgument { .. })) => Ok(false),
            Err(Error::Python(error))
                if error.is_instance_of::<pyo3::exceptions::PyTypeError>(item.py()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// Yields the volumes of a backend as they were when the iteration began.
#[pyclass(frozen, module = "nessie_backend_mem._core")]
struct VolumeIterator {
    volumes: Mutex<Freed<IntoRows>>,
}

#[pymethods]
impl VolumeIterator {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let next = self.volumes.lock().unwrap_or_else(PoisonError::into_inner).next();
        next.map(|volume| records::listed_volume(py, &volume)).transpose()
    }

    fn __length_hint__(&self) -> usize {
        self.volumes.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
