//! Volumes in columns.

use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use nessie_backend_core::{VolumeState, VolumeStyle, VolumeType};

use super::column::{
    Names, SparseTexts, Uuids, all_words, first_words, number_field, quotas, text_field,
    time_field, times, words, words_field,
};
use super::kind::{Chosen, Kind};
use crate::row::VolumeRow;
use crate::slab::Slot;

/// Rows that are volumes.
///
/// The columns are the fields of a [`Volume`](nessie_backend_core::Volume) under their names, with
/// those of its [`CloneOrigin`](nessie_backend_core::CloneOrigin) in place of `clone`. What a
/// volume lacks is null. Identifiers are text, as everywhere else; the words of enums are
/// dictionaries, times are microseconds in UTC.
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
        time_field("create_time"),
        text_field("junction_path", true),
        text_field("export_policy", true),
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

impl Kind for Volumes {
    type Row = VolumeRow;

    fn schema() -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn row(Chosen { state, .. }: &Chosen, slot: Slot) -> VolumeRow {
        state.row(slot)
    }

    fn columns(of: &Chosen, slots: &[Slot]) -> Result<Vec<ArrayRef>, ArrowError> {
        let state = &*of.state;
        let rows = slots.len();
        let mut uuid = Uuids::new(rows);
        let mut name = Names::new(rows);
        let mut size_bytes = Vec::with_capacity(rows);
        let mut states = Vec::with_capacity(rows);
        let mut vol_types = Vec::with_capacity(rows);
        let mut create_time = Vec::with_capacity(rows);
        let mut junction_path = SparseTexts::default();
        let mut export_policy = SparseTexts::default();
        let mut parent_volume = SparseTexts::default();
        let mut parent_snapshot = SparseTexts::default();
        let mut parent_volume_uuid = SparseTexts::default();
        let mut parent_snapshot_uuid = SparseTexts::default();

        for (row, &slot) in slots.iter().enumerate() {
            let volume = state.volumes.get(slot);
            uuid.push(state.volume_id(slot).uuid());
            name.push(&volume.name);
            size_bytes.push(volume.size);
            states.push(volume.state as i8);
            vol_types.push(volume.vol_type as i8);
            create_time.push(volume.create_time);
            // The junction lies in another cache line than the rest.
            if volume.is_mounted
                && let Some(path) = &volume.junction
            {
                junction_path.put(row, rows, path);
            }
            if !volume.export_policy.is_empty() {
                export_policy.put(row, rows, state.volumes.text(slot));
            }
            if volume.is_clone() {
                let (snapshot, its_name) = state.snapshots.with_text(volume.parent_snapshot);
                let parent = snapshot.volume;
                parent_volume.put(row, rows, state.volume_name(parent));
                parent_snapshot.put(row, rows, its_name);
                parent_volume_uuid.put_uuid(row, rows, state.volume_id(parent).uuid());
                let snapshot = state.snapshot_id(volume.parent_snapshot);
                parent_snapshot_uuid.put_uuid(row, rows, snapshot.uuid());
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
            junction_path.finish(rows)?,
            export_policy.finish(rows)?,
            parent_volume.finish(rows)?,
            parent_snapshot.finish(rows)?,
            parent_volume_uuid.finish(rows)?,
            parent_snapshot_uuid.finish(rows)?,
        ])
    }
}
