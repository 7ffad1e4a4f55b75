//! Runs a sequence again, where nothing of an earlier run is left.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::op::{Names, Op, ops_of};
use super::replay::{FailedAt, Replay, STEPS_PER_SWEEP};
use crate::harness::{Abort, Choice, Harness, Verify, Violation};

/// Runs sequences of a case again: each on a new backend if the run has a factory, or else on the
/// backend of the case, with names that no other sequence has.
pub(super) struct Again<'a> {
    harness: &'a Harness<'a>,
    runs: Cell<usize>,
    /// Whether names lack the prefix of the case. On a new backend they need none.
    has_bare_names: Cell<bool>,
    /// The prefix of names in the sequences.
    stem: RefCell<String>,
    checks: Cell<Checks>,
    routes: Cell<Choice>,
    /// Whether the calls are those of a generated sequence, and not of another case.
    is_generated: bool,
}

/// The checks of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    /// The calls, the listings after each, and the whole backend from time to time: the checks of a
    /// generated sequence. Many times faster than the next.
    Listings,
    /// The calls, and the whole backend after each. A check that passes is not a part of the trace.
    Backend,
    /// The same, with all checks in the trace.
    Traced,
    /// The calls alone.
    Calls,
}

/// A failure of a sequence: the step, and the violation with its calls.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) violation: Box<Violation>,
    /// The prefix of names in the calls.
    stem: String,
}

impl<'a> Again<'a> {
    pub(super) fn new(harness: &'a Harness<'a>, is_generated: bool) -> Self {
        // On the same backend, objects of the failed run would be in the way.
        harness.delete_leftovers();
        Self {
            harness,
            runs: Cell::new(0),
            has_bare_names: Cell::new(false),
            stem: RefCell::new(harness.name("")),
            checks: Cell::new(Checks::Backend),
            routes: Cell::new(Choice::Every),
            is_generated,
        }
    }

    /// Whether each run has a new backend.
    pub(super) fn is_on_new_backends(&self) -> bool {
        self.harness.factory().is_some()
    }

    pub(super) fn checks(&self) -> Checks {
        self.checks.get()
    }

    pub(super) fn set_checks(&self, checks: Checks) {
        self.checks.set(checks);
    }

    /// The calls of a failed run as a sequence. Further runs are of such sequences.
    pub(super) fn calls_of(&self, found: &Found) -> Vec<Op> {
        self.stem.borrow_mut().clone_from(&found.stem);
        found.violation.trace.as_ref().map_or_else(Vec::new, |trace| ops_of(trace.steps()))
    }

    /// Further runs are of sequences with the names of the case.
    pub(super) fn expect_names_of_case(&self) {
        *self.stem.borrow_mut() = self.harness.name("");
    }

    /// Sets the objects on which further runs make their calls.
    pub(super) fn set_routes(&self, routes: Choice) {
        self.routes.set(routes);
    }

    pub(super) fn set_bare_names(&self, are_bare: bool) {
        self.has_bare_names.set(are_bare);
    }

    /// Runs the sequence. Returns how it fails, or `None` if it does not, or not by a broken rule.
    pub(super) fn run(&self, sequence: &[Op]) -> Option<Found> {
        self.runs.set(self.runs.get() + 1);
        let Some(make) = self.harness.factory() else {
            let stem = self.harness.stem_of_run(self.runs.get());
            return self.run_on(&self.harness.for_run(self.harness.backend(), stem)?, sequence);
        };
        let backend = make().ok()?;
        let stem = self.harness.name("");
        self.run_on(&self.harness.for_run(&*backend, stem)?, sequence)
    }

    fn run_on(&self, harness: &Harness<'_>, sequence: &[Op]) -> Option<Found> {
        let stem = if self.has_bare_names.get() { String::new() } else { harness.name("") };
        let names = Names { stem, instead_of: self.stem.borrow().clone() };
        harness.routes().set_choice(self.routes.get());
        let checks = self.checks.get();
        harness.set_verify(match checks {
            Checks::Listings => Verify::Listings,
            Checks::Backend | Checks::Traced if !self.is_generated => Verify::Records,
            // Each step is followed by a sweep, or by nothing.
            Checks::Backend | Checks::Traced | Checks::Calls => Verify::Never,
        });
        if checks == Checks::Traced {
            harness.trace_checks();
        }
        // Unwind safety: after a panic this harness is only used to clean up.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut replay = Replay::with_names(harness, names);
            match checks {
                Checks::Calls => replay.run_steps(sequence),
                Checks::Listings => replay.run(sequence, Some(STEPS_PER_SWEEP)),
                Checks::Backend | Checks::Traced => {
                    replay.run(sequence, self.is_generated.then_some(1))
                }
            }
        }));
        let found = match result {
            Ok(Err(FailedAt { at, abort: Abort::Violation(mut violation) })) => {
                violation.trace = Some(harness.trace());
                Some(Found { at, violation, stem: harness.name("") })
            }
            _ => None,
        };
        harness.delete_leftovers();
        found
    }
}
