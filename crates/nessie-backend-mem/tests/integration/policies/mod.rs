//! Snapshot policies and locks against a naive model.
//!
//! Random histories with policies that change, volumes that are offline, snapshots that clones depend
//! on, that are locked, renamed or taken by hand under the names of a rule, with forks and reloads in
//! between. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` select other histories.

mod model;

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::time::Duration;

use nessie_backend_core::{
    BackendError, CloneBackend, SnapshotBackend, SnapshotId, SnapshotRule, Timestamp,
    VolumeBackend, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::{BulkError, Limits, MemBackend, NewData, NewVolume, PolicyRun};
use proptest::prelude::*;

use self::model::{Model, Outcome, Rule, Run, SCHEDULES};
use crate::outcomes::Outcomes;
use crate::random_cases::check;
use crate::saved::reloaded;

const MINUTE: Duration = Duration::from_secs(60);
const PREFIXES: [&str; 3] = ["nightly", "h", "h.2000-01-01_0000"];

/// A step of a history. The numbers select an object, by their remainder.
#[derive(Clone, Debug)]
enum Step {
    Create { policy: usize },
    CreateMany { policy: usize },
    SetPolicy { of: usize, policy: usize },
    SetPolicyOfAll { policy: usize },
    SetState { of: usize, is_online: bool },
    Snapshot { of: usize, name: Name, lock: Option<i64> },
    SnapshotAll { name: Name, lock: Option<i64> },
    Rename { of: usize, at: usize, name: Name },
    DeleteSnapshot { of: usize, at: usize },
    DeletePairs { of: usize, at: usize },
    Restore { of: usize, at: usize },
    Clone { of: usize, at: usize },
    Split { of: usize },
    Delete { of: usize },
    DeleteMany { of: Vec<usize> },
    CreatePolicy { policy: usize, rules: Vec<Rule> },
    ReplacePolicy { policy: usize, rules: Vec<Rule> },
    DeletePolicy { policy: usize },
    Advance { minutes: u32, parts: u32 },
    Reload,
    Fork,
}

/// The name of a snapshot.
#[derive(Clone, Debug)]
enum Name {
    Other(usize),
    /// A prefix, and how many hours from this hour on the time in the name is.
    OfRule(usize, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let of = || 0..8_usize;
    let policy = || 0..4_usize;
    let name = || {
        prop_oneof![
            1 => (0..4_usize).prop_map(Name::Other),
            2 => (0..3_usize, -12..12_i64).prop_map(|(prefix, hours)| Name::OfRule(prefix, hours)),
        ]
    };
    let lock = || {
        prop_oneof![
            6 => Just(None),
            1 => (-1..=0_i64).prop_map(Some),
            4 => (1..9_000_i64).prop_map(Some),
        ]
    };
    let rule = || {
        let keep = prop_oneof![1 => Just(0), 30 => 1..5_u64, 1 => Just(u64::MAX >> 1)];
        (0..SCHEDULES.len(), 0..3_usize, keep).prop_map(|(schedule, prefix, keep)| Rule {
            schedule,
            prefix: PREFIXES[prefix],
            keep,
        })
    };
    let rules = || proptest::collection::vec(rule(), 0..4);
    let minutes =
        prop_oneof![1 => Just(0), 6 => 1..400_u32, 6 => 400..3_000_u32, 1 => 3_000..15_000_u32];
    prop_oneof![
        6 => policy().prop_map(|policy| Step::Create { policy }),
        1 => policy().prop_map(|policy| Step::CreateMany { policy }),
        4 => (of(), policy()).prop_map(|(of, policy)| Step::SetPolicy { of, policy }),
        1 => policy().prop_map(|policy| Step::SetPolicyOfAll { policy }),
        4 => (of(), any::<bool>()).prop_map(|(of, is_online)| Step::SetState { of, is_online }),
        6 => (of(), name(), lock()).prop_map(|(of, name, lock)| Step::Snapshot { of, name, lock }),
        1 => (name(), lock()).prop_map(|(name, lock)| Step::SnapshotAll { name, lock }),
        4 => (of(), of(), name()).prop_map(|(of, at, name)| Step::Rename { of, at, name }),
        4 => (of(), of()).prop_map(|(of, at)| Step::DeleteSnapshot { of, at }),
        1 => (of(), of()).prop_map(|(of, at)| Step::DeletePairs { of, at }),
        4 => (of(), of()).prop_map(|(of, at)| Step::Restore { of, at }),
        5 => (of(), of()).prop_map(|(of, at)| Step::Clone { of, at }),
        1 => of().prop_map(|of| Step::Split { of }),
        2 => of().prop_map(|of| Step::Delete { of }),
        1 => proptest::collection::vec(of(), 0..4).prop_map(|of| Step::DeleteMany { of }),
        5 => (policy(), rules()).prop_map(|(policy, rules)| Step::CreatePolicy { policy, rules }),
        2 => (policy(), rules()).prop_map(|(policy, rules)| Step::ReplacePolicy { policy, rules }),
        1 => policy().prop_map(|policy| Step::DeletePolicy { policy }),
        14 => (minutes, 1..4_u32).prop_map(|(minutes, parts)| Step::Advance { minutes, parts }),
        1 => Just(Step::Reload),
        1 => Just(Step::Fork),
    ]
}

/// The steps that happened, with their outcomes, and what runs passed over.
static OUTCOMES: Outcomes = Outcomes::new();

/// The expected and the found outcome of a step agree.
fn agree<T, U>(what: &str, found: Result<T, BackendError>, expected: Outcome<U>) -> Option<(T, U)> {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            OUTCOMES.note(what, "ok");
            Some((found, expected))
        }
        (Err(found), Err(expected)) => {
            assert_eq!(found.code(), expected, "{what}: {found}");
            OUTCOMES.note(what, expected);
            None
        }
        (found, expected) => {
            panic!("{what}: {:?} in place of {:?}", found.err(), expected.err());
        }
    }
}

/// A backend and its expected contents.
struct World {
    backend: MemBackend,
    model: Model,
    volumes: HashMap<usize, VolumeId>,
}

impl World {
    fn new() -> Self {
        let start = "2000-02-26T23:30:17.5Z".parse().unwrap();
        let backend = MemBackend::builder().seed(1).start(start).build().unwrap();
        let mut world = Self { backend, model: Model::new(start), volumes: HashMap::new() };
        let rule = |schedule, prefix, keep| Rule { schedule, prefix, keep };
        let first = vec![rule(0, PREFIXES[1], 3)];
        let second = vec![rule(2, PREFIXES[0], 2), rule(3, PREFIXES[1], 1)];
        world.step(&Step::CreatePolicy { policy: 1, rules: first });
        world.step(&Step::CreatePolicy { policy: 2, rules: second });
        for policy in [1, 2, 1] {
            world.step(&Step::Create { policy });
        }
        world
    }

    fn volume(&self, of: usize) -> Option<usize> {
        let volumes = &self.model.volumes;
        (!volumes.is_empty()).then(|| volumes[of % volumes.len()].number)
    }

    /// The numbers of a volume and of a snapshot of it, if it has any.
    fn snapshot(&self, of: usize, at: usize) -> Option<(usize, usize)> {
        let volume = self.volume(of)?;
        let snapshots = &self.model.volume(volume).snapshots;
        (!snapshots.is_empty()).then(|| (volume, snapshots[at % snapshots.len()].number))
    }

    fn id(&self, volume: usize) -> VolumeId {
        self.volumes[&volume]
    }

    /// The identifiers of a volume and of a snapshot, which are found by their names.
    fn ids(&self, volume: usize, snapshot: usize) -> (VolumeId, SnapshotId) {
        let snapshots = &self.model.volume(volume).snapshots;
        let name = &snapshots.iter().find(|each| each.number == snapshot).unwrap().name;
        let id = self.id(volume);
        (id, self.backend.find_snapshot(id, name).unwrap().unwrap().uuid)
    }

    fn name(&self, name: &Name) -> String {
        match name {
            Name::Other(number) => format!("s{number}"),
            Name::OfRule(prefix, hours) => {
                let schedule = "* * * * *".parse().unwrap();
                let this = self.model.now.unix_micros().div_euclid(3_600_000_000);
                let micros = (this + hours) * 3_600_000_000;
                let time = Timestamp::from_unix_micros(micros).unwrap();
                SnapshotRule::new(schedule, PREFIXES[*prefix], 1).snapshot_name(time)
            }
        }
    }

    fn lock(&self, minutes: Option<i64>) -> Option<Timestamp> {
        let micros = self.model.now.unix_micros() + minutes? * 60_000_000;
        Timestamp::from_unix_micros(micros)
    }

    /// Takes a step, if there is an object for it.
    #[expect(clippy::too_many_lines, reason = "each step has a few lines")]
    fn step(&mut self, step: &Step) -> Option<()> {
        let backend = self.backend.clone();
        match step {
            Step::Create { policy } => {
                let (name, policy) = (format!("v{}", self.volumes.len()), policy_name(*policy));
                let mut spec = VolumeSpec::named(name);
                spec.snapshot_policy.clone_from(&policy);
                let expected = self.model.create(policy.as_deref());
                let (volume, number) = agree("create", backend.create_volume(spec), expected)?;
                self.volumes.insert(number, volume.uuid);
            }
            Step::CreateMany { policy } => {
                let policy = policy_name(*policy);
                let names = [0, 1].map(|more| format!("v{}", self.volumes.len() + more));
                let new = [(&names[0], None), (&names[1], policy.as_deref())];
                let new = new.map(|(name, policy)| NewVolume::named(name).snapshot_policy(policy));
                let found = backend.create_volumes(new).map_err(|error| {
                    assert_eq!(error.index, Some(1));
                    error.into_inner()
                });
                let mut after = self.model.clone();
                let first = after.create(None);
                let expected = after.create(policy.as_deref()).map(|last| [first.unwrap(), last]);
                let (ids, numbers) = agree("create many", found, expected)?;
                self.model = after;
                self.volumes.extend(numbers.into_iter().zip(ids));
            }
            Step::SetPolicy { of, policy } => {
                let (of, policy) = (self.volume(*of)?, policy_name(*policy).unwrap_or_default());
                let patch = VolumePatch::new().snapshot_policy(&policy);
                let found = backend.patch_volume(self.id(of), patch);
                agree("set policy", found, self.model.set_policy(of, &policy));
            }
            Step::SetPolicyOfAll { policy } => {
                let policy = policy_name(*policy).unwrap_or_default();
                let numbers: Vec<usize> = self.model.volumes.iter().map(|v| v.number).collect();
                let ids: Vec<VolumeId> = numbers.iter().map(|number| self.id(*number)).collect();
                let patch = VolumePatch::new().snapshot_policy(&policy);
                let found = backend.patch_volumes(&ids, &patch).map_err(BulkError::into_inner);
                let mut set = numbers.iter().map(|of| self.model.set_policy(*of, &policy));
                let expected = set.try_for_each(|outcome| outcome);
                agree("set policy of all", found, expected);
            }
            Step::SetState { of, is_online } => {
                let of = self.volume(*of)?;
                let state = if *is_online { VolumeState::Online } else { VolumeState::Offline };
                backend.patch_volume(self.id(of), VolumePatch::new().state(state)).unwrap();
                self.model.set_online(of, *is_online);
            }
            Step::Snapshot { of, name, lock } => {
                let (of, name, end) = (self.volume(*of)?, self.name(name), self.lock(*lock));
                let found = backend.create_snapshot_until(self.id(of), &name, end);
                agree("snapshot", found, self.model.snapshot(of, &name, end));
            }
            Step::SnapshotAll { name, lock } => {
                let (name, end) = (self.name(name), self.lock(*lock));
                let numbers: Vec<usize> = self.model.volumes.iter().map(|v| v.number).collect();
                let ids: Vec<VolumeId> = numbers.iter().map(|number| self.id(*number)).collect();
                let found = backend.create_snapshots_until(&ids, &name, end);
                let mut after = self.model.clone();
                let mut taken = numbers.iter().map(|of| after.snapshot(*of, &name, end).map(drop));
                let expected = taken.try_for_each(|outcome| outcome);
                let found = found.map_err(BulkError::into_inner);
                agree("snapshot all", found, expected)?;
                self.model = after;
            }
            Step::Rename { of, at, name } => {
                let ((of, at), name) = (self.snapshot(*of, *at)?, self.name(name));
                let (volume, snapshot) = self.ids(of, at);
                let found = backend.rename_snapshot(volume, snapshot, &name);
                agree("rename", found, self.model.rename(of, at, &name));
            }
            Step::DeleteSnapshot { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(of, at);
                let found = backend.delete_snapshot(volume, snapshot);
                agree("delete snapshot", found, self.model.delete_snapshot(of, at));
            }
            Step::DeletePairs { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let pair = self.ids(of, at);
                let expected = self.model.delete_snapshot(of, at);
                if at % 2 == 0 {
                    let found = backend.delete_snapshot_pairs([pair]);
                    let found = found.map_err(BulkError::into_inner);
                    agree("delete pairs", found, expected);
                } else {
                    // A busy snapshot is skipped, a locked one is not.
                    let found = backend.delete_snapshot_pairs_unless_busy([pair]);
                    let found = found.map_err(BulkError::into_inner);
                    let left = if expected == Err("snapshot_busy") { vec![pair] } else { vec![] };
                    let expected = expected.or_else(|code| match code {
                        "snapshot_busy" => Ok(()),
                        code => Err(code),
                    });
                    let (found, ()) = agree("delete pairs unless busy", found, expected)?;
                    assert_eq!(found, left);
                }
            }
            Step::Restore { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(of, at);
                let found = backend.restore_snapshot(volume, snapshot);
                agree("restore", found, self.model.restore(of, at));
            }
            Step::Clone { of, at } => {
                let (of, at) = self.snapshot(*of, *at)?;
                let (volume, snapshot) = self.ids(of, at);
                let name = format!("v{}", self.volumes.len());
                let found = backend.create_clone(volume, snapshot, &name);
                let (clone, number) = agree("clone", found, self.model.clone_of(of, at))?;
                self.volumes.insert(number, clone.uuid);
            }
            Step::Split { of } => {
                let of = self.volume(*of)?;
                agree("split", backend.split_clone(self.id(of)), self.model.split(of));
            }
            Step::Delete { of } => {
                let of = self.volume(*of)?;
                agree("delete", backend.delete_volume(self.id(of)), self.model.delete(of));
            }
            Step::DeleteMany { of } => {
                // None of them is a clone or has one, so that single deletions are the same.
                let numbers: Option<BTreeSet<usize>> =
                    of.iter().map(|of| self.volume(*of)).collect();
                let numbers = numbers?;
                let ids: Vec<VolumeId> = numbers.iter().map(|number| self.id(*number)).collect();
                let mut after = self.model.clone();
                let mut deleted = numbers.iter().map(|of| after.delete(*of));
                let expected = deleted.try_for_each(|outcome| outcome);
                if numbers.iter().any(|of| self.model.volume(*of).origin.is_some()) {
                    return None;
                }
                let found = backend.delete_volumes(&ids).map_err(BulkError::into_inner);
                agree("delete many", found, expected)?;
                self.model = after;
            }
            Step::CreatePolicy { policy, rules } => {
                let name = policy_name(*policy)?;
                let found = backend.create_snapshot_policy(&name, to_rules(rules));
                agree("create policy", found, self.model.create_policy(&name, rules.clone()));
            }
            Step::ReplacePolicy { policy, rules } => {
                let name = policy_name(*policy)?;
                let found = backend.replace_snapshot_policy(&name, to_rules(rules));
                agree("replace policy", found, self.model.replace_policy(&name, rules.clone()));
            }
            Step::DeletePolicy { policy } => {
                let name = policy_name(*policy)?;
                let found = backend.delete_snapshot_policy(&name);
                if let Err(error @ BackendError::SnapshotPolicyBusy { .. }) = &found {
                    let users = self
                        .model
                        .users(&name)
                        .map(|number| backend.get_volume(self.id(number)).unwrap().name);
                    assert_eq!(error.dependents().unwrap().names, users.collect::<Vec<_>>());
                }
                agree("delete policy", found, self.model.delete_policy(&name));
            }
            Step::Advance { minutes, parts } => self.advance(*minutes, *parts),
            Step::Reload => self.backend = reloaded(&backend),
            Step::Fork => {
                self.backend = backend.fork();
                // What the original does from here on does not matter.
                backend.advance(10_000 * MINUTE).unwrap();
            }
        }
        Some(())
    }

    /// Advances by that time at once, and a copy of the backend in parts.
    fn advance(&mut self, minutes: u32, parts: u32) {
        let micros = u64::from(minutes) * 60_000_000 + u64::from(minutes % 3) * 31_000_007;
        let by = Duration::from_micros(micros);
        let in_parts = self.backend.fork();
        let part = micros / u64::from(parts);
        for _ in 1..parts {
            in_parts.advance(Duration::from_micros(part)).unwrap();
        }
        let left = micros - part * u64::from(parts - 1);
        in_parts.advance(Duration::from_micros(left)).unwrap();

        let mut found = Vec::new();
        let now = self.backend.advance_in_steps(by, |runs| {
            found.extend(runs.iter().map(|run| self.expected(run)));
            ControlFlow::Continue(())
        });
        let expected = self.model.advance(by);
        for run in &expected {
            OUTCOMES.note("run", if run.taken.is_empty() { "none taken" } else { "taken" });
            for (_, old, code) in &run.passed_over {
                OUTCOMES.note("run", &format!("{code}, deletion: {}", old.is_some()));
            }
        }
        assert_eq!(now.unwrap(), self.model.now);
        assert_eq!(found.len(), expected.len());
        for (mut found, mut expected) in found.into_iter().zip(expected) {
            found.passed_over.sort();
            expected.passed_over.sort();
            assert_eq!(found, expected);
        }
        assert_eq!(in_parts.state_digest().unwrap(), self.backend.state_digest().unwrap());
    }

    /// A run as the model has it.
    fn expected(&self, run: &PolicyRun) -> Run {
        let number = |id: VolumeId| {
            *self.volumes.iter().find(|(_, other)| **other == id).map(|(number, _)| number).unwrap()
        };
        let taken = run.taken.iter().map(|id| number(self.backend.volume_of(*id).unwrap()));
        let passed_over = run.passed_over.iter().map(|passed| {
            let name = passed
                .snapshot
                .map(|snapshot| self.backend.get_snapshot(passed.volume, snapshot).unwrap().name);
            (number(passed.volume), name, passed.code.to_owned())
        });
        Run {
            policy: run.policy.clone(),
            prefix: run.prefix.clone(),
            due: run.due,
            name: run.name.clone(),
            taken: taken.collect(),
            passed_over: passed_over.collect(),
        }
    }

    /// The backend has the contents of the model.
    fn check(&self) {
        self.backend.check_invariants().unwrap();
        let volumes = self.backend.list_volumes().unwrap();
        assert_eq!(volumes.len(), self.model.volumes.len());
        for (volume, expected) in volumes.iter().zip(&self.model.volumes) {
            assert_eq!(volume.uuid, self.id(expected.number));
            assert_eq!(volume.snapshot_policy, expected.policy);
            let found = self.backend.list_snapshots(volume.uuid).unwrap().into_iter();
            let found = found.map(|each| (each.name, each.create_time.unwrap(), each.expires_at));
            let expected = expected.snapshots.iter();
            let expected = expected.map(|each| (each.name.clone(), each.time, each.expires_at));
            assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
        let policies = self.backend.list_snapshot_policies();
        assert_eq!(policies.len(), self.model.policies.len());
        for (policy, expected) in policies.iter().zip(&self.model.policies) {
            assert_eq!(policy.name, expected.name);
            assert_eq!(policy.rules, to_rules(&expected.rules));
            assert_eq!(self.backend.get_snapshot_policy(&policy.name).unwrap(), *policy);
        }
        let soon = 70 * MINUTE;
        let end = self.model.now.checked_add(soon).unwrap();
        let next = self.backend.next_due().filter(|next| *next <= end);
        assert_eq!(next, self.model.next_due(soon));
    }
}

/// The name of a policy; none for 0.
fn policy_name(policy: usize) -> Option<String> {
    (policy > 0).then(|| format!("p{policy}"))
}

fn to_rules(rules: &[Rule]) -> Vec<SnapshotRule> {
    let rule = |rule: &Rule| {
        SnapshotRule::new(SCHEDULES[rule.schedule].0.parse().unwrap(), rule.prefix, rule.keep)
    };
    rules.iter().map(rule).collect()
}

#[test]
fn random_histories_agree_with_the_model() {
    let histories = proptest::collection::vec(step(), 1..60);
    check(320, &histories, |steps| {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.check();
        }
    });
    for (step, outcomes) in [
        ("create", &["ok", "snapshot_policy_not_found"][..]),
        ("create many", &["ok", "snapshot_policy_not_found"]),
        ("set policy", &["ok", "snapshot_policy_not_found"]),
        ("set policy of all", &["ok"]),
        ("snapshot", &["ok", "snapshot_exists", "invalid_argument"]),
        ("snapshot all", &["ok"]),
        ("rename", &["ok", "snapshot_exists"]),
        ("delete snapshot", &["ok", "snapshot_locked", "snapshot_busy"]),
        ("delete pairs", &["ok", "snapshot_locked"]),
        ("delete pairs unless busy", &["ok", "snapshot_locked"]),
        ("restore", &["ok", "snapshot_locked", "snapshot_busy"]),
        ("delete", &["ok", "snapshot_locked", "volume_busy"]),
        ("delete many", &["ok", "snapshot_locked"]),
        ("create policy", &["ok", "invalid_argument", "snapshot_policy_exists"]),
        ("replace policy", &["ok", "snapshot_policy_not_found"]),
        ("delete policy", &["ok", "snapshot_policy_busy"]),
        (
            "run",
            &[
                "taken",
                "volume_offline, deletion: false",
                "snapshot_exists, deletion: false",
                "snapshot_busy, deletion: true",
                "snapshot_locked, deletion: true",
            ],
        ),
    ] {
        OUTCOMES.assert_had(step, outcomes);
    }
}

fn rule(schedule: &str, prefix: &str, keep: u64) -> SnapshotRule {
    SnapshotRule::new(schedule.parse().unwrap(), prefix, keep)
}

/// A microsecond less than so many minutes.
const fn almost(minutes: u64) -> Duration {
    Duration::from_micros(minutes * 60_000_000 - 1)
}

fn seeded() -> MemBackend {
    MemBackend::builder().seed(1).build().unwrap()
}

fn names(backend: &MemBackend, volume: VolumeId) -> Vec<String> {
    backend.list_snapshots(volume).unwrap().into_iter().map(|snapshot| snapshot.name).collect()
}

#[test]
fn one_advance_of_forty_days_equals_480_of_two_hours() {
    let backend = seeded();
    let rules = [rule("5 * * * *", "hourly", 6), rule("10 0 * * 0", "weekly", 2)];
    backend.create_snapshot_policy("p", rules).unwrap();
    backend.create_snapshot_policy("q", [rule("*/7 3 * * *", "hourly", 3)]).unwrap();
    let policy = |number: usize| if number.is_multiple_of(3) { "q" } else { "p" };
    let names: Vec<String> = (0..40).map(|number| format!("v{number}")).collect();
    let new = names.iter().enumerate();
    let new = new.map(|(number, name)| NewVolume::named(name).snapshot_policy(policy(number)));
    backend.create_volumes(new).unwrap();
    let (whole, parts) = (backend.fork(), backend.fork());
    whole.advance(40 * 1_440 * MINUTE).unwrap();
    for _ in 0..480 {
        parts.advance(120 * MINUTE).unwrap();
    }
    assert_eq!(whole.state_digest().unwrap(), parts.state_digest().unwrap());
    assert_ne!(whole.state_digest().unwrap(), backend.state_digest().unwrap());
    assert_eq!(whole.counts().snapshots, 14 * 3 + 26 * 8);
}

#[test]
fn rules_that_are_due_at_once_run_in_order() {
    let backend = seeded();
    let day = |prefix| rule("0 0 * * *", prefix, 5);
    backend.create_snapshot_policy("b", [day("2"), day("1")]).unwrap();
    backend.create_snapshot_policy("a", [day("0")]).unwrap();
    let create = |name: &str, policy| {
        backend.create_volume(VolumeSpec::named(name).snapshot_policy(policy)).unwrap().uuid
    };
    let (one, two, three) = (create("x", "b"), create("w", "a"), create("v", "b"));
    let mut taken = Vec::new();
    let step = |runs: &[PolicyRun]| {
        for run in runs {
            let volumes = run.taken.iter().map(|id| backend.volume_of(*id).unwrap());
            taken.push((run.prefix.clone(), volumes.collect::<Vec<_>>()));
        }
        ControlFlow::Continue(())
    };
    backend.advance_in_steps(1_440 * MINUTE, step).unwrap();
    let expected = [("2", vec![one, three]), ("1", vec![one, three]), ("0", vec![two])]
        .map(|(p, v)| (p.to_owned(), v));
    assert_eq!(taken, expected);
    assert_eq!(names(&backend, one), ["2.2000-01-02_0000", "1.2000-01-02_0000"]);
}

#[test]
fn a_rule_runs_at_the_new_time_and_not_again_at_the_old_one() {
    let backend = seeded();
    backend.create_snapshot_policy("p", [rule("0 * * * *", "h", 9)]).unwrap();
    // The time now is one at which the rule would be due.
    let volume = backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap().uuid;
    assert_eq!(backend.next_due().unwrap().to_string(), "2000-01-01T01:00:00Z");
    backend.advance(Duration::ZERO).unwrap();
    assert!(names(&backend, volume).is_empty());
    backend.advance(60 * MINUTE).unwrap();
    assert_eq!(names(&backend, volume), ["h.2000-01-01_0100"]);
    backend.advance(Duration::ZERO).unwrap();
    backend.advance(almost(60)).unwrap();
    assert_eq!(names(&backend, volume).len(), 1);
    backend.advance(Duration::from_micros(1)).unwrap();
    let last = backend.list_snapshots(volume).unwrap().pop().unwrap();
    assert_eq!(last.create_time.unwrap().to_string(), "2000-01-01T02:00:00Z");
}

#[test]
fn an_advance_past_the_calendar_runs_nothing() {
    let start = "9999-12-31T22:30:00Z".parse().unwrap();
    let backend = MemBackend::builder().seed(1).start(start).build().unwrap();
    backend.create_snapshot_policy("p", [rule("0 * * * *", "h", 9)]).unwrap();
    let volume = backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap().uuid;
    let digest = backend.state_digest().unwrap();
    let error = backend.advance(90 * MINUTE).unwrap_err();
    assert_eq!(error.target().as_deref(), Some("delta"));
    assert_eq!(backend.state_digest().unwrap(), digest);
    backend.advance(almost(90)).unwrap();
    assert_eq!(names(&backend, volume), ["h.9999-12-31_2300"]);
    assert_eq!(backend.next_due(), None);
}

#[test]
fn a_broken_off_advance_stays_at_the_time_of_the_last_run() {
    let backend = seeded();
    backend.create_snapshot_policy("p", [rule("0 */2 * * *", "h", 9)]).unwrap();
    backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap();
    let whole = backend.fork();
    let mut steps = 0;
    let now = backend.advance_in_steps(1_440 * MINUTE, |_| {
        steps += 1;
        if steps < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(now.unwrap().to_string(), "2000-01-01T06:00:00Z");
    assert_eq!(backend.now(), "2000-01-01T06:00:00Z".parse().unwrap());
    backend.advance(18 * 60 * MINUTE).unwrap();
    whole.advance(1_440 * MINUTE).unwrap();
    assert_eq!(backend.state_digest().unwrap(), whole.state_digest().unwrap());
}

#[test]
fn two_threads_advance_by_the_sum_of_both() {
    let backend = seeded();
    backend.create_snapshot_policy("p", [rule("* * * * *", "m", 3)]).unwrap();
    backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap();
    let whole = backend.fork();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| backend.advance(500 * MINUTE).unwrap());
        }
    });
    whole.advance(1_000 * MINUTE).unwrap();
    assert_eq!(backend.state_digest().unwrap(), whole.state_digest().unwrap());
}

#[test]
fn a_lock_ends_at_its_time_and_the_last_second_of_9999_never_ends() {
    let backend = seeded();
    let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let end = at("2000-01-01T00:01:00Z");
    let snapshot = backend.create_snapshot_until(volume, "s", end).unwrap();
    assert_eq!(snapshot.expires_at, Some(end));
    backend.advance(almost(1)).unwrap();
    let error = backend.delete_snapshot(volume, snapshot.uuid).unwrap_err();
    assert!(matches!(error, BackendError::SnapshotLocked { expires_at, .. } if expires_at == end));
    backend.advance(Duration::from_micros(1)).unwrap();
    assert_eq!(backend.get_snapshot(volume, snapshot.uuid).unwrap().expires_at, Some(end));
    backend.delete_snapshot(volume, snapshot.uuid).unwrap();

    // The new snapshot has the slot of the old one.
    let free = backend.create_snapshot(volume, "s").unwrap();
    assert_eq!(free.expires_at, None);
    let never = at("9999-12-31T23:59:59Z");
    let last = MemBackend::builder().seed(1).start(Timestamp::MAX).build().unwrap();
    for backend in [&backend, &last] {
        let volume = backend.create_volume(VolumeSpec::named("w")).unwrap().uuid;
        let locked = backend.create_snapshot_until(volume, "t", never).unwrap().uuid;
        assert_eq!(reloaded(backend).state_digest().unwrap(), backend.state_digest().unwrap());
        assert_eq!(backend.delete_snapshot(volume, locked).unwrap_err().code(), "snapshot_locked");
        assert_eq!(backend.delete_volume(volume).unwrap_err().code(), "snapshot_locked");
        backend.check_invariants().unwrap();
    }
    for past in [backend.now(), Timestamp::MIN] {
        let error = backend.create_snapshot_until(volume, "u", past).unwrap_err();
        assert_eq!(error.target().as_deref(), Some("expires_at"));
        let error = backend.create_snapshots_until([volume], "u", past).unwrap_err();
        assert_eq!((error.index, error.error.code()), (Some(0), "invalid_argument"));
    }
}

#[test]
fn a_lock_is_looked_at_before_clones() {
    let backend = seeded();
    let create = |name| backend.create_volume(VolumeSpec::named(name)).unwrap().uuid;
    let (parent, locked) = (create("parent"), create("locked"));
    let end = backend.now().checked_add(MINUTE).unwrap();
    let old = backend.create_snapshot(parent, "old").unwrap().uuid;
    let snapshot = backend.create_snapshot_until(parent, "s", end).unwrap().uuid;
    backend.create_clone(parent, snapshot, "clone").unwrap();
    backend.create_snapshot_until(locked, "s", end).unwrap();
    let busy = create("busy");
    let pinned = backend.create_snapshot(busy, "s").unwrap().uuid;
    backend.create_clone(busy, pinned, "other-clone").unwrap();

    let code = |result: Result<(), BackendError>| result.unwrap_err().code();
    assert_eq!(code(backend.delete_snapshot(parent, snapshot)), "snapshot_locked");
    assert_eq!(code(backend.delete_volume(parent)), "snapshot_locked");
    assert_eq!(code(backend.restore_snapshot(parent, old).map(drop)), "snapshot_locked");
    let bulk = |volumes: &[VolumeId]| {
        let error = backend.delete_volumes(volumes).unwrap_err();
        (error.index, error.error.code())
    };
    assert_eq!(bulk(&[parent]), (Some(0), "snapshot_locked"));
    assert_eq!(bulk(&[busy, locked]), (Some(0), "volume_busy"));
    assert_eq!(bulk(&[locked, busy]), (Some(0), "snapshot_locked"));
    let error = backend.delete_volumes_unless_busy([busy, locked]).unwrap_err();
    assert_eq!((error.index, error.error.code()), (Some(1), "snapshot_locked"));
    let error = backend.delete_snapshots([busy, locked], "s").unwrap_err();
    assert_eq!((error.index, error.error.code()), (Some(0), "snapshot_busy"));
    let error = backend.delete_snapshots_unless_busy([busy, parent], "s").unwrap_err();
    assert_eq!((error.index, error.error.code()), (Some(1), "snapshot_locked"));
    backend.advance(MINUTE).unwrap();
    assert_eq!(backend.delete_snapshots_unless_busy([parent, locked], "s").unwrap(), [parent]);
}

#[test]
fn a_missing_policy_is_reported_after_a_missing_volume_and_before_bad_values() {
    let backend = seeded();
    let volume = backend.create_volume(VolumeSpec::named("v")).unwrap().uuid;
    let patch = VolumePatch::new().snapshot_policy("p").size_bytes(0).name("a/b");
    let error = backend.patch_volume(volume, patch.clone()).unwrap_err();
    assert_eq!((error.code(), error.target().as_deref()), ("snapshot_policy_not_found", Some("p")));
    let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(backend.patch_volume(unknown, patch).unwrap_err().code(), "volume_not_found");
    let spec = VolumeSpec::named("a/b").snapshot_policy("");
    assert_eq!(backend.create_volume(spec).unwrap_err().code(), "snapshot_policy_not_found");
    backend.create_snapshot_policy("p", [rule("0 0 * * *", "n", 1)]).unwrap();
    let spec = VolumeSpec::named("a/b").snapshot_policy("p");
    assert_eq!(backend.create_volume(spec).unwrap_err().code(), "invalid_argument");
    backend.delete_snapshot_policy("p").unwrap();
}

#[test]
fn snapshots_of_policies_keep_data_until_they_are_deleted() {
    let backend = seeded();
    backend.create_snapshot_policy("p", [rule("0 0 * * *", "n", 3)]).unwrap();
    let volume = backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap().uuid;
    backend.write(volume, 100).unwrap();
    for day in 1..10 {
        backend.advance(1_440 * MINUTE).unwrap();
        backend.write(volume, NewData::new(10).overwriting(10)).unwrap();
        let space = backend.space().unwrap();
        // Each snapshot holds what was overwritten after it.
        assert_eq!((space.live_bytes, space.snapshot_bytes), (100, 10 * 3.min(day)));
        backend.check_invariants().unwrap();
    }
}

#[test]
fn a_limit_is_passed_over_after_the_deletions() {
    let limits = Limits::NONE.snapshots_per_volume(3).snapshots(5);
    let backend = MemBackend::builder().seed(1).limits(limits).build().unwrap();
    backend.create_snapshot_policy("p", [rule("0 0 * * *", "n", 3)]).unwrap();
    let create =
        |name| backend.create_volume(VolumeSpec::named(name).snapshot_policy("p")).unwrap().uuid;
    let (one, two) = (create("one"), create("two"));
    backend.create_snapshot(one, "by-hand").unwrap();
    let mut codes = Vec::new();
    let step = |runs: &[PolicyRun]| {
        for passed in runs.iter().flat_map(|run| &run.passed_over) {
            codes.push((passed.volume, passed.snapshot, passed.code));
        }
        ControlFlow::Continue(())
    };
    backend.advance_in_steps(4 * 1_440 * MINUTE, step).unwrap();
    // From the third day on the backend is full.
    let passed = |volume| (volume, None, "limit_exceeded");
    assert_eq!(codes, [passed(one), passed(two), passed(one), passed(two)]);
    assert_eq!((names(&backend, one).len(), names(&backend, two).len()), (3, 2));
    // Where the rule deletes its oldest first, there is room.
    backend.replace_snapshot_policy("p", [rule("0 0 * * *", "n", 2)]).unwrap();
    backend.advance(1_440 * MINUTE).unwrap();
    assert_eq!(names(&backend, two), ["n.2000-01-03_0000", "n.2000-01-06_0000"]);
    backend.check_invariants().unwrap();
}

#[test]
fn a_reset_deletes_policies_and_locks() {
    let backend = seeded();
    let fresh = backend.state_digest().unwrap();
    backend.create_snapshot_policy("p", [rule("0 0 * * *", "n", 1)]).unwrap();
    let volume = backend.create_volume(VolumeSpec::named("v").snapshot_policy("p")).unwrap().uuid;
    let end = backend.now().checked_add(MINUTE).unwrap();
    backend.create_snapshot_until(volume, "s", end).unwrap();
    backend.reset().unwrap();
    assert!(backend.list_snapshot_policies().is_empty());
    assert_eq!(backend.state_digest().unwrap(), fresh);
}

#[test]
fn the_tree_shows_policies_and_locks() {
    let backend = seeded();
    backend.create_snapshot_policy("daily", [rule("0 0 * * *", "n", 1)]).unwrap();
    let spec = VolumeSpec::named("v").snapshot_policy("daily");
    let volume = backend.create_volume(spec).unwrap().uuid;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    backend.create_snapshot_until(volume, "s", at("2000-01-02T00:00:00Z")).unwrap();
    backend.create_snapshot_until(volume, "t", Timestamp::MAX).unwrap();
    assert_eq!(
        backend.tree(),
        "v  no quota  policy daily\n\
         ├── @s  2000-01-01T00:00:00Z  expires 2000-01-02T00:00:00Z\n\
         └── @t  2000-01-01T00:00:00Z  never expires\n"
    );
}
