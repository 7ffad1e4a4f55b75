//! Hooks of a caller's own.

use std::sync::{Arc, Mutex};

use nessie_backend_core::{BackendError, Result, VolumeBackend};
use nessie_backend_faults::{Faulty, Hook, Operation, OperationKind, Outcome};
use nessie_backend_mem::MemBackend;

use super::{backend, create, outcome};

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Hook for Notes {
    fn before(&self, operation: &Operation) -> Result<()> {
        self.0.lock().unwrap().push(format!("before {}", operation.kind));
        Ok(())
    }

    fn after(&self, operation: &Operation, outcome: &Outcome) -> Result<()> {
        let end = match outcome {
            Outcome::Done(_) => "done",
            Outcome::Refused(code) => code,
            Outcome::Failed => "failed",
        };
        self.0.lock().unwrap().push(format!("after {}: {end}", operation.kind));
        Ok(())
    }
}

#[test]
fn a_hook_sees_each_operation_before_and_after_it() {
    let backend = backend();
    let notes = Arc::new(Notes::default());
    let hook: Arc<dyn Hook> = notes.clone();
    backend.hooks().add(Arc::clone(&hook));
    create(&backend, "db");
    outcome(&backend, "db");
    backend.hooks().remove_hook(&hook);
    create(&backend, "web");
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "before create_volume",
            "after create_volume: done",
            "before create_volume",
            "after create_volume: volume_exists",
        ]
    );
}

struct Refuses;

impl Hook for Refuses {
    fn before(&self, operation: &Operation) -> Result<()> {
        match operation.argument("name").and_then(|name| name.text()) {
            Some("before") => Err(BackendError::not_supported("before")),
            _ => Ok(()),
        }
    }

    fn after(&self, operation: &Operation, _: &Outcome) -> Result<()> {
        match operation.argument("name").and_then(|name| name.text()) {
            Some("after") => Err(BackendError::not_supported("after")),
            _ => Ok(()),
        }
    }
}

#[test]
fn the_error_of_a_hook_is_the_error_of_the_call() {
    let backend = backend();
    backend.hooks().add(Arc::new(Refuses));
    for name in ["before", "after"] {
        assert_eq!(outcome(&backend, name), "feature_not_supported");
    }
    let names: Vec<_> = backend.list_volumes().unwrap().into_iter().map(|v| v.name).collect();
    assert_eq!(names, ["after"]);
}

/// Calls the backend through the same hooks.
struct Again(Arc<Faulty<MemBackend>>);

impl Hook for Again {
    fn before(&self, operation: &Operation) -> Result<()> {
        match operation.kind.name() {
            "create_volume" => self.0.list_volumes().map(drop),
            _ => Ok(()),
        }
    }

    fn after(&self, operation: &Operation, _: &Outcome) -> Result<()> {
        match operation.kind.name() {
            "create_volume" => self.0.space().map(drop),
            _ => Ok(()),
        }
    }
}

#[test]
fn one_call_at_a_time_has_the_turn_while_a_log_is_open() {
    let backend = backend();
    let call = || backend.hooks().begin(Operation::new(OperationKind::GetVolume, []));
    let (before, _plan) = (call(), backend.inject([]));
    let (log, other) = (backend.events(None), backend.events(None));
    let (first, second) = (call(), call());
    let turn = first.try_turn();
    assert!(turn.is_some() && second.try_turn().is_none());
    // It began without a log, so nothing records it.
    assert!(before.try_turn().is_some());
    drop(turn);
    assert!(second.try_turn().is_some());
    drop((log, other));
    let (third, fourth) = (call(), call());
    let _turn = third.turn();
    assert!(fourth.try_turn().is_some());
}

#[test]
fn a_hook_may_call_the_backend() {
    let backend = Arc::new(Faulty::new(MemBackend::new()));
    let log = backend.events(None);
    backend.hooks().add(Arc::new(Again(Arc::clone(&backend))));
    create(&*backend, "db");
    assert_eq!(log.len(), 1);
}
