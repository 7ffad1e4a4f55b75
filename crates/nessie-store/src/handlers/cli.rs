//! CLI passthrough, `/api/private/cli`: only the commands that clients need to start.

use nessie_ontap_protocol::records::{CLI_AGGREGATE, CliAggregateRecord, Named};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext};

/// The accepted privilege levels. They have no effect.
const PRIVILEGES: &[&str] = &["admin", "advanced", "diagnostic"];

/// The parameter of every command.
pub(super) const PRIVILEGE: &[&str] = &["privilege_level"];

/// Refuses an unknown privilege level.
pub(super) fn check_privilege<R>(query: &Query<R>) -> Result<(), ApiError> {
    query.parameter_word("privilege_level", PRIVILEGES).map(drop)
}

/// `aggr`: all aggregates, and the root aggregate of each node.
pub(crate) fn aggregates(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&CLI_AGGREGATE, true, PRIVILEGE)?;
    check_privilege(&query)?;
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
