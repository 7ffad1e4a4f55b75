//! The cluster itself.

use super::{Named, release};
use crate::{Documented, Kind, Schema};

/// The cluster.
#[derive(Clone, Debug)]
pub struct ClusterRecord {
    /// Its name and UUID.
    pub cluster: Named,
}

/// `/api/cluster`.
pub static CLUSTER: Schema<ClusterRecord> = Schema {
    name: "cluster",
    documented: Documented::of(include_str!("documented/cluster.txt")),
    order: &["uuid"],
    hidden: &[],
    fields: fields![
        "contact" Kind::Text, Expensive, Never => |_| "".into();
        "disaggregated" Kind::Boolean, Expensive, Never => |_| false.into();
        "location" Kind::Text, Expensive, Never => |_| "".into();
        "name" Kind::Text, Default, Never => |c| (&c.cluster.name).into();
        "san_optimized" Kind::Boolean, Expensive, Never => |_| false.into();
        "uuid" Kind::Uuid, Default, Never => |c| c.cluster.uuid.into();
        "version.full" Kind::Text, Default, Never => |_| release::FULL.into();
        "version.generation" Kind::Integer, Default, Never => |_| release::GENERATION.into();
        "version.major" Kind::Integer, Default, Never => |_| release::MAJOR.into();
        "version.minor" Kind::Integer, Default, Never => |_| release::MINOR.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| "/api/cluster".to_owned(),
};
