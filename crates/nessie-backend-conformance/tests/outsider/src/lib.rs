//! A backend of volumes alone, kept in a sorted map.

#[allow(dead_code)]
#[path = "../../../../nessie-backend-core/examples/volume_only.rs"]
mod volume_only;

pub use volume_only::DictVolumes;

#[cfg(test)]
mod whole {
    use nessie_backend_conformance::{Config, run, run_all};

    use super::DictVolumes;

    #[test]
    fn the_shelf_passes_the_suite() {
        run_all(&DictVolumes::default());
    }

    #[test]
    fn inapplicable_cases_are_skipped_with_the_reason() {
        let report = run(&DictVolumes::default(), &Config::default().only("clones.*"));
        assert!(report.is_success());
        assert_eq!(report.counts().skipped, report.cases.len());
        assert!(report.to_string().contains("the backend does not advertise snapshots"));
    }
}
