//! Faults that show only after certain histories: what happened to a volume earlier, and the states
//! of the volumes around it.

use super::*;

pub fn all() -> Vec<Fault> {
    [
        after_splits(),
        after_renames(),
        after_refusals(),
        over_time(),
        of_states(),
        of_refusals(),
        of_names(),
        of_namesakes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A change, as a fault sees it.
struct Change<'a> {
    /// The volume before: the one that is changed, or the parent of a clone.
    before: Option<&'a Volume>,
    given: &'a VolumePatch,
    is_deletion: bool,
    is_clone: bool,
    is_refused: bool,
}

/// The names that stay in use after a change.
type Kept = fn(&Change<'_>) -> Option<String>;

/// A backend in which names of volumes stay in use that must be free.
fn keeps_names(kept: Kept) -> Mutant {
    let taken = Arc::<Mutex<HashSet<String>>>::default();
    let check = {
        let taken = Arc::clone(&taken);
        move |b: &Mem, name: Option<&String>| match name {
            Some(name)
                if b.find_volume(name)?.is_none() && taken.lock().unwrap().contains(name) =>
            {
                Err(BackendError::VolumeExists { name: name.clone() })
            }
            _ => Ok(()),
        }
    };
    keeps(kept, taken, check, |_, _| Ok(()))
}

/// A backend in which junction paths stay in use that must be free.
fn keeps_paths(kept: Kept) -> Mutant {
    let taken = Arc::<Mutex<HashSet<String>>>::default();
    let check = {
        let taken = Arc::clone(&taken);
        move |_: &Mem, path: Option<&String>| match path {
            Some(path) if taken.lock().unwrap().contains(path) => {
                Err(BackendError::JunctionPathExists { path: path.clone() })
            }
            _ => Ok(()),
        }
    };
    keeps(kept, taken, |_, _| Ok(()), check)
}

fn keeps(
    kept: Kept,
    taken: Arc<Mutex<HashSet<String>>>,
    check_name: impl Fn(&Mem, Option<&String>) -> Result<()> + Clone + Send + Sync + 'static,
    check_path: impl Fn(&Mem, Option<&String>) -> Result<()> + Send + Sync + 'static,
) -> Mutant {
    let keep = move |change: &Change<'_>| taken.lock().unwrap().extend(kept(change));
    let (of_creations, of_clones, of_deletions) = (keep.clone(), keep.clone(), keep.clone());
    let (name_of_creation, name_of_clone) = (check_name.clone(), check_name.clone());
    Mutant {
        create_volume: Some(Box::new(move |b, spec| {
            name_of_creation(b, Some(&spec.name))?;
            let given = patch().name(&spec.name);
            let made = b.create_volume(spec);
            of_creations(&Change {
                before: None,
                given: &given,
                is_deletion: false,
                is_clone: false,
                is_refused: made.is_err(),
            });
            made
        })),
        create_clone: Some(Box::new(move |b, volume, of, name| {
            if is_online(b, volume) && b.get_snapshot(volume, of).is_ok() {
                name_of_clone(b, Some(&name.to_owned()))?;
            }
            let parent = b.get_volume(volume).ok();
            let made = b.create_clone(volume, of, name);
            of_clones(&Change {
                before: parent.as_ref(),
                given: &patch().name(name),
                is_deletion: false,
                is_clone: true,
                is_refused: made.is_err(),
            });
            made
        })),
        patch_volume: Some(Box::new(move |b, uuid, given| {
            let before = b.get_volume(uuid)?;
            check_name(b, given.name.as_ref())?;
            check_path(b, given.junction_path.as_ref())?;
            let patched = b.patch_volume(uuid, given.clone());
            keep(&Change {
                before: Some(&before),
                given: &given,
                is_deletion: false,
                is_clone: false,
                is_refused: patched.is_err(),
            });
            patched
        })),
        delete_volume: Some(Box::new(move |b, uuid| {
            let before = b.get_volume(uuid)?;
            b.delete_volume(uuid)?;
            of_deletions(&Change {
                before: Some(&before),
                given: &patch(),
                is_deletion: true,
                is_clone: false,
                is_refused: false,
            });
            Ok(())
        })),
        ..Mutant::default()
    }
}

fn is_clone(change: &Change<'_>) -> bool {
    change.before.is_some_and(|volume| volume.origin.is_some())
}

fn has_state(change: &Change<'_>, state: VolumeState) -> bool {
    change.before.is_some_and(|volume| volume.state == state)
}

fn former_name(change: &Change<'_>) -> Option<String> {
    let before = change.before.filter(|_| !change.is_refused && !change.is_clone)?;
    let is_changed = change.given.name.as_ref().is_some_and(|name| *name != before.name);
    is_changed.then(|| before.name.clone())
}

fn former_path(change: &Change<'_>) -> Option<String> {
    let before = change.before.filter(|_| !change.is_refused && !change.is_clone)?;
    let path = before.junction_path.clone()?;
    let is_changed = change.given.junction_path.as_ref().is_some_and(|given| *given != path);
    is_changed.then_some(path)
}

/// Lists faults of names or paths that stay in use: the name, the rule, and the backend.
macro_rules! kept {
    ($($name:ident $rule:literal: $keeps:ident($kept:expr);)+) => {
        vec![$(Fault { name: stringify!($name), rule: $rule, make: || $keeps($kept) }),+]
    };
}

fn of_names() -> Vec<Fault> {
    kept! {
        keeps_former_names_of_clones "2.free_again":
            keeps_names(|change| former_name(change).filter(|_| is_clone(change)));
        keeps_former_names_of_what_is_restricted "2.free_again": keeps_names(|change| {
            former_name(change).filter(|_| has_state(change, VolumeState::Restricted))
        });
        keeps_former_names_of_mounted_volumes "2.free_again": keeps_names(|change| {
            let is_mounted = change.before.is_some_and(|volume| volume.junction_path.is_some());
            former_name(change).filter(|_| is_mounted)
        });
        keeps_former_paths_of_clones "2.junction_unique":
            keeps_paths(|change| former_path(change).filter(|_| is_clone(change)));
        keeps_former_paths_of_what_is_offline "2.junction_unique": keeps_paths(|change| {
            former_path(change).filter(|_| has_state(change, VolumeState::Offline))
        });
        keeps_names_of_deleted_offline_clones "2.free_again": keeps_names(|change| {
            let is_it = is_clone(change) && has_state(change, VolumeState::Offline);
            change.before.filter(|_| change.is_deletion && is_it).map(|volume| volume.name.clone())
        });
        keeps_paths_of_deleted_clones "2.junction_unique": keeps_paths(|change| {
            let before = change.before.filter(|_| change.is_deletion && is_clone(change))?;
            before.junction_path.clone()
        });
        keeps_the_name_of_a_refused_clone "3.atomic": keeps_names(|change| {
            let is_it = change.is_clone && change.is_refused;
            change.given.name.clone().filter(|name| is_it && rules::volume_name(name).is_ok())
        });
        keeps_the_name_of_a_refused_rename "3.atomic": keeps_names(|change| {
            let is_it = change.before.is_some() && !change.is_clone && change.is_refused;
            change.given.name.clone().filter(|name| is_it && rules::volume_name(name).is_ok())
        });
        keeps_the_name_of_a_refused_creation "3.atomic": keeps_names(|change| {
            let is_it = change.before.is_none() && change.is_refused;
            change.given.name.clone().filter(|name| is_it && rules::volume_name(name).is_ok())
        });
        keeps_the_path_of_a_refused_rename "3.atomic": keeps_paths(|change| {
            let is_it = change.given.name.is_some() && change.is_refused;
            change.given.junction_path.clone().filter(|_| is_it)
        });
        keeps_the_path_of_a_refused_resize "3.atomic": keeps_paths(|change| {
            let is_it = change.given.size_bytes.is_some() && change.is_refused;
            change.given.junction_path.clone().filter(|_| is_it)
        });
    }
}

/// The volumes to which something happened earlier.
type Past = HashSet<VolumeId>;

/// A `split_clone` that notes the volume.
fn split_noted(
    past: Arc<Mutex<Past>>,
) -> impl Fn(&Mem, VolumeId) -> Result<Volume> + Send + Sync + 'static {
    move |b, volume| {
        let split = b.split_clone(volume)?;
        past.lock().unwrap().insert(volume);
        Ok(split)
    }
}

fn after_splits() -> Vec<Fault> {
    stateful_faults! {
        no_restore_after_a_split "3.restore_snapshot", split: Past:
            split_clone = split_noted(Arc::clone(&split)),
            restore_snapshot = move |b, volume, of| {
                let is_split = split.lock().unwrap().contains(&volume);
                b.get_snapshot(volume, of)?;
                let gone = BackendError::SnapshotNotFound { volume, snapshot: of };
                refuse_if(is_split && is_online(b, volume), gone)?;
                b.restore_snapshot(volume, of)
            };
        a_restore_after_a_split_drops_nothing "3.restore_snapshot", split: Past:
            split_clone = split_noted(Arc::clone(&split)),
            restore_snapshot = move |b, volume, of| {
                let names: Vec<_> =
                    newer(b, volume, of).unwrap_or_default().into_iter().map(|it| it.name).collect();
                let restored = b.restore_snapshot(volume, of)?;
                if split.lock().unwrap().contains(&volume) {
                    for name in names {
                        b.create_snapshot(volume, &name)?;
                    }
                }
                Ok(restored)
            };
        keeps_names_of_deleted_split_volumes "2.free_again", state: (Past, HashSet<String>):
            split_clone = {
                let state = Arc::clone(&state);
                move |b: &Mem, volume: VolumeId| {
                    let split = b.split_clone(volume)?;
                    state.lock().unwrap().0.insert(volume);
                    Ok(split)
                }
            },
            delete_volume = move |b, uuid| {
                let name = b.get_volume(uuid)?.name;
                b.delete_volume(uuid)?;
                let (split, names) = &mut *state.lock().unwrap();
                if split.contains(&uuid) {
                    names.insert(name);
                }
                Ok(())
            },
            create_volume = move |b, spec| {
                let is_taken = state.lock().unwrap().1.contains(&spec.name);
                refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
                b.create_volume(spec)
            };
        no_mount_after_a_split "3.patch_volume", split: Past:
            split_clone = split_noted(Arc::clone(&split)),
            patch_volume = move |b, uuid, mut given| {
                if split.lock().unwrap().contains(&uuid) && given.junction_path.is_some() {
                    rules::volume_patch(&given)?;
                    given.junction_path = None;
                }
                b.patch_volume(uuid, given)
            };
        a_split_volume_is_busy "3.delete_volume", split: Past:
            split_clone = split_noted(Arc::clone(&split)),
            delete_volume = move |b, uuid| {
                let is_it = split.lock().unwrap().contains(&uuid)
                    && b.get_volume(uuid)?.junction_path.is_some();
                let dependents = Dependents::new(vec!["none".to_owned()], 1);
                refuse_if(is_it, BackendError::VolumeBusy { volume: uuid, dependents })?;
                b.delete_volume(uuid)
            };
        no_second_split "3.split_clone", split: Past:
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                if let Some(origin) = &before.origin
                    && split.lock().unwrap().contains(&origin.parent_volume_uuid) {
                        return Ok(before);
                    }
                split.lock().unwrap().insert(volume);
                b.split_clone(volume)
            };
        no_clone_of_a_split_volume_keeps_its_size "3.create_clone", split: Past:
            split_clone = split_noted(Arc::clone(&split)),
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                if split.lock().unwrap().contains(&volume) && clone.size_bytes.is_some() {
                    return b.patch_volume(clone.uuid, patch().size_bytes(1));
                }
                Ok(clone)
            };
        restored_volumes_are_unmounted_when_renamed "3.patch_volume", restored: Past:
            restore_snapshot = move |b, volume, of| {
                restored.lock().unwrap().insert(volume);
                b.restore_snapshot(volume, of)
            },
            patch_volume = move |b, uuid, mut given| {
                let is_it = restored.lock().unwrap().contains(&uuid);
                if is_it && given.name.is_some() && given.junction_path.is_none() {
                    rules::volume_patch(&given)?;
                    given.junction_path = Some(String::new());
                }
                b.patch_volume(uuid, given)
            };
        the_second_restore_keeps_newer_snapshots "3.restore_snapshot", restored: Past:
            restore_snapshot = move |b, volume, of| {
                let names: Vec<_> =
                    newer(b, volume, of).unwrap_or_default().into_iter().map(|it| it.name).collect();
                let result = b.restore_snapshot(volume, of)?;
                let is_clone = result.origin.is_some();
                if !restored.lock().unwrap().insert(volume) && is_clone {
                    for name in names {
                        b.create_snapshot(volume, &name)?;
                    }
                }
                Ok(result)
            };
    }
}

/// The origin with another name of the parent.
fn with_parent(volume: &mut Volume, names: &HashMap<VolumeId, String>) {
    if let Some(origin) = &mut volume.origin
        && let Some(name) = names.get(&origin.parent_volume_uuid)
    {
        origin.parent_volume.clone_from(name);
    }
}

fn after_renames() -> Vec<Fault> {
    stateful_faults! {
        // A volume that is renamed while it is not online is found by its former name.
        finds_what_was_renamed_offline_by_its_former_name "3.find_volume", former: HashMap<String, VolumeId>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                if before.name != after.name && before.state != VolumeState::Online {
                    former.lock().unwrap().insert(before.name, uuid);
                }
                Ok(after)
            },
            find_volume = move |b, name| found_by_former_name(b, name, &former.lock().unwrap());
        finds_clones_by_their_former_name "3.find_volume", former: HashMap<String, VolumeId>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                if before.name != after.name && before.origin.is_some() {
                    former.lock().unwrap().insert(before.name, uuid);
                }
                Ok(after)
            },
            find_volume = move |b, name| found_by_former_name(b, name, &former.lock().unwrap());
        origins_of_an_offline_parent_are_outdated "1.origin_names", former: HashMap<VolumeId, String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let mut after = b.patch_volume(uuid, given)?;
                let mut former = former.lock().unwrap();
                if before.name != after.name {
                    if before.state == VolumeState::Online {
                        former.remove(&uuid);
                    } else {
                        former.entry(uuid).or_insert(before.name);
                    }
                }
                with_parent(&mut after, &former);
                Ok(after)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                with_parent(volume, &former.lock().unwrap());
            });
        // Renames of a volume do not reach the clones that are not online at that time.
        origins_of_offline_clones_are_outdated "1.origin_names", former: HashMap<VolumeId, String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                if before.name != after.name {
                    let volumes = b.list_volumes()?;
                    let missed = volumes.iter().filter(|it| {
                        is_child_of(it, uuid) && it.state == VolumeState::Restricted
                    });
                    former.lock().unwrap().extend(missed.map(|it| (it.uuid, before.name.clone())));
                }
                Ok(after)
            },
            get_volume = move |b, uuid| edited(b.get_volume(uuid), |volume| {
                if let (Some(origin), Some(name)) =
                    (&mut volume.origin, former.lock().unwrap().get(&uuid))
                {
                    origin.parent_volume.clone_from(name);
                }
            });
        // The new name of a snapshot does not reach a clone of a clone.
        origins_of_grandchildren_are_outdated "1.origin_names", former: HashMap<VolumeId, String>:
            rename_snapshot = move |b, volume, of, name| {
                let before = b.get_snapshot(volume, of)?.name;
                let renamed = b.rename_snapshot(volume, of, name)?;
                if b.get_volume(volume)?.origin.is_some() {
                    let volumes = b.list_volumes()?;
                    let missed = volumes.iter().filter(|it| is_clone_of(it, of));
                    former.lock().unwrap().extend(missed.map(|it| (it.uuid, before.clone())));
                }
                Ok(renamed)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                if let (Some(origin), Some(name)) =
                    (&mut volume.origin, former.lock().unwrap().get(&volume.uuid))
                {
                    origin.parent_snapshot.clone_from(name);
                }
            });
        no_way_back_to_a_former_name "3.patch_volume", former: HashSet<(VolumeId, String)>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                if let Some(name) = given.name.clone()
                    && before.name != name
                    && former.lock().unwrap().contains(&(uuid, name.clone()))
                    && before.state == VolumeState::Restricted {
                        return Err(BackendError::VolumeExists { name });
                    }
                let after = b.patch_volume(uuid, given)?;
                if after.name != before.name {
                    former.lock().unwrap().insert((uuid, before.name));
                }
                Ok(after)
            };
        // A restore frees only the present names of the snapshots that it deletes, not the former.
        keeps_former_names_of_restored_snapshots "2.free_again", former: HashSet<(VolumeId, String)>:
            rename_snapshot = move |b, volume, of, name| {
                let before = b.get_snapshot(volume, of)?.name;
                let renamed = b.rename_snapshot(volume, of, name)?;
                if b.get_volume(volume)?.origin.is_some() && before != name {
                    former.lock().unwrap().insert((volume, before));
                }
                Ok(renamed)
            },
            create_snapshot = move |b, volume, name| {
                let is_taken = former.lock().unwrap().contains(&(volume, name.to_owned()));
                let error = BackendError::SnapshotExists { volume, name: name.to_owned() };
                refuse_if(is_taken && is_online(b, volume), error)?;
                b.create_snapshot(volume, name)
            };
        // A volume that was renamed is still looked up by the name that it had when it was deleted.
        recreated_volumes_have_the_former_size "3.create_volume", sizes: HashMap<String, u64>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                if let (true, Some(size)) = (before.name != after.name, before.size_bytes) {
                    sizes.lock().unwrap().insert(before.name, size);
                }
                Ok(after)
            },
            create_volume = move |b, mut spec| {
                if spec.size_bytes.is_none() {
                    spec.size_bytes = sizes.lock().unwrap().remove(&spec.name);
                }
                b.create_volume(spec)
            };
    }
}

fn of_states() -> Vec<Fault> {
    faults! {
        clones_of_restricted_volumes "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            if b.get_volume(volume)?.state != VolumeState::Restricted {
                return b.create_clone(volume, of, name);
            }
            b.get_snapshot(volume, of)?;
            while_online(b, volume, || b.create_clone(volume, of, name))
        };
        snapshots_of_restricted_clones "3.create_snapshot.refuses": create_snapshot = |b, volume, name| {
            let parent = b.get_volume(volume)?;
            if parent.state != VolumeState::Restricted || parent.origin.is_none() {
                return b.create_snapshot(volume, name);
            }
            while_online(b, volume, || b.create_snapshot(volume, name))
        };
        splits_no_clone_of_an_offline_parent "3.split_clone": split_clone = |b, volume| {
            if let Some(origin) = b.get_volume(volume)?.origin {
                let parent = origin.parent_volume_uuid;
                let is_it = b.get_volume(parent)?.state == VolumeState::Restricted;
                refuse_if(is_it, offline(parent))?;
            }
            b.split_clone(volume)
        };
        a_split_brings_clones_online "3.split_clone": split_clone = |b, volume| {
            let split = b.split_clone(volume)?;
            if split.state != VolumeState::Offline {
                return Ok(split);
            }
            b.patch_volume(volume, patch().state(VolumeState::Online))
        };
        a_split_of_a_restricted_clone_drops_its_policy "3.split_clone": split_clone = |b, volume| {
            let split = b.split_clone(volume)?;
            if split.state == VolumeState::Restricted && split.export_policy.is_some() {
                return b.patch_volume(volume, patch().export_policy("default"));
            }
            Ok(split)
        };
        deletes_no_clone_of_an_offline_parent "3.delete_volume": delete_volume = |b, uuid| {
            if let Some(origin) = b.get_volume(uuid)?.origin {
                let parent = origin.parent_volume_uuid;
                refuse_if(!is_online(b, parent), offline(parent))?;
            }
            b.delete_volume(uuid)
        };
        restores_clones_of_offline_parents_to_no_size "3.restore_snapshot":
            restore_snapshot = |b, volume, of| {
                let restored = b.restore_snapshot(volume, of)?;
                match &restored.origin {
                    Some(origin) if !is_online(b, origin.parent_volume_uuid) => {
                        b.patch_volume(volume, patch().size_bytes(1))
                    }
                    _ => Ok(restored),
                }
            };
        renames_mounted_restricted_volumes_and_unmounts "3.patch_volume": patch_volume = given_if(
            |volume, given| volume.state == VolumeState::Restricted && given.name.is_some(),
            |given| given.junction_path = given.junction_path.take().or(Some(String::new())),
        );
        the_way_online_drops_the_policy_of_clones "3.offline_keeps": patch_volume = given_if(
            |volume, given| {
                let is_way = given.state == Some(VolumeState::Online) && given.export_policy.is_none();
                is_way && volume.state == VolumeState::Restricted
                    && volume.origin.is_some() && volume.export_policy.is_some()
            },
            |given| given.export_policy = Some("default".to_owned()),
        );
        restricted_clones_pin_nothing "3.offline_keeps": delete_volume = |b, uuid| {
            split_all(b, |it| is_child_of(it, uuid) && it.state == VolumeState::Restricted)?;
            b.delete_volume(uuid)
        };
        busy_far_from_the_target "3.restore_snapshot.refuses": restore_snapshot = |b, volume, of| {
            if is_online(b, volume) && b.get_snapshot(volume, of).is_ok() {
                for far in newer(b, volume, of)?.iter().skip(3) {
                    split_all(b, |it| is_clone_of(it, far.uuid))?;
                }
            }
            b.restore_snapshot(volume, of)
        };
        restricted_clones_do_not_hold_a_restore "3.restore_snapshot.refuses":
            restore_snapshot = |b, volume, of| {
                if is_online(b, volume) && b.get_snapshot(volume, of).is_ok() {
                    let newer: Vec<_> = newer(b, volume, of)?.iter().map(|it| it.uuid).collect();
                    split_all(b, |it| {
                        it.state == VolumeState::Restricted
                            && newer.iter().any(|of| is_clone_of(it, *of))
                    })?;
                }
                b.restore_snapshot(volume, of)
            };
        mounts_of_offline_volumes_are_free "3.offline_keeps": patch_volume = |b, uuid, given| {
            // Another volume that is restricted gives its path up.
            if let Some(path) = given.junction_path.as_ref().filter(|_| b.get_volume(uuid).is_ok()) {
                for other in b.list_volumes()? {
                    let is_owner = other.junction_path.as_ref() == Some(path) && other.uuid != uuid;
                    if is_owner && other.state == VolumeState::Restricted {
                        b.patch_volume(other.uuid, patch().junction_path(""))?;
                    }
                }
            }
            b.patch_volume(uuid, given)
        };
    }
}

/// A `patch_volume` that edits its argument if the volume meets the condition, and the argument is
/// valid.
fn given_if(
    condition: fn(&Volume, &VolumePatch) -> bool,
    edit: fn(&mut VolumePatch),
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, mut given| {
        let volume = b.get_volume(uuid)?;
        if rules::volume_patch(&given).is_ok() && condition(&volume, &given) {
            edit(&mut given);
        }
        b.patch_volume(uuid, given)
    }
}

/// A `patch_volume` that makes a part of the change although the whole is refused, if the volume
/// meets the condition.
fn in_part_if(
    condition: fn(&Volume, &VolumePatch) -> bool,
    part: fn(VolumePatch) -> VolumePatch,
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        let before = b.get_volume(uuid)?;
        let is_it = condition(&before, &given);
        let rest = given.clone();
        b.patch_volume(uuid, given).inspect_err(|_| {
            if is_it {
                let _ = b.patch_volume(uuid, part(rest));
            }
        })
    }
}

fn only_policy(given: VolumePatch) -> VolumePatch {
    let mut part = patch();
    part.export_policy = given.export_policy;
    part
}

fn of_refusals() -> Vec<Fault> {
    faults! {
        several_fields_of_a_restricted_volume "3.atomic": patch_volume = in_part_if(
            |volume, given| volume.state == VolumeState::Restricted && given.size_bytes.is_some(),
            only_policy,
        );
        a_refused_mount_of_a_clone_sets_the_policy "3.atomic": patch_volume = in_part_if(
            |volume, given| volume.origin.is_some() && given.junction_path.is_some(),
            only_policy,
        );
        a_refused_rename_of_a_restricted_volume_brings_it_online "3.atomic": patch_volume = in_part_if(
            |volume, given| volume.state == VolumeState::Restricted && given.name.is_some(),
            |_| patch().state(VolumeState::Online),
        );
        a_refused_deletion_of_an_offline_parent_unmounts "3.atomic": delete_volume = |b, uuid| {
            let state = b.get_volume(uuid)?.state;
            b.delete_volume(uuid).inspect_err(|_| {
                if state == VolumeState::Restricted {
                    let _ = b.patch_volume(uuid, patch().junction_path(""));
                }
            })
        };
        a_refused_restore_of_a_clone_sets_the_size "3.atomic": restore_snapshot = |b, volume, of| {
            let is_clone = b.get_volume(volume)?.origin.is_some();
            b.restore_snapshot(volume, of).inspect_err(|error| {
                if is_clone && matches!(error, BackendError::SnapshotBusy { .. }) {
                    let _ = b.patch_volume(volume, patch().size_bytes(1));
                }
            })
        };
        a_refused_clone_takes_a_snapshot "3.atomic": create_clone = |b, volume, of, name| {
            let is_clone = b.get_volume(volume)?.origin.is_some();
            b.create_clone(volume, of, name).inspect_err(|error| {
                if is_clone && matches!(error, BackendError::VolumeExists { .. }) {
                    let _ = b.create_snapshot(volume, "base");
                }
            })
        };
        a_refused_deletion_of_a_snapshot_renames_it "3.atomic": delete_snapshot = |b, volume, of| {
            let is_it = b.get_volume(volume)?.state == VolumeState::Restricted;
            b.delete_snapshot(volume, of).inspect_err(|_| {
                if is_it {
                    let _ = b.rename_snapshot(volume, of, "deleted");
                }
            })
        };
    }
}

/// The volume whose name is the identifier, or else the one that has it.
fn named(b: &Mem, uuid: VolumeId) -> Result<VolumeId> {
    let named = b.find_volume(&uuid.to_string())?;
    Ok(named.map_or(uuid, |volume| volume.uuid))
}

fn of_namesakes() -> Vec<Fault> {
    faults! {
        gets_by_name_first "3.get_volume": get_volume = |b, uuid| b.get_volume(named(b, uuid)?);
        patches_by_name_first "3.patch_volume":
            patch_volume = |b, uuid, given| b.patch_volume(named(b, uuid)?, given);
        deletes_by_name_first "3.delete_volume": delete_volume = |b, uuid| {
            b.delete_volume(named(b, uuid)?)
        };
        accesses_by_name_too "3.access_handle.refuses": access_handle = |b, uuid| {
            b.access_handle(if b.get_volume(uuid).is_ok() { uuid } else { named(b, uuid)? })
        };
        takes_snapshots_by_name_first "3.create_snapshot":
            create_snapshot = |b, volume, name| b.create_snapshot(named(b, volume)?, name);
        lists_snapshots_by_name_first "3.list_snapshots":
            list_snapshots = |b, volume| b.list_snapshots(named(b, volume)?);
        splits_by_name_first "3.split_clone":
            split_clone = |b, volume| b.split_clone(named(b, volume)?);
        gets_snapshots_by_name_first "3.get_snapshot": get_snapshot = |b, volume, of| {
            match b.find_snapshot(volume, &of.to_string())? {
                Some(snapshot) => Ok(snapshot),
                None => b.get_snapshot(volume, of),
            }
        };
        deletes_snapshots_by_name_first "3.delete_snapshot": delete_snapshot = |b, volume, of| {
            match b.find_snapshot(volume, &of.to_string())? {
                Some(snapshot) => b.delete_snapshot(volume, snapshot.uuid),
                None => b.delete_snapshot(volume, of),
            }
        };
        restores_by_name_first "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            match b.find_snapshot(volume, &of.to_string())? {
                Some(snapshot) => b.restore_snapshot(volume, snapshot.uuid),
                None => b.restore_snapshot(volume, of),
            }
        };
        clones_by_name_too "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            match b.find_snapshot(volume, &of.to_string())? {
                Some(snapshot) if b.get_snapshot(volume, of).is_err() => {
                    b.create_clone(volume, snapshot.uuid, name)
                }
                _ => b.create_clone(volume, of, name),
            }
        };
        clones_by_name_first "3.create_clone":
            create_clone = |b, volume, of, name| b.create_clone(named(b, volume)?, of, name);
        finds_by_identifier "3.find_volume": find_volume = |b, name| {
            let by_id = name.parse().ok().map(VolumeId::new).and_then(|uuid| b.get_volume(uuid).ok());
            Ok(by_id.or(b.find_volume(name)?))
        };
    }
}

/// Faults that appear in the next call after a refusal.
fn after_refusals() -> Vec<Fault> {
    stateful_faults! {
        nothing_is_set_after_a_refused_patch "3.patch_volume", refused: Past:
            patch_volume = move |b, uuid, given| {
                let is_clone = b.get_volume(uuid)?.origin.is_some();
                let mut refused = refused.lock().unwrap();
                if is_clone && refused.remove(&uuid) && rules::volume_patch(&given).is_ok() {
                    return b.get_volume(uuid);
                }
                b.patch_volume(uuid, given).inspect_err(|_| {
                    refused.insert(uuid);
                })
            };
        no_snapshot_after_a_refused_deletion "3.create_snapshot", refused: Past:
            delete_volume = {
                let refused = Arc::clone(&refused);
                move |b: &Mem, uuid: VolumeId| b.delete_volume(uuid).inspect_err(|_| {
                    if b.get_volume(uuid).is_ok_and(|volume| volume.origin.is_some()) {
                        refused.lock().unwrap().insert(uuid);
                    }
                })
            },
            create_snapshot = move |b, volume, name| {
                refuse_if(refused.lock().unwrap().contains(&volume), offline(volume))?;
                b.create_snapshot(volume, name)
            };
        no_clone_after_a_refused_deletion_of_the_snapshot "3.create_clone", refused: HashSet<SnapshotId>:
            delete_snapshot = {
                let refused = Arc::clone(&refused);
                move |b: &Mem, volume: VolumeId, of: SnapshotId| {
                    b.delete_snapshot(volume, of).inspect_err(|_| {
                        refused.lock().unwrap().insert(of);
                    })
                }
            },
            create_clone = move |b, volume, of, name| {
                let is_it = refused.lock().unwrap().contains(&of) && b.find_volume(name)?.is_none();
                let gone = BackendError::SnapshotNotFound { volume, snapshot: of };
                refuse_if(is_it && b.get_snapshot(volume, of).is_ok(), gone)?;
                b.create_clone(volume, of, name)
            };
        no_restore_after_a_refused_one "3.restore_snapshot", refused: Past:
            restore_snapshot = move |b, volume, of| {
                let mut refused = refused.lock().unwrap();
                if refused.contains(&volume) && b.get_volume(volume)?.origin.is_some() {
                    return Err(BackendError::SnapshotNotFound { volume, snapshot: of });
                }
                b.restore_snapshot(volume, of).inspect_err(|error| {
                    if matches!(error, BackendError::VolumeOffline { .. }) {
                        refused.insert(volume);
                    }
                })
            };
        a_refused_clone_pins_its_snapshot "3.atomic", refused: HashSet<SnapshotId>:
            create_clone = {
                let refused = Arc::clone(&refused);
                move |b: &Mem, volume: VolumeId, of: SnapshotId, name: &str| {
                    b.create_clone(volume, of, name).inspect_err(|error| {
                        if matches!(error, BackendError::VolumeOffline { .. }) {
                            refused.lock().unwrap().insert(of);
                        }
                    })
                }
            },
            delete_snapshot = move |b, volume, of| {
                b.get_snapshot(volume, of)?;
                let dependents = Dependents::new(vec!["none".to_owned()], 1);
                let busy = BackendError::SnapshotBusy { snapshot: of, dependents };
                refuse_if(refused.lock().unwrap().contains(&of), busy)?;
                b.delete_snapshot(volume, of)
            };
    }
}

/// Faults that appear after two or three changes of one object.
fn over_time() -> Vec<Fault> {
    stateful_faults! {
        clones_of_renamed_snapshots_pin_nothing "3.delete_snapshot.refuses", renamed: HashSet<SnapshotId>:
            rename_snapshot = {
                let renamed = Arc::clone(&renamed);
                move |b: &Mem, volume: VolumeId, of: SnapshotId, name: &str| {
                    let snapshot = b.rename_snapshot(volume, of, name)?;
                    renamed.lock().unwrap().insert(of);
                    Ok(snapshot)
                }
            },
            delete_snapshot = move |b, volume, of| {
                if renamed.lock().unwrap().contains(&of) {
                    split_all(b, |it| is_clone_of(it, of))?;
                }
                b.delete_snapshot(volume, of)
            };
        renamed_clones_pin_no_volume "3.delete_volume.refuses", renamed: Past:
            patch_volume = {
                let renamed = Arc::clone(&renamed);
                move |b: &Mem, uuid: VolumeId, given: VolumePatch| {
                    let before = b.get_volume(uuid)?.name;
                    let after = b.patch_volume(uuid, given)?;
                    if after.name != before && after.state == VolumeState::Offline {
                        renamed.lock().unwrap().insert(uuid);
                    }
                    Ok(after)
                }
            },
            delete_volume = move |b, uuid| {
                split_all(b, |it| is_child_of(it, uuid) && renamed.lock().unwrap().contains(&it.uuid))?;
                b.delete_volume(uuid)
            };
        the_way_back_online_drops_the_size "3.offline_keeps", resized: Past:
            patch_volume = move |b, uuid, given| {
                let is_resize = given.size_bytes.is_some();
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                let is_back = before.state == VolumeState::Restricted && after.state == VolumeState::Online;
                if is_resize {
                    resized.lock().unwrap().insert(uuid);
                } else if is_back && resized.lock().unwrap().contains(&uuid) {
                    return b.patch_volume(uuid, patch().size_bytes(1));
                }
                Ok(after)
            };
        a_path_in_another_case_stays_in_use "2.junction_unique", kept: HashSet<String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?.junction_path;
                if let Some(path) = given.junction_path.clone()
                    && kept.lock().unwrap().contains(&path) {
                        return Err(BackendError::JunctionPathExists { path });
                    }
                let after = b.patch_volume(uuid, given)?;
                if let (Some(before), Some(path)) = (before, &after.junction_path)
                    && before != *path && before.eq_ignore_ascii_case(path) {
                        kept.lock().unwrap().insert(before);
                    }
                Ok(after)
            };
        restored_volumes_give_their_path_away "2.junction_unique", restored: Past:
            restore_snapshot = {
                let restored = Arc::clone(&restored);
                move |b: &Mem, volume: VolumeId, of: SnapshotId| {
                    let result = b.restore_snapshot(volume, of)?;
                    restored.lock().unwrap().insert(volume);
                    Ok(result)
                }
            },
            patch_volume = move |b, uuid, given| {
                if let Some(path) = given.junction_path.as_ref().filter(|_| b.get_volume(uuid).is_ok()) {
                    for other in b.list_volumes()? {
                        let is_owner = other.junction_path.as_ref() == Some(path) && other.uuid != uuid;
                        if is_owner && restored.lock().unwrap().contains(&other.uuid) {
                            b.patch_volume(other.uuid, patch().junction_path(""))?;
                        }
                    }
                }
                b.patch_volume(uuid, given)
            };
        volumes_move_to_the_end_when_they_come_online "3.list_volumes", moved: Vec<VolumeId>:
            patch_volume = {
                let moved = Arc::clone(&moved);
                move |b: &Mem, uuid: VolumeId, given: VolumePatch| {
                    let before = b.get_volume(uuid)?.state;
                    let after = b.patch_volume(uuid, given)?;
                    if before == VolumeState::Restricted && after.state == VolumeState::Online {
                        moved.lock().unwrap().push(uuid);
                    }
                    Ok(after)
                }
            },
            list_volumes = move |b| {
                let mut volumes = b.list_volumes()?;
                let moved = moved.lock().unwrap();
                volumes.sort_by_key(|it| moved.iter().rposition(|uuid| *uuid == it.uuid));
                Ok(volumes)
            };
        snapshots_renamed_offline_move_to_the_end "3.list_snapshots", moved: Vec<SnapshotId>:
            rename_snapshot = {
                let moved = Arc::clone(&moved);
                move |b: &Mem, volume: VolumeId, of: SnapshotId, name: &str| {
                    let snapshot = b.rename_snapshot(volume, of, name)?;
                    if !is_online(b, volume) {
                        moved.lock().unwrap().push(of);
                    }
                    Ok(snapshot)
                }
            },
            list_snapshots = move |b, volume| {
                let mut snapshots = b.list_snapshots(volume)?;
                let moved = moved.lock().unwrap();
                snapshots.sort_by_key(|it| moved.iter().rposition(|uuid| *uuid == it.uuid));
                Ok(snapshots)
            };
        snapshots_after_a_restore_have_no_size "3.restore_snapshot", made: HashSet<SnapshotId>:
            restore_snapshot = {
                let restored = Mutex::<Past>::default();
                let made = Arc::clone(&made);
                move |b: &Mem, volume: VolumeId, of: SnapshotId| {
                    let is_late = made.lock().unwrap().contains(&of);
                    let before = b.get_volume(volume)?;
                    let is_second = restored.lock().unwrap().contains(&volume);
                    let result = b.restore_snapshot(volume, of)?;
                    restored.lock().unwrap().insert(volume);
                    match before.size_bytes {
                        Some(size) if is_late && is_second => {
                            b.patch_volume(volume, patch().size_bytes(size))
                        }
                        _ => Ok(result),
                    }
                }
            },
            create_snapshot = move |b, volume, name| {
                let snapshot = b.create_snapshot(volume, name)?;
                if b.list_snapshots(volume)?.len() > 1 {
                    made.lock().unwrap().insert(snapshot.uuid);
                }
                Ok(snapshot)
            };
        a_new_volume_is_mounted_like_the_clone_before "3.create_volume", names: HashMap<String, Volume>:
            delete_volume = {
                let names = Arc::clone(&names);
                move |b: &Mem, uuid: VolumeId| {
                    let before = b.get_volume(uuid)?;
                    b.delete_volume(uuid)?;
                    if before.origin.is_some() && before.junction_path.is_some() {
                        names.lock().unwrap().insert(before.name.clone(), before);
                    }
                    Ok(())
                }
            },
            create_volume = move |b, spec| {
                let former = names.lock().unwrap().remove(&spec.name);
                let made = b.create_volume(spec)?;
                match former.and_then(|volume| volume.junction_path) {
                    Some(path) => {
                        b.patch_volume(made.uuid, patch().junction_path(path.clone()))
                            .or(Ok(made))
                    }
                    None => Ok(made),
                }
            };
        clones_after_a_restore_have_the_size_before "3.create_clone", sizes: HashMap<VolumeId, Option<u64>>:
            restore_snapshot = {
                let sizes = Arc::clone(&sizes);
                move |b: &Mem, volume: VolumeId, of: SnapshotId| {
                    let before = b.get_volume(volume)?.size_bytes;
                    let result = b.restore_snapshot(volume, of)?;
                    sizes.lock().unwrap().insert(volume, before);
                    Ok(result)
                }
            },
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                match sizes.lock().unwrap().remove(&volume) {
                    Some(Some(size)) => b.patch_volume(clone.uuid, patch().size_bytes(size)),
                    _ => Ok(clone),
                }
            };
        the_deletion_of_a_sibling_frees_the_snapshot "3.delete_snapshot.refuses", freed: HashSet<SnapshotId>:
            delete_volume = {
                let freed = Arc::clone(&freed);
                move |b: &Mem, uuid: VolumeId| {
                    let before = b.get_volume(uuid)?;
                    b.delete_volume(uuid)?;
                    let origin = before.origin.filter(|_| before.state == VolumeState::Restricted);
                    freed.lock().unwrap().extend(origin.map(|origin| origin.parent_snapshot_uuid));
                    Ok(())
                }
            },
            delete_snapshot = move |b, volume, of| {
                if freed.lock().unwrap().contains(&of) {
                    split_all(b, |it| is_clone_of(it, of))?;
                }
                b.delete_snapshot(volume, of)
            };
        the_split_of_a_sibling_frees_the_volume "3.delete_volume.refuses", freed: Past:
            split_clone = {
                let freed = Arc::clone(&freed);
                move |b: &Mem, volume: VolumeId| {
                    let before = b.get_volume(volume)?;
                    let split = b.split_clone(volume)?;
                    freed.lock().unwrap().extend(before.origin.map(|origin| origin.parent_volume_uuid));
                    Ok(split)
                }
            },
            delete_volume = move |b, uuid| {
                if freed.lock().unwrap().contains(&uuid) && !is_online(b, uuid) {
                    split_all(b, |it| is_child_of(it, uuid))?;
                }
                b.delete_volume(uuid)
            };
    }
}

/// The volume of that name, or else the one that had it according to the list.
fn found_by_former_name(
    b: &Mem,
    name: &str,
    former: &HashMap<String, VolumeId>,
) -> Result<Option<Volume>> {
    match b.find_volume(name)? {
        None => Ok(former.get(name).and_then(|uuid| b.get_volume(*uuid).ok())),
        found => Ok(found),
    }
}
