//! Faults of the fields of errors.

use nessie_backend_core::{
    BackendError, CloneBackend as _, SnapshotBackend as _, Uuid, VolumeBackend as _, VolumeId,
    VolumeState,
};

use super::Fault;
use crate::mutant::Mutant;

pub fn all() -> Vec<Fault> {
    of_fields()
}

/// The error with other fields than the target and the dependents.
fn with_fields(
    error: BackendError,
    edit: impl FnOnce(&mut VolumeId, &mut VolumeState),
) -> BackendError {
    let (mut online, mut nil) = (VolumeState::Online, VolumeId::new(Uuid::nil()));
    match error {
        BackendError::VolumeOffline { volume, mut state } => {
            edit(&mut nil, &mut state);
            BackendError::VolumeOffline { volume, state }
        }
        BackendError::SnapshotNotFound { mut volume, snapshot } => {
            edit(&mut volume, &mut online);
            BackendError::SnapshotNotFound { volume, snapshot }
        }
        BackendError::SnapshotExists { mut volume, name } => {
            edit(&mut volume, &mut online);
            BackendError::SnapshotExists { volume, name }
        }
        other => other,
    }
}

fn is_online(_: &mut VolumeId, state: &mut VolumeState) {
    *state = VolumeState::Online;
}

fn is_offline(_: &mut VolumeId, state: &mut VolumeState) {
    *state = VolumeState::Offline;
}

fn is_nil(volume: &mut VolumeId, _: &mut VolumeState) {
    *volume = VolumeId::new(Uuid::nil());
}

fn of_fields() -> Vec<Fault> {
    faults! {
        says_online_of_the_offline "4.fields": patch_volume = |b, uuid, given| {
            b.patch_volume(uuid, given).map_err(|error| with_fields(error, is_online))
        };
        says_offline_of_the_restricted "4.fields": access_handle = |b, uuid| {
            b.access_handle(uuid).map_err(|error| with_fields(error, is_offline))
        };
        says_offline_of_restricted_parents "4.fields": create_clone = |b, volume, of, name| {
            b.create_clone(volume, of, name).map_err(|error| with_fields(error, is_offline))
        };
        says_the_state_after_the_patch "4.fields":
            patch_volume = |b, uuid, given| {
                let after = given.state;
                b.patch_volume(uuid, given).map_err(|error| {
                    with_fields(error, |_, state| *state = after.unwrap_or(*state))
                })
            };
        searched_the_nil_volume "4.fields": get_snapshot = |b, volume, of| {
            b.get_snapshot(volume, of).map_err(|error| with_fields(error, is_nil))
        };
        restores_from_the_nil_volume "4.fields": restore_snapshot = |b, volume, of| {
            b.restore_snapshot(volume, of).map_err(|error| with_fields(error, is_nil))
        };
        clones_the_nil_volume "4.fields": create_clone = |b, volume, of, name| {
            b.create_clone(volume, of, name).map_err(|error| with_fields(error, is_nil))
        };
        a_snapshot_exists_on_the_nil_volume "4.fields": create_snapshot = |b, volume, name| {
            b.create_snapshot(volume, name).map_err(|error| with_fields(error, is_nil))
        };
        renames_on_the_nil_volume "4.fields": rename_snapshot = |b, volume, of, name| {
            b.rename_snapshot(volume, of, name).map_err(|error| with_fields(error, is_nil))
        };
    }
}
