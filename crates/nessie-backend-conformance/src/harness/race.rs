//! Concurrent calls, and the search for an order that explains their answers.

use std::fmt::Write as _;

use nessie_backend_core::{Snapshot, SnapshotId, Volume, VolumeId};

use super::at_once::{Made, run_at_once};
use super::{Abort, CaseResult, Harness, describe};
use crate::feature::Tier;
use crate::oracle::call::{Answer, Call, Value, lists_agree, volumes_agree};
use crate::oracle::model::Model;

/// Maximum number of steps in the search for an order; above it, the case is skipped.
const MAX_TRIES: usize = 100_000;

impl Harness<'_> {
    /// Makes each list of calls in its own thread, concurrently, and returns their answers in the
    /// order of the lists. Some order of the calls must explain every answer and the listings
    /// afterwards. It must keep that of each thread, and a call that ended before another started
    /// comes before it.
    pub(crate) fn race(&self, programs: &[Vec<Call>]) -> CaseResult<Vec<Answer>> {
        let made = self.race_programs(programs)?;
        Ok(made.into_iter().flatten().map(|made| made.answer).collect())
    }

    /// Like [`race`](Self::race), with the times of the calls of each thread.
    pub(super) fn race_programs(&self, programs: &[Vec<Call>]) -> CaseResult<Vec<Vec<Made>>> {
        self.check_time()?;
        self.has_raced.set(true);
        let plan = self.pace.borrow_mut().plan(programs);
        self.log.start_race(programs);
        let made = run_at_once(programs, &plan, self.backend)?;
        self.log.end_race(made.iter().flatten().map(|made| &made.answer));
        self.pace.borrow_mut().learn(&made);

        let race = Race { programs, made: &made };
        for (_, call, answer) in race.calls() {
            Self::check_form(call, answer)?;
            if let Ok(value) = answer {
                self.record_unordered(call, value)?;
            }
        }
        let listed = self.list_after_race()?;
        let shown = self.shown_snapshots(&listed)?;
        self.state.borrow_mut().last_change = None;
        let mut search = Search::new(&race, self.own_answers(&race)?, &listed, &shown);
        search.run(self.state.borrow().model.own_only());
        let Some(mut model) = search.ends.pop() else {
            if search.tries >= MAX_TRIES {
                return Err(Abort::Skipped(
                    "the concurrent calls have too many possible orders to check".to_owned(),
                ));
            }
            return Err(Abort::violation("3.linearizable", race.describe(&listed)));
        };
        for (volume, snapshot) in &search.open {
            let is_complete = search.tries < MAX_TRIES;
            let others = search.ends.iter().filter(|_| is_complete);
            model.join_sizes(*volume, *snapshot, others, is_complete);
        }
        self.state.borrow_mut().model.replace_own(model);
        Ok(made)
    }

    /// All own volumes after a race.
    fn list_after_race(&self) -> CaseResult<Vec<Volume>> {
        let list = self.log.call(&Call::ListVolumes, self.backend);
        Self::check_form(&Call::ListVolumes, &list)?;
        let Ok(Value::Volumes(listed)) = list else {
            return Err(Abort::violation("3.list_volumes", "list_volumes() fails after a race"));
        };
        let listed = self.without_foreign(listed)?;
        self.log.drop_last();
        Ok(listed)
    }

    /// The answers, with lists of own volumes only: the others are not part of the search.
    fn own_answers(&self, race: &Race<'_>) -> CaseResult<Vec<Vec<Answer>>> {
        let own = |made: &Made| {
            Ok(match &made.answer {
                Ok(Value::Volumes(listed)) => {
                    Ok(Value::Volumes(self.without_foreign(listed.clone())?))
                }
                other => other.clone(),
            })
        };
        race.made.iter().map(|calls| calls.iter().map(own).collect()).collect()
    }

    /// The own volumes of a list. The others must be unchanged.
    fn without_foreign(&self, listed: Vec<Volume>) -> CaseResult<Vec<Volume>> {
        let expected = self.state.borrow().model.foreign();
        let is_foreign = |volume: &Volume| expected.iter().any(|it| it.uuid == volume.uuid);
        let (foreign, own) = listed.into_iter().partition(is_foreign);
        match describe::difference(&Value::Volumes(foreign), &Value::Volumes(expected.clone())) {
            None => Ok(own),
            Some(difference) => {
                let text = format!("of the volumes that are not the suite's, {difference}");
                Err(Abort::violation("3.list_volumes", text))
            }
        }
    }

    /// The snapshots of the listed volumes.
    fn shown_snapshots(&self, listed: &[Volume]) -> CaseResult<Vec<(VolumeId, Vec<Snapshot>)>> {
        let mut shown = Vec::new();
        if self.probe.tier < Tier::Snapshots {
            return Ok(shown);
        }
        for volume in listed {
            let call = Call::ListSnapshots(volume.uuid);
            let answer = self.log.call(&call, self.backend);
            Self::check_form(&call, &answer)?;
            let Ok(Value::Snapshots(snapshots)) = answer else {
                return Err(Abort::violation(
                    "3.list_snapshots",
                    "list_snapshots() fails after a race",
                ));
            };
            self.log.drop_last();
            shown.push((volume.uuid, snapshots));
        }
        Ok(shown)
    }

    /// Like [`record`](Self::record), without comparing times: the order of the calls is unknown.
    fn record_unordered(&self, call: &Call, made: &Value) -> CaseResult {
        let newest = self.state.borrow_mut().newest_time.take();
        let result = self.record(call, made);
        let mut state = self.state.borrow_mut();
        state.newest_time = state.newest_time.max(newest);
        result
    }
}

/// The calls of each thread and their answers.
struct Race<'a> {
    programs: &'a [Vec<Call>],
    made: &'a [Vec<Made>],
}

impl Race<'_> {
    /// The number of the thread from 1, the call and its answer, for each call.
    fn calls(&self) -> impl Iterator<Item = (usize, &Call, &Answer)> {
        let threads = self.programs.iter().zip(self.made).enumerate();
        threads.flat_map(|(at, (calls, made))| {
            calls.iter().zip(made).map(move |(call, made)| (at + 1, call, &made.answer))
        })
    }

    /// The new snapshots of volumes that are resized or restored concurrently: the size they hold
    /// depends on the order.
    fn snapshots_during_resizes(&self) -> Vec<(VolumeId, SnapshotId)> {
        let resizes = |call: &Call, id: VolumeId| match call {
            Call::PatchVolume(of, patch) => *of == id && patch.size_bytes.is_some(),
            Call::RestoreSnapshot(of, _) => *of == id,
            _ => false,
        };
        self.calls()
            .filter_map(|(_, call, answer)| match (call, answer) {
                (Call::CreateSnapshot(volume, _), Ok(Value::Snapshot(snapshot))) => {
                    Some((*volume, snapshot.uuid))
                }
                _ => None,
            })
            .filter(|(volume, _)| self.calls().any(|(_, call, _)| resizes(call, *volume)))
            .collect()
    }

    fn describe(&self, listed: &[Volume]) -> String {
        let mut text = "no order of these concurrent calls explains their answers:".to_owned();
        for (thread, call, answer) in self.calls() {
            let came = match answer {
                Ok(value) => describe::in_full(value),
                Err(refusal) => match &refusal.dependents {
                    Some(dependents) => {
                        format!("{}, {}", refusal.code, describe::dependents(Some(dependents)))
                    }
                    None => refusal.code.to_owned(),
                },
            };
            let _ = write!(text, "\n  thread {thread}: {} -> {came}", call.operation());
        }
        let after = describe::in_full(&Value::Volumes(listed.to_vec()));
        text + &format!("\nafterwards list_volumes -> {after}")
    }
}

/// The search for orders of the calls that explain all answers.
struct Search<'a> {
    race: &'a Race<'a>,
    answers: Vec<Vec<Answer>>,
    /// The own volumes after the race, and their snapshots.
    listed: &'a [Volume],
    shown: &'a [(VolumeId, Vec<Snapshot>)],
    /// The snapshots whose size depends on the order. Without any, one order is enough.
    open: Vec<(VolumeId, SnapshotId)>,
    tries: usize,
    /// How many calls of each thread are in the order so far.
    done: Vec<usize>,
    /// The model after each order that explains the answers.
    ends: Vec<Model>,
}

impl<'a> Search<'a> {
    fn new(
        race: &'a Race<'a>,
        answers: Vec<Vec<Answer>>,
        listed: &'a [Volume],
        shown: &'a [(VolumeId, Vec<Snapshot>)],
    ) -> Self {
        let done = vec![0; race.programs.len()];
        let open = race.snapshots_during_resizes();
        Self { race, answers, listed, shown, open, tries: 0, done, ends: Vec::new() }
    }

    /// Continues each order with each call that may be the next one.
    fn run(&mut self, model: Model) {
        let mut is_over = true;
        for thread in 0..self.done.len() {
            let Some((call, answer)) = self.next_of(thread) else { continue };
            is_over = false;
            if !self.may_be_next(thread) {
                continue;
            }
            let mut next = model.clone();
            let is_explained = match (next.apply(call, answer), answer) {
                (Ok(expected), Ok(found)) => found.agrees_with(&expected),
                (Err(expected), Err(refusal)) => expected.matches(refusal),
                _ => false,
            };
            self.tries += 1;
            if is_explained && keeps_creation_order(&next, self.listed) {
                self.step(thread, true);
                self.run(next);
                self.step(thread, false);
            }
            let is_enough = self.open.is_empty() && !self.ends.is_empty();
            if is_enough || self.tries >= MAX_TRIES {
                return;
            }
        }
        if is_over && self.is_end(&model) {
            self.ends.push(model);
        }
    }

    fn step(&mut self, thread: usize, is_forward: bool) {
        if let Some(count) = self.done.get_mut(thread) {
            *count = if is_forward { *count + 1 } else { *count - 1 };
        }
    }

    /// The next call of a thread, and its answer.
    fn next_of(&self, thread: usize) -> Option<(&'a Call, &Answer)> {
        let at = *self.done.get(thread)?;
        Some((self.race.programs.get(thread)?.get(at)?, self.answers.get(thread)?.get(at)?))
    }

    /// Whether no other pending call ended before the next call of this thread started.
    fn may_be_next(&self, thread: usize) -> bool {
        let pending = |of: usize| self.race.made.get(of)?.get(*self.done.get(of)?);
        let Some(next) = pending(thread) else { return false };
        (0..self.done.len()).filter_map(pending).all(|other| other.end >= next.start)
    }

    /// Whether the model has exactly what the backend lists.
    fn is_end(&self, model: &Model) -> bool {
        let shows = |(volume, snapshots): &(VolumeId, Vec<Snapshot>)| {
            model.volume(*volume).is_ok_and(|kept| {
                let records = kept.snapshots.iter().map(|kept| &kept.record);
                let expected = records.map(|it| (it.uuid, &it.name));
                expected.eq(snapshots.iter().map(|shown| (shown.uuid, &shown.name)))
            })
        };
        lists_agree(&model.list(), self.listed, volumes_agree) && self.shown.iter().all(shows)
    }
}

/// Whether every volume listed before the model's newest one is already in the model.
fn keeps_creation_order(model: &Model, listed: &[Volume]) -> bool {
    let Some(newest) = model.volumes.last() else { return true };
    let Some(at) = listed.iter().position(|it| it.uuid == newest.record.uuid) else { return true };
    listed.iter().take(at).all(|it| model.volume(it.uuid).is_ok())
}
