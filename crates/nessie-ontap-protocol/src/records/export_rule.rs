//! The rules of export policies.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ExportPolicyRecord, SvmContext};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// What a rule allows, and to which clients. Each word is one of ONTAP's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRule {
    /// The clients that the rule is for: hosts, addresses, subnets, netgroups and domains.
    pub clients: Vec<String>,
    /// The protocols that the rule is for.
    pub protocols: Vec<String>,
    /// The security types with which a client may read.
    pub ro_rule: Vec<String>,
    /// The security types with which a client may write.
    pub rw_rule: Vec<String>,
    /// The security types with which a superuser keeps its identity.
    pub superuser: Vec<String>,
    /// The name or the id of the user that an unknown user becomes.
    pub anonymous_user: String,
    /// Whether the bits to set the user and group id have an effect.
    pub allow_suid: bool,
    /// Whether clients may create device files.
    pub allow_device_creation: bool,
    /// Who may change the owner of a file: `restricted` or `unrestricted`.
    pub chown_mode: String,
    /// What becomes of UNIX permissions on NTFS files: `fail` or `ignore`.
    pub ntfs_unix_security: String,
}

/// A rule of an export policy.
#[derive(Clone, Debug)]
pub struct ExportRuleRecord {
    /// Its policy, without rules.
    pub policy: ExportPolicyRecord,
    /// Its index in the policy.
    pub index: u64,
    /// What it allows.
    pub rule: Arc<ExportRule>,
}

impl ExportRuleRecord {
    fn svm_context(&self) -> &SvmContext {
        &self.policy.svm_context
    }
}

pub(super) const FLAVORS: FieldKind =
    FieldKind::Enumeration(&["any", "krb5", "krb5i", "krb5p", "never", "none", "ntlm", "sys"]);
pub(super) const PROTOCOLS: FieldKind =
    FieldKind::Enumeration(&["any", "cifs", "flexcache", "nfs", "nfs3", "nfs4"]);
pub(super) const CHOWN: FieldKind = FieldKind::Enumeration(&["restricted", "unrestricted"]);
pub(super) const NTFS: FieldKind = FieldKind::Enumeration(&["fail", "ignore"]);

pub(super) fn texts(values: &[String]) -> FieldValue<'_> {
    FieldValue::List(values.iter().map(Into::into).collect())
}

/// `/api/protocols/nfs/export-policies/{policy.id}/rules`.
pub static EXPORT_RULE: Schema<ExportRuleRecord> = Schema {
    name: "export_rule",
    documented: DocumentedFields::of(include_str!("documented/export_rule.txt")),
    order: &["policy.id", "index"],
    hidden: &[],
    fields: fields![
        "allow_device_creation" FieldKind::Boolean, Default, Both => |r| r.rule.allow_device_creation.into();
        "allow_suid" FieldKind::Boolean, Default, Both => |r| r.rule.allow_suid.into();
        "anonymous_user" FieldKind::Text, Default, Both => |r| (&r.rule.anonymous_user).into();
        "chown_mode" CHOWN, Default, Both => |r| (&r.rule.chown_mode).into();
        "clients.match" FieldKind::Text, Default, Both => |r| texts(&r.rule.clients);
        "index" FieldKind::Integer, Key, Both => |r| r.index.into();
        "ntfs_unix_security" NTFS, Default, Both => |r| (&r.rule.ntfs_unix_security).into();
        "policy.id" FieldKind::Integer, Key, Never => |r| r.policy.id().into();
        "policy.name" FieldKind::Text, Key, Never => |r| (&r.policy.name).into();
        "protocols" PROTOCOLS, Default, Both => |r| texts(&r.rule.protocols);
        "ro_rule" FLAVORS, Default, Both => |r| texts(&r.rule.ro_rule);
        "rw_rule" FLAVORS, Default, Both => |r| texts(&r.rule.rw_rule);
        "superuser" FLAVORS, Default, Both => |r| texts(&r.rule.superuser);
        "svm.name" FieldKind::Text, Default, Post => |r| (&r.svm_context().svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |r| r.svm_context().svm.uuid.into();
    ],
    references: references![
        "policy" => |r, _| Some(r.policy.href());
        "svm" => |r, _| Some(r.svm_context().svm_href());
    ],
    arrays: &[
        ArrayField::at("clients"),
        ArrayField::at("protocols"),
        ArrayField::at("ro_rule"),
        ArrayField::at("rw_rule"),
        ArrayField::at("superuser"),
    ],
    href: |r| format!("{}/rules/{}", r.policy.href(), r.index),
};
