//! Quota reports: what quota rules limit, and what of it is used.

use std::sync::Arc;

use super::quota_rule::TARGETS;
use super::{Named, QuotaLimits, QuotaTarget, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// The report about one target of a volume with quotas.
#[derive(Clone, Debug)]
pub struct QuotaReportRecord {
    /// The SVM of the volume.
    pub svm_context: Arc<SvmContext>,
    /// The volume.
    pub volume: Arc<Named>,
    /// Its index in the volume.
    pub index: u64,
    /// The target.
    pub target: QuotaTarget,
    /// The limits.
    pub limits: QuotaLimits,
}

impl QuotaReportRecord {
    /// The target as text; `*` for that of a default rule.
    fn specifier(&self) -> FieldValue<'_> {
        let target = &self.target;
        let identities =
            if target.kind == "group" { target.group.as_slice() } else { target.users.as_slice() };
        let names: Vec<&str> = if target.kind == "tree" {
            target.qtree.iter().map(|(_, name)| name.as_str()).collect()
        } else {
            identities.iter().filter_map(|of| of.name.as_deref().or(of.id.as_deref())).collect()
        };
        match names.as_slice() {
            [] | [""] => "*".into(),
            names => names.join(",").into(),
        }
    }
}

/// The share of a limit that is used: nothing, as no data belongs to a qtree or a user.
fn percent(limit: Option<u64>) -> FieldValue<'static> {
    limit.map(|_| 0_u64).into()
}

/// `/api/storage/quota/reports`.
pub static QUOTA_REPORT: Schema<QuotaReportRecord> = Schema {
    name: "quota_report",
    documented: DocumentedFields::of(include_str!("documented/quota_report.txt")),
    order: &["svm.number", "volume.uuid", "index"],
    hidden: fields![
        "svm.number" FieldKind::Integer, Expensive, Never => |q| q.svm_context.number.into();
    ],
    fields: fields![
        "files.hard_limit" FieldKind::Integer, Default, Never => |q| q.limits.files_hard.into();
        "files.soft_limit" FieldKind::Integer, Default, Never => |q| q.limits.files_soft.into();
        "files.used.hard_limit_percent" FieldKind::Integer, Default, Never => |q| percent(q.limits.files_hard);
        "files.used.soft_limit_percent" FieldKind::Integer, Default, Never => |q| percent(q.limits.files_soft);
        "files.used.total" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "group.id" FieldKind::Text, Default, Never => |q| q.target.group(|group| group.id.as_ref());
        "group.name" FieldKind::Text, Default, Never => |q| q.target.group(|group| group.name.as_ref());
        "index" FieldKind::Integer, Key, Never => |q| q.index.into();
        "qtree.id" FieldKind::Integer, Default, Never => |q| q.target.qtree_id();
        "qtree.name" FieldKind::Text, Default, Never => |q| q.target.qtree_name();
        "space.hard_limit" FieldKind::Size, Default, Never => |q| q.limits.space_hard.into();
        "space.soft_limit" FieldKind::Size, Default, Never => |q| q.limits.space_soft.into();
        "space.used.hard_limit_percent" FieldKind::Integer, Default, Never => |q| percent(q.limits.space_hard);
        "space.used.soft_limit_percent" FieldKind::Integer, Default, Never => |q| percent(q.limits.space_soft);
        "space.used.total" FieldKind::Size, Default, Never => |_| 0_u64.into();
        "specifier" FieldKind::Text, Default, Never => |q| q.specifier();
        "svm.name" FieldKind::Text, Key, Never => |q| (&q.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Never => |q| q.svm_context.svm.uuid.into();
        "type" TARGETS, Default, Never => |q| q.target.kind.into();
        "users.id" FieldKind::Text, Default, Never => |q| q.target.users(|user| user.id.as_ref());
        "users.name" FieldKind::Text, Default, Never => |q| q.target.users(|user| user.name.as_ref());
        "volume.name" FieldKind::Text, Key, Never => |q| (&q.volume.name).into();
        "volume.uuid" FieldKind::Uuid, Key, Never => |q| q.volume.uuid.into();
    ],
    references: references![
        "qtree" => |q, _| q.target.qtree_href(&q.volume);
        "svm" => |q, _| Some(q.svm_context.svm_href());
        "volume" => |q, _| Some(href::volume(q.volume.uuid));
    ],
    arrays: &[ArrayField::at("users")],
    href: |q| format!("/api/storage/quota/reports/{}/{}", q.volume.uuid, q.index),
};
