//! Jobs that fail or do not end although their change has succeeded.

use nessie_backend_core::VolumeBackend;
use nessie_store::{HttpFault, JobFault};
use serde_json::Value;

use crate::support::{Lab, VOLUMES, new_volume};

fn of_creations(fault: JobFault) -> HttpFault {
    HttpFault::new().method("POST").unwrap().path("/api/storage/*").unwrap().job(fault).unwrap()
}

/// Sends a request that is answered with a job, and returns the job's path.
fn job(lab: &Lab, method: &str, target: &str, body: &str) -> String {
    let reply = lab.send(method, target, body);
    assert_eq!(reply.status, 202, "{reply:?}");
    let json = reply.json();
    let uuid = json["job"]["uuid"].as_str().or_else(|| json["jobs"][0]["uuid"].as_str());
    format!("/api/cluster/jobs/{}", uuid.unwrap())
}

fn state(lab: &Lab, job: &str) -> Value {
    lab.get(job).json()["state"].clone()
}

#[test]
fn a_job_fails_after_its_change_has_succeeded() {
    let lab = Lab::new();
    let plan = lab.cluster.inject([of_creations(JobFault::Failure).times(2)]);
    // A request that is refused by itself does not count.
    let refused = lab.send("POST", &format!("{VOLUMES}?return_timeout=1"), "{}");
    assert_eq!((refused.status, plan.hits().len()), (400, 0));
    let failed = job(&lab, "POST", VOLUMES, &new_volume("v1"));
    let record = lab.get(&failed).json();
    assert_eq!(record["state"], "failure");
    assert_eq!(record["error"]["code"], "65541");
    assert!(lab.backend.find_volume("v1").unwrap().is_some());
    // A client that waits for the result gets the job too.
    let failed = job(&lab, "POST", &format!("{VOLUMES}?return_timeout=15"), &new_volume("v2"));
    assert_eq!(state(&lab, &failed), "failure");
    let done = job(&lab, "POST", VOLUMES, &new_volume("v3"));
    assert_eq!(state(&lab, &done), "success");
    let paths: Vec<_> = plan.hits().into_iter().map(|hit| hit.path).collect();
    assert_eq!(paths, [VOLUMES, VOLUMES]);
}

#[test]
fn a_job_runs_until_the_faults_are_removed() {
    let lab = Lab::new();
    let plan = lab.cluster.inject([of_creations(JobFault::Running).times(1)]);
    let held = job(&lab, "POST", VOLUMES, &new_volume("v1"));
    assert_eq!(state(&lab, &held), "queued");
    for _ in 0..3 {
        assert_eq!(state(&lab, &held), "running");
    }
    let done = job(&lab, "POST", VOLUMES, &new_volume("v2"));
    assert_eq!(state(&lab, &done), "success");
    let list = lab.get("/api/cluster/jobs?fields=state").json();
    assert_eq!(list["records"][0]["state"], "running");
    lab.cluster.remove(&plan);
    assert_eq!(state(&lab, &held), "success");
    assert_eq!(plan.hits().len(), 1);
}

#[test]
fn each_job_of_a_request_for_several_objects_is_hit() {
    let lab = Lab::new();
    for name in ["v1", "v2"] {
        job(&lab, "POST", VOLUMES, &new_volume(name));
    }
    let fault = HttpFault::new().method("PATCH").unwrap().job(JobFault::Failure).unwrap();
    let plan = lab.cluster.inject([fault]);
    let reply = lab.send("PATCH", &format!("{VOLUMES}?name=v*"), r#"{"comment":"x"}"#).json();
    let jobs = reply["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    for one in jobs {
        let path = format!("/api/cluster/jobs/{}", one["uuid"].as_str().unwrap());
        assert_eq!(state(&lab, &path), "failure");
    }
    assert_eq!(plan.hits().len(), 1);
    let comments = lab.get(&format!("{VOLUMES}?comment=x")).json();
    assert_eq!(comments["num_records"], 2);
}
