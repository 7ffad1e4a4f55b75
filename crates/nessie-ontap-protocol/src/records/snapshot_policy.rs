//! Snapshot policies. Nothing takes snapshots by itself: a policy is a name that volumes carry.

use super::Named;
use crate::{Array, Documented, Kind, Schema, Value};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// What it is called.
    pub policy: Named,
    /// The schedules that it names, and how many snapshots of each it keeps.
    pub copies: &'static [(&'static str, u64)],
}

/// `/api/storage/snapshot-policies`.
pub static SNAPSHOT_POLICY: Schema<SnapshotPolicyRecord> = Schema {
    name: "snapshot_policy",
    documented: Documented::of(include_str!("documented/snapshot_policy.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "comment" Kind::Text, Default, Never => |_| "".into();
        "copies.count" Kind::Integer, Default, Never => |p| Value::List(p.copies.iter().map(|(_, count)| (*count).into()).collect());
        "copies.prefix" Kind::Text, Default, Never => |p| Value::List(p.copies.iter().map(|(name, _)| (*name).into()).collect());
        "copies.schedule.name" Kind::Text, Default, Never => |p| Value::List(p.copies.iter().map(|(name, _)| (*name).into()).collect());
        "enabled" Kind::Boolean, Default, Never => |_| true.into();
        "name" Kind::Text, Key, Never => |p| (&p.policy.name).into();
        "scope" Kind::Text, Default, Never => |_| "cluster".into();
        "svm.name" Kind::Text, Default, Never => |_| Value::Unset;
        "svm.uuid" Kind::Uuid, Default, Never => |_| Value::Unset;
        "uuid" Kind::Uuid, Key, Never => |p| p.policy.uuid.into();
    ],
    references: &[],
    arrays: &[Array::at("copies")],
    href: |p| format!("/api/storage/snapshot-policies/{}", p.policy.uuid),
};
