//! Changes of collections: pages, records and paths with a `*`.

use std::sync::Arc;

use nessie_backend_mem::MemBackend;
use nessie_store::{JobCompletion, Method, Request, Svm};
use serde_json::Value;

use crate::support::{Lab, Reply, UNKNOWN, VOLUMES};

const ALL: &str = "/api/storage/volumes/*/snapshots";

fn uuid(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn next(reply: &Reply) -> Option<String> {
    let next = reply.json["_links"]["next"]["href"].as_str().map(str::to_owned);
    let header = reply.headers.iter().find(|(name, _)| *name == "Link");
    let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
    assert_eq!(header.map(|(_, link)| link), link.as_ref());
    next
}

/// Sends a change and follows its links to the end. Returns how many each page changed.
fn to_the_end(lab: &Lab, method: Method, target: &str, body: &str) -> Vec<u64> {
    let mut pages = Vec::new();
    let mut target = Some(target.to_owned());
    while let Some(page) = target {
        assert!(pages.len() < 10, "{page}");
        let reply = lab.send(method, &page, body);
        assert!(matches!(reply.status, 200 | 202), "{page}: {}", reply.json);
        pages.push(reply.json["num_records"].as_u64().unwrap());
        target = next(&reply);
    }
    pages
}

#[test]
fn a_change_of_a_page_leads_to_the_next() {
    for waiting in ["", "&return_timeout=15"] {
        let lab = Lab::new();
        for name in ["a1", "a2", "a3", "b1"] {
            lab.volume(name, "");
        }
        let target = format!("{VOLUMES}?name=a*&max_records=2{waiting}");
        assert_eq!(to_the_end(&lab, Method::Patch, &target, r#"{"comment":"x"}"#), [2, 1]);
        assert_eq!(lab.names(&format!("{VOLUMES}?comment=x")), ["a1", "a2", "a3"]);
        // A change after which the changed volumes no longer match the filter.
        let target = format!("{VOLUMES}?comment=x&max_records=1&order_by=name%20desc{waiting}");
        assert_eq!(to_the_end(&lab, Method::Patch, &target, r#"{"comment":""}"#), [1, 1, 1]);
        let target = format!("{VOLUMES}?name=a*&max_records=2{waiting}");
        assert_eq!(to_the_end(&lab, Method::Delete, &target, ""), [2, 1]);
        assert_eq!(lab.names(VOLUMES), ["b1"]);
    }
}

#[test]
fn snapshots_are_changed_page_by_page_over_all_volumes() {
    let lab = Lab::new();
    for name in ["v1", "v2"] {
        let path = lab.volume(name, "");
        for name in ["s1", "s2", "t1"] {
            lab.snapshot(&path, name);
        }
    }
    let target = format!("{ALL}?name=s*&max_records=3");
    assert_eq!(to_the_end(&lab, Method::Patch, &target, r#"{"comment":"x"}"#), [3, 1]);
    assert_eq!(lab.names(&format!("{ALL}?comment=x")), ["s1", "s2", "s1", "s2"]);
    assert_eq!(to_the_end(&lab, Method::Delete, &target, ""), [3, 1]);
    assert_eq!(lab.names(ALL), ["t1", "t1"]);
}

#[test]
fn a_failure_ends_the_pages_unless_continue_on_failure_is_set() {
    for (waiting, status) in [("", 202), ("&return_timeout=15", 409)] {
        let lab = Lab::new();
        for name in ["a1", "a2", "a3"] {
            lab.volume(name, "");
        }
        lab.clone_of("a1", None, "c1");
        let target = format!("{VOLUMES}?name=a*&max_records=1{waiting}");
        let reply = lab.send(Method::Delete, &target, "");
        assert_eq!((reply.status, next(&reply)), (status, None));
        assert_eq!(lab.names(&format!("{VOLUMES}?name=a*")), ["a1", "a2", "a3"]);
        let target = format!("{target}&continue_on_failure=true");
        assert_eq!(to_the_end(&lab, Method::Delete, &target, ""), [1, 1, 1]);
        assert_eq!(lab.names(&format!("{VOLUMES}?name=a*")), ["a1"]);
    }
}

#[test]
fn the_first_job_is_returned_with_all_jobs() {
    let lab = Lab::new();
    lab.volume("v1", "");
    lab.volume("v2", "");
    let reply = lab.send(Method::Patch, &format!("{VOLUMES}?name=v*"), r#"{"comment":"x"}"#);
    assert_eq!(reply.json["jobs"].as_array().map(Vec::len), Some(2));
    assert_eq!(reply.json["job"], reply.json["jobs"][0]);
    let href = reply.json["job"]["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(lab.get(href)["state"], "success");
    let reply = lab.send(Method::Patch, &format!("{VOLUMES}?name=w*"), r#"{"comment":"x"}"#);
    assert_eq!((reply.status, &reply.json["job"]), (200, &Value::Null));
}

#[test]
fn volumes_are_changed_and_deleted_by_records() {
    let lab = Lab::new();
    let paths: Vec<_> = ["v1", "v2", "v3"].iter().map(|name| lab.volume(name, "")).collect();
    let (first, second) = (uuid(&paths[0]), uuid(&paths[1]));
    let body = format!(
        r#"{{"records":[{{"uuid":"{first}","comment":"a"}},{{"uuid":"{second}","size":"2g"}}]}}"#
    );
    assert_eq!(lab.done(Method::Patch, VOLUMES, &body).json["num_records"], 2);
    assert_eq!(lab.get(&format!("{}?fields=comment", paths[0]))["comment"], "a");
    assert_eq!(lab.get(&paths[1])["size"], 2_u64 << 30);
    let body = format!(r#"{{"records":[{{"uuid":"{first}"}},{{"uuid":"{UNKNOWN}"}}]}}"#);
    let reply = lab.send(Method::Delete, VOLUMES, &body);
    let states: Vec<_> = (0..2)
        .map(|i| lab.get(reply.json["jobs"][i]["_links"]["self"]["href"].as_str().unwrap()))
        .map(|job| job["code"].clone())
        .collect();
    assert_eq!(states, [0, 4]);
    assert_eq!(lab.names(VOLUMES), ["v2", "v3"]);
    for (target, body, code) in [
        (VOLUMES.to_owned(), r#"{"records":[{"comment":"a"}]}"#.to_owned(), "262212"),
        (VOLUMES.to_owned(), r#"{"records":[{"uuid":"x","comment":"a"}]}"#.to_owned(), "262197"),
        (
            format!("{VOLUMES}?name=v2"),
            format!(r#"{{"records":[{{"uuid":"{second}","comment":"a"}}]}}"#),
            "262210",
        ),
    ] {
        let reply = lab.send(Method::Patch, &target, &body);
        assert_eq!((reply.status, reply.code()), (400, code), "{target} {body}");
    }
    let body = format!(r#"{{"records":[{{"uuid":"{second}","colour":"a"}}]}}"#);
    assert_eq!(lab.send(Method::Delete, VOLUMES, &body).code(), "262179");
    assert_eq!(lab.names(VOLUMES), ["v2", "v3"]);
}

#[test]
fn snapshots_of_several_volumes_are_taken_changed_and_deleted_by_records() {
    let lab = Lab::new();
    let (one, two) = (lab.volume("v1", ""), lab.volume("v2", ""));
    let (first, second) = (uuid(&one), uuid(&two));
    let body = format!(
        r#"{{"records":[{{"volume.uuid":"{first}","name":"s"}},
            {{"volume":{{"name":"v2"}},"svm":{{"name":"svm1"}},"name":"s","snapmirror_label":"x"}}]}}"#
    );
    let reply = lab.send(Method::Post, &format!("{ALL}?return_records=true"), &body);
    assert_eq!((reply.status, &reply.json["num_records"]), (202, &2.into()), "{}", reply.json);
    let results = reply.json["job"]["_links"]["results"]["href"].as_str().unwrap();
    assert_eq!(lab.names(results), ["s", "s"]);
    for path in [&one, &two] {
        assert_eq!(lab.names(&format!("{path}/snapshots")), ["s"]);
    }
    let taken: Vec<_> =
        (0..2).map(|i| reply.json["records"][i]["uuid"].as_str().unwrap().to_owned()).collect();
    let body = format!(
        r#"{{"records":[{{"volume.uuid":"{first}","svm.name":"svm1","uuid":"{}","comment":"a"}},
            {{"volume.uuid":"{second}","uuid":"{}","name":"t"}}]}}"#,
        taken[0], taken[1]
    );
    lab.done(Method::Patch, ALL, &body);
    assert_eq!(lab.names(&format!("{ALL}?comment=a")), ["s"]);
    assert_eq!(lab.names(&format!("{two}/snapshots")), ["t"]);
    let body = format!(
        r#"{{"records":[{{"volume.uuid":"{first}","uuid":"{}"}},
            {{"volume.uuid":"{second}","uuid":"{}"}}]}}"#,
        taken[0], taken[1]
    );
    lab.done(Method::Delete, ALL, &body);
    assert_eq!(lab.names(ALL), [""; 0]);
}

#[test]
fn a_record_without_a_volume_is_refused_and_an_unknown_volume_is_an_outcome() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let first = uuid(&path);
    for (body, code) in [
        (r#"{"name":"s"}"#.to_owned(), "262212"),
        (r#"{"name":"s","volume.name":"v1"}"#.to_owned(), "2621707"),
        (format!(r#"{{"name":"s","volume.uuid":"{first}","volume.name":"v2"}}"#), "262185"),
    ] {
        for body in [body.clone(), format!(r#"{{"records":[{body}]}}"#)] {
            let reply = lab.send(Method::Post, ALL, &body);
            assert_eq!((reply.status, reply.code()), (400, code), "{body}");
        }
    }
    let body = format!(
        r#"{{"records":[{{"volume.uuid":"{UNKNOWN}","name":"s"}},
            {{"volume.uuid":"{first}","name":"s"}}]}}"#
    );
    let reply = lab.send(Method::Post, ALL, &body);
    let job = lab.get(reply.json["job"]["_links"]["self"]["href"].as_str().unwrap());
    assert_eq!((&job["state"], &job["code"]), (&"failure".into(), &4.into()));
    assert_eq!(lab.names(ALL), [""; 0]);
    lab.send(Method::Post, &format!("{ALL}?continue_on_failure=true"), &body);
    assert_eq!(lab.names(ALL), ["s"]);
    let one = format!(r#"{{"volume.uuid":"{first}","name":"t"}}"#);
    let made = lab.done(Method::Post, ALL, &one).location();
    assert!(made.starts_with(&format!("{path}/snapshots/")), "{made}");
}

#[test]
fn one_snapshot_is_found_in_any_volume() {
    let other = MemBackend::builder().seed(2).build().unwrap();
    let lab = Lab::with(|config| {
        config.svms.push(Svm::new("svm2", Arc::new(other.clone())));
    });
    lab.volume("v1", "");
    let body = r#"{"name":"v2","svm.name":"svm2","aggregates":[{"name":"aggr1"}]}"#;
    let volume = lab.done(Method::Post, VOLUMES, body).location();
    let snapshot = lab.snapshot(&volume, "s");
    let any = format!("{ALL}/{}", uuid(&snapshot));
    assert_eq!(lab.get(&any)["_links"]["self"]["href"], snapshot.as_str());
    lab.done(Method::Patch, &any, r#"{"name":"t"}"#);
    assert_eq!(lab.get(&snapshot)["name"], "t");
    lab.done(Method::Delete, &any, "");
    for method in [Method::Get, Method::Delete] {
        let reply = lab.send(method, &format!("{any}?return_timeout=1"), "");
        assert_eq!((reply.status, reply.code()), (404, "4"));
    }
}

#[test]
fn a_job_cannot_be_stopped() {
    let refused = |lab: &Lab, action: &str, code: &str| {
        let path = format!(
            "{}{action}",
            lab.get("/api/cluster/jobs")["records"][0]["_links"]["self"]["href"].as_str().unwrap()
        );
        let reply = lab.send(Method::Patch, &path, "{}");
        assert_eq!(reply.code(), code, "{path}: {}", reply.json);
    };
    let lab = Lab::new();
    lab.send(Method::Patch, &lab.volume("v1", ""), r#"{"comment":"x"}"#);
    for action in ["cancel", "pause", "resume"] {
        refused(&lab, &format!("?action={action}"), "458762");
    }
    refused(&lab, "?action=explode", "262197");
    refused(&lab, "", "262212");
    let reply = lab.send(Method::Patch, &format!("/api/cluster/jobs/{UNKNOWN}?action=cancel"), "");
    assert_eq!((reply.status, reply.code()), (404, "4"));

    let slow = Lab::with(|config| config.jobs = JobCompletion::Polls(1_000));
    let body = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    slow.send(Method::Post, VOLUMES, body);
    refused(&slow, "?action=Cancel", "458784");
    refused(&slow, "?action=pause", "458783");
    refused(&slow, "?action=resume", "458771");
}

#[test]
fn a_filter_may_name_the_kind_of_its_objects() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    lab.volume("v2", "");
    lab.snapshot(&path, "s1");
    lab.snapshot(&path, "s2");
    let svms = "/api/svm/svms";
    assert_eq!(lab.names(&format!("{svms}?svm.name=svm1&fields=uuid")), ["svm1"]);
    assert_eq!(lab.names(&format!("{svms}?svm.name=svm2")), [""; 0]);
    let svm = lab.get(svms)["records"][0]["uuid"].as_str().unwrap().to_owned();
    assert_eq!(lab.names(&format!("{svms}?svm.uuid={svm}")), ["svm1"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?volume.name=v1&svm.name=svm1")), ["v1"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?volume.uuid={}", uuid(&path))), ["v1"]);
    assert_eq!(lab.names(&format!("{path}/snapshots?snapshot.name=s2")), ["s2"]);
    assert_eq!(lab.names(&format!("{path}/snapshots?volume.name=v1&name=s1")), ["s1"]);
    let target = format!("{svms}?svm.name=svm2");
    let conflict = Request::new(Method::Get, &target).svm_name("svm1");
    let reply = Reply::from(lab.cluster.handle(&conflict));
    assert_eq!((reply.status, reply.code()), (400, "262185"));
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?volume.name=v3"), "{}");
    assert_eq!((reply.status, reply.code()), (400, "262211"));
}
