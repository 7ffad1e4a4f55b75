//! Limits against a naive model that counts, and profiles.
//!
//! Random histories under random limits: creations one by one and in bulk, clones of clones,
//! splits, restores and deletions, with forks and reloads in between. Every refusal and every
//! number must agree. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` select other histories.

mod model;
mod profiles;

use std::collections::HashMap;
use std::hash::Hasher;

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, SnapshotId, Uuid, VolumeBackend, VolumeId,
    VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::{BulkError, Limits, MemBackend};
use proptest::prelude::*;
use twox_hash::XxHash3_64;

use self::model::{Model, Refusal};
use crate::outcomes::Outcomes;
use crate::random_cases::check;
use crate::saved::{dumped, reloaded};

/// A step of a history. The numbers select an object, by their remainder, or a name.
#[derive(Clone, Debug)]
enum Step {
    Create { name: usize },
    CreateMany { names: Vec<usize> },
    Snapshot { of: usize, name: usize },
    SnapshotMany { of: Vec<usize>, name: usize },
    Clone { of: usize, at: usize, name: usize },
    CloneMany { of: usize, at: usize, names: Vec<usize> },
    Split { of: usize },
    Restore { of: usize, at: usize },
    DeleteSnapshot { of: usize, at: usize },
    Delete { of: usize },
    SetState { of: usize, is_offline: bool },
    Reload,
    Fork,
}

/// The last one is invalid.
const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "-"];
/// In a list of volumes: one that does not exist.
const MISSING: usize = 11;

fn step() -> impl Strategy<Value = Step> {
    let of = || 0..MISSING;
    let name = || 0..NAMES.len();
    let names = || proptest::collection::vec(name(), 0..5);
    let volumes = || proptest::collection::vec(0..=MISSING, 0..6);
    prop_oneof![
        8 => name().prop_map(|name| Step::Create { name }),
        4 => names().prop_map(|names| Step::CreateMany { names }),
        10 => (of(), name()).prop_map(|(of, name)| Step::Snapshot { of, name }),
        8 => (volumes(), name()).prop_map(|(of, name)| Step::SnapshotMany { of, name }),
        14 => (of(), of(), name()).prop_map(|(of, at, name)| Step::Clone { of, at, name }),
        6 => (of(), of(), names()).prop_map(|(of, at, names)| Step::CloneMany { of, at, names }),
        3 => of().prop_map(|of| Step::Split { of }),
        3 => (of(), of()).prop_map(|(of, at)| Step::Restore { of, at }),
        3 => (of(), of()).prop_map(|(of, at)| Step::DeleteSnapshot { of, at }),
        2 => of().prop_map(|of| Step::Delete { of }),
        3 => (of(), proptest::bool::weighted(0.3))
            .prop_map(|(of, is_offline)| Step::SetState { of, is_offline }),
        1 => Just(Step::Reload),
        1 => Just(Step::Fork),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = |most: u64| proptest::option::of(0..=most);
    (limit(9), limit(12), limit(4), limit(3), limit(4)).prop_map(
        |(volumes, snapshots, per_volume, per_snapshot, depth)| {
            Limits::default()
                .volumes(volumes)
                .snapshots(snapshots)
                .snapshots_per_volume(per_volume)
                .clones_per_snapshot(per_snapshot)
                .clone_depth(depth)
        },
    )
}

/// The steps that happened, and their outcomes.
static OUTCOMES: Outcomes = Outcomes::new();

/// A backend and its expected contents.
struct World {
    backend: MemBackend,
    model: Model,
    volumes: HashMap<usize, VolumeId>,
    snapshots: HashMap<usize, SnapshotId>,
}

impl World {
    fn new(limits: Limits) -> Self {
        let backend = MemBackend::builder().seed(1).limits(limits).build().unwrap();
        let model = Model::new(limits);
        Self { backend, model, volumes: HashMap::new(), snapshots: HashMap::new() }
    }

    /// The number of a volume, if there are any.
    fn volume(&self, of: usize) -> Option<usize> {
        let numbers: Vec<_> = self.model.volumes.keys().copied().collect();
        (!numbers.is_empty()).then(|| numbers[of % numbers.len()])
    }

    /// The numbers of a volume and of a snapshot of it, if it has any.
    fn snapshot(&self, of: usize, at: usize) -> Option<(usize, usize)> {
        let volume = self.volume(of)?;
        let kept = &self.model.volumes[&volume].snapshots;
        (!kept.is_empty()).then(|| (volume, kept[at % kept.len()].0))
    }

    /// Takes a step, if there is an object for it.
    fn step(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Create { name } => {
                let name = NAMES[*name];
                let found = self.backend.create_volume(VolumeSpec::named(name));
                let expected = self.model.create(name);
                self.created("create", found.map(|volume| volume.uuid), expected);
            }
            Step::CreateMany { names } => {
                let names: Vec<_> = names.iter().map(|name| NAMES[*name]).collect();
                let found = self.backend.create_volumes(names.iter().copied());
                let each = |model: &mut Model, index: usize| model.create(names[index]);
                let made = self.many("create", names.len(), found, each);
                self.volumes.extend(made);
            }
            Step::Snapshot { of, name } => {
                let of = self.volume(*of)?;
                let found = self.backend.create_snapshot(self.volumes[&of], NAMES[*name]);
                let expected = self.model.snapshot(of, NAMES[*name]);
                let made = agree("snapshot", found.map(|snapshot| snapshot.uuid), expected);
                self.snapshots.extend(made);
            }
            Step::SnapshotMany { of, name } => {
                let missing = |of: &usize| (*of == MISSING).then_some(usize::MAX);
                let of: Option<Vec<_>> =
                    of.iter().map(|of| missing(of).or_else(|| self.volume(*of))).collect();
                let of = of?;
                let unknown = VolumeId::new(Uuid::nil());
                let id = |of: &usize| self.volumes.get(of).copied().unwrap_or(unknown);
                let ids: Vec<_> = of.iter().map(id).collect();
                let found = self.backend.create_snapshots(&ids, NAMES[*name]);
                let each =
                    |model: &mut Model, index: usize| model.snapshot(of[index], NAMES[*name]);
                let made = self.many("snapshot", of.len(), found, each);
                self.snapshots.extend(made);
            }
            Step::Clone { of, at, name } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let (volume, snapshot) = (self.volumes[&of], self.snapshots[&at]);
                let found = self.backend.create_clone(volume, snapshot, NAMES[*name]);
                let expected = self.model.clone_of(of, at, NAMES[*name]);
                self.created("clone", found.map(|volume| volume.uuid), expected);
            }
            Step::CloneMany { of, at, names } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let names: Vec<_> = names.iter().map(|name| NAMES[*name]).collect();
                let (volume, snapshot) = (self.volumes[&of], self.snapshots[&at]);
                let found = self.backend.create_clones(volume, snapshot, &names);
                let each = |model: &mut Model, index: usize| model.clone_of(of, at, names[index]);
                let made = self.many("clone", names.len(), found, each);
                self.volumes.extend(made);
            }
            _ => self.step_of_others(step)?,
        }
        Some(())
    }

    /// A step that creates nothing.
    fn step_of_others(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Split { of } => {
                let of = self.volume(*of)?;
                let found = self.backend.split_clone(self.volumes[&of]);
                agree("split", found.map(drop), self.model.split(of));
            }
            Step::Restore { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let found = self.backend.restore_snapshot(self.volumes[&of], self.snapshots[&at]);
                agree("restore", found.map(drop), self.model.restore(of, at));
            }
            Step::DeleteSnapshot { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let found = self.backend.delete_snapshot(self.volumes[&of], self.snapshots[&at]);
                agree("delete_snapshot", found, self.model.delete_snapshot(of, at));
            }
            Step::Delete { of } => {
                let of = self.volume(*of)?;
                let found = self.backend.delete_volume(self.volumes[&of]);
                agree("delete", found, self.model.delete(of));
            }
            Step::SetState { of, is_offline } => {
                let of = self.volume(*of)?;
                let state = if *is_offline { VolumeState::Offline } else { VolumeState::Online };
                let patch = VolumePatch::new().state(state);
                self.backend.patch_volume(self.volumes[&of], patch).unwrap();
                self.model.volumes.get_mut(&of).unwrap().is_offline = *is_offline;
            }
            Step::Reload => {
                let before = dumped(&self.backend);
                self.backend = reloaded(&self.backend);
                assert!(dumped(&self.backend) == before, "a reload changes what is dumped");
            }
            Step::Fork => self.backend = self.backend.fork(),
            other => unreachable!("{other:?}"),
        }
        Some(())
    }

    fn created(
        &mut self,
        step: &str,
        found: Result<VolumeId, BackendError>,
        expected: Result<usize, Refusal>,
    ) {
        let made = agree(step, found, expected);
        self.volumes.extend(made);
    }

    /// A bulk call must equal the loop of its single calls, and happen whole or not at all.
    fn many<T: Copy>(
        &mut self,
        step: &str,
        count: usize,
        found: Result<Vec<T>, BulkError>,
        each: impl Fn(&mut Model, usize) -> Result<usize, Refusal>,
    ) -> Vec<(usize, T)> {
        let mut after = self.model.clone();
        let mut numbers = Vec::new();
        let mut refused = None;
        for index in 0..count {
            match each(&mut after, index) {
                Ok(number) => numbers.push(number),
                Err(refusal) => {
                    refused = Some((index, refusal));
                    break;
                }
            }
        }
        let index = found.as_ref().err().and_then(|error| error.index);
        assert_eq!(index, refused.as_ref().map(|(index, _)| *index), "{step}");
        let step = format!("{step}, many");
        let found = found.map_err(|error| error.error);
        if let Some((_, refusal)) = refused {
            agree::<_, ()>(&step, found, Err(refusal));
            return Vec::new();
        }
        let made = agree(&step, found, Ok(())).unwrap().1;
        self.model = after;
        numbers.into_iter().zip(made).collect()
    }

    /// Everything that is counted must agree with the model.
    fn check(&self) {
        self.backend.check_invariants().unwrap();
        assert_eq!(self.backend.limits(), self.model.limits);
        let counts = self.backend.counts();
        assert_eq!(counts.volumes as usize, self.model.volumes.len());
        assert_eq!(counts.snapshots as usize, self.model.snapshot_count());
        let names: Vec<_> = self.model.volumes.values().map(|volume| &volume.name).collect();
        let volumes = self.backend.list_volumes().unwrap();
        assert_eq!(volumes.iter().map(|volume| &volume.name).collect::<Vec<_>>(), names);
    }
}

/// The outcome of the backend must be that of the model. Returns both results.
fn agree<T, N>(
    step: &str,
    found: Result<T, BackendError>,
    expected: Result<N, Refusal>,
) -> Option<(N, T)> {
    let (outcome, both) = match (found, expected) {
        (Ok(found), Ok(expected)) => ("ok".to_owned(), Some((expected, found))),
        (Err(error), Err((code, target))) => {
            assert_eq!(error.code(), code, "{step}: {error}");
            if target.is_some() {
                assert_eq!(error.target().as_deref(), target.as_deref(), "{step}: {error}");
            }
            let is_limit = matches!(error, BackendError::LimitExceeded { .. });
            (target.filter(|_| is_limit).unwrap_or_else(|| code.to_owned()), None)
        }
        (Ok(_), Err(refusal)) => panic!("{step}: succeeds in spite of {refusal:?}"),
        (Err(error), Ok(_)) => panic!("{step}: {error}"),
    };
    OUTCOMES.note(step, &outcome);
    both
}

#[test]
fn every_refusal_agrees_with_a_model_that_counts() {
    let histories = (limits(), proptest::collection::vec(step(), 1..60));
    check(500, &histories, |(limits, steps)| {
        let mut world = World::new(limits);
        for step in &steps {
            if world.step(step).is_some() {
                world.check();
            }
        }
    });
    for (step, limits) in [
        ("create", &["volumes"][..]),
        ("snapshot", &["snapshots", "snapshots_per_volume"]),
        ("clone", &["volumes", "clones_per_snapshot", "clone_depth"]),
    ] {
        for step in [step.to_owned(), format!("{step}, many")] {
            OUTCOMES.assert_had(&step, limits);
            OUTCOMES.assert_had(&step, &["ok", "invalid_argument"]);
        }
    }
}

/// A chain of clones as long as the limit allows.
fn chain(depth: u64) -> (MemBackend, Vec<(VolumeId, SnapshotId)>) {
    let limits = Limits::default().clone_depth(depth);
    let backend = MemBackend::builder().seed(1).limits(limits).build().unwrap();
    let mut volume = backend.create_volume(VolumeSpec::named("v0")).unwrap().uuid;
    let mut links = Vec::new();
    for level in 1..=depth + 2 {
        let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
        links.push((volume, snapshot));
        match backend.create_clone(volume, snapshot, &format!("v{level}")) {
            Ok(clone) => volume = clone.uuid,
            Err(error) => {
                assert_eq!(error.target().as_deref(), Some("clone_depth"));
                break;
            }
        }
    }
    (backend, links)
}

#[test]
fn a_chain_of_clones_is_as_deep_as_the_limit() {
    for depth in [0, 1, 2, 499] {
        let (backend, links) = chain(depth);
        assert_eq!(links.len() as u64, depth + 1);
        backend.check_invariants().unwrap();
        reloaded(&backend);
    }
}

#[test]
fn after_a_split_the_depth_of_all_clones_below_counts_anew() {
    let (backend, links) = chain(4);
    let (last, snapshot) = *links.last().unwrap();
    assert!(backend.create_clone(last, snapshot, "more").is_err());
    backend.split_clone(links[2].0).unwrap();
    // The last volume has the depth 2 now.
    let mut volume = backend.create_clone(last, snapshot, "more").unwrap();
    let own = backend.create_snapshot(volume.uuid, "s").unwrap().uuid;
    volume = backend.create_clone(volume.uuid, own, "most").unwrap();
    let own = backend.create_snapshot(volume.uuid, "s").unwrap().uuid;
    let error = backend.create_clone(volume.uuid, own, "too-many").unwrap_err();
    assert!(matches!(error, BackendError::LimitExceeded { max: 4, .. }), "{error}");
}

#[test]
fn a_reset_keeps_the_limits() {
    let (backend, _) = chain(2);
    backend.reset().unwrap();
    assert_eq!(backend.limits(), Limits::default().clone_depth(2));
    assert_eq!(backend.counts().volumes, 0);
}

/// Replaces a part of a dump that is there once, and gives it the checksum it needs.
fn altered(dump: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(dump.to_vec()).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    let (body, _) = text.rsplit_once("{\"checksum\"").unwrap();
    let body = body.replace(from, to);
    let mut hasher = XxHash3_64::new();
    hasher.write(body.as_bytes());
    format!("{body}{{\"checksum\":\"{:016x}\"}}\n", hasher.finish()).into_bytes()
}

#[test]
fn a_dump_that_exceeds_its_own_limits_is_refused() {
    let limits = Limits::default()
        .volumes(30)
        .snapshots(9)
        .snapshots_per_volume(8)
        .clones_per_snapshot(7)
        .clone_depth(6);
    let backend = MemBackend::builder().seed(1).limits(limits).build().unwrap();
    let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
    let snapshot = backend.create_snapshot(volume, "s").unwrap().uuid;
    backend.create_snapshot(volume, "t").unwrap();
    backend.create_clones(volume, snapshot, ["c", "d"]).unwrap();
    let dump = dumped(&backend);
    assert_eq!(reloaded(&backend).limits(), limits);
    for (limit, max, exceeding) in [
        ("volumes", 30, 2),
        ("snapshots", 9, 1),
        ("snapshots_per_volume", 8, 1),
        ("clones_per_snapshot", 7, 1),
        ("clone_depth", 6, 0),
    ] {
        let key = |max: u64| format!("\"{limit}\":{max}");
        // At the limit, it is loaded.
        let fitting = altered(&dump, &key(max), &key(exceeding + 1));
        MemBackend::load(fitting.as_slice()).unwrap();
        let refused = MemBackend::load(altered(&dump, &key(max), &key(exceeding)).as_slice());
        let error = refused.unwrap_err().to_string();
        let reason = format!("{} exceeds limit {limit}, which is {exceeding}", exceeding + 1);
        assert!(error.ends_with(&reason), "{error}");
    }
    for (from, to, reason) in [
        ("\"snapshots\":9", "\"snapshot\":9", "unknown field"),
        ("\"clone_depth\":6", "\"clone_depth\":-6", "invalid value"),
        ("\"clone_depth\":6", "\"clone_depth\":null,\"clone_depth\":1", "duplicate field"),
    ] {
        let error = MemBackend::load(altered(&dump, from, to).as_slice()).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}
