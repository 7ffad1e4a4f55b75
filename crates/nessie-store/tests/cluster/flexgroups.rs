//! `FlexGroup` volumes.

use std::sync::Arc;

use nessie_backend_core::VolumeBackend;
use nessie_backend_core::splitmix64::SplitMix64;
use nessie_backend_mem::MemBackend;
use nessie_store::{Aggregate, Method, Svm};
use serde_json::{Value, json};

use crate::support::{GIB, Lab, Reply, VOLUMES};

/// A lab with the aggregates `aggr1` to `aggr3` on the nodes `node1` and `node2`.
fn lab() -> Lab {
    Lab::with(|config| {
        config.nodes = vec!["node1".to_owned(), "node2".to_owned()];
        config.aggregates =
            ["aggr1", "aggr2", "aggr3"].map(|name| Aggregate::new(name, 100 * GIB)).into();
    })
}

fn post(lab: &Lab, more: &str) -> Reply {
    let body = format!(r#"{{"svm":"svm1",{more}}}"#);
    lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=15"), &body)
}

fn create(lab: &Lab, more: &str) -> String {
    let reply = post(lab, more);
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.location()
}

fn aggregates(record: &Value) -> Vec<&str> {
    let aggregates = record["aggregates"].as_array().unwrap().iter();
    aggregates.map(|aggregate| aggregate["name"].as_str().unwrap()).collect()
}

#[test]
fn several_aggregates_or_a_style_make_a_flexgroup() {
    let lab = lab();
    for (number, (more, style, expected, constituents)) in [
        (r#""aggregates":["aggr1"]"#, "flexvol", &["aggr1"][..], 0),
        (r#""aggregates":["aggr2","aggr1"]"#, "flexgroup", &["aggr2", "aggr1"], 8),
        (r#""aggregates":["aggr2"],"constituents_per_aggregate":3"#, "flexgroup", &["aggr2"], 3),
        (r#""aggregates":["aggr2"],"style":"FlexGroup""#, "flexgroup", &["aggr2"], 4),
        (
            r#""style":"flexgroup","constituents_per_aggregate":1"#,
            "flexgroup",
            &["aggr1", "aggr2", "aggr3"],
            3,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let path = create(&lab, &format!(r#""name":"v{number}","size":"10GB",{more}"#));
        let record = lab.get(&format!("{path}?fields=**"));
        assert_eq!((&record["style"], aggregates(&record)), (&json!(style), expected.to_vec()));
        let found = record["constituents"].as_array().map_or(0, Vec::len);
        assert_eq!(found, constituents, "{more}");
        assert_eq!(record["size"], 10 * GIB);
    }
    assert_eq!(lab.names(&format!("{VOLUMES}?style=flexvol")), ["v0"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?style=flexgroup&name=v1")), ["v1"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?aggregates.name=aggr3")), ["v4"]);
}

#[test]
fn constituents_are_shown_on_request() {
    let lab = lab();
    let more =
        r#""name":"fg","size":"6GB","aggregates":["aggr1","aggr2"],"constituents_per_aggregate":2"#;
    let path = create(&lab, more);
    assert!(lab.get(&path).get("constituents").is_none());
    let record = lab.get(&format!("{path}?fields=constituents,nodes"));
    let constituents = record["constituents"].as_array().unwrap();
    let shown: Vec<_> = constituents
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["aggregates"]["name"].as_str().unwrap()))
        .collect();
    let expected = [
        ("fg__0001", "aggr1"),
        ("fg__0002", "aggr2"),
        ("fg__0003", "aggr1"),
        ("fg__0004", "aggr2"),
    ];
    assert_eq!(shown, expected);
    assert_eq!(constituents[0]["space"]["size"], 3 * GIB / 2);
    let href = constituents[1]["aggregates"]["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(lab.get(href)["name"], "aggr2");
    let nodes: Vec<_> = record["nodes"].as_array().unwrap().iter().map(|n| &n["name"]).collect();
    assert_eq!(nodes, ["node1", "node2"]);

    assert_eq!(lab.names(VOLUMES), ["fg"], "constituents are hidden");
    let listed = lab
        .get(&format!("{VOLUMES}?is_constituent=true&fields=style,flexgroup,size&order_by=name"));
    assert_eq!(listed["num_records"], 4);
    let one = &listed["records"][2];
    assert_eq!(
        (&one["name"], &one["style"]),
        (&json!("fg__0003"), &json!("flexgroup_constituent"))
    );
    assert_eq!((&one["flexgroup"]["name"], &one["size"]), (&json!("fg"), &json!(3 * GIB / 2)));
    let href = one["_links"]["self"]["href"].as_str().unwrap();
    assert!(href.ends_with("?is_constituent=true"), "{href}");
    assert_eq!(lab.get(href)["name"], "fg__0003");
    let uuid = path.rsplit('/').next().unwrap();
    let of_one = format!("{VOLUMES}?is_constituent=true&flexgroup.uuid={uuid}&name=*2");
    assert_eq!(lab.names(&of_one), ["fg__0002"]);
    assert_eq!(lab.names(&format!("{VOLUMES}?is_constituent=*")).len(), 5);
    assert_eq!(lab.names(&format!("{VOLUMES}?is_constituent=false")), ["fg"]);
}

#[test]
fn wrong_flexgroups_are_refused() {
    let lab = lab();
    let two = r#""aggregates":["aggr1","aggr2"]"#;
    let long = "a".repeat(198);
    for (more, status, code) in [
        (format!(r#""name":"v","size":"1500MB",{two}"#), 500, "917534"),
        (format!(r#""name":"v","size":"3000TB",{two}"#), 500, "13107326"),
        (format!(r#""name":"{long}",{two}"#), 400, "917886"),
        (format!(r#""name":"v",{two},"constituents_per_aggregate":0"#), 400, "262197"),
        (format!(r#""name":"v",{two},"constituents_per_aggregate":1001"#), 400, "262197"),
        (r#""name":"v","constituents_per_aggregate":2"#.to_owned(), 400, "13109291"),
        (format!(r#""name":"v",{two},"style":"flexvol""#), 400, "918242"),
        (r#""name":"v","aggregates":["aggr1","aggr9"]"#.to_owned(), 400, "917508"),
        (
            r#""name":"v","aggregates":["aggr1"],"style":"flexvol","constituents_per_aggregate":2"#
                .to_owned(),
            400,
            "918233",
        ),
    ] {
        let reply = post(&lab, &more);
        assert_eq!((reply.status, reply.code()), (status, code), "{more}: {}", reply.json);
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(
            code != "917534" || (message.contains("Minimum size is") && !message.contains(','))
        );
        assert_eq!(lab.names(VOLUMES), [""; 0]);
    }
    let path = create(&lab, &format!(r#""name":"fg",{two}"#));
    assert_eq!(lab.get(&path)["size"], 1_600_u64 << 20);
    for (body, code) in [
        (r#"{"size":"1500MB"}"#.to_owned(), "917534"),
        (format!(r#"{{"name":"{long}"}}"#), "917886"),
        (r#"{"movement.destination_aggregate.name":"aggr3"}"#.to_owned(), "13107349"),
        (r#"{"style":"flexvol"}"#.to_owned(), "262203"),
    ] {
        for target in [
            format!("{path}?return_timeout=5"),
            format!("{path}?validate_only=true&return_timeout=5"),
        ] {
            let reply = lab.send(Method::Patch, &target, &body);
            assert_eq!(reply.code(), code, "{body}: {}", reply.json);
        }
    }
    lab.done(Method::Patch, &path, r#"{"size":"1000TB","name":"fg2"}"#);
    assert_eq!(lab.get(&path)["size"], 1_000_u64 << 40);
    assert_eq!(lab.get(&path)["name"], "fg2");
}

/// The aggregates of the constituents, in order.
fn constituents(lab: &Lab, path: &str) -> Vec<String> {
    let record = lab.get(&format!("{path}?fields=constituents.aggregates.name"));
    let constituents = record["constituents"].as_array().unwrap().iter();
    constituents.map(|one| one["aggregates"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn aggregates_expand_a_flexgroup_by_constituents_of_the_present_size() {
    let lab = lab();
    let more = r#""name":"fg","size":"4GB","aggregates":["aggr1"],"constituents_per_aggregate":4,
        "guarantee.type":"volume""#;
    let path = create(&lab, more);
    lab.done(Method::Patch, &path, r#"{"aggregates":[{"name":"aggr2"},{"name":"aggr3"}]}"#);
    assert_eq!(constituents(&lab, &path), ["aggr1", "aggr1", "aggr1", "aggr1", "aggr2", "aggr3"]);
    let record = lab.get(&format!("{path}?fields=size,aggregates,constituents.space.size"));
    assert_eq!((record["size"].as_u64(), aggregates(&record).len()), (Some(6 * GIB), 3));
    for part in record["constituents"].as_array().unwrap() {
        assert_eq!(part["space"]["size"], GIB);
    }
    let body = r#"{"aggregates":["aggr2"],"constituents_per_aggregate":"2","comment":"more"}"#;
    let checked = format!("{path}?validate_only=true");
    lab.done(Method::Patch, &checked, body);
    assert_eq!(constituents(&lab, &path).len(), 6, "a check changes nothing");
    lab.done(Method::Patch, &format!("{VOLUMES}?name=fg"), body);
    assert_eq!(constituents(&lab, &path)[6..], ["aggr2", "aggr2"]);
    let record = lab.get(&format!("{path}?fields=size,comment"));
    assert_eq!((&record["size"], &record["comment"]), (&json!(8 * GIB), &json!("more")));
    let used = lab.get("/api/storage/aggregates?name=aggr2&fields=space.block_storage.used");
    assert_eq!(used["records"][0]["space"]["block_storage"]["used"], 3 * GIB);
}

#[test]
fn a_sizing_method_adds_constituents_to_a_larger_size() {
    let lab = lab();
    let path = create(
        &lab,
        r#""name":"fg","size":"3GB","aggregates":["aggr1","aggr2","aggr3"],
        "constituents_per_aggregate":1"#,
    );
    let grow = |size: &str, method: &str| {
        let body = format!(r#"{{"size":"{size}"}}"#);
        lab.done(Method::Patch, &format!("{path}?sizing_method={method}"), &body);
        let record = lab.get(&format!("{path}?fields=size,constituents.name"));
        (record["size"].as_u64().unwrap() / GIB, record["constituents"].as_array().unwrap().len())
    };
    assert_eq!(grow("6GB", "use_existing_resources"), (6, 3));
    assert_eq!(grow("10GB", "add_new_resources"), (10, 5));
    assert_eq!(grow("11GB", "add-new-resources"), (11, 6), "at least one is added");
    assert_eq!(grow("900GB", "add_new_resources"), (900, 12), "two in each aggregate");
    assert_eq!(grow("600GB", "use_existing_resources"), (600, 12));
    let expected = ["aggr1", "aggr2", "aggr3"].repeat(4);
    assert_eq!(constituents(&lab, &path), expected);
}

#[test]
fn wrong_expansions_are_refused_and_change_nothing() {
    let lab = lab();
    let flexgroup = create(
        &lab,
        r#""name":"fg","size":"2000MB","aggregates":["aggr1","aggr2"],"guarantee.type":"none""#,
    );
    let flexvol = lab.volume("fv", "");
    let (one, many) = (r#""aggregates":["aggr1"]"#, vec!["\"aggr1\""; 1_001].join(","));
    let add = "sizing_method=add_new_resources";
    for (path, query, body, status, code) in [
        (&flexgroup, "", format!(r#"{one},"size":"9GB""#), 400, "13107404"),
        (&flexgroup, "", r#""constituents_per_aggregate":1"#.to_owned(), 400, "13109291"),
        (&flexgroup, "", format!(r#"{one},"constituents_per_aggregate":0"#), 400, "262197"),
        (&flexgroup, "", format!(r#"{one},"constituents_per_aggregate":1001"#), 400, "262197"),
        (&flexgroup, "", format!(r#"{one},"constituents_per_aggregate":993"#), 400, "13107245"),
        (&flexgroup, "", format!(r#""aggregates":[{many}]"#), 400, "13107245"),
        (&flexgroup, "", r#""aggregates":["aggr9"]"#.to_owned(), 400, "917508"),
        (&flexgroup, "", r#""aggregates":[{}]"#.to_owned(), 400, "787140"),
        (&flexgroup, "", format!(r#"{one},"guarantee.type":"volume","name":"a b""#), 400, "917888"),
        (&flexgroup, add, r#""comment":"x""#.to_owned(), 400, "13109187"),
        (&flexgroup, add, format!(r#"{one},"size":"9GB""#), 400, "13109187"),
        (&flexgroup, add, r#""size":"2000MB""#.to_owned(), 500, "917534"),
        (
            &flexgroup,
            add,
            r#""size":"2001MB","constituents_per_aggregate":1"#.to_owned(),
            400,
            "13109291",
        ),
        (&flexgroup, "sizing_method=x", r#""size":"9GB""#.to_owned(), 400, "262197"),
        (&flexvol, add, r#""size":"9GB""#.to_owned(), 400, "13109198"),
        (&flexvol, "", one.to_owned(), 400, "13107256"),
    ] {
        for checked in ["", "&validate_only=true"] {
            let target = format!("{path}?return_timeout=5{checked}&{query}");
            let reply = lab.send(Method::Patch, &target, &format!("{{{body}}}"));
            assert_eq!((reply.status, reply.code()), (status, code), "{body}: {}", reply.json);
        }
        assert_eq!(constituents(&lab, &flexgroup).len(), 8);
        assert_eq!(lab.get(&flexgroup)["size"], 2_000_u64 << 20);
    }
    let reply = post(&lab, &format!(r#""name":"v","aggregates":[{many}]"#));
    assert_eq!(reply.code(), "13107245");
    let guaranteed =
        r#"{"guarantee.type":"volume","aggregates":["aggr1"],"constituents_per_aggregate":900}"#;
    let reply = lab.send(Method::Patch, &format!("{flexgroup}?return_timeout=5"), guaranteed);
    assert_eq!(reply.code(), "917536");
    assert_eq!(lab.get(&format!("{flexgroup}?fields=guarantee"))["guarantee"]["type"], "none");
}

#[test]
fn any_changes_of_a_flexgroup_are_made_whole_or_refused() {
    const SIZES: [u64; 6] = [1, 300 << 20, GIB, 3 * GIB, 40 * GIB, 500 << 40];
    const AGGREGATES: [&str; 5] =
        ["[]", r#"["aggr1"]"#, r#"["aggr2","aggr3"]"#, r#"["aggr9"]"#, "[{}]"];
    let lab = lab();
    let path = create(&lab, r#""name":"fg","size":"2GB","aggregates":["aggr1","aggr2"]"#);
    let state = || {
        let record =
            lab.get(&format!("{path}?fields=size,constituents.aggregates,comment,guarantee"));
        let count = record["constituents"].as_array().unwrap().len() as u64;
        (record["size"].as_u64().unwrap(), count, record)
    };
    let mut random = SplitMix64::new(7);
    let mut below = |number: usize| usize::try_from(random.next() % number as u64).unwrap();
    let (mut made, mut refused) = (0, 0);
    for step in 0..200 {
        let mut members = Vec::new();
        if below(2) == 0 {
            members.push(format!(r#""size":{}"#, SIZES[below(SIZES.len())]));
        }
        if below(2) == 0 {
            members.push(format!(r#""aggregates":{}"#, AGGREGATES[below(AGGREGATES.len())]));
        }
        if below(3) == 0 {
            members.push(format!(r#""constituents_per_aggregate":{}"#, [0, 1, 3, 400][below(4)]));
        }
        if below(3) == 0 {
            members.push(format!(r#""comment":"{step}""#));
        }
        if below(4) == 0 {
            members.push(r#""guarantee.type":"volume""#.to_owned());
        }
        let method = ["use_existing_resources", "add_new_resources"][below(2)];
        let (is_check, waits) = (below(4) == 0, "return_timeout=5");
        let target = format!("{path}?{waits}&sizing_method={method}&validate_only={is_check}");
        let body = format!("{{{}}}", members.join(","));
        let before = state();
        let reply = lab.send(Method::Patch, &target, &body);
        let after = state();
        let (size, count, _) = &after;
        assert!(*count <= 1_000 && size / count >= 200 << 20, "{body}: {size} {count}");
        if reply.status >= 300 || is_check {
            assert_eq!(before, after, "{target} {body}: {}", reply.json);
            assert!(reply.status < 500 || ["917534", "917536", "13107326"].contains(&reply.code()));
            refused += 1;
        } else {
            assert!(*count >= before.1, "{body}");
            made += 1;
        }
    }
    assert!(made > 10 && refused > 50, "{made} {refused}");
}

#[test]
fn snapshots_of_a_flexgroup_do_not_expire() {
    let lab = lab();
    let path = create(&lab, r#""name":"fg","aggregates":["aggr1","aggr2"]"#);
    let expiry = r#""expiry_time":"2100-01-01T00:00:00Z""#;
    let snapshots = format!("{path}/snapshots");
    let post = format!("{snapshots}?return_timeout=5");
    let reply = lab.send(Method::Post, &post, &format!(r#"{{"name":"s1",{expiry}}}"#));
    assert_eq!((reply.status, reply.code()), (400, "1638574"));
    assert_eq!(lab.names(&snapshots), [""; 0]);
    let snapshot = lab.snapshot(&path, "s1");
    let target = format!("{snapshot}?return_timeout=5");
    let reply = lab.send(Method::Patch, &target, &format!(r#"{{"name":"s2",{expiry}}}"#));
    assert_eq!(reply.code(), "1638574");
    assert_eq!(lab.names(&snapshots), ["s1"]);
    lab.done(Method::Delete, &path, "");
}

#[test]
fn a_flexgroup_uses_space_of_each_of_its_aggregates() {
    let lab = lab();
    let more =
        r#""name":"fg","size":"30GB","aggregates":["aggr2","aggr3"],"guarantee.type":"volume""#;
    let path = create(&lab, more);
    let used = || -> Vec<u64> {
        let json = lab.get("/api/storage/aggregates?fields=space.block_storage.used&order_by=name");
        let records = json["records"].as_array().unwrap().iter();
        records.map(|r| r["space"]["block_storage"]["used"].as_u64().unwrap()).collect()
    };
    assert_eq!(used(), [0, 15 * GIB, 15 * GIB]);
    let uuid = lab.backend.find_volume("fg").unwrap().unwrap().uuid;
    lab.backend.write(uuid, 8 * GIB).unwrap();
    lab.done(Method::Patch, &path, r#"{"guarantee.type":"none"}"#);
    assert_eq!(used(), [0, 4 * GIB, 4 * GIB]);
    let large =
        r#""name":"other","size":"200GB","aggregates":["aggr2","aggr3"],"guarantee.type":"volume""#;
    assert_eq!(post(&lab, large).code(), "917536");
}

#[test]
fn a_clone_of_a_flexgroup_is_a_flexgroup() {
    let lab = lab();
    let path = create(&lab, r#""name":"fg","aggregates":["aggr1","aggr2"],"nas.path":"/fg""#);
    lab.snapshot(&path, "s1");
    let clone = lab.clone_of("fg", Some("s1"), "c1");
    let record = lab.get(&format!("{clone}?fields=style,constituents.name,aggregates"));
    assert_eq!(
        (&record["style"], aggregates(&record)),
        (&json!("flexgroup"), vec!["aggr1", "aggr2"])
    );
    assert_eq!(record["constituents"][7]["name"], "c1__0008");
    lab.done(Method::Delete, &clone, "");
    lab.done(Method::Delete, &format!("{path}?force=true"), "");
    assert_eq!(lab.names(VOLUMES), [""; 0]);
}

#[test]
fn the_constituents_share_a_size_without_a_remainder() {
    let lab = lab();
    let size = 10 * GIB + 3;
    let more = format!(r#""name":"fg","size":{size},"aggregates":["aggr2","aggr3"]"#);
    let path = create(&lab, &format!(r#"{more},"guarantee.type":"volume""#));
    let uuid = lab.backend.find_volume("fg").unwrap().unwrap().uuid;
    lab.backend.write(uuid, GIB + 5).unwrap();
    let record = lab.get(&format!("{path}?fields=constituents.space,space.available"));
    let sum = |key: &str| -> u64 {
        let parts = record["constituents"].as_array().unwrap().iter();
        parts.map(|part| part["space"][key].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("size"), sum("used")), (size, GIB + 5));
    assert_eq!(sum("available"), record["space"]["available"].as_u64().unwrap());
    let listed = lab.get(&format!("{VOLUMES}?is_constituent=true&fields=size,space.used"));
    let of_volumes = |field: &dyn Fn(&Value) -> u64| -> u64 {
        listed["records"].as_array().unwrap().iter().map(field).sum()
    };
    assert_eq!(of_volumes(&|one| one["size"].as_u64().unwrap()), size);
    assert_eq!(of_volumes(&|one| one["space"]["used"].as_u64().unwrap()), GIB + 5);
    let used = lab.get("/api/storage/aggregates?fields=space.block_storage.used");
    let used: Vec<_> = used["records"].as_array().unwrap().iter().collect();
    let used = |index: usize| used[index]["space"]["block_storage"]["used"].as_u64().unwrap();
    assert_eq!((used(0), used(1), used(2)), (0, 5 * GIB + 2, 5 * GIB + 1));
}

/// A lab with the aggregates `a1` and `a2` of these sizes.
fn lab_of(sizes: [u64; 2]) -> Lab {
    Lab::with(|config| {
        let [a1, a2] = sizes;
        config.aggregates = vec![Aggregate::new("a1", a1), Aggregate::new("a2", a2)];
    })
}

/// Sends a change, and expects that it is refused because an aggregate has too little space.
fn refused_for_space(lab: &Lab, target: &str, body: &str) -> String {
    let mark = if target.contains('?') { '&' } else { '?' };
    let [checked, message] = [true, false].map(|is_check| {
        let target = format!("{target}{mark}return_timeout=15&validate_only={is_check}");
        let reply = lab.send(Method::Patch, &target, body);
        assert_eq!(reply.code(), "917536", "{target} {body}: {}", reply.json);
        reply.json["error"]["message"].as_str().unwrap().to_owned()
    });
    assert_eq!(checked, message);
    message
}

#[test]
fn an_expansion_with_a_guarantee_needs_what_it_adds_in_each_aggregate() {
    let lab = lab_of([10 * GIB, 7 * GIB / 2]);
    let more = r#""name":"fg","size":"2GB","aggregates":["a1","a2"],"constituents_per_aggregate":1,
        "guarantee.type":"volume""#;
    let path = create(&lab, more);
    let three = r#"{"aggregates":["a2"],"constituents_per_aggregate":3}"#;
    let message = refused_for_space(&lab, &path, three);
    let missing = format!("create 512MB ({}B) of free space", GIB / 2);
    let largest = format!("at most 3.50GB ({}B) for the constituents in it", 7 * GIB / 2);
    assert!(message.contains("\"a2\"") && message.contains(&missing), "{message}");
    assert!(message.contains(&largest), "{message}");
    assert_eq!(constituents(&lab, &path).len(), 2);
    lab.done(Method::Patch, &path, r#"{"aggregates":["a2"],"constituents_per_aggregate":2}"#);

    let lab = lab_of([2 * GIB, 100 * GIB]);
    let more = r#""name":"fg","size":2147483648,"aggregates":["a1"],"constituents_per_aggregate":2,
        "guarantee.type":"volume""#;
    let path = create(&lab, more);
    let uuid = lab.backend.find_volume("fg").unwrap().unwrap().uuid;
    lab.backend.write(uuid, 3).unwrap();
    lab.done(Method::Patch, &path, r#"{"aggregates":["a2"],"constituents_per_aggregate":2}"#);
    assert_eq!(constituents(&lab, &path), ["a1", "a1", "a2", "a2"]);
}

#[test]
fn the_parts_of_a_guarantee_need_a_shared_capacity_together() {
    let lab = lab_of([GIB, GIB]);
    lab.backend.set_capacity(10 * GIB).unwrap();
    let both = r#""aggregates":["a1","a2"],"constituents_per_aggregate":1"#;
    let guaranteed = format!(r#"{both},"guarantee.type":"volume""#);
    let reply = post(&lab, &format!(r#""name":"fg","size":"12GB",{guaranteed}"#));
    assert_eq!(reply.code(), "917536", "{}", reply.json);
    assert_eq!(lab.names(VOLUMES), [""; 0]);
    let thin = create(&lab, &format!(r#""name":"thin","size":"14GB",{both}"#));
    refused_for_space(&lab, &thin, r#"{"guarantee.type":"volume"}"#);
    let path = create(&lab, &format!(r#""name":"fg","size":"4GB",{guaranteed}"#));
    let message = refused_for_space(&lab, &path, r#"{"size":"14GB"}"#);
    let largest = format!("4.00GB ({}B) of free space in the aggregate", 4 * GIB);
    assert!(message.contains(&largest) && message.contains("10.0GB"), "{message}");
    refused_for_space(
        &lab,
        &format!("{path}?sizing_method=add_new_resources"),
        r#"{"size":"12GB"}"#,
    );
    assert_eq!(lab.get(&path)["size"], 4 * GIB);
    lab.done(Method::Patch, &path, r#"{"size":"10GB"}"#);
}

#[test]
fn the_constituents_of_a_clone_share_what_it_inherits() {
    let lab = lab();
    create(&lab, r#""name":"fg","size":"8GB","aggregates":["aggr1","aggr2"]"#);
    let written = |name: &str, bytes: u64| {
        let uuid = lab.backend.find_volume(name).unwrap().unwrap().uuid;
        lab.backend.write(uuid, bytes).unwrap();
    };
    written("fg", 2 * GIB + 3);
    lab.snapshot(&format!("{VOLUMES}/{}", uuid_of(&lab, "fg")), "s1");
    let clone = lab.clone_of("fg", Some("s1"), "c1");
    written("c1", GIB + 1);
    lab.done(Method::Patch, &clone, r#"{"guarantee.type":"volume"}"#);
    lab.snapshot(&clone, "s2");
    let whole = lab.get(&format!("{clone}?fields=**"));
    let fields = "fields=space,clone.inherited_physical_used,clone.split_estimate";
    let uuid = uuid_of(&lab, "c1");
    let parts = lab.get(&format!("{VOLUMES}?is_constituent=true&flexgroup.uuid={uuid}&{fields}"));
    assert_eq!(parts["num_records"], 8);
    for path in [
        "/clone/inherited_physical_used",
        "/clone/split_estimate",
        "/space/footprint",
        "/space/physical_used",
        "/space/total_footprint",
        "/space/used",
        "/space/volume_guarantee_footprint",
    ] {
        let number = |record: &Value| record.pointer(path).and_then(Value::as_u64).unwrap();
        let sum: u64 = parts["records"].as_array().unwrap().iter().map(number).sum();
        assert_eq!(sum, number(&whole), "{path}");
    }
    assert_eq!(whole["space"]["footprint"], GIB + 1);
}

/// The UUID of the volume with that name.
fn uuid_of(lab: &Lab, name: &str) -> String {
    lab.backend.find_volume(name).unwrap().unwrap().uuid.to_string()
}

#[test]
fn a_snapshot_from_before_an_expansion_is_partial() {
    let lab = lab();
    let path = create(&lab, r#""name":"fg","style":"flexgroup","aggregates":["aggr1"]"#);
    let first = lab.snapshot(&path, "s1");
    let expansion = r#"{"aggregates":["aggr2"],"constituents_per_aggregate":100}"#;
    lab.done(Method::Patch, &format!("{path}?validate_only=true"), expansion);
    assert_eq!(lab.get(&first)["state"], "valid");
    lab.done(Method::Patch, &path, expansion);
    lab.snapshot(&path, "s2");
    lab.done(Method::Patch, &first, r#"{"comment":"old"}"#);
    let listed = lab.get(&format!("{path}/snapshots?fields=state&order_by=name"));
    let states: Vec<_> =
        listed["records"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["partial", "valid"]);
    let before = lab.get(&path);
    let restore = r#"{"restore_to.snapshot.name":"s1"}"#;
    for checked in ["", "&validate_only=true"] {
        let target = format!("{path}?return_timeout=5{checked}");
        let reply = lab.send(Method::Patch, &target, restore);
        assert_eq!((reply.status, reply.code()), (400, "524511"), "{}", reply.json);
    }
    assert_eq!((lab.get(&path), lab.names(&format!("{path}/snapshots")).len()), (before, 2));
    let clone = r#""name":"c1","clone.is_flexclone":true,"clone.parent_volume.name":"fg""#;
    let partial = format!(r#"{clone},"clone.parent_snapshot.name":"s1""#);
    assert_eq!(post(&lab, &partial).code(), "524819");
    let small = format!(r#"{clone},"clone.parent_snapshot.name":"s2","size":"100MB""#);
    assert_eq!(post(&lab, &small).code(), "917534", "a clone has as many constituents");
    assert_eq!(lab.names(VOLUMES), ["fg"]);
    lab.clone_of("fg", Some("s2"), "c1");
    lab.done(Method::Patch, &path, r#"{"restore_to.snapshot.name":"s2"}"#);
}

#[test]
fn no_volume_has_the_name_of_a_constituent() {
    let lab = lab();
    let path = create(&lab, r#""name":"fg","size":"4GB","aggregates":["aggr1","aggr2"]"#);
    let refused = |name: &str, more: &str| {
        let reply = post(&lab, &format!(r#""name":"{name}",{more}"#));
        assert_eq!((reply.status, reply.code()), (409, "917526"), "{name}: {}", reply.json);
    };
    let one = r#""aggregates":["aggr1"]"#;
    refused("fg__0008", one);
    lab.volume("fg__0009", "");
    lab.volume("fg__8", "");
    lab.volume("__0001", "");
    lab.snapshot(&path, "s1");
    refused("fg__0001", r#""clone.is_flexclone":true,"clone.parent_volume.name":"fg""#);
    refused("fg__0001", r#""aggregates":["aggr1"],"style":"flexgroup""#);
    let refused_change = |path: &str, body: &str| {
        for checked in ["", "&validate_only=true"] {
            let target = format!("{path}?return_timeout=5{checked}");
            let reply = lab.send(Method::Patch, &target, body);
            assert_eq!((reply.status, reply.code()), (409, "917526"), "{body}: {}", reply.json);
        }
    };
    refused_change(&path, r#"{"aggregates":["aggr3"]}"#);
    let other = lab.volume("other__0002", "");
    refused("other", r#""aggregates":["aggr1","aggr2"]"#);
    refused_change(&path, r#"{"name":"other"}"#);
    refused_change(&other, r#"{"name":"fg__0001"}"#);
    lab.done(Method::Patch, &path, r#"{"name":"fg__0001"}"#);
    lab.done(Method::Patch, &path, r#"{"name":"fg"}"#);
    lab.done(Method::Patch, &other, r#"{"name":"fg__0010"}"#);
}

#[test]
fn a_size_above_the_autosize_maximum_raises_it() {
    let lab = lab();
    let more = r#""name":"fg","size":"2GB","aggregates":["aggr1","aggr2"],
        "constituents_per_aggregate":1,
        "autosize":{"mode":"grow","minimum":"1g","maximum":"3g"}"#;
    let path = create(&lab, more);
    let limits = || {
        let shown = lab.get(&format!("{path}?fields=autosize"))["autosize"].clone();
        let uuid = lab.backend.find_volume("fg").unwrap().unwrap().uuid;
        assert_eq!(
            lab.backend.volume_space(uuid).unwrap().autosize_bytes,
            shown["maximum"].as_u64()
        );
        [&shown["minimum"], &shown["maximum"]].map(|limit| limit.as_u64().unwrap() / GIB)
    };
    assert_eq!(limits(), [1, 3]);
    lab.done(Method::Patch, &path, r#"{"size":"3g"}"#);
    assert_eq!(limits(), [1, 3]);
    lab.done(Method::Patch, &path, r#"{"size":"4g"}"#);
    assert_eq!(limits(), [1, 4]);
    lab.done(Method::Patch, &path, r#"{"aggregates":["aggr3"],"constituents_per_aggregate":2}"#);
    assert_eq!(limits(), [1, 8]);
    lab.done(Method::Patch, &path, r#"{"size":"9g","autosize.maximum":"12g"}"#);
    assert_eq!(limits(), [1, 12]);
}

#[test]
fn volumes_are_in_the_aggregates_of_their_svm() {
    let lab = Lab::with(|config| {
        config.aggregates =
            ["aggr1", "aggr2", "aggr3"].map(|name| Aggregate::new(name, 100 * GIB)).into();
        config.nodes = vec!["node1".to_owned(), "node2".to_owned()];
        config.new_backend = Some(Arc::new(|name, number| {
            let backend = MemBackend::builder().seed(number.into()).build()?;
            Ok(Svm::new(name, Arc::new(backend)))
        }));
    });
    lab.done(
        Method::Post,
        "/api/svm/svms",
        r#"{"name":"svm2","aggregates":[{"name":"aggr2"},{"name":"aggr3"}]}"#,
    );
    let send = |more: &str| {
        let body = format!(r#"{{"svm":"svm2",{more}}}"#);
        lab.send(Method::Post, &format!("{VOLUMES}?return_timeout=15"), &body)
    };
    for aggregates in [r#"["aggr1"]"#, r#"["aggr2","aggr1"]"#] {
        let reply = send(&format!(r#""name":"v","size":"4GB","aggregates":{aggregates}"#));
        assert_eq!((reply.status, reply.code()), (400, "917508"), "{}", reply.json);
    }
    assert_eq!(lab.names(&format!("{VOLUMES}?name=v")), [""; 0]);
    let reply =
        send(r#""name":"fg","size":"4GB","style":"flexgroup","constituents_per_aggregate":1"#);
    assert_eq!(reply.status, 201, "{}", reply.json);
    let path = reply.location();
    assert_eq!(constituents(&lab, &path), ["aggr2", "aggr3"]);
    let expansion = r#"{"aggregates":["aggr1"]}"#;
    let reply = lab.send(Method::Patch, &format!("{path}?return_timeout=15"), expansion);
    assert_eq!(reply.code(), "917508", "{}", reply.json);
    lab.done(
        Method::Patch,
        &format!("{path}?sizing_method=add_new_resources"),
        r#"{"size":"8GB"}"#,
    );
    assert_eq!(constituents(&lab, &path), ["aggr2", "aggr3", "aggr2", "aggr3"]);
    assert_eq!(send(r#""name":"v","aggregates":["aggr3"]"#).status, 201);
}
