//! The volume record, and the requests to create and change one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{BackendError, SnapshotId, Timestamp, VolumeId};

/// A volume, as a backend reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Volume {
    /// Identifier, constant over renames.
    pub uuid: VolumeId,
    /// Name, unique in the backend; see [`rules::volume_name`](crate::rules::volume_name).
    pub name: String,
    /// Quota in bytes, at least 1; `None` for no quota.
    pub size_bytes: Option<u64>,
    /// Whether the volume serves clients.
    pub state: VolumeState,
    /// How the volume is laid out.
    pub style: VolumeStyle,
    /// The purpose of the volume.
    pub vol_type: VolumeType,
    /// When it was created. `None` if the backend does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// Bytes of the volume's live data. `None` if the backend does not account for space, or if
    /// nothing was written to the volume yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_bytes: Option<u64>,
    /// Where the volume is mounted in the namespace; `None` if it is not mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junction_path: Option<String>,
    /// Name of the export policy; `None` if none was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_policy: Option<String>,
    /// Name of the snapshot policy that the volume uses; `None` if it uses none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_policy: Option<String>,
    /// The parent of a clone; `None` for a plain volume. The key in text is `clone`.
    #[serde(rename = "clone", default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<CloneOrigin>,
}

impl Volume {
    /// An online read-write `FlexVol` without quota, mount, policies or recorded time; set the other
    /// fields as needed.
    #[must_use]
    pub fn new(uuid: VolumeId, name: impl Into<String>) -> Self {
        Self {
            uuid,
            name: name.into(),
            size_bytes: None,
            state: VolumeState::Online,
            style: VolumeStyle::FlexVol,
            vol_type: VolumeType::Rw,
            create_time: None,
            used_bytes: None,
            junction_path: None,
            export_policy: None,
            snapshot_policy: None,
            origin: None,
        }
    }
}

/// The volume and snapshot a clone was made from.
///
/// The names are the present names: they change when the parent is renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CloneOrigin {
    /// Present name of the direct parent.
    pub parent_volume: String,
    /// Present name of the snapshot the clone shares blocks with.
    pub parent_snapshot: String,
    /// Identifier of the direct parent.
    pub parent_volume_uuid: VolumeId,
    /// Identifier of the snapshot the clone shares blocks with.
    pub parent_snapshot_uuid: SnapshotId,
}

impl CloneOrigin {
    /// The origin with each parent's identifier and present name.
    #[must_use]
    pub fn new(
        parent_volume_uuid: VolumeId,
        parent_volume: impl Into<String>,
        parent_snapshot_uuid: SnapshotId,
        parent_snapshot: impl Into<String>,
    ) -> Self {
        Self {
            parent_volume: parent_volume.into(),
            parent_snapshot: parent_snapshot.into(),
            parent_volume_uuid,
            parent_snapshot_uuid,
        }
    }
}

/// Defines an enum whose variants have fixed words, the same in text and in serde.
macro_rules! words {
    (
        $(#[$doc:meta])* $name:ident, $argument:literal, $rule:literal,
        { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = BackendError;

            /// # Errors
            /// [`BackendError::InvalidArgument`] for any other word.
            fn from_str(text: &str) -> Result<Self, BackendError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(BackendError::invalid($argument, text, $rule)),
                }
            }
        }
    };
}

words!(
    /// Whether a volume serves clients.
    VolumeState, "state", "is not one of online, offline, restricted",
    {
        /// Serving clients; the state of a new volume.
        Online = "online",
        /// Serving nothing. Snapshots, clones, junction and name are kept.
        Offline = "offline",
        /// Serving internal operations only.
        Restricted = "restricted",
    }
);

words!(
    /// How a volume is laid out.
    #[non_exhaustive]
    VolumeStyle, "style", "is not flexvol",
    {
        /// One volume on one aggregate.
        FlexVol = "flexvol",
    }
);

words!(
    /// The purpose of a volume.
    #[non_exhaustive]
    VolumeType, "vol_type", "is not one of rw, dp",
    {
        /// Read-write: plain volumes and clones.
        Rw = "rw",
        /// Data protection: the destination of a replication.
        Dp = "dp",
    }
);

/// A request for a new volume.
///
/// ```
/// use nessie_backend_core::VolumeSpec;
///
/// let spec = VolumeSpec::named("build-cache").size_bytes(50 << 30);
/// assert_eq!(spec.size_bytes, Some(50 << 30));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumeSpec {
    /// Name of the new volume; see [`rules::volume_name`](crate::rules::volume_name).
    pub name: String,
    /// Quota in bytes, at least 1; `None` for no quota.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// Name of the snapshot policy that the volume uses; `None` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_policy: Option<String>,
}

impl VolumeSpec {
    /// A volume of this name without quota and snapshot policy.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), size_bytes: None, snapshot_policy: None }
    }

    /// Sets the quota in bytes; `None` for no quota.
    #[must_use]
    pub fn size_bytes(mut self, size_bytes: impl Into<Option<u64>>) -> Self {
        self.size_bytes = size_bytes.into();
        self
    }

    /// Sets the snapshot policy that the volume uses.
    #[must_use]
    pub fn snapshot_policy(mut self, policy: impl Into<String>) -> Self {
        self.snapshot_policy = Some(policy.into());
        self
    }
}

/// A change of a volume: fields that are `None` stay as they are.
///
/// ```
/// use nessie_backend_core::{VolumePatch, VolumeState};
///
/// let patch = VolumePatch::new().size_bytes(1 << 40).state(VolumeState::Online);
/// assert_eq!(patch.name, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct VolumePatch {
    /// New quota in bytes, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// New mount point; the empty string unmounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub junction_path: Option<String>,
    /// New export policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_policy: Option<String>,
    /// New name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<VolumeState>,
    /// New snapshot policy; with the empty string the volume uses none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_policy: Option<String>,
}

impl VolumePatch {
    /// A patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the quota; growing and shrinking both work.
    #[must_use]
    pub fn size_bytes(mut self, size_bytes: u64) -> Self {
        self.size_bytes = Some(size_bytes);
        self
    }

    /// Mounts the volume at another path; the empty string unmounts it.
    #[must_use]
    pub fn junction_path(mut self, path: impl Into<String>) -> Self {
        self.junction_path = Some(path.into());
        self
    }

    /// Changes the export policy.
    #[must_use]
    pub fn export_policy(mut self, policy: impl Into<String>) -> Self {
        self.export_policy = Some(policy.into());
        self
    }

    /// Renames the volume.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Changes the state.
    #[must_use]
    pub fn state(mut self, state: VolumeState) -> Self {
        self.state = Some(state);
        self
    }

    /// Changes the snapshot policy; the empty string removes it.
    #[must_use]
    pub fn snapshot_policy(mut self, policy: impl Into<String>) -> Self {
        self.snapshot_policy = Some(policy.into());
        self
    }

    /// Whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_plain_volume_serialises_with_the_keys_of_the_contract_in_order() {
        let volume = Volume::new(VolumeId::new(Uuid::nil()), "v");
        assert_eq!(
            serde_json::to_string(&volume).unwrap(),
            "{\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"name\":\"v\",\"size_bytes\":null,\
             \"state\":\"online\",\"style\":\"flexvol\",\"vol_type\":\"rw\"}"
        );
    }

    #[test]
    fn a_full_volume_survives_text() {
        let volume = Volume {
            size_bytes: Some(u64::MAX),
            create_time: Timestamp::from_unix_micros(1),
            junction_path: Some("/a/é".into()),
            export_policy: Some("default".into()),
            snapshot_policy: Some("nightly".into()),
            origin: Some(CloneOrigin::new(Uuid::max().into(), "p", Uuid::max().into(), "s")),
            ..Volume::new(VolumeId::new(Uuid::max()), "v")
        };
        let text = serde_json::to_string(&volume).unwrap();
        assert!(text.contains("\"nightly\",\"clone\":{\"parent_volume\":"), "{text}");
        assert_eq!(serde_json::from_str::<Volume>(&text).unwrap(), volume);
    }

    #[test]
    fn words_round_trip_and_others_are_refused() {
        for &state in VolumeState::ALL {
            assert_eq!(state.as_str().parse::<VolumeState>().unwrap(), state);
        }
        let error = "ONLINE".parse::<VolumeState>().unwrap_err();
        assert_eq!(error.to_string(), "state \"ONLINE\" is not one of online, offline, restricted");
    }

    #[test]
    fn a_patch_serialises_only_the_fields_that_are_set() {
        assert!(VolumePatch::new().is_empty());
        let patch = VolumePatch::new().junction_path("");
        assert!(!patch.is_empty());
        assert_eq!(serde_json::to_string(&patch).unwrap(), "{\"junction_path\":\"\"}");
    }
}
