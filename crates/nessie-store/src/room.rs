//! An SVM: a backend, and what this face keeps beside it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use nessie_backend_core::{BackendError, SnapshotId, Uuid, Volume, VolumeBackend, VolumeId};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{SvmContext, VolumeRecord};

use crate::attributes::SideTables;
use crate::cluster::Cluster;
use crate::positions::Positions;

/// An SVM.
pub(crate) struct Room {
    /// Its place among the SVMs.
    pub(crate) index: u64,
    pub(crate) place: Arc<SvmContext>,
    pub(crate) backend: Arc<dyn VolumeBackend>,
    /// Held by a request that changes something, so that its steps are not interleaved with
    /// another's. Whoever calls the backend without this face does not hold it.
    turn: Mutex<()>,
    kept: RwLock<Arc<Kept>>,
}

/// What this face keeps beside a backend, under the identifiers of one epoch of the backend. In
/// the next epoch these may identify other objects.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    epoch: u64,
    pub(crate) attributes: SideTables,
    pub(crate) volumes: Mutex<Positions>,
    pub(crate) snapshots: Mutex<Positions>,
    /// Splits, and their jobs.
    splits: Mutex<HashMap<VolumeId, Uuid>>,
}

impl Room {
    pub(crate) fn new(index: u64, place: SvmContext, backend: Arc<dyn VolumeBackend>) -> Self {
        Self {
            index,
            place: Arc::new(place),
            backend,
            turn: Mutex::default(),
            kept: RwLock::default(),
        }
    }

    /// What is kept in the present epoch of the backend. Ask for it before the objects are read or
    /// changed: if the backend is reset in between, what is then written here is never read again.
    pub(crate) fn kept(&self) -> Arc<Kept> {
        let epoch = self.backend.epoch();
        let kept = Arc::clone(&self.kept.read().unwrap_or_else(PoisonError::into_inner));
        if kept.epoch >= epoch {
            return kept;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.epoch < epoch {
            *kept = Arc::new(Kept { epoch, ..Kept::default() });
        }
        Arc::clone(&kept)
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
        let kept = self.kept();
        let attributes = kept.attributes.volume(volume.uuid);
        VolumeRecord {
            svm_context: Arc::clone(&self.place),
            split: kept.split(cluster, volume.uuid),
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
}

impl Kept {
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
