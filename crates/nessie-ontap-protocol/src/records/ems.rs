//! Events of the event management system, and the messages that they are.

use nessie_backend_core::Timestamp;

use super::{Named, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// An event.
#[derive(Clone, Debug)]
pub struct EmsEventRecord {
    /// The node that reports it.
    pub node: Named,
    /// Its number, unique on the node.
    pub index: u64,
    /// When it happened.
    pub time: Timestamp,
    /// The name of its message.
    pub name: String,
    /// The severity of its message.
    pub severity: &'static str,
    /// Its text.
    pub log_message: String,
    /// The names and values of its parameters.
    pub parameters: Vec<(String, String)>,
}

/// A message that events can be.
#[derive(Clone, Debug)]
pub struct EmsMessageRecord {
    /// Its name.
    pub name: String,
    /// Its severity, unless an operation was refused.
    pub severity: &'static str,
    /// What it means.
    pub description: String,
}

impl EmsEventRecord {
    fn each<'r>(&'r self, get: fn(&'r (String, String)) -> &'r String) -> FieldValue<'r> {
        FieldValue::List(self.parameters.iter().map(|parameter| get(parameter).into()).collect())
    }
}

const SEVERITIES: FieldKind =
    FieldKind::Enumeration(&["emergency", "alert", "error", "notice", "informational", "debug"]);

/// `/api/support/ems/events`.
pub static EMS_EVENT: Schema<EmsEventRecord> = Schema {
    name: "ems_event",
    documented: DocumentedFields::of(include_str!("documented/ems_event.txt")),
    order: &["age", "rank"],
    hidden: fields![
        // The newest is first.
        "age" FieldKind::Integer, Expensive, Never => |e| {
            Timestamp::MAX.unix_micros().abs_diff(e.time.unix_micros()).into()
        };
        "rank" FieldKind::Integer, Expensive, Never => |e| (u64::MAX - e.index).into();
    ],
    fields: fields![
        "index" FieldKind::Integer, Key, Never => |e| e.index.into();
        "log_message" FieldKind::Text, Default, Never => |e| (&e.log_message).into();
        "message.name" FieldKind::Text, Default, Never => |e| (&e.name).into();
        "message.severity" SEVERITIES, Default, Never => |e| e.severity.into();
        "node.name" FieldKind::Text, Key, Never => |e| (&e.node.name).into();
        "node.uuid" FieldKind::Uuid, Default, Never => |e| e.node.uuid.into();
        "parameters.name" FieldKind::Text, Default, Never => |e| e.each(|(name, _)| name);
        "parameters.value" FieldKind::Text, Default, Never => |e| e.each(|(_, value)| value);
        "source" FieldKind::Text, Default, Never => |_| "nessie".into();
        "time" FieldKind::Time, Default, Never => |e| e.time.into();
    ],
    references: references![
        "node" => |e, _| Some(href::node(e.node.uuid));
    ],
    arrays: &[ArrayField::at("parameters")],
    href: |e| format!("/api/support/ems/events/{}/{}", e.node.name, e.index),
};

/// `/api/support/ems/messages`.
pub static EMS_MESSAGE: Schema<EmsMessageRecord> = Schema {
    name: "ems_message",
    documented: DocumentedFields::of(include_str!("documented/ems_message.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "deprecated" FieldKind::Boolean, Default, Never => |_| false.into();
        "description" FieldKind::Text, Default, Never => |m| (&m.description).into();
        "name" FieldKind::Text, Key, Never => |m| (&m.name).into();
        "severity" SEVERITIES, Default, Never => |m| m.severity.into();
    ],
    references: &[],
    arrays: &[],
    href: |_| String::new(),
};
