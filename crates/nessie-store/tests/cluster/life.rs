//! The life of volumes, snapshots, clones and jobs.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use nessie_backend_core::{Timestamp, VolumeBackend};
use nessie_store::{Cluster, JobCompletion, Method, Request, Response};

use crate::support::{GIB, Lab, UNKNOWN, VOLUMES};

#[test]
fn volumes_are_created_changed_and_deleted() {
    let lab = Lab::new();
    let path = lab.volume("v1", r#","nas":{"path":"/v1"},"comment":"first""#);
    let record = lab.get(&path);
    assert_eq!(record["size"], GIB);
    assert_eq!(record["space"]["available"], 1_020_054_732_u64);
    assert_eq!(record["comment"], "first");
    assert_eq!(record["_links"]["self"]["href"], path);
    assert_eq!(lab.get(&format!("{path}?fields=nas"))["nas"]["path"], "/v1");
    lab.done(Method::Patch, &path, r#"{"name":"v2","size":"2GB","nas.path":""}"#);
    let record = lab.get(&format!("{path}?fields=**"));
    assert_eq!((&record["name"], &record["size"]), (&"v2".into(), &(2 * GIB).into()));
    assert!(record["nas"].get("path").is_none());
    lab.done(Method::Delete, &format!("{path}?force=true"), "{}");
    assert_eq!(lab.send(Method::Get, &path, "").status, 404);
    assert!(lab.backend.list_volumes().unwrap().is_empty());
}

#[test]
fn a_request_that_does_not_wait_gets_a_job() {
    let lab = Lab::new();
    let body = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?return_records=true"), body);
    assert_eq!((reply.status, &reply.json["num_records"]), (202, &1.into()));
    let uuid = reply.json["records"][0]["uuid"].as_str().unwrap();
    assert_eq!(reply.location(), format!("{VOLUMES}/{uuid}"));
    let job = lab.get(reply.json["job"]["_links"]["self"]["href"].as_str().unwrap());
    assert_eq!((&job["state"], &job["code"]), (&"success".into(), &0.into()));
    assert_eq!(job["description"], format!("POST {VOLUMES}/{uuid}"));
    let again = lab.send(Method::Post, VOLUMES, body);
    assert_eq!(again.status, 202);
    let job = lab.get(again.json["job"]["_links"]["self"]["href"].as_str().unwrap());
    assert_eq!((&job["state"], &job["code"]), (&"failure".into(), &917_526.into()));
    assert_eq!(job["error"]["code"], "917526");
    assert_eq!(lab.names(VOLUMES), ["v1"]);
}

#[test]
fn snapshots_are_created_restored_and_deleted() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let first = lab.snapshot(&path, "s1");
    lab.snapshot(&path, "s2");
    lab.done(Method::Patch, &first, r#"{"name":"s0","comment":"c","snapmirror_label":"daily"}"#);
    let record = lab.get(&first);
    assert_eq!((&record["name"], &record["comment"]), (&"s0".into(), &"c".into()));
    assert_eq!(record["volume"]["name"], "v1");
    let snapshots = format!("{path}/snapshots");
    assert_eq!(lab.names(&snapshots), ["s0", "s2"]);
    assert_eq!(lab.names(&format!("{VOLUMES}/%2A/snapshots?name=s*")), ["s0", "s2"]);
    assert_eq!(lab.get(&format!("{path}?fields=snapshot_count"))["snapshot_count"], 2);
    lab.done(Method::Patch, &path, r#"{"restore_to":{"snapshot":{"name":"s0"}}}"#);
    assert_eq!(lab.names(&snapshots), ["s0"]);
    lab.done(Method::Delete, &first, "");
    assert!(lab.names(&snapshots).is_empty());
}

#[test]
fn clones_are_created_and_split() {
    let lab = Lab::new();
    let parent = lab.volume("v1", r#","language":"en","nas":{"unix_permissions":"0700"}"#);
    let clone = lab.clone_of("v1", None, "c1");
    let record = lab.get(&format!("{clone}?fields=*,clone,nas"));
    assert_eq!(record["clone"]["parent_volume"]["name"], "v1");
    assert_eq!((&record["language"], &record["size"]), (&"en".into(), &GIB.into()));
    assert_eq!(record["nas"]["unix_permissions"], 700);
    let owned = lab.get(&format!("{parent}/snapshots?fields=owners"));
    assert_eq!(owned["records"][0]["owners"][0], "volume_clone");
    assert_eq!(owned["records"][0]["name"], "clone_c1.2000-01-01_000000.0");
    assert_eq!(lab.get(&format!("{parent}?fields=clone"))["clone"]["has_flexclone"], true);
    lab.done(Method::Patch, &clone, r#"{"clone.split_initiated":"true"}"#);
    assert_eq!(lab.get(&clone)["clone"]["is_flexclone"], false);
    lab.done(Method::Delete, &parent, "");
    assert_eq!(lab.names(VOLUMES), ["c1"]);
}

#[test]
fn jobs_end_after_some_polls() {
    let lab = Lab::with(|config| config.jobs = JobCompletion::Polls(3));
    let body = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=15"), body);
    assert_eq!(reply.status, 202);
    let href = reply.json["job"]["_links"]["self"]["href"].as_str().unwrap();
    let states: Vec<_> = (0..3).map(|_| lab.get(href)["state"].clone()).collect();
    assert_eq!(states, ["queued", "running", "success"]);
}

#[test]
fn jobs_end_after_some_time_and_are_forgotten() {
    let lab = Lab::with(|config| config.jobs = JobCompletion::After(Duration::from_secs(2)));
    let body = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    lab.send(Method::Post, VOLUMES, body);
    let clone = r#"{"name":"c1","svm.name":"svm1","clone":{"is_flexclone":true,"parent_volume":{"name":"v1"}}}"#;
    lab.send(Method::Post, VOLUMES, clone);
    let clone = lab.get(&format!("{VOLUMES}?name=c1"))["records"][0]["uuid"].clone();
    let clone = format!("{VOLUMES}/{}", clone.as_str().unwrap());
    let split = lab.send(Method::Patch, &clone, r#"{"clone":{"split_initiated":true}}"#);
    let href = split.json["job"]["_links"]["self"]["href"].as_str().unwrap();
    let under_way = lab.get(&format!("{clone}?fields=clone"));
    assert_eq!(under_way["clone"]["split_initiated"], true);
    assert_eq!(under_way["clone"]["split_complete_percent"], 0);
    assert_eq!(lab.get(href)["state"], "queued");
    lab.backend.advance(Duration::from_secs(2)).unwrap();
    assert_eq!(lab.get(href)["state"], "success");
    assert!(lab.get(&format!("{clone}?fields=clone"))["clone"].get("split_initiated").is_none());
    lab.backend.advance(Duration::from_secs(301)).unwrap();
    assert_eq!(lab.send(Method::Get, href, "").status, 404);
    assert_eq!(lab.send(Method::Get, &format!("/api/cluster/jobs/{UNKNOWN}"), "").code(), "4");
}

#[test]
fn a_clock_may_read_a_clone_that_is_being_split() {
    let request = Arc::<Mutex<Option<(Arc<Cluster>, String)>>>::default();
    let (answer, answered) = mpsc::channel();
    let armed = Arc::clone(&request);
    let lab = Lab::with(|config| {
        config.jobs = JobCompletion::Polls(100);
        config.clock = Some(Arc::new(move || {
            let request = armed.lock().unwrap().take();
            if let Some((cluster, path)) = request {
                let (sender, receiver) = mpsc::channel();
                thread::spawn(move || sender.send(get(&cluster, &path).status));
                answer.send(receiver.recv_timeout(Duration::from_secs(5))).unwrap();
            }
            Timestamp::UNIX_EPOCH
        }));
    });
    let body = r#"{"name":"v1","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    lab.send(Method::Post, VOLUMES, body);
    let clone = r#"{"name":"c1","svm.name":"svm1","clone":{"is_flexclone":true,"parent_volume":{"name":"v1"}}}"#;
    let clone = lab.send(Method::Post, VOLUMES, clone).location();
    lab.send(Method::Patch, &clone, r#"{"clone":{"split_initiated":true}}"#);
    let cluster = Arc::new(lab.cluster);
    *request.lock().unwrap() = Some((Arc::clone(&cluster), clone.clone()));
    assert_eq!(get(&cluster, &clone).status, 200);
    assert_eq!(answered.try_recv().unwrap(), Ok(200), "the clock waits for a lock");
}

fn get(cluster: &Cluster, target: &str) -> Response {
    let method = Method::Get;
    cluster.handle(&Request::new(method, target))
}

#[test]
fn pages_keep_their_place_in_the_order_of_creation() {
    let lab = Lab::new();
    let paths: Vec<_> = (0..9).map(|i| lab.volume(&format!("v{i}"), "")).collect();
    let first = lab.get(&format!("{VOLUMES}?max_records=3"));
    assert_eq!(first["records"][2]["name"], "v2");
    lab.done(Method::Delete, &paths[2], "");
    lab.done(Method::Delete, &paths[5], "");
    let mut next = first["_links"]["next"]["href"].as_str().map(str::to_owned);
    let mut names = Vec::new();
    while let Some(href) = next {
        let page = lab.get(&href);
        let records = page["records"].as_array().unwrap();
        names.extend(records.iter().map(|record| record["name"].as_str().unwrap().to_owned()));
        next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
    }
    assert_eq!(names, ["v3", "v4", "v6", "v7", "v8"]);
}

#[test]
fn attributes_are_deleted_with_their_volume() {
    let lab = Lab::new();
    for round in 0..3 {
        let path = lab.volume("v1", r#","comment":"kept""#);
        lab.snapshot(&path, "s1");
        assert_eq!(lab.get(&path)["comment"], "kept", "round {round}");
        lab.done(Method::Delete, &path, "");
    }
    let path = lab.volume("v1", "");
    assert_eq!(lab.get(&path)["comment"], "");
}

#[test]
fn text_in_a_body_may_name_an_object() {
    let lab = Lab::new();
    let body = r#"{"name":"v1","svm":"svm1","aggregates":["aggr1"],"snapshot_policy":"none"}"#;
    let path = lab.done(Method::Post, VOLUMES, body).location();
    lab.done(Method::Patch, &path, r#"{"nas":{"export_policy":"default"}}"#);
    let snapshots = format!("{path}/snapshots");
    lab.done(Method::Post, &snapshots, r#"{"name":"s1","svm":"svm1","volume":"v1"}"#);
    let shown = lab.get(&path);
    assert_eq!(shown["snapshot_policy"]["name"], "none");
    assert_eq!(shown["aggregates"][0]["name"], "aggr1");
    assert_eq!(lab.names(&format!("{VOLUMES}?svm=svm1&aggregates=aggr1")), ["v1"]);
    assert_eq!(lab.names(&snapshots), ["s1"]);
}
