//! Making the calls of a case that failed as few as they can be.

use std::collections::HashMap;

use nessie_backend_core::Uuid;

use crate::harness::{Abort, CaseResult, Harness, Verify, Violation};
use crate::oracle::call::{Answer, Value};
use crate::trace::Step;

/// How many shorter lists of calls are tried at most.
const MAX_TRIES: usize = 200;
/// Longer lists are told as they are.
const MAX_CALLS: usize = 200;

/// The failure of a case, told by the fewest of its calls that were found to fail alike.
pub(crate) fn shrink_calls(harness: &Harness<'_>, abort: Abort) -> Abort {
    let Abort::Violation(mut violation) = abort else { return abort };
    if violation.trace.is_some() {
        return Abort::Violation(violation);
    }
    let trace = harness.trace();
    let mut best = trace.steps().to_vec();
    violation.trace = Some(trace);
    // What a race came to, calls one after the other do not.
    if harness.has_raced() || best.len() > MAX_CALLS {
        return Abort::Violation(violation);
    }
    let mut tries = 0;
    let mut size = best.len().div_ceil(2);
    while size > 0 {
        let (before, mut at) = (best.len(), 0);
        while at < best.len() {
            tries += 1;
            if tries > MAX_TRIES || harness.is_nearly_out_of_time() {
                return Abort::Violation(violation);
            }
            let rest = best.iter().skip(at + size);
            let fewer: Vec<Step> = best.iter().take(at).chain(rest).cloned().collect();
            // The look that shows the failure is in every trace, whether it was left out or not.
            let found =
                fails_alike(harness, &fewer, &violation).filter(|(calls, _)| *calls < best.len());
            match found {
                Some((_, alike)) => {
                    best = alike.trace.as_ref().map_or(fewer, |trace| trace.steps().to_vec());
                    violation = alike;
                }
                None => at += size,
            }
        }
        // Single calls are left out until none can be.
        if size > 1 || best.len() == before {
            size /= 2;
        }
    }
    Abort::Violation(violation)
}

/// The failure that the calls end in, if it breaks the same rule, and how many calls it takes.
fn fails_alike(
    harness: &Harness<'_>,
    calls: &[Step],
    violation: &Violation,
) -> Option<(usize, Box<Violation>)> {
    match replay_calls(harness, calls) {
        Err(Abort::Violation(mut found)) if found.rules.first() == violation.rules.first() => {
            let trace = harness.trace();
            let calls = trace.len();
            found.trace = Some(trace);
            Some((calls, found))
        }
        _ => None,
    }
}

/// Makes the calls again, of what they make this time.
fn replay_calls(harness: &Harness<'_>, calls: &[Step]) -> CaseResult {
    harness.restart()?;
    harness.set_verify(Verify::Records);
    let mut now: HashMap<Uuid, Uuid> = HashMap::new();
    let result = calls.iter().try_for_each(|made| {
        let call = made.call.with_ids(|then| now.get(&then).copied().unwrap_or(then));
        let answer = harness.call(&call)?;
        if let (Some(then), Some(of_now)) =
            (made.answer.as_ref().and_then(created_id), created_id(&answer))
        {
            now.insert(then, of_now);
        }
        Ok(())
    });
    let result = result.and_then(|()| {
        harness.verify_records()?;
        harness.verify_deleted()
    });
    result.map_err(|abort| harness.failed_at(calls.len(), abort))
}

/// The identifier of what an answer is about.
fn created_id(answer: &Answer) -> Option<Uuid> {
    match answer {
        Ok(Value::Volume(volume)) => Some(volume.uuid.uuid()),
        Ok(Value::Snapshot(snapshot)) => Some(snapshot.uuid.uuid()),
        _ => None,
    }
}
