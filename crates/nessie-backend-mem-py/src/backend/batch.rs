//! The volumes and snapshots that a bulk call works on.

use nessie_backend_core::{SnapshotId, VolumeId};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::args::columns::{Column, snapshots_for_volumes, volumes_for_snapshots};
use crate::args::items::{at, items, wrong_item};
use crate::args::limits::{self, MAX_ITEMS};
use crate::args::scalars;
use crate::errors::Result;
use crate::results::table::Table;
use crate::results::uuids::Uuids;
use crate::runtime::interrupt;

use super::MemBackend;

/// Reads the volumes of a bulk call: the [`Uuids`] of another call, a table of volumes, a backend,
/// which means all of its volumes, a column, or an iterable of identifiers and records.
pub(crate) fn volume_ids(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Uuids> {
    const EXPECTED: &str = "a str or uuid.UUID";
    let py = value.py();
    if let Ok(uuids) = value.cast::<Uuids>() {
        return Ok(uuids.get().clone());
    }
    if let Ok(table) = value.cast::<Table>() {
        let ids = table.get().volume_ids(py).ok_or_else(|| snapshots_for_volumes(argument))?;
        return Ok(Uuids::new(ids));
    }
    if let Ok(backend) = value.cast::<MemBackend>() {
        return Ok(Uuids::new(backend.get().volume_ids(py)));
    }
    if let Some(column) = Column::of(argument, value)? {
        return Ok(Uuids::new(column.volume_ids(py)?));
    }
    let mut ids = Vec::new();
    for item in items(argument, "str or uuid.UUID", value)? {
        let item = item?;
        let id = match item.cast::<PyDict>() {
            Ok(record) if record.contains(intern!(py, "volume_uuid"))? => {
                return Err(snapshots_for_volumes(argument));
            }
            Ok(record) => key(argument, ids.len(), record, "uuid")?,
            Err(_) => item,
        };
        let id = scalars::id::<VolumeId>(argument, &id)
            .map_err(|error| at(error, argument, ids.len(), EXPECTED, &id))?;
        ids.push(id.value.uuid());
        limits::check(argument, ids.len(), MAX_ITEMS, "items")?;
        interrupt::check(py, ids.len())?;
    }
    Ok(Uuids::new(ids))
}

/// Reads the snapshots of a bulk call, each with its volume: a table of snapshots, or an iterable of
/// pairs and of the rows of such a table.
pub(crate) fn snapshot_ids(
    argument: &'static str,
    value: &Bound<'_, PyAny>,
) -> Result<Vec<(VolumeId, SnapshotId)>> {
    const PAIR: &str = "(volume uuid, snapshot uuid) or a row of snapshots()";
    let py = value.py();
    if let Ok(table) = value.cast::<Table>() {
        let refuse = || volumes_for_snapshots(argument, "a table of volumes");
        return table.get().snapshot_ids(py).ok_or_else(refuse);
    }
    if value.is_instance_of::<Uuids>() || value.is_instance_of::<MemBackend>() {
        let found = value.get_type().name()?;
        return Err(volumes_for_snapshots(argument, &found.to_string_lossy()));
    }
    if let Some(column) = Column::of(argument, value)? {
        let ids = column.snapshot_ids(py)?.into_iter();
        return Ok(ids.map(|(volume, snapshot)| (volume.into(), snapshot.into())).collect());
    }
    let mut ids = Vec::new();
    for item in items(argument, PAIR, value)? {
        let item = item?;
        let (volume, snapshot) = if let Ok(record) = item.cast::<PyDict>() {
            let place = ids.len();
            (key(argument, place, record, "volume_uuid")?, key(argument, place, record, "uuid")?)
        } else if let Ok(pair) = item.cast::<PyTuple>()
            && pair.len() == 2
        {
            (pair.get_item(0)?, pair.get_item(1)?)
        } else {
            return Err(wrong_item(argument, ids.len(), PAIR, &item));
        };
        let place = ids.len();
        let refuse = |id, error| at(error, argument, place, "a pair of str or uuid.UUID", id);
        let of =
            scalars::id::<VolumeId>(argument, &volume).map_err(|error| refuse(&volume, error))?;
        let id = scalars::id::<SnapshotId>(argument, &snapshot)
            .map_err(|error| refuse(&snapshot, error))?;
        ids.push((of.value, id.value));
        limits::check(argument, ids.len(), MAX_ITEMS, "items")?;
        interrupt::check(py, ids.len())?;
    }
    Ok(ids)
}

/// The identifier in a record.
fn key<'py>(
    argument: &str,
    index: usize,
    record: &Bound<'py, PyDict>,
    key: &str,
) -> Result<Bound<'py, PyAny>> {
    record.get_item(key)?.ok_or_else(|| {
        let message = format!("{argument}[{index}] is a dict without {key:?}");
        PyTypeError::new_err(message).into()
    })
}
