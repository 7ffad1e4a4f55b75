//! SVMs, their addresses and their NFS services.

use std::sync::Arc;

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{LIF, NFS_SERVICE, NfsServiceRecord, SVM, SvmRecord};

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
        place: Arc::clone(&room.place),
        aggregates: Arc::clone(&call.cluster.aggregates),
        ipspace: call.cluster.ipspace.clone(),
    }
}

pub(crate) fn lifs(call: &Call<'_>) -> Answer {
    let query = call.query(&LIF, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let is_theirs = |uuid| rooms.iter().any(|room| room.place.svm.uuid == uuid);
    let lifs = call.cluster.lifs.iter().filter(|lif| is_theirs(lif.place.svm.uuid));
    Ok(call.collection(&query, lifs.cloned().collect()))
}

pub(crate) fn lif(call: &Call<'_>) -> Answer {
    let query = call.query(&LIF, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.cluster.lifs.iter().find(|record| record.lif.uuid == uuid);
    instance(&query, found.cloned())
}

pub(crate) fn nfs_services(call: &Call<'_>) -> Answer {
    let query = call.query(&NFS_SERVICE, true, &[])?;
    let rooms = call.rooms(&query, "svm")?;
    let services = rooms.iter().map(|room| NfsServiceRecord { place: Arc::clone(&room.place) });
    Ok(call.collection(&query, services.collect()))
}

pub(crate) fn nfs_service(call: &Call<'_>) -> Answer {
    let query = call.query(&NFS_SERVICE, false, &[])?;
    let uuid = call.argument(0).parse::<Uuid>().ok();
    let rooms = call.rooms(&query, "svm")?;
    let found = rooms.iter().find(|room| Some(room.place.svm.uuid) == uuid);
    let Some(room) = found else { return Err(ApiError::no_such_entry().about("svm.uuid")) };
    instance(&query, Some(NfsServiceRecord { place: Arc::clone(&room.place) }))
}
