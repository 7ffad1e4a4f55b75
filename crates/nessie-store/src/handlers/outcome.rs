//! The outcomes of changes, and the replies and jobs that report them.
//!
//! A change has succeeded or failed before its request is answered. A client that waits
//! (`return_timeout`) gets the result; any other client gets a job that reports it.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::SvmContext;
use nessie_ontap_protocol::{ApiError, Body, Page, Query, Schema, reply};

use super::context::{HandlerResult, RequestContext};
use crate::Response;
use crate::http_faults::FaultyJob;
use crate::jobs::{NewJob, Results};

/// The outcome of a change of one object.
pub(crate) struct Outcome<R> {
    /// The UUID of the job, if the reply is a job.
    pub(crate) job: Uuid,
    /// The path of the object.
    pub(crate) path: String,
    pub(crate) svm_context: Option<Arc<SvmContext>>,
    /// The object after the change, or before its deletion.
    pub(crate) result: Result<R, ApiError>,
}

impl<R> Outcome<R> {
    /// The outcome of a change that is refused before its object is read.
    pub(crate) fn refused(context: &RequestContext<'_>, path: String, error: ApiError) -> Self {
        Self { job: context.cluster.ids.next(), path, svm_context: None, result: Err(error) }
    }

    fn into_job(
        self,
        context: &RequestContext<'_>,
        results: Results,
        fault: Option<FaultyJob>,
    ) -> (Uuid, Option<R>) {
        let Self { job, path, svm_context, result } = self;
        let (outcome, record) = match result {
            Ok(record) => (Ok(()), Some(record)),
            Err(error) => (Err(error), None),
        };
        let description = context.job_description(&path);
        let owner = svm_context.as_deref().and_then(|svm_context| context.job_owner(svm_context));
        let job = NewJob { uuid: job, description, outcome, results, svm_context, owner, fault };
        let uuid = job.uuid;
        context.cluster.jobs.add(job, context.cluster.now());
        (uuid, record)
    }
}

/// A kind of object that requests create, change and delete.
pub(crate) struct ObjectKind<R: 'static> {
    pub(crate) schema: &'static Schema<R>,
    /// The SVM that the object belongs to; `None` if it belongs to the cluster.
    pub(crate) svm_context: fn(&R) -> Option<&Arc<SvmContext>>,
    /// Whether the reply to a change always has its result, and never a job. Only if a request changes
    /// some objects and fails for others, jobs report which.
    pub(crate) is_synchronous: bool,
}

impl<R> ObjectKind<R> {
    /// Whether the reply to a change has its result, if no fault of jobs hits the request.
    fn replies_with_result(&self, context: &RequestContext<'_>, query: &Query<R>) -> bool {
        self.is_synchronous || context.client_waits(query)
    }

    /// What happens to the job of a change that has succeeded.
    fn job_fault(&self, context: &RequestContext<'_>, has_succeeded: bool) -> Option<FaultyJob> {
        if self.is_synchronous { None } else { context.job_fault(has_succeeded) }
    }
}

/// The reply to the creation of one object.
pub(crate) fn reply_created<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
    mut outcome: Outcome<R>,
    kind: &ObjectKind<R>,
) -> HandlerResult {
    if let Ok(record) = &outcome.result {
        outcome.path = (kind.schema.href)(record);
    }
    let location = ("Location", outcome.path.clone());
    let fault = kind.job_fault(context, outcome.result.is_ok());
    let mut response = if fault.is_none() && kind.replies_with_result(context, query) {
        Response::json(201, records(query, &[outcome.result?]))
    } else {
        let created = outcome.result.as_ref().map(kind.schema.href).ok().into_iter().collect();
        let results = Results { created, refusals: Vec::new() };
        let (job, record) = outcome.into_job(context, results, fault);
        Response::json(202, job_and_records(query, job, record.as_slice()))
    };
    response.headers.push(location);
    Ok(response)
}

/// The reply to the creation of several objects. They are created in order, and the first failure
/// ends the request unless `continue_on_failure` is set. If some were created and others failed, a
/// job reports which, even to a client that waits.
pub(crate) fn reply_created_many<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
    svm_context: Option<Arc<SvmContext>>,
    outcomes: Vec<Result<R, ApiError>>,
    kind: &ObjectKind<R>,
) -> HandlerResult {
    let mut made = Vec::new();
    let mut refusals = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(record) => made.push(record),
            Err(error) => refusals.push(error),
        }
    }
    let fault = kind.job_fault(context, !made.is_empty() && refusals.is_empty());
    let has_result = kind.replies_with_result(context, query);
    if fault.is_none() && has_result && (made.is_empty() || refusals.is_empty()) {
        return match refusals.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(Response::json(201, records(query, &made))),
        };
    }
    let outcome = Outcome {
        job: context.cluster.ids.next(),
        path: format!("/{}", context.url.segments.join("/")),
        svm_context,
        result: refusals.first().map_or(Ok(()), |error| Err(error.clone())),
    };
    let results = Results { created: made.iter().map(kind.schema.href).collect(), refusals };
    let (job, _) = outcome.into_job(context, results, fault);
    let shown = query.return_records.then_some((&query.selection, made.as_slice()));
    Ok(Response::json(202, reply::bulk_job(context.url, job, shown)))
}

/// The reply to the change or deletion of one object.
pub(crate) fn reply_changed<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
    outcome: Outcome<R>,
    kind: &ObjectKind<R>,
) -> HandlerResult {
    let fault = kind.job_fault(context, outcome.result.is_ok());
    if fault.is_none() && kind.replies_with_result(context, query) {
        return Ok(Response::json(200, records(query, &[outcome.result?])));
    }
    let (job, record) = outcome.into_job(context, Results::default(), fault);
    Ok(Response::json(202, job_and_records(query, job, record.as_slice())))
}

/// The reply to the change or deletion of one page of the objects that match. `max_records` limits
/// the page, and the link `next` leads to the next one.
pub(crate) fn reply_changed_page<R>(
    context: &RequestContext<'_>,
    query: &Query<R>,
    mut targets: Vec<R>,
    kind: &ObjectKind<R>,
    change: impl Fn(R) -> Outcome<R>,
) -> HandlerResult {
    targets.retain(|record| query.filter.matches(record));
    let page = Page::of(targets, query);
    let next = reply::next_href(context.url, &page);
    reply_changed_many(context, query, page.records, next, kind, change)
}

/// The reply to the change or deletion of several objects. They are changed in order, and the first
/// failure ends the request and its further pages unless `continue_on_failure` is set. If some
/// failed and others were changed or are on the next page, jobs report which, even to a client that
/// waits.
pub(crate) fn reply_changed_many<R, T>(
    context: &RequestContext<'_>,
    query: &Query<R>,
    targets: Vec<T>,
    mut next: Option<String>,
    kind: &ObjectKind<R>,
    mut change: impl FnMut(T) -> Outcome<R>,
) -> HandlerResult {
    let mut outcomes = Vec::new();
    for target in targets {
        let outcome = change(target);
        let refused = outcome.result.is_err();
        outcomes.push(outcome);
        if refused && !query.continue_on_failure {
            next = None;
            break;
        }
    }
    let next = next.as_deref();
    let refused = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let is_mixed = refused > 0 && (refused < outcomes.len() || next.is_some());
    let fault = kind.job_fault(context, refused < outcomes.len());
    let has_result = kind.replies_with_result(context, query);
    let mut response = if fault.is_none() && has_result && !is_mixed {
        let outcomes: Result<Vec<R>, _> =
            outcomes.into_iter().map(|outcome| outcome.result).collect();
        let shown = query.return_records.then_some(&query.selection);
        Response::json(200, reply::changed(context.url, shown, &outcomes?, next))
    } else {
        let jobs: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| {
                let fault = fault.clone().filter(|_| outcome.result.is_ok());
                outcome.into_job(context, Results::default(), fault).0
            })
            .collect();
        let status = if jobs.is_empty() { 200 } else { 202 };
        Response::json(status, reply::jobs(context.url, &jobs, next))
    };
    if let Some(next) = next {
        response.headers.push(("Link", reply::link(next)));
    }
    Ok(response)
}

/// Refuses a filter: a request with `records` names its objects in them.
pub(crate) fn check_no_filter<R>(query: &Query<R>) -> Result<(), ApiError> {
    if query.filter.is_empty() {
        return Ok(());
    }
    let message = "The request has records, which name the objects: it takes no filter.";
    Err(ApiError::new(400, 262_210, message))
}

/// Removes the UUID of the object from a record of `records`, and returns it.
pub(crate) fn take_uuid(body: &mut Body) -> Result<Uuid, ApiError> {
    let uuid = body.uuid("uuid")?.ok_or_else(|| {
        ApiError::new(400, 262_212, "A record lacks the uuid of its object.").about("uuid")
    })?;
    body.remove("uuid");
    Ok(uuid)
}

/// Refuses fields other than those that identify the object to delete.
pub(crate) fn check_empty(body: &Body) -> Result<(), ApiError> {
    body.paths().next().map_or(Ok(()), |path| Err(ApiError::unexpected_argument(path)))
}

/// Refuses a change of a collection without a filter.
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
