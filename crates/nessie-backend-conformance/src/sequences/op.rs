//! Generated sequences of operations.
//!
//! An operation refers to an object by the number of the operation that created it. So it keeps its
//! meaning in a shorter sequence; if the creating operation was removed, it refers to a missing
//! object.

use nessie_backend_core::{
    Snapshot, SnapshotId, Uuid, Volume, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};

use super::rng::Rng;
use crate::feature::{Feature, Tier};
use crate::harness::probe::Probe;
use crate::oracle::call::{Answer, Call, Value, unused_id};
use crate::oracle::model::Model;

/// An operation and its number in the generated sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) number: usize,
    pub(crate) kind: OpKind,
}

/// The number of the operation that created the object; `None` for an object that never existed.
pub(crate) type Ref = Option<usize>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    CreateVolume { name: Text, size: Option<u64> },
    GetVolume(Ref),
    FindVolume(Text),
    PatchVolume(Ref, Patch),
    DeleteVolume(Ref),
    AccessHandle(Ref),
    CreateSnapshot(Ref, Text),
    GetSnapshot(Ref, Ref),
    FindSnapshot(Ref, Text),
    RenameSnapshot(Ref, Ref, Text),
    DeleteSnapshot(Ref, Ref),
    RestoreSnapshot(Ref, Ref),
    CreateClone(Ref, Ref, Text),
    SplitClone(Ref),
}

/// A name or path: a label, which gets a unique prefix in each sequence, or the text as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Label(&'static str),
    Raw(&'static str),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) size: Option<u64>,
    pub(crate) path: Option<Text>,
    pub(crate) policy: Option<&'static str>,
    pub(crate) name: Option<Text>,
    pub(crate) state: Option<VolumeState>,
}

/// The objects created so far, by the number of the operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Created {
    pub(crate) volumes: Vec<(usize, VolumeId)>,
    pub(crate) snapshots: Vec<(usize, VolumeId, SnapshotId)>,
}

impl Created {
    pub(crate) fn add(&mut self, number: usize, call: &Call, value: &Value) {
        match (call, value) {
            (Call::CreateVolume(_) | Call::CreateClone(..), Value::Volume(volume)) => {
                self.volumes.push((number, volume.uuid));
            }
            (Call::CreateSnapshot(volume, _), Value::Snapshot(snapshot)) => {
                self.snapshots.push((number, *volume, snapshot.uuid));
            }
            _ => {}
        }
    }

    fn volume(&self, by: Ref) -> VolumeId {
        let found = self.volumes.iter().find(|(number, _)| Some(*number) == by);
        found.map_or(VolumeId::new(unused_id()), |(_, id)| *id)
    }

    fn snapshot(&self, by: Ref) -> SnapshotId {
        let found = self.snapshots.iter().find(|(number, ..)| Some(*number) == by);
        found.map_or(SnapshotId::new(unused_id()), |(_, _, id)| *id)
    }
}

/// The call for an operation, given the objects created so far. `name` makes a name from a label.
pub(crate) fn call_of(op: &Op, created: &Created, name: impl Fn(&str) -> String) -> Call {
    let volume = |by: &Ref| created.volume(*by);
    let snapshot = |by: &Ref| created.snapshot(*by);
    match &op.kind {
        OpKind::CreateVolume { name: text, size } => {
            Call::CreateVolume(VolumeSpec::named(text.text(&name)).size_bytes(*size))
        }
        OpKind::GetVolume(of) => Call::GetVolume(volume(of)),
        OpKind::FindVolume(text) => Call::FindVolume(text.text(&name)),
        OpKind::PatchVolume(of, patch) => Call::PatchVolume(volume(of), patch.patch(&name)),
        OpKind::DeleteVolume(of) => Call::DeleteVolume(volume(of)),
        OpKind::AccessHandle(of) => Call::AccessHandle(volume(of)),
        OpKind::CreateSnapshot(of, text) => Call::CreateSnapshot(volume(of), text.text(&name)),
        OpKind::GetSnapshot(of, which) => Call::GetSnapshot(volume(of), snapshot(which)),
        OpKind::FindSnapshot(of, text) => Call::FindSnapshot(volume(of), text.text(&name)),
        OpKind::RenameSnapshot(of, which, text) => {
            Call::RenameSnapshot(volume(of), snapshot(which), text.text(&name))
        }
        OpKind::DeleteSnapshot(of, which) => Call::DeleteSnapshot(volume(of), snapshot(which)),
        OpKind::RestoreSnapshot(of, which) => Call::RestoreSnapshot(volume(of), snapshot(which)),
        OpKind::CreateClone(of, which, text) => {
            Call::CreateClone(volume(of), snapshot(which), text.text(&name))
        }
        OpKind::SplitClone(of) => Call::SplitClone(volume(of)),
    }
}

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
const LABELS: &[&str] = &["a", "b", "c", "A", "d"];
const BAD_NAMES: &[&str] = &["", "a b", "-a", "é", "a/b"];
const BAD_PATHS: &[&str] = &["a", "/", "/a/", "/a//b", "/.."];
const POLICIES: &[&str] = &["p", "q", "default"];
const SIZES: &[u64] = &[1, 5, 7, 1 << 40, (1 << 53) + 1, u64::MAX];
/// Above this number of volumes, deletions are more likely than creations.
const CROWD: usize = 8;

/// Generates a sequence of operations. The same seed gives the same sequence.
pub(crate) fn generate(seed: u64, steps: usize, profile: &Profile) -> Vec<Op> {
    let mut generator = Generator {
        rng: Rng::new(seed),
        profile,
        model: Model::default(),
        created: Created::default(),
    };
    (0..steps).map(|number| generator.next(number)).collect()
}

struct Generator<'a> {
    rng: Rng,
    profile: &'a Profile,
    /// The expected state of the backend.
    model: Model,
    created: Created,
}

impl Generator<'_> {
    fn next(&mut self, number: usize) -> Op {
        let op = Op { number, kind: self.draw_kind() };
        let call = call_of(&op, &self.created, ToOwned::to_owned);
        let uuid = Uuid::from_u128(number as u128 + 1);
        let answer: Answer = match &call {
            Call::CreateSnapshot(..) => {
                Ok(Value::Snapshot(Snapshot::new(SnapshotId::new(uuid), "new")))
            }
            _ => Ok(Value::Volume(Volume::new(VolumeId::new(uuid), "new"))),
        };
        if let Ok(value) = self.model.apply(&call, &answer) {
            self.created.add(number, &call, &value);
        }
        op
    }

    fn draw_kind(&mut self) -> OpKind {
        let is_crowded = self.model.volumes.len() > CROWD;
        let is_sparse = self.model.volumes.len() < 2;
        let mut weights = vec![
            (
                if is_sparse {
                    120
                } else if is_crowded {
                    2
                } else {
                    14
                },
                0,
            ),
            (30, 1),
            (if is_crowded { 20 } else { 6 }, 2),
            (2, 3),
            (3, 4),
            (3, 5),
        ];
        if self.profile.tier >= Tier::Snapshots {
            weights.extend([(18, 6), (7, 7), (2, 8), (2, 9)]);
            if self.profile.has(Feature::RenameSnapshot) {
                weights.push((6, 10));
            }
            if self.profile.has(Feature::RestoreSnapshot) {
                weights.push((7, 11));
            }
        }
        if self.profile.tier >= Tier::Clones {
            weights.push((if is_crowded { 3 } else { 16 }, 12));
            if self.profile.has(Feature::SplitClone) {
                weights.push((5, 13));
            }
        }
        let total = weights.iter().map(|(weight, _)| weight).sum();
        let mut left = self.rng.below(total);
        let chosen = weights.iter().find(|(weight, _)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        match chosen.map_or(0, |(_, which)| *which) {
            0 => OpKind::CreateVolume { name: self.name(), size: self.optional_size() },
            1 => {
                let volume = self.volume();
                let patch = self.patch(volume);
                OpKind::PatchVolume(volume, patch)
            }
            2 => OpKind::DeleteVolume(self.volume()),
            3 => OpKind::GetVolume(self.volume()),
            4 => OpKind::FindVolume(self.name()),
            5 => OpKind::AccessHandle(self.volume()),
            6 => OpKind::CreateSnapshot(self.volume(), self.snapshot_name()),
            7 => self.of_snapshot(OpKind::DeleteSnapshot),
            8 => self.of_snapshot(OpKind::GetSnapshot),
            9 => OpKind::FindSnapshot(self.volume(), self.snapshot_name()),
            10 => {
                let name = self.snapshot_name();
                self.of_snapshot(|volume, snapshot| OpKind::RenameSnapshot(volume, snapshot, name))
            }
            11 => self.of_snapshot(OpKind::RestoreSnapshot),
            12 => {
                let name = self.name();
                self.of_snapshot(|volume, snapshot| OpKind::CreateClone(volume, snapshot, name))
            }
            _ => OpKind::SplitClone(self.volume()),
        }
    }

    /// Mostly an existing volume, sometimes a deleted one or one that never existed.
    fn volume(&mut self) -> Ref {
        let model = &self.model;
        let is_live = |id: &VolumeId| model.volume(*id).is_ok();
        let (live, deleted): (Vec<_>, Vec<_>) =
            self.created.volumes.iter().partition(|(_, id)| is_live(id));
        let from = if self.rng.chance(92) { live } else { deleted };
        if self.rng.chance(3) { None } else { self.rng.pick(&from).map(|(number, _)| *number) }
    }

    /// Mostly an existing snapshot and its volume, sometimes any snapshot and any volume.
    fn of_snapshot(&mut self, what: impl FnOnce(Ref, Ref) -> OpKind) -> OpKind {
        let model = &self.model;
        let live: Vec<(usize, usize)> = self
            .created
            .snapshots
            .iter()
            .filter(|(_, volume, id)| {
                let has = |kept: &crate::oracle::model::ModelVolume| {
                    kept.snapshots.iter().any(|it| it.record.uuid == *id)
                };
                model.volume(*volume).is_ok_and(has)
            })
            .filter_map(|(number, volume, _)| {
                let of = self.created.volumes.iter().find(|(_, id)| id == volume)?;
                Some((of.0, *number))
            })
            .collect();
        if self.rng.chance(88)
            && let Some((volume, snapshot)) = self.rng.pick(&live)
        {
            return what(Some(*volume), Some(*snapshot));
        }
        let any = self.rng.pick(&self.created.snapshots).map(|(number, ..)| *number);
        let snapshot = if self.rng.chance(10) { None } else { any };
        what(self.volume(), snapshot)
    }

    fn text(&mut self, bad: &'static [&'static str], percent: usize) -> Text {
        let is_bad = self.rng.chance(percent);
        let from = if is_bad { bad } else { LABELS };
        let text = self.rng.pick(from).copied().unwrap_or("a");
        if is_bad { Text::Raw(text) } else { Text::Label(text) }
    }

    fn name(&mut self) -> Text {
        self.text(BAD_NAMES, 6)
    }

    fn snapshot_name(&mut self) -> Text {
        match self.text(BAD_NAMES, 6) {
            // Snapshot names are unique per volume: no prefix needed.
            Text::Label(text) | Text::Raw(text) => Text::Raw(text),
        }
    }

    fn size(&mut self) -> u64 {
        if self.rng.chance(5) { 0 } else { self.rng.pick(SIZES).copied().unwrap_or(1) }
    }

    fn optional_size(&mut self) -> Option<u64> {
        if self.rng.chance(50) { Some(self.size()) } else { None }
    }

    fn patch(&mut self, of: Ref) -> Patch {
        let mut patch = Patch::default();
        if self.rng.chance(40) {
            patch.size = Some(self.size());
        }
        if self.rng.chance(35) {
            patch.path = Some(match self.rng.below(10) {
                0 | 1 => Text::Raw(""),
                _ => self.text(BAD_PATHS, 6),
            });
        }
        if self.rng.chance(20) {
            patch.policy =
                if self.rng.chance(6) { Some("") } else { self.rng.pick(POLICIES).copied() };
        }
        if self.profile.has(Feature::PatchName) && self.rng.chance(30) {
            patch.name = Some(self.name());
        }
        if self.profile.has(Feature::PatchState) && self.rng.chance(30) {
            let mut states = vec![VolumeState::Online, VolumeState::Online, VolumeState::Offline];
            if self.profile.has(Feature::PatchRestricted) {
                states.push(VolumeState::Restricted);
            }
            patch.state = self.rng.pick(&states).copied();
        }
        self.without_open_question(of, patch)
    }

    /// Removes a size that an offline volume already has: the contract leaves the answer open.
    fn without_open_question(&self, of: Ref, mut patch: Patch) -> Patch {
        let made = self.created.volumes.iter().find(|(number, _)| Some(*number) == of);
        if let Some(kept) = made.and_then(|(_, id)| self.model.volume(*id).ok()) {
            let is_online = kept.record.state == VolumeState::Online;
            if !is_online && patch.size.is_some() && patch.size == kept.record.size_bytes {
                patch.size = None;
            }
        }
        patch
    }
}

impl Patch {
    /// The patch as the backend gets it. `name` makes a name from a label.
    pub(crate) fn patch(&self, name: &impl Fn(&str) -> String) -> VolumePatch {
        let mut patch = VolumePatch::new();
        patch.size_bytes = self.size;
        patch.junction_path = self.path.as_ref().map(|path| match path {
            Text::Label(label) => format!("/{}", name(label)),
            Text::Raw(text) => (*text).to_owned(),
        });
        patch.export_policy = self.policy.map(str::to_owned);
        patch.name = self.name.as_ref().map(|text| text.text(name));
        patch.state = self.state;
        patch
    }
}

impl Text {
    /// The text as the backend gets it. `name` makes a name from a label.
    pub(crate) fn text(&self, name: &impl Fn(&str) -> String) -> String {
        match self {
            Self::Label(label) => name(label),
            Self::Raw(text) => (*text).to_owned(),
        }
    }
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
