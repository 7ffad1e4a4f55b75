//! Commands of the command line.

use nessie_backend_core::VolumeBackend;
use nessie_ontap_protocol::records::{CLI_SNAPSHOT_COMMAND, CLI_VOLUME_COMMAND};
use nessie_store::{Method, Request};
use serde_json::{Value, json};

use crate::discovery::two_svms;
use crate::support::{GIB, Lab, Reply, VOLUMES};

const CLI: &str = "/api/private/cli";
const SNAPSHOTS: &str = "/api/private/cli/volume/snapshot";

/// The records of a command.
fn shown(lab: &Lab, target: &str) -> Vec<Value> {
    let json = lab.get(&format!("{CLI}/{target}"));
    let records = json["records"].as_array().unwrap().clone();
    assert_eq!(json["num_records"], records.len());
    assert!(records.iter().all(|record| record.get("_links").is_none()), "{json}");
    records
}

fn volumes(lab: &Lab, query: &str) -> Vec<String> {
    let records = shown(lab, &format!("volume?{query}"));
    records.iter().map(|record| record["volume"].as_str().unwrap().to_owned()).collect()
}

/// A volume with snapshots, data and a clone, and another volume.
fn populated() -> Lab {
    let lab = Lab::new();
    let parent = lab.volume("v1", r#","nas.path":"/v1","comment":"c","guarantee.type":"volume""#);
    let uuid = lab.backend.find_volume("v1").unwrap().unwrap().uuid;
    lab.backend.write(uuid, 1 << 24).unwrap();
    lab.snapshot(&parent, "s1");
    lab.backend.write(uuid, 1 << 22).unwrap();
    lab.snapshot(&parent, "s2");
    lab.backend.discard(uuid, 1 << 20).unwrap();
    lab.clone_of("v1", Some("s1"), "c1");
    lab.volume("v2", "");
    lab
}

#[test]
fn a_volume_has_the_fields_of_the_command_line() {
    let lab = populated();
    // Without `fields`, a record has its keys.
    let keys = ["c1", "v1", "v2"].map(|name| json!({"vserver": "svm1", "volume": name}));
    assert_eq!(shown(&lab, "volume"), keys);
    let fields = "aggr-list,aggregate,junction-path,size,state,type,clone_volume,snapshot-count,\
                  snaplock-type,volume-style-extended,nodes,vsroot";
    assert_eq!(
        shown(&lab, &format!("volume?volume=v1&fields={fields}")),
        [json!({
            "vserver": "svm1", "volume": "v1", "aggr_list": ["aggr1"], "aggregate": "aggr1",
            "junction_path": "/v1", "size": GIB, "state": "online", "type": "RW",
            "clone_volume": false, "snapshot_count": 2, "snaplock_type": "non-snaplock",
            "volume_style_extended": "flexvol", "nodes": ["node1"], "vsroot": false,
        })]
    );
    // A field without a value is left out.
    assert_eq!(
        shown(&lab, "volume?volume=v2&fields=clone_parent_name,junction-path"),
        [json!({"vserver": "svm1", "volume": "v2"})]
    );
    let all = &shown(&lab, "volume?volume=c1&fields=*")[0];
    assert_eq!((&all["clone_parent_name"], &all["size"]), (&json!("v1"), &json!(GIB)));
}

/// The value at a path of a record of the REST API. Arrays are walked through.
fn at(record: &Value, path: &str) -> Value {
    let keys = path.split('.');
    keys.fold(record.clone(), |value, key| match value {
        Value::Array(values) => values.iter().map(|value| value[key].clone()).collect(),
        value => value[key].clone(),
    })
}

/// The value without the differences of spelling.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(word) => word.to_lowercase().replace(['-', ' '], "_").into(),
        Value::Array(values) => values.iter().map(plain).collect(),
        value => value.clone(),
    }
}

#[test]
fn a_field_shows_the_field_of_the_rest_api() {
    let lab = populated();
    let uuid = lab.backend.find_volume("v1").unwrap().unwrap().uuid;
    let volume = |(field, source): &(&str, &str)| {
        let rest = lab.get(&format!("{VOLUMES}/{uuid}?fields={source}"));
        (
            shown(&lab, &format!("volume?volume=v1&fields={field}"))[0][field].clone(),
            at(&rest, source),
        )
    };
    let snapshot = |(field, source): &(&str, &str)| {
        let rest = lab.get(&format!("{VOLUMES}/{uuid}/snapshots?name=s1&fields={source}"));
        let shown = shown(&lab, &format!("snapshot?snapshot=s1&fields={field}"));
        (shown[0][field].clone(), at(&rest["records"][0], source))
    };
    // These show something else than the field that they are derived from.
    let others = ["aggregate", "busy", "is_sis_volume", "node"];
    let is_same = |(field, source): &&(&str, &str)| *source != "size" && !others.contains(field);
    let of_volumes = CLI_VOLUME_COMMAND.sources.iter().filter(is_same);
    let of_snapshots = CLI_SNAPSHOT_COMMAND.sources.iter().filter(is_same);
    let mut with_value = 0;
    for (pair, (cli, rest)) in of_volumes
        .map(|pair| (pair, volume(pair)))
        .chain(of_snapshots.map(|pair| (pair, snapshot(pair))))
    {
        assert_eq!(plain(&cli), plain(&rest), "{pair:?}");
        with_value += u32::from(!cli.is_null());
    }
    assert!(with_value > 50, "{with_value}");
}

#[test]
fn volumes_are_selected_by_any_field_and_in_any_order() {
    let lab = populated();
    for (query, expected) in [
        ("volume=v*", &["v1", "v2"][..]),
        ("vserver=svm1&volume=v1|c1", &["c1", "v1"]),
        ("vserver=other", &[]),
        ("type=rw&clone-volume=true", &["c1"]),
        ("snapshot_count=>0", &["v1"]),
        ("snaplock-type=non_snaplock&junction_path=!null", &["v1"]),
        ("snaplock-type=non*&type=R*&volume=v1", &["v1"]),
        ("snaplock-type=!NON-SNAP*", &[]),
        ("size_used_by_snapshots=0&fields=size", &["c1", "v2"]),
        ("performance_tier_inactive_user_data=>0", &[]),
        ("order_by=snapshot-count+desc,volume", &["v1", "c1", "v2"]),
    ] {
        assert_eq!(volumes(&lab, query), expected, "{query}");
    }
    assert_eq!(lab.get(&format!("{CLI}/volume?return_records=false")), json!({"num_records": 3}));
}

#[test]
fn constituents_are_shown_to_a_filter_about_them() {
    let lab = Lab::new();
    lab.volume("v1", "");
    let body =
        r#"{"name":"fg","svm":"svm1","aggregates":["aggr1"],"style":"flexgroup","size":"10GB"}"#;
    lab.done(Method::Post, VOLUMES, body);
    assert_eq!(volumes(&lab, "volume-style-extended=flexgroup"), ["fg"]);
    let constituents = volumes(&lab, "is-constituent=true");
    assert_eq!((constituents.len(), constituents[0].as_str()), (4, "fg__0001"));
    assert_eq!(volumes(&lab, "is_constituent=*").len(), 6);
    assert_eq!(volumes(&lab, "volume-style-extended=flexgroup-constituent"), [""; 0]);
}

#[test]
fn pages_have_all_records_once() {
    let lab = two_svms();
    for name in ["b", "a", "d", "c"] {
        lab.volume(name, "");
    }
    let body = r#"{"name":"a","svm.name":"svm2","aggregates":["aggr1"],"size":"1GB"}"#;
    lab.done(Method::Post, VOLUMES, body);
    for order in ["", "&order_by=volume+desc", "&order_by=size,volume"] {
        let whole = shown(&lab, &format!("volume?fields=size{order}"));
        assert_eq!(whole.len(), 5);
        for size in 1..=6 {
            let mut target = format!("{CLI}/volume?fields=size{order}&max_records={size}");
            let mut paged = Vec::new();
            loop {
                let page = lab.get(&target);
                paged.extend(page["records"].as_array().unwrap().clone());
                let Some(next) = page["_links"]["next"]["href"].as_str() else { break };
                next.clone_into(&mut target);
            }
            assert_eq!(paged, whole, "{order} {size}");
        }
    }
}

#[test]
fn a_header_limits_commands_to_its_svm() {
    let lab = two_svms();
    lab.volume("v1", "");
    for (command, count) in [("vserver", 1), ("volume", 0), ("snapshot", 0)] {
        let target = format!("{CLI}/{command}");
        let request = Request::new(Method::Get, &target).svm_name("svm2");
        assert_eq!(Reply::from(lab.cluster.handle(&request)).json["num_records"], count);
    }
}

#[test]
fn vservers_nodes_and_the_version_are_shown() {
    let lab = two_svms();
    let fields = "allowed_protocols,max-volumes,operational_state,type";
    assert_eq!(
        shown(&lab, &format!("vserver?vserver=svm2&fields={fields}")),
        [json!({
            "vserver": "svm2", "allowed_protocols": ["nfs"], "max_volumes": "unlimited",
            "operational_state": "running", "type": "data",
        })]
    );
    let nodes = shown(&lab, "node?fields=health,vendor,cpu_busy_time,max_vol_size");
    assert_eq!(
        nodes,
        [
            json!({"node": "node1", "health": true, "vendor": "NetApp", "max_vol_size": 100_u64 << 40})
        ]
    );
    assert_eq!(shown(&lab, "node?health=false"), [json!(null); 0]);
    let version = &shown(&lab, "version?fields=version")[0]["version"];
    assert_eq!(*version, lab.get("/api/cluster?fields=version")["version"]);
}

#[test]
fn aggregates_are_shown_with_their_space() {
    let lab = populated();
    let space =
        &lab.get("/api/storage/aggregates?fields=space")["records"][0]["space"]["block_storage"];
    let aggregates = shown(&lab, "aggr?fields=size,usedsize,availsize");
    assert_eq!(aggregates[0], json!({"aggregate": "aggr0_node1"}));
    let fields = [("size", "size"), ("usedsize", "used"), ("availsize", "available")];
    for (field, source) in fields {
        assert_eq!(aggregates[1][field], space[source], "{field}");
    }
    assert!(space["used"].as_u64().unwrap() > 0);
}

#[test]
fn snapshots_are_shown_and_deleted() {
    let lab = populated();
    let read = "volume/snapshot?volume=v1&fields=owners,busy,create-time";
    let records = shown(&lab, read);
    let names: Vec<_> = records.iter().map(|record| record["snapshot"].as_str().unwrap()).collect();
    assert_eq!(names, ["s1", "s2"]);
    assert_eq!(
        (&records[0]["owners"], &records[0]["busy"]),
        (&json!(["volume clone"]), &json!(true))
    );
    assert_eq!((records[1].get("owners"), &records[1]["busy"]), (None, &json!(false)));
    assert_eq!(shown(&lab, "snapshot").len(), shown(&lab, "volume/snapshot").len());
    let of = |name: &str| {
        format!("{SNAPSHOTS}?vserver=svm1&volume=v1&snapshot={name}&ignore-owners=true")
    };
    let deleted = lab.send(Method::Delete, &of("s2"), "");
    assert_eq!(
        (deleted.status, &deleted.json["num_records"]),
        (200, &json!(1)),
        "{}",
        deleted.json
    );
    let again = lab.send(Method::Delete, &of("s2"), "");
    assert_eq!((again.status, again.code()), (404, "4"));
    // A clone depends on this one, whatever else is ignored.
    let busy = lab.send(Method::Delete, &of("s1"), "");
    assert_eq!((busy.status, busy.code()), (409, "1638555"));
    assert_eq!(shown(&lab, "snapshot?volume=v1").len(), 1);
}

#[test]
fn a_pattern_deletes_snapshots_and_only_those() {
    let lab = Lab::new();
    let first = lab.volume("v1", "");
    let second = lab.volume("v2", "");
    for volume in [&first, &second] {
        for name in ["deleted_a", "deleted_b", "keep"] {
            lab.snapshot(volume, name);
        }
    }
    let target = format!("{CLI}/snapshot?vserver=svm1&volume=v1&snapshot=deleted_*");
    assert_eq!(lab.send(Method::Delete, &target, "").json["num_records"], 2);
    let left = lab.names(&format!("{first}/snapshots"));
    assert_eq!(left, ["keep"]);
    assert_eq!(lab.names(&format!("{second}/snapshots")).len(), 3);
}

#[test]
fn invalid_requests_are_refused() {
    let lab = populated();
    let code = |method, target: &str, body: &str| {
        let reply = lab.send(method, &format!("{CLI}{target}"), body);
        (reply.status, reply.code().to_owned())
    };
    for (method, target, body, expected) in [
        (Method::Get, "/volume?fields=nonsense", "", (400, "262197")),
        (Method::Get, "/volume?nonsense=1", "", (400, "262179")),
        (Method::Get, "/volume?size=big", "", (400, "262197")),
        (Method::Get, "/volume?volume=a&volume=b", "", (400, "262186")),
        (Method::Get, "/volume?privilege_level=root", "", (400, "262197")),
        (Method::Get, "/volume?ignore-owners=true", "", (400, "262179")),
        (Method::Delete, "/snapshot?snapshot=s1&ignore-owners=maybe", "", (400, "262197")),
        (Method::Delete, "/snapshot?privilege_level=root&snapshot=s1", "", (400, "262197")),
        (Method::Delete, "/snapshot?ignore-owners=true", "", (400, "262212")),
        (Method::Delete, "/snapshot?snapshot=s1", r#"{"vserver":"svm1"}"#, (400, "262179")),
        (Method::Delete, "/volume?volume=v1", "", (405, "3")),
        (Method::Post, "/volume", r#"{"volume":"x"}"#, (405, "3")),
        (Method::Post, "", r#"{"input":"version"}"#, (404, "3")),
        (Method::Get, "/volume/v1", "", (404, "3")),
    ] {
        let (status, number) = code(method, target, body);
        assert_eq!((status, number.as_str()), expected, "{target}");
    }
    assert_eq!(lab.get(&format!("{CLI}/snapshot"))["num_records"], 2);
    let unknown = lab.send(Method::Get, &format!("{CLI}/storage/failover"), "");
    assert_eq!((unknown.status, unknown.code()), (404, "3"));
    let message = unknown.json["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(r#""storage failover""#) && message.contains("volume/snapshot"),
        "{message}"
    );
    assert!(code(Method::Get, &format!("/{}", "x".repeat(4000)), "").0 == 404);
}
