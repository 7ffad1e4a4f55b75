//! The cluster, its nodes and aggregates. They belong to no SVM: the headers that name one make no
//! difference.

use nessie_ontap_protocol::records::{AGGREGATE, CLUSTER, ClusterRecord, NODE};

use crate::call::{Answer, Call, instance};

pub(crate) fn cluster(call: &Call<'_>) -> Answer {
    let query = call.query(&CLUSTER, false, &[])?;
    instance(&query, Some(ClusterRecord { cluster: call.cluster.name.clone() }))
}

pub(crate) fn nodes(call: &Call<'_>) -> Answer {
    let query = call.query(&NODE, true, &[])?;
    Ok(call.collection(&query, call.cluster.nodes_now()))
}

pub(crate) fn node(call: &Call<'_>) -> Answer {
    let query = call.query(&NODE, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.cluster.nodes_now().into_iter().find(|record| record.node.uuid == uuid);
    instance(&query, found)
}

pub(crate) fn aggregates(call: &Call<'_>) -> Answer {
    let query = call.query(&AGGREGATE, true, &[])?;
    Ok(call.collection(&query, call.cluster.aggregates.to_vec()))
}

pub(crate) fn aggregate(call: &Call<'_>) -> Answer {
    let query = call.query(&AGGREGATE, false, &[])?;
    let uuid = call.uuid(0)?;
    let found = call.cluster.aggregates.iter().find(|record| record.aggregate.uuid == uuid);
    instance(&query, found.cloned())
}
