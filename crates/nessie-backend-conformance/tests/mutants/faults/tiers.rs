//! Faults of tier objects, of tiers that change, of the fields of errors, and of several backends at
//! once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use nessie_backend_conformance::{BackendSource, WithClones};
use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneBackend as _, SnapshotBackend as _, Uuid,
    Volume, VolumeBackend, VolumeId, VolumeState,
};
use nessie_backend_mem::MemBackend as Mem;

use super::{Fault, is_child_of, is_clone_of, patch, refuse_if, split_all, while_online};
use crate::mutant::Mutant;

pub fn all() -> Vec<Fault> {
    [of_objects(), of_offers(), of_moments(), of_fields()].into_iter().flatten().collect()
}

/// Lists faults of the object that an accessor returns: the name, the rule, the accessor's field, and
/// the operations that are replaced in the object only.
macro_rules! object_faults {
    ($($name:ident $rule:literal:
        $tier:ident { $($operation:ident = $replacement:expr),+ };)+) => {
        vec![$(Fault {
            name: stringify!($name),
            rule: $rule,
            make: || with_object(|object| {
                $(object.$operation = Some(Box::new($replacement));)+
            }, |backend, object| backend.$tier = Some(object)),
        }),+]
    };
}

/// A backend with an object for a tier, which shares its volumes.
fn with_object(
    edit: impl FnOnce(&mut Mutant),
    put: impl FnOnce(&mut Mutant, Box<Mutant>),
) -> Mutant {
    let mut backend = Mutant::default();
    let mut object = Mutant { mem: Arc::clone(&backend.mem), ..Mutant::default() };
    edit(&mut object);
    put(&mut backend, Box::new(object));
    backend
}

fn on_snapshots(edit: impl FnOnce(&mut Mutant)) -> Mutant {
    with_object(edit, |backend, object| backend.snapshot_tier = Some(object))
}

fn on_clones(edit: impl FnOnce(&mut Mutant)) -> Mutant {
    with_object(edit, |backend, object| backend.clone_tier = Some(object))
}

fn of_objects() -> Vec<Fault> {
    object_faults! {
        snapshot_tier_deletes_no_volume "1.tier_object":
            snapshot_tier { delete_volume = |b, uuid| b.get_volume(uuid).map(drop) };
        snapshot_tier_drops_the_policy "1.tier_object": snapshot_tier {
            patch_volume = |b, uuid, mut given| {
                given.export_policy = None;
                b.patch_volume(uuid, given)
            }
        };
        snapshot_tier_creates_without_size "1.tier_object": snapshot_tier {
            create_volume = |b, mut spec| {
                spec.size_bytes = None;
                b.create_volume(spec)
            }
        };
        snapshot_tier_handles_offline_volumes "1.tier_object": snapshot_tier {
            access_handle = |b, uuid| b.get_volume(uuid).map(|_| AccessHandle::InMemory)
        };
        snapshot_tier_cannot_restore "1.tier_object": snapshot_tier {
            restore_snapshot = |_, _, _| Err(BackendError::not_supported("restore_snapshot"))
        };
        snapshot_tier_has_no_space "1.tier_object": snapshot_tier {
            space = |_| Err(BackendError::not_supported("space"))
        };
        snapshot_tier_splits_nothing "1.tier_object": snapshot_tier {
            split_clone = |b, uuid| match b.get_volume(uuid)? {
                volume if volume.origin.is_some() => Ok(volume),
                _ => b.split_clone(uuid),
            }
        };
        clone_tier_deletes_busy_snapshots "1.tier_object": clone_tier {
            delete_snapshot = |b, volume, of| {
                split_all(b, |it| is_clone_of(it, of))?;
                b.delete_snapshot(volume, of)
            }
        };
        clone_tier_deletes_busy_volumes "1.tier_object": clone_tier {
            delete_volume = |b, uuid| {
                split_all(b, |it| is_child_of(it, uuid))?;
                b.delete_volume(uuid)
            }
        };
        clone_tier_finds_no_volume "1.tier_object": clone_tier { find_volume = |_, _| Ok(None) };
        clone_tier_finds_no_snapshot "1.tier_object": clone_tier {
            find_snapshot = |b, volume, _| b.get_volume(volume).map(|_| None)
        };
        clone_tier_lists_snapshots_backwards "1.tier_object": clone_tier {
            list_snapshots = |b, volume| {
                b.list_snapshots(volume).map(|list| list.into_iter().rev().collect())
            }
        };
        clone_tier_snapshots_offline_volumes "1.tier_object": clone_tier {
            create_snapshot = |b, volume, name| {
                while_online(b, volume, || b.create_snapshot(volume, name))
            }
        };
        clone_tier_cannot_rename_snapshots "1.tier_object": clone_tier {
            rename_snapshot = |_, _, _, _| Err(BackendError::not_supported("rename_snapshot"))
        };
        clone_tier_gets_any_snapshot "1.tier_object": clone_tier {
            get_snapshot = |b, volume, of| {
                b.get_volume(volume)?;
                let volumes = b.list_volumes()?;
                let mut found = volumes.iter().filter_map(|it| b.get_snapshot(it.uuid, of).ok());
                found.next().ok_or(BackendError::SnapshotNotFound { volume, snapshot: of })
            }
        };
    }
}

fn of_offers() -> Vec<Fault> {
    let make = |name, make| Fault { name, rule: "1.tier_object", make };
    vec![
        make("snapshot_tier_forgets_its_accessors", || {
            on_snapshots(|object| {
                object.hides_snapshots = true;
                object.hides_clones = true;
            })
        }),
        make("clone_tier_forgets_its_snapshots", || {
            on_clones(|object| object.hides_snapshots = true)
        }),
        make("clone_tier_advertises_less", || {
            on_clones(|object| object.capabilities = Some(Capabilities::VOLUMES))
        }),
        make("clone_tier_has_another_epoch", || on_clones(|object| object.epoch = Some(7))),
        make("clone_tier_is_another_backend", || {
            on_clones(|object| object.mem = Arc::<Mem>::default())
        }),
    ]
}

fn is_empty(b: &Mem) -> bool {
    b.counts().volumes == 0
}

fn has_no_online_volume(b: &Mem) -> bool {
    let volumes = b.list_volumes().unwrap();
    !volumes.is_empty() && volumes.iter().all(|volume| volume.state != VolumeState::Online)
}

fn all_unless(is_lost: bool) -> Capabilities {
    if is_lost { Capabilities::VOLUMES } else { Mem::new().capabilities() }
}

/// A backend that loses its tiers at the first error of an operation.
fn loses_tiers(
    fail: impl FnOnce(&mut Mutant, Arc<AtomicBool>),
    lose: impl FnOnce(&mut Mutant, Arc<AtomicBool>),
) -> Mutant {
    let is_lost = Arc::<AtomicBool>::default();
    let mut backend = Mutant::default();
    fail(&mut backend, Arc::clone(&is_lost));
    lose(&mut backend, is_lost);
    backend
}

fn advertises_none_after(backend: &mut Mutant, is_lost: Arc<AtomicBool>) {
    backend.advertises = Some(Box::new(move |_| all_unless(is_lost.load(Ordering::SeqCst))));
}

fn reaches_none_after(backend: &mut Mutant, is_lost: Arc<AtomicBool>) {
    backend.reaches = Some(Box::new(move |_| !is_lost.load(Ordering::SeqCst)));
}

fn of_moments() -> Vec<Fault> {
    let make = |name, make| Fault { name, rule: "1.honest", make };
    vec![
        make("tiers_only_while_not_empty", || Mutant {
            advertises: Some(Box::new(|b| all_unless(is_empty(b)))),
            reaches: Some(Box::new(|b| !is_empty(b))),
            ..Mutant::default()
        }),
        make("tiers_only_while_empty", || Mutant {
            reaches: Some(Box::new(is_empty)),
            ..Mutant::default()
        }),
        make("advertises_none_while_all_is_offline", || Mutant {
            advertises: Some(Box::new(|b| all_unless(has_no_online_volume(b)))),
            ..Mutant::default()
        }),
        make("reaches_none_while_all_is_offline", || Mutant {
            reaches: Some(Box::new(|b| !has_no_online_volume(b))),
            ..Mutant::default()
        }),
        make("advertises_none_after_a_refusal", || {
            let fail = |backend: &mut Mutant, is_lost: Arc<AtomicBool>| {
                backend.create_volume = Some(Box::new(move |b, spec| {
                    b.create_volume(spec).inspect_err(|_| is_lost.store(true, Ordering::SeqCst))
                }));
            };
            loses_tiers(fail, advertises_none_after)
        }),
        make("reaches_none_after_a_busy_delete", || {
            let fail = |backend: &mut Mutant, is_lost: Arc<AtomicBool>| {
                backend.delete_volume = Some(Box::new(move |b, uuid| {
                    b.delete_volume(uuid).inspect_err(|error| {
                        is_lost.fetch_or(error.code() == "volume_busy", Ordering::SeqCst);
                    })
                }));
            };
            loses_tiers(fail, reaches_none_after)
        }),
        make("advertises_none_after_a_split", || {
            let fail = |backend: &mut Mutant, is_lost: Arc<AtomicBool>| {
                backend.split_clone = Some(Box::new(move |b, uuid| {
                    let volume = b.split_clone(uuid)?;
                    // Not the split of the probe.
                    let is_first = volume.name.contains("probe");
                    is_lost.fetch_or(!is_first, Ordering::SeqCst);
                    Ok(volume)
                }));
            };
            loses_tiers(fail, advertises_none_after)
        }),
    ]
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

/// A fault that needs more than one object, or a wrapper.
pub struct FaultySource {
    pub name: &'static str,
    pub rule: &'static str,
    pub make: fn() -> BackendSource,
}

pub fn sources() -> Vec<FaultySource> {
    let own = |name, make| FaultySource { name, rule: "1.tier_object", make };
    let each = |name, make| FaultySource { name, rule: "3.independent", make };
    vec![
        own("the_types_own_snapshots_panic", || {
            // The accessors return other objects, which are right.
            own_tiers(|backend| {
                backend.list_snapshots = Some(Box::new(|_, _| todo!("snapshots of a volume")));
            })
        }),
        own("the_types_own_clones_are_offline", || {
            own_tiers(|backend| {
                backend.create_clone = Some(Box::new(|b, volume, of, name| {
                    let clone = b.create_clone(volume, of, name)?;
                    b.patch_volume(clone.uuid, patch().state(VolumeState::Offline))
                }));
            })
        }),
        own("the_types_own_accessor_is_forgotten", || {
            own_tiers(|backend| {
                backend.hides_clones = true;
                backend.capabilities = Some(Capabilities::SNAPSHOTS);
            })
        }),
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

/// A backend with a fault in the type's own implementations; its accessors return another object.
fn own_tiers(edit: impl FnOnce(&mut Mutant)) -> BackendSource {
    let mut backend = Mutant::default();
    let object = || Some(Box::new(Mutant { mem: Arc::clone(&backend.mem), ..Mutant::default() }));
    (backend.snapshot_tier, backend.clone_tier) = (object(), object());
    edit(&mut backend);
    BackendSource::One(Arc::new(WithClones(backend)))
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
