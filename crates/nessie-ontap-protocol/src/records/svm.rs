//! SVMs.

use std::sync::Arc;

use super::volume::LANGUAGES;
use super::volume_space::rounded_percent_of;
use super::{AggregateRecord, Attribute, Attributes, Named, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// An SVM.
#[derive(Clone, Debug)]
pub struct SvmRecord {
    /// The SVM.
    pub svm_context: Arc<SvmContext>,
    /// Its aggregates.
    pub aggregates: Arc<[AggregateRecord]>,
    /// Whether the aggregates were assigned to it. Otherwise they are all of the cluster, and the SVM
    /// shows only their names.
    pub has_own_aggregates: bool,
    /// Its `IPspace`.
    pub ipspace: Named,
    /// The fields that requests have set.
    pub attributes: Arc<Attributes>,
    /// Whether its NFS service is enabled; `None` if it has no NFS service.
    pub nfs_enabled: Option<bool>,
    /// The fields of its DNS configuration.
    pub dns: Option<Arc<Attributes>>,
    /// The number of its deleted volumes in the recovery queue, and their sizes in bytes.
    pub in_recovery_queue: (u64, u64),
    /// The sizes of its volumes in bytes. `None` unless it has a limit of them.
    pub allocated: Option<u64>,
}

impl SvmRecord {
    fn each<'r>(&'r self, get: fn(&'r AggregateRecord) -> FieldValue<'r>) -> FieldValue<'r> {
        FieldValue::List(self.aggregates.iter().map(get).collect())
    }

    /// A field of the aggregates that were assigned.
    fn of_own<'r>(&'r self, get: fn(&'r AggregateRecord) -> FieldValue<'r>) -> FieldValue<'r> {
        if self.has_own_aggregates { self.each(get) } else { FieldValue::Unset }
    }

    fn or<'r>(&'r self, path: &str, default: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
        self.attributes.value_or(path, default)
    }

    fn sources<'r>(&'r self, path: &str, default: &[&'static str]) -> FieldValue<'r> {
        self.or(path, FieldValue::List(default.iter().copied().map(FieldValue::text).collect()))
    }

    fn of_dns(&self, path: &str) -> FieldValue<'_> {
        let set = self.dns.as_ref().and_then(|dns| dns.get(path));
        set.map(Attribute::value).into()
    }

    fn snapshot_policy(&self) -> &str {
        self.attributes.text("snapshot_policy.name").unwrap_or("default")
    }

    /// The most that its volumes may be, in bytes.
    fn limit(&self) -> Option<u64> {
        self.attributes.integer("storage.limit").filter(|limit| *limit > 0)
    }

    fn used_percent(&self) -> Option<u64> {
        Some(rounded_percent_of(self.allocated?, self.limit()?))
    }

    fn alert_percent(&self) -> u64 {
        self.attributes.integer("storage.limit_threshold_alert").unwrap_or(ALERT_PERCENT)
    }

    /// A field of a protocol. A stopped SVM has none.
    fn of_protocol<'r>(&'r self, value: impl Into<FieldValue<'r>>) -> FieldValue<'r> {
        if is_stopped(&self.attributes) { FieldValue::Unset } else { value.into() }
    }

    fn allowed(&self, path: &str, default: bool) -> FieldValue<'_> {
        self.of_protocol(self.or(path, default))
    }
}

/// Whether the SVM with these attributes is stopped.
#[must_use]
pub fn is_stopped(attributes: &Attributes) -> bool {
    attributes.text("state") == Some("stopped")
}

/// The percentage of the limit at which an SVM reports that its volumes are near it.
const ALERT_PERCENT: u64 = 90;

const RANSOMWARE: FieldKind = FieldKind::Enumeration(&["disabled", "dry_run"]);
const SOURCES: FieldKind = FieldKind::Enumeration(&["files", "dns", "ldap", "nis"]);
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
        "aggregates.available_size" FieldKind::Size, Default, Never => |s| s.of_own(|a| a.space.available().into());
        "aggregates.name" FieldKind::Text, Default, Both => |s| s.each(|a| (&a.aggregate.name).into());
        "aggregates.snaplock_type" FieldKind::Text, Default, Never => |s| s.of_own(|_| "non_snaplock".into());
        "aggregates.state" AGGREGATE_STATES, Default, Never => |s| s.of_own(|_| "online".into());
        "aggregates.type" AGGREGATE_TYPES, Default, Never => |s| s.of_own(|_| "ssd".into());
        "aggregates.uuid" FieldKind::Uuid, Default, Both => |s| s.each(|a| a.aggregate.uuid.into());
        "anti_ransomware_default_volume_state" RANSOMWARE, Default, Both => |s| s.or("anti_ransomware_default_volume_state", "disabled");
        "auto_enable_activity_tracking" FieldKind::Boolean, Default, Both => |s| s.or("auto_enable_activity_tracking", false);
        "auto_enable_analytics" FieldKind::Boolean, Default, Both => |s| s.or("auto_enable_analytics", false);
        "cifs.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("cifs.allowed", false);
        "cifs.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "comment" FieldKind::Text, Default, Both => |s| s.or("comment", "");
        "dns.domains" FieldKind::Text, Default, Post => |s| s.of_dns("domains");
        "dns.servers" FieldKind::Text, Default, Post => |s| s.of_dns("servers");
        "fcp.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("fcp.allowed", false);
        "fcp.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "ipspace.name" FieldKind::Text, Default, Post => |s| (&s.ipspace.name).into();
        "ipspace.uuid" FieldKind::Uuid, Default, Post => |s| s.ipspace.uuid.into();
        "is_space_enforcement_logical" FieldKind::Boolean, Default, Both => |s| s.or("is_space_enforcement_logical", false);
        "is_space_reporting_logical" FieldKind::Boolean, Default, Both => |s| s.or("is_space_reporting_logical", false);
        "iscsi.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("iscsi.allowed", false);
        "iscsi.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "language" LANGUAGES, Default, Both => |s| s.or("language", "c.utf_8");
        "max_volumes" FieldKind::Text, Expensive, Both => |s| s.or("max_volumes", "unlimited");
        "name" FieldKind::Text, Key, Both => |s| (&s.svm_context.svm.name).into();
        "ndmp.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("ndmp.allowed", false);
        "ndmp.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "nfs.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("nfs.allowed", true);
        "nfs.enabled" FieldKind::Boolean, Default, Post => |s| s.of_protocol(s.nfs_enabled.unwrap_or(false));
        "nsswitch.group" SOURCES, Default, Both => |s| s.sources("nsswitch.group", &["files"]);
        "nsswitch.hosts" SOURCES, Default, Both => |s| s.sources("nsswitch.hosts", &["files", "dns"]);
        "nsswitch.namemap" SOURCES, Default, Both => |s| s.sources("nsswitch.namemap", &["files"]);
        "nsswitch.netgroup" SOURCES, Default, Both => |s| s.sources("nsswitch.netgroup", &["files"]);
        "nsswitch.passwd" SOURCES, Default, Both => |s| s.sources("nsswitch.passwd", &["files"]);
        "number_of_volumes_in_recovery_queue" FieldKind::Integer, Default, Never => |s| s.in_recovery_queue.0.into();
        "nvme.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("nvme.allowed", false);
        "nvme.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "s3.allowed" FieldKind::Boolean, Default, Both => |s| s.allowed("s3.allowed", false);
        "s3.enabled" FieldKind::Boolean, Default, Never => |s| s.of_protocol(false);
        "snapshot_policy.name" FieldKind::Text, Default, Both => |s| s.snapshot_policy().into();
        "snapshot_policy.uuid" FieldKind::Uuid, Default, Both => |s| s.svm_context.snapshot_policy_uuid(s.snapshot_policy()).into();
        "state" STATES, Default, Patch => |s| s.or("state", "running");
        "storage.allocated" FieldKind::Size, Default, Never => |s| s.allocated.into();
        "storage.available" FieldKind::Size, Default, Never => |s| s.limit().zip(s.allocated).map(|(limit, used)| limit.saturating_sub(used)).into();
        "storage.limit" FieldKind::Size, Default, Both => |s| s.or("storage.limit", 0_u64);
        "storage.limit_threshold_alert" FieldKind::Integer, Default, Both => |s| s.alert_percent().into();
        "storage.limit_threshold_exceeded" FieldKind::Boolean, Default, Never => |s| s.used_percent().map(|used| used >= s.alert_percent()).into();
        "storage.used_percentage" FieldKind::Integer, Default, Never => |s| s.used_percent().into();
        "subtype" SUBTYPES, Default, Post => |s| s.or("subtype", "default");
        "total_volume_size_in_recovery_queue" FieldKind::Size, Default, Never => |s| s.in_recovery_queue.1.into();
        "uuid" FieldKind::Uuid, Key, Never => |s| s.svm_context.svm.uuid.into();
    ],
    references: references![
        "aggregates" => |s, index| s.aggregates.get(index)
            .map(|a| href::aggregate(a.aggregate.uuid));
        "nfs" => |s, _| s.nfs_enabled.filter(|_| !is_stopped(&s.attributes))
            .map(|_| href::nfs_service(s.svm_context.svm.uuid));
        "snapshot_policy" => |s, _| Some(s.svm_context.snapshot_policy_href(s.snapshot_policy()));
    ],
    arrays: &[
        ArrayField::at("aggregates"),
        ArrayField::at("dns.domains"),
        ArrayField::at("dns.servers"),
        ArrayField::at("nsswitch.group"),
        ArrayField::at("nsswitch.hosts"),
        ArrayField::at("nsswitch.namemap"),
        ArrayField::at("nsswitch.netgroup"),
        ArrayField::at("nsswitch.passwd"),
    ],
    href: |s| s.svm_context.svm_href(),
};
