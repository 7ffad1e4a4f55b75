//! The SVMs of a cluster. Their list changes while requests run: a request reads it once.

use std::sync::{Arc, PoisonError, RwLock};

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::ApiError;

use crate::svm::SvmState;

/// The SVMs at one time, in order of their creation. It keeps an SVM that is deleted meanwhile.
pub(crate) type SvmList = Arc<[Arc<SvmState>]>;

/// The SVMs of a cluster.
#[derive(Debug)]
pub(crate) struct Svms {
    list: RwLock<SvmList>,
}

impl Svms {
    pub(crate) fn new(svms: impl IntoIterator<Item = SvmState>) -> Self {
        Self { list: RwLock::new(svms.into_iter().map(Arc::new).collect()) }
    }

    /// The SVMs at present.
    pub(crate) fn list(&self) -> SvmList {
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a condition holds for an SVM. The list is locked meanwhile.
    #[cfg(feature = "simulator")]
    pub(crate) fn any(&self, is_one: impl Fn(&SvmState) -> bool) -> bool {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.iter().any(|svm| is_one(svm))
    }
}

/// The SVM with that name, UUID or both. It is an error if neither is given.
pub(crate) fn find_svm<'s>(
    svms: &'s [Arc<SvmState>],
    name: Option<&str>,
    uuid: Option<Uuid>,
) -> Result<&'s SvmState, ApiError> {
    let by_name =
        |name: &str| svm_named(svms, name).map(Arc::as_ref).ok_or_else(|| unknown_svm(name));
    let by_uuid = |uuid: Uuid| {
        let found = svm_with_uuid(svms, uuid).map(Arc::as_ref);
        found.ok_or_else(|| unknown_svm(&uuid.to_string()))
    };
    match (name, uuid) {
        (Some(name), None) => by_name(name),
        (None, Some(uuid)) => by_uuid(uuid),
        (Some(name), Some(uuid)) => {
            let svm = by_name(name)?;
            if svm.svm_context.svm.uuid == uuid {
                return Ok(svm);
            }
            let message = format!("The SVM {name:?} does not have the UUID {uuid}.");
            Err(ApiError::new(400, 2_621_706, message).about("svm.uuid"))
        }
        (None, None) => {
            let message = "The request names no SVM: svm.name or svm.uuid.";
            Err(ApiError::new(400, 2_621_707, message).about("svm"))
        }
    }
}

/// The SVM with that name.
pub(crate) fn svm_named<'s>(svms: &'s [Arc<SvmState>], name: &str) -> Option<&'s Arc<SvmState>> {
    svms.iter().find(|svm| svm.svm_context.svm.name == name)
}

/// The SVM with that UUID.
pub(crate) fn svm_with_uuid(svms: &[Arc<SvmState>], uuid: Uuid) -> Option<&Arc<SvmState>> {
    svms.iter().find(|svm| svm.svm_context.svm.uuid == uuid)
}

/// The error for an SVM that does not exist.
pub(crate) fn unknown_svm(name: &str) -> ApiError {
    ApiError::new(400, 2_621_462, format!("SVM {name:?} does not exist.")).about("svm")
}

/// The epochs of the backends of SVMs at one time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Epochs(Vec<(Uuid, u64)>);

impl Epochs {
    pub(crate) fn of(svms: &[Arc<SvmState>]) -> Self {
        Self(svms.iter().map(|svm| (svm.svm_context.svm.uuid, svm.backend.epoch())).collect())
    }

    /// The epoch of the SVM with that UUID.
    pub(crate) fn of_svm(&self, svm: Uuid) -> Option<u64> {
        let found = self.0.iter().find(|(uuid, _)| *uuid == svm);
        found.map(|(_, epoch)| *epoch)
    }
}
