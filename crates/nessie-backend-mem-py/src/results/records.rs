//! Records of the core as new Python dicts.
//!
//! A dict is a copy of a template of its shape in which the varying values are replaced. That is
//! several times as fast as filling an empty dict.

use std::sync::Mutex;

use nessie_backend_core::{AccessHandle, Capabilities, Timestamp, Uuid, VolumeState, VolumeType};
use nessie_backend_mem::binding::{RowOrigin, SnapshotRow, VolumeRow};
use nessie_backend_mem::columns::SnapshotOfVolume;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::results::time;

type Text<'py> = Option<Bound<'py, PyString>>;

/// Strings of the caller that a record contains too, so that no new ones have to be made.
#[derive(Default)]
pub(crate) struct ReusedText<'py> {
    pub(crate) uuid: Text<'py>,
    pub(crate) name: Text<'py>,
    pub(crate) parent_volume_uuid: Text<'py>,
    pub(crate) parent_snapshot_uuid: Text<'py>,
}

impl<'py> ReusedText<'py> {
    /// None of them.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// The uuid that the caller gave, if it is in the canonical spelling.
    pub(crate) fn uuid(uuid: Text<'py>) -> Self {
        Self { uuid, ..Self::default() }
    }

    /// The name that the caller gave. An instance of a subclass of `str` is not reused, because it
    /// can have attributes.
    pub(crate) fn name(name: &Bound<'py, PyString>) -> Self {
        Self { name: name.cast_exact().ok().cloned(), ..Self::default() }
    }
}

struct Templates {
    /// By state and type, in the order of their variants.
    volumes: Vec<VolumeShape>,
    snapshot: Py<PyDict>,
    snapshot_of_volume: Py<PyDict>,
    origin: OriginShape,
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
                volumes.push(VolumeShape::new(py, *state, *vol_type)?);
            }
        }
        let snapshot = template(py, &["uuid", "name", "create_time"])?;
        snapshot.set_item("size_consumed", 0)?;
        let snapshot_of_volume = template(py, &["volume_uuid", "volume"])?;
        snapshot_of_volume.update(snapshot.as_mapping())?;
        Ok(Self {
            volumes,
            snapshot: snapshot.unbind(),
            snapshot_of_volume: snapshot_of_volume.unbind(),
            origin: OriginShape::new(py)?,
        })
    }
}

/// The template of volumes of one state and type.
struct VolumeShape {
    blank: Py<PyDict>,
    last: Mutex<LastVolume>,
}

/// A template with the size and time of the last volume made from it. The next volume often has the
/// same ones, which then need not be set.
struct LastVolume {
    dict: Py<PyDict>,
    size_bytes: Option<u64>,
    create_time: Option<Timestamp>,
}

impl VolumeShape {
    fn new(py: Python<'_>, state: VolumeState, vol_type: VolumeType) -> PyResult<Self> {
        let blank = template(py, &["uuid", "name", "size_bytes"])?;
        blank.set_item("state", PyString::intern(py, state.as_str()))?;
        blank.set_item("style", intern!(py, "flexvol"))?;
        blank.set_item("vol_type", PyString::intern(py, vol_type.as_str()))?;
        blank.set_item("create_time", py.None())?;
        let dict = blank.copy()?.unbind();
        let last = Mutex::new(LastVolume { dict, size_bytes: None, create_time: None });
        Ok(Self { blank: blank.unbind(), last })
    }

    /// A new dict, complete except for uuid, name and optional values.
    fn copy<'py>(&self, py: Python<'py>, row: &VolumeRow) -> PyResult<Bound<'py, PyDict>> {
        // A copy may run the garbage collector, which may call this function again. If the template
        // is in use, the dict is built without it instead of waiting.
        let Ok(mut last) = self.last.try_lock() else {
            let dict = self.blank.bind(py).copy()?;
            dict.set_item(intern!(py, "size_bytes"), row.size_bytes)?;
            dict.set_item(intern!(py, "create_time"), time::text(py, row.create_time))?;
            return Ok(dict);
        };
        let dict = last.dict.bind(py).clone();
        if last.size_bytes != row.size_bytes {
            dict.set_item(intern!(py, "size_bytes"), row.size_bytes)?;
            last.size_bytes = row.size_bytes;
        }
        if last.create_time != Some(row.create_time) {
            dict.set_item(intern!(py, "create_time"), time::text(py, row.create_time))?;
            last.create_time = Some(row.create_time);
        }
        dict.copy()
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
    row: &VolumeRow,
    reused: &ReusedText<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let shape = row.state as usize * VolumeType::ALL.len() + row.vol_type as usize;
    let templates = Templates::get(py)?;
    let dict = match templates.volumes.get(shape) {
        Some(shape) => shape.copy(py, row)?,
        None => VolumeShape::new(py, row.state, row.vol_type)?.copy(py, row)?,
    };
    dict.set_item(intern!(py, "uuid"), uuid_text(py, &reused.uuid, row.uuid.uuid()))?;
    dict.set_item(intern!(py, "name"), name_text(py, &reused.name, &row.name))?;
    let Some(rest) = &row.optional else {
        return Ok(dict);
    };
    if let Some(path) = &rest.junction_path {
        dict.set_item(intern!(py, "junction_path"), path)?;
    }
    if let Some(policy) = &rest.export_policy {
        dict.set_item(intern!(py, "export_policy"), policy)?;
    }
    if let Some(origin) = &rest.origin {
        dict.set_item(intern!(py, "clone"), templates.origin.copy(py, origin, reused)?)?;
    }
    Ok(dict)
}

/// The template of clone origins, and the last origin in it: clones of one snapshot share it.
struct OriginShape {
    blank: Py<PyDict>,
    last: Mutex<(Py<PyDict>, Option<RowOrigin>)>,
}

impl OriginShape {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let keys =
            ["parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"];
        let blank = template(py, &keys)?;
        let last = Mutex::new((blank.copy()?.unbind(), None));
        Ok(Self { blank: blank.unbind(), last })
    }

    /// A new dict of an origin.
    fn copy<'py>(
        &self,
        py: Python<'py>,
        origin: &RowOrigin,
        reused: &ReusedText<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        // As for volumes, no thread waits for the template.
        let Ok(mut last) = self.last.try_lock() else {
            let dict = self.blank.bind(py).copy()?;
            Self::fill(&dict, origin, reused)?;
            return Ok(dict);
        };
        let dict = last.0.bind(py).clone();
        if last.1.as_ref() != Some(origin) {
            last.1 = None;
            Self::fill(&dict, origin, reused)?;
            last.1 = Some(origin.clone());
        }
        dict.copy()
    }

    fn fill<'py>(
        dict: &Bound<'py, PyDict>,
        origin: &RowOrigin,
        reused: &ReusedText<'py>,
    ) -> PyResult<()> {
        let py = dict.py();
        dict.set_item(intern!(py, "parent_volume"), origin.parent_volume.as_str())?;
        dict.set_item(intern!(py, "parent_snapshot"), origin.parent_snapshot.as_str())?;
        let volume = origin.parent_volume_uuid.uuid();
        let volume = uuid_text(py, &reused.parent_volume_uuid, volume);
        dict.set_item(intern!(py, "parent_volume_uuid"), volume)?;
        let snapshot = origin.parent_snapshot_uuid.uuid();
        let snapshot = uuid_text(py, &reused.parent_snapshot_uuid, snapshot);
        dict.set_item(intern!(py, "parent_snapshot_uuid"), snapshot)
    }
}

/// The dict of a snapshot.
pub(crate) fn snapshot<'py>(
    py: Python<'py>,
    snapshot: &SnapshotRow,
    reused: &ReusedText<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = Templates::get(py)?.snapshot.bind(py).copy()?;
    fill_snapshot(&dict, snapshot, reused)?;
    Ok(dict)
}

/// The dict of a snapshot with its volume.
pub(crate) fn snapshot_of_volume<'py>(
    py: Python<'py>,
    row: &SnapshotOfVolume,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = Templates::get(py)?.snapshot_of_volume.bind(py).copy()?;
    let volume_uuid = uuid_text(py, &None, row.volume_uuid.uuid());
    dict.set_item(intern!(py, "volume_uuid"), volume_uuid)?;
    dict.set_item(intern!(py, "volume"), row.volume.as_str())?;
    fill_snapshot(&dict, &row.snapshot, &ReusedText::none())?;
    Ok(dict)
}

/// The value of a column for a volume: the value in its dict, or `None` if the dict lacks the key.
pub(crate) fn volume_column<'py>(
    py: Python<'py>,
    row: &VolumeRow,
    column: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let rest = row.optional.as_deref();
    let origin = rest.and_then(|rest| rest.origin.as_ref());
    let optional = |text: Option<&str>| text.into_pyobject(py);
    Ok(match column {
        "name" => PyString::new(py, &row.name).into_any(),
        "size_bytes" => row.size_bytes.into_pyobject(py)?,
        "state" => PyString::intern(py, row.state.as_str()).into_any(),
        "style" => intern!(py, "flexvol").clone().into_any(),
        "vol_type" => PyString::intern(py, row.vol_type.as_str()).into_any(),
        "create_time" => time::text(py, row.create_time).into_any(),
        "junction_path" => optional(rest.and_then(|rest| rest.junction_path.as_deref()))?,
        "export_policy" => optional(rest.and_then(|rest| rest.export_policy.as_deref()))?,
        "parent_volume" => optional(origin.map(|origin| origin.parent_volume.as_str()))?,
        "parent_snapshot" => optional(origin.map(|origin| origin.parent_snapshot.as_str()))?,
        "parent_volume_uuid" => {
            let uuid = origin.map(|origin| origin.parent_volume_uuid.uuid());
            uuid.map(|uuid| uuid_text(py, &None, uuid)).into_pyobject(py)?
        }
        "parent_snapshot_uuid" => {
            let uuid = origin.map(|origin| origin.parent_snapshot_uuid.uuid());
            uuid.map(|uuid| uuid_text(py, &None, uuid)).into_pyobject(py)?
        }
        _ => uuid_text(py, &None, row.uuid.uuid()).into_any(),
    })
}

/// The value of a column for a snapshot.
pub(crate) fn snapshot_column<'py>(
    py: Python<'py>,
    row: &SnapshotOfVolume,
    column: &str,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match column {
        "volume_uuid" => uuid_text(py, &None, row.volume_uuid.uuid()).into_any(),
        "volume" => PyString::new(py, &row.volume).into_any(),
        "name" => PyString::new(py, &row.snapshot.name).into_any(),
        "create_time" => time::text(py, row.snapshot.create_time).into_any(),
        "size_consumed" => 0_u64.into_pyobject(py)?.into_any(),
        _ => uuid_text(py, &None, row.snapshot.uuid.uuid()).into_any(),
    })
}

fn fill_snapshot<'py>(
    dict: &Bound<'py, PyDict>,
    snapshot: &SnapshotRow,
    reused: &ReusedText<'py>,
) -> PyResult<()> {
    let py = dict.py();
    dict.set_item(intern!(py, "uuid"), uuid_text(py, &reused.uuid, snapshot.uuid.uuid()))?;
    dict.set_item(intern!(py, "name"), name_text(py, &reused.name, &snapshot.name))?;
    dict.set_item(intern!(py, "create_time"), time::text(py, snapshot.create_time))
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
        // `MemBackend` has no other kind.
        return Ok(PyDict::new(py));
    };
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "kind"), intern!(py, "in_memory"))?;
    Ok(dict)
}

pub(crate) fn uuid_text<'py>(
    py: Python<'py>,
    reused: &Text<'py>,
    uuid: Uuid,
) -> Bound<'py, PyString> {
    let make = || PyString::new(py, uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    reused.clone().unwrap_or_else(make)
}

fn name_text<'py>(py: Python<'py>, reused: &Text<'py>, name: &str) -> Bound<'py, PyString> {
    reused.clone().unwrap_or_else(|| PyString::new(py, name))
}
