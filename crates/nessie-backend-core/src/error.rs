//! The one error type of all backends.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{SnapshotId, Timestamp, VolumeId, VolumeState};

/// The result of a backend operation.
pub type Result<T, E = BackendError> = std::result::Result<T, E>;

/// Why a backend refused an operation. A refused operation has changed nothing.
///
/// [`code`](Self::code) is stable over languages and versions; programs compare it. The message
/// names the value and the rule, and can change.
///
/// # Substrate
///
/// The *substrate* is the storage system behind a backend: an array, a file system, a service. Its
/// failures are [`Substrate`](Self::Substrate) and [`Timeout`](Self::Timeout). A backend without a
/// storage system behind it, such as `MemBackend`, hardly ever returns them.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No volume has this identifier.
    #[error("volume {volume} does not exist")]
    VolumeNotFound {
        /// The requested identifier.
        volume: VolumeId,
    },

    /// The volume exists, but none of its snapshots has this identifier.
    #[error("snapshot {snapshot} does not exist on volume {volume}")]
    SnapshotNotFound {
        /// The volume that was searched.
        volume: VolumeId,
        /// The requested identifier.
        snapshot: SnapshotId,
    },

    /// The volume exists, but none of its snapshots has this name.
    #[error("volume {volume} has no snapshot named {}", Shown(name))]
    SnapshotNameNotFound {
        /// The volume that was searched.
        volume: VolumeId,
        /// The requested name.
        name: String,
    },

    /// Another volume has this name.
    #[error("a volume named {} already exists", Shown(name))]
    VolumeExists {
        /// The name that is taken.
        name: String,
    },

    /// Another snapshot of the same volume has this name.
    #[error("volume {volume} already has a snapshot named {}", Shown(name))]
    SnapshotExists {
        /// The volume that holds the snapshot of that name.
        volume: VolumeId,
        /// The name that is taken.
        name: String,
    },

    /// Another volume is mounted at this path; ASCII case is ignored.
    #[error("junction path {} is in use by another volume", Shown(path))]
    JunctionPathExists {
        /// The requested path.
        path: String,
    },

    /// Clones depend on the volume's snapshots.
    #[error("volume {volume} is busy; {dependents}")]
    VolumeBusy {
        /// The volume that cannot be deleted.
        volume: VolumeId,
        /// The clones.
        dependents: Dependents,
    },

    /// Clones depend on the snapshot.
    #[error("snapshot {snapshot} is busy; {dependents}")]
    SnapshotBusy {
        /// The snapshot that cannot be deleted.
        snapshot: SnapshotId,
        /// The clones.
        dependents: Dependents,
    },

    /// The snapshot cannot be deleted before a time.
    #[error("snapshot {snapshot} {}", lock(*expires_at))]
    SnapshotLocked {
        /// The snapshot that cannot be deleted.
        snapshot: SnapshotId,
        /// When the lock ends.
        expires_at: Timestamp,
    },

    /// No snapshot policy has this name.
    #[error("no snapshot policy is named {}", Shown(name))]
    SnapshotPolicyNotFound {
        /// The requested name.
        name: String,
    },

    /// Another snapshot policy has this name.
    #[error("a snapshot policy named {} already exists", Shown(name))]
    SnapshotPolicyExists {
        /// The name that is taken.
        name: String,
    },

    /// Volumes use the snapshot policy.
    #[error("snapshot policy {} is in use; {}", Shown(name), users(dependents))]
    SnapshotPolicyBusy {
        /// The policy that cannot be deleted.
        // With a `String`, this variant would be the largest and would hold the discriminant of all
        // errors. Each test of a result would then take longer.
        name: Box<str>,
        /// The volumes.
        dependents: Dependents,
    },

    /// The operation needs an online volume.
    #[error("volume {volume} is {state}; the operation needs it online")]
    VolumeOffline {
        /// The volume that is not online.
        volume: VolumeId,
        /// The state it is in.
        state: VolumeState,
    },

    /// The call needs more space than is left in the volume's quota or in the pool.
    #[error("{}: {needed_bytes} bytes are needed, {available_bytes} are available", of_space(*volume))]
    NoSpace {
        /// The volume whose quota is too small; `None` if the pool is.
        volume: Option<VolumeId>,
        /// By how much the call would raise the used bytes of the volume or the pool.
        needed_bytes: u64,
        /// How many bytes were left there.
        available_bytes: u64,
    },

    /// The call would create more than a limit of the backend allows.
    #[error("the call exceeds limit {limit}, which is {max}{}", remedy(limit, *max))]
    LimitExceeded {
        /// The name of the limit, such as `snapshots_per_volume`.
        limit: Cow<'static, str>,
        /// How many the limit allows.
        max: u64,
    },

    /// A value breaks the rule for its argument.
    #[error("{argument} {reason}")]
    InvalidArgument {
        /// The argument's name.
        argument: Cow<'static, str>,
        /// The value and the rule it breaks.
        reason: String,
    },

    /// The backend does not support this tier or operation.
    #[error("{feature} is not supported by this backend")]
    FeatureNotSupported {
        /// The tier (`snapshots`, `clones`, …) or the operation (`rename_snapshot`, …).
        feature: Cow<'static, str>,
    },

    /// The substrate did not answer in time. It may still complete the operation.
    #[error("{operation} timed out")]
    Timeout {
        /// The operation, by the name of its method.
        operation: Cow<'static, str>,
        /// The substrate's error, if there is one.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },

    /// The substrate failed.
    #[error("{operation} failed: {source}")]
    Substrate {
        /// The operation, by the name of its method.
        operation: Cow<'static, str>,
        /// The substrate's error.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl BackendError {
    /// [`InvalidArgument`](Self::InvalidArgument) from the argument's name, the offending value
    /// and the rule it breaks, as in `name "a/b" has the character '/'`.
    ///
    /// The message shows at most the first 64 characters of `value`.
    #[must_use]
    pub fn invalid(
        argument: impl Into<Cow<'static, str>>,
        value: &str,
        rule: impl fmt::Display,
    ) -> Self {
        Self::InvalidArgument {
            argument: argument.into(),
            reason: format!("{} {rule}", Shown(value)),
        }
    }

    /// [`FeatureNotSupported`](Self::FeatureNotSupported) for a tier or an operation.
    #[must_use]
    pub fn not_supported(feature: impl Into<Cow<'static, str>>) -> Self {
        Self::FeatureNotSupported { feature: feature.into() }
    }

    /// [`Substrate`](Self::Substrate) for an operation, with the substrate's error.
    #[must_use]
    pub fn substrate(
        operation: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Substrate { operation: operation.into(), source: source.into() }
    }

    /// The code of the error: a word that is the same in every language and version.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VolumeNotFound { .. } => "volume_not_found",
            Self::SnapshotNotFound { .. } | Self::SnapshotNameNotFound { .. } => {
                "snapshot_not_found"
            }
            Self::VolumeExists { .. } => "volume_exists",
            Self::SnapshotExists { .. } => "snapshot_exists",
            Self::JunctionPathExists { .. } => "junction_path_exists",
            Self::VolumeBusy { .. } => "volume_busy",
            Self::SnapshotBusy { .. } => "snapshot_busy",
            Self::SnapshotLocked { .. } => "snapshot_locked",
            Self::SnapshotPolicyNotFound { .. } => "snapshot_policy_not_found",
            Self::SnapshotPolicyExists { .. } => "snapshot_policy_exists",
            Self::SnapshotPolicyBusy { .. } => "snapshot_policy_busy",
            Self::VolumeOffline { .. } => "volume_offline",
            Self::NoSpace { .. } => "no_space",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::InvalidArgument { .. } => "invalid_argument",
            Self::FeatureNotSupported { .. } => "feature_not_supported",
            Self::Timeout { .. } => "timeout",
            Self::Substrate { .. } => "substrate",
        }
    }

    /// The argument or object that the error is about:
    ///
    /// | error | target |
    /// |---|---|
    /// | an object is missing, busy, locked or offline | its identifier, or the requested name |
    /// | a name or path is taken | the name or path |
    /// | space is lacking | the identifier of the volume whose quota is too small, or `pool` |
    /// | a limit is exceeded | the name of the limit |
    /// | an argument is invalid | the name of the argument |
    /// | a feature is not supported | the tier or operation |
    /// | the substrate failed | `None` |
    #[must_use]
    pub fn target(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::VolumeNotFound { volume }
            | Self::VolumeBusy { volume, .. }
            | Self::VolumeOffline { volume, .. } => Some(volume.to_string().into()),
            Self::SnapshotNotFound { snapshot, .. }
            | Self::SnapshotBusy { snapshot, .. }
            | Self::SnapshotLocked { snapshot, .. } => Some(snapshot.to_string().into()),
            Self::SnapshotNameNotFound { name, .. }
            | Self::VolumeExists { name }
            | Self::SnapshotExists { name, .. }
            | Self::SnapshotPolicyNotFound { name }
            | Self::SnapshotPolicyExists { name } => Some(name.into()),
            Self::SnapshotPolicyBusy { name, .. } => Some(name.as_ref().into()),
            Self::JunctionPathExists { path } => Some(path.into()),
            Self::NoSpace { volume, .. } => {
                Some(volume.map_or("pool".into(), |volume| volume.to_string().into()))
            }
            Self::LimitExceeded { limit, .. } => Some(limit.as_ref().into()),
            Self::InvalidArgument { argument, .. } => Some(argument.as_ref().into()),
            Self::FeatureNotSupported { feature } => Some(feature.as_ref().into()),
            Self::Timeout { .. } | Self::Substrate { .. } => None,
        }
    }

    /// The clones that keep the object busy, or the volumes that use the policy; `None` for other
    /// errors.
    #[must_use]
    pub const fn dependents(&self) -> Option<&Dependents> {
        match self {
            Self::VolumeBusy { dependents, .. }
            | Self::SnapshotBusy { dependents, .. }
            | Self::SnapshotPolicyBusy { dependents, .. } => Some(dependents),
            _ => None,
        }
    }

    /// The same error with another argument name, if it is an
    /// [`InvalidArgument`](Self::InvalidArgument): for a caller whose parameter has another name.
    #[must_use]
    pub fn for_argument(self, argument: impl Into<Cow<'static, str>>) -> Self {
        match self {
            Self::InvalidArgument { reason, .. } => {
                Self::InvalidArgument { argument: argument.into(), reason }
            }
            other => other,
        }
    }
}

/// The clones that keep a volume or snapshot busy, or the volumes that use a snapshot policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dependents {
    /// Names of the first [`MAX_NAMES`](Self::MAX_NAMES) of them, in order of their creation.
    pub names: Vec<String>,
    /// The number of all of them.
    pub count: u64,
}

impl Dependents {
    /// The maximum number of names in an error.
    pub const MAX_NAMES: usize = 16;

    /// The first names and the number of all.
    #[must_use]
    pub const fn new(names: Vec<String>, count: u64) -> Self {
        Self { names, count }
    }
}

/// Prints the number of clones and the first names. Unknown parts are left out.
impl fmt::Display for Dependents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => return f.write_str("other objects depend on it"),
            1 => f.write_str("1 clone depends on it")?,
            count => write!(f, "{count} clones depend on it")?,
        }
        f.write_str(&self.shown_names())
    }
}

impl Dependents {
    /// The first names after a colon, if they are known.
    fn shown_names(&self) -> String {
        if self.names.is_empty() {
            return String::new();
        }
        let more = if self.count > self.names.len() as u64 { ", …" } else { "" };
        format!(": {}{more}", self.names.join(", "))
    }
}

/// The volumes that use a policy, for a message.
fn users(volumes: &Dependents) -> String {
    let names = volumes.shown_names();
    match volumes.count {
        0 => "volumes use it".to_owned(),
        1 => format!("1 volume uses it{names}"),
        count => format!("{count} volumes use it{names}"),
    }
}

/// When a lock ends, for a message.
fn lock(expires_at: Timestamp) -> String {
    if expires_at.is_never() {
        return "is locked; the lock never ends".to_owned();
    }
    format!("is locked until {expires_at}")
}

/// Where space is lacking, for a message.
fn of_space(volume: Option<VolumeId>) -> String {
    volume.map_or_else(
        || "the pool has too little space left".to_owned(),
        |volume| format!("the quota of volume {volume} is too small"),
    )
}

/// What makes room under a limit, for a message. Under a limit of 0 nothing does.
fn remedy(limit: &str, max: u64) -> &'static str {
    match limit {
        _ if max == 0 => "",
        "volumes" => "; delete a volume first",
        "snapshots" => "; delete a snapshot first",
        "snapshots_per_volume" => "; delete a snapshot of the volume first",
        "clones_per_snapshot" => "; delete or split a clone of the snapshot first",
        "clone_depth" => "; split the parent volume or one above it first",
        _ => "",
    }
}

/// Quotes a value for a message and cuts it where it is long.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl Shown<'_> {
    const MAX_CHARS: usize = 64;
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Self::MAX_CHARS) {
            Some((end, _)) => {
                let head = self.0.get(..end).unwrap_or_default();
                write!(f, "{head:?}… ({} characters)", self.0.chars().count())
            }
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_value_and_the_rule() {
        let error = BackendError::invalid("name", "a/b", "has the character '/'");
        assert_eq!(error.to_string(), "name \"a/b\" has the character '/'");
        assert_eq!(error.target().as_deref(), Some("name"));
    }

    #[test]
    fn a_long_value_is_cut_in_the_message() {
        let error = BackendError::invalid("name", &"é".repeat(1_000_000), "is too long");
        let text = error.to_string();
        assert!(text.len() < 256 && text.contains("1000000 characters"), "{text}");
    }

    #[test]
    fn a_busy_message_lists_the_first_names_and_the_count() {
        let names: Vec<String> = (0..16).map(|i| format!("c{i}")).collect();
        let busy = BackendError::VolumeBusy {
            volume: VolumeId::new(uuid::Uuid::nil()),
            dependents: Dependents { names, count: 40 },
        };
        let text = busy.to_string();
        assert!(text.contains("40 clones depend on it: c0, c1, "), "{text}");
        assert!(text.ends_with(", c15, …"), "{text}");
    }

    #[test]
    fn a_busy_message_leaves_unknown_parts_out() {
        let shown = |names: &[&str], count| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Dependents { names, count }.to_string()
        };
        assert_eq!(shown(&[], 0), "other objects depend on it");
        assert_eq!(shown(&[], 1), "1 clone depends on it");
        assert_eq!(shown(&[], 3), "3 clones depend on it");
        assert_eq!(shown(&["c"], 1), "1 clone depends on it: c");
        assert_eq!(shown(&["c"], 3), "3 clones depend on it: c, …");
    }

    #[test]
    fn an_exceeded_limit_is_named_with_its_number_and_what_makes_room() {
        let error =
            |limit: &'static str, max| BackendError::LimitExceeded { limit: limit.into(), max };
        let some = error("snapshots_per_volume", 1023);
        assert_eq!(some.code(), "limit_exceeded");
        assert_eq!(some.target().as_deref(), Some("snapshots_per_volume"));
        assert_eq!(
            some.to_string(),
            "the call exceeds limit snapshots_per_volume, which is 1023; \
             delete a snapshot of the volume first"
        );
        let none = error("clone_depth", 0);
        assert_eq!(none.to_string(), "the call exceeds limit clone_depth, which is 0");
    }

    #[test]
    fn a_message_of_a_policy_in_use_lists_the_volumes() {
        let busy = |names: &[&str], count| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let dependents = Dependents { names, count };
            BackendError::SnapshotPolicyBusy { name: "p".into(), dependents }.to_string()
        };
        assert_eq!(busy(&[], 0), "snapshot policy \"p\" is in use; volumes use it");
        assert_eq!(busy(&["a"], 1), "snapshot policy \"p\" is in use; 1 volume uses it: a");
        assert!(busy(&["a", "b"], 3).ends_with("3 volumes use it: a, b, …"));
    }

    #[test]
    fn a_message_of_a_lock_says_when_it_ends() {
        let locked = |time: &str| {
            let expires_at = time.parse().unwrap();
            BackendError::SnapshotLocked { snapshot: uuid::Uuid::nil().into(), expires_at }
        };
        let error = locked("2000-01-01T00:00:00Z");
        assert!(error.to_string().ends_with(" is locked until 2000-01-01T00:00:00Z"), "{error}");
        assert_eq!(error.target().as_deref(), Some("00000000-0000-0000-0000-000000000000"));
        let error = locked("9999-12-31T23:59:59Z");
        assert!(error.to_string().ends_with("the lock never ends"), "{error}");
    }

    #[test]
    fn an_error_of_the_substrate_keeps_its_source() {
        let error = BackendError::substrate("delete_volume", std::io::Error::other("disk on fire"));
        assert_eq!(error.code(), "substrate");
        assert_eq!(error.source().unwrap().to_string(), "disk on fire");
    }

    #[test]
    fn an_error_can_cross_threads() {
        const fn assert_send_sync<T: Send + Sync + 'static>() {}
        assert_send_sync::<BackendError>();
    }
}
