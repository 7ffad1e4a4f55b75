//! The common data of the objects of one SVM, and the names of objects.

use std::sync::Arc;

use nessie_backend_core::Uuid;

use super::AggregateRecord;

/// The UUID and the name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// The serial number, which is derived from the UUID.
    #[must_use]
    pub fn serial_number(&self) -> String {
        (self.uuid.as_u128() % 1_000_000_000_000).to_string()
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
    /// All snapshot policies of the cluster.
    pub snapshot_policies: Arc<[Named]>,
}

impl SvmContext {
    /// The link to the SVM.
    #[must_use]
    pub fn svm_href(&self) -> String {
        format!("/api/svm/svms/{}", self.svm.uuid)
    }

    /// The id of the SVM's export policy `default`, unique in the cluster. The upper 32 bits are the
    /// SVM's number, the lower 32 bits number the policies of the SVM.
    #[must_use]
    pub fn export_policy(&self) -> u64 {
        u64::from(self.number) << 32 | 1
    }

    /// The link to the SVM's export policy `default`.
    #[must_use]
    pub fn export_policy_href(&self) -> String {
        format!("/api/protocols/nfs/export-policies/{}", self.export_policy())
    }

    /// The snapshot policy with this name.
    #[must_use]
    pub fn snapshot_policy(&self, name: &str) -> Option<&Named> {
        self.snapshot_policies.iter().find(|policy| policy.name == name)
    }
}
