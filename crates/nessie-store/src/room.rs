//! An SVM: a backend, and what this face keeps beside it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nessie_backend_core::{BackendError, SnapshotId, Uuid, Volume, VolumeBackend, VolumeId};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Place, VolumeRecord};

use crate::attributes::SideTables;
use crate::cluster::Cluster;
use crate::positions::Positions;

/// An SVM.
pub(crate) struct Room {
    /// Its place among the SVMs.
    pub(crate) index: u64,
    pub(crate) place: Arc<Place>,
    pub(crate) backend: Arc<dyn VolumeBackend>,
    pub(crate) attributes: SideTables,
    /// Held by a request that changes something, so that its steps are not interleaved with
    /// another's. Whoever calls the backend without this face does not hold it.
    turn: Mutex<()>,
    pub(crate) volumes: Mutex<Positions>,
    pub(crate) snapshots: Mutex<Positions>,
    /// Splits, and their jobs.
    splits: Mutex<HashMap<VolumeId, Uuid>>,
}

impl Room {
    pub(crate) fn new(index: u64, place: Place, backend: Arc<dyn VolumeBackend>) -> Self {
        Self {
            index,
            place: Arc::new(place),
            backend,
            attributes: SideTables::default(),
            turn: Mutex::default(),
            volumes: Mutex::default(),
            snapshots: Mutex::default(),
            splits: Mutex::default(),
        }
    }

    /// Waits until no other request changes anything in this SVM.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        lock(&self.turn)
    }

    /// The volume of that identifier, if it is here.
    pub(crate) fn volume(&self, uuid: VolumeId) -> Result<Option<Volume>, ApiError> {
        match self.backend.get_volume(uuid) {
            Ok(volume) => Ok(Some(volume)),
            Err(BackendError::VolumeNotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The record of a volume, without what has to be searched for.
    pub(crate) fn record(&self, cluster: &Cluster, volume: Volume) -> VolumeRecord {
        let attributes = self.attributes.volume(volume.uuid);
        VolumeRecord {
            place: Arc::clone(&self.place),
            split: self.split(cluster, volume.uuid),
            volume,
            attributes,
            position: self.index << 48,
            snapshot_count: None,
            has_flexclone: None,
            measured: None,
        }
    }

    /// The snapshots that clones depend on.
    pub(crate) fn cloned_snapshots(&self) -> Result<HashSet<SnapshotId>, ApiError> {
        let volumes = self.backend.list_volumes()?;
        let origins = volumes.iter().filter_map(|volume| volume.clone.as_ref());
        Ok(origins.map(|origin| origin.parent_snapshot_uuid).collect())
    }

    pub(crate) fn begin_split(&self, volume: VolumeId, job: Uuid) {
        lock(&self.splits).insert(volume, job);
    }

    /// How far a split has come, in percent, if one is under way.
    pub(crate) fn split(&self, cluster: &Cluster, volume: VolumeId) -> Option<u64> {
        let mut splits = lock(&self.splits);
        if splits.is_empty() {
            return None;
        }
        let job = *splits.get(&volume)?;
        if cluster.jobs.is_under_way(job, cluster.now()) {
            return Some(0);
        }
        splits.remove(&volume);
        None
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("svm", &self.place.svm.name).finish_non_exhaustive()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
