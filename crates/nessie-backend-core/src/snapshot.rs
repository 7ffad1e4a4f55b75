//! The snapshot record.

use serde::{Deserialize, Serialize};

use crate::{SnapshotId, Timestamp};

/// A point-in-time image of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Identifier, constant over renames.
    pub uuid: SnapshotId,
    /// Name, unique in its volume; see [`rules::snapshot_name`](crate::rules::snapshot_name).
    pub name: String,
    /// When it was created. `None` if the backend does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// Bytes that only this snapshot holds; 0 if the backend stores no data.
    pub size_consumed: u64,
    /// Until when it cannot be deleted; `None` if it never was locked. The last second of the year
    /// 9999 means that the lock never ends. The field stays when the lock has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Snapshot {
    /// A snapshot without lock that consumes nothing and has no recorded time; set the other fields as
    /// needed.
    #[must_use]
    pub fn new(uuid: SnapshotId, name: impl Into<String>) -> Self {
        Self { uuid, name: name.into(), create_time: None, size_consumed: 0, expires_at: None }
    }
}
