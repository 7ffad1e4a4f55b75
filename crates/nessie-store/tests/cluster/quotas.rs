//! Quota rules, quota reports, and the quotas of volumes.

use std::collections::HashSet;

use nessie_backend_core::{VolumeBackend, VolumeSpec};
use nessie_store::{JobCompletion, Method};
use serde_json::{Value, json};

use crate::support::{Lab, Reply, UNKNOWN};

const RULES: &str = "/api/storage/quota/rules";
const REPORTS: &str = "/api/storage/quota/reports";

/// A lab with the volume `v1` and its qtrees `q1` and `q2`, and the path of the volume.
fn lab() -> (Lab, String) {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    for name in ["q1", "q2"] {
        let body = format!(r#"{{"name":"{name}","svm":"svm1","volume":"v1"}}"#);
        lab.done(Method::Post, "/api/storage/qtrees", &body);
    }
    (lab, volume)
}

fn post(lab: &Lab, more: &str) -> Reply {
    let body = format!(r#"{{"svm.name":"svm1","volume.name":"v1",{more}}}"#);
    lab.send(Method::Post, &format!("{RULES}?return_timeout=15&return_records=true"), &body)
}

fn create(lab: &Lab, more: &str) -> String {
    let reply = post(lab, more);
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.location()
}

fn turn(lab: &Lab, volume: &str, to: &str) -> Reply {
    let target = format!("{volume}?return_timeout=15");
    lab.send(Method::Patch, &target, &format!(r#"{{"quota":{{"enabled":{to}}}}}"#))
}

fn state(lab: &Lab, volume: &str) -> Value {
    lab.get(&format!("{volume}?fields=quota"))["quota"]["state"].clone()
}

#[test]
fn a_rule_is_created_changed_and_deleted() {
    let (lab, volume) = lab();
    let body = r#""type":"tree","qtree":{"name":"q1"},"space":{"hard_limit":"1GB","soft_limit":7}"#;
    let path = create(&lab, body);
    let one = lab.get(&path);
    assert_eq!(one["space"], json!({"hard_limit": 1 << 30, "soft_limit": 1024}));
    assert_eq!((&one["type"], &one["qtree"]["name"]), (&json!("tree"), &json!("q1")));
    assert_eq!((&one["qtree"]["id"], &one["volume"]["name"]), (&json!(1), &json!("v1")));
    assert!(one.get("files").is_none() && one.get("users").is_none());
    lab.done(Method::Patch, &path, r#"{"space":{"soft_limit":-1},"files.hard_limit":"100"}"#);
    let one = lab.get(&path);
    assert_eq!(one["space"], json!({"hard_limit": 1 << 30}));
    assert_eq!(one["files"], json!({"hard_limit": 100}));
    for none in [r#""-""#, r#""""#, r#""-1""#] {
        lab.done(Method::Patch, &path, r#"{"files.hard_limit":100}"#);
        lab.done(Method::Patch, &path, &format!(r#"{{"files.hard_limit":{none}}}"#));
        assert!(lab.get(&path).get("files").is_none(), "{none}");
    }
    lab.done(Method::Patch, "/api/storage/qtrees?name=q1", r#"{"name":"q9"}"#);
    assert_eq!(lab.get(&path)["qtree"]["name"], "q9");
    let by_qtree = format!("{RULES}?type=tree&qtree.name=q9&volume.name=v1&svm.name=svm1");
    assert_eq!(lab.get(&by_qtree)["num_records"], 1);
    lab.done(Method::Delete, &path, "");
    assert_eq!(lab.send(Method::Get, &path, "").code(), "4");
    create(&lab, r#""type":"tree","qtree.name":"q9""#);
    lab.done(Method::Delete, "/api/storage/qtrees?name=q9", "");
    assert_eq!(lab.get(RULES)["num_records"], 0, "a qtree has its rules with it");
    create(&lab, r#""type":"tree","qtree.name":"q2""#);
    lab.done(Method::Delete, &volume, "");
    assert_eq!(lab.get(RULES)["num_records"], 0);
}

#[test]
fn users_and_groups_have_rules() {
    let (lab, _) = lab();
    let users = create(&lab, r#""type":"user","users.name":["ann","bob"],"qtree.name":"""#);
    let one = lab.get(&users);
    assert_eq!(one["users"], json!([{"name": "ann"}, {"name": "bob"}]));
    assert_eq!((&one["user_mapping"], one.get("qtree")), (&json!(false), None));
    let single = create(&lab, r#""type":"user","users":[{"id":"7"}],"user_mapping":true"#);
    assert_eq!(lab.get(&single)["users"], json!([{"id": "7"}]));
    assert_eq!(lab.get(&single)["user_mapping"], true);
    let group = create(&lab, r#""type":"group","group":"staff","qtree":"q1""#);
    let one = lab.get(&group);
    assert_eq!((&one["group"]["name"], &one["qtree"]["name"]), (&json!("staff"), &json!("q1")));
    create(&lab, r#""type":"user","users":["zoe"],"qtree.name":"q2""#);
    assert_eq!(lab.get(&format!("{RULES}?users.name=ann,bob"))["num_records"], 1);
    assert_eq!(lab.get(&format!("{RULES}?users.id=7"))["num_records"], 1);
    assert_eq!(lab.get(&format!("{RULES}?group.name=staff"))["num_records"], 1);
    lab.done(Method::Delete, &format!("{RULES}?type=user"), "");
    assert_eq!(lab.get(RULES)["num_records"], 1);
}

#[test]
fn wrong_rules_are_refused() {
    let (lab, _) = lab();
    let path = create(&lab, r#""type":"tree","qtree.name":"q1","space.hard_limit":2048"#);
    create(&lab, r#""type":"user","users":["ann","bob"]"#);
    let before = lab.get(&format!("{RULES}?fields=**"));
    for (more, code) in [
        (r#""qtree.name":"q1""#, "262212"),
        (r#""type":"disk","qtree.name":"q1""#, "262197"),
        (r#""type":"tree""#, "5308564"),
        (r#""type":"tree","qtree.name":"","users":["ann"]"#, "5308564"),
        (r#""type":"user","group":"staff","users":["ann"]"#, "5308562"),
        (r#""type":"user""#, "5308562"),
        (r#""type":"user","users":[]"#, "5308562"),
        (r#""type":"group","users":["ann"]"#, "5308563"),
        (r#""type":"user","users":[{"name":"ann","id":"1"}]"#, "5308565"),
        (r#""type":"group","group":{"name":"staff","id":"1"}"#, "5308566"),
        (r#""type":"tree","qtree.name":"nosuch""#, "5242927"),
        (r#""type":"tree","qtree.name":"q1""#, "1"),
        (r#""type":"user","users":["bob","ann"]"#, "1"),
        (r#""type":"tree","qtree.name":"","user_mapping":true"#, "5308469"),
        (r#""type":"user","users":["a","b"],"user_mapping":true"#, "5308478"),
        (r#""type":"tree","qtree.name":"","space.hard_limit":"2048PB""#, "5308573"),
        (r#""type":"tree","qtree.name":"","space.hard_limit":18446744073709551615"#, "5308573"),
        (
            r#""type":"tree","qtree.name":"","space":{"hard_limit":2048,"soft_limit":4096}"#,
            "5308575",
        ),
        (r#""type":"tree","qtree.name":"","files":{"hard_limit":1,"soft_limit":2}"#, "5308575"),
        (r#""type":"tree","qtree.name":"","files.hard_limit":-2"#, "262245"),
    ] {
        let reply = post(&lab, more);
        assert_eq!(reply.code(), code, "{more}: {}", reply.json);
        assert_eq!(lab.get(&format!("{RULES}?fields=**")), before);
    }
    for (target, body, code) in [
        (path.as_str(), r#"{"space.soft_limit":4096}"#, "5308575"),
        (&path, r#"{"qtree.name":"q2"}"#, "262203"),
        (&format!("{RULES}/{UNKNOWN}"), r#"{"space.soft_limit":1}"#, "4"),
        (&format!("{RULES}/x"), r#"{"space.soft_limit":1}"#, "4"),
    ] {
        let reply = lab.send(Method::Patch, &format!("{target}?return_timeout=5"), body);
        assert_eq!(reply.code(), code, "{body}: {}", reply.json);
        assert_eq!(lab.get(&format!("{RULES}?fields=**")), before);
    }
}

#[test]
fn quotas_of_a_volume_are_turned_on_and_reported() {
    let (lab, volume) = lab();
    assert_eq!(state(&lab, &volume), "off");
    assert_eq!(turn(&lab, &volume, "true").code(), "460770");
    let checked = format!("{volume}?validate_only=true&return_timeout=15");
    assert_eq!(lab.send(Method::Patch, &checked, r#"{"quota.enabled":true}"#).code(), "460770");
    create(&lab, r#""type":"tree","qtree.name":"","space.hard_limit":4096"#);
    create(&lab, r#""type":"tree","qtree.name":"q2","files.soft_limit":9"#);
    create(&lab, r#""type":"user","users":["ann"]"#);
    create(&lab, r#""type":"user","users":[""]"#);
    create(&lab, r#""type":"group","group":"staff","qtree":"q1""#);
    assert_eq!(lab.get(REPORTS)["num_records"], 0, "quotas are off");
    assert_eq!(turn(&lab, &volume, "\"true\"").status, 200);
    assert_eq!(state(&lab, &volume), "on");
    let all = lab.get(&format!("{REPORTS}?fields=*"));
    let report = |specifier: &str| {
        let mut records = all["records"].as_array().unwrap().iter();
        records.find(|record| record["specifier"] == specifier).unwrap().clone()
    };
    let derived = report("q1");
    assert_eq!(derived["index"], 2_305_843_013_508_661_248_u64);
    assert_eq!(derived["space"]["hard_limit"], 4096);
    assert_eq!(derived["space"]["used"], json!({"hard_limit_percent": 0, "total": 0}));
    assert_eq!(report("q2")["files"]["soft_limit"], 9);
    assert!(report("q2").get("space").is_some_and(|space| space.get("hard_limit").is_none()));
    assert_eq!(report("ann")["users"], json!([{"name": "ann"}]));
    assert_eq!(report("staff")["qtree"]["id"], 1);
    assert_eq!(all["num_records"], 6);
    let records = all["records"].as_array().unwrap().iter();
    let indexes: HashSet<_> = records.map(|record| record["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes.len(), 6);
    let without = lab.get(&format!("{REPORTS}?show_default_records=false"));
    assert_eq!(without["num_records"], 4);
    let href = derived["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(lab.get(href)["specifier"], "q1");
    let reply = lab.send(Method::Get, &format!("{href}?show_default_records=true"), "");
    assert_eq!(reply.code(), "5308576");
    let reply = lab.send(Method::Get, &format!("{REPORTS}/{UNKNOWN}/1"), "");
    assert_eq!(reply.code(), "4");
    assert_eq!(turn(&lab, &volume, "false").status, 200);
    assert_eq!((state(&lab, &volume), &lab.get(REPORTS)["num_records"]), (json!("off"), &json!(0)));
}

#[test]
fn quotas_are_initialized_until_the_job_completes() {
    let lab = Lab::with(|config| config.jobs = JobCompletion::Polls(2));
    lab.backend.create_volume(VolumeSpec::named("v1")).unwrap();
    let uuid = lab.get("/api/storage/volumes?name=v1")["records"][0]["uuid"].clone();
    let volume = format!("/api/storage/volumes/{}", uuid.as_str().unwrap());
    assert_eq!(post(&lab, r#""type":"tree","qtree.name":"""#).status, 202);
    let reply = turn(&lab, &volume, "true");
    assert_eq!((reply.status, state(&lab, &volume)), (202, json!("initializing")));
    let job = format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap());
    lab.get(&job);
    assert_eq!(state(&lab, &volume), "initializing");
    assert_eq!(lab.get(&job)["state"], "success");
    assert_eq!(state(&lab, &volume), "on");
    turn(&lab, &volume, "true");
    assert_eq!(state(&lab, &volume), "on");
    turn(&lab, &volume, "false");
    assert_eq!(state(&lab, &volume), "off");
}
