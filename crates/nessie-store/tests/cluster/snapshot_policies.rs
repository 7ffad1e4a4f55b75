//! Snapshot policies that requests create.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{Capabilities, SnapshotRule, VolumeBackend, forward_volumes};
use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::policies::AlwaysDue;
use crate::support::{Lab, UNKNOWN};

const POLICIES: &str = "/api/storage/snapshot-policies";
const DAY: Duration = Duration::from_secs(86_400);

fn refused(lab: &Lab, method: Method, target: &str, body: &str, status: u16, code: &str) {
    let reply = lab.send(method, target, body);
    assert_eq!((reply.status, reply.code()), (status, code), "{target} {body}: {}", reply.json);
}

/// Creates a policy, and returns its path.
fn create(lab: &Lab, name: &str, more: &str) -> String {
    let body = format!(
        r#"{{"name":"{name}","copies":[{{"schedule":{{"name":"daily"}},"count":2}}]{more}}}"#
    );
    let reply = lab.send(Method::Post, POLICIES, &body);
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.location()
}

fn snapshots(lab: &Lab, volume: &str) -> Vec<String> {
    lab.names(&format!("{volume}/snapshots"))
}

/// The rules of a policy on a backend, as text.
fn rules(backend: &MemBackend, name: &str) -> Vec<String> {
    let policy = backend.get_snapshot_policy(name).unwrap();
    let text = |rule: &SnapshotRule| format!("{} {} {}", rule.schedule, rule.prefix, rule.keep);
    policy.rules.iter().map(text).collect()
}

fn two_svms() -> (Lab, MemBackend) {
    let second = MemBackend::builder().seed(2).build().unwrap();
    let served = second.clone();
    let lab = Lab::with(|config| config.svms.push(Svm::new("svm2", Arc::new(served))));
    (lab, second)
}

#[test]
fn a_policy_takes_and_rotates_snapshots() {
    let lab = Lab::new();
    let path = create(&lab, "p", r#","comment":"c""#);
    let record = lab.get(&path);
    assert_eq!((&record["scope"], &record["comment"]), (&json!("cluster"), &json!("c")));
    assert_eq!(
        (&record["enabled"], &record["copies"][0]["prefix"]),
        (&json!(true), &json!("daily"))
    );
    let volume = lab.volume("v1", r#","snapshot_policy.name":"p""#);
    assert_eq!(lab.get(&volume)["snapshot_policy"]["uuid"], record["uuid"]);
    lab.backend.advance(DAY * 4).unwrap();
    assert_eq!(snapshots(&lab, &volume), ["daily.2000-01-03_0010", "daily.2000-01-04_0010"]);

    refused(&lab, Method::Delete, &path, "", 409, "1638415");
    lab.done(Method::Patch, &volume, r#"{"snapshot_policy.name":"none"}"#);
    lab.done(Method::Delete, &path, "");
    assert!(lab.backend.get_snapshot_policy("p").is_err());
    assert_eq!(lab.send(Method::Get, &path, "").code(), "4");
    refused(&lab, Method::Patch, &path, r#"{"comment":"x"}"#, 404, "4");
}

#[test]
fn schedules_of_a_policy_are_added_changed_and_removed() {
    let lab = Lab::new();
    let path = create(&lab, "p", "");
    let schedules = format!("{path}/schedules");
    let volume = lab.volume("v1", r#","snapshot_policy.name":"p""#);
    let body =
        r#"{"schedule.name":"hourly","count":"3","snapmirror_label":"h","retention_period":"P1D"}"#;
    let hourly = lab.send(Method::Post, &schedules, body).location();
    assert_eq!(rules(&lab.backend, "p"), ["10 0 * * * daily 2", "5 * * * * hourly 3"]);
    let record = lab.get(&hourly);
    assert_eq!((&record["count"], &record["snapmirror_label"]), (&json!(3), &json!("h")));
    assert_eq!((&record["prefix"], &record["retention_period"]), (&json!("hourly"), &json!("P1D")));
    assert_eq!(record["snapshot_policy"]["name"], "p");
    lab.done(Method::Patch, &hourly, r#"{"count":"1","snapmirror_label":""}"#);
    assert_eq!(lab.get(&hourly)["snapmirror_label"], "-");
    lab.backend.advance(DAY).unwrap();
    assert_eq!(snapshots(&lab, &volume), ["daily.2000-01-01_0010", "hourly.2000-01-01_2305"]);

    let found = lab.get(&format!("{schedules}?snapshot_policy.name=p&fields=schedule.name"));
    assert_eq!(found["num_records"], 2);
    let daily = found["records"][0]["_links"]["self"]["href"].as_str().unwrap().to_owned();
    refused(&lab, Method::Post, &schedules, body, 409, "1638410");
    refused(&lab, Method::Patch, &hourly, r#"{"count":1023}"#, 400, "1638451");
    refused(&lab, Method::Patch, &hourly, r#"{"prefix":"daily"}"#, 409, "1638508");
    refused(&lab, Method::Patch, &hourly, r#"{"prefix":"other"}"#, 409, "1638506");
    refused(&lab, Method::Patch, &hourly, r#"{"retention_period":"soon"}"#, 400, "918253");
    refused(&lab, Method::Patch, &hourly, r#"{"count":0}"#, 400, "262197");
    lab.done(Method::Delete, &daily, "");
    refused(&lab, Method::Delete, &hourly, "", 409, "1638411");
    refused(&lab, Method::Delete, &daily, "", 404, "4");
    assert_eq!(rules(&lab.backend, "p"), ["5 * * * * hourly 1"]);
    let unknown = format!("{POLICIES}/{UNKNOWN}/schedules");
    assert_eq!(lab.send(Method::Get, &unknown, "").code(), "4");
}

#[test]
fn snapshots_have_the_label_of_their_schedule() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    lab.backend.advance(DAY).unwrap();
    lab.snapshot(&volume, "mine");
    let all = format!("{volume}/snapshots");
    let daily = "daily.2000-01-01_0010";
    assert_eq!(lab.names(&format!("{all}?snapmirror_label=daily")), [daily]);
    let found =
        lab.get(&format!("{all}?name={daily}&fields=snapmirror_label"))["records"][0].clone();
    assert_eq!(found["snapmirror_label"], "daily");
    let path = found["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(lab.get(path)["snapmirror_label"], "daily");
    lab.done(Method::Patch, path, r#"{"snapmirror_label":"kept"}"#);
    assert_eq!(lab.get(path)["snapmirror_label"], "kept");
    let hourly = lab.get(&format!("{all}?name=hourly*&fields=snapmirror_label"));
    assert!(hourly["records"][0].get("snapmirror_label").is_none());
}

#[test]
fn a_policy_that_is_not_enabled_takes_no_snapshots() {
    let lab = Lab::new();
    let path = create(&lab, "p", r#","enabled":false"#);
    let volume = lab.volume("v1", r#","snapshot_policy.name":"p""#);
    let shown = |volume: &str| lab.get(volume)["snapshot_policy"]["name"].clone();
    lab.backend.advance(DAY).unwrap();
    assert_eq!((shown(&volume), snapshots(&lab, &volume)), (json!("p"), vec![]));
    assert_eq!(lab.names("/api/storage/volumes?snapshot_policy.name=p"), ["v1"]);
    refused(&lab, Method::Delete, &path, "", 409, "1638415");

    lab.done(Method::Patch, &path, r#"{"enabled":"true"}"#);
    lab.backend.advance(DAY).unwrap();
    assert_eq!(snapshots(&lab, &volume), ["daily.2000-01-02_0010"]);
    lab.done(Method::Patch, &path, r#"{"enabled":false,"comment":"off"}"#);
    assert_eq!(lab.get(&path)["comment"], "off");
    lab.backend.advance(DAY * 3).unwrap();
    assert_eq!(snapshots(&lab, &volume), ["daily.2000-01-02_0010"]);
    lab.done(Method::Patch, &volume, r#"{"snapshot_policy.name":"none"}"#);
    assert_eq!(shown(&volume), "none");
    lab.done(Method::Delete, &path, "");

    // New volumes use the policy `default`.
    let default = lab.get(&format!("{POLICIES}?name=default"))["records"][0].clone();
    let default = format!("{POLICIES}/{}", default["uuid"].as_str().unwrap());
    lab.done(Method::Patch, &default, r#"{"enabled":false}"#);
    let volume = lab.volume("v2", "");
    lab.backend.advance(DAY).unwrap();
    assert_eq!((shown(&volume), snapshots(&lab, &volume)), (json!("default"), vec![]));
    lab.done(Method::Patch, &default, r#"{"enabled":true}"#);
    lab.backend.advance(DAY).unwrap();
    assert!(!snapshots(&lab, &volume).is_empty());
}

#[test]
fn a_policy_of_the_cluster_is_on_the_backend_of_each_svm() {
    let (lab, second) = two_svms();
    let path = create(&lab, "p", "");
    let record = lab.get(&path);
    for backend in [&lab.backend, &second] {
        assert_eq!(rules(backend, "p"), ["10 0 * * * daily 2"]);
    }
    assert_eq!(lab.names(&format!("{POLICIES}?name=p")), ["p"]);
    let daily =
        format!("{path}/schedules/{}", record["copies"][0]["schedule"]["uuid"].as_str().unwrap());
    lab.done(Method::Patch, &daily, r#"{"count":5}"#);
    for backend in [&lab.backend, &second] {
        assert_eq!(rules(backend, "p"), ["10 0 * * * daily 5"]);
    }
    // A backend that was reset gets it again.
    second.reset().unwrap();
    let body = r#"{"name":"v","svm.name":"svm2","aggregates":[{"name":"aggr1"}],"snapshot_policy.name":"p"}"#;
    let volume = lab.done(Method::Post, "/api/storage/volumes", body).location();
    assert_eq!(lab.get(&volume)["snapshot_policy"]["uuid"], record["uuid"]);
    refused(&lab, Method::Delete, &path, "", 409, "1638415");
    lab.done(Method::Delete, &volume, "");
    lab.done(Method::Delete, &path, "");
    assert!(second.get_snapshot_policy("p").is_err());
}

#[test]
fn the_policy_of_new_volumes_of_an_svm_is_kept() {
    let lab = Lab::new();
    let path = create(&lab, "p", "");
    let svm = lab.get("/api/svm/svms")["records"][0]["uuid"].as_str().unwrap().to_owned();
    let svm = format!("/api/svm/svms/{svm}");
    lab.done(Method::Patch, &svm, r#"{"snapshot_policy":"p"}"#);
    refused(&lab, Method::Delete, &path, "", 409, "1638430");
    lab.done(Method::Patch, &path, r#"{"enabled":false}"#);
    let volume = lab.volume("v1", "");
    lab.backend.advance(DAY).unwrap();
    let policy = lab.get(&volume)["snapshot_policy"]["name"].clone();
    assert_eq!((policy, snapshots(&lab, &volume)), (json!("p"), vec![]));
    lab.done(Method::Patch, &svm, r#"{"snapshot_policy":"none"}"#);
    lab.done(Method::Delete, &volume, "");
    lab.done(Method::Delete, &path, "");
}

#[test]
fn a_change_that_a_backend_refuses_changes_no_other_backend() {
    let lab = Lab::with(|config| {
        config.svms.push(Svm::new("svm2", Arc::new(AlwaysDue::new())));
    });
    let path = create(&lab, "p", "");
    let before = (lab.backend.state_digest().unwrap(), lab.get(&path));
    let daily = before.1["copies"][0]["schedule"]["uuid"].as_str().unwrap();
    let daily = format!("{path}/schedules/{daily}");
    refused(&lab, Method::Patch, &daily, r#"{"count":5}"#, 405, "3");
    refused(&lab, Method::Delete, &path, "", 405, "3");
    let schedules = "/api/cluster/schedules?name=daily";
    refused(&lab, Method::Patch, schedules, r#"{"cron.minutes":[1]}"#, 405, "3");
    assert_eq!((lab.backend.state_digest().unwrap(), lab.get(&path)), before);
    let cron = lab.get(&format!("{schedules}&fields=cron"))["records"][0]["cron"].clone();
    assert_eq!(cron["minutes"], json!([10]));
    // What needs no change of a backend succeeds.
    lab.done(Method::Patch, &path, r#"{"comment":"x"}"#);
}

#[test]
fn a_policy_of_an_svm_is_on_its_backend_only() {
    let (lab, second) = two_svms();
    let path = create(&lab, "p", r#","svm":"svm2""#);
    let record = lab.get(&path);
    assert_eq!((&record["scope"], &record["svm"]["name"]), (&json!("svm"), &json!("svm2")));
    assert!(lab.backend.get_snapshot_policy("p").is_err());
    assert_eq!(rules(&second, "p"), ["10 0 * * * daily 2"]);
    let path1 = create(&lab, "p", r#","svm.name":"svm1""#);
    assert_eq!(lab.names(&format!("{POLICIES}?name=p&scope=svm&svm.name=svm1")), ["p"]);
    let copies = r#""copies":[{"schedule":{"name":"daily"},"count":2}]"#;
    for body in
        [format!(r#"{{"name":"p",{copies}}}"#), format!(r#"{{"name":"p","svm":"svm2",{copies}}}"#)]
    {
        refused(&lab, Method::Post, POLICIES, &body, 409, "1638527");
    }
    let body =
        r#"{"name":"default","svm":"svm2","copies":[{"schedule":{"name":"daily"},"count":2}]}"#;
    refused(&lab, Method::Post, POLICIES, body, 409, "1638527");
    // The rules that the backend has count.
    second
        .replace_snapshot_policy("p", [SnapshotRule::new("1 1 * * *".parse().unwrap(), "x", 9)])
        .unwrap();
    let copies = lab.get(&path)["copies"].clone();
    assert_eq!(
        (&copies[0]["prefix"], &copies[0]["schedule"]["name"]),
        (&json!("x"), &json!("1 1 * * *"))
    );
    lab.done(Method::Delete, &path, "");
    lab.done(Method::Delete, &path1, "");
}

#[test]
fn a_policy_that_was_created_on_the_backend_is_changed_and_deleted() {
    let lab = Lab::new();
    let rule = SnapshotRule::new("10 0 * * *".parse().unwrap(), "daily", 3);
    lab.backend.create_snapshot_policy("p", [rule]).unwrap();
    let record = lab.get(&format!("{POLICIES}?name=p&fields=*"))["records"][0].clone();
    let path = format!("{POLICIES}/{}", record["uuid"].as_str().unwrap());
    assert_eq!(record["copies"][0]["schedule"]["name"], "daily");
    lab.done(Method::Patch, &path, r#"{"comment":"mine"}"#);
    assert_eq!(lab.get(&path)["comment"], "mine");
    lab.done(Method::Post, &format!("{path}/schedules"), r#"{"schedule.name":"weekly","count":1}"#);
    assert_eq!(rules(&lab.backend, "p"), ["10 0 * * * daily 3", "15 0 * * 0 weekly 1"]);
    lab.done(Method::Delete, &path, "");
    assert!(lab.backend.get_snapshot_policy("p").is_err());
}

#[test]
fn an_invalid_policy_is_refused() {
    let lab = Lab::new();
    let before = lab.backend.state_digest().unwrap();
    let daily = r#"{"schedule":{"name":"daily"},"count":1}"#;
    let with = |name: &str, copies: &str| format!(r#"{{"name":"{name}","copies":[{copies}]}}"#);
    lab.send(Method::Post, "/api/cluster/schedules", r#"{"name":"i","interval":"PT1H"}"#);
    let many: Vec<_> = ["5min", "8hour", "12-hourly", "hourly", "daily", "weekly"]
        .iter()
        .map(|name| format!(r#"{{"schedule":{{"name":"{name}"}},"count":1}}"#))
        .collect();
    for (body, status, code) in [
        (with("", daily), 400, "1638417"),
        (with("a b", daily), 400, "1638417"),
        (with("default", daily), 409, "1638527"),
        (with("none", daily), 409, "1638527"),
        (r#"{"name":"x"}"#.to_owned(), 400, "1638408"),
        (with("x", ""), 400, "1638408"),
        (with("x", r#"{"count":1}"#), 400, "1638408"),
        (with("x", r#"{"schedule":{"name":"daily"}}"#), 400, "1638407"),
        (with("x", r#"{"schedule":{"name":"nightly"},"count":1}"#), 400, "1638413"),
        (with("x", r#"{"schedule":{"name":"i"},"count":1}"#), 400, "1638413"),
        (
            with(
                "x",
                &format!(r#"{{"schedule":{{"name":"daily","uuid":"{UNKNOWN}"}},"count":1}}"#),
            ),
            400,
            "1638413",
        ),
        (with("x", r#"{"schedule":{"name":"daily"},"count":0}"#), 400, "262197"),
        (with("x", r#"{"schedule":{"name":"daily"},"count":1024}"#), 400, "1638451"),
        (with("x", r#"{"schedule":{"name":"daily"},"count":1,"prefix":"a/b"}"#), 400, "262197"),
        (with("x", r#"{"schedule":{"name":"daily"},"count":1,"prefix":"other"}"#), 409, "1638506"),
        (with("x", &format!("{daily},{daily}")), 409, "1638410"),
        (with("x", &many.join(",")), 400, "262197"),
        (
            with("x", r#"{"schedule":{"name":"daily"},"count":1,"retention_period":"1 day"}"#),
            400,
            "918253",
        ),
        (with("x", r#"{"schedule":{"name":"daily"},"count":1,"unknown":1}"#), 400, "262179"),
        (r#"{"name":"x","svm":"svm9"}"#.to_owned(), 400, "2621462"),
    ] {
        refused(&lab, Method::Post, POLICIES, &body, status, code);
    }
    for (name, method, body, code) in [
        ("default", Method::Delete, "", "1638431"),
        ("none", Method::Delete, "", "1638431"),
        ("none", Method::Patch, r#"{"enabled":false}"#, "1638431"),
    ] {
        let found = lab.get(&format!("{POLICIES}?name={name}"))["records"][0]["uuid"].clone();
        let target = format!("{POLICIES}/{}", found.as_str().unwrap());
        refused(&lab, method, &target, body, 409, code);
    }
    assert_eq!(lab.backend.state_digest().unwrap(), before);
    assert_eq!(lab.names(POLICIES), ["default", "default-1weekly", "none"]);
}

#[test]
fn policies_are_created_changed_and_deleted_in_bulk_and_by_query() {
    let lab = Lab::new();
    let one = |name: &str| {
        format!(r#"{{"name":"{name}","copies.count":[1],"copies.schedule.name":["daily"]}}"#)
    };
    let body = format!(r#"{{"records":[{},{}]}}"#, one("p1"), one("p2"));
    let reply = lab.send(Method::Post, &format!("{POLICIES}?return_records=true"), &body);
    assert_eq!((reply.status, &reply.json["num_records"]), (201, &json!(2)), "{}", reply.json);
    assert_eq!(reply.json["records"][1]["copies"][0]["count"], Value::Null);
    let all = format!("{POLICIES}?name=p*");
    assert_eq!(lab.send(Method::Patch, &all, r#"{"comment":"x"}"#).status, 200);
    assert_eq!(lab.names(&format!("{POLICIES}?comment=x")), ["p1", "p2"]);
    assert_eq!(lab.send(Method::Delete, &all, "").status, 200);
    assert!(lab.names(&all).is_empty());
}

/// A backend without policies.
struct Plain(MemBackend);

impl Forward for Plain {
    type Backend = MemBackend;

    fn forward<R>(&self, operation: impl FnOnce(&MemBackend) -> R) -> R {
        operation(&self.0)
    }
}

impl VolumeBackend for Plain {
    forward_volumes!();

    fn capabilities(&self) -> Capabilities {
        Capabilities::VOLUMES
    }
}

#[test]
fn a_volume_of_a_backend_without_policies_stores_the_name() {
    let backend = Plain(MemBackend::builder().seed(1).build().unwrap());
    let lab = Lab::with(|config| config.svms[0].backend = Arc::new(backend));
    let path = create(&lab, "p", r#","svm":"svm1""#);
    let volume = lab.volume("v1", r#","snapshot_policy.name":"p""#);
    assert_eq!(lab.get(&volume)["snapshot_policy"]["uuid"], lab.get(&path)["uuid"]);
    refused(&lab, Method::Delete, &path, "", 409, "1638415");
    lab.done(Method::Patch, &volume, r#"{"snapshot_policy.name":"default"}"#);
    lab.done(Method::Delete, &path, "");
}
