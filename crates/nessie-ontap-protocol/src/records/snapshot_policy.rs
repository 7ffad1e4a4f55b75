//! Snapshot policies. Nothing takes snapshots by itself: a policy is a name that volumes carry.

use super::Named;
use crate::{Array, Documented, Kind, Schema, Value};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// What it is called.
    pub policy: Named,
    /// What it is for.
    pub comment: &'static str,
    /// The schedules that it names.
    pub copies: &'static [Copies],
}

/// The snapshots that a policy takes by one schedule.
#[derive(Debug)]
pub struct Copies {
    /// The schedule, and what the names of the snapshots begin with.
    pub schedule: &'static str,
    /// How many are kept.
    pub count: u64,
    /// The label they get.
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
