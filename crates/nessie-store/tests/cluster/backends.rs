//! Several SVMs, backends that have less, and objects that were created directly on the backend.

use std::sync::Arc;

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{SnapshotBackend, Timestamp, VolumeBackend, VolumeSpec, forward_volumes};
use nessie_backend_mem::MemBackend;
use nessie_store::{
    Aggregate, Cluster, ClusterBuilder, Config, JobCompletion, Method, Request, Response, Svm,
};

use crate::support::{Lab, VOLUMES};

/// Volumes and nothing else.
struct VolumesAlone(MemBackend);

impl Forward for VolumesAlone {
    type Backend = MemBackend;

    fn forward<R>(&self, operation: impl FnOnce(&MemBackend) -> R) -> R {
        operation(&self.0)
    }
}

impl VolumeBackend for VolumesAlone {
    forward_volumes!();
}

#[test]
fn missing_tiers_of_a_backend_are_not_supported() {
    let lab = Lab::with(|config| {
        config.svms[0].backend = Arc::new(VolumesAlone(MemBackend::new()));
    });
    let path = lab.volume("v1", r#","comment":"here""#);
    assert_eq!(lab.get(&format!("{path}?fields=**"))["comment"], "here");
    let snapshots = format!("{path}/snapshots");
    let reply = lab.send(Method::Get, &snapshots, "");
    assert_eq!((reply.status, reply.code()), (405, "3"));
    let waiting = format!("{snapshots}?return_timeout=1");
    let reply = lab.send(Method::Post, &waiting, r#"{"name":"s1"}"#);
    assert_eq!((reply.status, reply.code()), (405, "3"));
    let clone = r#"{"name":"c1","svm.name":"svm1",
        "clone":{"is_flexclone":true,"parent_volume":{"name":"v1"}}}"#;
    let reply = lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=1"), clone);
    assert_eq!((reply.status, reply.code()), (405, "3"));
    assert_eq!(lab.names(VOLUMES), ["v1"]);
}

#[test]
fn objects_with_names_that_ontap_rejects_are_served() {
    let lab = Lab::new();
    let made = lab.backend.create_volume(VolumeSpec::named("with-dash.1")).unwrap();
    let taken = lab.backend.create_snapshot(made.uuid, "a:b").unwrap();
    let path = format!("{VOLUMES}/{}", made.uuid);
    let record = lab.get(&path);
    assert_eq!(record["name"], "with-dash.1");
    // Without a quota it is as large as its aggregate.
    assert_eq!(record["size"], 1_u64 << 50);
    let snapshot = format!("{path}/snapshots/{}", taken.uuid);
    assert_eq!(lab.get(&snapshot)["name"], "a:b");
    lab.done(Method::Patch, &path, r#"{"comment":"seen"}"#);
    lab.done(Method::Delete, &snapshot, "");
    lab.done(Method::Delete, &path, "");
}

fn two_svms() -> Cluster {
    let mut config = Config::default();
    for name in ["svm1", "svm2"] {
        let backend = MemBackend::new();
        backend.create_volume(VolumeSpec::named(format!("of_{name}"))).unwrap();
        config.svms.push(Svm::new(name, Arc::new(backend)));
    }
    Cluster::new(config).unwrap()
}

fn tunnelled(cluster: &Cluster, method: Method, target: &str, svm: &str, body: &str) -> Response {
    let body = body.as_bytes();
    cluster.handle(&Request::new(method, target).svm_name(svm).body(body))
}

#[test]
fn a_header_names_the_svm() {
    let cluster = two_svms();
    let text = |response: Response| String::from_utf8(response.body).unwrap();
    let get = |target: &str, svm: &str| tunnelled(&cluster, Method::Get, target, svm, "");
    let listed = text(get(VOLUMES, "svm2"));
    assert!(listed.contains("of_svm2") && !listed.contains("of_svm1"), "{listed}");
    assert_eq!(get(&format!("{VOLUMES}?svm.name=svm1"), "svm2").status, 400);
    assert_eq!(get(VOLUMES, "svm9").status, 400);
    for target in ["/api/cluster", "/api/cluster/nodes", "/api/storage/aggregates"] {
        assert_eq!(get(target, "svm2").status, 200);
    }
    let body = r#"{"name":"v1","aggregates":[{"name":"aggr1"}]}"#;
    let target = format!("{VOLUMES}?return_timeout=1");
    assert_eq!(tunnelled(&cluster, Method::Post, &target, "svm2", body).status, 201);
    assert!(text(get(VOLUMES, "svm2")).contains("\"v1\""));
    assert!(!text(get(VOLUMES, "svm1")).contains("\"v1\""));
}

#[test]
fn invalid_configurations_are_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        Cluster::new(config).unwrap_err();
    };
    refused(|config| config.nodes.clear());
    refused(|config| config.aggregates.clear());
    refused(|config| config.nodes.push("node1".to_owned()));
    refused(|config| config.aggregates.push(Aggregate::new("", 1)));
    refused(|config| config.name.clear());
}

#[test]
fn an_invalid_configuration_names_the_part_and_the_rule() {
    let error = |builder: ClusterBuilder| builder.build().unwrap_err().to_string();
    let twice = Cluster::builder().svm("svm1", MemBackend::new()).svm("svm1", MemBackend::new());
    assert_eq!(error(twice), "svms: the name \"svm1\" is used twice");
    assert_eq!(error(Cluster::builder().name("")), "name: a name is empty");
    assert_eq!(error(Cluster::builder().nodes([""; 0])), "nodes: a cluster needs at least one");
}

#[test]
fn a_built_cluster_has_the_parts_that_were_set() {
    let cluster = Cluster::builder()
        .name("east")
        .svm("svm1", MemBackend::new())
        .nodes(["a", "b"])
        .aggregates([Aggregate::new("ssd", 1 << 40)])
        .lifs([])
        .jobs(JobCompletion::Polls(2))
        .seed(1)
        .clock(|| Timestamp::UNIX_EPOCH)
        .build()
        .unwrap();
    let get = |target| {
        let request = Request::new(Method::Get, target);
        String::from_utf8(cluster.handle(&request).body).unwrap()
    };
    assert!(get("/api/cluster").contains(r#""name":"east""#));
    assert!(get("/api/svm/svms").contains(r#""name":"svm1""#));
    assert!(get("/api/cluster/nodes").contains(r#""num_records":2"#));
    assert!(get("/api/storage/aggregates").contains(r#""name":"ssd""#));
    assert!(get("/api/network/ip/interfaces").contains(r#""num_records":0"#));
}
