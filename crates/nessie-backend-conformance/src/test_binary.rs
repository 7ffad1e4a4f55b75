//! A test binary that has the cases as its tests.

use std::ops::ControlFlow;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nessie_backend_core::VolumeBackend;

use crate::cases::cases;
use crate::config::Config;
use crate::report::Outcome;
use crate::runner::{BackendFactory, BackendSource, inapplicable, run_shared};

/// The `main` function of a test binary that has one test for each selected case. `make` makes a
/// new backend: several for each case, and one to list the cases. Needs the feature `harness`.
///
/// The binary accepts arguments of `cargo test`, such as a part of a name, `--exact`, `--list` and
/// `--test-threads`, and works with nextest. A case that does not apply to the backend is ignored:
/// `cargo test` shows the reason, and with `--list` the case is listed as ignored, so that nextest
/// skips it. [`Config::expect`] makes such a case fail if it should apply. A case that half of the
/// time limit cuts short is ignored, too, with the reason; nextest, which must know this before the
/// test, reports it as passed.
///
/// `Cargo.toml` declares the binary:
///
/// ```toml
/// [[test]]
/// name = "conformance"
/// harness = false
/// ```
///
/// `tests/conformance.rs` is the binary:
///
/// ```no_run
/// use nessie_backend_conformance::Config;
/// use nessie_backend_mem::MemBackend; // your backend
///
/// fn main() {
///     nessie_backend_conformance::main(&Config::default(), MemBackend::new);
/// }
/// ```
///
/// If the backend's type implements [`CloneBackend`](nessie_backend_core::CloneBackend), make a
/// [`WithClones`](crate::WithClones) of it, as in `|| WithClones(MyBackend::new())`: then the type's
/// own implementations are tested too. [`WithSnapshots`](crate::WithSnapshots) is for a type that
/// implements [`SnapshotBackend`](nessie_backend_core::SnapshotBackend) only.
///
/// # Panics
///
/// Panics if a pattern of [`Config::only`] selects no case.
pub fn main<B: VolumeBackend + 'static>(
    config: &Config,
    make: impl Fn() -> B + Send + Sync + 'static,
) -> ! {
    let arguments = Arguments::from_args();
    let make = Arc::new(make);
    // In a run, a case that does not apply is ignored with its reason. nextest reads the list.
    let ignored = if arguments.list { inapplicable(&make(), config) } else { Vec::new() };
    libtest_mimic::run(&arguments, trials(config, &factory(make), &ignored)).exit()
}

fn factory<B: VolumeBackend + 'static>(
    make: Arc<impl Fn() -> B + Send + Sync + 'static>,
) -> BackendFactory {
    Arc::new(move || Ok(Arc::new(make())))
}

fn trials(config: &Config, factory: &BackendFactory, ignored: &[&str]) -> Vec<Trial> {
    for pattern in &config.only {
        let only = Config::default().only(pattern);
        let is_used = cases().iter().any(|case| only.selects(case.name()));
        assert!(is_used, "{pattern:?} selects no case; `cases()` has their names");
    }
    let selected = cases().iter().filter(|case| config.selects(case.name()));
    let trials = selected.map(|case| {
        let (name, config) = (case.name(), config.clone());
        let source = BackendSource::Each(Arc::clone(factory));
        Trial::ignorable_test(name, move || run_one(name, config, &source))
            .with_ignored_flag(ignored.contains(&name))
    });
    trials.collect()
}

fn run_one(name: &str, mut config: Config, source: &BackendSource) -> Result<Completion, Failed> {
    config.only = vec![name.to_owned()];
    let report = run_shared(source, &config, &mut |_| ControlFlow::Continue(()));
    if !report.is_success() {
        return Err(Failed::from(format!("the backend does not keep the contract\n\n{report}")));
    }
    let outcome = report.cases.into_iter().find(|case| case.name == name).map(|case| case.outcome);
    Ok(match outcome {
        Some(Outcome::Skipped { reason } | Outcome::CutShort { reason }) => {
            Completion::ignored_with(reason)
        }
        _ => Completion::Completed,
    })
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::{
        AccessHandle, BackendError, Result, Volume, VolumeId, VolumePatch, VolumeSpec,
    };
    use nessie_backend_mem::MemBackend;

    use super::*;
    use crate::case::Case;
    use crate::feature::{Feature, Tier};

    /// A backend that lists no volume and refuses every other operation.
    struct Refuses;

    fn refused<T>() -> Result<T> {
        Err(BackendError::substrate("any", "out of order"))
    }

    impl VolumeBackend for Refuses {
        fn create_volume(&self, _: VolumeSpec) -> Result<Volume> {
            refused()
        }
        fn list_volumes(&self) -> Result<Vec<Volume>> {
            Ok(Vec::new())
        }
        fn get_volume(&self, _: VolumeId) -> Result<Volume> {
            refused()
        }
        fn patch_volume(&self, _: VolumeId, _: VolumePatch) -> Result<Volume> {
            refused()
        }
        fn delete_volume(&self, _: VolumeId) -> Result<()> {
            refused()
        }
        fn access_handle(&self, _: VolumeId) -> Result<AccessHandle> {
            refused()
        }
    }

    fn of<B: VolumeBackend + 'static>(
        make: impl Fn() -> B + Send + Sync + 'static,
    ) -> BackendFactory {
        factory(Arc::new(make))
    }

    #[test]
    fn each_selected_case_is_a_test() {
        let selected = trials(&Config::default().only("access.*"), &of(MemBackend::new), &[]);
        let names: Vec<_> = selected.iter().map(Trial::name).collect();
        let access = cases().iter().map(Case::name).filter(|name| name.starts_with("access."));
        assert_eq!(names, access.collect::<Vec<_>>());
        let all = trials(&Config::default(), &of(MemBackend::new), &[]);
        assert_eq!(all.len(), cases().len());
    }

    #[test]
    #[should_panic(expected = "\"acess.*\" selects no case")]
    fn a_pattern_that_selects_no_case_is_refused() {
        let config = Config::default().only("access.*").only("acess.*");
        drop(trials(&config, &of(MemBackend::new), &[]));
    }

    #[test]
    fn a_case_that_does_not_apply_is_ignored_and_says_why() {
        let run = |case: &str, factory: BackendFactory| {
            run_one(case, Config::default().only("names.*"), &BackendSource::Each(factory))
        };
        let clones = "clones.have_no_snapshots";
        assert!(matches!(run(clones, of(MemBackend::new)), Ok(Completion::Completed)));
        let Ok(Completion::Ignored { reason: Some(reason) }) = run(clones, of(|| Refuses)) else {
            panic!("not ignored");
        };
        assert!(reason.contains("does not advertise"), "{reason}");
    }

    #[test]
    fn a_case_that_does_not_apply_is_listed_as_ignored_unless_it_is_expected_to() {
        let clones = Config::default().only("clones.*").only("names.*");
        let ignored = inapplicable(&Refuses, &clones);
        let listed = trials(&clones, &of(|| Refuses), &ignored);
        for trial in &listed {
            let case = cases().iter().find(|case| case.name() == trial.name()).unwrap();
            assert_eq!(trial.has_ignored_flag(), case.tier() != Tier::Volumes, "{}", case.name());
        }
        assert!(inapplicable(&Refuses, &clones.expect([Feature::Clones])).is_empty());
        assert!(inapplicable(&MemBackend::new(), &Config::default()).is_empty());
    }

    #[test]
    fn a_broken_rule_fails_the_test_with_the_report() {
        let source = BackendSource::Each(of(|| Refuses));
        let run = run_one("create_volume.makes_a_volume", Config::default(), &source);
        let message = run.err().unwrap();
        let message = message.message().unwrap();
        assert!(message.contains("out of order"), "{message}");
    }
}
