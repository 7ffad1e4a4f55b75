//! Records in the form that is quickest to make, for bindings that make objects of their own.

use compact_str::CompactString;
use nessie_backend_core::{
    CloneOrigin, Snapshot, SnapshotId, Timestamp, Volume, VolumeId, VolumeState, VolumeType,
};

/// A volume as a [`MemBackend`](crate::MemBackend) keeps it. Unlike a [`Volume`] it takes no allocation while its
/// name is short and what most volumes lack is absent.
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
    /// What most volumes lack.
    pub optional: Option<Box<OptionalFields>>,
}

/// The fields that are rarely set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionalFields {
    /// See [`Volume::junction_path`].
    pub junction_path: Option<String>,
    /// See [`Volume::export_policy`].
    pub export_policy: Option<String>,
    /// See [`Volume::clone`].
    pub origin: Option<RowOrigin>,
}

/// A [`CloneOrigin`] that takes no allocation while its names are short.
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

/// A snapshot as a [`MemBackend`](crate::MemBackend) keeps it, whose `size_consumed` is always 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotRow {
    /// See [`Snapshot::uuid`].
    pub uuid: SnapshotId,
    /// See [`Snapshot::name`].
    pub name: CompactString,
    /// See [`Snapshot::create_time`].
    pub create_time: Timestamp,
}

impl From<SnapshotRow> for Snapshot {
    fn from(row: SnapshotRow) -> Self {
        let mut snapshot = Self::new(row.uuid, row.name);
        snapshot.create_time = Some(row.create_time);
        snapshot
    }
}

impl From<RowOrigin> for CloneOrigin {
    fn from(origin: RowOrigin) -> Self {
        Self {
            parent_volume: origin.parent_volume.into(),
            parent_snapshot: origin.parent_snapshot.into(),
            parent_volume_uuid: origin.parent_volume_uuid,
            parent_snapshot_uuid: origin.parent_snapshot_uuid,
        }
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
        volume.junction_path = rest.junction_path;
        volume.export_policy = rest.export_policy;
        volume.origin = rest.origin.map(CloneOrigin::from);
        volume
    }
}
