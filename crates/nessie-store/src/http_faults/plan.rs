//! Faults of requests that are installed together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nessie_backend_core::Timestamp;
use nessie_backend_faults::Tally;

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
    tally: Tally<HttpHit>,
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
        let tally = Tally::new(faults.iter().map(|fault| fault.selection), seed);
        let is_installed = AtomicBool::new(true);
        Self { inner: Arc::new(Inner { faults, is_installed, tally }) }
    }

    /// The requests that were hit, in their order.
    #[must_use]
    pub fn hits(&self) -> Vec<HttpHit> {
        self.inner.tally.hits()
    }

    /// The positions of the faults whose patterns no request has matched.
    #[must_use]
    pub fn unused(&self) -> Vec<usize> {
        self.inner.tally.unused()
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
        for (position, fault) in self.inner.faults.iter().enumerate() {
            let fits = fault.stage() == stage && fault.fits(method, path);
            let hit = || {
                let (method, path) = (method.to_owned(), path.to_owned());
                HttpHit { fault: position, method, path, time }
            };
            if fits && self.inner.tally.count(position, hit) && !apply(fault) {
                return;
            }
        }
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
