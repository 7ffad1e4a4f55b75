//! The class `FaultPlan`.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

use std::sync::Arc;

use nessie_backend_faults::{FaultPlan as Plan, Hit, Hooks};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::errors::Result;
use crate::results::time;
use crate::runtime::interrupt;

use super::fault;

/// Faults that are installed in a backend.
///
/// `inject()` returns it. As a context manager it removes the faults at the
/// end. It can be read afterwards.
///
/// Example:
///     >>> from nessie_backend_mem import Fault, MemBackend
///     >>> backend = MemBackend(seed=1)
///     >>> with backend.inject(Fault("create_volume", error="timeout")) as plan:
///     ...     try:
///     ...         volume = backend.create_volume("db")
///     ...     except TimeoutError:
///     ...         print(plan.hits[0]["operation"], "timed out")
///     create_volume timed out
#[pyclass(frozen, weakref, module = "nessie_backend_mem.faults")]
pub(crate) struct FaultPlan {
    plan: Plan,
    hooks: Arc<Hooks>,
    faults: Py<PyTuple>,
}

impl FaultPlan {
    /// Installs faults.
    pub(crate) fn install(
        faults: &Bound<'_, PyTuple>,
        hooks: &Arc<Hooks>,
        seed: u64,
    ) -> Result<Self> {
        let given: Vec<_> = faults.iter().collect();
        let plan = Plan::new(fault::read_all(&given)?, seed);
        hooks.inject(plan.clone());
        Ok(Self { plan, hooks: Arc::clone(hooks), faults: faults.clone().unbind() })
    }
}

#[pymethods]
impl FaultPlan {
    /// The faults, in their order.
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> Bound<'py, PyTuple> {
        self.faults.bind(py).clone()
    }

    /// The calls that were hit, in their order.
    #[getter]
    fn hits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        interrupt::list(py, self.plan.hits().into_iter(), |hit: Hit| {
            let dict = PyDict::new(py);
            dict.set_item("fault", hit.fault)?;
            dict.set_item("operation", hit.operation.name())?;
            dict.set_item("name", hit.name)?;
            dict.set_item("time", time::text(py, hit.time))?;
            Ok(dict)
        })
    }

    /// The faults whose patterns no call has matched.
    #[getter]
    fn unused<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let faults = self.faults.bind(py);
        let list = PyList::empty(py);
        for position in self.plan.unused() {
            list.append(faults.get_item(position)?)?;
        }
        Ok(list)
    }

    /// Remove the faults. A call that has begun may still be hit.
    ///
    /// A second call has no effect.
    fn remove(&self) {
        self.hooks.remove(&self.plan);
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_details))]
    fn __exit__(&self, _details: &Bound<'_, PyTuple>) {
        self.remove();
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let state = if self.hooks.has(&self.plan) { "" } else { ", removed" };
        let faults = self.faults.bind(py).as_any().repr()?;
        Ok(format!("<FaultPlan {faults}, hits={}{state}>", self.plan.hits().len()))
    }
}
