//! Snapshot policies, and which volumes use them.

use std::collections::BTreeMap;

use nessie_backend_core::{
    BackendError, Dependents, Result, SnapshotPolicy, SnapshotRule, Timestamp, VolumePatch, rules,
};
use triomphe::Arc;

use super::{List, State};
use crate::storage::slab::{NONE, Slot};
use crate::storage::table::Table;

/// The number of a policy, from 1 on in order of creation. 0 means none.
pub(crate) type PolicyNumber = u32;

/// The policies of a backend, and their use by volumes.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    /// `None` if there is no policy.
    all: Option<Arc<All>>,
    /// The use of each volume.
    pub(super) uses: Table<Use>,
    /// When the rules that were due were last run, on a clock that runs by itself.
    pub(crate) last_run: Timestamp,
}

/// All policies.
#[derive(Clone, Debug, Default)]
pub(super) struct All {
    /// In order of creation, which is that of their numbers.
    pub(super) list: Vec<Policy>,
    numbers: BTreeMap<String, PolicyNumber>,
}

/// A policy, and what is known of the snapshots of its rules.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    number: PolicyNumber,
    pub(super) record: Arc<SnapshotPolicy>,
    /// When it got its rules.
    pub(super) since: Timestamp,
    /// How many volumes use it.
    pub(super) users: u32,
    /// The volumes that use it, in order of creation. `None` until they are needed, and after each
    /// change of them.
    pub(super) order: Option<Arc<Vec<Slot>>>,
    /// For each rule.
    pub(super) runs: Vec<RuleRuns>,
}

/// What is known from the last runs of a rule. It follows from the rest of the state.
#[derive(Clone, Debug)]
pub(super) struct RuleRuns {
    /// The next time when the rule is due. It is due then unless that time has passed.
    pub(super) next: Option<Timestamp>,
    /// The snapshots of the rule on each volume whose use is [current](State::is_known).
    pub(super) kept: Table<Kept>,
}

/// The snapshots of a rule on a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) count: u32,
    /// The oldest; `NONE` if there are none.
    pub(super) first: Slot,
}

impl Default for Kept {
    fn default() -> Self {
        Self { count: 0, first: NONE }
    }
}

/// The use of a policy by a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) policy: PolicyNumber,
    /// The length of the volume's list of snapshots when the snapshots of the rules were counted;
    /// `NONE` if they have to be counted again.
    pub(super) len: u32,
    /// The number of the serial of the last snapshot at that time.
    pub(super) last: u32,
    /// Since when the volume uses the policy.
    pub(super) since: Timestamp,
}

impl Default for Use {
    fn default() -> Self {
        Self { policy: 0, len: NONE, last: 0, since: Timestamp::MIN }
    }
}

impl Policies {
    pub(crate) const fn new() -> Self {
        Self { all: None, uses: Table::new(), last_run: Timestamp::MIN }
    }

    /// The policies in order of creation.
    pub(super) fn list(&self) -> &[Policy] {
        self.all.as_deref().map_or(&[], |all| &all.list)
    }

    /// The same, to be changed.
    pub(super) fn list_mut(&mut self) -> &mut [Policy] {
        self.all.as_mut().map_or(&mut [], |all| &mut Arc::make_mut(all).list)
    }

    /// The records of all policies in order of creation.
    pub(crate) fn records(&self) -> impl ExactSizeIterator<Item = &SnapshotPolicy> {
        self.list().iter().map(|policy| &*policy.record)
    }

    /// The records, each with the time when it got its rules.
    pub(crate) fn dated_records(
        &self,
    ) -> impl ExactSizeIterator<Item = (&SnapshotPolicy, Timestamp)> {
        self.list().iter().map(|policy| (&*policy.record, policy.since))
    }

    /// Whether no volume ever used a policy.
    pub(super) const fn are_unused(&self) -> bool {
        self.uses.is_empty()
    }

    /// Whether a volume uses a policy.
    pub(crate) fn are_used(&self) -> bool {
        self.list().iter().any(|policy| policy.users > 0)
    }

    /// The number of the policy of a name.
    pub(crate) fn number(&self, name: &str) -> Result<PolicyNumber> {
        let number = self.all.as_ref().and_then(|all| all.numbers.get(name));
        number.copied().ok_or_else(|| not_found(name))
    }

    /// The policy of a name, after its place in the list.
    fn find(&self, name: &str) -> Result<(usize, &Policy)> {
        let place = self.place_of(self.number(name)?);
        let found = place.and_then(|place| Some((place, self.list().get(place)?)));
        found.ok_or_else(|| not_found(name))
    }

    fn place_of(&self, number: PolicyNumber) -> Option<usize> {
        self.list().binary_search_by_key(&number, |policy| policy.number).ok()
    }

    /// The record of the policy of a name.
    pub(crate) fn get(&self, name: &str) -> Result<&SnapshotPolicy> {
        self.find(name).map(|(_, policy)| &*policy.record)
    }

    /// Adds a policy. It has its rules since that time.
    pub(crate) fn create(&mut self, record: SnapshotPolicy, since: Timestamp) -> Result<()> {
        rules::snapshot_policy(&record)?;
        if self.number(&record.name).is_ok() {
            return Err(BackendError::SnapshotPolicyExists { name: record.name });
        }
        let number = self.list().last().map_or(0, |last| last.number) + 1;
        let all = Arc::make_mut(self.all.get_or_insert_with(Arc::default));
        all.numbers.insert(record.name.clone(), number);
        let runs = new_runs(&record);
        let record = Arc::new(record);
        all.list.push(Policy { number, record, since, users: 0, order: None, runs });
        Ok(())
    }

    /// Gives a policy other rules. It has them since that time.
    pub(crate) fn replace(&mut self, record: SnapshotPolicy, since: Timestamp) -> Result<()> {
        let (place, _) = self.find(&record.name)?;
        rules::snapshot_policy(&record)?;
        let runs = new_runs(&record);
        let Some(policy) = self.list_mut().get_mut(place) else {
            return Err(not_found(&record.name));
        };
        policy.record = Arc::new(record);
        policy.since = since;
        policy.runs = runs;
        let number = policy.number;
        let of_policy = |slot: &Slot| self.uses.get(*slot).policy == number;
        let users: Vec<Slot> = self.uses.slots().filter(of_policy).collect();
        for volume in users {
            self.uses.get_mut(volume).len = NONE;
        }
        Ok(())
    }

    /// Removes a policy that no volume uses.
    fn remove(&mut self, place: usize) {
        let Some(all) = &mut self.all else { return };
        let all = Arc::make_mut(all);
        let removed = all.list.remove(place);
        all.numbers.remove(&removed.record.name);
        if all.list.is_empty() {
            self.all = None;
        }
    }

    /// The policy that a volume uses.
    #[inline]
    pub(crate) fn of(&self, volume: Slot) -> Option<&SnapshotPolicy> {
        if self.uses.is_empty() { None } else { self.used_by(volume) }
    }

    fn used_by(&self, volume: Slot) -> Option<&SnapshotPolicy> {
        let place = self.place_of(self.uses.get(volume).policy)?;
        self.list().get(place).map(|policy| &*policy.record)
    }

    /// Since when a volume uses its policy.
    pub(crate) fn since(&self, volume: Slot) -> Timestamp {
        self.uses.get(volume).since
    }

    /// From now on the volume uses the policy of that number; 0 means none.
    pub(crate) fn assign(&mut self, volume: Slot, policy: PolicyNumber, now: Timestamp) {
        let before = self.uses.get(volume).policy;
        if before == policy {
            return;
        }
        self.count(before, |users| users - 1);
        self.count(policy, |users| users + 1);
        *self.uses.get_mut(volume) = match policy {
            0 => Use::default(),
            policy => Use { policy, since: now, ..Use::default() },
        };
    }

    /// Notes that volumes are deleted.
    pub(super) fn leave(&mut self, volumes: &[Slot]) {
        if !self.uses.is_empty() {
            for volume in volumes {
                self.assign(*volume, 0, Timestamp::MIN);
            }
        }
    }

    /// Notes that a snapshot of the volume has another name.
    pub(super) fn note_rename(&mut self, volume: Slot) {
        if !self.uses.is_empty() && self.uses.get(volume).policy != 0 {
            self.uses.get_mut(volume).len = NONE;
        }
    }

    /// Changes the number of the volumes that use a policy.
    fn count(&mut self, policy: PolicyNumber, change: impl FnOnce(u32) -> u32) {
        if let Some(place) = self.place_of(policy)
            && let Some(policy) = self.list_mut().get_mut(place)
        {
            policy.users = change(policy.users);
            policy.order = None;
        }
    }

    /// When the next rule of a policy that a volume uses is due after a time.
    pub(crate) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let used = self.list().iter().filter(|policy| policy.users > 0);
        let rules = used.flat_map(|policy| &policy.record.rules);
        rules.filter_map(|rule| rule.schedule.next_after(now)).min()
    }

    /// The same. Remembers when each rule is due.
    pub(crate) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let used = self.list_mut().iter_mut().filter(|policy| policy.users > 0);
        let next = used.filter_map(|Policy { record, runs, .. }| {
            let rules = record.rules.iter().zip(runs);
            rules.filter_map(|(rule, runs)| runs.next_due(rule, now)).min()
        });
        next.min()
    }
}

impl RuleRuns {
    /// When the rule is due next after a time.
    fn next_due(&mut self, rule: &SnapshotRule, now: Timestamp) -> Option<Timestamp> {
        if self.next.is_none_or(|next| next <= now) {
            self.next = rule.schedule.next_after(now);
        }
        self.next
    }
}

impl State {
    pub(crate) fn delete_snapshot_policy(&mut self, name: &str) -> Result<()> {
        let (place, &Policy { number, users, .. }) = self.policies.find(name)?;
        if users > 0 {
            let of_policy = |slot: &Slot| self.policies.uses.get(*slot).policy == number;
            let first = self.volume_slots().filter(of_policy).take(Dependents::MAX_NAMES);
            let names = first.map(|slot| self.volume_name(slot).to_owned()).collect();
            let dependents = Dependents::new(names, users.into());
            return Err(BackendError::SnapshotPolicyBusy { name: name.into(), dependents });
        }
        self.policies.remove(place);
        Ok(())
    }

    /// Refuses a patch with a policy that does not exist.
    pub(super) fn check_policy(&self, patch: &VolumePatch) -> Result<()> {
        match patch.snapshot_policy.as_deref() {
            None | Some("") => Ok(()),
            Some(name) => self.policies.number(name).map(drop),
        }
    }

    /// Applies the policy of a patch that was checked.
    pub(super) fn apply_policy(&mut self, volume: Slot, patch: &VolumePatch, now: Timestamp) {
        if let Some(name) = patch.snapshot_policy.as_deref() {
            self.policies.assign(volume, self.policies.number(name).unwrap_or(0), now);
        }
    }

    /// Whether the snapshots of the rules of a volume's policy are those that were counted last.
    ///
    /// A list of the same length with the same last snapshot is the same list: a new snapshot is the
    /// last one, and no serial is used twice.
    pub(super) fn is_known(&self, volume: Slot) -> bool {
        let Use { len, last, .. } = self.policies.uses.get(volume);
        len != NONE && (len, last) == self.list_stamp(volume)
    }

    /// Notes that the snapshots of the rules of a volume's policy are counted.
    pub(super) fn note_known(&mut self, volume: Slot) {
        let (len, last) = self.list_stamp(volume);
        let of = self.policies.uses.get_mut(volume);
        (of.len, of.last) = (len, last);
    }

    /// The length of a volume's list of snapshots, and the number of the serial of the last one.
    fn list_stamp(&self, volume: Slot) -> (u32, u32) {
        let List { last, len, .. } = self.volumes.get(volume).snapshots;
        (len, if last == NONE { 0 } else { self.snapshots.serial_of(last).number })
    }

    /// Finds the order of the volumes of each policy.
    pub(super) fn order_users(&mut self) {
        let is_missing = |policy: &Policy| policy.users > 0 && policy.order.is_none();
        if !self.policies.list().iter().any(is_missing) {
            return;
        }
        let mut orders = vec![Vec::new(); self.policies.list().len()];
        for slot in self.volume_slots() {
            let place = self.policies.place_of(self.policies.uses.get(slot).policy);
            if let Some(order) = place.and_then(|place| orders.get_mut(place)) {
                order.push(slot);
            }
        }
        for (policy, order) in self.policies.list_mut().iter_mut().zip(orders) {
            policy.order = Some(Arc::new(order));
        }
    }

    /// Counts the snapshots of each rule of a policy on a volume.
    pub(super) fn count_kept(&self, volume: Slot, policy: &SnapshotPolicy, runs: &mut [RuleRuns]) {
        let mut counts = vec![Kept::default(); runs.len()];
        for slot in self.snapshot_slots(volume) {
            let name = self.snapshot_name(slot);
            let mut rules = policy.rules.iter().zip(&mut counts);
            if let Some((_, kept)) = rules.find(|(rule, _)| rule.has_made(name)) {
                if kept.count == 0 {
                    kept.first = slot;
                }
                kept.count += 1;
            }
        }
        for (runs, kept) in runs.iter_mut().zip(counts) {
            *runs.kept.get_mut(volume) = kept;
        }
    }

    /// Checks the numbers of users, and all that is remembered of the runs.
    pub(super) fn check_policies(&self) -> std::result::Result<(), String> {
        let mut users = vec![Vec::new(); self.policies.list().len()];
        for volume in self.volume_slots() {
            let of = self.policies.uses.get(volume);
            if of.policy == 0 {
                continue;
            }
            let name = self.volume_name(volume);
            let place = self.policies.place_of(of.policy);
            let place = place.ok_or_else(|| format!("volume {name:?} uses a missing policy"))?;
            let policy = self.policies.list().get(place);
            let (Some(policy), Some(users)) = (policy, users.get_mut(place)) else { continue };
            users.push(volume);
            if self.is_known(volume) {
                let mut counted = new_runs(&policy.record);
                self.count_kept(volume, &policy.record, &mut counted);
                let remembered = policy.runs.iter().map(|runs| runs.kept.get(volume));
                if !remembered.eq(counted.iter().map(|runs| runs.kept.get(volume))) {
                    return Err(format!("volume {name:?}: other snapshots of rules are noted"));
                }
            }
        }
        for (policy, users) in self.policies.list().iter().zip(&users) {
            let name = &policy.record.name;
            if policy.users as usize != users.len() {
                return Err(format!("policy {name:?} has {} users", users.len()));
            }
            if policy.order.as_ref().is_some_and(|order| **order != *users) {
                return Err(format!("policy {name:?} has another order of users"));
            }
            if self.policies.number(name).ok() != Some(policy.number) {
                return Err(format!("policy {name:?} is not found by its name"));
            }
            rules::snapshot_policy(&policy.record).map_err(|error| error.to_string())?;
        }
        let used = self.policies.uses.slots().count();
        if used != users.iter().map(Vec::len).sum::<usize>() {
            return Err(format!("{used} uses of policies are noted"));
        }
        Ok(())
    }
}

fn new_runs(record: &SnapshotPolicy) -> Vec<RuleRuns> {
    record.rules.iter().map(|_| RuleRuns { next: None, kept: Table::new() }).collect()
}

fn not_found(name: &str) -> BackendError {
    BackendError::SnapshotPolicyNotFound { name: name.to_owned() }
}
