//! What clients read of a cluster before they do anything.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::support::{GIB, Lab, VOLUMES};

fn two_svms() -> Lab {
    Lab::with(|config| {
        let backend = MemBackend::builder().seed(2).build().unwrap();
        config.svms.push(Svm { name: "svm2".to_owned(), backend: Arc::new(backend) });
    })
}

fn only(collection: &Value) -> &Value {
    let records = collection["records"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{collection}");
    &records[0]
}

#[test]
fn one_number_names_one_export_policy_of_the_cluster() {
    const POLICIES: &str = "/api/protocols/nfs/export-policies";
    let lab = two_svms();
    let mut ids = Vec::new();
    for svm in ["svm1", "svm2"] {
        let listed = lab.get(&format!("{POLICIES}?svm.name={svm}&fields=name"));
        let id = only(&listed)["id"].as_u64().unwrap();
        assert_eq!(only(&listed)["name"], "default");
        let one = lab.get(&format!("{POLICIES}/{id}"));
        assert_eq!((&one["svm"]["name"], &one["id"]), (&json!(svm), &json!(id)));
        assert_eq!(lab.get(&format!("{POLICIES}/{id}/rules"))["num_records"], 0);
        // The lower half counts the policies of an SVM, the upper half is the SVM's.
        assert_eq!(id & 0xffff_ffff, 1);
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
    for id in ["1", "0", "x", "99999999999999999999"] {
        for path in [format!("{POLICIES}/{id}"), format!("{POLICIES}/{id}/rules")] {
            let reply = lab.send(Method::Get, &path, "");
            assert_eq!((reply.status, reply.code()), (404, "4"), "{path}");
        }
    }
}

#[test]
fn a_volume_takes_the_export_policy_of_its_own_svm_by_number() {
    let lab = two_svms();
    let listed = lab.get("/api/protocols/nfs/export-policies?order_by=svm.name");
    let id = |at: usize| listed["records"][at]["id"].clone();
    let volume = lab.volume("v1", &format!(r#","nas.export_policy.id":{}"#, id(0)));
    let read = lab.get(&format!("{volume}?fields=nas.export_policy"));
    assert_eq!(read["nas"]["export_policy"]["id"], id(0));
    let body = format!(r#"{{"nas.export_policy.id":{}}}"#, id(1));
    let refused = lab.send(Method::Patch, &format!("{volume}?return_timeout=15"), &body);
    assert_eq!(refused.code(), "918271", "{}", refused.json);
}

#[test]
fn nodes_are_pairs_and_have_been_up_since_the_cluster_was_built() {
    let lab = Lab::with(|config| {
        config.nodes = ["a", "b", "c"].map(str::to_owned).to_vec();
    });
    lab.backend.advance(Duration::from_secs(90)).unwrap();
    let nodes = lab.get("/api/cluster/nodes?fields=ha,uptime,management_interfaces,membership");
    let partner = |at: usize| nodes["records"][at]["ha"]["partners"][0]["name"].clone();
    assert_eq!([partner(0), partner(1), partner(2)], [json!("b"), json!("a"), json!(null)]);
    let alone = &nodes["records"][2];
    assert_eq!((&alone["ha"]["enabled"], &alone["uptime"]), (&json!(false), &json!(90)));
    assert_eq!(alone["management_interfaces"][0]["ip"]["address"], "127.0.0.1");
    assert_eq!(lab.names("/api/cluster/nodes?ha.partners.name=a"), ["b"]);
}

#[test]
fn each_node_has_one_port_and_each_address_is_on_it() {
    let lab = two_svms();
    let lifs = lab.get("/api/network/ip/interfaces?fields=location,service_policy,ipspace");
    let lifs = lifs["records"].as_array().unwrap();
    assert_eq!(lifs.len(), 2);
    for lif in lifs {
        let location = &lif["location"];
        assert_eq!(location["home_port"]["name"], location["port"]["name"]);
        assert_eq!(location["home_port"]["uuid"], lifs[0]["location"]["home_port"]["uuid"]);
        assert_ne!(location["home_port"]["uuid"], location["node"]["uuid"]);
        assert_eq!(lif["service_policy"]["name"], "default-data-files");
        assert_eq!(lif["ipspace"]["name"], "Default");
    }
}

#[test]
fn a_snapshot_policy_without_schedules_has_no_copies() {
    let lab = Lab::new();
    let fields = "fields=comment,copies.count,copies.snapmirror_label,copies.schedule.name";
    let none = lab.get(&format!("/api/storage/snapshot-policies?name=none&{fields}"));
    assert_eq!(only(&none)["copies"], json!([]));
    let default = lab.get(&format!("/api/storage/snapshot-policies?name=default&{fields}"));
    let labels: Vec<_> = only(&default)["copies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|copies| copies["snapmirror_label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["-", "daily", "weekly"], "a dash where there is no label");
}

#[test]
fn a_volume_shows_the_node_of_its_aggregate() {
    let lab = Lab::with(|config| {
        config.nodes.push("node2".to_owned());
        let second = nessie_store::Aggregate { name: "aggr2".to_owned(), size: GIB };
        config.aggregates.push(second);
    });
    lab.volume("v1", "");
    let body = format!(
        r#"{{"name":"v2","svm.name":"svm1","aggregates":[{{"name":"aggr2"}}],"size":{GIB}}}"#
    );
    lab.done(Method::Post, VOLUMES, &body);
    assert_eq!(lab.names(&format!("{VOLUMES}?nodes.name=node2")), ["v2"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?nodes.name=node1")), ["v1"]);
}

#[test]
fn metrics_of_a_volume_are_those_of_now_and_nought() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    lab.backend.advance(Duration::from_secs(15)).unwrap();
    let read = lab.get(&format!("{volume}?fields=metric,statistics.{{timestamp,iops_raw}}"));
    assert_eq!(read["metric"]["timestamp"], "2000-01-01T00:00:15+00:00");
    assert_eq!(
        (&read["metric"]["duration"], &read["metric"]["status"]),
        (&json!("PT15S"), &json!("ok"))
    );
    let nought = json!({"other": 0, "read": 0, "total": 0, "write": 0});
    for path in
        [&read["metric"]["iops"], &read["metric"]["latency"], &read["statistics"]["iops_raw"]]
    {
        assert_eq!(*path, nought);
    }
    assert_eq!(
        lab.names(&format!("{VOLUMES}?statistics.timestamp=!%22-%22&fields=statistics")),
        ["v1"]
    );
    assert_eq!(lab.get(&format!("{volume}?fields=movement")).get("movement"), None);
}
