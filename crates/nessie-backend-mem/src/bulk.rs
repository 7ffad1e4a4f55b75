//! Operations on many objects at once.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId, VolumePatch};

use crate::backend::MemBackend;
use crate::error::BulkError;
use crate::state::{Busy, State};

/// # Many objects at once
///
/// Each of these does what single calls for its items, in order, would do, as one operation: all of
/// it or nothing, at one time, and no other thread sees it half done. The error is that of the
/// first item whose call would fail, and says which one it is. So an item that occurs twice is
/// refused the second time where a second call would be.
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

    /// Takes a snapshot of one name on each volume, all at the same time, and returns their
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

    /// [`delete_snapshots`](Self::delete_snapshots) that passes over snapshots that clones depend
    /// on. Returns the volumes that still have theirs, in the order given.
    ///
    /// # Errors
    /// As [`delete_snapshots`](Self::delete_snapshots), but never that one is busy.
    pub fn delete_snapshots_unless_busy(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
        name: &str,
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.write().state.delete_snapshots(volumes, name, Busy::Skip)
    }

    /// Deletes snapshots, each given with the volume it is of.
    ///
    /// # Errors
    /// As [`delete_snapshot`](nessie_backend_core::SnapshotBackend::delete_snapshot).
    pub fn delete_snapshot_pairs(&self, pairs: &[(VolumeId, SnapshotId)]) -> Result<(), BulkError> {
        self.write().state.delete_snapshot_pairs(pairs, Busy::Refuse).map(drop)
    }

    /// [`delete_snapshot_pairs`](Self::delete_snapshot_pairs) that passes over snapshots that
    /// clones depend on. Returns those, in the order given.
    ///
    /// # Errors
    /// As [`delete_snapshot_pairs`](Self::delete_snapshot_pairs), but never that one is busy.
    pub fn delete_snapshot_pairs_unless_busy(
        &self,
        pairs: &[(VolumeId, SnapshotId)],
    ) -> Result<Vec<(VolumeId, SnapshotId)>, BulkError> {
        self.write().state.delete_snapshot_pairs(pairs, Busy::Skip)
    }

    /// Deletes volumes with their snapshots. Clones and their parents may come in any order.
    ///
    /// # Errors
    /// As [`delete_volume`](nessie_backend_core::VolumeBackend::delete_volume), where only clones that stay
    /// make their parent busy.
    pub fn delete_volumes(&self, volumes: &[impl Into<VolumeId> + Copy]) -> Result<(), BulkError> {
        self.write().state.delete_volumes(volumes, Busy::Refuse).map(drop)
    }

    /// [`delete_volumes`](Self::delete_volumes) that passes over volumes that clones depend on
    /// which stay: because they are not among the volumes, or are passed over themselves. Returns
    /// the volumes that are left, in the order given.
    ///
    /// # Errors
    /// As [`delete_volumes`](Self::delete_volumes), but never that one is busy.
    pub fn delete_volumes_unless_busy(
        &self,
        volumes: &[impl Into<VolumeId> + Copy],
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.write().state.delete_volumes(volumes, Busy::Skip)
    }

    /// Applies one patch to each volume; `sizes`, if given, has a quota for each instead of the
    /// patch's, or nothing where the quota stays.
    ///
    /// # Errors
    /// As [`patch_volume`](nessie_backend_core::VolumeBackend::patch_volume);
    /// [`InvalidArgument`](BackendError::InvalidArgument) if there are more or fewer sizes than
    /// volumes.
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
