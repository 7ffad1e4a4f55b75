//! Export policies. Each SVM has one policy, `default`, without rules.

use std::sync::Arc;

use super::Place;
use crate::{Documented, Kind, Schema};

/// The export policy `default` of an SVM.
#[derive(Clone, Debug)]
pub struct ExportPolicyRecord {
    /// The SVM.
    pub place: Arc<Place>,
}

/// `/api/protocols/nfs/export-policies`.
pub static EXPORT_POLICY: Schema<ExportPolicyRecord> = Schema {
    name: "export_policy",
    documented: Documented::of(include_str!("documented/export_policy.txt")),
    order: &["svm.name", "name"],
    hidden: &[],
    fields: fields![
        "id" Kind::Integer, Key, Never => |p| p.place.export_policy().into();
        "name" Kind::Text, Key, Never => |_| "default".into();
        "svm.name" Kind::Text, Default, Never => |p| (&p.place.svm.name).into();
        "svm.uuid" Kind::Uuid, Default, Never => |p| p.place.svm.uuid.into();
    ],
    references: references![
        "svm" => |p, _| Some(p.place.svm_href());
    ],
    arrays: &[],
    href: |p| p.place.export_policy_href(),
};
