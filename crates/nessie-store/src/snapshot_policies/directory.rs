//! All snapshot policies and the changes of them.

use std::sync::{Arc, MutexGuard};

use nessie_backend_core::{
    BackendError, PolicyBackend, Result as BackendResult, SnapshotPolicy, Uuid,
};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Named, PolicyCopies, SnapshotPolicyRecord, SvmContext};

use crate::cluster::Cluster;
use crate::configuration::snapshot_policy::{NONE, is_builtin};
use crate::configuration::{JobSchedule, StoredCopies, StoredPolicy, Table};
use crate::svm::{Presence, SvmState};

/// The owner of a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PolicyPlace<'a> {
    Cluster,
    Svm(&'a SvmState),
}

/// The snapshot policies of a cluster during one request.
pub(crate) struct PolicyDirectory<'a> {
    cluster: &'a Cluster,
    svms: &'a [Arc<SvmState>],
}

/// Keeps other requests from changing policies, schedules and volumes.
pub(crate) struct PolicyLock<'a> {
    _cluster: MutexGuard<'a, ()>,
    _svms: Vec<MutexGuard<'a, Presence>>,
}

impl<'a> PolicyDirectory<'a> {
    pub(crate) const fn new(cluster: &'a Cluster, svms: &'a [Arc<SvmState>]) -> Self {
        Self { cluster, svms }
    }

    /// Waits until no other request changes anything in the cluster or its SVMs.
    pub(crate) fn lock(&self) -> PolicyLock<'a> {
        let cluster = self.cluster.configuration.write_lock();
        // Without those that were deleted meanwhile.
        let svms = self.svms.iter().filter_map(|svm| svm.write_lock().ok()).collect();
        PolicyLock { _cluster: cluster, _svms: svms }
    }

    /// The policies of the cluster and of these SVMs. A policy of the cluster has the rules that the
    /// first of the SVMs has under its name.
    pub(crate) fn list(&self, svms: &[&SvmState]) -> Result<Vec<SnapshotPolicyRecord>, ApiError> {
        let mut on_backends = Vec::new();
        for svm in svms {
            on_backends.extend(svm.snapshot_policies()?.into_iter().map(|policy| (*svm, policy)));
        }
        let of_cluster = self.cluster.configuration.snapshot_policies.list();
        let mut records = Vec::new();
        for (_, stored) in &of_cluster {
            let name = &stored.policy.name;
            let found = on_backends.iter().find(|(_, policy)| policy.name == *name);
            let policy = found.map(|(_, policy)| policy).filter(|_| name != NONE);
            records.push(self.record(PolicyPlace::Cluster, &self.merged(None, policy, stored)));
        }
        let is_own = |name: &str| of_cluster.iter().all(|(_, stored)| stored.policy.name != name);
        for svm in svms {
            let place = PolicyPlace::Svm(svm);
            let mut own = svm.configuration.snapshot_policies.list();
            let of_svm = on_backends.iter().filter(|(of, _)| std::ptr::eq(*of, *svm));
            for (_, policy) in of_svm.filter(|(_, policy)| is_own(&policy.name)) {
                let stored = own.iter().position(|(_, stored)| stored.policy.name == policy.name);
                let stored = match stored.map(|index| own.remove(index)) {
                    Some((_, stored)) => StoredPolicy::clone(&stored),
                    None => direct(svm, &policy.name),
                };
                records.push(self.record(place, &self.merged(Some(svm), Some(policy), &stored)));
            }
            // Those of an SVM whose backend has no policies.
            records.extend(own.iter().map(|(_, stored)| self.record(place, stored)));
        }
        Ok(records)
    }

    /// The record of a policy.
    pub(crate) fn record(
        &self,
        place: PolicyPlace<'_>,
        policy: &StoredPolicy,
    ) -> SnapshotPolicyRecord {
        let schedules = self.schedules(place);
        let copies = policy.copies.iter().map(|copies| {
            let found = schedules.iter().find(|schedule| schedule.uuid == copies.schedule);
            let name = found.map_or(&copies.times, |schedule| &schedule.name).clone();
            PolicyCopies {
                schedule: Named { uuid: copies.schedule, name },
                has_schedule: found.is_some(),
                prefix: copies.prefix.clone(),
                count: copies.count,
                snapmirror_label: copies.snapmirror_label.clone(),
                retention_period: copies.retention_period.clone(),
            }
        });
        SnapshotPolicyRecord {
            policy: policy.policy.clone(),
            svm_context: place.svm().map(|svm| Arc::clone(&svm.svm_context)),
            comment: policy.comment.clone(),
            enabled: policy.enabled,
            copies: copies.collect(),
        }
    }

    /// The owner of a policy.
    pub(crate) fn place(
        &self,
        svm_context: Option<&SvmContext>,
    ) -> Result<PolicyPlace<'a>, ApiError> {
        let Some(svm_context) = svm_context else { return Ok(PolicyPlace::Cluster) };
        let uuid = Some(svm_context.svm.uuid);
        crate::svms::find_svm(self.svms, None, uuid).map(PolicyPlace::Svm)
    }

    /// The policy of a name at present. An error if it was deleted meanwhile.
    pub(crate) fn current(
        &self,
        place: PolicyPlace<'a>,
        name: &str,
    ) -> Result<StoredPolicy, ApiError> {
        let stored = self.table(place).find(|stored| stored.policy.name == name);
        let base = match (&stored, place.svm()) {
            (Some((_, stored)), _) => StoredPolicy::clone(stored),
            (None, Some(svm)) => direct(svm, name),
            (None, None) => return Err(ApiError::no_such_entry()),
        };
        for svm in self.backends(place) {
            if let Some(policy) = svm.find_snapshot_policy(name)?.filter(|_| name != NONE) {
                return Ok(self.merged(place.svm(), Some(&policy), &base));
            }
        }
        stored.map(|_| base).ok_or_else(ApiError::no_such_entry)
    }

    /// Refuses a name that a policy of the cluster or of one of its SVMs has.
    pub(crate) fn check_free(&self, place: PolicyPlace<'a>, name: &str) -> Result<(), ApiError> {
        let of_cluster = &self.cluster.configuration.snapshot_policies;
        let mut is_taken = of_cluster.find(|stored| stored.policy.name == name).is_some();
        for svm in self.svms_of(place) {
            is_taken |= svm.stored_snapshot_policy(Some(name), None).is_some()
                || svm.find_snapshot_policy(name)?.is_some();
        }
        if !is_taken {
            return Ok(());
        }
        let message = format!("A snapshot policy with the name {name:?} exists already.");
        Err(ApiError::new(409, 1_638_527, message).about("name"))
    }

    /// Adds a policy. After an error nothing is changed.
    pub(crate) fn add(&self, place: PolicyPlace<'a>, policy: StoredPolicy) -> Result<(), ApiError> {
        self.check(&policy)?;
        let definition = policy.to_backend()?;
        let name = &policy.policy.name;
        self.on_backends(
            place,
            |backend| backend.create_snapshot_policy(definition.clone()),
            |backend| backend.delete_snapshot_policy(name),
        )?;
        self.table(place).add(policy);
        self.publish();
        Ok(())
    }

    /// Replaces a policy. After an error nothing is changed.
    pub(crate) fn replace(
        &self,
        place: PolicyPlace<'a>,
        before: &StoredPolicy,
        after: StoredPolicy,
    ) -> Result<(), ApiError> {
        self.check(&after)?;
        let name = &after.policy.name;
        if before.copies != after.copies {
            let (old, new) = (before.to_backend()?, after.to_backend()?);
            self.on_backends(place, |backend| set(backend, &new), |backend| set(backend, &old))?;
        }
        if before.enabled != after.enabled {
            let mut switched = Vec::new();
            for svm in self.svms_of(place) {
                if let Err(error) = svm.switch_snapshot_policy(name, after.enabled) {
                    for svm in switched {
                        let _ = SvmState::switch_snapshot_policy(svm, name, before.enabled);
                    }
                    return Err(error);
                }
                switched.push(svm);
            }
        }
        let table = self.table(place);
        match table.find(|stored| stored.policy.name == *name) {
            Some((number, _)) => table.set(number, after),
            // The policy was created directly on the backend.
            None => _ = table.add(after),
        }
        Ok(())
    }

    /// Deletes a policy. After an error nothing is changed.
    pub(crate) fn remove(
        &self,
        place: PolicyPlace<'a>,
        policy: &StoredPolicy,
    ) -> Result<(), ApiError> {
        let name = &policy.policy.name;
        if is_builtin(name) {
            let message =
                format!("The snapshot policy {name:?} is predefined and cannot be deleted.");
            return Err(ApiError::new(409, 1_638_431, message).about("name"));
        }
        for svm in self.svms_of(place) {
            if let Some(volume) = svm.user_of_snapshot_policy(name)? {
                let message = format!("The volume {volume:?} uses the snapshot policy {name:?}.");
                return Err(ApiError::new(409, 1_638_415, message).about("name"));
            }
            if svm.default_snapshot_policy() == *name {
                let svm = &svm.svm_context.svm.name;
                let message =
                    format!("New volumes of the SVM {svm:?} use the snapshot policy {name:?}.");
                return Err(ApiError::new(409, 1_638_430, message).about("name"));
            }
        }
        let definition = policy.to_backend()?;
        let table = self.table(place);
        let stored = table.find(|stored| stored.policy.name == *name);
        if let Some((number, _)) = &stored {
            table.remove(*number);
        }
        let deleted = self.on_backends(
            place,
            |backend| match backend.delete_snapshot_policy(name) {
                Err(BackendError::SnapshotPolicyNotFound { .. }) => Ok(()),
                deleted => deleted,
            },
            |backend| backend.create_snapshot_policy(definition.clone()),
        );
        if let (Err(_), Some((number, stored))) = (&deleted, &stored) {
            table.set(*number, StoredPolicy::clone(stored));
        }
        self.publish();
        deleted
    }

    /// The policies that use a schedule.
    pub(crate) fn users(
        &self,
        schedule: Uuid,
    ) -> Result<Vec<(PolicyPlace<'a>, StoredPolicy)>, ApiError> {
        let mut users = Vec::new();
        for place in self.places() {
            for (_, stored) in self.table(place).list() {
                if stored.copies.iter().any(|copies| copies.schedule == schedule) {
                    users.push((place, self.current(place, &stored.policy.name)?));
                }
            }
        }
        users.retain(|(_, policy)| policy.copies.iter().any(|copies| copies.schedule == schedule));
        Ok(users)
    }

    /// Gives the policies that use a schedule its new times. After an error nothing is changed.
    pub(crate) fn set_times(&self, schedule: Uuid, times: &str) -> Result<(), ApiError> {
        let mut changed = Vec::new();
        for (place, before) in self.users(schedule)? {
            let mut after = before.clone();
            for copies in after.copies.iter_mut().filter(|copies| copies.schedule == schedule) {
                times.clone_into(&mut copies.times);
            }
            if let Err(error) = self.replace(place, &before, after.clone()) {
                for (place, before, after) in changed {
                    let _ = self.replace(place, &after, before);
                }
                return Err(error);
            }
            changed.push((place, before, after));
        }
        Ok(())
    }

    /// The schedules that a policy may use: those of its SVM, then those of the cluster.
    pub(crate) fn schedules(&self, place: PolicyPlace<'_>) -> Vec<Arc<JobSchedule>> {
        let own = place.svm().map(|svm| svm.configuration.schedules.list()).unwrap_or_default();
        let all = own.into_iter().chain(self.cluster.configuration.schedules.list());
        all.map(|(_, schedule)| schedule).collect()
    }

    /// Refuses a policy that breaks a rule, alone or with the others.
    fn check(&self, policy: &StoredPolicy) -> Result<(), ApiError> {
        policy.check()?;
        for place in self.places() {
            for (_, other) in self.table(place).list() {
                policy.check_prefixes(&other)?;
            }
        }
        Ok(())
    }

    /// Changes each backend that has the policies of a place. After an error `undo` is run on those that
    /// were changed.
    fn on_backends(
        &self,
        place: PolicyPlace<'a>,
        change: impl Fn(&dyn PolicyBackend) -> BackendResult<()>,
        undo: impl Fn(&dyn PolicyBackend) -> BackendResult<()>,
    ) -> Result<(), ApiError> {
        let mut changed = Vec::new();
        for svm in self.backends(place) {
            let backend = svm.backend.policy_backend()?;
            if let Err(error) = change(backend) {
                for backend in changed {
                    let _ = undo(backend);
                }
                return Err(error.into());
            }
            changed.push(backend);
        }
        Ok(())
    }

    /// Makes the names of the cluster's policies known to all SVMs.
    fn publish(&self) {
        let policies = self.cluster.configuration.snapshot_policies.list();
        let names = policies.into_iter().map(|(_, stored)| stored.policy.clone());
        self.cluster.snapshot_policies.set(names.collect());
    }

    /// The policy with the rules of the backend. What the backend does not store is from the policy of
    /// the configuration.
    fn merged(
        &self,
        svm: Option<&SvmState>,
        on_backend: Option<&SnapshotPolicy>,
        stored: &StoredPolicy,
    ) -> StoredPolicy {
        let Some(policy) = on_backend else { return stored.clone() };
        let place = svm.map_or(PolicyPlace::Cluster, PolicyPlace::Svm);
        let copies = policy.rules.iter().map(|rule| {
            let times = rule.schedule.to_string();
            let known = stored.copies.iter().find(|copies| copies.prefix == rule.prefix);
            let schedule = match known {
                Some(copies) if copies.times == times => copies.schedule,
                _ => self.schedule_at(place, &times),
            };
            StoredCopies {
                schedule,
                times,
                prefix: rule.prefix.clone(),
                count: rule.keep,
                snapmirror_label: known.and_then(|copies| copies.snapmirror_label.clone()),
                retention_period: known.and_then(|copies| copies.retention_period.clone()),
            }
        });
        StoredPolicy { copies: copies.collect(), ..stored.clone() }
    }

    /// The UUID of the first schedule with these times. Times without a schedule have a UUID too.
    fn schedule_at(&self, place: PolicyPlace<'_>, times: &str) -> Uuid {
        let schedules = self.schedules(place);
        let found = schedules.iter().find(|schedule| schedule.crontab().as_deref() == Some(times));
        found.map_or_else(|| self.cluster.name.derived(times), |schedule| schedule.uuid)
    }

    fn table(&self, place: PolicyPlace<'a>) -> &'a Table<StoredPolicy> {
        match place {
            PolicyPlace::Cluster => &self.cluster.configuration.snapshot_policies,
            PolicyPlace::Svm(svm) => &svm.configuration.snapshot_policies,
        }
    }

    /// The SVMs that have the policies of a place.
    fn svms_of(&self, place: PolicyPlace<'a>) -> Vec<&'a SvmState> {
        match place {
            PolicyPlace::Cluster => self.svms.iter().map(Arc::as_ref).collect(),
            PolicyPlace::Svm(svm) => vec![svm],
        }
    }

    /// Those of them whose backends have policies.
    fn backends(&self, place: PolicyPlace<'a>) -> Vec<&'a SvmState> {
        let mut svms = self.svms_of(place);
        svms.retain(|svm| svm.svm_context.has_snapshot_policies);
        svms
    }

    fn places(&self) -> impl Iterator<Item = PolicyPlace<'a>> {
        let svms = self.svms.iter().map(|svm| PolicyPlace::Svm(svm));
        std::iter::once(PolicyPlace::Cluster).chain(svms)
    }
}

impl<'a> PolicyPlace<'a> {
    pub(crate) const fn svm(self) -> Option<&'a SvmState> {
        match self {
            Self::Cluster => None,
            Self::Svm(svm) => Some(svm),
        }
    }
}

/// Gives a policy its rules. A backend that was reset lacks it.
fn set(backend: &dyn PolicyBackend, policy: &SnapshotPolicy) -> BackendResult<()> {
    match backend.replace_snapshot_policy(policy.clone()) {
        Err(BackendError::SnapshotPolicyNotFound { .. }) => {
            backend.create_snapshot_policy(policy.clone())
        }
        replaced => replaced,
    }
}

/// A policy that was created directly on the backend.
fn direct(svm: &SvmState, name: &str) -> StoredPolicy {
    StoredPolicy {
        policy: Named { uuid: svm.svm_context.snapshot_policy_uuid(name), name: name.to_owned() },
        comment: String::new(),
        enabled: true,
        copies: Vec::new(),
    }
}
