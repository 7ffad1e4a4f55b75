//! The suite on backends of every kind: correct, hanging, panicking, not cleaning up.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking"
)]

#[path = "../mutants/mutant.rs"]
mod mutant;
mod reports;
mod variants;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mutant::Mutant;
use nessie_backend_conformance::{
    BackendSource, Case, Config, Failure, Feature, MalformedRecord, Outcome, Report, RunEvent,
    Tier, WithClones, WithSnapshots, cases, rules, run, run_all, run_shared,
};
use nessie_backend_core::{
    AccessHandle, BackendError, CloneBackend, Result, SnapshotBackend, Volume, VolumeBackend,
    VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::{MemBackend, NewData};

fn quick() -> Config {
    Config::default().sequences(6).rounds(8).objects(40)
}

fn outcome<'a>(report: &'a Report, name: &str) -> &'a Outcome {
    &report.cases.iter().find(|case| case.name == name).unwrap().outcome
}

fn only_failure(report: &Report) -> &Failure {
    report.failures().next().unwrap_or_else(|| panic!("nothing failed:\n{report}"))
}

fn shared(source: &BackendSource, config: &Config) -> Report {
    run_shared(source, config, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn the_reference_passes_as_value_reference_and_shared_pointer() {
    let backend = MemBackend::new();
    run_all(&backend);
    assert!(run(&backend, &quick()).counts().passed > 100);
    let by_reference: &dyn VolumeBackend = &&backend;
    assert!(run(by_reference, &quick()).is_success());
    assert!(run(&WithClones(&backend), &quick()).is_success());
    assert!(run(&WithSnapshots(&backend), &quick()).is_success());
    let pointer: Arc<dyn VolumeBackend> = Arc::new(backend);
    assert!(run(&pointer, &quick()).is_success());
    assert!(shared(&BackendSource::One(pointer), &quick()).is_success());
    let factory = || Ok(Arc::new(MemBackend::builder().seed(1).build()?) as Arc<dyn VolumeBackend>);
    assert!(shared(&BackendSource::Each(Arc::new(factory)), &quick()).is_success());
}

#[test]
fn a_backend_with_other_objects_passes_and_keeps_them() {
    let backend = MemBackend::new();
    let mut volumes = Vec::new();
    // Some names begin like the default names of the suite.
    for name in ["conf0-0-a", "conf1", "q", "_", "7", "Q", "a", "b"] {
        volumes.push(backend.create_volume(VolumeSpec::named(name)).unwrap());
    }
    let snapshot = backend.create_snapshot(volumes[0].uuid, "s").unwrap();
    let clone = backend.create_clone(volumes[0].uuid, snapshot.uuid, "clone").unwrap();
    backend.patch_volume(clone.uuid, VolumePatch::new().junction_path("/a")).unwrap();
    let before = (backend.list_volumes().unwrap(), backend.tree());
    let report = run(&backend, &quick());
    assert!(report.is_success(), "{report}");
    assert_eq!((backend.list_volumes().unwrap(), backend.tree()), before);
}

#[test]
fn a_backend_with_data_passes_and_keeps_it() {
    let backend = MemBackend::builder().capacity_bytes(1_000).build().unwrap();
    let spec = |name: &str| VolumeSpec::named(name).size_bytes(600);
    let volume = backend.create_volume(spec("data")).unwrap().uuid;
    backend.write(volume, 500).unwrap();
    let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
    backend.write(volume, NewData::new(200).overwriting(200)).unwrap();
    let clone = backend.create_clone(volume, snapshot, "clone").unwrap().uuid;
    backend.write(clone, 100).unwrap();
    let emptied = backend.create_volume(spec("emptied")).unwrap().uuid;
    backend.write(emptied, 1).unwrap();
    backend.discard(emptied, 1).unwrap();
    // The pool is full.
    backend.write(emptied, 200).unwrap();
    assert_eq!(backend.space().unwrap().available_bytes, Some(0));
    let before = (backend.list_volumes().unwrap(), backend.tree(), backend.space().unwrap());
    let report = run(&backend, &quick().expect(Feature::ALL));
    assert!(report.is_success(), "{report}");
    let after = (backend.list_volumes().unwrap(), backend.tree(), backend.space().unwrap());
    assert_eq!(after, before);
}

#[test]
fn a_failing_run_is_cleaned_up_too() {
    let backend = Mutant {
        patch_volume: Some(Box::new(|b, uuid, _| b.patch_volume(uuid, VolumePatch::new()))),
        ..Mutant::default()
    };
    assert!(!run(&backend, &quick()).is_success());
    assert_eq!(backend.mem.counts().volumes, 0, "{}", backend.mem.tree());
}

#[test]
fn a_clean_up_that_fails_is_a_failure() {
    let deletions = AtomicUsize::new(0);
    let backend = Mutant {
        delete_volume: Some(Box::new(move |b, uuid| {
            if deletions.fetch_add(1, Ordering::SeqCst) > 0 {
                return Err(BackendError::substrate("delete_volume", "out of order"));
            }
            b.delete_volume(uuid)
        })),
        ..Mutant::default()
    };
    let report = run(&backend, &Config::default().only("create_volume.makes_a_volume"));
    let failure = only_failure(&report);
    assert!(failure.message.contains("while cleaning up"), "{report}");
    assert!(failure.message.contains("out of order"), "{report}");
}

#[test]
fn a_change_of_a_foreign_object_is_a_failure() {
    let mem = MemBackend::new();
    let other = mem.create_volume(VolumeSpec::named("others")).unwrap();
    // The probe before the run changes it too, so each creation sets another size.
    let backend = Mutant {
        create_volume: Some(Box::new(move |b, spec| {
            let size = b.get_volume(other.uuid)?.size_bytes.unwrap_or(0) + 1;
            b.patch_volume(other.uuid, VolumePatch::new().size_bytes(size))?;
            b.create_volume(spec)
        })),
        mem: Arc::new(mem),
        ..Mutant::default()
    };
    let config = Config::default().only("create_volume.makes_a_volume");
    let report = run(&backend, &config);
    assert!(only_failure(&report).message.contains("others"), "{report}");
}

#[test]
fn a_panic_is_a_failure_of_its_case_alone() {
    std::panic::set_hook(Box::new(|_| {}));
    let backend = Mutant {
        access_handle: Some(Box::new(|_, _| panic!("no handle for {}", "you"))),
        ..Mutant::default()
    };
    let report = run(&backend, &Config::default().only("access.*").only("create_volume.*"));
    let _ = std::panic::take_hook();
    let failure = only_failure(&report);
    assert_eq!(failure.rules[0], "4.no_panic");
    assert!(failure.message.contains("no handle for you"), "{failure}");
    assert!(failure.trace.as_rust().contains("access_handle"), "{failure}");
    assert!(outcome(&report, "create_volume.makes_a_volume").is_success());
    assert_eq!(backend.mem.counts().volumes, 0);
}

/// Hangs in every call of `find_volume`, for longer than a test waits.
fn hanging() -> Mutant {
    Mutant {
        find_volume: Some(Box::new(|_, _| {
            std::thread::sleep(Duration::from_secs(3600));
            Ok(None)
        })),
        ..Mutant::default()
    }
}

#[test]
fn a_shared_backend_that_hangs_is_abandoned_and_the_rest_is_skipped() {
    let config = Config::default()
        .time_limit(Duration::from_millis(100))
        .only("create_volume.*")
        .only("capabilities.are_consistent");
    let report = shared(&BackendSource::One(Arc::new(hanging())), &config);
    assert!(outcome(&report, "capabilities.are_consistent").is_success());
    let Outcome::TimedOut { trace, .. } = outcome(&report, "create_volume.makes_a_volume") else {
        panic!("{report}")
    };
    assert!(trace.as_rust().lines().last().unwrap().contains("find_volume"), "{report}");
    let rest = outcome(&report, "create_volume.refuses_a_taken_name");
    assert!(
        matches!(rest, Outcome::Skipped { reason } if reason.contains("makes_a_volume")),
        "{report}"
    );
    assert!(!report.is_success());
    assert!(report.to_string().contains("TIMED OUT create_volume.makes_a_volume"));
}

#[test]
fn with_a_factory_only_the_hanging_case_is_abandoned() {
    let config = Config::default()
        .time_limit(Duration::from_millis(100))
        .only("create_volume.keeps_sizes_exactly")
        .only("capabilities.*");
    let factory = || Ok(Arc::new(hanging()) as Arc<dyn VolumeBackend>);
    let report = shared(&BackendSource::Each(Arc::new(factory)), &config);
    // The cases that create a volume time out, each on its own backend.
    assert_eq!((report.counts().timed_out, report.counts().passed), (2, 4), "{report}");
}

#[test]
fn a_factory_that_fails_is_a_failure() {
    let factory = || Err(BackendError::substrate("connect", "connection refused"));
    let report = shared(&BackendSource::Each(Arc::new(factory)), &quick());
    assert!(only_failure(&report).message.contains("connection refused"), "{report}");
    assert_eq!(report.counts().failed, 1);
    assert_eq!(report.cases.len(), cases().len());
}

#[test]
fn an_observer_sees_every_case_and_can_end_the_run() {
    let source = BackendSource::One(Arc::new(MemBackend::new()));
    let config = quick().only("create_volume.*");
    let (mut started, mut finished) = (Vec::new(), Vec::new());
    let report = run_shared(&source, &config, &mut |event| {
        match event {
            RunEvent::Started { case, index, total } => {
                assert_eq!((index, total > index), (started.len(), true));
                started.push(case.name());
            }
            RunEvent::Finished(case) => finished.push(case.name),
            _ => {}
        }
        if finished.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(started, finished);
    assert_eq!(report.counts().passed, 2);
    assert_eq!(report.counts().interrupted, report.cases.len() - 2);
    assert!(!report.is_success());
}

#[test]
fn garbage_from_an_adapter_is_reported_as_breaking_the_rule_about_records() {
    let garbage = || {
        let record = MalformedRecord::new("{'uuid': 7} has no name");
        BackendError::substrate("get_volume", record)
    };
    let backend = Mutant {
        get_volume: Some(Box::new(move |_, _| Err(garbage()))),
        get_snapshot: Some(Box::new(move |_, _, _| Err(garbage()))),
        ..Mutant::default()
    };
    let report = run(&backend, &Config::default().only("create_volume.makes_a_volume"));
    let failure = only_failure(&report);
    assert_eq!(failure.rules[0], "1.volume");
    assert!(failure.message.contains("{'uuid': 7} has no name"), "{failure}");
}

/// A fault that three calls show: a mounted volume is unmounted when it is set offline.
fn unmounts_what_goes_offline() -> Mutant {
    Mutant {
        patch_volume: Some(Box::new(|b, uuid, patch| {
            let is_offline = patch.state == Some(nessie_backend_core::VolumeState::Offline);
            let volume = b.patch_volume(uuid, patch)?;
            if is_offline && volume.junction_path.is_some() {
                b.patch_volume(uuid, VolumePatch::new().junction_path(""))?;
            }
            Ok(volume)
        })),
        ..Mutant::default()
    }
}

#[test]
fn a_failing_sequence_is_shrunk_to_the_shortest() {
    for seed in 0..5 {
        let config = Config::default().seed(seed).only("model.agrees_on_volumes");
        let report = run(&unmounts_what_goes_offline(), &config);
        let failure = only_failure(&report);
        let rust = failure.trace.as_rust();
        let calls: Vec<&str> = rust.lines().skip(1).collect();
        assert_eq!(calls.len(), 3, "seed {seed}:\n{rust}");
        assert!(calls[0].starts_with("let vol1 = b.create_volume(VolumeSpec::named("), "{rust}");
        assert!(calls[1].starts_with("b.patch_volume(vol1.uuid"), "{rust}");
        assert_eq!(calls[2], r#"println!("{:?}", b.list_volumes().unwrap());"#);
        assert!(rust.contains(".state(VolumeState::Offline)"), "seed {seed}:\n{rust}");
        let python = failure.trace.as_python();
        assert!(python.contains("b.patch_volume(vol1[\"uuid\"], "), "{python}");
        assert_eq!(failure.rules, ["3.patch_volume"], "{failure}");
    }
}

#[test]
fn the_calls_of_a_failing_case_are_minimal() {
    let config = Config::default().only("isolation.offline_volumes_keep_everything");
    let report = run(&unmounts_what_goes_offline(), &config);
    let failure = only_failure(&report);
    let python = failure.trace.as_python();
    let calls: Vec<&str> = python.lines().collect();
    assert_eq!(calls.len(), 3, "{python}");
    assert!(calls[0].starts_with("vol1 = b.create_volume("), "{python}");
    assert!(calls[1].contains("junction_path="), "{python}");
    assert!(calls[1].contains("state=\"offline\""), "{python}");
    assert_eq!(calls[2], "print(b.list_volumes())");
    assert_eq!(failure.rules, ["3.patch_volume", "3.offline_keeps"]);
}

#[test]
fn a_seed_gives_the_same_calls_and_the_same_failure() {
    let calls = |seed| {
        let backend = unmounts_what_goes_offline();
        let config = Config::default().seed(seed).only("model.agrees_on_clones");
        let report = run(&backend, &config);
        only_failure(&report).trace.as_python()
    };
    assert_eq!(calls(3), calls(3));
}

#[test]
fn every_correct_variant_passes() {
    for (name, backend, least) in variants::all() {
        let report = run(&*backend, &quick());
        assert!(report.is_success(), "{name} is rejected\n{report}");
        assert!(report.counts().passed >= least, "{name}: {}", report.counts());
        let left = backend.list_volumes().unwrap();
        assert!(left.is_empty(), "{name} is left with {left:?}");
    }
}

#[test]
fn missing_optional_operations_are_skipped_by_name() {
    let report = run(&variants::without_options(), &quick());
    assert!(report.is_success(), "{report}");
    let skipped = outcome(&report, "restore.drops_newer_snapshots");
    assert!(
        matches!(skipped, Outcome::Skipped { reason } if reason.contains("restore_snapshot")),
        "{report}"
    );
    assert!(report.to_string().contains("patch_volume of name answers feature_not_supported"));
}

/// A backend in a wrapper that forwards the methods without a default body and forgets the others.
struct Forgetful(MemBackend);

impl VolumeBackend for Forgetful {
    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.0.create_volume(spec)
    }
    fn list_volumes(&self) -> Result<Vec<Volume>> {
        self.0.list_volumes()
    }
    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.0.get_volume(uuid)
    }
    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        self.0.patch_volume(uuid, patch)
    }
    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.0.delete_volume(uuid)
    }
    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        self.0.access_handle(uuid)
    }
}

#[test]
fn an_expected_feature_that_is_missing_is_a_failure() {
    let forgetful = Forgetful(MemBackend::new());
    let config = quick().only("clones.*").only("snapshots.*").only("create_volume.*");
    let skipped = run(&forgetful, &config);
    assert!(skipped.is_success() && skipped.counts().skipped > 20, "{skipped}");

    let report = run(&forgetful, &config.clone().expect([Feature::Snapshots]));
    assert_eq!(report.counts().failed, skipped.counts().skipped, "{report}");
    let failure = only_failure(&report);
    assert!(failure.rules.is_empty());
    let message = "snapshots must be supported, and the backend does not advertise snapshots";
    assert_eq!(failure.message, message);

    // The tier of clones includes the tier of snapshots.
    let report = run(&forgetful, &config.clone().expect([Feature::Clones]));
    assert_eq!(report.counts().failed, skipped.counts().skipped, "{report}");

    let has_all = run(&MemBackend::new(), &config.expect(Feature::ALL));
    assert!(has_all.is_success() && has_all.counts().skipped == 0, "{has_all}");
}

#[test]
fn every_feature_can_be_expected() {
    for feature in Feature::ALL {
        let backend: Box<dyn VolumeBackend> = match feature {
            Feature::Snapshots | Feature::Clones => Box::new(Forgetful(MemBackend::new())),
            _ => Box::new(variants::without_options()),
        };
        let needs_it = |case: &&Case| match feature {
            Feature::Snapshots | Feature::Clones => case.tier() == feature.tier(),
            _ => case.needs().contains(feature),
        };
        let needing = cases().iter().filter(needs_it).map(Case::name);
        let config = needing.fold(quick(), Config::only).expect([feature]);
        let report = run(&*backend, &config);
        assert!(!report.cases.is_empty(), "no case needs {feature}");
        assert_eq!(report.counts().failed, report.cases.len(), "{report}");
    }
}

#[test]
fn an_expected_operation_that_is_missing_is_a_failure_of_its_cases() {
    let config = quick().only("restore.*").only("split.*").expect([Feature::RestoreSnapshot]);
    let report = run(&variants::without_options(), &config);
    for case in cases().iter().filter(|case| case.name().starts_with("restore.")) {
        let Outcome::Failed(failure) = outcome(&report, case.name()) else { panic!("{report}") };
        let message = "restore_snapshot must be supported, and restore_snapshot answers feature_not_supported";
        assert_eq!(failure.message, message);
    }
    assert!(report.counts().skipped > 0, "{report}");
}

#[test]
fn the_calls_of_a_fault_that_only_a_tier_object_has_name_the_object() {
    let mem = Arc::<MemBackend>::default();
    let object = Mutant {
        mem: Arc::clone(&mem),
        delete_volume: Some(Box::new(|_, _| Ok(()))),
        ..Mutant::default()
    };
    let backend = Mutant { mem, clone_tier: Some(Box::new(object)), ..Mutant::default() };
    let report = run(&backend, &Config::default().only("tiers.have_the_operations_on_volumes"));
    let rust = only_failure(&report).trace.as_rust();
    assert!(rust.contains("b.clone_backend().unwrap().delete_volume(vol1.uuid)"), "{rust}");
    assert!(rust.lines().count() <= 4, "{rust}");
}

#[test]
fn a_case_has_a_unique_name_existing_rules_and_a_summary() {
    for (at, case) in cases().iter().enumerate() {
        let name = case.name();
        assert!(cases()[..at].iter().all(|other| other.name() != name), "{name} twice");
        assert_eq!(case.rules().count(), case.rule_ids().len(), "{name} has an unknown rule");
        assert!(!case.rule_ids().is_empty(), "{name} has no rule");
        assert!(case.summary().ends_with('.'), "{name}: {}", case.summary());
        assert_eq!(case.summary().trim(), case.summary(), "{name}");
    }
    assert!(cases().iter().filter(|case| case.tier() == Tier::Volumes).count() > 60);
}

#[test]
fn every_rule_has_a_case() {
    for rule in rules() {
        let checks_it = |case: &Case| case.rule_ids().contains(&rule.id);
        assert!(rule.cases().next().is_some(), "no case checks {}", rule.id);
        assert!(rule.cases().all(checks_it), "{}", rule.id);
    }
}

/// To write the file again, run this test with `REWRITE_TABLE=1`.
#[test]
fn the_documentation_lists_every_rule() {
    use std::fmt::Write as _;
    let mut table = String::new();
    let mut section = "";
    for rule in rules() {
        if rule.section != section {
            section = rule.section;
            let _ =
                write!(table, "\n## {section}\n\n| rule | what a backend promises |\n|---|---|\n");
        }
        let is_code = |word: &&str| word.contains('_') && !word.contains('`');
        let quoted = |word: &str| match word.trim_end_matches([',', '.', ';']) {
            name if is_code(&name) => word.replace(name, &format!("`{name}`")),
            _ => word.to_owned(),
        };
        let text: Vec<String> = rule.text.split(' ').map(quoted).collect();
        let _ = writeln!(table, "| `{}` | {} |", rule.id, text.join(" "));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules.md");
    if std::env::var_os("REWRITE_TABLE").is_some() {
        std::fs::write(path, table.trim_start()).unwrap();
        return;
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), table.trim_start(), "{table}");
}

/// A backend in which two concurrent deletions of a volume can both succeed.
fn deletes_twice() -> Mutant {
    Mutant {
        delete_volume: Some(Box::new(|b, uuid| {
            b.get_volume(uuid)?;
            std::thread::sleep(Duration::from_micros(500));
            match b.delete_volume(uuid) {
                Err(BackendError::VolumeNotFound { .. }) => Ok(()),
                result => result,
            }
        })),
        ..Mutant::default()
    }
}

#[test]
fn the_calls_of_a_race_are_those_of_its_round_and_of_each_thread() {
    let config = Config::default().threads(2).only("concurrency.deletes_a_volume_once");
    let report = run(&deletes_twice(), &config);
    let failure = only_failure(&report);
    assert_eq!(failure.rules[0], "3.linearizable");
    let both = "thread 1: delete_volume -> nothing\n  thread 2: delete_volume -> nothing\n";
    assert!(failure.message.contains(both), "{failure}");
    let python = failure.trace.as_python();
    let lines: Vec<&str> = python.lines().collect();
    assert!(lines[0].starts_with("vol1 = b.create_volume("), "{python}");
    let delete = "b.delete_volume(vol1[\"uuid\"])";
    assert_eq!(
        lines[1..],
        ["# at the same time, in thread 1:", delete, "# at the same time, in thread 2:", delete]
    );
}

#[test]
fn a_race_that_hangs_shows_its_calls() {
    let config = Config::default()
        .time_limit(Duration::from_millis(100))
        .only("concurrency.finds_the_owner_of_a_name");
    let report = shared(&BackendSource::One(Arc::new(hanging())), &config);
    let found = outcome(&report, "concurrency.finds_the_owner_of_a_name");
    let Outcome::TimedOut { trace, .. } = found else { panic!("{report}") };
    assert!(trace.as_rust().contains("in thread 2:\nb.find_volume("), "{report}");
}

/// A backend that needs ten milliseconds for each list of volumes.
fn slow() -> Mutant {
    Mutant {
        list_volumes: Some(Box::new(|b| {
            std::thread::sleep(Duration::from_millis(10));
            b.list_volumes()
        })),
        ..Mutant::default()
    }
}

#[test]
fn a_case_that_half_of_the_time_limit_cuts_short_says_so() {
    let config = Config::default()
        .steps(1)
        .time_limit(Duration::from_secs(2))
        .only("model.agrees_on_volumes");
    let report = run(&slow(), &config);
    let Outcome::CutShort { reason } = outcome(&report, "model.agrees_on_volumes") else {
        panic!("{report}")
    };
    assert!(reason.contains(" of 60 sequences: half of the time limit of 2s"), "{reason}");
    assert!(report.is_success());
    assert_eq!((report.counts().passed, report.counts().cut_short), (0, 1));
    let text = report.to_string();
    assert!(text.contains("cut short model.agrees_on_volumes: "), "{text}");
    assert!(text.contains("0 passed, 1 cut short in"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["cases"][0]["outcome"], "cut_short");
    assert_eq!(json["cases"][0]["reason"], **reason);
}

#[test]
fn a_backend_that_is_too_slow_for_ten_sequences_times_out() {
    let config =
        Config::default().time_limit(Duration::from_millis(300)).only("model.agrees_on_volumes");
    let report = run(&slow(), &config);
    assert_eq!(report.counts().timed_out, 1, "{report}");
}

#[test]
fn a_report_serialises_with_every_key() {
    let report = run(&unmounts_what_goes_offline(), &quick().only("patch_volume.*"));
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["success"], false);
    assert_eq!(json["seed"], 0);
    assert_eq!(json["counts"]["failed"], report.counts().failed);
    let failed = json["cases"].as_array().unwrap().iter().find(|it| it["outcome"] == "failed");
    let failure = &failed.unwrap()["failure"];
    assert!(failure["rules"].as_array().unwrap().iter().any(|rule| rule == "3.patch_volume"));
    assert!(failure["trace"]["python"].as_str().unwrap().contains("b.patch_volume("));
}

#[test]
fn a_report_fits_80_columns_but_for_code() {
    let report = run(&unmounts_what_goes_offline(), &quick());
    for line in report.to_string().lines().filter(|line| !line.starts_with("    ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
