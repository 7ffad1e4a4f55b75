//! The cluster, its nodes and aggregates, its software, licences and clocks. They belong to no SVM: the headers that name one make no
//! difference.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{
    AGGREGATE, CLUSTER, COMPLIANCE_CLOCK, ClusterRecord, ComplianceClockRecord, LICENSE,
    LICENSE_PACKAGES, LicensePackage, LicenseRecord, NODE, SOFTWARE, SoftwareRecord,
};

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

pub(crate) fn software(call: &Call<'_>) -> Answer {
    let query = call.query(&SOFTWARE, false, &[])?;
    let nodes = call.cluster.nodes.iter().map(|record| record.node.clone()).collect();
    instance(&query, Some(SoftwareRecord { nodes }))
}

pub(crate) fn licenses(call: &Call<'_>) -> Answer {
    let query = call.query(&LICENSE, true, &[])?;
    let records = LICENSE_PACKAGES.iter().map(|package| license(call, *package));
    Ok(call.collection(&query, records.collect()))
}

pub(crate) fn license_of(call: &Call<'_>) -> Answer {
    let query = call.query(&LICENSE, false, &[])?;
    let found = LICENSE_PACKAGES.iter().find(|package| package.name == call.argument(0));
    let Some(package) = found else { return Err(ApiError::no_such_entry().about("name")) };
    instance(&query, Some(license(call, *package)))
}

fn license(call: &Call<'_>, package: LicensePackage) -> LicenseRecord {
    LicenseRecord { package, cluster: call.cluster.name.clone() }
}

pub(crate) fn compliance_clocks(call: &Call<'_>) -> Answer {
    let query = call.query(&COMPLIANCE_CLOCK, true, &[])?;
    Ok(call.collection(&query, clocks(call).collect()))
}

pub(crate) fn compliance_clock(call: &Call<'_>) -> Answer {
    let query = call.query(&COMPLIANCE_CLOCK, false, &[])?;
    let uuid = call.argument(0).parse::<Uuid>().ok();
    let found = clocks(call).find(|clock| Some(clock.node.uuid) == uuid);
    let Some(clock) = found else {
        let message = format!("The node {:?} does not exist.", call.argument(0));
        return Err(ApiError::new(404, 14_090_240, message).about("node.uuid"));
    };
    instance(&query, Some(clock))
}

fn clocks<'a>(call: &Call<'a>) -> impl Iterator<Item = ComplianceClockRecord> + use<'a> {
    let time = call.cluster.now();
    let nodes = call.cluster.nodes.iter();
    nodes.map(move |record| ComplianceClockRecord { node: record.node.clone(), time })
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
