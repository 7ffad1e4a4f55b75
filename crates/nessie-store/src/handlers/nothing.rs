//! Collections without anything in them.

use nessie_ontap_protocol::records::{
    APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLUSTER_PEER, DISK, DNS, KEY_MANAGER, LUN, NoRecord,
    QOS_POLICY, QTREE, SNAPMIRROR, SVM_PEER,
};
use nessie_ontap_protocol::{ApiError, Body, Schema, reply};

use crate::Response;
use crate::call::{Answer, Call};

pub(crate) fn peers(call: &Call<'_>) -> Answer {
    none(call, &SVM_PEER)
}

pub(crate) fn peer(call: &Call<'_>) -> Answer {
    unknown(call, &SVM_PEER, "uuid")
}

pub(crate) fn luns(call: &Call<'_>) -> Answer {
    none(call, &LUN)
}

pub(crate) fn lun(call: &Call<'_>) -> Answer {
    unknown(call, &LUN, "uuid")
}

pub(crate) fn qtrees(call: &Call<'_>) -> Answer {
    none(call, &QTREE)
}

pub(crate) fn qtree(call: &Call<'_>) -> Answer {
    unknown(call, &QTREE, "id")
}

pub(crate) fn disks(call: &Call<'_>) -> Answer {
    none(call, &DISK)
}

pub(crate) fn disk(call: &Call<'_>) -> Answer {
    unknown(call, &DISK, "name")
}

pub(crate) fn qos_policies(call: &Call<'_>) -> Answer {
    none(call, &QOS_POLICY)
}

pub(crate) fn qos_policy(call: &Call<'_>) -> Answer {
    unknown(call, &QOS_POLICY, "uuid")
}

pub(crate) fn relationships(call: &Call<'_>) -> Answer {
    none(call, &SNAPMIRROR)
}

pub(crate) fn relationship(call: &Call<'_>) -> Answer {
    unknown(call, &SNAPMIRROR, "uuid")
}

pub(crate) fn key_managers(call: &Call<'_>) -> Answer {
    none(call, &KEY_MANAGER)
}

pub(crate) fn key_manager(call: &Call<'_>) -> Answer {
    unknown(call, &KEY_MANAGER, "uuid")
}

pub(crate) fn cluster_peers(call: &Call<'_>) -> Answer {
    none(call, &CLUSTER_PEER)
}

pub(crate) fn cluster_peer(call: &Call<'_>) -> Answer {
    unknown(call, &CLUSTER_PEER, "uuid")
}

pub(crate) fn dns(call: &Call<'_>) -> Answer {
    none(call, &DNS)
}

pub(crate) fn dns_of_svm(call: &Call<'_>) -> Answer {
    unknown(call, &DNS, "svm.uuid")
}

pub(crate) fn cifs_services(call: &Call<'_>) -> Answer {
    none(call, &CIFS_SERVICE)
}

pub(crate) fn cifs_service(call: &Call<'_>) -> Answer {
    unknown(call, &CIFS_SERVICE, "svm.uuid")
}

pub(crate) fn cifs_shares(call: &Call<'_>) -> Answer {
    none(call, &CIFS_SHARE)
}

pub(crate) fn cifs_share(call: &Call<'_>) -> Answer {
    unknown(call, &CIFS_SHARE, "name")
}

pub(super) fn none(call: &Call<'_>, schema: &'static Schema<NoRecord>) -> Answer {
    let query = call.query(schema, true, &[])?;
    call.tunnel()?;
    Ok(call.collection(&query, Vec::new()))
}

/// The answer for any one of them: there is none. `key` is the part of the path that says which.
pub(super) fn unknown(
    call: &Call<'_>,
    schema: &'static Schema<NoRecord>,
    key: &'static str,
) -> Answer {
    call.query(schema, false, &[])?;
    call.tunnel()?;
    Err(ApiError::no_such_entry().about(key))
}

/// A message for the event log. It is checked and goes nowhere: nobody can read the log.
pub(crate) fn application_log(call: &Call<'_>) -> Answer {
    let query = call.query(&APPLICATION_LOG, true, &[])?;
    let body = Body::parse(call.request.body)?;
    let unknown = body.paths().find(|path| APPLICATION_LOG.field(path).is_none());
    if let Some(path) = unknown {
        return Err(ApiError::unexpected_argument(path));
    }
    let records: &[NoRecord] = &[];
    let body = if query.return_records {
        reply::records(&query.selection, records)
    } else {
        b"{}".to_vec()
    };
    Ok(Response::json(201, body))
}
