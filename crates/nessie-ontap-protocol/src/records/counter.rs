//! Performance counters.
//!
//! Nothing is measured. The counters report that a node was busy for a small, fixed part of the time
//! since it started. So the utilization that a client computes from two readings is small, and the
//! client never divides by zero.

use super::{Named, NodeRecord};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema, Url};

/// A table of counters.
#[derive(Debug)]
pub struct CounterTable {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// The suffix of a row's identifier, after the node's name.
    pub instance: &'static str,
    /// Its counters.
    pub counters: &'static [Counter],
}

/// A counter.
#[derive(Debug)]
pub struct Counter {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// How to evaluate it: `delta` is the difference of two readings, `percent` is that difference
    /// divided by the difference of the denominator.
    pub kind: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The counter to divide by.
    pub denominator: Option<&'static str>,
    /// The number of microseconds in one unit.
    pub micros: u64,
    /// The parts of the time that it counts, in 10 000ths, with their labels. A counter with one part
    /// has a single value without a label.
    pub parts: &'static [(&'static str, u64)],
}

impl Counter {
    /// The amounts counted in this number of seconds, one for each part.
    fn amounts(&self, seconds: u64) -> Vec<FieldValue<'static>> {
        let counted = seconds.saturating_mul(1_000_000 / self.micros);
        let amounts = self.parts.iter().map(|(_, part)| counted.saturating_mul(*part) / 10_000);
        amounts.map(FieldValue::from).collect()
    }

    fn is_array(&self) -> bool {
        self.parts.len() > 1
    }

    /// The amount of a counter with one part.
    fn value(&self, seconds: u64) -> FieldValue<'static> {
        let amount = self.amounts(seconds).into_iter().next();
        amount.filter(|_| !self.is_array()).unwrap_or(FieldValue::Unset)
    }

    /// The amounts of a counter with several parts.
    fn values(&self, seconds: u64) -> FieldValue<'static> {
        if self.is_array() { FieldValue::List(self.amounts(seconds)) } else { FieldValue::Unset }
    }

    /// The labels of a counter with several parts.
    fn labels(&self) -> FieldValue<'static> {
        let labels = self.parts.iter().map(|(label, _)| (*label).into());
        if self.is_array() { FieldValue::List(labels.collect()) } else { FieldValue::Unset }
    }
}

/// The counter of the time since the start, in microseconds.
const fn elapsed(name: &'static str) -> Counter {
    Counter {
        name,
        description: "Wall-clock time since the node started",
        kind: "delta",
        unit: "microsec",
        denominator: None,
        micros: 1,
        parts: &[("", 10_000)],
    }
}

const SYSTEM: &[Counter] = &[
    Counter {
        name: "average_processor_busy_percent",
        description: "Average processor utilization across all processors of the node",
        kind: "percent",
        unit: "percent",
        denominator: Some("cpu_elapsed_time"),
        micros: 1,
        parts: &[("", 100)],
    },
    elapsed("cpu_elapsed_time"),
];

/// All tables.
pub static ALL_COUNTER_TABLES: &[CounterTable] = &[
    CounterTable {
        name: "processor",
        description: "The processors of a node",
        instance: "processor0",
        counters: &[
            Counter {
                name: "domain_busy_percent",
                description: "Part of the time that each domain of the processor was busy",
                kind: "percent",
                unit: "percent",
                denominator: Some("elapsed_time"),
                micros: 1,
                parts: &[
                    ("idle", 9_900),
                    ("kahuna", 40),
                    ("storage", 10),
                    ("exempt", 30),
                    ("raid", 10),
                    ("protocol", 10),
                ],
            },
            elapsed("elapsed_time"),
        ],
    },
    CounterTable {
        name: "system",
        description: "A node as a whole",
        instance: "system",
        counters: SYSTEM,
    },
    CounterTable {
        name: "system:constituent",
        description: "A node as a whole, as a part of the cluster",
        instance: "constituent",
        counters: SYSTEM,
    },
    CounterTable {
        name: "wafl",
        description: "The file system of a node",
        instance: "wafl",
        counters: &[
            Counter {
                name: "cp_phase_times",
                description: "Time spent in each phase of consistency points",
                kind: "percent",
                unit: "percent",
                denominator: Some("total_cp_msecs"),
                micros: 1_000,
                parts: &[
                    ("cp_setup", 10),
                    ("cp_p1_clean", 20),
                    ("cp_p2v_inofile", 20),
                    ("cp_p2_flush", 40),
                    ("cp_p3_wait", 10),
                ],
            },
            Counter {
                name: "total_cp_msecs",
                description: "Time spent in consistency points",
                kind: "delta",
                unit: "millisec",
                denominator: None,
                micros: 1_000,
                parts: &[("", 100)],
            },
        ],
    },
];

/// The link to the object at these path segments after `/api/cluster/counter/tables`.
fn href(segments: &[&str]) -> String {
    let all = ["api", "cluster", "counter", "tables"].iter().chain(segments);
    let segments = all.map(|segment| (*segment).to_owned()).collect();
    Url { segments, parameters: Vec::new() }.href()
}

/// A table with the requested counters.
#[derive(Clone, Debug)]
pub struct CounterTableRecord {
    /// The table.
    pub table: &'static CounterTable,
    /// The requested counters of the table.
    pub counters: Vec<&'static Counter>,
}

impl CounterTableRecord {
    fn each(&self, get: fn(&'static Counter) -> FieldValue<'static>) -> FieldValue<'_> {
        FieldValue::List(self.counters.iter().map(|counter| get(counter)).collect())
    }
}

/// `/api/cluster/counter/tables`.
pub static COUNTER_TABLE: Schema<CounterTableRecord> = Schema {
    name: "counter_table",
    documented: DocumentedFields::of(include_str!("documented/counter_table.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "counter_schemas.denominator.name" FieldKind::Text, Default, Never => |t| t.each(|counter| counter.denominator.into());
        "counter_schemas.description" FieldKind::Text, Default, Never => |t| t.each(|counter| counter.description.into());
        "counter_schemas.name" FieldKind::Text, Default, Never => |t| t.each(|counter| counter.name.into());
        "counter_schemas.type" FieldKind::Text, Default, Never => |t| t.each(|counter| counter.kind.into());
        "counter_schemas.unit" FieldKind::Text, Default, Never => |t| t.each(|counter| counter.unit.into());
        "description" FieldKind::Text, Default, Never => |t| t.table.description.into();
        "name" FieldKind::Text, Key, Never => |t| t.table.name.into();
    ],
    references: &[],
    arrays: &[ArrayField::at("counter_schemas")],
    href: |t| href(&[t.table.name]),
};

/// The row of a node in a table, with the requested counters.
#[derive(Clone, Debug)]
pub struct CounterRowRecord {
    /// The table.
    pub table: &'static CounterTable,
    /// The requested counters of the table.
    pub counters: Vec<&'static Counter>,
    /// The node.
    pub node: Named,
    /// The seconds since the node started.
    pub seconds: u64,
}

impl CounterRowRecord {
    /// The row of a node with all counters. At least one second is counted, because clients read
    /// zero as a missing value.
    #[must_use]
    pub fn new(table: &'static CounterTable, node: &NodeRecord) -> Self {
        Self {
            table,
            counters: table.counters.iter().collect(),
            node: node.node.clone(),
            seconds: node.uptime().max(1),
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.node.name, self.table.instance)
    }

    fn each<'r>(&self, get: impl Fn(&'static Counter) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.counters.iter().map(|counter| get(counter)).collect())
    }
}

/// `/api/cluster/counter/tables/{counter_table.name}/rows`.
pub static COUNTER_ROW: Schema<CounterRowRecord> = Schema {
    name: "counter_row",
    documented: DocumentedFields::of(include_str!("documented/counter_row.txt")),
    order: &["id"],
    hidden: &[],
    fields: fields![
        "counter_table.name" FieldKind::Text, Default, Never => |r| r.table.name.into();
        "counters.labels" FieldKind::Text, Default, Never => |r| r.each(Counter::labels);
        "counters.name" FieldKind::Text, Default, Never => |r| r.each(|counter| counter.name.into());
        "counters.value" FieldKind::Integer, Default, Never => |r| r.each(|counter| counter.value(r.seconds));
        "counters.values" FieldKind::Integer, Default, Never => |r| r.each(|counter| counter.values(r.seconds));
        "id" FieldKind::Text, Key, Never => |r| r.id().into();
        "properties.name" FieldKind::Text, Default, Never => |_| FieldValue::List(vec!["node.name".into()]);
        "properties.value" FieldKind::Text, Default, Never => |r| FieldValue::List(vec![(&r.node.name).into()]);
    ],
    references: references![
        "counter_table" => |r, _| Some(href(&[r.table.name]));
    ],
    arrays: &[ArrayField::at("counters"), ArrayField::at("properties")],
    href: |r| href(&[r.table.name, "rows", &r.id()]),
};
