//! Policies that volumes refer to.

use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{EXPORT_RULE, SNAPSHOT_POLICY, SvmContext};

use super::context::{HandlerResult, RequestContext, instance};
use super::empty;
use crate::svm::SvmState;

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

pub(crate) fn export_rules(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&EXPORT_RULE, true, &[])?;
    let svms = context.svms(&query, "svm")?;
    svm_context_of_policy(context, &svms)?;
    Ok(context.collection(&query, Vec::new()))
}

pub(crate) fn export_rule(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&EXPORT_RULE, false, &[])?;
    svm_context_of_policy(context, &context.svms(&query, "svm")?)?;
    empty::instance(context, &EXPORT_RULE, "index")
}

/// The SVM whose export policy has the number in the path.
fn svm_context_of_policy(
    context: &RequestContext<'_>,
    svms: &[&SvmState],
) -> Result<Arc<SvmContext>, ApiError> {
    let found = context.path_variable(0).parse().ok().and_then(|id: u64| {
        svms.iter()
            .map(|svm| &svm.svm_context)
            .find(|svm_context| svm_context.export_policy_id(1) == id)
    });
    found.cloned().ok_or_else(|| ApiError::no_such_entry().about("id"))
}
