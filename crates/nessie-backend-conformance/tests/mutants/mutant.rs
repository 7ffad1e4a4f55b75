//! A backend that does as the reference does, but for the operations that are replaced.

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, Result, Snapshot, SnapshotBackend, SnapshotId,
    Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::MemBackend as Mem;

/// Declares the operations: the name, the tier's trait, the arguments and the result.
macro_rules! operations {
    ($($operation:ident($($argument:ident: $given:ty),*) -> $result:ty;)+) => {
        /// What replaces an operation, each given the backend that does the rest.
        #[derive(Default)]
        pub struct Mutant {
            pub mem: Mem,
            pub capabilities: Option<Capabilities>,
            pub hides_snapshots: bool,
            pub hides_clones: bool,
            $(pub $operation: Option<Box<dyn Fn(&Mem, $($given),*) -> $result + Send + Sync>>,)+
        }

        impl Mutant {
            $(fn $operation(&self, $($argument: $given),*) -> $result {
                match &self.$operation {
                    Some(replacement) => replacement(&self.mem, $($argument),*),
                    None => self.mem.$operation($($argument),*),
                }
            })+
        }
    };
}

operations! {
    create_volume(spec: VolumeSpec) -> Result<Volume>;
    list_volumes() -> Result<Vec<Volume>>;
    get_volume(uuid: VolumeId) -> Result<Volume>;
    find_volume(name: &str) -> Result<Option<Volume>>;
    patch_volume(uuid: VolumeId, patch: VolumePatch) -> Result<Volume>;
    delete_volume(uuid: VolumeId) -> Result<()>;
    access_handle(uuid: VolumeId) -> Result<AccessHandle>;
    create_snapshot(volume: VolumeId, name: &str) -> Result<Snapshot>;
    list_snapshots(volume: VolumeId) -> Result<Vec<Snapshot>>;
    get_snapshot(volume: VolumeId, of: SnapshotId) -> Result<Snapshot>;
    find_snapshot(volume: VolumeId, name: &str) -> Result<Option<Snapshot>>;
    rename_snapshot(volume: VolumeId, of: SnapshotId, name: &str)
        -> Result<Snapshot>;
    delete_snapshot(volume: VolumeId, of: SnapshotId) -> Result<()>;
    restore_snapshot(volume: VolumeId, of: SnapshotId) -> Result<Volume>;
    create_clone(volume: VolumeId, of: SnapshotId, name: &str)
        -> Result<Volume>;
    split_clone(volume: VolumeId) -> Result<Volume>;
}

impl VolumeBackend for Mutant {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.unwrap_or_else(|| self.mem.capabilities())
    }
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.create_volume(spec)
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        self.list_volumes()
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.get_volume(uuid)
    }
    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        self.find_volume(name)
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        self.patch_volume(uuid, patch)
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.delete_volume(uuid)
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.access_handle(uuid)
    }
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        if self.hides_snapshots { Err(unsupported("snapshots")) } else { Ok(self) }
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        if self.hides_clones { Err(unsupported("clones")) } else { Ok(self) }
    }
}

fn unsupported(tier: &'static str) -> nessie_backend_core::BackendError {
    nessie_backend_core::BackendError::not_supported(tier)
}

impl SnapshotBackend for Mutant {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        self.create_snapshot(volume, name)
    }
    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        self.list_snapshots(volume)
    }
    fn get_snapshot(&self, volume: VolumeId, of: SnapshotId) -> Result<Snapshot> {
        self.get_snapshot(volume, of)
    }
    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        self.find_snapshot(volume, name)
    }
    fn rename_snapshot(&self, volume: VolumeId, of: SnapshotId, name: &str) -> Result<Snapshot> {
        self.rename_snapshot(volume, of, name)
    }
    fn delete_snapshot(&self, volume: VolumeId, of: SnapshotId) -> Result<()> {
        self.delete_snapshot(volume, of)
    }
    fn restore_snapshot(&self, volume: VolumeId, of: SnapshotId) -> Result<Volume> {
        self.restore_snapshot(volume, of)
    }
}

impl CloneBackend for Mutant {
    fn create_clone(&self, volume: VolumeId, of: SnapshotId, name: &str) -> Result<Volume> {
        self.create_clone(volume, of, name)
    }
    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        self.split_clone(volume)
    }
}
