//! Jobs.

use nessie_ontap_protocol::records::JOB;
use nessie_ontap_protocol::{ApiError, Body, Method};

use crate::call::{Answer, Call, instance};

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let query = call.query(&JOB, false, &[])?;
    let job = call.cluster.jobs.get(call.uuid(0)?, call.cluster.now(), &call.epochs);
    instance(&query, job)
}

/// No job can be paused or cancelled: what it does is done when it is made.
pub(crate) fn patch(call: &Call<'_>) -> Answer {
    let query = call.query(&JOB, false, &["action"])?;
    Body::parse(call.request.body)?.check(&JOB, Method::Patch)?;
    let Some(action) = query.parameter_word("action", &["cancel", "pause", "resume"])? else {
        let message = "The request lacks the parameter action: cancel, pause or resume.";
        return Err(ApiError::new(400, 262_212, message).about("action"));
    };
    let under_way = call.cluster.jobs.state_of(call.uuid(0)?, call.cluster.now());
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

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let query = call.query(&JOB, true, &[])?;
    Ok(call.collection(&query, call.cluster.jobs.list(call.cluster.now(), &call.epochs)))
}
