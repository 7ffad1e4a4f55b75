//! Export policies.

use std::sync::Arc;

use super::SvmContext;
use super::export_rule::{CHOWN, ExportRule, FLAVORS, NTFS, PROTOCOLS, texts};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// An export policy of an SVM.
#[derive(Clone, Debug)]
pub struct ExportPolicyRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// Its number in the SVM; 1 for the policy `default`.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// Its rules by index, in order.
    pub rules: Vec<(u64, Arc<ExportRule>)>,
}

impl ExportPolicyRecord {
    /// Its id, unique in the cluster.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.svm_context.export_policy_id(self.number)
    }

    /// The link to it.
    #[must_use]
    pub fn href(&self) -> String {
        self.svm_context.export_policy_href(self.number)
    }

    fn each<'r>(&'r self, get: fn(&'r ExportRule) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.rules.iter().map(|(_, rule)| get(rule)).collect())
    }
}

/// `/api/protocols/nfs/export-policies`.
pub static EXPORT_POLICY: Schema<ExportPolicyRecord> = Schema {
    name: "export_policy",
    documented: DocumentedFields::of(include_str!("documented/export_policy.txt")),
    order: &["id"],
    hidden: &[],
    fields: fields![
        "id" FieldKind::Integer, Key, Never => |p| p.id().into();
        "name" FieldKind::Text, Key, Both => |p| (&p.name).into();
        "rules.allow_device_creation" FieldKind::Boolean, Default, Both => |p| p.each(|rule| rule.allow_device_creation.into());
        "rules.allow_suid" FieldKind::Boolean, Default, Both => |p| p.each(|rule| rule.allow_suid.into());
        "rules.anonymous_user" FieldKind::Text, Default, Both => |p| p.each(|rule| (&rule.anonymous_user).into());
        "rules.chown_mode" CHOWN, Default, Both => |p| p.each(|rule| (&rule.chown_mode).into());
        "rules.clients.match" FieldKind::Text, Default, Both => |p| p.each(|rule| texts(&rule.clients));
        "rules.index" FieldKind::Integer, Default, Both => |p| FieldValue::List(p.rules.iter().map(|(index, _)| (*index).into()).collect());
        "rules.ntfs_unix_security" NTFS, Default, Both => |p| p.each(|rule| (&rule.ntfs_unix_security).into());
        "rules.protocols" PROTOCOLS, Default, Both => |p| p.each(|rule| texts(&rule.protocols));
        "rules.ro_rule" FLAVORS, Default, Both => |p| p.each(|rule| texts(&rule.ro_rule));
        "rules.rw_rule" FLAVORS, Default, Both => |p| p.each(|rule| texts(&rule.rw_rule));
        "rules.superuser" FLAVORS, Default, Both => |p| p.each(|rule| texts(&rule.superuser));
        "svm.name" FieldKind::Text, Default, Post => |p| (&p.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |p| p.svm_context.svm.uuid.into();
    ],
    references: references![
        "svm" => |p, _| Some(p.svm_context.svm_href());
    ],
    arrays: &[
        ArrayField::at("rules"),
        ArrayField::at("rules.clients"),
        ArrayField::at("rules.protocols"),
        ArrayField::at("rules.ro_rule"),
        ArrayField::at("rules.rw_rule"),
        ArrayField::at("rules.superuser"),
    ],
    href: ExportPolicyRecord::href,
};
