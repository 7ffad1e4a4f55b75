//! Snapshot policies, and locks of snapshots.

use std::ops::ControlFlow;
use std::time::Duration;

use nessie_backend_core::{
    Result, Snapshot, SnapshotId, SnapshotPolicy, SnapshotRule, Timestamp, VolumeId,
};

use crate::backend::MemBackend;
use crate::state::{Policies, Run, State};
use crate::storage::slab::NONE;

/// What a run of a rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyRun {
    /// The name of the policy.
    pub policy: String,
    /// The prefix of the rule.
    pub prefix: String,
    /// When the rule was due.
    pub due: Timestamp,
    /// The name of the snapshots.
    pub name: String,
    /// The snapshots that it took, in order of their volumes.
    pub taken: Vec<SnapshotId>,
    /// What it could not do.
    pub passed_over: Vec<PassedOver>,
}

/// What a run of a rule could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOver {
    /// The volume.
    pub volume: VolumeId,
    /// The old snapshot that could not be deleted; `None` if no snapshot could be taken.
    pub snapshot: Option<SnapshotId>,
    /// The [code](nessie_backend_core::BackendError::code) of the error that a call would have had.
    pub code: &'static str,
}

/// # Snapshot policies
///
/// A policy has rules. Each says when snapshots of the volumes that use the policy are taken, how they
/// are named, and how many of them a volume keeps. A volume uses the policy of its
/// [`snapshot_policy`](nessie_backend_core::Volume::snapshot_policy). Clones do not inherit it.
///
/// When a rule is due, it deletes its oldest snapshots from each online volume, so that one less is
/// left than it keeps, and then takes one. Its snapshots are those whose names have its prefix and a
/// time: one that is renamed is kept, one of such a name that a caller has taken counts. A rule passes
/// over what it cannot do: a volume that is not online, a name that is taken, a snapshot that has
/// clones or is locked. It tries the deletion again in its next run.
///
/// Rules that are due at the same time run in order of creation of their policies, then in their order
/// in the policy, and on the volumes in order of their creation.
///
/// ```
/// use std::time::Duration;
///
/// use nessie_backend_core::{SnapshotBackend, SnapshotRule, VolumeBackend, VolumeSpec};
/// use nessie_backend_mem::MemBackend;
///
/// let backend = MemBackend::builder().seed(1).build()?;
/// let nightly = SnapshotRule::new("0 0 * * *".parse()?, "nightly", 7);
/// backend.create_snapshot_policy("default", [nightly])?;
/// let volume = backend.create_volume(VolumeSpec::named("db").snapshot_policy("default"))?.uuid;
/// backend.advance(Duration::from_secs(365 * 86_400))?;
/// let snapshots = backend.list_snapshots(volume)?;
/// assert_eq!(snapshots.len(), 7);
/// assert_eq!(snapshots[0].name, "nightly.2000-12-25_0000");
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
impl MemBackend {
    /// Creates a snapshot policy.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for a name or rules that
    /// break [their rules](nessie_backend_core::rules::snapshot_policy);
    /// [`SnapshotPolicyExists`](nessie_backend_core::BackendError::SnapshotPolicyExists).
    pub fn create_snapshot_policy(
        &self,
        name: &str,
        rules: impl Into<Vec<SnapshotRule>>,
    ) -> Result<SnapshotPolicy> {
        self.set_policy(SnapshotPolicy::new(name, rules), Policies::create)
    }

    /// One snapshot policy.
    ///
    /// # Errors
    /// [`SnapshotPolicyNotFound`](nessie_backend_core::BackendError::SnapshotPolicyNotFound).
    pub fn get_snapshot_policy(&self, name: &str) -> Result<SnapshotPolicy> {
        self.read().state.policies.get(name).cloned()
    }

    /// All snapshot policies, in order of creation.
    #[must_use]
    pub fn list_snapshot_policies(&self) -> Vec<SnapshotPolicy> {
        self.read().state.policies.records().cloned().collect()
    }

    /// Gives a snapshot policy other rules. Snapshots of a prefix that no rule has any more are kept.
    ///
    /// # Errors
    /// [`SnapshotPolicyNotFound`](nessie_backend_core::BackendError::SnapshotPolicyNotFound);
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) as
    /// [`create_snapshot_policy`](Self::create_snapshot_policy).
    pub fn replace_snapshot_policy(
        &self,
        name: &str,
        rules: impl Into<Vec<SnapshotRule>>,
    ) -> Result<SnapshotPolicy> {
        self.set_policy(SnapshotPolicy::new(name, rules), Policies::replace)
    }

    /// Runs a transition that gives a policy its rules, and returns the policy.
    fn set_policy(
        &self,
        policy: SnapshotPolicy,
        transition: impl FnOnce(&mut Policies, SnapshotPolicy, Timestamp) -> Result<()>,
    ) -> Result<SnapshotPolicy> {
        let mut inner = self.lock();
        let now = inner.clock.now();
        transition(&mut inner.state.policies, policy.clone(), now)?;
        Ok(policy)
    }

    /// Deletes a snapshot policy that no volume uses. The snapshots that it took are kept.
    ///
    /// # Errors
    /// [`SnapshotPolicyNotFound`](nessie_backend_core::BackendError::SnapshotPolicyNotFound);
    /// [`SnapshotPolicyBusy`](nessie_backend_core::BackendError::SnapshotPolicyBusy) while a volume
    /// uses it.
    pub fn delete_snapshot_policy(&self, name: &str) -> Result<()> {
        self.lock().state.delete_snapshot_policy(name)
    }

    /// When the next rule of a policy that a volume uses is due; `None` if no volume uses one.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let mut inner = self.lock();
        let now = inner.clock.now();
        inner.state.policies.next_after(now)
    }

    /// Runs the rules that became due, on the system's clock, where nothing runs by itself. Each rule
    /// that became due since the last call, and since a volume uses its policy, runs once: the names of
    /// its snapshots have the latest time when it was due, their records have the present time. Returns
    /// how many snapshots it took.
    ///
    /// On a standing clock it does nothing, because [`advance`](Self::advance) runs the rules.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if a forked process needs random
    /// numbers and the system has none.
    pub fn run_due(&self) -> Result<usize> {
        let runs = self.lock().run_due()?;
        Ok(runs.iter().map(|run| run.made.slots.len()).sum())
    }

    /// [`run_due`](Self::run_due) that returns what the rules did; for decorators that record it.
    #[doc(hidden)]
    pub fn run_due_rules(&self) -> Result<Vec<PolicyRun>> {
        let mut inner = self.lock();
        let runs = inner.run_due()?;
        Ok(runs.iter().map(|run| PolicyRun::new(run, &inner.state)).collect())
    }

    /// [`advance`](Self::advance) that calls `step` with what the rules did, at each time when some are
    /// due. It ends there, with the clock at that time, if `step` breaks. No lock is held while `step`
    /// runs. Returns the new time.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use std::time::Duration;
    /// # use nessie_backend_core::{SnapshotRule, VolumeBackend, VolumeSpec};
    /// # use nessie_backend_mem::MemBackend;
    /// # let backend = MemBackend::builder().seed(1).build()?;
    /// backend.create_snapshot_policy("p", [SnapshotRule::new("0 * * * *".parse()?, "hourly", 6)])?;
    /// backend.create_volume(VolumeSpec::named("db").snapshot_policy("p"))?;
    /// let mut taken = 0;
    /// let day = Duration::from_secs(86_400);
    /// let now = backend.advance_in_steps(day, |runs| {
    ///     taken += runs.iter().map(|run| run.taken.len()).sum::<usize>();
    ///     if taken < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    /// })?;
    /// assert_eq!(now.to_string(), "2000-01-01T10:00:00Z");
    /// # Ok::<(), nessie_backend_core::BackendError>(())
    /// ```
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn advance_in_steps(
        &self,
        by: Duration,
        mut step: impl FnMut(&[PolicyRun]) -> ControlFlow<()>,
    ) -> Result<Timestamp> {
        let read = |runs: &[Run], state: &State| -> Vec<PolicyRun> {
            runs.iter().map(|run| PolicyRun::new(run, state)).collect()
        };
        self.run_ahead(&mut by.clone(), read, |runs| step(&runs))
    }

    /// [`advance`](Self::advance) for language bindings. It ends after a time when rules are due as soon
    /// as `is_wanted` is false. Takes the time that passed off what is left.
    #[doc(hidden)]
    pub fn advance_while(
        &self,
        left: &mut Duration,
        mut is_wanted: impl FnMut() -> bool,
    ) -> Result<Timestamp> {
        let step =
            |()| if is_wanted() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        self.run_ahead(left, |_, _| (), step)
    }

    /// [`advance`](Self::advance) to the next time when rules are due, or by all that is left; for
    /// decorators that record it. Takes the time that passed off what is left. Returns the new time, and
    /// what the rules did.
    #[doc(hidden)]
    pub fn advance_step(&self, left: &mut Duration) -> Result<(Timestamp, Vec<PolicyRun>)> {
        let mut inner = self.lock();
        let runs = inner.advance(left)?;
        let runs = runs.iter().map(|run| PolicyRun::new(run, &inner.state)).collect();
        Ok((inner.clock.now(), runs))
    }

    /// Advances the clock by what is left, from one time when rules are due to the next. `read` reads
    /// what they did, before the lock is released; `step` gets the result.
    fn run_ahead<R>(
        &self,
        left: &mut Duration,
        read: impl Fn(&[Run], &State) -> R,
        mut step: impl FnMut(R) -> ControlFlow<()>,
    ) -> Result<Timestamp> {
        loop {
            let mut inner = self.lock();
            let runs = inner.advance(left)?;
            let now = inner.clock.now();
            if runs.is_empty() && left.is_zero() {
                return Ok(now);
            }
            let seen = read(&runs, &inner.state);
            drop(inner);
            if step(seen).is_break() || left.is_zero() {
                return Ok(now);
            }
        }
    }

    /// Takes a snapshot that cannot be deleted before a time. Its volume cannot be deleted before it
    /// either, nor be restored to an older snapshot. The last second of the year 9999 means that the
    /// lock never ends. Nothing deletes the snapshot when the lock ends.
    ///
    /// # Errors
    /// As [`create_snapshot`](nessie_backend_core::SnapshotBackend::create_snapshot), and
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for a time that is not
    /// later than the present one.
    pub fn create_snapshot_until(
        &self,
        volume: VolumeId,
        name: &str,
        expires_at: impl Into<Option<Timestamp>>,
    ) -> Result<Snapshot> {
        self.rows().create_snapshot(volume, name, expires_at.into()).map(Snapshot::from)
    }
}

impl PolicyRun {
    /// The record of a run, all of whose objects still exist.
    fn new(run: &Run, state: &State) -> Self {
        let passed_over = run.passed_over.iter().map(|passed| PassedOver {
            volume: state.volume_id(passed.volume),
            snapshot: (passed.snapshot != NONE).then(|| state.snapshot_id(passed.snapshot)),
            code: passed.code,
        });
        Self {
            policy: run.policy.name.clone(),
            prefix: run
                .policy
                .rules
                .get(run.rule)
                .map_or_else(String::new, |rule| rule.prefix.clone()),
            due: run.due,
            name: run.name.clone(),
            taken: run.made.snapshot_ids(state),
            passed_over: passed_over.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::{
        PolicyBackend, SnapshotBackend, VolumeBackend, VolumePatch, VolumeSpec,
    };

    use super::*;
    use crate::env::clock::Clock;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The system's clock is behind this time, so the backend's clock shows it.
    fn set_time(backend: &MemBackend, time: &str) {
        backend.lock().clock = Clock::System { latest: at(time) };
    }

    fn rule(schedule: &str, prefix: &str) -> SnapshotRule {
        SnapshotRule::new(schedule.parse().unwrap(), prefix, 2)
    }

    fn create(backend: &MemBackend, name: &str) -> VolumeId {
        backend.create_volume(VolumeSpec::named(name).snapshot_policy("p")).unwrap().uuid
    }

    fn names(backend: &MemBackend, volume: VolumeId) -> Vec<String> {
        backend.list_snapshots(volume).unwrap().into_iter().map(|snapshot| snapshot.name).collect()
    }

    #[test]
    fn each_rule_that_became_due_runs_once_on_the_systems_clock() {
        let backend = MemBackend::new();
        set_time(&backend, "9000-01-01T10:30:00Z");
        let rules = [rule("0 * * * *", "h"), rule("0 0 * * *", "d")];
        backend.create_snapshot_policy("p", rules).unwrap();
        assert_eq!((backend.run_due().unwrap(), backend.next_due()), (0, None));
        let one = create(&backend, "one");
        // It is due since before the volume has the policy.
        assert_eq!(backend.run_due().unwrap(), 0);
        assert_eq!(backend.next_due(), Some(at("9000-01-01T11:00:00Z")));
        set_time(&backend, "9000-01-01T14:10:00Z");
        let two = create(&backend, "two");
        assert_eq!(backend.run_due().unwrap(), 1);
        assert_eq!(names(&backend, one), ["h.9000-01-01_1400"]);
        assert_eq!(backend.list_snapshots(one).unwrap()[0].create_time, Some(backend.now()));
        assert!(names(&backend, two).is_empty());
        assert_eq!(backend.run_due().unwrap(), 0);

        // Rules run in the order of the times when they were due.
        set_time(&backend, "9000-01-03T02:59:59Z");
        let loaded = {
            let mut text = Vec::new();
            backend.dump(&mut text).unwrap();
            MemBackend::load(text.as_slice()).unwrap()
        };
        for backend in [&backend, &loaded, &backend.fork()] {
            set_time(backend, "9000-01-03T02:59:59Z");
            assert_eq!(backend.run_due().unwrap(), 4);
            let expected = ["h.9000-01-01_1400", "d.9000-01-03_0000", "h.9000-01-03_0200"];
            assert_eq!(names(backend, one), expected);
            assert_eq!(names(backend, two), expected[1..]);
            assert_eq!(backend.run_due().unwrap(), 0);
            backend.check_invariants().unwrap();
        }
        assert_eq!(loaded.state_digest().unwrap(), backend.state_digest().unwrap());
    }

    #[test]
    fn a_rule_is_due_at_the_exact_time_and_from_its_creation_on() {
        let backend = MemBackend::new();
        set_time(&backend, "9000-01-01T10:30:00Z");
        backend.create_snapshot_policy("p", [rule("0 0 1 1 *", "y")]).unwrap();
        let volume = create(&backend, "v");
        set_time(&backend, "9000-01-01T12:30:00Z");
        // It would have been due at noon, had it existed.
        backend.replace_snapshot_policy("p", [rule("0 12 * * *", "n")]).unwrap();
        assert_eq!(backend.run_due().unwrap(), 0);
        set_time(&backend, "9000-01-02T12:00:00Z");
        assert_eq!(backend.run_due().unwrap(), 1);
        assert_eq!(backend.run_due().unwrap(), 0);
        assert_eq!(names(&backend, volume), ["n.9000-01-02_1200"]);
        set_time(&backend, "9000-01-03T12:00:00Z");
        // The same policy again changes nothing, another policy does.
        let policy = |name| VolumePatch::new().snapshot_policy(name);
        backend.patch_volume(volume, policy("p")).unwrap();
        assert_eq!(backend.fork().run_due().unwrap(), 1);
        backend.patch_volume(volume, policy("")).unwrap();
        backend.patch_volume(volume, policy("p")).unwrap();
        assert_eq!(backend.run_due().unwrap(), 0);
    }

    #[test]
    fn a_lock_gets_another_end() {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
        let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
        let lock = |time| backend.lock_snapshot(volume, snapshot, at(time));
        let code = |time| lock(time).unwrap_err().code();
        assert_eq!(code("2000-01-01T00:00:00Z"), "invalid_argument");
        for time in ["9999-12-31T23:59:59Z", "2000-01-03T00:00:00Z", "2000-01-02T00:00:00Z"] {
            assert_eq!(lock(time).unwrap().expires_at, Some(at(time)));
            assert_eq!(backend.get_snapshot(volume, snapshot).unwrap().expires_at, Some(at(time)));
            let refused = backend.delete_snapshot(volume, snapshot).unwrap_err();
            assert_eq!(refused.code(), "snapshot_locked");
        }
        backend.check_invariants().unwrap();
        backend.advance(Duration::from_secs(86_400)).unwrap();
        assert_eq!(code("2000-01-02T00:00:00Z"), "invalid_argument");
        backend.delete_snapshot(volume, snapshot).unwrap();
        assert_eq!(code("2000-01-03T00:00:00Z"), "snapshot_not_found");
        backend.check_invariants().unwrap();
    }

    #[test]
    fn a_standing_clock_runs_no_rule_by_itself() {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        backend.create_snapshot_policy("p", [rule("* * * * *", "m")]).unwrap();
        create(&backend, "v");
        backend.advance(Duration::from_secs(59)).unwrap();
        let digest = backend.state_digest().unwrap();
        assert_eq!(backend.run_due().unwrap(), 0);
        assert_eq!(backend.state_digest().unwrap(), digest);
    }

    #[test]
    fn a_lock_on_the_systems_clock_ends_at_its_time() {
        let backend = MemBackend::new();
        backend.create_volume(VolumeSpec::named("v")).unwrap();
        set_time(&backend, "9000-01-01T00:00:00Z");
        let volume = backend.list_volumes().unwrap()[0].uuid;
        let end = at("9000-01-01T00:00:05Z");
        let snapshot = backend.create_snapshot_until(volume, "s", end).unwrap().uuid;
        assert_eq!(backend.delete_volume(volume).unwrap_err().code(), "snapshot_locked");
        set_time(&backend, "9000-01-01T00:00:05Z");
        backend.delete_snapshot(volume, snapshot).unwrap();
    }
}
