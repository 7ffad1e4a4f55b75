//! Snapshot policies. A volume stores the name of its policy, but no snapshots are created by
//! schedule.

use super::Named;
use crate::{Array, Documented, Kind, Schema, Value};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// Its name and UUID.
    pub policy: Named,
    /// Its comment.
    pub comment: &'static str,
    /// Its schedules.
    pub copies: &'static [Copies],
}

/// One schedule of a policy.
#[derive(Debug)]
pub struct Copies {
    /// The name of the schedule, which is also the prefix of the snapshots' names.
    pub schedule: &'static str,
    /// The number of snapshots to keep.
    pub count: u64,
    /// The label of the snapshots.
    pub snapmirror_label: Option<&'static str>,
}

impl SnapshotPolicyRecord {
    fn each<'r>(&self, get: fn(&'static Copies) -> Value<'r>) -> Value<'r> {
        Value::List(self.copies.iter().map(get).collect())
    }
}

/// `/api/storage/snapshot-policies`.
pub static SNAPSHOT_POLICY: Schema<SnapshotPolicyRecord> = Schema {
    name: "snapshot_policy",
    documented: Documented::of(include_str!("documented/snapshot_policy.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "comment" Kind::Text, Default, Never => |p| p.comment.into();
        "copies.count" Kind::Integer, Default, Never => |p| p.each(|copies| copies.count.into());
        "copies.prefix" Kind::Text, Default, Never => |p| p.each(|copies| copies.schedule.into());
        "copies.schedule.name" Kind::Text, Default, Never => |p| p.each(|copies| copies.schedule.into());
        "copies.snapmirror_label" Kind::Text, Default, Never => |p| p.each(|copies| copies.snapmirror_label.unwrap_or("-").into());
        "enabled" Kind::Boolean, Default, Never => |_| true.into();
        "name" Kind::Text, Key, Never => |p| (&p.policy.name).into();
        "scope" Kind::Text, Default, Never => |_| "cluster".into();
        "svm.name" Kind::Text, Default, Never => |_| Value::Unset;
        "svm.uuid" Kind::Uuid, Default, Never => |_| Value::Unset;
        "uuid" Kind::Uuid, Key, Never => |p| p.policy.uuid.into();
    ],
    references: &[],
    arrays: &[Array { path: "copies", shown_empty: true }],
    href: |p| format!("/api/storage/snapshot-policies/{}", p.policy.uuid),
};
