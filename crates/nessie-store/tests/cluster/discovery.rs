//! The objects of a cluster that clients read first.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::support::{GIB, Lab, UNKNOWN, VOLUMES};

pub(crate) fn two_svms() -> Lab {
    Lab::with(|config| {
        let backend = MemBackend::builder().seed(2).build().unwrap();
        config.svms.push(Svm::new("svm2", Arc::new(backend)));
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
fn licences_are_those_of_the_simulated_features() {
    const LICENSES: &str = "/api/cluster/licensing/licenses";
    let lab = Lab::new();
    assert_eq!(lab.names(LICENSES), ["base", "flexclone", "nfs", "snaprestore"]);
    let states = "state=compliant,%20noncompliant,%20unlicensed,%20unknown";
    let all = lab.get(&format!("{LICENSES}?{states}&fields=*"));
    assert_eq!(all["num_records"], 4);
    let nfs = lab.get(&format!("{LICENSES}/nfs"));
    assert_eq!((&nfs["scope"], &nfs["state"]), (&json!("cluster"), &json!("compliant")));
    let license = &nfs["licenses"][0];
    assert_eq!((&license["active"], &license["evaluation"]), (&json!(true), &json!(false)));
    assert_eq!(license["compliance"]["state"], "compliant");
    assert_eq!(license["owner"], "nessie");
    let reply = lab.send(Method::Get, &format!("{LICENSES}/cifs"), "");
    assert_eq!((reply.status, reply.code()), (404, "4"));
}

#[test]
fn each_node_has_a_compliance_clock_with_the_cluster_s_time() {
    const CLOCKS: &str = "/api/storage/snaplock/compliance-clocks";
    let lab = Lab::new();
    lab.backend.advance(Duration::from_secs(60)).unwrap();
    let node = only(&lab.get("/api/cluster/nodes"))["uuid"].as_str().unwrap().to_owned();
    let clock = lab.get(&format!("{CLOCKS}/{node}"));
    assert_eq!(clock["time"], "2000-01-01T00:01:00+00:00");
    assert_eq!(clock["node"]["uuid"], node.as_str());
    assert_eq!(only(&lab.get(&format!("{CLOCKS}?fields=time")))["time"], clock["time"]);
    let reply = lab.send(Method::Get, &format!("{CLOCKS}/{UNKNOWN}"), "");
    assert_eq!((reply.status, reply.code()), (404, "14090240"));
}

#[test]
fn each_svm_has_an_nfs_service() {
    const SERVICES: &str = "/api/protocols/nfs/services";
    let lab = two_svms();
    let services = lab.get(&format!("{SERVICES}/?fields=transport.*&svm.name=svm2"));
    let service = only(&services);
    assert_eq!(service["transport"]["tcp_max_transfer_size"], 65_536);
    let uuid = service["svm"]["uuid"].as_str().unwrap();
    let one = lab.get(&format!("{SERVICES}/{uuid}"));
    assert_eq!((&one["enabled"], &one["protocol"]["v3_enabled"]), (&json!(true), &json!(true)));
    assert_eq!(lab.get(SERVICES)["num_records"], 2);
    let reply = lab.send(Method::Get, &format!("{SERVICES}/{UNKNOWN}"), "");
    assert_eq!((reply.status, reply.code()), (404, "4"));
}

#[test]
fn the_software_is_one_object() {
    let software = Lab::new().get("/api/cluster/software");
    assert_eq!((&software["version"], software.get("records")), (&json!("9.15.1"), None));
    assert_eq!(software["nodes"][0]["name"], "node1");
    assert_eq!(software["nodes"][0]["version"], "9.15.1");
}

#[test]
fn a_filter_by_a_counter_leaves_the_others_out() {
    const ALL_COUNTER_TABLES: &str = "/api/cluster/counter/tables";
    let lab = Lab::new();
    lab.backend.advance(Duration::from_secs(60)).unwrap();
    assert_eq!(
        lab.get(&format!("{ALL_COUNTER_TABLES}?return_records=false")),
        json!({"num_records": 4})
    );
    let table = lab.get(&format!(
        "{ALL_COUNTER_TABLES}/system:constituent?counter_schemas.name=average_processor_busy_percent\
         &fields=counter_schemas.*"
    ));
    let schemas = table["counter_schemas"].as_array().unwrap();
    assert_eq!(schemas.len(), 1, "{table}");
    assert_eq!(schemas[0]["denominator"]["name"], "cpu_elapsed_time");
    let rows = format!("{ALL_COUNTER_TABLES}/processor/rows");
    let row = only(&lab.get(&format!("{rows}?id=node1:*"))).clone();
    let wanted =
        "counters.name=domain_busy_percent%7Cunknown&fields=id,counter_table.name,counters.*";
    let read = lab.get(&format!("{rows}?id={}&{wanted}", row["id"].as_str().unwrap()));
    let counters = only(&read)["counters"].as_array().unwrap();
    assert_eq!(counters.len(), 1, "{read}");
    let (labels, values) = (&counters[0]["labels"], &counters[0]["values"]);
    assert_eq!((&labels[1], &values[1]), (&json!("kahuna"), &json!(240_000)));
    assert_eq!(labels.as_array().map(Vec::len), values.as_array().map(Vec::len));
    assert_eq!(counters[0].get("value"), None);
    assert_eq!(lab.get(&format!("{rows}?counters.labels=kahuna"))["num_records"], 1);
    let one = lab.get(&format!("{rows}/{}", row["id"].as_str().unwrap()));
    assert_eq!(one["counters"][1]["value"], 60_000_000);
    assert_eq!(lab.get(&format!("{rows}?counters.name=unknown"))["num_records"], 0);
    for path in ["nothing", "nothing/rows", "nothing/rows/1"] {
        let reply = lab.send(Method::Get, &format!("{ALL_COUNTER_TABLES}/{path}"), "");
        assert_eq!((reply.status, reply.code()), (404, "8585320"), "{path}");
    }
    let reply = lab.send(Method::Get, &format!("{rows}/node9:processor0"), "");
    assert_eq!((reply.status, reply.code()), (404, "4"));
}

/// A client that divides by the growth of a counter never divides by zero.
#[test]
fn the_amounts_of_a_counter_are_never_all_zero() {
    let lab = Lab::new();
    for table in ["processor", "system", "system:constituent", "wafl"] {
        let rows = lab.get(&format!("/api/cluster/counter/tables/{table}/rows?fields=counters"));
        for counter in only(&rows)["counters"].as_array().unwrap() {
            let sum =
                |values: &Value| values.as_array().unwrap().iter().filter_map(Value::as_u64).sum();
            let total = counter["value"].as_u64().unwrap_or_else(|| sum(&counter["values"]));
            assert!(total > 0, "{table}: {counter}");
        }
    }
}

#[test]
fn the_command_line_shows_the_root_aggregates() {
    const AGGR: &str = "/api/private/cli/aggr";
    let lab = Lab::with(|config| config.nodes.push("node2".to_owned()));
    let roots = lab.get(&format!("{AGGR}?root=true&max_records=10000"));
    assert_eq!(
        roots["records"],
        json!([
            {"aggregate": "aggr0_node1", "root": true},
            {"aggregate": "aggr0_node2", "root": true}
        ])
    );
    let others = lab.get(&format!("{AGGR}?root=false&fields=node,state&privilege_level=admin"));
    let expected = json!({"aggregate": "aggr1", "node": "node1", "root": false, "state": "online"});
    assert_eq!(*only(&others), expected);
    // They hold no volumes of an SVM.
    assert_eq!(lab.names("/api/storage/aggregates"), ["aggr1"]);
    assert_eq!(lab.send(Method::Get, &format!("{AGGR}?fields=nonsense"), "").code(), "262197");
    let reply = lab.send(Method::Get, &format!("{AGGR}?privilege_level=all"), "");
    assert_eq!(reply.code(), "262197");
}

#[test]
fn an_aggregate_for_volumes_is_never_a_root_aggregate() {
    let lab = Lab::with(|config| "aggr0_node1".clone_into(&mut config.aggregates[0].name));
    assert_eq!(lab.get("/api/private/cli/aggr?root=true")["num_records"], 0);
    assert_eq!(lab.get("/api/private/cli/aggr?root=false")["num_records"], 1);
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
    assert_eq!(labels, ["-", "daily", "weekly"], "a dash for a missing label");
}

#[test]
fn a_volume_shows_the_node_of_its_aggregate() {
    let lab = Lab::with(|config| {
        config.nodes.push("node2".to_owned());
        let second = nessie_store::Aggregate::new("aggr2", GIB);
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
fn metrics_of_a_volume_are_those_of_now_and_zero() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    lab.backend.advance(Duration::from_secs(15)).unwrap();
    let read = lab.get(&format!("{volume}?fields=metric,statistics.{{timestamp,iops_raw}}"));
    assert_eq!(read["metric"]["timestamp"], "2000-01-01T00:00:15+00:00");
    assert_eq!(
        (&read["metric"]["duration"], &read["metric"]["status"]),
        (&json!("PT15S"), &json!("ok"))
    );
    let zero = json!({"other": 0, "read": 0, "total": 0, "write": 0});
    for path in
        [&read["metric"]["iops"], &read["metric"]["latency"], &read["statistics"]["iops_raw"]]
    {
        assert_eq!(*path, zero);
    }
    assert_eq!(
        lab.names(&format!("{VOLUMES}?statistics.timestamp=!%22-%22&fields=statistics")),
        ["v1"]
    );
    assert_eq!(lab.get(&format!("{volume}?fields=movement")).get("movement"), None);
}

#[test]
fn samples_of_a_volume_are_zero_since_its_creation() {
    let lab = Lab::new();
    lab.backend.advance(Duration::from_secs(7)).unwrap();
    let metrics = format!("{}/metrics", lab.volume("v1", ""));
    assert_eq!(lab.get(&metrics)["num_records"], 0);
    lab.backend.advance(Duration::from_secs(53)).unwrap();
    let found = lab.get(&format!("{metrics}?fields=*"));
    let times: Vec<_> =
        found["records"].as_array().unwrap().iter().map(|record| &record["timestamp"]).collect();
    assert_eq!(
        times,
        ["2000-01-01T00:01:00+00:00", "2000-01-01T00:00:45+00:00", "2000-01-01T00:00:30+00:00"]
    );
    let newest = &found["records"][0];
    assert_eq!((&newest["duration"], &newest["status"]), (&json!("PT15S"), &json!("ok")));
    let zero = json!({"other": 0, "read": 0, "total": 0, "write": 0});
    for path in ["iops", "latency", "throughput"] {
        assert_eq!(newest[path], zero);
    }
    let href = newest["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(lab.get(href)["timestamp"], newest["timestamp"]);
    lab.backend.advance(Duration::from_secs(400 * 86_400)).unwrap();
    for (interval, count) in [("1h", 240), ("1d", 288), ("1w", 336), ("1m", 360), ("1y", 365)] {
        let found = lab.get(&format!("{metrics}?interval={interval}&max_records=1000"));
        assert_eq!(found["num_records"], count, "{interval}");
    }
    assert_eq!(lab.send(Method::Get, &format!("{metrics}?interval=2h"), "").code(), "262197");
    let unknown = format!("{VOLUMES}/{UNKNOWN}/metrics");
    assert_eq!(lab.send(Method::Get, &unknown, "").code(), "4");
}

#[test]
fn samples_of_a_qtree_are_zero_since_the_creation_of_its_volume() {
    let lab = Lab::new();
    let volume = lab.volume("v1", "");
    let body = r#"{"name":"q1","svm":"svm1","volume":"v1"}"#;
    let qtree = lab.done(Method::Post, "/api/storage/qtrees", body).location();
    lab.backend.advance(Duration::from_secs(500)).unwrap();
    let found = lab.get(&format!("{qtree}/metrics?fields=*"));
    let samples = found["records"].as_array().unwrap();
    let times: Vec<_> = samples.iter().map(|sample| &sample["timestamp"]).collect();
    assert_eq!(times, ["2000-01-01T00:08:00+00:00", "2000-01-01T00:04:00+00:00"]);
    for sample in samples {
        let zero = json!({"other": 0, "read": 0, "total": 0, "write": 0});
        for field in ["iops", "latency", "throughput"] {
            assert_eq!(sample[field], zero, "{field}");
        }
        assert_eq!((&sample["duration"], &sample["status"]), (&json!("PT4M"), &json!("ok")));
        assert_eq!((&sample["qtree"]["id"], &sample["qtree"]["name"]), (&json!(1), &json!("q1")));
        assert_eq!(sample["volume"]["name"], "v1");
        assert_eq!(sample["svm"]["name"], "svm1");
    }
    let at = |id: &str, query: &str| {
        let qtrees = qtree.rsplit_once('/').unwrap().0;
        lab.send(Method::Get, &format!("{qtrees}/{id}/metrics?{query}"), "")
    };
    assert_eq!(at("0", "interval=1h&qtree.name=").json["num_records"], 2);
    assert_eq!((at("9", "").code(), at("x", "").code()), ("4", "4"));
    assert_eq!(at("1", "interval=2h").code(), "262197");
    let unknown = format!("/api/storage/qtrees/{UNKNOWN}/0/metrics");
    assert_eq!(lab.send(Method::Get, &unknown, "").code(), "4");
    lab.backend.advance(Duration::from_secs(400 * 86_400)).unwrap();
    for interval in ["1d", "1w", "1m", "1y"] {
        let of = |path: &str| {
            lab.get(&format!("{path}/metrics?interval={interval}&fields=timestamp&max_records=999"))
        };
        let (of_qtree, of_volume) = (of(&qtree), of(&volume));
        assert_eq!(of_qtree["num_records"], of_volume["num_records"], "{interval}");
        assert_eq!(of_qtree["records"][0]["timestamp"], of_volume["records"][0]["timestamp"]);
    }
    assert_eq!(at("1", "interval=1h&max_records=999").json["num_records"], 15);
}

#[test]
fn without_a_log_there_are_no_events() {
    let lab = Lab::new();
    lab.volume("v1", "");
    let events = "/api/support/ems/events";
    assert_eq!(lab.get(&format!("{events}?message.severity=error&fields=**"))["num_records"], 0);
    assert_eq!(lab.send(Method::Get, &format!("{events}?filter.name=x"), "").code(), "983093");
    let messages = lab.names("/api/support/ems/messages?fields=name&max_records=1000");
    assert!(messages.contains(&"nessie.create_volume".to_owned()));
}

#[test]
fn a_missing_object_is_no_such_entry() {
    let lab = Lab::new();
    for (path, target) in [
        ("/api/protocols/nfs/export-policies/8589934593/rules/1", "index"),
        ("/api/protocols/nfs/export-policies/1/rules/1", "policy.id"),
        ("/api/cluster/peers/x", "uuid"),
        ("/api/name-services/dns/x", "svm.uuid"),
        ("/api/protocols/cifs/services/x", "svm.uuid"),
        ("/api/protocols/cifs/shares/x/home", "name"),
        ("/api/protocols/fpolicy/x/policies", "svm.uuid"),
        ("/api/protocols/fpolicy/x/policies/p1", "svm.uuid"),
        ("/api/security/key-managers/x", "uuid"),
        ("/api/snapmirror/relationships/x", "uuid"),
        ("/api/storage/disks/1.0.1", "name"),
        ("/api/storage/luns/x", "uuid"),
        ("/api/storage/qos/policies/x", "uuid"),
        ("/api/storage/qtrees/x/1", "volume.uuid"),
        ("/api/support/ems/events/node1/1", "index"),
        ("/api/svm/peers/x", "uuid"),
    ] {
        let reply = lab.send(Method::Get, &format!("{path}?fields=*"), "");
        assert_eq!((reply.status, reply.code()), (404, "4"), "{path}");
        assert_eq!(reply.json["error"]["message"], "entry doesn't exist");
        assert_eq!(reply.json["error"]["target"], target);
        assert_eq!(lab.send(Method::Get, &format!("{path}?fields=nonsense"), "").code(), "262197");
    }
}
