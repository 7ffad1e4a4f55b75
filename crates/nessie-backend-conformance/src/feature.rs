//! The optional features of a backend: tiers and operations.

use std::fmt;
use std::str::FromStr;

use nessie_backend_core::BackendError;

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

/// An optional part of a backend: a tier, or an operation that a backend may answer with
/// [`FeatureNotSupported`](BackendError::FeatureNotSupported).
///
/// [`Config::expect`](crate::Config::expect) lists the features that a backend must have. A feature
/// is parsed from its [`word`](Self::word) or from its name in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The tier of snapshots.
    Snapshots,
    /// The tier of clones.
    Clones,
    /// A patch of a volume's name.
    PatchName,
    /// A patch of a volume's state.
    PatchState,
    /// A patch of a volume's state to `restricted`.
    PatchRestricted,
    /// `space`.
    Space,
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
        Self::Snapshots,
        Self::Clones,
        Self::PatchName,
        Self::PatchState,
        Self::PatchRestricted,
        Self::Space,
        Self::RenameSnapshot,
        Self::RestoreSnapshot,
        Self::SplitClone,
    ];

    /// The name of the feature in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshots => Tier::Snapshots.as_str(),
            Self::Clones => Tier::Clones.as_str(),
            Self::PatchName => "patch_volume of name",
            Self::PatchState => "patch_volume of state",
            Self::PatchRestricted => "patch_volume to restricted",
            Self::Space => "space",
            Self::RenameSnapshot => "rename_snapshot",
            Self::RestoreSnapshot => "restore_snapshot",
            Self::SplitClone => "split_clone",
        }
    }

    /// The feature as one word, for options: `snapshots`, `clones`, `name`, `state`, `restricted`,
    /// `space`, `rename`, `restore` or `split`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Snapshots | Self::Clones | Self::Space => self.as_str(),
            Self::PatchName => "name",
            Self::PatchState => "state",
            Self::PatchRestricted => "restricted",
            Self::RenameSnapshot => "rename",
            Self::RestoreSnapshot => "restore",
            Self::SplitClone => "split",
        }
    }

    /// The tier to which the feature belongs.
    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::PatchName | Self::PatchState | Self::PatchRestricted | Self::Space => {
                Tier::Volumes
            }
            Self::Snapshots | Self::RenameSnapshot | Self::RestoreSnapshot => Tier::Snapshots,
            Self::Clones | Self::SplitClone => Tier::Clones,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Feature {
    type Err = BackendError;

    /// The feature of this word or name.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) with a list of the words.
    fn from_str(text: &str) -> Result<Self, BackendError> {
        let is_it = |feature: &&Self| feature.word() == text || feature.as_str() == text;
        Self::ALL.iter().find(is_it).copied().ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|feature| feature.word()).collect();
            let rule = format!("is not a feature; the features are {}", words.join(", "));
            BackendError::invalid("expect", text, rule)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_parsed_from_its_word_and_from_its_name() {
        for feature in Feature::ALL {
            assert_eq!(feature.word().parse::<Feature>().unwrap(), *feature);
            assert_eq!(feature.as_str().parse::<Feature>().unwrap(), *feature);
        }
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_list() {
        let error = "clone".parse::<Feature>().unwrap_err();
        assert_eq!(error.target().as_deref(), Some("expect"));
        assert_eq!(
            error.to_string(),
            "expect \"clone\" is not a feature; the features are snapshots, clones, name, state, \
             restricted, space, rename, restore, split"
        );
    }
}
