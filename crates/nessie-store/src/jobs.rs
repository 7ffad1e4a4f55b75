//! Jobs, which report the results of changes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nessie_backend_core::{Timestamp, Uuid};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{JobRecord, SvmContext};

use crate::JobCompletion;
use crate::http_faults::{FaultyJob, HttpFaultPlan};
use crate::svms::Epochs;

/// How long a completed job is kept.
const RETENTION: Duration = Duration::from_secs(300);
/// How many jobs are kept at most. The oldest are removed first.
const MAX_JOBS: usize = 100_000;

/// The jobs of the last minutes.
#[derive(Debug)]
pub(crate) struct Jobs {
    completion: JobCompletion,
    node: Arc<str>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    jobs: HashMap<Uuid, Job>,
    /// In order of creation.
    order: VecDeque<Uuid>,
    created: u64,
}

/// The work is finished before the job exists; the job only simulates progress.
#[derive(Debug)]
struct Job {
    description: String,
    outcome: Result<(), Arc<ApiError>>,
    results: Results,
    svm_context: Option<Arc<SvmContext>>,
    owner: Option<Owner>,
    /// The faults that keep it running while they are installed.
    held_by: Option<HttpFaultPlan>,
    start: Timestamp,
    end: Option<Timestamp>,
    /// How often clients have read it.
    polls: u32,
    position: u64,
}

/// A job to add.
pub(crate) struct NewJob {
    pub(crate) uuid: Uuid,
    pub(crate) description: String,
    pub(crate) outcome: Result<(), ApiError>,
    pub(crate) results: Results,
    pub(crate) svm_context: Option<Arc<SvmContext>>,
    pub(crate) owner: Option<Owner>,
    pub(crate) fault: Option<FaultyJob>,
}

/// The SVM whose objects a job refers to, and the epoch of its backend. The job is not shown in a
/// later epoch; it stays if the SVM is deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// The UUID of the SVM.
    pub(crate) svm: Uuid,
    pub(crate) epoch: u64,
}

/// The results of a creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    /// The paths of the objects.
    pub(crate) created: Vec<String>,
    pub(crate) refusals: Vec<ApiError>,
}

impl Jobs {
    pub(crate) fn new(completion: JobCompletion, node: &str) -> Self {
        Self { completion, node: node.into(), table: Mutex::default() }
    }

    /// Whether jobs are complete from the start.
    pub(crate) fn are_immediate(&self) -> bool {
        match self.completion {
            JobCompletion::Immediate | JobCompletion::Polls(0) => true,
            JobCompletion::Polls(_) => false,
            JobCompletion::After(duration) => duration.is_zero(),
        }
    }

    pub(crate) fn add(&self, new: NewJob, now: Timestamp) {
        let NewJob { uuid, description, outcome, results, svm_context, owner, fault } = new;
        let (outcome, held_by) = match fault {
            None => (outcome, None),
            Some(FaultyJob::Failure) => (outcome.and_then(|()| Err(failed_later())), None),
            Some(FaultyJob::Running(plan)) => (outcome, Some(plan)),
        };
        let end = (held_by.is_none() && self.are_immediate()).then_some(now);
        let outcome = outcome.map_err(Arc::new);
        let mut table = self.lock();
        table.evict(now);
        table.created += 1;
        let position = table.created;
        let start = now;
        let job = Job {
            description,
            outcome,
            results,
            svm_context,
            owner,
            held_by,
            start,
            end,
            polls: 0,
            position,
        };
        table.jobs.insert(uuid, job);
        table.order.push_back(uuid);
    }

    /// Reads one job, which counts as a poll.
    pub(crate) fn get(&self, uuid: Uuid, now: Timestamp, epochs: &Epochs) -> Option<JobRecord> {
        let mut table = self.lock();
        let job = table.jobs.get_mut(&uuid).filter(|job| job.is_current(epochs))?;
        if job.end.is_none() {
            job.polls = job.polls.saturating_add(1);
            job.update(self.completion, now);
        }
        (!job.is_expired(now)).then(|| job.record(uuid, &self.node))
    }

    /// Lists all jobs. This does not count as a poll of any job.
    pub(crate) fn list(&self, now: Timestamp, epochs: &Epochs) -> Vec<JobRecord> {
        let mut table = self.lock();
        table.evict(now);
        for job in table.jobs.values_mut() {
            job.update(self.completion, now);
        }
        let jobs = table.order.iter().filter_map(|uuid| Some((*uuid, table.jobs.get(uuid)?)));
        jobs.filter(|(_, job)| !job.is_expired(now) && job.is_current(epochs))
            .map(|(uuid, job)| job.record(uuid, &self.node))
            .collect()
    }

    /// Ends a job that is not complete with an error.
    pub(crate) fn fail(&self, uuid: Uuid, error: ApiError, now: Timestamp) {
        let mut table = self.lock();
        if let Some(job) = table.jobs.get_mut(&uuid).filter(|job| job.end.is_none()) {
            job.outcome = Err(Arc::new(error));
            job.end = Some(now);
        }
    }

    /// The results of a job; `None` if there is no such job.
    pub(crate) fn results(&self, uuid: Uuid, epochs: &Epochs) -> Option<Results> {
        let table = self.lock();
        table.jobs.get(&uuid).filter(|job| job.is_current(epochs)).map(|job| job.results.clone())
    }

    /// Whether a job reports that it is not complete; `None` if there is no such job.
    pub(crate) fn is_running(&self, uuid: Uuid, now: Timestamp) -> Option<bool> {
        let mut table = self.lock();
        let job = table.jobs.get_mut(&uuid)?;
        job.update(self.completion, now);
        (!job.is_expired(now)).then_some(job.end.is_none())
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a job that fails although its change has succeeded.
fn failed_later() -> ApiError {
    let message = "The job was hit by a fault. Its change was made before.";
    ApiError::new(500, 65_541, message)
}

impl Table {
    /// Removes expired jobs, and the oldest ones if there are too many.
    fn evict(&mut self, now: Timestamp) {
        while let Some(uuid) = self.order.front() {
            let is_over = self.jobs.get(uuid).is_none_or(|job| job.is_expired(now));
            if !is_over && self.order.len() < MAX_JOBS {
                return;
            }
            self.jobs.remove(uuid);
            self.order.pop_front();
        }
    }
}

impl Job {
    fn update(&mut self, completion: JobCompletion, now: Timestamp) {
        let is_held = self.held_by.as_ref().is_some_and(HttpFaultPlan::is_installed);
        if is_held || self.end.is_some() {
            return;
        }
        self.end = match completion {
            JobCompletion::Immediate => Some(now),
            JobCompletion::Polls(needed) => (self.polls >= needed).then_some(now),
            JobCompletion::After(duration) => {
                self.start.checked_add(duration).filter(|end| *end <= now)
            }
        };
    }

    /// Whether the SVM, if it still exists, is in the epoch in which the job was created.
    fn is_current(&self, epochs: &Epochs) -> bool {
        let now = self.owner.and_then(|owner| Some((owner.epoch, epochs.of_svm(owner.svm)?)));
        now.is_none_or(|(then, now)| then == now)
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        let forgotten = self.end.and_then(|end| end.checked_add(RETENTION));
        forgotten.is_some_and(|forgotten| forgotten < now)
    }

    fn record(&self, uuid: Uuid, node: &Arc<str>) -> JobRecord {
        let (state, error) = match (&self.outcome, self.end) {
            (Ok(()), Some(_)) => ("success", None),
            (Err(error), Some(_)) => ("failure", Some(Arc::clone(error))),
            (_, None) if self.polls <= 1 => ("queued", None),
            (_, None) => ("running", None),
        };
        JobRecord {
            uuid,
            description: self.description.clone(),
            state,
            error,
            start_time: self.start,
            end_time: self.end,
            svm_context: self.svm_context.clone(),
            node: Arc::clone(node),
            position: self.position,
        }
    }
}
