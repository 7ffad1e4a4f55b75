//! Snapshots in columns.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use compact_str::CompactString;
use nessie_backend_core::{BackendError, Result, VolumeId};

use super::column::{Names, Uuids, number_field, text_field, time_field, times, zeros};
use super::kind::{Chosen, Kind};
use crate::bulk::BulkError;
use crate::row::SnapshotRow;
use crate::slab::Slot;
use crate::state::State;

/// Rows that are snapshots.
///
/// The columns are the volume's identifier and name, `volume_uuid` and `volume`, and the fields of
/// a [`Snapshot`](nessie_backend_core::Snapshot) under their names, with types as in
/// [`Volumes`](super::Volumes).
#[derive(Clone, Copy, Debug)]
pub enum Snapshots {}

/// A snapshot and the volume it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotOfVolume {
    /// The volume's identifier.
    pub volume_uuid: VolumeId,
    /// The volume's name.
    pub volume: CompactString,
    /// The snapshot.
    pub snapshot: SnapshotRow,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        text_field("volume_uuid", false),
        text_field("volume", false),
        text_field("uuid", false),
        text_field("name", false),
        time_field("create_time"),
        number_field("size_consumed", false),
    ]))
});

impl Kind for Snapshots {
    type Row = SnapshotOfVolume;

    fn schema() -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn row(Chosen { state, .. }: &Chosen, slot: Slot) -> SnapshotOfVolume {
        let volume = state.snapshots.get(slot).volume;
        SnapshotOfVolume {
            volume_uuid: state.volume_id(volume),
            volume: state.volume_name(volume).into(),
            snapshot: state.snapshot_row(slot),
        }
    }

    fn columns(of: &Chosen, slots: &[Slot]) -> Result<Vec<ArrayRef>, ArrowError> {
        let state = &*of.state;
        let rows = slots.len();
        let mut volume_uuid = Uuids::new(rows);
        let mut volume = Names::new(rows);
        let mut uuid = Uuids::new(rows);
        let mut name = Names::new(rows);
        let mut create_time = Vec::with_capacity(rows);

        for &slot in slots {
            let (snapshot, its_name) = state.snapshots.with_text(slot);
            volume_uuid.push(state.volume_id(snapshot.volume).uuid());
            volume.push(state.volume_name(snapshot.volume));
            uuid.push(state.snapshot_id(slot).uuid());
            name.push(its_name);
            create_time.push(snapshot.create_time);
        }

        Ok(vec![
            volume_uuid.finish()?,
            volume.finish()?,
            uuid.finish()?,
            name.finish()?,
            times(create_time),
            zeros(rows)?,
        ])
    }
}

/// The slots of the snapshots of the given volumes, or of all.
pub(super) fn slots(state: &State, volumes: Option<&[VolumeId]>) -> Result<Vec<Slot>, BulkError> {
    let mut slots = Vec::new();
    let Some(volumes) = volumes else {
        slots.reserve_exact(state.snapshots.len() as usize);
        slots.extend(state.volume_slots().flat_map(|volume| state.snapshot_slots(volume)));
        return Ok(slots);
    };
    let mut seen = HashSet::with_capacity(volumes.len());
    for (index, volume) in volumes.iter().enumerate() {
        let refuse = |error| BulkError::at(index, error);
        let slot = state.find(*volume).map_err(refuse)?;
        if !seen.insert(slot) {
            let volume = volume.to_string();
            return Err(refuse(BackendError::invalid("vol_uuids", &volume, "is given twice")));
        }
        slots.extend(state.snapshot_slots(slot));
    }
    slots.shrink_to_fit();
    Ok(slots)
}
