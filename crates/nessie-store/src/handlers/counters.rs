//! Performance counters: a few tables with a row for each node.

use nessie_ontap_protocol::records::{
    ALL_COUNTER_TABLES, COUNTER_ROW, COUNTER_TABLE, Counter, CounterRowRecord, CounterTable,
    CounterTableRecord,
};
use nessie_ontap_protocol::{ApiError, Query};

use crate::call::{Answer, Call, instance};

pub(crate) fn tables(call: &Call<'_>) -> Answer {
    let query = call.query(&COUNTER_TABLE, true, &[])?;
    let records = ALL_COUNTER_TABLES.iter().map(|table| record(&query, table));
    Ok(call.collection(&query, records.collect()))
}

pub(crate) fn table(call: &Call<'_>) -> Answer {
    let query = call.query(&COUNTER_TABLE, false, &[])?;
    instance(&query, Some(record(&query, find(call)?)))
}

pub(crate) fn rows(call: &Call<'_>) -> Answer {
    let query = call.query(&COUNTER_ROW, true, &[])?;
    Ok(call.collection(&query, records(call, &query)?))
}

pub(crate) fn row(call: &Call<'_>) -> Answer {
    let query = call.query(&COUNTER_ROW, false, &[])?;
    let found = records(call, &query)?.into_iter().find(|row| row.id() == call.argument(1));
    let Some(row) = found else { return Err(ApiError::no_such_entry().about("id")) };
    instance(&query, Some(row))
}

/// The table that the path names.
fn find(call: &Call<'_>) -> Result<&'static CounterTable, ApiError> {
    let name = call.argument(0);
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
    call: &Call<'_>,
    query: &Query<CounterRowRecord>,
) -> Result<Vec<CounterRowRecord>, ApiError> {
    let table = find(call)?;
    let counters = wanted(query, "counters.name", table);
    let nodes = call.cluster.nodes_now();
    let rows = nodes.iter().map(|node| CounterRowRecord {
        counters: counters.clone(),
        ..CounterRowRecord::new(table, node)
    });
    Ok(rows.collect())
}

/// The counters of a table that are asked for: a filter by the name of a counter leaves the others
/// out of the records too.
fn wanted<R>(query: &Query<R>, path: &str, table: &'static CounterTable) -> Vec<&'static Counter> {
    let counters = table.counters.iter();
    counters.filter(|counter| query.filter.admits(path, &counter.name.into())).collect()
}
