//! The operations that return a volume, returning rows.

use nessie_backend_core::{Result, SnapshotId, VolumeId, VolumePatch};

use crate::backend::MemBackend;
use crate::row::VolumeRow;
use crate::state::State;

/// The operations that return a volume, with [`VolumeRow`] in place of
/// [`Volume`](nessie_backend_core::Volume). Made by
/// [`MemBackend::rows`]; each does what the method of the same name of the traits does.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    backend: &'a MemBackend,
}

impl MemBackend {
    /// The operations that return a volume, in the form that is quickest to make.
    #[must_use]
    pub const fn rows(&self) -> Rows<'_> {
        Rows { backend: self }
    }
}

impl Rows<'_> {
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
