//! Data of volumes.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use nessie_backend_core::{VolumeBackend, VolumeId};

/// Data of those volumes that have some.
///
/// If a volume is deleted directly on the backend, its data are left behind. They are removed when
/// there are many.
#[derive(Debug)]
pub(crate) struct VolumeMap<T> {
    rows: RwLock<Rows<T>>,
}

#[derive(Debug)]
struct Rows<T> {
    volumes: HashMap<VolumeId, T>,
    /// The number of volumes at which the next sweep is due.
    limit: usize,
}

/// Fewer volumes are not swept.
const MIN_SWEEP: usize = 1024;

impl<T> Default for VolumeMap<T> {
    fn default() -> Self {
        Self { rows: RwLock::new(Rows { volumes: HashMap::new(), limit: MIN_SWEEP }) }
    }
}

impl<T: Default> VolumeMap<T> {
    /// Reads the data of a volume; `None` if it has none.
    pub(crate) fn read<V>(&self, volume: VolumeId, read: impl FnOnce(&T) -> V) -> Option<V> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner).volumes.get(&volume).map(read)
    }

    /// The results of a function for each volume that has data, without those that are `None`.
    pub(crate) fn filter_map<V>(&self, read: impl Fn(VolumeId, &T) -> Option<V>) -> Vec<V> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.volumes.iter().filter_map(|(volume, data)| read(*volume, data)).collect()
    }

    /// Changes the data of a volume, which may have none yet. The SVM's write lock is held.
    pub(crate) fn write<V>(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        write: impl FnOnce(&mut T) -> V,
    ) -> V {
        self.sweep(backend);
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        write(rows.volumes.entry(volume).or_default())
    }

    /// Replaces the data of all volumes.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, volumes: HashMap<VolumeId, T>) {
        let limit = (volumes.len() * 2).max(MIN_SWEEP);
        *self.rows.write().unwrap_or_else(PoisonError::into_inner) = Rows { volumes, limit };
    }

    pub(crate) fn remove(&self, volume: VolumeId) -> Option<T> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner).volumes.remove(&volume)
    }

    /// Removes the data of deleted volumes, once there are twice as many as after the last sweep. No
    /// lock is held while the backend is called.
    fn sweep(&self, backend: &dyn VolumeBackend) {
        {
            let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
            if rows.volumes.len() < rows.limit {
                return;
            }
            rows.limit = rows.volumes.len() * 2;
        }
        let Ok(volumes) = backend.list_volumes() else { return };
        let present: HashSet<VolumeId> = volumes.iter().map(|volume| volume.uuid).collect();
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        rows.volumes.retain(|volume, _| present.contains(volume));
        rows.limit = (rows.volumes.len() * 2).max(MIN_SWEEP);
    }
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::VolumeSpec;
    use nessie_backend_mem::MemBackend;

    use super::*;

    #[test]
    fn data_of_deleted_volumes_are_removed() {
        let backend = MemBackend::new();
        let map: VolumeMap<u32> = VolumeMap::default();
        let volume_kept = backend.create_volume(VolumeSpec::named("kept")).unwrap().uuid;
        map.write(&backend, volume_kept, |data| *data = 7);
        for number in 0..4 * MIN_SWEEP {
            let spec = VolumeSpec::named(format!("v{number}"));
            let volume = backend.create_volume(spec).unwrap().uuid;
            map.write(&backend, volume, |data| *data = 1);
            backend.delete_volume(volume).unwrap();
        }
        assert!(map.filter_map(|_, _| Some(())).len() <= MIN_SWEEP);
        assert_eq!(map.read(volume_kept, |data| *data), Some(7));
    }
}
