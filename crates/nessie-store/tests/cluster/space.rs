//! The account of space as clients see it.

use std::sync::Arc;

use nessie_backend_core::{SnapshotBackend, Uuid, VolumeBackend, VolumeId};
use nessie_backend_mem::{MemBackend, NewData};
use nessie_store::{Aggregate, Method, Svm, coverage};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

use crate::support::{GIB, Lab, VOLUMES};

/// A lab whose backend has so many bytes.
fn lab_of(capacity: u64) -> Lab {
    let lab = Lab::new();
    lab.backend.set_capacity(capacity).unwrap();
    lab
}

/// The identifier at the end of a path.
fn id(path: &str) -> VolumeId {
    VolumeId::new(path.rsplit('/').next().unwrap().parse::<Uuid>().unwrap())
}

fn field<'v>(record: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(record, |value, key| &value[key])
}

fn number(record: &Value, path: &str) -> u64 {
    field(record, path).as_u64().unwrap_or_else(|| panic!("{path} of {record}"))
}

fn block_storage(lab: &Lab, name: &str) -> [u64; 3] {
    let found = lab.get(&format!("/api/storage/aggregates?name={name}&fields=**"));
    let record = &found["records"][0];
    assert_eq!(number(record, "space.footprint"), number(record, "space.block_storage.used"));
    ["size", "used", "available"].map(|key| number(record, &format!("space.block_storage.{key}")))
}

/// The used bytes of all aggregates must be the sum of what the volumes show, which is consistent in
/// each of them.
fn assert_consistent(lab: &Lab) {
    let volumes = lab.get(&format!("{VOLUMES}?fields=**"));
    let mut sum = 0;
    for volume in volumes["records"].as_array().unwrap() {
        let clone = field(volume, "clone.inherited_physical_used").as_u64().unwrap_or(0);
        let used = number(volume, "space.used");
        let own = used - clone + number(volume, "space.snapshot.used");
        assert_eq!(own, number(volume, "space.footprint"), "{volume}");
        let reserved = number(volume, "space.volume_guarantee_footprint");
        assert_eq!(own + reserved, number(volume, "space.total_footprint"));
        let snapshots = lab.get(&format!("{}/snapshots?fields=**", href(volume)));
        let snapshots = snapshots["records"].as_array().unwrap();
        let freed: u64 = snapshots.iter().map(|one| number(one, "reclaimable_space")).sum();
        assert!(freed <= number(volume, "space.snapshot.used"), "{volume}");
        sum += own + reserved;
    }
    let aggregates = lab.get("/api/storage/aggregates?fields=space");
    let aggregates = aggregates["records"].as_array().unwrap();
    let used: u64 = aggregates.iter().map(|one| number(one, "space.block_storage.used")).sum();
    assert_eq!(used, sum);
}

fn href(record: &Value) -> &str {
    record["_links"]["self"]["href"].as_str().unwrap()
}

#[test]
fn a_volume_and_its_snapshots_show_what_was_written() {
    let lab = lab_of(10 * GIB);
    let path = lab.volume("v1", "");
    let volume = id(&path);
    lab.backend.write(volume, GIB / 4).unwrap();
    let first = lab.snapshot(&path, "s1");
    lab.backend.write(volume, NewData::new(GIB / 4).overwriting(GIB / 8)).unwrap();
    let second = lab.snapshot(&path, "s2");
    let record = lab.get(&format!("{path}?fields=space"));
    let space = |path: &str| number(&record, &format!("space.{path}"));
    assert_eq!((space("size"), space("used")), (GIB, GIB / 8 * 3));
    assert_eq!(space("snapshot.used"), GIB / 8);
    assert_eq!(space("footprint"), GIB / 2);
    assert_eq!(space("snapshot.reserve_percent"), 5);
    assert_eq!(space("snapshot.reserve_size"), GIB - 1_020_054_732);
    assert_eq!(space("snapshot_spill"), GIB / 8 - space("snapshot.reserve_size"));
    assert_eq!(space("available"), 1_020_054_732 - GIB / 8 * 3);
    assert_eq!(space("size_available_for_snapshots"), GIB / 2);
    assert_eq!((space("percent_used"), space("available_percent")), (39, 60));
    assert_eq!((space("physical_used_percent"), space("logical_space.used")), (50, GIB / 8 * 3));

    let read = |path: &str| lab.get(&format!("{path}?fields=**"));
    let sizes = |path: &str| {
        let record = read(path);
        let keys = ["size", "reclaimable_space", "delta.size_consumed"];
        keys.map(|key| number(&record, key))
    };
    assert_eq!(sizes(&first), [GIB / 4, GIB / 8, GIB / 4]);
    assert_eq!(sizes(&second), [GIB / 8 * 3, 0, 0]);
    assert_eq!(lab.get(&first)["size"], GIB / 4);
    assert!(lab.get(&first).get("delta").is_none());
    let listed = lab.get(&format!("{path}/snapshots?fields=size&order_by=size%20desc"));
    assert_eq!(listed["records"][0]["name"], "s2");
    assert_eq!(lab.names(&format!("{path}/snapshots?delta.size_consumed=>0")), ["s1"]);
    assert_eq!(block_storage(&lab, "aggr1"), [10 * GIB, GIB / 2, 10 * GIB - GIB / 2]);
    let svm = lab.get("/api/svm/svms?fields=aggregates.available_size");
    let available = &svm["records"][0]["aggregates"][0]["available_size"];
    assert_eq!(*available, 10 * GIB - GIB / 2);
    assert_consistent(&lab);
    lab.done(Method::Delete, &first, "");
    assert_eq!(block_storage(&lab, "aggr1")[1], GIB / 8 * 3);
}

#[test]
fn a_clone_shows_what_it_shares_with_its_parent() {
    let lab = lab_of(GIB);
    let parent = lab.volume("v1", "");
    lab.backend.write(id(&parent), GIB / 2).unwrap();
    lab.snapshot(&parent, "s1");
    let clone = lab.clone_of("v1", Some("s1"), "c1");
    lab.backend.write(id(&clone), NewData::new(GIB / 4).overwriting(GIB / 8)).unwrap();
    let record = lab.get(&format!("{clone}?fields=space,clone"));
    assert_eq!(number(&record, "space.used"), GIB / 8 * 5);
    assert_eq!(number(&record, "clone.inherited_physical_used"), GIB / 8 * 3);
    assert_eq!(number(&record, "clone.split_estimate"), GIB / 8 * 3);
    assert_eq!(number(&record, "space.footprint"), GIB / 4);
    // The pool has less left than the volume's size.
    assert_eq!(number(&record, "space.available"), GIB / 4);
    assert_consistent(&lab);
    let split = r#"{"clone.split_initiated":true}"#;
    let reply = lab.send(Method::Patch, &format!("{clone}?return_timeout=15"), split);
    assert_eq!((reply.status, reply.code()), (500, "917536"));
    let message = reply.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("not enough space in aggregate \"aggr1\": 384MB"), "{message}");
    lab.backend.set_capacity(2 * GIB).unwrap();
    lab.done(Method::Patch, &clone, split);
    assert_consistent(&lab);
    assert_eq!(block_storage(&lab, "aggr1")[1], GIB / 8 * 9);
}

#[test]
fn each_field_alone_shows_the_same_as_all_together() {
    let lab = lab_of(4 * GIB);
    let parent = lab.volume("v1", r#","guarantee.type":"volume","autosize.mode":"grow""#);
    lab.backend.write(id(&parent), GIB / 2).unwrap();
    lab.snapshot(&parent, "s1");
    lab.backend.write(id(&parent), NewData::new(GIB / 4).overwriting(GIB / 4)).unwrap();
    let snapshot = lab.snapshot(&parent, "s2");
    let clone = lab.clone_of("v1", Some("s1"), "c1");
    lab.backend.write(id(&clone), GIB / 4).unwrap();
    for (kind, paths) in [("volume", [&parent, &clone]), ("snapshot", [&snapshot, &snapshot])] {
        let endpoint = coverage().into_iter().find(|other| other.object == kind).unwrap();
        for path in paths {
            let all = lab.get(&format!("{path}?fields=**"));
            for name in endpoint.fields.iter().map(|field| field.path) {
                let alone = lab.get(&format!("{path}?fields={name}"));
                assert_eq!(field(&alone, name), field(&all, name), "{name}");
            }
        }
    }
}

#[test]
fn a_guarantee_needs_space_in_the_aggregate() {
    let lab = lab_of(3 * GIB);
    let thin = lab.volume("thin", "");
    lab.backend.write(id(&thin), GIB / 2).unwrap();
    let thick = lab.volume("thick", r#","guarantee.type":"volume""#);
    lab.backend.write(id(&thick), GIB / 4).unwrap();
    let record = lab.get(&format!("{thick}?fields=space,guarantee"));
    assert_eq!(number(&record, "space.volume_guarantee_footprint"), GIB / 4 * 3);
    assert_eq!(record["guarantee"]["honored"], true);
    assert_eq!(block_storage(&lab, "aggr1"), [3 * GIB, GIB / 2 * 3, GIB / 2 * 3]);
    assert_consistent(&lab);

    let refused = |method, path: &str, body: &str| {
        let before = lab.get(&format!("{VOLUMES}?fields=**"));
        let reply = lab.send(method, &format!("{path}?return_timeout=15"), body);
        assert_eq!((reply.status, reply.code()), (500, "917536"), "{body}: {}", reply.json);
        assert_eq!(lab.get(&format!("{VOLUMES}?fields=**")), before);
        reply.json["error"]["message"].as_str().unwrap().to_owned()
    };
    let big = r#"{"name":"big","svm.name":"svm1","aggregates":[{"name":"aggr1"}],"size":"2g","guarantee.type":"volume"}"#;
    let message = refused(Method::Post, VOLUMES, big);
    for part in [
        "Request to create volume \"big\" failed because there is not enough space in aggregate",
        "create 512MB (536870912B) of free space",
        "at most 1.50GB (1610612736B) for the new volume",
    ] {
        assert!(message.contains(part), "{message}");
    }
    refused(Method::Patch, &thick, r#"{"size":"4g"}"#);
    refused(Method::Patch, &thin, r#"{"size":"3g","guarantee.type":"volume"}"#);
    let check = format!("{thick}?validate_only=true");
    let reply = lab.send(Method::Patch, &format!("{check}&return_timeout=15"), r#"{"size":"4g"}"#);
    assert_eq!(reply.code(), "917536");

    lab.done(Method::Patch, &thick, r#"{"size":"2g"}"#);
    assert_eq!(block_storage(&lab, "aggr1"), [3 * GIB, GIB / 2 * 5, GIB / 2]);
    lab.done(Method::Patch, &thin, r#"{"size":"4g"}"#);
    // The backend keeps no space free for the guarantee.
    lab.backend.write(id(&thin), GIB).unwrap();
    assert_eq!(block_storage(&lab, "aggr1"), [3 * GIB, GIB / 2 * 7, 0]);
    assert_eq!(lab.get(&format!("{thick}?fields=guarantee"))["guarantee"]["honored"], false);
    assert_eq!(lab.get(&format!("{thin}?fields=guarantee"))["guarantee"]["honored"], true);
    lab.done(Method::Patch, &thick, r#"{"guarantee.type":"none"}"#);
    assert_eq!(block_storage(&lab, "aggr1")[1], GIB / 4 * 7);
    lab.done(Method::Delete, &thick, "");
    assert_consistent(&lab);
}

#[test]
fn autosize_makes_a_volume_grow() {
    let lab = Lab::new();
    let path = lab.volume("v1", r#","autosize":{"mode":"grow","maximum":"2g"}"#);
    let volume = id(&path);
    lab.backend.write(volume, GIB + 1).unwrap();
    assert_eq!(lab.get(&path)["size"], GIB + 1);
    assert_eq!(lab.backend.write(volume, GIB).unwrap_err().code(), "no_space");
    lab.done(Method::Patch, &path, r#"{"autosize.maximum":"3g"}"#);
    lab.backend.write(volume, GIB).unwrap();
    let read = || lab.get(&format!("{path}?fields=autosize"))["autosize"].clone();
    assert_eq!((&read()["mode"], &read()["maximum"]), (&"grow".into(), &(3 * GIB).into()));
    lab.done(Method::Patch, &path, r#"{"autosize.mode":"off"}"#);
    assert_eq!(lab.backend.write(volume, GIB).unwrap_err().code(), "no_space");
    assert_eq!(lab.backend.volume_space(volume).unwrap().autosize_bytes, None);

    let body = r#"{"autosize":{"mode":"grow","maximum":0},"comment":"c"}"#;
    let reply = lab.send(Method::Patch, &format!("{path}?return_timeout=15"), body);
    assert_eq!((reply.status, reply.code()), (400, "262197"));
    assert_eq!(lab.get(&path)["comment"], "");

    // Without a maximum it is 120 percent of the size, also of a later size.
    let other = lab.volume("v2", r#","autosize.mode":"grow_shrink""#);
    let maximum = || lab.backend.volume_space(id(&other)).unwrap().autosize_bytes;
    assert_eq!(maximum(), Some(GIB + GIB / 5));
    lab.done(Method::Patch, &other, r#"{"size":"2g"}"#);
    assert_eq!(maximum(), Some(2 * GIB + 2 * GIB / 5));

    // What is set on the backend shows.
    let third = lab.volume("v3", "");
    lab.backend.set_autosize(id(&third), Some(5 * GIB)).unwrap();
    let shown = lab.get(&format!("{third}?fields=autosize"))["autosize"].clone();
    assert_eq!((&shown["mode"], &shown["maximum"]), (&"grow".into(), &(5 * GIB).into()));
}

#[test]
fn a_volume_cannot_be_smaller_than_its_data() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    lab.backend.write(id(&path), GIB / 2).unwrap();
    for query in ["return_timeout=15", "return_timeout=15&validate_only=true"] {
        let reply = lab.send(Method::Patch, &format!("{path}?{query}"), r#"{"size":"100m"}"#);
        assert_eq!((reply.status, reply.code()), (500, "917534"));
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(message.contains("at least 512MB (536870912B) to hold"), "{message}");
    }
    lab.done(Method::Patch, &path, r#"{"size":"512m"}"#);
}

#[test]
fn aggregates_share_the_capacities_of_all_backends() {
    let other = MemBackend::builder().seed(2).capacity_bytes(2 * GIB).build().unwrap();
    let second = other.clone();
    let lab = Lab::with(|config| {
        config.aggregates = vec![Aggregate::new("aggr1", 100 * GIB), Aggregate::new("aggr2", GIB)];
        config.svms.push(Svm::new("svm2", Arc::new(second)));
    });
    // The first backend has no capacity, so the configured sizes count.
    let here = lab.volume("here", "");
    let body = r#"{"name":"there","svm.name":"svm2","aggregates":[{"name":"aggr2"}],"size":"1g"}"#;
    let there = lab.done(Method::Post, VOLUMES, body).location();
    lab.backend.write(id(&here), GIB / 2).unwrap();
    other.write(id(&there), GIB / 4).unwrap();
    assert_eq!(block_storage(&lab, "aggr1"), [100 * GIB, GIB / 2, 100 * GIB - GIB / 2]);
    assert_eq!(block_storage(&lab, "aggr2"), [GIB, GIB / 4, GIB / 4 * 3]);
    lab.backend.set_capacity(8 * GIB).unwrap();
    assert_eq!(block_storage(&lab, "aggr1"), [10 * GIB - GIB / 4, GIB / 2, GIB / 4 * 37]);
    assert_eq!(block_storage(&lab, "aggr2"), [10 * GIB - GIB / 2, GIB / 4, GIB / 4 * 37]);
    assert_consistent(&lab);
    // A guarantee must fit into the pool of its SVM, too.
    let big =
        body.replace("there", "big").replace("\"1g\"", "\"3g\",\"guarantee.type\":\"volume\"");
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=15"), &big);
    assert_eq!(reply.code(), "917536");
    lab.done(Method::Patch, &here, r#"{"movement.destination_aggregate.name":"aggr2"}"#);
    assert_eq!(block_storage(&lab, "aggr2")[1], GIB / 4 * 3);
    assert_eq!(block_storage(&lab, "aggr1")[1], 0);
    assert_consistent(&lab);
}

/// A change, by a client or directly on the backend. The numbers select a volume and a snapshot of
/// it, by their remainder.
#[derive(Clone, Debug)]
enum Step {
    Create { is_guaranteed: bool, in_second: bool },
    Write { of: usize, quarters: u64, is_overwrite: bool },
    Discard { of: usize },
    Snapshot { of: usize },
    DeleteSnapshot { of: usize, at: usize },
    Restore { of: usize, at: usize },
    Clone { of: usize, at: usize },
    Patch { of: usize, body: &'static str },
    Delete { of: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let of = || 0..6_usize;
    let bodies = [
        r#"{"clone.split_initiated":true}"#,
        r#"{"size":"2g"}"#,
        r#"{"guarantee.type":"volume"}"#,
        r#"{"guarantee.type":"none"}"#,
        r#"{"autosize.mode":"grow"}"#,
        r#"{"state":"offline"}"#,
        r#"{"state":"online"}"#,
        r#"{"movement.destination_aggregate.name":"aggr1"}"#,
        r#"{"movement.destination_aggregate.name":"aggr2"}"#,
    ];
    prop_oneof![
        3 => any::<(bool, bool)>()
            .prop_map(|(is_guaranteed, in_second)| Step::Create { is_guaranteed, in_second }),
        8 => (of(), 0..4_u64, any::<bool>())
            .prop_map(|(of, quarters, is_overwrite)| Step::Write { of, quarters, is_overwrite }),
        2 => of().prop_map(|of| Step::Discard { of }),
        6 => of().prop_map(|of| Step::Snapshot { of }),
        3 => (of(), of()).prop_map(|(of, at)| Step::DeleteSnapshot { of, at }),
        2 => (of(), of()).prop_map(|(of, at)| Step::Restore { of, at }),
        4 => (of(), of()).prop_map(|(of, at)| Step::Clone { of, at }),
        6 => (of(), prop::sample::select(bodies.to_vec()))
            .prop_map(|(of, body)| Step::Patch { of, body }),
        2 => of().prop_map(|of| Step::Delete { of }),
    ]
}

/// Takes a step, which may be refused, if there is an object for it.
fn take(lab: &Lab, step: &Step, number: usize) -> Option<()> {
    let volumes = lab.backend.list_volumes().unwrap();
    let volume = |of: usize| (!volumes.is_empty()).then(|| &volumes[of % volumes.len()]);
    let snapshot = |of: usize, at: usize| {
        let volume = volume(of)?;
        let found = lab.backend.list_snapshots(volume.uuid).unwrap();
        (!found.is_empty()).then(|| (volume.uuid, found[at % found.len()].clone()))
    };
    let send = |method, path: &str, body: &str| {
        lab.send(method, &format!("{path}?return_timeout=15"), body);
    };
    let path = |uuid: VolumeId| format!("{VOLUMES}/{uuid}");
    match *step {
        Step::Create { is_guaranteed, in_second } => {
            let guarantee = if is_guaranteed { "volume" } else { "none" };
            let aggregate = if in_second { "aggr2" } else { "aggr1" };
            let body = format!(
                r#"{{"name":"v{number}","svm.name":"svm1","aggregates":[{{"name":"{aggregate}"}}],
                    "size":{GIB},"guarantee.type":"{guarantee}"}}"#
            );
            send(Method::Post, VOLUMES, &body);
        }
        Step::Write { of, quarters, is_overwrite } => {
            let volume = volume(of)?;
            let size = GIB / 4 * quarters;
            let used = volume.used_bytes.unwrap_or(0);
            let overwrite = if is_overwrite { size.min(used) } else { 0 };
            let _ = lab.backend.write(volume.uuid, NewData::new(size).overwriting(overwrite));
        }
        Step::Discard { of } => {
            let volume = volume(of)?;
            let _ = lab.backend.discard(volume.uuid, volume.used_bytes.unwrap_or(0) / 2);
        }
        Step::Snapshot { of } => {
            let target = format!("{}/snapshots", path(volume(of)?.uuid));
            send(Method::Post, &target, &format!(r#"{{"name":"s{number}"}}"#));
        }
        Step::DeleteSnapshot { of, at } => {
            let (volume, snapshot) = snapshot(of, at)?;
            send(Method::Delete, &format!("{}/snapshots/{}", path(volume), snapshot.uuid), "");
        }
        Step::Restore { of, at } => {
            let (volume, snapshot) = snapshot(of, at)?;
            let body = format!(r#"{{"restore_to.snapshot.uuid":"{}"}}"#, snapshot.uuid);
            send(Method::Patch, &path(volume), &body);
        }
        Step::Clone { of, at } => {
            let (volume, snapshot) = snapshot(of, at)?;
            let body = format!(
                r#"{{"name":"v{number}","svm.name":"svm1","clone":{{"is_flexclone":true,
                    "parent_volume.uuid":"{volume}","parent_snapshot.uuid":"{}"}}}}"#,
                snapshot.uuid
            );
            send(Method::Post, VOLUMES, &body);
        }
        Step::Patch { of, body } => send(Method::Patch, &path(volume(of)?.uuid), body),
        Step::Delete { of } => send(Method::Delete, &path(volume(of)?.uuid), ""),
    }
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn the_aggregates_use_what_the_volumes_show(steps in prop::collection::vec(step(), 1..40)) {
        let lab = Lab::with(|config| config.aggregates.push(Aggregate::new("aggr2", GIB)));
        lab.backend.set_capacity(12 * GIB).unwrap();
        for (number, step) in steps.iter().enumerate() {
            if take(&lab, step, number).is_some() {
                assert_consistent(&lab);
            }
        }
        lab.backend.check_invariants().unwrap();
    }
}
