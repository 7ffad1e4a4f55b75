//! Faults of requests. `nessie_backend_mem.ontap.faults` has the classes that are documented.

use std::sync::Arc;

use nessie_store::{ApiError, HttpFault, HttpFaultPlan as Plan};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::ontap::cluster::GuardedCluster;

/// Raise the error of a fault, given as JSON, whose values break a rule.
#[pyfunction]
#[pyo3(name = "_check_http_fault")]
pub(crate) fn check_http_fault(fault: &[u8]) -> PyResult<()> {
    read(fault).map(drop)
}

pub(super) fn read(fault: &[u8]) -> PyResult<HttpFault> {
    HttpFault::from_json(fault).map_err(|ApiError { message, .. }| PyValueError::new_err(message))
}

/// Faults of requests that are installed together.
#[pyclass(frozen, name = "_HttpFaultPlan", module = "nessie_backend_mem._core")]
pub(crate) struct HttpFaultPlan {
    pub(super) plan: Plan,
    pub(super) handler: Arc<GuardedCluster>,
}

#[pymethods]
impl HttpFaultPlan {
    /// The requests that were hit: position of the fault, method, path and time of each.
    #[getter]
    fn hits(&self) -> Vec<(usize, String, String, String)> {
        let hits = self.plan.hits().into_iter();
        hits.map(|hit| (hit.fault, hit.method, hit.path, hit.time.to_string())).collect()
    }

    /// The positions of the faults whose patterns no request has matched.
    #[getter]
    fn unused(&self) -> Vec<usize> {
        self.plan.unused()
    }

    /// Whether the faults are installed.
    #[getter]
    fn is_installed(&self) -> bool {
        self.plan.is_installed()
    }

    /// Remove the faults.
    fn remove(&self) {
        self.handler.cluster.remove(&self.plan);
    }
}
