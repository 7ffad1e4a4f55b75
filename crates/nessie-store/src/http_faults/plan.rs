//! Faults of requests that are installed together.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nessie_backend_core::Timestamp;
use nessie_backend_faults::Counter;

use super::fault::{HttpAction, HttpFault, JobFault, Stage};

/// A request that a fault has hit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpHit {
    /// The position of the fault in its plan, from 0.
    pub fault: usize,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// When, on the cluster's clock.
    pub time: Timestamp,
}

/// Faults of requests that are installed together, with what they have hit. A clone is another handle.
///
/// It can be read after it was removed.
#[derive(Clone)]
pub struct HttpFaultPlan {
    inner: Arc<Inner>,
}

struct Inner {
    faults: Vec<HttpFault>,
    is_installed: AtomicBool,
    state: Mutex<State>,
}

struct State {
    counters: Vec<Counter>,
    hits: Vec<HttpHit>,
}

/// What faults do to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpEffect {
    /// How much later it is handled, or its reply is sent.
    pub delay: Duration,
    /// What else happens to it.
    pub action: Option<HttpAction>,
}

impl HttpFaultPlan {
    /// A plan whose faults draw from generators that are made from the seed and their positions.
    pub(super) fn new(faults: impl IntoIterator<Item = HttpFault>, seed: u64) -> Self {
        let faults: Vec<HttpFault> = faults.into_iter().collect();
        let counters = (0..)
            .zip(&faults)
            .map(|(position, fault)| Counter::new(fault.selection, seed, position));
        let state = State { counters: counters.collect(), hits: Vec::new() };
        let is_installed = AtomicBool::new(true);
        Self { inner: Arc::new(Inner { faults, is_installed, state: Mutex::new(state) }) }
    }

    /// The requests that were hit, in their order.
    #[must_use]
    pub fn hits(&self) -> Vec<HttpHit> {
        self.state().hits.clone()
    }

    /// The positions of the faults whose patterns no request has matched.
    #[must_use]
    pub fn unused(&self) -> Vec<usize> {
        let state = self.state();
        let counters = state.counters.iter().enumerate();
        counters.filter(|(_, counter)| counter.is_unused()).map(|(position, _)| position).collect()
    }

    /// Whether the faults are installed.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.inner.is_installed.load(Ordering::Relaxed)
    }

    pub(super) fn set_removed(&self) {
        self.inner.is_installed.store(false, Ordering::Relaxed);
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Counts a request, and decides what happens to it. Delays add up. The first other effect ends it,
    /// and later faults do not count the request.
    pub(super) fn decide(
        &self,
        stage: Stage,
        method: &str,
        path: &str,
        time: Timestamp,
        effect: &mut HttpEffect,
    ) {
        self.each_hit(stage, method, path, time, |fault| {
            effect.delay = effect.delay.saturating_add(fault.delay);
            effect.action = fault.action();
            effect.action.is_none()
        });
    }

    /// Counts a request whose change has succeeded, and decides what happens to its job.
    pub(super) fn decide_job(&self, method: &str, path: &str, time: Timestamp) -> Option<JobFault> {
        let mut decided = None;
        self.each_hit(Stage::Job, method, path, time, |fault| {
            decided = fault.job_fault();
            decided.is_none()
        });
        decided
    }

    /// Calls `apply` for each fault that hits the request, until it returns false.
    fn each_hit(
        &self,
        stage: Stage,
        method: &str,
        path: &str,
        time: Timestamp,
        mut apply: impl FnMut(&HttpFault) -> bool,
    ) {
        let fits = |fault: &HttpFault| fault.stage() == stage && fault.fits(method, path);
        if !self.inner.faults.iter().any(fits) {
            return;
        }
        let mut counted = self.state();
        for (position, fault) in self.inner.faults.iter().enumerate() {
            let is_hit =
                fits(fault) && counted.counters.get_mut(position).is_some_and(Counter::hits);
            if !is_hit {
                continue;
            }
            let (method, path) = (method.to_owned(), path.to_owned());
            counted.hits.push(HttpHit { fault: position, method, path, time });
            if !apply(fault) {
                return;
            }
        }
    }

    // A panic leaves the counters valid.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpFaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFaultPlan")
            .field("faults", &self.inner.faults)
            .field("is_installed", &self.is_installed())
            .field("hits", &self.hits().len())
            .finish()
    }
}
