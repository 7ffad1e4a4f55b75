//! SVMs, and what belongs to one: addresses, NFS services, `FPolicy` policies.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::records::{
    FPOLICY_POLICY, IP_INTERFACE, NFS_SERVICE, NfsServiceRecord, SVM, SvmRecord,
};
use nessie_ontap_protocol::{ApiError, Query};

use super::nothing;
use crate::call::{Answer, Call, instance};
use crate::room::Room;

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let query = call.query(&SVM, true, &[])?;
    let rooms = call.rooms(&query, "")?;
    Ok(call.collection(&query, rooms.into_iter().map(|room| record(call, room)).collect()))
}

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let query = call.query(&SVM, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.rooms(&query, "")?.into_iter().find(|room| room.place.svm.uuid == uuid);
    instance(&query, found.map(|room| record(call, room)))
}

fn record(call: &Call<'_>, room: &Room) -> SvmRecord {
    SvmRecord {
        svm_context: Arc::clone(&room.place),
        aggregates: Arc::clone(&call.cluster.aggregates),
        ipspace: call.cluster.ipspace.clone(),
    }
}

pub(crate) fn lifs(call: &Call<'_>) -> Answer {
    let query = call.query(&IP_INTERFACE, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let is_theirs = |uuid| rooms.iter().any(|room| room.place.svm.uuid == uuid);
    let lifs = call.cluster.lifs.iter().filter(|lif| is_theirs(lif.svm_context.svm.uuid));
    Ok(call.collection(&query, lifs.cloned().collect()))
}

pub(crate) fn lif(call: &Call<'_>) -> Answer {
    let query = call.query(&IP_INTERFACE, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.cluster.lifs.iter().find(|record| record.interface.uuid == uuid);
    instance(&query, found.cloned())
}

pub(crate) fn nfs_services(call: &Call<'_>) -> Answer {
    let query = call.query(&NFS_SERVICE, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let services =
        rooms.iter().map(|room| NfsServiceRecord { svm_context: Arc::clone(&room.place) });
    Ok(call.collection(&query, services.collect()))
}

pub(crate) fn nfs_service(call: &Call<'_>) -> Answer {
    let query = call.query(&NFS_SERVICE, false, &[])?;
    let room = room_of_path(call, &query)?;
    instance(&query, Some(NfsServiceRecord { svm_context: Arc::clone(&room.place) }))
}

pub(crate) fn fpolicy_policies(call: &Call<'_>) -> Answer {
    room_of_path(call, &call.query(&FPOLICY_POLICY, true, &[])?)?;
    nothing::none(call, &FPOLICY_POLICY)
}

pub(crate) fn fpolicy_policy(call: &Call<'_>) -> Answer {
    room_of_path(call, &call.query(&FPOLICY_POLICY, false, &[])?)?;
    nothing::unknown(call, &FPOLICY_POLICY, "name")
}

/// The SVM that the path names first.
fn room_of_path<'a, R>(call: &Call<'a>, query: &Query<R>) -> Result<&'a Room, ApiError> {
    let uuid = call.argument(0).parse::<Uuid>().ok();
    let mut rooms = call.rooms(query, "svm")?.into_iter();
    let found = rooms.find(|room| Some(room.place.svm.uuid) == uuid);
    found.ok_or_else(|| ApiError::no_such_entry().about("svm.uuid"))
}
