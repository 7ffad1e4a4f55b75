//! The suite rejects every faulty backend, and reports the case that rejects it first.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test fails by panicking, and shows its table; a list is long"
)]

mod faults;
mod mutant;

use std::ops::ControlFlow;
use std::sync::Arc;

use nessie_backend_conformance::{BackendSource, Config, Outcome, RunEvent, rules, run_shared};

/// The first case that the faulty backend fails, and the likeliest of the rules it breaks.
fn first_failure(fault: &faults::Fault) -> Option<(&'static str, &'static str)> {
    let mut first = None;
    let source = BackendSource::One(Arc::new((fault.make)()));
    let mut config = Config::default();
    // Each race is found by the case that is about it, not by luck in another.
    if let Some(case) = faults::races::case_of(fault.name) {
        config = config.only(case);
    }
    let _ = run_shared(&source, &config, &mut |event| match event {
        RunEvent::Finished(case) if !case.outcome.is_success() => {
            let rule = match &case.outcome {
                Outcome::Failed(failure) => failure.rules[0],
                other => other.as_str(),
            };
            first = Some((case.name, rule));
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    first
}

#[test]
fn every_mutant_is_rejected() {
    // Some faults are panics, each of which would print a trace.
    std::panic::set_hook(Box::new(|_| {}));
    let faults = faults::all();
    let mut table =
        vec![format!("{:<42} {:<26} {:<54} reported", "mutant", "breaks", "first caught by")];
    let mut survivors = Vec::new();
    for fault in &faults {
        let (case, rule) = first_failure(fault).unwrap_or_else(|| {
            survivors.push(fault.name);
            ("NOTHING", "")
        });
        table.push(format!("{:<42} {:<26} {case:<54} {rule}", fault.name, fault.rule));
    }
    let _ = std::panic::take_hook();
    let table = table.join("\n");
    println!("{table}");
    for fault in &faults {
        assert!(rules().iter().any(|rule| rule.id == fault.rule), "{} has no rule", fault.name);
    }
    assert!(faults.len() >= 150, "only {} mutants", faults.len());
    assert!(survivors.is_empty(), "{survivors:?} live\n{table}");
}

/// How often each race is run; `RACE_RUNS` replaces it.
const RUNS: usize = 20;

#[test]
#[ignore = "takes a minute; shows that no race is found by luck"]
fn every_race_is_found_every_time() {
    let runs = std::env::var("RACE_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let mut missed = Vec::new();
    for fault in faults::races::faults() {
        let found = (0..runs).filter(|_| first_failure(&fault).is_some()).count();
        println!("{:<46} found {found} of {runs}", fault.name);
        if found < runs {
            missed.push(fault.name);
        }
    }
    assert!(missed.is_empty(), "{missed:?} are not found every time");
}
