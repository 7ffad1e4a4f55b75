//! Runs cases in the caller's thread, or each in its own thread.

use std::fmt::{self, Write as _};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nessie_backend_core::{Result, VolumeBackend};

use crate::case::Case;
use crate::cases::{self, cases};
use crate::config::Config;
use crate::harness::probe::{Lack, Probe};
use crate::harness::{Abort, CallLog, Harness, Violation, panic_text};
use crate::report::{CaseReport, Failure, Outcome, Report};
use crate::sequences::shrink::shrink_calls;

/// Interval between two [`RunEvent::Tick`] events.
const TICK: Duration = Duration::from_millis(50);

/// The source of the backend for each case of [`run_shared`].
#[non_exhaustive]
pub enum BackendSource {
    /// Always the same backend.
    One(Arc<dyn VolumeBackend>),
    /// A new backend for each case. Two of them are independent: they share no volumes, names or
    /// paths. Use [`One`](Self::One) if every call of the factory connects to the same storage.
    Each(BackendFactory),
}

/// Returns a new backend.
pub type BackendFactory = Arc<dyn Fn() -> Result<Arc<dyn VolumeBackend>> + Send + Sync>;

impl fmt::Debug for BackendSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One(..)",
            Self::Each(_) => "Each(..)",
        })
    }
}

/// A report of [`run_shared`] to its observer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RunEvent<'a> {
    /// A case starts.
    Started {
        /// The case.
        case: &'static Case,
        /// Its index among the selected cases, from 0.
        index: usize,
        /// How many cases are selected.
        total: usize,
    },
    /// A case is still running.
    Tick {
        /// The case.
        case: &'static Case,
        /// Time since the case started.
        elapsed: Duration,
    },
    /// A case has ended.
    Finished(&'a CaseReport),
}

/// Runs the suite on a backend in the caller's thread.
///
/// The time limit is checked between calls: a call that never returns blocks the run. Use
/// [`run_shared`] for backends that may hang.
#[must_use]
pub fn run(backend: &dyn VolumeBackend, config: &Config) -> Report {
    let mut run = Run::new(config);
    let probe = match guarded(cases::probe_case(), &CallLog::default(), config, || {
        Probe::run(backend, config).map(Probe::of_one_backend)
    }) {
        Ok(probe) => probe,
        Err(outcome) => return run.without_probe(outcome),
    };
    for case in run.selected.clone() {
        let started = Instant::now();
        let outcome = perform(case, backend, &probe, config, &CallLog::default(), None);
        run.done(case, outcome, started.elapsed());
    }
    run.finish()
}

/// The names of the cases that a run on this backend would skip. Empty if the backend fails when its
/// features are read.
#[cfg(feature = "harness")]
pub(crate) fn inapplicable(backend: &dyn VolumeBackend, config: &Config) -> Vec<&'static str> {
    let probe =
        guarded(cases::probe_case(), &CallLog::default(), config, || Probe::run(backend, config));
    let Ok(probe) = probe else { return Vec::new() };
    let is_skipped = |case: &&Case| {
        matches!(probe.lack(case.tier(), case.needs(), &config.expected), Some(Lack::Skip(_)))
    };
    cases().iter().filter(is_skipped).map(Case::name).collect()
}

/// Runs the suite on a backend with the default [`Config`], and panics with the report if it fails.
///
/// # Panics
///
/// Panics if the backend breaks a rule.
pub fn run_all(backend: &dyn VolumeBackend) {
    let report = run(backend, &Config::default());
    assert!(report.is_success(), "the backend does not keep the contract\n\n{report}");
}

/// Runs the suite with each case in its own thread. If a case exceeds the time limit, the run
/// abandons its thread and reports a timeout. With [`BackendSource::One`], if a call still hangs
/// then, the remaining cases are skipped; with [`BackendSource::Each`] the run continues.
///
/// `observe` is called in the caller's thread: when a case starts, about every 50 ms while it runs,
/// and when it ends. If it returns `Break`, the run ends; the remaining cases are interrupted.
pub fn run_shared(
    source: &BackendSource,
    config: &Config,
    observe: &mut dyn FnMut(RunEvent<'_>) -> ControlFlow<()>,
) -> Report {
    let mut run = Run::new(config);
    let total = run.selected.len();
    let is_shared = matches!(source, BackendSource::One(_));
    let probe = {
        let config = config.clone();
        run_job(source, &config.clone(), cases::probe_case(), observe, move |backend, log| {
            guarded(cases::probe_case(), log, &config, || Probe::run(backend, &config))
        })
    };
    let probe = match probe {
        Ok(Ok(probe)) if is_shared => Arc::new(probe.of_one_backend()),
        Ok(Ok(probe)) => Arc::new(probe),
        Ok(Err(outcome)) | Err(outcome) => return run.without_probe(outcome),
    };
    let mut stop: Option<Outcome> = None;
    for (index, case) in run.selected.clone().into_iter().enumerate() {
        if let Some(outcome) = &stop {
            run.done(case, outcome.clone(), Duration::ZERO);
            continue;
        }
        let started = Instant::now();
        let outcome = if observe(RunEvent::Started { case, index, total }).is_break() {
            Outcome::Interrupted
        } else {
            let (probe, config) = (Arc::clone(&probe), config.clone());
            let factory = match source {
                BackendSource::One(_) => None,
                BackendSource::Each(make) => Some(Arc::clone(make)),
            };
            let job = move |backend: &dyn VolumeBackend, log: &Arc<CallLog>| {
                perform(case, backend, &probe, &config, log, factory.as_ref())
            };
            run_job(source, &run.config.clone(), case, observe, job).unwrap_or_else(|other| other)
        };
        match &outcome {
            Outcome::Interrupted => stop = Some(Outcome::Interrupted),
            Outcome::TimedOut { trace, .. } if is_shared && trace.is_under_way() => {
                let reason = format!("the backend still hangs in {}", case.name());
                stop = Some(Outcome::Skipped { reason });
            }
            _ => {}
        }
        let report = run.done(case, outcome, started.elapsed());
        if observe(RunEvent::Finished(&report)).is_break() && stop.is_none() {
            stop = Some(Outcome::Interrupted);
        }
    }
    run.finish()
}

/// Runs a job on a backend in its own thread, and waits for it within the time limit.
fn run_job<T: Send + 'static>(
    source: &BackendSource,
    config: &Config,
    case: &'static Case,
    observe: &mut dyn FnMut(RunEvent<'_>) -> ControlFlow<()>,
    job: impl FnOnce(&dyn VolumeBackend, &Arc<CallLog>) -> T + Send + 'static,
) -> std::result::Result<T, Outcome> {
    let made = match source {
        BackendSource::One(backend) => Ok(Arc::clone(backend)),
        BackendSource::Each(make) => guarded(case, &CallLog::default(), config, || {
            make().map_err(|error| {
                Abort::violation("1.honest", format!("no backend could be made: {error}"))
            })
        }),
    };
    let backend = made?;
    let log = Arc::<CallLog>::default();
    let (sender, receiver) = mpsc::channel();
    let in_thread = Arc::clone(&log);
    let spawned = thread::Builder::new().name(case.name().to_owned()).spawn(move || {
        // The send fails if the run has abandoned this thread.
        let _ = sender.send(job(&*backend, &in_thread));
    });
    if let Err(error) = spawned {
        let violation =
            Violation::new("4.no_panic", format!("no thread could be started: {error}"));
        return Err(failed(case, violation, &log, config));
    }
    await_job(&receiver, &log, config, case, observe)
}

fn await_job<T>(
    receiver: &Receiver<T>,
    log: &CallLog,
    config: &Config,
    case: &'static Case,
    observe: &mut dyn FnMut(RunEvent<'_>) -> ControlFlow<()>,
) -> std::result::Result<T, Outcome> {
    // The case checks the limit itself between calls, and then needs time to clean up.
    let grace = (config.time_limit / 4).min(Duration::from_secs(2));
    let started = Instant::now();
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(outcome) => return Ok(outcome),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let violation =
                    Violation::new("4.no_panic", "the thread of the case ended".to_owned());
                return Err(failed(case, violation, log, config));
            }
        }
        let elapsed = started.elapsed();
        if observe(RunEvent::Tick { case, elapsed }).is_break() {
            log.cancel();
            let _ = receiver.recv_timeout(TICK * 5);
            return Err(Outcome::Interrupted);
        }
        if elapsed > config.time_limit + grace {
            log.cancel();
            return Err(Outcome::TimedOut { limit: config.time_limit, trace: log.trace() });
        }
    }
}

/// Runs one case on a backend.
fn perform(
    case: &'static Case,
    backend: &dyn VolumeBackend,
    probe: &Probe,
    config: &Config,
    log: &CallLog,
    factory: Option<&BackendFactory>,
) -> Outcome {
    match probe.lack(case.tier(), case.needs(), &config.expected) {
        Some(Lack::Skip(reason)) => return Outcome::Skipped { reason },
        Some(Lack::Failure(message)) => {
            // The contract allows a backend without the feature, so no rule is broken.
            let violation = Violation { rules: Vec::new(), message, trace: None, is_precise: true };
            return failed(case, violation, log, config);
        }
        None => {}
    }
    let number = cases().iter().position(|other| other.name == case.name).unwrap_or(0);
    let harness = match guarded(case, log, config, || {
        Harness::open(backend, number, probe, config, log, factory)
    }) {
        Ok(harness) => harness,
        Err(outcome) => return outcome,
    };
    let of_body = guarded(case, log, config, || {
        let result = (case.body)(&harness).and_then(|()| harness.verify_at_end());
        result.map_err(|abort| {
            harness.mark_out_of_sync();
            shrink_calls(&harness, abort)
        })
    });
    // Clean up after failed cases too. A failed clean-up is the outcome only if the case passed.
    match (of_body, guarded(case, log, config, || harness.clean_up())) {
        (Err(Outcome::Failed(mut failure)), Err(Outcome::Failed(left))) => {
            let _ = write!(failure.message, "\nand afterwards, {}", left.message);
            Outcome::Failed(failure)
        }
        (Err(outcome), _) | (Ok(()), Err(outcome)) => outcome,
        (Ok(()), Ok(())) => {
            harness.cut_short().map_or(Outcome::Passed, |reason| Outcome::CutShort { reason })
        }
    }
}

/// Runs a part of a case, and converts an early end or a panic into an outcome.
fn guarded<T>(
    case: &'static Case,
    log: &CallLog,
    config: &Config,
    job: impl FnOnce() -> std::result::Result<T, Abort>,
) -> std::result::Result<T, Outcome> {
    // Unwind safety: after a panic the case ends, and its state is not used again.
    match catch_unwind(AssertUnwindSafe(job)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Abort::Violation(violation))) => Err(failed(case, *violation, log, config)),
        Ok(Err(Abort::Skipped(reason))) => Err(Outcome::Skipped { reason }),
        Ok(Err(Abort::Cancelled)) => Err(Outcome::Interrupted),
        Ok(Err(Abort::OutOfTime)) => {
            Err(Outcome::TimedOut { limit: config.time_limit, trace: log.trace() })
        }
        Err(panic) => {
            let text = format!("the backend panicked: {}", panic_text(&*panic));
            Err(failed(case, Violation::new("4.no_panic", text), log, config))
        }
    }
}

fn failed(case: &'static Case, violation: Violation, log: &CallLog, config: &Config) -> Outcome {
    let mut rules = violation.rules;
    for rule in case.rule_ids() {
        if !violation.is_precise && !rules.contains(rule) {
            rules.push(rule);
        }
    }
    Outcome::Failed(Box::new(Failure {
        case: case.name(),
        rules,
        message: violation.message,
        trace: violation.trace.unwrap_or_else(|| log.trace()),
        seed: config.seed,
    }))
}

/// A run and its reports so far.
struct Run<'a> {
    config: &'a Config,
    selected: Vec<&'static Case>,
    cases: Vec<CaseReport>,
    started: Instant,
}

impl<'a> Run<'a> {
    fn new(config: &'a Config) -> Self {
        let selected = cases().iter().filter(|case| config.selects(case.name())).collect();
        Self { config, selected, cases: Vec::new(), started: Instant::now() }
    }

    fn done(&mut self, case: &'static Case, outcome: Outcome, time: Duration) -> CaseReport {
        let report = CaseReport { name: case.name(), tier: case.tier(), outcome, time };
        self.cases.push(report.clone());
        report
    }

    /// The report of a run whose probe failed: all other cases are skipped.
    fn without_probe(mut self, outcome: Outcome) -> Report {
        let rest = match &outcome {
            Outcome::Interrupted => Outcome::Interrupted,
            _ => Outcome::Skipped {
                reason: format!(
                    "what the backend offers is unknown; see {}",
                    cases::probe_case().name
                ),
            },
        };
        let time = self.started.elapsed();
        self.done(cases::probe_case(), outcome, time);
        for case in std::mem::take(&mut self.selected) {
            if case.name() != cases::probe_case().name() {
                self.done(case, rest.clone(), Duration::ZERO);
            }
        }
        self.finish()
    }

    fn finish(self) -> Report {
        Report { seed: self.config.seed, cases: self.cases, time: self.started.elapsed() }
    }
}
