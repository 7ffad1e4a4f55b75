//! Runs of the rules of snapshot policies.
//!
//! A run deletes the oldest snapshots of its rule and takes new ones, on all volumes of the policy at
//! once. To find the oldest, it does not read all snapshots of a volume: it remembers the number and
//! the oldest of each rule, as long as the volume's list of snapshots is the same.

use std::mem;

use nessie_backend_core::{SnapshotPolicy, SnapshotRule, Timestamp, VolumeState};
use triomphe::Arc;

use super::bulk::{Made, entry};
use super::lookup::key;
use super::policies::Kept;
use super::{ByCreation, Stamp, State, full};
use crate::storage::index::Entry;
use crate::storage::list::walk;
use crate::storage::slab::{NONE, Slot};

/// What a run of a rule has done.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) policy: Arc<SnapshotPolicy>,
    /// The index of the rule in the policy.
    pub(crate) rule: usize,
    /// When the rule was due.
    pub(crate) due: Timestamp,
    /// The name of the snapshots.
    pub(crate) name: String,
    /// The snapshots that it took.
    pub(crate) made: Made,
    pub(crate) passed_over: Vec<PassedOver>,
}

/// What a run could not do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassedOver {
    pub(crate) volume: Slot,
    /// The snapshot that could not be deleted; `NONE` if no snapshot could be taken.
    pub(crate) snapshot: Slot,
    /// The code of the error that a call would have had.
    pub(crate) code: &'static str,
}

impl State {
    /// Runs the rules that are due now, on a clock that was advanced to the next time when one is.
    pub(crate) fn run_policies(&mut self, stamp: Stamp) -> Vec<Run> {
        let mut due = Vec::new();
        let policies = self.policies.list().iter().enumerate();
        for (place, policy) in policies.filter(|(_, policy)| policy.users > 0) {
            for (rule, runs) in policy.runs.iter().enumerate() {
                if runs.next == Some(stamp.time) {
                    due.push((place, rule));
                }
            }
        }
        due.into_iter().map(|(place, rule)| self.run(place, rule, stamp.time, stamp)).collect()
    }

    /// Runs each rule that became due since the last call once, for the latest time when it was due.
    pub(crate) fn run_due(&mut self, stamp: Stamp) -> Vec<Run> {
        if !self.policies.are_used() {
            return Vec::new();
        }
        let mut due = Vec::new();
        for (place, policy) in self.policies.list().iter().enumerate() {
            let since = policy.since.max(self.policies.last_run);
            for (rule, SnapshotRule { schedule, .. }) in policy.record.rules.iter().enumerate() {
                let latest = schedule.last_until(stamp.time).filter(|latest| *latest > since);
                due.extend(latest.map(|latest| (latest, place, rule)));
            }
        }
        self.policies.last_run = stamp.time;
        due.sort_unstable();
        due.into_iter().map(|(time, place, rule)| self.run(place, rule, time, stamp)).collect()
    }

    /// Runs a rule of the policy at a place of the list. Volumes that use the policy only since it was
    /// due are left out.
    #[expect(clippy::indexing_slicing, reason = "the caller has found the policy and the rule")]
    fn run(&mut self, place: usize, index: usize, due: Timestamp, stamp: Stamp) -> Run {
        self.order_users();
        let policy = &mut self.policies.list_mut()[place];
        let users = policy.order.clone().unwrap_or_default();
        let record = Arc::clone(&policy.record);
        // Put back at the end.
        let mut runs = mem::take(&mut policy.runs);
        let rule = &record.rules[index];
        let name = rule.snapshot_name(due);
        let mut passed_over = Vec::new();
        let mut online = Vec::with_capacity(users.len());
        let mut old = Vec::with_capacity(users.len());
        for volume in users.iter().copied() {
            if self.policies.since(volume) >= due {
                continue;
            }
            if self.volumes.get(volume).state != VolumeState::Online {
                passed_over.push(PassedOver { volume, snapshot: NONE, code: "volume_offline" });
                continue;
            }
            if !self.is_known(volume) {
                self.count_kept(volume, &record, &mut runs);
            }
            let kept = runs[index].kept.get(volume);
            let beyond = u64::from(kept.count).saturating_sub(rule.keep - 1);
            if beyond > 0 {
                let note = |snapshot, obstacle| match obstacle {
                    None => old.push((volume, snapshot)),
                    Some(code) => passed_over.push(PassedOver { volume, snapshot, code }),
                };
                let kept = self.find_old(rule, kept, beyond, stamp.time, note);
                *runs[index].kept.get_mut(volume) = kept;
            }
            online.push(volume);
        }
        self.remove_pairs(&old);
        let takers = self.takers(&online, &name, &mut passed_over);
        let made = self.make_snapshots(takers.clone(), &name, stamp);
        for (Entry { slot: volume, .. }, snapshot) in takers.iter().zip(&made.slots) {
            let kept = runs[index].kept.get_mut(*volume);
            kept.count += 1;
            if kept.first == NONE {
                kept.first = *snapshot;
            }
        }
        for volume in online {
            self.note_known(volume);
        }
        self.policies.list_mut()[place].runs = runs;
        Run { policy: record, rule: index, due, name, made, passed_over }
    }

    /// Finds the oldest snapshots of a rule on a volume, that many, and returns those that are kept.
    /// `note` gets each of the oldest. One that cannot be deleted is kept, and `note` gets the reason.
    fn find_old(
        &self,
        rule: &SnapshotRule,
        mut kept: Kept,
        mut beyond: u64,
        now: Timestamp,
        mut note: impl FnMut(Slot, Option<&'static str>),
    ) -> Kept {
        let first = mem::replace(&mut kept.first, NONE);
        for slot in walk::<ByCreation, _>(&self.snapshots, first) {
            if !rule.has_made(self.snapshot_name(slot)) {
                continue;
            }
            let obstacle = self.obstacle(slot, now);
            if beyond > 0 {
                beyond -= 1;
                note(slot, obstacle);
                if obstacle.is_none() {
                    kept.count -= 1;
                    continue;
                }
            }
            if kept.first == NONE {
                kept.first = slot;
            }
            if beyond == 0 {
                break;
            }
        }
        kept
    }

    /// The code of the error of a call that would delete the snapshot, if it would fail.
    fn obstacle(&self, snapshot: Slot, now: Timestamp) -> Option<&'static str> {
        if self.is_locked(snapshot, now) {
            Some("snapshot_locked")
        } else {
            self.is_pinned(snapshot).then_some("snapshot_busy")
        }
    }

    /// The volumes on which a snapshot of the name can be taken.
    fn takers(&self, online: &[Slot], name: &str, passed_over: &mut Vec<PassedOver>) -> Vec<Entry> {
        let volumes = online.iter().enumerate();
        let entries: Vec<Entry> = volumes
            .map(|(item, slot)| entry(key::snapshot_name(*slot, name), *slot, item))
            .collect();
        let sorted = self.snapshot_names.by_bucket(&entries);
        let found = self.snapshots_named(&entries, &sorted, name);
        let mut takers = Vec::with_capacity(entries.len());
        for (entry, found) in entries.into_iter().zip(found) {
            // Limits are looked at last, as in single calls.
            let code = if found != NONE {
                "snapshot_exists"
            } else if let Err(error) = self.check_snapshot_limits(entry.slot, takers.len()) {
                error.code()
            } else if takers.len() == self.snapshots.free_slots() {
                full().code()
            } else {
                takers.push(entry);
                continue;
            };
            passed_over.push(PassedOver { volume: entry.slot, snapshot: NONE, code });
        }
        takers
    }
}
