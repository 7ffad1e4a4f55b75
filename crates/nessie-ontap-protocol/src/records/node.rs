//! Nodes.

use super::{Named, release};
use crate::{Documented, Kind, Schema};

/// A node.
#[derive(Clone, Debug)]
pub struct NodeRecord {
    /// What it is called.
    pub node: Named,
    /// The number on its label.
    pub serial_number: String,
}

const STATES: Kind = Kind::Enumeration(&["up", "booting", "down", "taken_over", "degraded"]);

/// `/api/cluster/nodes`.
pub static NODE: Schema<NodeRecord> = Schema {
    name: "node",
    documented: Documented::of(include_str!("documented/node.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "is_all_flash_optimized" Kind::Boolean, Expensive, Never => |_| false.into();
        "is_all_flash_select_optimized" Kind::Boolean, Expensive, Never => |_| false.into();
        "model" Kind::Text, Default, Never => |_| "SIMBOX".into();
        "name" Kind::Text, Key, Never => |n| (&n.node.name).into();
        "serial_number" Kind::Text, Default, Never => |n| (&n.serial_number).into();
        "state" STATES, Default, Never => |_| "up".into();
        "uuid" Kind::Uuid, Key, Never => |n| n.node.uuid.into();
        "version.full" Kind::Text, Default, Never => |_| release::FULL.into();
        "version.generation" Kind::Integer, Default, Never => |_| release::GENERATION.into();
        "version.major" Kind::Integer, Default, Never => |_| release::MAJOR.into();
        "version.minor" Kind::Integer, Default, Never => |_| release::MINOR.into();
    ],
    references: &[],
    arrays: &[],
    href: |n| format!("/api/cluster/nodes/{}", n.node.uuid),
};
