//! Policies that volumes refer to.

use nessie_ontap_protocol::records::SNAPSHOT_POLICY;

use super::context::{HandlerResult, RequestContext, instance};

pub(crate) fn snapshot_policies(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SNAPSHOT_POLICY, true, &[])?;
    let svms = context.svms(&query, "svm")?;
    Ok(context.collection(&query, context.cluster.snapshot_policies_of(&svms)?))
}

pub(crate) fn snapshot_policy(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SNAPSHOT_POLICY, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let svms = context.svms(&query, "svm")?;
    let records = context.cluster.snapshot_policies_of(&svms)?;
    instance(&query, records.into_iter().find(|record| record.policy.uuid == uuid))
}
