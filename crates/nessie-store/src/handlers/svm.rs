//! SVMs and the objects that belong to one: IP interfaces, NFS services, `FPolicy` policies.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{
    AggregateRecord, FPOLICY_POLICY, IP_INTERFACE, NFS_SERVICE, NfsServiceRecord, SVM, SvmRecord,
};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};
use super::empty;
use crate::svm::SvmState;

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SVM, true, &[])?;
    let svms = context.svms(&query, "")?;
    let aggregates: Arc<[_]> = context.cluster.aggregates_now()?.into();
    let records = svms.into_iter().map(|svm| record(context, svm, &aggregates));
    Ok(context.collection(&query, records.collect()))
}

pub(crate) fn get(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SVM, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let found = context.svms(&query, "")?.into_iter().find(|svm| svm.svm_context.svm.uuid == uuid);
    let aggregates = context.cluster.aggregates_now()?.into();
    instance(&query, found.map(|svm| record(context, svm, &aggregates)))
}

fn record(
    context: &RequestContext<'_>,
    svm: &SvmState,
    aggregates: &Arc<[AggregateRecord]>,
) -> SvmRecord {
    SvmRecord {
        svm_context: Arc::clone(&svm.svm_context),
        aggregates: Arc::clone(aggregates),
        ipspace: context.cluster.ipspace.clone(),
    }
}

pub(crate) fn lifs(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IP_INTERFACE, true, &[])?;
    let svms = context.svms(&query, "svm")?;
    let is_theirs = |uuid| svms.iter().any(|svm| svm.svm_context.svm.uuid == uuid);
    let lifs = context.cluster.lifs.iter().filter(|lif| is_theirs(lif.svm_context.svm.uuid));
    Ok(context.collection(&query, lifs.cloned().collect()))
}

pub(crate) fn lif(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IP_INTERFACE, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let found = context.cluster.lifs.iter().find(|record| record.interface.uuid == uuid);
    instance(&query, found.cloned())
}

pub(crate) fn nfs_services(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&NFS_SERVICE, true, &[])?;
    let svms = context.svms(&query, "svm")?;
    let services =
        svms.iter().map(|svm| NfsServiceRecord { svm_context: Arc::clone(&svm.svm_context) });
    Ok(context.collection(&query, services.collect()))
}

pub(crate) fn nfs_service(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&NFS_SERVICE, false, &[])?;
    let svm = svm_of_path(context, &query)?;
    instance(&query, Some(NfsServiceRecord { svm_context: Arc::clone(&svm.svm_context) }))
}

pub(crate) fn fpolicy_policies(context: &RequestContext<'_>) -> HandlerResult {
    svm_of_path(context, &context.query(&FPOLICY_POLICY, true, &[])?)?;
    empty::collection(context, &FPOLICY_POLICY)
}

pub(crate) fn fpolicy_policy(context: &RequestContext<'_>) -> HandlerResult {
    svm_of_path(context, &context.query(&FPOLICY_POLICY, false, &[])?)?;
    empty::instance(context, &FPOLICY_POLICY, "name")
}

/// The SVM that the path names.
fn svm_of_path<'a, R>(
    context: &RequestContext<'a>,
    query: &Query<R>,
) -> Result<&'a SvmState, ApiError> {
    let uuid = context.path_variable(0).parse::<Uuid>().ok();
    let mut svms = context.svms(query, "svm")?.into_iter();
    let found = svms.find(|svm| Some(svm.svm_context.svm.uuid) == uuid);
    found.ok_or_else(|| ApiError::no_such_entry().about("svm.uuid"))
}
