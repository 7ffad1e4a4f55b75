//! The SVMs of a cluster. Their list changes while requests run: a request reads it once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{AggregateRecord, ClusterPolicies, Named, SvmContext};

use crate::clock::ClusterClock;
use crate::config::Svm;
use crate::configuration::ClusterConfiguration;
use crate::jobs::Jobs;
use crate::side_data::lock;
use crate::snapshot_policies::has_policies;
use crate::svm::SvmState;

/// The SVMs at one time, in order of their creation. It keeps an SVM that is deleted meanwhile.
pub(crate) type SvmList = Arc<[Arc<SvmState>]>;

/// The SVMs of a cluster.
#[derive(Debug)]
pub(crate) struct Svms {
    parts: Parts,
    /// The number of SVMs that were created.
    created: AtomicU32,
    list: RwLock<SvmList>,
    /// Held by a request that creates, renames or deletes an SVM.
    write_lock: Mutex<()>,
}

/// What all SVMs of a cluster share.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) aggregates: Arc<[AggregateRecord]>,
    /// The aggregate of volumes that were created directly on the backend.
    pub(crate) aggregate: Arc<Named>,
    /// The size in bytes of a volume without a quota, if the backend has no capacity.
    pub(crate) unlimited: u64,
    pub(crate) snapshot_policies: ClusterPolicies,
    pub(crate) configuration: Arc<ClusterConfiguration>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) clock: ClusterClock,
    pub(crate) recovery_queue_hours: Option<u64>,
}

impl Svms {
    /// No SVMs.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            created: AtomicU32::new(0),
            list: RwLock::new(Arc::new([])),
            write_lock: Mutex::default(),
        }
    }

    /// Waits until no other request creates, renames or deletes an SVM. It is taken before the lock of
    /// an SVM.
    pub(crate) fn write_lock(&self) -> MutexGuard<'_, ()> {
        lock(&self.write_lock)
    }

    /// The number of the next SVM, unique in the cluster. The cluster itself has number 1.
    pub(crate) fn next_number(&self) -> u32 {
        self.created.fetch_add(1, Ordering::Relaxed) + 2
    }

    /// A new SVM, which is not in the list yet. ONTAP's snapshot policies are added to its backend.
    pub(crate) fn make(&self, svm: Svm, named: Named, number: u32) -> SvmState {
        let parts = &self.parts;
        let svm_context = SvmContext {
            svm: named,
            number,
            aggregates: Arc::clone(&parts.aggregates),
            aggregate: Arc::clone(&parts.aggregate),
            snapshot_policies: parts.snapshot_policies.clone(),
            has_snapshot_policies: has_policies(&*svm.backend, &parts.configuration),
        };
        let index = u64::from(number) - 2;
        SvmState::new(index, svm_context, svm, parts)
    }

    /// Each SVM at present with its UUID, as a configuration has it.
    pub(crate) fn configs(&self) -> Vec<(Uuid, Svm)> {
        let list = self.list();
        let config = |svm: &Arc<SvmState>| (svm.svm_context.svm.uuid, svm.config());
        list.iter().map(config).collect()
    }

    /// Adds an SVM to the list.
    pub(crate) fn add(&self, svm: SvmState) {
        self.update(|list| list.push(Arc::new(svm)));
    }

    /// Replaces the SVM with the same UUID.
    pub(crate) fn replace(&self, svm: SvmState) {
        let uuid = svm.svm_context.svm.uuid;
        let svm = Arc::new(svm);
        self.update(|list| {
            for other in list.iter_mut().filter(|other| other.svm_context.svm.uuid == uuid) {
                *other = Arc::clone(&svm);
            }
        });
    }

    /// Removes the SVM with that UUID from the list.
    pub(crate) fn remove(&self, uuid: Uuid) {
        self.update(|list| list.retain(|svm| svm.svm_context.svm.uuid != uuid));
    }

    fn update(&self, update: impl FnOnce(&mut Vec<Arc<SvmState>>)) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let mut svms = list.to_vec();
        update(&mut svms);
        let before = std::mem::replace(&mut *list, svms.into());
        drop(list);
        // Without the lock: the last owner of an SVM drops its backend.
        drop(before);
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
#[derive(Debug)]
pub(crate) struct Epochs(Vec<(Uuid, u64)>);

impl Epochs {
    pub(crate) fn of(svms: &[Arc<SvmState>]) -> Self {
        Self(svms.iter().map(|svm| (svm.svm_context.svm.uuid, svm.backend.epoch())).collect())
    }

    /// Whether they are the present epochs of these SVMs.
    pub(crate) fn are_current(&self, svms: &[Arc<SvmState>]) -> bool {
        self.0.iter().map(|(_, epoch)| *epoch).eq(svms.iter().map(|svm| svm.backend.epoch()))
    }

    /// The epoch of the SVM with that UUID.
    pub(crate) fn of_svm(&self, svm: Uuid) -> Option<u64> {
        let found = self.0.iter().find(|(uuid, _)| *uuid == svm);
        found.map(|(_, epoch)| *epoch)
    }
}
