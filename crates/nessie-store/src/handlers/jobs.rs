//! Jobs.

use nessie_ontap_protocol::records::{JOB, JobRecord};
use nessie_ontap_protocol::{ApiError, Body, Method};

use super::context::{HandlerResult, RequestContext, instance};
use super::operation_query::OperationQuery;

pub(crate) fn get(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<JobRecord> = OperationQuery::new(&JOB, false, &[]);
    let query = QUERY.of(context)?;
    let job =
        context.cluster.jobs.get(context.path_uuid(0)?, context.cluster.now(), &context.epochs);
    instance(&query, job)
}

/// No job can be paused or cancelled: its work is finished before it exists.
pub(crate) fn patch(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&JOB, false, &["action"])?;
    Body::parse(context.request.body)?.check(&JOB, Method::Patch)?;
    let Some(action) = query.parameter_word("action", &["cancel", "pause", "resume"])? else {
        let message = "The request lacks the parameter action: cancel, pause or resume.";
        return Err(ApiError::new(400, 262_212, message).about("action"));
    };
    let under_way = context.cluster.jobs.is_running(context.path_uuid(0)?, context.cluster.now());
    let (code, why) = match (under_way, action) {
        (None, _) => return Err(ApiError::no_such_entry()),
        (Some(false), _) => (458_762, "has ended"),
        (Some(true), "resume") => (458_771, "is running"),
        (Some(true), "pause") => (458_783, "cannot be paused"),
        (Some(true), _) => (458_784, "cannot be cancelled"),
    };
    let message = format!("The action {action:?} is refused: the job {why}.");
    Err(ApiError::new(409, code, message).about("action"))
}

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&JOB, true, &[])?;
    Ok(context
        .collection(&query, context.cluster.jobs.list(context.cluster.now(), &context.epochs)))
}
