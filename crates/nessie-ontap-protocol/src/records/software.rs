//! The software version of the cluster.

use super::{Named, href, release};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// The software of the cluster's nodes.
#[derive(Clone, Debug)]
pub struct SoftwareRecord {
    /// The nodes.
    pub nodes: Vec<Named>,
}

impl SoftwareRecord {
    fn each<'r>(&'r self, get: fn(&'r Named) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.nodes.iter().map(get).collect())
    }
}

fn version() -> FieldValue<'static> {
    format!("{}.{}.{}", release::GENERATION, release::MAJOR, release::MINOR).into()
}

/// `/api/cluster/software`.
pub static SOFTWARE: Schema<SoftwareRecord> = Schema {
    name: "software",
    documented: DocumentedFields::of(include_str!("documented/software.txt")),
    order: &["version"],
    hidden: &[],
    fields: fields![
        "nodes.name" FieldKind::Text, Default, Never => |s| s.each(|node| (&node.name).into());
        "nodes.version" FieldKind::Text, Default, Never => |s| s.each(|_| version());
        "version" FieldKind::Text, Default, Never => |_| version();
    ],
    references: references![
        "nodes" => |s, index| s.nodes.get(index).map(|node| href::node(node.uuid));
    ],
    arrays: &[ArrayField::at("nodes")],
    href: |_| "/api/cluster/software".to_owned(),
};
