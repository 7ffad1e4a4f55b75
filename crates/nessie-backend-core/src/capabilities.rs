//! What a backend can do.

use serde::{Deserialize, Serialize};

/// The tiers a backend offers. Clones and replication each imply snapshots.
///
/// Capabilities are honest: an advertised tier is reachable through
/// [`VolumeBackend::snapshot_backend`](crate::VolumeBackend::snapshot_backend) or
/// [`VolumeBackend::clone_backend`](crate::VolumeBackend::clone_backend) and works; one that is not
/// advertised answers [`FeatureNotSupported`](crate::BackendError::FeatureNotSupported).
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
    /// Volumes and nothing else.
    pub const VOLUMES: Self = Self { snapshots: false, clones: false, replication: false };
    /// Volumes and snapshots.
    pub const SNAPSHOTS: Self = Self { snapshots: true, clones: false, replication: false };
    /// Volumes, snapshots and clones.
    pub const CLONES: Self = Self { snapshots: true, clones: true, replication: false };

    /// Whether the set keeps the rule that clones and replication each imply snapshots.
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
