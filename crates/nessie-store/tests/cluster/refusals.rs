//! Each refusal with its code.

use nessie_backend_core::SnapshotBackend;
use nessie_backend_mem::{Limits, Profile};
use nessie_store::Method;

use crate::support::{GIB, Lab, UNKNOWN, VOLUMES};

fn refused(lab: &Lab, method: Method, target: &str, body: &str, status: u16, code: &str) {
    let mark = if target.contains('?') { '&' } else { '?' };
    let waiting = if method.is_read() { String::new() } else { format!("{mark}return_timeout=1") };
    let reply = lab.send(method, &format!("{target}{waiting}"), body);
    assert_eq!((reply.status, reply.code()), (status, code), "{target} {body}: {}", reply.json);
    assert!(reply.json["error"]["message"].is_string());
}

#[test]
fn unknown_paths_and_objects() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    refused(&lab, Method::Get, "/api/storage/colours", "", 404, "3");
    refused(&lab, Method::Get, "/", "", 404, "3");
    refused(&lab, Method::Post, "/api/cluster", "{}", 405, "3");
    for method in [Method::Get, Method::Delete] {
        refused(&lab, method, &format!("{VOLUMES}/{UNKNOWN}"), "", 404, "4");
        refused(&lab, method, &format!("{path}/snapshots/{UNKNOWN}"), "", 404, "4");
    }
    refused(&lab, Method::Patch, &format!("{VOLUMES}/{UNKNOWN}"), r#"{"size":1}"#, 404, "4");
    refused(&lab, Method::Get, &format!("{VOLUMES}/nonsense"), "", 404, "4");
    refused(&lab, Method::Get, &format!("{VOLUMES}?fields=colour"), "", 400, "262197");
    refused(&lab, Method::Get, &format!("{VOLUMES}?colour=red"), "", 400, "262179");
    let reply = lab.send(Method::Get, "/api/storage/colours", "");
    let message = r#"API not found: "/api/storage/colours" is not simulated."#;
    assert_eq!(reply.json["error"]["message"], message);
    let out_of_scope = [
        "/api/application/containers",
        "/api/protocols/san/igroups",
        "/api/protocols/nvme/subsystems",
        "/api/protocols/s3/buckets",
        "/api/storage/flexcache/flexcaches",
    ];
    for path in out_of_scope {
        let reply = lab.send(Method::Post, path, "{}");
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(reply.code() == "3" && message.contains(path), "{message}");
    }
    let reply = lab.send(Method::Options, VOLUMES, "");
    assert_eq!(reply.headers, [("Allow", "GET, POST, PATCH, DELETE, HEAD, OPTIONS".to_owned())]);
}

#[test]
fn creations() {
    let lab = Lab::new();
    lab.volume("v1", r#","nas.path":"/v1""#);
    let cases = [
        (r#""name":"v2""#, 400, "787140"),
        (r#""name":"v2","aggregates":[{"name":"aggr9"}]"#, 400, "917508"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"},{"name":"aggr2"}]"#, 400, "917508"),
        (r#""name":"v2","aggregates":["aggr1","aggr1"],"style":"flexvol""#, 400, "918242"),
        (r#""name":"v1","aggregates":[{"name":"aggr1"}]"#, 409, "917526"),
        (r#""name":"v-2","aggregates":[{"name":"aggr1"}]"#, 400, "917888"),
        (r#""name":"2v","aggregates":[{"name":"aggr1"}]"#, 400, "917887"),
        (r#""aggregates":[{"name":"aggr1"}]"#, 400, "262212"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"size":20971519"#, 500, "917534"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"size":"301TB""#, 500, "917534"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"colour":1"#, 400, "262179"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"create_time":"x""#, 400, "262196"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"state":"error""#, 400, "918652"),
        (
            r#""name":"v2","aggregates":[{"name":"aggr1"}],"style":"flexgroup_constituent""#,
            400,
            "918241",
        ),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"type":"DP""#, 400, "917628"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"nas.path":"/v1/""#, 400, "918252"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"nas.uid":4294967296"#, 400, "262197"),
        (r#""name":"v2","aggregates":[{"name":"aggr1"}],"nas.gid":4294967296"#, 400, "262197"),
        (
            r#""name":"v2","aggregates":[{"name":"aggr1"}],"autosize":{"minimum":"2g","maximum":"1g"}"#,
            400,
            "917829",
        ),
        (r#""name":"v2","clone":{"is_flexclone":true}"#, 400, "918246"),
        (
            r#""name":"v2","clone":{"is_flexclone":true,"parent_volume":{"name":"x"}}"#,
            400,
            "524601",
        ),
    ];
    for (body, status, code) in cases {
        let body = format!(r#"{{"svm":{{"name":"svm1"}},{body}}}"#);
        refused(&lab, Method::Post, VOLUMES, &body, status, code);
    }
    refused(&lab, Method::Post, VOLUMES, r#"{"name":"v2"}"#, 400, "2621707");
    refused(&lab, Method::Post, VOLUMES, r#"{"name":"v2","svm":{"name":"x"}}"#, 400, "2621462");
    assert_eq!(lab.names(VOLUMES), ["v1"]);
}

#[test]
fn changes_and_deletions() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    lab.volume("v2", r#","nas.path":"/v2""#);
    for (body, status, code) in [
        ("{}", 400, "262190"),
        (r#"{"name":"v2"}"#, 409, "917526"),
        (r#"{"nas":{"path":"/v2"}}"#, 409, "918252"),
        (r#"{"size":"1MB"}"#, 500, "917534"),
        (r#"{"style":"flexvol"}"#, 400, "262203"),
        (r#"{"clone":{"split_initiated":true}}"#, 400, "918248"),
        (r#"{"restore_to":{"snapshot":{"name":"s1"}},"size":"1GB"}"#, 400, "918251"),
        (r#"{"restore_to":{"snapshot":{"name":"s1"}}}"#, 400, "1638600"),
    ] {
        refused(&lab, Method::Patch, &path, body, status, code);
    }
    lab.done(Method::Patch, &path, r#"{"autosize.minimum":"2g","nas.uid":4294967295}"#);
    for (target, body) in [
        (path.clone(), r#"{"autosize.maximum":"1g"}"#),
        (path.clone(), r#"{"autosize":{"maximum":"2g","minimum":"3g"},"size":"5g"}"#),
        (format!("{path}?validate_only=true"), r#"{"autosize.maximum":"1g"}"#),
    ] {
        refused(&lab, Method::Patch, &target, body, 400, "917829");
    }
    assert_eq!(lab.get(&path)["size"], GIB, "a refused change changes nothing");
    lab.done(Method::Patch, &path, r#"{"autosize":{"minimum":"1g","maximum":"1g"}}"#);
    lab.clone_of("v1", None, "c1");
    refused(&lab, Method::Delete, &path, "", 409, "524615");
    lab.done(Method::Patch, &path, r#"{"state":"offline"}"#);
    refused(&lab, Method::Patch, &path, r#"{"size":"2GB"}"#, 409, "917533");
    refused(&lab, Method::Post, &format!("{path}/snapshots"), r#"{"name":"s"}"#, 409, "524479");
}

#[test]
fn snapshots() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let first = lab.snapshot(&path, "s1");
    let second = lab.snapshot(&path, "s2");
    let snapshots = format!("{path}/snapshots");
    for (name, status, code) in [
        ("s1", 409, "525059"),
        ("a/b", 400, "1638518"),
        ("a:b", 400, "1638518"),
        ("snapmirror.x", 400, "1638477"),
    ] {
        let body = format!(r#"{{"name":"{name}"}}"#);
        refused(&lab, Method::Post, &snapshots, &body, status, code);
        if name != "s1" {
            refused(&lab, Method::Patch, &first, &body, status, code);
        }
    }
    lab.clone_of("v1", Some("s2"), "c1");
    refused(&lab, Method::Delete, &second, "", 409, "1638555");
    let restore = format!("{path}?restore_to.snapshot.name=s1");
    refused(&lab, Method::Patch, &restore, "", 409, "9437886");
    lab.done(Method::Patch, &first, r#"{"expiry_time":"2000-01-02T00:00:00Z"}"#);
    refused(&lab, Method::Delete, &first, "", 409, "1638555");
}

#[test]
fn more_snapshots_than_a_volume_may_have() {
    let lab = Lab::with_limits(Profile::Ontap.limits());
    let path = lab.volume("v1", "");
    let uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    for number in 0..1023 {
        lab.backend.create_snapshot(uuid, &format!("s{number}")).unwrap();
    }
    refused(&lab, Method::Post, &format!("{path}/snapshots"), r#"{"name":"s"}"#, 409, "525062");
    // The base snapshot of a clone is one more, too.
    let base = r#"{"name":"c1","svm.name":"svm1","clone.is_flexclone":true,"clone.parent_volume.name":"v1"}"#;
    refused(&lab, Method::Post, VOLUMES, base, 409, "525062");
    assert_eq!(lab.names(VOLUMES), ["v1"]);
    let lab = Lab::with_limits(Limits::default().snapshots(1));
    let path = lab.volume("v1", "");
    lab.snapshot(&path, "s1");
    refused(&lab, Method::Post, &format!("{path}/snapshots"), r#"{"name":"s2"}"#, 409, "525062");
    refused(&lab, Method::Post, &format!("{path}/snapshots"), r#"{"name":"s1"}"#, 409, "525059");
}

#[test]
fn more_clones_than_limits_allow() {
    let clone_of = |parent: &str, name: &str| {
        format!(
            r#"{{"name":"{name}","svm.name":"svm1","clone.is_flexclone":true,
                "clone.parent_volume.name":"{parent}"}}"#
        )
    };
    let lab = Lab::with_limits(Limits::default().clone_depth(1));
    lab.volume("v1", "");
    let clone = lab.clone_of("v1", None, "c1");
    refused(&lab, Method::Post, VOLUMES, &clone_of("c1", "c2"), 409, "524819");
    // The base snapshot is deleted again.
    assert!(lab.names(&format!("{clone}/snapshots")).is_empty());
    lab.done(Method::Patch, &clone, r#"{"clone.split_initiated":true}"#);
    lab.clone_of("c1", None, "c2");

    let lab = Lab::with_limits(Limits::default().clones_per_snapshot(1));
    let path = lab.volume("v1", "");
    lab.snapshot(&path, "s1");
    lab.clone_of("v1", Some("s1"), "c1");
    let second = clone_of("v1", "c2").replace('}', r#","clone.parent_snapshot.name":"s1"}"#);
    refused(&lab, Method::Post, VOLUMES, &second, 409, "524819");

    let lab = Lab::with_limits(Limits::default().volumes(1));
    lab.volume("v1", "");
    refused(&lab, Method::Post, VOLUMES, &clone_of("v1", "c1"), 409, "460770");
    let volume = r#"{"name":"v2","svm.name":"svm1","aggregates":[{"name":"aggr1"}]}"#;
    refused(&lab, Method::Post, VOLUMES, volume, 409, "460770");
}
