//! The operations that return a record, with rows as results.

use nessie_backend_core::{Result, SnapshotId, Timestamp, VolumeId, VolumePatch};

use crate::backend::MemBackend;
use crate::binding::records::{SnapshotRow, VolumeRow};
use crate::bulk::NewVolume;
use crate::space::NewData;
use crate::state::State;

/// The operations that return a record, with [`VolumeRow`] in place of
/// [`Volume`](nessie_backend_core::Volume) and [`SnapshotRow`] in place of
/// [`Snapshot`](nessie_backend_core::Snapshot). Made by [`MemBackend::rows`]. Each method does the
/// same as the trait method of its name.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    backend: &'a MemBackend,
}

#[doc(hidden)]
impl MemBackend {
    /// The operations that return a record, as rows.
    #[must_use]
    pub const fn rows(&self) -> Rows<'_> {
        Rows { backend: self }
    }
}

impl Rows<'_> {
    /// Creates a volume.
    pub fn create_volume(self, volume: NewVolume<'_>) -> Result<VolumeRow> {
        let NewVolume { name, size_bytes, snapshot_policy } = volume;
        let create = |state: &mut State, stamp| {
            state.create_volume(name, size_bytes, snapshot_policy, stamp)
        };
        self.backend.create(create, State::row)
    }

    /// One volume.
    pub fn get_volume(self, uuid: VolumeId) -> Result<VolumeRow> {
        let inner = self.backend.read();
        inner.state.find(uuid).map(|slot| inner.state.row_of(slot, uuid))
    }

    /// The volume of that name, if there is one.
    #[must_use]
    pub fn find_volume(self, name: &str) -> Option<VolumeRow> {
        let inner = self.backend.read();
        inner.state.volume_named(name).map(|slot| inner.state.row(slot))
    }

    /// Changes the fields that the patch sets.
    pub fn patch_volume(self, uuid: VolumeId, patch: &VolumePatch) -> Result<VolumeRow> {
        let mut inner = self.backend.lock();
        let now = inner.patch_time(patch);
        let slot = inner.state.patch_volume(uuid, patch, now)?;
        Ok(inner.state.row_of(slot, uuid))
    }

    /// Deletes a volume, unless it has more than `most` snapshots. Returns whether it is deleted.
    pub fn delete_volume_of_few(self, uuid: VolumeId, most: u32) -> Result<bool> {
        let mut inner = self.backend.lock();
        let slot = inner.state.find(uuid)?;
        if inner.state.volumes.get(slot).snapshots.len > most {
            return Ok(false);
        }
        let now = inner.lock_time();
        inner.state.delete_found_volume(slot, now).map(|()| true)
    }

    /// Accounts for a write.
    pub fn write(self, uuid: VolumeId, data: NewData) -> Result<VolumeRow> {
        let written = data.into();
        self.backend
            .change(|state| state.write(uuid, written), |state, slot| state.row_of(slot, uuid))
    }

    /// Accounts for a deletion of data.
    pub fn discard(self, uuid: VolumeId, size_bytes: u64) -> Result<VolumeRow> {
        self.backend
            .change(|state| state.discard(uuid, size_bytes), |state, slot| state.row_of(slot, uuid))
    }

    /// Takes a snapshot, locked until a time if one is given.
    pub fn create_snapshot(
        self,
        volume: VolumeId,
        name: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<SnapshotRow> {
        let create =
            |state: &mut State, stamp| state.create_snapshot(volume, name, expires_at, stamp);
        self.backend.create(create, State::snapshot_row)
    }

    /// One snapshot of that volume.
    pub fn get_snapshot(self, volume: VolumeId, snapshot: SnapshotId) -> Result<SnapshotRow> {
        let inner = self.backend.read();
        let (_, slot) = inner.state.find_pair(volume, snapshot)?;
        Ok(inner.state.snapshot_row_of(slot, snapshot))
    }

    /// The volume's snapshot of that name, if there is one.
    pub fn find_snapshot(self, volume: VolumeId, name: &str) -> Result<Option<SnapshotRow>> {
        let inner = self.backend.read();
        let volume = inner.state.find(volume)?;
        Ok(inner.state.snapshot_named(volume, name).map(|slot| inner.state.snapshot_row(slot)))
    }

    /// Renames a snapshot.
    pub fn rename_snapshot(
        self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<SnapshotRow> {
        self.backend.change(
            |state| state.rename_snapshot(volume, snapshot, name),
            |state, slot| state.snapshot_row_of(slot, snapshot),
        )
    }

    /// Restores a volume to a snapshot.
    pub fn restore_snapshot(self, uuid: VolumeId, snapshot: SnapshotId) -> Result<VolumeRow> {
        let mut inner = self.backend.lock();
        let now = inner.lock_time();
        let slot = inner.state.restore_snapshot(uuid, snapshot, now)?;
        Ok(inner.state.row_of(slot, uuid))
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
            |state, slot| state.row_of_clone(slot, parent_volume, parent_snapshot),
        )
    }

    /// Makes a clone an independent volume.
    pub fn split_clone(self, uuid: VolumeId) -> Result<VolumeRow> {
        self.backend.change(|state| state.split_clone(uuid), |state, slot| state.row_of(slot, uuid))
    }
}
