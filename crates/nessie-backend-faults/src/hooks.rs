//! What happens around the operations of a backend.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use nessie_backend_core::{BackendError, Result as BackendResult, Timestamp};

use crate::error::Failure;
use crate::event::{Cause, Event};
use crate::fault::When;
use crate::log::{EventLog, Recording};
use crate::operation::Operation;
use crate::plan::{FaultPlan, Names};
use crate::value::Value;

/// Code that runs before and after each operation. No lock is held meanwhile, so it may call the
/// backend.
pub trait Hook: Send + Sync {
    /// Runs before the operation.
    ///
    /// # Errors
    /// The operation is then not performed, and its caller gets the error.
    fn before(&self, operation: &Operation) -> BackendResult<()> {
        let _ = operation;
        Ok(())
    }

    /// Runs after the operation.
    ///
    /// # Errors
    /// The caller gets the error in place of a result.
    fn after(&self, operation: &Operation, outcome: &Outcome) -> BackendResult<()> {
        let _ = (operation, outcome);
        Ok(())
    }
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was performed. The value has the identifiers of what it has created or kept.
    Done(Value),
    /// The backend has refused it, with the error of this code.
    Refused(Cow<'static, str>),
    /// The call was wrong, or it was interrupted. It is not an event.
    Failed,
}

/// The faults, logs and hooks of a backend. Without any of them, an operation takes one branch more.
pub struct Hooks {
    is_active: AtomicBool,
    installed: Mutex<Arc<Installed>>,
    /// Held during an operation that is recorded, so that the events have the order in which the
    /// operations took effect.
    order: Mutex<()>,
}

#[derive(Clone, Default)]
struct Installed {
    plans: Vec<FaultPlan>,
    logs: Vec<Recording>,
    hooks: Vec<Arc<dyn Hook>>,
}

impl Installed {
    fn is_empty(&self) -> bool {
        self.plans.is_empty() && self.logs.is_empty() && self.hooks.is_empty()
    }

    /// Records an event in all logs.
    fn record(&self, event: Event) {
        let Some((last, others)) = self.logs.split_last() else { return };
        for log in others {
            log.push(event.clone());
        }
        last.push(event);
    }
}

impl Hooks {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        let installed = Mutex::default();
        Self { is_active: AtomicBool::new(false), installed, order: Mutex::new(()) }
    }

    /// Whether there are any.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    /// Installs faults, after those that are installed already.
    pub fn inject(&self, plan: FaultPlan) {
        self.change(|installed| installed.plans.push(plan));
    }

    /// Removes faults. Those of a plan that is not installed are not there to be removed.
    pub fn remove(&self, plan: &FaultPlan) {
        self.change(|installed| installed.plans.retain(|other| !other.is(plan)));
    }

    /// Whether the faults of the plan are installed.
    #[must_use]
    pub fn has(&self, plan: &FaultPlan) -> bool {
        self.installed().plans.iter().any(|other| other.is(plan))
    }

    /// Opens a log. It records until it is closed or its last handle is dropped.
    #[must_use]
    pub fn open_log(&self, keep: Option<NonZeroUsize>) -> EventLog {
        let log = EventLog::new(keep);
        self.change(|installed| installed.logs.push(log.recording()));
        log
    }

    /// Adds code that runs before and after each operation.
    pub fn add(&self, hook: Arc<dyn Hook>) {
        self.change(|installed| installed.hooks.push(hook));
    }

    /// Removes what [`add`](Self::add) has added.
    pub fn remove_hook(&self, hook: &Arc<dyn Hook>) {
        self.change(|installed| installed.hooks.retain(|other| !Arc::ptr_eq(other, hook)));
    }

    /// Begins a call of an operation.
    #[must_use]
    pub fn begin(&self, operation: Operation) -> Call<'_> {
        Call { hooks: self, installed: self.installed(), operation }
    }

    /// Performs an operation that no fault hits, such as an advance of the clock. What it records has
    /// the order in which it took effect.
    pub fn ordered<R>(&self, operation: impl FnOnce(&Recorder) -> R) -> R {
        if !self.is_active() {
            return operation(&Recorder { installed: Arc::default() });
        }
        let recorder = Recorder { installed: self.installed() };
        let _order = recorder.is_recording().then(|| self.order());
        operation(&recorder)
    }

    fn change(&self, change: impl FnOnce(&mut Installed)) {
        let mut installed = self.lock();
        let list = Arc::make_mut(&mut installed);
        list.logs.retain(Recording::is_open);
        change(list);
        self.is_active.store(!list.is_empty(), Ordering::Relaxed);
    }

    /// What is installed now. Logs that were closed or dropped are removed.
    fn installed(&self) -> Arc<Installed> {
        let installed = Arc::clone(&self.lock());
        if installed.logs.iter().all(Recording::is_open) {
            return installed;
        }
        self.change(|_| ());
        Arc::clone(&self.lock())
    }

    // A panic leaves the lists valid.
    fn lock(&self) -> MutexGuard<'_, Arc<Installed>> {
        self.installed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self) -> MutexGuard<'_, ()> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let installed = self.installed();
        f.debug_struct("Hooks")
            .field("plans", &installed.plans)
            .field("logs", &installed.logs.len())
            .field("hooks", &installed.hooks.len())
            .finish()
    }
}

/// Records events in all open logs of a backend.
pub struct Recorder {
    installed: Arc<Installed>,
}

impl Recorder {
    /// Whether a log is open.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        !self.installed.logs.is_empty()
    }

    /// Records an event.
    pub fn record(&self, event: Event) {
        self.installed.record(event);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("logs", &self.installed.logs.len()).finish()
    }
}

/// The right to perform an operation, until it is dropped. While a log is open, one call at a time has
/// it, so that the events have the order in which the operations took effect.
#[derive(Debug)]
#[must_use]
pub struct Turn<'a> {
    _order: Option<MutexGuard<'a, ()>>,
}

/// What a call sees of its backend.
pub trait Subject: Names {
    /// The present time, of events and hits.
    fn now(&self) -> Timestamp;
}

/// What faults do to a call: a delay, and then an error.
#[derive(Debug, Default)]
#[must_use]
pub struct Effect {
    /// By how much longer the call takes.
    pub delay: Duration,
    /// The error that its caller gets.
    pub error: Option<Failure>,
}

impl Effect {
    /// Lets the delay pass, and returns the error.
    ///
    /// # Errors
    /// The error of `wait`, or that of the fault.
    pub fn apply(self, wait: impl FnOnce(Duration) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.delay > Duration::ZERO {
            wait(self.delay)?;
        }
        self.error.map_or(Ok(()), Err)
    }
}

/// A call of an operation, with the faults, logs and hooks that it began with.
///
/// [`before`](Self::before) comes first. Its effect is applied. If it has an error, the operation is
/// not performed, and [`prevented`](Self::prevented) records that. Otherwise
/// [`perform`](Self::perform) performs it, and the effect of that is applied.
pub struct Call<'a> {
    hooks: &'a Hooks,
    installed: Arc<Installed>,
    operation: Operation,
}

impl<'a> Call<'a> {
    /// What hooks and faults do before the operation.
    pub fn before(&self, subject: &dyn Subject) -> Effect {
        for hook in &self.installed.hooks {
            if let Err(error) = hook.before(&self.operation) {
                return Effect { error: Some(error.into()), ..Effect::default() };
            }
        }
        self.decide(When::Before, subject)
    }

    /// Records that a fault or a hook has prevented the operation.
    pub fn prevented(&mut self, subject: &dyn Subject, failure: &Failure) {
        self.record(subject, Value::Null, Some(failure.code()), Some(When::Before));
    }

    /// Whether neither a fault nor a hook is installed. [`before`](Self::before) and
    /// [`after`](Self::after) then have no effect.
    #[must_use]
    pub fn is_only_recorded(&self) -> bool {
        self.installed.plans.is_empty() && self.installed.hooks.is_empty()
    }

    /// Waits until no other call has the turn.
    pub fn turn(&self) -> Turn<'a> {
        Turn { _order: (!self.installed.logs.is_empty()).then(|| self.hooks.order()) }
    }

    /// The turn, if no other call has it.
    #[must_use]
    pub fn try_turn(&self) -> Option<Turn<'a>> {
        if self.installed.logs.is_empty() {
            return Some(Turn { _order: None });
        }
        match self.hooks.order.try_lock() {
            Ok(order) => Some(Turn { _order: Some(order) }),
            Err(TryLockError::Poisoned(order)) => Some(Turn { _order: Some(order.into_inner()) }),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Performs the operation and records it. Returns its result, and what faults do after it. The call
    /// has the [turn](Self::turn) meanwhile, so the operation must not call the backend through the
    /// same hooks again.
    pub fn perform<T>(
        &mut self,
        turn: Turn<'_>,
        subject: &dyn Subject,
        operation: impl FnOnce() -> (T, Outcome),
    ) -> (T, Outcome, Effect) {
        let (result, outcome) = operation();
        let effect = self.end(subject, &outcome);
        drop(turn);
        (result, outcome, effect)
    }

    /// Records an operation that was performed, or that was refused before it reached the backend.
    /// Returns what faults do after it.
    pub fn end(&mut self, subject: &dyn Subject, outcome: &Outcome) -> Effect {
        match outcome {
            Outcome::Done(result) => {
                let effect = self.decide(When::After, subject);
                let error = effect.error.as_ref().map(Failure::code);
                if error.is_some() || !self.operation.kind.only_reads() {
                    let fault = error.is_some().then_some(When::After);
                    self.record(subject, result.clone(), error, fault);
                }
                effect
            }
            Outcome::Refused(code) => {
                self.record(subject, Value::Null, Some(code.clone()), None);
                Effect::default()
            }
            Outcome::Failed => Effect::default(),
        }
    }

    /// Runs the hooks after the operation.
    ///
    /// # Errors
    /// That of the first hook that fails.
    pub fn after(&self, outcome: &Outcome) -> BackendResult<()> {
        self.installed.hooks.iter().try_for_each(|hook| hook.after(&self.operation, outcome))
    }

    fn decide(&self, when: When, subject: &dyn Subject) -> Effect {
        let mut effect = Effect::default();
        if !self.installed.plans.is_empty() {
            let time = subject.now();
            for plan in &self.installed.plans {
                plan.decide(when, &self.operation, subject, time, &mut effect);
            }
        }
        effect
    }

    fn record(
        &mut self,
        subject: &dyn Subject,
        result: Value,
        error: Option<Cow<'static, str>>,
        fault: Option<When>,
    ) {
        if self.installed.logs.is_empty() {
            return;
        }
        let (time, cause) = (subject.now(), Cause::Call);
        let operation = if self.installed.hooks.is_empty() {
            // Only hooks read the arguments later.
            let kind = self.operation.kind;
            mem::replace(&mut self.operation, Operation::new(kind, []))
        } else {
            self.operation.clone()
        };
        self.installed.record(Event { time, operation, result, error, cause, fault });
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.operation).finish_non_exhaustive()
    }
}

impl From<&BackendError> for Outcome {
    fn from(error: &BackendError) -> Self {
        Self::Refused(error.code().into())
    }
}
