//! Collections that are always empty.

use nessie_ontap_protocol::records::{
    APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLUSTER_PEER, DISK, DNS, KEY_MANAGER, LUN, NoRecord,
    QOS_POLICY, QTREE, SNAPMIRROR, SVM_PEER,
};
use nessie_ontap_protocol::{ApiError, Body, Schema, reply};

use super::context::{HandlerResult, RequestContext};
use crate::Response;

pub(crate) fn peers(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &SVM_PEER)
}

pub(crate) fn peer(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &SVM_PEER, "uuid")
}

pub(crate) fn luns(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &LUN)
}

pub(crate) fn lun(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &LUN, "uuid")
}

pub(crate) fn qtrees(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &QTREE)
}

pub(crate) fn qtree(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &QTREE, "id")
}

pub(crate) fn disks(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &DISK)
}

pub(crate) fn disk(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &DISK, "name")
}

pub(crate) fn qos_policies(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &QOS_POLICY)
}

pub(crate) fn qos_policy(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &QOS_POLICY, "uuid")
}

pub(crate) fn relationships(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &SNAPMIRROR)
}

pub(crate) fn relationship(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &SNAPMIRROR, "uuid")
}

pub(crate) fn key_managers(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &KEY_MANAGER)
}

pub(crate) fn key_manager(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &KEY_MANAGER, "uuid")
}

pub(crate) fn cluster_peers(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &CLUSTER_PEER)
}

pub(crate) fn cluster_peer(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &CLUSTER_PEER, "uuid")
}

pub(crate) fn dns(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &DNS)
}

pub(crate) fn dns_of_svm(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &DNS, "svm.uuid")
}

pub(crate) fn cifs_services(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &CIFS_SERVICE)
}

pub(crate) fn cifs_service(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &CIFS_SERVICE, "svm.uuid")
}

pub(crate) fn cifs_shares(context: &RequestContext<'_>) -> HandlerResult {
    collection(context, &CIFS_SHARE)
}

pub(crate) fn cifs_share(context: &RequestContext<'_>) -> HandlerResult {
    instance(context, &CIFS_SHARE, "name")
}

pub(super) fn collection(
    context: &RequestContext<'_>,
    schema: &'static Schema<NoRecord>,
) -> HandlerResult {
    let query = context.query(schema, true, &[])?;
    context.tunnel()?;
    Ok(context.collection(&query, Vec::new()))
}

/// The error for any object of an empty collection. `key` is the path variable that identifies it.
pub(super) fn instance(
    context: &RequestContext<'_>,
    schema: &'static Schema<NoRecord>,
    key: &'static str,
) -> HandlerResult {
    context.query(schema, false, &[])?;
    context.tunnel()?;
    Err(ApiError::no_such_entry().about(key))
}

/// A message for the event log. It is checked and dropped: no request reads the log.
pub(crate) fn application_log(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&APPLICATION_LOG, true, &[])?;
    let body = Body::parse(context.request.body)?;
    let unknown = body.paths().find(|path| APPLICATION_LOG.field(path).is_none());
    if let Some(path) = unknown {
        return Err(ApiError::unexpected_argument(path));
    }
    let records: &[NoRecord] = &[];
    let body = if query.return_records {
        reply::records(&query.selection, records)
    } else {
        b"{}".to_vec()
    };
    Ok(Response::json(201, body))
}
