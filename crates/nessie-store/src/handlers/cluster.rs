//! The cluster, its nodes, aggregates and `IPspaces`, its software, licences and clocks. They belong to no SVM:
//! headers that name one are ignored.

use nessie_backend_core::Uuid;
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{
    AGGREGATE, CLUSTER, COMPLIANCE_CLOCK, ClusterRecord, ComplianceClockRecord, IPSPACE,
    IpspaceRecord, LICENSE, LICENSE_PACKAGES, LicensePackage, LicenseRecord, NODE, SOFTWARE,
    SoftwareRecord,
};

use super::context::{HandlerResult, RequestContext, instance};

pub(crate) fn cluster(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&CLUSTER, false, &[])?;
    instance(&query, Some(ClusterRecord { cluster: context.cluster.name.clone() }))
}

pub(crate) fn nodes(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&NODE, true, &[])?;
    Ok(context.collection(&query, context.cluster.nodes_now()))
}

pub(crate) fn node(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&NODE, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let found = context.cluster.nodes_now().into_iter().find(|record| record.node.uuid == uuid);
    instance(&query, found)
}

pub(crate) fn software(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SOFTWARE, false, &[])?;
    let nodes = context.cluster.nodes.iter().map(|record| record.node.clone()).collect();
    instance(&query, Some(SoftwareRecord { nodes }))
}

pub(crate) fn licenses(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&LICENSE, true, &[])?;
    let records = LICENSE_PACKAGES.iter().map(|package| license(context, *package));
    Ok(context.collection(&query, records.collect()))
}

pub(crate) fn license_of(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&LICENSE, false, &[])?;
    let found = LICENSE_PACKAGES.iter().find(|package| package.name == context.path_variable(0));
    let Some(package) = found else { return Err(ApiError::no_such_entry().about("name")) };
    instance(&query, Some(license(context, *package)))
}

fn license(context: &RequestContext<'_>, package: LicensePackage) -> LicenseRecord {
    LicenseRecord { package, cluster: context.cluster.name.clone() }
}

pub(crate) fn compliance_clocks(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COMPLIANCE_CLOCK, true, &[])?;
    Ok(context.collection(&query, clocks(context).collect()))
}

pub(crate) fn compliance_clock(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&COMPLIANCE_CLOCK, false, &[])?;
    let uuid = context.path_variable(0).parse::<Uuid>().ok();
    let found = clocks(context).find(|clock| Some(clock.node.uuid) == uuid);
    let Some(clock) = found else {
        let message = format!("The node {:?} does not exist.", context.path_variable(0));
        return Err(ApiError::new(404, 14_090_240, message).about("node.uuid"));
    };
    instance(&query, Some(clock))
}

fn clocks<'a>(
    context: &RequestContext<'a>,
) -> impl Iterator<Item = ComplianceClockRecord> + use<'a> {
    let time = context.cluster.now();
    let nodes = context.cluster.nodes.iter();
    nodes.map(move |record| ComplianceClockRecord { node: record.node.clone(), time })
}

pub(crate) fn aggregates(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&AGGREGATE, true, &[])?;
    Ok(context.collection(&query, context.cluster.aggregates_now()?))
}

pub(crate) fn aggregate(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&AGGREGATE, false, &[])?;
    instance(&query, context.cluster.aggregate_now(context.path_uuid(0)?)?)
}

pub(crate) fn ipspaces(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IPSPACE, true, &[])?;
    let records =
        context.cluster.ipspaces.iter().map(|ipspace| IpspaceRecord { ipspace: ipspace.clone() });
    Ok(context.collection(&query, records.collect()))
}

pub(crate) fn ipspace(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&IPSPACE, false, &[])?;
    let uuid = context.path_uuid(0)?;
    let found = context.cluster.ipspaces.iter().find(|ipspace| ipspace.uuid == uuid);
    instance(&query, found.map(|ipspace| IpspaceRecord { ipspace: ipspace.clone() }))
}
