//! Query keys that ONTAP documents for single operations.

use nessie_store::{Aggregate, Method};

use crate::support::{GIB, Lab, VOLUMES};

#[test]
fn parameters_of_missing_features_have_no_effect() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    for key in [
        "nvfail=on",
        "nvfail=off",
        "preserve_lun_ids=true",
        "clone.match_parent_storage_tier=True",
        "restore_to.snapshot.force=false",
        "sizing_method=use_existing_resources",
    ] {
        lab.done(Method::Patch, &format!("{path}?{key}"), &format!(r#"{{"comment":"{key}"}}"#));
        assert_eq!(lab.get(&path)["comment"], key);
    }
    for key in ["nvfail=x", "preserve_lun_ids=x", "sizing_method=x", "validate_only=x"] {
        let reply = lab.send(Method::Patch, &format!("{path}?{key}"), r#"{"comment":"y"}"#);
        assert_eq!((reply.status, reply.code()), (400, "262197"), "{key}");
    }
    let peers = "/api/snapmirror/relationships?fields=source.path,destination.path";
    for value in ["=true", "=false", "=True", ""] {
        let empty = lab.get(&format!("{peers}&list_destinations_only{value}"));
        assert_eq!(empty["num_records"], 0);
    }
    let reply = lab.send(Method::Get, &format!("{peers}&list_destinations_only=x"), "");
    assert_eq!(reply.code(), "262197");
    let reply = lab.send(Method::Get, &format!("{VOLUMES}?list_destinations_only=true"), "");
    assert_eq!(reply.code(), "262179");
}

#[test]
fn parameters_that_select_missing_objects_find_none() {
    let lab = Lab::new();
    let (aggregates, lifs) = ("/api/storage/aggregates", "/api/network/ip/interfaces");
    let count = |target: &str| lab.get(target)["num_records"].as_u64();
    assert_eq!(count(&format!("{aggregates}?show_spares=false&recommend=false")), Some(1));
    assert_eq!(count(&format!("{aggregates}?auto_provision_policy=expand")), Some(1));
    for key in ["show_spares=true", "recommend=true", "flash_pool_eligible=True", "recommend"] {
        assert_eq!(count(&format!("{aggregates}?{key}")), Some(0), "{key}");
    }
    assert_eq!(count(lifs), Some(1));
    assert_eq!(count(&format!("{lifs}?recommend.svm.name=svm1")), Some(0));
}

#[test]
fn parameters_may_set_a_field() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    for (field, value, stored) in [
        ("aggressive_readahead_mode", "file-prefetch", "file_prefetch"),
        ("scheduled_snapshot_naming_scheme", "ordinal", "ordinal"),
    ] {
        lab.done(Method::Patch, &format!("{path}?{field}={value}"), "{}");
        assert_eq!(lab.get(&format!("{path}?fields={field}"))[field], stored);
        let reply = lab.send(Method::Patch, &format!("{path}?{field}=x"), "{}");
        assert_eq!(reply.code(), "262197");
        let body = format!(r#"{{"{field}":"{value}"}}"#);
        let reply = lab.send(Method::Patch, &format!("{path}?{field}={value}"), &body);
        assert_eq!(reply.code(), "262186");
    }
    let field = "snapshot_directory_access_enabled";
    lab.volume("v2", "");
    lab.done(Method::Patch, &format!("{path}?{field}=False"), "{}");
    assert_eq!(lab.get(&format!("{path}?fields={field}"))[field], false);
    // Of a collection it is a filter.
    lab.done(Method::Patch, &format!("{VOLUMES}?{field}=false"), r#"{"comment":"hidden"}"#);
    assert_eq!(lab.names(&format!("{VOLUMES}?comment=hidden")), ["v1"]);
}

#[test]
fn validate_only_changes_nothing_and_returns_the_error() {
    let lab = Lab::with(|config| config.aggregates.push(Aggregate::new("aggr2", 1 << 50)));
    let path = lab.volume("v1", r#","nas.path":"/v1""#);
    lab.volume("v2", r#","nas.path":"/v2""#);
    lab.snapshot(&path, "s1");
    lab.snapshot(&path, "s2");
    let before = (lab.backend.state_digest().unwrap(), lab.get(&format!("{path}?fields=**")));
    let trial = |key: &str, body: &str| {
        let reply = lab.send(Method::Patch, &format!("{path}?return_timeout=1{key}"), body);
        assert_eq!(
            (lab.backend.state_digest().unwrap(), lab.get(&format!("{path}?fields=**"))),
            before
        );
        (reply.status, reply.code().to_owned())
    };
    let passed = (200, String::new());
    for body in [
        r#"{"name":"v3","size":"2g","nas.path":"/v3","comment":"x","nvfail":null}"#,
        r#"{"movement.destination_aggregate.name":"aggr2"}"#,
        r#"{"restore_to.snapshot.name":"s1"}"#,
        r#"{"state":"offline"}"#,
    ] {
        let body = body.replace(r#","nvfail":null"#, "");
        assert_eq!(trial("&validate_only=true", &body), passed, "{body}");
        // As some clients write it.
        let inside = body.replacen('{', r#"{"validate_only":"true","#, 1);
        assert_eq!(trial("", &inside), passed, "{inside}");
    }
    for (body, status, code) in [
        (r#"{"name":"v2"}"#, 409, "917526"),
        (r#"{"nas.path":"/V2"}"#, 409, "918252"),
        (r#"{"size":"1MB"}"#, 500, "917534"),
        (r#"{"movement.destination_aggregate.name":"aggr9"}"#, 400, "917508"),
        (r#"{"movement.destination_aggregate.name":"aggr1"}"#, 400, "918265"),
        (r#"{"movement.state":"cutover"}"#, 400, "918267"),
        (r#"{"restore_to.snapshot.name":"s9"}"#, 400, "1638600"),
        (r#"{"clone.split_initiated":true}"#, 400, "918248"),
    ] {
        assert_eq!(trial("&validate_only=true", body), (status, code.to_owned()), "{body}");
    }
    assert_eq!(trial("&validate_only=false", r#"{"validate_only":true,"size":"2g"}"#).1, "262186");
    lab.done(Method::Patch, &path, r#"{"validate_only":"false","size":"2g"}"#);
    assert_eq!(lab.get(&path)["size"], 2 * GIB);
    lab.clone_of("v1", Some("s2"), "c1");
    lab.done(Method::Patch, &path, r#"{"state":"offline"}"#);
    let refused = |body: &str| {
        lab.send(Method::Patch, &format!("{path}?validate_only=true&return_timeout=1"), body)
            .code()
            .to_owned()
    };
    assert_eq!(refused(r#"{"size":"3g"}"#), "917533");
    assert_eq!(refused(r#"{"restore_to.snapshot.name":"s1"}"#), "9437885");
    lab.done(Method::Patch, &path, r#"{"state":"online"}"#);
    assert_eq!(refused(r#"{"restore_to.snapshot.name":"s1"}"#), "9437886");
}

#[test]
fn a_restore_names_a_snapshot_and_restores_no_single_file() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    lab.snapshot(&path, "s1");
    for target in [path.clone(), format!("{VOLUMES}?name=*"), format!("{VOLUMES}?name=nothing")] {
        let reply = lab.send(Method::Patch, &target, r#"{"restore_to.snapshot.name":""}"#);
        assert_eq!((reply.status, reply.code()), (400, "1638515"), "{target}");
    }
    let reply = lab.send(Method::Patch, &format!("{path}?restore_to.snapshot.name="), "");
    assert_eq!((reply.status, reply.code()), (400, "1638515"));
    let file = format!("{path}?restore_to.snapshot.name=s1&restore_to.path=/a");
    let reply = lab.send(Method::Patch, &file, "");
    assert_eq!((reply.status, reply.code()), (400, "918251"));
}

#[test]
fn a_request_without_parameters_has_none_of_an_earlier_request() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let name_only = lab.get(&format!("{path}?fields=name"));
    let default = lab.get(&path);
    assert!(name_only["size"].is_null());
    assert!(default["size"].is_number());
    assert_eq!(lab.get(&format!("{path}?fields=name")), name_only);
    assert_eq!(lab.get(&path), default);
}
