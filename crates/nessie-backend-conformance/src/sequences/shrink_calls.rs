//! Shrinks the list of calls of a failed case.

use std::collections::HashMap;

use nessie_backend_core::Uuid;

use crate::harness::{Abort, CaseResult, Harness, Verify, Violation};
use crate::oracle::call::{Answer, Value};
use crate::trace::Step;

/// Maximum number of shorter lists tried.
const MAX_TRIES: usize = 200;
/// Longer lists are reported unshrunk.
const MAX_CALLS: usize = 200;

/// Finds a shorter list of calls that breaks the same rule, and returns its failure.
pub(crate) fn shrink_calls(harness: &Harness<'_>, abort: Abort) -> Abort {
    let Abort::Violation(mut violation) = abort else { return abort };
    if violation.trace.is_some() {
        return Abort::Violation(violation);
    }
    let trace = harness.trace();
    let mut best = trace.steps().to_vec();
    violation.trace = Some(trace);
    // Sequential calls do not reproduce a race.
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
            // The failing check adds its call to every trace, so the list must really be shorter.
            let found = replay_failure(harness, &fewer, &violation)
                .filter(|(calls, _)| *calls < best.len());
            match found {
                Some((_, failure)) => {
                    best = failure.trace.as_ref().map_or(fewer, |trace| trace.steps().to_vec());
                    violation = failure;
                }
                None => at += size,
            }
        }
        // Repeat with single calls until none can be removed.
        if size > 1 || best.len() == before {
            size /= 2;
        }
    }
    Abort::Violation(violation)
}

/// Makes the calls again. Returns the number of calls and the failure if it breaks the same rule.
fn replay_failure(
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

/// Makes the calls again; identifiers of the first run are replaced by those of this run.
fn replay_calls(harness: &Harness<'_>, calls: &[Step]) -> CaseResult {
    harness.restart()?;
    harness.set_verify(Verify::Records);
    let mut ids: HashMap<Uuid, Uuid> = HashMap::new();
    let result = calls.iter().try_for_each(|step| {
        let call = step.call.with_ids(|id| ids.get(&id).copied().unwrap_or(id));
        let answer = harness.call(&call)?;
        if let (Some(old), Some(new)) =
            (step.answer.as_ref().and_then(created_id), created_id(&answer))
        {
            ids.insert(old, new);
        }
        Ok(())
    });
    let result = result.and_then(|()| {
        harness.verify_records()?;
        harness.verify_deleted()
    });
    result.map_err(|abort| harness.failed_at(calls.len(), abort))
}

/// The identifier of the record in an answer.
fn created_id(answer: &Answer) -> Option<Uuid> {
    match answer {
        Ok(Value::Volume(volume)) => Some(volume.uuid.uuid()),
        Ok(Value::Snapshot(snapshot)) => Some(snapshot.uuid.uuid()),
        _ => None,
    }
}
