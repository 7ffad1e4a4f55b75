//! Qtrees.

use nessie_backend_core::VolumeBackend;
use nessie_store::{JobCompletion, Method};
use serde_json::json;

use crate::support::{Lab, Reply, UNKNOWN, VOLUMES};

const QTREES: &str = "/api/storage/qtrees";
const POLICIES: &str = "/api/protocols/nfs/export-policies";

impl Lab {
    fn qtree(&self, volume: &str, name: &str, more: &str) -> Reply {
        let body = format!(r#"{{"name":"{name}","svm":"svm1","volume":"{volume}"{more}}}"#);
        self.send(Method::Post, &format!("{QTREES}?return_timeout=15&return_records=true"), &body)
    }
}

#[test]
fn each_volume_has_a_default_qtree_with_its_fields() {
    let lab = Lab::new();
    let volume = lab
        .volume("v1", r#","nas":{"security_style":"mixed","unix_permissions":777,"path":"/v1"}"#);
    let listed = lab.get(QTREES);
    assert_eq!(listed["num_records"], 1);
    let record = &listed["records"][0];
    assert_eq!((&record["id"], &record["name"]), (&json!(0), &json!("")));
    assert_eq!((&record["volume"]["name"], &record["svm"]["name"]), (&json!("v1"), &json!("svm1")));
    let path = record["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(path, format!("{QTREES}/{}/0", volume.rsplit('/').next().unwrap()));
    let one = lab.get(path);
    assert_eq!((&one["security_style"], &one["unix_permissions"]), (&json!("mixed"), &json!(777)));
    assert_eq!((&one["path"], &one["export_policy"]["name"]), (&json!("/v1"), &json!("default")));
    assert_eq!(lab.send(Method::Patch, path, r#"{"unix_permissions":755}"#).status, 202);
    for (method, body, code) in
        [(Method::Patch, r#"{"unix_permissions":755}"#, "5242945"), (Method::Delete, "", "5242894")]
    {
        let reply = lab.send(method, &format!("{path}?return_timeout=5"), body);
        assert_eq!(reply.code(), code, "{}", reply.json);
    }
    assert_eq!(lab.get(&format!("{QTREES}?name=!\"\""))["num_records"], 0);
    assert_eq!(lab.get(path), one);
}

#[test]
fn a_qtree_is_created_renamed_changed_and_deleted() {
    let lab = Lab::new();
    let volume = lab.volume("v1", r#","nas.path":"/v1""#);
    let created = lab.qtree("v1", "q1", "");
    assert_eq!(created.status, 201, "{}", created.json);
    let path = created.location();
    assert_eq!(created.json["records"][0]["id"], 1);
    let one = lab.get(&path);
    assert_eq!((&one["security_style"], &one["unix_permissions"]), (&json!("unix"), &json!(755)));
    assert_eq!(one["user"], json!({"id": "0", "name": "root"}));
    assert_eq!((&one["path"], &one["nas"]["path"]), (&json!("/v1/q1"), &json!("/v1/q1")));
    let body = r#"{"name":"q2","security_style":"NTFS","unix_permissions":"0700",
                   "user":{"name":"ann"},"group":{"id":"100"}}"#;
    lab.done(Method::Patch, &path, body);
    let one = lab.get(&path);
    assert_eq!((&one["name"], &one["id"]), (&json!("q2"), &json!(1)));
    assert_eq!((&one["security_style"], &one["unix_permissions"]), (&json!("ntfs"), &json!(700)));
    assert_eq!(one["user"], json!({"name": "ann"}));
    assert_eq!(one["group"], json!({"id": "100"}));
    assert_eq!(lab.names(&format!("{QTREES}?name=\"q2\"&volume=v1&svm.name=svm1")), ["q2"]);
    assert_eq!(lab.names(&format!("{QTREES}?path=/v1/q2")), ["q2"]);
    assert_eq!(lab.names(&format!("{QTREES}?name=q1")), [""; 0]);
    lab.done(Method::Delete, &path, "");
    assert_eq!(lab.send(Method::Get, &path, "").code(), "4");
    let again = lab.qtree("v1", "q2", "").location();
    assert!(again.ends_with("/2"), "an id is not used again: {again}");
    lab.done(Method::Delete, &volume, "");
    assert_eq!(lab.send(Method::Get, &again, "").code(), "4");
    assert_eq!(lab.get(QTREES)["num_records"], 0);
}

#[test]
fn a_job_reports_a_change() {
    let lab = Lab::with(|config| config.jobs = JobCompletion::Polls(1));
    let volume = "v1";
    lab.backend.create_volume(nessie_backend_core::VolumeSpec::named(volume)).unwrap();
    let body = r#"{"name":"q1","svm.name":"svm1","volume.name":"v1"}"#;
    let reply = lab.send(Method::Post, QTREES, body);
    assert_eq!(reply.status, 202);
    let job = format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap());
    assert_eq!(lab.get(&job)["state"], "success");
    let missing = r#"{"export_policy":{"name":"nosuch"}}"#;
    let reply = lab.send(Method::Patch, &reply.location(), missing);
    let job = format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap());
    let ended = lab.get(&job);
    assert_eq!((&ended["state"], &ended["code"]), (&json!("failure"), &json!(1_703_954)));
    let lab = Lab::new();
    lab.volume("v1", "");
    assert_eq!(lab.send(Method::Post, QTREES, body).status, 202);
    let body = r#"{"name":"q2","svm.name":"svm1","volume.name":"v1"}"#;
    let at_once = format!("{QTREES}?synchronous=true");
    assert_eq!(lab.send(Method::Post, &at_once, body).status, 201);
    let reply = lab.send(Method::Post, &format!("{QTREES}?synchronous=x"), body);
    assert_eq!(reply.code(), "262197");
}

#[test]
fn wrong_qtrees_are_refused() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    lab.volume("v2", "");
    let path = lab.qtree("v1", "q1", "").location();
    lab.qtree("v1", "q2", "");
    let uuid = volume.rsplit('/').next().unwrap();
    let before = lab.get(&format!("{QTREES}?fields=**"));
    let of = |more: &str| format!(r#"{{"svm.name":"svm1",{more}}}"#);
    let named = |name: &str| of(&format!(r#""volume.name":"v1","name":"{name}""#));
    for (body, code) in [
        (of(r#""volume.name":"v1""#), "5242953"),
        (named(""), "5242894"),
        (named("a/b"), "5242886"),
        (named(".."), "5242886"),
        (named("a\\u0000b"), "5242886"),
        (named(&"a".repeat(65)), "5242886"),
        (named("q1"), "5242886"),
        (of(r#""name":"q3""#), "918232"),
        (of(r#""name":"q3","volume.name":"nosuch""#), "917927"),
        (of(&format!(r#""name":"q3","volume.uuid":"{UNKNOWN}""#)), "917927"),
        (of(&format!(r#""name":"q3","volume":{{"name":"v2","uuid":"{uuid}"}}"#)), "918236"),
        (r#"{"name":"q3","volume.name":"v1"}"#.to_owned(), "2621707"),
        (r#"{"name":"q3","volume.name":"v1","svm.name":"svm9"}"#.to_owned(), "2621462"),
        (of(r#""name":"q3","volume.name":"v1","security_style":"unified""#), "9437324"),
        (of(r#""name":"q3","volume.name":"v1","unix_permissions":"9""#), "262197"),
        (of(r#""name":"q3","volume.name":"v1","user.id":"-1""#), "5242967"),
        (of(r#""name":"q3","volume.name":"v1","export_policy.name":"p""#), "1703954"),
        (of(r#""name":"q3","volume.name":"v1","export_policy.id":7"#), "5242952"),
        (
            of(r#""name":"q3","volume.name":"v1","export_policy":{"name":"default","id":7}"#),
            "5242951",
        ),
        (of(r#""name":"q3","volume.name":"v1","qos_policy.name":"p""#), "4"),
        (of(r#""name":"q3","volume.name":"v1","qos_policy.max_throughput_iops":7"#), "262196"),
    ] {
        let reply = lab.send(Method::Post, &format!("{QTREES}?return_timeout=5"), &body);
        assert_eq!(reply.code(), code, "{body}: {}", reply.json);
        assert_eq!(lab.get(&format!("{QTREES}?fields=**")), before);
    }
    for (target, body, code) in [
        (path.clone(), r#"{"name":"q2"}"#, "5242972"),
        (path.clone(), r#"{"name":"a/b","unix_permissions":700}"#, "5242958"),
        (path.clone(), r#"{"name":"q9","export_policy.name":"p"}"#, "1703954"),
        (path.clone(), r#"{"volume.name":"v2"}"#, "262203"),
        (format!("{QTREES}/{uuid}/9"), r#"{"name":"q9"}"#, "4"),
        (format!("{QTREES}/{UNKNOWN}/1"), r#"{"name":"q9"}"#, "4"),
    ] {
        let reply = lab.send(Method::Patch, &format!("{target}?return_timeout=5"), body);
        assert_eq!(reply.code(), code, "{body}: {}", reply.json);
        assert_eq!(lab.get(&format!("{QTREES}?fields=**")), before);
    }
    lab.done(Method::Patch, &volume, r#"{"state":"offline"}"#);
    assert_eq!(lab.qtree("v1", "q3", "").code(), "917775");
}

#[test]
fn qtrees_are_changed_by_a_query_and_by_records() {
    let lab = Lab::new();
    for volume in ["v1", "v2"] {
        lab.volume(volume, "");
        for name in ["a1", "a2", "b"] {
            lab.qtree(volume, name, "");
        }
    }
    let count = |query: &str| lab.get(&format!("{QTREES}?{query}"))["num_records"].clone();
    assert_eq!(count("name=a1"), 2);
    lab.done(
        Method::Patch,
        &format!("{QTREES}?name=a*&volume.name=v1"),
        r#"{"unix_permissions":700}"#,
    );
    assert_eq!(count("unix_permissions=700"), 2);
    let body = r#"{"records":[{"volume":{"name":"v2"},"id":1,"name":"c"}]}"#;
    lab.done(Method::Patch, QTREES, body);
    assert_eq!(count("name=c&volume.name=v2"), 1);
    for body in [r#"{"records":[{"id":1,"name":"d"}]}"#, r#"{"records":[{"volume.name":"v1"}]}"#] {
        let reply = lab.send(Method::Patch, &format!("{QTREES}?return_timeout=5"), body);
        assert_eq!(reply.code(), "262212", "{}", reply.json);
    }
    lab.done(Method::Delete, &format!("{QTREES}?name=b"), "");
    assert_eq!(count("name=!\"\""), 4);
    let first = lab.get(&format!("{QTREES}?max_records=3&order_by=name"));
    let next = first["_links"]["next"]["href"].as_str().unwrap();
    assert_eq!((&first["num_records"], &lab.get(next)["num_records"]), (&json!(3), &json!(3)));
}

#[test]
fn a_qtree_has_the_policy_of_its_volume_or_its_own() {
    let lab = Lab::new();
    let policy = lab.send(Method::Post, POLICIES, r#"{"name":"p","svm":"svm1"}"#).location();
    let volume = lab.volume("v1", r#","nas.export_policy.name":"p""#);
    let inherits = lab.qtree("v1", "q1", "").location();
    let own = lab.qtree("v1", "q2", r#","export_policy.name":"p""#).location();
    let shown = |path: &str| lab.get(path)["export_policy"]["name"].clone();
    lab.done(Method::Patch, &volume, r#"{"nas.export_policy.name":"default"}"#);
    assert_eq!((shown(&inherits), shown(&own)), (json!("default"), json!("p")));
    assert_eq!(lab.send(Method::Patch, &policy, r#"{"name":"q"}"#).status, 200);
    assert_eq!(shown(&own), "q");
    assert_eq!(lab.send(Method::Delete, &policy, "").code(), "1703953");
    lab.done(Method::Patch, &own, r#"{"export_policy":"default"}"#);
    assert_eq!(lab.send(Method::Delete, &policy, "").status, 200);
}

#[test]
fn a_clone_has_the_qtrees_of_its_parent_and_a_restore_leaves_them() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    lab.qtree("v1", "q1", "");
    lab.snapshot(&volume, "s1");
    lab.qtree("v1", "q2", "");
    let clone = lab.clone_of("v1", Some("s1"), "c1");
    let names = |volume: &str| lab.names(&format!("{QTREES}?volume.name={volume}"));
    assert_eq!(names("c1"), ["", "q1", "q2"]);
    lab.done(Method::Delete, &format!("{QTREES}?name=q1&volume.name=c1"), "");
    assert_eq!((names("v1").len(), names("c1").len()), (3, 2));
    lab.done(Method::Delete, &clone, "");
    lab.done(Method::Patch, &volume, r#"{"restore_to.snapshot.name":"s1"}"#);
    assert_eq!(names("v1"), ["", "q1", "q2"]);
    lab.backend.reset().unwrap();
    assert_eq!(lab.get(QTREES)["num_records"], 0);
    lab.volume("v1", "");
    assert_eq!(names("v1"), [""], "qtrees end with the epoch");
    assert_eq!(lab.names(VOLUMES), ["v1"]);
}

#[test]
fn a_qtree_has_a_qos_policy_until_that_is_deleted() {
    const QOS: &str = "/api/storage/qos/policies";
    let lab = Lab::new();
    lab.volume("v1", "");
    let body = r#"{"name":"slow","svm":"svm1","fixed.max_throughput_iops":100}"#;
    let policy = lab.done(Method::Post, QOS, body).location();
    let path = lab.qtree("v1", "q1", r#","qos_policy.name":"slow""#).location();
    let shown = || lab.get(&format!("{path}?fields=qos_policy"))["qos_policy"].clone();
    assert_eq!(shown()["max_throughput_iops"], 100);
    let count = || lab.get(&format!("{policy}?fields=object_count"))["object_count"].clone();
    assert_eq!(count(), 1);
    lab.done(Method::Patch, &policy, r#"{"name":"slower"}"#);
    assert_eq!(shown()["name"], "slower");
    lab.done(Method::Patch, &path, r#"{"qos_policy.name":"none"}"#);
    assert_eq!((shown(), count()), (serde_json::Value::Null, json!(0)));
    lab.done(Method::Patch, &path, r#"{"qos_policy.name":"slower"}"#);
    lab.done(Method::Delete, &policy, "");
    assert_eq!(shown(), serde_json::Value::Null);
}
