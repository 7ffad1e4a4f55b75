//! Volumes in the form that is quickest to make, for bindings that make objects of their own.

use compact_str::CompactString;
use nessie_backend_core::{
    CloneOrigin, Result, SnapshotId, Timestamp, Volume, VolumeId, VolumePatch, VolumeState,
    VolumeType,
};

use crate::backend::MemBackend;
use crate::state::State;

/// A volume as a [`MemBackend`] keeps it. Unlike a [`Volume`] it takes no allocation while its
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
    pub rest: Option<Box<RowRest>>,
}

/// The fields that are rarely set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowRest {
    /// See [`Volume::junction_path`].
    pub junction_path: Option<String>,
    /// See [`Volume::export_policy`].
    pub export_policy: Option<String>,
    /// See [`Volume::clone`].
    pub clone: Option<RowOrigin>,
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
        let rest = row.rest.map_or_else(RowRest::default, |rest| *rest);
        let mut volume = Self::new(row.uuid, row.name);
        volume.size_bytes = row.size_bytes;
        volume.state = row.state;
        volume.vol_type = row.vol_type;
        volume.create_time = Some(row.create_time);
        volume.junction_path = rest.junction_path;
        volume.export_policy = rest.export_policy;
        volume.clone = rest.clone.map(CloneOrigin::from);
        volume
    }
}

/// The operations that return a volume, with [`VolumeRow`] in place of [`Volume`]. Made by
/// [`MemBackend::rows`]; each does what the method of the same name of the traits does.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    backend: &'a MemBackend,
}

impl<'a> Rows<'a> {
    pub(crate) const fn new(backend: &'a MemBackend) -> Self {
        Self { backend }
    }

    /// Creates a volume.
    pub fn create_volume(self, name: &str, size_bytes: Option<u64>) -> Result<VolumeRow> {
        self.backend.create(|state, stamp| state.create_volume(name, size_bytes, stamp), State::row)
    }

    /// One volume.
    pub fn get_volume(self, uuid: VolumeId) -> Result<VolumeRow> {
        let inner = self.backend.read();
        inner.state.find(uuid).map(|slot| inner.state.row_of(slot, uuid))
    }

    /// The volume of that name, or nothing.
    #[must_use]
    pub fn find_volume(self, name: &str) -> Option<VolumeRow> {
        let inner = self.backend.read();
        inner.state.volume_named(name).map(|slot| inner.state.row(slot))
    }

    /// Changes what the patch gives.
    pub fn patch_volume(self, uuid: VolumeId, patch: &VolumePatch) -> Result<VolumeRow> {
        self.backend
            .change(|state| state.patch_volume(uuid, patch), |state, slot| state.row_of(slot, uuid))
    }

    /// Takes a volume back to a snapshot.
    pub fn restore_snapshot(self, uuid: VolumeId, snapshot: SnapshotId) -> Result<VolumeRow> {
        self.backend.change(
            |state| state.restore_snapshot(uuid, snapshot),
            |state, slot| state.row_of(slot, uuid),
        )
    }

    /// Creates a clone.
    pub fn create_clone(
        self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<VolumeRow> {
        self.backend.create(
            |state, stamp| state.create_clone(parent_volume, parent_snapshot, new_name, stamp),
            State::row,
        )
    }

    /// Makes a clone a plain volume.
    pub fn split_clone(self, uuid: VolumeId) -> Result<VolumeRow> {
        self.backend.change(|state| state.split_clone(uuid), |state, slot| state.row_of(slot, uuid))
    }
}
