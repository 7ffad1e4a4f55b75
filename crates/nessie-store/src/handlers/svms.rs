//! SVMs and their addresses.

use std::sync::Arc;

use nessie_ontap_protocol::records::{LIF, SVM, SvmRecord};

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
