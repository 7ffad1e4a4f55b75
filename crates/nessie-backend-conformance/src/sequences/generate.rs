//! Generates sequences of operations.

use nessie_backend_core::{Snapshot, SnapshotId, Uuid, Volume, VolumeId, VolumeState};

use super::op::{Created, Op, OpKind, Patch, Ref, Text, call_of};
use super::rng::Rng;
use crate::feature::{Feature, Tier};
use crate::harness::probe::Probe;
use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::model::{Model, ModelVolume};

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

/// The weight of an operation, and the function that draws its arguments.
type Choice<G> = (usize, fn(&mut G) -> OpKind);

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
        let choices = self.choices();
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.rng.below(total);
        for (weight, draw) in choices {
            if left < weight {
                return draw(self);
            }
            left -= weight;
        }
        OpKind::SplitClone(self.volume())
    }

    /// The supported operations with their weights.
    fn choices(&self) -> Vec<Choice<Self>> {
        let count = self.model.volumes.len();
        let is_crowded = count > CROWD;
        let creation = match count {
            0 | 1 => 120,
            _ if is_crowded => 2,
            _ => 14,
        };
        let mut choices: Vec<Choice<Self>> = vec![
            (creation, |it| OpKind::CreateVolume { name: it.name(), size: it.optional_size() }),
            (30, |it| {
                let volume = it.volume();
                let patch = it.patch(volume);
                OpKind::PatchVolume(volume, patch)
            }),
            (if is_crowded { 20 } else { 6 }, |it| OpKind::DeleteVolume(it.volume())),
            (2, |it| OpKind::GetVolume(it.volume())),
            (3, |it| OpKind::FindVolume(it.name())),
            (3, |it| OpKind::AccessHandle(it.volume())),
        ];
        if self.profile.tier >= Tier::Snapshots {
            choices.extend::<[Choice<Self>; 4]>([
                (18, |it| OpKind::CreateSnapshot(it.volume(), it.snapshot_name())),
                (7, |it| it.of_snapshot(OpKind::DeleteSnapshot)),
                (2, |it| it.of_snapshot(OpKind::GetSnapshot)),
                (2, |it| OpKind::FindSnapshot(it.volume(), it.snapshot_name())),
            ]);
            if self.profile.has(Feature::RenameSnapshot) {
                choices.push((6, |it| {
                    let name = it.snapshot_name();
                    it.of_snapshot(|volume, snapshot| {
                        OpKind::RenameSnapshot(volume, snapshot, name)
                    })
                }));
            }
            if self.profile.has(Feature::RestoreSnapshot) {
                choices.push((7, |it| it.of_snapshot(OpKind::RestoreSnapshot)));
            }
        }
        if self.profile.tier >= Tier::Clones {
            choices.push((if is_crowded { 3 } else { 16 }, |it| {
                let name = it.name();
                it.of_snapshot(|volume, snapshot| OpKind::CreateClone(volume, snapshot, name))
            }));
            if self.profile.has(Feature::SplitClone) {
                choices.push((5, |it| OpKind::SplitClone(it.volume())));
            }
        }
        choices
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
                let has =
                    |kept: &ModelVolume| kept.snapshots.iter().any(|it| it.record.uuid == *id);
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
