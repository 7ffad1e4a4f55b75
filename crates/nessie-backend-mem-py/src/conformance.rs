//! The conformance suite for Python. Cases and results are plain tuples; the Python package
//! `nessie_backend_mem.conformance` turns them into objects.
//!
//! A run is detached from the interpreter. Its threads attach for each call of the backend. The
//! caller's thread attaches from time to time, to handle signals and to report the progress.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nessie_backend_conformance::{
    self as suite, BackendSource, CaseReport, Config, Outcome, Report, RunEvent,
};
use nessie_backend_core::VolumeBackend;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::py_backend::{PyBackend, RunGuard};
use crate::runtime::exit::{Calling, attach_again};

/// A rule: its identifier, section and text.
type RuleRow = (&'static str, &'static str, &'static str);
/// A case: its name, tier, rules and summary.
type CaseRow = (&'static str, &'static str, &'static [&'static str], &'static str);
/// A feature: its word, its name in reports, and its tier.
type FeatureRow = (&'static str, &'static str, &'static str);
/// The result of a case: its name, tier, outcome, seconds, message, broken rules and calls.
type ResultRow = (&'static str, &'static str, &'static str, f64, String, Vec<&'static str>, String);

/// Every rule: (id, section, text).
#[pyfunction]
#[pyo3(name = "_conformance_rules")]
pub(crate) fn rules() -> Vec<RuleRow> {
    suite::rules().iter().map(|rule| (rule.id, rule.section, rule.text)).collect()
}

/// Every case: (name, tier, rules, summary).
#[pyfunction]
#[pyo3(name = "_conformance_cases")]
pub(crate) fn cases() -> Vec<CaseRow> {
    let row =
        |case: &suite::Case| (case.name(), case.tier().as_str(), case.rule_ids(), case.summary());
    suite::cases().iter().map(row).collect()
}

/// Every optional feature: (word, name in reports, tier).
#[pyfunction]
#[pyo3(name = "_conformance_features")]
pub(crate) fn features() -> Vec<FeatureRow> {
    let row =
        |feature: &suite::Feature| (feature.word(), feature.as_str(), feature.tier().as_str());
    suite::Feature::ALL.iter().map(row).collect()
}

/// Run cases: (name, tier, outcome, seconds, message, rules, calls) of each.
///
/// make: returns the backend; called once, or for each case if fresh is true.
/// observe: called in this thread with (number of finished cases, case, seconds, outcome or None).
/// If it returns something false, the run ends.
/// abandon: called with the idents of threads that are still in a call, and that the run abandons.
///
/// Raises the exceptions of observe and of signal handlers, and those of the backend that are not
/// of the class Exception.
#[pyfunction]
#[pyo3(name = "_conformance_run")]
#[pyo3(signature = (
    make, fresh, names, observe, abandon, *,
    seed, time_limit, expect, objects=None, threads=None, rounds=None, sequences=None, steps=None
))]
#[expect(clippy::too_many_arguments, reason = "they are keywords to Python")]
pub(crate) fn run(
    py: Python<'_>,
    make: Py<PyAny>,
    fresh: bool,
    names: Vec<String>,
    observe: &Bound<'_, PyAny>,
    abandon: &Bound<'_, PyAny>,
    seed: u64,
    time_limit: f64,
    expect: Vec<String>,
    objects: Option<usize>,
    threads: Option<usize>,
    rounds: Option<usize>,
    sequences: Option<usize>,
    steps: Option<usize>,
) -> PyResult<Vec<ResultRow>> {
    let time_limit = Duration::try_from_secs_f64(time_limit)
        .map_err(|error| PyValueError::new_err(format!("time_limit: {error}")))?;
    let expected: Result<Vec<suite::Feature>, _> =
        expect.into_iter().map(|word| word.parse()).collect();
    let expected = expected.map_err(|error| PyValueError::new_err(error.to_string()))?;
    // An exception has no such details: the adapter fills them in.
    let config = Config::default().seed(seed).time_limit(time_limit).error_details(false);
    let mut config = config.expect(expected);
    config = names.into_iter().fold(config, Config::only);
    config = objects.into_iter().fold(config, Config::objects);
    config = threads.into_iter().fold(config, Config::threads);
    config = rounds.into_iter().fold(config, Config::rounds);
    config = sequences.into_iter().fold(config, Config::sequences);
    config = steps.into_iter().fold(config, Config::steps);

    let guard = Arc::<RunGuard>::default();
    let (observe, abandon) = (observe.clone().unbind(), abandon.clone().unbind());
    let source = source(py, make, fresh, &guard)?;
    let report = py.detach(|| {
        let mut observer =
            Observer { observe: &observe, abandon: &abandon, guard: &guard, done: 0 };
        catch_unwind(AssertUnwindSafe(|| {
            suite::run_shared(&source, &config, &mut |event| observer.see(event))
        }))
    });
    abandon_all(py, &guard, &abandon)?;
    if let Some(error) = guard.take_error() {
        return Err(error);
    }
    match report {
        Ok(report) => Ok(rows(report)),
        Err(panic) => Err(PyRuntimeError::new_err(format!("the suite failed: {}", text(&*panic)))),
    }
}

fn source(
    py: Python<'_>,
    make: Py<PyAny>,
    fresh: bool,
    guard: &Arc<RunGuard>,
) -> PyResult<BackendSource> {
    let guard = Arc::clone(guard);
    if !fresh {
        let _calling = Calling::python(py);
        let backend = PyBackend::new(&make.bind(py).call0()?, guard)?;
        return Ok(BackendSource::One(Arc::new(backend)));
    }
    Ok(BackendSource::Each(Arc::new(move || {
        let backend: Arc<dyn VolumeBackend> = Arc::new(PyBackend::made_by(&make, &guard)?);
        Ok(backend)
    })))
}

/// How long the run waits for threads that it has abandoned.
const GRACE: Duration = Duration::from_millis(500);

/// Interrupts the threads that are still in a call, and waits for them for a moment. A thread that
/// runs Python code while the interpreter exits could crash the process.
fn abandon_all(py: Python<'_>, guard: &RunGuard, abandon: &Py<PyAny>) -> PyResult<()> {
    let threads = guard.threads();
    if threads.is_empty() {
        return Ok(());
    }
    {
        let _calling = Calling::python(py);
        abandon.call1(py, (threads,))?;
    }
    let start = Instant::now();
    py.detach(|| {
        while !guard.threads().is_empty() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(5));
        }
    });
    Ok(())
}

/// Reports the progress to Python, and ends the run if Python raises an exception.
struct Observer<'a> {
    observe: &'a Py<PyAny>,
    abandon: &'a Py<PyAny>,
    guard: &'a RunGuard,
    done: usize,
}

impl Observer<'_> {
    fn see(&mut self, event: RunEvent<'_>) -> ControlFlow<()> {
        let (case, seconds, outcome) = match event {
            RunEvent::Started { case, .. } => (case.name(), 0.0, None),
            RunEvent::Tick { case, elapsed, .. } => (case.name(), elapsed.as_secs_f64(), None),
            RunEvent::Finished(report) => {
                self.done += 1;
                (report.name, report.time.as_secs_f64(), Some(report.outcome.as_str()))
            }
            _ => return ControlFlow::Continue(()),
        };
        let result = attach_again(|py| {
            py.check_signals()?;
            if outcome == Some("timed_out") {
                self.abandon.call1(py, (self.guard.threads(),))?;
            }
            self.observe.call1(py, (self.done, case, seconds, outcome))?.is_truthy(py)
        });
        match result {
            Ok(true) if !self.guard.is_ended() => ControlFlow::Continue(()),
            Ok(_) => ControlFlow::Break(()),
            Err(error) => {
                self.guard.end(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn rows(report: Report) -> Vec<ResultRow> {
    report.cases.into_iter().map(row).collect()
}

fn row(report: CaseReport) -> ResultRow {
    let outcome = report.outcome.as_str();
    let (message, rules, calls) = match report.outcome {
        Outcome::Skipped { reason } | Outcome::CutShort { reason } => {
            (reason, Vec::new(), String::new())
        }
        Outcome::Failed(failure) => {
            let calls = failure.trace.as_python();
            (failure.message, failure.rules, calls)
        }
        Outcome::TimedOut { limit, trace } => {
            let message = format!("not over within {} s", limit.as_secs_f64());
            (message, Vec::new(), trace.as_python())
        }
        _ => Default::default(),
    };
    let tier = report.tier.as_str();
    (report.name, tier, outcome, report.time.as_secs_f64(), message, rules, calls)
}

/// The message of a panic.
fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the panic has no message")
}
