//! Export policies. Each SVM has one policy, `default`, without rules.

use std::sync::Arc;

use super::SvmContext;
use crate::{DocumentedFields, FieldKind, Schema};

/// The export policy `default` of an SVM.
#[derive(Clone, Debug)]
pub struct ExportPolicyRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
}

/// `/api/protocols/nfs/export-policies`.
pub static EXPORT_POLICY: Schema<ExportPolicyRecord> = Schema {
    name: "export_policy",
    documented: DocumentedFields::of(include_str!("documented/export_policy.txt")),
    order: &["svm.name", "name"],
    hidden: &[],
    fields: fields![
        "id" FieldKind::Integer, Key, Never => |p| p.svm_context.export_policy().into();
        "name" FieldKind::Text, Key, Never => |_| "default".into();
        "svm.name" FieldKind::Text, Default, Never => |p| (&p.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |p| p.svm_context.svm.uuid.into();
    ],
    references: references![
        "svm" => |p, _| Some(p.svm_context.svm_href());
    ],
    arrays: &[],
    href: |p| p.svm_context.export_policy_href(),
};
