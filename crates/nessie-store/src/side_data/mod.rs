//! Data about the objects of a backend that ONTAP has and the backend does not store.
//!
//! [`attributes`] has the fields of volumes and snapshots, [`creation_order`] the positions that
//! paging needs, [`qtrees`] and [`quota_rules`] the objects of volumes.

mod attributes;
mod creation_order;
mod qtrees;
mod quota_rules;
mod volume_map;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::{Uuid, VolumeId};

use self::attributes::AttributeTables;
use self::creation_order::CreationOrder;
pub(crate) use self::qtrees::Qtree;
use self::qtrees::Qtrees;
use self::quota_rules::QuotaRules;
pub(crate) use self::quota_rules::{QuotaRule, QuotaRuleTarget};
use crate::clock::ClusterClock;
use crate::jobs::Jobs;

/// The side data of one SVM, under the UUIDs of one epoch of its backend. In the next epoch the
/// same UUIDs may belong to other objects.
#[derive(Debug, Default)]
pub(crate) struct SideData {
    epoch: u64,
    pub(crate) attributes: AttributeTables,
    pub(crate) volumes: Mutex<CreationOrder>,
    pub(crate) snapshots: Mutex<CreationOrder>,
    pub(crate) qtrees: Qtrees,
    pub(crate) quota_rules: QuotaRules,
    /// The job of each clone split that may be under way.
    splits: Mutex<HashMap<VolumeId, Uuid>>,
}

impl SideData {
    pub(crate) fn new(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Removes everything about a deleted volume.
    pub(crate) fn remove_volume(&self, volume: VolumeId) {
        self.attributes.remove_volume(volume);
        self.qtrees.remove_volume(volume);
        self.quota_rules.remove_volume(volume);
    }

    pub(crate) fn begin_split(&self, volume: VolumeId, job: Uuid) {
        lock(&self.splits).insert(volume, job);
    }

    /// The progress of a clone split in percent; `None` if no split is under way.
    pub(crate) fn split_progress(
        &self,
        volume: VolumeId,
        jobs: &Jobs,
        clock: &ClusterClock,
    ) -> Option<u64> {
        let job = *lock(&self.splits).get(&volume)?;
        // No lock is held while the clock, which may be the caller's, is called.
        if jobs.is_running(job, clock.now()) == Some(true) {
            return Some(0);
        }
        let mut splits = lock(&self.splits);
        if splits.get(&volume) == Some(&job) {
            splits.remove(&volume);
        }
        None
    }
}

/// Locks a mutex. A panic of another thread does not make its data unusable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
