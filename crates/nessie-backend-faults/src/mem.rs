//! The clock and the policies of a [`MemBackend`].

use std::time::Duration;

use nessie_backend_core::{
    BackendError, Result, SnapshotId, Timestamp, Uuid, VolumeBackend, VolumeId,
};
use nessie_backend_mem::{MemBackend, PolicyRun};

use crate::clock::{Clock, SystemClock};
use crate::error::Failure;
use crate::event::{Cause, Event};
use crate::hooks::{Hooks, Recorder, Subject};
use crate::operation::{Operation, OperationKind};
use crate::plan::Names;
use crate::value::Value;

impl Clock for MemBackend {
    fn now(&self) -> Timestamp {
        self.now()
    }

    /// Advances the backend's clock if only the program advances it, and blocks the thread otherwise.
    fn wait(&self, time: Duration, hooks: &Hooks) -> Result<(), Failure> {
        if self.standing_clock().is_none() {
            return SystemClock.wait(time, hooks);
        }
        let mut left = time;
        while !left.is_zero() {
            advance(self, &mut left, hooks, Cause::Delay)?;
        }
        Ok(())
    }
}

impl Names for MemBackend {
    fn volume_name(&self, volume: VolumeId) -> Option<String> {
        self.get_volume(volume).ok().map(|volume| volume.name)
    }

    fn snapshot_name(&self, volume: VolumeId, snapshot: SnapshotId) -> Option<String> {
        let backend = self.snapshot_backend().ok()?;
        backend.get_snapshot(volume, snapshot).ok().map(|snapshot| snapshot.name)
    }
}

impl Subject for MemBackend {
    fn now(&self) -> Timestamp {
        self.now()
    }
}

/// Advances a clock to the next time when rules of snapshot policies are due, or by all that is left,
/// and records it. Takes the time that passed off what is left. Returns the new time.
///
/// # Errors
/// As [`MemBackend::advance`].
pub fn advance(
    backend: &MemBackend,
    left: &mut Duration,
    hooks: &Hooks,
    cause: Cause,
) -> Result<Timestamp> {
    hooks.ordered(|recorder| {
        if !recorder.is_recording() {
            return backend.advance_while(left, || false);
        }
        let before = *left;
        let advanced = backend.advance_step(left);
        let passed = if advanced.is_ok() { before.saturating_sub(*left) } else { before };
        let operation = Operation::new(OperationKind::Advance, [seconds(passed)]);
        let mut event = Event::new(backend.now(), operation, Value::Null);
        event.cause = cause;
        event.error = advanced.as_ref().err().map(|error| error.code().into());
        recorder.record(event);
        let (now, runs) = advanced?;
        record_runs(recorder, now, runs);
        Ok(now)
    })
}

/// Runs the rules that became due, and records it. Returns how many snapshots they took.
///
/// # Errors
/// As [`MemBackend::run_due`].
pub fn run_due(backend: &MemBackend, hooks: &Hooks) -> Result<usize> {
    hooks.ordered(|recorder| {
        if !recorder.is_recording() {
            return backend.run_due();
        }
        let runs = backend.run_due_rules()?;
        let taken = runs.iter().map(|run| run.taken.len()).sum();
        if !runs.is_empty() {
            let now = backend.now();
            let operation = Operation::new(OperationKind::RunDue, []);
            recorder.record(Event::new(now, operation, Value::Null));
            record_runs(recorder, now, runs);
        }
        Ok(taken)
    })
}

/// Deletes everything, and records it.
///
/// # Errors
/// As [`MemBackend::reset`].
pub fn reset(backend: &MemBackend, hooks: &Hooks) -> Result<(), BackendError> {
    hooks.ordered(|recorder| {
        backend.reset()?;
        if recorder.is_recording() {
            let operation = Operation::new(OperationKind::Reset, []);
            recorder.record(Event::new(backend.now(), operation, Value::Null));
        }
        Ok(())
    })
}

/// Replaces everything by the contents of another backend, and records it with their
/// [digest](MemBackend::state_digest). Returns the digest.
///
/// # Errors
/// As [`MemBackend::state_digest`]. Nothing has changed then.
pub fn load(backend: &MemBackend, loaded: &MemBackend, hooks: &Hooks) -> Result<String> {
    let digest = loaded.state_digest()?;
    hooks.ordered(|recorder| {
        backend.replace(loaded);
        if recorder.is_recording() {
            let operation = Operation::new(OperationKind::Load, [digest.as_str().into()]);
            recorder.record(Event::new(backend.now(), operation, Value::Null));
        }
    });
    Ok(digest)
}

fn record_runs(recorder: &Recorder, now: Timestamp, runs: Vec<PolicyRun>) {
    for run in runs {
        let passed_over = run.passed_over.iter().map(|passed| {
            Value::map([
                ("volume", Value::from(passed.volume.uuid())),
                ("snapshot", passed.snapshot.map(SnapshotId::uuid).into()),
                ("code", passed.code.into()),
            ])
        });
        let arguments = [
            run.policy.into(),
            run.prefix.into(),
            run.due.into(),
            run.name.into(),
            Value::List(passed_over.collect()),
        ];
        let operation = Operation::new(OperationKind::RunRule, arguments);
        let taken: Vec<Uuid> = run.taken.into_iter().map(SnapshotId::uuid).collect();
        let mut event = Event::new(now, operation, Value::Uuids(taken.into()));
        event.cause = Cause::Policy;
        recorder.record(event);
    }
}

/// A length of time in seconds, as callers write it.
#[expect(clippy::cast_precision_loss, reason = "a float has microseconds for 285 years")]
fn seconds(time: Duration) -> Value {
    if time.subsec_micros() == 0 {
        return time.as_secs().into();
    }
    Value::Float(time.as_micros() as f64 / 1e6)
}
