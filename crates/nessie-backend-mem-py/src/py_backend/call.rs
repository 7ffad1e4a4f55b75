//! A call of a method: the operation and its arguments.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId, VolumePatch, VolumeState, rules};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// An operation and its arguments: identifiers and the name by position, fields by keyword.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) volume: Option<VolumeId>,
    pub(super) snapshot: Option<SnapshotId>,
    pub(super) name: Option<&'a str>,
    pub(super) fields: Option<&'a VolumePatch>,
}

impl<'a> Call<'a> {
    pub(super) const fn new(operation: &'static str) -> Self {
        Self { operation, volume: None, snapshot: None, name: None, fields: None }
    }

    pub(super) const fn volume(self, volume: VolumeId) -> Self {
        Self { volume: Some(volume), ..self }
    }

    pub(super) const fn snapshot(self, snapshot: SnapshotId) -> Self {
        Self { snapshot: Some(snapshot), ..self }
    }

    pub(super) const fn name(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    pub(super) const fn fields(self, fields: &'a VolumePatch) -> Self {
        Self { fields: Some(fields), ..self }
    }

    /// The positional arguments.
    pub(super) fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let volume = self.volume.map(|id| id.to_string());
        let snapshot = self.snapshot.map(|id| id.to_string());
        let all = [volume.as_deref(), snapshot.as_deref(), self.name];
        PyTuple::new(py, all.into_iter().flatten().collect::<Vec<_>>())
    }

    /// The keyword arguments: the fields that are set.
    pub(super) fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(fields) = self.fields.filter(|fields| !fields.is_empty()) else {
            return Ok(None);
        };
        let keywords = PyDict::new(py);
        if let Some(size) = fields.size_bytes {
            keywords.set_item("size_bytes", size)?;
        }
        let texts = [
            ("junction_path", fields.junction_path.as_deref()),
            ("export_policy", fields.export_policy.as_deref()),
            ("name", fields.name.as_deref()),
            ("snapshot_policy", fields.snapshot_policy.as_deref()),
            ("state", fields.state.map(VolumeState::as_str)),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                keywords.set_item(key, text)?;
            }
        }
        Ok(Some(keywords))
    }

    /// The new name that the call would set.
    pub(super) fn new_name(&self) -> Option<&'a str> {
        self.name.or_else(|| self.fields?.name.as_deref())
    }

    /// The argument whose value breaks its rule, if one does.
    pub(super) fn invalid_argument(&self) -> Option<String> {
        let named = match (self.operation, self.name) {
            (_, None) => Ok(()),
            ("create_volume", Some(name)) => rules::volume_name(name),
            ("create_clone", Some(name)) => {
                rules::volume_name(name).map_err(|error| error.for_argument("new_name"))
            }
            (_, Some(name)) => rules::snapshot_name(name),
        };
        let fields = || self.fields.map_or(Ok(()), rules::volume_patch);
        match named.and_then(|()| fields()) {
            Err(BackendError::InvalidArgument { argument, .. }) => Some(argument.into_owned()),
            _ => None,
        }
    }
}
