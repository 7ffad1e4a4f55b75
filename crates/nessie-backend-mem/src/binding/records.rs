//! Records as rows: the form that is fastest to make from the state.

use compact_str::CompactString;
use nessie_backend_core::{
    CloneOrigin, Snapshot, SnapshotId, Timestamp, Volume, VolumeId, VolumeState, VolumeType,
};

use crate::state::{State, VolumeRecord, quota, time};
use crate::storage::slab::Slot;

/// A volume. Unlike a [`Volume`] it needs no allocation if its name is short and it has no optional
/// fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeRow {
    /// See [`Volume::uuid`].
    pub uuid: VolumeId,
    /// See [`Volume::name`].
    pub name: CompactString,
    /// See [`Volume::size_bytes`].
    pub size_bytes: Option<u64>,
    /// See [`Volume::state`].
    pub state: VolumeState,
    /// See [`Volume::vol_type`].
    pub vol_type: VolumeType,
    /// See [`Volume::create_time`].
    pub create_time: Timestamp,
    /// See [`Volume::used_bytes`].
    pub used_bytes: Option<u64>,
    /// The fields that few volumes have.
    pub optional: Option<Box<OptionalFields>>,
}

/// The fields that few volumes have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionalFields {
    /// See [`Volume::junction_path`].
    pub junction_path: Option<String>,
    /// See [`Volume::export_policy`].
    pub export_policy: Option<String>,
    /// See [`Volume::snapshot_policy`].
    pub snapshot_policy: Option<String>,
    /// See [`Volume::clone`].
    pub origin: Option<RowOrigin>,
}

/// A [`CloneOrigin`] that needs no allocation if its names are short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOrigin {
    /// See [`CloneOrigin::parent_volume`].
    pub parent_volume: CompactString,
    /// See [`CloneOrigin::parent_snapshot`].
    pub parent_snapshot: CompactString,
    /// See [`CloneOrigin::parent_volume_uuid`].
    pub parent_volume_uuid: VolumeId,
    /// See [`CloneOrigin::parent_snapshot_uuid`].
    pub parent_snapshot_uuid: SnapshotId,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotRow {
    /// See [`Snapshot::uuid`].
    pub uuid: SnapshotId,
    /// See [`Snapshot::name`].
    pub name: CompactString,
    /// See [`Snapshot::create_time`].
    pub create_time: Timestamp,
    /// See [`Snapshot::size_consumed`].
    pub size_consumed: u64,
    /// See [`Snapshot::expires_at`].
    pub expires_at: Option<Timestamp>,
}

impl From<SnapshotRow> for Snapshot {
    fn from(row: SnapshotRow) -> Self {
        let mut snapshot = Self::new(row.uuid, row.name);
        snapshot.create_time = Some(row.create_time);
        snapshot.size_consumed = row.size_consumed;
        snapshot.expires_at = row.expires_at;
        snapshot
    }
}

impl From<RowOrigin> for CloneOrigin {
    fn from(origin: RowOrigin) -> Self {
        Self::new(
            origin.parent_volume_uuid,
            origin.parent_volume,
            origin.parent_snapshot_uuid,
            origin.parent_snapshot,
        )
    }
}

impl From<VolumeRow> for Volume {
    fn from(row: VolumeRow) -> Self {
        let rest = row.optional.map_or_else(OptionalFields::default, |rest| *rest);
        let mut volume = Self::new(row.uuid, row.name);
        volume.size_bytes = row.size_bytes;
        volume.state = row.state;
        volume.vol_type = row.vol_type;
        volume.create_time = Some(row.create_time);
        volume.used_bytes = row.used_bytes;
        volume.junction_path = rest.junction_path;
        volume.export_policy = rest.export_policy;
        volume.snapshot_policy = rest.snapshot_policy;
        volume.origin = rest.origin.map(CloneOrigin::from);
        volume
    }
}

impl State {
    /// The volume in `slot` as a row.
    pub(crate) fn row(&self, slot: Slot) -> VolumeRow {
        self.row_of(slot, self.volume_id(slot))
    }

    /// The volume in `slot`, which has this identifier, as a row.
    pub(crate) fn row_of(&self, slot: Slot, uuid: VolumeId) -> VolumeRow {
        self.row_with(slot, uuid, |snapshot| {
            let volume = self.snapshots.get(snapshot).volume;
            (self.volume_id(volume), self.snapshot_id(snapshot))
        })
    }

    /// The clone in `slot`, whose parents have these identifiers, as a row.
    pub(crate) fn row_of_clone(
        &self,
        slot: Slot,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
    ) -> VolumeRow {
        self.row_with(slot, self.volume_id(slot), |_| (parent_volume, parent_snapshot))
    }

    /// The volume in `slot`, which has this identifier, as a row. `parent_ids` finds the
    /// identifiers of a parent snapshot and its volume.
    #[inline]
    fn row_with(
        &self,
        slot: Slot,
        uuid: VolumeId,
        parent_ids: impl FnOnce(Slot) -> (VolumeId, SnapshotId),
    ) -> VolumeRow {
        let record = self.volumes.get(slot);
        VolumeRow {
            uuid,
            name: record.name.clone(),
            size_bytes: quota(record.size),
            state: record.state,
            vol_type: record.vol_type,
            create_time: time(record.create_time),
            used_bytes: record.has_data.then(|| self.live_data(slot).size),
            optional: self.optional_fields(slot, record, parent_ids),
        }
    }

    fn optional_fields(
        &self,
        slot: Slot,
        record: &VolumeRecord,
        parent_ids: impl FnOnce(Slot) -> (VolumeId, SnapshotId),
    ) -> Option<Box<OptionalFields>> {
        let has_policy = !record.export_policy.is_empty();
        let snapshot_policy = self.policies.of(slot);
        if !(record.is_mounted || record.is_clone() || has_policy || snapshot_policy.is_some()) {
            return None;
        }
        let snapshot = record.parent_snapshot;
        Some(Box::new(OptionalFields {
            junction_path: record.junction.as_deref().map(str::to_owned),
            export_policy: has_policy.then(|| self.volumes.text(slot).to_owned()),
            snapshot_policy: snapshot_policy.map(|policy| policy.name.clone()),
            origin: record.is_clone().then(|| self.origin(snapshot, parent_ids(snapshot))),
        }))
    }

    /// The origin of the clones of a snapshot. The identifiers are those of its volume and its own.
    fn origin(&self, snapshot: Slot, ids: (VolumeId, SnapshotId)) -> RowOrigin {
        let (record, name) = self.snapshots.with_text(snapshot);
        RowOrigin {
            parent_volume: self.volumes.get(record.volume).name.clone(),
            parent_snapshot: name.into(),
            parent_volume_uuid: ids.0,
            parent_snapshot_uuid: ids.1,
        }
    }

    /// The snapshot in `slot` as a row.
    pub(crate) fn snapshot_row(&self, slot: Slot) -> SnapshotRow {
        self.snapshot_row_of(slot, self.snapshot_id(slot))
    }

    /// The snapshot in `slot`, which has this identifier, as a row.
    #[inline]
    pub(crate) fn snapshot_row_of(&self, slot: Slot, uuid: SnapshotId) -> SnapshotRow {
        let (record, name) = self.snapshots.with_text(slot);
        SnapshotRow {
            uuid,
            name: name.into(),
            create_time: time(record.create_time),
            size_consumed: self.size_consumed(slot),
            expires_at: self.locks.get(slot),
        }
    }
}
