//! Faults that a history of calls shows: some leave something behind, some need volumes in certain
//! states.

use super::*;

/// Faults that leave something behind, so that later calls fail that did nothing wrong.
pub fn leftovers() -> Vec<Fault> {
    stateful_faults! {
        keeps_names_of_refused_creations "3.atomic", refused: HashSet<String>:
            create_volume = move |b, spec| {
                let name = spec.name.clone();
                let is_taken = refused.lock().unwrap().contains(&name) && spec.size_bytes != Some(0);
                refuse_if(is_taken, BackendError::VolumeExists { name: name.clone() })?;
                let made = b.create_volume(spec);
                if matches!(made, Err(BackendError::InvalidArgument { .. })) {
                    refused.lock().unwrap().insert(name);
                }
                made
            };
        keeps_paths_of_the_unmounted "2.junction_unique", left: HashSet<String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?.junction_path;
                if let Some(path) = given.junction_path.clone()
                    && before.as_ref() != Some(&path) && left.lock().unwrap().contains(&path) {
                        return Err(BackendError::JunctionPathExists { path });
                    }
                let volume = b.patch_volume(uuid, given)?;
                if volume.junction_path != before {
                    left.lock().unwrap().extend(before);
                }
                Ok(volume)
            };
        makes_again_with_the_old_policy "3.create_volume", policies: HashMap<String, String>:
            delete_volume = move |b, uuid| {
                let volume = b.get_volume(uuid)?;
                b.delete_volume(uuid)?;
                if let Some(policy) = volume.export_policy {
                    policies.lock().unwrap().insert(volume.name, policy);
                }
                Ok(())
            },
            create_volume = move |b, spec| {
                let made = b.create_volume(spec)?;
                match policies.lock().unwrap().get(&made.name) {
                    Some(policy) => b.patch_volume(made.uuid, patch().export_policy(policy)),
                    None => Ok(made),
                }
            };
        uses_identifiers_of_snapshots_again "2.uuid_once", ids: HashMap<(VolumeId, String), SnapshotId>:
            create_snapshot = move |b, volume, name| {
                let mut made = b.create_snapshot(volume, name)?;
                let mut ids = ids.lock().unwrap();
                made.uuid = *ids.entry((volume, name.to_owned())).or_insert(made.uuid);
                Ok(made)
            };
        stays_offline_after_a_refused_resize "3.patch_volume", stuck: HashSet<VolumeId>:
            patch_volume = move |b, uuid, mut given| {
                if stuck.lock().unwrap().contains(&uuid) {
                    given.state = given.state.filter(|state| *state != VolumeState::Online);
                }
                let patched = b.patch_volume(uuid, given);
                if matches!(patched, Err(BackendError::VolumeOffline { .. })) {
                    stuck.lock().unwrap().insert(uuid);
                }
                patched
            };
        creates_nothing_after_a_busy_delete "3.create_volume", is_stuck: bool:
            delete_volume = move |b, uuid| {
                let deleted = b.delete_volume(uuid);
                if matches!(deleted, Err(BackendError::VolumeBusy { .. })) {
                    *is_stuck.lock().unwrap() = true;
                }
                deleted
            },
            create_volume = move |b, spec| {
                refuse_if(*is_stuck.lock().unwrap(), BackendError::substrate("create_volume", "stuck"))?;
                b.create_volume(spec)
            };
        keeps_snapshot_names_that_a_restore_dropped "2.free_again", dropped: HashSet<(VolumeId, String)>:
            restore_snapshot = move |b, volume, of| {
                let newer = newer(b, volume, of);
                let restored = b.restore_snapshot(volume, of)?;
                dropped.lock().unwrap().extend(newer?.into_iter().map(|it| (volume, it.name)));
                Ok(restored)
            },
            create_snapshot = move |b, volume, name| {
                let is_taken = dropped.lock().unwrap().contains(&(volume, name.to_owned()));
                refuse_if(
                    is_taken && is_online(b, volume),
                    BackendError::SnapshotExists { volume, name: name.to_owned() },
                )?;
                b.create_snapshot(volume, name)
            };
        lists_nothing_that_was_restricted "3.list_volumes", hidden: HashSet<VolumeId>:
            patch_volume = move |b, uuid, given| {
                let volume = b.patch_volume(uuid, given)?;
                if volume.state == VolumeState::Restricted {
                    hidden.lock().unwrap().insert(uuid);
                }
                Ok(volume)
            },
            list_volumes = move |b| {
                let mut volumes = b.list_volumes()?;
                volumes.retain(|volume| !hidden.lock().unwrap().contains(&volume.uuid));
                Ok(volumes)
            };
        keeps_names_of_deleted_clones "2.free_again", deleted: HashSet<String>:
            delete_volume = move |b, uuid| {
                let volume = b.get_volume(uuid)?;
                b.delete_volume(uuid)?;
                if volume.origin.is_some() {
                    deleted.lock().unwrap().insert(volume.name);
                }
                Ok(())
            },
            create_clone = move |b, volume, of, name| {
                b.get_snapshot(volume, of)?;
                let is_taken = is_online(b, volume) && deleted.lock().unwrap().contains(name);
                refuse_if(is_taken, BackendError::VolumeExists { name: name.to_owned() })?;
                b.create_clone(volume, of, name)
            };
    }
}

/// Faults of one operation on volumes in a certain state, or with a certain past.
pub fn histories() -> Vec<Fault> {
    [of_split_clones(), of_states(), of_past_names()].into_iter().flatten().collect()
}

fn of_split_clones() -> Vec<Fault> {
    stateful_faults! {
        split_and_still_in_the_way_of_a_restore "3.restore_snapshot", split: HashMap<SnapshotId, String>:
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                let after = b.split_clone(volume)?;
                if let Some(origin) = before.origin {
                    split.lock().unwrap().insert(origin.parent_snapshot_uuid, before.name);
                }
                Ok(after)
            },
            restore_snapshot = move |b, volume, of| {
                b.get_snapshot(volume, of)?;
                let split = split.lock().unwrap();
                for snapshot in newer(b, volume, of)?.iter().filter(|_| is_online(b, volume)) {
                    if let Some(name) = split.get(&snapshot.uuid) {
                        let dependents = Dependents::new(vec![name.clone()], 1);
                        return Err(BackendError::SnapshotBusy { snapshot: snapshot.uuid, dependents });
                    }
                }
                b.restore_snapshot(volume, of)
            };
        split_and_still_in_the_way_of_a_delete "3.delete_volume", split: HashMap<VolumeId, VolumeId>:
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                let after = b.split_clone(volume)?;
                if let Some(origin) = before.origin {
                    split.lock().unwrap().insert(volume, origin.parent_volume_uuid);
                }
                Ok(after)
            },
            delete_volume = move |b, uuid| {
                b.get_volume(uuid)?;
                for (clone, _) in split.lock().unwrap().iter().filter(|(_, parent)| **parent == uuid) {
                    if let Ok(clone) = b.get_volume(*clone) {
                        let dependents = Dependents::new(vec![clone.name], 1);
                        return Err(BackendError::VolumeBusy { volume: uuid, dependents });
                    }
                }
                b.delete_volume(uuid)
            };
        never_mounts_what_was_split "3.patch_volume", split: HashSet<VolumeId>:
            split_clone = move |b, volume| {
                let after = b.split_clone(volume)?;
                split.lock().unwrap().insert(volume);
                Ok(after)
            },
            patch_volume = move |b, uuid, mut given| {
                let is_split = split.lock().unwrap().contains(&uuid);
                if is_split && rules::volume_patch(&given).is_ok() {
                    given.junction_path = None;
                }
                b.patch_volume(uuid, given)
            };
        restores_no_size_of_what_was_split "3.restore_snapshot", split: HashSet<VolumeId>:
            split_clone = move |b, volume| {
                let after = b.split_clone(volume)?;
                split.lock().unwrap().insert(volume);
                Ok(after)
            },
            restore_snapshot = move |b, volume, of| {
                let before = b.get_volume(volume)?.size_bytes;
                let restored = b.restore_snapshot(volume, of)?;
                match before {
                    Some(size) if split.lock().unwrap().contains(&volume) => {
                        b.patch_volume(volume, patch().size_bytes(size))
                    }
                    _ => Ok(restored),
                }
            };
        forgets_the_second_clone_when_the_first_is_deleted "3.delete_snapshot.refuses",
            deleted: HashSet<SnapshotId>:
            delete_volume = move |b, uuid| {
                let origin = b.get_volume(uuid)?.origin;
                b.delete_volume(uuid)?;
                deleted.lock().unwrap().extend(origin.map(|it| it.parent_snapshot_uuid));
                Ok(())
            },
            delete_snapshot = move |b, volume, of| {
                if deleted.lock().unwrap().contains(&of) && b.get_snapshot(volume, of).is_ok() {
                    split_all(b, |it| is_clone_of(it, of))?;
                }
                b.delete_snapshot(volume, of)
            };
        origins_stay_when_a_split_parent_is_renamed "1.origin_names",
            past: (HashSet<VolumeId>, HashMap<VolumeId, String>):
            split_clone = move |b, volume| {
                let after = b.split_clone(volume)?;
                past.lock().unwrap().0.insert(volume);
                Ok(after)
            },
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?.name;
                let after = b.patch_volume(uuid, given)?;
                let mut past = past.lock().unwrap();
                if past.0.contains(&uuid) && after.name != before {
                    past.1.entry(uuid).or_insert(before);
                }
                Ok(after)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                let Some(origin) = &mut volume.origin else { return };
                if let Some(name) = past.lock().unwrap().1.get(&origin.parent_volume_uuid) {
                    origin.parent_volume.clone_from(name);
                }
            });
    }
}

fn is_restricted(b: &Mem, uuid: VolumeId) -> bool {
    b.get_volume(uuid).is_ok_and(|volume| volume.state == VolumeState::Restricted)
}

fn of_states() -> Vec<Fault> {
    faults! {
        clones_of_restricted_parents "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            if !is_restricted(b, volume) {
                return b.create_clone(volume, of, name);
            }
            while_online(b, volume, || b.create_clone(volume, of, name))
        };
        restores_past_a_busy_snapshot_far_away "3.restore_snapshot.refuses":
            restore_snapshot = |b, volume, of| {
                let newer = newer(b, volume, of)?;
                if is_online(b, volume) && newer.len() > 2 {
                    for far in &newer[2..] {
                        split_all(b, |it| is_clone_of(it, far.uuid))?;
                    }
                }
                b.restore_snapshot(volume, of)
            };
        renames_a_restricted_volume_whose_resize_is_refused "3.atomic":
            patch_volume = |b, uuid, given| {
                if is_restricted(b, uuid) && rules::volume_patch(&given).is_ok()
                    && given.size_bytes.is_some() && given.state.is_none() {
                    let mut part = patch();
                    part.name.clone_from(&given.name);
                    let _ = b.patch_volume(uuid, part);
                }
                b.patch_volume(uuid, given)
            };
        deletes_the_parent_of_an_offline_clone "3.delete_volume.refuses":
            delete_volume = |b, uuid| {
                split_all(b, |it| is_child_of(it, uuid) && it.state == VolumeState::Offline)?;
                b.delete_volume(uuid)
            };
        clones_of_clones_have_the_first_size "3.create_clone": create_clone = |b, volume, of, name| {
            let clone = b.create_clone(volume, of, name)?;
            let above = b.get_volume(volume)?.origin;
            match above.and_then(|above| b.get_volume(above.parent_volume_uuid).ok()) {
                Some(Volume { size_bytes: Some(size), .. }) => {
                    b.patch_volume(clone.uuid, patch().size_bytes(size))
                }
                _ => Ok(clone),
            }
        };
        splits_a_mounted_clone_that_is_restored "3.restore_snapshot":
            restore_snapshot = |b, volume, of| {
                let restored = b.restore_snapshot(volume, of)?;
                if restored.origin.is_some() && restored.junction_path.is_some() {
                    return b.split_clone(volume);
                }
                Ok(restored)
            };
        unmounts_what_was_restricted "3.patch_volume": patch_volume = |b, uuid, mut given| {
            if is_restricted(b, uuid) && given.state == Some(VolumeState::Online)
                && given.junction_path.is_none() {
                given.junction_path = Some(String::new());
            }
            b.patch_volume(uuid, given)
        };
        splits_nothing_of_a_restricted_parent "3.split_clone": split_clone = |b, volume| {
            if let Some(origin) = b.get_volume(volume)?.origin {
                let parent = origin.parent_volume_uuid;
                refuse_if(is_restricted(b, parent), offline(parent))?;
            }
            b.split_clone(volume)
        };
        deletes_no_snapshot_of_an_offline_clone "3.delete_snapshot":
            delete_snapshot = before_delete(|b, volume, of| {
                b.get_snapshot(volume, of)?;
                let is_clone = b.get_volume(volume)?.origin.is_some();
                refuse_if(is_clone && !is_online(b, volume), offline(volume))
            });
        no_access_to_a_clone_of_an_offline_parent "3.access_handle": access_handle = |b, uuid| {
            let origin = b.get_volume(uuid)?.origin;
            let parent = origin.map(|origin| origin.parent_volume_uuid);
            let is_refused = parent.is_some_and(|parent| !is_online(b, parent));
            refuse_if(is_refused && is_online(b, uuid), offline(uuid))?;
            b.access_handle(uuid)
        };
        renames_no_offline_clone_that_is_mounted "3.patch_volume": patch_volume = |b, uuid, mut given| {
            let volume = b.get_volume(uuid)?;
            let is_it = volume.origin.is_some() && volume.junction_path.is_some();
            if is_it && volume.state == VolumeState::Offline && rules::volume_patch(&given).is_ok()
                && given.size_bytes.is_none() {
                given.name = None;
            }
            b.patch_volume(uuid, given)
        };
    }
}

fn of_past_names() -> Vec<Fault> {
    stateful_faults! {
        origins_stay_when_a_snapshot_is_renamed_offline "1.origin_names", past: HashMap<SnapshotId, String>:
            rename_snapshot = move |b, volume, of, name| {
                let before = b.get_snapshot(volume, of)?.name;
                let after = b.rename_snapshot(volume, of, name)?;
                let mut past = past.lock().unwrap();
                if is_online(b, volume) {
                    past.remove(&of);
                } else {
                    past.entry(of).or_insert(before);
                }
                Ok(after)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                let Some(origin) = &mut volume.origin else { return };
                if let Some(name) = past.lock().unwrap().get(&origin.parent_snapshot_uuid) {
                    origin.parent_snapshot.clone_from(name);
                }
            });
        origins_stay_when_a_restricted_parent_is_renamed "1.origin_names", past: HashMap<VolumeId, String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                let mut past = past.lock().unwrap();
                if before.state != VolumeState::Restricted {
                    past.remove(&uuid);
                } else if before.name != after.name {
                    past.entry(uuid).or_insert(before.name);
                }
                Ok(after)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                let Some(origin) = &mut volume.origin else { return };
                if let Some(name) = past.lock().unwrap().get(&origin.parent_volume_uuid) {
                    origin.parent_volume.clone_from(name);
                }
            });
        keeps_names_of_renamed_clones "2.free_again", past: HashSet<String>:
            patch_volume = move |b, uuid, given| {
                let before = b.get_volume(uuid)?;
                let after = b.patch_volume(uuid, given)?;
                if before.origin.is_some() && before.name != after.name {
                    past.lock().unwrap().insert(before.name);
                }
                Ok(after)
            },
            create_volume = move |b, spec| {
                let is_taken = past.lock().unwrap().contains(&spec.name) && spec.size_bytes != Some(0);
                refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
                b.create_volume(spec)
            };
        keeps_paths_of_deleted_clones "2.junction_unique", deleted: HashSet<String>:
            delete_volume = move |b, uuid| {
                let volume = b.get_volume(uuid)?;
                b.delete_volume(uuid)?;
                if volume.origin.is_some() {
                    deleted.lock().unwrap().extend(volume.junction_path);
                }
                Ok(())
            },
            patch_volume = move |b, uuid, given| {
                b.get_volume(uuid)?;
                if let Some(path) = given.junction_path.clone()
                    && deleted.lock().unwrap().contains(&path) {
                        return Err(BackendError::JunctionPathExists { path });
                    }
                b.patch_volume(uuid, given)
            };
        finds_renamed_clones_by_their_first_name "3.find_volume", first: HashMap<String, VolumeId>:
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                first.lock().unwrap().insert(clone.name.clone(), clone.uuid);
                Ok(clone)
            },
            find_volume = move |b, name| {
                let found = b.find_volume(name)?;
                let by_first = first.lock().unwrap().get(name).copied();
                Ok(found.or_else(|| by_first.and_then(|uuid| b.get_volume(uuid).ok())))
            };
        keeps_names_of_renamed_snapshots_with_clones "2.free_again", past: HashSet<(VolumeId, String)>:
            rename_snapshot = move |b, volume, of, name| {
                let before = b.get_snapshot(volume, of)?.name;
                let after = b.rename_snapshot(volume, of, name)?;
                if before != name && b.list_volumes()?.iter().any(|it| is_clone_of(it, of)) {
                    past.lock().unwrap().insert((volume, before));
                }
                Ok(after)
            },
            create_snapshot = move |b, volume, name| {
                let is_taken = past.lock().unwrap().contains(&(volume, name.to_owned()));
                refuse_if(
                    is_taken && is_online(b, volume),
                    BackendError::SnapshotExists { volume, name: name.to_owned() },
                )?;
                b.create_snapshot(volume, name)
            };
        restores_the_present_size_of_a_renamed_snapshot "3.restore_snapshot", renamed: HashSet<SnapshotId>:
            rename_snapshot = move |b, volume, of, name| {
                let after = b.rename_snapshot(volume, of, name)?;
                renamed.lock().unwrap().insert(of);
                Ok(after)
            },
            restore_snapshot = move |b, volume, of| {
                let before = b.get_volume(volume)?.size_bytes;
                let restored = b.restore_snapshot(volume, of)?;
                match before {
                    Some(size) if renamed.lock().unwrap().contains(&of) => {
                        b.patch_volume(volume, patch().size_bytes(size))
                    }
                    _ => Ok(restored),
                }
            };
    }
}
