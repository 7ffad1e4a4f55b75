//! The log of a case's calls, shared with the thread that waits for the case.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::VolumeBackend;

use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::route::Route;
use crate::trace::{Step, Trace};

/// The calls of a case. Outlives the case, so that one that hangs or panics can be reported.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    steps: Mutex<Vec<Step>>,
    is_paused: AtomicBool,
    is_cancelled: AtomicBool,
}

impl CallLog {
    /// Makes a call. Logs it before, and its answer after.
    pub(crate) fn call(&self, call: &Call, backend: &dyn VolumeBackend) -> Answer {
        self.call_through(Route::DIRECT, call, backend)
    }

    /// Makes a call on the object at the end of the route, and logs it.
    pub(crate) fn call_through(
        &self,
        route: Route,
        call: &Call,
        backend: &dyn VolumeBackend,
    ) -> Answer {
        if self.is_paused.load(Ordering::Relaxed) {
            return call.make_through(route, backend);
        }
        self.steps().push(Step { call: call.clone(), route, answer: None, thread: None });
        let answer = call.make_through(route, backend);
        if let Some(step) = self.steps().last_mut() {
            step.answer = Some(without_list(&answer));
        }
        answer
    }

    /// Removes the last call: it was a check that passed.
    pub(crate) fn drop_last(&self) {
        self.steps().pop();
    }

    /// Logs the calls of concurrent threads, without answers.
    pub(crate) fn start_race(&self, programs: &[Vec<Call>]) {
        let mut steps = self.steps();
        for (at, calls) in programs.iter().enumerate() {
            let step = |call: &Call| Step {
                call: call.clone(),
                route: Route::DIRECT,
                answer: None,
                thread: Some(at + 1),
            };
            steps.extend(calls.iter().map(step));
        }
    }

    /// Logs the answers to the calls of [`start_race`](Self::start_race).
    pub(crate) fn end_race<'a>(&self, answers: impl DoubleEndedIterator<Item = &'a Answer>) {
        for (step, answer) in self.steps().iter_mut().rev().zip(answers.rev()) {
            step.answer = Some(without_list(answer));
        }
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.steps().iter().map(|step| step.call.clone()).collect()
    }

    /// Stops logging. The report shows the calls so far.
    pub(crate) fn pause(&self) {
        self.is_paused.store(true, Ordering::Relaxed);
    }

    /// Removes all calls.
    pub(crate) fn clear(&self) {
        self.steps().clear();
    }

    pub(crate) fn trace(&self) -> Trace {
        Trace::new(self.steps().clone())
    }

    /// Requests the end of the case: the run no longer waits for it.
    pub(crate) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    fn steps(&self) -> MutexGuard<'_, Vec<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer without lists: they can be long, and the log does not print them.
fn without_list(answer: &Answer) -> Answer {
    match answer {
        Ok(Value::Volumes(_) | Value::Snapshots(_)) => Ok(Value::Nothing),
        other => other.clone(),
    }
}
