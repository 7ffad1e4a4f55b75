//! `QoS` policies.

use std::sync::Arc;

use nessie_backend_core::VolumeBackend;
use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::support::{Lab, UNKNOWN, VOLUMES};

const POLICIES: &str = "/api/storage/qos/policies";

fn refused(lab: &Lab, method: Method, target: &str, body: &str, status: u16, code: &str) {
    let mark = if target.contains('?') { '&' } else { '?' };
    let reply = lab.send(method, &format!("{target}{mark}return_timeout=15"), body);
    assert_eq!((reply.status, reply.code()), (status, code), "{target} {body}: {}", reply.json);
}

fn create(lab: &Lab, name: &str, limits: &str) -> String {
    let body = format!(r#"{{"name":"{name}","svm.name":"svm1",{limits}}}"#);
    lab.done(Method::Post, POLICIES, &body).location()
}

fn count(lab: &Lab, path: &str) -> Value {
    lab.get(&format!("{path}?fields=object_count"))["object_count"].clone()
}

fn qos(lab: &Lab, volume: &str) -> Value {
    let mut qos = lab.get(&format!("{volume}?fields=qos"))["qos"]["policy"].clone();
    if let Some(members) = qos.as_object_mut() {
        members.remove("_links");
    }
    qos
}

#[test]
fn an_array_has_predefined_policies() {
    let lab = Lab::new();
    let mut names = lab.names(&format!("{POLICIES}?policy_class=preset&scope=cluster"));
    names.sort();
    assert_eq!(names, ["extreme", "performance", "value"]);
    let value = lab.get(&format!("{POLICIES}?name=value&fields=**"))["records"][0].clone();
    assert_eq!((&value["adaptive"]["peak_iops"], &value["object_count"]), (&json!(512), &json!(0)));
    assert!(value.get("fixed").is_none() && value.get("svm").is_none());
    let path = format!("{POLICIES}/{}", value["uuid"].as_str().unwrap());
    refused(&lab, Method::Patch, &path, r#"{"name":"x"}"#, 409, "8454286");
    refused(&lab, Method::Delete, &path, "", 409, "8454286");
    let volume = lab.volume("v1", r#","qos.policy.name":"value""#);
    assert_eq!(qos(&lab, &volume), json!({"name": "value", "uuid": value["uuid"]}));
    assert_eq!(count(&lab, &path), 1);
}

#[test]
fn a_fixed_policy_is_created_changed_and_deleted() {
    let lab = Lab::new();
    let path = create(&lab, "p", r#""fixed.max_throughput_iops":1000"#);
    let record = lab.get(&path);
    let fixed = json!({"capacity_shared": false, "max_throughput_iops": 1000,
        "max_throughput_mbps": 0, "min_throughput_iops": 0, "min_throughput_mbps": 0});
    assert_eq!((&record["fixed"], &record["scope"]), (&fixed, &json!("svm")));
    assert_eq!(
        (&record["policy_class"], &record["svm"]["name"]),
        (&json!("user_defined"), &json!("svm1"))
    );
    let volume = lab.volume("v1", r#","qos":{"policy":{"name":"p"}}"#);
    assert_eq!(count(&lab, &path), 1);
    let other = lab.volume("v2", "");
    lab.done(Method::Patch, &other, &format!(r#"{{"qos.policy.uuid":{}}}"#, record["uuid"]));
    assert_eq!(count(&lab, &path), 2);
    let expected = |name: &str, iops: u64| json!({"name": name, "uuid": record["uuid"], "max_throughput_iops": iops});
    assert_eq!(qos(&lab, &other), expected("p", 1000));
    assert_eq!(lab.names(&format!("{VOLUMES}?qos.policy.name=p")), ["v1", "v2"]);

    // The volumes follow a change of the policy.
    lab.done(Method::Patch, &path, r#"{"name":"q","fixed":{"max_throughput_iops":"2000"}}"#);
    assert_eq!(qos(&lab, &volume), expected("q", 2000));
    refused(&lab, Method::Patch, &path, r#"{"adaptive.peak_iops":1}"#, 400, "8454327");
    refused(&lab, Method::Patch, &path, r#"{"fixed.min_throughput_iops":2001}"#, 400, "8454194");
    refused(&lab, Method::Patch, &path, r#"{"fixed.capacity_shared":true}"#, 400, "262203");
    lab.done(Method::Delete, &other, "");
    assert_eq!(count(&lab, &path), 1);
    lab.backend.delete_volume(lab.backend.find_volume("v1").unwrap().unwrap().uuid).unwrap();
    assert_eq!(count(&lab, &path), 0, "the volume was deleted on the backend");

    let volume = lab.volume("v3", r#","qos.policy.name":"q""#);
    lab.done(Method::Delete, &path, "");
    assert_eq!(qos(&lab, &volume), Value::Null);
    assert_eq!(lab.send(Method::Get, &path, "").code(), "4");
    refused(&lab, Method::Delete, &path, "", 404, "4");
}

#[test]
fn an_adaptive_policy_has_defaults() {
    let lab = Lab::new();
    let path = create(&lab, "a", r#""adaptive":{"expected_iops":"100","peak_iops":200}"#);
    let adaptive = json!({"absolute_min_iops": 0, "block_size": "any", "expected_iops": 100,
        "expected_iops_allocation": "allocated_space", "peak_iops": 200,
        "peak_iops_allocation": "used_space"});
    assert_eq!(lab.get(&path)["adaptive"], adaptive);
    lab.done(Method::Patch, &path, r#"{"adaptive":{"expected_iops":150,"block_size":"32k"}}"#);
    let changed = lab.get(&path)["adaptive"].clone();
    assert_eq!((&changed["expected_iops"], &changed["block_size"]), (&json!(150), &json!("32k")));
    refused(&lab, Method::Patch, &path, r#"{"adaptive.expected_iops":201}"#, 400, "8454274");
    refused(&lab, Method::Patch, &path, r#"{"fixed.max_throughput_iops":1}"#, 400, "8454328");
    let volume = lab.volume("v1", r#","qos.policy.name":"a""#);
    assert_eq!(qos(&lab, &volume)["name"], "a");
    lab.done(Method::Patch, &volume, r#"{"qos.policy.name":"none"}"#);
    assert_eq!((qos(&lab, &volume), count(&lab, &path)), (Value::Null, json!(0)));
}

#[test]
fn an_invalid_policy_is_refused() {
    let lab = Lab::new();
    create(&lab, "f", r#""fixed.max_throughput_iops":1"#);
    create(&lab, "a", r#""adaptive":{"expected_iops":1,"peak_iops":1}"#);
    let before = lab.names(POLICIES);
    let fixed = r#""svm.name":"svm1","fixed.max_throughput_iops":1"#;
    let adaptive = r#""svm.name":"svm1","adaptive":{"expected_iops":1,"peak_iops":1}"#;
    for (body, status, code) in [
        (r#"{"name":"x","fixed.max_throughput_iops":1}"#.to_owned(), 400, "2621707"),
        (format!(r#"{{"name":"",{fixed}}}"#), 400, "262197"),
        (format!(r#"{{"name":"-x",{fixed}}}"#), 400, "262197"),
        (format!(r#"{{"name":"{}",{fixed}}}"#, "x".repeat(128)), 400, "262197"),
        (format!(r#"{{"name":"f",{fixed}}}"#), 409, "8454379"),
        (format!(r#"{{"name":"a",{adaptive}}}"#), 409, "8454380"),
        (format!(r#"{{"name":"f",{adaptive}}}"#), 409, "8454277"),
        (format!(r#"{{"name":"a",{fixed}}}"#), 409, "8454278"),
        (format!(r#"{{"name":"value",{fixed}}}"#), 409, "8454278"),
        (format!(r#"{{"name":"x",{fixed},"adaptive.peak_iops":1}}"#), 400, "8454389"),
        (r#"{"name":"x","svm.name":"svm1"}"#.to_owned(), 400, "8454389"),
        (r#"{"name":"x","svm.name":"svm1","adaptive.peak_iops":1}"#.to_owned(), 400, "8454389"),
        (
            r#"{"name":"x","svm.name":"svm1","adaptive":{"expected_iops":0,"peak_iops":1}}"#
                .to_owned(),
            400,
            "8454273",
        ),
        (format!(r#"{{"name":"x",{fixed},"fixed.max_throughput_mbps":2}}"#), 400, "8454260"),
        (format!(r#"{{"name":"x",{fixed},"fixed.unknown":2}}"#), 400, "262179"),
        (format!(r#"{{"name":"x",{fixed},"object_count":2}}"#), 400, "262196"),
    ] {
        refused(&lab, Method::Post, POLICIES, &body, status, code);
    }
    assert_eq!(lab.names(POLICIES), before);
}

#[test]
fn an_unknown_policy_of_a_volume_changes_nothing() {
    let second = MemBackend::builder().seed(2).build().unwrap();
    let lab = Lab::with(|config| config.svms.push(Svm::new("svm2", Arc::new(second))));
    let body = r#"{"name":"other","svm.name":"svm2","fixed.max_throughput_iops":1}"#;
    lab.done(Method::Post, POLICIES, body);
    let volume = lab.volume("v1", r#","qos.policy.max_throughput_iops":5"#);
    let before = (qos(&lab, &volume), lab.backend.state_digest().unwrap());
    for policy in [
        r#""qos.policy.name":"x""#.to_owned(),
        r#""qos.policy.name":"other""#.to_owned(),
        format!(r#""qos.policy.uuid":"{UNKNOWN}""#),
        format!(r#""qos.policy":{{"name":"value","uuid":"{UNKNOWN}"}}"#),
    ] {
        let body = format!(r#"{{"size":"2GB",{policy}}}"#);
        refused(&lab, Method::Patch, &volume, &body, 404, "4");
        let body = format!(
            r#"{{"name":"v2","svm.name":"svm1","aggregates":[{{"name":"aggr1"}}],{policy}}}"#
        );
        refused(&lab, Method::Post, VOLUMES, &body, 404, "4");
    }
    let both = r#"{"qos.policy":{"name":"value","max_throughput_iops":1}}"#;
    refused(&lab, Method::Patch, &volume, both, 400, "8454389");
    let above = r#"{"qos.policy.min_throughput_iops":6}"#;
    refused(&lab, Method::Patch, &volume, above, 400, "8454194");
    assert_eq!((qos(&lab, &volume), lab.backend.state_digest().unwrap()), before);
}

#[test]
fn limits_of_a_volume_are_a_policy_of_its_own() {
    let lab = Lab::new();
    let volume = lab.volume("v1", r#","qos.policy.max_throughput_iops":500"#);
    let found =
        lab.get(&format!("{POLICIES}?policy_class=autovolume&fields=*"))["records"][0].clone();
    assert_eq!(
        (&found["object_count"], &found["fixed"]["max_throughput_iops"]),
        (&json!(1), &json!(500))
    );
    let shown = qos(&lab, &volume);
    assert_eq!((&shown["name"], &shown["uuid"]), (&found["name"], &found["uuid"]));
    lab.done(Method::Patch, &volume, r#"{"qos":{"policy":{"min_throughput_iops":100}}}"#);
    let shown = qos(&lab, &volume);
    assert_eq!(
        (&shown["max_throughput_iops"], &shown["min_throughput_iops"]),
        (&json!(500), &json!(100))
    );
    let path = format!("{POLICIES}/{}", found["uuid"].as_str().unwrap());
    refused(&lab, Method::Patch, &path, r#"{"name":"x"}"#, 400, "8454286");

    // A policy replaces the limits, and limits replace a policy.
    create(&lab, "p", r#""fixed":{"max_throughput_iops":7,"max_throughput_mbps":1}"#);
    lab.done(Method::Patch, &volume, r#"{"qos.policy.name":"p"}"#);
    assert!(lab.names(&format!("{POLICIES}?policy_class=autovolume")).is_empty());
    lab.done(Method::Patch, &volume, r#"{"qos.policy.max_throughput_iops":8}"#);
    let shown = qos(&lab, &volume);
    assert_eq!(
        shown,
        json!({"max_throughput_iops": 8, "name": found["name"], "uuid": found["uuid"]})
    );
    lab.done(Method::Patch, &volume, r#"{"qos.policy.max_throughput_iops":0}"#);
    assert_eq!(qos(&lab, &volume), Value::Null);
    lab.done(Method::Patch, &volume, r#"{"qos.policy.max_throughput_iops":9}"#);
    lab.done(Method::Delete, &path, "");
    assert_eq!(qos(&lab, &volume), Value::Null);
}

#[test]
fn policies_are_created_changed_and_deleted_in_bulk_and_by_query() {
    let lab = Lab::new();
    let one = |name: &str| {
        format!(r#"{{"name":"{name}","svm":"svm1","fixed":{{"max_throughput_iops":5}}}}"#)
    };
    let body = format!(r#"{{"records":[{},{}]}}"#, one("c1"), one("c2"));
    lab.done(Method::Post, POLICIES, &body);
    let all = format!("{POLICIES}?name=c*");
    assert_eq!(lab.names(&all).len(), 2);
    lab.done(Method::Patch, &format!("{POLICIES}?name=c1"), r#"{"name":"deleted_c1"}"#);
    lab.done(Method::Delete, &format!("{POLICIES}?name=deleted_*"), "");
    assert_eq!(lab.names(&all), ["c2"]);
    // Without a match, nothing is done.
    assert_eq!(lab.send(Method::Delete, &format!("{POLICIES}?name=deleted_*"), "").status, 200);
    let reply = lab.send(Method::Post, POLICIES, &one("c3"));
    assert_eq!(reply.status, 202, "a job, as for a volume");
    assert_eq!(lab.send(Method::Delete, &reply.location(), "").status, 202);
}

#[test]
fn policies_stay_when_a_backend_is_reset() {
    let lab = Lab::new();
    let path = create(&lab, "p", r#""fixed.max_throughput_iops":5"#);
    lab.volume("v1", r#","qos.policy.name":"p""#);
    lab.volume("v2", r#","qos.policy.max_throughput_iops":5"#);
    lab.backend.reset().unwrap();
    assert_eq!(count(&lab, &path), 0);
    assert!(lab.names(&format!("{POLICIES}?policy_class=autovolume")).is_empty());
}
