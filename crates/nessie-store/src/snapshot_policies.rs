//! Snapshot policies: ONTAP's own, and those of the backends.
//!
//! ONTAP's policies are added to each backend that has policies and lacks them. On a backend without
//! policies, a volume only stores the name of one.

use std::borrow::Cow;
use std::sync::Arc;

use nessie_backend_core::{
    BackendError, PolicyBackend, Result, Schedule, SnapshotPolicy, SnapshotRule,
};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Named, PolicyCopies, SnapshotPolicyRecord};

use crate::cluster::Cluster;
use crate::svm::SvmState;

/// A snapshot policy that every array has.
struct Builtin {
    name: &'static str,
    comment: &'static str,
    /// Its schedules, and how many snapshots of each a volume keeps.
    copies: &'static [(&'static BuiltinSchedule, u64)],
}

/// A schedule that every array has. Its name is also the prefix of the snapshots' names.
struct BuiltinSchedule {
    name: &'static str,
    /// The five fields of crontab(5).
    times: &'static str,
    /// The label of its snapshots.
    snapmirror_label: Option<&'static str>,
}

static HOURLY: BuiltinSchedule =
    BuiltinSchedule { name: "hourly", times: "5 * * * *", snapmirror_label: None };
static DAILY: BuiltinSchedule =
    BuiltinSchedule { name: "daily", times: "10 0 * * *", snapmirror_label: Some("daily") };
static WEEKLY: BuiltinSchedule =
    BuiltinSchedule { name: "weekly", times: "15 0 * * 0", snapmirror_label: Some("weekly") };

static SCHEDULES: [&BuiltinSchedule; 3] = [&HOURLY, &DAILY, &WEEKLY];

static BUILTIN: [Builtin; 3] = [
    Builtin {
        name: DEFAULT,
        comment: "Default policy with hourly, daily & weekly schedules.",
        copies: &[(&HOURLY, 6), (&DAILY, 2), (&WEEKLY, 2)],
    },
    Builtin {
        name: "default-1weekly",
        comment: "Default policy with 6 hourly, 2 daily & 1 weekly schedule.",
        copies: &[(&HOURLY, 6), (&DAILY, 2), (&WEEKLY, 1)],
    },
    Builtin { name: NONE, comment: "Policy for no automatic snapshots.", copies: &[] },
];

/// The policy of a new volume.
pub(crate) const DEFAULT: &str = "default";

/// The policy of a volume without snapshot policy. No policy of a backend is served under this name.
pub(crate) const NONE: &str = "none";

impl Builtin {
    /// Whether it is added to backends. `none` is not: there, a volume without policy has no policy.
    const fn is_of_backends(&self) -> bool {
        !self.copies.is_empty()
    }

    fn policy(&self) -> Result<SnapshotPolicy> {
        let rule = |(schedule, keep): &(&BuiltinSchedule, u64)| {
            Ok(SnapshotRule::new(schedule.times.parse::<Schedule>()?, schedule.name, *keep))
        };
        let rules: Vec<_> = self.copies.iter().map(rule).collect::<Result<_>>()?;
        Ok(SnapshotPolicy::new(self.name, rules))
    }

    fn record(&self, policy: Named) -> SnapshotPolicyRecord {
        let copies = self.copies.iter().map(|(schedule, count)| PolicyCopies {
            schedule: schedule.name.into(),
            prefix: schedule.name.into(),
            count: *count,
            snapmirror_label: schedule.snapmirror_label,
        });
        SnapshotPolicyRecord {
            policy,
            svm_context: None,
            comment: Some(self.comment),
            copies: copies.collect(),
        }
    }
}

/// The names of ONTAP's policies.
pub(crate) fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|builtin| builtin.name)
}

/// Adds those of ONTAP's policies that the backend lacks, and returns all policies of the backend.
pub(crate) fn complete(backend: &dyn PolicyBackend) -> Result<Vec<SnapshotPolicy>> {
    let found = backend.list_snapshot_policies()?;
    let is_missing = |builtin: &&Builtin| {
        builtin.is_of_backends() && !found.iter().any(|policy| policy.name == builtin.name)
    };
    let missing: Vec<_> = BUILTIN.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    for builtin in missing {
        match backend.create_snapshot_policy(builtin.policy()?) {
            Ok(()) | Err(BackendError::SnapshotPolicyExists { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    backend.list_snapshot_policies()
}

impl SvmState {
    /// The policy of a name on the SVM's backend. ONTAP's are added to a backend that lacks the one of
    /// this name.
    pub(crate) fn find_snapshot_policy(
        &self,
        name: &str,
    ) -> Result<Option<SnapshotPolicy>, ApiError> {
        let Ok(backend) = self.backend.policy_backend() else { return Ok(None) };
        let found = backend.find_snapshot_policy(name)?;
        let is_missing = |builtin: &Builtin| builtin.name == name && builtin.is_of_backends();
        if found.is_some() || !BUILTIN.iter().any(is_missing) {
            return Ok(found);
        }
        Ok(complete(backend)?.into_iter().find(|policy| policy.name == name))
    }

    /// The policies of the SVM's backend; none if it has no policies.
    pub(crate) fn snapshot_policies(&self) -> Result<Vec<SnapshotPolicy>, ApiError> {
        match self.backend.policy_backend() {
            Ok(backend) => Ok(complete(backend)?),
            Err(_) => Ok(Vec::new()),
        }
    }
}

impl Cluster {
    /// The policies of the cluster and of these SVMs. A policy of the cluster has the rules that the
    /// first of the SVMs has under its name.
    pub(crate) fn snapshot_policies_of(
        &self,
        svms: &[&SvmState],
    ) -> Result<Vec<SnapshotPolicyRecord>, ApiError> {
        let mut own = Vec::new();
        for svm in svms {
            own.extend(svm.snapshot_policies()?.into_iter().map(|policy| (*svm, policy)));
        }
        let of_cluster = self.snapshot_policies.iter().zip(&BUILTIN).map(|(named, builtin)| {
            let mut record = builtin.record(named.clone());
            let found = own.iter().find(|(_, policy)| policy.name == named.name);
            if let Some((_, policy)) = found.filter(|_| named.name != NONE) {
                record.copies = copies_of(policy);
            }
            record
        });
        let is_own = |policy: &SnapshotPolicy| builtin_names().all(|name| name != policy.name);
        let of_svms = own.iter().filter(|(_, policy)| is_own(policy)).map(|(svm, policy)| {
            let uuid = svm.svm_context.snapshot_policy_uuid(&policy.name);
            SnapshotPolicyRecord {
                policy: Named { uuid, name: policy.name.clone() },
                svm_context: Some(Arc::clone(&svm.svm_context)),
                comment: None,
                copies: copies_of(policy),
            }
        });
        Ok(of_cluster.chain(of_svms).collect())
    }

    /// Runs the rules of these SVMs' policies that became due on the system's clock, if the cluster runs policies.
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

/// The schedules of a policy. One that is not ONTAP's is named by its five fields.
fn copies_of(policy: &SnapshotPolicy) -> Vec<PolicyCopies> {
    let copies = |rule: &SnapshotRule| {
        let times = rule.schedule.to_string();
        let known = SCHEDULES.iter().find(|schedule| schedule.times == times);
        let of_prefix = SCHEDULES.iter().find(|schedule| schedule.name == rule.prefix);
        PolicyCopies {
            schedule: known.map_or(Cow::Owned(times), |schedule| schedule.name.into()),
            prefix: rule.prefix.clone().into(),
            count: rule.keep,
            snapmirror_label: of_prefix.and_then(|schedule| schedule.snapmirror_label),
        }
    };
    policy.rules.iter().map(copies).collect()
}
