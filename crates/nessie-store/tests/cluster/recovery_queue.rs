//! The recovery queue.

use std::time::Duration;

use nessie_backend_core::VolumeBackend;
use nessie_store::Method;
use serde_json::{Value, json};

use crate::support::{GIB, Lab, VOLUMES};

const QUEUE: &str = "/api/private/cli/volume/recovery-queue";
const HOUR: u64 = 3600;

/// A cluster that keeps deleted volumes for 12 hours.
fn lab() -> Lab {
    Lab::with(|config| config.recovery_queue_hours = Some(12))
}

fn delete(lab: &Lab, volume: &str) {
    lab.done(Method::Delete, volume, "");
}

/// The names in the queue.
fn queued(lab: &Lab) -> Vec<String> {
    let json = lab.get(QUEUE);
    let names = json["records"].as_array().unwrap().iter().map(|record| &record["volume"]);
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The names of the backend's volumes.
fn stored(lab: &Lab) -> Vec<String> {
    lab.backend.list_volumes().unwrap().into_iter().map(|volume| volume.name).collect()
}

fn code(lab: &Lab, method: Method, target: &str, body: &str) -> String {
    lab.send(method, &format!("{target}?return_timeout=15"), body).code().to_owned()
}

#[test]
fn a_deleted_volume_is_hidden_and_keeps_its_space() {
    let lab = lab();
    let volume = lab.volume("v", r#","nas.path":"/v""#);
    let uuid = volume.rsplit('/').next().unwrap().parse().unwrap();
    lab.backend.write(uuid, nessie_backend_mem::NewData::new(1024)).unwrap();
    lab.snapshot(&volume, "s");
    delete(&lab, &volume);
    assert_eq!(code(&lab, Method::Get, &volume, ""), "4");
    assert_eq!(lab.names(VOLUMES), [""; 0]);
    for filter in ["name=v_1025", "name=v*", "uuid=!null", "state=offline"] {
        assert_eq!(lab.get(&format!("{VOLUMES}?{filter}"))["num_records"], 0, "{filter}");
    }
    assert_eq!(lab.get(&format!("{VOLUMES}/*/snapshots"))["num_records"], 0);
    assert_eq!(code(&lab, Method::Get, &format!("{volume}/snapshots"), ""), "4");
    assert_eq!(code(&lab, Method::Patch, &volume, r#"{"state":"online"}"#), "4");
    assert_eq!(code(&lab, Method::Delete, &volume, ""), "4");

    let queue =
        lab.get(&format!("{QUEUE}?vserver=svm1&volume=v*&fields=*&privilege_level=advanced"));
    let record = &queue["records"][0];
    assert_eq!((&record["volume"], &record["retention_hours"]), (&json!("v_1025"), &json!(12)));
    assert_eq!(record["deletion_request_time"], "2000-01-01T00:00:00+00:00");
    assert_eq!(record.get("_links"), None);
    assert_eq!(lab.backend.space().unwrap().used_bytes, 1024);
    assert_eq!(lab.backend.find_volume("v_1025").unwrap().unwrap().junction_path, None);
    let svm = lab.get("/api/svm/svms?fields=**");
    assert_eq!(svm["records"][0]["number_of_volumes_in_recovery_queue"], 1);
    assert_eq!(svm["records"][0]["total_volume_size_in_recovery_queue"], GIB);

    // The name is free at once, and that of the deleted volume is not.
    let again = lab.volume("v", r#","nas.path":"/v""#);
    delete(&lab, &again);
    assert_eq!(queued(&lab), ["v_1025", "v_1026"]);
    let body = r#"{"name":"v_1025","svm.name":"svm1","aggregates.name":["aggr1"]}"#;
    assert_eq!(code(&lab, Method::Post, VOLUMES, body), "917526");
}

#[test]
fn a_deleted_volume_expires_on_the_clock() {
    let lab = lab();
    let parent = lab.volume("p", "");
    let clone = lab.clone_of("p", None, "c");
    // The clone keeps its parent from the queue, and in the queue too.
    assert_eq!(code(&lab, Method::Delete, &parent, ""), "524615");
    delete(&lab, &clone);
    assert_eq!(code(&lab, Method::Delete, &parent, ""), "524615");
    lab.backend.advance(Duration::from_secs(12 * HOUR - 1)).unwrap();
    assert_eq!(queued(&lab), ["c_1025"]);
    lab.done(
        Method::Patch,
        &format!("{QUEUE}?volume=c_1025&vserver=svm1"),
        r#"{"retention_hours":13}"#,
    );
    lab.backend.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(queued(&lab), ["c_1025"]);
    lab.backend.advance(Duration::from_secs(HOUR)).unwrap();
    assert_eq!(queued(&lab), [""; 0]);
    assert_eq!(stored(&lab), ["p"]);
    delete(&lab, &parent);
    assert_eq!(queued(&lab), ["p_1026"]);
}

#[test]
fn a_forced_deletion_bypasses_the_queue() {
    let lab = lab();
    let volume = lab.volume("v", "");
    delete(&lab, &format!("{volume}?force=true"));
    lab.volume("w", "");
    lab.done(Method::Delete, &format!("{VOLUMES}?name=w&force=true"), "");
    assert_eq!((queued(&lab), stored(&lab)), (Vec::new(), Vec::new()));
}

#[test]
fn a_volume_is_purged_and_recovered_by_name() {
    let lab = lab();
    for name in ["a", "b", "c"] {
        delete(&lab, &lab.volume(name, ""));
    }
    let body = r#"{"vserver":"svm1","volume":"a_1025"}"#;
    // Trident accepts no other status.
    assert_eq!(lab.send(Method::Post, &format!("{QUEUE}/purge"), body).status, 202);
    assert_eq!(queued(&lab), ["b_1026", "c_1027"]);
    assert_eq!(code(&lab, Method::Post, &format!("{QUEUE}/purge"), body), "4");
    assert_eq!(
        code(&lab, Method::Post, &format!("{QUEUE}/purge"), r#"{"volume":"b_1026"}"#),
        "262212"
    );
    lab.done(Method::Post, &format!("{QUEUE}/recover"), r#"{"vserver":"svm1","volume":"b_1026"}"#);
    let volume = lab.get(&format!("{VOLUMES}?fields=state,name"));
    assert_eq!(volume["records"][0]["name"], "b_1026");
    assert_eq!(volume["records"][0]["state"], "offline");
    lab.done(Method::Delete, &format!("{QUEUE}?volume=c_1027"), "");
    assert_eq!(stored(&lab), ["b_1026"]);
}

#[test]
fn the_whole_queue_is_purged_with_clones_and_recovered() {
    let lab = lab();
    let parent = lab.volume("p", "");
    let clone = lab.clone_of("p", None, "c");
    lab.done(Method::Patch, &clone, r#"{"clone.split_initiated":true}"#);
    delete(&lab, &parent);
    delete(&lab, &clone);
    lab.done(Method::Post, &format!("{QUEUE}/recover-all"), r#"{"vserver":"svm1"}"#);
    assert_eq!(lab.names(VOLUMES), ["p_1025", "c_1026"]);
    lab.done(Method::Delete, &format!("{VOLUMES}?name=*"), "");
    lab.done(Method::Post, &format!("{QUEUE}/purge-all"), "");
    assert_eq!(stored(&lab), [""; 0]);
}

#[test]
fn a_volume_with_a_locked_snapshot_is_not_deleted() {
    let lab = lab();
    let volume = lab.volume("v", "");
    let target = format!("{volume}/snapshots");
    lab.done(Method::Post, &target, r#"{"name":"s","expiry_time":"2000-02-01T00:00:00Z"}"#);
    assert_eq!(code(&lab, Method::Delete, &volume, ""), "460770");
    assert_eq!((queued(&lab), stored(&lab)), (Vec::new(), vec!["v".to_owned()]));
}

#[test]
fn an_svm_is_deleted_with_its_queue() {
    let lab = lab();
    let volume = lab.volume("v", "");
    delete(&lab, &volume);
    let svm = lab.get("/api/svm/svms")["records"][0]["uuid"].clone();
    lab.done(Method::Delete, &format!("/api/svm/svms/{}", svm.as_str().unwrap()), "");
    assert_eq!(stored(&lab), [""; 0]);
}

#[test]
fn without_a_queue_it_is_empty() {
    let lab = Lab::new();
    delete(&lab, &lab.volume("v", ""));
    assert_eq!(lab.get(QUEUE)["records"], Value::Array(Vec::new()));
    assert_eq!(stored(&lab), [""; 0]);
}

#[test]
fn a_volume_that_was_deleted_on_the_backend_leaves_the_queue() {
    let lab = lab();
    delete(&lab, &lab.volume("v", ""));
    let volume = lab.backend.find_volume("v_1025").unwrap().unwrap();
    lab.backend.delete_volume(volume.uuid).unwrap();
    let body = r#"{"vserver":"svm1","volume":"v_1025"}"#;
    lab.done(Method::Post, &format!("{QUEUE}/purge"), body);
    assert_eq!(queued(&lab), [""; 0]);
}

#[test]
fn a_deleted_volume_does_not_use_a_snapshot_policy_that_is_not_enabled() {
    let lab = lab();
    let body = r#"{"name":"p","enabled":false,"copies":[{"schedule":{"name":"daily"},"count":1}]}"#;
    let policy = lab.done(Method::Post, "/api/storage/snapshot-policies", body).location();
    let volume = lab.volume("v", r#","snapshot_policy.name":"p""#);
    assert_eq!(code(&lab, Method::Delete, &policy, ""), "1638415");
    delete(&lab, &volume);
    assert_eq!(queued(&lab).len(), 1);
    lab.done(Method::Delete, &policy, "");
}
