//! Wrappers that run the suite on a type's own implementations of the higher tiers.

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, Result, SnapshotBackend, Space, Volume,
    VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};

/// A backend whose type implements [`SnapshotBackend`], for a run that calls this implementation
/// too.
///
/// A run reaches the tiers of a backend through its accessors, and they may return any object. So
/// the type's own `impl SnapshotBackend` can be wrong, unused by the suite, and used by a caller
/// who has the type. `snapshot_backend` of this wrapper returns the backend itself; the objects of
/// its accessors are reached from there. Both are tested in one run:
///
/// ```
/// use nessie_backend_conformance::{WithSnapshots, run_all};
/// # use nessie_backend_mem::MemBackend as MyBackend;
///
/// run_all(&WithSnapshots(MyBackend::new()));
/// ```
///
/// In the calls of a report, `b` is the wrapper. Use [`WithClones`] if the type also implements
/// [`CloneBackend`]. Pass the backend without a wrapper if the type implements a trait and some of
/// its values lack the tier, such as an adapter.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithSnapshots<B>(pub B);

/// A backend whose type implements [`CloneBackend`], for a run that calls its own implementations
/// of [`SnapshotBackend`] and [`CloneBackend`] too; see [`WithSnapshots`].
///
/// ```
/// use nessie_backend_conformance::{WithClones, run_all};
/// # use nessie_backend_mem::MemBackend as MyBackend;
///
/// run_all(&WithClones(MyBackend::new()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WithClones<B>(pub B);

/// Implements the tier of volumes by calling the backend, with these accessors.
macro_rules! forward_volumes {
    ($wrapper:ident<$bound:ident>: $($accessor:item)+) => {
        impl<B: $bound> VolumeBackend for $wrapper<B> {
            fn capabilities(&self) -> Capabilities {
                self.0.capabilities()
            }
            fn epoch(&self) -> u64 {
                self.0.epoch()
            }
            fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
                self.0.create_volume(spec)
            }
            fn list_volumes(&self) -> Result<Vec<Volume>> {
                self.0.list_volumes()
            }
            fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
                self.0.get_volume(uuid)
            }
            fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
                self.0.find_volume(name)
            }
            fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
                self.0.patch_volume(uuid, patch)
            }
            fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
                self.0.delete_volume(uuid)
            }
            fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
                self.0.access_handle(uuid)
            }
            fn space(&self) -> Result<Space> {
                self.0.space()
            }
            $($accessor)+
        }
    };
}

forward_volumes! { WithSnapshots<SnapshotBackend>:
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(&self.0)
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        self.0.clone_backend()
    }
}

forward_volumes! { WithClones<CloneBackend>:
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(&self.0)
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Ok(&self.0)
    }
}
