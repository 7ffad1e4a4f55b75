//! Records of the core as new Python dicts.

use std::sync::{Mutex, OnceLock};

use nessie_backend_core::{
    AccessHandle, Capabilities, SnapshotPolicy, Space, Uuid, VolumeState, VolumeType,
};
use nessie_backend_mem::Limits;
use nessie_backend_mem::binding::{OptionalFields, RowOrigin, SnapshotRow, VolumeRow};
use nessie_backend_mem::columns::SnapshotOfVolume;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyList, PyString};

use crate::results::templates::{Entry, Keys, Shape, get_or_make};
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

/// The templates of records. Each is made at its first use.
struct Templates {
    keys: Keys,
    /// By state, type and optional keys.
    volumes: [OnceLock<Shape>; VOLUME_SHAPES],
    origin: OnceLock<OriginShape>,
    snapshot: OnceLock<Shape>,
    snapshot_of_volume: OnceLock<Shape>,
}

/// The optional keys of a volume. Each is there or not.
const OPTIONAL_KEYS: [&str; 5] =
    ["used_bytes", "junction_path", "export_policy", "snapshot_policy", "clone"];
const VOLUME_SHAPES: usize =
    VolumeState::ALL.len() * VolumeType::ALL.len() * (1 << OPTIONAL_KEYS.len());

/// The templates of single results.
static SINGLE: Templates = Templates::new(Keys::Own);
/// The templates of items of lists.
static LISTED: Templates = Templates::new(Keys::Shared);

impl Templates {
    const fn new(keys: Keys) -> Self {
        Self {
            keys,
            volumes: [const { OnceLock::new() }; VOLUME_SHAPES],
            origin: OnceLock::new(),
            snapshot: OnceLock::new(),
            snapshot_of_volume: OnceLock::new(),
        }
    }

    fn volume<'py>(
        &self,
        py: Python<'py>,
        row: &VolumeRow,
        reused: &ReusedText<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let rest = row.optional.as_deref();
        let has = |field: fn(&OptionalFields) -> bool| rest.is_some_and(field);
        let optional = [
            row.used_bytes.is_some(),
            has(|rest| rest.junction_path.is_some()),
            has(|rest| rest.export_policy.is_some()),
            has(|rest| rest.snapshot_policy.is_some()),
            has(|rest| rest.origin.is_some()),
        ];

        let kind = row.state as usize * VolumeType::ALL.len() + row.vol_type as usize;
        let index = optional.iter().fold(kind, |index, given| index * 2 + usize::from(*given));
        let make = || self.volume_shape(py, row, optional);
        let dict = match self.volumes.get(index) {
            Some(shape) => get_or_make(shape, make)?.copy(py, row.size_bytes, row.create_time)?,
            None => make()?.copy(py, row.size_bytes, row.create_time)?,
        };
        dict.set_item(intern!(py, "uuid"), uuid_text(py, &reused.uuid, row.uuid.uuid()))?;
        dict.set_item(intern!(py, "name"), name_text(py, &reused.name, &row.name))?;
        if let Some(used) = row.used_bytes {
            dict.set_item(intern!(py, "used_bytes"), used)?;
        }
        if let Some(rest) = rest {
            self.set_optional(&dict, rest, reused)?;
        }
        Ok(dict)
    }

    fn set_optional<'py>(
        &self,
        dict: &Bound<'py, PyDict>,
        fields: &OptionalFields,
        reused: &ReusedText<'py>,
    ) -> PyResult<()> {
        let py = dict.py();
        if let Some(path) = &fields.junction_path {
            dict.set_item(intern!(py, "junction_path"), path)?;
        }
        if let Some(policy) = &fields.export_policy {
            dict.set_item(intern!(py, "export_policy"), policy)?;
        }
        if let Some(policy) = &fields.snapshot_policy {
            dict.set_item(intern!(py, "snapshot_policy"), policy)?;
        }
        if let Some(origin) = &fields.origin {
            let shape = get_or_make(&self.origin, || OriginShape::new(py, self.keys))?;
            dict.set_item(intern!(py, "clone"), shape.copy(py, origin, reused)?)?;
        }
        Ok(())
    }

    fn volume_shape(
        &self,
        py: Python<'_>,
        row: &VolumeRow,
        optional: [bool; OPTIONAL_KEYS.len()],
    ) -> PyResult<Shape> {
        let text = |text: &str| Some(PyString::intern(py, text).into_any());
        let mut entries = vec![
            ("uuid", None),
            ("name", None),
            ("size_bytes", None),
            ("state", text(row.state.as_str())),
            ("style", text("flexvol")),
            ("vol_type", text(row.vol_type.as_str())),
            ("create_time", None),
        ];
        for (key, given) in OPTIONAL_KEYS.into_iter().zip(optional) {
            if given {
                entries.push((key, None));
            }
        }
        Shape::new(py, self.keys, &entries)
    }

    fn snapshot<'py>(
        &self,
        py: Python<'py>,
        row: &SnapshotRow,
        reused: &ReusedText<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let shape = get_or_make(&self.snapshot, || self.snapshot_shape(py, &[]))?;
        let dict = shape.copy(py, None, row.create_time)?;
        dict.set_item(intern!(py, "uuid"), uuid_text(py, &reused.uuid, row.uuid.uuid()))?;
        dict.set_item(intern!(py, "name"), name_text(py, &reused.name, &row.name))?;
        set_rest(&dict, row)?;
        Ok(dict)
    }

    fn snapshot_of_volume<'py>(
        &self,
        py: Python<'py>,
        row: &SnapshotOfVolume,
    ) -> PyResult<Bound<'py, PyDict>> {
        let keys = [("volume_uuid", None), ("volume", None)];
        let shape = get_or_make(&self.snapshot_of_volume, || self.snapshot_shape(py, &keys))?;
        let dict = shape.copy(py, None, row.snapshot.create_time)?;
        let uuid = |uuid| uuid_text(py, &None, uuid);
        dict.set_item(intern!(py, "volume_uuid"), uuid(row.volume_uuid.uuid()))?;
        dict.set_item(intern!(py, "volume"), row.volume.as_str())?;
        dict.set_item(intern!(py, "uuid"), uuid(row.snapshot.uuid.uuid()))?;
        dict.set_item(intern!(py, "name"), row.snapshot.name.as_str())?;
        set_rest(&dict, &row.snapshot)?;
        Ok(dict)
    }

    fn snapshot_shape<'py>(&self, py: Python<'py>, first: &[Entry<'py>]) -> PyResult<Shape> {
        let mut entries = first.to_vec();
        entries.extend([("uuid", None), ("name", None), ("create_time", None)]);
        entries.push(("size_consumed", Some(0_u64.into_pyobject(py)?.into_any())));
        Shape::new(py, self.keys, &entries)
    }
}

/// Sets `size_consumed`, which is 0 in the template, and `expires_at`, which is not in it.
#[inline]
fn set_rest(dict: &Bound<'_, PyDict>, row: &SnapshotRow) -> PyResult<()> {
    if row.size_consumed == 0 && row.expires_at.is_none() { Ok(()) } else { set_given(dict, row) }
}

fn set_given(dict: &Bound<'_, PyDict>, row: &SnapshotRow) -> PyResult<()> {
    if row.size_consumed > 0 {
        dict.set_item(intern!(dict.py(), "size_consumed"), row.size_consumed)?;
    }
    if let Some(end) = row.expires_at {
        dict.set_item(intern!(dict.py(), "expires_at"), time::text(dict.py(), end))?;
    }
    Ok(())
}

/// The dict of a volume.
pub(crate) fn volume<'py>(
    py: Python<'py>,
    row: &VolumeRow,
    reused: &ReusedText<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    SINGLE.volume(py, row, reused)
}

/// The dict of a volume, as an item of a list.
pub(crate) fn listed_volume<'py>(py: Python<'py>, row: &VolumeRow) -> PyResult<Bound<'py, PyDict>> {
    LISTED.volume(py, row, &ReusedText::none())
}

/// The dict of a snapshot.
pub(crate) fn snapshot<'py>(
    py: Python<'py>,
    row: &SnapshotRow,
    reused: &ReusedText<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    SINGLE.snapshot(py, row, reused)
}

/// The dict of a snapshot, as an item of a list.
pub(crate) fn listed_snapshot<'py>(
    py: Python<'py>,
    row: &SnapshotRow,
) -> PyResult<Bound<'py, PyDict>> {
    LISTED.snapshot(py, row, &ReusedText::none())
}

/// The dict of a snapshot with its volume.
pub(crate) fn snapshot_of_volume<'py>(
    py: Python<'py>,
    row: &SnapshotOfVolume,
) -> PyResult<Bound<'py, PyDict>> {
    SINGLE.snapshot_of_volume(py, row)
}

/// The template of clone origins.
struct OriginShape {
    blank: Py<PyDict>,
    last: Mutex<LastOrigin>,
}

/// A template with the last origin in it. The next origin often has some of the same values, which
/// then need not be set.
struct LastOrigin {
    dict: Py<PyDict>,
    origin: Option<RowOrigin>,
}

impl OriginShape {
    fn new(py: Python<'_>, keys: Keys) -> PyResult<Self> {
        let names =
            ["parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"];
        let blank = keys.template(py, &names.map(|name| (name, None)))?;
        let last = Mutex::new(LastOrigin::new(blank.copy()?));
        Ok(Self { blank: blank.unbind(), last })
    }

    /// A new dict of an origin.
    fn copy<'py>(
        &self,
        py: Python<'py>,
        origin: &RowOrigin,
        reused: &ReusedText<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        // As for records, no thread waits for the template.
        if let Ok(mut last) = self.last.try_lock() {
            last.set(py, origin, reused)?.copy()
        } else {
            LastOrigin::new(self.blank.bind(py).copy()?).set(py, origin, reused)
        }
    }
}

impl LastOrigin {
    fn new(blank: Bound<'_, PyDict>) -> Self {
        Self { dict: blank.unbind(), origin: None }
    }

    /// The template with this origin.
    fn set<'py>(
        &mut self,
        py: Python<'py>,
        origin: &RowOrigin,
        reused: &ReusedText<'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = self.dict.bind(py).clone();
        if self.origin.as_ref() == Some(origin) {
            return Ok(dict);
        }
        // After an error the values are unknown, so they are all set by the next call.
        let last = self.origin.take();
        let differs = |same: fn(&RowOrigin, &RowOrigin) -> bool| {
            !last.as_ref().is_some_and(|last| same(last, origin))
        };
        if differs(|a, b| a.parent_volume == b.parent_volume) {
            dict.set_item(intern!(py, "parent_volume"), origin.parent_volume.as_str())?;
        }
        if differs(|a, b| a.parent_snapshot == b.parent_snapshot) {
            dict.set_item(intern!(py, "parent_snapshot"), origin.parent_snapshot.as_str())?;
        }
        if differs(|a, b| a.parent_volume_uuid == b.parent_volume_uuid) {
            let uuid = uuid_text(py, &reused.parent_volume_uuid, origin.parent_volume_uuid.uuid());
            dict.set_item(intern!(py, "parent_volume_uuid"), uuid)?;
        }
        if differs(|a, b| a.parent_snapshot_uuid == b.parent_snapshot_uuid) {
            let uuid = origin.parent_snapshot_uuid.uuid();
            let uuid = uuid_text(py, &reused.parent_snapshot_uuid, uuid);
            dict.set_item(intern!(py, "parent_snapshot_uuid"), uuid)?;
        }
        self.origin = Some(origin.clone());
        Ok(dict)
    }
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
        "used_bytes" => row.used_bytes.into_pyobject(py)?,
        "junction_path" => optional(rest.and_then(|rest| rest.junction_path.as_deref()))?,
        "export_policy" => optional(rest.and_then(|rest| rest.export_policy.as_deref()))?,
        "snapshot_policy" => optional(rest.and_then(|rest| rest.snapshot_policy.as_deref()))?,
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
        "size_consumed" => row.snapshot.size_consumed.into_pyobject(py)?.into_any(),
        "expires_at" => match row.snapshot.expires_at {
            Some(end) => time::text(py, end).into_any(),
            None => py.None().into_bound(py),
        },
        _ => uuid_text(py, &None, row.snapshot.uuid.uuid()).into_any(),
    })
}

/// The dict of a snapshot policy.
pub(crate) fn snapshot_policy<'py>(
    py: Python<'py>,
    policy: &SnapshotPolicy,
) -> PyResult<Bound<'py, PyDict>> {
    let rules = PyList::empty(py);
    for rule in &policy.rules {
        let dict = PyDict::new(py);
        dict.set_item(intern!(py, "schedule"), rule.schedule.to_string())?;
        dict.set_item(intern!(py, "prefix"), &rule.prefix)?;
        dict.set_item(intern!(py, "keep"), rule.keep)?;
        rules.append(dict)?;
    }
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "name"), &policy.name)?;
    dict.set_item(intern!(py, "rules"), rules)?;
    Ok(dict)
}

/// The dict of a backend's space.
pub(crate) fn space(py: Python<'_>, space: Space) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "capacity_bytes"), space.capacity_bytes)?;
    dict.set_item(intern!(py, "used_bytes"), space.used_bytes)?;
    dict.set_item(intern!(py, "available_bytes"), space.available_bytes)?;
    dict.set_item(intern!(py, "live_bytes"), space.live_bytes)?;
    dict.set_item(intern!(py, "snapshot_bytes"), space.snapshot_bytes)?;
    Ok(dict)
}

/// The dict of a backend's limits.
pub(crate) fn limits(py: Python<'_>, limits: Limits) -> PyResult<Bound<'_, PyDict>> {
    limits.entries().into_py_dict(py)
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
