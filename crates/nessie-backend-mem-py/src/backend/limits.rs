//! The limits and the profile of a backend.

use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::results::records;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// The limits, those of the profile included; None means no limit.
    #[getter]
    fn limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        records::limits(py, self.call(py, core::MemBackend::limits))
    }

    /// The profile: "ontap" or None.
    #[getter]
    fn profile(&self, py: Python<'_>) -> Option<&'static str> {
        self.call(py, core::MemBackend::profile).map(core::Profile::as_str)
    }
}

/// The limits and the profile as the `repr` of a backend shows them.
pub(super) fn shown(limits: core::Limits, profile: Option<core::Profile>) -> String {
    let profile = profile.map(|profile| format!("profile='{profile}', ")).unwrap_or_default();
    let limits = limits.entries().into_iter();
    let limits = limits.filter_map(|(name, max)| Some(format!("'{name}': {}", max?)));
    let limits = limits.collect::<Vec<_>>().join(", ");
    if limits.is_empty() { profile } else { format!("{profile}limits={{{limits}}}, ") }
}
