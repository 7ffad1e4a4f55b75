//! The cluster itself.

use super::{Named, release};
use crate::{DocumentedFields, FieldKind, Schema};

/// The cluster.
#[derive(Clone, Debug)]
pub struct ClusterRecord {
    /// Its name and UUID.
    pub cluster: Named,
}

/// `/api/cluster`.
pub static CLUSTER: Schema<ClusterRecord> = Schema {
    name: "cluster",
    documented: DocumentedFields::of(include_str!("documented/cluster.txt")),
    order: &["uuid"],
    hidden: &[],
    fields: fields![
        "contact" FieldKind::Text, Expensive, Never => |_| "".into();
        "disaggregated" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "location" FieldKind::Text, Expensive, Never => |_| "".into();
        "name" FieldKind::Text, Default, Never => |c| (&c.cluster.name).into();
        "san_optimized" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "uuid" FieldKind::Uuid, Default, Never => |c| c.cluster.uuid.into();
        "version.full" FieldKind::Text, Default, Never => |_| release::FULL.into();
        "version.generation" FieldKind::Integer, Default, Never => |_| release::GENERATION.into();
        "version.major" FieldKind::Integer, Default, Never => |_| release::MAJOR.into();
        "version.minor" FieldKind::Integer, Default, Never => |_| release::MINOR.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| "/api/cluster".to_owned(),
};
