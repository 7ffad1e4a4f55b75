//! Races: each operation checks or reads something, and acts on it half a millisecond later.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nessie_backend_core::{
    AccessHandle, BackendError, CloneBackend, CloneOrigin, Dependents, Result, Snapshot,
    SnapshotBackend, SnapshotId, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
    VolumeState,
};
use nessie_backend_mem::MemBackend as Mem;

use super::{
    Fault, each, edited, is_child_of, is_clone_of, is_online, newer, patch, refuse_if, split_all,
    while_online,
};
use crate::mutant::Mutant;

/// A backend with a race: its name, the case that finds it, and how it is made.
pub struct Race {
    pub name: &'static str,
    pub case: &'static str,
    pub make: fn() -> Mutant,
}

/// The races as faults.
pub fn faults() -> Vec<Fault> {
    let fault = |race: Race| Fault { name: race.name, rule: "3.linearizable", make: race.make };
    all().into_iter().map(fault).collect()
}

/// The case that finds the race of this name; `None` for another fault.
pub fn case_of(name: &str) -> Option<&'static str> {
    all().iter().find(|race| race.name == name).map(|race| race.case)
}

/// The time between the check and the change.
fn window() {
    thread::sleep(Duration::from_micros(500));
}

/// What a faulty backend remembers beside the reference.
#[derive(Default)]
struct State {
    /// The size of a volume when its snapshot was taken.
    sizes: Mutex<HashMap<SnapshotId, Option<u64>>>,
    /// The number of clones of a snapshot.
    clones: Mutex<HashMap<SnapshotId, i64>>,
    /// The names or paths that are taken.
    taken: Mutex<HashSet<String>>,
    /// The objects that an operation is changing.
    changing: Mutex<HashSet<Uuid>>,
    /// The origins that clones show instead of their own.
    origins: Mutex<HashMap<VolumeId, Option<CloneOrigin>>>,
}

impl State {
    fn count_clones(&self, of: SnapshotId) -> i64 {
        self.clones.lock().unwrap().get(&of).copied().unwrap_or(0)
    }

    fn set_clones(&self, of: SnapshotId, count: i64) {
        self.clones.lock().unwrap().insert(of, count);
    }

    fn add_clones(&self, of: SnapshotId, more: i64) {
        *self.clones.lock().unwrap().entry(of).or_default() += more;
    }

    fn is_changing(&self, uuid: Uuid) -> bool {
        self.changing.lock().unwrap().contains(&uuid)
    }

    /// Works on an object that is marked as changing, until half a millisecond later.
    fn changing<T>(&self, uuid: Uuid, work: impl FnOnce() -> T) -> T {
        self.changing.lock().unwrap().insert(uuid);
        window();
        let result = work();
        self.changing.lock().unwrap().remove(&uuid);
        result
    }

    fn show_origin(&self, volume: &mut Volume) {
        if let Some(origin) = self.origins.lock().unwrap().get(&volume.uuid) {
            volume.origin.clone_from(origin);
        }
    }

    fn take_snapshot(&self, b: &Mem, volume: VolumeId, name: &str) -> Result<Snapshot> {
        let made = b.create_snapshot(volume, name)?;
        self.sizes.lock().unwrap().insert(made.uuid, b.get_volume(volume)?.size_bytes);
        Ok(made)
    }

    /// Restores a volume some time after it has read which snapshots are newer.
    fn restore_late(&self, b: &Mem, volume: VolumeId, of: SnapshotId) -> Result<Volume> {
        let newer = newer(b, volume, of)?;
        b.get_snapshot(volume, of)?;
        window();
        for snapshot in newer {
            let _ = b.delete_snapshot(volume, snapshot.uuid);
        }
        b.patch_volume(volume, self.size_of(of))
    }

    /// A patch of the size that the volume had when the snapshot was taken.
    fn size_of(&self, of: SnapshotId) -> VolumePatch {
        let size = self.sizes.lock().unwrap().get(&of).copied().flatten();
        size.map_or(patch(), |size| patch().size_bytes(size))
    }

    fn restore_the_size_last(&self, b: &Mem, volume: VolumeId, of: SnapshotId) -> Result<Volume> {
        for snapshot in newer(b, volume, of)? {
            b.delete_snapshot(volume, snapshot.uuid)?;
        }
        window();
        b.patch_volume(volume, self.size_of(of))
    }

    /// Deletes a snapshot that has no clone by the count.
    fn delete_by_count(&self, b: &Mem, volume: VolumeId, of: SnapshotId) -> Result<()> {
        b.get_snapshot(volume, of)?;
        if self.count_clones(of) <= 0 {
            split_all(b, |it| is_clone_of(it, of))?;
            return b.delete_snapshot(volume, of);
        }
        if !b.list_volumes()?.iter().any(|it| is_clone_of(it, of)) {
            let dependents = Dependents::new(Vec::new(), 0);
            return Err(BackendError::SnapshotBusy { snapshot: of, dependents });
        }
        b.delete_snapshot(volume, of)
    }
}

/// Lists races: the name, the case, and the operations that are replaced. `$state` is what they
/// share.
macro_rules! races {
    ($state:ident: $($name:ident $case:literal: $($operation:ident = $replacement:expr),+;)+) => {
        vec![$(Race {
            name: stringify!($name),
            case: concat!("concurrency.", $case),
            make: || {
                let shared = Arc::<State>::default();
                Mutant {
                    $($operation: Some(Box::new({
                        let $state = Arc::clone(&shared);
                        let _ = &$state;
                        $replacement
                    })),)+
                    ..Mutant::default()
                }
            },
        }),+]
    };
}

pub fn all() -> Vec<Race> {
    [of_reads(), of_volumes(), of_snapshots(), of_restores(), of_clones()]
        .into_iter()
        .flatten()
        .collect()
}

fn renamed_to(mut snapshot: Snapshot, name: &str) -> Snapshot {
    name.clone_into(&mut snapshot.name);
    snapshot
}

/// The snapshots that a volume had half a millisecond ago and still has.
fn listed_one_by_one(b: &Mem, volume: VolumeId) -> Result<Vec<Snapshot>> {
    let before = b.list_snapshots(volume)?;
    window();
    Ok(before.iter().filter_map(|it| b.get_snapshot(volume, it.uuid).ok()).collect())
}

fn of_reads() -> Vec<Race> {
    races! { state:
        lists_half_of_the_volumes_later "lists_the_volumes_of_one_instant": list_volumes = |b| {
            let is_first = |volume: &Volume| volume.uuid.uuid().as_u128().is_multiple_of(2);
            let before = b.list_volumes()?;
            window();
            let after = b.list_volumes()?;
            let new = after.iter().filter(|it| !before.iter().any(|old| old.uuid == it.uuid));
            let order: Vec<Volume> = before.iter().chain(new).cloned().collect();
            let half = |it: Volume| {
                let from = if is_first(&it) { &before } else { &after };
                from.iter().find(|other| other.uuid == it.uuid).cloned()
            };
            Ok(order.into_iter().filter_map(half).collect())
        };
        lists_records_one_by_one "lists_the_records_of_one_instant": list_volumes = |b| {
            let before = b.list_volumes()?;
            window();
            Ok(before.iter().filter_map(|it| b.get_volume(it.uuid).ok()).collect())
        };
        reads_the_size_first "reads_fields_patched_together": get_volume = |b, uuid| {
            let size = b.get_volume(uuid)?.size_bytes;
            window();
            edited(b.get_volume(uuid), |volume| volume.size_bytes = size)
        };
        sets_the_size_first "reads_fields_patched_together": patch_volume = |b, uuid, given| {
            let Some(size) = given.size_bytes else { return b.patch_volume(uuid, given) };
            b.patch_volume(uuid, patch().size_bytes(size))?;
            window();
            b.patch_volume(uuid, given)
        };
        renames_by_way_of_no_name "finds_what_is_being_renamed":
            patch_volume = move |b, uuid, given| {
                state.changing(uuid.uuid(), || b.patch_volume(uuid, given))
            },
            find_volume = move |b, name| {
                let found = b.find_volume(name)?;
                Ok(found.filter(|it| !state.is_changing(it.uuid.uuid())))
            };
        finds_by_an_old_index "finds_the_owner_of_a_name": find_volume = |b, name| {
            let Some(found) = b.find_volume(name)? else { return Ok(None) };
            window();
            Ok(b.get_volume(found.uuid).ok())
        };
        finds_a_record_of_two_volumes "reads_what_is_being_deleted": find_volume = |b, name| {
            let Some(found) = b.find_volume(name)? else { return Ok(None) };
            window();
            let after = b.find_volume(name)?;
            let record = after.map(|it| edited(Ok(it), |volume| volume.uuid = found.uuid));
            record.transpose()
        };
        accesses_the_deleted "accesses_what_is_being_deleted": access_handle = |b, uuid| {
            b.get_volume(uuid)?;
            window();
            if b.get_volume(uuid).is_err() {
                return Ok(AccessHandle::InMemory);
            }
            b.access_handle(uuid)
        };
        takes_handles_back_later "accesses_what_goes_offline":
            patch_volume = move |b, uuid, given| {
                let is_offline = given.state == Some(VolumeState::Offline);
                let volume = b.patch_volume(uuid, given)?;
                if is_offline {
                    state.changing(uuid.uuid(), || ());
                }
                Ok(volume)
            },
            access_handle = move |b, uuid| {
                if state.is_changing(uuid.uuid()) {
                    return Ok(AccessHandle::InMemory);
                }
                b.access_handle(uuid)
            };
        lists_snapshots_one_by_one "lists_the_snapshots_of_one_instant":
            list_snapshots = |b, volume| listed_one_by_one(b, volume);
        lists_no_snapshots_of_the_deleted "reads_snapshots_of_what_is_being_deleted":
            list_snapshots = |b, volume| listed_one_by_one(b, volume);
        finds_snapshots_by_an_old_index "finds_the_owner_of_a_snapshot_name":
            find_snapshot = |b, volume, name| {
                let Some(found) = b.find_snapshot(volume, name)? else { return Ok(None) };
                window();
                Ok(b.get_snapshot(volume, found.uuid).ok())
            };
        renames_snapshots_by_way_of_no_name "finds_a_snapshot_being_renamed":
            rename_snapshot = move |b, volume, of, name| {
                state.changing(of.uuid(), || b.rename_snapshot(volume, of, name))
            },
            find_snapshot = move |b, volume, name| {
                let found = b.find_snapshot(volume, name)?;
                Ok(found.filter(|it| !state.is_changing(it.uuid.uuid())))
            };
        reads_origins_first "reads_origins_of_what_is_being_renamed": get_volume = |b, uuid| {
            let origin = b.get_volume(uuid)?.origin;
            window();
            edited(b.get_volume(uuid), |volume| volume.origin = origin)
        };
        lists_origins_first "reads_origins_of_what_is_being_renamed": list_volumes = |b| {
            let before = b.list_volumes()?;
            window();
            each(b.list_volumes(), |volume| {
                if let Some(old) = before.iter().find(|old| old.uuid == volume.uuid) {
                    volume.origin.clone_from(&old.origin);
                }
            })
        };
        records_origins_later "reads_what_is_being_cloned":
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                state.origins.lock().unwrap().insert(clone.uuid, None);
                window();
                state.origins.lock().unwrap().remove(&clone.uuid);
                Ok(clone)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| state.show_origin(volume));
        frees_the_snapshot_before_the_split "reads_what_is_being_split":
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                state.origins.lock().unwrap().insert(volume, before.origin);
                let split = b.split_clone(volume);
                window();
                state.origins.lock().unwrap().remove(&volume);
                split
            },
            list_volumes = {
                let shown = Arc::clone(&state);
                move |b| each(b.list_volumes(), |volume| shown.show_origin(volume))
            },
            get_volume = move |b, uuid| {
                edited(b.get_volume(uuid), |volume| state.show_origin(volume))
            };
    }
}

fn of_volumes() -> Vec<Race> {
    races! { state:
        returns_the_volume_of_the_name "creates_one_volume_of_a_name": create_volume = |b, spec| {
            let name = spec.name.clone();
            refuse_if(
                b.find_volume(&name)?.is_some(),
                BackendError::VolumeExists { name: name.clone() },
            )?;
            window();
            let made = b.create_volume(spec);
            if matches!(made, Err(BackendError::VolumeExists { .. })) {
                return Ok(b.find_volume(&name)?.unwrap());
            }
            made
        };
        deletes_a_volume_twice "deletes_a_volume_once": delete_volume = |b, uuid| {
            b.get_volume(uuid)?;
            window();
            match b.delete_volume(uuid) {
                Err(BackendError::VolumeNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        patches_bring_back "patches_what_is_being_deleted": patch_volume = |b, uuid, given| {
            let before = b.get_volume(uuid)?;
            window();
            let patched = b.patch_volume(uuid, given);
            if matches!(patched, Err(BackendError::VolumeNotFound { .. })) {
                b.create_volume(VolumeSpec::named(before.name.clone()))?;
                return Ok(before);
            }
            patched
        };
        mounts_two_at_a_path "mounts_one_volume_at_a_path": patch_volume = |b, uuid, given| {
            let path = given.junction_path.clone();
            let is_taken = b.list_volumes()?.iter().any(|it| it.junction_path == path);
            if is_taken {
                return b.patch_volume(uuid, given);
            }
            window();
            let patched = b.patch_volume(uuid, given);
            if matches!(patched, Err(BackendError::JunctionPathExists { .. })) {
                return edited(b.get_volume(uuid), |volume| volume.junction_path = path);
            }
            patched
        };
        keeps_the_path_of_the_deleted "mounts_what_is_being_deleted":
            patch_volume = move |b, uuid, given| {
                let old = b.get_volume(uuid)?.junction_path;
                let path = given.junction_path.clone().filter(|path| !path.is_empty());
                if let Some(path) = &path
                    && state.taken.lock().unwrap().contains(path)
                {
                    return Err(BackendError::JunctionPathExists { path: path.clone() });
                }
                let volume = b.patch_volume(uuid, given)?;
                let mut taken = state.taken.lock().unwrap();
                taken.extend(path);
                if let Some(old) = old.filter(|old| volume.junction_path.as_ref() != Some(old)) {
                    taken.remove(&old);
                }
                Ok(volume)
            },
            delete_volume = move |b, uuid| {
                let path = b.get_volume(uuid)?.junction_path;
                window();
                b.delete_volume(uuid)?;
                state.taken.lock().unwrap().remove(&path.unwrap_or_default());
                Ok(())
            };
        keeps_the_name_of_the_deleted "renames_what_is_being_deleted":
            create_volume = move |b, spec| {
                let name = spec.name.clone();
                let is_taken = state.taken.lock().unwrap().contains(&name);
                refuse_if(is_taken, BackendError::VolumeExists { name: name.clone() })?;
                let made = b.create_volume(spec)?;
                state.taken.lock().unwrap().insert(name);
                Ok(made)
            },
            patch_volume = move |b, uuid, given| {
                let old = b.get_volume(uuid)?.name;
                let volume = b.patch_volume(uuid, given)?;
                let mut taken = state.taken.lock().unwrap();
                taken.remove(&old);
                taken.insert(volume.name.clone());
                Ok(volume)
            },
            delete_volume = move |b, uuid| {
                let name = b.get_volume(uuid)?.name;
                window();
                b.delete_volume(uuid)?;
                state.taken.lock().unwrap().remove(&name);
                Ok(())
            };
        renames_two_to_a_name "renames_one_volume_to_a_name": patch_volume = |b, uuid, given| {
            let Some(name) = given.name.clone() else { return b.patch_volume(uuid, given) };
            if b.find_volume(&name)?.is_some() {
                return b.patch_volume(uuid, given);
            }
            window();
            let patched = b.patch_volume(uuid, given);
            if matches!(patched, Err(BackendError::VolumeExists { .. })) {
                return edited(b.get_volume(uuid), |volume| volume.name = name);
            }
            patched
        };
        renames_over_the_created "renames_and_creates_one_name": patch_volume = |b, uuid, given| {
            let Some(name) = given.name.clone() else { return b.patch_volume(uuid, given) };
            if b.find_volume(&name)?.is_some() {
                return b.patch_volume(uuid, given);
            }
            window();
            if let Some(other) = b.find_volume(&name)? {
                b.delete_volume(other.uuid)?;
            }
            b.patch_volume(uuid, given)
        };
        resizes_the_offline "resizes_and_takes_offline": patch_volume = |b, uuid, given| {
            if given.size_bytes.is_none() || !is_online(b, uuid) {
                return b.patch_volume(uuid, given);
            }
            window();
            while_online(b, uuid, || b.patch_volume(uuid, given))
        };
    }
}

fn of_snapshots() -> Vec<Race> {
    races! { state:
        returns_the_snapshot_of_the_name "takes_one_snapshot_of_a_name":
            create_snapshot = |b, volume, name| {
                if b.find_snapshot(volume, name)?.is_some() {
                    return b.create_snapshot(volume, name);
                }
                window();
                let made = b.create_snapshot(volume, name);
                if matches!(made, Err(BackendError::SnapshotExists { .. })) {
                    return Ok(b.find_snapshot(volume, name)?.unwrap());
                }
                made
            };
        deletes_a_snapshot_twice "deletes_a_snapshot_once": delete_snapshot = |b, volume, of| {
            b.get_snapshot(volume, of)?;
            window();
            match b.delete_snapshot(volume, of) {
                Err(BackendError::SnapshotNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        misses_the_snapshot_of_the_deleted "snapshots_what_is_being_deleted":
            create_snapshot = |b, volume, name| {
                b.get_volume(volume)?;
                window();
                b.create_snapshot(volume, name).map_err(|error| match error {
                    BackendError::VolumeNotFound { .. } => {
                        BackendError::SnapshotNameNotFound { volume, name: name.to_owned() }
                    }
                    error => error,
                })
            };
        snapshots_the_offline "snapshots_what_goes_offline": create_snapshot = |b, volume, name| {
            if !is_online(b, volume) {
                return b.create_snapshot(volume, name);
            }
            window();
            while_online(b, volume, || b.create_snapshot(volume, name))
        };
        renames_two_snapshots_to_a_name "renames_one_snapshot_to_a_name":
            rename_snapshot = |b, volume, of, name| {
                if b.find_snapshot(volume, name)?.is_some() {
                    return b.rename_snapshot(volume, of, name);
                }
                window();
                let renamed = b.rename_snapshot(volume, of, name);
                if matches!(renamed, Err(BackendError::SnapshotExists { .. })) {
                    let snapshot = b.get_snapshot(volume, of)?;
                    return Ok(renamed_to(snapshot, name));
                }
                renamed
            };
        renames_bring_snapshots_back "renames_a_snapshot_being_deleted":
            rename_snapshot = |b, volume, of, name| {
                let snapshot = b.get_snapshot(volume, of)?;
                window();
                let renamed = b.rename_snapshot(volume, of, name);
                if matches!(renamed, Err(BackendError::SnapshotNotFound { .. })) {
                    b.create_snapshot(volume, name)?;
                    return Ok(renamed_to(snapshot, name));
                }
                renamed
            };
    }
}

fn of_restores() -> Vec<Race> {
    races! { state:
        snapshots_survive_a_restore_with_their_size "snapshots_what_is_being_restored":
            create_snapshot = {
                let shared = Arc::clone(&state);
                move |b, volume, name| shared.take_snapshot(b, volume, name)
            },
            restore_snapshot = move |b, volume, of| state.restore_the_size_last(b, volume, of);
        restores_the_size_first "reads_what_is_being_restored":
            create_snapshot = {
                let shared = Arc::clone(&state);
                move |b, volume, name| shared.take_snapshot(b, volume, name)
            },
            restore_snapshot = move |b, volume, of| {
                b.get_snapshot(volume, of)?;
                b.patch_volume(volume, state.size_of(of))?;
                window();
                b.restore_snapshot(volume, of)
            };
        misses_the_snapshot_before_the_volume "restores_what_is_being_deleted":
            restore_snapshot = |b, volume, snapshot| {
                b.get_volume(volume)?;
                window();
                b.restore_snapshot(volume, snapshot).map_err(|error| match error {
                    BackendError::VolumeNotFound { .. } => {
                        BackendError::SnapshotNotFound { volume, snapshot }
                    }
                    error => error,
                })
            };
        restores_to_the_deleted "restores_to_what_is_being_deleted":
            create_snapshot = {
                let shared = Arc::clone(&state);
                move |b, volume, name| shared.take_snapshot(b, volume, name)
            },
            restore_snapshot = move |b, volume, of| state.restore_late(b, volume, of);
        restores_to_the_dropped "restores_to_several_snapshots":
            create_snapshot = {
                let shared = Arc::clone(&state);
                move |b, volume, name| shared.take_snapshot(b, volume, name)
            },
            restore_snapshot = move |b, volume, of| state.restore_late(b, volume, of);
        restores_over_a_new_clone "restores_what_is_being_cloned":
            restore_snapshot = |b, volume, of| {
                let newer = newer(b, volume, of)?;
                let is_in_the_way =
                    |clone: &Volume| newer.iter().any(|it| is_clone_of(clone, it.uuid));
                if b.list_volumes()?.iter().any(is_in_the_way) {
                    return b.restore_snapshot(volume, of);
                }
                window();
                split_all(b, is_in_the_way)?;
                b.restore_snapshot(volume, of)
            };
        restores_the_size_last "restores_and_takes_snapshots":
            create_snapshot = {
                let shared = Arc::clone(&state);
                move |b, volume, name| shared.take_snapshot(b, volume, name)
            },
            restore_snapshot = move |b, volume, of| state.restore_the_size_last(b, volume, of);
    }
}

fn of_clones() -> Vec<Race> {
    races! { state:
        splits_the_clones_of_the_deleted "clones_of_a_volume_being_deleted":
            delete_volume = |b, uuid| {
                if b.list_volumes()?.iter().any(|it| is_child_of(it, uuid)) {
                    return b.delete_volume(uuid);
                }
                window();
                split_all(b, |it| is_child_of(it, uuid))?;
                b.delete_volume(uuid)
            };
        clones_the_deleted "clones_what_is_being_deleted": create_clone = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            window();
            match b.create_clone(volume, of, name) {
                Err(BackendError::SnapshotNotFound { .. }) => {
                    b.create_volume(VolumeSpec::named(name))
                }
                result => result,
            }
        };
        clones_the_offline "clones_what_goes_offline": create_clone = |b, volume, of, name| {
            if !is_online(b, volume) {
                return b.create_clone(volume, of, name);
            }
            window();
            while_online(b, volume, || b.create_clone(volume, of, name))
        };
        clones_the_size_first "clones_what_is_being_patched": create_clone = |b, volume, of, name| {
            let size = b.get_volume(volume)?.size_bytes.unwrap_or(1);
            window();
            let clone = b.create_clone(volume, of, name)?;
            b.patch_volume(clone.uuid, patch().size_bytes(size))
        };
        returns_the_clone_of_the_name "creates_one_clone_of_a_name":
            create_clone = |b, volume, of, name| {
                if b.find_volume(name)?.is_some() {
                    return b.create_clone(volume, of, name);
                }
                window();
                let made = b.create_clone(volume, of, name);
                if matches!(made, Err(BackendError::VolumeExists { .. })) {
                    return Ok(b.find_volume(name)?.unwrap());
                }
                made
            };
        loses_a_count_of_clones "counts_clones_that_come_and_go":
            create_clone = {
                let shared = Arc::clone(&state);
                move |b, volume, of, name| {
                    let count = shared.count_clones(of);
                    let clone = b.create_clone(volume, of, name)?;
                    window();
                    shared.set_clones(of, count + 1);
                    Ok(clone)
                }
            },
            delete_volume = {
                let shared = Arc::clone(&state);
                move |b, uuid| {
                    let origin = b.get_volume(uuid)?.origin;
                    b.delete_volume(uuid)?;
                    if let Some(origin) = origin {
                        shared.add_clones(origin.parent_snapshot_uuid, -1);
                    }
                    Ok(())
                }
            },
            delete_snapshot = move |b, volume, of| state.delete_by_count(b, volume, of);
        releases_a_snapshot_twice "counts_clones_that_are_split":
            create_clone = {
                let shared = Arc::clone(&state);
                move |b, volume, of, name| {
                    let clone = b.create_clone(volume, of, name)?;
                    shared.add_clones(of, 1);
                    Ok(clone)
                }
            },
            split_clone = {
                let shared = Arc::clone(&state);
                move |b, volume| {
                    let origin = b.get_volume(volume)?.origin;
                    window();
                    let split = b.split_clone(volume);
                    if let Some(origin) = origin {
                        shared.add_clones(origin.parent_snapshot_uuid, -1);
                    }
                    split
                }
            },
            delete_volume = {
                let shared = Arc::clone(&state);
                move |b, uuid| {
                    let origin = b.get_volume(uuid)?.origin;
                    b.delete_volume(uuid)?;
                    if let Some(origin) = origin {
                        shared.add_clones(origin.parent_snapshot_uuid, -1);
                    }
                    Ok(())
                }
            },
            delete_snapshot = move |b, volume, of| state.delete_by_count(b, volume, of);
        names_the_clones_later "names_clones_that_come_and_go": delete_volume = |b, uuid| {
            let first = b.delete_volume(uuid);
            let Err(BackendError::VolumeBusy { volume, dependents }) = first else { return first };
            window();
            let all = b.list_volumes()?;
            let names = all.into_iter().filter(|it| is_child_of(it, uuid)).map(|it| it.name);
            let dependents = Dependents::new(names.collect(), dependents.count);
            Err(BackendError::VolumeBusy { volume, dependents })
        };
        splits_what_was_deleted "splits_and_deletes": delete_snapshot = |b, volume, of| {
            let clones = b.list_volumes()?;
            let clone = clones.into_iter().find(|it| is_clone_of(it, of));
            let Some(clone) = clone else { return b.delete_snapshot(volume, of) };
            window();
            if b.get_volume(clone.uuid)?.origin.is_some() {
                return b.delete_snapshot(volume, of);
            }
            let dependents = Dependents::new(Vec::new(), 0);
            Err(BackendError::SnapshotBusy { snapshot: of, dependents })
        };
    }
}
