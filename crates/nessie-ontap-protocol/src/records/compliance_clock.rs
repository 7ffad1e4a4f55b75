//! `SnapLock` compliance clocks. Each node has one, and it shows the cluster's time.

use nessie_backend_core::Timestamp;

use super::{Named, href};
use crate::{DocumentedFields, FieldKind, Schema};

/// The compliance clock of a node.
#[derive(Clone, Debug)]
pub struct ComplianceClockRecord {
    /// The node.
    pub node: Named,
    /// The time of the clock.
    pub time: Timestamp,
}

/// `/api/storage/snaplock/compliance-clocks`.
pub static COMPLIANCE_CLOCK: Schema<ComplianceClockRecord> = Schema {
    name: "snaplock_compliance_clock",
    documented: DocumentedFields::of(include_str!("documented/snaplock_compliance_clock.txt")),
    order: &["node.name"],
    hidden: &[],
    fields: fields![
        "node.name" FieldKind::Text, Key, Never => |c| (&c.node.name).into();
        "node.uuid" FieldKind::Uuid, Key, Never => |c| c.node.uuid.into();
        "time" FieldKind::Time, Default, Never => |c| c.time.into();
    ],
    references: references![
        "node" => |c, _| Some(href::node(c.node.uuid));
    ],
    arrays: &[],
    href: |c| href::compliance_clock(c.node.uuid),
};
