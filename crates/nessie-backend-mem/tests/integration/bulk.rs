//! A bulk call has the effect of single calls for its items in order, or it fails as the first of
//! them that fails and changes nothing.

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, SnapshotId, Uuid, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::{BulkError, MemBackend, NewVolume};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// The records that the batches choose from.
struct World {
    backend: MemBackend,
    /// Also deleted ones.
    volumes: Vec<VolumeId>,
    /// Each with its volume; some with another volume.
    snapshots: Vec<(VolumeId, SnapshotId)>,
}

/// Volumes with and without snapshots, clones, clones of clones, offline volumes, reused slots, and
/// more names than fit one bucket of an index.
fn world() -> World {
    let backend = MemBackend::builder().seed(11).build().unwrap();
    let create = |name: &str| backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
    let snapshot = |volume, name| backend.create_snapshot(volume, name).unwrap().uuid;
    let patch = |volume, patch| backend.patch_volume(volume, patch).unwrap();
    let [parent, plain, offline, gone] = ["a", "b", "c", "gone"].map(create);
    let base = snapshot(parent, "s");
    let other = snapshot(parent, "t");
    let of_plain = snapshot(plain, "s");
    patch(parent, VolumePatch::new().export_policy("p").size_bytes(7).junction_path("/a"));
    let clone = backend.create_clone(parent, base, "d").unwrap().uuid;
    let of_clone = snapshot(clone, "s");
    let grandchild = backend.create_clone(clone, of_clone, "e").unwrap().uuid;
    patch(offline, VolumePatch::new().state(VolumeState::Offline));
    snapshot(gone, "s");
    backend.delete_volume(gone).unwrap();
    for n in 0..600 {
        create(&format!("many{n}"));
    }
    World {
        backend,
        volumes: vec![parent, plain, offline, clone, grandchild, gone, VolumeId::new(Uuid::nil())],
        snapshots: vec![
            (parent, base),
            (parent, other),
            (plain, of_plain),
            (clone, of_clone),
            (offline, other),
        ],
    }
}

/// Runs the bulk call on one copy and the single calls on another, and compares everything.
fn check<T, U>(
    backend: &MemBackend,
    bulk: impl FnOnce(&MemBackend) -> Result<T, BulkError>,
    singles: impl IntoIterator<Item = U>,
    mut single: impl FnMut(&MemBackend, U) -> Result<(), BackendError>,
) {
    let (at_once, one_by_one) = (backend.fork(), backend.fork());
    let result = bulk(&at_once).map(|_| ());
    at_once.check_invariants().unwrap();
    let failure = singles
        .into_iter()
        .enumerate()
        .find_map(|(index, item)| Some(BulkError::at(index, single(&one_by_one, item).err()?)));
    match (result, failure) {
        (Ok(()), None) => {
            assert_eq!(at_once.state_digest().unwrap(), one_by_one.state_digest().unwrap());
        }
        (Err(error), Some(expected)) => {
            assert_eq!(error.index, expected.index, "{error} | {expected}");
            assert_eq!(error.error.code(), expected.error.code());
            assert_eq!(error.error.target(), expected.error.target());
            assert_eq!(
                at_once.state_digest().unwrap(),
                backend.state_digest().unwrap(),
                "left a trace"
            );
        }
        (Ok(()), Some(expected)) => panic!("succeeded where a single call fails: {expected}"),
        (Err(error), None) => panic!("failed where every single call succeeds: {error}"),
    }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..Config::default()
    };
    let checked = |value| {
        test(value);
        Ok(())
    };
    if let Err(error) = TestRunner::new(config).run(strategy, checked) {
        panic!("{error}");
    }
}

/// Mostly new names; some are taken, occur twice or break a rule.
fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        40 => "[a-z]{6}",
        2 => "n[0-9]",
        1 => select(vec!["a", "d", "gone", "", "a/b", "-x", "many7"]).prop_map(str::to_owned),
    ];
    prop_oneof![vec(name.clone(), 0..12), vec(name, 0..700)]
}

fn size() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![20 => (1..u64::MAX).prop_map(Some), 5 => Just(None), 1 => Just(Some(0))]
}

fn picks() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..6)
}

impl World {
    /// The many plain volumes, mixed with the special ones that `picks` chooses.
    fn pick(&self, picks: &[Index], with_many: bool) -> Vec<VolumeId> {
        let mut chosen: Vec<VolumeId> = Vec::new();
        if with_many {
            let listed = self.backend.list_volumes().unwrap();
            let many = listed.iter().filter(|volume| volume.name.starts_with("many"));
            chosen.extend(many.map(|volume| volume.uuid));
        }
        for pick in picks {
            let place = if chosen.is_empty() { 0 } else { pick.index(chosen.len()) };
            chosen.insert(place, *pick.get(&self.volumes));
        }
        chosen
    }
}

#[test]
fn creating_volumes_is_creating_each() {
    let world = world();
    run(256, &(names(), vec(size(), 700)), |(names, sizes)| {
        let specs = || {
            let sizes = names.iter().zip(sizes.iter().copied());
            sizes.map(|(name, size)| NewVolume::named(name).size_bytes(size))
        };
        check(
            &world.backend,
            |backend| backend.create_volumes(specs()),
            specs(),
            |backend, NewVolume { name, size_bytes, .. }| {
                backend.create_volume(VolumeSpec::named(name).size_bytes(size_bytes)).map(|_| ())
            },
        );
    });
}

#[test]
fn creating_clones_is_creating_each() {
    let world = world();
    run(256, &(names(), any::<Index>()), |(names, parent)| {
        let (volume, snapshot) = *parent.get(&world.snapshots);
        let bulk = |backend: &MemBackend| backend.create_clones(volume, snapshot, &names);
        if world.backend.get_snapshot(volume, snapshot).is_err() {
            let error = bulk(&world.backend.fork()).unwrap_err();
            assert_eq!((error.index, error.error.code()), (None, "snapshot_not_found"));
            return;
        }
        check(&world.backend, bulk, &names, |backend, name| {
            backend.create_clone(volume, snapshot, name).map(|_| ())
        });
    });
}

#[test]
fn creating_snapshots_is_creating_each() {
    let world = world();
    let name = select(vec!["s", "t", "new", "", "a b"]);
    run(256, &(picks(), any::<bool>(), name), |(picks, with_many, name)| {
        let volumes = world.pick(&picks, with_many);
        check(
            &world.backend,
            |backend| backend.create_snapshots(&volumes, name),
            &volumes,
            |backend, volume| backend.create_snapshot(*volume, name).map(|_| ()),
        );
    });
}

#[test]
fn deleting_snapshots_is_deleting_each() {
    let world = world();
    let listed = world.backend.list_volumes().unwrap();
    let all: Vec<VolumeId> = listed.iter().map(|volume| volume.uuid).collect();
    let online = world.pick(&[], true);
    world.backend.create_snapshots(&online, "s").unwrap();
    assert_eq!(all.len(), 605);
    let name = select(vec!["s", "t", "none"]);
    run(256, &(picks(), any::<bool>(), name), |(picks, with_many, name)| {
        let volumes = world.pick(&picks, with_many);
        check(
            &world.backend,
            |backend| backend.delete_snapshots(&volumes, name),
            &volumes,
            |backend, volume| {
                let found = backend.find_snapshot(*volume, name)?;
                let missing = || BackendError::SnapshotNameNotFound {
                    volume: *volume,
                    name: name.to_owned(),
                };
                backend.delete_snapshot(*volume, found.ok_or_else(missing)?.uuid)
            },
        );
    });
}

/// A deletion that skips busy records and collects them.
fn unless_busy<T: Copy>(
    left: &mut Vec<T>,
    item: T,
    deleted: Result<(), BackendError>,
) -> Result<(), BackendError> {
    match deleted {
        Err(BackendError::SnapshotBusy { .. } | BackendError::VolumeBusy { .. }) => {
            left.push(item);
            Ok(())
        }
        other => other,
    }
}

#[test]
fn deleting_pairs_is_deleting_each() {
    let world = world();
    let pairs = vec(select(world.snapshots.clone()), 0..6);
    run(96, &(pairs, any::<bool>(), any::<bool>()), |(mut pairs, with_many, skip)| {
        let backend = world.backend.fork();
        if with_many {
            let many = world.pick(&[], true);
            let made = backend.create_snapshots(&many, "many").unwrap();
            let at = pairs.len() / 2;
            pairs.splice(at..at, many.into_iter().zip(made));
        }
        let (mut left, mut expected) = (Vec::new(), Vec::new());
        check(
            &backend,
            |backend| {
                if !skip {
                    return backend.delete_snapshot_pairs(&pairs);
                }
                left = backend.delete_snapshot_pairs_unless_busy(&pairs)?;
                Ok(())
            },
            &pairs,
            |backend, (volume, snapshot)| {
                let deleted = backend.delete_snapshot(*volume, *snapshot);
                if skip {
                    unless_busy(&mut expected, (*volume, *snapshot), deleted)
                } else {
                    deleted
                }
            },
        );
        if !left.is_empty() {
            assert_eq!(left, expected);
        }
    });
}

#[test]
fn deleting_snapshots_unless_busy_is_trying_each() {
    let world = world();
    let online = world.pick(&[], true);
    world.backend.create_snapshots(&online, "s").unwrap();
    let name = select(vec!["s", "t"]);
    run(96, &(picks(), any::<bool>(), name), |(picks, with_many, name)| {
        let volumes = world.pick(&picks, with_many);
        let (mut left, mut expected) = (Vec::new(), Vec::new());
        check(
            &world.backend,
            |backend| {
                left = backend.delete_snapshots_unless_busy(&volumes, name)?;
                Ok(())
            },
            &volumes,
            |backend, volume| {
                let found = backend.find_snapshot(*volume, name)?;
                let missing = || BackendError::SnapshotNameNotFound {
                    volume: *volume,
                    name: name.to_owned(),
                };
                let deleted = backend.delete_snapshot(*volume, found.ok_or_else(missing)?.uuid);
                unless_busy(&mut expected, *volume, deleted)
            },
        );
        if !left.is_empty() {
            assert_eq!(left, expected);
        }
    });
}

#[test]
fn deleting_volumes_unless_busy_skips_the_parents_of_remaining_clones() {
    let world = world();
    let listed = world.backend.list_volumes().unwrap();
    let age = |id: &VolumeId| listed.iter().position(|volume| volume.uuid == *id);
    run(128, &(picks(), any::<bool>()), |(picks, with_many)| {
        let mut volumes = world.pick(&picks, with_many);
        let mut seen = std::collections::HashSet::new();
        volumes.retain(|volume| age(volume).is_some() && seen.insert(*volume));
        let whole = world.backend.fork();
        let left = whole.delete_volumes_unless_busy(&volumes).unwrap();
        whole.check_invariants().unwrap();
        // The same with single calls, clones first.
        let one_by_one = world.backend.fork();
        let mut youngest_first = volumes.clone();
        youngest_first.sort_by_key(|volume| std::cmp::Reverse(age(volume)));
        let mut expected = Vec::new();
        for volume in youngest_first {
            unless_busy(&mut expected, volume, one_by_one.delete_volume(volume)).unwrap();
        }
        expected.sort_by_key(|id| volumes.iter().position(|volume| volume == id));
        assert_eq!(left, expected);
        assert_eq!(whole.list_volumes().unwrap(), one_by_one.list_volumes().unwrap());
    });
    let missing = [world.volumes[5]];
    assert_eq!(world.backend.delete_volumes_unless_busy(missing).unwrap_err().index, Some(0));
}

#[test]
fn patching_volumes_is_patching_each() {
    let world = world();
    let patch = (
        proptest::option::weighted(0.2, size()),
        proptest::option::weighted(0.2, select(vec!["", "/a", "/new", "bad"])),
        proptest::option::weighted(0.2, select(vec!["policy", ""])),
        proptest::option::weighted(0.1, select(vec!["a", "fresh", "a/b"])),
        proptest::option::weighted(0.2, select(VolumeState::ALL)),
        any::<bool>(),
    );
    run(512, &(picks(), any::<bool>(), patch), |(picks, with_many, fields)| {
        let volumes = world.pick(&picks, with_many);
        let (size, junction, policy, name, state, each) = fields;
        let mut patch = VolumePatch::new();
        patch.size_bytes = size.flatten();
        patch.junction_path = junction.map(str::to_owned);
        patch.export_policy = policy.map(str::to_owned);
        patch.name = name.map(str::to_owned);
        patch.state = state;
        let sizes: Option<Vec<Option<u64>>> =
            each.then(|| (0..volumes.len() as u64).map(|n| (n % 3 > 0).then_some(n)).collect());
        check(
            &world.backend,
            |backend| match &sizes {
                None => backend.patch_volumes(&volumes, &patch),
                Some(sizes) => {
                    let volumes = volumes.iter().copied().zip(sizes.iter().copied());
                    backend.patch_volumes_with_sizes(volumes, &patch)
                }
            },
            volumes.iter().enumerate(),
            |backend, (index, volume)| {
                let mut own = patch.clone();
                if let Some(sizes) = &sizes {
                    own.size_bytes = sizes[index];
                }
                backend.patch_volume(*volume, own).map(|_| ())
            },
        );
    });
}

#[test]
fn deleting_volumes_needs_no_order() {
    let world = world();
    run(512, &(picks(), any::<bool>()), |(picks, with_many)| {
        let mut volumes = world.pick(&picks, with_many);
        let whole = world.backend.fork();
        let result = whole.delete_volumes(&volumes);
        whole.check_invariants().unwrap();
        match result {
            Ok(()) => {
                // The same with single calls, clones first.
                let one_by_one = world.backend.fork();
                let listed = world.backend.list_volumes().unwrap();
                let age = |id: &VolumeId| listed.iter().position(|volume| volume.uuid == *id);
                volumes.sort_by_key(age);
                for volume in volumes.iter().rev() {
                    one_by_one.delete_volume(*volume).unwrap();
                }
                assert_eq!(whole.list_volumes().unwrap(), one_by_one.list_volumes().unwrap());
                assert_eq!(whole.counts(), one_by_one.counts());
            }
            Err(error) => {
                assert_eq!(whole.state_digest().unwrap(), world.backend.state_digest().unwrap());
                let culprit = volumes[error.index.unwrap()];
                match error.error {
                    BackendError::VolumeNotFound { volume } => assert_eq!(volume, culprit),
                    BackendError::VolumeBusy { volume, dependents } => {
                        assert_eq!(volume, culprit);
                        let stays = |name: &String| {
                            let clone = world.backend.find_volume(name).unwrap().unwrap();
                            !volumes.contains(&clone.uuid)
                        };
                        assert!(dependents.names.iter().all(stays), "{dependents}");
                        assert_eq!(dependents.count, dependents.names.len() as u64);
                    }
                    other => panic!("{other}"),
                }
            }
        }
    });
}

/// Batches of many chunks of records, in slots that were used before and in scattered order.
#[test]
fn a_large_batch_equals_single_calls() {
    let backend = MemBackend::builder().seed(5).build().unwrap();
    let create = |kind: &str, count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("{kind}{n}")).collect();
        let specs: Vec<_> =
            names.iter().map(|name| VolumeSpec::named(name).size_bytes(9)).collect();
        let single = |backend: &MemBackend, spec: &VolumeSpec| {
            backend.create_volume(spec.clone()).map(|_| ())
        };
        check(&backend, |backend| backend.create_volumes(&specs), &specs, single);
        backend.create_volumes(&specs).unwrap()
    };
    let snapshot = |volumes: &[VolumeId], name| {
        let single =
            |backend: &MemBackend, volume| backend.create_snapshot(volume, name).map(|_| ());
        check(&backend, |b| b.create_snapshots(volumes, name), volumes.to_vec(), single);
        backend.create_snapshots(volumes, name).unwrap()
    };
    let clone = |volume, snapshot, kind: &str| {
        let names: Vec<String> = (0..1_500).map(|n| format!("{kind}{n}")).collect();
        let bulk = |backend: &MemBackend| backend.create_clones(volume, snapshot, &names);
        check(&backend, bulk, &names, |backend, name| {
            backend.create_clone(volume, snapshot, name).map(|_| ())
        });
        bulk(&backend).unwrap()
    };
    let delete = |volumes: &[VolumeId]| {
        let single = |backend: &MemBackend, volume| backend.delete_volume(volume);
        check(&backend, |backend| backend.delete_volumes(volumes), volumes.to_vec(), single);
        backend.delete_volumes(volumes).unwrap();
    };
    let scattered = |ids: &[VolumeId]| -> Vec<VolumeId> {
        (0..ids.len()).map(|n| ids[n * 1_009 % ids.len()]).collect()
    };

    let mut volumes = create("a", 2_600);
    let first = snapshot(&volumes, "s");
    let second = snapshot(&scattered(&volumes), "t");
    let (parent, base) = (volumes[0], [first[0], second[0]]);
    let gone: Vec<VolumeId> = volumes.extract_if(1.., |id| id.uuid().as_bytes()[0] < 99).collect();
    delete(&scattered(&gone));
    let stay: Vec<VolumeId> = volumes[1..].to_vec();
    check(
        &backend,
        |backend| backend.delete_snapshots(&stay, "s"),
        stay.clone(),
        |backend, volume| {
            let snapshot = backend.find_snapshot(volume, "s")?.unwrap().uuid;
            backend.delete_snapshot(volume, snapshot)
        },
    );
    backend.delete_snapshots(&stay, "s").unwrap();
    volumes.extend(create("b", 1_700));
    snapshot(&scattered(&volumes), "u");

    let mut clones = clone(parent, base[0], "c");
    clones.extend(clone(parent, base[1], "d"));
    let gone: Vec<VolumeId> = clones.extract_if(.., |id| id.uuid().as_bytes()[0] < 128).collect();
    delete(&gone);
    clones.extend(clone(parent, base[0], "e"));
    delete(&scattered(&clones));
    delete(&volumes);
    assert_eq!(backend.list_volumes().unwrap(), []);
}
