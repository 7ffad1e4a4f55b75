//! The records of each kind of object in ONTAP's REST API.
//!
//! Each kind of object has a file with its record and its [`Schema`](crate::Schema). The files in
//! `documented` list the fields that ONTAP documents.

/// The fields of a schema as a table: path, type, presence, which requests may set it, value.
macro_rules! fields {
    ($($path:literal $kind:expr, $presence:ident, $writable:ident => $get:expr;)+) => {
        &[$(crate::Field {
            path: $path,
            kind: $kind,
            presence: crate::FieldPresence::$presence,
            writable: crate::WritableBy::$writable,
            get: $get,
        }),+]
    };
}

/// The references of a schema as a table: path and link.
macro_rules! references {
    ($($path:literal => $href:expr;)+) => {
        &[$(crate::ObjectReference { path: $path, href: $href }),+]
    };
}

mod aggregate;
mod attributes;
mod cli;
mod cli_aggregate;
mod cli_node;
mod cli_recovery_queue;
mod cli_snapshot;
mod cli_volume;
mod cli_vserver;
mod cluster;
mod compliance_clock;
mod counter;
mod dns;
mod empty;
mod ems;
mod export_client;
mod export_policy;
mod export_rule;
mod flexgroup;
mod href;
mod ip_interface;
mod ipspace;
mod job;
mod license;
mod movement;
mod nfs_service;
mod node;
mod qos_policy;
mod qtree;
mod qtree_metrics;
mod quota_report;
mod quota_rule;
mod schedule;
mod snapshot;
mod snapshot_policy;
mod software;
mod svm;
mod svm_context;
mod volume;
mod volume_metrics;
mod volume_space;

pub use aggregate::{AGGREGATE, AggregateRecord, AggregateSpace};
pub use attributes::{Attribute, Attributes};
pub use cli::CliCommand;
pub use cli_aggregate::{CLI_AGGREGATE, CliAggregateRecord};
pub use cli_node::{CLI_NODE, CLI_VERSION};
pub use cli_recovery_queue::{CLI_RECOVERY_QUEUE, CliDeletedVolumeRecord};
pub use cli_snapshot::{CLI_SNAPSHOT, CLI_SNAPSHOT_COMMAND};
pub use cli_volume::{CLI_VOLUME, CLI_VOLUME_COMMAND};
pub use cli_vserver::CLI_VSERVER;
pub use cluster::{CLUSTER, ClusterRecord};
pub use compliance_clock::{COMPLIANCE_CLOCK, ComplianceClockRecord};
pub use counter::{
    ALL_COUNTER_TABLES, COUNTER_ROW, COUNTER_TABLE, Counter, CounterRowRecord, CounterTable,
    CounterTableRecord,
};
pub use dns::{DNS, DnsRecord};
pub use empty::{
    APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLUSTER_PEER, DISK, FILE, FILE_CLONE, FILE_COPY,
    FILE_MOVE, FPOLICY_POLICY, KEY_MANAGER, LUN, NoRecord, SNAPMIRROR, SPLIT_STATUS, SVM_PEER,
};
pub use ems::{EMS_EVENT, EMS_MESSAGE, EmsEventRecord, EmsMessageRecord};
pub use export_client::{EXPORT_CLIENT, ExportClientRecord};
pub use export_policy::{EXPORT_POLICY, ExportPolicyRecord};
pub use export_rule::{EXPORT_RULE, ExportRule, ExportRuleRecord};
pub use flexgroup::{
    CONSTITUENT_AGGREGATES, constituent_aggregates, constituent_name, constituent_of_name,
    constituent_share,
};
pub use ip_interface::{IP_INTERFACE, IpInterfaceRecord};
pub use ipspace::{IPSPACE, IpspaceRecord};
pub use job::{JOB, JobRecord, job_href};
pub use license::{LICENSE, LICENSE_PACKAGES, LicensePackage, LicenseRecord};
pub use movement::{Movement, MovementState};
pub use nfs_service::{NFS_SERVICE, NfsServiceRecord, is_enabled as is_nfs_enabled};
pub use node::{NODE, NodeRecord};
pub use qos_policy::{AdaptiveLimits, FixedLimits, QOS_POLICY, QosLimits, QosPolicyRecord};
pub use qtree::{QTREE, QtreeRecord, QtreeVolume, UnixIdentity};
pub use qtree_metrics::{QTREE_METRICS, QtreeMetricsRecord};
pub use quota_report::{QUOTA_REPORT, QuotaReportRecord};
pub use quota_rule::{QUOTA_RULE, QuotaLimits, QuotaRuleRecord, QuotaTarget};
pub use schedule::{CronTimes, SCHEDULE, ScheduleRecord, ScheduleTiming};
pub use snapshot::{SNAPSHOT, SnapshotRecord};
pub use snapshot_policy::{
    PolicyCopies, SNAPSHOT_POLICY, SNAPSHOT_POLICY_SCHEDULE, SnapshotPolicyRecord,
    SnapshotPolicyScheduleRecord,
};
pub use software::{SOFTWARE, SoftwareRecord};
pub use svm::{SVM, SvmRecord, is_stopped};
pub use svm_context::{ClusterPolicies, Named, SvmContext};
pub use volume::{VOLUME, VolumeRecord, is_svm_root};
pub use volume_metrics::{VOLUME_METRICS, VolumeMetricsRecord};
pub use volume_space::{Pool, default_autosize_maximum, guaranteed_bytes, is_guaranteed};

/// The ONTAP release that is simulated.
pub mod release {
    /// `9` of `9.15.1`.
    pub const GENERATION: u32 = 9;
    /// `15` of `9.15.1`.
    pub const MAJOR: u32 = 15;
    /// `1` of `9.15.1`.
    pub const MINOR: u32 = 1;
    /// The full version text.
    pub const FULL: &str = "NetApp Release 9.15.1: Tue Jun 18 00:00:00 UTC 2024";
}
