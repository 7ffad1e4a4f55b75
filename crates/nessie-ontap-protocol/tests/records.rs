//! The schemas of the objects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CIFS_SERVICE, CIFS_SHARE, CLI_AGGREGATE, CLUSTER, CLUSTER_PEER,
    COMPLIANCE_CLOCK, COUNTER_ROW, COUNTER_TABLE, DISK, DNS, EXPORT_POLICY, EXPORT_RULE,
    FPOLICY_POLICY, IP_INTERFACE, JOB, KEY_MANAGER, LICENSE, LUN, NFS_SERVICE, NODE, QOS_POLICY,
    QTREE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY, SOFTWARE, SVM, SVM_PEER, VOLUME,
};
use nessie_ontap_protocol::{Method, Query, Schema, Url};

#[test]
fn every_schema_is_sound() {
    let faults = [
        VOLUME.faults(),
        SNAPSHOT.faults(),
        JOB.faults(),
        CLUSTER.faults(),
        NODE.faults(),
        AGGREGATE.faults(),
        SVM.faults(),
        IP_INTERFACE.faults(),
        EXPORT_POLICY.faults(),
        SNAPSHOT_POLICY.faults(),
        SVM_PEER.faults(),
        LUN.faults(),
        QTREE.faults(),
        DISK.faults(),
        SNAPMIRROR.faults(),
        QOS_POLICY.faults(),
        EXPORT_RULE.faults(),
        CIFS_SERVICE.faults(),
        CIFS_SHARE.faults(),
        CLUSTER_PEER.faults(),
        DNS.faults(),
        FPOLICY_POLICY.faults(),
        KEY_MANAGER.faults(),
        CLI_AGGREGATE.faults(),
        COMPLIANCE_CLOCK.faults(),
        COUNTER_ROW.faults(),
        COUNTER_TABLE.faults(),
        LICENSE.faults(),
        NFS_SERVICE.faults(),
        SOFTWARE.faults(),
        APPLICATION_LOG.faults(),
    ]
    .concat();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A client may name each documented field in `fields`, filters and `order_by`, even if the schema
/// lacks it.
#[test]
fn every_documented_field_may_be_named() {
    fn ask<R>(schema: &'static Schema<R>) -> usize {
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
    let named = [
        ask(&VOLUME),
        ask(&SNAPSHOT),
        ask(&JOB),
        ask(&CLUSTER),
        ask(&NODE),
        ask(&AGGREGATE),
        ask(&SVM),
        ask(&IP_INTERFACE),
        ask(&EXPORT_POLICY),
        ask(&SNAPSHOT_POLICY),
        ask(&SVM_PEER),
        ask(&LUN),
        ask(&QTREE),
        ask(&DISK),
        ask(&SNAPMIRROR),
        ask(&QOS_POLICY),
        ask(&EXPORT_RULE),
        ask(&CIFS_SERVICE),
        ask(&CIFS_SHARE),
        ask(&CLUSTER_PEER),
        ask(&DNS),
        ask(&FPOLICY_POLICY),
        ask(&KEY_MANAGER),
        ask(&COMPLIANCE_CLOCK),
        ask(&COUNTER_ROW),
        ask(&COUNTER_TABLE),
        ask(&LICENSE),
        ask(&NFS_SERVICE),
        ask(&SOFTWARE),
    ];
    assert!(!named.contains(&0), "{named:?}");
    assert!(named[0] > 480, "a volume has {} documented fields", named[0]);
}
