//! Where volumes are, and what objects are called.

use std::sync::Arc;

use nessie_backend_core::Uuid;

/// An identifier and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The identifier.
    pub uuid: Uuid,
    /// The name.
    pub name: String,
}

/// What all volumes of one SVM share.
#[derive(Clone, Debug)]
pub struct Place {
    /// The SVM.
    pub svm: Named,
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

    /// The snapshot policy of that name.
    #[must_use]
    pub fn snapshot_policy(&self, name: &str) -> Option<&Named> {
        self.snapshot_policies.iter().find(|policy| policy.name == name)
    }
}
