//! Snapshot policies and their schedules.

use std::sync::Arc;

use super::{Named, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A snapshot policy.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyRecord {
    /// Its name and UUID.
    pub policy: Named,
    /// The SVM that owns it; `None` for a policy of the cluster.
    pub svm_context: Option<Arc<SvmContext>>,
    /// Its comment; empty for none.
    pub comment: String,
    /// Whether it takes snapshots.
    pub enabled: bool,
    /// Its schedules.
    pub copies: Vec<PolicyCopies>,
}

/// One schedule of a policy.
#[derive(Clone, Debug)]
pub struct PolicyCopies {
    /// The schedule. One that is not an object has its times as name.
    pub schedule: Named,
    /// Whether the schedule is an object.
    pub has_schedule: bool,
    /// The prefix of the snapshots' names.
    pub prefix: String,
    /// The number of snapshots to keep.
    pub count: u64,
    /// The label of the snapshots.
    pub snapmirror_label: Option<String>,
    /// The retention period of the snapshots, in ISO 8601.
    pub retention_period: Option<String>,
}

impl PolicyCopies {
    fn schedule_href(&self) -> Option<String> {
        self.has_schedule.then(|| href::schedule(self.schedule.uuid))
    }

    fn snapmirror_label(&self) -> FieldValue<'_> {
        self.snapmirror_label.as_deref().unwrap_or("-").into()
    }

    fn retention_period(&self) -> FieldValue<'_> {
        self.retention_period.as_deref().unwrap_or("PT0S").into()
    }
}

/// A schedule of a policy as an object of its own.
#[derive(Clone, Debug)]
pub struct SnapshotPolicyScheduleRecord {
    /// The policy.
    pub policy: Named,
    /// The SVM that owns the policy; `None` for a policy of the cluster.
    pub svm_context: Option<Arc<SvmContext>>,
    /// The schedule.
    pub copies: PolicyCopies,
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
    order: &["name", "uuid"],
    hidden: &[],
    fields: fields![
        "comment" FieldKind::Text, Default, Both => |p| if p.comment.is_empty() { FieldValue::Unset } else { (&p.comment).into() };
        "copies.count" FieldKind::Integer, Default, Post => |p| p.each(|copies| copies.count.into());
        "copies.prefix" FieldKind::Text, Default, Post => |p| p.each(|copies| (&copies.prefix).into());
        "copies.retention_period" FieldKind::Text, Default, Post => |p| p.each(PolicyCopies::retention_period);
        "copies.schedule.name" FieldKind::Text, Default, Post => |p| p.each(|copies| (&copies.schedule.name).into());
        "copies.schedule.uuid" FieldKind::Uuid, Default, Post => |p| p.each(|copies| copies.schedule.uuid.into());
        "copies.snapmirror_label" FieldKind::Text, Default, Post => |p| p.each(PolicyCopies::snapmirror_label);
        "enabled" FieldKind::Boolean, Default, Both => |p| p.enabled.into();
        "name" FieldKind::Text, Key, Post => |p| (&p.policy.name).into();
        "scope" FieldKind::Text, Default, Never => |p| if p.svm_context.is_some() { "svm" } else { "cluster" }.into();
        "svm.name" FieldKind::Text, Default, Post => |p| p.svm_context.as_ref().map(|of| &of.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |p| p.svm_context.as_ref().map(|of| of.svm.uuid).into();
        "uuid" FieldKind::Uuid, Key, Never => |p| p.policy.uuid.into();
    ],
    references: references![
        "copies.schedule" => |p, index| {
            p.copies.get(index).and_then(PolicyCopies::schedule_href)
        };
        "svm" => |p, _| p.svm_context.as_ref().map(|of| of.svm_href());
    ],
    arrays: &[ArrayField { path: "copies", shown_empty: true }],
    href: |p| href::snapshot_policy(p.policy.uuid),
};

/// `/api/storage/snapshot-policies/{snapshot_policy.uuid}/schedules`.
pub static SNAPSHOT_POLICY_SCHEDULE: Schema<SnapshotPolicyScheduleRecord> = Schema {
    name: "snapshot_policy_schedule",
    documented: DocumentedFields::of(include_str!("documented/snapshot_policy_schedule.txt")),
    order: &["schedule.name", "schedule.uuid"],
    hidden: &[],
    fields: fields![
        "count" FieldKind::Integer, Default, Both => |s| s.copies.count.into();
        "prefix" FieldKind::Text, Default, Both => |s| (&s.copies.prefix).into();
        "retention_period" FieldKind::Text, Default, Both => |s| s.copies.retention_period();
        "schedule.name" FieldKind::Text, Key, Post => |s| (&s.copies.schedule.name).into();
        "schedule.uuid" FieldKind::Uuid, Key, Post => |s| s.copies.schedule.uuid.into();
        "snapmirror_label" FieldKind::Text, Default, Both => |s| s.copies.snapmirror_label();
        "snapshot_policy.name" FieldKind::Text, Default, Post => |s| (&s.policy.name).into();
        "snapshot_policy.uuid" FieldKind::Uuid, Key, Post => |s| s.policy.uuid.into();
    ],
    references: references![
        "schedule" => |s, _| s.copies.schedule_href();
        "snapshot_policy" => |s, _| Some(href::snapshot_policy(s.policy.uuid));
    ],
    arrays: &[],
    href: |s| {
        format!(
            "/api/storage/snapshot-policies/{}/schedules/{}",
            s.policy.uuid, s.copies.schedule.uuid
        )
    },
};
