//! What a report says: the rule, the calls, and the cases that fail for the same reason.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nessie_backend_conformance::{BackendSource, Config, run};
use nessie_backend_core::{
    BackendError, CloneBackend, VolumeBackend, VolumeId, VolumePatch, VolumeState, VolumeType,
};

use super::mutant::Mutant;
use super::{only_failure, quick, shared};

fn each(make: fn() -> Mutant) -> BackendSource {
    BackendSource::Each(Arc::new(move || Ok(Arc::new(make()) as Arc<dyn VolumeBackend>)))
}

/// Keeps the path of a volume that was unmounted.
fn keeps_paths() -> Mutant {
    let left: Mutex<HashSet<String>> = Mutex::default();
    Mutant {
        patch_volume: Some(Box::new(move |b, uuid, given: VolumePatch| {
            let before = b.get_volume(uuid)?.junction_path;
            let mut left = left.lock().unwrap();
            if let Some(path) = given.junction_path.clone()
                && before.as_ref() != Some(&path)
                && left.contains(&path)
            {
                return Err(BackendError::JunctionPathExists { path });
            }
            let volume = b.patch_volume(uuid, given)?;
            if volume.junction_path != before {
                left.extend(before);
            }
            Ok(volume)
        })),
        ..Mutant::default()
    }
}

#[test]
fn a_fault_that_leaves_something_behind_is_shown_by_the_calls_that_cause_it() {
    let config = Config::default().only("model.agrees_on_volumes");
    for source in [each(keeps_paths), BackendSource::One(Arc::new(keeps_paths()))] {
        let report = shared(&source, &config);
        let python = only_failure(&report).trace.as_python();
        // On a new backend, names need no prefix.
        let is_new = matches!(source, BackendSource::Each(_));
        assert_eq!(python.contains("\"conf0-"), !is_new, "{report}");
        let calls: Vec<&str> = python.lines().collect();
        // Mounted, unmounted or mounted elsewhere, and mounted there again.
        assert!((3..=4).contains(&calls.len()), "{report}");
        assert!(calls[0].starts_with("vol1 = b.create_volume("), "{report}");
        assert!(calls[1].contains("junction_path=\"/"), "{report}");
        let last = calls.last().unwrap();
        assert!(last.contains("junction_path=\"/"), "{report}");
        assert!(last.ends_with("# refused: junction_path_exists"), "{report}");
    }
}

#[test]
fn a_sequence_that_fails_only_after_others_says_so() {
    fn tires() -> Mutant {
        let made = AtomicUsize::new(0);
        Mutant {
            create_volume: Some(Box::new(move |b, spec| {
                let volume = b.create_volume(spec)?;
                if made.fetch_add(1, Ordering::SeqCst) == 40 {
                    b.patch_volume(volume.uuid, VolumePatch::new().export_policy("tired"))?;
                }
                Ok(volume)
            })),
            ..Mutant::default()
        }
    }
    let config = Config::default().only("model.agrees_on_volumes");
    let report = shared(&each(tires), &config);
    let failure = only_failure(&report);
    assert!(failure.message.contains("depends on the calls before them"), "{report}");
    assert!(failure.trace.len() > 3, "{report}");
}

#[test]
fn a_list_that_leaves_out_a_volume_breaks_the_rule_about_the_list() {
    fn hides_restricted() -> Mutant {
        let hidden: Arc<Mutex<HashSet<VolumeId>>> = Arc::default();
        let seen = Arc::clone(&hidden);
        Mutant {
            patch_volume: Some(Box::new(move |b, uuid, given| {
                let volume = b.patch_volume(uuid, given)?;
                if volume.state == VolumeState::Restricted {
                    hidden.lock().unwrap().insert(uuid);
                }
                Ok(volume)
            })),
            list_volumes: Some(Box::new(move |b| {
                let mut volumes = b.list_volumes()?;
                volumes.retain(|volume| !seen.lock().unwrap().contains(&volume.uuid));
                Ok(volumes)
            })),
            ..Mutant::default()
        }
    }
    let config = Config::default().only("model.*");
    for source in [each(hides_restricted), BackendSource::One(Arc::new(hides_restricted()))] {
        let report = shared(&source, &config);
        let failure = only_failure(&report);
        assert_eq!(failure.rules, ["3.list_volumes"], "{report}");
        assert!(failure.trace.as_python().contains("state=\"restricted\""), "{report}");
        assert!(failure.trace.as_python().ends_with("print(b.list_volumes())"), "{report}");
    }
}

#[test]
fn a_set_up_that_fails_does_not_blame_optional_operations() {
    let backend = Mutant {
        create_clone: Some(Box::new(|b, volume, of, name| {
            let mut clone = b.create_clone(volume, of, name)?;
            clone.vol_type = VolumeType::Dp;
            Ok(clone)
        })),
        split_clone: Some(Box::new(|_, _| Err(BackendError::not_supported("split_clone")))),
        ..Mutant::default()
    };
    let config = Config::default().only("capabilities.optional_operations_say_what_they_lack");
    let report = run(&backend, &config);
    assert_eq!(only_failure(&report).rules.len(), 1, "{report}");
    assert_ne!(only_failure(&report).rules[0], "3.optional", "{report}");
}

#[test]
fn cases_that_break_the_same_rule_first_are_one_group() {
    let backend = Mutant {
        create_volume: Some(Box::new(|b, spec| {
            let mut volume = b.create_volume(spec)?;
            volume.vol_type = VolumeType::Dp;
            Ok(volume)
        })),
        ..Mutant::default()
    };
    let report = run(&backend, &quick());
    let groups = report.failures_by_rule();
    let (rule, failures) = groups.iter().max_by_key(|(_, failures)| failures.len()).unwrap();
    assert!(failures.len() > 50, "{report}");
    let text = report.to_string();
    let line = format!("{rule}: {} cases, first {}", failures.len(), failures[0].case);
    assert!(text.lines().any(|known| known == line), "{text}");
    assert!(text.contains(&failures[0].to_string()), "{text}");
    assert!(!text.contains(&format!("FAILED {} ", failures[1].case)), "{text}");
}
