//! Aggregates in the format of ONTAP's command line, including the root aggregates of the nodes.

use super::Named;
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
}

/// `/api/private/cli/aggr`. The fields have the names of the command line. They are not nested, and
/// records have no link.
pub static CLI_AGGREGATE: Schema<CliAggregateRecord> = Schema {
    name: "aggr",
    documented: DocumentedFields::none(),
    order: &["aggregate"],
    hidden: &[],
    fields: fields![
        "aggregate" FieldKind::Text, Key, Never => |a| (&a.aggregate.name).into();
        "node" FieldKind::Text, Expensive, Never => |a| (&a.node.name).into();
        "root" FieldKind::Boolean, Expensive, Never => |a| a.is_root.into();
        "state" FieldKind::Text, Expensive, Never => |_| "online".into();
        "uuid" FieldKind::Uuid, Expensive, Never => |a| a.aggregate.uuid.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
