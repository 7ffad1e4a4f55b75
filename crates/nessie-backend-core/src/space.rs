//! The account of a backend's space.

use serde::{Deserialize, Serialize};

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
