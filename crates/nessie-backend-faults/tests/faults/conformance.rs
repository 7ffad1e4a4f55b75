//! The decorator keeps the contract of the backend that it wraps.

use std::time::Duration;

use nessie_backend_conformance::{Config, run};
use nessie_backend_core::{
    AccessHandle, Capabilities, Result, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_faults::{Fault, Faulty};
use nessie_backend_mem::MemBackend;

use super::backend;

/// Enough to see each case once; the backend itself is checked elsewhere.
fn small() -> Config {
    Config::default().objects(40).threads(2).rounds(2).sequences(4).steps(40)
}

#[test]
fn a_decorator_without_faults_passes_the_suite() {
    let report = run(&backend(), &small());
    assert!(report.is_success(), "{report}");
}

#[test]
fn a_decorator_that_records_and_delays_passes_the_suite() {
    let backend = backend();
    let log = backend.events(None);
    let late = Fault::new("*").unwrap().delay(Duration::from_micros(1));
    let plan = backend.inject([late]);
    let report = run(&backend, &small());
    assert!(report.is_success(), "{report}");
    assert!(log.len() > 1_000 && plan.hits().len() > 1_000, "{log:?} {plan:?}");
}

/// The volumes of a backend, without its other tiers.
struct Volumes(MemBackend);

impl VolumeBackend for Volumes {
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
fn a_decorator_has_the_tiers_of_its_backend() {
    let faulty = Faulty::new(Volumes(MemBackend::new()));
    assert_eq!(faulty.capabilities(), Capabilities::VOLUMES);
    let codes = [
        faulty.snapshot_backend().err().map(|error| error.code()),
        faulty.clone_backend().err().map(|error| error.code()),
        faulty.policy_backend().err().map(|error| error.code()),
        faulty.space().err().map(|error| error.code()),
    ];
    assert_eq!(codes, [Some("feature_not_supported"); 4]);
    let object: &dyn VolumeBackend = &faulty;
    let report = run(object, &small());
    assert!(report.is_success(), "{report}");
}
