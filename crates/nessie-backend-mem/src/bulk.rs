//! Operations on many objects at once.

use std::borrow::Borrow;

use nessie_backend_core::{SnapshotId, Timestamp, VolumeId, VolumePatch, VolumeSpec};

use crate::backend::MemBackend;
use crate::error::BulkError;
use crate::state::{Busy, NewName, State};

/// One volume of [`MemBackend::create_volumes`]: a [`VolumeSpec`] that borrows its name.
///
/// ```
/// use nessie_backend_mem::{MemBackend, NewVolume};
///
/// let backend = MemBackend::new();
/// backend.create_volumes(["a", "b"].map(|name| NewVolume::named(name).size_bytes(1 << 30)))?;
/// # Ok::<(), nessie_backend_mem::BulkError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewVolume<'a> {
    /// See [`VolumeSpec::name`].
    pub name: &'a str,
    /// See [`VolumeSpec::size_bytes`].
    pub size_bytes: Option<u64>,
    /// See [`VolumeSpec::snapshot_policy`].
    pub snapshot_policy: Option<&'a str>,
}

impl<'a> NewVolume<'a> {
    /// A volume of this name without quota and snapshot policy.
    #[must_use]
    pub const fn named(name: &'a str) -> Self {
        Self { name, size_bytes: None, snapshot_policy: None }
    }

    /// Sets the quota in bytes; `None` for no quota.
    #[must_use]
    pub fn size_bytes(mut self, size_bytes: impl Into<Option<u64>>) -> Self {
        self.size_bytes = size_bytes.into();
        self
    }

    /// Sets the snapshot policy that the volume uses; `None` for none.
    #[must_use]
    pub fn snapshot_policy(mut self, policy: impl Into<Option<&'a str>>) -> Self {
        self.snapshot_policy = policy.into();
        self
    }
}

impl<'a> From<&'a str> for NewVolume<'a> {
    fn from(name: &'a str) -> Self {
        Self::named(name)
    }
}

impl<'a> From<&'a VolumeSpec> for NewVolume<'a> {
    fn from(spec: &'a VolumeSpec) -> Self {
        Self {
            name: &spec.name,
            size_bytes: spec.size_bytes,
            snapshot_policy: spec.snapshot_policy.as_deref(),
        }
    }
}

/// # Many objects at once
///
/// A bulk call has the effect of single calls for its items, in order, as one atomic operation:
/// either all items succeed or nothing changes, all records get the same time, and no other thread
/// sees a part of it. The error is that of the first item whose single call would fail, and has its
/// index. An item that occurs twice is refused the second time if a second single call would be.
///
/// Every list of items is an iterable of known length: an array, a slice, a [`Vec`] or an iterator
/// over one. Identifiers can be borrowed or owned.
///
/// There is no trait for bulk calls. Default methods could only loop over single calls, which is
/// not atomic, and generic code could not rely on more than a loop in the caller provides.
impl MemBackend {
    /// Creates volumes, and returns their identifiers.
    ///
    /// # Errors
    /// As [`create_volume`](nessie_backend_core::VolumeBackend::create_volume).
    pub fn create_volumes<'a>(
        &self,
        volumes: impl IntoIterator<Item = impl Into<NewVolume<'a>>, IntoIter: ExactSizeIterator>,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.lock();
        let stamp = inner.stamp()?;
        let volumes = volumes.into_iter().map(|volume| {
            let NewVolume { name, size_bytes, snapshot_policy } = volume.into();
            (NewName { name, snapshot_policy }, size_bytes)
        });
        let made = inner.state.transact(|state| state.create_volumes(volumes, stamp))?;
        Ok(made.volume_ids(&inner.state))
    }

    /// Takes a snapshot of one name on each volume, and returns their identifiers.
    ///
    /// # Errors
    /// As [`create_snapshot`](nessie_backend_core::SnapshotBackend::create_snapshot).
    pub fn create_snapshots(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
        name: &str,
    ) -> Result<Vec<SnapshotId>, BulkError> {
        self.create_snapshots_until(volumes, name, None)
    }

    /// [`create_snapshots`](Self::create_snapshots), locked until a time.
    ///
    /// # Errors
    /// As [`create_snapshot_until`](Self::create_snapshot_until).
    pub fn create_snapshots_until(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
        name: &str,
        expires_at: impl Into<Option<Timestamp>>,
    ) -> Result<Vec<SnapshotId>, BulkError> {
        let mut inner = self.lock();
        let stamp = inner.stamp()?;
        let expires_at = expires_at.into();
        let made = inner.state.create_snapshots(owned(volumes), name, expires_at, stamp)?;
        Ok(made.snapshot_ids(&inner.state))
    }

    /// Creates a clone of each name from one snapshot, and returns their identifiers.
    ///
    /// # Errors
    /// As [`create_clone`](nessie_backend_core::CloneBackend::create_clone).
    pub fn create_clones(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        names: impl IntoIterator<Item = impl AsRef<str>, IntoIter: ExactSizeIterator>,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.lock();
        let stamp = inner.stamp()?;
        let (volume, snapshot, names) = (parent_volume, parent_snapshot, names.into_iter());
        let clone = |state: &mut State| state.create_clones(volume, snapshot, names, stamp);
        let made = inner.state.transact(clone)?;
        Ok(made.volume_ids(&inner.state))
    }

    /// Deletes the snapshot of one name from each volume.
    ///
    /// # Errors
    /// As [`delete_snapshot`](nessie_backend_core::SnapshotBackend::delete_snapshot).
    pub fn delete_snapshots(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
        name: &str,
    ) -> Result<(), BulkError> {
        self.try_delete_snapshots(owned(volumes), name, Busy::Refuse).map(drop)
    }

    /// [`delete_snapshots`](Self::delete_snapshots) that skips snapshots with clones. Returns the
    /// volumes whose snapshot it skipped, in the order given.
    ///
    /// # Errors
    /// As [`delete_snapshots`](Self::delete_snapshots), except that a snapshot is busy.
    pub fn delete_snapshots_unless_busy(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
        name: &str,
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.try_delete_snapshots(owned(volumes), name, Busy::Skip)
    }

    fn try_delete_snapshots(
        &self,
        volumes: impl ExactSizeIterator<Item = VolumeId>,
        name: &str,
        busy: Busy,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.lock();
        let now = inner.lock_time();
        inner.state.delete_snapshots(volumes, name, busy, now)
    }

    /// Deletes snapshots, each given with its volume.
    ///
    /// # Errors
    /// As [`delete_snapshot`](nessie_backend_core::SnapshotBackend::delete_snapshot).
    pub fn delete_snapshot_pairs(
        &self,
        pairs: impl IntoIterator<
            Item = impl Borrow<(VolumeId, SnapshotId)>,
            IntoIter: ExactSizeIterator,
        >,
    ) -> Result<(), BulkError> {
        self.try_delete_snapshot_pairs(owned(pairs), Busy::Refuse).map(drop)
    }

    /// [`delete_snapshot_pairs`](Self::delete_snapshot_pairs) that skips snapshots with clones.
    /// Returns those, in the order given.
    ///
    /// # Errors
    /// As [`delete_snapshot_pairs`](Self::delete_snapshot_pairs), except that a snapshot is busy.
    pub fn delete_snapshot_pairs_unless_busy(
        &self,
        pairs: impl IntoIterator<
            Item = impl Borrow<(VolumeId, SnapshotId)>,
            IntoIter: ExactSizeIterator,
        >,
    ) -> Result<Vec<(VolumeId, SnapshotId)>, BulkError> {
        self.try_delete_snapshot_pairs(owned(pairs), Busy::Skip)
    }

    fn try_delete_snapshot_pairs(
        &self,
        pairs: impl ExactSizeIterator<Item = (VolumeId, SnapshotId)>,
        busy: Busy,
    ) -> Result<Vec<(VolumeId, SnapshotId)>, BulkError> {
        let mut inner = self.lock();
        let now = inner.lock_time();
        inner.state.delete_snapshot_pairs(pairs, busy, now)
    }

    /// Deletes volumes with their snapshots. Clones and their parents can be in any order.
    ///
    /// # Errors
    /// As [`delete_volume`](nessie_backend_core::VolumeBackend::delete_volume), but a volume is busy
    /// only if a clone that is not among `volumes` depends on it.
    pub fn delete_volumes(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
    ) -> Result<(), BulkError> {
        self.try_delete_volumes(owned(volumes), Busy::Refuse).map(drop)
    }

    /// [`delete_volumes`](Self::delete_volumes) that skips a volume if a clone depends on it that
    /// is not deleted: because it is not among `volumes`, or is skipped itself. Returns the skipped
    /// volumes, in the order given.
    ///
    /// # Errors
    /// As [`delete_volumes`](Self::delete_volumes), except that a volume is busy.
    pub fn delete_volumes_unless_busy(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
    ) -> Result<Vec<VolumeId>, BulkError> {
        self.try_delete_volumes(owned(volumes), Busy::Skip)
    }

    fn try_delete_volumes(
        &self,
        volumes: impl ExactSizeIterator<Item = VolumeId>,
        busy: Busy,
    ) -> Result<Vec<VolumeId>, BulkError> {
        let mut inner = self.lock();
        let now = inner.lock_time();
        inner.state.delete_volumes(volumes, busy, now)
    }

    /// Applies one patch to each volume.
    ///
    /// # Errors
    /// As [`patch_volume`](nessie_backend_core::VolumeBackend::patch_volume).
    pub fn patch_volumes(
        &self,
        volumes: impl IntoIterator<Item = impl Borrow<VolumeId>, IntoIter: ExactSizeIterator>,
        patch: &VolumePatch,
    ) -> Result<(), BulkError> {
        let volumes = owned(volumes).map(|volume| (volume, patch.size_bytes));
        self.try_patch_volumes(volumes, patch)
    }

    /// [`patch_volumes`](Self::patch_volumes) with a quota for each volume in place of the patch's;
    /// with `None` a volume keeps its quota.
    ///
    /// # Errors
    /// As [`patch_volume`](nessie_backend_core::VolumeBackend::patch_volume).
    pub fn patch_volumes_with_sizes(
        &self,
        volumes: impl IntoIterator<
            Item = impl Borrow<(VolumeId, Option<u64>)>,
            IntoIter: ExactSizeIterator,
        >,
        patch: &VolumePatch,
    ) -> Result<(), BulkError> {
        self.try_patch_volumes(owned(volumes), patch)
    }

    fn try_patch_volumes(
        &self,
        volumes: impl ExactSizeIterator<Item = (VolumeId, Option<u64>)>,
        patch: &VolumePatch,
    ) -> Result<(), BulkError> {
        let mut inner = self.lock();
        let now = inner.patch_time(patch);
        inner.state.patch_volumes(volumes, patch, now)
    }
}

/// The items of a list, by value.
fn owned<T: Copy>(
    items: impl IntoIterator<Item = impl Borrow<T>, IntoIter: ExactSizeIterator>,
) -> impl ExactSizeIterator<Item = T> {
    items.into_iter().map(|item| *item.borrow())
}
