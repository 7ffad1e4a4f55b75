//! A complete backend of volumes alone, which is the first tier.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::{
    AccessHandle, BackendError, Result, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
    rules, uuid,
};

/// The volumes by identifier, and the number of volumes ever created. Identifiers count up: none
/// is used twice, and their order is that of creation.
#[derive(Debug, Default)]
pub struct DictVolumes(Mutex<(BTreeMap<VolumeId, Volume>, u64)>);

impl DictVolumes {
    fn lock(&self) -> MutexGuard<'_, (BTreeMap<VolumeId, Volume>, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VolumeBackend for DictVolumes {
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        rules::volume_spec(&spec)?;
        if spec.snapshot_policy.is_some() {
            return Err(BackendError::not_supported("snapshot_policy"));
        }
        let (volumes, ever) = &mut *self.lock();
        if volumes.values().any(|other| other.name == spec.name) {
            return Err(BackendError::VolumeExists { name: spec.name });
        }
        *ever += 1;
        let uuid = uuid::Builder::from_random_bytes(u128::from(*ever).to_be_bytes()).into_uuid();
        let mut volume = Volume::new(uuid.into(), spec.name);
        volume.size_bytes = spec.size_bytes;
        volumes.insert(volume.uuid, volume.clone());
        Ok(volume)
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(self.lock().0.values().cloned().collect())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.lock().0.get(&uuid).cloned().ok_or(BackendError::VolumeNotFound { volume: uuid })
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        let (volumes, _) = &mut *self.lock();
        let found = volumes.get(&uuid).cloned();
        let mut volume = found.ok_or(BackendError::VolumeNotFound { volume: uuid })?;
        rules::volume_patch(&patch)?;
        if patch.name.is_some() || patch.state.is_some() || patch.snapshot_policy.is_some() {
            return Err(BackendError::not_supported("patch_volume"));
        }
        if let Some(path) = patch.junction_path {
            let is_at_path = |at: &String| at.eq_ignore_ascii_case(&path);
            let mut others = volumes.values().filter(|other| other.uuid != uuid);
            if others.any(|other| other.junction_path.as_ref().is_some_and(is_at_path)) {
                return Err(BackendError::JunctionPathExists { path });
            }
            volume.junction_path = Some(path).filter(|path| !path.is_empty());
        }
        volume.size_bytes = patch.size_bytes.or(volume.size_bytes);
        volume.export_policy = patch.export_policy.or(volume.export_policy);
        volumes.insert(uuid, volume.clone());
        Ok(volume)
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.lock().0.remove(&uuid).map(drop).ok_or(BackendError::VolumeNotFound { volume: uuid })
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.get_volume(uuid).map(|_| AccessHandle::InMemory)
    }
}

fn main() -> Result<()> {
    let backend = DictVolumes::default();
    let volume = backend.create_volume(VolumeSpec::named("build-cache"))?;
    let grown = backend.patch_volume(volume.uuid, VolumePatch::new().size_bytes(50 << 30))?;
    assert_eq!(backend.find_volume("build-cache")?, Some(grown));
    assert!(!backend.capabilities().snapshots);
    backend.delete_volume(volume.uuid)
}
