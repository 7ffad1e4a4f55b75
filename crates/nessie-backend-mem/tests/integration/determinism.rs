//! A seed decides every record; without one, nothing repeats.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nessie_backend_core::uuid::Variant;
use nessie_backend_core::{
    CloneBackend, SnapshotBackend, Uuid, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
    VolumeState,
};
use nessie_backend_mem::{MemBackend, MemBackendBuilder};
use serde::Serialize;

use crate::saved::reloaded;

fn seeded(seed: u64) -> MemBackend {
    MemBackend::builder().seed(seed).build().unwrap()
}

/// The text of a record.
fn text(record: impl Serialize) -> String {
    serde_json::to_string(&record).unwrap()
}

/// Calls every operation. Returns the text of each returned record, then of each existing one.
fn story(backend: &MemBackend, tag: &str) -> Vec<String> {
    let name = |name: &str| format!("{name}{tag}");
    let tick = |seconds| backend.advance(Duration::from_secs_f64(seconds)).unwrap();
    let patch = VolumePatch::new;
    let mut told = Vec::new();
    let mut tell = |record: String| told.push(record);

    let cache = VolumeSpec::named(name("build-cache")).size_bytes(50 << 30);
    let cache = backend.create_volume(cache).unwrap();
    tell(text(&cache));
    let scratch = backend.create_volume(VolumeSpec::named(name("scratch"))).unwrap();
    tell(text(&scratch));
    tick(0.5);
    let nightly = backend.create_snapshot(cache.uuid, "nightly").unwrap();
    tell(text(&nightly));
    tick(86_399.5);
    let weekly = backend.create_snapshot(cache.uuid, "weekly").unwrap();
    tell(text(&weekly));
    let whole = patch()
        .size_bytes(u64::MAX)
        .junction_path(format!("/{}", name("é")))
        .export_policy("default");
    tell(text(backend.patch_volume(cache.uuid, whole).unwrap()));
    let clone = backend.create_clone(cache.uuid, nightly.uuid, &name("pr-1")).unwrap();
    tell(text(&clone));
    let own = backend.create_snapshot(clone.uuid, "own").unwrap();
    let grandchild = backend.create_clone(clone.uuid, own.uuid, &name("pr-1.1")).unwrap();
    tell(text(&grandchild));
    tell(text(backend.rename_snapshot(cache.uuid, nightly.uuid, "nightly.0").unwrap()));
    tell(text(backend.restore_snapshot(cache.uuid, nightly.uuid).unwrap()));
    backend.delete_volume(scratch.uuid).unwrap();
    tell(text(backend.create_volume(VolumeSpec::named(name("scratch"))).unwrap()));
    tell(text(backend.create_snapshot(cache.uuid, "weekly").unwrap()));
    tell(text(backend.split_clone(grandchild.uuid).unwrap()));
    let offline = patch().state(VolumeState::Offline).name(name("main"));
    tell(text(backend.patch_volume(cache.uuid, offline).unwrap()));
    tell(text(backend.access_handle(clone.uuid).unwrap()));
    for volume in backend.list_volumes().unwrap() {
        told.push(text(&volume));
        told.extend(backend.list_snapshots(volume.uuid).unwrap().iter().map(text));
    }
    told
}

#[test]
fn the_records_of_a_seed_are_these() {
    let golden: Vec<&str> = include_str!("golden/seed-42.jsonl").lines().collect();
    let told = story(&seeded(42), "");
    for (line, (came, expected)) in told.iter().zip(&golden).enumerate() {
        assert_eq!(came, expected, "record {line}");
    }
    assert_eq!(told.len(), golden.len());
}

#[test]
fn the_same_seed_repeats_the_records_and_another_seed_does_not() {
    for seed in [0, 1, 42, u64::MAX] {
        assert_eq!(story(&seeded(seed), ""), story(&seeded(seed), ""), "seed {seed}");
        assert_eq!(seeded(seed).state_digest().unwrap(), seeded(seed).state_digest().unwrap());
    }
    let seeds = 0..2_000;
    let first = |seed| seeded(seed).create_volume(VolumeSpec::named("v")).unwrap().uuid;
    let distinct: HashSet<VolumeId> = seeds.clone().map(first).collect();
    assert_eq!(distinct.len(), seeds.count());
}

#[test]
fn refused_and_reading_calls_do_not_change_later_records() {
    let (quiet, busy) = (seeded(42), seeded(42));
    let expected = story(&quiet, "");
    assert!(busy.create_volume(VolumeSpec::named("")).is_err());
    assert!(busy.create_volume(VolumeSpec::named("v").size_bytes(0)).is_err());
    busy.list_volumes().unwrap();
    busy.fork().create_volume(VolumeSpec::named("v")).unwrap();
    busy.state_digest().unwrap();
    assert_eq!(story(&busy, ""), expected);
}

/// Both must behave identically until calls differ.
fn assert_twins(one: &MemBackend, other: &MemBackend) {
    assert_eq!(one.now(), other.now());
    assert_eq!(one.list_volumes().unwrap(), other.list_volumes().unwrap());
    assert_eq!(story(one, ".again"), story(other, ".again"));
    assert_eq!(one.state_digest().unwrap(), other.state_digest().unwrap());
    one.create_volume(VolumeSpec::named("only-here")).unwrap();
    assert!(!other.contains_name("only-here"), "the twins share records");
}

fn origins() -> [MemBackend; 2] {
    let start = MemBackendBuilder::DEFAULT_START;
    [seeded(42), MemBackend::builder().start(start).build().unwrap()]
}

#[test]
fn a_fork_behaves_like_its_original() {
    for backend in origins() {
        story(&backend, "");
        assert_twins(&backend.fork(), &backend.fork().fork());
        assert_twins(&backend, &backend.fork());
    }
}

#[test]
fn a_loaded_backend_behaves_like_the_saved_one() {
    for backend in origins() {
        story(&backend, "");
        let loaded = reloaded(&backend);
        assert_eq!(loaded.seed(), backend.seed());
        assert_eq!(loaded.standing_clock(), backend.standing_clock());
        assert_eq!(loaded.counts(), backend.counts());
        assert_eq!(loaded.tree(), backend.tree());
        assert_twins(&loaded, &reloaded(&backend));
        assert_twins(&reloaded(&backend), &backend);
    }
}

#[test]
fn vacant_slots_are_reused_in_the_same_order_after_a_reload() {
    let backend = seeded(7);
    let volumes: Vec<VolumeId> = (0..1_200)
        .map(|n| backend.create_volume(VolumeSpec::named(format!("v{n}"))).unwrap().uuid)
        .collect();
    let keeper = volumes[0];
    let snapshots: Vec<_> = (0..1_200)
        .map(|n| backend.create_snapshot(keeper, &format!("s{n}")).unwrap().uuid)
        .collect();
    for n in (1..1_200).filter(|n| n % 3 != 0) {
        backend.delete_volume(volumes[n]).unwrap();
        backend.delete_snapshot(keeper, snapshots[1_200 - n]).unwrap();
    }
    let loaded = reloaded(&backend);
    for n in 0..1_000 {
        let create = |backend: &MemBackend| {
            let volume = backend.create_volume(VolumeSpec::named(format!("w{n}"))).unwrap();
            (volume, backend.create_snapshot(keeper, &format!("t{n}")).unwrap())
        };
        assert_eq!(create(&loaded), create(&backend), "after {n} more");
    }
    assert_eq!(loaded.state_digest().unwrap(), backend.state_digest().unwrap());
}

#[test]
fn no_identifier_is_repeated_and_all_are_of_version_4() {
    for backend in [seeded(42), MemBackend::new()] {
        let mut given = HashSet::new();
        let mut give = |uuid: Uuid| {
            assert_eq!(uuid.get_version_num(), 4, "{uuid}");
            assert_eq!(uuid.get_variant(), Variant::RFC4122, "{uuid}");
            assert!(given.insert(uuid), "{uuid} was given out before");
        };
        let mut live: Vec<VolumeId> = Vec::new();
        for n in 0..100_000_usize {
            let volume = backend.create_volume(VolumeSpec::named(format!("v{n}"))).unwrap().uuid;
            give(volume.uuid());
            give(backend.create_snapshot(volume, "s").unwrap().uuid.uuid());
            live.push(volume);
            // Few are kept, so that their slots are reused often.
            if live.len() > 20 {
                let gone = live.swap_remove(n * 7 % live.len());
                backend.delete_volume(gone).unwrap();
                assert!(!backend.contains(gone), "{gone} is still there");
            }
        }
        assert_eq!(given.len(), 200_000);
        backend.check_invariants().unwrap();
    }
}

#[test]
fn without_a_seed_no_two_backends_share_an_identifier() {
    let mut given = HashSet::new();
    for _ in 0..200 {
        let backend = MemBackend::new();
        for n in 0..10 {
            let volume = backend.create_volume(VolumeSpec::named(format!("v{n}"))).unwrap();
            assert!(given.insert(volume.uuid), "{} is repeated", volume.uuid);
        }
    }
}

#[test]
fn a_start_stops_the_clock_and_a_seed_alone_sets_it_to_the_year_2000() {
    let start = "1999-12-31T23:00:00.25-01:00".parse().unwrap();
    let stamp = |builder: MemBackendBuilder| {
        let backend = builder.build().unwrap();
        let volume = backend.create_volume(VolumeSpec::named("v")).unwrap();
        assert_eq!(backend.standing_clock(), volume.create_time);
        text(volume.create_time.unwrap())
    };
    let builder = MemBackend::builder;
    assert_eq!(stamp(builder().seed(1)), r#""2000-01-01T00:00:00Z""#);
    assert_eq!(stamp(builder().seed(1).start(start)), r#""2000-01-01T00:00:00.250000Z""#);
    assert_eq!(stamp(builder().start(start)), r#""2000-01-01T00:00:00.250000Z""#);
}

#[test]
fn without_seed_and_start_the_clock_is_the_systems_and_is_not_advanced() {
    let backend = MemBackend::new();
    assert_eq!((backend.seed(), backend.standing_clock()), (None, None));
    let system = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = system();
    let volume = backend.create_volume(VolumeSpec::named("v")).unwrap();
    let stamp = volume.create_time.unwrap().unix_micros();
    assert_eq!(stamp % 1_000_000, 0);
    let second = u64::try_from(stamp / 1_000_000).unwrap();
    assert!((before..=system()).contains(&second), "{stamp}");
    let error = backend.advance(Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.code(), "feature_not_supported");
    assert_eq!(error.target().as_deref(), Some("advance"));
}
