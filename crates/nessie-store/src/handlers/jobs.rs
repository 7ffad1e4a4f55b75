//! Jobs.

use nessie_ontap_protocol::records::JOB;

use crate::call::{Answer, Call, instance};

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let query = call.query(&JOB, false, &[])?;
    let job = call.cluster.jobs.get(call.uuid(0)?, call.cluster.now());
    instance(&query, job)
}

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let query = call.query(&JOB, true, &[])?;
    Ok(call.collection(&query, call.cluster.jobs.list(call.cluster.now())))
}
