//! Runs a generated sequence on a backend.

use super::op::{Created, Op, call_of};
use crate::harness::{CaseResult, Harness, Verify};
use crate::oracle::call::{Answer, Call};

/// A sequence being run.
pub(crate) struct Replay<'a> {
    harness: &'a Harness<'a>,
    /// Part of every name, so that no two replays share one.
    number: usize,
    created: Created,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(harness: &'a Harness<'a>, number: usize) -> Self {
        Self { harness, number, created: Created::default() }
    }

    fn call(&self, op: &Op) -> Call {
        call_of(op, &self.created, |label| self.harness.name(&format!("{}-{label}", self.number)))
    }

    fn add(&mut self, op: &Op, call: &Call, answer: &Answer) {
        if let Ok(value) = answer {
            self.created.add(op.number, call, value);
        }
    }

    /// Runs one operation.
    pub(crate) fn step(&mut self, op: &Op) -> CaseResult {
        let call = self.call(op);
        let answer = self.harness.call(&call)?;
        self.add(op, &call, &answer);
        Ok(())
    }

    /// Runs several operations concurrently.
    pub(crate) fn race(&mut self, ops: &[Op]) -> CaseResult {
        let calls: Vec<Call> = ops.iter().map(|op| self.call(op)).collect();
        if calls.is_empty() {
            return Ok(());
        }
        let answers = self.harness.race(calls.clone())?;
        for ((op, call), answer) in ops.iter().zip(&calls).zip(&answers) {
            self.add(op, call, answer);
        }
        Ok(())
    }
}

/// After this many steps every record is read and checked.
const STEPS_PER_CHECK: usize = 5;

/// Runs a sequence, checks every record regularly and at the end, and deletes the created objects.
pub(crate) fn replay(harness: &Harness<'_>, number: usize, sequence: &[Op]) -> CaseResult {
    harness.restart()?;
    harness.set_verify(Verify::Listings);
    let mut replay = Replay::new(harness, number);
    for (at, op) in sequence.iter().enumerate() {
        replay.step(op).map_err(|abort| harness.failed_at(at, abort))?;
        if at % STEPS_PER_CHECK == STEPS_PER_CHECK - 1 {
            harness.verify_records().map_err(|abort| harness.failed_at(at, abort))?;
        }
    }
    let last = sequence.len().saturating_sub(1);
    let verify = || {
        harness.verify_records()?;
        harness.verify_deleted()
    };
    verify().map_err(|abort| harness.failed_at(last, abort))?;
    harness.delete_own().map_err(|abort| harness.failed_at(last, abort))?;
    harness.verify_listings().map_err(|abort| harness.failed_at(last, abort))
}
