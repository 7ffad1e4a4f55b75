//! Short constructors of calls and patches.

use nessie_backend_core::{
    Snapshot, SnapshotId, Volume, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};

use crate::oracle::call::{Call, unused_id};

pub(super) fn no_volume() -> Volume {
    Volume::new(VolumeId::new(unused_id()), "missing")
}

pub(super) fn no_snapshot() -> Snapshot {
    Snapshot::new(SnapshotId::new(unused_id()), "missing")
}

pub(super) fn create(name: &str) -> Call {
    Call::CreateVolume(VolumeSpec::named(name))
}

pub(super) fn create_sized(name: &str, size: u64) -> Call {
    Call::CreateVolume(VolumeSpec::named(name).size_bytes(size))
}

pub(super) fn get(volume: &Volume) -> Call {
    Call::GetVolume(volume.uuid)
}

pub(super) fn find(name: &str) -> Call {
    Call::FindVolume(name.to_owned())
}

pub(super) fn change(volume: &Volume, patch: VolumePatch) -> Call {
    Call::PatchVolume(volume.uuid, patch)
}

pub(super) fn delete(volume: &Volume) -> Call {
    Call::DeleteVolume(volume.uuid)
}

pub(super) fn access(volume: &Volume) -> Call {
    Call::AccessHandle(volume.uuid)
}

pub(super) fn snapshot(volume: &Volume, name: &str) -> Call {
    Call::CreateSnapshot(volume.uuid, name.to_owned())
}

pub(super) fn snapshots(volume: &Volume) -> Call {
    Call::ListSnapshots(volume.uuid)
}

pub(super) fn get_snapshot(volume: &Volume, of: &Snapshot) -> Call {
    Call::GetSnapshot(volume.uuid, of.uuid)
}

pub(super) fn find_snapshot(volume: &Volume, name: &str) -> Call {
    Call::FindSnapshot(volume.uuid, name.to_owned())
}

pub(super) fn rename_snapshot(volume: &Volume, of: &Snapshot, name: &str) -> Call {
    Call::RenameSnapshot(volume.uuid, of.uuid, name.to_owned())
}

pub(super) fn delete_snapshot(volume: &Volume, of: &Snapshot) -> Call {
    Call::DeleteSnapshot(volume.uuid, of.uuid)
}

pub(super) fn restore(volume: &Volume, of: &Snapshot) -> Call {
    Call::RestoreSnapshot(volume.uuid, of.uuid)
}

pub(super) fn clone(volume: &Volume, of: &Snapshot, name: &str) -> Call {
    Call::CreateClone(volume.uuid, of.uuid, name.to_owned())
}

pub(super) fn split(volume: &Volume) -> Call {
    Call::SplitClone(volume.uuid)
}

/// An empty patch.
pub(super) fn patch() -> VolumePatch {
    VolumePatch::new()
}

pub(super) fn size(size: u64) -> VolumePatch {
    patch().size_bytes(size)
}

pub(super) fn junction(path: &str) -> VolumePatch {
    patch().junction_path(path)
}

pub(super) fn policy(name: &str) -> VolumePatch {
    patch().export_policy(name)
}

pub(super) fn name(name: &str) -> VolumePatch {
    patch().name(name)
}

pub(super) fn online() -> VolumePatch {
    patch().state(VolumeState::Online)
}

pub(super) fn offline() -> VolumePatch {
    patch().state(VolumeState::Offline)
}

pub(super) fn restricted() -> VolumePatch {
    patch().state(VolumeState::Restricted)
}
