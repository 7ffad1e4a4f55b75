//! Faults before and after the operation, delays, and several plans.

use std::time::Duration;

use nessie_backend_core::{SnapshotRule, VolumeBackend, VolumeSpec};
use nessie_backend_faults::{Custom, Fault, Faulty, When};
use nessie_backend_mem::MemBackend;

use super::{backend, create, outcome};

fn fault(operation: &str) -> Fault {
    Fault::new(operation).unwrap()
}

#[test]
fn a_fault_before_the_operation_leaves_everything_as_it_was() {
    let backend = backend();
    let digest = backend.backend().state_digest().unwrap();
    let plan = backend.inject([fault("create_volume").error("no_space").unwrap()]);
    assert_eq!(outcome(&backend, "db"), "no_space");
    assert_eq!(backend.backend().state_digest().unwrap(), digest);
    backend.hooks().remove(&plan);
    assert!(!backend.hooks().is_active());
    let hit = &plan.hits()[0];
    assert_eq!((hit.fault, hit.operation.name()), (0, "create_volume"));
    assert_eq!((hit.name.as_deref(), hit.time), (Some("db"), backend.backend().now()));
    // The identifiers are those of a backend that never had faults.
    assert_eq!(create(&backend, "db").uuid, create(&super::backend(), "db").uuid);
}

#[test]
fn a_fault_after_the_operation_hides_its_success() {
    let backend = backend();
    let lost = fault("create_volume").error("timeout").unwrap().when(When::After).times(1);
    let plan = backend.inject([lost]);
    assert_eq!(outcome(&backend, "db"), "timeout");
    // A call that the backend refuses keeps its own error and does not count.
    assert_eq!(outcome(&backend, "db"), "volume_exists");
    assert_eq!(plan.hits().len(), 1);
    assert_eq!(backend.list_volumes().unwrap().len(), 1);
}

#[test]
fn a_refused_call_counts_for_nothing_after_the_operation() {
    let backend = backend();
    create(&backend, "db");
    let plan = backend.inject([fault("*").error("timeout").unwrap().when(When::After)]);
    assert_eq!(outcome(&backend, "db"), "volume_exists");
    assert!(plan.hits().is_empty());
}

#[test]
fn delays_advance_a_standing_clock_with_its_policies_before_or_after() {
    let backend = backend();
    let hour = Duration::from_secs(3_600);
    let mem = backend.backend().clone();
    let rule = SnapshotRule::new("0 * * * *".parse().unwrap(), "hourly", 6);
    mem.create_snapshot_policy("p", [rule]).unwrap();
    let policy = || VolumeSpec::named("db").snapshot_policy("p");
    let uuid = backend.create_volume(policy()).unwrap().uuid;
    let count = || mem.snapshot_count(uuid).unwrap();
    let late = |when| fault("create_volume").delay(hour).when(when);
    let plan = backend.inject([late(When::Before), late(When::After), late(When::After)]);
    let made = create(&backend, "web");
    assert_eq!(count(), 3);
    assert_eq!(made.create_time.unwrap().to_string(), "2000-01-01T01:00:00Z");
    assert_eq!(mem.now().to_string(), "2000-01-01T03:00:00Z");
    // A call that is refused by a fault is late too.
    backend.hooks().remove(&plan);
    let _plan = backend.inject([late(When::Before).error("timeout").unwrap()]);
    assert_eq!(outcome(&backend, "x"), "timeout");
    assert_eq!(count(), 4);
}

#[test]
fn a_delay_blocks_the_thread_on_the_systems_clock_without_a_lock() {
    let backend = Faulty::with_clock(MemBackend::new(), MemBackend::new());
    let wait = Duration::from_millis(30);
    let _plan = backend.inject([fault("create_volume").name("slow").unwrap().delay(wait)]);
    let begin = std::time::Instant::now();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| create(&backend, "slow"));
        let quick = scope.spawn(|| create(&backend, "quick"));
        quick.join().unwrap();
        slow.join().unwrap();
    });
    assert!(begin.elapsed() >= wait);
    assert_eq!(backend.list_volumes().unwrap().len(), 2);
}

#[test]
fn a_delay_past_the_end_of_time_is_an_error_before_the_operation() {
    let backend = backend();
    let _plan = backend.inject([fault("create_volume").delay(Duration::MAX)]);
    assert_eq!(outcome(&backend, "db"), "invalid_argument");
    assert!(backend.list_volumes().unwrap().is_empty());
}

#[test]
fn plans_apply_in_order_and_the_first_error_ends_them() {
    let backend = backend();
    let second = Duration::from_secs(1);
    let first = backend.inject([
        fault("create_volume").delay(second),
        fault("create_volume").error("timeout").unwrap().times(1),
        fault("create_volume").delay(second),
    ]);
    let last = backend.inject([fault("create_volume").error("substrate").unwrap()]);
    assert_eq!(outcome(&backend, "a"), "timeout");
    let found = |plan: &nessie_backend_faults::FaultPlan| -> Vec<usize> {
        plan.hits().iter().map(|hit| hit.fault).collect()
    };
    assert_eq!((found(&first), found(&last)), (vec![0, 1], vec![]));
    assert_eq!(outcome(&backend, "b"), "substrate");
    assert_eq!((found(&first), found(&last)), (vec![0, 1, 0, 2], vec![0]));
    assert_eq!(backend.backend().now().to_string(), "2000-01-01T00:00:03Z");
}

#[test]
fn an_error_of_the_callers_own_is_named_in_the_error_of_the_backend() {
    let backend = backend();
    let custom = Custom { code: "ConnectionError".into(), error: std::sync::Arc::new(()) };
    let _plan = backend.inject([fault("create_volume").custom_error(custom)]);
    let error = backend.create_volume(VolumeSpec::named("db")).unwrap_err();
    assert_eq!(error.code(), "substrate");
    assert!(error.to_string().contains("ConnectionError"), "{error}");
}
