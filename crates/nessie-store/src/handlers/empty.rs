//! Collections that are always empty.

use nessie_ontap_protocol::records::{APPLICATION_LOG, NoRecord};
use nessie_ontap_protocol::{ApiError, Body, Schema, reply};

use super::context::{HandlerResult, RequestContext};
use crate::Response;

pub(crate) fn collection(
    context: &RequestContext<'_>,
    schema: &'static Schema<NoRecord>,
) -> HandlerResult {
    let query = context.query(schema, true, &[])?;
    context.tunnel()?;
    Ok(context.collection(&query, Vec::new()))
}

/// The error for any object of an empty collection. `key` is the path variable that identifies it.
pub(crate) fn instance(
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
