//! Columns of volumes.

use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use nessie_backend_core::{
    Result as CoreResult, SnapshotId, VolumeId, VolumeState, VolumeStyle, VolumeType, rules,
};
use serde::{Deserialize, Serialize};

use super::column::{
    Names, Sparse, SparseTexts, Uuids, all_words, first_words, number_field, quotas, text_field,
    time_field, times, words, words_field,
};
use super::kind::{Kind, Viewed};
use super::saved::check_time;
use crate::binding::records::{OptionalFields, RowOrigin, VolumeRow};
use crate::state::{quota, time};
use crate::storage::slab::Slot;

/// Rows that are volumes.
///
/// The columns are the fields of a [`Volume`](nessie_backend_core::Volume) with their names, and
/// those of its [`CloneOrigin`](nessie_backend_core::CloneOrigin) in place of `clone`. Missing
/// values are null. Identifiers are text, enums are dictionaries, times are microseconds in UTC.
#[derive(Clone, Copy, Debug)]
pub enum Volumes {}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        text_field("uuid", false),
        text_field("name", false),
        number_field("size_bytes", true),
        words_field("state"),
        words_field("style"),
        words_field("vol_type"),
        time_field("create_time", false),
        number_field("used_bytes", true),
        text_field("junction_path", true),
        text_field("export_policy", true),
        text_field("snapshot_policy", true),
        text_field("parent_volume", true),
        text_field("parent_snapshot", true),
        text_field("parent_volume_uuid", true),
        text_field("parent_snapshot_uuid", true),
    ]))
});

static STATES: LazyLock<ArrayRef> =
    LazyLock::new(|| all_words(VolumeState::ALL, VolumeState::as_str));
static STYLES: LazyLock<ArrayRef> =
    LazyLock::new(|| all_words(VolumeStyle::ALL, VolumeStyle::as_str));
static TYPES: LazyLock<ArrayRef> = LazyLock::new(|| all_words(VolumeType::ALL, VolumeType::as_str));

/// A volume, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFields<'a> {
    uuid: VolumeId,
    name: &'a str,
    /// Quota in bytes; 0 means none.
    size: u64,
    state: VolumeState,
    vol_type: VolumeType,
    /// Microseconds since the Unix epoch.
    create_time: i64,
    used_bytes: Option<u64>,
    junction_path: Option<&'a str>,
    export_policy: Option<&'a str>,
    snapshot_policy: Option<&'a str>,
    #[serde(borrow)]
    origin: Option<OriginFields<'a>>,
}

/// The origin of a clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OriginFields<'a> {
    volume: &'a str,
    snapshot: &'a str,
    volume_uuid: VolumeId,
    snapshot_uuid: SnapshotId,
}

impl Kind for Volumes {
    type Row = VolumeRow;
    type Id = VolumeId;
    type Fields<'a> = VolumeFields<'a>;

    const TAG: u8 = 1;

    fn schema() -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn fields(Viewed { state, .. }: &Viewed, slot: Slot) -> VolumeFields<'_> {
        let volume = state.volumes.get(slot);
        VolumeFields {
            uuid: state.volume_id(slot),
            name: &volume.name,
            size: volume.size,
            state: volume.state,
            vol_type: volume.vol_type,
            create_time: volume.create_time,
            used_bytes: state.used_bytes(slot),
            // Read the junction path only if there is one: it is in another cache line.
            junction_path: if volume.is_mounted { volume.junction.as_deref() } else { None },
            export_policy: (!volume.export_policy.is_empty()).then(|| state.volumes.text(slot)),
            snapshot_policy: state.policies.of(slot).map(|policy| policy.name.as_str()),
            origin: volume.is_clone().then(|| {
                let (snapshot, its_name) = state.snapshots.with_text(volume.parent_snapshot);
                OriginFields {
                    volume: state.volume_name(snapshot.volume),
                    snapshot: its_name,
                    volume_uuid: state.volume_id(snapshot.volume),
                    snapshot_uuid: state.snapshot_id(volume.parent_snapshot),
                }
            }),
        }
    }

    fn fields_of_row(row: &VolumeRow) -> VolumeFields<'_> {
        let rest = row.optional.as_deref();
        VolumeFields {
            uuid: row.uuid,
            name: &row.name,
            size: row.size_bytes.unwrap_or(0),
            state: row.state,
            vol_type: row.vol_type,
            create_time: row.create_time.unix_micros(),
            used_bytes: row.used_bytes,
            junction_path: rest.and_then(|rest| rest.junction_path.as_deref()),
            export_policy: rest.and_then(|rest| rest.export_policy.as_deref()),
            snapshot_policy: rest.and_then(|rest| rest.snapshot_policy.as_deref()),
            origin: rest.and_then(|rest| rest.origin.as_ref()).map(|origin| OriginFields {
                volume: &origin.parent_volume,
                snapshot: &origin.parent_snapshot,
                volume_uuid: origin.parent_volume_uuid,
                snapshot_uuid: origin.parent_snapshot_uuid,
            }),
        }
    }

    fn row(fields: VolumeFields<'_>) -> VolumeRow {
        let rest = OptionalFields {
            junction_path: fields.junction_path.map(str::to_owned),
            export_policy: fields.export_policy.map(str::to_owned),
            snapshot_policy: fields.snapshot_policy.map(str::to_owned),
            origin: fields.origin.map(|origin| RowOrigin {
                parent_volume: origin.volume.into(),
                parent_snapshot: origin.snapshot.into(),
                parent_volume_uuid: origin.volume_uuid,
                parent_snapshot_uuid: origin.snapshot_uuid,
            }),
        };
        VolumeRow {
            uuid: fields.uuid,
            name: fields.name.into(),
            size_bytes: quota(fields.size),
            state: fields.state,
            vol_type: fields.vol_type,
            create_time: time(fields.create_time),
            used_bytes: fields.used_bytes,
            optional: (rest != OptionalFields::default()).then(|| Box::new(rest)),
        }
    }

    fn id(Viewed { state, .. }: &Viewed, slot: Slot) -> VolumeId {
        state.volume_id(slot)
    }

    fn id_of_row(row: &VolumeRow) -> VolumeId {
        row.uuid
    }

    fn check(fields: &VolumeFields<'_>) -> CoreResult<()> {
        check_time("create_time", fields.create_time)?;
        rules::volume_name(fields.name)?;
        fields.junction_path.map_or(Ok(()), rules::junction_path)?;
        fields.export_policy.map_or(Ok(()), rules::export_policy)?;
        fields.snapshot_policy.map_or(Ok(()), rules::volume_name)?;
        let Some(origin) = &fields.origin else { return Ok(()) };
        rules::volume_name(origin.volume)?;
        rules::snapshot_name(origin.snapshot)
    }

    fn columns<'a>(
        rows: usize,
        fields: impl Iterator<Item = VolumeFields<'a>>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut uuid = Uuids::new(rows);
        let mut name = Names::new(rows);
        let mut size_bytes = Vec::with_capacity(rows);
        let mut states = Vec::with_capacity(rows);
        let mut vol_types = Vec::with_capacity(rows);
        let mut create_time = Vec::with_capacity(rows);
        let mut used_bytes = Sparse::default();
        let mut junction_path = SparseTexts::default();
        let mut export_policy = SparseTexts::default();
        let mut snapshot_policy = SparseTexts::default();
        let mut parent_volume = SparseTexts::default();
        let mut parent_snapshot = SparseTexts::default();
        let mut parent_volume_uuid = SparseTexts::default();
        let mut parent_snapshot_uuid = SparseTexts::default();

        for (row, volume) in fields.enumerate() {
            uuid.push(volume.uuid.uuid());
            name.push(volume.name);
            size_bytes.push(volume.size);
            states.push(volume.state as i8);
            vol_types.push(volume.vol_type as i8);
            create_time.push(volume.create_time);
            if let Some(bytes) = volume.used_bytes {
                used_bytes.put(row, rows, bytes);
            }
            if let Some(path) = volume.junction_path {
                junction_path.put(row, rows, path);
            }
            if let Some(policy) = volume.export_policy {
                export_policy.put(row, rows, policy);
            }
            if let Some(policy) = volume.snapshot_policy {
                snapshot_policy.put(row, rows, policy);
            }
            if let Some(origin) = volume.origin {
                parent_volume.put(row, rows, origin.volume);
                parent_snapshot.put(row, rows, origin.snapshot);
                parent_volume_uuid.put_uuid(row, rows, origin.volume_uuid.uuid());
                parent_snapshot_uuid.put_uuid(row, rows, origin.snapshot_uuid.uuid());
            }
        }

        Ok(vec![
            uuid.finish()?,
            name.finish()?,
            quotas(size_bytes)?,
            words(states, &STATES)?,
            first_words(rows, &STYLES)?,
            words(vol_types, &TYPES)?,
            times(create_time),
            used_bytes.finish(rows)?,
            junction_path.finish(rows)?,
            export_policy.finish(rows)?,
            snapshot_policy.finish(rows)?,
            parent_volume.finish(rows)?,
            parent_snapshot.finish(rows)?,
            parent_volume_uuid.finish(rows)?,
            parent_snapshot_uuid.finish(rows)?,
        ])
    }
}
