//! Nodes.

use nessie_backend_core::Timestamp;

use super::{Named, href, release};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A node.
#[derive(Clone, Debug)]
pub struct NodeRecord {
    /// Its name and UUID.
    pub node: Named,
    /// Its serial number.
    pub serial_number: String,
    /// Its HA partner, if there is one.
    pub partner: Option<Named>,
    /// The IP address of its management interface.
    pub address: String,
    /// When it started.
    pub started: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

impl NodeRecord {
    /// The whole seconds since it started.
    #[must_use]
    pub fn uptime(&self) -> u64 {
        let micros = self.now.unix_micros().saturating_sub(self.started.unix_micros());
        u64::try_from(micros / 1_000_000).unwrap_or_default()
    }

    fn partner<'r>(&'r self, get: fn(&'r Named) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.partner.iter().map(get).collect())
    }
}

const MEMBERSHIP: FieldKind = FieldKind::Enumeration(&["available", "joining", "member"]);
const STATES: FieldKind =
    FieldKind::Enumeration(&["up", "booting", "down", "taken_over", "degraded"]);

/// `/api/cluster/nodes`.
pub static NODE: Schema<NodeRecord> = Schema {
    name: "node",
    documented: DocumentedFields::of(include_str!("documented/node.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "ha.auto_giveback" FieldKind::Boolean, Default, Never => |n| n.partner.is_some().into();
        "ha.enabled" FieldKind::Boolean, Default, Never => |n| n.partner.is_some().into();
        "ha.partners.name" FieldKind::Text, Default, Never => |n| n.partner(|partner| (&partner.name).into());
        "ha.partners.uuid" FieldKind::Uuid, Default, Never => |n| n.partner(|partner| partner.uuid.into());
        "is_all_flash_optimized" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "is_all_flash_select_optimized" FieldKind::Boolean, Expensive, Never => |_| false.into();
        "management_interfaces.ip.address" FieldKind::Text, Default, Never => |n| FieldValue::List(vec![(&n.address).into()]);
        "management_interfaces.name" FieldKind::Text, Default, Never => |n| FieldValue::List(vec![format!("{}_mgmt1", n.node.name).into()]);
        "membership" MEMBERSHIP, Default, Never => |_| "member".into();
        "model" FieldKind::Text, Default, Never => |_| "SIMBOX".into();
        "name" FieldKind::Text, Key, Never => |n| (&n.node.name).into();
        "serial_number" FieldKind::Text, Default, Never => |n| (&n.serial_number).into();
        "snaplock.compliance_clock_time" FieldKind::Time, Default, Never => |n| n.now.into();
        "state" STATES, Default, Never => |_| "up".into();
        "system_id" FieldKind::Text, Default, Never => |n| (&n.serial_number).into();
        "uptime" FieldKind::Integer, Default, Never => |n| n.uptime().into();
        "uuid" FieldKind::Uuid, Key, Never => |n| n.node.uuid.into();
        "version.full" FieldKind::Text, Default, Never => |_| release::FULL.into();
        "version.generation" FieldKind::Integer, Default, Never => |_| release::GENERATION.into();
        "version.major" FieldKind::Integer, Default, Never => |_| release::MAJOR.into();
        "version.minor" FieldKind::Integer, Default, Never => |_| release::MINOR.into();
    ],
    references: references![
        "ha.partners" => |n, _| n.partner.as_ref()
            .map(|partner| href::node(partner.uuid));
    ],
    arrays: &[ArrayField::at("ha.partners"), ArrayField::at("management_interfaces")],
    href: |n| href::node(n.node.uuid),
};
