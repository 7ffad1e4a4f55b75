//! Making the calls of a case that failed as few as they can be.

use std::collections::HashMap;

use nessie_backend_core::Uuid;

use crate::harness::{Bench, Broken, Step, Stop, Watch};
use crate::oracle::call::{Answer, Value};
use crate::trace::Made;

/// How many shorter lists of calls are tried at most.
const MAX_TRIES: usize = 200;
/// Longer lists are told as they are.
const MAX_CALLS: usize = 200;

/// The failure of a case, told by the fewest of its calls that were found to fail alike.
pub(crate) fn shrink_calls(bench: &Bench<'_>, stop: Stop) -> Stop {
    let Stop::Broken(mut broken) = stop else { return stop };
    if broken.trace.is_some() {
        return Stop::Broken(broken);
    }
    let trace = bench.trace();
    let mut best = trace.steps().to_vec();
    broken.trace = Some(trace);
    // What a race came to, calls one after the other do not.
    if bench.has_raced() || best.len() > MAX_CALLS {
        return Stop::Broken(broken);
    }
    let mut tries = 0;
    let mut size = best.len().div_ceil(2);
    while size > 0 {
        let (before, mut at) = (best.len(), 0);
        while at < best.len() {
            tries += 1;
            if tries > MAX_TRIES || bench.is_nearly_out_of_time() {
                return Stop::Broken(broken);
            }
            let rest = best.iter().skip(at + size);
            let fewer: Vec<Made> = best.iter().take(at).chain(rest).cloned().collect();
            // The look that shows the failure is in every trace, whether it was left out or not.
            let found =
                fails_alike(bench, &fewer, &broken).filter(|(calls, _)| *calls < best.len());
            match found {
                Some((_, alike)) => {
                    best = alike.trace.as_ref().map_or(fewer, |trace| trace.steps().to_vec());
                    broken = alike;
                }
                None => at += size,
            }
        }
        // Single calls are left out until none can be.
        if size > 1 || best.len() == before {
            size /= 2;
        }
    }
    Stop::Broken(broken)
}

/// The failure that the calls end in, if it breaks the same rule, and how many calls it takes.
fn fails_alike(bench: &Bench<'_>, calls: &[Made], broken: &Broken) -> Option<(usize, Box<Broken>)> {
    match replay_calls(bench, calls) {
        Err(Stop::Broken(mut found)) if found.rules.first() == broken.rules.first() => {
            let trace = bench.trace();
            let calls = trace.len();
            found.trace = Some(trace);
            Some((calls, found))
        }
        _ => None,
    }
}

/// Makes the calls again, of what they make this time.
fn replay_calls(bench: &Bench<'_>, calls: &[Made]) -> Step {
    bench.begin_again()?;
    bench.watch(Watch::Closely);
    let mut now: HashMap<Uuid, Uuid> = HashMap::new();
    let result = calls.iter().try_for_each(|made| {
        let call = made.call.with_ids(|then| now.get(&then).copied().unwrap_or(then));
        let answer = bench.call(&call)?;
        if let (Some(then), Some(of_now)) = (made.answer.as_ref().and_then(born), born(&answer)) {
            now.insert(then, of_now);
        }
        Ok(())
    });
    let result = result.and_then(|()| {
        bench.look_closely()?;
        bench.look_for_what_is_gone()
    });
    result.map_err(|stop| bench.stopped_at(calls.len(), stop))
}

/// The identifier of what an answer is about.
fn born(answer: &Answer) -> Option<Uuid> {
    match answer {
        Ok(Value::Volume(volume)) => Some(volume.uuid.uuid()),
        Ok(Value::Snapshot(snapshot)) => Some(snapshot.uuid.uuid()),
        _ => None,
    }
}
