//! Samples of the performance of qtrees.

use std::sync::Arc;

use nessie_backend_core::Timestamp;

use super::href;
use super::qtree::{QtreeRecord, qtree_href};
use crate::{DocumentedFields, FieldKind, Schema};

/// A sample of the performance of a qtree. It is zero, because no data is read or written.
#[derive(Clone, Debug)]
pub struct QtreeMetricsRecord {
    /// The qtree.
    pub qtree: Arc<QtreeRecord>,
    /// The end of the sample.
    pub timestamp: Timestamp,
    /// Its length in ISO 8601.
    pub duration: &'static str,
}

const DURATIONS: FieldKind = FieldKind::Enumeration(&["PT4M", "PT5M", "PT30M", "PT2H", "P1D"]);

/// `/api/storage/qtrees/{volume.uuid}/{qtree.id}/metrics`.
pub static QTREE_METRICS: Schema<QtreeMetricsRecord> = Schema {
    name: "qtree_metrics",
    documented: DocumentedFields::of(include_str!("documented/qtree_metrics.txt")),
    order: &["age"],
    hidden: fields![
        // The newest is first.
        "age" FieldKind::Integer, Expensive, Never => |m| {
            Timestamp::MAX.unix_micros().abs_diff(m.timestamp.unix_micros()).into()
        };
    ],
    fields: fields![
        "duration" DURATIONS, Default, Never => |m| m.duration.into();
        "iops.other" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "iops.read" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "iops.total" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "iops.write" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "latency.other" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "latency.read" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "latency.total" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "latency.write" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "qtree.id" FieldKind::Integer, Key, Never => |m| m.qtree.id.into();
        "qtree.name" FieldKind::Text, Default, Never => |m| (&m.qtree.name).into();
        "status" FieldKind::Text, Default, Never => |_| "ok".into();
        "svm.name" FieldKind::Text, Default, Never => |m| (&m.qtree.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |m| m.qtree.svm_context.svm.uuid.into();
        "throughput.other" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.read" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.total" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.write" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "timestamp" FieldKind::Time, Key, Never => |m| m.timestamp.into();
        "volume.name" FieldKind::Text, Default, Never => |m| (&m.qtree.volume.volume.name).into();
        "volume.uuid" FieldKind::Uuid, Key, Never => |m| m.qtree.volume.volume.uuid.into();
    ],
    references: references![
        "qtree" => |m, _| Some(qtree_href(m.qtree.volume.volume.uuid, m.qtree.id));
        "svm" => |m, _| Some(m.qtree.svm_context.svm_href());
        "volume" => |m, _| Some(href::volume(m.qtree.volume.volume.uuid));
    ],
    arrays: &[],
    // A sample is not an object of its own.
    href: |_| String::new(),
};
