//! Generates sequences of operations.
//!
//! A fault often needs an operation on a volume with a certain past: a clone that was split, a
//! parent that is offline, a name that was free for a moment. So most operations are about the
//! volumes that were changed last and their parents and clones, names and paths are often former
//! ones, and each sequence prefers other operations. Some sequences stay with one volume for long.

use std::borrow::Cow;

use nessie_backend_core::{Snapshot, SnapshotId, Uuid, Volume, VolumeId, VolumeState};

use super::op::{Created, Names, Op, OpKind, Patch, Ref, Text, call_of};
use super::rng::Rng;
use crate::feature::{Feature, Tier};
use crate::harness::probe::Probe;
use crate::oracle::call::{Answer, Call, Value, unused_id};
use crate::oracle::model::{Model, ModelVolume};
use crate::oracle::route::Route;
use crate::spelling::Spelling;

/// Which operations are generated.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    tier: Tier,
    unsupported: Vec<Feature>,
}

impl Profile {
    /// The operations that the backend supports, up to the tier.
    pub(crate) fn of(probe: &Probe, tier: Tier) -> Self {
        let unsupported = Feature::ALL.iter().copied().filter(|it| !probe.has(*it)).collect();
        Self { tier: tier.min(probe.tier), unsupported }
    }

    fn has(&self, feature: Feature) -> bool {
        !self.unsupported.contains(&feature)
    }
}

/// Few labels, so that names collide.
pub(super) const LABELS: &[&str] = &["a", "b", "c", "d", "A", "e", "f", "B"];
const SNAPSHOT_NAMES: &[&str] = &["s", "t", "u", "S", "v", "w", "x"];
const BAD_NAMES: &[&str] = &["", "a b", "-a", "é", "a/b"];
const BAD_PATHS: &[&str] = &["a", "/", "/a/", "/a//b", "/.."];
const POLICIES: &[&str] = &["p", "q", "default"];
const SIZES: &[u64] = &[1, 5, 7, 1 << 40, (1 << 53) + 1, u64::MAX];
/// Above one of these numbers of volumes, deletions are more likely than creations.
const CROWDS: &[usize] = &[3, 4, 5, 8];
/// How much a sequence prefers an action: the factors of its weight.
const PREFERENCES: &[usize] = &[1, 2, 2, 5];
/// How often a sequence stays with the volume that was changed last, in percent.
const FOCUSES: &[usize] = &[0, 20, 50];
/// Above this number of snapshots of a volume, few are added.
const MANY_SNAPSHOTS: usize = 6;
/// Number of steps at the beginning that mostly create something.
const START: usize = 9;
/// Number of volumes that are remembered as changed last.
const LATEST: usize = 4;

/// Generates a sequence of operations. The same seed gives the same sequence.
pub(crate) fn generate(seed: u64, steps: usize, profile: &Profile) -> Vec<Op> {
    let mut rng = Rng::new(seed);
    let actions = Action::ALL.iter().filter(|action| action.is_supported(profile));
    let mut preference = || rng.pick(PREFERENCES).copied().unwrap_or(1);
    let weights = actions.map(|action| (*action, preference())).collect();
    let crowd = rng.pick(CROWDS).copied().unwrap_or(3);
    let focus = rng.pick(FOCUSES).copied().unwrap_or(0);
    let mut generator = Generator {
        rng,
        profile,
        weights,
        crowd,
        focus,
        step: 0,
        model: Model::default(),
        created: Created::default(),
        volumes: Vec::new(),
        snapshots: Vec::new(),
        latest: Vec::new(),
        former_names: Vec::new(),
        former_paths: Vec::new(),
    };
    let next = |number| {
        let (kind, call) = generator.next(number);
        // Not from the generator's numbers: the sequence is the same for every backend.
        let turn = seed.wrapping_add(number as u64);
        Op { number, kind, route: Route::draw(turn, call.tier(), profile.tier) }
    };
    (0..steps).map(next).collect()
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Resize,
    Mount,
    Unmount,
    SetPolicy,
    Rename,
    SetState,
    PatchSeveral,
    Delete,
    Get,
    Find,
    Access,
    Snapshot,
    DeleteSnapshot,
    RenameSnapshot,
    Restore,
    GetSnapshot,
    FindSnapshot,
    Clone,
    Split,
}

impl Action {
    const ALL: &'static [Self] = &[
        Self::Create,
        Self::Resize,
        Self::Mount,
        Self::Unmount,
        Self::SetPolicy,
        Self::Rename,
        Self::SetState,
        Self::PatchSeveral,
        Self::Delete,
        Self::Get,
        Self::Find,
        Self::Access,
        Self::Snapshot,
        Self::DeleteSnapshot,
        Self::RenameSnapshot,
        Self::Restore,
        Self::GetSnapshot,
        Self::FindSnapshot,
        Self::Clone,
        Self::Split,
    ];

    fn is_supported(self, profile: &Profile) -> bool {
        let tier = match self {
            Self::Snapshot
            | Self::DeleteSnapshot
            | Self::RenameSnapshot
            | Self::Restore
            | Self::GetSnapshot
            | Self::FindSnapshot => Tier::Snapshots,
            Self::Clone | Self::Split => Tier::Clones,
            _ => Tier::Volumes,
        };
        let has_it = match self {
            Self::Rename => profile.has(Feature::PatchName),
            Self::SetState => profile.has(Feature::PatchState),
            Self::RenameSnapshot => profile.has(Feature::RenameSnapshot),
            Self::Restore => profile.has(Feature::RestoreSnapshot),
            Self::Split => profile.has(Feature::SplitClone),
            _ => true,
        };
        tier <= profile.tier && has_it
    }

    /// Whether there is a volume or snapshot on which it works.
    fn applies(self, model: &Model) -> bool {
        let has = |is_it: fn(&ModelVolume) -> bool| model.volumes.iter().any(is_it);
        match self {
            Self::DeleteSnapshot | Self::RenameSnapshot | Self::Restore | Self::GetSnapshot => {
                has(|it| !it.snapshots.is_empty())
            }
            Self::Clone => has(|it| is_online(it) && !it.snapshots.is_empty()),
            Self::Split => has(|it| it.record.origin.is_some()),
            Self::Unmount => has(|it| it.record.junction_path.is_some()),
            _ => true,
        }
    }

    /// How likely it is, by whether the backend is crowded.
    const fn weight(self, is_crowded: bool) -> usize {
        match self {
            Self::Create if is_crowded => 2,
            Self::Clone if is_crowded => 5,
            Self::Delete if is_crowded => 18,
            Self::Snapshot => 20,
            Self::Clone => 14,
            Self::SetState | Self::Rename | Self::Restore => 12,
            Self::Mount => 9,
            Self::Create
            | Self::Split
            | Self::RenameSnapshot
            | Self::Resize
            | Self::PatchSeveral => 7,
            Self::Delete | Self::DeleteSnapshot => 5,
            Self::SetPolicy => 4,
            Self::Unmount => 3,
            Self::Find | Self::Get | Self::Access | Self::GetSnapshot | Self::FindSnapshot => 1,
        }
    }

    /// Whether it creates something.
    const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Snapshot | Self::Clone | Self::Mount | Self::SetPolicy)
    }
}

/// Which of a volume's snapshots an operation prefers.
#[derive(Clone, Copy, Debug)]
enum Which {
    Oldest,
    Newest,
    /// One that has a clone.
    Parent,
}

struct Generator<'a> {
    rng: Rng,
    profile: &'a Profile,
    /// The supported actions, and how much this sequence prefers each.
    weights: Vec<(Action, usize)>,
    crowd: usize,
    focus: usize,
    step: usize,
    /// The expected state of the backend.
    model: Model,
    created: Created,
    /// Every volume and snapshot so far.
    volumes: Vec<VolumeId>,
    snapshots: Vec<(VolumeId, SnapshotId)>,
    /// The volumes that were changed last, and their parents and clones; the newest first.
    latest: Vec<VolumeId>,
    /// Names and paths that some volume once had.
    former_names: Vec<String>,
    former_paths: Vec<String>,
}

/// The object with this identifier. The number of the operation that made it follows from it.
fn made(id: Uuid) -> Ref {
    usize::try_from(id.as_u128() - 1).map_or(Ref::Id(id), Ref::Made)
}

fn of_volume(id: Option<VolumeId>) -> Ref {
    id.map_or(Ref::Id(unused_id()), |id| made(id.uuid()))
}

impl Generator<'_> {
    fn next(&mut self, number: usize) -> (OpKind, Call) {
        self.step = number;
        let kind = self.draw();
        let call = call_of(&kind, &self.created, &Names::default());
        let uuid = Uuid::from_u128(number as u128 + 1);
        let answer: Answer = match &call {
            Call::CreateSnapshot(..) => {
                Ok(Value::Snapshot(Snapshot::new(SnapshotId::new(uuid), "new")))
            }
            _ => Ok(Value::Volume(Volume::new(VolumeId::new(uuid), "new"))),
        };
        self.remember_names(&call);
        let parent = self.parent(&call);
        if let Ok(value) = self.model.apply(&call, &answer) {
            self.created.add(number, &call, &value);
            match (&call, &value) {
                (Call::CreateVolume(_) | Call::CreateClone(..), Value::Volume(volume)) => {
                    self.volumes.push(volume.uuid);
                    self.touch(volume.uuid);
                }
                (Call::CreateSnapshot(volume, _), Value::Snapshot(snapshot)) => {
                    self.snapshots.push((*volume, snapshot.uuid));
                    self.touch(*volume);
                }
                (Call::DeleteVolume(_), _) => {
                    if let Some(parent) = parent {
                        self.touch(parent);
                    }
                }
                (
                    Call::PatchVolume(volume, _)
                    | Call::RenameSnapshot(volume, ..)
                    | Call::DeleteSnapshot(volume, _)
                    | Call::RestoreSnapshot(volume, _),
                    _,
                ) => self.touch(*volume),
                (Call::SplitClone(volume), _) => {
                    if let Some(parent) = parent {
                        self.touch(parent);
                    }
                    self.touch(*volume);
                }
                _ => {}
            }
        }
        (kind, call)
    }

    /// The parent of a clone that the call deletes or splits.
    fn parent(&self, call: &Call) -> Option<VolumeId> {
        let (Call::DeleteVolume(id) | Call::SplitClone(id)) = call else { return None };
        Some(self.model.volume(*id).ok()?.record.origin.as_ref()?.parent_volume_uuid)
    }

    /// Records the name and path of a volume that the call may change.
    fn remember_names(&mut self, call: &Call) {
        let (Call::PatchVolume(id, _) | Call::DeleteVolume(id)) = call else { return };
        let Ok(volume) = self.model.volume(*id) else { return };
        let remember = |former: &mut Vec<String>, text: &String| {
            former.retain(|known| known != text);
            former.push(text.clone());
        };
        remember(&mut self.former_names, &volume.record.name);
        if let Some(path) = &volume.record.junction_path {
            remember(&mut self.former_paths, path);
        }
    }

    /// Records that the volume was changed, as were, in a way, its parent and its clones.
    fn touch(&mut self, id: VolumeId) {
        let origin_of =
            |volume: &ModelVolume| Some(volume.record.origin.as_ref()?.parent_volume_uuid);
        let parent = self.model.volume(id).ok().and_then(origin_of);
        let clones = self.model.volumes.iter().filter(|volume| origin_of(volume) == Some(id));
        let near: Vec<VolumeId> = clones.map(|volume| volume.record.uuid).chain(parent).collect();
        let near = self.rng.pick(&near).copied();
        for id in near.into_iter().chain([id]) {
            self.latest.retain(|known| *known != id);
            self.latest.insert(0, id);
        }
        self.latest.truncate(LATEST);
    }

    fn draw(&mut self) -> OpKind {
        let count = self.model.volumes.len();
        if count == 0 || (count == 1 && self.rng.chance(30)) {
            return self.operation(Action::Create);
        }
        let is_crowded = count > self.crowd;
        let is_start = self.step < START && self.rng.chance(80);
        let weight = |(action, preference): &(Action, usize)| {
            let weight = action.weight(is_crowded) * preference;
            match action {
                _ if is_start && !action.creates() => 0,
                _ if action.applies(&self.model) => weight,
                // Rarely an operation that is refused.
                _ => weight.div_ceil(8),
            }
        };
        let total = self.weights.iter().map(weight).sum();
        let mut left = self.rng.below(total);
        let mut drawn = Action::Create;
        for of_action in &self.weights {
            drawn = of_action.0;
            let weight = weight(of_action);
            if left < weight {
                break;
            }
            left -= weight;
        }
        self.operation(drawn)
    }

    fn operation(&mut self, action: Action) -> OpKind {
        match action {
            Action::Create => {
                OpKind::CreateVolume { name: self.name(), size: self.optional_size() }
            }
            Action::Resize
            | Action::Mount
            | Action::Unmount
            | Action::SetPolicy
            | Action::Rename
            | Action::SetState
            | Action::PatchSeveral => {
                let volume = match action {
                    Action::Unmount => self.volume_that(|it| it.record.junction_path.is_some()),
                    Action::Resize => self.volume_that(is_online),
                    _ => self.volume(),
                };
                let mut patch = Patch::default();
                let fields = if action == Action::PatchSeveral { 2 + self.rng.below(2) } else { 1 };
                for number in 0..fields {
                    let field = if number == 0 && fields == 1 { action } else { self.field() };
                    self.set(field, volume, &mut patch);
                }
                OpKind::PatchVolume(of_volume(volume), self.without_open_question(volume, patch))
            }
            Action::Delete => {
                let volume = if self.model.volumes.len() > self.crowd {
                    let parents: Vec<_> = self.model.volumes.iter().filter_map(parent_of).collect();
                    self.volume_that(|it| !parents.contains(&it.record.uuid))
                } else {
                    let parents: Vec<_> = self.model.volumes.iter().filter_map(parent_of).collect();
                    let prefers_parents = self.rng.chance(40);
                    self.volume_that(|it| !prefers_parents || parents.contains(&it.record.uuid))
                };
                OpKind::DeleteVolume(of_volume(volume))
            }
            Action::Get => OpKind::GetVolume(of_volume(self.volume())),
            Action::Find => OpKind::FindVolume(self.name()),
            Action::Access => OpKind::AccessHandle(of_volume(self.volume())),
            Action::Snapshot => {
                let volume =
                    self.volume_that(|it| is_online(it) && it.snapshots.len() < MANY_SNAPSHOTS);
                OpKind::CreateSnapshot(of_volume(volume), self.snapshot_name(volume))
            }
            Action::FindSnapshot => {
                let volume = self.volume();
                OpKind::FindSnapshot(of_volume(volume), self.snapshot_name(volume))
            }
            Action::DeleteSnapshot => {
                let (volume, snapshot) = self.snapshot(|_| true, Which::Parent);
                OpKind::DeleteSnapshot(of_volume(volume), snapshot)
            }
            Action::GetSnapshot => {
                let (volume, snapshot) = self.snapshot(|_| true, Which::Parent);
                OpKind::GetSnapshot(of_volume(volume), snapshot)
            }
            Action::RenameSnapshot => {
                let (volume, snapshot) = self.snapshot(|_| true, Which::Parent);
                OpKind::RenameSnapshot(of_volume(volume), snapshot, self.snapshot_name(volume))
            }
            Action::Restore => {
                let (volume, snapshot) = self.snapshot(is_online, Which::Oldest);
                OpKind::RestoreSnapshot(of_volume(volume), snapshot)
            }
            Action::Clone => {
                let prefers_clones = self.rng.chance(40);
                let is_it = |it: &ModelVolume| {
                    is_online(it) && (!prefers_clones || it.record.origin.is_some())
                };
                let which = if self.rng.chance(50) { Which::Parent } else { Which::Newest };
                let (volume, snapshot) = self.snapshot(is_it, which);
                OpKind::CreateClone(of_volume(volume), snapshot, self.name())
            }
            Action::Split => {
                let volume = self.volume_that(|it| it.record.origin.is_some());
                OpKind::SplitClone(of_volume(volume))
            }
        }
    }

    /// Mostly a volume that was changed last, or else any. Rarely one that is deleted or missing.
    fn volume(&mut self) -> Option<VolumeId> {
        self.volume_that(|_| true)
    }

    /// The same; mostly one that meets the condition, if there is one.
    fn volume_that(&mut self, is_it: impl Fn(&ModelVolume) -> bool) -> Option<VolumeId> {
        if self.rng.chance(5) {
            let is_live = |id: &&VolumeId| self.model.volume(**id).is_ok();
            let deleted: Vec<_> = self.volumes.iter().filter(|id| !is_live(id)).copied().collect();
            return self.rng.pick(&deleted).copied();
        }
        let volumes = &self.model.volumes;
        let any = self.rng.chance(20) || !volumes.iter().any(&is_it);
        let chosen = volumes.iter().filter(|volume| any || is_it(volume));
        let live: Vec<VolumeId> = chosen.map(|volume| volume.record.uuid).collect();
        let latest: Vec<_> = self.latest.iter().filter(|id| live.contains(id)).copied().collect();
        if let Some(last) = latest.first()
            && self.rng.chance(self.focus)
        {
            return Some(*last);
        }
        let from = if latest.is_empty() || self.rng.chance(30) { live } else { latest };
        self.rng.pick(&from).copied()
    }

    /// Mostly a snapshot of such a volume, with its volume. Sometimes any snapshot and any volume.
    fn snapshot(
        &mut self,
        is_it: impl Fn(&ModelVolume) -> bool,
        which: Which,
    ) -> (Option<VolumeId>, Ref) {
        let volume = self.volume_that(|it| is_it(it) && !it.snapshots.is_empty());
        let kept = volume.and_then(|id| self.model.volume(id).ok());
        let of_volume: Vec<Uuid> = kept.map_or_else(Vec::new, |kept| {
            kept.snapshots.iter().map(|kept| kept.record.uuid.uuid()).collect()
        });
        let preferred = match which {
            Which::Oldest => of_volume.first(),
            Which::Newest => of_volume.last(),
            Which::Parent => of_volume.iter().find(|id| {
                let origin =
                    |it: &ModelVolume| Some(it.record.origin.as_ref()?.parent_snapshot_uuid);
                self.model.volumes.iter().any(|it| origin(it) == Some(SnapshotId::new(**id)))
            }),
        };
        if let Some(id) = preferred
            && self.rng.chance(40)
        {
            return (volume, made(*id));
        }
        if let Some(id) = self.rng.pick(&of_volume)
            && self.rng.chance(90)
        {
            return (volume, made(*id));
        }
        let any = self.rng.pick(&self.snapshots).map(|(_, id)| made(id.uuid()));
        let any = if self.rng.chance(10) { None } else { any };
        (volume, any.unwrap_or(Ref::Id(unused_id())))
    }

    /// A label: one that is free now and was taken before, one that is free, or any.
    fn label(
        &mut self,
        is_free: impl Fn(&str) -> bool,
        is_former: impl Fn(&str) -> bool,
    ) -> &'static str {
        let free: Vec<&str> = LABELS.iter().copied().filter(|label| is_free(label)).collect();
        let former: Vec<&str> = free.iter().copied().filter(|label| is_former(label)).collect();
        let from = match self.rng.below(10) {
            0..4 if !former.is_empty() => &former,
            0..8 if !free.is_empty() => &free,
            _ => LABELS,
        };
        self.rng.pick(from).copied().unwrap_or("a")
    }

    fn name(&mut self) -> Text {
        if self.rng.chance(4) {
            return self.raw(BAD_NAMES);
        }
        if let Some(identifier) = self.identifier() {
            return identifier;
        }
        let names: Vec<String> =
            self.model.volumes.iter().map(|volume| volume.record.name.clone()).collect();
        let former = self.former_names.clone();
        Text::Label(self.label(
            |label| !names.iter().any(|name| name == label),
            |label| former.iter().any(|name| name == label),
        ))
    }

    fn path(&mut self) -> Text {
        if self.rng.chance(5) {
            return self.raw(BAD_PATHS);
        }
        let paths = self.model.volumes.iter().filter_map(|it| it.record.junction_path.clone());
        let paths: Vec<String> = paths.collect();
        let former = self.former_paths.clone();
        let is = |path: &String, label: &str| {
            path.strip_prefix('/').is_some_and(|path| path.eq_ignore_ascii_case(label))
        };
        Text::Label(self.label(
            |label| !paths.iter().any(|path| is(path, label)),
            |label| former.iter().any(|path| is(path, label)),
        ))
    }

    fn raw(&mut self, texts: &[&'static str]) -> Text {
        Text::Raw(self.rng.pick(texts).copied().unwrap_or_default().into())
    }

    /// Rarely a name that is the identifier of a volume or a snapshot.
    fn identifier(&mut self) -> Option<Text> {
        let is_due = self.rng.chance(5);
        let of_volume = self.rng.chance(60);
        let volume = self.rng.pick(&self.volumes).filter(|_| of_volume).map(|id| id.uuid());
        let snapshot = self.rng.pick(&self.snapshots).map(|(_, id)| id.uuid());
        let of = volume.or(snapshot).filter(|_| is_due)?;
        Some(Text::Id(made(of), Spelling::Canonical))
    }

    fn snapshot_name(&mut self, of: Option<VolumeId>) -> Text {
        if self.rng.chance(4) {
            return self.raw(BAD_NAMES);
        }
        if let Some(identifier) = self.identifier() {
            return identifier;
        }
        let kept = of.and_then(|id| self.model.volume(id).ok());
        let taken: Vec<String> = kept.map_or_else(Vec::new, |kept| {
            kept.snapshots.iter().map(|kept| kept.record.name.clone()).collect()
        });
        let is_free = |name: &&str| !taken.iter().any(|taken| taken == name);
        let free: Vec<&str> = SNAPSHOT_NAMES.iter().copied().filter(is_free).collect();
        // Snapshot names are unique per volume: no prefix needed.
        if free.is_empty() || self.rng.chance(15) {
            self.raw(SNAPSHOT_NAMES)
        } else {
            self.raw(&free)
        }
    }

    fn size(&mut self) -> u64 {
        if self.rng.chance(4) { 0 } else { self.rng.pick(SIZES).copied().unwrap_or(1) }
    }

    fn optional_size(&mut self) -> Option<u64> {
        if self.rng.chance(70) { Some(self.size()) } else { None }
    }

    /// A field of a patch, as the action that sets it alone.
    fn field(&mut self) -> Action {
        let fields: Vec<Action> = [
            Action::Resize,
            Action::Resize,
            Action::Mount,
            Action::Unmount,
            Action::SetPolicy,
            Action::Rename,
            Action::Rename,
            Action::SetState,
        ]
        .into_iter()
        .filter(|action| action.is_supported(self.profile))
        .collect();
        self.rng.pick(&fields).copied().unwrap_or(Action::Resize)
    }

    fn set(&mut self, field: Action, volume: Option<VolumeId>, patch: &mut Patch) {
        match field {
            Action::Mount => patch.path = Some(self.path()),
            Action::Unmount => patch.path = Some(Text::Raw("".into())),
            Action::SetPolicy if self.rng.chance(6) => patch.policy = Some("".into()),
            Action::SetPolicy => {
                patch.policy = self.rng.pick(POLICIES).map(|policy| Cow::Borrowed(*policy));
            }
            Action::Rename => patch.name = Some(self.name()),
            Action::SetState => patch.state = Some(self.state(volume)),
            _ => patch.size = Some(self.size()),
        }
    }

    /// Mostly another state than the volume has.
    fn state(&mut self, of: Option<VolumeId>) -> VolumeState {
        let kept = of.and_then(|id| self.model.volume(id).ok());
        if kept.is_some_and(is_online) != self.rng.chance(85) {
            return VolumeState::Online;
        }
        if self.profile.has(Feature::PatchRestricted) && self.rng.chance(50) {
            VolumeState::Restricted
        } else {
            VolumeState::Offline
        }
    }

    /// Removes a size that an offline volume already has: the contract leaves the answer open.
    fn without_open_question(&self, of: Option<VolumeId>, mut patch: Patch) -> Patch {
        if let Some(kept) = of.and_then(|id| self.model.volume(id).ok()) {
            let is_same = patch.size.is_some() && patch.size == kept.record.size_bytes;
            if is_same && !is_online(kept) {
                patch.size = None;
            }
        }
        patch
    }
}

fn is_online(volume: &ModelVolume) -> bool {
    volume.record.state == VolumeState::Online
}

fn parent_of(volume: &ModelVolume) -> Option<VolumeId> {
    Some(volume.record.origin.as_ref()?.parent_volume_uuid)
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_sequence_every_time_and_another_seed_another() {
        let profile = Profile { tier: Tier::Clones, unsupported: Vec::new() };
        let of = |seed| generate(seed, 200, &profile);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn unsupported_operations_are_not_generated() {
        let profile = Profile { tier: Tier::Volumes, unsupported: Feature::ALL.to_vec() };
        for op in generate(3, 500, &profile) {
            match op.kind {
                OpKind::PatchVolume(_, patch) => {
                    assert!(patch.name.is_none() && patch.state.is_none());
                }
                OpKind::CreateVolume { .. }
                | OpKind::GetVolume(_)
                | OpKind::FindVolume(_)
                | OpKind::DeleteVolume(_)
                | OpKind::AccessHandle(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
