//! Carrying a generated sequence out on a backend.

use super::op::{Made, Op, call_of};
use crate::harness::{Bench, Step, Watch};
use crate::oracle::call::{Answer, Call};

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
