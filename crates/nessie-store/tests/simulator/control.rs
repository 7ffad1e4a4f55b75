//! The resources of `/simulator`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nessie_backend_core::{SnapshotBackend, SnapshotRule, VolumeBackend, VolumeSpec};
use nessie_backend_faults::Faulty;
use nessie_backend_mem::MemBackend;
use nessie_store::{AccessLogEntry, Method, Request, SimulatedBackend, Svm};
use serde_json::{Value, json};

use crate::support::{CLUSTER, Lab, Reply, VOLUMES, new_volume};

/// Sends a request with JSON, which succeeds, and returns the reply.
fn done(lab: &Lab, method: &str, target: &str, body: &Value) -> Value {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let reply = lab.send(method, target, &text);
    assert!(reply.status < 300, "{method} {target}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

fn read(lab: &Lab, target: &str) -> Value {
    done(lab, "GET", target, &Value::Null)
}

/// The volume `db`, created by a client.
fn with_volume() -> Lab {
    let lab = Lab::new();
    create(&lab, "db");
    lab
}

fn create(lab: &Lab, name: &str) {
    let reply = lab.send("POST", &format!("{VOLUMES}?return_timeout=15"), &new_volume(name));
    assert_eq!(reply.status, 201);
}

/// Events, with the number of the next one.
fn events(lab: &Lab, query: &str) -> (Vec<Value>, String) {
    let reply = lab.get(&format!("/simulator/events{query}"));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    assert!(reply.has("content-type: application/x-ndjson"));
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, header(&reply, "x-events-next"))
}

fn header(reply: &Reply, name: &str) -> String {
    let found = reply.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    found.unwrap_or_default().to_owned()
}

#[test]
fn the_first_resource_lists_the_others() {
    let lab = Lab::new();
    for target in ["/simulator", "/simulator/", "//simulator"] {
        let root = read(&lab, target);
        assert_eq!(root["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!((&root["cluster"], &root["seed"]), (&json!("nessie"), &json!(1)));
        let svm = &root["svms"][0];
        assert_eq!((&svm["name"], &svm["seed"]), (&json!("svm1"), &json!(1)));
        assert_eq!(svm["clock"]["kind"], "standing");
    }
    for resource in read(&lab, "/simulator")["resources"].as_array().unwrap() {
        let path = resource["path"].as_str().unwrap().replace("{id}", "1");
        let reply = lab.send("OPTIONS", &path, "");
        let allowed = header(&reply, "allow");
        let method = resource["method"].as_str().unwrap().to_lowercase();
        assert!(reply.status == 200 && allowed.contains(&method), "{path}: {allowed}");
    }
}

#[test]
fn what_a_resource_does_not_have_is_refused_by_name() {
    let lab = Lab::new();
    let reply = lab.send("DELETE", "/simulator/clock", "");
    assert_eq!((reply.status, header(&reply, "allow").as_str()), (405, "get, post, head, options"));
    assert!(reply.message().contains("\"DELETE\""), "{}", reply.message());
    for (method, target, body, status, text) in [
        ("GET", "/simulator/nothing", "", 404, "/simulator/nothing"),
        ("GET", "/simulator/faults/1/more", "", 404, "/simulator/faults/1/more"),
        ("GET", "/simulator/faults/7", "", 404, "\"7\""),
        ("GET", "/simulator/clock?at=1", "", 400, "\"at\""),
        ("GET", "/simulator/clock?svm=a&svm=a", "", 400, "\"svm\""),
        ("GET", "/simulator/clock?svm=other", "", 404, "svm1"),
        ("POST", "/simulator/clock", "{\"advanc\": 1}", 400, "\"advanc\""),
        ("POST", "/simulator/clock", "", 400, "advance"),
        ("POST", "/simulator/clock", "{\"advance\": -1}", 400, "-1"),
        ("POST", "/simulator/clock", "{\"advance\": \"1h\"}", 400, "1h"),
        ("POST", "/simulator/clock", "{\"advance\": 1e12}", 400, "advance "),
        ("POST", "/simulator/clock?svm=svm1", "{\"svm\": \"svm1\", \"advance\": 1}", 400, "svm"),
        ("POST", "/simulator/reset", "{\"configuration\": \"half\"}", 400, "\"half\""),
        ("POST", "/simulator/reset", "[]", 400, "object"),
        ("PUT", "/simulator/state", "", 400, "body"),
        ("PUT", "/simulator/state", "{\"format\": \"x\"}", 400, "line 1"),
        ("GET", "/simulator/events?since=x", "", 400, "\"x\""),
        ("GET", "/simulator/events?max=0", "", 400, "1 to 100000"),
        ("GET", "/simulator/events?since=3", "", 400, "the next one is 0"),
        ("GET", "/simulator/space?volume=db", "", 404, "\"db\""),
        ("POST", "/simulator/space", "{\"write\": 1}", 400, "volume"),
        ("POST", "/simulator/faults", "{}", 400, "operation"),
        ("POST", "/simulator/faults", "{\"times\": 1}", 400, "path"),
        ("POST", "/simulator/faults", "{\"operation\": \"*\", \"path\": \"/\"}", 400, "exclusive"),
        ("POST", "/simulator/faults", "{\"operation\": \"creat\"}", 400, "\"creat\""),
        ("POST", "/simulator/faults", "{\"error\": \"none\"}", 400, "\"none\""),
        ("POST", "/simulator/faults", "{\"path\": \"/\", \"svm\": \"svm1\"}", 400, "SVM"),
        ("POST", "/simulator/faults", "{\"paths\": \"/\"}", 400, "\"paths\""),
    ] {
        let reply = lab.send(method, target, body);
        let message = reply.message();
        assert_eq!(reply.status, status, "{method} {target} {body}: {message}");
        assert!(message.contains(text), "{method} {target} {body}: {message}");
        assert!(!reply.code().is_empty());
    }
    assert_eq!(read(&lab, "/simulator/faults")["num_records"], 0);
}

#[test]
fn the_simulator_needs_the_login_and_can_be_off() {
    let lab = Lab::new();
    let mut client = lab.client();
    client.write_raw("GET /simulator HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read(true).unwrap().status, 401);
    let off = Lab::with(|_| {}, |options| options.simulator = Some(false));
    let reply = off.send("POST", "/simulator/reset", "{}");
    assert_eq!(reply.status, 404);
    assert!(reply.message().contains("--simulator"), "{}", reply.message());
    let everywhere = Lab::with(|_| {}, |options| options.host = "0.0.0.0".to_owned());
    assert_eq!(everywhere.get("/simulator").status, 404);
    let wanted = Lab::with(
        |_| {},
        |options| {
            options.host = "0.0.0.0".to_owned();
            options.simulator = Some(true);
        },
    );
    assert_eq!(wanted.get("/simulator").status, 200);
}

#[test]
fn the_clock_is_read_and_advanced_with_its_policies() {
    let lab = Lab::new();
    let mem = lab.backend.backend();
    let rule = SnapshotRule::new("0 * * * *".parse().unwrap(), "hourly", 6);
    mem.create_snapshot_policy("p", [rule]).unwrap();
    let volume = mem.create_volume(VolumeSpec::named("db").snapshot_policy("p")).unwrap();
    let clock = read(&lab, "/simulator/clock?svm=svm1");
    assert_eq!(clock["now"], "2000-01-01T00:00:00Z");
    assert_eq!(clock["next_due"], "2000-01-01T01:00:00Z");
    let clock = done(&lab, "POST", "/simulator/clock", &json!({"advance": 7_200.5}));
    assert_eq!(clock["now"], "2000-01-01T02:00:00.500000Z");
    assert_eq!(mem.snapshot_count(volume.uuid).unwrap(), 2);
}

#[test]
fn the_clock_of_the_system_is_not_advanced() {
    let lab = Lab::with(
        |config| {
            let mem = MemBackend::new();
            let simulated = SimulatedBackend::new(mem.clone(), Arc::default());
            config.svms = vec![Svm::new("svm1", Arc::new(mem)).simulated(simulated)];
        },
        |_| {},
    );
    assert_eq!(read(&lab, "/simulator/clock")["kind"], "system");
    let reply = lab.send("POST", "/simulator/clock", "{\"advance\": 1}");
    assert_eq!(reply.status, 409);
    assert!(reply.message().contains("--seed"), "{}", reply.message());
}

#[test]
fn a_state_is_saved_and_loaded_again() {
    let lab = with_volume();
    let saved = lab.get("/simulator/state");
    assert!(saved.has("content-type: application/x-ndjson"));
    let dump = String::from_utf8(saved.body).unwrap();
    let digest = read(&lab, "/simulator/state/digest");
    assert_eq!(digest["digest"], lab.backend.backend().state_digest().unwrap());
    create(&lab, "web");
    assert_ne!(read(&lab, "/simulator/state/digest"), digest);
    assert_eq!(lab.send("PUT", "/simulator/state", &dump[..dump.len() - 9]).status, 400);
    assert_eq!(lab.backend.list_volumes().unwrap().len(), 2);
    let reply = lab.send("PUT", "/simulator/state", &dump);
    assert_eq!((reply.status, reply.json()), (200, digest));
    let names = read(&lab, &format!("{VOLUMES}?name=*"));
    assert_eq!((&names["num_records"], &names["records"][0]["name"]), (&json!(1), &json!("db")));
}

#[test]
fn a_load_is_an_event_with_the_digest() {
    let lab = with_volume();
    let dump = String::from_utf8(lab.get("/simulator/state").body).unwrap();
    let digest = read(&lab, "/simulator/state/digest");
    events(&lab, "");
    create(&lab, "web");
    assert_eq!(lab.send("PUT", "/simulator/state", &dump[..dump.len() - 9]).status, 400);
    assert_eq!(lab.send("PUT", "/simulator/state", &dump).status, 200);
    let (recorded, _) = events(&lab, "");
    assert_eq!(recorded.len(), 2);
    assert_eq!((&recorded[1]["operation"], &recorded[1]["arguments"]), (&json!("load"), &digest));
}

#[test]
fn a_dump_may_be_larger_than_other_bodies() {
    let lab = Lab::new();
    let large = "x".repeat(2 << 20);
    assert_eq!(lab.send("POST", VOLUMES, &large).status, 413);
    assert!(lab.send("PUT", "/simulator/state", &large).message().contains("line 1"));
}

#[test]
fn space_is_written_discarded_and_read() {
    let lab = with_volume();
    let uuid = lab.backend.find_volume("db").unwrap().unwrap().uuid.to_string();
    let space = |body: Value| done(&lab, "POST", "/simulator/space", &body);
    let written = space(json!({"volume": "db", "write": "1MB"}));
    assert_eq!(written["used_bytes"], 1 << 20);
    assert_eq!(written["volume"]["uuid"], uuid);
    let volume = lab.backend.find_volume("db").unwrap().unwrap().uuid;
    lab.backend.create_snapshot(volume, "s").unwrap();
    let again = space(json!({"volume": uuid, "write": 4_096, "overwrite": 4_096, "svm": "svm1"}));
    assert_eq!((&again["used_bytes"], &again["snapshot_bytes"]), (&json!(1 << 20), &json!(4_096)));
    assert_eq!(space(json!({"volume": "db", "discard": 1 << 20}))["used_bytes"], 0);
    assert_eq!(read(&lab, "/simulator/space?volume=db")["snapshot_bytes"], 1 << 20);
    assert_eq!(read(&lab, "/simulator/space")["used_bytes"], 1 << 20);
    for (body, status, text) in [
        (json!({"volume": "db"}), 400, "write"),
        (json!({"volume": "db", "write": 1, "discard": 1}), 400, "exclusive"),
        (json!({"volume": "db", "overwrite": 1}), 400, "overwrite"),
        (json!({"volume": "db", "discard": 1, "overwrite": 1}), 400, "overwrite"),
        (json!({"volume": "db", "write": 1, "overwrite": 2}), 400, "overwrite "),
        (json!({"volume": "db", "discard": 1}), 400, "discard"),
        (json!({"volume": "db", "write": -1}), 400, "-1"),
        (json!({"volume": "db", "write": 2_u64 << 30}), 500, "quota"),
        (json!({"volume": "web", "write": 1}), 404, "\"web\""),
    ] {
        let reply = lab.send("POST", "/simulator/space", &body.to_string());
        assert_eq!(reply.status, status, "{body}: {}", reply.message());
        assert!(reply.message().contains(text), "{body}: {}", reply.message());
    }
}

#[test]
fn faults_are_added_listed_and_removed() {
    let lab = Lab::new();
    let fault = json!({"path": "/api/cluster", "status": 503, "times": 1});
    let reply = lab.send("POST", "/simulator/faults", &fault.to_string());
    assert_eq!((reply.status, header(&reply, "location").as_str()), (201, "/simulator/faults/1"));
    assert_eq!(reply.json()["fault"], fault);
    let of_backend = json!({"operation": "create_volume", "name": "d*", "error": "no_space"});
    done(&lab, "POST", "/simulator/faults?svm=svm1", &of_backend);
    assert_eq!([lab.get(CLUSTER).status, lab.get(CLUSTER).status], [503, 200]);
    let waiting = format!("{VOLUMES}?return_timeout=15");
    assert_eq!(lab.send("POST", &waiting, &new_volume("db")).code(), "917536");
    let list = read(&lab, "/simulator/faults");
    assert_eq!(list["num_records"], 2);
    let [first, second] = [0, 1].map(|index| &list["records"][index]);
    let time = "2000-01-01T00:00:00Z";
    assert_eq!(first["hits"], json!([{"method": "GET", "path": CLUSTER, "time": time}]));
    assert_eq!(second["hits"], json!([{"operation": "create_volume", "name": "db", "time": time}]));
    assert_eq!((&second["svm"], &second["is_unused"]), (&json!("svm1"), &json!(false)));
    let removed = done(&lab, "DELETE", "/simulator/faults/2", &Value::Null);
    assert_eq!(&removed, second);
    assert!(!lab.backend.hooks().is_active());
    assert_eq!(lab.get("/simulator/faults/2").status, 404);
    assert_eq!(read(&lab, "/simulator/faults/1")["id"], 1);
    // Identifiers are not used again.
    assert_eq!(done(&lab, "POST", "/simulator/faults", &json!({"path": "/x"}))["id"], 3);
    assert_eq!(read(&lab, "/simulator/faults/3")["is_unused"], true);
}

#[test]
fn a_job_that_a_fault_keeps_running_ends_with_the_fault() {
    let lab = Lab::new();
    let fault = json!({"method": "POST", "path": VOLUMES, "job": "running"});
    done(&lab, "POST", "/simulator/faults", &fault);
    let job = lab.send("POST", VOLUMES, &new_volume("db")).json()["job"]["uuid"].clone();
    let job = format!("/api/cluster/jobs/{}", job.as_str().unwrap());
    assert_eq!(read(&lab, &job)["state"], "queued");
    done(&lab, "DELETE", "/simulator/faults/1", &Value::Null);
    assert_eq!(read(&lab, &job)["state"], "success");
}

#[test]
fn events_are_read_from_a_number_on() {
    let lab = Lab::new();
    assert_eq!(events(&lab, ""), (vec![], "0".to_owned()));
    create(&lab, "db");
    let write = json!({"volume": "db", "write": 1});
    done(&lab, "POST", "/simulator/space", &write);
    done(&lab, "POST", "/simulator/clock", &json!({"advance": 1}));
    let (all, next) = events(&lab, "?since=0");
    let names: Vec<_> = all.iter().map(|event| event["operation"].as_str().unwrap()).collect();
    assert_eq!(names, ["create_volume", "write", "advance"]);
    assert_eq!(next, "3");
    let (some, next) = events(&lab, "?since=1&max=1&svm=svm1");
    assert_eq!((some, next.as_str()), (all[1..2].to_vec(), "2"));
    assert_eq!(events(&lab, "?since=3"), (vec![], "3".to_owned()));
    assert_eq!(lab.get("/simulator/events?since=4").status, 400);
}

#[test]
fn recorded_events_are_events_of_the_management_system() {
    let lab = Lab::new();
    let ems = "/api/support/ems/events";
    create(&lab, "a");
    assert_eq!(read(&lab, ems)["num_records"], 0, "no log is open");
    lab.cluster.keep_events(10.try_into().unwrap());
    create(&lab, "db");
    assert_eq!(lab.send("POST", VOLUMES, &new_volume("db")).status, 202);
    let found = read(&lab, &format!("{ems}?fields=**"));
    assert_eq!(found["num_records"], 2);
    let (refused, created) = (&found["records"][0], &found["records"][1]);
    assert_eq!(
        (&refused["message"], &created["message"]),
        (
            &json!({"name": "nessie.create_volume", "severity": "error"}),
            &json!({"name": "nessie.create_volume", "severity": "notice"})
        )
    );
    assert_eq!(refused["log_message"], "create_volume was refused: volume_exists.");
    let parameters = created["parameters"].as_array().unwrap();
    assert!(parameters.contains(&json!({"name": "name", "value": "db"})), "{parameters:?}");
    assert!(parameters.contains(&json!({"name": "svm", "value": "svm1"})));
    let href = created["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(read(&lab, href)["index"], created["index"]);
    for (query, count) in [
        ("message.severity=error", 1),
        ("message.name=nessie.create_volume%7Cnessie.write", 2),
        ("message.name=nessie.write", 0),
        ("filter.name=important-events", 1),
        ("filter.name=no-info-debug-events", 2),
        ("time=%3E%3D2000-01-01T00:00:00Z", 2),
        ("node.name=node1&max_records=1", 1),
    ] {
        assert_eq!(read(&lab, &format!("{ems}?{query}"))["num_records"], count, "{query}");
    }
}

#[test]
fn the_last_requests_are_listed_without_those_of_the_page() {
    let lab = with_volume();
    let login = "Authorization: Basic YWRtaW46c2VjcmV0\r\n";
    let of_page =
        format!("GET /api HTTP/1.1\r\nHost: x\r\n{login}Referer: http://x:1/ui?a=b\r\n\r\n");
    let of_others =
        format!("GET /api?b HTTP/1.1\r\nHost: x\r\n{login}Referer: http://x/uix\r\n\r\n");
    let mut client = lab.client();
    for raw in [&of_page, &of_others] {
        client.write_raw(raw);
        assert_eq!(client.read(true).unwrap().status, 404);
    }
    client.write_raw("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read(true).unwrap().status, 401);
    let listed = read(&lab, "/simulator/requests");
    let shown: Vec<_> = listed["records"].as_array().unwrap().iter().collect();
    let parts = |record: &Value| (record["number"].clone(), record["status"].clone());
    let targets: Vec<_> = shown.iter().map(|record| record["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["/x", "/api?b", &format!("{VOLUMES}?return_timeout=15")]);
    assert_eq!(parts(shown[0]), (json!(3), json!(401)));
    assert_eq!((parts(shown[2]), &shown[2]["method"]), ((json!(1), json!(201)), &json!("POST")));
    assert!(shown.iter().all(|record| record["microseconds"].is_u64()));
    // Only the last ones are kept, and only the start of a long target.
    let long = format!("{CLUSTER}?{}", "x".repeat(3000));
    let mut client = lab.client();
    for _ in 0..150 {
        client.send("GET", &long, "").unwrap();
    }
    let listed = read(&lab, "/simulator/requests");
    assert_eq!(listed["num_records"], 100);
    assert_eq!(listed["records"][0]["number"], 154);
    assert_eq!(listed["records"][99]["target"].as_str().unwrap().len(), 1000);
}

#[test]
fn events_that_are_not_kept_are_said_to_be_lost() {
    let lab = Lab::new();
    lab.cluster.keep_events(2.try_into().unwrap());
    for name in ["a", "b", "c"] {
        create(&lab, name);
    }
    let reply = lab.get("/simulator/events");
    assert_eq!(header(&reply, "x-events-lost"), "1");
    let (kept, next) = events(&lab, "");
    assert_eq!((kept.len(), next.as_str()), (2, "3"));
    let reply = lab.get("/simulator/events?since=0");
    assert_eq!(reply.status, 410);
    assert!(reply.message().contains("since=1"), "{}", reply.message());
}

#[test]
fn a_reset_keeps_or_drops_the_configuration() {
    let lab = Lab::new();
    let mem = lab.backend.backend();
    let rule = SnapshotRule::new("0 * * * *".parse().unwrap(), "hourly", 6);
    let before = || {
        mem.create_snapshot_policy("p", [rule.clone()]).unwrap();
        create(&lab, "db");
        mem.advance(Duration::from_secs(60)).unwrap();
        done(&lab, "POST", "/simulator/faults", &json!({"operation": "find_volume"}));
        done(&lab, "POST", "/simulator/faults", &json!({"path": "/x"}));
        read(&lab, "/simulator/faults");
        events(&lab, "");
    };
    let policies = || -> Vec<String> {
        mem.list_snapshot_policies().into_iter().map(|policy| policy.name).collect()
    };
    before();
    let kept = policies();
    let reply = done(&lab, "POST", "/simulator/reset", &Value::Null);
    assert_eq!(reply, json!({"configuration": "keep", "svms": ["svm1"]}));
    assert!(mem.list_volumes().unwrap().is_empty());
    assert_eq!(policies(), kept);
    assert_eq!(read(&lab, "/simulator/clock")["now"], "2000-01-01T00:00:00Z");
    assert_eq!(read(&lab, "/simulator/faults")["num_records"], 2);
    let (recorded, _) = events(&lab, "");
    assert_eq!(recorded[0]["operation"], "reset");
    mem.delete_snapshot_policy("p").unwrap();
    before();
    done(&lab, "POST", "/simulator/reset", &json!({"configuration": "drop", "svm": "svm1"}));
    assert_eq!(policies(), ["default", "default-1weekly"]);
    assert_eq!(read(&lab, "/simulator/faults")["num_records"], 0);
    create(&lab, "db");
    assert!(!lab.backend.hooks().is_active());
    assert_eq!(events(&lab, "").0.len(), 0);
}

#[test]
fn a_reply_to_head_has_the_length_of_the_reply_to_get() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let lab = Lab::with(
        |_| {},
        |options| {
            options.log = Some(Arc::new(move |entry: &AccessLogEntry<'_>| {
                if entry.method == "HEAD" {
                    log.lock().unwrap().push(entry.bytes);
                }
            }));
        },
    );
    for target in ["/api/cluster", "/api/cluster?pretty=true", "/api/none", "/simulator", "/"] {
        let mut client = lab.client();
        let [get, head] = ["GET", "HEAD"].map(|method| client.send(method, target, "").unwrap());
        assert!(get.length > 0, "{target}");
        assert_eq!((head.status, head.length), (get.status, get.length), "{target}");
        // The next reply begins after the head.
        assert_eq!(client.status("GET", "/api/cluster"), 200, "{target}");
    }
    // The log has the bytes that were sent.
    assert_eq!(*heads.lock().unwrap(), [0; 5]);
}

/// A second SVM, in memory, and a third one that is not.
fn three_svms() -> Lab {
    Lab::with(
        |config| {
            let mem = MemBackend::builder().seed(2).build().unwrap();
            let simulated = SimulatedBackend::new(mem.clone(), Arc::default());
            config.svms.push(Svm::new("svm2", Arc::new(mem)).simulated(simulated));
            config.svms.push(Svm::new("svm3", Arc::new(MemBackend::new())));
        },
        |_| {},
    )
}

#[test]
fn with_several_svms_one_is_named() {
    let lab = three_svms();
    for (method, target, body) in [
        ("GET", "/simulator/clock", ""),
        ("POST", "/simulator/clock", "{\"advance\": 1}"),
        ("GET", "/simulator/state", ""),
        ("GET", "/simulator/state/digest", ""),
        ("GET", "/simulator/events", ""),
        ("GET", "/simulator/space", ""),
        ("POST", "/simulator/faults", "{\"operation\": \"*\"}"),
    ] {
        let reply = lab.send(method, target, body);
        assert_eq!(reply.status, 400, "{method} {target}");
        assert!(reply.message().contains("svm1, svm2, svm3"), "{}", reply.message());
    }
    done(&lab, "POST", "/simulator/clock", &json!({"advance": 1, "svm": "svm2"}));
    assert_eq!(read(&lab, "/simulator/clock?svm=svm1")["now"], "2000-01-01T00:00:00Z");
    assert_eq!(read(&lab, "/simulator/clock?svm=svm2")["now"], "2000-01-01T00:00:01Z");
}

#[test]
fn an_svm_that_is_not_in_memory_refuses_what_it_does_not_have() {
    let lab = three_svms();
    create(&lab, "db");
    let svms = &read(&lab, "/simulator")["svms"];
    assert_eq!((&svms[2]["in_memory"], &svms[2]["clock"]), (&json!(false), &Value::Null));
    assert_eq!(read(&lab, "/simulator/space?svm=svm3")["used_bytes"], 0);
    for (method, target, body) in [
        ("GET", "/simulator/clock?svm=svm3", ""),
        ("GET", "/simulator/state?svm=svm3", ""),
        ("GET", "/simulator/events?svm=svm3", ""),
        ("POST", "/simulator/faults?svm=svm3", "{\"operation\": \"*\"}"),
        ("POST", "/simulator/space", "{\"svm\": \"svm3\", \"volume\": \"x\", \"write\": 1}"),
        ("POST", "/simulator/reset", ""),
    ] {
        let reply = lab.send(method, target, body);
        assert_eq!(reply.status, 405, "{method} {target}");
        assert!(reply.message().contains("\"svm3\""), "{}", reply.message());
    }
    // Nothing was reset.
    assert_eq!(lab.backend.list_volumes().unwrap().len(), 1);
}

#[test]
fn a_reset_creates_the_root_volumes_again() {
    let lab = Lab::with(|config| config.root_volumes = true, |_| {});
    let mem = lab.backend.backend();
    create(&lab, "db");
    done(&lab, "POST", "/simulator/reset", &Value::Null);
    let names: Vec<_> = mem.list_volumes().unwrap().into_iter().map(|volume| volume.name).collect();
    assert_eq!(names, ["svm1_root"]);
}

#[test]
fn the_events_and_faults_of_an_svm_end_with_it() {
    let lab = Lab::with(
        |config| {
            config.new_backend = Some(Arc::new(|name, number| {
                let mem = MemBackend::builder().seed(number.into()).build()?;
                let hooks = Arc::default();
                let simulated = SimulatedBackend::new(mem.clone(), Arc::clone(&hooks));
                let served = Faulty::with_clock(mem.clone(), mem).sharing(hooks);
                Ok(Svm::new(name, Arc::new(served)).simulated(simulated))
            }));
        },
        |_| {},
    );
    lab.cluster.keep_events(NonZeroUsize::new(10).unwrap());
    let create = || {
        let target = "/api/svm/svms?return_timeout=15";
        let request = Request::new(Method::Post, target).body(br#"{"name":"svm2"}"#);
        let response = lab.cluster.handle(&request);
        assert_eq!(response.status, 201);
        let mut headers = response.headers.into_iter();
        headers.find(|(name, _)| *name == "Location").unwrap().1
    };
    let svm = create();
    // From its start: the root volume is recorded.
    let kept = lab.send("GET", "/simulator/events?svm=svm2", "");
    assert!(String::from_utf8(kept.body).unwrap().contains("svm2_root"));
    done(&lab, "POST", "/simulator/faults", &json!({"operation": "get_volume", "svm": "svm2"}));
    let target = format!("{svm}?return_timeout=15");
    assert_eq!(lab.cluster.handle(&Request::new(Method::Delete, &target)).status, 200);
    assert_eq!(read(&lab, "/simulator/faults")["num_records"], 0);
    assert_eq!(lab.send("GET", "/simulator/events?svm=svm2", "").status, 404);
    create();
    assert_eq!(read(&lab, "/simulator")["svms"][1]["name"], "svm2");
}
