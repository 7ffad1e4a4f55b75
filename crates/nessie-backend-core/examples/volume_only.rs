use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::{
    AccessHandle, BackendError, Result, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch,
    VolumeSpec, rules,
};

#[derive(Default)]
struct Shelf(Mutex<Vec<Volume>>);

impl Shelf {
    fn volumes(&self) -> MutexGuard<'_, Vec<Volume>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VolumeBackend for Shelf {
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        rules::volume_spec(&spec)?;
        let mut volumes = self.volumes();
        if volumes.iter().any(|volume| volume.name == spec.name) {
            return Err(BackendError::VolumeExists { name: spec.name });
        }
        let uuid = VolumeId::new(Uuid::from_u128(volumes.len() as u128));
        let mut volume = Volume::new(uuid, spec.name);
        volume.size_bytes = spec.size_bytes;
        volumes.push(volume.clone());
        Ok(volume)
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(self.volumes().clone())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        let found = self.volumes().iter().find(|volume| volume.uuid == uuid).cloned();
        found.ok_or(BackendError::VolumeNotFound { volume: uuid })
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        let volume = self.get_volume(uuid)?;
        if patch.is_empty() { Ok(volume) } else { Err(BackendError::not_supported("patch_volume")) }
    }

    fn delete_volume(&self, _: VolumeId) -> Result<()> {
        Err(BackendError::not_supported("delete_volume"))
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.get_volume(uuid).map(|_| AccessHandle::InMemory)
    }
}

fn main() -> Result<()> {
    let shelf = Shelf::default();
    let volume = shelf.create_volume(VolumeSpec::named("build-cache"))?;
    assert_eq!(shelf.find_volume("build-cache")?, Some(volume));
    assert_eq!(shelf.as_snapshot().err().map(|error| error.code()), Some("feature_not_supported"));
    Ok(())
}
