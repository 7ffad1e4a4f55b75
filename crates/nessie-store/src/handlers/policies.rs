//! Policies that volumes name.

use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{
    EXPORT_POLICY, EXPORT_RULE, ExportPolicyRecord, SNAPSHOT_POLICY,
};

use crate::call::{Answer, Call, instance};

pub(crate) fn snapshot_policies(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT_POLICY, true, &[])?;
    Ok(call.collection(&query, call.cluster.snapshot_policies.clone()))
}

pub(crate) fn snapshot_policy(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT_POLICY, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.cluster.snapshot_policies.iter().find(|record| record.policy.uuid == uuid);
    instance(&query, found.cloned())
}

pub(crate) fn export_policies(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_POLICY, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let policies = rooms.iter().map(|room| ExportPolicyRecord { place: Arc::clone(&room.place) });
    Ok(call.collection(&query, policies.collect()))
}

pub(crate) fn export_policy(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_POLICY, false, &[])?;
    check_id(call)?;
    let first = call.rooms(&query, "svm")?.into_iter().next();
    instance(&query, first.map(|room| ExportPolicyRecord { place: Arc::clone(&room.place) }))
}

pub(crate) fn export_rules(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_RULE, true, &[])?;
    check_id(call)?;
    Ok(call.collection(&query, Vec::new()))
}

/// The one policy there is has the number 1.
fn check_id(call: &Call<'_>) -> Result<(), ApiError> {
    if call.argument(0) == "1" { Ok(()) } else { Err(ApiError::no_such_entry().about("id")) }
}
