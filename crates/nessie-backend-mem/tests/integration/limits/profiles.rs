//! The profile `ontap`.

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, Volume, VolumeBackend, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::{Limits, MemBackend, NewVolume, Profile};

use super::altered;
use crate::saved::{dumped, reloaded};

const MIN: u64 = 20 << 20;

fn ontap() -> MemBackend {
    MemBackend::builder().seed(1).profile(Profile::Ontap).build().unwrap()
}

fn create(backend: &MemBackend, name: &str) -> Result<Volume, BackendError> {
    backend.create_volume(VolumeSpec::named(name))
}

/// The argument and the text of a refusal.
fn invalid<T: std::fmt::Debug>(result: Result<T, BackendError>) -> (String, String) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), "invalid_argument", "{error}");
    (error.target().unwrap().into_owned(), error.to_string())
}

#[test]
fn the_limits_are_those_of_ontap_unless_others_are_set() {
    let expected = Limits::default().snapshots_per_volume(1023).clone_depth(499);
    assert_eq!(ontap().limits(), expected);
    let builder = MemBackend::builder().profile(Profile::Ontap);
    let lifted = builder.limits(expected.clone_depth(None)).build().unwrap();
    assert_eq!(lifted.limits(), Limits::default().snapshots_per_volume(1023));
    assert_eq!(lifted.profile(), Some(Profile::Ontap));
    assert_eq!(MemBackend::new().limits(), Limits::NONE);
    assert_eq!(MemBackend::new().profile(), None);
}

#[test]
fn names_of_volumes_are_those_of_ontap() {
    let backend = ontap();
    let volume = create(&backend, "_Vol_9").unwrap().uuid;
    let snapshot = backend.create_snapshot(volume, "nightly-2000.01:01").unwrap().uuid;
    for name in ["", "9a", "a-b", "a.b", "a:b", "é", &"x".repeat(204)] {
        let (argument, text) = invalid(create(&backend, name));
        assert_eq!(argument, "name");
        assert!(text.ends_with("(profile \"ontap\")"), "{text}");
        let patch = VolumePatch::new().name(name);
        let (argument, text) = invalid(backend.patch_volume(volume, patch));
        assert_eq!(argument, "name");
        assert!(text.ends_with("(profile \"ontap\")"), "{text}");
        assert_eq!(invalid(backend.create_clone(volume, snapshot, name)).0, "new_name");
        let error = backend.create_volumes(["b", name]).unwrap_err();
        assert_eq!((error.index, invalid::<()>(Err(error.error)).0), (Some(1), "name".to_owned()));
        let error = backend.create_clones(volume, snapshot, ["b", name]).unwrap_err();
        assert_eq!(error.index, Some(1));
    }
    assert_eq!(backend.counts().volumes, 1);
    backend.create_clone(volume, snapshot, "clone").unwrap();
    backend.check_invariants().unwrap();
}

#[test]
fn a_size_is_at_least_20_mib_and_that_if_none_is_given() {
    let backend = ontap();
    let volume = create(&backend, "a").unwrap();
    assert_eq!(volume.size_bytes, Some(MIN));
    let two = [NewVolume::named("b"), NewVolume::named("c").size_bytes(MIN + 1)];
    let ids = backend.create_volumes(two).unwrap();
    let sizes = ids.iter().map(|id| backend.get_volume(*id).unwrap().size_bytes);
    assert_eq!(sizes.collect::<Vec<_>>(), [Some(MIN), Some(MIN + 1)]);

    let small = VolumeSpec::named("d").size_bytes(MIN - 1);
    let (argument, text) = invalid(backend.create_volume(small));
    assert_eq!(argument, "size_bytes");
    assert!(text.contains("20971519 is less than 20971520"), "{text}");
    let small = [NewVolume::named("d"), NewVolume::named("e").size_bytes(1)];
    assert_eq!(backend.create_volumes(small).unwrap_err().index, Some(1));
    for size in [0, 1, MIN - 1] {
        let patch = VolumePatch::new().size_bytes(size);
        assert_eq!(invalid(backend.patch_volume(volume.uuid, patch.clone())).0, "size_bytes");
        assert_eq!(backend.patch_volumes(&ids, &patch).unwrap_err().index, Some(0));
    }
    let patch = VolumePatch::new().size_bytes(MIN + 5);
    backend.patch_volume(volume.uuid, patch).unwrap();
    let snapshot = backend.create_snapshot(volume.uuid, "s").unwrap().uuid;
    let clone = backend.create_clone(volume.uuid, snapshot, "clone").unwrap();
    assert_eq!(clone.size_bytes, Some(MIN + 5));
}

#[test]
fn copies_keep_the_profile() {
    let backend = ontap();
    create(&backend, "a").unwrap();
    for copy in [backend.fork(), reloaded(&backend)] {
        assert_eq!(copy.profile(), Some(Profile::Ontap));
        assert_eq!(copy.limits(), backend.limits());
        assert_eq!(copy.state_digest().unwrap(), backend.state_digest().unwrap());
        invalid(create(&copy, "a-b"));
    }
    backend.reset().unwrap();
    assert_eq!(backend.profile(), Some(Profile::Ontap));
    invalid(create(&backend, "a-b"));
}

#[test]
fn the_digest_depends_on_limits_and_profile() {
    let build = |profile: Option<Profile>, limits: Limits| {
        let builder = MemBackend::builder().seed(1).limits(limits);
        let builder = profile.map_or(builder, |profile| builder.profile(profile));
        builder.build().unwrap().state_digest().unwrap()
    };
    let plain = build(None, Limits::NONE);
    assert_eq!(plain, MemBackend::builder().seed(1).build().unwrap().state_digest().unwrap());
    assert_ne!(plain, build(None, Limits::default().volumes(1)));
    assert_ne!(plain, build(Some(Profile::Ontap), Limits::NONE));
}

#[test]
fn a_dump_whose_volumes_break_the_rules_of_its_profile_is_refused() {
    let backend = ontap();
    let volume = create(&backend, "vol").unwrap().uuid;
    backend.create_snapshot(volume, "snap").unwrap();
    let dump = dumped(&backend);
    let name = |of: &str| format!("\"name\":\"{of}\"");
    let size = |of: &str, size: &str| format!("{},\"size_bytes\":{size}", name(of));
    let twenty = MIN.to_string();
    for (from, to, reason) in [
        (name("vol"), name("v-l"), "line 2: name \"v-l\" has the character \"-\""),
        (size("vol", &twenty), size("vol", "5"), "line 2: size_bytes 5 is less than 20971520"),
        (size("vol", &twenty), size("vol", "null"), "line 2: a size is null under a profile"),
        (size("snap", &twenty), size("snap", "5"), "line 3: size_bytes 5 is less than"),
        ("\"ontap\"".to_owned(), "\"other\"".to_owned(), "unknown variant `other`"),
    ] {
        let error = MemBackend::load(altered(&dump, &from, &to).as_slice()).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}
