//! Columns of snapshots.

use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use compact_str::CompactString;
use nessie_backend_core::{Result as CoreResult, SnapshotId, Timestamp, VolumeId, rules};
use serde::{Deserialize, Serialize};

use super::column::{Names, Sparse, Uuids, number_field, numbers, text_field, time_field, times};
use super::kind::{Kind, Viewed};
use super::saved::check_time;
use crate::binding::records::SnapshotRow;
use crate::state::time;
use crate::storage::slab::Slot;

/// Rows that are snapshots.
///
/// The columns are `volume_uuid` and `volume`, the volume's identifier and name, and the fields of
/// a [`Snapshot`](nessie_backend_core::Snapshot) with their names. The types are as in
/// [`Volumes`](super::Volumes).
#[derive(Clone, Copy, Debug)]
pub enum Snapshots {}

/// A snapshot and its volume.
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
        time_field("create_time", false),
        number_field("size_consumed", false),
        time_field("expires_at", true),
    ]))
});

/// A snapshot and its volume, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFields<'a> {
    volume_uuid: VolumeId,
    volume: &'a str,
    uuid: SnapshotId,
    name: &'a str,
    /// Microseconds since the Unix epoch.
    create_time: i64,
    size_consumed: u64,
    /// Microseconds since the Unix epoch.
    expires_at: Option<i64>,
}

impl Kind for Snapshots {
    type Row = SnapshotOfVolume;
    type Id = (VolumeId, SnapshotId);
    type Fields<'a> = SnapshotFields<'a>;

    const TAG: u8 = 2;

    fn schema() -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn fields(Viewed { state, .. }: &Viewed, slot: Slot) -> SnapshotFields<'_> {
        let (snapshot, name) = state.snapshots.with_text(slot);
        SnapshotFields {
            volume_uuid: state.volume_id(snapshot.volume),
            volume: state.volume_name(snapshot.volume),
            uuid: state.snapshot_id(slot),
            name,
            create_time: snapshot.create_time,
            size_consumed: state.size_consumed(slot),
            expires_at: state.locks.get(slot).map(Timestamp::unix_micros),
        }
    }

    fn fields_of_row(row: &SnapshotOfVolume) -> SnapshotFields<'_> {
        SnapshotFields {
            volume_uuid: row.volume_uuid,
            volume: &row.volume,
            uuid: row.snapshot.uuid,
            name: &row.snapshot.name,
            create_time: row.snapshot.create_time.unix_micros(),
            size_consumed: row.snapshot.size_consumed,
            expires_at: row.snapshot.expires_at.map(Timestamp::unix_micros),
        }
    }

    fn row(fields: SnapshotFields<'_>) -> SnapshotOfVolume {
        SnapshotOfVolume {
            volume_uuid: fields.volume_uuid,
            volume: fields.volume.into(),
            snapshot: SnapshotRow {
                uuid: fields.uuid,
                name: fields.name.into(),
                create_time: time(fields.create_time),
                size_consumed: fields.size_consumed,
                expires_at: fields.expires_at.map(time),
            },
        }
    }

    fn id(Viewed { state, .. }: &Viewed, slot: Slot) -> (VolumeId, SnapshotId) {
        (state.volume_id(state.snapshots.get(slot).volume), state.snapshot_id(slot))
    }

    fn id_of_row(row: &SnapshotOfVolume) -> (VolumeId, SnapshotId) {
        (row.volume_uuid, row.snapshot.uuid)
    }

    fn check(fields: &SnapshotFields<'_>) -> CoreResult<()> {
        check_time("create_time", fields.create_time)?;
        fields.expires_at.map_or(Ok(()), |end| check_time("expires_at", end))?;
        rules::volume_name(fields.volume)?;
        rules::snapshot_name(fields.name)
    }

    fn columns<'a>(
        rows: usize,
        fields: impl Iterator<Item = SnapshotFields<'a>>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut volume_uuid = Uuids::new(rows);
        let mut volume = Names::new(rows);
        let mut uuid = Uuids::new(rows);
        let mut name = Names::new(rows);
        let mut create_time = Vec::with_capacity(rows);
        let mut size_consumed = Vec::with_capacity(rows);
        let mut expires_at = Sparse::default();

        for (row, snapshot) in fields.enumerate() {
            volume_uuid.push(snapshot.volume_uuid.uuid());
            volume.push(snapshot.volume);
            uuid.push(snapshot.uuid.uuid());
            name.push(snapshot.name);
            create_time.push(snapshot.create_time);
            size_consumed.push(snapshot.size_consumed);
            if let Some(end) = snapshot.expires_at {
                expires_at.put(row, rows, end);
            }
        }

        Ok(vec![
            volume_uuid.finish()?,
            volume.finish()?,
            uuid.finish()?,
            name.finish()?,
            times(create_time),
            numbers(size_consumed)?,
            expires_at.finish_times(rows)?,
        ])
    }
}
