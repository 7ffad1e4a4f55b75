//! Every field behaves as in the coverage table.

use nessie_store::{FieldKind, Method, WritableBy, coverage};
use serde_json::{Value, json};

use crate::support::{Lab, VOLUMES};

/// Paths of objects that exist, or of their collections.
fn collections(lab: &Lab) -> Vec<(&'static str, String)> {
    let volume = lab.volume("v1", r#","nas.path":"/v1""#);
    lab.snapshot(&volume, "s1");
    lab.clone_of("v1", Some("s1"), "c1");
    let rule = r#"{"clients":[{"match":"host1"}],"ro_rule":["any"],"rw_rule":["never"]}"#;
    lab.done(Method::Post, &format!("/api/protocols/nfs/export-policies/{POLICY}"), rule);
    let rule = r#"{"svm":"svm1","volume":"v1","type":"tree","qtree.name":""}"#;
    lab.done(Method::Post, "/api/storage/quota/rules", rule);
    lab.done(Method::Patch, &volume, r#"{"quota.enabled":true}"#);
    let uuid = volume.rsplit('/').next().unwrap();
    let svm = lab.get("/api/svm/svms")["records"][0]["uuid"].as_str().unwrap().to_owned();
    let policy = lab.get("/api/storage/snapshot-policies?name=default")["records"][0].clone();
    let policy = policy["uuid"].as_str().unwrap().to_owned();
    let metrics = format!("{volume}/metrics");
    let of_qtree = format!("{uuid}/0/metrics");
    coverage()
        .into_iter()
        .filter(|endpoint| endpoint.methods.contains(&"GET"))
        .map(|endpoint| {
            let path = endpoint
                .path
                .replace("{volume.uuid}/snapshots", "*/snapshots")
                .replace("{policy.id}/rules/{index}/clients", CLIENTS)
                .replace("{policy.id}/rules", POLICY);
            let path = path.replace("{volume.uuid}/files", &format!("{uuid}/files"));
            let path = path.replace("{counter_table.name}", "system");
            let path = path.replace("{svm.uuid}/policies", &format!("{svm}/policies"));
            let path = path.replace("{snapshot_policy.uuid}", &policy);
            let path = path.replace("/api/storage/volumes/{volume.uuid}/metrics", &metrics);
            let path = path.replace("{volume.uuid}/{qtree.id}/metrics", &of_qtree);
            // Records and their collection accept the same fields.
            let end = path.find("/{").unwrap_or(path.len());
            let path = path[..end].to_owned();
            (endpoint.path, path)
        })
        .collect()
}

/// The rules of the export policy of the first SVM.
const POLICY: &str = "8589934593/rules";

/// The clients of a rule of that policy.
const CLIENTS: &str = "8589934593/rules/1/clients";

#[test]
fn every_field_can_be_chosen_filtered_and_ordered_by() {
    let lab = Lab::new();
    let paths = collections(&lab);
    for endpoint in coverage() {
        let Some((_, path)) = paths.iter().find(|(other, _)| *other == endpoint.path) else {
            continue;
        };
        for field in &endpoint.fields {
            lab.get(&format!("{path}?fields={}", field.path));
            lab.get(&format!("{path}?{}=!null", field.path));
            if !field.in_array {
                lab.get(&format!("{path}?order_by={}%20desc&max_records=1", field.path));
            }
        }
        lab.get(&format!("{path}?fields=**"));
        lab.get(&format!("{path}?return_records=false"));
    }
}

#[test]
fn every_documented_field_may_be_named_on_every_path() {
    let lab = Lab::new();
    let paths = collections(&lab);
    let mut named = 0;
    for endpoint in coverage() {
        let Some((_, path)) = paths.iter().find(|(other, _)| *other == endpoint.path) else {
            continue;
        };
        if endpoint.documented.is_empty() {
            continue;
        }
        let all = lab.get(&format!("{path}?fields={}", endpoint.documented.join(",")));
        let keys = lab.get(path);
        assert_eq!(all["records"], keys["records"], "{path}");
        for field in &endpoint.documented {
            let single = keys.get("records").is_none();
            let found = lab.get(&format!("{path}?{field}=null&return_records=false"));
            assert!(single || found["num_records"] == keys["num_records"], "{path} {field}");
            named += 1;
        }
    }
    assert!(named > 2_000, "{named} fields");
}

/// Fields whose value is not stored as it is given.
const OTHERS: &[&str] = &[
    "aggregates.uuid",
    "clone",
    "constituents_per_aggregate",
    "efficiency.policy",
    "movement",
    "name",
    "qos.policy.name",
    "qos.policy.uuid",
    "quota.enabled",
    "restore_to",
    "snapshot_policy.uuid",
    "state",
    "style",
    "svm",
    "type",
    "volume",
    "nas.export_policy",
    "snapshot_policy",
    "nas.path",
    "aggregates",
];

fn sample(kind: FieldKind, path: &str, in_array: bool) -> Value {
    if in_array {
        return json!(["one", "two"]);
    }
    match kind {
        FieldKind::Boolean => json!(true),
        FieldKind::Integer => json!(42),
        FieldKind::Size => json!(1_u64 << 31),
        FieldKind::Time => json!("2030-01-01T00:00:00+00:00"),
        FieldKind::Uuid => json!("00000000-0000-4000-8000-000000000001"),
        FieldKind::Enumeration(words) => json!(words.last()),
        _ => json!(format!("x_{}", path.len())),
    }
}

#[test]
fn every_field_that_can_be_set_is_kept() {
    for (endpoint, create) in
        [("/api/storage/volumes", true), ("/api/storage/volumes/{uuid}", false)]
    {
        let endpoint = coverage().into_iter().find(|other| other.path == endpoint).unwrap();
        for field in endpoint.fields {
            let settable = match field.writable {
                WritableBy::Both => true,
                WritableBy::Post => create,
                WritableBy::Patch => !create,
                WritableBy::Never => false,
            };
            let is_other = |other: &str| {
                field
                    .path
                    .strip_prefix(other)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if !settable || OTHERS.iter().any(|other| is_other(other)) {
                continue;
            }
            let lab = Lab::new();
            let value = sample(field.kind, field.path, field.in_array);
            let more = if create { format!(r#","{}":{value}"#, field.path) } else { String::new() };
            let path = match field.path {
                "size" | "space.size" if create => continue,
                _ => lab.volume("v1", &more),
            };
            if !create {
                lab.done(Method::Patch, &path, &format!(r#"{{"{}":{value}}}"#, field.path));
            }
            let record = lab.get(&format!("{path}?fields={}", field.path));
            let read = field.path.split('.').fold(&record, |value, key| &value[key]);
            assert_eq!(*read, value, "{}", field.path);
        }
    }
    assert!(coverage().iter().any(|endpoint| endpoint.path == VOLUMES));
}
