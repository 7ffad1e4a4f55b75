//! The traits of the contract, all of their operations.

use std::sync::atomic::Ordering;

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, PolicyBackend, Result, Snapshot, SnapshotBackend,
    SnapshotId, SnapshotPolicy, SnapshotSpace, Space, Timestamp, Volume, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpace, VolumeSpec,
};

use crate::backend::MemBackend;

impl VolumeBackend for MemBackend {
    fn capabilities(&self) -> Capabilities {
        Capabilities::CLONES
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.rows().create_volume((&spec).into()).map(Volume::from)
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(self.view().volumes().collect())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.rows().get_volume(uuid).map(Volume::from)
    }

    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        Ok(self.rows().find_volume(name).map(Volume::from))
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        self.rows().patch_volume(uuid, &patch).map(Volume::from)
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        let mut inner = self.lock();
        let now = inner.lock_time();
        inner.state.delete_volume(uuid, now)
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        let inner = self.read();
        let slot = inner.state.find(uuid)?;
        inner.state.check_online(slot)?;
        Ok(AccessHandle::InMemory)
    }

    fn space(&self) -> Result<Space> {
        Ok(self.read().state.space.report())
    }

    fn volume_space(&self, uuid: VolumeId) -> Result<VolumeSpace> {
        let inner = self.read();
        inner.state.find(uuid).map(|slot| inner.state.volume_space(slot))
    }

    fn set_autosize(&self, uuid: VolumeId, maximum_bytes: Option<u64>) -> Result<()> {
        self.lock().state.set_autosize(uuid, maximum_bytes)
    }

    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(self)
    }

    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Ok(self)
    }

    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        Ok(self)
    }
}

impl SnapshotBackend for MemBackend {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        self.rows().create_snapshot(volume, name, None).map(Snapshot::from)
    }

    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        let view = self.view();
        Ok(view.snapshots(volume)?.collect())
    }

    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        self.rows().get_snapshot(volume, snapshot).map(Snapshot::from)
    }

    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        Ok(self.rows().find_snapshot(volume, name)?.map(Snapshot::from))
    }

    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        self.rows().rename_snapshot(volume, snapshot, name).map(Snapshot::from)
    }

    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        let mut inner = self.lock();
        let now = inner.lock_time();
        inner.state.delete_snapshot(volume, snapshot, now)
    }

    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        self.rows().restore_snapshot(volume, snapshot).map(Volume::from)
    }

    fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>> {
        let inner = self.read();
        inner.state.find(volume).map(|slot| inner.state.snapshot_spaces(slot))
    }
}

impl CloneBackend for MemBackend {
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume> {
        self.rows().create_clone(parent_volume, parent_snapshot, new_name).map(Volume::from)
    }

    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        self.rows().split_clone(volume).map(Volume::from)
    }
}

// The methods of the backend itself come before those of the trait.
impl PolicyBackend for MemBackend {
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        self.create_snapshot_policy(&policy.name, policy.rules).map(drop)
    }

    fn replace_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        self.replace_snapshot_policy(&policy.name, policy.rules).map(drop)
    }

    fn delete_snapshot_policy(&self, name: &str) -> Result<()> {
        self.delete_snapshot_policy(name)
    }

    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>> {
        Ok(self.list_snapshot_policies())
    }

    fn find_snapshot_policy(&self, name: &str) -> Result<Option<SnapshotPolicy>> {
        Ok(self.get_snapshot_policy(name).ok())
    }

    fn run_due(&self) -> Result<usize> {
        self.run_due()
    }

    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        self.create_snapshot_until(volume, name, expires_at)
    }

    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        let mut inner = self.lock();
        let now = inner.clock.now();
        let slot = inner.state.lock_snapshot(volume, snapshot, expires_at, now)?;
        Ok(inner.state.snapshot_row_of(slot, snapshot).into())
    }
}
