//! The common data of the objects of one SVM, and the names of objects.

use std::sync::{Arc, PoisonError, RwLock};

use nessie_backend_core::Uuid;
use nessie_backend_core::uuid::Builder;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use super::{AggregateRecord, href};

/// The UUID and the name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The UUID.
    pub uuid: Uuid,
    /// The name.
    pub name: String,
}

impl Named {
    /// The UUID of a part of the object, such as a node's port. It is derived from the object's UUID
    /// and the part's number, so it need not be stored.
    #[must_use]
    pub fn part(&self, number: u8) -> Uuid {
        Uuid::from_u128(self.uuid.as_u128() ^ u128::from(number))
    }

    /// The UUID of a part of the object that has only this text. It is derived from the object's UUID and
    /// the text, so it need not be stored.
    #[must_use]
    pub fn derived(&self, text: &str) -> Uuid {
        let (high, low) = self.uuid.as_u64_pair();
        let hash = XxHash3_128::oneshot_with_seed(high ^ low, text.as_bytes());
        Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
    }

    /// The serial number, which is derived from the UUID.
    #[must_use]
    pub fn serial_number(&self) -> String {
        (self.uuid.as_u128() % 1_000_000_000_000).to_string()
    }
}

/// The names of the snapshot policies of the cluster. Clones share them.
#[derive(Clone, Debug)]
pub struct ClusterPolicies {
    names: Arc<RwLock<Arc<[Named]>>>,
}

impl ClusterPolicies {
    /// These policies.
    #[must_use]
    pub fn new(names: Arc<[Named]>) -> Self {
        Self { names: Arc::new(RwLock::new(names)) }
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> Arc<[Named]> {
        Arc::clone(&self.names.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces all of them.
    pub fn set(&self, names: Arc<[Named]>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// The UUID of the policy of a name.
    #[must_use]
    pub fn uuid(&self, name: &str) -> Option<Uuid> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names.iter().find(|policy| policy.name == name).map(|policy| policy.uuid)
    }
}

/// The common data of all volumes of one SVM.
#[derive(Clone, Debug)]
pub struct SvmContext {
    /// The SVM.
    pub svm: Named,
    /// The SVM's number, unique in the cluster.
    pub number: u32,
    /// All aggregates of the cluster.
    pub aggregates: Arc<[AggregateRecord]>,
    /// The aggregate of volumes that were created directly on the backend.
    pub aggregate: Arc<Named>,
    /// The snapshot policies of the cluster, which all SVMs have.
    pub snapshot_policies: ClusterPolicies,
    /// Whether the SVM's backend has snapshot policies. Otherwise its volumes only store a name.
    pub has_snapshot_policies: bool,
}

impl SvmContext {
    /// The link to the SVM.
    #[must_use]
    pub fn svm_href(&self) -> String {
        href::svm(self.svm.uuid)
    }

    /// The id of the SVM's export policy with that number, unique in the cluster. The upper 32 bits are
    /// the SVM's number, the lower 32 bits number the policies of the SVM; `default` has number 1.
    #[must_use]
    pub fn export_policy_id(&self, number: u64) -> u64 {
        u64::from(self.number) << 32 | number
    }

    /// The link to the SVM's export policy with that number.
    #[must_use]
    pub fn export_policy_href(&self, number: u64) -> String {
        format!("/api/protocols/nfs/export-policies/{}", self.export_policy_id(number))
    }

    /// The UUID of the SVM's snapshot policy with this name. That of a policy which is not of the whole
    /// cluster is derived from the SVM and the name.
    #[must_use]
    pub fn snapshot_policy_uuid(&self, name: &str) -> Uuid {
        self.snapshot_policies.uuid(name).unwrap_or_else(|| self.svm.derived(name))
    }

    /// The link to the SVM's snapshot policy with this name.
    pub(super) fn snapshot_policy_href(&self, name: &str) -> String {
        href::snapshot_policy(self.snapshot_policy_uuid(name))
    }
}
