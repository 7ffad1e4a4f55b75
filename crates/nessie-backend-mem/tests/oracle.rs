//! `MemBackend` against a naive backend that is plainly right: the same calls, the same outcomes.
//!
//! Random walks through every operation of the contract, valid and not, with forks and reloads on
//! the way. After every step both must show the same volumes, snapshots and clock, and the
//! invariants must hold. The walks are the same on every run; to take others, or more of them, set
//! `PROPTEST_RNG_SEED` and `PROPTEST_CASES`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on the way out how to repeat it"
)]

#[allow(unreachable_pub, missing_debug_implementations, reason = "shared between test binaries")]
mod naive;
mod strategies;

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use nessie_backend_core::{Timestamp, Uuid, Volume, VolumeBackend, VolumeId};
use nessie_backend_mem::{Counts, MemBackend};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use self::naive::{Answer, Call, Dictionary, Naive, Outcome};

/// How many backends a walk keeps going side by side at most.
const MAX_WORLDS: usize = 3;

/// The naive side of a walk.
#[derive(Clone, Debug)]
struct Reference<const CROWDED: bool> {
    seed: Option<u64>,
    start: Timestamp,
    /// What was called before the walk.
    setup: Arc<[Call]>,
    worlds: Vec<Naive>,
    /// What the last step was to give back.
    expected: Option<Outcome>,
}

/// A step in one of the worlds.
#[derive(Clone, Debug)]
enum Step {
    Call {
        world: usize,
        call: Call,
    },
    /// Saves the backend, and goes on with what is loaded.
    Reload {
        world: usize,
    },
    /// Forks the backend, and goes on with the copy beside it or, if there is one, in the place of
    /// the world `onto`, the forked one itself not excluded.
    Fork {
        world: usize,
        onto: usize,
    },
}

impl<const CROWDED: bool> ReferenceStateMachine for Reference<CROWDED> {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let start = select(vec!["2000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"]);
        let setup = if CROWDED { strategies::crowd() } else { Just(Vec::new()).boxed() };
        (any::<Option<u64>>(), start, setup.no_shrink())
            .prop_map(|(seed, start, setup)| {
                let start = start.parse().unwrap();
                let mut naive = Naive::new(start);
                for call in &setup {
                    naive.ask(call).unwrap();
                }
                Self { seed, start, setup: setup.into(), worlds: vec![naive], expected: None }
            })
            .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let worlds = state.worlds.len();
        let calls: Vec<_> = state.worlds.iter().map(strategies::call).collect();
        let call = (0..worlds)
            .prop_flat_map(move |world| (Just(world), calls[world].clone()))
            .prop_map(|(world, call)| Step::Call { world, call });
        let reload = (0..worlds).prop_map(|world| Step::Reload { world });
        let fork = (0..worlds, 0..=worlds.min(MAX_WORLDS - 1))
            .prop_map(|(world, onto)| Step::Fork { world, onto });
        prop_oneof![46 => call, 2 => reload, 2 => fork].boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        let worlds = state.worlds.len();
        match step {
            Step::Call { world, .. } | Step::Reload { world } => *world < worlds,
            Step::Fork { world, onto } => *world < worlds && *onto <= worlds,
        }
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.expected = None;
        match step {
            Step::Call { world, call } => state.expected = Some(state.worlds[*world].ask(call)),
            Step::Reload { .. } => {}
            Step::Fork { world, onto } => {
                let copy = state.worlds[*world].clone();
                put(&mut state.worlds, *onto, copy);
            }
        }
        state
    }
}

/// Puts an item in the place of another or after the last.
fn put<T>(items: &mut Vec<T>, place: usize, item: T) {
    if place < items.len() {
        items[place] = item;
    } else {
        items.push(item);
    }
}

/// The tested side of a walk.
#[derive(Debug)]
struct World {
    backend: MemBackend,
    ids: Dictionary,
}

impl World {
    fn ask(&mut self, call: &Call) -> Outcome {
        let answer = call.make(&self.backend, |id| self.ids.chosen(id));
        self.ids.learn(call, &answer);
        self.ids.translate(answer)
    }

    fn fork(&self) -> Self {
        Self { backend: self.backend.fork(), ids: self.ids.clone() }
    }

    fn reload(&mut self) {
        let bytes = self.backend.to_bytes().unwrap();
        self.backend = MemBackend::from_bytes(&bytes).unwrap();
        assert_eq!(self.backend.to_bytes().unwrap(), bytes, "a reload changes what is saved");
    }

    /// Everything there is to see must be what the naive backend shows.
    fn check(&mut self, naive: &Naive) {
        self.backend.check_invariants().unwrap();
        let mut naive = naive.clone();
        let mut agreed = |call: Call| {
            let expected = naive.ask(&call);
            assert_eq!(self.ask(&call), expected, "{call:?} after the step");
            expected.unwrap()
        };
        agreed(Call::Now);
        let Answer::Volumes(volumes) = agreed(Call::ListVolumes) else { unreachable!() };
        let mut listed = Vec::new();
        for volume in &volumes {
            let of_volume = agreed(Call::ListSnapshots(volume.uuid));
            let Answer::Snapshots(of_volume) = of_volume else { unreachable!() };
            listed.extend(of_volume.into_iter().map(|snapshot| (volume.uuid, snapshot)));
        }
        for volume in &volumes {
            let answer = Ok(Answer::from(volume.clone()));
            assert_eq!(self.ask(&Call::GetVolume(volume.uuid)), answer);
            assert_eq!(self.ask(&Call::FindVolume(volume.name.clone())), answer);
        }
        for (volume, snapshot) in &listed {
            let answer = Ok(Answer::from(snapshot.clone()));
            assert_eq!(self.ask(&Call::GetSnapshot(*volume, snapshot.uuid)), answer);
            assert_eq!(self.ask(&Call::FindSnapshot(*volume, snapshot.name.clone())), answer);
        }
        let live: HashSet<Uuid> = volumes.iter().map(|volume| volume.uuid.uuid()).collect();
        for id in naive.given.iter().filter(|id| !live.contains(id)) {
            let chosen = VolumeId::new(self.ids.chosen(*id));
            assert!(!self.backend.contains(chosen), "{chosen} was deleted or is a snapshot");
        }
        self.check_shortcuts(&volumes, listed.len());
    }

    /// What `MemBackend` has beside the traits says the same as they do.
    fn check_shortcuts(&self, volumes: &[Volume], snapshots: usize) {
        let clones = volumes.iter().filter(|volume| volume.origin.is_some()).count();
        let count = |n: usize| u32::try_from(n).unwrap();
        assert_eq!(
            self.backend.counts(),
            Counts {
                volumes: count(volumes.len()),
                snapshots: count(snapshots),
                clones: count(clones)
            }
        );
        let rows: Vec<Volume> = self.backend.view().into_rows().map(Volume::from).collect();
        assert_eq!(rows, self.backend.list_volumes().unwrap());
        assert!(volumes.iter().all(|volume| self.backend.contains_name(&volume.name)));
        assert_eq!(self.backend.tree().lines().count(), volumes.len() + snapshots);
    }
}

/// The operations that walks made and the codes of their outcomes.
static MET: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());

struct Walk<const CROWDED: bool>;

impl<const CROWDED: bool> StateMachineTest for Walk<CROWDED> {
    type SystemUnderTest = Vec<World>;
    type Reference = Reference<CROWDED>;

    fn init_test(reference: &Reference<CROWDED>) -> Vec<World> {
        let builder = MemBackend::builder().start(reference.start);
        let builder = reference.seed.map_or(builder, |seed| builder.seed(seed));
        let mut world = World { backend: builder.build().unwrap(), ids: Dictionary::default() };
        for call in &*reference.setup {
            world.ask(call).unwrap();
        }
        vec![world]
    }

    fn apply(mut worlds: Vec<World>, reference: &Reference<CROWDED>, step: Step) -> Vec<World> {
        match step {
            Step::Call { world, call } => {
                let outcome = worlds[world].ask(&call);
                let code = outcome.as_ref().map_or_else(|refusal| refusal.code, |_| "ok");
                MET.lock().unwrap().insert((call.operation(), code));
                assert_eq!(Some(outcome), reference.expected, "{call:?}");
            }
            Step::Reload { world } => worlds[world].reload(),
            Step::Fork { world, onto } => {
                let copy = worlds[world].fork();
                put(&mut worlds, onto, copy);
            }
        }
        for (world, naive) in worlds.iter_mut().zip(&reference.worlds) {
            world.check(naive);
        }
        worlds
    }
}

/// Takes `cases` walks of up to `steps` steps.
fn walk<const CROWDED: bool>(cases: u32, steps: usize) {
    let environment = Config::default();
    let seed = match environment.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 0x6e65_7373_6965,
    };
    let is_set = |variable| std::env::var_os(variable).is_some();
    let cases = if is_set("PROPTEST_CASES") { environment.cases } else { cases };
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..environment };
    let walks = Reference::<CROWDED>::sequential_strategy(1..=steps);
    let result = TestRunner::new(config.clone()).run(&walks, |(reference, steps, seen)| {
        Walk::<CROWDED>::test_sequential(config.clone(), reference, steps, seen);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("with PROPTEST_RNG_SEED={seed} and PROPTEST_CASES={cases}: {failure}");
    }
}

/// Every refusal that the contract lists must have been met, or the walks prove little.
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
    ("now", &["ok"]),
];

#[test]
fn every_walk_shows_what_a_naive_backend_shows_and_meets_every_refusal() {
    walk::<false>(192, 120);
    let met = MET.lock().unwrap();
    for (operation, codes) in TO_BE_MET {
        for code in *codes {
            assert!(met.contains(&(*operation, *code)), "no walk met {code} of {operation}");
        }
    }
}

/// With hundreds of records, texts move, tables grow and slots fill more than one chunk.
#[test]
fn walks_through_a_crowd_show_what_a_naive_backend_shows() {
    walk::<true>(8, 50);
}
