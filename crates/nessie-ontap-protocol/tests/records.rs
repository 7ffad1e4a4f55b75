//! The schemas of the objects.

use nessie_ontap_protocol::records::{
    AGGREGATE, APPLICATION_LOG, CLUSTER, DISK, EXPORT_POLICY, EXPORT_RULE, JOB, LIF, LUN, NODE,
    QOS_POLICY, QTREE, SNAPMIRROR, SNAPSHOT, SNAPSHOT_POLICY, SVM, SVM_PEER, VOLUME,
};

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
        LIF.faults(),
        EXPORT_POLICY.faults(),
        SNAPSHOT_POLICY.faults(),
        SVM_PEER.faults(),
        LUN.faults(),
        QTREE.faults(),
        DISK.faults(),
        SNAPMIRROR.faults(),
        QOS_POLICY.faults(),
        EXPORT_RULE.faults(),
        APPLICATION_LOG.faults(),
    ]
    .concat();
    assert!(faults.is_empty(), "{faults:#?}");
}
