//! Shrinks a failing sequence of operations.

use nessie_backend_core::VolumeState;

use super::op::{Op, OpKind, Patch};
use super::replay::replay;
use crate::harness::{Abort, Harness, Violation};

/// Maximum number of shorter sequences tried.
const MAX_TRIES: usize = 500;

/// Finds a shorter sequence that breaks the same rule, and returns its failure.
pub(crate) fn shrink_sequence(harness: &Harness<'_>, sequence: Vec<Op>, abort: Abort) -> Abort {
    let Abort::Violation(violation) = abort else { return abort };
    let mut search = Search { harness, tries: 0, best: sequence, violation };
    // Steps after the failing one are not needed.
    let end = harness.failed_step().saturating_add(1).min(search.best.len());
    search.best.truncate(end);
    search.violation.trace = Some(harness.trace());
    loop {
        let before = search.best.clone();
        search.drop_chunks();
        search.simplify();
        if search.best == before || search.is_over() {
            break;
        }
    }
    search.violation.is_precise = true;
    Abort::Violation(search.violation)
}

struct Search<'a> {
    harness: &'a Harness<'a>,
    tries: usize,
    best: Vec<Op>,
    violation: Box<Violation>,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.tries >= MAX_TRIES || self.harness.is_nearly_out_of_time()
    }

    /// Accepts the shorter sequence if it breaks the same rule. Returns whether it does.
    fn try_it(&mut self, sequence: Vec<Op>) -> bool {
        if self.is_over() {
            return false;
        }
        self.tries += 1;
        // A number that no generated sequence has, so that the names differ too.
        match replay(self.harness, self.harness.config.sequences + self.tries, &sequence) {
            Err(Abort::Violation(violation))
                if violation.rules.first() == self.violation.rules.first() =>
            {
                self.best = sequence;
                self.best.truncate(self.harness.failed_step().saturating_add(1));
                self.violation = violation;
                self.violation.trace = Some(self.harness.trace());
                true
            }
            _ => false,
        }
    }

    /// Removes steps: first large chunks, finally single steps.
    fn drop_chunks(&mut self) {
        let mut size = self.best.len().div_ceil(2);
        while size > 0 && !self.is_over() {
            let mut at = 0;
            while at < self.best.len() && !self.is_over() {
                let rest = self.best.iter().skip(at + size);
                let shorter = self.best.iter().take(at).chain(rest).cloned().collect();
                if !self.try_it(shorter) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Replaces values by simpler ones, one at a time.
    fn simplify(&mut self) {
        let mut at = 0;
        while let Some(op) = self.best.get(at).cloned() {
            for kind in simpler(&op.kind) {
                let mut sequence = self.best.clone();
                if let Some(op) = sequence.get_mut(at) {
                    op.kind = kind;
                }
                if self.try_it(sequence) {
                    break;
                }
            }
            at += 1;
        }
    }
}

/// Variants of the operation, each with one value simplified.
fn simpler(kind: &OpKind) -> Vec<OpKind> {
    match kind {
        OpKind::CreateVolume { name, size: Some(_) } => {
            vec![OpKind::CreateVolume { name: name.clone(), size: None }]
        }
        OpKind::PatchVolume(of, patch) => simpler_patches(patch)
            .into_iter()
            .map(|patch| OpKind::PatchVolume(*of, patch))
            .collect(),
        _ => Vec::new(),
    }
}

fn simpler_patches(patch: &Patch) -> Vec<Patch> {
    let mut patches = Vec::new();
    if patch.size.is_some() {
        patches.push(Patch { size: None, ..patch.clone() });
    }
    if patch.path.is_some() {
        patches.push(Patch { path: None, ..patch.clone() });
    }
    if patch.policy.is_some() {
        patches.push(Patch { policy: None, ..patch.clone() });
    }
    if patch.name.is_some() {
        patches.push(Patch { name: None, ..patch.clone() });
    }
    if patch.state.is_some() {
        patches.push(Patch { state: None, ..patch.clone() });
    }
    if patch.state == Some(VolumeState::Restricted) {
        patches.push(Patch { state: Some(VolumeState::Offline), ..patch.clone() });
    }
    patches
}
