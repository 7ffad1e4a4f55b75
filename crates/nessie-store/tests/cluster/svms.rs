//! SVMs that requests create, change and delete.

use std::sync::{Arc, Mutex};
use std::thread;

use nessie_backend_core::VolumeBackend;
use nessie_backend_mem::MemBackend;
use nessie_store::{Aggregate, Method, Svm};
use serde_json::{Value, json};

use crate::support::{GIB, Lab, UNKNOWN, VOLUMES};

const SVMS: &str = "/api/svm/svms";

/// A cluster that makes backends for new SVMs.
fn lab() -> Lab {
    Lab::with(|config| {
        config.aggregates.push(Aggregate::new("aggr2", 1 << 50));
        config.new_backend = Some(Arc::new(|name, number| {
            let backend = MemBackend::builder().seed(number.into()).build()?;
            Ok(Svm::new(name, Arc::new(backend)))
        }));
    })
}

/// Creates an SVM with further fields, and returns its path.
fn create(lab: &Lab, name: &str, more: &str) -> String {
    lab.done(Method::Post, SVMS, &format!(r#"{{"name":"{name}"{more}}}"#)).location()
}

/// The code of the refusal of a request.
fn refused(lab: &Lab, method: Method, target: &str, body: &str) -> String {
    let mark = if target.contains('?') { '&' } else { '?' };
    let reply = lab.send(method, &format!("{target}{mark}return_timeout=15"), body);
    assert!(reply.status >= 400, "{target} {body}: {}", reply.json);
    reply.code().to_owned()
}

fn volume_in(lab: &Lab, svm: &str, name: &str, more: &str) -> String {
    let body = format!(
        r#"{{"name":"{name}","svm.name":"{svm}","aggregates.name":["aggr1"],"size":{GIB}{more}}}"#
    );
    lab.done(Method::Post, VOLUMES, &body).location()
}

#[test]
fn an_svm_has_a_root_volume_and_the_objects_of_every_svm() {
    let lab = lab();
    let svm = create(&lab, "svm-2", "");
    assert_eq!(lab.names(SVMS), ["svm-2", "svm1"]);
    let record = lab.get(&format!("{svm}?fields=**"));
    assert_eq!(record["name"], "svm-2");
    assert_eq!((&record["state"], &record["subtype"]), (&json!("running"), &json!("default")));
    assert_eq!(record["nsswitch"]["hosts"], json!(["files", "dns"]));
    assert_eq!(record["max_volumes"], "unlimited");
    // Without aggregates of its own it has all, without their sizes.
    assert_eq!(record["aggregates"][1]["name"], "aggr2");
    assert_eq!(record["aggregates"][1]["available_size"], Value::Null);
    assert_eq!(
        (&record["nfs"]["allowed"], &record["nfs"]["enabled"]),
        (&json!(true), &json!(false))
    );

    let volumes = lab.get(&format!("{VOLUMES}?svm.name=svm-2&fields=**"));
    let root = &volumes["records"][0];
    assert_eq!((&root["name"], &root["size"]), (&json!("svm_2_root"), &json!(GIB)));
    assert_eq!((&root["is_svm_root"], &root["nas"]["path"]), (&json!(true), &json!("/")));
    assert_eq!(root["nas"].get("junction_parent"), None);
    assert_eq!(root["snapshot_policy"]["name"], "none");
    assert_eq!(volumes["num_records"], 1);

    volume_in(&lab, "svm-2", "a", r#","nas.path":"/Aa""#);
    volume_in(&lab, "svm-2", "b", r#","nas.path":"/aA/deep/b""#);
    let parents = lab.get(&format!("{VOLUMES}?nas.path=!null&fields=nas&order_by=name"));
    let parent = |at: usize| &parents["records"][at]["nas"]["junction_parent"]["name"];
    assert_eq!((parent(0), parent(1)), (&json!("svm_2_root"), &json!("a")));

    let policies = lab.get("/api/protocols/nfs/export-policies?svm.name=svm-2");
    assert_eq!(policies["records"][0]["name"], "default");
    assert_eq!(lab.get("/api/network/ip/interfaces?svm.name=svm-2")["num_records"], 0);
    assert_eq!(lab.get("/api/protocols/nfs/services?svm.name=svm-2")["num_records"], 0);
}

#[test]
fn an_svm_keeps_the_fields_of_its_request() {
    let lab = lab();
    let more = r#","comment":"c","ipspace":"Default","language":"C.UTF-8","max_volumes":7,
        "snapshot_policy":"none","aggregates":[{"name":"aggr2"}],"nfs":{"allowed":true,"enabled":true},
        "cifs":{"allowed":true},"nsswitch.namemap":["files"],"storage.limit":"1GB",
        "is_space_reporting_logical":"true","auto_enable_analytics":true,"subtype":"default",
        "dns":{"domains":["example.com"],"servers":["192.0.2.1"]}"#;
    let svm = create(&lab, "svm2", more);
    let record = lab.get(&format!("{svm}?fields=**"));
    for (path, value) in [
        ("/comment", json!("c")),
        ("/ipspace/name", json!("Default")),
        ("/language", json!("c.utf_8")),
        ("/max_volumes", json!("7")),
        ("/snapshot_policy/name", json!("none")),
        ("/aggregates/0/name", json!("aggr2")),
        ("/aggregates/1", Value::Null),
        ("/nfs/enabled", json!(true)),
        ("/cifs/allowed", json!(true)),
        ("/nsswitch/namemap", json!(["files"])),
        ("/storage/limit", json!(GIB)),
        ("/storage/allocated", json!(GIB)),
        ("/storage/limit_threshold_exceeded", json!(true)),
        ("/is_space_reporting_logical", json!(true)),
        ("/dns/domains", json!(["example.com"])),
    ] {
        let found = record.pointer(path).cloned().unwrap_or_default();
        assert_eq!(found, value, "{path}");
    }
    assert!(record["aggregates"][0]["available_size"].is_u64());
    let service = format!("/api/protocols/nfs/services/{}", record["uuid"].as_str().unwrap());
    assert_eq!(record["nfs"]["_links"]["self"]["href"], service.as_str());
    assert_eq!(lab.get(&service)["enabled"], true);
    let dns = format!("/api/name-services/dns/{}", record["uuid"].as_str().unwrap());
    assert_eq!(lab.get(&dns)["servers"], json!(["192.0.2.1"]));
    // The root volume is in an aggregate of the SVM.
    let root = lab.get(&format!("{VOLUMES}?name=svm2_root&fields=aggregates"));
    assert_eq!(root["records"][0]["aggregates"][0]["name"], "aggr2");
}

#[test]
fn a_new_volume_has_what_its_svm_determines() {
    let lab = lab();
    let more = r#","snapshot_policy":"default-1weekly","is_space_reporting_logical":true,
        "auto_enable_analytics":true,"language":"de.utf_8""#;
    create(&lab, "svm2", more);
    let volume = volume_in(&lab, "svm2", "v", "");
    let read = lab.get(&format!("{volume}?fields=**"));
    assert_eq!(read["snapshot_policy"]["name"], "default-1weekly");
    assert_eq!(
        (&read["analytics"]["state"], &read["language"]),
        (&json!("on"), &json!("de.utf_8"))
    );
    assert_eq!(read["space"]["logical_space"]["reporting"], true);
    let other =
        volume_in(&lab, "svm2", "w", r#","language":"c.utf_8","snapshot_policy.name":"none""#);
    let read = lab.get(&format!("{other}?fields=language,snapshot_policy"));
    assert_eq!(read["language"], "c.utf_8");
    assert_eq!(read["snapshot_policy"]["name"], "none");
    let patch = r#"{"snapshot_policy":"none"}"#;
    let svm = format!(
        "{SVMS}/{}",
        lab.get(&format!("{SVMS}?name=svm2"))["records"][0]["uuid"].as_str().unwrap()
    );
    lab.done(Method::Patch, &svm, patch);
    let third = volume_in(&lab, "svm2", "x", "");
    assert_eq!(lab.get(&third)["snapshot_policy"]["name"], "none");
}

#[test]
fn a_wrong_svm_is_refused_and_nothing_is_left() {
    let lab = lab();
    create(&lab, "taken", "");
    let long = "x".repeat(48);
    for (body, code) in [
        (r#"{"comment":"no name"}"#.to_owned(), "262212"),
        (r#"{"name":""}"#.to_owned(), "2621685"),
        (r#"{"name":"1a"}"#.to_owned(), "2621685"),
        (r#"{"name":"a b"}"#.to_owned(), "2621685"),
        (r#"{"name":"all"}"#.to_owned(), "2621685"),
        (format!(r#"{{"name":"{long}"}}"#), "13434911"),
        (r#"{"name":"taken"}"#.to_owned(), "13434908"),
        (r#"{"name":"nessie"}"#.to_owned(), "13434908"),
        (r#"{"name":"Default"}"#.to_owned(), "13434908"),
        (r#"{"name":"a","ipspace.name":"other"}"#.to_owned(), "13434912"),
        (r#"{"name":"a","ipspace.name":"Cluster"}"#.to_owned(), "13434912"),
        (
            format!(r#"{{"name":"a","ipspace":{{"name":"Default","uuid":"{UNKNOWN}"}}}}"#),
            "13434888",
        ),
        (r#"{"name":"a","language":"de"}"#.to_owned(), "13434885"),
        (r#"{"name":"a","snapshot_policy":"other"}"#.to_owned(), "13434886"),
        (format!(r#"{{"name":"a","snapshot_policy.uuid":"{UNKNOWN}"}}"#), "13434886"),
        (r#"{"name":"a","aggregates":[{"name":"other"}]}"#.to_owned(), "917508"),
        (r#"{"name":"a","nsswitch.hosts":["ldap"]}"#.to_owned(), "23724038"),
        (r#"{"name":"a","max_volumes":"many"}"#.to_owned(), "262197"),
        (r#"{"name":"a","state":"running"}"#.to_owned(), "262196"),
        (r#"{"name":"a","retention_period":12}"#.to_owned(), "262179"),
        (r#"{"name":"a","dns":{"domains":["a.b"],"servers":["x"]}}"#.to_owned(), "262197"),
        (r#"{"name":"a","storage.limit_threshold_alert":101}"#.to_owned(), "262197"),
    ] {
        assert_eq!(refused(&lab, Method::Post, SVMS, &body), code, "{body}");
    }
    assert_eq!(lab.names(SVMS), ["svm1", "taken"]);
}

#[test]
fn without_a_maker_of_backends_no_svm_is_created() {
    let lab = Lab::new();
    assert_eq!(refused(&lab, Method::Post, SVMS, r#"{"name":"svm2"}"#), "3");
    assert_eq!(lab.names(SVMS), ["svm1"]);
}

#[test]
fn a_renamed_svm_keeps_its_volumes() {
    let lab = lab();
    let svm = create(&lab, "old", "");
    let volume = volume_in(&lab, "old", "v", "");
    let mixed = r#"{"name":"new","comment":"c"}"#;
    assert_eq!(refused(&lab, Method::Patch, &svm, mixed), "13434883");
    assert_eq!(refused(&lab, Method::Patch, &svm, r#"{"name":"svm1"}"#), "13434908");
    lab.done(Method::Patch, &svm, r#"{"name":"new"}"#);
    assert_eq!(lab.get(&svm)["name"], "new");
    assert_eq!(lab.get(&format!("{volume}?fields=svm"))["svm"]["name"], "new");
    assert_eq!(lab.names(&format!("{VOLUMES}?svm.name=new&order_by=name")), ["old_root", "v"]);
    // Its old name is free.
    create(&lab, "old", "");
    assert_eq!(lab.names(SVMS), ["new", "old", "svm1"]);
}

#[test]
fn a_configured_svm_is_renamed_with_its_lifs() {
    let lab = lab();
    let svm = format!("{SVMS}/{}", lab.get(SVMS)["records"][0]["uuid"].as_str().unwrap());
    lab.done(Method::Patch, &svm, r#"{"name":"other"}"#);
    let lifs = lab.get("/api/network/ip/interfaces?fields=svm,state");
    assert_eq!(lifs["records"][0]["svm"]["name"], "other");
    assert_eq!(lifs["records"][0]["state"], "up");
    lab.done(Method::Patch, &svm, r#"{"state":"stopped"}"#);
    let lifs = lab.get("/api/network/ip/interfaces?fields=state");
    assert_eq!(lifs["records"][0]["state"], "down");
}

#[test]
fn a_stopped_svm_has_no_protocols_and_its_volumes_stay() {
    let lab = lab();
    let svm = create(&lab, "svm2", r#","nfs.enabled":true"#);
    let volume = volume_in(&lab, "svm2", "v", "");
    assert_eq!(refused(&lab, Method::Patch, &svm, r#"{"state":"starting"}"#), "262197");
    lab.done(Method::Patch, &svm, r#"{"state":"stopped","comment":"later"}"#);
    let record = lab.get(&format!("{svm}?fields=**"));
    assert_eq!((&record["state"], &record["comment"]), (&json!("stopped"), &json!("later")));
    assert_eq!(record.get("nfs"), None);
    assert_eq!(lab.get(&volume)["state"], "online");
    let uuid = record["uuid"].as_str().unwrap();
    let service = format!("/api/protocols/nfs/services/{uuid}");
    assert_eq!(lab.get(&service)["state"], "offline");
    assert_eq!(refused(&lab, Method::Patch, &service, r#"{"showmount_enabled":false}"#), "3276916");
    lab.done(Method::Patch, &svm, r#"{"state":"running"}"#);
    assert_eq!(lab.get(&svm)["nfs"]["enabled"], true);
}

#[test]
fn an_svm_is_deleted_with_its_root_volume_and_never_with_others() {
    let lab = lab();
    let svm = create(&lab, "svm2", "");
    let volume = volume_in(&lab, "svm2", "v", "");
    assert_eq!(refused(&lab, Method::Delete, &svm, ""), "460770");
    let root = lab.get(&format!("{VOLUMES}?name=svm2_root"))["records"][0]["uuid"].clone();
    let root = format!("{VOLUMES}/{}", root.as_str().unwrap());
    let offline = r#"{"state":"offline"}"#;
    assert_eq!(refused(&lab, Method::Patch, &root, offline), "917531");
    assert_eq!(
        refused(&lab, Method::Patch, &format!("{root}?validate_only=true"), offline),
        "917531"
    );
    assert_eq!(refused(&lab, Method::Delete, &root, ""), "917531");
    assert_eq!(refused(&lab, Method::Patch, &root, r#"{"nas.path":""}"#), "918252");
    lab.done(Method::Delete, &volume, "");
    lab.done(Method::Delete, &svm, "");
    assert_eq!(lab.names(SVMS), ["svm1"]);
    assert_eq!(lab.get(VOLUMES)["num_records"], 0);
    assert_eq!(refused(&lab, Method::Get, &svm, ""), "4");
    // A lone root volume may be deleted first.
    let svm = create(&lab, "svm2", "");
    let root = lab.get(&format!("{VOLUMES}?name=svm2_root"))["records"][0]["uuid"].clone();
    let root = format!("{VOLUMES}/{}", root.as_str().unwrap());
    lab.done(Method::Patch, &root, offline);
    lab.done(Method::Delete, &root, "");
    lab.done(Method::Delete, &svm, "");
    assert_eq!(lab.names(SVMS), ["svm1"]);
}

#[test]
fn the_job_of_a_volume_outlasts_its_svm() {
    let lab = lab();
    let svm = create(&lab, "svm2", "");
    let body = r#"{"name":"v","svm.name":"svm2","aggregates.name":["aggr1"],"size":"1GB"}"#;
    let job = lab.send(Method::Post, VOLUMES, body).json["job"]["uuid"].clone();
    let job = format!("/api/cluster/jobs/{}", job.as_str().unwrap());
    lab.done(Method::Delete, &format!("{VOLUMES}?name=v"), "");
    lab.done(Method::Delete, &svm, "");
    assert_eq!(lab.get(&job)["state"], "success");
}

#[test]
fn an_svm_limits_the_number_and_the_sizes_of_its_volumes() {
    let lab = lab();
    let limit = 3 * GIB;
    let svm = create(&lab, "svm2", &format!(r#","max_volumes":"3","storage.limit":{limit}"#));
    let volume = volume_in(&lab, "svm2", "v", "");
    let body = |size: u64| {
        format!(r#"{{"name":"w","svm.name":"svm2","aggregates.name":["aggr1"],"size":{size}}}"#)
    };
    assert_eq!(refused(&lab, Method::Post, VOLUMES, &body(GIB + 1)), "460770");
    let grown = format!(r#"{{"size":{}}}"#, 2 * GIB + 1);
    assert_eq!(refused(&lab, Method::Patch, &volume, &grown), "460770");
    lab.done(Method::Post, VOLUMES, &body(GIB));
    let read = lab.get(&format!("{svm}?fields=storage"));
    assert_eq!(
        (&read["storage"]["available"], &read["storage"]["used_percentage"]),
        (&json!(0), &json!(100))
    );
    lab.done(Method::Patch, &svm, r#"{"storage.limit":0}"#);
    assert_eq!(
        refused(&lab, Method::Post, VOLUMES, &body(GIB).replace("\"w\"", "\"x\"")),
        "460770"
    );
}

#[test]
fn several_svms_are_created_changed_and_deleted_at_once() {
    let lab = lab();
    let reply = lab.done(
        Method::Post,
        &format!("{SVMS}?return_records=true"),
        r#"{"records":[{"name":"a"},{"name":"b"}]}"#,
    );
    assert_eq!(reply.json["num_records"], 2);
    lab.done(Method::Patch, &format!("{SVMS}?name=a|b"), r#"{"comment":"both"}"#);
    assert_eq!(lab.names(&format!("{SVMS}?comment=both")), ["a", "b"]);
    lab.done(Method::Delete, &format!("{SVMS}?comment=both"), "");
    assert_eq!(lab.names(SVMS), ["svm1"]);
}

#[test]
fn configured_svms_have_root_volumes_if_asked_for() {
    let lab = Lab::with(|config| config.root_volumes = true);
    let volumes = lab.get(&format!("{VOLUMES}?fields=is_svm_root,nas.path"));
    assert_eq!(volumes["records"][0]["name"], "svm1_root");
    assert_eq!(volumes["records"][0]["nas"]["path"], "/");
    assert_eq!(lab.backend.list_volumes().unwrap().len(), 1);
}

#[test]
fn an_nfs_service_is_created_changed_and_deleted() {
    const SERVICES: &str = "/api/protocols/nfs/services";
    let lab = lab();
    let svm = create(&lab, "svm2", "");
    let uuid = svm.rsplit('/').next().unwrap();
    let body = r#"{"svm.name":"svm2","enabled":"true","protocol.v40_enabled":true,
        "transport.tcp_max_transfer_size":131072,"windows":{"default_user":"w"}}"#;
    let service = lab.done(Method::Post, SERVICES, body).location();
    assert_eq!(service, format!("{SERVICES}/{uuid}"));
    assert_eq!(refused(&lab, Method::Post, SERVICES, body), "1");
    let read = lab.get(&service);
    assert_eq!(read["transport"]["tcp_max_transfer_size"], 131_072);
    assert_eq!(
        (&read["protocol"]["v40_enabled"], &read["state"]),
        (&json!(true), &json!("online"))
    );
    let size = r#"{"transport.tcp_max_transfer_size":65537}"#;
    assert_eq!(refused(&lab, Method::Patch, &service, size), "3277140");
    assert_eq!(refused(&lab, Method::Patch, &service, r#"{"extended_groups_limit":31}"#), "262197");
    lab.done(Method::Patch, &service, r#"{"enabled":false}"#);
    assert_eq!(lab.get(&svm)["nfs"]["enabled"], false);
    lab.done(Method::Delete, &service, "");
    assert_eq!(refused(&lab, Method::Get, &service, ""), "4");
    lab.done(Method::Patch, &svm, r#"{"nfs.allowed":false}"#);
    assert_eq!(refused(&lab, Method::Post, SERVICES, body), "2621507");
}

#[test]
fn a_dns_configuration_is_created_changed_and_deleted() {
    const DNS: &str = "/api/name-services/dns";
    let lab = lab();
    let body = r#"{"svm.name":"svm1","domains":["example.com"],"servers":["192.0.2.1","2001:db8::1"],
        "skip_config_validation":true}"#;
    let dns = lab.done(Method::Post, DNS, body).location();
    assert_eq!(refused(&lab, Method::Post, DNS, body), "1");
    assert_eq!(lab.get(&dns)["domains"], json!(["example.com"]));
    for (body, code) in [
        (r#"{"domains":["a","b","c","d","e","f","g"]}"#, "8847361"),
        (r#"{"servers":["192.0.2.1","192.0.2.2","192.0.2.3","192.0.2.4"]}"#, "8847362"),
        (r#"{"domains":[""]}"#, "9240587"),
        (r#"{"domains":["localhost"]}"#, "9240590"),
        (r#"{"domains":[]}"#, "262212"),
        (r#"{"servers":["name"]}"#, "262197"),
        (r#"{"timeout":6}"#, "262197"),
    ] {
        assert_eq!(refused(&lab, Method::Patch, &dns, body), code, "{body}");
    }
    lab.done(Method::Patch, &dns, r#"{"servers":["192.0.2.9"]}"#);
    assert_eq!(
        lab.get(&format!("{DNS}?fields=servers"))["records"][0]["servers"],
        json!(["192.0.2.9"])
    );
    lab.done(Method::Delete, &dns, "");
    assert_eq!(lab.get(DNS)["num_records"], 0);
}

#[test]
fn the_cluster_has_two_ipspaces() {
    let lab = lab();
    let spaces = "/api/network/ipspaces";
    assert_eq!(lab.names(spaces), ["Cluster", "Default"]);
    let one = lab.get(spaces)["records"][1]["uuid"].clone();
    let read = lab.get(&format!("{spaces}/{}", one.as_str().unwrap()));
    assert_eq!(read["name"], "Default");
    let svm = lab.get(&format!("{SVMS}?fields=ipspace"));
    assert_eq!(svm["records"][0]["ipspace"]["uuid"], one);
}

#[test]
fn a_volume_is_never_left_in_an_svm_that_is_deleted_meanwhile() {
    let backends = Arc::new(Mutex::new(Vec::<MemBackend>::new()));
    let made = Arc::clone(&backends);
    let lab = Lab::with(|config| {
        config.new_backend = Some(Arc::new(move |name, number| {
            let backend = MemBackend::builder().seed(number.into()).build()?;
            made.lock().unwrap().push(backend.clone());
            Ok(Svm::new(name, Arc::new(backend)))
        }));
    });
    let body = r#"{"name":"v","svm.name":"svm2","aggregates.name":["aggr1"],"size":"1GB"}"#;
    for _ in 0..50 {
        let svm = create(&lab, "svm2", "");
        let (created, deleted) = thread::scope(|scope| {
            let created = scope
                .spawn(|| lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=15"), body));
            let deleted = lab.send(Method::Delete, &format!("{svm}?return_timeout=15"), "");
            (created.join().unwrap(), deleted)
        });
        let left = backends.lock().unwrap().last().unwrap().list_volumes().unwrap().len();
        match (created.status, deleted.status) {
            (201, 409) => {
                assert_eq!((left, deleted.code()), (2, "460770"));
                lab.done(Method::Delete, &format!("{VOLUMES}?name=v"), "");
                lab.done(Method::Delete, &svm, "");
            }
            (400, 200) => assert_eq!((left, created.code()), (0, "2621462")),
            other => panic!("{other:?}: {} {}", created.json, deleted.json),
        }
    }
}
