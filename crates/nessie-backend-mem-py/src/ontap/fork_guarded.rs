//! A backend in memory in a cluster that also has backends written in Python.
//!
//! A request to such a cluster may call Python at any step, so a fork cannot wait for the whole
//! request. It waits for each call of this backend instead.

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, PolicyBackend, Result, Snapshot, SnapshotBackend,
    SnapshotId, SnapshotPolicy, SnapshotSpace, Space, Timestamp, Volume, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpace, VolumeSpec,
};
use nessie_backend_mem::MemBackend;

use crate::runtime::fork::guarded;

/// A backend whose calls hold its lock only while no fork is about to happen.
pub(crate) struct ForkGuarded(pub(crate) MemBackend);

impl VolumeBackend for ForkGuarded {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    fn space(&self) -> Result<Space> {
        guarded(|| self.0.space())
    }

    fn volume_space(&self, uuid: VolumeId) -> Result<VolumeSpace> {
        guarded(|| self.0.volume_space(uuid))
    }

    fn set_autosize(&self, uuid: VolumeId, maximum_bytes: Option<u64>) -> Result<()> {
        guarded(|| self.0.set_autosize(uuid, maximum_bytes))
    }

    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        guarded(|| self.0.create_volume(spec))
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        guarded(|| self.0.list_volumes())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        guarded(|| self.0.get_volume(uuid))
    }

    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        guarded(|| self.0.find_volume(name))
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        guarded(|| self.0.patch_volume(uuid, patch))
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        guarded(|| self.0.delete_volume(uuid))
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        guarded(|| self.0.access_handle(uuid))
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

impl SnapshotBackend for ForkGuarded {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        guarded(|| self.0.create_snapshot(volume, name))
    }

    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        guarded(|| self.0.list_snapshots(volume))
    }

    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        guarded(|| self.0.get_snapshot(volume, snapshot))
    }

    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        guarded(|| self.0.find_snapshot(volume, name))
    }

    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        guarded(|| self.0.rename_snapshot(volume, snapshot, name))
    }

    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        guarded(|| self.0.delete_snapshot(volume, snapshot))
    }

    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        guarded(|| self.0.restore_snapshot(volume, snapshot))
    }

    fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>> {
        guarded(|| self.0.snapshot_spaces(volume))
    }
}

impl CloneBackend for ForkGuarded {
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume> {
        guarded(|| self.0.create_clone(parent_volume, parent_snapshot, new_name))
    }

    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        guarded(|| self.0.split_clone(volume))
    }
}

impl PolicyBackend for ForkGuarded {
    fn create_snapshot_policy(&self, policy: SnapshotPolicy) -> Result<()> {
        guarded(|| PolicyBackend::create_snapshot_policy(&self.0, policy))
    }

    fn list_snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>> {
        guarded(|| PolicyBackend::list_snapshot_policies(&self.0))
    }

    fn run_due(&self) -> Result<usize> {
        guarded(|| self.0.run_due())
    }

    fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        guarded(|| self.0.create_snapshot_until(volume, name, expires_at))
    }

    fn lock_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        expires_at: Timestamp,
    ) -> Result<Snapshot> {
        guarded(|| self.0.lock_snapshot(volume, snapshot, expires_at))
    }
}
