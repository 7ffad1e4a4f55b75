//! Data about the objects of a backend that ONTAP has and the backend does not store.
//!
//! [`attributes`] has the fields of volumes and snapshots, [`creation_order`] the positions that
//! paging needs, [`operations`] what is under way with volumes, [`qtrees`] and [`quota_rules`] the
//! objects of volumes, [`recovery_queue`] the deleted volumes.

mod attributes;
mod creation_order;
mod operations;
mod qtrees;
mod quota_rules;
mod recovery_queue;
#[cfg(feature = "simulator")]
mod stored;
mod volume_map;

use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::VolumeId;

use self::attributes::AttributeTables;
use self::creation_order::CreationOrder;
pub(crate) use self::operations::Move;
use self::operations::Operations;
use self::qtrees::Qtrees;
pub(crate) use self::qtrees::{MAX_QTREE_ID, Qtree};
use self::quota_rules::QuotaRules;
pub(crate) use self::quota_rules::{QuotaRule, QuotaRuleTarget};
pub(crate) use self::recovery_queue::DeletedVolume;
use self::recovery_queue::RecoveryQueue;
#[cfg(feature = "simulator")]
pub(crate) use self::stored::StoredSideData;

/// The side data of one SVM, under the UUIDs of one epoch of its backend. In the next epoch the
/// same UUIDs may belong to other objects.
#[derive(Debug, Default)]
pub(crate) struct SideData {
    epoch: u64,
    pub(crate) attributes: AttributeTables,
    pub(crate) volumes: Mutex<CreationOrder>,
    pub(crate) snapshots: Mutex<CreationOrder>,
    pub(crate) operations: Operations,
    pub(crate) qtrees: Qtrees,
    pub(crate) quota_rules: QuotaRules,
    pub(crate) recovery_queue: RecoveryQueue,
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
        self.operations.remove_volume(volume);
        self.qtrees.remove_volume(volume);
        self.quota_rules.remove_volume(volume);
    }
}

/// Locks a mutex. A panic of another thread does not make its data unusable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
