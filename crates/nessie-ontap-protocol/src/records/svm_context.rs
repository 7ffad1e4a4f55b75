//! Where volumes are, and what objects are called.

use std::sync::Arc;

use nessie_backend_core::Uuid;

use super::AggregateRecord;

/// An identifier and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The identifier.
    pub uuid: Uuid,
    /// The name.
    pub name: String,
}

impl Named {
    /// The identifier of the part with this number, as of a node's port: it follows from that of
    /// the whole, so that a part needs no place of its own to be kept.
    #[must_use]
    pub fn part(&self, number: u8) -> Uuid {
        Uuid::from_u128(self.uuid.as_u128() ^ u128::from(number))
    }

    /// The number on its label, which follows from its identifier.
    #[must_use]
    pub fn serial_number(&self) -> String {
        (self.uuid.as_u128() % 1_000_000_000_000).to_string()
    }
}

/// What all volumes of one SVM share.
#[derive(Clone, Debug)]
pub struct Place {
    /// The SVM.
    pub svm: Named,
    /// The SVM's number. No other SVM of the cluster has it.
    pub number: u32,
    /// The aggregates there are.
    pub aggregates: Arc<[AggregateRecord]>,
    /// The aggregate of volumes for which none was chosen: those that were not made on this face.
    pub aggregate: Arc<Named>,
    /// The size that is shown of a volume without a quota: all that its aggregate has.
    pub unlimited: u64,
    /// The snapshot policies there are.
    pub snapshot_policies: Arc<[Named]>,
}

impl Place {
    /// The link of the SVM.
    #[must_use]
    pub fn svm_href(&self) -> String {
        format!("/api/svm/svms/{}", self.svm.uuid)
    }

    /// The number of its export policy `default`. No other policy of the cluster has it: the upper
    /// half is that of the SVM, the lower half counts the policies of the SVM.
    #[must_use]
    pub fn export_policy(&self) -> u64 {
        u64::from(self.number) << 32 | 1
    }

    /// The link of its export policy `default`.
    #[must_use]
    pub fn export_policy_href(&self) -> String {
        format!("/api/protocols/nfs/export-policies/{}", self.export_policy())
    }

    /// The snapshot policy of that name.
    #[must_use]
    pub fn snapshot_policy(&self, name: &str) -> Option<&Named> {
        self.snapshot_policies.iter().find(|policy| policy.name == name)
    }
}
