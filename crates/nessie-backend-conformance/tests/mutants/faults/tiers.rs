//! Faults of the fields of errors, and of several backends at once.

use std::sync::{Arc, Mutex, Weak};

use nessie_backend_conformance::BackendSource;
use nessie_backend_core::{
    BackendError, CloneBackend as _, SnapshotBackend as _, Uuid, Volume, VolumeBackend, VolumeId,
    VolumeState,
};
use nessie_backend_mem::MemBackend as Mem;

use super::{Fault, refuse_if};
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

/// A fault that needs more than one backend.
pub struct FaultySource {
    pub name: &'static str,
    pub rule: &'static str,
    pub make: fn() -> BackendSource,
}

pub fn sources() -> Vec<FaultySource> {
    let each = |name, make| FaultySource { name, rule: "3.independent", make };
    vec![
        each("names_are_taken_in_all_backends", || {
            each_beside(|backend, others| {
                backend.create_volume = Some(Box::new(move |b, spec| {
                    let is_taken =
                        others(&|other| other.find_volume(&spec.name).unwrap().is_some());
                    refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
                    b.create_volume(spec)
                }));
            })
        }),
        each("paths_are_taken_in_all_backends", || {
            each_beside(|backend, others| {
                backend.patch_volume = Some(Box::new(move |b, uuid, given| {
                    let path = given.junction_path.clone().filter(|path| !path.is_empty());
                    let has_it = |volume: &Volume| volume.junction_path == path;
                    let is_taken = path.is_some()
                        && others(&|other| other.list_volumes().unwrap().iter().any(has_it));
                    let path = path.unwrap_or_default();
                    refuse_if(is_taken, BackendError::JunctionPathExists { path })?;
                    b.patch_volume(uuid, given)
                }));
            })
        }),
        each("a_new_backend_empties_the_others", || {
            each_beside(|_, others| {
                others(&|other| other.reset().is_err());
            })
        }),
        each("all_backends_are_one", || {
            let mem = Arc::<Mem>::default();
            each_backend(move |backend| backend.mem = Arc::clone(&mem))
        }),
    ]
}

/// New backends, each with the fault.
fn each_backend(edit: impl Fn(&mut Mutant) + Send + Sync + 'static) -> BackendSource {
    BackendSource::Each(Arc::new(move || {
        let mut backend = Mutant::default();
        edit(&mut backend);
        Ok(Arc::new(backend) as Arc<dyn VolumeBackend>)
    }))
}

/// Whether the condition holds for one of the other backends.
type Others = Box<dyn Fn(&dyn Fn(&Mem) -> bool) -> bool + Send + Sync>;

/// New backends, each with a fault that concerns the others that exist.
fn each_beside(edit: impl Fn(&mut Mutant, Others) + Send + Sync + 'static) -> BackendSource {
    let all = Arc::<Mutex<Vec<Weak<Mem>>>>::default();
    each_backend(move |backend| {
        let others = all.lock().unwrap().clone();
        all.lock().unwrap().push(Arc::downgrade(&backend.mem));
        edit(
            backend,
            Box::new(move |has_it| others.iter().filter_map(Weak::upgrade).any(|it| has_it(&it))),
        );
    })
}
