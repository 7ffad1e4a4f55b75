//! Faults of requests: what clients must survive.

mod body;
mod fault;
mod plan;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nessie_backend_core::Timestamp;
use nessie_backend_faults::When;

#[cfg(feature = "simulator")]
pub(crate) use self::body::{
    HTTP_FIELDS, SELECTION_FIELDS, check_fields, delay, http_fault, seconds, selection,
};
pub use self::fault::{HttpAction, HttpFault, JobFault};
pub use self::plan::{HttpEffect, HttpFaultPlan, HttpHit};

use self::fault::Stage;

/// The faults of a cluster's requests. Without any, a request takes one branch more.
#[derive(Debug)]
pub(crate) struct HttpFaults {
    seed: u64,
    is_active: AtomicBool,
    plans: Mutex<Arc<[HttpFaultPlan]>>,
}

/// What happens to the job of a request.
#[derive(Clone, Debug)]
pub(crate) enum FaultyJob {
    /// It fails.
    Failure,
    /// It runs until these faults are removed.
    Running(HttpFaultPlan),
}

impl HttpFaults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, is_active: AtomicBool::new(false), plans: Mutex::new(Arc::new([])) }
    }

    #[cfg(feature = "simulator")]
    pub(crate) const fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    pub(crate) fn inject(&self, faults: impl IntoIterator<Item = HttpFault>) -> HttpFaultPlan {
        let plan = HttpFaultPlan::new(faults, self.seed);
        self.change(|plans| plans.push(plan.clone()));
        plan
    }

    pub(crate) fn remove(&self, plan: &HttpFaultPlan) {
        self.change(|plans| {
            plans.retain(|other| !other.is(plan));
            plan.set_removed();
        });
    }

    /// What happens to a request before or after it is handled.
    pub(crate) fn effect(
        &self,
        when: When,
        method: &str,
        target: &str,
        now: impl FnOnce() -> Timestamp,
    ) -> HttpEffect {
        let mut effect = HttpEffect::default();
        if !self.is_active() || is_simulator(target) {
            return effect;
        }
        let stage = match when {
            When::Before => Stage::Before,
            When::After => Stage::After,
        };
        let time = now();
        for plan in &*self.plans() {
            if effect.action.is_some() {
                break;
            }
            plan.decide(stage, method, path_of(target), time, &mut effect);
        }
        effect
    }

    /// What happens to the job of a request whose change has succeeded.
    pub(crate) fn job(
        &self,
        method: &str,
        target: &str,
        now: impl FnOnce() -> Timestamp,
    ) -> Option<FaultyJob> {
        if !self.is_active() {
            return None;
        }
        let time = now();
        self.plans().iter().find_map(|plan| {
            Some(match plan.decide_job(method, path_of(target), time)? {
                JobFault::Failure => FaultyJob::Failure,
                JobFault::Running => FaultyJob::Running(plan.clone()),
            })
        })
    }

    fn plans(&self) -> Arc<[HttpFaultPlan]> {
        // A panic leaves the list valid.
        Arc::clone(&self.plans.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<HttpFaultPlan>)) {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = plans.to_vec();
        change(&mut changed);
        self.is_active.store(!changed.is_empty(), Ordering::Relaxed);
        *plans = changed.into();
    }
}

/// The path of a target.
fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// Whether a request is one to the simulator itself, not to the simulated cluster.
pub(crate) fn is_simulator(target: &str) -> bool {
    let rest = path_of(target).trim_start_matches('/').strip_prefix("simulator");
    target.starts_with('/') && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for JobFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failure => "failure",
            Self::Running => "running",
        })
    }
}
