//! Aggregates as the command line shows them: with the root aggregates of the nodes.

use super::Named;
use crate::{Documented, Kind, Schema};

/// An aggregate on the command line.
#[derive(Clone, Debug)]
pub struct CliAggregateRecord {
    /// What it is called.
    pub aggregate: Named,
    /// The node it belongs to.
    pub node: Named,
    /// Whether it holds the node's own volume, and so no volume of an SVM.
    pub is_root: bool,
}

/// `/api/private/cli/aggr`. The fields have the names of the command line, where nothing is nested
/// and a record has no link.
pub static CLI_AGGREGATE: Schema<CliAggregateRecord> = Schema {
    name: "aggr",
    documented: Documented::none(),
    order: &["aggregate"],
    hidden: &[],
    fields: fields![
        "aggregate" Kind::Text, Key, Never => |a| (&a.aggregate.name).into();
        "node" Kind::Text, Expensive, Never => |a| (&a.node.name).into();
        "root" Kind::Boolean, Expensive, Never => |a| a.is_root.into();
        "state" Kind::Text, Expensive, Never => |_| "online".into();
        "uuid" Kind::Uuid, Expensive, Never => |a| a.aggregate.uuid.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
