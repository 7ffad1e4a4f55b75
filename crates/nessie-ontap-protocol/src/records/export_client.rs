//! The clients of the rules of export policies.

use percent_encoding::utf8_percent_encode;

use super::ExportRuleRecord;
use crate::request::ENCODED;
use crate::{DocumentedFields, FieldKind, Schema};

/// A client of a rule.
#[derive(Clone, Debug)]
pub struct ExportClientRecord {
    /// The rule.
    pub rule: ExportRuleRecord,
    /// The host, address, subnet, netgroup or domain.
    pub match_text: String,
}

/// `/api/protocols/nfs/export-policies/{policy.id}/rules/{index}/clients`.
pub static EXPORT_CLIENT: Schema<ExportClientRecord> = Schema {
    name: "export_client",
    documented: DocumentedFields::of(include_str!("documented/export_client.txt")),
    order: &["match"],
    hidden: &[],
    fields: fields![
        "index" FieldKind::Integer, Default, Never => |c| c.rule.index.into();
        "match" FieldKind::Text, Key, Post => |c| (&c.match_text).into();
        "policy.id" FieldKind::Integer, Default, Never => |c| c.rule.policy.id().into();
        "policy.name" FieldKind::Text, Default, Never => |c| (&c.rule.policy.name).into();
        "svm.name" FieldKind::Text, Default, Never => |c| (&c.rule.policy.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |c| c.rule.policy.svm_context.svm.uuid.into();
    ],
    references: references![
        "policy" => |c, _| Some(c.rule.policy.href());
        "svm" => |c, _| Some(c.rule.policy.svm_context.svm_href());
    ],
    arrays: &[],
    href: |c| {
        format!(
            "{}/rules/{}/clients/{}",
            c.rule.policy.href(),
            c.rule.index,
            utf8_percent_encode(&c.match_text, ENCODED)
        )
    },
};
