//! Samples of the performance of volumes.

use nessie_backend_core::{Timestamp, Uuid};

use crate::{DocumentedFields, FieldKind, Schema};

/// A sample of the performance of a volume. It is zero, because no data is read or written.
#[derive(Clone, Debug)]
pub struct VolumeMetricsRecord {
    /// The volume.
    pub volume: Uuid,
    /// The end of the sample.
    pub timestamp: Timestamp,
    /// Its length in ISO 8601.
    pub duration: &'static str,
}

const DURATIONS: FieldKind =
    FieldKind::Enumeration(&["PT15S", "PT4M", "PT5M", "PT30M", "PT2H", "P1D"]);

/// `/api/storage/volumes/{volume.uuid}/metrics`.
pub static VOLUME_METRICS: Schema<VolumeMetricsRecord> = Schema {
    name: "volume_metrics",
    documented: DocumentedFields::of(include_str!("documented/volume_metrics.txt")),
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
        "status" FieldKind::Text, Default, Never => |_| "ok".into();
        "throughput.other" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.read" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.total" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "throughput.write" FieldKind::Integer, Default, Never => |_| 0_u64.into();
        "timestamp" FieldKind::Time, Key, Never => |m| m.timestamp.into();
    ],
    references: &[],
    arrays: &[],
    href: |m| format!("/api/storage/volumes/{}/metrics/{}", m.volume, m.timestamp),
};
