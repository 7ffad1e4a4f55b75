//! What came of a change: the reply, or the job that tells.
//!
//! Everything is done, or refused, when the request is answered. A client that says that it waits
//! (`return_timeout`) gets the outcome; any other one gets a job that has it.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Body, Page, Query, Schema, reply};

use crate::Response;
use crate::call::{Answer, Call};
use crate::jobs::{NewJob, Results};

/// The outcome of a change of one object.
pub(crate) struct Fate<R> {
    /// The identifier of the job that tells, if one does.
    pub(crate) job: Uuid,
    /// The path of the object.
    pub(crate) path: String,
    pub(crate) place: Option<Arc<SvmContext>>,
    /// The object as it is then, or was when it was deleted.
    pub(crate) outcome: Result<R, ApiError>,
}

impl<R> Fate<R> {
    /// What comes of a change that is refused before its object is looked at.
    pub(crate) fn refused(call: &Call<'_>, path: String, error: ApiError) -> Self {
        Self { job: call.cluster.ids.next(), path, place: None, outcome: Err(error) }
    }

    fn record(self, call: &Call<'_>, results: Results) -> (Uuid, Option<R>) {
        let Self { job, path, place, outcome } = self;
        let (outcome, record) = match outcome {
            Ok(record) => (Ok(()), Some(record)),
            Err(error) => (Err(error), None),
        };
        let description = call.description(&path);
        let owner = place.as_deref().and_then(|place| call.owner(place));
        let job = NewJob { uuid: job, description, outcome, results, place, owner };
        let uuid = job.uuid;
        call.cluster.jobs.add(job, call.cluster.now());
        (uuid, record)
    }
}

/// The reply to the creation of one object.
pub(crate) fn made<R>(
    call: &Call<'_>,
    query: &Query<R>,
    mut fate: Fate<R>,
    of: &Made<R>,
) -> Answer {
    if let Ok(record) = &fate.outcome {
        fate.path = (of.schema.href)(record);
    }
    let location = ("Location", fate.path.clone());
    let mut response = if call.waits(query) {
        Response::json(201, records(query, &[fate.outcome?]))
    } else {
        let made = fate.outcome.as_ref().map(of.uuid).ok().into_iter().collect();
        let (job, record) = fate.record(call, Results { made, refusals: Vec::new() });
        Response::json(202, job_and_records(query, job, record.as_slice()))
    };
    response.headers.push(location);
    Ok(response)
}

/// What is known of a kind of object that is made.
pub(crate) struct Made<R: 'static> {
    pub(crate) schema: &'static Schema<R>,
    pub(crate) uuid: fn(&R) -> Uuid,
}

/// The reply to the creation of several objects. They are made one after the other; the first
/// refusal ends it, unless the client wants to go on. Where some were made and others refused, a
/// job tells which, also to a client that waits.
pub(crate) fn all_made<R>(
    call: &Call<'_>,
    query: &Query<R>,
    place: Option<Arc<SvmContext>>,
    outcomes: Vec<Result<R, ApiError>>,
    of: &Made<R>,
) -> Answer {
    let mut made = Vec::new();
    let mut refusals = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(record) => made.push(record),
            Err(error) => refusals.push(error),
        }
    }
    if call.waits(query) && (made.is_empty() || refusals.is_empty()) {
        return match refusals.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(Response::json(201, records(query, &made))),
        };
    }
    let fate = Fate {
        job: call.cluster.ids.next(),
        path: format!("/{}", call.url.segments.join("/")),
        place,
        outcome: refusals.first().map_or(Ok(()), |error| Err(error.clone())),
    };
    let (job, _) =
        fate.record(call, Results { made: made.iter().map(of.uuid).collect(), refusals });
    let shown = query.return_records.then_some((&query.selection, made.as_slice()));
    Ok(Response::json(202, reply::bulk_job(call.url, job, shown)))
}

/// The reply to the change or deletion of one object.
pub(crate) fn changed<R>(call: &Call<'_>, query: &Query<R>, fate: Fate<R>) -> Answer {
    if call.waits(query) {
        return Ok(Response::json(200, records(query, &[fate.outcome?])));
    }
    let (job, record) = fate.record(call, Results::default());
    Ok(Response::json(202, job_and_records(query, job, record.as_slice())))
}

/// The reply to the change or deletion of a page of the objects that match. `max_records` says how
/// many a page has at most, and the link `next` leads to the others.
pub(crate) fn page_changed<R>(
    call: &Call<'_>,
    query: &Query<R>,
    mut targets: Vec<R>,
    change: impl Fn(R) -> Fate<R>,
) -> Answer {
    targets.retain(|record| query.filter.matches(record));
    let page = Page::of(targets, query);
    let next = reply::next_href(call.url, &page);
    all_changed(call, query, page.records, next, change)
}

/// The reply to the change or deletion of several objects. They are taken in order; the first
/// refusal ends it, also for the pages that follow, unless the client wants to go on. Where some
/// were refused and others were changed or follow on the next page, jobs tell which, also to a
/// client that waits.
pub(crate) fn all_changed<R, T>(
    call: &Call<'_>,
    query: &Query<R>,
    targets: Vec<T>,
    mut next: Option<String>,
    change: impl Fn(T) -> Fate<R>,
) -> Answer {
    let mut fates = Vec::new();
    for target in targets {
        let fate = change(target);
        let refused = fate.outcome.is_err();
        fates.push(fate);
        if refused && !query.continue_on_failure {
            next = None;
            break;
        }
    }
    let next = next.as_deref();
    let refused = fates.iter().filter(|fate| fate.outcome.is_err()).count();
    let is_mixed = refused > 0 && (refused < fates.len() || next.is_some());
    let mut response = if call.waits(query) && !is_mixed {
        let outcomes: Result<Vec<R>, _> = fates.into_iter().map(|fate| fate.outcome).collect();
        let shown = query.return_records.then_some(&query.selection);
        Response::json(200, reply::changed(call.url, shown, &outcomes?, next))
    } else {
        let jobs: Vec<_> =
            fates.into_iter().map(|fate| fate.record(call, Results::default()).0).collect();
        let status = if jobs.is_empty() { 200 } else { 202 };
        Response::json(status, reply::jobs(call.url, &jobs, next))
    };
    if let Some(next) = next {
        response.headers.push(("Link", reply::link(next)));
    }
    Ok(response)
}

/// A request with records names its objects in them.
pub(crate) fn check_no_filter<R>(query: &Query<R>) -> Result<(), ApiError> {
    if query.filter.is_empty() {
        return Ok(());
    }
    let message = "The request has records, which name the objects: it takes no filter.";
    Err(ApiError::new(400, 262_210, message))
}

/// The identifier of the object that one of several records is about. Nothing of it is left in
/// the body.
pub(crate) fn take_uuid(body: &mut Body) -> Result<Uuid, ApiError> {
    let uuid = body.uuid("uuid")?.ok_or_else(|| {
        ApiError::new(400, 262_212, "A record lacks the uuid of its object.").about("uuid")
    })?;
    body.remove("uuid");
    Ok(uuid)
}

/// Refuses what a record of a deletion has beside the names of its object.
pub(crate) fn check_empty(body: &Body) -> Result<(), ApiError> {
    body.paths().next().map_or(Ok(()), |path| Err(ApiError::unexpected_argument(path)))
}

/// A change of all objects needs a filter.
pub(crate) fn check_filter<R>(query: &Query<R>) -> Result<(), ApiError> {
    if query.filter.is_empty() {
        let message = "A change of a collection needs a filter.";
        return Err(ApiError::new(400, 262_212, message));
    }
    Ok(())
}

fn records<R>(query: &Query<R>, records: &[R]) -> Vec<u8> {
    if query.return_records { reply::records(&query.selection, records) } else { b"{}".to_vec() }
}

fn job_and_records<R>(query: &Query<R>, job: Uuid, records: &[R]) -> Vec<u8> {
    reply::job(job, query.return_records.then_some((&query.selection, records)))
}
