//! Operations on many objects at once.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId, VolumePatch};

use crate::backend::MemBackend;
use crate::error::BulkError;
use crate::state::{Busy, State};

/// # Many objects at once
///
/// Each operation has the effect of single calls for its items in order, as one atomic operation at
/// one time: it applies all of them or none, and no other thread sees a part. The error is that of
/// the first item whose single call would fail, and has its index. So an item that occurs twice is
/// refused where a second single call would be refused.
///
/// Identifiers may come as [`Uuid`](nessie_backend_core::Uuid)s too.
impl MemBackend {
    /// Creates a volume of each name and quota, and returns their identifiers.
    ///
    /// # Errors
    /// As [`create_volume`](nessie_backend_core::VolumeBackend::create_volume).
    pub fn create_volumes<'a>(
        &self,
        specs: impl IntoIterator<
            Item = (&'a str, Option<u64>),
            IntoIter: ExactSizeIterator<Item = (&'a str, Option<u64>)>,
        >,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.write();
        let stamp = inner.stamp()?;
        let specs = specs.into_iter();
        let made = inner.state.transact(|state| state.create_volumes(specs, stamp))?;
        Ok(made.into_iter().map(|slot| inner.state.volume_id(slot)).collect())
    }

    /// Creates a snapshot of one name on each volume, all at the same time, and returns their
    /// identifiers.
    ///
    /// # Errors
    /// As [`create_snapshot`](nessie_backend_core::SnapshotBackend::create_snapshot).
    pub fn create_snapshots(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
        name: &str,
    ) -> Result<Vec<SnapshotId>, BulkError> {
        let mut inner = self.write();
        let stamp = inner.stamp()?;
        let made = inner.state.create_snapshots(volumes, name, stamp)?;
        Ok(made.into_iter().map(|slot| inner.state.snapshot_id(slot)).collect())
    }

    /// Creates a clone of each name from one snapshot, and returns their identifiers.
    ///
    /// # Errors
    /// As [`create_clone`](nessie_backend_core::CloneBackend::create_clone).
    pub fn create_clones<'a>(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        names: impl IntoIterator<Item = &'a str, IntoIter: ExactSizeIterator<Item = &'a str>>,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.write();
        let stamp = inner.stamp()?;
        let (volume, snapshot, names) = (parent_volume, parent_snapshot, names.into_iter());
        let clone = |state: &mut State| state.create_clones(volume, snapshot, names, stamp);
        let made = inner.state.transact(clone)?;
        Ok(made.into_iter().map(|slot| inner.state.volume_id(slot)).collect())
    }

    /// Deletes the snapshot of one name from each volume.
    ///
    /// # Errors
    /// As [`delete_snapshot`](nessie_backend_core::SnapshotBackend::delete_snapshot).
    pub fn delete_snapshots(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
        name: &str,
    ) -> Result<(), BulkError> {
        self.write().state.delete_snapshots(volumes, name, Busy::Refuse).map(drop)
    }

    /// Like [`delete_snapshots`](Self::delete_snapshots), but skips snapshots that have clones.
    /// Returns the volumes of the skipped snapshots, in the order of the batch.
    ///
    /// # Errors
    /// As [`delete_snapshots`](Self::delete_snapshots), without
    /// [`SnapshotBusy`](BackendError::SnapshotBusy).
    pub fn delete_snapshots_unless_busy(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
        name: &str,
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.write().state.delete_snapshots(volumes, name, Busy::Skip)
    }

    /// Deletes snapshots, each given with its volume.
    ///
    /// # Errors
    /// As [`delete_snapshot`](nessie_backend_core::SnapshotBackend::delete_snapshot).
    pub fn delete_snapshot_pairs(&self, pairs: &[(VolumeId, SnapshotId)]) -> Result<(), BulkError> {
        self.write().state.delete_snapshot_pairs(pairs, Busy::Refuse).map(drop)
    }

    /// Like [`delete_snapshot_pairs`](Self::delete_snapshot_pairs), but skips snapshots that have
    /// clones. Returns the skipped snapshots, in the order of the batch.
    ///
    /// # Errors
    /// As [`delete_snapshot_pairs`](Self::delete_snapshot_pairs), without
    /// [`SnapshotBusy`](BackendError::SnapshotBusy).
    pub fn delete_snapshot_pairs_unless_busy(
        &self,
        pairs: &[(VolumeId, SnapshotId)],
    ) -> Result<Vec<(VolumeId, SnapshotId)>, BulkError> {
        self.write().state.delete_snapshot_pairs(pairs, Busy::Skip)
    }

    /// Deletes volumes with their snapshots. Clones and their parents may come in any order.
    ///
    /// # Errors
    /// As [`delete_volume`](nessie_backend_core::VolumeBackend::delete_volume). A volume is busy
    /// only if it has a clone that is not in the batch.
    pub fn delete_volumes(&self, volumes: &[impl Into<VolumeId> + Copy]) -> Result<(), BulkError> {
        self.write().state.delete_volumes(volumes, Busy::Refuse).map(drop)
    }

    /// Like [`delete_volumes`](Self::delete_volumes), but skips volumes that have a remaining
    /// clone: one that is not in the batch, or is skipped too. Returns the skipped volumes, in the
    /// order of the batch.
    ///
    /// # Errors
    /// As [`delete_volumes`](Self::delete_volumes), without
    /// [`VolumeBusy`](BackendError::VolumeBusy).
    pub fn delete_volumes_unless_busy(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.write().state.delete_volumes(volumes, Busy::Skip)
    }

    /// Applies one patch to each volume. `sizes`, if given, has a quota for each volume in place of
    /// the patch's; `None` leaves the quota unchanged.
    ///
    /// # Errors
    /// As [`patch_volume`](nessie_backend_core::VolumeBackend::patch_volume);
    /// [`InvalidArgument`](BackendError::InvalidArgument) if the numbers of sizes and of volumes
    /// differ.
    pub fn patch_volumes(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
        patch: &VolumePatch,
        sizes: Option<&[Option<u64>]>,
    ) -> Result<(), BulkError> {
        if let Some(sizes) = sizes
            && sizes.len() != volumes.len()
        {
            let reason = format!("has {} sizes for {} volumes", sizes.len(), volumes.len());
            return Err(
                BackendError::InvalidArgument { argument: "size_bytes".into(), reason }.into()
            );
        }
        self.write().state.patch_volumes(volumes, patch, sizes)
    }
}
