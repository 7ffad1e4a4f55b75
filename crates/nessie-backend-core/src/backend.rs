//! The trait stack and its contract.

use crate::{
    AccessHandle, BackendError, Capabilities, Result, Snapshot, SnapshotId, SnapshotPolicy,
    SnapshotSpace, Space, Timestamp, Volume, VolumeId, VolumePatch, VolumeSpace, VolumeSpec,
};

/// A backend of volumes: the first tier, which every backend has.
///
/// # Rules of all operations in all tiers
///
/// * An operation is atomic: it succeeds completely, or it fails and changes nothing.
/// * Operations on one backend from many threads are linearizable.
/// * A result is a copy. Changing it does not change the backend.
/// * Checks have this order: the form of the arguments (in Rust, their types), existence (volume
///   before snapshot), values, state, conflicts. So a patch with an invalid value for a missing
///   volume fails with [`VolumeNotFound`](BackendError::VolumeNotFound).
/// * An identifier is never used twice within one [`epoch`](Self::epoch), not even after a delete.
/// * A name is stored exactly as the caller wrote it. It is free again as soon as its object is
///   deleted or renamed.
///
/// [`rules`](crate::rules) has the valid values of the arguments.
///
/// # Implementation
///
/// A backend of volumes alone implements the methods without a default body. A backend with
/// snapshots also implements [`SnapshotBackend`] and overrides
/// [`snapshot_backend`](Self::snapshot_backend). A backend with clones also implements
/// [`CloneBackend`] and overrides [`clone_backend`](Self::clone_backend). One with snapshot policies
/// and locks also implements [`PolicyBackend`] and overrides [`policy_backend`](Self::policy_backend).
pub trait VolumeBackend: Send + Sync {
    /// The tiers of this backend. The default calls
    /// [`snapshot_backend`](Self::snapshot_backend) and [`clone_backend`](Self::clone_backend), so
    /// it is always correct.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            snapshots: self.snapshot_backend().is_ok(),
            clones: self.clone_backend().is_ok(),
            replication: false,
        }
    }

    /// A number that increases when all objects are deleted at once and their identifiers can be
    /// used again, as when a seeded `MemBackend` is reset.
    ///
    /// Some code stores data under the identifiers of volumes and snapshots, outside of the
    /// backend. It reads the epoch before the objects, stores it with the data, and deletes the
    /// data when the epoch has changed. The default is a constant, for backends that never use an
    /// identifier again.
    fn epoch(&self) -> u64 {
        0
    }

    /// Creates an online read-write volume without snapshots.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a name or size outside its rule,
    /// [`VolumeExists`](BackendError::VolumeExists) if the name is taken,
    /// [`LimitExceeded`](BackendError::LimitExceeded) if the backend holds no more volumes;
    /// [`SnapshotPolicyNotFound`](BackendError::SnapshotPolicyNotFound) if the specification names a
    /// snapshot policy that does not exist. A backend without snapshot policies refuses one with
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume>;

    /// All volumes, in order of creation.
    fn list_volumes(&self) -> Result<Vec<Volume>>;

    /// One volume.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound).
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume>;

    /// The volume with this name; `None` if there is none. The default searches the list.
    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        Ok(self.list_volumes()?.into_iter().find(|volume| volume.name == name))
    }

    /// Changes the fields that `patch` sets and no others, and returns the changed volume. An empty
    /// patch succeeds. A volume can grow and shrink. A clone and its parent are independent.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) for a resize of a volume that is not online,
    /// unless the same patch brings it online;
    /// [`VolumeExists`](BackendError::VolumeExists) and
    /// [`JunctionPathExists`](BackendError::JunctionPathExists) if another volume has the name or
    /// path; [`SnapshotPolicyNotFound`](BackendError::SnapshotPolicyNotFound). A backend may refuse a
    /// patch of `name`, `state` or `snapshot_policy` with
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume>;

    /// Deletes a volume in any state, with its snapshots.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotLocked`](BackendError::SnapshotLocked) while one of its snapshots is locked;
    /// [`VolumeBusy`](BackendError::VolumeBusy) while a clone depends on one of its snapshots.
    fn delete_volume(&self, uuid: VolumeId) -> Result<()>;

    /// How a client reaches the volume's data.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online.
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle>;

    /// The account of the space that all volumes and snapshots use.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default, if the backend does
    /// not account for space.
    fn space(&self) -> Result<Space> {
        Err(BackendError::not_supported("space"))
    }

    /// The account of the space that one volume and its snapshots use.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default, if the backend does
    /// not account for the space of single volumes.
    fn volume_space(&self, uuid: VolumeId) -> Result<VolumeSpace> {
        let _ = uuid;
        Err(BackendError::not_supported("volume_space"))
    }

    /// Sets the size up to which a volume grows by itself. A write that does not fit into the quota
    /// then raises the quota to what the data needs. `None`, the state of a new volume and of a
    /// clone, refuses such a write. A restore changes the quota and not this size.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) for 0;
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn set_autosize(&self, uuid: VolumeId, maximum_bytes: Option<u64>) -> Result<()> {
        let _ = (uuid, maximum_bytes);
        Err(BackendError::not_supported("set_autosize"))
    }

    /// This backend's snapshot tier: an object that is the same backend. Each of its operations, also
    /// those on volumes and its accessors, does what the backend's does.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Err(BackendError::not_supported("snapshots"))
    }

    /// This backend's clone tier: an object that is the same backend, as for
    /// [`snapshot_backend`](Self::snapshot_backend).
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Err(BackendError::not_supported("clones"))
    }

    /// This backend's snapshot policies and locks: an object that is the same backend, as for
    /// [`snapshot_backend`](Self::snapshot_backend).
    ///
    /// # Errors
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default.
    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        Err(BackendError::not_supported("snapshot policies"))
    }
}

/// A backend of volumes and snapshots: the second tier.
///
/// A snapshot is identified together with its volume. With another volume's identifier the error is
/// [`SnapshotNotFound`](BackendError::SnapshotNotFound).
pub trait SnapshotBackend: VolumeBackend {
    /// Takes a point-in-time snapshot.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online;
    /// [`SnapshotExists`](BackendError::SnapshotExists) if the volume has one of that name;
    /// [`LimitExceeded`](BackendError::LimitExceeded) if the volume or the backend holds no more.
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

    /// The volume's snapshot with this name; `None` if there is none. The default searches the
    /// list.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound).
    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        Ok(self.list_snapshots(volume)?.into_iter().find(|snapshot| snapshot.name == name))
    }

    /// Renames a snapshot. It keeps its identifier. The origins of its clones show the new name.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`SnapshotExists`](BackendError::SnapshotExists) if another snapshot of the volume has
    /// the name. The default is [`FeatureNotSupported`](BackendError::FeatureNotSupported).
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
    /// [`SnapshotLocked`](BackendError::SnapshotLocked) before its [`expires_at`](Snapshot::expires_at);
    /// [`SnapshotBusy`](BackendError::SnapshotBusy) while a clone depends on it.
    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()>;

    /// Restores the volume to the snapshot, its size included, and deletes newer snapshots.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the volume is online;
    /// [`SnapshotLocked`](BackendError::SnapshotLocked) if a newer snapshot is locked;
    /// [`SnapshotBusy`](BackendError::SnapshotBusy) if a newer snapshot has a clone. The default
    /// is [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        let _ = (volume, snapshot);
        Err(BackendError::not_supported("restore_snapshot"))
    }

    /// The account of the data of a volume's snapshots, in order of creation. It takes time in
    /// proportion to their number.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported), the default, if the backend does
    /// not account for the space of single snapshots.
    fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>> {
        let _ = volume;
        Err(BackendError::not_supported("snapshot_spaces"))
    }
}

/// A backend of volumes, snapshots and writable clones: the third tier.
pub trait CloneBackend: SnapshotBackend {
    /// Creates a writable online volume from a snapshot, with the parent's size and export
    /// policy, and without junction, snapshot policy and snapshots. Its [`origin`](Volume::origin) names the direct
    /// parent, also for a clone of a clone.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument);
    /// [`VolumeOffline`](BackendError::VolumeOffline) unless the parent is online;
    /// [`VolumeExists`](BackendError::VolumeExists) if the name is taken;
    /// [`LimitExceeded`](BackendError::LimitExceeded) if the backend holds no more volumes, the
    /// snapshot no more clones, or clones of clones are as deep as they can be.
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume>;

    /// Converts a clone to a plain volume. The parent's snapshot is then not busy any more.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) if the volume is not a clone. The default
    /// is [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        let _ = volume;
        Err(BackendError::not_supported("split_clone"))
    }
}

/// A backend with snapshot policies and snapshot locks: an optional tier.
///
/// Its volumes show their policy as [`snapshot_policy`](Volume::snapshot_policy), its snapshots the end
/// of their lock as [`expires_at`](Snapshot::expires_at).
pub trait PolicyBackend: SnapshotBackend {
    /// Creates a snapshot policy.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a name or rules that break
    /// [their rules](crate::rules::snapshot_policy);
    /// [`SnapshotPolicyExists`](BackendError::SnapshotPolicyExists).
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()>;

    /// Gives the snapshot policy of this name other rules. The default refuses.
    ///
    /// # Errors
    /// [`SnapshotPolicyNotFound`](BackendError::SnapshotPolicyNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) as
    /// [`create_snapshot_policy`](Self::create_snapshot_policy);
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn replace_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        let _ = policy;
        Err(BackendError::not_supported("replace_snapshot_policy"))
    }

    /// Deletes a snapshot policy that no volume uses. The snapshots that it took are kept. The default
    /// refuses.
    ///
    /// # Errors
    /// [`SnapshotPolicyNotFound`](BackendError::SnapshotPolicyNotFound);
    /// [`SnapshotPolicyBusy`](BackendError::SnapshotPolicyBusy) while a volume uses it;
    /// [`FeatureNotSupported`](BackendError::FeatureNotSupported).
    fn delete_snapshot_policy(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(BackendError::not_supported("delete_snapshot_policy"))
    }

    /// All snapshot policies, in order of creation.
    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>>;

    /// The snapshot policy with this name; `None` if there is none. The default searches the list.
    fn find_snapshot_policy(&self, name: &str) -> Result<Option<SnapshotPolicy>> {
        Ok(self.list_snapshot_policies()?.into_iter().find(|policy| policy.name == name))
    }

    /// Runs each rule that became due since the last call once, and returns how many snapshots they
    /// took. On a standing clock it does nothing.
    fn run_due(&self) -> Result<usize>;

    /// Takes a snapshot that is locked before `expires_at`.
    ///
    /// # Errors
    /// As [`create_snapshot`](SnapshotBackend::create_snapshot), and
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a time that is not later than the present
    /// one.
    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot>;

    /// Locks a snapshot before `expires_at`, instead of before the time that it had.
    ///
    /// # Errors
    /// [`VolumeNotFound`](BackendError::VolumeNotFound);
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound);
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a time that is not later than the present
    /// one.
    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot>;
}
