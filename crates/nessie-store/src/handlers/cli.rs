//! The command line behind `/api/private/cli`, as far as clients need it to start.

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{CLI_AGGREGATE, CliAggregateRecord, Named};

use crate::call::{Answer, Call};

/// What a command may be run with. It makes no difference.
const PRIVILEGES: &[&str] = &["admin", "advanced", "diagnostic"];

/// `aggr`: all aggregates, and the root aggregate of each node.
pub(crate) fn aggregates(call: &Call<'_>) -> Answer {
    let query = call.query(&CLI_AGGREGATE, true, &["privilege_level"])?;
    if let Some(level) =
        query.parameter("privilege_level").filter(|level| !PRIVILEGES.contains(level))
    {
        let rule = format!("is none of {}", PRIVILEGES.join(", "));
        return Err(ApiError::invalid_value("privilege_level", level, rule));
    }
    let data = call.cluster.aggregates.iter().map(|record| CliAggregateRecord {
        aggregate: record.aggregate.clone(),
        node: record.node.clone(),
        is_root: false,
    });
    let mut records: Vec<_> = data.collect();
    for record in &call.cluster.nodes {
        let node = &record.node;
        let aggregate = Named { uuid: node.part(2), name: format!("aggr0_{}", node.name) };
        // A name that the cluster's owner gave to an aggregate for volumes stands for that one.
        if records.iter().all(|other| other.aggregate.name != aggregate.name) {
            records.push(CliAggregateRecord { aggregate, node: node.clone(), is_root: true });
        }
    }
    Ok(call.collection(&query, records))
}
