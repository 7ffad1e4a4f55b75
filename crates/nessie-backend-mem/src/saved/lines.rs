//! The format of a dump: the lines of it and their order.
//!
//! A dump is JSON in UTF-8, one object a line, each line ended by a line feed. The first key of a
//! line names its kind. In this order there are:
//!
//! 1. `format`: the [`Header`] with the version, how many records follow, the clock, and where the
//!    identifiers come from;
//! 2. `policy`: a [`PolicyLine`] for each snapshot policy, in order of creation;
//! 3. `volume`: a [`VolumeLine`] for each volume, in order of creation, and behind each of them
//! 4. `snapshot`: a [`SnapshotLine`] for each of its snapshots, in order of creation;
//! 5. `checksum`: XXH3 (64 bits, seed 0) of all bytes before this line, in hexadecimal.
//!
//! The identifiers encode where records lie in memory, so it is not written.

use std::borrow::Cow;

use nessie_backend_core::{SnapshotId, SnapshotRule, Timestamp, VolumeId, VolumeState, VolumeType};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{Limits, Profile};
use crate::storage::ids::KEY_WORDS;

pub(super) const FORMAT: &str = "nessie-backend-mem";
/// The version of the format. Version 1 was that of the package's version 0.4.0.
pub(super) const VERSION: u32 = 2;
/// The beginning of the first line in every version.
pub(super) const HEAD: &str = "{\"format\":\"nessie-backend-mem\",\"version\":";
/// The beginning of a policy's line.
pub(super) const POLICY: &str = "{\"policy\":";
/// The beginning of a snapshot's line.
pub(super) const SNAPSHOT: &str = "{\"snapshot\":";
/// The beginning of the last line.
pub(super) const FOOT: &str = "{\"checksum\":";

/// A number that is text in JSON, because many readers take numbers for floating point.
#[derive(Clone, Copy)]
pub(super) struct Hex(pub(super) u64);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_hex = text.len() == 16 && text.bytes().all(is_digit);
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| is_hex);
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a number is not 16 hex digits"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    pub(super) format: &'a str,
    pub(super) version: u32,
    pub(super) volumes: u32,
    pub(super) snapshots: u32,
    /// Null if identifiers come from the system's randomness.
    pub(super) seed: Option<u64>,
    pub(super) clock: ClockKind,
    /// The time a standing clock shows, or the latest that the system's clock gave.
    pub(super) now: Timestamp,
    /// The time a standing clock showed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<Timestamp>,
    /// The key of the bijection between addresses and identifiers.
    pub(super) key: [Hex; KEY_WORDS],
    /// The epoch of the next identifiers.
    pub(super) epoch: Hex,
    /// How many records were ever created, deleted ones included.
    pub(super) created: u64,
    /// Size of the pool; absent if it is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) capacity_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<Profile>,
    /// All limits, those of the profile included; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) limits: Option<Limits>,
    /// When the rules of policies were last run; absent if they never were, or on a standing clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policies_run: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyLine<'a> {
    #[serde(borrow)]
    pub(super) policy: Cow<'a, str>,
    /// When it got its rules.
    pub(super) since: Timestamp,
    pub(super) rules: Cow<'a, [SnapshotRule]>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClockKind {
    System,
    Standing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VolumeLine<'a> {
    pub(super) volume: VolumeId,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    pub(super) size_bytes: Option<u64>,
    pub(super) state: VolumeState,
    pub(super) vol_type: VolumeType,
    #[serde(borrow)]
    pub(super) create_time: Cow<'a, str>,
    /// Bytes of the live data; absent if there never was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) used_bytes: Option<u64>,
    /// Those of them that the last snapshot has too, or without snapshots what a clone inherited.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) shared_bytes: u64,
    /// The size up to which the volume grows by itself; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) autosize_bytes: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) junction_path: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) export_policy: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot_policy: Option<Cow<'a, str>>,
    /// Since when the volume uses the snapshot policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy_since: Option<Timestamp>,
    /// The snapshot that a clone was created from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) clone_of: Option<SnapshotId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotLine<'a> {
    pub(super) snapshot: SnapshotId,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// The volume's quota when the snapshot was created.
    pub(super) size_bytes: Option<u64>,
    #[serde(borrow)]
    pub(super) create_time: Cow<'a, str>,
    /// Bytes of the data that the snapshot holds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) used_bytes: u64,
    /// Those of them that the snapshot before has too, or for the first what a clone inherited.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) shared_bytes: u64,
    /// When its lock ends; absent if it never was locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChecksumLine {
    pub(super) checksum: Hex,
}
