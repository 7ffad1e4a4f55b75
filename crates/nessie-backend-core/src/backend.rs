//! The trait stack: what every backend promises.

use crate::{
    AccessHandle, BackendError, Capabilities, Result, Snapshot, SnapshotId, Volume, VolumeId,
    VolumePatch, VolumeSpec,
};

/// A store of volumes: the first tier, which every backend offers.
///
/// # What holds for every operation of every tier
///
/// * It is atomic: it happens whole, or it fails and nothing at all has changed.
/// * Operations on one backend from many threads are linearizable.
/// * Results do not alias the backend: changing one changes nothing else.
/// * Checks run in this order: is the argument well-formed (which the types see to in Rust), does
///   the object exist (volume before snapshot), is the value valid, is the state right, is there a
///   conflict. A patch with a bad value of a missing volume is
///   [`VolumeNotFound`](BackendError::VolumeNotFound).
/// * An identifier is never used twice within one [`epoch`](Self::epoch), not even after a delete.
///   A name is kept exactly as given and is free again the moment its owner is deleted or renamed.
///
/// The values an operation accepts are those of [`rules`](crate::rules).
///
/// # Implementing it
///
/// A backend of volumes alone writes the six methods without a default body. One with snapshots
/// implements [`SnapshotBackend`] too and overrides [`snapshot_backend`](Self::snapshot_backend); one with
/// clones implements [`CloneBackend`] and overrides [`clone_backend`](Self::clone_backend) as well.
pub trait VolumeBackend: Send + Sync {
    /// The tiers this backend offers. The default reads them off
    /// [`snapshot_backend`](Self::snapshot_backend) and [`clone_backend`](Self::clone_backend), so it is honest.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            snapshots: self.snapshot_backend().is_ok(),
            clones: self.clone_backend().is_ok(),
            replication: false,
        }
    }

    /// A number that grows when everything is deleted at once and identifiers of before may be
    /// given out again, as a seeded `MemBackend` does when it is reset. Whoever keeps data of
    /// volumes and snapshots under their identifiers, outside the backend, notes this number with
    /// the data before the objects are read, and drops the data when the number has changed. For a
    /// backend that never gives out an identifier again it stays as it is, as by default.
    fn epoch(&self) -> u64 {
        0
    }

    /// Creates an online read-write volume without snapshots.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a name or size outside its rule,
    /// [`VolumeExists`](BackendError::VolumeExists) when the name is taken.
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume>;

    /// All volumes, in order of creation.
    fn list_volumes(&self) -> Result<Vec<Volume>>;

    /// One volume.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound).
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume>;

    /// The volume of that name, or nothing. The default searches the list.
    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        Ok(self.list_volumes()?.into_iter().find(|volume| volume.name == name))
    }

    /// Changes what `patch` gives and nothing else, and returns the volume as it is then. A patch
    /// that gives nothing succeeds. Growing and shrinking both work; a clone and its parent are
    /// independent.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) for a resize of a volume that is not online,
    /// unless the same patch brings it online;
    /// [`VolumeExists`](BackendError::VolumeExists) and
    /// [`JunctionPathExists`](BackendError::JunctionPathExists) when another volume has the name
    /// or path. A smaller backend may answer
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported) to a patch of `name` or `state`.
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume>;

    /// Deletes a volume in any state, with its snapshots.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`VolumeBusy`](BackendError::VolumeBusy) while a clone depends on one of its snapshots.
    fn delete_volume(&self, uuid: VolumeId) -> Result<()>;

    /// How a client reaches the volume's bytes.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online.
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle>;

    /// This backend's snapshot tier.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Err(BackendError::not_supported("snapshots"))
    }

    /// This backend's clone tier.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Err(BackendError::not_supported("clones"))
    }
}

/// A store of volumes and their snapshots: the second tier.
///
/// A snapshot is always reached through its volume; a snapshot of another volume is
/// [`SnapshotNotFound`](BackendError::SnapshotNotFound).
pub trait SnapshotBackend: VolumeBackend {
    /// Takes a point-in-time snapshot.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online;
    /// [`SnapshotExists`](BackendError::SnapshotExists) when the volume has one of that name.
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot>;

    /// The volume's snapshots, in order of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound).
    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>>;

    /// One snapshot of that volume.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound).
    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot>;

    /// The volume's snapshot of that name, or nothing. The default searches the list.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound).
    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        Ok(self.list_snapshots(volume)?.into_iter().find(|snapshot| snapshot.name == name))
    }

    /// Gives a snapshot another name; its identifier stays, and the origins of clones follow.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`SnapshotExists`](BackendError::SnapshotExists) when another snapshot of the volume has
    /// the name. The default answers [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        let _ = (volume, snapshot, name);
        Err(BackendError::not_supported("rename_snapshot"))
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`SnapshotBusy`](BackendError::SnapshotBusy) while a clone depends on it.
    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()>;

    /// Takes the volume back to the snapshot, its size included; newer snapshots go.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online;
    /// [`SnapshotBusy`](BackendError::SnapshotBusy) when a newer snapshot has a clone. The default
    /// answers [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        let _ = (volume, snapshot);
        Err(BackendError::not_supported("restore_snapshot"))
    }
}

/// A store of volumes, snapshots and writable clones of them: the third tier.
pub trait CloneBackend: SnapshotBackend {
    /// Creates a writable online volume from a snapshot, with the parent's size and export
    /// policy, no junction and no snapshots of its own. The origin is recorded; a clone of a clone
    /// names its direct parent.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the parent is online;
    /// [`VolumeExists`](BackendError::VolumeExists) when the name is taken.
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume>;

    /// Makes a clone a plain volume, which frees its parent's snapshot.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) when the volume is no clone. The default
    /// answers [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        let _ = volume;
        Err(BackendError::not_supported("split_clone"))
    }
}

/// Implements the whole stack for a pointer to a backend by calling what it points to.
macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<B: VolumeBackend + ?Sized> VolumeBackend for $pointer {
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
            fn epoch(&self) -> u64 {
                (**self).epoch()
            }
            fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
                (**self).create_volume(spec)
            }
            fn list_volumes(&self) -> Result<Vec<Volume>> {
                (**self).list_volumes()
            }
            fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
                (**self).get_volume(uuid)
            }
            fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
                (**self).find_volume(name)
            }
            fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
                (**self).patch_volume(uuid, patch)
            }
            fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
                (**self).delete_volume(uuid)
            }
            fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
                (**self).access_handle(uuid)
            }
            fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
                (**self).snapshot_backend()
            }
            fn clone_backend(&self) -> Result<&dyn CloneBackend> {
                (**self).clone_backend()
            }
        }

        impl<B: SnapshotBackend + ?Sized> SnapshotBackend for $pointer {
            fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
                (**self).create_snapshot(volume, name)
            }
            fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
                (**self).list_snapshots(volume)
            }
            fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
                (**self).get_snapshot(volume, snapshot)
            }
            fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
                (**self).find_snapshot(volume, name)
            }
            fn rename_snapshot(
                &self,
                volume: VolumeId,
                snapshot: SnapshotId,
                name: &str,
            ) -> Result<Snapshot> {
                (**self).rename_snapshot(volume, snapshot, name)
            }
            fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
                (**self).delete_snapshot(volume, snapshot)
            }
            fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
                (**self).restore_snapshot(volume, snapshot)
            }
        }

        impl<B: CloneBackend + ?Sized> CloneBackend for $pointer {
            fn create_clone(
                &self,
                parent_volume: VolumeId,
                parent_snapshot: SnapshotId,
                new_name: &str,
            ) -> Result<Volume> {
                (**self).create_clone(parent_volume, parent_snapshot, new_name)
            }
            fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
                (**self).split_clone(volume)
            }
        }
    )+};
}

forward!(&B, Box<B>, std::sync::Arc<B>);
