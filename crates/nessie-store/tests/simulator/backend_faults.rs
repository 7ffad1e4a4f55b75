//! Faults of backends as REST clients see them.

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::{Custom, Fault, When};

use crate::support::{Lab, VOLUMES, new_volume};

#[test]
fn each_code_of_a_backends_fault_has_its_status_and_ontaps_code() {
    let lab = Lab::new();
    let waiting = format!("{VOLUMES}?return_timeout=15");
    for (code, status, ontap) in [
        ("volume_not_found", 404, "4"),
        ("snapshot_not_found", 404, "4"),
        ("volume_exists", 409, "917526"),
        ("snapshot_exists", 409, "525059"),
        ("junction_path_exists", 409, "918252"),
        ("volume_busy", 409, "524615"),
        ("snapshot_busy", 409, "1638555"),
        ("snapshot_locked", 409, "1638555"),
        ("snapshot_policy_not_found", 400, "917551"),
        ("snapshot_policy_exists", 409, "1638527"),
        ("snapshot_policy_busy", 409, "1638415"),
        ("volume_offline", 409, "917775"),
        ("no_space", 500, "917536"),
        ("limit_exceeded", 409, "460770"),
        ("invalid_argument", 400, "2"),
        ("feature_not_supported", 405, "3"),
        ("timeout", 503, "8"),
        ("substrate", 500, "65541"),
    ] {
        let fault = Fault::new("create_volume").unwrap().error(code).unwrap();
        let plan = lab.backend.inject([fault]);
        let reply = lab.send("POST", &waiting, &new_volume("v1"));
        assert_eq!((reply.status, reply.code().as_str()), (status, ontap), "{code}");
        assert!(!reply.message().is_empty());
        // A client that does not wait reads it in the job.
        let reply = lab.send("POST", VOLUMES, &new_volume("v1"));
        assert_eq!(reply.status, 202, "{code}");
        let uuid = reply.json()["job"]["uuid"].as_str().unwrap().to_owned();
        let job = lab.get(&format!("/api/cluster/jobs/{uuid}")).json();
        assert_eq!(job["state"], "failure", "{code}");
        assert_eq!(job["error"]["code"], ontap, "{code}");
        lab.backend.hooks().remove(&plan);
        assert_eq!(plan.hits().len(), 2);
    }
    assert!(lab.backend.list_volumes().unwrap().is_empty());
}

#[test]
fn a_fault_of_a_read_is_the_error_of_the_request() {
    let lab = Lab::new();
    let fault = Fault::new("list_volumes").unwrap().error("substrate").unwrap();
    let _plan = lab.backend.inject([fault.times(1)]);
    let reply = lab.get(VOLUMES);
    assert_eq!((reply.status, reply.code().as_str()), (500, "65541"));
    assert_eq!(lab.get(VOLUMES).status, 200);
}

#[test]
fn a_fault_after_the_operation_leaves_the_volume() {
    let lab = Lab::new();
    let fault = Fault::new("create_volume").unwrap().error("timeout").unwrap().when(When::After);
    let _plan = lab.backend.inject([fault.times(1)]);
    let waiting = format!("{VOLUMES}?return_timeout=15");
    assert_eq!(lab.send("POST", &waiting, &new_volume("v1")).status, 503);
    assert_eq!(lab.send("POST", &waiting, &new_volume("v1")).code(), "917526");
}

#[test]
fn an_error_of_the_callers_own_is_an_internal_error() {
    let lab = Lab::new();
    let custom = Custom { code: "ConnectionError".into(), error: std::sync::Arc::new(()) };
    let _plan = lab.backend.inject([Fault::new("create_volume").unwrap().custom_error(custom)]);
    let reply = lab.send("POST", &format!("{VOLUMES}?return_timeout=15"), &new_volume("v1"));
    assert_eq!((reply.status, reply.code().as_str()), (500, "65541"));
    assert!(reply.message().contains("ConnectionError"), "{}", reply.message());
}
