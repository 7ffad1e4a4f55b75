//! Snapshot policies.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Named, SvmContext};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// Its name and UUID.
    pub policy: Named,
    /// The SVM that owns it; `None` for a policy of the cluster.
    pub svm_context: Option<Arc<SvmContext>>,
    /// Its comment.
    pub comment: Option<&'static str>,
    /// Its schedules.
    pub copies: Vec<PolicyCopies>,
}

/// One schedule of a policy.
#[derive(Clone, Debug)]
pub struct PolicyCopies {
    /// The name of the schedule.
    pub schedule: Cow<'static, str>,
    /// The prefix of the snapshots' names.
    pub prefix: Cow<'static, str>,
    /// The number of snapshots to keep.
    pub count: u64,
    /// The label of the snapshots.
    pub snapmirror_label: Option<&'static str>,
}

impl SnapshotPolicyRecord {
    fn each<'r>(&'r self, get: fn(&'r PolicyCopies) -> FieldValue<'r>) -> FieldValue<'r> {
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
        "copies.prefix" FieldKind::Text, Default, Never => |p| p.each(|copies| (&*copies.prefix).into());
        "copies.schedule.name" FieldKind::Text, Default, Never => |p| p.each(|copies| (&*copies.schedule).into());
        "copies.snapmirror_label" FieldKind::Text, Default, Never => |p| p.each(|copies| copies.snapmirror_label.unwrap_or("-").into());
        "enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "name" FieldKind::Text, Key, Never => |p| (&p.policy.name).into();
        "scope" FieldKind::Text, Default, Never => |p| if p.svm_context.is_some() { "svm" } else { "cluster" }.into();
        "svm.name" FieldKind::Text, Default, Never => |p| p.svm_context.as_ref().map(|of| &of.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |p| p.svm_context.as_ref().map(|of| of.svm.uuid).into();
        "uuid" FieldKind::Uuid, Key, Never => |p| p.policy.uuid.into();
    ],
    references: &[],
    arrays: &[ArrayField { path: "copies", shown_empty: true }],
    href: |p| format!("/api/storage/snapshot-policies/{}", p.policy.uuid),
};
