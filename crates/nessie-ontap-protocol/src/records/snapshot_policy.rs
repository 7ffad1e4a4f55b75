//! Snapshot policies. A volume stores the name of its policy, but no snapshots are created by
//! schedule.

use super::Named;
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// Its name and UUID.
    pub policy: Named,
    /// Its comment.
    pub comment: &'static str,
    /// Its schedules.
    pub copies: &'static [PolicyCopies],
}

/// One schedule of a policy.
#[derive(Debug)]
pub struct PolicyCopies {
    /// The name of the schedule, which is also the prefix of the snapshots' names.
    pub schedule: &'static str,
    /// The number of snapshots to keep.
    pub count: u64,
    /// The label of the snapshots.
    pub snapmirror_label: Option<&'static str>,
}

impl SnapshotPolicyRecord {
    fn each<'r>(&self, get: fn(&'static PolicyCopies) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.copies.iter().map(get).collect())
    }
}

/// `/api/storage/snapshot-policies`.
pub static SNAPSHOT_POLICY: Schema<SnapshotPolicyRecord> = Schema {
    name: "snapshot_policy",
    documented: DocumentedFields::of(include_str!("documented/snapshot_policy.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "comment" FieldKind::Text, Default, Never => |p| p.comment.into();
        "copies.count" FieldKind::Integer, Default, Never => |p| p.each(|copies| copies.count.into());
        "copies.prefix" FieldKind::Text, Default, Never => |p| p.each(|copies| copies.schedule.into());
        "copies.schedule.name" FieldKind::Text, Default, Never => |p| p.each(|copies| copies.schedule.into());
        "copies.snapmirror_label" FieldKind::Text, Default, Never => |p| p.each(|copies| copies.snapmirror_label.unwrap_or("-").into());
        "enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "name" FieldKind::Text, Key, Never => |p| (&p.policy.name).into();
        "scope" FieldKind::Text, Default, Never => |_| "cluster".into();
        "svm.name" FieldKind::Text, Default, Never => |_| FieldValue::Unset;
        "svm.uuid" FieldKind::Uuid, Default, Never => |_| FieldValue::Unset;
        "uuid" FieldKind::Uuid, Key, Never => |p| p.policy.uuid.into();
    ],
    references: &[],
    arrays: &[ArrayField { path: "copies", shown_empty: true }],
    href: |p| format!("/api/storage/snapshot-policies/{}", p.policy.uuid),
};
