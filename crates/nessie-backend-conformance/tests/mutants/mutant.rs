//! A backend that behaves like the reference, except for the replaced operations.

use std::sync::Arc;

use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneBackend, Result, Snapshot, SnapshotBackend,
    SnapshotId, Space, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::MemBackend as Mem;

/// Declares the other methods of each trait, and its operations: the name, the arguments and the
/// result.
macro_rules! operations {
    ($($trait:ident [$($method:item)*] {
        $($operation:ident($($argument:ident: $given:ty),*) -> $result:ty;)+
    })+) => {
        /// The replacement of an operation gets the backend for all other operations.
        #[derive(Default)]
        pub struct Mutant {
            pub mem: Arc<Mem>,
            pub capabilities: Option<Capabilities>,
            pub epoch: Option<u64>,
            pub hides_snapshots: bool,
            pub hides_clones: bool,
            /// Instead of `capabilities`, the tiers at the moment.
            pub advertises: Option<Box<dyn Fn(&Mem) -> Capabilities + Send + Sync>>,
            /// Whether the accessors work at the moment.
            pub reaches: Option<Box<dyn Fn(&Mem) -> bool + Send + Sync>>,
            /// The objects that the accessors return instead of the mutant itself.
            pub snapshot_tier: Option<Box<Self>>,
            pub clone_tier: Option<Box<Self>>,
            $($(pub $operation: Option<Box<dyn Fn(&Mem, $($given),*) -> $result + Send + Sync>>,)+)+
        }

        $(impl $trait for Mutant {
            $(fn $operation(&self, $($argument: $given),*) -> $result {
                match &self.$operation {
                    Some(replacement) => replacement(&self.mem, $($argument),*),
                    None => self.mem.$operation($($argument),*),
                }
            })+
            $($method)*
        })+
    };
}

operations! {
    VolumeBackend [
        fn capabilities(&self) -> Capabilities {
            let now = self.advertises.as_ref().map(|advertises| advertises(&self.mem));
            now.or(self.capabilities).unwrap_or_else(|| self.mem.capabilities())
        }
        fn epoch(&self) -> u64 {
            self.epoch.unwrap_or_else(|| self.mem.epoch())
        }
        fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
            if self.hides_snapshots || !self.is_reached() {
                return Err(BackendError::not_supported("snapshots"));
            }
            Ok(self.snapshot_tier.as_deref().unwrap_or(self))
        }
        fn clone_backend(&self) -> Result<&dyn CloneBackend> {
            if self.hides_clones || !self.is_reached() {
                return Err(BackendError::not_supported("clones"));
            }
            Ok(self.clone_tier.as_deref().unwrap_or(self))
        }
    ] {
        create_volume(spec: VolumeSpec) -> Result<Volume>;
        list_volumes() -> Result<Vec<Volume>>;
        get_volume(uuid: VolumeId) -> Result<Volume>;
        find_volume(name: &str) -> Result<Option<Volume>>;
        patch_volume(uuid: VolumeId, patch: VolumePatch) -> Result<Volume>;
        delete_volume(uuid: VolumeId) -> Result<()>;
        access_handle(uuid: VolumeId) -> Result<AccessHandle>;
        space() -> Result<Space>;
    }
    SnapshotBackend [] {
        create_snapshot(volume: VolumeId, name: &str) -> Result<Snapshot>;
        list_snapshots(volume: VolumeId) -> Result<Vec<Snapshot>>;
        get_snapshot(volume: VolumeId, of: SnapshotId) -> Result<Snapshot>;
        find_snapshot(volume: VolumeId, name: &str) -> Result<Option<Snapshot>>;
        rename_snapshot(volume: VolumeId, of: SnapshotId, name: &str) -> Result<Snapshot>;
        delete_snapshot(volume: VolumeId, of: SnapshotId) -> Result<()>;
        restore_snapshot(volume: VolumeId, of: SnapshotId) -> Result<Volume>;
    }
    CloneBackend [] {
        create_clone(volume: VolumeId, of: SnapshotId, name: &str) -> Result<Volume>;
        split_clone(volume: VolumeId) -> Result<Volume>;
    }
}

impl Mutant {
    fn is_reached(&self) -> bool {
        self.reaches.as_ref().is_none_or(|reaches| reaches(&self.mem))
    }
}
