//! Which calls a walk makes: mostly ones that can succeed, often ones that must be refused.

use std::time::Duration;

use nessie_backend_core::{SnapshotId, Uuid, VolumeId, VolumePatch, VolumeSpec, VolumeState};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::naive::{Call, Naive};

/// A call in this state.
pub(crate) fn call(naive: &Naive) -> BoxedStrategy<Call> {
    let volume = || volume_id(naive);
    let both = || snapshot_ids(naive);
    let clone = || clone_id(naive);
    let name = volume_name;
    prop_oneof![
        8 => (volume_ident(), name(), size())
            .prop_map(|(id, name, size)| {
                Call::CreateVolume { id, spec: VolumeSpec::named(name).size_bytes(size) }
            }),
        1 => Just(Call::ListVolumes),
        1 => volume().prop_map(Call::GetVolume),
        1 => name().prop_map(Call::FindVolume),
        12 => (volume(), patch()).prop_map(|(volume, patch)| Call::PatchVolume(volume, patch)),
        4 => volume().prop_map(Call::DeleteVolume),
        1 => volume().prop_map(Call::AccessHandle),
        12 => (snapshot_ident(), volume(), snapshot_name())
            .prop_map(|(id, volume, name)| Call::CreateSnapshot { id, volume, name }),
        1 => volume().prop_map(Call::ListSnapshots),
        1 => both().prop_map(|(volume, snapshot)| Call::GetSnapshot(volume, snapshot)),
        1 => (volume(), snapshot_name())
            .prop_map(|(volume, name)| Call::FindSnapshot(volume, name)),
        4 => (both(), snapshot_name())
            .prop_map(|((volume, snapshot), name)| Call::RenameSnapshot(volume, snapshot, name)),
        4 => both().prop_map(|(volume, snapshot)| Call::DeleteSnapshot(volume, snapshot)),
        4 => both().prop_map(|(volume, snapshot)| Call::RestoreSnapshot(volume, snapshot)),
        10 => (volume_ident(), both(), name()).prop_map(|(id, (volume, snapshot), name)| {
            Call::CreateClone { id, volume, snapshot, name }
        }),
        3 => clone().prop_map(Call::SplitClone),
        2 => duration().prop_map(Call::Advance),
        1 => Just(Call::Now),
    ]
    .boxed()
}

/// Calls that fill an empty backend with hundreds of volumes, of snapshots of one of them and of
/// clones of one of those.
pub(crate) fn crowd() -> BoxedStrategy<Vec<Call>> {
    let idents = || prop::collection::vec(any_uuid(), 520);
    let suffix = "[a-z]{0,40}";
    (idents(), idents(), idents(), prop::collection::vec(suffix, 520))
        .prop_map(|(volumes, snapshots, clones, suffixes)| {
            let name = |kind: &str, n: usize| format!("{kind}{n}-{}", suffixes[n]);
            let (first_volume, first_snapshot) = (VolumeId::new(volumes[0]), snapshots[0].into());
            let create_volume = volumes.iter().zip(0..).map(|(id, n)| {
                let spec = VolumeSpec::named(name("v", n)).size_bytes(1 + n as u64);
                Call::CreateVolume { id: (*id).into(), spec }
            });
            let create_snapshot = snapshots.iter().zip(0..).map(|(id, n)| {
                let id = (*id).into();
                Call::CreateSnapshot { id, volume: first_volume, name: name("s", n) }
            });
            let create_clone = clones.iter().zip(0..).take(30).map(|(id, n)| Call::CreateClone {
                id: (*id).into(),
                volume: first_volume,
                snapshot: first_snapshot,
                name: name("c", n),
            });
            create_volume.chain(create_snapshot).chain(create_clone).collect()
        })
        .boxed()
}

fn any_uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128).no_shrink()
}

fn volume_ident() -> impl Strategy<Value = VolumeId> {
    any_uuid().prop_map(VolumeId::new)
}

fn snapshot_ident() -> impl Strategy<Value = SnapshotId> {
    any_uuid().prop_map(SnapshotId::new)
}

/// One of the items, or an identifier of nothing if there are none.
fn any_of(items: Vec<Uuid>) -> BoxedStrategy<Uuid> {
    if items.is_empty() { any_uuid().boxed() } else { select(items).boxed() }
}

/// The direct parents of all clones.
fn parents(naive: &Naive) -> Vec<(VolumeId, SnapshotId)> {
    let origins = naive.volumes.iter().filter_map(|volume| volume.record.origin.as_ref());
    origins.map(|origin| (origin.parent_volume_uuid, origin.parent_snapshot_uuid)).collect()
}

/// A volume, something deleted, a snapshot in the place of a volume, or nothing at all.
fn volume_id(naive: &Naive) -> BoxedStrategy<VolumeId> {
    let live = naive.volumes.iter().map(|volume| volume.record.uuid.uuid()).collect();
    let parents = parents(naive).iter().map(|(volume, _)| volume.uuid()).collect();
    let (any, gone) = (any_of(live), any_of(naive.given.clone()));
    prop_oneof![15 => any, 3 => any_of(parents), 1 => gone, 1 => any_uuid()]
        .prop_map(VolumeId::new)
        .boxed()
}

fn clone_id(naive: &Naive) -> BoxedStrategy<VolumeId> {
    let clones = naive.volumes.iter().filter(|volume| volume.record.origin.is_some());
    let clones = clones.map(|clone| clone.record.uuid.uuid()).collect();
    prop_oneof![3 => any_of(clones).prop_map(VolumeId::new), 2 => volume_id(naive)].boxed()
}

/// A volume and its snapshot, or some other pair.
fn snapshot_ids(naive: &Naive) -> BoxedStrategy<(VolumeId, SnapshotId)> {
    let pairs: Vec<(VolumeId, SnapshotId)> = naive
        .volumes
        .iter()
        .flat_map(|volume| {
            volume.snapshots.iter().map(|kept| (volume.record.uuid, kept.record.uuid))
        })
        .collect();
    let snapshots = pairs.iter().map(|(_, snapshot)| snapshot.uuid()).collect();
    let snapshot = prop_oneof![2 => any_of(snapshots), 1 => any_of(naive.given.clone())];
    let other = (volume_id(naive), snapshot.prop_map(SnapshotId::new));
    let parents = parents(naive);
    match (pairs.is_empty(), parents.is_empty()) {
        (true, _) => other.boxed(),
        (false, true) => prop_oneof![17 => select(pairs), 3 => other].boxed(),
        (false, false) => {
            prop_oneof![14 => select(pairs), 3 => select(parents), 3 => other].boxed()
        }
    }
}

/// Few names, so that they meet; long ones and invalid ones.
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

fn duration() -> BoxedStrategy<Duration> {
    prop_oneof![
        8 => (0_u64..1_000_000_000_000).prop_map(Duration::from_nanos),
        8 => (0_u64..1_000_000).prop_map(Duration::from_secs),
        1 => Just(Duration::MAX),
    ]
    .boxed()
}
