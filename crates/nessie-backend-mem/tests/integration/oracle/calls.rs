//! Which calls a walk makes: mostly calls that can succeed, often calls that must be refused.
//!
//! Which record a call is about depends on the records that exist when the call is made. So the
//! strategies give [`Role`]s in place of identifiers, and the walk replaces them.

use std::time::Duration;

use nessie_backend_conformance::oracle::call::Call;
use nessie_backend_conformance::oracle::model::Model;
use nessie_backend_core::{SnapshotId, Uuid, VolumeId, VolumePatch, VolumeSpec, VolumeState};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// The role of the record that replaces a placeholder.
#[derive(Clone, Copy)]
enum Role {
    Volume,
    Clone,
    /// The volume of a pair. The snapshot of the pair has the same random number.
    OwnerOfSnapshot,
    Snapshot,
}

impl Role {
    const ALL: [Self; 4] = [Self::Volume, Self::Clone, Self::OwnerOfSnapshot, Self::Snapshot];

    /// A placeholder for an identifier. The number chooses among the records of this role.
    fn placeholder(self, random: u64) -> Uuid {
        Uuid::from_u64_pair(random, self as u64)
    }
}

/// Replaces the placeholders of a call. `issued` has all identifiers of the past.
pub(crate) fn resolve(call: &Call, model: &Model, issued: &[Uuid]) -> Call {
    let records = Records { model, issued };
    call.with_ids(|placeholder| {
        let (random, role) = placeholder.as_u64_pair();
        match Role::ALL[usize::try_from(role).unwrap()] {
            Role::Volume => records.volume(random),
            Role::Clone => records.clone(random),
            Role::OwnerOfSnapshot => records.pair(random).0,
            Role::Snapshot => records.pair(random).1,
        }
    })
}

/// The records that a call can be about.
struct Records<'a> {
    model: &'a Model,
    issued: &'a [Uuid],
}

impl Records<'_> {
    /// Mostly a volume; sometimes the parent of a clone, a deleted object or a snapshot, or an
    /// identifier that no record ever had.
    fn volume(&self, random: u64) -> Uuid {
        let volumes = self.model.volumes.iter().map(|volume| volume.record.uuid.uuid());
        let parents = self.parents().map(|(volume, _)| volume);
        let (kind, random) = (random % 20, random / 20);
        let found = match kind {
            0..15 => pick(volumes, random),
            15..18 => pick(parents, random),
            18 => pick(self.issued.iter().copied(), random),
            _ => None,
        };
        found.unwrap_or(Uuid::from_u64_pair(random, random))
    }

    fn clone(&self, random: u64) -> Uuid {
        let clones = self.model.volumes.iter().filter(|volume| volume.record.origin.is_some());
        let clones = clones.map(|volume| volume.record.uuid.uuid());
        let (kind, random) = (random % 5, random / 5);
        let found = if kind < 3 { pick(clones, random) } else { None };
        found.unwrap_or_else(|| self.volume(random))
    }

    /// Mostly a volume and its snapshot, sometimes any volume and any snapshot.
    fn pair(&self, random: u64) -> (Uuid, Uuid) {
        let (kind, random) = (random % 20, random / 20);
        let found = match kind {
            0..14 => pick(self.pairs(), random),
            14..17 => pick(self.parents(), random),
            _ => None,
        };
        found.unwrap_or_else(|| {
            let snapshots = self.pairs().map(|(_, snapshot)| snapshot);
            let snapshot = match kind {
                0..19 => pick(snapshots, random),
                _ => pick(self.issued.iter().copied(), random),
            };
            (self.volume(random), snapshot.unwrap_or(Uuid::from_u64_pair(random, random)))
        })
    }

    /// All snapshots with their volumes.
    fn pairs(&self) -> impl Iterator<Item = (Uuid, Uuid)> {
        self.model.volumes.iter().flat_map(|volume| {
            let of_volume = volume.record.uuid.uuid();
            volume.snapshots.iter().map(move |kept| (of_volume, kept.record.uuid.uuid()))
        })
    }

    /// The direct parents of all clones.
    fn parents(&self) -> impl Iterator<Item = (Uuid, Uuid)> {
        let origins = self.model.volumes.iter().filter_map(|volume| volume.record.origin.as_ref());
        origins.map(|it| (it.parent_volume_uuid.uuid(), it.parent_snapshot_uuid.uuid()))
    }
}

/// One of the items, if there are any.
fn pick<T>(items: impl Iterator<Item = T>, random: u64) -> Option<T> {
    let mut items: Vec<T> = items.collect();
    let count = u64::try_from(items.len()).unwrap();
    let place = random.checked_rem(count)?;
    Some(items.swap_remove(usize::try_from(place).unwrap()))
}

/// A call with placeholders.
pub(crate) fn call() -> impl Strategy<Value = Call> {
    let volume = || id(Role::Volume).prop_map(VolumeId::new);
    prop_oneof![
        8 => (volume_name(), size()).prop_map(|(name, size)| {
            Call::CreateVolume(VolumeSpec::named(name).size_bytes(size))
        }),
        1 => Just(Call::ListVolumes),
        1 => volume().prop_map(Call::GetVolume),
        1 => volume_name().prop_map(Call::FindVolume),
        12 => (volume(), patch()).prop_map(|(volume, patch)| Call::PatchVolume(volume, patch)),
        4 => volume().prop_map(Call::DeleteVolume),
        1 => volume().prop_map(Call::AccessHandle),
        12 => (volume(), snapshot_name())
            .prop_map(|(volume, name)| Call::CreateSnapshot(volume, name)),
        1 => volume().prop_map(Call::ListSnapshots),
        1 => pair().prop_map(|(volume, snapshot)| Call::GetSnapshot(volume, snapshot)),
        1 => (volume(), snapshot_name())
            .prop_map(|(volume, name)| Call::FindSnapshot(volume, name)),
        4 => (pair(), snapshot_name())
            .prop_map(|((volume, snapshot), name)| Call::RenameSnapshot(volume, snapshot, name)),
        4 => pair().prop_map(|(volume, snapshot)| Call::DeleteSnapshot(volume, snapshot)),
        4 => pair().prop_map(|(volume, snapshot)| Call::RestoreSnapshot(volume, snapshot)),
        10 => (pair(), volume_name())
            .prop_map(|((volume, snapshot), name)| Call::CreateClone(volume, snapshot, name)),
        3 => id(Role::Clone).prop_map(|id| Call::SplitClone(VolumeId::new(id))),
    ]
}

fn id(role: Role) -> impl Strategy<Value = Uuid> {
    any::<u64>().prop_map(move |random| role.placeholder(random)).no_shrink()
}

fn pair() -> impl Strategy<Value = (VolumeId, SnapshotId)> {
    let of = |random| {
        let (volume, snapshot) = (Role::OwnerOfSnapshot, Role::Snapshot);
        (volume.placeholder(random).into(), snapshot.placeholder(random).into())
    };
    any::<u64>().prop_map(of).no_shrink()
}

/// Few names, so that they collide; long names and invalid ones.
fn volume_name() -> BoxedStrategy<String> {
    name(203)
}

fn snapshot_name() -> BoxedStrategy<String> {
    name(255)
}

fn name(longest: usize) -> BoxedStrategy<String> {
    let invalid = ["", " ", "a b", "-a", ".a", ":a", "a/b", "é", "a\0", "\u{1f980}", "ａ", "a\n"];
    let invalid = invalid.map(String::from).into_iter().chain(["x".repeat(longest + 1)]);
    prop_oneof![
        20 => "[a-l]",
        4 => "[A-Za-z0-9_][A-Za-z0-9_.:-]{0,60}",
        1 => "[a-c]".prop_map(move |letter| letter.repeat(longest)),
        2 => select(invalid.collect::<Vec<_>>()),
    ]
    .boxed()
}

fn size() -> BoxedStrategy<Option<u64>> {
    prop_oneof![
        3 => Just(None),
        6 => (1_u64..100).prop_map(Some),
        1 => Just(Some(u64::MAX)),
        1 => Just(Some(0)),
    ]
    .boxed()
}

fn patch() -> BoxedStrategy<VolumePatch> {
    let state = prop_oneof![
        6 => Just(VolumeState::Online),
        2 => Just(VolumeState::Offline),
        1 => Just(VolumeState::Restricted),
    ];
    let size = size().prop_filter_map("a patch cannot take a quota away", |size| size);
    (
        weighted(0.3, size),
        weighted(0.3, junction_path()),
        weighted(0.3, export_policy()),
        weighted(0.3, volume_name()),
        weighted(0.3, state),
    )
        .prop_map(|(size_bytes, junction_path, export_policy, name, state)| {
            let mut patch = VolumePatch::new();
            patch.size_bytes = size_bytes;
            patch.junction_path = junction_path;
            patch.export_policy = export_policy;
            patch.name = name;
            patch.state = state;
            patch
        })
        .boxed()
}

fn junction_path() -> BoxedStrategy<String> {
    let valid = ["/a", "/A", "/a/b", "/A/b", "/...", "/é", "/É", "/with space", "/a.b/.c"];
    let invalid = ["a", "a/b", "/", "//", "/a/", "/a//b", "/.", "/a/..", "/a\n", "/\u{85}"];
    prop_oneof![
        4 => Just(String::new()),
        12 => select(valid.to_vec()).prop_map(String::from),
        2 => "/[a-zA-Z]{1,3}",
        1 => Just(format!("/{}", "x".repeat(4095))),
        2 => select(invalid.to_vec()).prop_map(String::from),
        1 => Just(format!("/{}", "é".repeat(2048))),
    ]
    .boxed()
}

fn export_policy() -> BoxedStrategy<String> {
    prop_oneof![
        8 => "[a-d]{1,30}",
        1 => Just("é".repeat(256)),
        1 => Just("é".repeat(257)),
        1 => select(vec!["", "a\tb", "\u{7f}"]).prop_map(String::from),
    ]
    .boxed()
}

pub(crate) fn duration() -> BoxedStrategy<Duration> {
    prop_oneof![
        8 => (0_u64..1_000_000_000_000).prop_map(Duration::from_nanos),
        8 => (0_u64..1_000_000).prop_map(Duration::from_secs),
        1 => Just(Duration::MAX),
    ]
    .boxed()
}
