//! Performance counters: a few tables with a row for each node.

use nessie_ontap_protocol::records::{
    ALL_COUNTER_TABLES, COUNTER_ROW, COUNTER_TABLE, Counter, CounterRowRecord, CounterTable,
    CounterTableRecord,
};
use nessie_ontap_protocol::{ApiError, Query};

use super::context::{HandlerResult, RequestContext, instance};

pub(crate) fn tables(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COUNTER_TABLE, true, &[])?;
    let records = ALL_COUNTER_TABLES.iter().map(|table| record(&query, table));
    Ok(context.collection(&query, records.collect()))
}

pub(crate) fn table(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COUNTER_TABLE, false, &[])?;
    instance(&query, Some(record(&query, find(context)?)))
}

pub(crate) fn rows(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COUNTER_ROW, true, &[])?;
    Ok(context.collection(&query, records(context, &query)?))
}

pub(crate) fn row(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COUNTER_ROW, false, &[])?;
    let found =
        records(context, &query)?.into_iter().find(|row| row.id() == context.path_variable(1));
    let Some(row) = found else { return Err(ApiError::no_such_entry().about("id")) };
    instance(&query, Some(row))
}

/// The table that the path names.
fn find(context: &RequestContext<'_>) -> Result<&'static CounterTable, ApiError> {
    let name = context.path_variable(0);
    ALL_COUNTER_TABLES.iter().find(|table| table.name == name).ok_or_else(|| {
        let message = format!("The counter table {name:?} does not exist.");
        ApiError::new(404, 8_585_320, message).about("name")
    })
}

fn record(query: &Query<CounterTableRecord>, table: &'static CounterTable) -> CounterTableRecord {
    CounterTableRecord { table, counters: wanted(query, "counter_schemas.name", table) }
}

/// The rows of the table that the path names.
fn records(
    context: &RequestContext<'_>,
    query: &Query<CounterRowRecord>,
) -> Result<Vec<CounterRowRecord>, ApiError> {
    let table = find(context)?;
    let counters = wanted(query, "counters.name", table);
    let nodes = context.cluster.nodes_now();
    let rows = nodes.iter().map(|node| CounterRowRecord {
        counters: counters.clone(),
        ..CounterRowRecord::new(table, node)
    });
    Ok(rows.collect())
}

/// The requested counters of a table: a filter by counter name also removes the other counters from
/// the records.
fn wanted<R>(query: &Query<R>, path: &str, table: &'static CounterTable) -> Vec<&'static Counter> {
    let counters = table.counters.iter();
    counters.filter(|counter| query.filter.admits(path, &counter.name.into())).collect()
}
