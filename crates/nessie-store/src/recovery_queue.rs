//! The recovery queue: what becomes of a volume that a request deletes.
//!
//! A deleted volume stays on the backend, offline and under another name. It keeps its space and the
//! snapshot that it was cloned from until it expires or is purged.

use nessie_backend_core::{BackendError, Timestamp, Volume, VolumePatch, VolumeState};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::VOLUME;

use crate::cluster::Cluster;
use crate::side_data::{DeletedVolume, SideData};
use crate::snapshot_policies::ATTRIBUTE;
use crate::svm::SvmState;

impl SvmState {
    /// The volumes, without deleted ones.
    pub(crate) fn volumes(&self) -> Result<Vec<Volume>, ApiError> {
        let mut volumes = self.backend.list_volumes()?;
        if self.recovery_queue_hours.is_some() {
            let side_data = self.side_data();
            volumes.retain(|volume| !side_data.recovery_queue.has(volume.uuid));
        }
        Ok(volumes)
    }

    /// The volume with that name, unless it is a deleted one.
    pub(crate) fn find_volume(&self, name: &str) -> Result<Option<Volume>, ApiError> {
        let found = self.backend.find_volume(name)?;
        Ok(found.filter(|volume| !self.is_deleted(volume)))
    }

    /// Whether a volume of the backend is one in the recovery queue.
    pub(crate) fn is_deleted(&self, volume: &Volume) -> bool {
        self.recovery_queue_hours.is_some() && self.side_data().recovery_queue.has(volume.uuid)
    }

    /// Moves a volume to the recovery queue. The caller holds the write lock.
    ///
    /// Returns false, and changes nothing, if the volume cannot be in the queue: clones depend on it,
    /// or a snapshot of it is locked. Its deletion then has the error.
    pub(crate) fn enqueue(
        &self,
        side_data: &SideData,
        volume: &Volume,
        hours: u64,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        let is_clone = |other: &Volume| {
            other.origin.as_ref().is_some_and(|origin| origin.parent_volume_uuid == volume.uuid)
        };
        if self.backend.list_volumes()?.iter().any(is_clone) || self.has_lock(volume, now)? {
            return Ok(false);
        }
        let name = loop {
            let name = format!("{}_{}", volume.name, side_data.recovery_queue.next_number());
            if self.backend.find_volume(&name)?.is_none() {
                break name;
            }
        };
        let mut patch = VolumePatch::new();
        patch.name = Some(name.clone());
        patch.state = (volume.state == VolumeState::Online).then_some(VolumeState::Offline);
        patch.junction_path = volume.junction_path.is_some().then(String::new);
        patch.snapshot_policy = volume.snapshot_policy.is_some().then(String::new);
        patch.export_policy = volume.export_policy.is_some().then(|| "default".to_owned());
        let changed = self.backend.patch_volume(volume.uuid, patch)?;
        if let Some(attributes) = side_data.attributes.volume(volume.uuid) {
            let mut attributes = (*attributes).clone();
            for field in VOLUME.inside("qos.policy") {
                attributes.unset(field.path);
            }
            attributes.unset(ATTRIBUTE);
            side_data.attributes.set_volume(&*self.backend, volume.uuid, attributes);
        }
        side_data.quota_rules.remove_volume(volume.uuid);
        side_data.recovery_queue.add(DeletedVolume {
            uuid: volume.uuid,
            name,
            size_bytes: changed.size_bytes.unwrap_or_default(),
            deleted_at: now,
            retention_hours: hours,
        });
        Ok(true)
    }

    fn has_lock(&self, volume: &Volume, now: Timestamp) -> Result<bool, ApiError> {
        let Ok(snapshots) = self.backend.snapshot_backend() else { return Ok(false) };
        let snapshots = snapshots.list_snapshots(volume.uuid)?;
        Ok(snapshots.iter().any(|snapshot| snapshot.expires_at > Some(now)))
    }

    /// Deletes a volume of the recovery queue. The caller holds the write lock.
    pub(crate) fn purge(
        &self,
        side_data: &SideData,
        deleted: &DeletedVolume,
    ) -> Result<(), ApiError> {
        match self.backend.delete_volume(deleted.uuid) {
            // Without the endpoint it was deleted before.
            Ok(()) | Err(BackendError::VolumeNotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        side_data.remove_volume(deleted.uuid);
        side_data.recovery_queue.remove(deleted.uuid);
        Ok(())
    }

    /// Deletes these volumes of the recovery queue, clones before their parents. The error is that of a
    /// volume that cannot be deleted; the others are deleted.
    pub(crate) fn purge_all(
        &self,
        side_data: &SideData,
        mut volumes: Vec<DeletedVolume>,
    ) -> Result<(), ApiError> {
        loop {
            let count = volumes.len();
            let mut last = None;
            volumes.retain(|deleted| match self.purge(side_data, deleted) {
                Ok(()) => false,
                Err(error) => {
                    last = Some(error);
                    true
                }
            });
            match last {
                None => return Ok(()),
                Some(error) if volumes.len() == count => return Err(error),
                Some(_) => {}
            }
        }
    }
}

impl Cluster {
    /// Deletes the volumes of the recovery queues that have expired.
    pub(crate) fn purge_expired(&self, svms: &[std::sync::Arc<SvmState>]) {
        if self.recovery_queue_hours.is_none() {
            return;
        }
        let now = self.now();
        for svm in svms {
            if svm.side_data().recovery_queue.expired(now).is_empty() {
                continue;
            }
            // An SVM that was deleted meanwhile has no queue.
            let Ok(_lock) = svm.write_lock() else { continue };
            let side_data = svm.side_data();
            // A volume that cannot be deleted now is tried again by the next request.
            let _ = svm.purge_all(&side_data, side_data.recovery_queue.expired(now));
        }
    }
}
