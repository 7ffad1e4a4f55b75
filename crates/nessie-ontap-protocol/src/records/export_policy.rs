//! Export policies.

use std::sync::Arc;

use super::SvmContext;
use crate::{DocumentedFields, FieldKind, Schema};

/// An export policy of an SVM.
#[derive(Clone, Debug)]
pub struct ExportPolicyRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// Its number in the SVM; 1 for the policy `default`.
    pub number: u64,
    /// Its name.
    pub name: String,
}

/// `/api/protocols/nfs/export-policies`.
pub static EXPORT_POLICY: Schema<ExportPolicyRecord> = Schema {
    name: "export_policy",
    documented: DocumentedFields::of(include_str!("documented/export_policy.txt")),
    order: &["id"],
    hidden: &[],
    fields: fields![
        "id" FieldKind::Integer, Key, Never => |p| p.svm_context.export_policy_id(p.number).into();
        "name" FieldKind::Text, Key, Both => |p| (&p.name).into();
        "svm.name" FieldKind::Text, Default, Post => |p| (&p.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |p| p.svm_context.svm.uuid.into();
    ],
    references: references![
        "svm" => |p, _| Some(p.svm_context.svm_href());
    ],
    arrays: &[],
    href: |p| p.svm_context.export_policy_href(p.number),
};
