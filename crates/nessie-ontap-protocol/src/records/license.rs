//! Licences.

use super::Named;
use crate::{Array, Documented, Kind, Schema, Value};

/// The licence of a package.
#[derive(Clone, Debug)]
pub struct LicenseRecord {
    /// The package.
    pub package: Package,
    /// The cluster that owns it.
    pub cluster: Named,
}

/// A licensed package.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
}

/// The licensed packages: those whose features are simulated.
pub const PACKAGES: &[Package] = &[
    Package { name: "base", description: "Cluster Base License" },
    Package { name: "flexclone", description: "FlexClone License" },
    Package { name: "nfs", description: "NFS License" },
    Package { name: "snaprestore", description: "SnapRestore License" },
];

const SCOPES: Kind = Kind::Enumeration(&["not_available", "site", "cluster", "node", "pool"]);
const STATES: Kind = Kind::Enumeration(&["compliant", "noncompliant", "unlicensed", "unknown"]);

fn one<'r>(value: impl Into<Value<'r>>) -> Value<'r> {
    Value::List(vec![value.into()])
}

/// `/api/cluster/licensing/licenses`.
pub static LICENSE: Schema<LicenseRecord> = Schema {
    name: "license_package",
    documented: Documented::of(include_str!("documented/license_package.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "description" Kind::Text, Default, Never => |l| l.package.description.into();
        "licenses.active" Kind::Boolean, Default, Never => |_| one(true);
        "licenses.compliance.state" STATES, Default, Never => |_| one("compliant");
        "licenses.evaluation" Kind::Boolean, Default, Never => |_| one(false);
        "licenses.owner" Kind::Text, Default, Never => |l| one(&l.cluster.name);
        "licenses.serial_number" Kind::Text, Default, Never => |l| one(l.cluster.serial_number());
        "name" Kind::Text, Key, Never => |l| l.package.name.into();
        "scope" SCOPES, Default, Never => |_| "cluster".into();
        "state" STATES, Default, Never => |_| "compliant".into();
    ],
    references: &[],
    arrays: &[Array::at("licenses")],
    href: |l| format!("/api/cluster/licensing/licenses/{}", l.package.name),
};
