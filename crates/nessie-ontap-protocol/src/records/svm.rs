//! SVMs.

use std::sync::Arc;

use super::volume::LANGUAGES;
use super::{AggregateRecord, Named, SvmContext};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// An SVM.
#[derive(Clone, Debug)]
pub struct SvmRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// All aggregates of the cluster. Each SVM may use all of them.
    pub aggregates: Arc<[AggregateRecord]>,
    /// The only ipspace of the cluster.
    pub ipspace: Named,
}

impl SvmRecord {
    fn each<'r>(&'r self, get: fn(&'r AggregateRecord) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.aggregates.iter().map(get).collect())
    }
}

const STATES: FieldKind = FieldKind::Enumeration(&["starting", "running", "stopping", "stopped"]);
const AGGREGATE_STATES: FieldKind = FieldKind::Enumeration(&["online", "offline", "unknown"]);
const AGGREGATE_TYPES: FieldKind =
    FieldKind::Enumeration(&["hdd", "hybrid", "lun", "ssd", "vmdisk"]);
const SUBTYPES: FieldKind = FieldKind::Enumeration(&["default", "dp_destination", "sync_source"]);

/// `/api/svm/svms`.
pub static SVM: Schema<SvmRecord> = Schema {
    name: "svm",
    documented: DocumentedFields::of(include_str!("documented/svm.txt")),
    order: &["name"],
    hidden: &[],
    fields: fields![
        "aggregates.available_size" FieldKind::Size, Default, Never => |s| s.each(|a| a.space.available().into());
        "aggregates.name" FieldKind::Text, Default, Never => |s| s.each(|a| (&a.aggregate.name).into());
        "aggregates.snaplock_type" FieldKind::Text, Default, Never => |s| s.each(|_| "non_snaplock".into());
        "aggregates.state" AGGREGATE_STATES, Default, Never => |s| s.each(|_| "online".into());
        "aggregates.type" AGGREGATE_TYPES, Default, Never => |s| s.each(|_| "ssd".into());
        "aggregates.uuid" FieldKind::Uuid, Default, Never => |s| s.each(|a| a.aggregate.uuid.into());
        "anti_ransomware_default_volume_state" FieldKind::Text, Default, Never => |_| "disabled".into();
        "auto_enable_activity_tracking" FieldKind::Boolean, Default, Never => |_| false.into();
        "auto_enable_analytics" FieldKind::Boolean, Default, Never => |_| false.into();
        "cifs.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "cifs.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "comment" FieldKind::Text, Default, Never => |_| "".into();
        "fcp.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "fcp.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "ipspace.name" FieldKind::Text, Default, Never => |s| (&s.ipspace.name).into();
        "ipspace.uuid" FieldKind::Uuid, Default, Never => |s| s.ipspace.uuid.into();
        "is_space_enforcement_logical" FieldKind::Boolean, Default, Never => |_| false.into();
        "is_space_reporting_logical" FieldKind::Boolean, Default, Never => |_| false.into();
        "iscsi.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "iscsi.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "language" LANGUAGES, Default, Never => |_| "c.utf_8".into();
        "max_volumes" FieldKind::Text, Expensive, Never => |_| "unlimited".into();
        "name" FieldKind::Text, Key, Never => |s| (&s.svm_context.svm.name).into();
        "ndmp.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "nfs.allowed" FieldKind::Boolean, Default, Never => |_| true.into();
        "nfs.enabled" FieldKind::Boolean, Default, Never => |_| true.into();
        "nvme.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "nvme.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "s3.allowed" FieldKind::Boolean, Default, Never => |_| false.into();
        "s3.enabled" FieldKind::Boolean, Default, Never => |_| false.into();
        "snapshot_policy.name" FieldKind::Text, Default, Never => |_| "default".into();
        "snapshot_policy.uuid" FieldKind::Uuid, Default, Never => |s| s.svm_context.snapshot_policy_uuid("default").into();
        "state" STATES, Default, Never => |_| "running".into();
        "storage.limit" FieldKind::Size, Default, Never => |_| 0_u64.into();
        "storage.limit_threshold_alert" FieldKind::Integer, Default, Never => |_| 90_u64.into();
        "subtype" SUBTYPES, Default, Never => |_| "default".into();
        "uuid" FieldKind::Uuid, Key, Never => |s| s.svm_context.svm.uuid.into();
    ],
    references: references![
        "aggregates" => |s, index| s.aggregates.get(index)
            .map(|a| format!("/api/storage/aggregates/{}", a.aggregate.uuid));
    ],
    arrays: &[ArrayField::at("aggregates")],
    href: |s| s.svm_context.svm_href(),
};
