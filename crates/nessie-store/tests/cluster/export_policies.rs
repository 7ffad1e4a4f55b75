//! Export policies, their rules, and the volumes that use them.

use std::sync::Arc;

use nessie_backend_core::{VolumeBackend, VolumePatch};
use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::{Value, json};

use crate::support::{Lab, Reply, VOLUMES};

const POLICIES: &str = "/api/protocols/nfs/export-policies";

impl Lab {
    /// Creates a policy with further fields, and returns its path.
    fn policy(&self, name: &str, more: &str) -> String {
        let body = format!(r#"{{"name":"{name}","svm.name":"svm1"{more}}}"#);
        let reply = self.send(Method::Post, POLICIES, &body);
        assert_eq!(reply.status, 201, "{}", reply.json);
        reply.location()
    }

    fn rule(&self, policy: &str, client: &str, more: &str) -> Reply {
        self.send(Method::Post, &format!("{policy}/rules?return_records=true"), &rule(client, more))
    }

    /// The rules of a policy as indexes and clients.
    fn rules(&self, policy: &str) -> Vec<(u64, String)> {
        let json = self.get(&format!("{policy}/rules?fields=clients"));
        let text = |record: &Value| {
            let clients = record["clients"].as_array().unwrap().iter();
            clients.map(|client| client["match"].as_str().unwrap()).collect::<Vec<_>>().join(",")
        };
        let records = json["records"].as_array().unwrap().iter();
        records.map(|record| (record["index"].as_u64().unwrap(), text(record))).collect()
    }

    fn policy_of(&self, volume: &str) -> Value {
        self.get(&format!("{volume}?fields=nas.export_policy"))["nas"]["export_policy"].clone()
    }
}

fn rule(client: &str, more: &str) -> String {
    format!(r#"{{"clients":[{{"match":"{client}"}}],"ro_rule":["any"],"rw_rule":["any"]{more}}}"#)
}

fn rules(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(index, client)| (*index, (*client).to_owned())).collect()
}

#[test]
fn a_policy_has_the_rules_that_are_created_with_it() {
    let lab = Lab::new();
    let more = format!(
        r#","rules":[{},{}]"#,
        rule("host1", r#","index":"5","protocols":["NFS3","nfs3"],"superuser":["sys"]"#),
        rule("10.0.0.0/8,@eng", r#","anonymous_user":"root","allow_suid":"false""#)
    );
    let path = lab.policy("p", &more);
    let policy = lab.get(&path);
    assert_eq!(policy["svm"]["name"], "svm1");
    let defaults = json!({
        "allow_device_creation": true, "allow_suid": true, "anonymous_user": "65534",
        "chown_mode": "restricted", "clients": [{"match": "host1"}], "index": 5,
        "ntfs_unix_security": "fail", "protocols": ["nfs3"], "ro_rule": ["any"],
        "rw_rule": ["any"], "superuser": ["sys"]
    });
    assert_eq!(policy["rules"][0], defaults);
    let other = &policy["rules"][1];
    assert_eq!(other["clients"], json!([{"match": "10.0.0.0/8"}, {"match": "@eng"}]));
    assert_eq!((&other["anonymous_user"], &other["allow_suid"]), (&json!("root"), &json!(false)));
    assert_eq!(other["superuser"], json!(["any"]));
    assert_eq!(lab.rules(&path), rules(&[(5, "host1"), (6, "10.0.0.0/8,@eng")]));
    let listed = lab.get(&format!("{POLICIES}?name=p"));
    assert!(listed["records"][0].get("rules").is_none(), "{listed}");
    let one = lab.get(&format!("{path}/rules/5"));
    assert_eq!(one["policy"]["name"], "p");
    assert_eq!(one["policy"]["id"], policy["id"]);
    assert_eq!(one["ro_rule"], json!(["any"]));

    let replaced = format!(r#"{{"rules":[{}]}}"#, rule("host2", ""));
    assert_eq!(lab.send(Method::Patch, &path, &replaced).status, 200);
    assert_eq!(lab.rules(&path), rules(&[(1, "host2")]));
    assert_eq!(lab.send(Method::Patch, &path, r#"{"rules":[]}"#).status, 200);
    assert_eq!(lab.rules(&path), []);
}

#[test]
fn rules_are_created_moved_changed_and_deleted() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    let created = lab.rule(&path, "a", "");
    assert_eq!((created.status, &created.json["num_records"]), (201, &json!(1)));
    assert_eq!(created.json["records"][0]["index"], 1);
    assert_eq!(created.location(), format!("{path}/rules/1"));
    lab.rule(&path, "b", "");
    assert_eq!(lab.rule(&path, "c", r#","index":1"#).json["records"][0]["index"], 1);
    assert_eq!(lab.rules(&path), rules(&[(1, "c"), (2, "a"), (3, "b")]));
    let one = |index: u64| format!("{path}/rules/{index}");
    let moved = lab.send(Method::Patch, &format!("{}?new_index=9&return_timeout=30", one(2)), "{}");
    assert_eq!(moved.status, 200, "{}", moved.json);
    assert_eq!(lab.rules(&path), rules(&[(1, "c"), (3, "b"), (9, "a")]));
    assert_eq!(lab.send(Method::Get, &one(2), "").code(), "4");
    assert_eq!(lab.send(Method::Patch, &one(9), r#"{"index":1}"#).status, 200);
    assert_eq!(lab.rules(&path), rules(&[(1, "a"), (2, "c"), (3, "b")]));
    let body = r#"{"rw_rule":["never"],"clients":[{"match":"d"}]}"#;
    let changed = lab.send(Method::Patch, &format!("{}?return_records=true", one(1)), body);
    assert_eq!(changed.json["records"][0]["index"], 1);
    assert_eq!(lab.get(&one(1))["rw_rule"], json!(["never"]));
    assert_eq!(lab.send(Method::Delete, &one(2), r#"{"index":"2"}"#).status, 200);
    assert_eq!(lab.rules(&path), rules(&[(1, "d"), (3, "b")]));
    assert_eq!(lab.send(Method::Delete, &one(2), "").code(), "4");
    let found = lab.get(&format!("{path}/rules?clients.match=b&policy.name=p&svm.name=svm1"));
    assert_eq!(found["records"][0]["index"], 3);
    let many = format!(r#"{{"records":[{},{}]}}"#, rule("x", ""), rule("y", ""));
    assert_eq!(lab.send(Method::Post, &format!("{path}/rules"), &many).status, 201);
    assert_eq!(lab.send(Method::Delete, &format!("{path}/rules?index=>3"), "").status, 200);
    assert_eq!(lab.rules(&path), rules(&[(1, "d"), (3, "b")]));
}

#[test]
fn a_rule_that_one_record_moves_has_its_new_index_for_the_next() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    for client in ["a", "b", "c"] {
        lab.rule(&path, client, "");
    }
    // The first move pushes c to 4, and the second one pulls it back.
    let body = r#"{"records":[{"index":1},{"index":4}]}"#;
    let reply = lab.send(Method::Patch, &format!("{path}/rules?new_index=3"), body);
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(lab.rules(&path), rules(&[(2, "b"), (3, "c"), (4, "a")]));
}

#[test]
fn a_client_is_added_to_a_rule_and_removed() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    lab.rule(&path, "10.0.0.0/8", "");
    let clients = format!("{path}/rules/1/clients");
    let added = lab.send(Method::Post, &clients, r#"{"match":"10.1.0.0/16"}"#);
    assert_eq!(added.status, 201, "{}", added.json);
    assert_eq!(added.location(), format!("{clients}/10.1.0.0%2F16"));
    assert_eq!(lab.rules(&path), rules(&[(1, "10.0.0.0/8,10.1.0.0/16")]));
    assert_eq!(lab.get(&added.location())["index"], 1);
    for (body, code) in [
        (r#"{"match":"10.1.0.0/16"}"#, "1704050"),
        (r#"{"match":"10.1.0.0/8"}"#, "1704040"),
        ("{}", "1704039"),
        (r#"{"match":"a","svm.name":"svm1"}"#, "262196"),
    ] {
        assert_eq!(lab.send(Method::Post, &clients, body).code(), code, "{body}");
    }
    let first = format!("{clients}/10.0.0.0%2F8");
    assert_eq!(lab.send(Method::Delete, &first, "").status, 200);
    assert_eq!(lab.send(Method::Delete, &first, "").code(), "4");
    assert_eq!(lab.send(Method::Delete, &added.location(), "").status, 409);
    assert_eq!(lab.rules(&path), rules(&[(1, "10.1.0.0/16")]));
    assert_eq!(lab.send(Method::Get, &format!("{path}/rules/2/clients"), "").code(), "4");
}

#[test]
fn wrong_rules_change_nothing() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    lab.rule(&path, "a", "");
    lab.rule(&path, "b", r#","index":4294967295"#);
    let before = lab.get(&path);
    let post = format!("{path}/rules");
    let without_clients = r#"{"ro_rule":["any"],"rw_rule":["any"]}"#.to_owned();
    let without_ro = r#"{"clients":[{"match":"x"}],"rw_rule":["any"]}"#.to_owned();
    for (method, target, body, code) in [
        (Method::Post, &post, rule("a", ""), "1704070"),
        (Method::Post, &post, rule("x", ""), "3277163"),
        (Method::Post, &post, rule("x", r#","index":0"#), "3277162"),
        (Method::Post, &post, rule("x,x", ""), "1704050"),
        (Method::Post, &post, rule("x y", ""), "1704044"),
        (Method::Post, &post, rule("x", r#","anonymous_user":"""#), "3277149"),
        (Method::Post, &post, rule("x", r#","anonymous_user":"4294967296""#), "3277083"),
        (Method::Post, &post, rule("x", r#","anonymous_user":"-1""#), "3277083"),
        (Method::Post, &post, rule("x", r#","superuser":[]"#), "262197"),
        (Method::Post, &post, rule("x", r#","client_match":"x""#), "262179"),
        (Method::Post, &post, without_clients, "262212"),
        (Method::Post, &post, without_ro, "262212"),
        (Method::Patch, &format!("{path}/rules/1"), r#"{"svm.name":"svm1"}"#.to_owned(), "262203"),
        (Method::Patch, &format!("{path}/rules/1"), r#"{"clients":[]}"#.to_owned(), "1704039"),
        (Method::Patch, &format!("{path}/rules/1?new_index=0"), String::new(), "3277162"),
        (Method::Patch, &format!("{path}/rules/1?new_index=x"), String::new(), "262197"),
        (Method::Patch, &format!("{path}/rules/1?new_index=4294967295"), String::new(), "3277163"),
        (Method::Patch, &format!("{path}/rules/7"), String::new(), "4"),
        (
            Method::Patch,
            &path,
            format!(r#"{{"name":"q","rules":[{0},{0}]}}"#, rule("x", "")),
            "1704071",
        ),
        (Method::Patch, &path, r#"{"name":"default","rules":[]}"#.to_owned(), "1"),
    ] {
        let reply = lab.send(method, target, &body);
        assert_eq!(reply.code(), code, "{target} {body}: {}", reply.json);
        assert_eq!(lab.get(&path), before, "{target} {body}");
    }
    let unknown = lab.send(Method::Post, &format!("{POLICIES}/1/rules"), &rule("x", ""));
    assert_eq!((unknown.code(), &unknown.json["error"]["target"]), ("4", &json!("policy.id")));
}

#[test]
fn names_follow_the_rules_of_ontap() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    for (name, code) in [
        ("", "1703950"),
        ("a b", "1703952"),
        ("a\\tb", "1703950"),
        (&"a".repeat(257), "1704047"),
        ("default", "1"),
    ] {
        let body = format!(r#"{{"name":"{name}","svm":"svm1"}}"#);
        assert_eq!(lab.send(Method::Post, POLICIES, &body).code(), code, "{name}");
        let body = format!(r#"{{"name":"{name}"}}"#);
        assert_eq!(lab.send(Method::Patch, &path, &body).code(), code, "{name}");
    }
    assert_eq!(lab.names(POLICIES), ["default", "p"]);
    let default = lab.get(&format!("{POLICIES}?name=default"))["records"][0]["id"].clone();
    let default = format!("{POLICIES}/{default}");
    assert_eq!(lab.send(Method::Patch, &default, r#"{"name":"q"}"#).code(), "1703950");
    assert_eq!(lab.send(Method::Delete, &default, "").code(), "1703947");
    assert_eq!(lab.send(Method::Patch, &default, r#"{"name":"default"}"#).status, 200);
}

#[test]
fn a_volume_uses_a_policy_by_name_or_by_id() {
    let lab = Lab::new();
    let path = lab.policy("p", "");
    let id = lab.get(&path)["id"].as_u64().unwrap();
    let by_name = lab.volume("v1", r#","nas.export_policy.name":"p""#);
    let by_id = lab.volume("v2", &format!(r#","nas.export_policy.id":{id}"#));
    let changed = lab.volume("v3", "");
    assert_eq!(lab.policy_of(&changed)["name"], "default");
    let both = format!(r#"{{"nas.export_policy":{{"name":"p","id":{id}}}}}"#);
    lab.done(Method::Patch, &changed, &both);
    lab.snapshot(&by_name, "s1");
    let clone = lab.clone_of("v1", Some("s1"), "c1");
    for volume in [&by_name, &by_id, &changed, &clone] {
        let shown = lab.policy_of(volume);
        assert_eq!((&shown["name"], &shown["id"]), (&json!("p"), &json!(id)));
        assert_eq!(shown["_links"]["self"]["href"], *path);
    }
    assert_eq!(lab.names(&format!("{VOLUMES}?nas.export_policy.id={id}")).len(), 4);

    assert_eq!(lab.send(Method::Delete, &path, "").code(), "1703945");
    assert_eq!(lab.send(Method::Patch, &path, r#"{"name":"q"}"#).status, 200);
    for volume in [&by_name, &by_id, &changed, &clone] {
        assert_eq!(lab.policy_of(volume)["name"], "q");
        assert_eq!(lab.policy_of(volume)["id"], id);
        lab.done(Method::Patch, volume, r#"{"nas.export_policy.name":"default"}"#);
    }
    assert_eq!(lab.send(Method::Delete, &path, "").status, 200);
    for body in [
        r#"{"nas.export_policy.name":"q"}"#.to_owned(),
        format!(r#"{{"nas.export_policy.id":{id}}}"#),
        format!(r#"{{"nas.export_policy":{{"name":"default","id":{id}}}}}"#),
    ] {
        let reply = lab.send(Method::Patch, &format!("{by_name}?return_timeout=5"), &body);
        assert_eq!(reply.code(), "918271", "{body}");
    }
    let again = lab.policy("p", "");
    assert_ne!(again, path, "an id is not used again");
}

#[test]
fn a_name_of_the_backend_without_a_policy_is_served() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let volume = lab.backend.find_volume("v1").unwrap().unwrap();
    lab.backend.patch_volume(volume.uuid, VolumePatch::new().export_policy("mine")).unwrap();
    assert_eq!(lab.policy_of(&path), json!({"name": "mine"}));
    let policy = lab.policy("mine", "");
    assert_eq!(lab.policy_of(&path)["_links"]["self"]["href"], *policy);
    assert_eq!(lab.send(Method::Delete, &policy, "").code(), "1703945");
}

#[test]
fn policies_belong_to_one_svm() {
    let lab = Lab::with(|config| {
        let backend = MemBackend::builder().seed(2).build().unwrap();
        config.svms.push(Svm::new("svm2", Arc::new(backend)));
    });
    let first = lab.policy("p", "");
    let second = lab.send(Method::Post, POLICIES, r#"{"name":"p","svm":{"name":"svm2"}}"#);
    assert_eq!(second.status, 201, "{}", second.json);
    let second = second.location();
    assert_ne!(first, second);
    let id = second.rsplit('/').next().unwrap();
    let volume = lab.volume("v1", r#","nas.export_policy.name":"p""#);
    let body = format!(r#"{{"nas.export_policy.id":{id}}}"#);
    let reply = lab.send(Method::Patch, &format!("{volume}?return_timeout=5"), &body);
    assert_eq!(reply.code(), "918271", "{}", reply.json);
    assert_eq!(lab.send(Method::Delete, &second, "").status, 200);
    assert_eq!(lab.send(Method::Delete, &first, "").code(), "1703945");
}
