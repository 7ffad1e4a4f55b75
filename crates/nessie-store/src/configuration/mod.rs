//! The objects that requests create, such as policies, except volumes and snapshots.
//!
//! They outlast the epochs of backends. What belongs to a volume is in
//! [`side_data`](crate::side_data).

mod client_match;
mod export_policy;
mod export_rules;
mod named_table;
pub(crate) mod qos_policy;
pub(crate) mod schedule;
mod slot;
pub(crate) mod snapshot_policy;
mod stored;
mod table;

use std::sync::{Mutex, MutexGuard};

use nessie_ontap_protocol::records::Named;
use serde::{Deserialize, Serialize};

pub(crate) use client_match::check as check_client_match;
pub(crate) use export_policy::{
    DEFAULT as DEFAULT_EXPORT_POLICY, DEFAULT_NUMBER as DEFAULT_EXPORT_POLICY_NUMBER, ExportPolicy,
};
pub(crate) use export_rules::{ExportRules, new_export_rule};
pub(crate) use named_table::{HasName, NamedTable};
pub(crate) use qos_policy::StoredQosPolicy;
pub(crate) use schedule::JobSchedule;
pub(crate) use slot::Slot;
pub(crate) use snapshot_policy::{StoredCopies, StoredPolicy};
pub(crate) use stored::{OfDns, OfNfsService, OfSvm, Stored};
#[cfg(feature = "simulator")]
pub(crate) use stored::{OfSnapshot, OfVolume};
pub(crate) use table::Table;

use crate::side_data::lock;

/// The configuration of one SVM. Changes hold the SVM's write lock.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SvmConfiguration {
    /// The fields of the SVM itself, without its name.
    pub(crate) properties: Slot<Stored<OfSvm>>,
    pub(crate) nfs_service: Slot<Option<Stored<OfNfsService>>>,
    pub(crate) dns: Slot<Option<Stored<OfDns>>>,
    pub(crate) export_policies: NamedTable<ExportPolicy>,
    pub(crate) qos_policies: Table<StoredQosPolicy>,
    pub(crate) schedules: Table<JobSchedule>,
    /// Without those that were created directly on the backend.
    pub(crate) snapshot_policies: Table<StoredPolicy>,
}

impl Default for SvmConfiguration {
    /// The configuration of a new SVM.
    fn default() -> Self {
        Self {
            properties: Slot::default(),
            nfs_service: Slot::default(),
            dns: Slot::default(),
            export_policies: [ExportPolicy::default()].into_iter().collect(),
            qos_policies: Table::default(),
            schedules: Table::default(),
            snapshot_policies: Table::default(),
        }
    }
}

impl SvmConfiguration {
    /// Replaces everything. The SVM's write lock is held.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, other: Self) {
        let Self {
            properties,
            nfs_service,
            dns,
            export_policies,
            qos_policies,
            schedules,
            snapshot_policies,
        } = other;
        self.properties.replace(properties);
        self.nfs_service.replace(nfs_service);
        self.dns.replace(dns);
        self.export_policies.replace(export_policies);
        self.qos_policies.replace(qos_policies);
        self.schedules.replace(schedules);
        self.snapshot_policies.replace(snapshot_policies);
    }
}

/// The configuration of the cluster: what all SVMs share. Changes hold its write lock.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterConfiguration {
    pub(crate) qos_policies: Table<StoredQosPolicy>,
    pub(crate) schedules: Table<JobSchedule>,
    pub(crate) snapshot_policies: Table<StoredPolicy>,
    #[serde(skip)]
    write_lock: Mutex<()>,
}

impl ClusterConfiguration {
    /// The configuration of a new cluster. Its snapshot policies are those that every array has.
    pub(crate) fn new(cluster: &Named, snapshot_policies: &[Named]) -> Self {
        let schedules = JobSchedule::builtin(|name| cluster.derived(&format!("schedule {name}")));
        let policies = StoredPolicy::builtin(snapshot_policies, &schedules);
        let presets = StoredQosPolicy::presets(|name| cluster.derived(&format!("qos {name}")));
        Self {
            qos_policies: presets.into_iter().collect(),
            schedules: schedules.into_iter().collect(),
            snapshot_policies: policies.into_iter().collect(),
            write_lock: Mutex::default(),
        }
    }

    /// Replaces everything. The write lock is held.
    #[cfg(feature = "simulator")]
    pub(crate) fn replace(&self, other: Self) {
        let Self { qos_policies, schedules, snapshot_policies, write_lock: _ } = other;
        self.qos_policies.replace(qos_policies);
        self.schedules.replace(schedules);
        self.snapshot_policies.replace(snapshot_policies);
    }

    /// Waits until no other request changes anything in this configuration. It is taken before the
    /// write lock of an SVM.
    pub(crate) fn write_lock(&self) -> MutexGuard<'_, ()> {
        lock(&self.write_lock)
    }
}
