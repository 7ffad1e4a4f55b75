//! The schemas of the objects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLI_AGGREGATE, CLI_RECOVERY_QUEUE,
    CLUSTER, CLUSTER_PEER, COMPLIANCE_CLOCK, COUNTER_ROW, COUNTER_TABLE, DISK, DNS, EMS_EVENT,
    EMS_MESSAGE, EXPORT_CLIENT, EXPORT_POLICY, EXPORT_RULE, FILE, FILE_CLONE, FPOLICY_POLICY,
    IP_INTERFACE, IPSPACE, JOB, KEY_MANAGER, LICENSE, LUN, NFS_SERVICE, NODE, QOS_POLICY, QTREE,
    QUOTA_REPORT, QUOTA_RULE, SCHEDULE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY,
    SNAPSHOT_POLICY_SCHEDULE, SOFTWARE, SVM, SVM_PEER, VOLUME, VOLUME_METRICS,
};
use nessie_ontap_protocol::{Method, Query, Schema, Url};

/// The results of a function for every schema.
macro_rules! each_schema {
    ($function:ident) => {
        [
            $function(&VOLUME),
            $function(&VOLUME_METRICS),
            $function(&EMS_EVENT),
            $function(&EMS_MESSAGE),
            $function(&SNAPSHOT),
            $function(&JOB),
            $function(&CLUSTER),
            $function(&NODE),
            $function(&AGGREGATE),
            $function(&SVM),
            $function(&IP_INTERFACE),
            $function(&EXPORT_CLIENT),
            $function(&IPSPACE),
            $function(&EXPORT_POLICY),
            $function(&SNAPSHOT_POLICY),
            $function(&SNAPSHOT_POLICY_SCHEDULE),
            $function(&SCHEDULE),
            $function(&SVM_PEER),
            $function(&LUN),
            $function(&QTREE),
            $function(&QUOTA_REPORT),
            $function(&QUOTA_RULE),
            $function(&DISK),
            $function(&SNAPMIRROR),
            $function(&QOS_POLICY),
            $function(&EXPORT_RULE),
            $function(&CIFS_SERVICE),
            $function(&CIFS_SHARE),
            $function(&CLUSTER_PEER),
            $function(&DNS),
            $function(&FPOLICY_POLICY),
            $function(&KEY_MANAGER),
            $function(&CLI_AGGREGATE),
            $function(&CLI_RECOVERY_QUEUE),
            $function(&COMPLIANCE_CLOCK),
            $function(&COUNTER_ROW),
            $function(&COUNTER_TABLE),
            $function(&LICENSE),
            $function(&NFS_SERVICE),
            $function(&SOFTWARE),
            $function(&APPLICATION_LOG),
            $function(&FILE),
            $function(&FILE_CLONE),
        ]
    };
}

fn faults<R>(schema: &'static Schema<R>) -> Vec<String> {
    schema.faults()
}

#[test]
fn every_schema_is_sound() {
    let faults = each_schema!(faults).concat();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Names every documented field of a schema in `fields`, filters and `order_by`, as a client may,
/// even if the schema lacks it. Returns their number.
fn name_documented<R>(schema: &'static Schema<R>) -> usize {
    let get = |target: String| {
        let url = Url::parse(&target).unwrap();
        Query::parse(schema, Method::Get, true, &[], &url)
            .unwrap_or_else(|error| panic!("{}: {target}: {error}", schema.name))
    };
    let mut named = 0;
    for field in schema.documented.fields() {
        let path = field.path;
        get(format!("/o?{path}=null"));
        get(format!("/o?{path}=!null&fields={path}"));
        if !schema.in_array(path) {
            get(format!("/o?order_by={path}"));
        }
        for (at, _) in path.match_indices('.') {
            let (object, rest) = path.split_at(at);
            get(format!("/o?fields={object}"));
            get(format!("/o?fields={object}.{{{}}}", &rest[1..]));
        }
        named += 1;
    }
    named
}

const fn name_of<R>(schema: &'static Schema<R>) -> &'static str {
    schema.name
}

#[test]
fn every_documented_field_may_be_named() {
    let named = each_schema!(name_documented);
    let without: Vec<_> =
        each_schema!(name_of).into_iter().zip(&named).filter(|(_, count)| **count == 0).collect();
    // ONTAP's REST documentation has neither the objects of the CLI nor the messages that clients log.
    let expected = [&CLI_AGGREGATE.name, &CLI_RECOVERY_QUEUE.name, &APPLICATION_LOG.name];
    assert!(without.iter().all(|(name, _)| expected.contains(&name)), "{without:?}");
    assert!(named[0] > 480, "a volume has {} documented fields", named[0]);
}
