//! `/simulator/configuration`, and the reset of a configuration.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::Faulty;
use nessie_backend_mem::MemBackend;
use nessie_store::{Aggregate, Config, JobCompletion, Method, Request, SimulatedBackend, Svm};
use serde_json::{Value, json};

use crate::support::{Lab, VOLUMES};

const CONFIGURATION: &str = "/simulator/configuration";
const POLICIES: &str = "/api/protocols/nfs/export-policies";

fn svm(name: &str, mem: MemBackend) -> Svm {
    let simulated = SimulatedBackend::new(mem.clone(), Arc::default());
    let hooks = Arc::clone(simulated.hooks());
    Svm::new(name, Arc::new(Faulty::with_clock(mem.clone(), mem).sharing(hooks)))
        .simulated(simulated)
}

fn parts(config: &mut Config) {
    config.aggregates.push(Aggregate::new("aggr2", 1 << 50));
    config.recovery_queue_hours = Some(12);
    config.new_backend = Some(Arc::new(|name, number| {
        Ok(svm(name, MemBackend::builder().seed(number.into()).build()?))
    }));
}

fn lab() -> Lab {
    Lab::with(parts, |_| {})
}

/// A request to the REST API that succeeds.
fn done(lab: &Lab, method: Method, target: &str, body: &Value) -> Value {
    let mark = if target.contains('?') { '&' } else { '?' };
    let target = format!("{target}{mark}return_timeout=15");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let response = lab.cluster.handle(&Request::new(method, &target).body(text.as_bytes()));
    assert!(response.status < 300, "{target}: {}", String::from_utf8_lossy(&response.body));
    serde_json::from_slice(&response.body).unwrap_or_default()
}

fn get(lab: &Lab, target: &str) -> Value {
    let response = lab.cluster.handle(&Request::new(Method::Get, target));
    assert_eq!(response.status, 200, "{target}: {}", String::from_utf8_lossy(&response.body));
    serde_json::from_slice(&response.body).unwrap()
}

fn put(lab: &Lab, document: &Value) -> Value {
    let reply = lab.send("PUT", CONFIGURATION, &document.to_string());
    assert_eq!(reply.status, 200, "{}", reply.message());
    reply.json()
}

/// Creates an object of each kind.
fn populate(lab: &Lab) {
    done(lab, Method::Post, POLICIES, &json!({"name": "p", "svm.name": "svm1"}));
    done(
        lab,
        Method::Post,
        "/api/cluster/schedules",
        &json!({"name": "s", "cron": {"minutes": [7]}}),
    );
    let policy = json!({"name": "sp", "copies": [{"schedule": {"name": "s"}, "count": 3}]});
    done(lab, Method::Post, "/api/storage/snapshot-policies", &policy);
    let qos = json!({"name": "q", "svm.name": "svm1", "fixed": {"max_throughput_iops": 100}});
    done(lab, Method::Post, "/api/storage/qos/policies", &qos);
    done(lab, Method::Post, "/api/svm/svms", &json!({"name": "svm2", "comment": "second"}));
    let dns = json!({"svm.name": "svm2", "domains": ["a.test"], "servers": ["192.0.2.1"]});
    done(lab, Method::Post, "/api/name-services/dns", &dns);
    for (svm, name) in [("svm1", "v"), ("svm1", "gone"), ("svm2", "w")] {
        let volume = json!({
            "name": name, "svm.name": svm, "aggregates": [{"name": "aggr2"}], "size": "1GB",
            "comment": "kept", "snapshot_policy.name": "sp",
        });
        done(lab, Method::Post, VOLUMES, &volume);
    }
    let volume = json!({"nas.export_policy.name": "p", "qos.policy.name": "q"});
    done(lab, Method::Patch, &format!("{VOLUMES}?name=v"), &volume);
    let uuid = get(lab, &format!("{VOLUMES}?name=v"))["records"][0]["uuid"].clone();
    let snapshots = format!("{VOLUMES}/{}/snapshots", uuid.as_str().unwrap());
    done(lab, Method::Post, &snapshots, &json!({"name": "s1", "comment": "of a snapshot"}));
    let of_volume = |more: Value| {
        let mut body = json!({"svm.name": "svm1", "volume.name": "v"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    done(lab, Method::Post, "/api/storage/qtrees", &of_volume(json!({"name": "t"})));
    let rule = of_volume(json!({"type": "tree", "qtree.name": "t", "space.hard_limit": 1_048_576}));
    done(lab, Method::Post, "/api/storage/quota/rules", &rule);
    done(lab, Method::Delete, &format!("{VOLUMES}?name=gone"), &Value::Null);
}

/// What clients read of each kind of object, without the times of jobs and nodes.
fn visible(lab: &Lab) -> Vec<Value> {
    [
        "/api/svm/svms?fields=**&order_by=name",
        "/api/protocols/nfs/export-policies?fields=**",
        "/api/protocols/nfs/services?fields=**",
        "/api/name-services/dns?fields=**",
        "/api/cluster/schedules?fields=**",
        "/api/storage/snapshot-policies?fields=**",
        "/api/storage/qos/policies?fields=**",
        "/api/storage/volumes?fields=**&order_by=name",
        "/api/storage/volumes/*/snapshots?fields=**",
        "/api/storage/qtrees?fields=**",
        "/api/storage/quota/rules?fields=**",
        "/api/private/cli/volume/recovery-queue?fields=*",
    ]
    .map(|target| get(lab, target))
    .to_vec()
}

#[test]
fn a_document_with_the_states_is_the_whole_cluster() {
    let lab = lab();
    populate(&lab);
    let before = visible(&lab);
    let document = lab.send("GET", &format!("{CONFIGURATION}?state=true"), "").json();
    assert_eq!((&document["version"], &document["svms"][1]["name"]), (&json!(1), &json!("svm2")));

    // Another cluster with the same identifiers of its own.
    let other = self::lab();
    let reply = put(&other, &document);
    assert_eq!(reply["svms"][0], json!({"name": "svm1", "absent_volumes": []}));
    assert_eq!(visible(&other), before);
    // Later objects do not get used numbers and identifiers.
    done(&other, Method::Post, POLICIES, &json!({"name": "later", "svm.name": "svm1"}));
    let ids = get(&other, &format!("{POLICIES}?svm.name=svm1"));
    assert_eq!(ids["num_records"], 3);
    other.backend.backend().advance(Duration::from_secs(12 * 3600)).unwrap();
    assert_eq!(get(&other, "/api/private/cli/volume/recovery-queue")["num_records"], 0);

    // On the same cluster it undoes later changes.
    done(
        &lab,
        Method::Patch,
        &format!("{VOLUMES}?name=v"),
        &json!({"comment": "other", "qos.policy.name": "none"}),
    );
    done(&lab, Method::Delete, "/api/storage/qtrees?name=t", &Value::Null);
    put(&lab, &document);
    assert_eq!(visible(&lab), before);
}

#[test]
fn volumes_are_in_the_aggregates_of_the_same_names() {
    let lab = lab();
    populate(&lab);
    let document = lab.send("GET", &format!("{CONFIGURATION}?state=true"), "").json();
    let names = |lab: &Lab| {
        let read = get(lab, &format!("{VOLUMES}?name=v|w&fields=aggregates.name,aggregates.uuid"));
        let records = read["records"].as_array().unwrap().clone();
        let of = |record: &Value| record["aggregates"][0].clone();
        records.iter().map(of).collect::<Vec<_>>()
    };
    let other = Lab::with(
        |config| {
            parts(config);
            config.seed = Some(2);
        },
        |_| {},
    );
    put(&other, &document);
    let uuid = get(&other, "/api/storage/aggregates?name=aggr2")["records"][0]["uuid"].clone();
    for aggregate in names(&other) {
        assert_eq!((&aggregate["name"], &aggregate["uuid"]), (&json!("aggr2"), &uuid));
    }
    // A cluster without the aggregate has them in its first one.
    let smaller = Lab::with(
        |config| {
            parts(config);
            config.aggregates.pop();
        },
        |_| {},
    );
    put(&smaller, &document);
    assert_eq!(names(&smaller)[0]["name"], "aggr1");
}

#[test]
fn a_volume_that_is_being_moved_is_in_its_source() {
    for (state, ends) in [(false, false), (true, false), (true, true)] {
        let lab = Lab::with(
            |config| {
                parts(config);
                config.jobs = JobCompletion::Polls(2);
            },
            |_| {},
        );
        let volume = json!({
            "name": "v", "svm.name": "svm1", "aggregates": [{"name": "aggr1"}], "size": "1GB",
        });
        done(&lab, Method::Post, VOLUMES, &volume);
        let to_second = json!({"movement.destination_aggregate.name": "aggr2"});
        let job = done(&lab, Method::Patch, &format!("{VOLUMES}?name=v"), &to_second);
        let place = || {
            let read = get(&lab, &format!("{VOLUMES}?name=v&fields=aggregates,movement"));
            ["/aggregates/0/name", "/movement/state"]
                .map(|path| read["records"][0].pointer(path).cloned().unwrap_or_default())
        };
        assert_eq!(place(), ["aggr1", "replicating"]);
        if ends {
            let uuid = job.pointer("/jobs/0/uuid").or(job.pointer("/job/uuid")).unwrap();
            for _ in 0..3 {
                get(&lab, &format!("/api/cluster/jobs/{}", uuid.as_str().unwrap()));
            }
        }
        let document = lab.send("GET", &format!("{CONFIGURATION}?state={state}"), "").json();
        put(&lab, &document);
        let expected = if ends { "aggr2" } else { "aggr1" };
        assert_eq!(place(), [json!(expected), Value::Null], "{state} {ends}");
    }
}

#[test]
fn without_states_the_volumes_stay() {
    let lab = lab();
    populate(&lab);
    let document = lab.send("GET", CONFIGURATION, "").json();
    assert_eq!(document["svms"][0].get("state"), None);
    done(&lab, Method::Delete, &format!("{VOLUMES}?name=v&force=true"), &Value::Null);
    let reply = put(&lab, &document);
    assert_eq!(reply["svms"][0]["absent_volumes"].as_array().unwrap().len(), 1);
    assert_eq!(get(&lab, &format!("{VOLUMES}?name=v"))["num_records"], 0);
    assert_eq!(get(&lab, "/api/storage/qtrees?name=t")["num_records"], 0);
}

#[test]
fn a_wrong_document_is_refused_and_changes_nothing() {
    let lab = lab();
    populate(&lab);
    let before = visible(&lab);
    let document = lab.send("GET", &format!("{CONFIGURATION}?state=true"), "").json();
    let with = |path: &str, value: Value| {
        let mut changed = document.clone();
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    let mut more = document.clone();
    more["svms"][0]["colour"] = json!("red");
    let mut twice = document.clone();
    twice["svms"][1]["name"] = json!("svm1");
    for (body, code, named) in [
        (json!({}), "262199", "format"),
        (with("/format", json!("other")), "262197", "format"),
        (with("/version", json!(2)), "262197", "version"),
        (with("/svms/0/configuration/properties", json!({"comment": 7})), "262199", "comment"),
        (with("/svms/0/state", json!("no dump")), "2", "state"),
        (with("/svms/0/name", json!("a b")), "2621685", "a b"),
        (more, "262199", "colour"),
        (twice, "262199", "svm1"),
    ] {
        let reply = lab.send("PUT", CONFIGURATION, &body.to_string());
        let error = &reply.json()["error"];
        assert_eq!(error["code"], code, "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    assert_eq!(lab.send("PUT", CONFIGURATION, "{").status, 400);
    assert_eq!(lab.send("GET", &format!("{CONFIGURATION}?state=some"), "").status, 400);
    assert_eq!(visible(&lab), before);

    let without = Lab::new();
    let reply = without.send("PUT", CONFIGURATION, &document.to_string());
    assert!(reply.message().contains("recovery queue"), "{}", reply.message());
}

/// The document after a change.
fn changed(document: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut changed = document.clone();
    change(&mut changed);
    changed
}

/// The first member of an object, or the first with a value that holds.
fn member(object: &mut Value, is_wanted: impl Fn(&Value) -> bool) -> &mut Value {
    let mut members = object.as_object_mut().unwrap().values_mut();
    members.find(|value| is_wanted(value)).unwrap()
}

fn any(_: &Value) -> bool {
    true
}

/// Each document is refused with a message that has these texts, and changes nothing.
fn assert_refused(lab: &Lab, documents: &[(Value, &[&str])]) {
    let before = visible(lab);
    for (document, texts) in documents {
        let reply = lab.send("PUT", CONFIGURATION, &document.to_string());
        assert_eq!((reply.status, reply.code().as_str()), (400, "262199"), "{texts:?}");
        for text in *texts {
            assert!(reply.message().contains(text), "{text}: {}", reply.message());
        }
    }
    assert_eq!(visible(lab), before);
}

#[test]
fn a_quota_rule_of_a_missing_qtree_is_refused() {
    let lab = lab();
    populate(&lab);
    let uuid = get(&lab, &format!("{VOLUMES}?name=v"))["records"][0]["uuid"].clone();
    let patch = json!({"quota.enabled": true});
    done(&lab, Method::Patch, &format!("{VOLUMES}/{}", uuid.as_str().unwrap()), &patch);
    let document = lab.send("GET", CONFIGURATION, "").json();
    let with = |id: u64| {
        changed(&document, |document| {
            let rules = member(&mut document["svms"][0]["side_data"]["quota_rules"], any);
            member(rules, any)["target"] = json!({"Tree": id});
        })
    };
    let texts: &[&str] = &["svm1", "quota_rules", uuid.as_str().unwrap(), "the target of the rule"];
    assert_refused(&lab, &[(with(u64::MAX), texts), (with(0), texts), (with(2), texts)]);
    put(&lab, &with(1));
    assert_eq!(get(&lab, "/api/storage/quota/reports")["num_records"], 1);
}

#[test]
fn objects_that_requests_cannot_create_are_refused() {
    let lab = lab();
    populate(&lab);
    let document = lab.send("GET", &format!("{CONFIGURATION}?state=true"), "").json();
    let with = |path: &str, value: Value| {
        changed(&document, |document| *document.pointer_mut(path).unwrap() = value)
    };
    let long = "a".repeat(300);
    let sp = "/cluster/snapshot_policies/objects/4";
    assert_eq!(document.pointer(sp).unwrap()["policy"]["name"], "sp");
    let of_svm = |table: &str, number: u64, object: Value| {
        changed(&document, |document| {
            let objects = &mut document["svms"][0]["configuration"][table]["objects"];
            objects[number.to_string()] = object;
        })
    };
    let policy = |name: &str| {
        let mut policy = document.pointer(sp).unwrap().clone();
        policy["policy"] = json!({"uuid": "11111111-1111-4111-8111-111111111111", "name": name});
        policy
    };
    let mut documents: Vec<(Value, Vec<&str>)> = Vec::new();
    for name in ["a/b", "", "\0", &long] {
        let place = "cluster.snapshot_policies.objects[4]";
        documents.push((with(&format!("{sp}/policy/name"), json!(name)), vec![place]));
        let place = r#"svms["svm1"].configuration.snapshot_policies.objects[1]"#;
        documents.push((of_svm("snapshot_policies", 1, policy(name)), vec![place]));
    }
    let (v, qos) = ("/svms/0/configuration", &document["svms"][0]["configuration"]["qos_policies"]);
    let mut same = qos["objects"]["1"].clone();
    same["policy"]["name"] = json!("value");
    for (document, text) in [
        (of_svm("snapshot_policies", 1, policy("sp")), "two objects have the name \"sp\""),
        (with(&format!("{sp}/copies/0/times"), json!("60 * * * *")), "objects[4]"),
        (with(&format!("{sp}/copies/0/count"), json!(0)), "objects[4]"),
        (with(&format!("{sp}/copies/0/prefix"), json!("a/b")), "objects[4]"),
        (with("/cluster/snapshot_policies/objects", json!({})), "\"default\" is missing"),
        (with("/cluster/schedules/objects/1/name", json!("")), "cluster.schedules.objects[1]"),
        (with("/cluster/schedules/objects/1/timing", json!({"Interval": "P0D"})), "P0D"),
        (with("/cluster/schedules/next", json!(u64::MAX)), "4294967295"),
        (with(&format!("{v}/export_policies/objects/1/name"), json!("x")), "default"),
        (with(&format!("{v}/export_policies/objects/2/name"), json!("a b")), "has a space"),
        (with(&format!("{v}/export_policies/objects/2/name"), json!("default")), "two objects"),
        (with(&format!("{v}/qos_policies/objects/1/policy/name"), json!("a/b")), "a/b"),
        (of_svm("qos_policies", 1, same), "two objects have the name \"value\""),
        (with("/svms/1/configuration/dns", json!({"domains": ["a.test"]})), "no servers"),
        (with(&format!("{v}/nfs_service"), json!({"extended_groups_limit": 1})), "outside"),
        (with(&format!("{v}/properties"), json!({"max_volumes": "few"})), "few"),
    ] {
        documents.push((document, vec![text]));
    }
    let rule = json!({
        "clients": ["a"], "protocols": ["any"], "ro_rule": ["any"], "rw_rule": ["any"],
        "superuser": ["any"], "anonymous_user": "65534", "allow_suid": true,
        "allow_device_creation": true, "chown_mode": "restricted", "ntfs_unix_security": "fail",
    });
    let mut wrong = rule.clone();
    wrong["clients"] = json!(["a b"]);
    for (index, rule, text) in [("18446744073709551615", rule, "4294967295"), ("1", wrong, "a b")] {
        let rules = json!({"rules": {index: rule}});
        let path = format!("{v}/export_policies/objects/2/rules");
        documents.push((with(&path, rules), vec!["export_policies.objects[2]", text]));
    }
    let side_data = |change: &dyn Fn(&mut Value)| {
        changed(&document, |document| change(&mut document["svms"][0]["side_data"]))
    };
    documents.push((
        side_data(&|of| member(&mut of["qtrees"], any)["qtrees"]["1"]["name"] = json!("a/b")),
        vec!["side_data.qtrees", "a/b"],
    ));
    documents.push((
        side_data(&|of| member(&mut of["qtrees"], any)["last"] = json!(u64::MAX)),
        vec!["side_data.qtrees", "268435455"],
    ));
    documents.push((
        side_data(&|of| {
            let rules = member(&mut of["quota_rules"], any);
            rules[u64::MAX.to_string()] = member(rules, any).clone();
            rules["1"] = Value::Null;
            rules.as_object_mut().unwrap().retain(|_, rule| !rule.is_null());
        }),
        vec!["quota_rules", "18446744073709551615"],
    ));
    documents.push((
        side_data(&|of| {
            let rules = member(&mut of["quota_rules"], any);
            member(rules, any)["limits"]["space_soft"] = json!(1_u64 << 61);
        }),
        vec!["quota_rules", "2305843009213693952"],
    ));
    let documents: Vec<_> =
        documents.iter().map(|(document, texts)| (document.clone(), texts.as_slice())).collect();
    assert_refused(&lab, &documents);
    put(&lab, &document);
}

#[test]
fn a_reset_that_drops_the_configuration_restores_the_first_one() {
    let lab = lab();
    let before = visible(&lab);
    populate(&lab);
    let reset = json!({"configuration": "drop"}).to_string();
    assert_eq!(lab.send("POST", "/simulator/reset", &reset).status, 200);
    assert_eq!(visible(&lab), before);
    assert_eq!(lab.backend.backend().list_volumes().unwrap(), []);
}

#[test]
fn reads_of_snapshot_policies_do_not_change_the_state() {
    let lab = lab();
    let digest = |lab: &Lab| lab.get("/simulator/state/digest?svm=svm1").json()["digest"].clone();
    let first = digest(&lab);
    populate(&lab);
    let document = lab.send("GET", CONFIGURATION, "").json();
    let reset = json!({"configuration": "drop"}).to_string();
    assert_eq!(lab.send("POST", "/simulator/reset", &reset).status, 200);
    assert_eq!(digest(&lab), first);
    get(&lab, "/api/storage/snapshot-policies");
    assert_eq!(digest(&lab), first);

    put(&lab, &document);
    let replaced = digest(&lab);
    assert_ne!(replaced, first);
    get(&lab, "/api/storage/snapshot-policies");
    assert_eq!(digest(&lab), replaced);
}

#[test]
fn a_reset_that_keeps_the_configuration_keeps_the_svms() {
    let lab = lab();
    populate(&lab);
    assert_eq!(lab.send("POST", "/simulator/reset", "").status, 200);
    assert_eq!(get(&lab, "/api/svm/svms?name=svm2")["num_records"], 1);
    assert_eq!(get(&lab, &format!("{POLICIES}?name=p"))["num_records"], 1);
    let names = get(&lab, VOLUMES)["records"].as_array().unwrap().clone();
    let names: Vec<_> = names.iter().map(|record| record["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["svm2_root"]);
}
