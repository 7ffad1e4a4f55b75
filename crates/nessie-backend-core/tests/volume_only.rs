//! The example of a volume-only backend is small, complete and honest.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "the example is a separate program")]
#[path = "../examples/volume_only.rs"]
mod volume_only;

use std::collections::HashSet;

use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, Result, Uuid, Volume, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpec, VolumeState,
};
use volume_only::DictVolumes;

const SOURCE: &str = include_str!("../examples/volume_only.rs");

fn create(backend: &DictVolumes, name: &str) -> Volume {
    backend.create_volume(VolumeSpec::named(name)).unwrap()
}

#[track_caller]
fn assert_refused<T>(result: Result<T>, code: &str, target: &(impl ToString + ?Sized)) {
    let error = result.map(drop).unwrap_err();
    assert_eq!((error.code(), error.target()), (code, Some(target.to_string().into())));
}

/// From the type to the end of the trait's implementation.
#[test]
fn the_backend_is_under_60_lines_of_code() {
    let from_type = SOURCE.lines().skip_while(|line| !line.starts_with("pub struct DictVolumes"));
    let to_main = from_type.take_while(|line| !line.starts_with("fn main"));
    let lines = to_main.filter(|line| !line.is_empty()).count();
    assert!((30..60).contains(&lines), "{lines} lines");
    assert!(SOURCE.lines().all(|line| line.chars().count() <= 100), "a line is too long");
}

#[test]
fn capabilities_are_honest() {
    let backend = DictVolumes::default();
    assert_eq!(backend.capabilities(), Capabilities::VOLUMES);
    assert_refused(backend.snapshot_backend().map(drop), "feature_not_supported", "snapshots");
    assert_refused(backend.clone_backend().map(drop), "feature_not_supported", "clones");
}

#[test]
fn volumes_are_listed_in_order_of_creation_and_found_by_identifier_and_name() {
    let backend = DictVolumes::default();
    let spec = VolumeSpec::named("b").size_bytes(7);
    let volumes = vec![backend.create_volume(spec).unwrap(), create(&backend, "a")];
    assert_eq!(volumes.iter().map(|volume| volume.size_bytes).collect::<Vec<_>>(), [Some(7), None]);
    assert_eq!(backend.list_volumes().unwrap(), volumes);
    for volume in volumes {
        assert_eq!(backend.get_volume(volume.uuid).unwrap(), volume);
        assert_eq!(backend.access_handle(volume.uuid).unwrap(), AccessHandle::InMemory);
        assert_eq!(backend.find_volume(&volume.name).unwrap(), Some(volume));
    }
    assert_eq!(backend.find_volume("c").unwrap(), None);
    assert_eq!(backend.find_volume("/").unwrap(), None);
}

#[test]
fn a_name_is_free_again_after_a_delete_and_an_identifier_is_not() {
    let backend = DictVolumes::default();
    let mut given = HashSet::new();
    for _ in 0..100 {
        let volume = create(&backend, "v");
        assert_eq!(volume.uuid.uuid().get_version_num(), 4);
        assert!(given.insert(volume.uuid), "{} is repeated", volume.uuid);
        assert_refused(backend.create_volume(VolumeSpec::named("v")), "volume_exists", "v");
        backend.delete_volume(volume.uuid).unwrap();
        assert_refused(backend.delete_volume(volume.uuid), "volume_not_found", &volume.uuid);
    }
}

#[test]
fn a_patch_changes_the_given_fields() {
    let backend = DictVolumes::default();
    let volume = create(&backend, "v");
    let patched = |patch: VolumePatch| {
        let volume = backend.patch_volume(volume.uuid, patch).unwrap();
        assert_eq!(backend.get_volume(volume.uuid).unwrap(), volume);
        volume
    };
    let patch = VolumePatch::new;
    assert_eq!(patched(patch()), volume);
    let mut expected = volume.clone();
    expected.size_bytes = Some(5);
    expected.junction_path = Some("/a".into());
    expected.export_policy = Some("p".into());
    assert_eq!(patched(patch().size_bytes(5).junction_path("/a").export_policy("p")), expected);
    expected.junction_path = Some("/A".into());
    assert_eq!(patched(patch().junction_path("/A")), expected, "a volume may keep its own path");
    expected.size_bytes = Some(3);
    assert_eq!(patched(patch().size_bytes(3)), expected);
    expected.junction_path = None;
    assert_eq!(patched(patch().junction_path("")), expected);
}

#[test]
fn wrong_calls_are_refused_in_the_order_of_the_contract_and_change_nothing() {
    let backend = DictVolumes::default();
    let (mounted, other) = (create(&backend, "mounted").uuid, create(&backend, "other").uuid);
    let patch = VolumePatch::new;
    backend.patch_volume(mounted, patch().junction_path("/a")).unwrap();
    let before = backend.list_volumes().unwrap();

    let create = |spec| backend.create_volume(spec);
    assert_refused(create(VolumeSpec::named("a/b")), "invalid_argument", "name");
    assert_refused(create(VolumeSpec::named("a").size_bytes(0)), "invalid_argument", "size_bytes");

    let bad = || patch().size_bytes(0);
    let missing = VolumeId::new(Uuid::nil());
    assert_refused(backend.get_volume(missing), "volume_not_found", &missing);
    assert_refused(backend.access_handle(missing), "volume_not_found", &missing);
    assert_refused(backend.patch_volume(missing, bad()), "volume_not_found", &missing);
    assert_refused(backend.patch_volume(other, bad().name("x")), "invalid_argument", "size_bytes");
    for smaller in [patch().name("x"), patch().state(VolumeState::Offline)] {
        let both = smaller.size_bytes(1);
        assert_refused(backend.patch_volume(other, both), "feature_not_supported", "patch_volume");
    }
    let taken = patch().size_bytes(1).export_policy("p").junction_path("/A");
    assert_refused(backend.patch_volume(other, taken), "junction_path_exists", "/A");
    assert_eq!(backend.list_volumes().unwrap(), before);
}

#[test]
fn many_threads_create_volumes_of_one_name_and_one_wins() {
    let backend = DictVolumes::default();
    let won = std::thread::scope(|scope| {
        let create = || backend.create_volume(VolumeSpec::named("v")).map_err(|error| error.code());
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).count()
    });
    assert_eq!((won, backend.list_volumes().unwrap().len()), (1, 1));
}

#[test]
fn an_error_of_the_example_is_an_error_of_the_crate() {
    let error = DictVolumes::default().get_volume(VolumeId::new(Uuid::nil())).unwrap_err();
    assert!(matches!(error, BackendError::VolumeNotFound { .. }), "{error}");
}
