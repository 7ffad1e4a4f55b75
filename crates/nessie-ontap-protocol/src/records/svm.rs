//! SVMs.

use std::sync::Arc;

use super::volume::LANGUAGES;
use super::{AggregateRecord, Named, Place};
use crate::{Array, Documented, Kind, Schema, Value};

/// An SVM.
#[derive(Clone, Debug)]
pub struct SvmRecord {
    /// The SVM.
    pub place: Arc<Place>,
    /// All aggregates of the cluster. Each SVM may use all of them.
    pub aggregates: Arc<[AggregateRecord]>,
    /// The only ipspace of the cluster.
    pub ipspace: Named,
}

impl SvmRecord {
    fn each<'r>(&'r self, get: fn(&'r AggregateRecord) -> Value<'r>) -> Value<'r> {
        Value::List(self.aggregates.iter().map(get).collect())
    }
}

const STATES: Kind = Kind::Enumeration(&["starting", "running", "stopping", "stopped"]);
const AGGREGATE_STATES: Kind = Kind::Enumeration(&["online", "offline", "unknown"]);
const AGGREGATE_TYPES: Kind = Kind::Enumeration(&["hdd", "hybrid", "lun", "ssd", "vmdisk"]);
const SUBTYPES: Kind = Kind::Enumeration(&["default", "dp_destination", "sync_source"]);

/// `/api/svm/svms`.
pub static SVM: Schema<SvmRecord> = Schema {
    name: "svm",
    documented: Documented::of(include_str!("documented/svm.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "aggregates.available_size" Kind::Size, Default, Never => |s| s.each(|a| a.size.into());
        "aggregates.name" Kind::Text, Default, Never => |s| s.each(|a| (&a.aggregate.name).into());
        "aggregates.snaplock_type" Kind::Text, Default, Never => |s| s.each(|_| "non_snaplock".into());
        "aggregates.state" AGGREGATE_STATES, Default, Never => |s| s.each(|_| "online".into());
        "aggregates.type" AGGREGATE_TYPES, Default, Never => |s| s.each(|_| "ssd".into());
        "aggregates.uuid" Kind::Uuid, Default, Never => |s| s.each(|a| a.aggregate.uuid.into());
        "anti_ransomware_default_volume_state" Kind::Text, Default, Never => |_| "disabled".into();
        "auto_enable_activity_tracking" Kind::Boolean, Default, Never => |_| false.into();
        "auto_enable_analytics" Kind::Boolean, Default, Never => |_| false.into();
        "cifs.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "cifs.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "comment" Kind::Text, Default, Never => |_| "".into();
        "fcp.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "fcp.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "ipspace.name" Kind::Text, Default, Never => |s| (&s.ipspace.name).into();
        "ipspace.uuid" Kind::Uuid, Default, Never => |s| s.ipspace.uuid.into();
        "is_space_enforcement_logical" Kind::Boolean, Default, Never => |_| false.into();
        "is_space_reporting_logical" Kind::Boolean, Default, Never => |_| false.into();
        "iscsi.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "iscsi.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "language" LANGUAGES, Default, Never => |_| "c.utf_8".into();
        "max_volumes" Kind::Text, Expensive, Never => |_| "unlimited".into();
        "name" Kind::Text, Key, Never => |s| (&s.place.svm.name).into();
        "ndmp.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "nfs.allowed" Kind::Boolean, Default, Never => |_| true.into();
        "nfs.enabled" Kind::Boolean, Default, Never => |_| true.into();
        "nvme.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "nvme.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "s3.allowed" Kind::Boolean, Default, Never => |_| false.into();
        "s3.enabled" Kind::Boolean, Default, Never => |_| false.into();
        "snapshot_policy.name" Kind::Text, Default, Never => |_| "default".into();
        "snapshot_policy.uuid" Kind::Uuid, Default, Never => |s| s.place.snapshot_policy("default").map(|policy| policy.uuid).into();
        "state" STATES, Default, Never => |_| "running".into();
        "storage.limit" Kind::Size, Default, Never => |_| 0_u64.into();
        "storage.limit_threshold_alert" Kind::Integer, Default, Never => |_| 90_u64.into();
        "subtype" SUBTYPES, Default, Never => |_| "default".into();
        "uuid" Kind::Uuid, Key, Never => |s| s.place.svm.uuid.into();
    ],
    references: references![
        "aggregates" => |s, index| s.aggregates.get(index)
            .map(|a| format!("/api/storage/aggregates/{}", a.aggregate.uuid));
    ],
    arrays: &[Array::at("aggregates")],
    href: |s| s.place.svm_href(),
};
