//! The account of space against a naive model that keeps every unit of data.
//!
//! Random histories of writes, snapshots, clones of clones, splits, restores and deletions, with
//! quotas, a small pool, bulk calls, forks and reloads in between. After every step all figures
//! must agree. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` select other histories.

mod model;

use std::collections::{BTreeSet, HashMap};

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, SnapshotId, VolumeBackend, VolumeId, VolumePatch,
    VolumeSpec, VolumeState,
};
use nessie_backend_mem::{MemBackend, NewData};
use proptest::prelude::*;

use self::model::{Expected, Model, Refusal};
use crate::outcomes::Outcomes;
use crate::random_cases::check;
use crate::saved::{dumped, reloaded};

/// A step of a history. The numbers select an object, by their remainder.
#[derive(Clone, Debug)]
enum Step {
    Create { quota: Option<u64> },
    Write { of: usize, size: u64, overwrite: u64 },
    WriteMany { of: Vec<(usize, u64, u64)> },
    Discard { of: usize, size: u64 },
    DiscardMany { of: Vec<(usize, u64)> },
    Resize { of: usize, size: u64 },
    SetAutosize { of: usize, maximum: Option<u64> },
    SetState { of: usize, is_offline: bool },
    Snapshot { of: usize },
    SnapshotAll,
    DeleteSnapshot { of: usize, at: usize },
    DeleteSnapshotPairs { of: Vec<(usize, usize)> },
    Restore { of: usize, at: usize },
    Clone { of: usize, at: usize },
    CloneMany { of: usize, at: usize },
    Split { of: usize },
    Delete { of: usize },
    SetCapacity { capacity: Option<u64> },
    Reload,
    Fork,
}

fn step() -> impl Strategy<Value = Step> {
    let of = || 0..8_usize;
    let size = || prop_oneof![4 => 0..6_u64, 1 => 0..30_u64];
    prop_oneof![
        4 => proptest::option::of(1..40_u64).prop_map(|quota| Step::Create { quota }),
        14 => (of(), size(), 0..5_u64)
            .prop_map(|(of, size, overwrite)| Step::Write { of, size, overwrite }),
        3 => proptest::collection::vec((of(), size(), 0..3_u64), 0..5)
            .prop_map(|of| Step::WriteMany { of }),
        6 => (of(), size()).prop_map(|(of, size)| Step::Discard { of, size }),
        2 => proptest::collection::vec((of(), 0..4_u64), 0..5)
            .prop_map(|of| Step::DiscardMany { of }),
        4 => (of(), prop_oneof![1..8_u64, 1..40_u64]).prop_map(|(of, size)| Step::Resize { of, size }),
        3 => (of(), proptest::option::of(1..60_u64))
            .prop_map(|(of, maximum)| Step::SetAutosize { of, maximum }),
        2 => (of(), any::<bool>()).prop_map(|(of, is_offline)| Step::SetState { of, is_offline }),
        12 => of().prop_map(|of| Step::Snapshot { of }),
        1 => Just(Step::SnapshotAll),
        7 => (of(), of()).prop_map(|(of, at)| Step::DeleteSnapshot { of, at }),
        2 => proptest::collection::vec((of(), of()), 0..4)
            .prop_map(|of| Step::DeleteSnapshotPairs { of }),
        4 => (of(), of()).prop_map(|(of, at)| Step::Restore { of, at }),
        7 => (of(), of()).prop_map(|(of, at)| Step::Clone { of, at }),
        1 => (of(), of()).prop_map(|(of, at)| Step::CloneMany { of, at }),
        4 => of().prop_map(|of| Step::Split { of }),
        3 => of().prop_map(|of| Step::Delete { of }),
        2 => proptest::option::of(0..60_u64).prop_map(|capacity| Step::SetCapacity { capacity }),
        1 => Just(Step::Reload),
        1 => Just(Step::Fork),
    ]
}

/// The steps that happened, and their outcomes.
static OUTCOMES: Outcomes = Outcomes::new();

fn note(step: &str, outcome: Expected) {
    let outcome = match outcome {
        Ok(()) => "ok".to_owned(),
        Err(Refusal::NoSpace { in_pool, .. }) => format!("no space, in pool: {in_pool}"),
        Err(refusal) => format!("{refusal:?}"),
    };
    OUTCOMES.note(step, &outcome);
}

/// A backend and its expected contents.
struct World {
    backend: MemBackend,
    model: Model,
    volumes: HashMap<usize, VolumeId>,
    snapshots: HashMap<usize, SnapshotId>,
}

impl World {
    fn new() -> Self {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        let (volumes, snapshots) = (HashMap::new(), HashMap::new());
        Self { backend, model: Model::default(), volumes, snapshots }
    }

    /// The number of a volume, if there are any.
    fn volume(&self, of: usize) -> Option<usize> {
        let mut numbers: Vec<_> = self.model.volumes.keys().copied().collect();
        numbers.sort_unstable();
        (!numbers.is_empty()).then(|| numbers[of % numbers.len()])
    }

    /// The numbers of a volume and of a snapshot of it, if it has any.
    fn snapshot(&self, of: usize, at: usize) -> Option<(usize, usize)> {
        let volume = self.volume(of)?;
        let kept = &self.model.volumes[&volume].snapshots;
        (!kept.is_empty()).then(|| (volume, kept[at % kept.len()].number))
    }

    fn ids(&self, (volume, snapshot): (usize, usize)) -> (VolumeId, SnapshotId) {
        (self.volumes[&volume], self.snapshots[&snapshot])
    }

    /// Takes a step, if there is an object for it.
    fn step(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Create { quota } => {
                let number = self.model.create(*quota);
                let spec = VolumeSpec::named(format!("v{number}")).size_bytes(*quota);
                self.volumes.insert(number, self.backend.create_volume(spec).unwrap().uuid);
            }
            Step::Write { of, size, overwrite } => {
                let of = self.volume(*of)?;
                let data = NewData::new(*size).overwriting(*overwrite);
                let found = self.backend.write(self.volumes[&of], data);
                agree("write", found, self.model.clone().write(of, *size, *overwrite));
                let _ = self.model.write(of, *size, *overwrite);
            }
            Step::WriteMany { of } => {
                let of: Option<Vec<_>> = of
                    .iter()
                    .map(|(of, size, over)| Some((self.volume(*of)?, *size, *over)))
                    .collect();
                self.write_many(&of?);
            }
            Step::Discard { of, size } => {
                let of = self.volume(*of)?;
                let found = self.backend.discard(self.volumes[&of], *size);
                let expected = self.model.discard(of, *size);
                agree("discard", found, expected);
            }
            Step::DiscardMany { of } => {
                let of: Option<Vec<_>> =
                    of.iter().map(|(of, size)| Some((self.volume(*of)?, *size))).collect();
                self.discard_many(&of?);
            }
            Step::Resize { of, size } => {
                let of = self.volume(*of)?;
                let patch = VolumePatch::new().size_bytes(*size);
                let found = self.backend.patch_volume(self.volumes[&of], patch);
                let expected = self.model.resize(of, *size);
                agree("resize", found, expected);
            }
            Step::SetAutosize { of, maximum } => {
                let of = self.volume(*of)?;
                self.backend.set_autosize(self.volumes[&of], *maximum).unwrap();
                self.model.volumes.get_mut(&of).unwrap().autosize = *maximum;
            }
            Step::SetState { of, is_offline } => {
                let of = self.volume(*of)?;
                let state = if *is_offline { VolumeState::Offline } else { VolumeState::Online };
                let patch = VolumePatch::new().state(state);
                self.backend.patch_volume(self.volumes[&of], patch).unwrap();
                self.model.volumes.get_mut(&of).unwrap().is_offline = *is_offline;
            }
            Step::SetCapacity { capacity } => {
                let found = self.backend.set_capacity(*capacity);
                let expected = self.model.set_capacity(*capacity);
                agree("set_capacity", found, expected);
            }
            Step::Delete { of } => {
                let of = self.volume(*of)?;
                let found = self.backend.delete_volume(self.volumes[&of]);
                let expected = self.model.delete(of);
                agree("delete_volume", found, expected);
            }
            Step::Reload => {
                let before = dumped(&self.backend);
                self.backend = reloaded(&self.backend);
                assert!(dumped(&self.backend) == before, "a reload changes what is dumped");
            }
            Step::Fork => {
                let fork = self.backend.fork();
                // What is written to the other one must not show in the fork.
                for id in self.volumes.values() {
                    let _ = self.backend.write(*id, 1);
                }
                self.backend = fork;
            }
            _ => self.step_of_snapshots(step)?,
        }
        Some(())
    }

    fn step_of_snapshots(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Snapshot { of } => {
                let of = self.volume(*of)?;
                let expected = self.model.snapshot(of);
                let name = format!("s{}", expected.unwrap_or(0));
                let found = self.backend.create_snapshot(self.volumes[&of], &name);
                if let (Ok(made), Ok(number)) = (&found, expected) {
                    self.snapshots.insert(number, made.uuid);
                }
                agree("create_snapshot", found, expected.map(drop));
            }
            Step::SnapshotAll => {
                let mut online: Vec<_> = self.model.volumes.keys().copied().collect();
                online.retain(|of| !self.model.volumes[of].is_offline);
                online.sort_unstable();
                let ids: Vec<_> = online.iter().map(|of| self.volumes[of]).collect();
                let numbers: Vec<_> = online.iter().map(|of| self.model.snapshot(*of)).collect();
                let name = format!("all{}", numbers.first()?.unwrap());
                let made = self.backend.create_snapshots(&ids, &name).unwrap();
                for (number, id) in numbers.into_iter().zip(made) {
                    self.snapshots.insert(number.unwrap(), id);
                }
            }
            Step::DeleteSnapshot { of, at } => {
                let pair = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(pair);
                let found = self.backend.delete_snapshot(volume, snapshot);
                let expected = self.model.delete_snapshot(pair.0, pair.1);
                agree("delete_snapshot", found, expected);
            }
            Step::DeleteSnapshotPairs { of } => {
                let pairs: Option<BTreeSet<_>> =
                    of.iter().map(|(of, at)| self.snapshot(*of, *at)).collect();
                let pairs: Vec<_> = pairs?.into_iter().collect();
                let ids: Vec<_> = pairs.iter().map(|pair| self.ids(*pair)).collect();
                let left = self.backend.delete_snapshot_pairs_unless_busy(&ids).unwrap();
                for (pair, ids) in pairs.iter().zip(ids) {
                    let expected = self.model.delete_snapshot(pair.0, pair.1);
                    assert_eq!(expected.is_err(), left.contains(&ids));
                }
            }
            Step::Restore { of, at } => {
                let pair = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(pair);
                let found = self.backend.restore_snapshot(volume, snapshot);
                let expected = self.model.restore(pair.0, pair.1);
                agree("restore_snapshot", found, expected);
            }
            Step::Clone { of, at } => {
                let pair = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(pair);
                let expected = self.model.clone_of(pair.0, pair.1);
                let name = format!("v{}", expected.unwrap_or(0));
                let found = self.backend.create_clone(volume, snapshot, &name);
                if let (Ok(made), Ok(number)) = (&found, expected) {
                    self.volumes.insert(number, made.uuid);
                }
                agree("create_clone", found, expected.map(drop));
            }
            Step::CloneMany { of, at } => {
                let pair = self.snapshot(*of, *at)?;
                if self.model.volumes[&pair.0].is_offline {
                    return None;
                }
                let (volume, snapshot) = self.ids(pair);
                let numbers = [(), ()].map(|()| self.model.clone_of(pair.0, pair.1).unwrap());
                let names = numbers.map(|number| format!("v{number}"));
                let made = self.backend.create_clones(volume, snapshot, &names).unwrap();
                self.volumes.extend(numbers.into_iter().zip(made));
            }
            Step::Split { of } => {
                let of = self.volume(*of)?;
                let found = self.backend.split_clone(self.volumes[&of]);
                let expected = self.model.split(of);
                agree("split_clone", found, expected);
            }
            other => unreachable!("{other:?}"),
        }
        Some(())
    }

    fn write_many(&mut self, of: &[(usize, u64, u64)]) {
        let mut after = self.model.clone();
        let refused = of.iter().enumerate().find_map(|(index, (of, size, over))| {
            after.write(*of, *size, *over).err().map(|refusal| (index, refusal))
        });
        let writes = of
            .iter()
            .map(|(of, size, over)| (self.volumes[of], NewData::new(*size).overwriting(*over)));
        let found = self.backend.write_volumes(writes);
        let index = found.as_ref().err().and_then(|error| error.index);
        assert_eq!(index, refused.map(|(index, _)| index));
        let expected = refused.map_or(Ok(()), |(_, refusal)| Err(refusal));
        agree("write_volumes", found.map_err(|error| error.error), expected);
        if expected.is_ok() {
            self.model = after;
        }
    }

    fn discard_many(&mut self, of: &[(usize, u64)]) {
        let mut after = self.model.clone();
        let refused = of.iter().enumerate().find_map(|(index, (of, size))| {
            after.discard(*of, *size).err().map(|refusal| (index, refusal))
        });
        let found =
            self.backend.discard_volumes(of.iter().map(|(of, size)| (self.volumes[of], *size)));
        let index = found.as_ref().err().and_then(|error| error.index);
        assert_eq!(index, refused.map(|(index, _)| index));
        let expected = refused.map_or(Ok(()), |(_, refusal)| Err(refusal));
        agree("discard_volumes", found.map_err(|error| error.error), expected);
        if expected.is_ok() {
            self.model = after;
        }
    }

    /// Every figure must agree with the model.
    fn check(&self) {
        self.backend.check_invariants().unwrap();
        let space = self.backend.space().unwrap();
        assert_eq!(space.capacity_bytes, self.model.capacity);
        assert_eq!((space.used_bytes, space.live_bytes), (self.model.used(), self.model.live()));
        assert_eq!(space.snapshot_bytes, space.used_bytes - space.live_bytes);
        let left = self.model.capacity.map(|capacity| capacity - space.used_bytes);
        assert_eq!(space.available_bytes, left);
        let mut footprints = 0;
        for (number, expected) in &self.model.volumes {
            let volume = self.backend.get_volume(self.volumes[number]).unwrap();
            let used = expected.has_data.then_some(expected.live.len() as u64);
            assert_eq!(volume.used_bytes, used, "{number}");
            assert_eq!(volume.size_bytes, expected.quota, "{number}");
            let shown = self.backend.list_snapshots(volume.uuid).unwrap();
            assert_eq!(shown.len(), expected.snapshots.len());
            for (shown, kept) in shown.iter().zip(&expected.snapshots) {
                let consumed = self.model.consumed(*number, kept.number);
                assert_eq!(shown.size_consumed, consumed, "{}", shown.name);
            }
            let of_volume = self.backend.volume_space(volume.uuid).unwrap();
            assert_eq!(of_volume, self.model.volume_space(*number), "{number}");
            footprints += of_volume.footprint_bytes();
            let spaces = self.backend.snapshot_spaces(volume.uuid).unwrap();
            assert_eq!(spaces.len(), shown.len());
            for ((space, shown), kept) in spaces.iter().zip(&shown).zip(&expected.snapshots) {
                assert_eq!((space.uuid, space.used_bytes), (shown.uuid, kept.units.len() as u64));
                assert_eq!(space.changed_bytes, self.model.changed(*number, kept));
            }
        }
        assert_eq!(footprints, space.used_bytes);
    }
}

#[test]
fn every_figure_agrees_with_a_model_that_keeps_every_unit() {
    let histories = proptest::collection::vec(step(), 1..80);
    check(1_000, &histories, |steps| {
        let mut world = World::new();
        for step in &steps {
            if world.step(step).is_some() {
                world.check();
            }
        }
    });
    for (step, outcomes) in [
        (
            "write",
            &[
                "ok",
                "no space, in pool: false",
                "no space, in pool: true",
                "Invalid(\"overwrite_bytes\")",
                "Offline",
            ][..],
        ),
        ("write_volumes", &["no space, in pool: true"]),
        ("discard", &["Invalid(\"size_bytes\")"]),
        ("resize", &["Invalid(\"size_bytes\")"]),
        ("restore_snapshot", &["Busy"]),
        ("split_clone", &["ok", "no space, in pool: true"]),
        ("set_capacity", &["Invalid(\"capacity_bytes\")"]),
    ] {
        OUTCOMES.assert_had(step, outcomes);
    }
}

#[test]
fn a_write_makes_a_volume_with_autosize_grow_up_to_its_maximum() {
    let backend = MemBackend::builder().seed(1).capacity_bytes(100).build().unwrap();
    let spec = || VolumeSpec::named("v").size_bytes(10);
    let volume = backend.create_volume(spec()).unwrap().uuid;
    backend.set_autosize(volume, Some(15)).unwrap();
    assert_eq!(backend.write(volume, 8).unwrap().size_bytes, Some(10));
    assert_eq!(backend.write(volume, 4).unwrap().size_bytes, Some(12));
    let before = dumped(&backend);
    let refused = backend.write(volume, 4).unwrap_err();
    let expected =
        BackendError::NoSpace { volume: Some(volume), needed_bytes: 4, available_bytes: 3 };
    assert_eq!(refused.to_string(), expected.to_string());
    // The first write would make the volume grow; the second one is refused.
    let refused = backend.write_volumes([(volume, 3), (volume, 1)]).unwrap_err();
    assert_eq!(refused.index, Some(1));
    assert_eq!(dumped(&backend), before);
    assert_eq!(backend.set_autosize(volume, Some(0)).unwrap_err().code(), "invalid_argument");
    // A volume in the same place does not inherit it.
    backend.delete_volume(volume).unwrap();
    let volume = backend.create_volume(spec()).unwrap().uuid;
    backend.check_invariants().unwrap();
    assert_eq!(backend.write(volume, 11).unwrap_err().code(), "no_space");
    backend.set_autosize(volume, Some(1)).unwrap();
    assert_eq!(backend.write(volume, 11).unwrap_err().code(), "no_space");
    assert_eq!(backend.write(volume, 10).unwrap().size_bytes, Some(10));
    backend.set_autosize(volume, None).unwrap();
    assert_eq!(backend.volume_space(volume).unwrap().autosize_bytes, None);
}

#[test]
fn a_clone_gets_the_size_of_the_snapshot_if_the_data_does_not_fit_the_parent() {
    let mut world = World::new();
    for step in [
        Step::Create { quota: Some(10) },
        Step::Write { of: 0, size: 8, overwrite: 0 },
        Step::Snapshot { of: 0 },
        Step::Discard { of: 0, size: 6 },
        Step::Resize { of: 0, size: 3 },
        Step::Clone { of: 0, at: 0 },
        Step::CloneMany { of: 0, at: 0 },
    ] {
        world.step(&step).unwrap();
        world.check();
    }
    let sizes = world.backend.list_volumes().unwrap();
    let sizes: Vec<_> = sizes.iter().map(|volume| volume.size_bytes).collect();
    assert_eq!(sizes, [Some(3), Some(10), Some(10), Some(10)]);
}

/// The answer of the backend must be that of the model.
fn agree<T>(step: &str, found: Result<T, BackendError>, expected: Expected) {
    note(step, expected);
    let found = found.map(drop).map_err(|error| match &error {
        BackendError::NoSpace { volume, needed_bytes, available_bytes } => Refusal::NoSpace {
            in_pool: volume.is_none(),
            needed: *needed_bytes,
            available: *available_bytes,
        },
        BackendError::VolumeOffline { .. } => Refusal::Offline,
        BackendError::VolumeBusy { .. } | BackendError::SnapshotBusy { .. } => Refusal::Busy,
        BackendError::InvalidArgument { argument, .. } => {
            let arguments = ["size_bytes", "overwrite_bytes", "capacity_bytes", "vol_uuid"];
            let known = arguments.into_iter().find(|known| known == argument);
            Refusal::Invalid(known.unwrap_or_else(|| panic!("{step}: {error}")))
        }
        other => panic!("{step}: {other}"),
    });
    assert_eq!(found, expected, "{step}");
}
