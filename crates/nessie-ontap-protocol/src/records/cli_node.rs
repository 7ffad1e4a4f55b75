//! The commands `node` and `version`.

use super::cli::value;
use super::{NODE, NodeRecord, release};
use crate::{DocumentedFields, FieldKind, Schema};

/// The largest size in bytes of a volume: 100 TiB.
const MAX_VOLUME: u64 = 100 << 40;
/// The largest size in bytes of an aggregate: 800 TiB.
const MAX_AGGREGATE: u64 = 800 << 40;

/// `/api/private/cli/node`.
pub static CLI_NODE: Schema<NodeRecord> = Schema {
    name: "cli_node",
    documented: DocumentedFields::of(include_str!("documented/cli_node.txt")),
    order: &["node"],
    hidden: &[],
    fields: fields![
        "eligibility" FieldKind::Boolean, Default, Never => |_| true.into();
        "health" FieldKind::Boolean, Default, Never => |_| true.into();
        "max_aggr_size" FieldKind::Size, Default, Never => |_| MAX_AGGREGATE.into();
        "max_vol_size" FieldKind::Size, Default, Never => |_| MAX_VOLUME.into();
        "model" FieldKind::Text, Default, Never => |n| value(&NODE, n, "model");
        "node" FieldKind::Text, Key, Never => |n| (&n.node.name).into();
        "serialnumber" FieldKind::Text, Default, Never => |n| (&n.serial_number).into();
        "systemid" FieldKind::Text, Default, Never => |n| value(&NODE, n, "system_id");
        "uptime" FieldKind::Integer, Default, Never => |n| n.uptime().into();
        "uuid" FieldKind::Uuid, Default, Never => |n| n.node.uuid.into();
        "vendor" FieldKind::Text, Default, Never => |_| "NetApp".into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};

/// `/api/private/cli/version`. Its one record is a node: each has the release of the cluster.
pub static CLI_VERSION: Schema<NodeRecord> = Schema {
    name: "cli_version",
    documented: DocumentedFields::none(),
    order: &["version.full"],
    hidden: &[],
    fields: fields![
        "version.full" FieldKind::Text, Key, Never => |_| release::FULL.into();
        "version.generation" FieldKind::Integer, Default, Never => |_| release::GENERATION.into();
        "version.major" FieldKind::Integer, Default, Never => |_| release::MAJOR.into();
        "version.minor" FieldKind::Integer, Default, Never => |_| release::MINOR.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
