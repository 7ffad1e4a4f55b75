//! Moves of volumes to other aggregates.

use nessie_store::{Aggregate, JobCompletion, Method};
use serde_json::{Value, json};

use crate::support::{GIB, Lab, VOLUMES};

/// A cluster with three aggregates on two nodes, whose jobs complete with the second read.
fn lab() -> Lab {
    Lab::with(|config| {
        config.aggregates.extend(["aggr2", "aggr3"].map(|name| Aggregate::new(name, 1 << 50)));
        config.nodes.push("node2".to_owned());
        config.jobs = JobCompletion::Polls(2);
    })
}

fn volume(lab: &Lab) -> String {
    let body = r#"{"name":"v","svm.name":"svm1","aggregates.name":["aggr1"],"size":"1GB"}"#;
    lab.send(Method::Post, VOLUMES, body).location()
}

/// Sends a change, and returns the path of its job.
fn begin(lab: &Lab, volume: &str, body: &str) -> String {
    let reply = lab.send(Method::Patch, volume, body);
    assert_eq!(reply.status, 202, "{}", reply.json);
    format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap())
}

/// The job's state after it has been read until it is complete.
fn end(lab: &Lab, job: &str) -> Value {
    lab.get(job);
    lab.get(job);
    lab.get(job)["state"].clone()
}

/// The aggregate and the node of a volume, and the state of its move.
fn place(lab: &Lab, volume: &str) -> [Value; 3] {
    let read = lab.get(&format!("{volume}?fields=aggregates,nodes,movement"));
    ["/aggregates/0/name", "/nodes/0/name", "/movement/state"]
        .map(|path| read.pointer(path).cloned().unwrap_or_default())
}

fn code(lab: &Lab, volume: &str, body: &str) -> String {
    let reply = lab.send(Method::Patch, &format!("{volume}?validate_only=true"), body);
    let job =
        format!("/api/cluster/jobs/{}", reply.json["job"]["uuid"].as_str().unwrap_or_default());
    if reply.status != 202 {
        return reply.code().to_owned();
    }
    end(lab, &job);
    lab.get(&job)["error"]["code"].to_string().trim_matches('"').to_owned()
}

const TO_SECOND: &str = r#"{"movement.destination_aggregate.name":"aggr2"}"#;

#[test]
fn a_volume_is_in_its_new_aggregate_when_the_job_of_its_move_has_ended() {
    let lab = lab();
    let volume = volume(&lab);
    assert_eq!(place(&lab, &volume), [json!("aggr1"), json!("node1"), Value::Null]);
    let job = begin(&lab, &volume, TO_SECOND);
    assert_eq!(place(&lab, &volume), ["aggr1", "node1", "replicating"]);
    let read = lab.get(&format!("{volume}?fields=movement"));
    assert_eq!(read["movement"]["percent_complete"], 0);
    assert_eq!(read["movement"]["cutover_window"], 30);
    assert_eq!(end(&lab, &job), "success");
    assert_eq!(place(&lab, &volume), ["aggr2", "node2", "success"]);
    // As a client polls it.
    let target =
        format!("{VOLUMES}?name=v&movement.destination_aggregate.name=aggr2&fields=movement.state");
    assert_eq!(lab.get(&target)["records"][0]["movement"]["state"], "success");
    assert_eq!(lab.get(&format!("{volume}?fields=movement"))["movement"]["percent_complete"], 100);
}

#[test]
fn a_cutover_that_waits_is_triggered() {
    let lab = lab();
    let volume = volume(&lab);
    // The word of OpenStack's driver.
    let body = r#"{"movement.destination_aggregate.name":"aggr2","movement.state":"wait"}"#;
    let job = begin(&lab, &volume, body);
    assert_eq!(end(&lab, &job), "success");
    assert_eq!(place(&lab, &volume), ["aggr1", "node1", "cutover_wait"]);
    assert_eq!(code(&lab, &volume, TO_SECOND), "918266");
    end(&lab, &begin(&lab, &volume, r#"{"movement.state":"cutover"}"#));
    assert_eq!(place(&lab, &volume), ["aggr2", "node2", "success"]);
    assert_eq!(code(&lab, &volume, r#"{"movement.state":"cutover"}"#), "918267");
}

#[test]
fn an_aborted_move_leaves_the_volume_where_it_was() {
    let lab = lab();
    let volume = volume(&lab);
    let job = begin(&lab, &volume, TO_SECOND);
    begin(&lab, &volume, r#"{"movement.state":"paused"}"#);
    assert_eq!(place(&lab, &volume)[2], "paused");
    begin(&lab, &volume, r#"{"movement.state":"replicating"}"#);
    assert_eq!(place(&lab, &volume)[2], "replicating");
    begin(&lab, &volume, r#"{"movement.state":"aborted"}"#);
    assert_eq!(place(&lab, &volume), ["aggr1", "node1", "aborted"]);
    assert_eq!(end(&lab, &job), "failure");
    let job = begin(&lab, &volume, r#"{"movement.destination_aggregate.name":"aggr3"}"#);
    assert_eq!(end(&lab, &job), "success");
    assert_eq!(place(&lab, &volume)[0], "aggr3");
}

#[test]
fn a_wrong_move_is_refused() {
    let lab = lab();
    let volume = volume(&lab);
    for (body, expected) in [
        (r#"{"movement.destination_aggregate.name":"aggr1"}"#, "918265"),
        (r#"{"movement.destination_aggregate.name":"aggr9"}"#, "917508"),
        (r#"{"movement.destination_aggregate.name":"aggr2","movement.state":"paused"}"#, "918266"),
        (
            r#"{"movement.destination_aggregate.name":"aggr2","movement.cutover_window":29}"#,
            "262197",
        ),
        (r#"{"movement.state":"success"}"#, "918786"),
        (r#"{"movement.state":"paused"}"#, "918267"),
        (r#"{"movement.cutover_window":60}"#, "918267"),
    ] {
        assert_eq!(code(&lab, &volume, body), expected, "{body}");
    }
    assert_eq!(place(&lab, &volume)[2], Value::Null);
}

#[test]
fn a_fixed_file_system_keeps_its_size() {
    let lab = Lab::new();
    let volume = lab.volume("v", "");
    let sizes = || {
        let read = lab.get(&format!("{volume}?fields=space.size,space.filesystem_size"));
        [
            read["space"]["size"].as_u64().unwrap(),
            read["space"]["filesystem_size"].as_u64().unwrap(),
        ]
    };
    lab.done(Method::Patch, &volume, r#"{"space.filesystem_size_fixed":true}"#);
    lab.done(Method::Patch, &volume, r#"{"size":"2GB"}"#);
    lab.done(Method::Patch, &volume, r#"{"size":"3GB"}"#);
    assert_eq!(sizes(), [3 * GIB, GIB]);
    lab.done(Method::Patch, &volume, r#"{"space.filesystem_size_fixed":false}"#);
    assert_eq!(sizes(), [3 * GIB, 3 * GIB]);
}
