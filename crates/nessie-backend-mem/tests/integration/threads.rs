//! Many threads on one backend lose no record and never see a part of an operation.

use std::collections::{HashMap, HashSet};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use nessie_backend_conformance::oracle::call::{Answer, Call, Value};
use nessie_backend_conformance::oracle::model::Model;
use nessie_backend_core::{
    BackendError, CloneBackend, Result, SnapshotBackend, SnapshotId, Uuid, Volume, VolumeBackend,
    VolumeId, VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::MemBackend;

use crate::saved::reloaded;

const THREADS: usize = 8;

/// Runs `work` in many threads that start at the same moment, and returns their results.
fn run_threads<R: Send>(threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(threads);
    let run = |n| {
        start.wait();
        work(n)
    };
    thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = (0..threads).map(|n| scope.spawn(move || run(n))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

/// Runs `change` for each number below `rounds` in one thread, and `look` in a loop in two others
/// until the first thread ends.
fn watched(rounds: usize, change: impl Fn(usize) + Sync, look: impl Fn() + Sync) {
    let is_over = AtomicBool::new(false);
    let (change, look, is_over) = (&change, &look, &is_over);
    thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    look();
                }
            })
        });
        let writer = scope.spawn(move || (0..rounds).for_each(change));
        let written = writer.join();
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
        written.unwrap();
    });
}

fn volume(backend: &MemBackend, name: &str) -> VolumeId {
    backend.create_volume(VolumeSpec::named(name)).unwrap().uuid
}

fn snapshot(backend: &MemBackend, volume: VolumeId, name: &str) -> SnapshotId {
    backend.create_snapshot(volume, name).unwrap().uuid
}

fn code<T>(result: &Result<T>) -> &'static str {
    result.as_ref().map_or_else(BackendError::code, |_| "ok")
}

/// Exactly one of the results is a success, all others are refused with `loss`.
fn assert_one_winner<T>(results: &[Result<T>], loss: &str) {
    let codes: Vec<_> = results.iter().map(code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "ok").count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| ["ok", loss].contains(code)), "{codes:?}");
}

#[test]
fn all_records_that_many_threads_create_exist_with_distinct_identifiers() {
    const EACH: usize = 400;
    let backend = MemBackend::new();
    let shared = volume(&backend, "shared");
    let made = run_threads(THREADS, |thread| {
        let create = |n| {
            let volume = volume(&backend, &format!("v{thread}.{n}"));
            let of_own = snapshot(&backend, volume, "s");
            let of_shared = snapshot(&backend, shared, &format!("s{thread}.{n}"));
            let clone = backend.create_clone(shared, of_shared, &format!("c{thread}.{n}"));
            [volume.uuid(), of_own.uuid(), of_shared.uuid(), clone.unwrap().uuid.uuid()]
        };
        (0..EACH).flat_map(create).collect::<Vec<Uuid>>()
    });
    let ids: HashSet<&Uuid> = made.iter().flatten().collect();
    assert_eq!(ids.len(), THREADS * EACH * 4);
    backend.check_invariants().unwrap();

    let listed = backend.list_volumes().unwrap();
    assert_eq!(listed.len(), 1 + THREADS * EACH * 2);
    let place: HashMap<Uuid, usize> =
        listed.iter().map(|volume| volume.uuid.uuid()).zip(0..).collect();
    for of_thread in &made {
        let volumes = of_thread.iter().filter_map(|id| place.get(id));
        assert!(volumes.is_sorted(), "a thread's volumes are not in order of creation");
    }
    assert!(listed.is_sorted_by_key(|volume| volume.create_time), "time ran backwards");
    let snapshots = backend.list_snapshots(shared).unwrap();
    assert_eq!(snapshots.len(), THREADS * EACH);
}

#[test]
fn exactly_one_thread_gets_a_name_or_path() {
    for round in 0..60 {
        let backend = MemBackend::new();
        let volumes: Vec<VolumeId> =
            (0..THREADS).map(|n| volume(&backend, &format!("v{n}"))).collect();
        let snapshots: Vec<SnapshotId> =
            volumes.iter().map(|volume| snapshot(&backend, *volume, "s")).collect();

        let named = run_threads(THREADS, |n| match (round + n) % 3 {
            0 => backend.create_volume(VolumeSpec::named("x")),
            1 => backend.patch_volume(volumes[n], VolumePatch::new().name("x")),
            _ => backend.create_clone(volumes[n], snapshots[n], "x"),
        });
        assert_one_winner(&named, "volume_exists");

        let mounted = run_threads(THREADS, |n| {
            let path = if n % 2 == 0 { "/x" } else { "/X" };
            backend.patch_volume(volumes[n], VolumePatch::new().junction_path(path))
        });
        assert_one_winner(&mounted, "junction_path_exists");

        let renamed: Vec<SnapshotId> =
            (0..THREADS).map(|n| snapshot(&backend, volumes[0], &format!("s{n}"))).collect();
        let snapped = run_threads(THREADS, |n| {
            if n % 2 == 0 {
                backend.create_snapshot(volumes[0], "y")
            } else {
                backend.rename_snapshot(volumes[0], renamed[n], "y")
            }
        });
        assert_one_winner(&snapped, "snapshot_exists");

        let deleted = run_threads(THREADS, |_| backend.delete_snapshot(volumes[0], renamed[0]));
        assert_one_winner(&deleted, "snapshot_not_found");
        backend.check_invariants().unwrap();
    }
}

#[test]
fn a_snapshot_is_cloned_or_deleted_but_never_both() {
    for _ in 0..600 {
        let backend = MemBackend::new();
        let parent = volume(&backend, "parent");
        let base = snapshot(&backend, parent, "base");
        let codes = run_threads(3, |n| match n {
            0 => code(&backend.create_clone(parent, base, "clone")),
            1 => code(&backend.delete_snapshot(parent, base)),
            _ => code(&backend.delete_volume(parent)),
        });
        let explanations: &[&[&str]] = &[
            &["ok", "snapshot_busy", "volume_busy"],
            &["snapshot_not_found", "ok", "ok"],
            &["volume_not_found", "ok", "ok"],
            &["volume_not_found", "volume_not_found", "ok"],
        ];
        assert!(explanations.contains(&&*codes), "{codes:?}");
        backend.check_invariants().unwrap();
    }
}

#[test]
fn a_patch_of_many_fields_is_visible_completely_or_not_at_all() {
    let backend = MemBackend::new();
    let patch = |n: usize| {
        VolumePatch::new()
            .name(format!("v{n}"))
            .size_bytes(n as u64)
            .junction_path(format!("/j{n}"))
            .export_policy(format!("p{n}"))
    };
    let id = volume(&backend, "v");
    backend.patch_volume(id, patch(1)).unwrap();
    let is_whole = |volume: &Volume| {
        let n = volume.size_bytes.unwrap();
        assert_eq!(volume.name, format!("v{n}"));
        assert_eq!(volume.junction_path, Some(format!("/j{n}")));
        assert_eq!(volume.export_policy, Some(format!("p{n}")));
    };
    let change = |round: usize| {
        backend.patch_volume(id, patch(1 + round % 5)).unwrap();
    };
    watched(20_000, change, || {
        is_whole(&backend.get_volume(id).unwrap());
        is_whole(&backend.list_volumes().unwrap()[0]);
        let found = (1..=5).find_map(|n| backend.find_volume(&format!("v{n}")).unwrap());
        found.iter().for_each(is_whole);
        is_whole(&backend.fork().get_volume(id).unwrap());
    });
}

/// The rules of every single listing, also during concurrent changes.
fn assert_consistent(volumes: &[Volume]) {
    let names: HashMap<VolumeId, &str> =
        volumes.iter().map(|volume| (volume.uuid, volume.name.as_str())).collect();
    let distinct: HashSet<&str> = names.values().copied().collect();
    assert_eq!(distinct.len(), volumes.len(), "a name occurs twice");
    let mounted = || volumes.iter().filter_map(|volume| volume.junction_path.as_ref());
    let paths: HashSet<&String> = mounted().collect();
    assert_eq!(paths.len(), mounted().count(), "a path occurs twice");
    for origin in volumes.iter().filter_map(|volume| volume.origin.as_ref()) {
        let parent = names.get(&origin.parent_volume_uuid).copied();
        assert_eq!(parent, Some(origin.parent_volume.as_str()), "a clone without its parent");
    }
}

#[test]
fn a_listing_is_consistent() {
    let backend = MemBackend::new();
    let parent = volume(&backend, "parent");
    let base = snapshot(&backend, parent, "base");
    let left = volume(&backend, "left");
    // Between the records that belong together, so that a listing takes long from one to the other.
    for n in 0..200 {
        volume(&backend, &format!("filler{n}"));
    }
    let twins = [left, volume(&backend, "right")];
    backend.create_clone(parent, base, "lasting").unwrap();
    let name = |volume, name: String| backend.patch_volume(volume, VolumePatch::new().name(name));
    let mount = |volume, path| {
        backend.patch_volume(volume, VolumePatch::new().junction_path(path)).unwrap()
    };
    let change = |round: usize| {
        let child = backend.create_clone(parent, base, "child").unwrap().uuid;
        let latest = snapshot(&backend, child, "latest");
        let grandchild = backend.create_clone(child, latest, "grandchild").unwrap().uuid;
        name(parent, format!("parent{}", round % 3)).unwrap();
        backend.rename_snapshot(parent, base, &format!("base{}", round % 3)).unwrap();
        name(child, format!("child{}", round % 3)).unwrap();
        mount(twins[round % 2], "");
        mount(twins[(round + 1) % 2], "/twin");
        if round.is_multiple_of(2) {
            backend.split_clone(grandchild).unwrap();
        }
        backend.delete_volume(grandchild).unwrap();
        backend.delete_volume(child).unwrap();
    };
    watched(1_500, change, || {
        assert_consistent(&backend.list_volumes().unwrap());
        let view = backend.view();
        view.check_invariants().unwrap();
        let volumes: Vec<Volume> = view.volumes().collect();
        assert_consistent(&volumes);
        for origin in volumes.iter().filter_map(|volume| volume.origin.as_ref()) {
            let mut snapshots = view.snapshots(origin.parent_volume_uuid).unwrap();
            let parent = snapshots.find(|it| it.uuid == origin.parent_snapshot_uuid).unwrap();
            assert_eq!(parent.name, origin.parent_snapshot);
        }
        let saved = reloaded(&backend);
        saved.check_invariants().unwrap();
        assert_consistent(&saved.list_volumes().unwrap());
    });
    assert_eq!(backend.counts().clones, 1);
    assert_eq!(backend.counts().volumes, 204);
}

/// A backend with a few records, which the calls of [`menu`](Scene::menu) are about.
struct Scene {
    backend: MemBackend,
    model: Model,
    parent: VolumeId,
    other: VolumeId,
    clone: VolumeId,
    base: SnapshotId,
    later: SnapshotId,
}

impl Scene {
    fn set() -> Self {
        let backend = MemBackend::builder().seed(0).build().unwrap();
        let mut model = Model::default();
        let mut make = |call: Call| {
            let answer = call.make(&backend);
            model.check(&call, &answer).unwrap();
            match answer.unwrap() {
                Value::Volume(volume) => volume.uuid.uuid(),
                Value::Snapshot(snapshot) => snapshot.uuid.uuid(),
                other => panic!("{call:?} gives {other:?}"),
            }
        };
        let parent = make(Call::CreateVolume(VolumeSpec::named("parent"))).into();
        let other = make(Call::CreateVolume(VolumeSpec::named("other"))).into();
        let base = make(Call::CreateSnapshot(parent, "base".into())).into();
        let later = make(Call::CreateSnapshot(parent, "later".into())).into();
        let clone = make(Call::CreateClone(parent, base, "clone".into())).into();
        Self { backend, model, parent, other, clone, base, later }
    }

    /// Calls that conflict with each other.
    fn menu(&self) -> Vec<Call> {
        let Self { parent, other, clone, base, later, .. } = *self;
        let patch = VolumePatch::new;
        let name = || "x".to_owned();
        vec![
            Call::CreateVolume(VolumeSpec::named("x")),
            Call::PatchVolume(other, patch().name("x").size_bytes(7)),
            Call::PatchVolume(parent, patch().name("x").size_bytes(9)),
            Call::PatchVolume(parent, patch().state(VolumeState::Offline)),
            Call::PatchVolume(parent, patch().state(VolumeState::Online)),
            Call::PatchVolume(parent, patch().junction_path("/j")),
            Call::PatchVolume(other, patch().junction_path("/J").name("other2")),
            Call::DeleteVolume(parent),
            Call::DeleteVolume(other),
            Call::DeleteVolume(clone),
            Call::CreateSnapshot(parent, name()),
            Call::RenameSnapshot(parent, base, name()),
            Call::DeleteSnapshot(parent, base),
            Call::DeleteSnapshot(parent, later),
            Call::RestoreSnapshot(parent, base),
            Call::CreateClone(parent, later, name()),
            Call::SplitClone(clone),
            Call::ListVolumes,
            Call::FindVolume(name()),
            Call::ListSnapshots(parent),
            Call::GetVolume(clone),
        ]
    }
}

/// A call and its answer. The backend ran it at some moment between its start and its end.
struct Observed {
    call: Call,
    answer: Answer,
    start: usize,
    end: usize,
}

/// Whether the model gives the same answers in some order of the calls that keeps each thread's
/// order and puts no call after one that started only when it had ended.
fn has_explanation(model: &Model, threads: &[&[Observed]]) -> bool {
    let next = || threads.iter().filter_map(|calls| calls.first());
    let Some(first_end) = next().map(|observed| observed.end).min() else { return true };
    threads.iter().enumerate().any(|(chosen, calls)| {
        let Some((observed, rest)) = calls.split_first() else { return false };
        let mut model = model.clone();
        if observed.start > first_end || model.check(&observed.call, &observed.answer).is_err() {
            return false;
        }
        let mut threads = threads.to_vec();
        threads[chosen] = rest;
        has_explanation(&model, &threads)
    })
}

/// Random numbers that are the same on every run: Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn the_answers_to_concurrent_calls_are_those_of_some_order() {
    const CALLS: usize = 3;
    let mut dice = Dice(0x6e65_7373_6965);
    // Until calls have overlapped often; a busy machine needs more rounds.
    let (mut rounds, mut overlapping) = (0, 0);
    while rounds < 4_000 && overlapping < 500 {
        rounds += 1;
        let scene = Scene::set();
        let plans: Vec<Vec<Call>> = (0..3)
            .map(|_| {
                let mut choose = |_| {
                    let mut menu = scene.menu();
                    menu.swap_remove(dice.roll(menu.len()))
                };
                (0..CALLS).map(&mut choose).collect()
            })
            .collect();

        let clock = AtomicUsize::new(0);
        let ready = AtomicUsize::new(0);
        let tick = || clock.fetch_add(1, Ordering::SeqCst);
        let observed = run_threads(3, |thread| {
            // A barrier wakes its threads one by one; this lets them start at the same time.
            ready.fetch_add(1, Ordering::SeqCst);
            while ready.load(Ordering::SeqCst) < 3 {
                thread::yield_now();
            }
            let make = |call: &Call| {
                let start = tick();
                let answer = call.make(&scene.backend);
                Observed { call: call.clone(), answer, start, end: tick() }
            };
            plans[thread].iter().map(make).collect::<Vec<_>>()
        });

        let histories: Vec<&[Observed]> = observed.iter().map(Vec::as_slice).collect();
        overlapping += usize::from(observed.iter().flatten().any(|it| it.end - it.start > 1));
        let is_explained = has_explanation(&scene.model, &histories);
        assert!(is_explained, "round {rounds}: {}", transcript(&observed));
        scene.backend.check_invariants().unwrap();
    }
}

fn transcript(threads: &[Vec<Observed>]) -> String {
    let line = |Observed { call, answer, start, end }: &Observed| {
        format!("\n    {start}-{end} {call:?}\n        -> {answer:?}")
    };
    threads.iter().map(|calls| calls.iter().map(line).collect::<String>() + "\n").collect()
}
