//! DNS configurations. An SVM has one at most.

use std::sync::Arc;

use super::{Attributes, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// The DNS configuration of an SVM.
#[derive(Clone, Debug)]
pub struct DnsRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// The fields that requests have set.
    pub attributes: Arc<Attributes>,
}

impl DnsRecord {
    fn or<'r>(&'r self, path: &str, default: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
        self.attributes.value_or(path, default)
    }
}

const SCOPES: FieldKind = FieldKind::Enumeration(&["svm", "cluster"]);

/// `/api/name-services/dns`.
pub static DNS: Schema<DnsRecord> = Schema {
    name: "dns",
    documented: DocumentedFields::of(include_str!("documented/dns.txt")),
    order: &["svm.name"],
    hidden: &[],
    fields: fields![
        "attempts" FieldKind::Integer, Default, Both => |d| d.or("attempts", 1_u64);
        "domains" FieldKind::Text, Default, Both => |d| d.or("domains", FieldValue::Unset);
        "dynamic_dns.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "packet_query_match" FieldKind::Boolean, Default, Both => |d| d.or("packet_query_match", true);
        "scope" SCOPES, Default, Post => |_| "svm".into();
        "servers" FieldKind::Text, Default, Both => |d| d.or("servers", FieldValue::Unset);
        "skip_config_validation" FieldKind::Boolean, Expensive, Both => |_| FieldValue::Unset;
        "source_address_match" FieldKind::Boolean, Default, Both => |d| d.or("source_address_match", true);
        "svm.name" FieldKind::Text, Key, Post => |d| (&d.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Key, Post => |d| d.svm_context.svm.uuid.into();
        "timeout" FieldKind::Integer, Default, Both => |d| d.or("timeout", 2_u64);
        "tld_query_enabled" FieldKind::Boolean, Default, Both => |d| d.or("tld_query_enabled", true);
        "uuid" FieldKind::Uuid, Default, Never => |d| d.svm_context.svm.uuid.into();
    ],
    references: references![
        "svm" => |d, _| Some(d.svm_context.svm_href());
    ],
    arrays: &[ArrayField::at("domains"), ArrayField::at("servers")],
    href: |d| href::dns(d.svm_context.svm.uuid),
};
