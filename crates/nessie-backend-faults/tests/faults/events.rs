//! What a log records.

use std::num::NonZeroUsize;
use std::time::Duration;

use nessie_backend_core::{
    CloneBackend, SnapshotBackend, SnapshotRule, VolumeBackend, VolumePatch, VolumeSpec,
};
use nessie_backend_faults::{Cause, EventLog, Fault, When, mem};

use super::{backend, create, outcome};

fn lines(log: &EventLog) -> Vec<String> {
    let mut text = Vec::new();
    log.write(&mut text).unwrap();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

fn operations(log: &EventLog) -> Vec<&'static str> {
    log.since(0).iter().map(|(_, event)| event.operation.kind.name()).collect()
}

#[test]
fn an_event_has_the_arguments_the_identifiers_and_the_code() {
    let backend = backend();
    let log = backend.events(None);
    let volume = create(&backend, "db");
    assert_eq!(outcome(&backend, "db"), "volume_exists");
    let found = lines(&log);
    assert_eq!(found[0], r#"{"format":"nessie-events","version":1,"events":2}"#);
    let expected = format!(
        r#"{{"seq":0,"time":"2000-01-01T00:00:00Z","operation":"create_volume","arguments":{{"name":"db"}},"result":"{}","error":null,"cause":"call"}}"#,
        volume.uuid
    );
    assert_eq!(found[1], expected);
    assert!(found[2].contains(r#""result":null,"error":"volume_exists""#), "{}", found[2]);
}

#[test]
fn only_changes_and_refusals_are_events() {
    let backend = backend();
    let log = backend.events(None);
    let volume = create(&backend, "db").uuid;
    let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
    let clone = backend.create_clone(volume, snapshot, "c").unwrap().uuid;
    let _ = (backend.list_volumes(), backend.get_volume(volume), backend.find_volume("x"));
    assert_eq!(log.len(), 3);
    backend.patch_volume(clone, VolumePatch::new().size_bytes(5)).unwrap();
    backend.split_clone(clone).unwrap();
    backend.delete_volume(clone).unwrap();
    assert_eq!(backend.get_volume(clone).unwrap_err().code(), "volume_not_found");
    let expected = [
        "create_volume",
        "create_snapshot",
        "create_clone",
        "patch_volume",
        "split_clone",
        "delete_volume",
        "get_volume",
    ];
    assert_eq!(operations(&log), expected);
}

#[test]
fn faults_are_recorded_with_their_side_and_delays_with_their_cause() {
    let backend = backend();
    let log = backend.events(None);
    let fault = |when| {
        let late = Fault::new("create_volume").unwrap().delay(Duration::from_millis(1_500));
        late.error("timeout").unwrap().when(when).times(1)
    };
    let _plan = backend.inject([fault(When::Before), fault(When::After)]);
    assert_eq!(outcome(&backend, "a"), "timeout");
    assert_eq!(outcome(&backend, "b"), "timeout");
    let events = log.since(0);
    let found: Vec<_> = events
        .iter()
        .map(|(_, event)| (event.operation.kind.name(), event.cause, event.fault))
        .collect();
    assert_eq!(
        found,
        [
            ("advance", Cause::Delay, None),
            ("create_volume", Cause::Call, Some(When::Before)),
            ("create_volume", Cause::Call, Some(When::After)),
            ("advance", Cause::Delay, None),
        ]
    );
    assert!(events[1].1.result.is_null() && !events[2].1.result.is_null());
    assert_eq!(events[2].1.error.as_deref(), Some("timeout"));
    assert!(lines(&log)[1].contains(r#""arguments":{"delta":1.5}"#));
}

#[test]
fn an_advance_is_followed_by_what_the_rules_did() {
    let backend = backend();
    let mem = backend.backend().clone();
    let log = backend.events(None);
    let rule = SnapshotRule::new("0 0 * * *".parse().unwrap(), "nightly", 2);
    let policy = nessie_backend_core::SnapshotPolicy::new("p", [rule]);
    backend.policy_backend().unwrap().create_snapshot_policy(policy).unwrap();
    for name in ["on", "off"] {
        backend.create_volume(VolumeSpec::named(name).snapshot_policy("p")).unwrap();
    }
    let off = backend.find_volume("off").unwrap().unwrap().uuid;
    backend
        .patch_volume(off, VolumePatch::new().state(nessie_backend_core::VolumeState::Offline))
        .unwrap();
    let mut left = Duration::from_secs(86_400 * 3 / 2);
    while !left.is_zero() {
        mem::advance(&mem, &mut left, backend.hooks(), Cause::Call).unwrap();
    }
    let names = ["create_snapshot_policy", "create_volume", "create_volume", "patch_volume"];
    assert_eq!(operations(&log)[..4], names);
    assert_eq!(operations(&log)[4..], ["advance", "run_rule", "advance"]);
    let text = &lines(&log)[6];
    for part in [
        r#""policy":"p","prefix":"nightly","due":"2000-01-02T00:00:00Z","name":"nightly.2000-01-02_0000""#,
        r#""snapshot":null,"code":"volume_offline"}"#,
        r#""cause":"policy""#,
    ] {
        assert!(text.contains(part), "{text}");
    }
    mem::reset(&mem, backend.hooks()).unwrap();
    assert_eq!(operations(&log).last(), Some(&"reset"));
}

#[test]
fn changes_of_snapshot_policies_are_recorded() {
    let backend = backend();
    let log = backend.events(None);
    let policy = |prefix: &str| {
        let rule = SnapshotRule::new("0 0 * * *".parse().unwrap(), prefix, 2);
        nessie_backend_core::SnapshotPolicy::new("p", [rule])
    };
    let policies = backend.policy_backend().unwrap();
    policies.create_snapshot_policy(policy("a")).unwrap();
    policies.replace_snapshot_policy(policy("b")).unwrap();
    assert_eq!(policies.list_snapshot_policies().unwrap(), [policy("b")]);
    policies.delete_snapshot_policy("p").unwrap();
    let names = ["create_snapshot_policy", "replace_snapshot_policy", "delete_snapshot_policy"];
    assert_eq!(operations(&log), names);
    assert!(lines(&log)[2].contains(r#""prefix":"b""#), "{:?}", lines(&log));
    let refused = policies.delete_snapshot_policy("p").unwrap_err();
    assert_eq!(refused.code(), "snapshot_policy_not_found");
}

#[test]
fn a_log_with_a_bound_keeps_the_last_events_and_counts_the_others() {
    let backend = backend();
    let log = backend.events(NonZeroUsize::new(3));
    for i in 0..5 {
        create(&backend, &format!("v{i}"));
    }
    assert_eq!((log.len(), log.lost()), (3, 2));
    let numbers: Vec<u64> = log.since(0).iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert_eq!(log.since(4).len(), 1);
    assert!(log.since(5).is_empty() && log.since(u64::MAX).is_empty());
    assert_eq!(log.get(0).unwrap().0, 2);
}

#[test]
fn a_closed_or_dropped_log_records_no_more_and_costs_nothing() {
    let backend = backend();
    let log = backend.events(None);
    let other = backend.events(None);
    create(&backend, "a");
    log.close();
    create(&backend, "b");
    assert_eq!((log.len(), other.len()), (1, 2));
    drop(other);
    create(&backend, "c");
    assert!(!backend.hooks().is_active());
    assert_eq!(log.len(), 1);
}

#[test]
fn a_written_log_is_read_again_and_a_changed_one_is_refused() {
    let backend = backend();
    let log = backend.events(NonZeroUsize::new(4));
    let _plan = backend.inject([Fault::new("*").unwrap().error("timeout").unwrap().after(5)]);
    let volume = create(&backend, "db").uuid;
    backend.create_snapshot(volume, "s").unwrap();
    backend.patch_volume(volume, VolumePatch::new().size_bytes(u64::MAX)).unwrap();
    for _ in 0..3 {
        let _ = outcome(&backend, "db");
    }
    let mut text = Vec::new();
    assert_eq!(log.write(&mut text).unwrap(), 4);
    let read = EventLog::read(text.as_slice()).unwrap();
    assert!(!read.is_open());
    assert_eq!((read.len(), read.lost()), (4, 2));
    let mut again = Vec::new();
    read.write(&mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(text.clone()).unwrap());

    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let refusal = |text: Vec<u8>| EventLog::read(text.as_slice()).unwrap_err().to_string();
    let without = |index: usize| {
        let mut kept = lines.clone();
        kept.remove(index);
        kept.concat()
    };
    assert!(refusal(Vec::new()).contains("is empty"));
    assert!(refusal(without(0)).contains("line 1 is not the first line"));
    assert!(refusal(without(2)).contains("event 4 is in the place of event 3"));
    assert!(refusal(without(4)).contains("3 of 4 events; it was cut or changed"));
    for end in lines[0].len()..text.len() - 1 {
        refusal(text[..end].to_vec());
    }
    let changed = |from: &str, to: &str| {
        refusal(String::from_utf8(text.clone()).unwrap().replacen(from, to, 1).into_bytes())
    };
    assert!(changed("\"version\":1", "\"version\":2").contains("version 2 is unknown"));
    assert!(changed("patch_volume", "paint_volume").contains("\"paint_volume\" is unknown"));
    assert!(changed("\"size_bytes\":", "\"colour\":").contains("no argument \"colour\""));
}

#[test]
fn events_of_many_threads_have_the_order_in_which_they_took_effect() {
    let backend = backend();
    let log = backend.events(None);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let backend = &backend;
            scope.spawn(move || {
                for i in 0..200 {
                    // All threads compete for the same names.
                    let name = format!("v{}", (i + thread) % 7);
                    match backend.find_volume(&name).unwrap() {
                        Some(volume) => drop(backend.delete_volume(volume.uuid)),
                        None => drop(backend.create_volume(VolumeSpec::named(name))),
                    }
                }
            });
        }
    });
    // The log alone says how each call must have ended.
    let mut volumes = std::collections::HashMap::new();
    for (_, event) in log.since(0) {
        let error = event.error.as_deref();
        match event.operation.kind.name() {
            "create_volume" => {
                let name = event.operation.argument("name").unwrap().text().unwrap().to_owned();
                let is_taken = volumes.values().any(|taken| *taken == name);
                assert_eq!(error, is_taken.then_some("volume_exists"));
                if !is_taken {
                    volumes.insert(event.result.uuid().unwrap(), name);
                }
            }
            "delete_volume" => {
                let uuid = event.operation.argument("uuid").unwrap().uuid().unwrap();
                let is_missing = volumes.remove(&uuid).is_none();
                assert_eq!(error, is_missing.then_some("volume_not_found"));
            }
            other => panic!("{other} is not in the test"),
        }
    }
    assert_eq!(volumes.len(), backend.list_volumes().unwrap().len());
}
