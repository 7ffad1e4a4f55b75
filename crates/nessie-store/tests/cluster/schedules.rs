//! Job schedules.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_mem::MemBackend;
use nessie_store::{Method, Svm};
use serde_json::json;

use crate::support::{Lab, UNKNOWN};

const SCHEDULES: &str = "/api/cluster/schedules";
const POLICIES: &str = "/api/storage/snapshot-policies";

fn refused(lab: &Lab, method: Method, target: &str, body: &str, status: u16, code: &str) {
    let reply = lab.send(method, target, body);
    assert_eq!((reply.status, reply.code()), (status, code), "{target} {body}: {}", reply.json);
}

#[test]
fn an_array_has_predefined_schedules() {
    let lab = Lab::new();
    let found = lab.get(&format!("{SCHEDULES}?fields=**&type=cron"));
    assert_eq!(found["num_records"], 7);
    let named = |name: &str| {
        let found = lab.get(&format!("{SCHEDULES}?name={name}&fields=cron,interval,scope,type"));
        found["records"][0].clone()
    };
    let weekly = named("weekly");
    assert_eq!(weekly["cron"], json!({"minutes": [15], "hours": [0], "weekdays": [0]}));
    assert_eq!((&weekly["scope"], &weekly["type"]), (&json!("cluster"), &json!("cron")));
    assert_eq!(named("hourly")["cron"], json!({"minutes": [5]}));
    let interval = named("Balanced%20Placement%20Model%20Cache%20Update");
    assert_eq!(interval["interval"], "PT7M30S");
    assert!(interval.get("cron").is_none());
    let target = format!("{SCHEDULES}/{}", interval["uuid"].as_str().unwrap());
    refused(&lab, Method::Delete, &target, "", 409, "459762");
    let hourly = format!("{SCHEDULES}/{}", named("hourly")["uuid"].as_str().unwrap());
    refused(&lab, Method::Delete, &hourly, "", 409, "459758");
    assert_eq!(lab.names(&format!("{SCHEDULES}?type=interval")).len(), 3);
}

#[test]
fn a_schedule_is_created_changed_and_deleted() {
    let lab = Lab::new();
    let body = r#"{"name":"s 1","cron":{"minutes":["30",5],"hours":[],"weekdays":[1]}}"#;
    let target = format!("{SCHEDULES}?return_records=true&return_timeout=30");
    let reply = lab.send(Method::Post, &target, body);
    assert_eq!((reply.status, &reply.json["num_records"]), (201, &json!(1)), "{}", reply.json);
    let path = reply.location();
    let record = lab.get(&path);
    assert_eq!(record["cron"], json!({"minutes": [5, 30], "weekdays": [1]}));
    assert_eq!(record["cluster"]["name"], lab.get("/api/cluster")["name"]);
    lab.done(Method::Patch, &path, r#"{"cron":{"hours":[2],"days":[1,31]}}"#);
    let changed = lab.get(&path)["cron"].clone();
    assert_eq!(changed, json!({"minutes": [5, 30], "hours": [2], "days": [1, 31]}));
    lab.done(Method::Patch, &path, r#"{"cron":{"minutes":[]}}"#);
    let every = lab.get(&path)["cron"].clone();
    assert_eq!(every["minutes"].as_array().unwrap().len(), 60);
    assert!(every.get("hours").is_none());
    refused(&lab, Method::Patch, &path, r#"{"interval":"P1D"}"#, 400, "461785");
    refused(&lab, Method::Patch, &path, r#"{"name":"s2"}"#, 400, "262203");
    lab.done(Method::Delete, &path, "");
    assert_eq!(lab.send(Method::Get, &path, "").code(), "4");
    refused(&lab, Method::Delete, &path, "", 404, "4");

    let body = r#"{"name":"i","interval":"PT1H","cron":{}}"#;
    let path = lab.send(Method::Post, SCHEDULES, body).location();
    lab.done(Method::Patch, &path, r#"{"interval":"P2DT5M","cron":{}}"#);
    assert_eq!(lab.get(&path)["interval"], "P2DT5M");
    refused(&lab, Method::Patch, &path, r#"{"cron":{"minutes":[1]}}"#, 400, "461786");
    refused(&lab, Method::Patch, &path, r#"{"interval":"1 day"}"#, 400, "262197");
}

#[test]
fn an_invalid_schedule_is_refused() {
    let lab = Lab::new();
    let before = lab.names(SCHEDULES);
    let long = format!(r#"{{"name":"{}","interval":"P1D"}}"#, "a".repeat(257));
    for (body, status, code) in [
        (r#"{"name":"","interval":"P1D"}"#, 400, "458788"),
        (r#"{"interval":"P1D"}"#, 400, "458788"),
        (long.as_str(), 400, "458788"),
        (r#"{"name":"x"}"#, 400, "459760"),
        (r#"{"name":"x","cron":{}}"#, 400, "459760"),
        (r#"{"name":"x","cron":{"minutes":[1]},"interval":"P1D"}"#, 400, "459760"),
        (r#"{"name":"x","cron":{"hours":[1]}}"#, 400, "458788"),
        (r#"{"name":"x","cron":{"minutes":[60]}}"#, 400, "458788"),
        (r#"{"name":"x","cron":{"minutes":[-1]}}"#, 400, "262245"),
        (r#"{"name":"x","cron":{"minutes":5}}"#, 400, "262254"),
        (r#"{"name":"x","cron":{"minutes":[0],"days":[31],"months":[2]}}"#, 400, "458788"),
        (r#"{"name":"x","interval":"soon"}"#, 400, "262197"),
        (r#"{"name":"x","interval":"PT0S"}"#, 400, "262197"),
        (r#"{"name":"x","interval":"P1D","cluster":"other"}"#, 400, "262197"),
        (r#"{"name":"x","interval":"P1D","svm":"svm9"}"#, 400, "2621462"),
        (r#"{"name":"x","interval":"P1D","type":"cron"}"#, 400, "262196"),
        (r#"{"name":"daily","interval":"P1D"}"#, 409, "1"),
    ] {
        refused(&lab, Method::Post, SCHEDULES, body, status, code);
    }
    let unknown = format!("{SCHEDULES}/{UNKNOWN}");
    refused(&lab, Method::Patch, &unknown, r#"{"interval":"P1D"}"#, 404, "4");
    assert_eq!(lab.names(SCHEDULES), before);
}

#[test]
fn an_svm_has_schedules_of_its_own() {
    let second = MemBackend::builder().seed(2).build().unwrap();
    let lab = Lab::with(|config| config.svms.push(Svm::new("svm2", Arc::new(second))));
    let body = r#"{"name":"daily","svm":"svm2","cron":{"minutes":[7]}}"#;
    let own = lab.send(Method::Post, SCHEDULES, body).location();
    let record = lab.get(&own);
    assert_eq!((&record["scope"], &record["svm"]["name"]), (&json!("svm"), &json!("svm2")));
    assert!(record.get("cluster").is_none());
    assert_eq!(lab.names(&format!("{SCHEDULES}?svm=svm2")), ["daily"]);
    assert_eq!(lab.names(&format!("{SCHEDULES}?name=daily")).len(), 2);
    let cluster = lab.get("/api/cluster")["name"].as_str().unwrap().to_owned();
    assert_eq!(lab.names(&format!("{SCHEDULES}?name=daily&cluster={cluster}")).len(), 1);

    // A policy of the SVM uses the schedule of the SVM.
    for (svm, expected) in [("svm1", "10 0 * * *"), ("svm2", "7 * * * *")] {
        let body = format!(
            r#"{{"name":"p","svm.name":"{svm}","copies":[{{"schedule":"daily","count":1}}]}}"#
        );
        let body = body.replace(r#""schedule":"daily""#, r#""schedule":{"name":"daily"}"#);
        lab.done(Method::Post, POLICIES, &body);
        let svms = lab.cluster.handle(&nessie_store::Request::new(Method::Get, "/api/svm/svms"));
        assert_eq!(svms.status, 200);
        let record = lab.get(&format!("{POLICIES}?name=p&svm.name={svm}&fields=copies"));
        let schedule = &record["records"][0]["copies"][0]["schedule"];
        let times = lab.get(schedule["_links"]["self"]["href"].as_str().unwrap());
        let minutes = times["cron"]["minutes"][0].to_string();
        assert!(expected.starts_with(&minutes), "{svm}");
    }
    refused(&lab, Method::Delete, &own, "", 409, "459758");
}

#[test]
fn schedules_are_created_and_deleted_in_bulk_and_by_query() {
    let lab = Lab::new();
    let body = r#"{"records":[{"name":"t1","interval":"P1D"},{"name":"t2","interval":"P1W"}]}"#;
    assert_eq!(lab.send(Method::Post, &format!("{SCHEDULES}/"), body).status, 201);
    let all = format!("{SCHEDULES}?name=t*");
    assert_eq!(lab.names(&all), ["t1", "t2"]);
    assert_eq!(lab.send(Method::Patch, &all, r#"{"interval":"PT5M"}"#).status, 200);
    assert_eq!(lab.names(&format!("{SCHEDULES}?interval=PT5M")), ["t1", "t2"]);
    assert_eq!(lab.send(Method::Delete, &all, "").status, 200);
    assert!(lab.names(&all).is_empty());
}

#[test]
fn each_record_of_a_request_finds_what_the_one_before_left() {
    let lab = Lab::new();
    let create = |name: &str| {
        let body = format!(r#"{{"name":"{name}","cron":{{"minutes":[1]}}}}"#);
        lab.send(Method::Post, SCHEDULES, &body);
        let found = lab.get(&format!("{SCHEDULES}?name={name}"));
        found["records"][0]["uuid"].as_str().unwrap().to_owned()
    };
    let (one, two) = (create("one"), create("two"));
    let cron = |name: &str| {
        lab.get(&format!("{SCHEDULES}?name={name}&fields=cron"))["records"][0]["cron"].clone()
    };
    let bulk = |method, query: &str, records: &str| {
        lab.send(method, &format!("{SCHEDULES}?{query}"), &format!(r#"{{"records":[{records}]}}"#))
    };
    let of = |uuid: &str, more: &str| format!(r#"{{"uuid":"{uuid}"{more}}}"#);
    let changes = [
        of(&one, r#","cron":{"minutes":[2],"hours":[3]}"#),
        of(&two, r#","cron":{"minutes":[4]}"#),
        of(&one, r#","cron":{"minutes":[5]}"#),
    ];
    assert_eq!(bulk(Method::Patch, "", &changes.join(",")).status, 200);
    assert_eq!((cron("one"), cron("two")), (json!({"minutes": [5]}), json!({"minutes": [4]})));
    let changes = [
        of(&one, r#","interval":"P1D""#),
        of(&one, r#","cron":{"minutes":[6]}"#),
        of(UNKNOWN, r#","cron":{"minutes":[7]}"#),
        of(&two, r#","cron":{"minutes":[8]}"#),
    ];
    bulk(Method::Patch, "continue_on_failure=true", &changes.join(","));
    assert_eq!((cron("one"), cron("two")), (json!({"minutes": [6]}), json!({"minutes": [8]})));
    let twice = [of(&one, ""), of(&one, ""), of(&two, "")].join(",");
    let reply = bulk(Method::Delete, "", &twice);
    assert_eq!(reply.status, 202, "{}", reply.json);
    assert_eq!(lab.names(&format!("{SCHEDULES}?name=one|two")), ["two"]);
}

#[test]
fn a_change_of_a_schedule_changes_the_policies_that_use_it() {
    let lab = Lab::new();
    let body = r#"{"name":"night","cron":{"minutes":[0],"hours":[3]}}"#;
    let path = lab.send(Method::Post, SCHEDULES, body).location();
    let uuid = path.rsplit('/').next().unwrap();
    let body = format!(r#"{{"name":"p","copies":[{{"schedule.uuid":"{uuid}","count":"3"}}]}}"#);
    lab.done(Method::Post, POLICIES, &body);
    let volume = lab.volume("v1", r#","snapshot_policy.name":"p""#);
    lab.done(Method::Patch, &path, r#"{"cron":{"minutes":[30],"hours":[4]}}"#);
    lab.backend.advance(Duration::from_secs(86_400)).unwrap();
    assert_eq!(lab.names(&format!("{volume}/snapshots")), ["night.2000-01-01_0430"]);
    refused(&lab, Method::Delete, &path, "", 409, "459758");
    refused(&lab, Method::Patch, &path, r#"{"cron":{"minutes":[99]}}"#, 400, "458788");
    let rules = lab.backend.get_snapshot_policy("p").unwrap().rules;
    assert_eq!(rules[0].schedule.to_string(), "30 4 * * *");
}
