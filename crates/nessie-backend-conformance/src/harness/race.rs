//! Concurrent calls, and the search for an order that explains their answers.

use std::fmt::Write as _;
use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nessie_backend_core::{Snapshot, SnapshotId, Volume, VolumeBackend, VolumeId};

use super::{Abort, CaseResult, Harness, panic_text};
use crate::feature::Tier;
use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::model::Model;

/// Maximum number of steps in the search for an order; above it, the case is skipped.
const MAX_TRIES: usize = 100_000;

/// How often a thread checks whether the others have started, before it continues anyway.
const SPINS: usize = 2_000;

impl Harness<'_> {
    /// Makes the calls concurrently, each in its own thread. Some order of them must explain every
    /// answer and the listings afterwards.
    pub(crate) fn race(&self, calls: Vec<Call>) -> CaseResult<Vec<Answer>> {
        let programs: Vec<_> = calls.into_iter().map(|call| vec![call]).collect();
        let answers = self.race_programs(&programs)?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Like [`race`](Self::race), with a list of calls for each thread.
    pub(crate) fn race_programs(&self, programs: &[Vec<Call>]) -> CaseResult<Vec<Vec<Answer>>> {
        self.check_time()?;
        self.has_raced.set(true);
        let answers = run_at_once(programs, self.backend)?;
        let race = Race { programs, answers: &answers };
        for (call, answer) in race.pairs() {
            self.log.add(call, answer);
        }
        for (call, answer) in race.pairs() {
            Self::check_form(call, answer)?;
            if let Ok(made) = answer {
                self.record_unordered(call, made)?;
            }
        }
        let list = self.log.call(&Call::ListVolumes, self.backend);
        Self::check_form(&Call::ListVolumes, &list)?;
        let Ok(Value::Volumes(listed)) = list else {
            return Err(Abort::violation("3.list_volumes", "list_volumes() fails after a race"));
        };
        self.log.drop_last();
        let shown = self.shown_snapshots(&listed)?;
        let order: Vec<VolumeId> = listed.iter().map(|volume| volume.uuid).collect();
        let start = self.state.borrow().model.clone();
        let mut tries = 0;
        let mut done = vec![0; programs.len()];
        let is_end = |model: &Model| {
            let is_shown = |(volume, snapshots): &(_, Vec<_>)| shows(model, *volume, snapshots);
            model.list() == listed && shown.iter().all(is_shown)
        };
        let explained = race.explain(start, &mut done, &mut tries, &order, &is_end);
        match explained {
            Some(mut model) => {
                for (volume, snapshot) in race.snapshots_during_resizes() {
                    model.forget_size(volume, snapshot);
                }
                self.state.borrow_mut().model = model;
                self.state.borrow_mut().last_change = None;
                Ok(answers)
            }
            None if tries >= MAX_TRIES => Err(Abort::Skipped(
                "the concurrent calls have too many possible orders to check".to_owned(),
            )),
            None => Err(Abort::violation("3.linearizable", race.describe(&listed))),
        }
    }

    /// The snapshots of the listed volumes, without foreign ones.
    fn shown_snapshots(&self, listed: &[Volume]) -> CaseResult<Vec<(VolumeId, Vec<Snapshot>)>> {
        let mut shown = Vec::new();
        if self.probe.tier < Tier::Snapshots {
            return Ok(shown);
        }
        let others = |id| self.foreign.volumes.iter().any(|volume| volume.uuid == id);
        for volume in listed.iter().filter(|volume| !others(volume.uuid)) {
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

/// Whether the model has exactly these snapshots on the volume.
fn shows(model: &Model, volume: VolumeId, snapshots: &[Snapshot]) -> bool {
    model.volume(volume).is_ok_and(|kept| {
        let expected = kept.snapshots.iter().map(|kept| (kept.record.uuid, &kept.record.name));
        expected.eq(snapshots.iter().map(|shown| (shown.uuid, &shown.name)))
    })
}

/// Whether every volume listed before the model's newest one is already in the model.
fn keeps_creation_order(model: &Model, order: &[VolumeId]) -> bool {
    let Some(newest) = model.volumes.last() else { return true };
    let Some(at) = order.iter().position(|id| *id == newest.record.uuid) else { return true };
    order.iter().take(at).all(|id| model.volume(*id).is_ok())
}

/// Runs each list of calls in its own thread, all starting together, and returns the answers.
fn run_at_once(
    programs: &[Vec<Call>],
    backend: &dyn VolumeBackend,
) -> CaseResult<Vec<Vec<Answer>>> {
    let (start, waiting) = (Barrier::new(programs.len()), AtomicUsize::new(programs.len()));
    let joined: Vec<thread::Result<Vec<Answer>>> = thread::scope(|scope| {
        let threads: Vec<_> = programs
            .iter()
            .map(|calls| {
                let (start, waiting) = (&start, &waiting);
                scope.spawn(move || {
                    // The barrier wakes threads one by one; a short spin lets them start together.
                    start.wait();
                    waiting.fetch_sub(1, Ordering::SeqCst);
                    for _ in 0..SPINS {
                        if waiting.load(Ordering::SeqCst) == 0 {
                            break;
                        }
                        hint::spin_loop();
                    }
                    calls.iter().map(|call| call.make(backend)).collect()
                })
            })
            .collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut answers = Vec::new();
    for thread in joined {
        match thread {
            Ok(of_thread) => answers.push(of_thread),
            Err(panic) => {
                let text = format!("the backend panicked in a race: {}", panic_text(&*panic));
                return Err(Abort::violation("4.no_panic", text));
            }
        }
    }
    Ok(answers)
}

/// The calls of each thread and their answers.
struct Race<'a> {
    programs: &'a [Vec<Call>],
    answers: &'a [Vec<Answer>],
}

impl Race<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&Call, &Answer)> {
        self.programs.iter().flatten().zip(self.answers.iter().flatten())
    }

    /// The model after an order of the calls that explains the answers and for which `is_end` holds.
    /// `done` has the number of calls already ordered, for each thread.
    fn explain(
        &self,
        model: Model,
        done: &mut Vec<usize>,
        tries: &mut usize,
        order: &[VolumeId],
        is_end: &dyn Fn(&Model) -> bool,
    ) -> Option<Model> {
        let mut is_over = true;
        for thread in 0..self.programs.len() {
            let Some((call, answer)) = self.at(thread, done) else { continue };
            is_over = false;
            *tries += 1;
            if *tries > MAX_TRIES {
                return None;
            }
            let mut next = model.clone();
            let is_explained = match (next.apply(call, answer), answer) {
                (Ok(expected), Ok(found)) => {
                    super::describe::difference(found, &expected).is_none()
                }
                (Err(expected), Err(refusal)) => expected.matches(refusal),
                _ => false,
            };
            if is_explained && keeps_creation_order(&next, order) {
                if let Some(count) = done.get_mut(thread) {
                    *count += 1;
                }
                let found = self.explain(next, done, tries, order, is_end);
                if let Some(count) = done.get_mut(thread) {
                    *count -= 1;
                }
                if found.is_some() {
                    return found;
                }
            }
        }
        (is_over && is_end(&model)).then_some(model)
    }

    /// Snapshots of volumes that were resized concurrently: which size they have is unknown.
    fn snapshots_during_resizes(&self) -> Vec<(VolumeId, SnapshotId)> {
        let resizes = |call: &Call, id: VolumeId| match call {
            Call::PatchVolume(of, patch) => *of == id && patch.size_bytes.is_some(),
            Call::RestoreSnapshot(of, _) => *of == id,
            _ => false,
        };
        self.pairs()
            .filter_map(|(call, answer)| match (call, answer) {
                (Call::CreateSnapshot(volume, _), Ok(Value::Snapshot(snapshot))) => {
                    Some((*volume, snapshot.uuid))
                }
                _ => None,
            })
            .filter(|(volume, _)| self.pairs().any(|(call, _)| resizes(call, *volume)))
            .collect()
    }

    fn at(&self, thread: usize, done: &[usize]) -> Option<(&Call, &Answer)> {
        let at = *done.get(thread)?;
        Some((self.programs.get(thread)?.get(at)?, self.answers.get(thread)?.get(at)?))
    }

    fn describe(&self, listed: &[Volume]) -> String {
        let mut text = "no order of these concurrent calls explains their answers:".to_owned();
        for (call, answer) in self.pairs() {
            let came = match answer {
                Ok(value) => super::describe::value(value),
                Err(refusal) => refusal.code.to_owned(),
            };
            let _ = write!(text, "\n  {} -> {came}", call.operation());
        }
        let names: Vec<&str> = listed.iter().map(|volume| &*volume.name).collect();
        text + &format!("\nthe volumes afterwards: {names:?}")
    }
}
