//! The core's records into fresh Python dicts.
//!
//! A dict is made by copying a template of its shape and overwriting what varies, which is several
//! times as fast as filling an empty one. The texts of the caller's own arguments are used again
//! where they are what the record says.

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneOrigin, Snapshot, Uuid, Volume, VolumeState, VolumeType,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::time;

/// Texts that the caller passed in and the record repeats.
#[derive(Default)]
pub(crate) struct Known<'py> {
    pub(crate) uuid: Option<Bound<'py, PyString>>,
    pub(crate) name: Option<Bound<'py, PyString>>,
    pub(crate) parent_volume_uuid: Option<Bound<'py, PyString>>,
    pub(crate) parent_snapshot_uuid: Option<Bound<'py, PyString>>,
}

struct Templates {
    /// By state and type, in the order of their words.
    volumes: Vec<Py<PyDict>>,
    snapshot: Py<PyDict>,
    origin: Py<PyDict>,
}

static TEMPLATES: PyOnceLock<Templates> = PyOnceLock::new();

impl Templates {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        TEMPLATES.get_or_try_init(py, || Self::new(py))
    }

    fn new(py: Python<'_>) -> PyResult<Self> {
        let mut volumes = Vec::new();
        for state in VolumeState::ALL {
            for vol_type in VolumeType::ALL {
                let volume = template(py, &["uuid", "name", "size_bytes"])?;
                volume.set_item("state", PyString::intern(py, state.as_str()))?;
                volume.set_item("style", intern!(py, "flexvol"))?;
                volume.set_item("vol_type", PyString::intern(py, vol_type.as_str()))?;
                volume.set_item("create_time", py.None())?;
                volumes.push(volume.unbind());
            }
        }
        let snapshot = template(py, &["uuid", "name", "create_time"])?;
        snapshot.set_item("size_consumed", 0)?;
        let origin = template(
            py,
            &["parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"],
        )?;
        Ok(Self { volumes, snapshot: snapshot.unbind(), origin: origin.unbind() })
    }

    fn volume<'py>(
        &self,
        py: Python<'py>,
        state: VolumeState,
        vol_type: VolumeType,
    ) -> PyResult<Bound<'py, PyDict>> {
        let at = state as usize * VolumeType::ALL.len() + vol_type as usize;
        match self.volumes.get(at) {
            Some(template) => template.bind(py).copy(),
            None => Ok(PyDict::new(py)),
        }
    }
}

fn template<'py>(py: Python<'py>, keys: &[&str]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for key in keys {
        dict.set_item(PyString::intern(py, key), py.None())?;
    }
    Ok(dict)
}

/// The dict of a volume.
pub(crate) fn volume<'py>(
    py: Python<'py>,
    volume: &Volume,
    known: Known<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = Templates::get(py)?.volume(py, volume.state, volume.vol_type)?;
    let uuid = known.uuid.unwrap_or_else(|| uuid_text(py, volume.uuid.uuid()));
    dict.set_item(intern!(py, "uuid"), uuid)?;
    let name = known.name.unwrap_or_else(|| PyString::new(py, &volume.name));
    dict.set_item(intern!(py, "name"), name)?;
    if let Some(size) = volume.size_bytes {
        dict.set_item(intern!(py, "size_bytes"), size)?;
    }
    match volume.create_time {
        Some(at) => dict.set_item(intern!(py, "create_time"), time::text(py, at))?,
        None => dict.del_item(intern!(py, "create_time"))?,
    }
    if let Some(path) = &volume.junction_path {
        dict.set_item(intern!(py, "junction_path"), path)?;
    }
    if let Some(policy) = &volume.export_policy {
        dict.set_item(intern!(py, "export_policy"), policy)?;
    }
    if let Some(clone_origin) = &volume.clone {
        let parents = (known.parent_volume_uuid, known.parent_snapshot_uuid);
        dict.set_item(intern!(py, "clone"), origin(py, clone_origin, parents)?)?;
    }
    Ok(dict)
}

fn origin<'py>(
    py: Python<'py>,
    origin: &CloneOrigin,
    known: (Option<Bound<'py, PyString>>, Option<Bound<'py, PyString>>),
) -> PyResult<Bound<'py, PyDict>> {
    let dict = Templates::get(py)?.origin.bind(py).copy()?;
    dict.set_item(intern!(py, "parent_volume"), &origin.parent_volume)?;
    dict.set_item(intern!(py, "parent_snapshot"), &origin.parent_snapshot)?;
    let volume = known.0.unwrap_or_else(|| uuid_text(py, origin.parent_volume_uuid.uuid()));
    dict.set_item(intern!(py, "parent_volume_uuid"), volume)?;
    let snapshot = known.1.unwrap_or_else(|| uuid_text(py, origin.parent_snapshot_uuid.uuid()));
    dict.set_item(intern!(py, "parent_snapshot_uuid"), snapshot)?;
    Ok(dict)
}

/// The dict of a snapshot.
pub(crate) fn snapshot<'py>(
    py: Python<'py>,
    snapshot: &Snapshot,
    known: Known<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = Templates::get(py)?.snapshot.bind(py).copy()?;
    let uuid = known.uuid.unwrap_or_else(|| uuid_text(py, snapshot.uuid.uuid()));
    dict.set_item(intern!(py, "uuid"), uuid)?;
    let name = known.name.unwrap_or_else(|| PyString::new(py, &snapshot.name));
    dict.set_item(intern!(py, "name"), name)?;
    match snapshot.create_time {
        Some(at) => dict.set_item(intern!(py, "create_time"), time::text(py, at))?,
        None => dict.del_item(intern!(py, "create_time"))?,
    }
    if snapshot.size_consumed != 0 {
        dict.set_item(intern!(py, "size_consumed"), snapshot.size_consumed)?;
    }
    Ok(dict)
}

/// The dict of capabilities.
pub(crate) fn capabilities(py: Python<'_>, offered: Capabilities) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "snapshots"), offered.snapshots)?;
    dict.set_item(intern!(py, "clones"), offered.clones)?;
    dict.set_item(intern!(py, "replication"), offered.replication)?;
    Ok(dict)
}

/// The dict of an access handle.
pub(crate) fn access_handle<'py>(
    py: Python<'py>,
    handle: &AccessHandle,
) -> PyResult<Bound<'py, PyDict>> {
    let AccessHandle::InMemory = handle else {
        // `MemBackend` hands out no other kind.
        return Ok(PyDict::new(py));
    };
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "kind"), intern!(py, "in_memory"))?;
    Ok(dict)
}

fn uuid_text(py: Python<'_>, uuid: Uuid) -> Bound<'_, PyString> {
    PyString::new(py, uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
}
