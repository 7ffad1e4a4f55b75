//! The capabilities of a backend.

use serde::{Deserialize, Serialize};

/// The tiers of a backend. Clones and replication each imply snapshots.
///
/// If a tier is set, [`VolumeBackend::snapshot_backend`](crate::VolumeBackend::snapshot_backend) or
/// [`VolumeBackend::clone_backend`](crate::VolumeBackend::clone_backend) returns it and its
/// operations work. Otherwise the method fails with
/// [`FeatureNotSupported`](crate::BackendError::FeatureNotSupported).
///
/// Start from one of the constants and set the fields that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// Point-in-time snapshots of a volume.
    pub snapshots: bool,
    /// Writable clones of a snapshot.
    pub clones: bool,
    /// Replication between backends.
    pub replication: bool,
}

impl Capabilities {
    /// Volumes only.
    pub const VOLUMES: Self = Self { snapshots: false, clones: false, replication: false };
    /// Volumes and snapshots.
    pub const SNAPSHOTS: Self = Self { snapshots: true, clones: false, replication: false };
    /// Volumes, snapshots and clones.
    pub const CLONES: Self = Self { snapshots: true, clones: true, replication: false };

    /// Whether snapshots are set if clones or replication are.
    #[must_use]
    pub const fn is_consistent(self) -> bool {
        self.snapshots || !(self.clones || self.replication)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_and_replication_imply_snapshots() {
        let set = |snapshots, clones, replication| Capabilities { snapshots, clones, replication };
        assert!(set(false, false, false).is_consistent());
        assert!(set(true, true, true).is_consistent());
        assert!(!set(false, true, false).is_consistent());
        assert!(!set(false, false, true).is_consistent());
    }
}
