//! Objects and names that a request gives.

use nessie_store::Method;

use crate::support::{Lab, UNKNOWN, VOLUMES};

#[test]
fn objects_that_a_volume_refers_to_exist() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    lab.snapshot(&path, "s1");
    let before = lab.get(&format!("{path}?fields=**"));
    let refused = |method, target: &str, body: &str, code: &str, shown: &str| {
        let target = format!("{target}?return_timeout=1");
        let reply = lab.send(method, &target, body);
        assert_eq!(reply.code(), code, "{body}: {}", reply.json);
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(message.contains(shown), "{body}: {message}");
        assert_eq!(lab.names(VOLUMES), ["v1"]);
        assert_eq!(lab.get(&format!("{path}?fields=**")), before);
    };
    for (object, code) in [
        ("snapshot_policy", "917551"),
        ("qos.policy", "4"),
        ("aggregates", "917508"),
        ("movement.destination_aggregate", "917508"),
        ("restore_to.snapshot", "1638600"),
    ] {
        for (key, value) in [("name", "nosuch"), ("uuid", UNKNOWN)] {
            let value = if object == "aggregates" {
                format!("[\"{value}\"]")
            } else {
                format!("\"{value}\"")
            };
            let given = format!(r#""{object}.{key}":{value}"#);
            let shown = if key == "name" { "\"nosuch\"" } else { UNKNOWN };
            let aggregate =
                if object == "aggregates" { "" } else { r#","aggregates.name":["aggr1"]"# };
            if !matches!(object, "restore_to.snapshot" | "movement.destination_aggregate") {
                let body = format!(r#"{{"name":"v2","svm.name":"svm1"{aggregate},{given}}}"#);
                refused(Method::Post, VOLUMES, &body, code, shown);
            }
            if object != "aggregates" {
                refused(Method::Patch, &path, &format!("{{{given}}}"), code, shown);
            }
        }
    }
    for (given, code, shown) in [
        (r#""nas.export_policy.name":"nosuch""#, "918271", "\"nosuch\""),
        (r#""nas.export_policy.id":7"#, "918271", "7"),
        (r#""efficiency.policy.name":"nosuch""#, "262197", "\"nosuch\""),
    ] {
        refused(Method::Patch, &path, &format!("{{{given}}}"), code, shown);
    }
    for (parent, code, shown) in [
        (r#""clone.parent_volume.name":"nosuch""#.to_owned(), "524601", "\"nosuch\""),
        (format!(r#""clone.parent_volume.uuid":"{UNKNOWN}""#), "524601", UNKNOWN),
        (
            r#""clone.parent_volume.name":"v1","clone.parent_snapshot.name":"nosuch""#.to_owned(),
            "1638600",
            "\"nosuch\"",
        ),
        (
            r#""clone.parent_volume.name":"v1","clone.parent_svm.name":"nosuch""#.to_owned(),
            "2621462",
            "\"nosuch\"",
        ),
    ] {
        let body =
            format!(r#"{{"name":"v2","svm.name":"svm1","clone.is_flexclone":true,{parent}}}"#);
        refused(Method::Post, VOLUMES, &body, code, shown);
    }
}

#[test]
fn the_word_none_removes_a_policy() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let body = r#"{"qos.policy.max_throughput_iops":100,"efficiency.policy.name":"inline-only"}"#;
    lab.done(Method::Patch, &path, body);
    let fields = format!("{path}?fields=qos,efficiency.policy");
    assert_eq!(lab.get(&fields)["qos"]["policy"]["max_throughput_iops"], 100);
    assert_eq!(lab.get(&fields)["efficiency"]["policy"]["name"], "inline-only");
    for (qos, efficiency) in [("none", "none"), ("", "-")] {
        let body =
            format!(r#"{{"qos.policy.name":"{qos}","efficiency.policy.name":"{efficiency}"}}"#);
        lab.done(Method::Patch, &path, &body);
        let record = lab.get(&fields);
        assert!(record.get("qos").is_none() && record.get("efficiency").is_none(), "{record}");
    }
}

#[test]
fn a_refused_name_is_shown_with_the_character_and_those_that_are_allowed() {
    let lab = Lab::new();
    let path = lab.volume("v1", "");
    let message = |target: &str, name: &str| {
        let body = format!(
            r#"{{"name":{}{}}}"#,
            serde_json::Value::from(name),
            if target == VOLUMES {
                r#","svm.name":"svm1","aggregates.name":["aggr1"]"#
            } else {
                ""
            }
        );
        let reply = lab.send(Method::Post, &format!("{target}?return_timeout=1"), &body);
        assert_eq!(reply.status, 400, "{name}: {}", reply.json);
        (reply.code().to_owned(), reply.json["error"]["message"].as_str().unwrap().to_owned())
    };
    let (code, text) = message(VOLUMES, "v-2");
    assert_eq!(code, "917888");
    assert_eq!(
        text,
        "The volume name \"v-2\" has the character \"-\"; \
         allowed are letters (A-Z, a-z), digits (0-9) and \"_\"."
    );
    let (code, text) = message(VOLUMES, "2v");
    assert_eq!(code, "917887");
    assert_eq!(
        text,
        "The volume name \"2v\" begins with \"2\"; \
         the first character is a letter (A-Z, a-z) or \"_\"."
    );
    let snapshots = format!("{path}/snapshots");
    let (code, text) = message(&snapshots, "2026-01-01T00:00:00Z");
    assert_eq!(code, "1638518");
    assert_eq!(
        text,
        "The snapshot name \"2026-01-01T00:00:00Z\" has the character \":\"; \
         allowed are letters (A-Z, a-z), digits (0-9), \"_\", \"-\" and \".\"."
    );
    for (target, name, code, word) in [
        (VOLUMES, "", "917887", "is empty"),
        (VOLUMES, "é", "917887", "\"é\""),
        (VOLUMES, "a b", "917888", "\" \""),
        (VOLUMES, &"a".repeat(204), "917886", "203"),
        (&snapshots, "", "1638518", "is empty"),
        (&snapshots, "-a", "1638518", "\"-\""),
        (&snapshots, "a\nb", "1638518", "\"\\n\""),
        (&snapshots, "snapmirror.a", "1638477", "\"snapmirror.\""),
        (&snapshots, &"a".repeat(256), "1638518", "255"),
    ] {
        let (found, text) = message(target, name);
        assert!(found == code && text.contains(word), "{name}: {found} {text}");
    }
}
