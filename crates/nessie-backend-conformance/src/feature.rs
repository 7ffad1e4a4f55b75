//! The optional features of a backend: tiers and operations.

use std::fmt;

/// The part of the trait stack that a case needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Volumes, which every backend has.
    Volumes,
    /// Volumes and snapshots.
    Snapshots,
    /// Volumes, snapshots and clones.
    Clones,
}

impl Tier {
    /// The tier as a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Volumes => "volumes",
            Self::Snapshots => "snapshots",
            Self::Clones => "clones",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An operation that a backend may answer with
/// [`FeatureNotSupported`](nessie_backend_core::BackendError::FeatureNotSupported).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// A patch of a volume's name.
    PatchName,
    /// A patch of a volume's state.
    PatchState,
    /// A patch of a volume's state to `restricted`.
    PatchRestricted,
    /// `rename_snapshot`.
    RenameSnapshot,
    /// `restore_snapshot`.
    RestoreSnapshot,
    /// `split_clone`.
    SplitClone,
}

impl Feature {
    /// Every feature.
    pub const ALL: &[Self] = &[
        Self::PatchName,
        Self::PatchState,
        Self::PatchRestricted,
        Self::RenameSnapshot,
        Self::RestoreSnapshot,
        Self::SplitClone,
    ];

    /// The name of the feature in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PatchName => "patch_volume of name",
            Self::PatchState => "patch_volume of state",
            Self::PatchRestricted => "patch_volume to restricted",
            Self::RenameSnapshot => "rename_snapshot",
            Self::RestoreSnapshot => "restore_snapshot",
            Self::SplitClone => "split_clone",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
