//! The command `vserver`.

use super::cli::{hyphened, value};
use super::{SVM, SvmRecord};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

const RANSOMWARE: FieldKind = FieldKind::Enumeration(&["disabled", "dry-run"]);
const STATES: FieldKind = FieldKind::Enumeration(&["starting", "running", "stopping", "stopped"]);
const SUBTYPES: FieldKind = FieldKind::Enumeration(&["default", "dp-destination", "sync-source"]);
const TYPES: FieldKind = FieldKind::Enumeration(&["admin", "data", "node", "system"]);

/// The protocols, and the field of the REST API that allows each.
const PROTOCOLS: &[(&str, &str)] = &[
    ("nfs", "nfs.allowed"),
    ("cifs", "cifs.allowed"),
    ("fcp", "fcp.allowed"),
    ("iscsi", "iscsi.allowed"),
    ("ndmp", "ndmp.allowed"),
    ("nvme", "nvme.allowed"),
    ("s3", "s3.allowed"),
];

fn of<'r>(svm: &'r SvmRecord, path: &str) -> FieldValue<'r> {
    value(&SVM, svm, path)
}

fn allowed_protocols(svm: &SvmRecord) -> FieldValue<'_> {
    let allowed = PROTOCOLS.iter().filter(|(_, path)| of(svm, path) == true.into());
    FieldValue::List(allowed.map(|(name, _)| (*name).into()).collect())
}

/// `/api/private/cli/vserver`.
pub static CLI_VSERVER: Schema<SvmRecord> = Schema {
    name: "cli_vserver",
    documented: DocumentedFields::none(),
    order: &["vserver"],
    hidden: &[],
    fields: fields![
        "admin_state" STATES, Default, Never => |s| of(s, "state");
        "aggr_list" FieldKind::Text, Default, Never => |s| of(s, "aggregates.name");
        "allowed_protocols" FieldKind::Text, Default, Never => |s| allowed_protocols(s);
        "anti_ransomware_default_volume_state" RANSOMWARE, Default, Never => |s| hyphened(of(s, "anti_ransomware_default_volume_state"));
        "comment" FieldKind::Text, Default, Never => |s| of(s, "comment");
        "ipspace" FieldKind::Text, Default, Never => |s| of(s, "ipspace.name");
        "is_space_enforcement_logical" FieldKind::Boolean, Default, Never => |s| of(s, "is_space_enforcement_logical");
        "is_space_reporting_logical" FieldKind::Boolean, Default, Never => |s| of(s, "is_space_reporting_logical");
        "max_volumes" FieldKind::Text, Default, Never => |s| of(s, "max_volumes");
        "operational_state" STATES, Default, Never => |s| of(s, "state");
        "snapshot_policy" FieldKind::Text, Default, Never => |s| of(s, "snapshot_policy.name");
        "subtype" SUBTYPES, Default, Never => |s| hyphened(of(s, "subtype"));
        "type" TYPES, Default, Never => |_| "data".into();
        "uuid" FieldKind::Uuid, Default, Never => |s| of(s, "uuid");
        "vserver" FieldKind::Text, Key, Never => |s| of(s, "name");
    ],
    references: &[],
    arrays: &[ArrayField::at("aggr_list"), ArrayField::at("allowed_protocols")],
    href: |_| String::new(),
};
