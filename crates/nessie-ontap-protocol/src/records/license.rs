//! Licences.

use super::Named;
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// The licence of a package.
#[derive(Clone, Debug)]
pub struct LicenseRecord {
    /// The package.
    pub package: LicensePackage,
    /// The cluster that owns it.
    pub cluster: Named,
}

/// A licensed package.
#[derive(Clone, Copy, Debug)]
pub struct LicensePackage {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
}

/// The licensed packages: those whose features are simulated.
pub const LICENSE_PACKAGES: &[LicensePackage] = &[
    LicensePackage { name: "base", description: "Cluster Base License" },
    LicensePackage { name: "flexclone", description: "FlexClone License" },
    LicensePackage { name: "nfs", description: "NFS License" },
    LicensePackage { name: "snaprestore", description: "SnapRestore License" },
];

const SCOPES: FieldKind =
    FieldKind::Enumeration(&["not_available", "site", "cluster", "node", "pool"]);
const STATES: FieldKind =
    FieldKind::Enumeration(&["compliant", "noncompliant", "unlicensed", "unknown"]);

fn one<'r>(value: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
    FieldValue::List(vec![value.into()])
}

/// `/api/cluster/licensing/licenses`.
pub static LICENSE: Schema<LicenseRecord> = Schema {
    name: "license_package",
    documented: DocumentedFields::of(include_str!("documented/license_package.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "description" FieldKind::Text, Default, Never => |l| l.package.description.into();
        "licenses.active" FieldKind::Boolean, Default, Never => |_| one(true);
        "licenses.compliance.state" STATES, Default, Never => |_| one("compliant");
        "licenses.evaluation" FieldKind::Boolean, Default, Never => |_| one(false);
        "licenses.owner" FieldKind::Text, Default, Never => |l| one(&l.cluster.name);
        "licenses.serial_number" FieldKind::Text, Default, Never => |l| one(l.cluster.serial_number());
        "name" FieldKind::Text, Key, Never => |l| l.package.name.into();
        "scope" SCOPES, Default, Never => |_| "cluster".into();
        "state" STATES, Default, Never => |_| "compliant".into();
    ],
    references: &[],
    arrays: &[ArrayField::at("licenses")],
    href: |l| format!("/api/cluster/licensing/licenses/{}", l.package.name),
};
