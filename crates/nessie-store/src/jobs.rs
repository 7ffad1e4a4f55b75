//! Jobs: what requests that change something turn into.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nessie_backend_core::{Timestamp, Uuid};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{JobRecord, SvmContext};

use crate::JobPace;

/// How long a job that has ended can be asked for.
const RETENTION: Duration = Duration::from_secs(300);
/// How many jobs are kept at most; the oldest go first.
const MAX_JOBS: usize = 100_000;

/// The jobs of the last minutes.
#[derive(Debug)]
pub(crate) struct Jobs {
    pace: JobPace,
    node: Arc<str>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    jobs: HashMap<Uuid, Job>,
    /// In order of creation.
    order: VecDeque<Uuid>,
    made: u64,
}

/// What a job does is done when it is made; the rest is how long it says otherwise.
#[derive(Debug)]
struct Job {
    description: String,
    outcome: Result<(), Arc<ApiError>>,
    results: Results,
    place: Option<Arc<SvmContext>>,
    owner: Option<Owner>,
    start: Timestamp,
    end: Option<Timestamp>,
    /// How often it has been asked for.
    asked: u32,
    position: u64,
}

/// A job to be.
pub(crate) struct NewJob {
    pub(crate) uuid: Uuid,
    pub(crate) description: String,
    pub(crate) outcome: Result<(), ApiError>,
    pub(crate) results: Results,
    pub(crate) place: Option<Arc<SvmContext>>,
    pub(crate) owner: Option<Owner>,
}

/// The SVM whose objects a job names, and the epoch of its backend in which the names hold. The
/// job is not shown in another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// The SVM's place among the SVMs.
    pub(crate) svm: usize,
    pub(crate) epoch: u64,
}

/// What became of each object that a bulk creation was to make.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    pub(crate) made: Vec<Uuid>,
    pub(crate) refusals: Vec<ApiError>,
}

impl Jobs {
    pub(crate) fn new(pace: JobPace, node: &str) -> Self {
        Self { pace, node: node.into(), table: Mutex::default() }
    }

    /// Whether jobs end when they are made.
    pub(crate) fn are_immediate(&self) -> bool {
        match self.pace {
            JobPace::Immediate | JobPace::Polls(0) => true,
            JobPace::Polls(_) => false,
            JobPace::After(duration) => duration.is_zero(),
        }
    }

    pub(crate) fn add(&self, new: NewJob, now: Timestamp) {
        let NewJob { uuid, description, outcome, results, place, owner } = new;
        let end = self.are_immediate().then_some(now);
        let outcome = outcome.map_err(Arc::new);
        let mut table = self.lock();
        table.forget(now);
        table.made += 1;
        let position = table.made;
        let start = now;
        let job =
            Job { description, outcome, results, place, owner, start, end, asked: 0, position };
        table.jobs.insert(uuid, job);
        table.order.push_back(uuid);
    }

    /// One job, as the client that asks for it finds it. `epochs` are those of the SVMs, in order.
    pub(crate) fn get(&self, uuid: Uuid, now: Timestamp, epochs: &[u64]) -> Option<JobRecord> {
        let mut table = self.lock();
        let job = table.jobs.get_mut(&uuid).filter(|job| job.is_of(epochs))?;
        if job.end.is_none() {
            job.asked = job.asked.saturating_add(1);
            job.proceed(self.pace, now);
        }
        (!job.is_over(now)).then(|| job.record(uuid, &self.node))
    }

    /// All jobs. A list counts as no question after any of them.
    pub(crate) fn list(&self, now: Timestamp, epochs: &[u64]) -> Vec<JobRecord> {
        let mut table = self.lock();
        table.forget(now);
        for job in table.jobs.values_mut() {
            job.proceed(self.pace, now);
        }
        let jobs = table.order.iter().filter_map(|uuid| Some((*uuid, table.jobs.get(uuid)?)));
        jobs.filter(|(_, job)| !job.is_over(now) && job.is_of(epochs))
            .map(|(uuid, job)| job.record(uuid, &self.node))
            .collect()
    }

    /// What a job made and what it could not; nothing where there is no such job.
    pub(crate) fn results(&self, uuid: Uuid, epochs: &[u64]) -> Option<Results> {
        let table = self.lock();
        table.jobs.get(&uuid).filter(|job| job.is_of(epochs)).map(|job| job.results.clone())
    }

    /// Whether a job says that it has not ended.
    pub(crate) fn is_under_way(&self, uuid: Uuid, now: Timestamp) -> bool {
        self.state_of(uuid, now) == Some(true)
    }

    /// Whether a job is under way; nothing where there is no such job.
    pub(crate) fn state_of(&self, uuid: Uuid, now: Timestamp) -> Option<bool> {
        let mut table = self.lock();
        let job = table.jobs.get_mut(&uuid)?;
        job.proceed(self.pace, now);
        (!job.is_over(now)).then_some(job.end.is_none())
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets jobs that are over, and the oldest of too many.
    fn forget(&mut self, now: Timestamp) {
        while let Some(uuid) = self.order.front() {
            let is_over = self.jobs.get(uuid).is_none_or(|job| job.is_over(now));
            if !is_over && self.order.len() < MAX_JOBS {
                return;
            }
            self.jobs.remove(uuid);
            self.order.pop_front();
        }
    }
}

impl Job {
    fn proceed(&mut self, pace: JobPace, now: Timestamp) {
        if self.end.is_some() {
            return;
        }
        self.end = match pace {
            JobPace::Immediate => Some(now),
            JobPace::Polls(polls) => (self.asked >= polls).then_some(now),
            JobPace::After(duration) => self.start.checked_add(duration).filter(|end| *end <= now),
        };
    }

    /// Whether its SVM is still in the epoch in which the job was made.
    fn is_of(&self, epochs: &[u64]) -> bool {
        self.owner.is_none_or(|owner| epochs.get(owner.svm) == Some(&owner.epoch))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let forgotten = self.end.and_then(|end| end.checked_add(RETENTION));
        forgotten.is_some_and(|forgotten| forgotten < now)
    }

    fn record(&self, uuid: Uuid, node: &Arc<str>) -> JobRecord {
        let (state, error) = match (&self.outcome, self.end) {
            (Ok(()), Some(_)) => ("success", None),
            (Err(error), Some(_)) => ("failure", Some(Arc::clone(error))),
            (_, None) if self.asked <= 1 => ("queued", None),
            (_, None) => ("running", None),
        };
        JobRecord {
            uuid,
            description: self.description.clone(),
            state,
            error,
            start_time: self.start,
            end_time: self.end,
            svm_context: self.place.clone(),
            node: Arc::clone(node),
            position: self.position,
        }
    }
}
