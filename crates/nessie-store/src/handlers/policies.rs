//! Policies that volumes name.

use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{
    EXPORT_POLICY, EXPORT_RULE, ExportPolicyRecord, SNAPSHOT_POLICY, SvmContext,
};

use super::nothing;
use crate::call::{Answer, Call, instance};
use crate::room::Room;

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
    let policies =
        rooms.iter().map(|room| ExportPolicyRecord { svm_context: Arc::clone(&room.place) });
    Ok(call.collection(&query, policies.collect()))
}

pub(crate) fn export_policy(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_POLICY, false, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let place = place_of_policy(call, &rooms)?;
    instance(&query, Some(ExportPolicyRecord { svm_context: place }))
}

pub(crate) fn export_rules(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_RULE, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    place_of_policy(call, &rooms)?;
    Ok(call.collection(&query, Vec::new()))
}

pub(crate) fn export_rule(call: &Call<'_>) -> Answer {
    let query = call.query(&EXPORT_RULE, false, &[])?;
    place_of_policy(call, &call.rooms(&query, "svm")?)?;
    nothing::unknown(call, &EXPORT_RULE, "index")
}

/// The SVM whose one policy has the number in the path.
fn place_of_policy(call: &Call<'_>, rooms: &[&Room]) -> Result<Arc<SvmContext>, ApiError> {
    let found = call.argument(0).parse().ok().and_then(|id: u64| {
        rooms.iter().map(|room| &room.place).find(|place| place.export_policy() == id)
    });
    found.cloned().ok_or_else(|| ApiError::no_such_entry().about("id"))
}
