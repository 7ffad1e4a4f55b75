//! Carrying a generated sequence out on a backend.

use nessie_backend_core::{SnapshotId, VolumeId, VolumeSpec};

use crate::bench::{Bench, Step, Watch};
use crate::call::{Answer, Call, Value};
use crate::cases::nowhere;
use crate::generator::{Op, Ref, What};

/// What operations made, by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) volumes: Vec<(usize, VolumeId)>,
    pub(crate) snapshots: Vec<(usize, VolumeId, SnapshotId)>,
}

impl Made {
    pub(crate) fn learn(&mut self, number: usize, call: &Call, value: &Value) {
        match (call, value) {
            (Call::CreateVolume(_) | Call::CreateClone(..), Value::Volume(volume)) => {
                self.volumes.push((number, volume.uuid));
            }
            (Call::CreateSnapshot(volume, _), Value::Snapshot(snapshot)) => {
                self.snapshots.push((number, *volume, snapshot.uuid));
            }
            _ => {}
        }
    }

    fn volume(&self, by: Ref) -> VolumeId {
        let found = self.volumes.iter().find(|(number, _)| Some(*number) == by);
        found.map_or(VolumeId::new(nowhere()), |(_, id)| *id)
    }

    fn snapshot(&self, by: Ref) -> SnapshotId {
        let found = self.snapshots.iter().find(|(number, ..)| Some(*number) == by);
        found.map_or(SnapshotId::new(nowhere()), |(_, _, id)| *id)
    }
}

/// The call of an operation, where those before made what they made; labels get their stem from
/// `name`.
pub(crate) fn call_of(op: &Op, made: &Made, name: impl Fn(&str) -> String) -> Call {
    let volume = |by: &Ref| made.volume(*by);
    let snapshot = |by: &Ref| made.snapshot(*by);
    match &op.what {
        What::CreateVolume { name: text, size } => {
            Call::CreateVolume(VolumeSpec::named(text.text(&name)).size_bytes(*size))
        }
        What::GetVolume(of) => Call::GetVolume(volume(of)),
        What::FindVolume(text) => Call::FindVolume(text.text(&name)),
        What::PatchVolume(of, patch) => Call::PatchVolume(volume(of), patch.patch(&name)),
        What::DeleteVolume(of) => Call::DeleteVolume(volume(of)),
        What::AccessHandle(of) => Call::AccessHandle(volume(of)),
        What::CreateSnapshot(of, text) => Call::CreateSnapshot(volume(of), text.text(&name)),
        What::GetSnapshot(of, which) => Call::GetSnapshot(volume(of), snapshot(which)),
        What::FindSnapshot(of, text) => Call::FindSnapshot(volume(of), text.text(&name)),
        What::RenameSnapshot(of, which, text) => {
            Call::RenameSnapshot(volume(of), snapshot(which), text.text(&name))
        }
        What::DeleteSnapshot(of, which) => Call::DeleteSnapshot(volume(of), snapshot(which)),
        What::RestoreSnapshot(of, which) => Call::RestoreSnapshot(volume(of), snapshot(which)),
        What::CreateClone(of, which, text) => {
            Call::CreateClone(volume(of), snapshot(which), text.text(&name))
        }
        What::SplitClone(of) => Call::SplitClone(volume(of)),
    }
}

/// A sequence on its way.
pub(crate) struct Replay<'a> {
    bench: &'a Bench<'a>,
    /// Makes the names of this replay other than those of every other.
    number: usize,
    made: Made,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(bench: &'a Bench<'a>, number: usize) -> Self {
        Self { bench, number, made: Made::default() }
    }

    fn call(&self, op: &Op) -> Call {
        call_of(op, &self.made, |label| self.bench.name(&format!("{}-{label}", self.number)))
    }

    fn learn(&mut self, op: &Op, call: &Call, answer: &Answer) {
        if let Ok(value) = answer {
            self.made.learn(op.number, call, value);
        }
    }

    /// Carries one operation out.
    pub(crate) fn step(&mut self, op: &Op) -> Step {
        let call = self.call(op);
        let answer = self.bench.call(&call)?;
        self.learn(op, &call, &answer);
        Ok(())
    }

    /// Carries several operations out at once.
    pub(crate) fn race(&mut self, ops: &[Op]) -> Step {
        let calls: Vec<Call> = ops.iter().map(|op| self.call(op)).collect();
        if calls.is_empty() {
            return Ok(());
        }
        let answers = self.bench.race(calls.clone())?;
        for ((op, call), answer) in ops.iter().zip(&calls).zip(&answers) {
            self.learn(op, call, answer);
        }
        Ok(())
    }
}

/// After so many steps every record is read one by one.
const CLOSE_LOOK: usize = 5;

/// Carries a sequence out, looks closely now and then and at the end, and cleans up.
pub(crate) fn replay(bench: &Bench<'_>, number: usize, sequence: &[Op]) -> Step {
    bench.begin_again()?;
    bench.watch(Watch::Listings);
    let mut replay = Replay::new(bench, number);
    for (at, op) in sequence.iter().enumerate() {
        replay.step(op).map_err(|stop| bench.stopped_at(at, stop))?;
        if at % CLOSE_LOOK == CLOSE_LOOK - 1 {
            bench.look_closely().map_err(|stop| bench.stopped_at(at, stop))?;
        }
    }
    let last = sequence.len().saturating_sub(1);
    let look = || {
        bench.look_closely()?;
        bench.look_for_what_is_gone()
    };
    look().map_err(|stop| bench.stopped_at(last, stop))?;
    bench.delete_everything().map_err(|stop| bench.stopped_at(last, stop))?;
    bench.look().map_err(|stop| bench.stopped_at(last, stop))
}
