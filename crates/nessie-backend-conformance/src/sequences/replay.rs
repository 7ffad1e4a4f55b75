//! Runs a generated sequence on a backend.

use super::op::{Created, Names, Op, call_of};
use crate::harness::{Abort, CaseResult, Harness, Verify};
use crate::oracle::call::{Answer, Call};

/// A sequence being run.
pub(crate) struct Replay<'a> {
    harness: &'a Harness<'a>,
    names: Names,
    created: Created,
}

impl<'a> Replay<'a> {
    /// A replay whose number is part of every name, so that no two of a case share one.
    pub(crate) fn new(harness: &'a Harness<'a>, number: usize) -> Self {
        let stem = harness.name(&format!("{number}-"));
        Self::with_names(harness, Names { stem, instead_of: String::new() })
    }

    pub(super) fn with_names(harness: &'a Harness<'a>, names: Names) -> Self {
        Self { harness, names, created: Created::default() }
    }

    fn call(&self, op: &Op) -> Call {
        call_of(&op.kind, &self.created, &self.names)
    }

    fn add(&mut self, op: &Op, call: &Call, answer: &Answer) {
        if let Ok(value) = answer {
            self.created.add(op.number, call, value);
        }
    }

    /// Runs one operation.
    pub(crate) fn step(&mut self, op: &Op) -> CaseResult {
        let call = self.call(op);
        let route = self.harness.routes().given(op.route);
        let answer = self.harness.call_through(route, &call)?;
        self.add(op, &call, &answer);
        Ok(())
    }

    /// Runs several operations concurrently, two in each thread.
    pub(crate) fn race(&mut self, ops: &[Op]) -> CaseResult {
        let program = |ops: &[Op]| ops.iter().map(|op| self.call(op)).collect();
        let programs: Vec<Vec<Call>> = ops.chunks(2).map(program).collect();
        if programs.is_empty() {
            return Ok(());
        }
        let answers = self.harness.race(&programs)?;
        for ((op, call), answer) in ops.iter().zip(programs.iter().flatten()).zip(&answers) {
            self.add(op, call, answer);
        }
        Ok(())
    }

    /// Runs the operations of a sequence and nothing else.
    pub(super) fn run_steps(&mut self, sequence: &[Op]) -> Result<(), FailedAt> {
        let steps = sequence.iter().enumerate();
        steps
            .into_iter()
            .try_for_each(|(at, op)| self.step(op).map_err(|abort| FailedAt { at, abort }))
    }

    /// Runs a sequence with the checks of [`Verify`] after each change, deletes the created objects,
    /// and checks that they are deleted. `steps_per_sweep` steps are followed by the checks of a
    /// generated sequence, which also winds up its objects; the calls of a case have none of them.
    pub(super) fn run(
        &mut self,
        sequence: &[Op],
        steps_per_sweep: Option<usize>,
    ) -> Result<(), FailedAt> {
        let harness = self.harness;
        for (at, op) in sequence.iter().enumerate() {
            let is_due = steps_per_sweep.is_some_and(|steps| at % steps == steps - 1);
            let step = self.step(op).and_then(|()| {
                if is_due || steps_per_sweep.is_none() {
                    harness.verify_names()?;
                }
                if is_due {
                    harness.verify_records()?;
                    harness.verify_access()?;
                    harness.verify_refusals()?;
                }
                Ok(())
            });
            step.map_err(|abort| FailedAt { at, abort })?;
        }
        let end = || {
            harness.verify_records()?;
            harness.verify_access()?;
            harness.verify_deleted()?;
            if steps_per_sweep.is_some() {
                harness.verify_refusals()?;
                harness.wind_up()?;
                harness.verify_free()?;
            } else {
                harness.delete_own()?;
            }
            harness.verify_listings()
        };
        end().map_err(|abort| FailedAt { at: sequence.len().saturating_sub(1), abort })
    }
}

/// The step at which a sequence failed, and how.
pub(crate) struct FailedAt {
    pub(super) at: usize,
    pub(super) abort: Abort,
}

/// After this many steps of a generated sequence every record is read, and every call is made that
/// must be refused.
pub(super) const STEPS_PER_SWEEP: usize = 5;

/// Runs a sequence, checks every record regularly and at the end, and deletes the created objects.
pub(crate) fn replay(
    harness: &Harness<'_>,
    number: usize,
    sequence: &[Op],
) -> Result<(), FailedAt> {
    harness.restart().map_err(|abort| FailedAt { at: 0, abort })?;
    harness.set_verify(Verify::Listings);
    Replay::new(harness, number).run(sequence, Some(STEPS_PER_SWEEP))
}
