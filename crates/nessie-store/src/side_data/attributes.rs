//! The attributes of volumes and snapshots that the backend does not store.
//!
//! If a volume is deleted directly on the backend, its attributes are left behind. That is
//! harmless, because UUIDs are never used twice in one epoch of the backend. They are removed when
//! there are many.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use nessie_backend_core::{SnapshotId, Uuid, VolumeBackend, VolumeId};
use nessie_ontap_protocol::records::{Attributes, is_guaranteed};

/// The attributes of one SVM's volumes and snapshots.
#[derive(Debug, Default)]
pub(crate) struct AttributeTables {
    tables: RwLock<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    volumes: HashMap<VolumeId, Arc<Attributes>>,
    /// The volumes whose attributes change the account of the aggregates.
    of_aggregates: HashSet<VolumeId>,
    /// The volumes with a `QoS` policy.
    of_qos: HashSet<VolumeId>,
    snapshots: BTreeMap<(VolumeId, SnapshotId), Arc<Attributes>>,
    /// The number of entries at which the next sweep is due.
    limit: usize,
}

/// Fewer entries are not swept.
const MIN_SWEEP: usize = 1024;

impl AttributeTables {
    pub(crate) fn volume(&self, volume: VolumeId) -> Option<Arc<Attributes>> {
        self.read(|tables| tables.volumes.get(&volume).cloned())
    }

    /// The attributes of many volumes, under one lock.
    pub(crate) fn volumes(
        &self,
        volumes: impl Iterator<Item = VolumeId>,
    ) -> Vec<Option<Arc<Attributes>>> {
        self.read(|tables| volumes.map(|volume| tables.volumes.get(&volume).cloned()).collect())
    }

    /// The volumes that are not in the default aggregate or that have a guarantee.
    pub(crate) fn of_aggregates(&self) -> Vec<(VolumeId, Arc<Attributes>)> {
        self.read(|tables| {
            let found =
                |volume: &VolumeId| Some((*volume, Arc::clone(tables.volumes.get(volume)?)));
            tables.of_aggregates.iter().filter_map(found).collect()
        })
    }

    /// The volumes with a `QoS` policy.
    pub(crate) fn of_qos(&self) -> Vec<(VolumeId, Arc<Attributes>)> {
        self.read(|tables| {
            let found =
                |volume: &VolumeId| Some((*volume, Arc::clone(tables.volumes.get(volume)?)));
            tables.of_qos.iter().filter_map(found).collect()
        })
    }

    pub(crate) fn snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
    ) -> Option<Arc<Attributes>> {
        self.read(|tables| tables.snapshots.get(&(volume, snapshot)).cloned())
    }

    pub(crate) fn set_volume(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        attributes: Attributes,
    ) {
        self.write(|tables| {
            if attributes.get("aggregates.uuid").is_some() || is_guaranteed(Some(&attributes)) {
                tables.of_aggregates.insert(volume);
            } else {
                tables.of_aggregates.remove(&volume);
            }
            if attributes.get("qos.policy.uuid").is_some() {
                tables.of_qos.insert(volume);
            } else {
                tables.of_qos.remove(&volume);
            }
            if attributes.is_empty() {
                tables.volumes.remove(&volume);
            } else {
                tables.volumes.insert(volume, Arc::new(attributes));
            }
        });
        self.sweep(backend);
    }

    pub(crate) fn set_snapshot(
        &self,
        backend: &dyn VolumeBackend,
        volume: VolumeId,
        snapshot: SnapshotId,
        attributes: Attributes,
    ) {
        if attributes.is_empty() {
            self.remove_snapshot(volume, snapshot);
            return;
        }
        self.write(|tables| tables.snapshots.insert((volume, snapshot), Arc::new(attributes)));
        self.sweep(backend);
    }

    /// The attributes of all volumes and snapshots.
    #[cfg(feature = "simulator")]
    #[expect(clippy::type_complexity, reason = "they are the two tables")]
    pub(super) fn store(
        &self,
    ) -> (BTreeMap<VolumeId, Arc<Attributes>>, BTreeMap<(VolumeId, SnapshotId), Arc<Attributes>>)
    {
        self.read(|tables| {
            let volumes = tables.volumes.iter().map(|(uuid, of)| (*uuid, Arc::clone(of)));
            (volumes.collect(), tables.snapshots.clone())
        })
    }

    pub(crate) fn remove_volume(&self, volume: VolumeId) {
        self.write(|tables| {
            tables.volumes.remove(&volume);
            tables.of_aggregates.remove(&volume);
            tables.of_qos.remove(&volume);
            let first = (volume, SnapshotId::new(Uuid::nil()));
            let last = (volume, SnapshotId::new(Uuid::max()));
            let deleted: Vec<_> =
                tables.snapshots.range(first..=last).map(|(key, _)| *key).collect();
            for key in deleted {
                tables.snapshots.remove(&key);
            }
        });
    }

    pub(crate) fn remove_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) {
        self.write(|tables| tables.snapshots.remove(&(volume, snapshot)));
    }

    /// Removes the attributes of deleted volumes, once there are twice as many entries as after the
    /// last sweep. No lock is held while the backend is called.
    fn sweep(&self, backend: &dyn VolumeBackend) {
        let due = self.write(|tables| {
            let count = tables.len();
            let due = count > tables.limit.max(MIN_SWEEP);
            if due {
                tables.limit = count * 2;
            }
            due
        });
        if !due {
            return;
        }
        let Ok(volumes) = backend.list_volumes() else { return };
        let present: HashSet<VolumeId> = volumes.iter().map(|volume| volume.uuid).collect();
        // Attributes are only set under the SVM's write lock, so none were set after the list was
        // read.
        self.write(|tables| {
            tables.volumes.retain(|volume, _| present.contains(volume));
            tables.of_aggregates.retain(|volume| present.contains(volume));
            tables.of_qos.retain(|volume| present.contains(volume));
            tables.snapshots.retain(|(volume, _), _| present.contains(volume));
            tables.limit = tables.len() * 2;
        });
    }

    fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> T {
        read(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, write: impl FnOnce(&mut Tables) -> T) -> T {
        write(&mut self.tables.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables {
    fn len(&self) -> usize {
        self.volumes.len() + self.snapshots.len()
    }
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::VolumeSpec;
    use nessie_backend_mem::MemBackend;
    use nessie_ontap_protocol::records::Attribute;

    use super::*;

    #[test]
    fn attributes_of_deleted_volumes_are_removed() {
        let backend = MemBackend::new();
        let tables = AttributeTables::default();
        let mut attributes = Attributes::default();
        attributes.set("comment", Attribute::Text("kept".to_owned()));
        let volume_kept = backend.create_volume(VolumeSpec::named("kept")).unwrap().uuid;
        tables.set_volume(&backend, volume_kept, attributes.clone());
        for number in 0..4 * MIN_SWEEP {
            let spec = VolumeSpec::named(format!("v{number}"));
            let volume = backend.create_volume(spec).unwrap().uuid;
            tables.set_volume(&backend, volume, attributes.clone());
            backend.delete_volume(volume).unwrap();
        }
        assert!(tables.read(Tables::len) <= 2 * MIN_SWEEP);
        assert!(tables.volume(volume_kept).is_some());
    }
}
