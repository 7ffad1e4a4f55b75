//! An SVM: its backend, and the data that the REST API adds to it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use nessie_backend_core::{BackendError, SnapshotId, Volume, VolumeBackend, VolumeId, VolumeSpace};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Attributes, Pool, SvmContext, VolumeRecord, is_stopped};

use crate::clock::ClusterClock;
use crate::config::Svm;
use crate::configuration::{
    ClusterConfiguration, DEFAULT_EXPORT_POLICY, DEFAULT_EXPORT_POLICY_NUMBER, Stored,
    SvmConfiguration,
};
use crate::jobs::Jobs;
use crate::side_data::{Move, SideData, lock};
use crate::svms::{Parts, unknown_svm};

/// An SVM. A clone is the same SVM: the two share all that changes.
#[derive(Clone)]
pub(crate) struct SvmState {
    /// The number of SVMs that were created before it.
    index: u64,
    pub(crate) svm_context: Arc<SvmContext>,
    /// Whether it is one of the configuration of the cluster, and not one that a request has created.
    pub(crate) is_configured: bool,
    /// How long deleted volumes are kept; `None` if they are not.
    pub(crate) recovery_queue_hours: Option<u64>,
    pub(crate) backend: Arc<dyn VolumeBackend>,
    #[cfg(feature = "simulator")]
    pub(crate) simulated: Option<crate::SimulatedBackend>,
    /// The size in bytes of a volume without a quota, if the backend has no capacity.
    pub(crate) unlimited: u64,
    jobs: Arc<Jobs>,
    clock: ClusterClock,
    /// Held by a request that changes something, so that its steps are not interleaved with those
    /// of another request. Code that calls the backend directly does not hold it.
    write_lock: Arc<Mutex<Presence>>,
    side_data: Arc<RwLock<Arc<SideData>>>,
    pub(crate) configuration: Arc<SvmConfiguration>,
    pub(crate) cluster_configuration: Arc<ClusterConfiguration>,
}

/// Whether the SVM still exists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    #[default]
    Present,
    Deleted,
}

impl SvmState {
    pub(crate) fn new(index: u64, svm_context: SvmContext, svm: Svm, parts: &Parts) -> Self {
        Self {
            index,
            svm_context: Arc::new(svm_context),
            is_configured: false,
            recovery_queue_hours: parts.recovery_queue_hours,
            backend: svm.backend,
            #[cfg(feature = "simulator")]
            simulated: svm.simulated,
            unlimited: parts.unlimited,
            jobs: Arc::clone(&parts.jobs),
            clock: parts.clock.clone(),
            write_lock: Arc::default(),
            side_data: Arc::default(),
            configuration: Arc::default(),
            cluster_configuration: Arc::clone(&parts.configuration),
        }
    }

    /// The side data of the present epoch of the backend. Call this before the objects are read
    /// or changed: if the backend is reset in between, later requests do not read what is then
    /// written to this side data. For an object of the new epoch, see
    /// [`side_data_of`](Self::side_data_of).
    pub(crate) fn side_data(&self) -> Arc<SideData> {
        let epoch = self.backend.epoch();
        let current = Arc::clone(&self.side_data.read().unwrap_or_else(PoisonError::into_inner));
        if current.epoch() >= epoch {
            return current;
        }
        let mut current = self.side_data.write().unwrap_or_else(PoisonError::into_inner);
        if current.epoch() < epoch {
            *current = Arc::new(SideData::new(epoch));
        }
        Arc::clone(&current)
    }

    /// The side data for an object that has just been created or changed, if `before` is the side
    /// data that was read before. If the backend was reset in between, the object may be one of the
    /// new epoch: then `is_present` finds it there.
    pub(crate) fn side_data_of(
        &self,
        before: Arc<SideData>,
        is_present: impl FnOnce() -> bool,
    ) -> Arc<SideData> {
        let now = self.side_data();
        if now.epoch() != before.epoch() && is_present() { now } else { before }
    }

    /// The same for a volume.
    pub(crate) fn side_data_of_volume(
        &self,
        before: Arc<SideData>,
        volume: &Volume,
    ) -> Arc<SideData> {
        self.side_data_of(before, || {
            self.backend.get_volume(volume.uuid).is_ok_and(|found| found == *volume)
        })
    }

    /// Waits until no other request changes anything in this SVM.
    ///
    /// # Errors
    /// 2621462: the SVM was deleted since the request began.
    pub(crate) fn write_lock(&self) -> Result<MutexGuard<'_, Presence>, ApiError> {
        let presence = lock(&self.write_lock);
        if *presence == Presence::Deleted {
            return Err(unknown_svm(&self.svm_context.svm.name));
        }
        Ok(presence)
    }

    /// The SVM as a configuration has it.
    pub(crate) fn config(&self) -> Svm {
        Svm {
            name: self.svm_context.svm.name.clone(),
            backend: Arc::clone(&self.backend),
            #[cfg(feature = "simulator")]
            simulated: self.simulated.clone(),
        }
    }

    /// The same SVM as one of the configuration, which has an NFS service.
    pub(crate) fn configured(self) -> Self {
        self.configuration.nfs_service.set(Some(Stored::default()));
        Self { is_configured: true, ..self }
    }

    /// Gives the SVM the configuration that it had at first. The write lock is held.
    #[cfg(feature = "simulator")]
    pub(crate) fn drop_configuration(&self) {
        self.configuration.replace(SvmConfiguration::default());
        if self.is_configured {
            self.configuration.nfs_service.set(Some(Stored::default()));
        }
    }

    /// The same SVM with another name.
    pub(crate) fn renamed(&self, name: String) -> Self {
        let mut svm_context = (*self.svm_context).clone();
        svm_context.svm.name = name;
        Self { svm_context: Arc::new(svm_context), ..self.clone() }
    }

    /// The fields of the SVM itself that requests have set.
    pub(crate) fn properties(&self) -> Arc<Attributes> {
        self.configuration.properties.get().attributes
    }

    /// Whether the SVM serves its clients.
    pub(crate) fn is_running(&self) -> bool {
        !is_stopped(&self.properties())
    }

    /// Whether a volume is still in the source of a move.
    pub(crate) fn is_moving(&self, movement: &Move) -> bool {
        movement.is_under_way(&self.jobs, &self.clock)
    }

    /// The volume with that UUID, if it is in this SVM.
    pub(crate) fn volume(&self, uuid: VolumeId) -> Result<Option<Volume>, ApiError> {
        match self.backend.get_volume(uuid) {
            Ok(volume) => Ok(Some(volume).filter(|volume| !self.is_deleted(volume))),
            Err(BackendError::VolumeNotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The record of a volume, without the fields that need a search.
    pub(crate) fn record(&self, volume: Volume) -> VolumeRecord {
        let side_data = self.side_data();
        let attributes = side_data.attributes.volume(volume.uuid);
        self.record_with(&side_data, self.pool(), volume, attributes, 0)
    }

    /// The same with the pool and the attributes that were read before, and a position in this SVM.
    pub(crate) fn record_with(
        &self,
        side_data: &SideData,
        pool: Pool,
        volume: Volume,
        attributes: Option<Arc<Attributes>>,
        position: u64,
    ) -> VolumeRecord {
        let progress = side_data.operations.progress(volume.uuid, &self.jobs, &self.clock);
        VolumeRecord {
            svm_context: Arc::clone(&self.svm_context),
            split: progress.split,
            initializes_quotas: progress.initializes_quotas,
            movement: progress.movement,
            pool,
            export_policy: self.export_policy_number(&volume),
            space: VolumeSpace::new(volume.used_bytes.unwrap_or(0)),
            is_overcommitted: false,
            volume,
            attributes,
            position: self.position(position),
            junction_parent: None,
            snapshot_count: None,
            has_flexclone: None,
            measured: None,
        }
    }

    /// The number of the export policy of a volume.
    pub(crate) fn export_policy_number(&self, volume: &Volume) -> Option<u64> {
        match volume.export_policy.as_deref() {
            None | Some(DEFAULT_EXPORT_POLICY) => Some(DEFAULT_EXPORT_POLICY_NUMBER),
            Some(name) => self.configuration.export_policies.number(name),
        }
    }

    /// The position in the whole cluster of an object with this position in the SVM.
    pub(crate) const fn position(&self, in_svm: u64) -> u64 {
        (self.index << 48) + in_svm
    }

    /// The snapshots that clones depend on.
    pub(crate) fn cloned_snapshots(&self) -> Result<HashSet<SnapshotId>, ApiError> {
        let volumes = self.backend.list_volumes()?;
        let origins = volumes.iter().filter_map(|volume| volume.origin.as_ref());
        Ok(origins.map(|origin| origin.parent_snapshot_uuid).collect())
    }
}

impl fmt::Debug for SvmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SvmState").field("svm", &self.svm_context.svm.name).finish_non_exhaustive()
    }
}
