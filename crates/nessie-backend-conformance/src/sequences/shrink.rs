//! Shrinks the calls of a failed case.
//!
//! Each shorter sequence is run [`Again`], and accepted if it breaks the same rule. At last the calls
//! of the shortest are run alone, as a reader who pastes them does.

use super::again::{Again, Checks, Found};
use super::op::{Op, ops_of};
use super::replay::FailedAt;
use super::simpler;
use crate::harness::{Abort, Choice, Harness, Violation};

/// Maximum number of shorter sequences tried.
const MAX_TRIES: usize = 500;
/// Maximum number of records that are read meanwhile: after each step all of the backend are. It is
/// a number and not a time, so that the report is the same on every machine.
const MAX_READS: usize = 200_000;
/// Longer lists of calls are reported unshrunk.
const MAX_CALLS: usize = 200;
/// The rule that a tier object breaks if the backend itself answers right.
const TIER_OBJECT: &str = "1.tier_object";

/// Finds a shorter sequence that breaks the same rule, and returns its failure. If the sequence
/// alone does not break it, returns the given failure, which then says so.
pub(crate) fn shrink_sequence(harness: &Harness<'_>, sequence: Vec<Op>, failed: FailedAt) -> Abort {
    let FailedAt { at, abort } = failed;
    let Abort::Violation(mut violation) = abort else { return abort };
    violation.trace = Some(harness.trace());
    violation.is_precise = true;
    let mut sequence = sequence;
    // Steps after the failing one are not needed.
    sequence.truncate(at.saturating_add(1));
    let again = Again::new(harness, true);
    again.set_checks(Checks::Listings);
    if let Some(shortest) = shortest(harness, &again, sequence, &violation) {
        return Abort::Violation(shortest);
    }
    violation.message += if again.is_on_new_backends() {
        "\nThese calls alone do not fail on a new backend: the failure depends on the calls before \
         them."
    } else {
        "\nThese calls alone do not fail again: the failure depends on the calls before them."
    };
    Abort::Violation(violation)
}

/// Finds a shorter list of the calls of a case that breaks the same rule, and returns its failure.
pub(crate) fn shrink_calls(harness: &Harness<'_>, abort: Abort) -> Abort {
    let Abort::Violation(mut violation) = abort else { return abort };
    if violation.trace.is_some() {
        return Abort::Violation(violation);
    }
    let trace = harness.trace();
    let calls = ops_of(trace.steps());
    violation.trace = Some(trace);
    // Sequential calls do not reproduce a race. What the case itself has found, they cannot show.
    if harness.has_raced() || calls.len() > MAX_CALLS || violation.rules.is_empty() {
        return Abort::Violation(violation);
    }
    let found = shortest(harness, &Again::new(harness, false), calls, &violation);
    Abort::Violation(found.unwrap_or(violation))
}

/// The failure of the shortest sequence that breaks the same rule as `violation`. `None` if the
/// given sequence does not break it again.
fn shortest(
    harness: &Harness<'_>,
    again: &Again<'_>,
    sequence: Vec<Op>,
    violation: &Violation,
) -> Option<Box<Violation>> {
    let rule = violation.rules.first().copied();
    let mut search =
        Search { harness, again, rule, tries: 0, reads: 0, best: sequence, found: None };
    // Most faults are in the backend itself, and then the calls need no tier objects.
    again.set_routes(Choice::Direct);
    let is_of_tier_object = !search.accepts(search.best.clone());
    if is_of_tier_object {
        again.set_routes(Choice::Every);
        search.accepts(search.best.clone()).then_some(())?;
    }
    if again.is_on_new_backends() {
        again.set_bare_names(true);
        let has_bare_names = search.accepts(search.best.clone());
        again.set_bare_names(has_bare_names);
    }
    loop {
        let before = search.best.clone();
        search.drop_chunks();
        search.check_each_step();
        search.simplify();
        if search.best == before || search.is_over() {
            break;
        }
    }
    search.check_calls();
    let mut found = search.found?.violation;
    found.is_precise = violation.is_precise;
    if is_of_tier_object && !found.rules.contains(&TIER_OBJECT) {
        found.rules.push(TIER_OBJECT);
        found.message += "\nThe same calls on the backend itself have the right answers.";
    }
    Some(found)
}

struct Search<'a> {
    harness: &'a Harness<'a>,
    again: &'a Again<'a>,
    /// The rule that must be broken first.
    rule: Option<&'static str>,
    tries: usize,
    reads: usize,
    best: Vec<Op>,
    /// The failure of `best`.
    found: Option<Found>,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.tries >= MAX_TRIES || self.reads >= MAX_READS || self.harness.is_nearly_out_of_time()
    }

    /// Runs the sequence. Accepts it if it breaks the same rule, and returns whether it does.
    fn accepts(&mut self, mut sequence: Vec<Op>) -> bool {
        if self.is_over() {
            return false;
        }
        self.tries += 1;
        // About every second step adds a record.
        self.reads += sequence.len() * sequence.len() / 4;
        let Some(found) = self.again.run(&sequence) else { return false };
        if found.violation.rules.first().copied() != self.rule {
            return false;
        }
        sequence.truncate(found.at.saturating_add(1));
        self.best = sequence;
        self.found = Some(found);
        true
    }

    /// Removes steps: first large chunks, finally single steps.
    fn drop_chunks(&mut self) {
        let mut size = self.best.len().div_ceil(2);
        while size > 0 && !self.is_over() {
            let mut at = 0;
            while at < self.best.len() && !self.is_over() {
                let rest = self.best.iter().skip(at + size);
                let shorter = self.best.iter().take(at).chain(rest).cloned().collect();
                if !self.accepts(shorter) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Checks the whole backend after each step from now on, if that finds the same broken rule: it
    /// finds it at the first step that shows it.
    fn check_each_step(&mut self) {
        if self.again.checks() == Checks::Listings {
            self.again.set_checks(Checks::Backend);
            if !self.accepts(self.best.clone()) {
                self.again.set_checks(Checks::Listings);
            }
        }
    }

    /// Runs the calls of the shortest sequence alone. If they do not break the rule, a check between
    /// them matters: then such checks become calls.
    fn check_calls(&mut self) {
        let Some(found) = &self.found else { return };
        let calls = self.again.calls_of(found);
        (self.tries, self.reads) = (0, 0);
        self.again.set_checks(Checks::Calls);
        if self.accepts(calls) {
            // The calls of checks at the end may use the objects of the sequence.
            self.drop_chunks();
            self.simplify();
            return;
        }
        self.again.expect_names_of_case();
        self.again.set_checks(Checks::Traced);
        let Some(traced) = self.again.run(&self.best) else { return };
        let calls = self.again.calls_of(&traced);
        self.again.set_checks(Checks::Calls);
        if self.accepts(calls) {
            self.drop_chunks();
        }
    }

    /// Replaces values, objects and names by simpler ones, one at a time.
    fn simplify(&mut self) {
        let mut at = 0;
        while at < self.best.len() {
            let sequences = simpler::sequences(&self.best, at);
            let is_simpler = sequences.into_iter().any(|sequence| self.accepts(sequence));
            if !is_simpler || self.is_over() {
                at += 1;
            }
        }
        if let Some(sequence) = simpler::with_first_labels(&self.best) {
            self.accepts(sequence);
        }
    }
}
