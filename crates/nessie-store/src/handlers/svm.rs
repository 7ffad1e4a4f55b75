//! Objects of SVMs that no request changes: IP interfaces (LIFs), `FPolicy` policies.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{FPOLICY_POLICY, IP_INTERFACE, IpInterfaceRecord};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};
use super::empty;
use crate::svm::SvmState;

pub(crate) fn lifs(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IP_INTERFACE, true, &[])?;
    Ok(context.collection(&query, lifs_of(context, &query)?))
}

pub(crate) fn lif(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IP_INTERFACE, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let lifs = lifs_of(context, &query)?;
    instance(&query, lifs.into_iter().find(|record| record.interface.uuid == uuid))
}

/// The LIFs of the SVMs of a request.
fn lifs_of(
    context: &RequestContext<'_>,
    query: &Query<IpInterfaceRecord>,
) -> Result<Vec<IpInterfaceRecord>, ApiError> {
    let svms = context.svms(query, "svm")?;
    let of_svm = |lif: &IpInterfaceRecord| {
        let uuid = lif.svm_context.svm.uuid;
        let svm = svms.iter().find(|svm| svm.svm_context.svm.uuid == uuid)?;
        let (svm_context, is_up) = (Arc::clone(&svm.svm_context), svm.is_running());
        Some(IpInterfaceRecord { svm_context, is_up, ..lif.clone() })
    };
    Ok(context.cluster.lifs.iter().filter_map(of_svm).collect())
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
