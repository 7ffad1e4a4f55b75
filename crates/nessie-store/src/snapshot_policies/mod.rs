//! Snapshot policies: those of the configuration, and those of the backends.
//!
//! The policies of the configuration are added to each backend that has policies and lacks them. A
//! policy of the cluster is on the backends of all SVMs. On a backend without policies, a volume only
//! stores the name of one. [`directory`] has the changes, [`users`] the volumes that use a
//! policy, [`labels`] the labels of the snapshots.

mod directory;
mod labels;
mod users;

use std::sync::Arc;

use nessie_backend_core::{
    BackendError, PolicyBackend, Result, SnapshotPolicy, Uuid, VolumeBackend,
};
use nessie_ontap_protocol::ApiError;

use crate::cluster::Cluster;
pub(crate) use crate::configuration::snapshot_policy::{DEFAULT, NONE};
use crate::configuration::{ClusterConfiguration, StoredPolicy, Table};
use crate::svm::SvmState;
pub(crate) use directory::{PolicyDirectory, PolicyPlace};
pub(crate) use labels::SnapshotLabels;
pub(crate) use users::ATTRIBUTE;

/// Adds those of the policies that the backend lacks, and returns all policies of the backend.
///
/// The backend is read before the tables: a policy that is being deleted is removed from its table
/// first.
pub(crate) fn complete(
    backend: &dyn PolicyBackend,
    tables: &[&Table<StoredPolicy>],
) -> Result<Vec<SnapshotPolicy>> {
    let found = backend.list_snapshot_policies()?;
    let stored = tables.iter().flat_map(|table| table.list()).map(|(_, stored)| stored);
    let is_missing = |stored: &Arc<StoredPolicy>| {
        stored.is_of_backends() && !found.iter().any(|policy| policy.name == stored.policy.name)
    };
    let missing: Vec<_> = stored.filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    for stored in missing {
        match backend.create_snapshot_policy(stored.to_backend()?) {
            Ok(()) | Err(BackendError::SnapshotPolicyExists { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    backend.list_snapshot_policies()
}

/// Whether a backend has snapshot policies. Adds those of the cluster.
pub(crate) fn has_policies(
    backend: &dyn VolumeBackend,
    configuration: &ClusterConfiguration,
) -> bool {
    let policies = backend.policy_backend();
    // A backend that cannot add them now is tried again when a request needs them.
    policies.map(|backend| drop(complete(backend, &[&configuration.snapshot_policies]))).is_ok()
}

impl SvmState {
    fn policy_tables(&self) -> [&Table<StoredPolicy>; 2] {
        [&self.cluster_configuration.snapshot_policies, &self.configuration.snapshot_policies]
    }

    /// The name of the policy of a volume for which a request names none.
    pub(crate) fn default_snapshot_policy(&self) -> String {
        self.properties().text("snapshot_policy.name").unwrap_or(DEFAULT).to_owned()
    }

    /// The policy of the cluster or of the SVM with a name or, if none is given, a UUID, if it is in the
    /// configuration.
    pub(crate) fn stored_snapshot_policy(
        &self,
        name: Option<&str>,
        uuid: Option<Uuid>,
    ) -> Option<Arc<StoredPolicy>> {
        let is_wanted = |stored: &StoredPolicy| match name {
            Some(name) => stored.policy.name == name,
            None => Some(stored.policy.uuid) == uuid,
        };
        let found = self.policy_tables().into_iter().find_map(|table| table.find(is_wanted));
        found.map(|(_, stored)| stored)
    }

    /// The policy of a name on the SVM's backend. A backend that lacks a policy of the configuration
    /// with this name gets it.
    pub(crate) fn find_snapshot_policy(
        &self,
        name: &str,
    ) -> Result<Option<SnapshotPolicy>, ApiError> {
        let Ok(backend) = self.backend.policy_backend() else { return Ok(None) };
        let found = backend.find_snapshot_policy(name)?;
        let is_missing = || {
            let stored = self.stored_snapshot_policy(Some(name), None);
            stored.is_some_and(|stored| stored.is_of_backends())
        };
        if found.is_some() || !is_missing() {
            return Ok(found);
        }
        let policies = complete(backend, &self.policy_tables())?;
        Ok(policies.into_iter().find(|policy| policy.name == name))
    }

    /// Adds the policies of the configuration that the SVM's backend lacks. What the backend cannot add now
    /// is added when a request needs it.
    #[cfg(feature = "simulator")]
    pub(crate) fn add_snapshot_policies(&self) {
        let _ = self.snapshot_policies();
    }

    /// The policies of the SVM's backend; none if it has no policies.
    pub(crate) fn snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>, ApiError> {
        match self.backend.policy_backend() {
            Ok(backend) => Ok(complete(backend, &self.policy_tables())?),
            Err(_) => Ok(Vec::new()),
        }
    }
}

impl Cluster {
    /// Runs the rules of these SVMs' policies that became due on the system's clock, if the cluster
    /// runs policies.
    pub(crate) fn run_policies(&self, svms: &[Arc<SvmState>]) -> Result<(), ApiError> {
        if !self.runs_policies {
            return Ok(());
        }
        for svm in svms {
            if let Ok(backend) = svm.backend.policy_backend() {
                backend.run_due()?;
            }
        }
        Ok(())
    }
}
