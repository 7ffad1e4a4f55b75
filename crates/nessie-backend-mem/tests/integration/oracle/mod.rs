//! `MemBackend` against the naive model of the contract: every call gets the expected answer.
//!
//! Random walks through every operation of the contract, valid and not, with forks and reloads in
//! between. After every step the backend must show the volumes, snapshots and time of the model,
//! and the invariants must hold. The walks are the same on every run; for other walks or more of
//! them, set `PROPTEST_RNG_SEED` and `PROPTEST_CASES`.

mod calls;

use std::collections::HashSet;
use std::time::Duration;

use nessie_backend_conformance::oracle::call::{Answer, Call, Value};
use nessie_backend_conformance::oracle::model::Model;
use nessie_backend_core::{AccessHandle, Timestamp, Uuid, Volume, VolumeId, VolumeSpec};
use nessie_backend_mem::MemBackend;
use proptest::prelude::*;
use proptest::sample::select;

use crate::outcomes::Outcomes;
use crate::random_cases::check;
use crate::saved::{dumped, reloaded};

/// Maximum number of backends in a walk.
const MAX_WORLDS: usize = 3;

/// The operations of all walks and the codes of their answers.
static OUTCOMES: Outcomes = Outcomes::new();

/// A step of a walk, in one of its worlds.
#[derive(Clone, Debug)]
enum Step {
    /// A call with placeholders.
    Call(Call),
    Advance(Duration),
    /// Saves the backend, and continues with the loaded one.
    Reload,
    /// Forks the backend. The copy replaces a world, or becomes one more.
    Fork {
        onto: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        45 => calls::call().prop_map(Step::Call),
        1 => calls::duration().prop_map(Step::Advance),
        2 => Just(Step::Reload),
        2 => (0..MAX_WORLDS).prop_map(|onto| Step::Fork { onto }),
    ]
}

/// A backend and its expected contents.
#[derive(Debug)]
struct World {
    backend: MemBackend,
    model: Model,
    now: Timestamp,
    /// Every identifier that the backend has returned.
    issued: Vec<Uuid>,
}

impl World {
    fn new(seed: Option<u64>, now: Timestamp) -> Self {
        let builder = MemBackend::builder().start(now);
        let builder = seed.map_or(builder, |seed| builder.seed(seed));
        let backend = builder.build().unwrap();
        Self { backend, model: Model::default(), now, issued: Vec::new() }
    }

    /// Makes a call, whose answer must be the expected one.
    fn call(&mut self, call: &Call) -> Answer {
        let answer = call.make(&self.backend);
        self.model.check(call, &answer).unwrap_or_else(|difference| panic!("{difference}"));
        match (call, &answer) {
            (Call::CreateVolume(_) | Call::CreateClone(..), Ok(Value::Volume(made))) => {
                self.check_new(made.uuid.uuid(), made.create_time);
            }
            (Call::CreateSnapshot(..), Ok(Value::Snapshot(made))) => {
                self.check_new(made.uuid.uuid(), made.create_time);
            }
            (_, Ok(Value::Handle(handle))) => assert_eq!(*handle, AccessHandle::InMemory),
            _ => {}
        }
        answer
    }

    fn check_new(&mut self, id: Uuid, time: Option<Timestamp>) {
        assert_eq!(id.get_version_num(), 4, "{id} is not of version 4");
        assert!(!self.issued.contains(&id), "{id} was given out twice");
        assert_eq!(time, Some(self.now));
        self.issued.push(id);
    }

    fn advance(&mut self, by: Duration) {
        match (self.backend.advance(by), self.now.checked_add(by)) {
            (Ok(now), Some(expected)) => {
                OUTCOMES.note("advance", "ok");
                assert_eq!(now, expected);
                self.now = now;
            }
            (Err(error), None) => {
                OUTCOMES.note("advance", error.code());
                assert_eq!(error.target().as_deref(), Some("delta"));
            }
            (found, expected) => panic!("advance({by:?}) gives {found:?}, not {expected:?}"),
        }
    }

    fn fork(&self) -> Self {
        let Self { backend, model, now, issued } = self;
        let (model, issued) = (model.clone(), issued.clone());
        Self { backend: backend.fork(), model, now: *now, issued }
    }

    fn reload(&mut self) {
        let before = dumped(&self.backend);
        self.backend = reloaded(&self.backend);
        assert!(dumped(&self.backend) == before, "a reload changes what is dumped");
    }

    /// Every way to read the backend must agree with the model.
    fn check(&mut self) {
        self.backend.check_invariants().unwrap();
        assert_eq!(self.backend.now(), self.now);
        let Ok(Value::Volumes(volumes)) = self.call(&Call::ListVolumes) else { unreachable!() };
        let mut snapshots = 0;
        for volume in &volumes {
            self.call(&Call::GetVolume(volume.uuid)).unwrap();
            self.call(&Call::FindVolume(volume.name.clone())).unwrap();
            let listed = self.call(&Call::ListSnapshots(volume.uuid));
            let Ok(Value::Snapshots(listed)) = listed else { unreachable!() };
            for snapshot in &listed {
                self.call(&Call::GetSnapshot(volume.uuid, snapshot.uuid)).unwrap();
                self.call(&Call::FindSnapshot(volume.uuid, snapshot.name.clone())).unwrap();
            }
            snapshots += listed.len();
        }
        let live: HashSet<Uuid> = volumes.iter().map(|volume| volume.uuid.uuid()).collect();
        for id in self.issued.iter().filter(|id| !live.contains(id)) {
            let is_there = self.backend.contains(VolumeId::new(*id));
            assert!(!is_there, "{id} is the identifier of a deleted volume or of a snapshot");
        }
        self.check_shortcuts(&volumes, snapshots);
    }

    /// The methods of `MemBackend` besides the traits must agree with the traits.
    fn check_shortcuts(&self, volumes: &[Volume], snapshots: usize) {
        let clones = volumes.iter().filter(|volume| volume.origin.is_some()).count();
        let count = |n: usize| u32::try_from(n).unwrap();
        let counts = self.backend.counts();
        assert_eq!(
            (counts.volumes, counts.snapshots, counts.clones),
            (count(volumes.len()), count(snapshots), count(clones))
        );
        let rows: Vec<Volume> = self.backend.view().into_rows().map(Volume::from).collect();
        assert_eq!(rows, volumes);
        assert!(volumes.iter().all(|volume| self.backend.contains_name(&volume.name)));
        assert_eq!(self.backend.tree().lines().count(), volumes.len() + snapshots);
    }
}

/// Runs the steps, each in the world of its number, modulo the number of worlds.
fn walk(world: World, steps: Vec<(usize, Step)>) {
    let mut worlds = vec![world];
    for (place, step) in steps {
        let place = place % worlds.len();
        let world = &mut worlds[place];
        match step {
            Step::Call(call) => {
                let call = calls::resolve(&call, &world.model, &world.issued);
                let answer = world.call(&call);
                OUTCOMES
                    .note(call.operation(), answer.as_ref().map_or_else(|it| it.code, |_| "ok"));
            }
            Step::Advance(by) => world.advance(by),
            Step::Reload => world.reload(),
            Step::Fork { onto } => {
                let copy = world.fork();
                match worlds.get_mut(onto) {
                    Some(replaced) => *replaced = copy,
                    None => worlds.push(copy),
                }
            }
        }
        worlds.iter_mut().for_each(World::check);
    }
}

/// Runs `cases` walks of up to `steps` steps, each from a world that `setup` fills.
fn walks<S: Strategy>(cases: u32, steps: usize, setup: S, fill: impl Fn(&mut World, &S::Value)) {
    let start = select(vec!["2000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"]);
    let steps = prop::collection::vec((0..MAX_WORLDS, step()), 1..=steps);
    let walks = (any::<Option<u64>>(), start, setup.no_shrink(), steps);
    check(cases, &walks, |(seed, start, setup, steps)| {
        let mut world = World::new(seed, start.parse().unwrap());
        fill(&mut world, &setup);
        walk(world, steps);
    });
}

/// Fills a world with a volume for each suffix, as many snapshots of the first volume, and some
/// clones of its first snapshot.
fn crowd(world: &mut World, suffixes: &[String]) {
    let mut make = |call: Call| match world.call(&call).unwrap() {
        Value::Volume(volume) => volume.uuid.uuid(),
        Value::Snapshot(snapshot) => snapshot.uuid.uuid(),
        other => panic!("{call:?} gives {other:?}"),
    };
    let names = |kind: &'static str| {
        suffixes.iter().zip(1..).map(move |(suffix, n)| (n, format!("{kind}{n}-{suffix}")))
    };
    let volumes: Vec<Uuid> = names("v")
        .map(|(n, name)| make(Call::CreateVolume(VolumeSpec::named(name).size_bytes(n))))
        .collect();
    let parent = volumes[0].into();
    let snapshots: Vec<Uuid> =
        names("s").map(|(_, name)| make(Call::CreateSnapshot(parent, name))).collect();
    for (_, name) in names("c").take(30) {
        make(Call::CreateClone(parent, snapshots[0].into(), name));
    }
}

/// Every refusal of the contract: without them the walks would prove little.
const TO_BE_MET: &[(&str, &[&str])] = &[
    ("create_volume", &["ok", "invalid_argument", "volume_exists"]),
    ("list_volumes", &["ok"]),
    ("get_volume", &["ok", "volume_not_found"]),
    ("find_volume", &["ok"]),
    (
        "patch_volume",
        &[
            "ok",
            "volume_not_found",
            "invalid_argument",
            "volume_exists",
            "junction_path_exists",
            "volume_offline",
        ],
    ),
    ("delete_volume", &["ok", "volume_not_found", "volume_busy"]),
    ("access_handle", &["ok", "volume_not_found", "volume_offline"]),
    (
        "create_snapshot",
        &["ok", "volume_not_found", "invalid_argument", "snapshot_exists", "volume_offline"],
    ),
    ("list_snapshots", &["ok", "volume_not_found"]),
    ("get_snapshot", &["ok", "volume_not_found", "snapshot_not_found"]),
    ("find_snapshot", &["ok", "volume_not_found"]),
    (
        "rename_snapshot",
        &["ok", "volume_not_found", "snapshot_not_found", "invalid_argument", "snapshot_exists"],
    ),
    ("delete_snapshot", &["ok", "volume_not_found", "snapshot_not_found", "snapshot_busy"]),
    (
        "restore_snapshot",
        &["ok", "volume_not_found", "snapshot_not_found", "volume_offline", "snapshot_busy"],
    ),
    (
        "create_clone",
        &[
            "ok",
            "volume_not_found",
            "snapshot_not_found",
            "invalid_argument",
            "volume_exists",
            "volume_offline",
        ],
    ),
    ("split_clone", &["ok", "volume_not_found", "invalid_argument"]),
    ("advance", &["ok", "invalid_argument"]),
];

#[test]
fn every_walk_agrees_with_the_model_and_meets_every_refusal() {
    walks(192, 120, Just(()), |_, ()| ());
    for (operation, codes) in TO_BE_MET {
        OUTCOMES.assert_had(operation, codes);
    }
}

/// With hundreds of records, texts move, tables grow and slots fill more than one chunk.
#[test]
fn walks_through_a_crowd_agree_with_the_model() {
    walks(8, 50, prop::collection::vec("[a-z]{0,40}", 520), |world, it| crowd(world, it));
}
