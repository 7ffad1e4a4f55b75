//! Snapshot policies.

use std::collections::HashSet;

use nessie_backend_core::{Result as BackendResult, SnapshotPolicy, SnapshotRule, Uuid, rules};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::Named;
use serde::{Deserialize, Serialize};

use super::schedule::{JobSchedule, duration};

/// A snapshot policy as a request defined it. On a backend with policies, the backend's rules count
/// where they differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredPolicy {
    pub(crate) policy: Named,
    /// Empty for none.
    pub(crate) comment: String,
    /// Whether it takes snapshots. Volumes do not use it on the backend while it is not enabled.
    pub(crate) enabled: bool,
    pub(crate) copies: Vec<StoredCopies>,
}

/// One schedule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCopies {
    /// The UUID of the schedule.
    pub(crate) schedule: Uuid,
    /// The five fields of crontab(5).
    pub(crate) times: String,
    pub(crate) prefix: String,
    pub(crate) count: u64,
    pub(crate) snapmirror_label: Option<String>,
    /// A duration in ISO 8601, or `infinite`.
    pub(crate) retention_period: Option<String>,
}

/// The policy of a new volume.
pub(crate) const DEFAULT: &str = "default";

/// The policy of a volume without snapshot policy. No policy of a backend is served under this name.
pub(crate) const NONE: &str = "none";

/// A policy that every array has.
struct Builtin {
    name: &'static str,
    comment: &'static str,
    /// The names of its schedules, and how many snapshots of each a volume keeps.
    copies: &'static [(&'static str, u64)],
}

const BUILTIN: [Builtin; 3] = [
    Builtin {
        name: DEFAULT,
        comment: "Default policy with hourly, daily & weekly schedules.",
        copies: &[("hourly", 6), ("daily", 2), ("weekly", 2)],
    },
    Builtin {
        name: "default-1weekly",
        comment: "Default policy with 6 hourly, 2 daily & 1 weekly schedule.",
        copies: &[("hourly", 6), ("daily", 2), ("weekly", 1)],
    },
    Builtin { name: NONE, comment: "Policy for no automatic snapshots.", copies: &[] },
];

/// The schedules whose snapshots have their name as label in the policies that every array has.
const LABELLED: [&str; 2] = ["daily", "weekly"];

/// The retention period of snapshots that are never deleted.
const INFINITE: &str = "infinite";

const MAX_SCHEDULES: usize = 5;
const MAX_COUNT: u64 = 1023;

/// The names of the policies that every array has.
pub(crate) fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|builtin| builtin.name)
}

impl StoredPolicy {
    /// The policies that every array has, with these names and these schedules.
    pub(crate) fn builtin(names: &[Named], schedules: &[JobSchedule]) -> Vec<Self> {
        let copies = |(name, count): &(&str, u64)| {
            let schedule = schedules.iter().find(|schedule| schedule.name == *name)?;
            let label = LABELLED.contains(name).then(|| (*name).to_owned());
            Some(StoredCopies {
                snapmirror_label: label,
                ..StoredCopies::of(schedule, (*name).to_owned(), *count)?
            })
        };
        let policy = |(builtin, policy): (&Builtin, &Named)| Self {
            policy: policy.clone(),
            comment: builtin.comment.to_owned(),
            enabled: true,
            copies: builtin.copies.iter().filter_map(copies).collect(),
        };
        BUILTIN.iter().zip(names).map(policy).collect()
    }

    /// The policy as backends store it.
    pub(crate) fn to_backend(&self) -> BackendResult<SnapshotPolicy> {
        let rule = |copies: &StoredCopies| {
            Ok(SnapshotRule::new(copies.times.parse()?, copies.prefix.as_str(), copies.count))
        };
        let rules: Vec<_> = self.copies.iter().map(rule).collect::<BackendResult<_>>()?;
        Ok(SnapshotPolicy::new(self.policy.name.as_str(), rules))
    }

    /// Whether backends have it. They have no policy without rules.
    pub(crate) fn is_of_backends(&self) -> bool {
        !self.copies.is_empty()
    }

    /// Refuses schedules that break a rule of the whole policy.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        if self.copies.len() > MAX_SCHEDULES {
            let message = format!(
                "The snapshot policy has {} schedules; it can have {MAX_SCHEDULES}.",
                self.copies.len()
            );
            return Err(ApiError::new(400, 262_197, message).about("copies"));
        }
        let (mut schedules, mut prefixes) = (HashSet::new(), HashSet::new());
        for copies in &self.copies {
            copies.check()?;
            let prefix = &copies.prefix;
            if !schedules.insert(copies.schedule) {
                let message = format!("The snapshot policy has the schedule of {prefix:?} twice.");
                return Err(ApiError::new(409, 1_638_410, message).about("copies.schedule"));
            }
            if !prefixes.insert(prefix.as_str()) {
                let message = format!("Two schedules of the policy have the prefix {prefix:?}.");
                return Err(ApiError::new(409, 1_638_508, message).about("copies.prefix"));
            }
        }
        let count = self.copies.iter().fold(0_u64, |sum, copies| sum.saturating_add(copies.count));
        if count > MAX_COUNT {
            let message = format!("The policy keeps {count} snapshots; it can keep {MAX_COUNT}.");
            return Err(ApiError::new(400, 1_638_451, message).about("copies.count"));
        }
        Ok(())
    }

    /// Refuses a schedule that another policy uses with another prefix.
    pub(crate) fn check_prefixes(&self, other: &Self) -> Result<(), ApiError> {
        if self.policy.uuid == other.policy.uuid {
            return Ok(());
        }
        for copies in &self.copies {
            let mut used = other.copies.iter();
            let differs = |used: &&StoredCopies| {
                used.schedule == copies.schedule && used.prefix != copies.prefix
            };
            if let Some(used) = used.find(differs) {
                let message = format!(
                    "The prefix {:?} differs from {:?}, which the snapshot policy {:?} has for the \
                     same schedule.",
                    copies.prefix, used.prefix, other.policy.name
                );
                return Err(ApiError::new(409, 1_638_506, message).about("copies.prefix"));
            }
        }
        Ok(())
    }
}

impl StoredCopies {
    /// A schedule of a policy. `None` if it is an interval schedule.
    pub(crate) fn of(schedule: &JobSchedule, prefix: String, count: u64) -> Option<Self> {
        Some(Self {
            schedule: schedule.uuid,
            times: schedule.crontab()?,
            prefix,
            count,
            snapmirror_label: None,
            retention_period: None,
        })
    }

    fn check(&self) -> Result<(), ApiError> {
        if self.count == 0 {
            let rule = "is less than 1: a schedule keeps at least one snapshot";
            return Err(ApiError::invalid_value("copies.count", "0", rule));
        }
        rules::snapshot_prefix(&self.prefix).map_err(|error| {
            ApiError::new(400, 262_197, format!("{error}.")).about("copies.prefix")
        })?;
        if let Some(label) = &self.snapmirror_label
            && !(1..=31).contains(&label.chars().count())
        {
            let rule = "does not have 1 to 31 characters";
            return Err(ApiError::invalid_value("copies.snapmirror_label", label, rule));
        }
        if let Some(period) = &self.retention_period
            && period != INFINITE
            && duration(period).is_none()
        {
            let shown: String = period.chars().take(64).collect();
            let message = format!(
                "The retention period {shown:?} is not a duration of ISO 8601, such as P7D, nor infinite."
            );
            return Err(ApiError::new(400, 918_253, message).about("copies.retention_period"));
        }
        Ok(())
    }
}

/// Accepts a name that ONTAP and the backends accept.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    rules::volume_name(name).map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        let rule = format!(
            "has 1 to {} letters, digits and the characters \"_\", \"-\", \".\" and \":\", and begins \
             with a letter, a digit or \"_\"",
            rules::MAX_VOLUME_NAME
        );
        let message = format!("The name {shown:?} is not one of a snapshot policy: such a name {rule}.");
        ApiError::new(400, 1_638_417, message).about("name")
    })
}

/// Whether every array has a policy of this name.
pub(crate) fn is_builtin(name: &str) -> bool {
    builtin_names().any(|builtin| builtin == name)
}
