//! The account of the space of a backend, of a volume and of a snapshot.

use serde::{Deserialize, Serialize};

use crate::SnapshotId;

/// How much space a backend has, and what its volumes and snapshots use of it.
///
/// Volumes are thin: their quotas may add up to more than the capacity. A byte that several volumes
/// and snapshots share is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Space {
    /// Size of the pool that all volumes share, in bytes; `None` if it is unlimited.
    pub capacity_bytes: Option<u64>,
    /// All allocated bytes: those of live data and those of snapshots.
    pub used_bytes: u64,
    /// Bytes that are left in the pool; `None` if it is unlimited.
    pub available_bytes: Option<u64>,
    /// Bytes in the live data of the volume to which they were written.
    pub live_bytes: u64,
    /// The other allocated bytes: only snapshots hold them, for themselves or for clones.
    pub snapshot_bytes: u64,
}

impl Space {
    /// The account of a pool: its capacity, and the bytes that live data and only snapshots hold.
    #[must_use]
    pub const fn new(capacity_bytes: Option<u64>, live_bytes: u64, snapshot_bytes: u64) -> Self {
        let used_bytes = live_bytes.saturating_add(snapshot_bytes);
        let available_bytes = match capacity_bytes {
            Some(capacity) => Some(capacity.saturating_sub(used_bytes)),
            None => None,
        };
        Self { capacity_bytes, used_bytes, available_bytes, live_bytes, snapshot_bytes }
    }
}

/// What one volume uses, its snapshots included.
///
/// The [footprints](Self::footprint_bytes) of all volumes add up to [`Space::used_bytes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumeSpace {
    /// Bytes of the volume's live data.
    pub used_bytes: u64,
    /// Those of them that a clone has from its parent's snapshot. They belong to the footprint of
    /// the volume to which they were written.
    pub inherited_bytes: u64,
    /// Bytes that were written to the volume and that only snapshots hold now.
    pub snapshot_bytes: u64,
    /// Bytes of the parent's snapshot that a clone or its snapshots still have: a split copies them.
    /// 0 for a plain volume.
    pub split_bytes: u64,
    /// The size up to which a write makes the volume grow; `None` if the volume does not grow.
    pub autosize_bytes: Option<u64>,
}

impl VolumeSpace {
    /// A volume with so many bytes of live data, all its own, and no other ones.
    #[must_use]
    pub const fn new(used_bytes: u64) -> Self {
        Self {
            used_bytes,
            inherited_bytes: 0,
            snapshot_bytes: 0,
            split_bytes: 0,
            autosize_bytes: None,
        }
    }

    /// The allocated bytes that were written to this volume.
    #[must_use]
    pub const fn footprint_bytes(&self) -> u64 {
        let own_bytes = self.used_bytes.saturating_sub(self.inherited_bytes);
        own_bytes.saturating_add(self.snapshot_bytes)
    }
}

/// The data of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotSpace {
    /// The snapshot.
    pub uuid: SnapshotId,
    /// Bytes of the volume's live data when the snapshot was taken.
    pub used_bytes: u64,
    /// Bytes of the volume's present live data that the snapshot does not have.
    pub changed_bytes: u64,
}

impl SnapshotSpace {
    /// A snapshot with so many bytes of data, of a volume that has not changed since.
    #[must_use]
    pub const fn new(uuid: SnapshotId, used_bytes: u64) -> Self {
        Self { uuid, used_bytes, changed_bytes: 0 }
    }
}
