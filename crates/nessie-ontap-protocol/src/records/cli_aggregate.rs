//! Aggregates in the format of ONTAP's command line, including the root aggregates of the nodes.

use super::volume_space::rounded_percent_of;
use super::{AggregateSpace, Named};
use crate::{DocumentedFields, FieldKind, Schema};

/// An aggregate in the format of the command line.
#[derive(Clone, Debug)]
pub struct CliAggregateRecord {
    /// Its name and UUID.
    pub aggregate: Named,
    /// The node it belongs to.
    pub node: Named,
    /// Whether it is the root aggregate of its node. Then it has no volumes of SVMs.
    pub is_root: bool,
    /// Its space. `None` for a root aggregate, or if that was not requested.
    pub space: Option<AggregateSpace>,
}

/// `/api/private/cli/aggr`. The fields have the names of the command line. They are not nested, and
/// records have no link.
pub static CLI_AGGREGATE: Schema<CliAggregateRecord> = Schema {
    name: "cli_aggr",
    documented: DocumentedFields::none(),
    order: &["aggregate"],
    hidden: &[],
    fields: fields![
        "aggregate" FieldKind::Text, Key, Never => |a| (&a.aggregate.name).into();
        "availsize" FieldKind::Size, Default, Never => |a| a.space.map(|space| space.available()).into();
        "node" FieldKind::Text, Default, Never => |a| (&a.node.name).into();
        "percent_used" FieldKind::Integer, Default, Never => |a| a.space.map(|space| rounded_percent_of(space.used(), space.size)).into();
        "root" FieldKind::Boolean, Default, Never => |a| a.is_root.into();
        "size" FieldKind::Size, Default, Never => |a| a.space.map(|space| space.size).into();
        "state" FieldKind::Text, Default, Never => |_| "online".into();
        "usedsize" FieldKind::Size, Default, Never => |a| a.space.map(|space| space.used()).into();
        "uuid" FieldKind::Uuid, Default, Never => |a| a.aggregate.uuid.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
