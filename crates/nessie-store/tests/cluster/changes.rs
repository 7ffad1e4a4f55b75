//! Changes of many objects, and changes at the same time.

use std::thread;

use nessie_backend_core::VolumeBackend;
use nessie_store::Method;

use crate::support::{GIB, Lab, VOLUMES};

#[test]
fn of_parallel_creations_of_one_name_one_succeeds() {
    let lab = Lab::new();
    let body = format!(
        r#"{{"name":"v1","svm.name":"svm1","aggregates":[{{"name":"aggr1"}}],"nas.path":"/v1","size":{GIB}}}"#
    );
    for _ in 0..50 {
        let statuses: Vec<_> = thread::scope(|scope| {
            let post =
                || lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=1"), &body).status;
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(post)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        let volumes = lab.backend.list_volumes().unwrap();
        assert_eq!(volumes.len(), 1);
        lab.backend.delete_volume(volumes[0].uuid).unwrap();
    }
}

#[test]
fn a_query_changes_and_deletes_the_matching_objects() {
    let lab = Lab::new();
    for name in ["a1", "a2", "b1"] {
        lab.volume(name, "");
    }
    let reply = lab.send(Method::Patch, &format!("{VOLUMES}?name=a*"), r#"{"comment":"x"}"#);
    assert_eq!((reply.status, &reply.json["num_records"]), (202, &2.into()));
    assert_eq!(lab.names(&format!("{VOLUMES}?comment=x")), ["a1", "a2"]);
    let reply = lab.send(Method::Delete, &format!("{VOLUMES}?name=!b1"), "{}");
    assert_eq!(reply.json["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(lab.names(VOLUMES), ["b1"]);
    let reply = lab.send(Method::Delete, VOLUMES, "");
    assert_eq!((reply.status, reply.code()), (400, "262212"));
}

#[test]
fn several_are_made_at_once() {
    let lab = Lab::new();
    let one = |name: &str| {
        format!(r#"{{"name":"{name}","svm":{{"name":"svm1"}},"aggregates":[{{"name":"aggr1"}}]}}"#)
    };
    let body = format!(r#"{{"records":[{},{}]}}"#, one("v1"), one("v2"));
    let reply = lab.send(Method::Post, VOLUMES, &body);
    assert_eq!(reply.status, 202);
    let results = reply.json["job"]["_links"]["results"]["href"].as_str().unwrap();
    assert_eq!(lab.names(results), ["v1", "v2"]);
    let path = format!("{VOLUMES}/{}", lab.get(VOLUMES)["records"][0]["uuid"].as_str().unwrap());
    let body = r#"{"records":[{"name":"s1"},{"name":"s2"}]}"#;
    lab.done(Method::Post, &format!("{path}/snapshots"), body);
    assert_eq!(lab.names(&format!("{path}/snapshots")), ["s1", "s2"]);
}

#[test]
fn a_waiting_client_gets_a_job_if_one_creation_fails() {
    let lab = Lab::new();
    let body = r#"{"records":[
        {"name":"v1","svm":{"name":"svm1"},"aggregates":[{"name":"aggr1"}]},
        {"name":"v2","svm":{"name":"svm1"},"aggregates":[{"name":"aggr1"}],"size":1}]}"#;
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=1"), body);
    assert_eq!(reply.status, 202);
    let job = lab.get(reply.json["job"]["_links"]["self"]["href"].as_str().unwrap());
    assert_eq!(job["code"], 917_534);
    assert_eq!(lab.names(VOLUMES), ["v1"]);
}

#[test]
fn a_creation_that_fails_half_way_leaves_nothing() {
    let lab = Lab::new();
    let parent = lab.volume("v1", r#","nas.path":"/v1""#);
    let post = |body: &str| lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=1"), body);
    let plain =
        r#"{"name":"v2","svm.name":"svm1","aggregates":[{"name":"aggr1"}],"nas.path":"/V1"}"#;
    assert_eq!(post(plain).code(), "918252");
    let clone = r#"{"name":"c1","svm.name":"svm1","nas.path":"/v1",
        "clone":{"is_flexclone":true,"parent_volume":{"name":"v1"}}}"#;
    assert_eq!(post(clone).code(), "918252");
    assert_eq!(lab.names(VOLUMES), ["v1"]);
    assert!(lab.names(&format!("{parent}/snapshots")).is_empty());
}
