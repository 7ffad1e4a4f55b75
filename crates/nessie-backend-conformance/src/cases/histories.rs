//! What happened before and what follows. Every history gives the volume `v` a past, sets the states
//! of all volumes, makes one call, and then several others. The tables list the parts; the model
//! knows every answer.

use std::cell::Cell;
use std::collections::HashSet;

use nessie_backend_core::{Snapshot, Uuid, Volume, VolumeId, VolumePatch, VolumeState};

use super::calls;
use crate::harness::{Abort, CaseResult, Harness, Verify};
use crate::oracle::call::{Answer, Call, Value, unused_id};
use crate::{Feature, Tier};

super::cases! { histories:
    /// Volumes that were mounted, renamed or created again, in each state, before and after each
    /// call.
    of_volumes: Volumes,
        "3.patch_volume" "3.patch_volume.refuses" "3.atomic" "2.free_again" "2.junction_unique";
    /// Volumes whose snapshots were restored, renamed or deleted, in each state, before and after
    /// each call.
    of_volumes_with_snapshots: Snapshots,
        "3.restore_snapshot" "3.rename_snapshot" "3.delete_snapshot" "3.atomic" "2.free_again";
    /// Clones that were mounted, renamed or restored, in each state of clone and parent, before and
    /// after each call.
    of_clones: Clones, "3.create_clone" "1.origin" "1.origin_names" "3.offline_keeps" "3.atomic";
    /// Parents of clones, in each state of parent and clone, before and after each call.
    of_parents: Clones,
        "3.delete_volume.refuses" "3.delete_snapshot.refuses" "3.restore_snapshot.refuses"
        "3.offline_keeps" "3.atomic";
    /// Clones of clones, in each state of the volumes, before and after each call.
    of_chains: Clones, "1.origin" "1.origin_names" "3.delete_volume.refuses" "3.atomic";
    /// Clones that were split, and the volumes from which one was, before and after each call.
    of_split_volumes: Clones [SplitClone],
        "3.split_clone" "3.delete_volume" "3.restore_snapshot" "2.free_again" "3.atomic";
    /// A busy snapshot prevents a restore, however many snapshots are between it and the target.
    of_busy_snapshots_far_away: Clones [RestoreSnapshot],
        "3.restore_snapshot.refuses" "4.dependents" "3.atomic";
}

/// A call about the objects of a history.
type Step = fn(&History<'_, '_>) -> Call;

/// The steps that make the volumes `v`, its parent `p` and its clone `c`, as far as there are any.
type Past = &'static [Step];

const VOLUMES: &[Past] = &[
    &[|it| it.create("v")],
    &[|it| it.create_sized("v"), |it| it.patch("v", it.mount("/a").export_policy("p"))],
    &[|it| it.create_sized("v"), |it| it.rename("v", "former"), |it| it.rename("v", "now")],
    &[
        |it| it.create("v"),
        |it| it.patch("v", it.mount("/a")),
        |it| it.patch("v", it.mount("/a/b").size_bytes(7)),
    ],
    &[
        |it| it.create_sized("v"),
        |it| it.patch("v", it.mount("/a").export_policy("p")),
        |it| it.delete("v"),
        |it| it.create("v"),
    ],
];

const SNAPSHOTS: &[Past] = &[
    &[
        |it| it.create_sized("v"),
        |it| it.patch("v", it.mount("/a").export_policy("p")),
        |it| it.snapshot("v", "s"),
        |it| it.patch("v", calls::size(7)),
        |it| it.snapshot("v", "t"),
        |it| it.patch("v", calls::size(9)),
        |it| it.snapshot("v", "u"),
    ],
    // Restored.
    &[
        |it| it.create("v"),
        |it| it.snapshot("v", "s"),
        |it| it.patch("v", it.mount("/a").size_bytes(7)),
        |it| it.snapshot("v", "t"),
        |it| it.snapshot("v", "u"),
        |it| it.restore("v", "t"),
    ],
    // Renamed, with a renamed snapshot and a deleted one.
    &[
        |it| it.create_sized("v"),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.snapshot("v", "u"),
        |it| it.rename_snapshot("v", "s", "former"),
        |it| it.delete_snapshot("v", "t"),
        |it| it.rename("v", "now"),
    ],
];

const CLONES: &[Past] = &[
    &[|it| it.create_sized("p"), |it| it.snapshot("p", "s"), |it| it.clone("p", "s", "v")],
    // Mounted, with snapshots.
    &[
        |it| it.create_sized("p"),
        |it| it.patch("p", it.mount("/p").export_policy("p")),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.patch("v", it.mount("/a")),
        |it| it.snapshot("v", "s"),
        |it| it.patch("v", calls::size(7)),
        |it| it.snapshot("v", "t"),
    ],
    // Renamed, like its parent and its parent's snapshot.
    &[
        |it| it.create_sized("p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.rename("v", "former"),
        |it| it.rename("p", "parent"),
        |it| it.rename_snapshot("p", "s", "t"),
    ],
    // Restored.
    &[
        |it| it.create_sized("p"),
        |it| it.patch("p", calls::policy("p")),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.snapshot("v", "s"),
        |it| it.patch("v", it.mount("/a").size_bytes(7)),
        |it| it.snapshot("v", "t"),
        |it| it.restore("v", "s"),
    ],
];

const PARENTS: &[Past] = &[
    &[
        |it| it.create_sized("v"),
        |it| it.patch("v", it.mount("/a").export_policy("p")),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.patch("v", calls::size(7)),
        |it| it.snapshot("v", "u"),
        |it| it.clone("v", "t", "c"),
    ],
    // A mounted clone of the oldest snapshot; the parent is renamed.
    &[
        |it| it.create("v"),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.clone("v", "s", "c"),
        |it| it.patch("c", it.mount("/c").export_policy("p")),
        |it| it.rename("v", "now"),
        |it| it.rename_snapshot("v", "s", "former"),
    ],
    // Two clones of one snapshot and one of another; one of the two is split.
    &[
        |it| it.create_sized("v"),
        |it| it.snapshot("v", "s"),
        |it| it.clone("v", "s", "c"),
        |it| it.clone("v", "s", "other"),
        |it| it.snapshot("v", "t"),
        |it| it.clone("v", "t", "newest"),
        |it| it.split("other"),
    ],
    // A clone of the newest snapshot, renamed; the parent is restored to it.
    &[
        |it| it.create_sized("v"),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.clone("v", "t", "c"),
        |it| it.snapshot("v", "u"),
        |it| it.restore("v", "t"),
        |it| it.rename("c", "now"),
    ],
];

const CHAINS: &[Past] = &[
    // In the middle.
    &[
        |it| it.create_sized("p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.patch("v", it.mount("/a").size_bytes(7)),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.clone("v", "t", "c"),
    ],
    // At the end.
    &[
        |it| it.create_sized("q"),
        |it| it.snapshot("q", "s"),
        |it| it.clone("q", "s", "p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.patch("v", it.mount("/a").export_policy("p")),
        |it| it.snapshot("v", "s"),
    ],
    // At the end, renamed all along.
    &[
        |it| it.create("q"),
        |it| it.snapshot("q", "s"),
        |it| it.clone("q", "s", "p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.rename("p", "parent"),
        |it| it.rename_snapshot("p", "s", "t"),
        |it| it.rename("v", "former"),
    ],
];

const SPLIT: &[Past] = &[
    &[
        |it| it.create_sized("p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.split("v"),
    ],
    // With a mount, a policy and snapshots.
    &[
        |it| it.create_sized("p"),
        |it| it.patch("p", calls::policy("p")),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.patch("v", it.mount("/a")),
        |it| it.snapshot("v", "s"),
        |it| it.patch("v", calls::size(7)),
        |it| it.snapshot("v", "t"),
        |it| it.split("v"),
    ],
    // The former parent.
    &[
        |it| it.create_sized("v"),
        |it| it.snapshot("v", "s"),
        |it| it.snapshot("v", "t"),
        |it| it.clone("v", "s", "c"),
        |it| it.split("c"),
        |it| it.patch("v", it.mount("/a")),
    ],
    // In the middle of a chain, with a clone of its own.
    &[
        |it| it.create_sized("p"),
        |it| it.snapshot("p", "s"),
        |it| it.clone("p", "s", "v"),
        |it| it.snapshot("v", "s"),
        |it| it.clone("v", "s", "c"),
        |it| it.split("v"),
        |it| it.rename("v", "now"),
    ],
];

/// The calls that a history consists of: one of them first, then some of those that follow it.
const CALLS: &[Step] = &[
    |it| it.patch("v", calls::patch()),
    |it| it.patch("v", it.mount("/new").export_policy("q")),
    |it| it.patch("v", calls::junction("")),
    |it| it.patch("v", calls::size(8)),
    |it| it.rename("v", "w"),
    |it| it.rename("v", "v"),
    |it| it.patch("v", calls::offline()),
    |it| it.patch("v", calls::restricted()),
    |it| it.patch("v", calls::online()),
    |it| it.get("v"),
    |it| it.access("v"),
    // Refusals of several fields, for another reason each.
    |it| it.patch("v", it.mount("/kept").export_policy("kept").size_bytes(0)),
    |it| it.patch("v", it.mount("/A").export_policy("r").size_bytes(6)),
    |it| it.patch("v", it.mount("/in-use").export_policy("kept")),
    |it| {
        it.patch("v", it.named("in-use").junction_path(it.path("/kept")).state(VolumeState::Online))
    },
    |it| it.patch("v", it.named("kept").junction_path(it.path("/in-use")).size_bytes(6)),
    |it| it.patch("v", it.named("kept").state(VolumeState::Online).export_policy("")),
    |it| it.patch("v", it.named("x").state(VolumeState::Online).size_bytes(6).junction_path("")),
    |it| it.snapshot("v", "s"),
    |it| it.snapshot("v", "new"),
    |it| it.rename_snapshot("v", "s", "renamed"),
    |it| it.rename_snapshot("v", "t", "s"),
    |it| it.restore("v", "s"),
    |it| it.restore("v", "t"),
    |it| it.delete_snapshot("v", "t"),
    |it| it.clone("v", "s", "d"),
    |it| it.clone("v", "t", "in-use"),
    |it| it.split("v"),
    // The volumes around it.
    |it| it.rename("p", "parent-now"),
    |it| it.rename_snapshot("p", "s", "renamed"),
    |it| it.restore("p", "s"),
    |it| it.clone("p", "s", "sibling"),
    |it| it.delete_snapshot("p", "s"),
    |it| it.patch("p", calls::offline()),
    |it| it.patch("p", calls::online().size_bytes(4)),
    |it| it.patch("c", it.mount("/c/new").size_bytes(4)),
    |it| it.rename("c", "clone-now"),
    |it| it.snapshot("c", "s"),
    |it| it.split("c"),
    // Other volumes take names and paths.
    |it| it.create("v"),
    |it| it.create("former"),
    |it| it.create("p"),
    |it| it.rename("v", "p"),
    |it| it.snapshot("p", "s"),
    |it| it.patch("c", it.mount("/a")),
    |it| it.patch("v", it.mount("/a")),
    |it| it.restore("v", "u"),
];

/// The calls that delete; a history ends with one of them.
const DELETIONS: &[Step] = &[
    |it| it.delete("v"),
    |it| it.delete("p"),
    |it| it.delete("c"),
    |it| it.delete_snapshot("v", "s"),
];

/// Number of calls that follow the first.
const FOLLOWING: usize = 12;

/// The states of `v` and of the other volumes.
type States = (VolumeState, VolumeState);

const ALONE: &[States] = &[
    (VolumeState::Online, VolumeState::Online),
    (VolumeState::Offline, VolumeState::Online),
    (VolumeState::Restricted, VolumeState::Online),
];

const WITH_OTHERS: &[States] = &[
    (VolumeState::Online, VolumeState::Online),
    (VolumeState::Offline, VolumeState::Online),
    (VolumeState::Restricted, VolumeState::Online),
    (VolumeState::Online, VolumeState::Offline),
    (VolumeState::Online, VolumeState::Restricted),
    (VolumeState::Offline, VolumeState::Restricted),
    (VolumeState::Restricted, VolumeState::Offline),
];

fn of_volumes(h: &Harness<'_>) -> CaseResult {
    run_all(h, VOLUMES, ALONE)
}

fn of_volumes_with_snapshots(h: &Harness<'_>) -> CaseResult {
    run_all(h, SNAPSHOTS, ALONE)
}

fn of_clones(h: &Harness<'_>) -> CaseResult {
    run_all(h, CLONES, WITH_OTHERS)
}

fn of_parents(h: &Harness<'_>) -> CaseResult {
    run_all(h, PARENTS, WITH_OTHERS)
}

fn of_chains(h: &Harness<'_>) -> CaseResult {
    run_all(h, CHAINS, WITH_OTHERS)
}

fn of_split_volumes(h: &Harness<'_>) -> CaseResult {
    run_all(h, SPLIT, WITH_OTHERS)
}

/// Runs a history for each past, states and first call, with all volumes online. Of those with
/// other states it runs every second one: two pasts that follow one another in a table complete each
/// other. On a slow backend, half of the time limit ends the case.
fn run_all(h: &Harness<'_>, pasts: &[Past], states: &[States]) -> CaseResult {
    let calls = CALLS.len() + DELETIONS.len();
    let all = pasts.len() * states.len() * calls;
    let mut number = 0;
    for (nth, past) in pasts.iter().enumerate() {
        let mut impossible = HashSet::new();
        for (index, states) in states.iter().enumerate() {
            for at in 0..calls {
                if h.ends_early(number, all, "histories") {
                    return Ok(());
                }
                number += 1;
                let is_due = index == 0 || (nth + index + at) % 2 == 0;
                if is_due
                    && is_selected(h, number)
                    && !impossible.contains(&at)
                    && !run_one(h, number, past, *states, at)?
                {
                    impossible.insert(at);
                }
            }
        }
    }
    Ok(())
}

/// Runs a history. If it fails, runs it again on other objects with a check after each call, so that
/// the report names the call that is wrong and not a later one.
fn run_one(
    h: &Harness<'_>,
    number: usize,
    past: Past,
    states: States,
    at: usize,
) -> CaseResult<bool> {
    match History::new(h, number, Verify::Never).run(past, states, at) {
        Err(Abort::Violation(mut found)) => {
            found.trace = Some(h.trace());
            h.mark_out_of_sync();
            h.restart()?;
            History::new(h, number, Verify::Records).run(past, states, at)?;
            found.message += "; the same calls on other objects worked afterwards, so that earlier \
                              calls of the case count too";
            Err(Abort::Violation(found))
        }
        other => other,
    }
}

/// Whether a history runs: all do with 60 sequences or more, and a third with 20.
fn is_selected(h: &Harness<'_>, number: usize) -> bool {
    // A factor without a divisor of the numbers of pasts, states and calls.
    number * 7919 % 60 < h.config.sequences
}

/// The step at this position of both tables.
fn step(at: usize) -> Option<Step> {
    CALLS.iter().chain(DELETIONS).nth(at).copied()
}

/// A history being run.
struct History<'h, 'a> {
    h: &'h Harness<'a>,
    number: usize,
    /// The checks after each call but the first of the tables.
    verify: Verify,
    /// The volumes by their first names.
    volumes: Vec<(String, Volume)>,
    /// The snapshots by their volumes and first names.
    snapshots: Vec<(VolumeId, String, Snapshot)>,
    /// Every name and path in a call so far.
    names: Vec<String>,
    paths: Vec<String>,
    snapshot_names: Vec<(VolumeId, String)>,
}

impl<'h, 'a> History<'h, 'a> {
    fn new(h: &'h Harness<'a>, number: usize, verify: Verify) -> Self {
        Self {
            h,
            number,
            verify,
            volumes: Vec::new(),
            snapshots: Vec::new(),
            names: Vec::new(),
            paths: Vec::new(),
            snapshot_names: Vec::new(),
        }
    }

    /// Runs the history. Returns whether it was possible with these objects and this backend.
    fn run(&mut self, past: Past, (own, others): States, at: usize) -> CaseResult<bool> {
        self.h.set_verify(self.verify);
        let Some(first) = step(at) else { return Ok(false) };
        let is_complete = self.prepare(past, own, others)?;
        let first = first(self);
        if !is_complete || !self.is_possible(&first) {
            self.h.start_again()?;
            return Ok(false);
        }
        self.h.set_verify(Verify::Records);
        let answer = self.make(&first)?;
        self.h.set_verify(self.verify);
        if answer.is_err() {
            self.take_every_name()?;
            self.h.verify_listings()?;
        }
        // Another part of the table follows in each history.
        let start = at + self.number * FOLLOWING;
        for call in CALLS.iter().cycle().skip(start % CALLS.len()).take(FOLLOWING) {
            self.make_if_possible(*call)?;
        }
        for volume in self.h.volumes_not_online() {
            self.make_call_if_possible(&Call::PatchVolume(volume, calls::online()))?;
        }
        self.h.verify_listings()?;
        if let Some(deletion) = DELETIONS.iter().cycle().nth(self.number) {
            self.make_if_possible(*deletion)?;
        }
        self.take_every_name()?;
        self.verify_each()?;
        self.h.start_again()?;
        Ok(true)
    }

    /// Checks the listings, and each volume and snapshot by its identifier, deleted or not.
    fn verify_each(&self) -> CaseResult {
        self.h.verify_listings()?;
        for (_, volume) in &self.volumes {
            self.h.verify_call(&calls::get(volume))?;
        }
        for (volume, _, snapshot) in &self.snapshots {
            self.h.verify_call(&Call::GetSnapshot(*volume, snapshot.uuid))?;
        }
        Ok(())
    }

    /// Makes the volumes and sets their states. Returns whether the backend supports all of it.
    fn prepare(&mut self, past: Past, own: VolumeState, others: VolumeState) -> CaseResult<bool> {
        for step in past {
            if !self.make_if_possible(*step)? {
                return Ok(false);
            }
        }
        let holder = calls::create(&self.name("in-use"));
        self.make_call_if_possible(&holder)?;
        let mount = self.patch("in-use", self.mount("/in-use"));
        self.make_call_if_possible(&mount)?;
        let v = self.volume("v").uuid;
        let holder = self.volume("in-use").uuid;
        for volume in self.h.live_volumes().into_iter().filter(|uuid| *uuid != holder) {
            let state = if volume == v { own } else { others };
            let change = Call::PatchVolume(volume, calls::patch().state(state));
            if state != VolumeState::Online && !self.make_call_if_possible(&change)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn make_if_possible(&mut self, step: Step) -> CaseResult<bool> {
        let call = step(self);
        self.make_call_if_possible(&call)
    }

    fn make_call_if_possible(&mut self, call: &Call) -> CaseResult<bool> {
        let is_possible = self.is_possible(call);
        if is_possible {
            let _ = self.make(call)?;
        }
        Ok(is_possible)
    }

    fn make(&mut self, call: &Call) -> CaseResult<Answer> {
        self.note(call);
        let answer = self.h.call(call)?;
        match (call, &answer) {
            (Call::CreateVolume(_) | Call::CreateClone(..), Ok(Value::Volume(volume))) => {
                self.volumes.push((volume.name.clone(), volume.clone()));
            }
            (Call::CreateSnapshot(of, _), Ok(Value::Snapshot(snapshot))) => {
                self.snapshots.push((*of, snapshot.name.clone(), snapshot.clone()));
            }
            _ => {}
        }
        Ok(answer)
    }

    /// Records the names and the path in the call.
    fn note(&mut self, call: &Call) {
        match call {
            Call::CreateVolume(spec) => note(&mut self.names, &spec.name),
            Call::CreateClone(_, _, name) => note(&mut self.names, name),
            Call::PatchVolume(_, patch) => {
                patch.name.iter().for_each(|name| note(&mut self.names, name));
                let mounts = patch.junction_path.iter().filter(|path| !path.is_empty());
                mounts.for_each(|path| note(&mut self.paths, path));
            }
            Call::CreateSnapshot(of, name) | Call::RenameSnapshot(of, _, name) => {
                note(&mut self.snapshot_names, &(*of, name.clone()));
            }
            _ => {}
        }
    }

    /// Whether the backend supports the call, and the objects of the call are in this history.
    fn is_possible(&self, call: &Call) -> bool {
        let has = |feature| self.h.has(feature);
        let (tier, has_features) = match call {
            Call::PatchVolume(_, patch) => {
                let has_state = match patch.state {
                    Some(VolumeState::Restricted) => has(Feature::PatchRestricted),
                    Some(_) => has(Feature::PatchState),
                    None => true,
                };
                (Tier::Volumes, has_state && (patch.name.is_none() || has(Feature::PatchName)))
            }
            Call::RenameSnapshot(..) => (Tier::Snapshots, has(Feature::RenameSnapshot)),
            Call::RestoreSnapshot(..) => (Tier::Snapshots, has(Feature::RestoreSnapshot)),
            Call::CreateSnapshot(..) | Call::DeleteSnapshot(..) => (Tier::Snapshots, true),
            Call::CreateClone(..) => (Tier::Clones, true),
            Call::SplitClone(_) => (Tier::Clones, has(Feature::SplitClone)),
            _ => (Tier::Volumes, true),
        };
        self.h.probe.tier >= tier && has_features && !is_about_nothing(call)
    }

    /// Takes every name and path that a call so far had, if it is free: by a creation, by a rename
    /// or by a clone.
    fn take_every_name(&mut self) -> CaseResult {
        let spare = self.h.create_named(&self.name("spare"), None)?;
        let is_by_clones = self.number % 5 == 1 && self.h.probe.tier >= Tier::Clones;
        let base = if is_by_clones { Some(self.h.snapshot(&spare, "base")?) } else { None };
        for name in &self.names {
            self.h.verify_call(&calls::find(name))?;
            let take = match (self.number % 5, &base) {
                (0, _) => calls::create(name),
                (1, Some(base)) => calls::clone(&spare, base, name),
                _ if self.h.has(Feature::PatchName) => calls::change(&spare, calls::name(name)),
                _ => calls::create(name),
            };
            if let Ok(Value::Volume(taken)) = self.h.call(&take)?
                && taken.uuid != spare.uuid
            {
                self.h.delete(&taken)?;
            }
        }
        for path in &self.paths {
            let _ = self.h.call(&calls::change(&spare, calls::junction(path)))?;
        }
        for (volume, name) in &self.snapshot_names {
            self.h.verify_call(&Call::FindSnapshot(*volume, name.clone()))?;
            if let Ok(Value::Snapshot(taken)) =
                self.h.call(&Call::CreateSnapshot(*volume, name.clone()))?
            {
                self.h.returns_nothing(&Call::DeleteSnapshot(*volume, taken.uuid))?;
            }
        }
        if let Some(base) = base {
            self.h.returns_nothing(&calls::delete_snapshot(&spare, &base))?;
        }
        self.h.delete(&spare)
    }

    // The objects and calls of the tables.

    /// A name that no other history has.
    fn name(&self, label: &str) -> String {
        self.h.name(&format!("{}-{label}", self.stem()))
    }

    /// A path that no other history has.
    fn path(&self, label: &str) -> String {
        self.h.path(&format!("{}{label}", self.stem()))
    }

    fn stem(&self) -> String {
        let attempt = if self.verify == Verify::Never { "" } else { "-again" };
        format!("{}{attempt}", self.number)
    }

    fn mount(&self, label: &str) -> VolumePatch {
        calls::junction(&self.path(label))
    }

    fn named(&self, label: &str) -> VolumePatch {
        calls::name(&self.name(label))
    }

    /// The volume that was first created with this name, or one that does not exist.
    fn volume(&self, label: &str) -> Volume {
        let name = self.name(label);
        let live = self.h.live_volumes();
        let mut all = self.volumes.iter().filter(|(first, _)| *first == name);
        let is_live = |(_, volume): &&(String, Volume)| live.contains(&volume.uuid);
        let found = all.clone().find(is_live).or_else(|| all.next_back());
        found.map_or_else(calls::no_volume, |(_, volume)| volume.clone())
    }

    fn of(&self, volume: &Volume, name: &str) -> Snapshot {
        let mut all = self.snapshots.iter().rev();
        let found = all.find(|(of, first, _)| *of == volume.uuid && first == name);
        found.map_or_else(calls::no_snapshot, |(_, _, snapshot)| snapshot.clone())
    }

    fn create(&self, label: &str) -> Call {
        calls::create(&self.name(label))
    }

    fn create_sized(&self, label: &str) -> Call {
        calls::create_sized(&self.name(label), 5)
    }

    fn get(&self, label: &str) -> Call {
        calls::get(&self.volume(label))
    }

    fn access(&self, label: &str) -> Call {
        calls::access(&self.volume(label))
    }

    fn patch(&self, label: &str, patch: VolumePatch) -> Call {
        calls::change(&self.volume(label), patch)
    }

    fn rename(&self, label: &str, to: &str) -> Call {
        self.patch(label, self.named(to))
    }

    fn delete(&self, label: &str) -> Call {
        calls::delete(&self.volume(label))
    }

    fn snapshot(&self, label: &str, name: &str) -> Call {
        calls::snapshot(&self.volume(label), name)
    }

    fn rename_snapshot(&self, label: &str, name: &str, to: &str) -> Call {
        let volume = self.volume(label);
        calls::rename_snapshot(&volume, &self.of(&volume, name), to)
    }

    fn delete_snapshot(&self, label: &str, name: &str) -> Call {
        let volume = self.volume(label);
        calls::delete_snapshot(&volume, &self.of(&volume, name))
    }

    fn restore(&self, label: &str, name: &str) -> Call {
        let volume = self.volume(label);
        calls::restore(&volume, &self.of(&volume, name))
    }

    fn clone(&self, label: &str, name: &str, to: &str) -> Call {
        let volume = self.volume(label);
        calls::clone(&volume, &self.of(&volume, name), &self.name(to))
    }

    fn split(&self, label: &str) -> Call {
        calls::split(&self.volume(label))
    }
}

/// Adds the item if it is new.
fn note<T: Clone + PartialEq>(items: &mut Vec<T>, item: &T) {
    if !items.contains(item) {
        items.push(item.clone());
    }
}

/// Whether an object of the call was never made.
fn is_about_nothing(call: &Call) -> bool {
    let is_missing = Cell::new(false);
    let _ = call.with_ids(|id: Uuid| {
        is_missing.set(is_missing.get() || id == unused_id());
        id
    });
    is_missing.get()
}

/// Numbers of snapshots between the target of a restore and a busy one.
const DISTANCES: &[usize] = &[0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63];

fn of_busy_snapshots_far_away(h: &Harness<'_>) -> CaseResult {
    for (number, distance) in DISTANCES.iter().enumerate() {
        h.set_verify(Verify::Never);
        let a = h.create_sized(&format!("{number}-a"), 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, calls::size(7))?;
        for between in 0..*distance {
            h.snapshot(&a, &format!("between-{between}"))?;
        }
        let busy = h.snapshot(&a, "busy")?;
        h.snapshot(&a, "newest")?;
        let clone = h.clone(&a, &busy, &format!("{number}-clone"))?;
        for state in states_of(h) {
            h.patch(&clone, state)?;
            h.refused("snapshot_busy", &calls::restore(&a, &s))?;
            h.verify_listings()?;
        }
        h.delete(&clone)?;
        h.returns_volume(&calls::restore(&a, &s))?;
        h.verify_records()?;
        h.start_again()?;
    }
    Ok(())
}

/// Patches that set each state that the backend supports; without any, one that changes nothing.
fn states_of(h: &Harness<'_>) -> Vec<VolumePatch> {
    let mut states = vec![calls::patch()];
    if h.has(Feature::PatchState) {
        states.push(calls::offline());
    }
    if h.has(Feature::PatchRestricted) {
        states.push(calls::restricted());
    }
    states
}
