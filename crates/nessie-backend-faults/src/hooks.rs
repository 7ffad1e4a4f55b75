//! What happens around the operations of a backend.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nessie_backend_core::{BackendError, Result as BackendResult};

use crate::clock::Clock;
use crate::error::Failure;
use crate::event::{Cause, Event};
use crate::fault::When;
use crate::log::{EventLog, WeakLog};
use crate::operation::Operation;
use crate::plan::{Effect, FaultPlan, Names};
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
    /// The call was wrong, or it was interrupted. It is no event.
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
    logs: Vec<WeakLog>,
    hooks: Vec<Arc<dyn Hook>>,
}

impl Installed {
    fn is_empty(&self) -> bool {
        self.plans.is_empty() && self.logs.is_empty() && self.hooks.is_empty()
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
        self.change(|installed| installed.logs.push(log.downgrade()));
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

    /// Begins a call: hooks and faults before the operation.
    ///
    /// # Errors
    /// A hook's or a fault's. The operation must not be performed.
    pub fn begin<'a>(
        &'a self,
        clock: &'a dyn Clock,
        names: &'a dyn Names,
        operation: Operation,
    ) -> Result<Call<'a>, Failure> {
        let call = Call { hooks: self, installed: self.installed(), clock, names, operation };
        match call.before() {
            Ok(()) => Ok(call),
            Err(failure) => {
                call.record(Value::Null, Some(failure.code()), Some(When::Before));
                Err(failure)
            }
        }
    }

    /// Performs an operation that no fault hits, such as an advance of the clock. What it records has
    /// the order in which it took effect.
    pub fn ordered<R>(&self, operation: impl FnOnce(&Recorder) -> R) -> R {
        if !self.is_active() {
            return operation(&Recorder { logs: Vec::new() });
        }
        let recorder = Recorder::new(&self.installed());
        let _order = recorder.is_recording().then(|| self.order());
        operation(&recorder)
    }

    fn change(&self, change: impl FnOnce(&mut Installed)) {
        let mut installed = self.lock();
        let list = Arc::make_mut(&mut installed);
        list.logs.retain(|log| log.upgrade().is_some_and(|log| log.is_open()));
        change(list);
        self.is_active.store(!list.is_empty(), Ordering::Relaxed);
    }

    /// What is installed now. Logs that were closed or dropped are removed.
    fn installed(&self) -> Arc<Installed> {
        let installed = Arc::clone(&self.lock());
        if installed.logs.iter().all(|log| log.upgrade().is_some_and(|log| log.is_open())) {
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
#[derive(Debug)]
pub struct Recorder {
    logs: Vec<EventLog>,
}

impl Recorder {
    fn new(installed: &Installed) -> Self {
        Self { logs: installed.logs.iter().filter_map(WeakLog::upgrade).collect() }
    }

    /// Whether a log is open.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        !self.logs.is_empty()
    }

    /// Records an event.
    pub fn record(&self, event: Event) {
        let event = Arc::new(event);
        for log in &self.logs {
            log.push(Arc::clone(&event));
        }
    }
}

/// A call that has begun: its operation is performed next.
pub struct Call<'a> {
    hooks: &'a Hooks,
    installed: Arc<Installed>,
    clock: &'a dyn Clock,
    names: &'a dyn Names,
    operation: Operation,
}

impl Call<'_> {
    /// Performs the operation, and then the faults and hooks after it. While a log is open, one
    /// operation is performed at a time, so the operation must not call the backend through the same
    /// hooks again.
    ///
    /// # Errors
    /// The error of a fault or hook after the operation, which has happened.
    pub fn perform<T>(self, operation: impl FnOnce() -> (T, Outcome)) -> Result<T, Failure> {
        let order = (!self.installed.logs.is_empty()).then(|| self.hooks.order());
        let (result, outcome) = operation();
        let effect = self.settle(&outcome);
        drop(order);
        self.finish(effect, &outcome).map(|()| result)
    }

    /// Ends a call whose operation was performed, or was refused before it reached the backend.
    ///
    /// # Errors
    /// The error of a fault or hook after the operation, which has happened.
    pub fn end(self, outcome: &Outcome) -> Result<(), Failure> {
        let effect = self.settle(outcome);
        self.finish(effect, outcome)
    }

    fn before(&self) -> Result<(), Failure> {
        for hook in &self.installed.hooks {
            hook.before(&self.operation)?;
        }
        let effect = self.decide(When::Before);
        self.apply(effect)
    }

    /// Counts the call in the faults after the operation, and records the event.
    fn settle(&self, outcome: &Outcome) -> Effect {
        match outcome {
            Outcome::Done(result) => {
                let effect = self.decide(When::After);
                let error = effect.error.as_ref().map(Failure::code);
                if error.is_some() || !self.operation.kind.only_reads() {
                    let fault = error.is_some().then_some(When::After);
                    self.record(result.clone(), error, fault);
                }
                effect
            }
            Outcome::Refused(code) => {
                self.record(Value::Null, Some(code.clone()), None);
                Effect::default()
            }
            Outcome::Failed => Effect::default(),
        }
    }

    fn finish(&self, effect: Effect, outcome: &Outcome) -> Result<(), Failure> {
        self.apply(effect)?;
        for hook in &self.installed.hooks {
            hook.after(&self.operation, outcome)?;
        }
        Ok(())
    }

    fn decide(&self, when: When) -> Effect {
        let mut effect = Effect::default();
        if !self.installed.plans.is_empty() {
            let time = self.clock.now();
            for plan in &self.installed.plans {
                plan.decide(when, &self.operation, self.names, time, &mut effect);
            }
        }
        effect
    }

    fn apply(&self, effect: Effect) -> Result<(), Failure> {
        if effect.delay > Duration::ZERO {
            self.clock.wait(effect.delay, self.hooks)?;
        }
        effect.error.map_or(Ok(()), Err)
    }

    fn record(&self, result: Value, error: Option<Cow<'static, str>>, fault: Option<When>) {
        if self.installed.logs.is_empty() {
            return;
        }
        let (time, operation) = (self.clock.now(), self.operation.clone());
        Recorder::new(&self.installed).record(Event {
            time,
            operation,
            result,
            error,
            cause: Cause::Call,
            fault,
        });
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
