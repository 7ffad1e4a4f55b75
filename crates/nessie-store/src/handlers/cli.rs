//! CLI passthrough, `/api/private/cli`: only the commands that clients need to start.

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{CLI_AGGREGATE, CliAggregateRecord, Named};

use super::context::{HandlerResult, RequestContext};

/// The accepted privilege levels. They have no effect.
const PRIVILEGES: &[&str] = &["admin", "advanced", "diagnostic"];

/// `aggr`: all aggregates, and the root aggregate of each node.
pub(crate) fn aggregates(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&CLI_AGGREGATE, true, &["privilege_level"])?;
    if let Some(level) =
        query.parameter("privilege_level").filter(|level| !PRIVILEGES.contains(level))
    {
        let rule = format!("is not one of {}", PRIVILEGES.join(", "));
        return Err(ApiError::invalid_value("privilege_level", level, rule));
    }
    let data = context.cluster.aggregates.iter().map(|record| CliAggregateRecord {
        aggregate: record.aggregate.clone(),
        node: record.node.clone(),
        is_root: false,
    });
    let mut records: Vec<_> = data.collect();
    for record in &context.cluster.nodes {
        let node = &record.node;
        let aggregate = Named { uuid: node.part(2), name: format!("aggr0_{}", node.name) };
        // An aggregate of the configuration may already have this name.
        if records.iter().all(|other| other.aggregate.name != aggregate.name) {
            records.push(CliAggregateRecord { aggregate, node: node.clone(), is_root: true });
        }
    }
    Ok(context.collection(&query, records))
}
