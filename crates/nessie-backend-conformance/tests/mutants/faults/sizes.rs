//! Faults that show only above a number: of objects, or of calls.

use super::*;

pub(super) fn all() -> Vec<Fault> {
    [of_many_objects(), of_every_so_many_calls()].into_iter().flatten().collect()
}

/// The position of a clone among those of its parent volume, in order of creation.
fn place(b: &Mem, clone: &Volume) -> usize {
    let Some(origin) = &clone.origin else { return 0 };
    let volumes = b.list_volumes().unwrap_or_default();
    let siblings = volumes.iter().filter(|it| is_child_of(it, origin.parent_volume_uuid));
    siblings.take_while(|it| it.uuid != clone.uuid).count()
}

fn generation(b: &Mem, mut volume: VolumeId) -> usize {
    let mut generation = 0;
    while let Ok(Volume { origin: Some(origin), .. }) = b.get_volume(volume) {
        volume = origin.parent_volume_uuid;
        generation += 1;
    }
    generation
}

fn full(operation: &'static str) -> BackendError {
    BackendError::substrate(operation, "the table is full")
}

/// A backend in which a rename of a volume reaches only the first clones.
fn renames_reach(first: usize) -> Mutant {
    let former = Arc::<Mutex<HashMap<VolumeId, String>>>::default();
    let outdated = Arc::clone(&former);
    Mutant {
        patch_volume: Some(Box::new(move |b, uuid, given| {
            let before = b.get_volume(uuid)?;
            let after = b.patch_volume(uuid, given)?;
            if before.name != after.name {
                let volumes = b.list_volumes()?;
                let missed = volumes.iter().filter(|it| is_child_of(it, uuid)).skip(first);
                former.lock().unwrap().extend(missed.map(|it| (it.uuid, before.name.clone())));
            }
            Ok(after)
        })),
        list_volumes: Some(Box::new(move |b| {
            each(b.list_volumes(), |volume| {
                let outdated = outdated.lock().unwrap();
                if let (Some(origin), Some(name)) = (&mut volume.origin, outdated.get(&volume.uuid))
                {
                    origin.parent_volume.clone_from(name);
                }
            })
        })),
        ..Mutant::default()
    }
}

/// A backend in which a rename of a snapshot reaches only the first clones.
fn snapshot_renames_reach(first: usize) -> Mutant {
    let former = Arc::<Mutex<HashMap<VolumeId, String>>>::default();
    let outdated = Arc::clone(&former);
    Mutant {
        rename_snapshot: Some(Box::new(move |b, volume, of, name| {
            let before = b.get_snapshot(volume, of)?.name;
            let renamed = b.rename_snapshot(volume, of, name)?;
            let volumes = b.list_volumes()?;
            let missed = volumes.iter().filter(|it| is_clone_of(it, of)).skip(first);
            former.lock().unwrap().extend(missed.map(|it| (it.uuid, before.clone())));
            Ok(renamed)
        })),
        list_volumes: Some(Box::new(move |b| {
            each(b.list_volumes(), |volume| {
                let outdated = outdated.lock().unwrap();
                if let (Some(origin), Some(name)) = (&mut volume.origin, outdated.get(&volume.uuid))
                {
                    origin.parent_snapshot.clone_from(name);
                }
            })
        })),
        ..Mutant::default()
    }
}

/// A backend whose restore deletes no more than the given number of newer snapshots.
fn restores_drop(most: usize) -> Mutant {
    Mutant {
        restore_snapshot: Some(Box::new(move |b, volume, of| {
            let names: Vec<String> =
                newer(b, volume, of).unwrap_or_default().into_iter().map(|it| it.name).collect();
            let restored = b.restore_snapshot(volume, of)?;
            for name in names.into_iter().skip(most) {
                b.create_snapshot(volume, &name)?;
            }
            Ok(restored)
        })),
        ..Mutant::default()
    }
}

/// A backend in which a name can be used this number of times.
fn names_last(most: usize) -> Mutant {
    let uses = Arc::<Mutex<HashMap<String, usize>>>::default();
    Mutant {
        create_volume: Some(Box::new(move |b, spec| {
            let name = spec.name.clone();
            let made = b.create_volume(spec)?;
            let mut uses = uses.lock().unwrap();
            let count = uses.entry(name).or_default();
            *count += 1;
            if *count > most {
                b.delete_volume(made.uuid)?;
                return Err(full("create_volume"));
            }
            Ok(made)
        })),
        ..Mutant::default()
    }
}

macro_rules! sized {
    ($($name:ident $rule:literal: $make:expr;)+) => {
        vec![$(Fault { name: stringify!($name), rule: $rule, make: || $make }),+]
    };
}

fn of_many_objects() -> Vec<Fault> {
    let mut all = sized! {
        renames_reach_16_clones "1.origin_names": renames_reach(16);
        renames_reach_1024_clones "1.origin_names": renames_reach(1024);
        snapshot_renames_reach_256_clones "1.origin_names": snapshot_renames_reach(256);
        restores_drop_260_snapshots "3.restore_snapshot": restores_drop(260);
        restores_drop_1000_snapshots "3.restore_snapshot": restores_drop(1000);
        a_name_lasts_256_times "2.free_again": names_last(256);
        a_name_lasts_1024_times "2.free_again": names_last(1024);
    };
    all.extend(faults! {
        lists_1024_volumes "3.list_volumes": list_volumes = listed(|volumes| volumes.truncate(1024));
        lists_1023_snapshots "3.list_snapshots": list_snapshots = |b, volume| {
            Ok(b.list_snapshots(volume)?.into_iter().take(1023).collect())
        };
        snapshots_of_65_volumes "3.list_snapshots": list_snapshots = |b, volume| {
            let all = b.list_snapshots(volume)?;
            let has_some = |it: &&Volume| b.list_snapshots(it.uuid).is_ok_and(|all| !all.is_empty());
            let volumes = b.list_volumes()?;
            let before = volumes.iter().take_while(|it| it.uuid != volume).filter(has_some).count();
            Ok(if before < 65 { all } else { Vec::new() })
        };
        finds_no_renamed_volume_of_many "3.find_volume": find_volume = |b, name| {
            let found = b.find_volume(name)?;
            let is_lost = b.counts().volumes > 260 && name.ends_with("-renamed");
            Ok(found.filter(|_| !is_lost))
        };
        renames_swap_among_many "3.list_volumes": list_volumes = listed(|volumes| {
            let is_renamed = |it: &Volume| it.name.ends_with("-renamed");
            if volumes.len() > 300 && volumes.iter().any(is_renamed) {
                volumes.swap(0, 1);
            }
        });
        mounts_128_volumes "3.patch_volume": patch_volume = patch_check(|b, uuid, given| {
            let has_path = given.junction_path.as_ref().is_some_and(|path| path.len() > 1);
            let mounted = || b.list_volumes().unwrap().iter().filter(|it| it.junction_path.is_some()).count();
            refuse_if(
                has_path && b.get_volume(uuid)?.junction_path.is_none() && mounted() >= 128,
                full("patch_volume"),
            )
        });
        forgets_paths_after_512 "2.junction_unique": patch_volume = |b, uuid, given| {
            if let Some(path) = given.junction_path.as_ref().filter(|path| !path.is_empty()) {
                let volumes = b.list_volumes()?;
                let mut mounted = volumes.iter().filter(|it| it.junction_path.is_some()).skip(512);
                let owner = mounted.find(|it| it.junction_path.as_ref() == Some(path));
                if let Some(owner) = owner.filter(|it| it.uuid != uuid) {
                    b.patch_volume(owner.uuid, patch().junction_path(""))?;
                }
            }
            b.patch_volume(uuid, given)
        };
        clones_of_64_generations "3.create_clone": create_clone = clone_check(|b, volume, _, _| {
            refuse_if(generation(b, volume) >= 64, full("create_clone"))
        });
        the_501st_generation_has_no_origin "1.origin": create_clone = |b, volume, of, name| {
            let clone = b.create_clone(volume, of, name)?;
            if generation(b, clone.uuid) > 500 { b.split_clone(clone.uuid) } else { Ok(clone) }
        };
        counts_1024_clones "4.dependents": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of)
                .map_err(|error| with_dependents(error, |it| it.count = it.count.min(1024)))
        };
        a_restore_names_all_dependents "4.dependents": restore_snapshot = |b, volume, of| {
            b.restore_snapshot(volume, of).map_err(|error| with_dependents(error, |it| {
                let volumes = b.list_volumes().unwrap_or_default();
                let newer = newer(b, volume, of).unwrap_or_default();
                let holds = |it: &Volume| newer.iter().any(|of| is_clone_of(it, of.uuid));
                if it.count > 16 {
                    it.names = volumes.into_iter().filter(holds).map(|it| it.name).collect();
                }
            }))
        };
        a_restore_counts_sixteen "4.dependents": restore_snapshot = |b, volume, of| {
            b.restore_snapshot(volume, of)
                .map_err(|error| with_dependents(error, |it| it.count = it.count.min(16)))
        };
        a_deletion_counts_256 "4.dependents": delete_volume = |b, uuid| {
            b.delete_volume(uuid)
                .map_err(|error| with_dependents(error, |it| it.count = it.count.min(256)))
        };
        pins_40_generations "3.delete_volume.refuses": delete_volume = |b, uuid| {
            if generation(b, uuid) > 40 {
                split_all(b, |it| is_child_of(it, uuid))?;
            }
            b.delete_volume(uuid)
        };
        pins_32_snapshots "3.delete_volume.refuses": delete_volume = |b, uuid| {
            let late: Vec<_> = b.list_snapshots(uuid)?.into_iter().skip(32).collect();
            split_all(b, |it| late.iter().any(|of| is_clone_of(it, of.uuid)))?;
            b.delete_volume(uuid)
        };
        only_300_clones_pin "3.delete_volume.refuses": delete_volume = |b, uuid| {
            let volumes = b.list_volumes()?;
            let late = |it: &&Volume| is_child_of(it, uuid) && place(b, it) >= 300;
            if volumes.iter().filter(|it| is_child_of(it, uuid)).count() > 300 {
                for clone in volumes.iter().filter(late).collect::<Vec<_>>() {
                    b.split_clone(clone.uuid)?;
                }
            }
            b.delete_volume(uuid)
        };
        finds_the_first_1000_snapshots "3.find_snapshot": find_snapshot = |b, volume, name| {
            Ok(b.list_snapshots(volume)?.into_iter().take(1000).find(|it| it.name == name))
        };
    });
    all
}

/// Whether this call is the k-th, counting from the last one that was.
fn is_due(calls: &Mutex<usize>, every: usize) -> bool {
    let mut calls = calls.lock().unwrap();
    *calls += 1;
    calls.is_multiple_of(every)
}

fn of_every_so_many_calls() -> Vec<Fault> {
    stateful_faults! {
        every_500th_resize_does_nothing "3.patch_volume", calls: usize:
            patch_volume = move |b, uuid, mut given| {
                if given.size_bytes.is_some() && rules::volume_patch(&given).is_ok()
                    && is_online(b, uuid) && is_due(&calls, 500) {
                        given.size_bytes = None;
                    }
                b.patch_volume(uuid, given)
            };
        every_1000th_rename_is_lost "3.patch_volume", calls: usize:
            patch_volume = move |b, uuid, mut given| {
                if given.name.is_some() && rules::volume_patch(&given).is_ok()
                    && is_due(&calls, 1000) {
                        given.name = None;
                    }
                b.patch_volume(uuid, given)
            };
        every_1000th_rename_of_a_snapshot_is_lost "3.rename_snapshot", calls: usize:
            rename_snapshot = move |b, volume, of, name| {
                let before = b.get_snapshot(volume, of)?.name;
                let renamed = b.rename_snapshot(volume, of, name)?;
                if is_due(&calls, 1000) { b.rename_snapshot(volume, of, &before) } else { Ok(renamed) }
            };
        every_512th_restore_keeps_the_size "3.restore_snapshot", calls: usize:
            restore_snapshot = move |b, volume, of| {
                let before = b.get_volume(volume)?.size_bytes;
                let restored = b.restore_snapshot(volume, of)?;
                match before {
                    Some(size) if is_due(&calls, 512) => b.patch_volume(volume, patch().size_bytes(size)),
                    _ => Ok(restored),
                }
            };
        every_700th_split_does_nothing "3.split_clone", calls: usize:
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                if before.origin.is_some() && is_due(&calls, 700) {
                    return Ok(before);
                }
                b.split_clone(volume)
            };
        every_1024th_clone_has_no_size "3.create_clone", calls: usize:
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                if clone.size_bytes.is_some() && is_due(&calls, 1024) {
                    return b.patch_volume(clone.uuid, patch().size_bytes(1));
                }
                Ok(clone)
            };
        every_900th_deletion_does_nothing "3.delete_volume", calls: usize:
            delete_volume = move |b, uuid| {
                b.get_volume(uuid)?;
                if is_due(&calls, 900) { Ok(()) } else { b.delete_volume(uuid) }
            };
        every_1024th_deletion_of_a_snapshot_is_lost "3.delete_snapshot", calls: usize:
            delete_snapshot = move |b, volume, of| {
                b.get_snapshot(volume, of)?;
                if is_due(&calls, 1024) { Ok(()) } else { b.delete_snapshot(volume, of) }
            };
        every_1024th_mount_is_lost "3.patch_volume", calls: usize:
            patch_volume = move |b, uuid, mut given| {
                let is_mount = given.junction_path.as_ref().is_some_and(|path| path.len() > 1);
                if is_mount && rules::volume_patch(&given).is_ok() && is_due(&calls, 1024) {
                    given.junction_path = None;
                }
                b.patch_volume(uuid, given)
            };
        every_1024th_access_is_refused "3.access_handle", calls: usize:
            access_handle = move |b, uuid| {
                let handle = b.access_handle(uuid)?;
                refuse_if(is_due(&calls, 1024), offline(uuid))?;
                Ok(handle)
            };
    }
}
