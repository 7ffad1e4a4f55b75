//! Which of the calls that match a fault hits.

use nessie_backend_core::{SnapshotBackend, VolumeBackend, VolumePatch};
use nessie_backend_faults::Fault;

use super::{backend, create, outcome};

/// The positions of the calls that are hit, of so many.
fn hits(fault: Fault, calls: usize) -> Vec<usize> {
    let backend = backend();
    let _plan = backend.inject([fault]);
    (0..calls).filter(|i| outcome(&backend, &format!("v{i}")) != "ok").collect()
}

fn timeout() -> Fault {
    Fault::new("create_volume").unwrap().error("timeout").unwrap()
}

#[test]
fn the_first_calls_pass_and_then_each_nth_is_hit_so_many_times() {
    assert_eq!(hits(timeout(), 4), [0, 1, 2, 3]);
    assert_eq!(hits(timeout().after(2), 4), [2, 3]);
    assert_eq!(hits(timeout().times(2), 4), [0, 1]);
    assert_eq!(hits(timeout().times(0), 4), [0; 0]);
    assert_eq!(hits(timeout().every(3).unwrap(), 9), [2, 5, 8]);
    assert_eq!(hits(timeout().after(1).every(2).unwrap().times(2), 9), [2, 4]);
    assert_eq!(hits(timeout().after(u64::MAX), 4), [0; 0]);
}

#[test]
fn a_probability_has_the_same_hits_for_the_same_seed() {
    let half = || timeout().probability(0.5).unwrap();
    let found = hits(half(), 400);
    assert_eq!(found, hits(half(), 400));
    assert!((150..250).contains(&found.len()), "{}", found.len());
    assert_eq!(hits(timeout().probability(0.0).unwrap(), 50), [0; 0]);
    assert_eq!(hits(timeout().probability(1.0).unwrap(), 50).len(), 50);
    assert_eq!(hits(half().times(3), 400), found[..3]);
}

#[test]
fn faults_of_one_plan_draw_their_own_numbers() {
    let backend = backend();
    let half = |operation: &str| {
        Fault::new(operation).unwrap().error("timeout").unwrap().probability(0.5).unwrap()
    };
    let plan = backend.inject([half("create_volume"), half("find_volume")]);
    for i in 0..64 {
        let name = format!("v{i}");
        let _ = (outcome(&backend, &name), backend.find_volume(&name));
    }
    let of = |fault| plan.hits().iter().filter(|hit| hit.fault == fault).count();
    let names = |fault| -> Vec<_> {
        let hits = plan.hits().into_iter().filter(|hit| hit.fault == fault);
        hits.map(|hit| hit.name.unwrap()).collect()
    };
    assert!(of(0) > 10 && of(1) > 10);
    assert_ne!(names(0), names(1));
}

#[test]
fn a_pattern_finds_a_call_by_each_name_and_identifier_of_its_objects() {
    let backend = backend();
    let volume = create(&backend, "db-1");
    let other = create(&backend, "web");
    let snapshot = backend.create_snapshot(volume.uuid, "nightly").unwrap();
    let is_hit = |pattern: &str, call: &dyn Fn() -> nessie_backend_core::Result<()>| {
        let fault = Fault::new("*").unwrap().name(pattern).unwrap().error("timeout").unwrap();
        let plan = backend.inject([fault]);
        let code = call().map_err(|error| error.code());
        backend.hooks().remove(&plan);
        assert_eq!(code == Err("timeout"), plan.hits().len() == 1);
        code == Err("timeout")
    };
    let get = || backend.get_volume(volume.uuid).map(drop);
    assert!(is_hit("db-1", &get));
    assert!(is_hit("db-?", &get));
    assert!(is_hit(&volume.uuid.to_string(), &get));
    assert!(!is_hit("DB-1", &get));
    assert!(!is_hit("web", &get));
    let of_snapshot = || backend.get_snapshot(volume.uuid, snapshot.uuid).map(drop);
    assert!(is_hit("night*", &of_snapshot));
    assert!(is_hit("db*", &of_snapshot));
    assert!(is_hit(&snapshot.uuid.to_string(), &of_snapshot));
    let rename = || backend.patch_volume(other.uuid, VolumePatch::new().name("new")).map(drop);
    assert!(is_hit("new", &rename));
    assert!(is_hit("web", &rename));
    let list = || backend.list_volumes().map(drop);
    assert!(!is_hit("db*", &list));
    assert!(is_hit("*", &list));
}

#[test]
fn faults_that_no_call_matched_are_unused() {
    let backend = backend();
    let fault = |operation: &str, name: &str| Fault::new(operation).unwrap().name(name).unwrap();
    let plan = backend.inject([
        fault("create_volume", "a"),
        fault("create_volume", "b").after(100),
        fault("create_volume", "c"),
        fault("delete_*", "*"),
    ]);
    create(&backend, "a");
    create(&backend, "b");
    assert_eq!(plan.unused(), [2, 3]);
}

#[test]
fn values_that_break_a_rule_are_refused_with_their_name() {
    let target = |result: nessie_backend_core::Result<Fault>| {
        let error = result.unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
        error.target().unwrap().into_owned()
    };
    let fault = || Fault::new("*").unwrap();
    for operation in ["", "create_volum", "now", "advance", "run_rule", "create_snapshot_policy"] {
        assert_eq!(target(Fault::new(operation)), "operation", "{operation}");
    }
    assert_eq!(target(fault().name("")), "name");
    assert_eq!(target(fault().error("Timeout")), "error");
    assert_eq!(target(fault().every(0)), "every");
    for probability in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(target(fault().probability(probability)), "probability");
    }
}
