//! Arrays in the objects of an array, as the clients of the rules of an export policy.

use std::sync::Arc;

use nessie_ontap_protocol::records::{EXPORT_POLICY, ExportPolicyRecord, ExportRule};
use nessie_ontap_protocol::{Body, Filter, Method, Selection};
use serde_json::{Value, json};

use crate::assert_code;
use crate::records::svm_context;

fn rule(clients: &[&str]) -> Arc<ExportRule> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Arc::new(ExportRule {
        clients: words(clients),
        protocols: words(&["nfs"]),
        ro_rule: words(&["sys", "krb5"]),
        rw_rule: words(&["never"]),
        superuser: words(&[]),
        anonymous_user: "65534".to_owned(),
        allow_suid: true,
        allow_device_creation: false,
        chown_mode: "restricted".to_owned(),
        ntfs_unix_security: "fail".to_owned(),
    })
}

fn policy(rules: Vec<(u64, Arc<ExportRule>)>) -> ExportPolicyRecord {
    ExportPolicyRecord { svm_context: svm_context(), number: 2, name: "p".to_owned(), rules }
}

fn written(record: &ExportPolicyRecord, fields: &str) -> Value {
    let selection = Selection::parse(&EXPORT_POLICY, true, fields).unwrap();
    let mut json = Vec::new();
    selection.write(record, &mut json);
    serde_json::from_slice::<Value>(&json).unwrap()["rules"].clone()
}

#[test]
fn each_element_has_its_own_arrays() {
    let record = policy(vec![(1, rule(&["a", "b"])), (3, rule(&["c"]))]);
    assert_eq!(
        written(&record, "rules.index,rules.clients,rules.ro_rule,rules.superuser"),
        json!([
            {"clients": [{"match": "a"}, {"match": "b"}], "index": 1, "ro_rule": ["sys", "krb5"]},
            {"clients": [{"match": "c"}], "index": 3, "ro_rule": ["sys", "krb5"]},
        ])
    );
    let matches = |value| {
        let mut filter = Filter::none(&EXPORT_POLICY);
        filter.add("rules.clients.match", value).unwrap();
        filter.matches(&record)
    };
    assert!(matches("b") && matches("c") && !matches("d"));
    assert_eq!(written(&policy(Vec::new()), "rules"), Value::Null);
}

#[test]
fn the_arrays_of_an_element_are_checked() {
    let check = |json: &str| {
        let json = format!(r#"{{"rules":[{json}]}}"#);
        Body::parse(json.as_bytes()).unwrap().check(&EXPORT_POLICY, Method::Post)
    };
    for json in [
        r#"{"clients":[{"match":"a"},{"match":"b"}],"ro_rule":["Any"],"index":"7"}"#,
        r#"{"clients.match":["a"],"protocols":null,"clients":null}"#,
        "{}",
    ] {
        assert_eq!(check(json), Ok(()), "{json}");
    }
    for (json, code, target) in [
        (r#"{"clients":{"match":"a"}}"#, 262_254, "rules.clients.match"),
        (r#"{"clients":"a"}"#, 262_254, "rules.clients"),
        (r#"{"clients":["a"]}"#, 262_220, "rules.clients"),
        (r#"{"clients":[{"host":"a"}]}"#, 262_179, "rules.clients.host"),
        (r#"{"clients":[{"match":1}]}"#, 262_220, "rules.clients.match"),
        (r#"{"ro_rule":"any"}"#, 262_254, "rules.ro_rule"),
        (r#"{"ro_rule":["all"]}"#, 262_197, "rules.ro_rule"),
        (r#"{"index":[1]}"#, 262_255, "rules.index"),
        (r#"{"policy":{"id":1}}"#, 262_179, "rules.policy.id"),
    ] {
        assert_code(check(json), code, target);
    }
}

#[test]
fn the_objects_of_an_array_are_bodies() {
    let objects = |json: &str| Body::parse(json.as_bytes()).unwrap().objects("rules");
    let found = objects(r#"{"rules":[{"index":1,"clients":[{"match":"a"}]},{}]}"#).unwrap();
    let found = found.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].integer("index"), Ok(Some(1)));
    assert_eq!(found[0].texts("clients", "match"), Ok(Some(vec![Some("a")])));
    assert!(found[1].is_empty());
    assert_eq!(objects("{}"), Ok(None));
    assert_eq!(objects(r#"{"rules.index":[1,2]}"#).unwrap().unwrap().len(), 2);
    assert_code(objects(r#"{"rules":1}"#), 262_254, "rules");
    assert_code(objects(r#"{"rules":[1]}"#), 262_220, "rules");
}

#[test]
fn a_name_may_replace_an_object() {
    let expanded = |json: &str| {
        let mut body = Body::parse(json.as_bytes()).unwrap();
        body.expand_names(&EXPORT_POLICY);
        body
    };
    let body = expanded(r#"{"name":"p","svm":"svm1"}"#);
    assert_eq!(body.text("svm.name"), Ok(Some("svm1")));
    assert_eq!(body.check(&EXPORT_POLICY, Method::Post), Ok(()));
    // `rules` have no name.
    for json in [r#"{"rules":["a"]}"#, r#"{"rules":"a"}"#, r#"{"svm":["svm1"]}"#] {
        assert!(expanded(json).check(&EXPORT_POLICY, Method::Post).is_err(), "{json}");
    }
}
