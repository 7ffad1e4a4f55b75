//! Whole records of ONTAP's objects, compared with the files `golden/*.json`.

use std::sync::Arc;

use nessie_backend_core::{
    CloneOrigin, Snapshot, SnapshotId, SnapshotSpace, Timestamp, Uuid, Volume, VolumeId,
    VolumeSpace, VolumeState,
};
use nessie_ontap_protocol::records::{
    AggregateRecord, AggregateSpace, Attribute, Attributes, ClusterPolicies, JOB, JobRecord, Named,
    Pool, SNAPSHOT, SnapshotRecord, SvmContext, VOLUME, VolumeRecord,
};
use nessie_ontap_protocol::{ApiError, Schema, Selection, reply};

use crate::envelopes::assert_golden;

fn named(uuid: u128, name: &str) -> Named {
    Named { uuid: Uuid::from_u128(uuid), name: name.to_owned() }
}

pub(crate) fn svm_context() -> Arc<SvmContext> {
    Arc::new(SvmContext {
        svm: named(0x51, "svm1"),
        number: 2,
        aggregates: Arc::new([AggregateRecord {
            aggregate: named(0xa1, "aggr1"),
            space: AggregateSpace::empty(1 << 40),
            node: named(0xc1, "node1"),
            create_time: noon(),
        }]),
        aggregate: Arc::new(named(0xa1, "aggr1")),
        snapshot_policies: ClusterPolicies::new(Arc::new([
            named(0xb1, "default"),
            named(0xb2, "none"),
        ])),
        has_snapshot_policies: false,
    })
}

fn noon() -> Timestamp {
    "2026-01-01T12:00:00.25Z".parse().unwrap()
}

pub(crate) fn volume() -> VolumeRecord {
    let mut volume = Volume::new(VolumeId::new(Uuid::from_u128(1)), "v1");
    volume.size_bytes = Some(1 << 30);
    volume.create_time = Some(noon());
    let pool = Pool { size: 1 << 40, available: u64::MAX };
    let mut record = VolumeRecord::new(svm_context(), volume, pool);
    record.position = 1;
    record
}

fn clone() -> VolumeRecord {
    let mut record = volume();
    record.volume.uuid = VolumeId::new(Uuid::from_u128(2));
    "c1".clone_into(&mut record.volume.name);
    record.volume.junction_path = Some("/c1".to_owned());
    let (volume, snapshot) = (Uuid::from_u128(1).into(), Uuid::from_u128(3).into());
    record.volume.origin = Some(CloneOrigin::new(volume, "v1", snapshot, "s1"));
    let mut attributes = Attributes::default();
    attributes.set("comment", Attribute::Text("a \"clone\"".to_owned()));
    attributes.set("snapshot_policy.name", Attribute::Text("none".to_owned()));
    record.attributes = Some(Arc::new(attributes));
    record.snapshot_count = Some(2);
    record.has_flexclone = Some(false);
    record.measured = Some(noon());
    record.split = Some(50);
    record.volume.used_bytes = Some(600 << 20);
    let mut space = VolumeSpace::new(600 << 20);
    space.inherited_bytes = 100 << 20;
    space.snapshot_bytes = 60 << 20;
    space.split_bytes = 150 << 20;
    space.autosize_bytes = Some(2 << 30);
    (record.space, record.pool.available) = (space, 300 << 20);
    record
}

fn snapshot() -> SnapshotRecord {
    let mut snapshot = Snapshot::new(SnapshotId::new(Uuid::from_u128(3)), "s1");
    snapshot.create_time = Some(noon());
    snapshot.size_consumed = 3;
    let mut space = SnapshotSpace::new(snapshot.uuid, 9);
    space.changed_bytes = 4;
    SnapshotRecord {
        svm_context: svm_context(),
        volume: Arc::new(named(1, "v1")),
        snapshot,
        space: Some(space),
        attributes: None,
        position: 1,
        is_cloned: true,
        now: "2026-01-02T13:01:01.25Z".parse().unwrap(),
    }
}

fn job(state: &'static str, error: Option<ApiError>) -> JobRecord {
    JobRecord {
        uuid: Uuid::from_u128(9),
        description: "POST /api/storage/volumes/1".to_owned(),
        state,
        error: error.map(Arc::new),
        start_time: noon(),
        end_time: Some("2026-01-01T12:00:01Z".parse().unwrap()),
        svm_context: Some(svm_context()),
        node: "node1".into(),
        position: 1,
    }
}

#[track_caller]
fn assert_record<R>(name: &str, schema: &'static Schema<R>, fields: &str, record: &R) {
    let selection = Selection::parse(schema, false, fields).unwrap();
    assert_golden(name, &reply::record(&selection, record));
}

#[test]
fn volumes() {
    assert_record("volume.json", &VOLUME, "", &volume());
    assert_record("volume_with_everything.json", &VOLUME, "**", &volume());
    assert_record("clone_with_everything.json", &VOLUME, "**", &clone());
    let mut offline = volume();
    offline.volume.state = VolumeState::Offline;
    offline.volume.size_bytes = None;
    assert_record("volume_offline.json", &VOLUME, "state,size,guarantee", &offline);
}

/// The fields that a client reads from whole records.
#[test]
fn objects_of_a_volume_have_their_fields() {
    let fields = "nas,guarantee,snapshot_policy,aggregates,space.snapshot.{used,reserve_percent}";
    assert_record("objects_of_a_volume.json", &VOLUME, fields, &clone());
}

#[test]
fn snapshots() {
    assert_record("snapshot.json", &SNAPSHOT, "", &snapshot());
    assert_record("snapshot_with_everything.json", &SNAPSHOT, "**", &snapshot());
}

#[test]
fn jobs_that_succeeded_and_failed() {
    assert_record("job_success.json", &JOB, "**", &job("success", None));
    let error = ApiError::new(409, 1_638_555, "the snapshot is busy").about("s1");
    assert_record("job_failure.json", &JOB, "**", &job("failure", Some(error)));
    assert_record("job_polled.json", &JOB, "message,state", &job("running", None));
}
