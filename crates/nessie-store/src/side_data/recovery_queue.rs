//! Deleted volumes that can be recovered until they expire.

use std::sync::Mutex;
use std::time::Duration;

use nessie_backend_core::{Timestamp, VolumeId};
use serde::{Deserialize, Serialize};

use super::lock;

/// The deleted volumes of an SVM, in order of their deletion.
#[derive(Debug, Default)]
pub(crate) struct RecoveryQueue {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    volumes: Vec<DeletedVolume>,
    /// The number in the name of the last deleted volume.
    last: u64,
}

/// A deleted volume. On the backend it is an ordinary one, which is offline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeletedVolume {
    pub(crate) uuid: VolumeId,
    /// Its name, which ends with a number.
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    pub(crate) deleted_at: Timestamp,
    pub(crate) retention_hours: u64,
}

/// The first number in the name of a deleted volume, less one. Arrays number volumes from there.
const FIRST: u64 = 1024;

impl RecoveryQueue {
    pub(crate) fn list(&self) -> Vec<DeletedVolume> {
        lock(&self.table).volumes.clone()
    }

    pub(crate) fn has(&self, volume: VolumeId) -> bool {
        lock(&self.table).volumes.iter().any(|deleted| deleted.uuid == volume)
    }

    /// A number for the name of a deleted volume.
    pub(crate) fn next_number(&self) -> u64 {
        let mut table = lock(&self.table);
        table.last = table.last.max(FIRST) + 1;
        table.last
    }

    pub(crate) fn add(&self, deleted: DeletedVolume) {
        lock(&self.table).volumes.push(deleted);
    }

    pub(crate) fn remove(&self, volume: VolumeId) {
        lock(&self.table).volumes.retain(|deleted| deleted.uuid != volume);
    }

    pub(crate) fn set_retention(&self, volume: VolumeId, hours: u64) {
        let mut table = lock(&self.table);
        for deleted in table.volumes.iter_mut().filter(|deleted| deleted.uuid == volume) {
            deleted.retention_hours = hours;
        }
    }

    /// Replaces all volumes.
    #[cfg(feature = "simulator")]
    pub(super) fn restore(&self, volumes: Vec<DeletedVolume>) {
        *lock(&self.table) = Table { volumes, last: 0 };
    }

    /// The volumes that have expired.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<DeletedVolume> {
        let table = lock(&self.table);
        table.volumes.iter().filter(|deleted| deleted.is_expired(now)).cloned().collect()
    }
}

impl DeletedVolume {
    fn is_expired(&self, now: Timestamp) -> bool {
        let retention = Duration::from_secs(self.retention_hours.saturating_mul(3600));
        self.deleted_at.checked_add(retention).is_some_and(|end| end <= now)
    }
}
