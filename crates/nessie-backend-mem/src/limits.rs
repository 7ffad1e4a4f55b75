//! Limits and profiles: what a backend refuses besides what the contract refuses.

use std::fmt;
use std::str::FromStr;

use nessie_backend_core::BackendError;
use serde::{Deserialize, Serialize};

use crate::backend::MemBackend;

/// How many objects a backend holds at most. `None` means no limit, and is the default of each.
///
/// With serde, limits have the names of their fields, and are absent if they are `None`.
///
/// ```
/// use nessie_backend_core::{BackendError, VolumeBackend, VolumeSpec};
/// use nessie_backend_mem::{Limits, MemBackend};
///
/// let backend = MemBackend::builder().limits(Limits::default().volumes(1)).build()?;
/// backend.create_volume(VolumeSpec::named("a"))?;
/// let refused = backend.create_volume(VolumeSpec::named("b")).unwrap_err();
/// assert!(matches!(refused, BackendError::LimitExceeded { max: 1, .. }));
/// # Ok::<(), BackendError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Volumes, including clones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<u64>,
    /// Snapshots, of all volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<u64>,
    /// Snapshots of one volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots_per_volume: Option<u64>,
    /// Clones of one snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clones_per_snapshot: Option<u64>,
    /// The depth of a clone: 1 for a clone of a volume that is not a clone, and 1 more than its
    /// parent for any other. After a split, the clone's own depth is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clone_depth: Option<u64>,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self {
        volumes: None,
        snapshots: None,
        snapshots_per_volume: None,
        clones_per_snapshot: None,
        clone_depth: None,
    };

    /// Limits the volumes, including clones.
    #[must_use]
    pub fn volumes(mut self, max: impl Into<Option<u64>>) -> Self {
        self.volumes = max.into();
        self
    }

    /// Limits the snapshots of all volumes.
    #[must_use]
    pub fn snapshots(mut self, max: impl Into<Option<u64>>) -> Self {
        self.snapshots = max.into();
        self
    }

    /// Limits the snapshots of one volume.
    #[must_use]
    pub fn snapshots_per_volume(mut self, max: impl Into<Option<u64>>) -> Self {
        self.snapshots_per_volume = max.into();
        self
    }

    /// Limits the clones of one snapshot.
    #[must_use]
    pub fn clones_per_snapshot(mut self, max: impl Into<Option<u64>>) -> Self {
        self.clones_per_snapshot = max.into();
        self
    }

    /// Limits the depth of a clone.
    #[must_use]
    pub fn clone_depth(mut self, max: impl Into<Option<u64>>) -> Self {
        self.clone_depth = max.into();
        self
    }

    /// The limits with their names, in the order of the fields.
    #[must_use]
    pub const fn entries(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("volumes", self.volumes),
            ("snapshots", self.snapshots),
            ("snapshots_per_volume", self.snapshots_per_volume),
            ("clones_per_snapshot", self.clones_per_snapshot),
            ("clone_depth", self.clone_depth),
        ]
    }

    /// The limit of this name; `None` if no limit has the name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Option<u64>> {
        match name {
            "volumes" => Some(&mut self.volumes),
            "snapshots" => Some(&mut self.snapshots),
            "snapshots_per_volume" => Some(&mut self.snapshots_per_volume),
            "clones_per_snapshot" => Some(&mut self.clones_per_snapshot),
            "clone_depth" => Some(&mut self.clone_depth),
            _ => None,
        }
    }
}

/// A storage system whose limits and rules for volumes a backend has.
///
/// ```
/// use nessie_backend_core::{VolumeBackend, VolumeSpec};
/// use nessie_backend_mem::{MemBackend, Profile};
///
/// let backend = MemBackend::builder().profile(Profile::Ontap).build()?;
/// assert!(backend.create_volume(VolumeSpec::named("build-cache")).is_err());
/// let volume = backend.create_volume(VolumeSpec::named("build_cache"))?;
/// assert_eq!(volume.size_bytes, Some(20 << 20));
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// ONTAP, with the rules of
    /// [`rules::ontap`](nessie_backend_core::rules::ontap): a volume's name consists of letters,
    /// digits and `_`, and does not begin with a digit; its size is at least 20 MiB, and 20 MiB if
    /// none is given. At most 1 023 snapshots a volume, and a clone depth of 499. The rule of
    /// snapshot names is that of the contract.
    Ontap,
}

impl Profile {
    /// The limits of the storage system.
    #[must_use]
    pub const fn limits(self) -> Limits {
        match self {
            Self::Ontap => {
                Limits { snapshots_per_volume: Some(1023), clone_depth: Some(499), ..Limits::NONE }
            }
        }
    }

    /// The name of the profile: `ontap`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ontap => "ontap",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        match name {
            "ontap" => Ok(Self::Ontap),
            _ => Err(BackendError::invalid("profile", name, "is unknown; a profile is \"ontap\"")),
        }
    }
}

/// # Limits and profiles
///
/// [Limits](Limits) and a [profile](Profile) are set when a backend is built, and stay as they are.
/// Forks and dumps have them, and [`reset`](Self::reset) keeps them.
///
/// A limit is looked at last: a call that also breaks another rule gets that error. If a call
/// exceeds several limits, the error is about the first of them in the order of the fields.
impl MemBackend {
    /// The limits, those of the profile included.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.read().state.restrictions.limits()
    }

    /// The profile, if there is one.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        self.read().state.restrictions.profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_leads_to_its_limit() {
        let mut limits = Limits::NONE;
        for (number, (name, _)) in (1..).zip(Limits::NONE.entries()) {
            let limit = limits.get_mut(name);
            assert_eq!(limit, Some(&mut None), "{name}");
            if let Some(limit) = limit {
                *limit = Some(number);
            }
        }
        let numbers = limits.entries().map(|(_, limit)| limit);
        assert_eq!(numbers, [1, 2, 3, 4, 5].map(Some));
        assert_eq!(limits.get_mut("volume"), None);
        let same = Limits::default()
            .volumes(1)
            .snapshots(2)
            .snapshots_per_volume(3)
            .clones_per_snapshot(4)
            .clone_depth(5);
        assert_eq!(limits, same);
    }

    #[test]
    fn a_profile_has_one_name() {
        assert_eq!("ontap".parse::<Profile>().ok(), Some(Profile::Ontap));
        assert_eq!(Profile::Ontap.to_string(), "ontap");
        let error = "ONTAP".parse::<Profile>().map_err(|error| error.to_string());
        assert_eq!(error, Err("profile \"ONTAP\" is unknown; a profile is \"ontap\"".to_owned()));
    }
}
