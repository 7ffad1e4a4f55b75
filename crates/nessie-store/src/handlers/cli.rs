//! Commands of ONTAP's command line, `/api/private/cli`: those that show what is simulated, and the deletion
//! of snapshots.

use std::sync::Arc;

use nessie_ontap_protocol::records::{
    AggregateRecord, CLI_AGGREGATE, CLI_NODE, CLI_SNAPSHOT, CLI_SNAPSHOT_COMMAND, CLI_VERSION,
    CLI_VOLUME, CLI_VOLUME_COMMAND, CLI_VSERVER, CliAggregateRecord, Named, SNAPSHOT,
    SnapshotRecord,
};
use nessie_ontap_protocol::{ApiError, Body, Query, Schema};

use super::context::{HandlerResult, RequestContext};
use super::outcome::{self, ObjectKind};
use super::{snapshots, svms, volumes};

/// The parameter with the privilege level that a command needs.
pub(super) const PRIVILEGE: &str = "privilege_level";
/// The accepted privilege levels. They have no effect.
const PRIVILEGES: &[&str] = &["admin", "advanced", "diagnostic"];
/// The parameter of a deletion that ignores the processes that use a snapshot. There are none. Clones that depend
/// on a snapshot are not among them.
const IGNORE_OWNERS: &str = "ignore_owners";

/// The snapshots that a command changes. The description of a job has their path in the REST API.
const SNAPSHOTS: ObjectKind<SnapshotRecord> = ObjectKind {
    schema: &SNAPSHOT,
    svm_context: |record| Some(&record.svm_context),
    is_synchronous: true,
};

/// `aggr`: all aggregates, and the root aggregate of each node.
pub(crate) fn aggregates(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_AGGREGATE)?;
    let needs =
        |path: &&str| query.selection.has(path) || query.order.paths().any(|other| other == *path);
    let has_space = ["availsize", "percent_used", "size", "usedsize"].iter().any(needs);
    let record = |record: &AggregateRecord| CliAggregateRecord {
        aggregate: record.aggregate.clone(),
        node: record.node.clone(),
        is_root: false,
        space: has_space.then_some(record.space),
    };
    let mut records: Vec<_> = if has_space {
        context.cluster.aggregates_now()?.iter().map(record).collect()
    } else {
        context.cluster.aggregates.iter().map(record).collect()
    };
    for record in &context.cluster.nodes {
        let node = &record.node;
        let aggregate = Named { uuid: node.part(2), name: format!("aggr0_{}", node.name) };
        // An aggregate of the configuration may already have this name.
        if records.iter().all(|other| other.aggregate.name != aggregate.name) {
            let node = node.clone();
            records.push(CliAggregateRecord { aggregate, node, is_root: true, space: None });
        }
    }
    Ok(context.collection(&query, records))
}

pub(crate) fn nodes(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_NODE)?;
    Ok(context.collection(&query, context.cluster.nodes_now()))
}

/// `snapshot`, which is also `volume snapshot`.
pub(crate) fn snapshots(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_SNAPSHOT)?;
    let records = snapshots::of_all_volumes(context, &CLI_SNAPSHOT_COMMAND.rest_query(&query))?;
    Ok(context.collection(&query, records))
}

/// Deletes the snapshots that match.
pub(crate) fn delete_snapshots(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&CLI_SNAPSHOT, true, &[PRIVILEGE, IGNORE_OWNERS])?;
    check_privilege(&query)?;
    query.parameter_flag(IGNORE_OWNERS)?;
    outcome::check_filter(&query)?;
    outcome::check_empty(&Body::parse(context.request.body)?)?;
    let mut records = snapshots::of_all_volumes(context, &CLI_SNAPSHOT_COMMAND.rest_query(&query))?;
    records.retain(|record| query.filter.matches(record));
    if records.is_empty() {
        return Err(ApiError::no_such_entry().about("snapshot"));
    }
    SNAPSHOTS.change_page(context, &query, records, |record, _| {
        let svm = context.svm_of(&record.svm_context)?;
        snapshots::remove(context, svm, &record.volume, record.snapshot.uuid)
    })
}

/// `version`: the release of the cluster.
pub(crate) fn version(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_VERSION)?;
    Ok(context.collection(&query, context.cluster.nodes.first().cloned().into_iter().collect()))
}

pub(crate) fn volumes(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_VOLUME)?;
    let mut rest = CLI_VOLUME_COMMAND.rest_query(&query);
    // As in the REST API, constituents of FlexGroups are shown if a filter is about them.
    if query.filter.paths().any(|path| path == "is_constituent") {
        rest.filter.add("is_constituent", "*")?;
    }
    let records = volumes::records(context, &rest)?;
    Ok(context.collection(&query, records))
}

pub(crate) fn vservers(context: &RequestContext<'_>) -> HandlerResult {
    let query = query(context, &CLI_VSERVER)?;
    let aggregates: Arc<[_]> = context.cluster.aggregates_now()?.into();
    let tunnel = context.tunnel()?;
    let svms = context.svm_list.iter().map(Arc::as_ref);
    let svms = svms.filter(|svm| {
        tunnel.is_none_or(|other| other.svm_context.svm.uuid == svm.svm_context.svm.uuid)
    });
    let records = svms
        .map(|svm| svms::record(context.cluster, svm, &aggregates))
        .collect::<Result<_, _>>()?;
    Ok(context.collection(&query, records))
}

/// The command that shows what a file uses.
const DISK_USAGE: [&str; 3] = ["volume", "file", "show-disk-usage"];

/// The refusal of a command that is not simulated. `simulated` are those that are.
pub(crate) fn unknown_command(words: &[String], simulated: &[&str]) -> ApiError {
    if words == DISK_USAGE {
        // Clients take the code for a file that uses nothing.
        let message = "The file does not exist: volumes have no files here.";
        return ApiError::new(400, 917_806, message).about("path");
    }
    let given = match words {
        [] => "a command as text".to_owned(),
        words => format!("the command {:?}", words.join(" ").chars().take(64).collect::<String>()),
    };
    let message = format!(
        "API not found: {given} is not simulated. /api/private/cli has {}.",
        simulated.join(", ")
    );
    ApiError::new(404, 3, message)
}

/// The query of a command that shows objects.
fn query<R>(
    context: &RequestContext<'_>,
    schema: &'static Schema<R>,
) -> Result<Query<R>, ApiError> {
    let query = context.query(schema, true, &[PRIVILEGE])?;
    check_privilege(&query)?;
    Ok(query)
}

/// Refuses an unknown privilege level.
pub(super) fn check_privilege<R>(query: &Query<R>) -> Result<(), ApiError> {
    match query.parameter(PRIVILEGE) {
        Some(level) if !PRIVILEGES.contains(&level) => {
            let rule = format!("is not one of {}", PRIVILEGES.join(", "));
            Err(ApiError::invalid_value(PRIVILEGE, level, rule))
        }
        _ => Ok(()),
    }
}
