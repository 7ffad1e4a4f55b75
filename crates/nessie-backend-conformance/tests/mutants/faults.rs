//! The faults: each a small change of an operation or two, with the rule it breaks.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneBackend, Dependents, Result, Snapshot,
    SnapshotBackend, SnapshotId, Timestamp, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch,
    VolumeSpec, VolumeState, VolumeType, rules,
};
use nessie_backend_mem::MemBackend as Mem;

use super::mutant::Mutant;

/// A faulty backend: its name, the rule it breaks, and how it is made.
pub struct Fault {
    pub name: &'static str,
    pub rule: &'static str,
    pub make: fn() -> Mutant,
}

/// Lists faults: the name, the rule, and the operations that are replaced.
macro_rules! faults {
    ($($name:ident $rule:literal: $($operation:ident = $replacement:expr),+;)+) => {
        vec![$(Fault {
            name: stringify!($name),
            rule: $rule,
            make: || Mutant {
                $($operation: Some(Box::new($replacement)),)+
                ..Mutant::default()
            },
        }),+]
    };
}

pub fn all() -> Vec<Fault> {
    [of_volumes(), of_patches(), of_snapshots(), of_clones(), of_errors(), of_memory(), of_tiers()]
        .into_iter()
        .flatten()
        .collect()
}

const fn state_of(patch: &VolumePatch) -> Option<VolumeState> {
    patch.state
}

fn is_online(b: &Mem, uuid: VolumeId) -> bool {
    b.get_volume(uuid).is_ok_and(|volume| volume.state == VolumeState::Online)
}

fn offline(volume: VolumeId) -> BackendError {
    BackendError::VolumeOffline { volume, state: VolumeState::Offline }
}

/// What a backend waits between its look and its act when it drives something over a network.
fn round_trip() {
    thread::sleep(Duration::from_micros(200));
}

fn patch() -> VolumePatch {
    VolumePatch::new()
}

fn edited(volume: Result<Volume>, edit: impl FnOnce(&mut Volume)) -> Result<Volume> {
    volume.map(|mut volume| {
        edit(&mut volume);
        volume
    })
}

/// With every volume of the list edited.
fn each(volumes: Result<Vec<Volume>>, edit: impl Fn(&mut Volume)) -> Result<Vec<Volume>> {
    volumes.map(|mut volumes| {
        volumes.iter_mut().for_each(edit);
        volumes
    })
}

fn of_volumes() -> Vec<Fault> {
    faults! {
        names_of_204_characters "2.volume_names": create_volume = |b, spec| {
            if spec.name.len() == 204 {
                return b.create_volume(VolumeSpec::named(&spec.name[..203]));
            }
            b.create_volume(spec)
        };
        no_names_of_203_characters "2.volume_names": create_volume = |b, spec| {
            if spec.name.len() == 203 {
                return Err(BackendError::invalid("name", &spec.name, "is too long"));
            }
            b.create_volume(spec)
        };
        trims_names "2.volume_names": create_volume = |b, mut spec| {
            spec.name = String::from(spec.name.trim());
            b.create_volume(spec)
        };
        cuts_long_names "2.volume_names": create_volume = |b, mut spec| {
            spec.name.truncate(203);
            b.create_volume(spec)
        };
        lowers_names "2.exact": create_volume = |b, mut spec| {
            spec.name.make_ascii_lowercase();
            b.create_volume(spec)
        };
        ignores_case_of_names "2.case": create_volume = |b, spec| {
            let is_taken = |volume: &Volume| volume.name.eq_ignore_ascii_case(&spec.name);
            if rules::volume_spec(&spec).is_ok() && b.list_volumes()?.iter().any(is_taken) {
                return Err(BackendError::VolumeExists { name: spec.name });
            }
            b.create_volume(spec)
        };
        returns_the_volume_of_a_taken_name "3.create_volume.refuses": create_volume = |b, spec| {
            match b.find_volume(&spec.name)? {
                Some(volume) if spec.size_bytes.is_none() => Ok(volume),
                _ => b.create_volume(spec),
            }
        };
        takes_a_size_of_zero "3.create_volume.refuses": create_volume = |b, mut spec| {
            spec.size_bytes = spec.size_bytes.map(|size| size.max(1));
            b.create_volume(spec)
        };
        zero_for_no_size "1.size": create_volume = |b, spec| {
            let size = spec.size_bytes;
            edited(b.create_volume(spec), |volume| volume.size_bytes = size.or(Some(0)))
        };
        sizes_as_floats "1.size": create_volume = |b, mut spec| {
            #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the fault")]
            let rounded = |size: u64| size as f64 as u64;
            spec.size_bytes = spec.size_bytes.map(rounded);
            b.create_volume(spec)
        };
        sizes_below_2_to_63 "1.size": create_volume = |b, mut spec| {
            spec.size_bytes = spec.size_bytes.map(|size| size.min(u64::MAX >> 1));
            b.create_volume(spec)
        };
        conflict_before_bad_size "3.order": create_volume = |b, spec| {
            if b.find_volume(&spec.name)?.is_some() {
                return Err(BackendError::VolumeExists { name: spec.name });
            }
            b.create_volume(spec)
        };
        half_made_when_refused "3.atomic": create_volume = |b, mut spec| {
            if spec.size_bytes == Some(0) && rules::volume_name(&spec.name).is_ok() {
                spec.size_bytes = None;
                let _ = b.create_volume(spec.clone());
                spec.size_bytes = Some(0);
            }
            b.create_volume(spec)
        };
        lists_by_name "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(volumes)
        };
        lists_newest_first "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.reverse();
            Ok(volumes)
        };
        lists_a_hundred "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.truncate(100);
            Ok(volumes)
        };
        lists_256 "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.truncate(256);
            Ok(volumes)
        };
        lists_512 "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.truncate(512);
            Ok(volumes)
        };
        lists_no_offline_volume "3.list_volumes": list_volumes = |b| {
            let mut volumes = b.list_volumes()?;
            volumes.retain(|volume| volume.state != VolumeState::Offline);
            Ok(volumes)
        };
        lists_without_junctions "3.list_volumes": list_volumes = |b| {
            each(b.list_volumes(), |volume| volume.junction_path = None)
        };
        finds_ignoring_case "3.find_volume": find_volume = |b, name| {
            let is_it = |volume: &Volume| volume.name.eq_ignore_ascii_case(name);
            Ok(b.list_volumes()?.into_iter().find(is_it))
        };
        finds_by_prefix "3.find_volume": find_volume = |b, name| {
            let is_it = |volume: &Volume| volume.name.starts_with(name);
            Ok(b.find_volume(name)?.or(b.list_volumes()?.into_iter().find(is_it)))
        };
        finds_nothing "3.find_volume": find_volume = |_, _| Ok(None);
        refuses_to_find_bad_names "3.find_volume": find_volume = |b, name| {
            rules::volume_name(name)?;
            b.find_volume(name)
        };
        gets_without_policy "3.get_volume": get_volume = |b, uuid| {
            edited(b.get_volume(uuid), |volume| volume.export_policy = None)
        };
        times_that_move "1.create_time": get_volume = |b, uuid| {
            edited(b.get_volume(uuid), |volume| {
                volume.create_time = volume.create_time.and_then(|time| {
                    time.checked_add(Duration::from_secs(1))
                });
            })
        };
        times_gone_from_lists "1.create_time": list_volumes = |b| {
            each(b.list_volumes(), |volume| volume.create_time = None)
        };
        volumes_of_type_dp "1.kind":
            create_volume = |b, spec| {
                edited(b.create_volume(spec), |volume| volume.vol_type = VolumeType::Dp)
            };
        a_policy_by_default "1.unset": create_volume = |b, spec| {
            let volume = b.create_volume(spec)?;
            b.patch_volume(volume.uuid, patch().export_policy("default"))
        };
        a_junction_by_default "1.unset": create_volume = |b, spec| {
            let volume = b.create_volume(spec)?;
            b.patch_volume(volume.uuid, patch().junction_path(format!("/{}", volume.name)))
        };
        created_offline "1.state": create_volume = |b, spec| {
            let volume = b.create_volume(spec)?;
            b.patch_volume(volume.uuid, patch().state(VolumeState::Offline))
        };
        identifiers_of_version_1 "2.uuid_form": create_volume = |b, spec| {
            edited(b.create_volume(spec), |volume| {
                let bits = volume.uuid.uuid().as_u128() & !(0xf << 76) | (1 << 76);
                volume.uuid = VolumeId::new(Uuid::from_u128(bits));
            })
        };
        deletes_twice "3.delete_volume.refuses": delete_volume = |b, uuid| {
            match b.delete_volume(uuid) {
                Err(BackendError::VolumeNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        deletes_no_offline_volume "3.delete_volume": delete_volume = |b, uuid| {
            if b.get_volume(uuid)?.state != VolumeState::Online {
                return Err(offline(uuid));
            }
            b.delete_volume(uuid)
        };
        deletes_no_volume_with_snapshots "3.delete_volume": delete_volume = |b, uuid| {
            if !b.list_snapshots(uuid)?.is_empty() {
                let dependents = Dependents::default();
                return Err(BackendError::VolumeBusy { volume: uuid, dependents });
            }
            b.delete_volume(uuid)
        };
        deletes_nothing "3.delete_volume": delete_volume = |b, uuid| b.get_volume(uuid).map(drop);
        unmounts_before_refusing_to_delete "3.atomic": delete_volume = |b, uuid| {
            let _ = b.patch_volume(uuid, patch().junction_path(""));
            b.delete_volume(uuid)
        };
        accesses_offline_volumes "3.access_handle.refuses": access_handle = |b, uuid| {
            b.get_volume(uuid).map(|_| AccessHandle::InMemory)
        };
        accesses_restricted_volumes "3.access_handle.refuses": access_handle = |b, uuid| {
            match b.get_volume(uuid)?.state {
                VolumeState::Restricted => Ok(AccessHandle::InMemory),
                _ => b.access_handle(uuid),
            }
        };
        accesses_missing_volumes "3.access_handle.refuses": access_handle = |b, uuid| {
            if b.get_volume(uuid).is_err() { Ok(AccessHandle::InMemory) } else { b.access_handle(uuid) }
        };
        accesses_mounted_volumes_only "3.access_handle": access_handle = |b, uuid| {
            if b.get_volume(uuid)?.junction_path.is_none() {
                return Err(offline(uuid));
            }
            b.access_handle(uuid)
        };
        panics_on_long_names "4.no_panic": create_volume = |b, spec| {
            assert!(spec.name.len() < 60_000, "what a name");
            b.create_volume(spec)
        };
        panics_when_finding_null "4.no_panic": find_volume = |b, name| {
            assert!(!name.contains('\0'), "what a name");
            b.find_volume(name)
        };
    }
}

fn of_patches() -> Vec<Fault> {
    faults! {
        an_empty_patch_unmounts "3.patch_volume": patch_volume = |b, uuid, given| {
            let given = if given.is_empty() { patch().junction_path("") } else { given };
            b.patch_volume(uuid, given)
        };
        a_resize_drops_the_policy "3.patch_volume": patch_volume = |b, uuid, given| {
            let is_resize = given.size_bytes.is_some() && given.export_policy.is_none();
            let volume = b.patch_volume(uuid, given)?;
            if is_resize && volume.export_policy.is_some() {
                return b.patch_volume(uuid, patch().export_policy("default"));
            }
            Ok(volume)
        };
        a_mount_clears_the_size "3.patch_volume": patch_volume = |b, uuid, given| {
            let is_mount = given.junction_path.is_some();
            let volume = b.patch_volume(uuid, given)?;
            if is_mount && volume.state == VolumeState::Online {
                return b.patch_volume(uuid, patch().size_bytes(1));
            }
            Ok(volume)
        };
        returns_what_was_before "3.patch_volume": patch_volume = |b, uuid, given| {
            let before = b.get_volume(uuid)?;
            b.patch_volume(uuid, given)?;
            Ok(before)
        };
        never_shrinks "3.patch_volume.resize": patch_volume = |b, uuid, mut given| {
            let size = b.get_volume(uuid)?.size_bytes;
            if let (Some(old), Some(new)) = (size, given.size_bytes)
                && rules::volume_patch(&given).is_ok() {
                    given.size_bytes = Some(new.max(old));
                }
            b.patch_volume(uuid, given)
        };
        size_before_the_rest_is_checked "3.atomic": patch_volume = |b, uuid, given| {
            if let Some(size) = given.size_bytes.filter(|size| *size > 0) {
                let _ = b.patch_volume(uuid, patch().size_bytes(size));
            }
            b.patch_volume(uuid, given)
        };
        policy_before_the_rest_is_checked "3.atomic": patch_volume = |b, uuid, given| {
            if let Some(policy) = &given.export_policy {
                let _ = b.patch_volume(uuid, patch().export_policy(policy));
            }
            b.patch_volume(uuid, given)
        };
        unmounts_before_the_rest_is_checked "3.atomic": patch_volume = |b, uuid, given| {
            if given.junction_path.is_some() {
                let _ = b.patch_volume(uuid, patch().junction_path(""));
            }
            b.patch_volume(uuid, given)
        };
        renames_before_the_rest_is_checked "3.atomic": patch_volume = |b, uuid, given| {
            if let Some(name) = &given.name {
                let _ = b.patch_volume(uuid, patch().name(name));
            }
            b.patch_volume(uuid, given)
        };
        goes_offline_before_the_rest_is_checked "3.atomic": patch_volume = |b, uuid, given| {
            if let Some(state) = state_of(&given) {
                let _ = b.patch_volume(uuid, patch().state(state));
            }
            b.patch_volume(uuid, given)
        };
        values_before_existence "3.order": patch_volume = |b, uuid, given| {
            rules::volume_patch(&given)?;
            b.patch_volume(uuid, given)
        };
        conflict_before_values "3.order": patch_volume = |b, uuid, given| {
            let owner = given.junction_path.as_ref().and_then(|path| {
                let volumes = b.list_volumes().ok()?;
                volumes.into_iter().find(|it| it.junction_path.as_ref() == Some(path))
            });
            if owner.is_some_and(|owner| owner.uuid != uuid) && b.get_volume(uuid).is_ok() {
                let path = given.junction_path.unwrap_or_default();
                return Err(BackendError::JunctionPathExists { path });
            }
            b.patch_volume(uuid, given)
        };
        state_before_values "3.order": patch_volume = |b, uuid, given| {
            let stays = state_of(&given) != Some(VolumeState::Online);
            if given.size_bytes.is_some() && stays && !is_online(b, uuid) {
                b.get_volume(uuid)?;
                return Err(offline(uuid));
            }
            b.patch_volume(uuid, given)
        };
        conflict_before_state "3.order": patch_volume = |b, uuid, given| {
            let owner = given.name.as_deref().map(|name| b.find_volume(name)).transpose()?.flatten();
            if owner.is_some_and(|owner| owner.uuid != uuid) && rules::volume_patch(&given).is_ok() {
                b.get_volume(uuid)?;
                return Err(BackendError::VolumeExists { name: given.name.unwrap_or_default() });
            }
            b.patch_volume(uuid, given)
        };
        resizes_offline_volumes "3.patch_volume.refuses": patch_volume = |b, uuid, given| {
            match b.get_volume(uuid)?.state {
                VolumeState::Offline if given.size_bytes.is_some() && given.state.is_none() => {
                    b.patch_volume(uuid, given.state(VolumeState::Online))?;
                    b.patch_volume(uuid, patch().state(VolumeState::Offline))
                }
                _ => b.patch_volume(uuid, given),
            }
        };
        resizes_restricted_volumes "3.patch_volume.refuses": patch_volume = |b, uuid, given| {
            match b.get_volume(uuid)?.state {
                VolumeState::Restricted if given.size_bytes.is_some() && given.state.is_none() => {
                    b.patch_volume(uuid, given.state(VolumeState::Online))?;
                    b.patch_volume(uuid, patch().state(VolumeState::Restricted))
                }
                _ => b.patch_volume(uuid, given),
            }
        };
        no_resize_on_the_way_online "3.patch_volume.refuses": patch_volume = |b, uuid, given| {
            if given.size_bytes.is_some() && !is_online(b, uuid) && rules::volume_patch(&given).is_ok() {
                b.get_volume(uuid)?;
                return Err(offline(uuid));
            }
            b.patch_volume(uuid, given)
        };
        no_resize_on_the_way_offline "3.patch_volume.refuses": patch_volume = |b, uuid, given| {
            let goes_offline = given.state.is_some_and(|state| state != VolumeState::Online);
            if given.size_bytes.is_some() && goes_offline && rules::volume_patch(&given).is_ok() {
                b.get_volume(uuid)?;
                return Err(offline(uuid));
            }
            b.patch_volume(uuid, given)
        };
        no_mount_while_offline "3.patch_volume": patch_volume = |b, uuid, given| {
            if given.junction_path.is_some() && given.state.is_none() && !is_online(b, uuid) {
                rules::volume_patch(&given)?;
                b.get_volume(uuid)?;
                return Err(offline(uuid));
            }
            b.patch_volume(uuid, given)
        };
        no_rename_while_offline "3.patch_volume": patch_volume = |b, uuid, given| {
            if given.name.is_some() && given.state.is_none() && !is_online(b, uuid) {
                b.get_volume(uuid)?;
                rules::volume_patch(&given)?;
                return Err(offline(uuid));
            }
            b.patch_volume(uuid, given)
        };
        unmounts_what_goes_offline "3.offline_keeps": patch_volume = |b, uuid, mut given| {
            if state_of(&given) == Some(VolumeState::Offline) && given.junction_path.is_none() {
                given.junction_path = Some(String::new());
            }
            b.patch_volume(uuid, given)
        };
        offline_for_restricted "1.state": patch_volume = |b, uuid, mut given| {
            given.state = given.state.map(|state| match state {
                VolumeState::Restricted => VolumeState::Offline,
                state => state,
            });
            b.patch_volume(uuid, given)
        };
        trailing_slashes "2.junction_path": patch_volume = |b, uuid, mut given| {
            if let Some(path) = given.junction_path.as_mut().filter(|path| path.len() > 1) {
                *path = path.strip_suffix('/').unwrap_or(path).to_owned();
            }
            b.patch_volume(uuid, given)
        };
        paths_of_4096_characters "2.junction_path": patch_volume = |b, uuid, mut given| {
            if let Some(path) = given.junction_path.as_mut()
                && path.chars().count() <= 4096 && path.len() > 4096 {
                    *path = String::from("/shortened");
                }
            b.patch_volume(uuid, given)
        };
        no_paths_of_4096_bytes "2.junction_path": patch_volume = |b, uuid, given| {
            if given.junction_path.as_ref().is_some_and(|path| path.len() == 4096) {
                return Err(BackendError::invalid("junction_path", "/", "is too long"));
            }
            b.patch_volume(uuid, given)
        };
        paths_with_dots "2.junction_path": patch_volume = |b, uuid, mut given| {
            if let Some(path) = given.junction_path.as_mut() {
                *path = path.replace("/./", "/");
            }
            b.patch_volume(uuid, given)
        };
        paths_in_lower_case "2.exact": patch_volume = |b, uuid, mut given| {
            if let Some(path) = given.junction_path.as_mut() {
                path.make_ascii_lowercase();
            }
            b.patch_volume(uuid, given)
        };
        paths_that_ignore_all_case "2.junction_unique": patch_volume = |b, uuid, given| {
            let is_taken = |path: &String| {
                b.list_volumes().is_ok_and(|volumes| volumes.iter().any(|it| {
                    it.uuid != uuid
                        && it.junction_path.as_ref().is_some_and(|other| {
                            other.to_lowercase() == path.to_lowercase()
                        })
                }))
            };
            match given.junction_path.as_ref().filter(|path| is_taken(path)) {
                Some(path) if b.get_volume(uuid).is_ok() && rules::volume_patch(&given).is_ok() => {
                    if given.size_bytes.is_some() && !is_online(b, uuid) {
                        return b.patch_volume(uuid, given);
                    }
                    Err(BackendError::JunctionPathExists { path: path.clone() })
                }
                _ => b.patch_volume(uuid, given),
            }
        };
        its_own_path_is_taken "2.junction_unique": patch_volume = |b, uuid, given| {
            let volume = b.get_volume(uuid)?;
            match &given.junction_path {
                Some(path) if volume.junction_path.as_ref() == Some(path) => {
                    Err(BackendError::JunctionPathExists { path: path.clone() })
                }
                _ => b.patch_volume(uuid, given),
            }
        };
        its_own_name_is_taken "3.patch_volume.refuses": patch_volume = |b, uuid, given| {
            let volume = b.get_volume(uuid)?;
            match &given.name {
                Some(name) if *name == volume.name => {
                    Err(BackendError::VolumeExists { name: name.clone() })
                }
                _ => b.patch_volume(uuid, given),
            }
        };
        no_unmount_of_the_unmounted "2.unmount": patch_volume = |b, uuid, given| {
            let is_unmounted = b.get_volume(uuid)?.junction_path.is_none();
            if is_unmounted && given.junction_path.as_deref() == Some("") {
                return Err(BackendError::invalid("junction_path", "", "is not mounted"));
            }
            b.patch_volume(uuid, given)
        };
        policies_of_257_characters "2.export_policy": patch_volume = |b, uuid, mut given| {
            if let Some(policy) = given.export_policy.as_mut().filter(|it| it.len() == 257) {
                policy.pop();
            }
            b.patch_volume(uuid, given)
        };
        no_name_while_sized "3.optional": patch_volume = |b, uuid, given| {
            if given.name.is_some() && given.size_bytes.is_some() {
                return Err(BackendError::not_supported("patch_volume"));
            }
            b.patch_volume(uuid, given)
        };
    }
}

fn of_snapshots() -> Vec<Fault> {
    faults! {
        snapshot_names_of_256_characters "2.snapshot_names": create_snapshot = |b, volume, name| {
            b.create_snapshot(volume, if name.len() == 256 { &name[..255] } else { name })
        };
        snapshot_names_as_short_as_volumes "2.snapshot_names": create_snapshot = |b, volume, name| {
            if name.len() > rules::MAX_VOLUME_NAME && name.len() <= rules::MAX_SNAPSHOT_NAME {
                return Err(BackendError::invalid("name", name, "is too long"));
            }
            b.create_snapshot(volume, name)
        };
        snapshot_names_ignore_case "2.case": create_snapshot = |b, volume, name| {
            let is_taken = |it: &Snapshot| it.name.eq_ignore_ascii_case(name);
            if is_online(b, volume) && b.list_snapshots(volume)?.iter().any(is_taken) {
                return Err(BackendError::SnapshotExists { volume, name: name.to_owned() });
            }
            b.create_snapshot(volume, name)
        };
        snapshot_names_of_the_whole_backend "2.snapshot_name_unique":
            create_snapshot = |b, volume, name| {
                for other in b.list_volumes()? {
                    if is_online(b, volume) && b.find_snapshot(other.uuid, name)?.is_some() {
                        return Err(BackendError::SnapshotExists { volume, name: name.to_owned() });
                    }
                }
                b.create_snapshot(volume, name)
            };
        snapshots_of_offline_volumes "3.create_snapshot.refuses":
            create_snapshot = |b, volume, name| {
                match b.get_volume(volume)?.state {
                    VolumeState::Online => b.create_snapshot(volume, name),
                    state => {
                        b.patch_volume(volume, patch().state(VolumeState::Online))?;
                        let result = b.create_snapshot(volume, name);
                        b.patch_volume(volume, patch().state(state))?;
                        result
                    }
                }
            };
        a_bad_snapshot_name_of_a_missing_volume "3.order": create_snapshot = |b, volume, name| {
            rules::snapshot_name(name)?;
            b.create_snapshot(volume, name)
        };
        a_taken_snapshot_name_before_the_state "3.order": create_snapshot = |b, volume, name| {
            if b.find_snapshot(volume, name)?.is_some() {
                return Err(BackendError::SnapshotExists { volume, name: name.to_owned() });
            }
            b.create_snapshot(volume, name)
        };
        snapshots_by_name "3.list_snapshots": list_snapshots = |b, volume| {
            let mut snapshots = b.list_snapshots(volume)?;
            snapshots.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(snapshots)
        };
        snapshots_of_missing_volumes "3.list_snapshots.refuses": list_snapshots = |b, volume| {
            Ok(b.list_snapshots(volume).unwrap_or_default())
        };
        no_snapshots_of_offline_volumes "3.offline_keeps": list_snapshots = |b, volume| {
            let snapshots = b.list_snapshots(volume)?;
            Ok(if is_online(b, volume) { snapshots } else { Vec::new() })
        };
        a_hundred_snapshots "3.list_snapshots": list_snapshots = |b, volume| {
            Ok(b.list_snapshots(volume)?.into_iter().take(100).collect())
        };
        gets_snapshots_of_any_volume "3.get_snapshot.refuses": get_snapshot = |b, volume, of| {
            b.get_volume(volume)?;
            for other in b.list_volumes()? {
                if let Ok(snapshot) = b.get_snapshot(other.uuid, of) {
                    return Ok(snapshot);
                }
            }
            b.get_snapshot(volume, of)
        };
        finds_snapshots_of_any_volume "3.find_snapshot": find_snapshot = |b, volume, name| {
            b.get_volume(volume)?;
            for other in b.list_volumes()? {
                if let Some(snapshot) = b.find_snapshot(other.uuid, name)? {
                    return Ok(Some(snapshot));
                }
            }
            Ok(None)
        };
        finds_nothing_on_a_missing_volume "3.find_snapshot.refuses":
            find_snapshot = |b, volume, name| Ok(b.find_snapshot(volume, name).unwrap_or(None));
        snapshot_before_volume "3.order": get_snapshot = |b, volume, of| {
            match b.get_snapshot(volume, of) {
                Err(BackendError::VolumeNotFound { .. }) => {
                    Err(BackendError::SnapshotNotFound { volume, snapshot: of })
                }
                result => result,
            }
        };
        deletes_no_snapshot_while_offline "3.delete_snapshot": delete_snapshot = |b, volume, of| {
            b.get_snapshot(volume, of)?;
            if is_online(b, volume) { b.delete_snapshot(volume, of) } else { Err(offline(volume)) }
        };
        deletes_snapshots_twice "3.delete_snapshot.refuses": delete_snapshot = |b, volume, of| {
            match b.delete_snapshot(volume, of) {
                Err(BackendError::SnapshotNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        deletes_older_snapshots_too "3.delete_snapshot": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of)?;
            let first = b.list_snapshots(volume)?.into_iter().next();
            first.map_or(Ok(()), |first| {
                let _ = b.delete_snapshot(volume, first.uuid);
                Ok(())
            })
        };
        renames_to_a_taken_name "3.rename_snapshot.refuses": rename_snapshot = |b, volume, of, name| {
            match b.rename_snapshot(volume, of, name) {
                Err(BackendError::SnapshotExists { .. }) => b.get_snapshot(volume, of),
                result => result,
            }
        };
        renames_nothing "3.rename_snapshot": rename_snapshot = |b, volume, of, name| {
            let renamed = b.rename_snapshot(volume, of, name)?;
            b.rename_snapshot(volume, of, "same")?;
            Ok(renamed)
        };
        renames_no_snapshot_while_offline "3.rename_snapshot":
            rename_snapshot = |b, volume, of, name| {
                b.get_snapshot(volume, of)?;
                rules::snapshot_name(name)?;
                if !is_online(b, volume) {
                    return Err(offline(volume));
                }
                b.rename_snapshot(volume, of, name)
            };
        restores_no_size "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            let size = b.get_volume(volume)?.size_bytes;
            let restored = b.restore_snapshot(volume, of)?;
            match size {
                Some(size) => b.patch_volume(volume, patch().size_bytes(size)),
                None => Ok(restored),
            }
        };
        restores_and_keeps_newer "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            let newer = b.list_snapshots(volume)?;
            let restored = b.restore_snapshot(volume, of)?;
            for snapshot in newer.iter().skip_while(|it| it.uuid != of).skip(1) {
                b.create_snapshot(volume, &snapshot.name)?;
            }
            Ok(restored)
        };
        restores_and_drops_the_target "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            let restored = b.restore_snapshot(volume, of)?;
            let _ = b.delete_snapshot(volume, of);
            Ok(restored)
        };
        restores_and_drops_older "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            let restored = b.restore_snapshot(volume, of)?;
            for snapshot in b.list_snapshots(volume)?.into_iter().take_while(|it| it.uuid != of) {
                let _ = b.delete_snapshot(volume, snapshot.uuid);
            }
            Ok(restored)
        };
        restores_and_unmounts "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            b.restore_snapshot(volume, of)?;
            b.patch_volume(volume, patch().junction_path(""))
        };
        restores_half_when_busy "3.atomic": restore_snapshot = |b, volume, of| {
            if is_online(b, volume) && b.get_snapshot(volume, of).is_ok() {
                let snapshots = b.list_snapshots(volume)?;
                for snapshot in snapshots.iter().skip_while(|it| it.uuid != of).skip(1) {
                    let _ = b.delete_snapshot(volume, snapshot.uuid);
                }
            }
            b.restore_snapshot(volume, of)
        };
        restores_offline_volumes "3.restore_snapshot.refuses": restore_snapshot = |b, volume, of| {
            let state = b.get_volume(volume)?.state;
            b.get_snapshot(volume, of)?;
            b.patch_volume(volume, patch().state(VolumeState::Online))?;
            let result = b.restore_snapshot(volume, of);
            let volume = b.patch_volume(volume, patch().state(state))?;
            result.map(|_| volume)
        };
        restores_supported_on_plain_volumes "3.optional": restore_snapshot = |b, volume, of| {
            if b.get_volume(volume)?.origin.is_some() {
                return Err(BackendError::not_supported("restore_snapshot"));
            }
            b.restore_snapshot(volume, of)
        };
    }
}

fn of_clones() -> Vec<Fault> {
    faults! {
        clones_without_size "3.create_clone": create_clone = |b, volume, of, name| {
            edited(b.create_clone(volume, of, name), |clone| clone.size_bytes = None)
        };
        clones_without_policy "3.create_clone": create_clone = |b, volume, of, name| {
            let clone = b.create_clone(volume, of, name)?;
            if clone.export_policy.is_some() {
                return b.patch_volume(clone.uuid, patch().export_policy("default"));
            }
            Ok(clone)
        };
        clones_with_a_junction "3.create_clone": create_clone = |b, volume, of, name| {
            let parent = b.get_volume(volume)?;
            let clone = b.create_clone(volume, of, name)?;
            match parent.junction_path {
                Some(path) => b.patch_volume(clone.uuid, patch().junction_path(path + "_clone")),
                None => Ok(clone),
            }
        };
        clones_with_a_snapshot "3.create_clone": create_clone = |b, volume, of, name| {
            let clone = b.create_clone(volume, of, name)?;
            b.create_snapshot(clone.uuid, "clone_base")?;
            Ok(clone)
        };
        clones_that_are_offline "3.create_clone": create_clone = |b, volume, of, name| {
            let clone = b.create_clone(volume, of, name)?;
            b.patch_volume(clone.uuid, patch().state(VolumeState::Offline))
        };
        clones_of_type_dp "1.kind": create_clone = |b, volume, of, name| {
            edited(b.create_clone(volume, of, name), |clone| clone.vol_type = VolumeType::Dp)
        };
        clones_of_offline_volumes "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            let state = b.get_volume(volume)?.state;
            b.get_snapshot(volume, of)?;
            b.patch_volume(volume, patch().state(VolumeState::Online))?;
            let result = b.create_clone(volume, of, name);
            b.patch_volume(volume, patch().state(state))?;
            result
        };
        clones_with_a_bad_name_first "3.order": create_clone = |b, volume, of, name| {
            rules::volume_name(name).map_err(|error| error.for_argument("new_name"))?;
            b.create_clone(volume, of, name)
        };
        clones_with_a_taken_name_before_the_state "3.order": create_clone = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            if b.find_volume(name)?.is_some() {
                return Err(BackendError::VolumeExists { name: name.to_owned() });
            }
            b.create_clone(volume, of, name)
        };
        clones_of_another_volume "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            b.get_volume(volume)?;
            let owner = b.list_volumes()?.into_iter().find(|it| b.get_snapshot(it.uuid, of).is_ok());
            b.create_clone(owner.map_or(volume, |owner| owner.uuid), of, name)
        };
        clones_of_clones_name_the_root "1.origin":
            get_volume = |b, uuid| edited(b.get_volume(uuid), |volume| root(b, volume)),
            list_volumes = |b| each(b.list_volumes(), |volume| root(b, volume)),
            find_volume = |b, name| {
                Ok(b.find_volume(name)?.map(|mut volume| {
                    root(b, &mut volume);
                    volume
                }))
            },
            create_clone = |b, volume, of, name| {
                edited(b.create_clone(volume, of, name), |volume| root(b, volume))
            };
        origins_by_name_only "1.origin": create_clone = |b, volume, of, name| {
            edited(b.create_clone(volume, of, name), |clone| {
                if let Some(origin) = &mut clone.origin {
                    origin.parent_volume_uuid = clone.uuid;
                }
            })
        };
        lists_without_origins "1.origin": list_volumes = |b| {
            each(b.list_volumes(), |volume| volume.origin = None)
        };
        splits_and_keeps_the_origin "3.split_clone": split_clone = |b, volume| {
            let before = b.get_volume(volume)?;
            b.split_clone(volume)?;
            Ok(before)
        };
        splits_nothing "3.split_clone": split_clone = |b, volume| {
            let before = b.get_volume(volume)?;
            if before.origin.is_none() {
                return b.split_clone(volume);
            }
            Ok(before)
        };
        splits_plain_volumes "3.split_clone.refuses": split_clone = |b, volume| {
            match b.split_clone(volume) {
                Err(BackendError::InvalidArgument { .. }) => b.get_volume(volume),
                result => result,
            }
        };
        splits_no_offline_clone "3.split_clone": split_clone = |b, volume| {
            let is_clone = b.get_volume(volume)?.origin.is_some();
            if is_clone && !is_online(b, volume) {
                return Err(offline(volume));
            }
            b.split_clone(volume)
        };
        splits_and_unmounts "3.split_clone": split_clone = |b, volume| {
            b.split_clone(volume)?;
            b.patch_volume(volume, patch().junction_path(""))
        };
        deletes_parents "3.delete_volume.refuses": delete_volume = |b, uuid| {
            for volume in b.list_volumes()? {
                if volume.origin.is_some_and(|origin| origin.parent_volume_uuid == uuid) {
                    b.split_clone(volume.uuid)?;
                }
            }
            b.delete_volume(uuid)
        };
        deletes_parents_with_their_clones "3.delete_volume.refuses": delete_volume = |b, uuid| {
            for volume in b.list_volumes()? {
                if volume.origin.is_some_and(|origin| origin.parent_volume_uuid == uuid) {
                    b.delete_volume(volume.uuid)?;
                }
            }
            b.delete_volume(uuid)
        };
        deletes_snapshots_of_clones "3.delete_snapshot.refuses": delete_snapshot = |b, volume, of| {
            for clone in b.list_volumes()? {
                if clone.origin.is_some_and(|origin| origin.parent_snapshot_uuid == of) {
                    b.split_clone(clone.uuid)?;
                }
            }
            b.delete_snapshot(volume, of)
        };
        pins_every_snapshot "3.delete_snapshot": delete_snapshot = |b, volume, of| {
            b.get_snapshot(volume, of)?;
            let is_of_volume = |it: &Volume| {
                it.origin.as_ref().is_some_and(|origin| origin.parent_volume_uuid == volume)
            };
            if let Some(clone) = b.list_volumes()?.into_iter().find(is_of_volume) {
                let dependents = Dependents { names: vec![clone.name], count: 1 };
                return Err(BackendError::SnapshotBusy { snapshot: of, dependents });
            }
            b.delete_snapshot(volume, of)
        };
        pins_nothing_while_offline "3.offline_keeps": delete_snapshot = |b, volume, of| {
            for clone in b.list_volumes()? {
                let is_of_it = clone.origin.is_some_and(|it| it.parent_snapshot_uuid == of);
                if is_of_it && clone.state == VolumeState::Offline {
                    b.split_clone(clone.uuid)?;
                }
            }
            b.delete_snapshot(volume, of)
        };
    }
}

/// Names the root of a chain of clones in place of the direct parent.
fn root(b: &Mem, volume: &mut Volume) {
    while let Some(origin) = &volume.origin {
        match b.get_volume(origin.parent_volume_uuid) {
            Ok(Volume { origin: Some(above), .. }) => volume.origin = Some(above),
            _ => return,
        }
    }
}

/// The error with its dependents changed.
fn with_dependents(error: BackendError, change: impl FnOnce(&mut Dependents)) -> BackendError {
    match error {
        BackendError::VolumeBusy { volume, mut dependents } => {
            change(&mut dependents);
            BackendError::VolumeBusy { volume, dependents }
        }
        BackendError::SnapshotBusy { snapshot, mut dependents } => {
            change(&mut dependents);
            BackendError::SnapshotBusy { snapshot, dependents }
        }
        error => error,
    }
}

fn of_errors() -> Vec<Fault> {
    faults! {
        not_found_is_invalid "4.code": get_volume = |b, uuid| {
            b.get_volume(uuid).map_err(|_| BackendError::invalid("uuid", "", "is unknown"))
        };
        a_taken_name_is_invalid "4.code": create_volume = |b, spec| {
            b.create_volume(spec).map_err(|error| match error {
                BackendError::VolumeExists { name } => {
                    BackendError::invalid("name", &name, "is taken")
                }
                error => error,
            })
        };
        a_taken_path_is_a_taken_name "4.code": patch_volume = |b, uuid, given| {
            b.patch_volume(uuid, given).map_err(|error| match error {
                BackendError::JunctionPathExists { path } => BackendError::VolumeExists { name: path },
                error => error,
            })
        };
        busy_snapshots_are_busy_volumes "4.code": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of).map_err(|error| match error {
                BackendError::SnapshotBusy { dependents, .. } => {
                    BackendError::VolumeBusy { volume, dependents }
                }
                error => error,
            })
        };
        refusals_of_the_substrate "4.code": create_snapshot = |b, volume, name| {
            b.create_snapshot(volume, name)
                .map_err(|error| BackendError::substrate("create_snapshot", error.to_string()))
        };
        blames_the_wrong_argument "4.target": create_volume = |b, spec| {
            b.create_volume(spec).map_err(|error| error.for_argument("volume"))
        };
        blames_the_wrong_volume "4.target": delete_volume = |b, uuid| {
            b.delete_volume(uuid).map_err(|error| match error {
                BackendError::VolumeNotFound { .. } => {
                    BackendError::VolumeNotFound { volume: VolumeId::new(Uuid::nil()) }
                }
                error => error,
            })
        };
        names_no_dependents "4.dependents": delete_volume = |b, uuid| {
            b.delete_volume(uuid).map_err(|error| with_dependents(error, |it| it.names.clear()))
        };
        names_all_dependents "4.dependents": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of).map_err(|error| with_dependents(error, |it| {
                let is_of_it = |it: &Volume| {
                    it.origin.as_ref().is_some_and(|origin| origin.parent_snapshot_uuid == of)
                };
                let volumes = b.list_volumes().unwrap_or_default();
                it.names = volumes.into_iter().filter(is_of_it).map(|it| it.name).collect();
            }))
        };
        counts_sixteen_at_most "4.dependents": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of)
                .map_err(|error| with_dependents(error, |it| it.count = it.count.min(16)))
        };
        names_fifteen "4.dependents": delete_volume = |b, uuid| {
            b.delete_volume(uuid)
                .map_err(|error| with_dependents(error, |it| it.names.truncate(15)))
        };
        names_the_newest_first "4.dependents": delete_volume = |b, uuid| {
            b.delete_volume(uuid).map_err(|error| with_dependents(error, |it| it.names.reverse()))
        };
    }
}

/// A fault that remembers something from one call to another.
macro_rules! fault {
    ($name:ident $rule:literal: $make:expr) => {
        Fault { name: stringify!($name), rule: $rule, make: || $make }
    };
}

fn of_memory() -> Vec<Fault> {
    vec![
        fault! { keeps_names_of_the_deleted "2.free_again": {
            let gone = Arc::new(Mutex::new(HashSet::new()));
            let kept = Arc::clone(&gone);
            Mutant {
                delete_volume: Some(Box::new(move |b, uuid| {
                    let name = b.get_volume(uuid)?.name;
                    b.delete_volume(uuid)?;
                    gone.lock().unwrap().insert(name);
                    Ok(())
                })),
                create_volume: Some(Box::new(move |b, spec| {
                    if kept.lock().unwrap().contains(&spec.name) {
                        return Err(BackendError::VolumeExists { name: spec.name });
                    }
                    b.create_volume(spec)
                })),
                ..Mutant::default()
            }
        }},
        fault! { keeps_names_of_the_renamed "2.free_again": {
            let gone = Arc::new(Mutex::new(HashSet::new()));
            let kept = Arc::clone(&gone);
            Mutant {
                patch_volume: Some(Box::new(move |b, uuid, given| {
                    let name = b.get_volume(uuid)?.name;
                    let volume = b.patch_volume(uuid, given)?;
                    if volume.name != name {
                        gone.lock().unwrap().insert(name);
                    }
                    gone.lock().unwrap().remove(&volume.name);
                    Ok(volume)
                })),
                create_volume: Some(Box::new(move |b, spec| {
                    if kept.lock().unwrap().contains(&spec.name) {
                        return Err(BackendError::VolumeExists { name: spec.name });
                    }
                    b.create_volume(spec)
                })),
                ..Mutant::default()
            }
        }},
        fault! { keeps_paths_of_the_deleted "2.junction_unique": {
            let gone = Arc::new(Mutex::new(HashSet::new()));
            let kept = Arc::clone(&gone);
            Mutant {
                delete_volume: Some(Box::new(move |b, uuid| {
                    let path = b.get_volume(uuid)?.junction_path;
                    b.delete_volume(uuid)?;
                    gone.lock().unwrap().extend(path);
                    Ok(())
                })),
                patch_volume: Some(Box::new(move |b, uuid, given| {
                    if let Some(path) = given.junction_path.clone()
                        && kept.lock().unwrap().contains(&path) {
                            return Err(BackendError::JunctionPathExists { path });
                        }
                    b.patch_volume(uuid, given)
                })),
                ..Mutant::default()
            }
        }},
        fault! { remembers_the_parents_first_name "1.origin_names": {
            let names = Arc::new(Mutex::new(HashMap::<VolumeId, String>::new()));
            let known = Arc::clone(&names);
            Mutant {
                create_clone: Some(Box::new(move |b, volume, of, name| {
                    let clone = b.create_clone(volume, of, name)?;
                    let parent = b.get_volume(volume)?.name;
                    names.lock().unwrap().insert(clone.uuid, parent);
                    Ok(clone)
                })),
                get_volume: Some(Box::new(move |b, uuid| {
                    edited(b.get_volume(uuid), |volume| {
                        let names = known.lock().unwrap();
                        if let (Some(origin), Some(name)) = (&mut volume.origin, names.get(&uuid)) {
                            origin.parent_volume.clone_from(name);
                        }
                    })
                })),
                ..Mutant::default()
            }
        }},
        fault! { remembers_the_snapshots_first_name "1.origin_names": {
            let names = Arc::new(Mutex::new(HashMap::<SnapshotId, String>::new()));
            let known = Arc::clone(&names);
            Mutant {
                create_snapshot: Some(Box::new(move |b, volume, name| {
                    let snapshot = b.create_snapshot(volume, name)?;
                    names.lock().unwrap().insert(snapshot.uuid, name.to_owned());
                    Ok(snapshot)
                })),
                list_volumes: Some(Box::new(move |b| {
                    each(b.list_volumes(), |volume| {
                        if let Some(origin) = &mut volume.origin {
                            let names = known.lock().unwrap();
                            if let Some(name) = names.get(&origin.parent_snapshot_uuid) {
                                origin.parent_snapshot.clone_from(name);
                            }
                        }
                    })
                })),
                ..Mutant::default()
            }
        }},
        fault! { gets_what_was_cached "3.get_volume": {
            let cache = Arc::new(Mutex::new(HashMap::<VolumeId, Volume>::new()));
            Mutant {
                get_volume: Some(Box::new(move |b, uuid| {
                    let mut cache = cache.lock().unwrap();
                    if let Some(volume) = cache.get(&uuid) {
                        return Ok(volume.clone());
                    }
                    let volume = b.get_volume(uuid)?;
                    cache.insert(uuid, volume.clone());
                    Ok(volume)
                })),
                ..Mutant::default()
            }
        }},
        fault! { the_second_split_frees_nothing "3.split_clone": {
            let splits = AtomicUsize::new(0);
            Mutant {
                split_clone: Some(Box::new(move |b, volume| {
                    let before = b.get_volume(volume)?;
                    if before.origin.is_some() && splits.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                        return edited(Ok(before), |volume| volume.origin = None);
                    }
                    b.split_clone(volume)
                })),
                ..Mutant::default()
            }
        }},
        fault! { uses_identifiers_again "2.uuid_once": {
            // A volume that is made again under its name gets the identifier it had.
            let ids = Arc::new(Mutex::new(HashMap::<String, VolumeId>::new()));
            Mutant {
                create_volume: Some(Box::new(move |b, spec| {
                    let name = spec.name.clone();
                    let made = b.create_volume(spec)?;
                    let first = *ids.lock().unwrap().entry(name).or_insert(made.uuid);
                    edited(Ok(made), |volume| volume.uuid = first)
                })),
                ..Mutant::default()
            }
        }},
        fault! { times_that_run_backwards "5.time": {
            let made = Arc::new(Mutex::new(Vec::<VolumeId>::new()));
            let known = Arc::clone(&made);
            let time = move |known: &Mutex<Vec<VolumeId>>, volume: &mut Volume| {
                let at = known.lock().unwrap().iter().position(|id| *id == volume.uuid);
                let micros = at.map(|at| -i64::try_from(at).unwrap());
                volume.create_time = micros.and_then(Timestamp::from_unix_micros);
            };
            let (listed, got, found, patched) =
                (Arc::clone(&made), Arc::clone(&made), Arc::clone(&made), Arc::clone(&made));
            Mutant {
                create_volume: Some(Box::new(move |b, spec| {
                    let mut volume = b.create_volume(spec)?;
                    made.lock().unwrap().push(volume.uuid);
                    time(&made, &mut volume);
                    Ok(volume)
                })),
                create_clone: Some(Box::new(move |b, volume, of, name| {
                    let mut volume = b.create_clone(volume, of, name)?;
                    known.lock().unwrap().push(volume.uuid);
                    time(&known, &mut volume);
                    Ok(volume)
                })),
                list_volumes: Some(Box::new(move |b| {
                    each(b.list_volumes(), |volume| time(&listed, volume))
                })),
                get_volume: Some(Box::new(move |b, uuid| {
                    edited(b.get_volume(uuid), |volume| time(&got, volume))
                })),
                find_volume: Some(Box::new(move |b, name| {
                    Ok(b.find_volume(name)?.map(|mut volume| {
                        time(&found, &mut volume);
                        volume
                    }))
                })),
                patch_volume: Some(Box::new(move |b, uuid, given| {
                    edited(b.patch_volume(uuid, given), |volume| time(&patched, volume))
                })),
                ..Mutant::default()
            }
        }},
        fault! { races_for_names "3.linearizable": Mutant {
            mem: Mem::new(),
            create_volume: Some(Box::new(|b, spec| {
                rules::volume_spec(&spec)?;
                if b.find_volume(&spec.name)?.is_some() {
                    return Err(BackendError::VolumeExists { name: spec.name });
                }
                round_trip();
                // Whoever comes second finds the name taken now, and takes the volume for its own.
                match b.create_volume(spec.clone()) {
                    Err(BackendError::VolumeExists { .. }) => {
                        b.find_volume(&spec.name)?.ok_or(BackendError::VolumeExists { name: spec.name })
                    }
                    result => result,
                }
            })),
            ..Mutant::default()
        }},
        fault! { races_between_clone_and_delete "3.linearizable": Mutant {
            delete_snapshot: Some(Box::new(|b, volume, of| {
                let is_of_it = |it: &Volume| {
                    it.origin.as_ref().is_some_and(|origin| origin.parent_snapshot_uuid == of)
                };
                if b.list_volumes()?.iter().any(is_of_it) {
                    return b.delete_snapshot(volume, of);
                }
                round_trip();
                for clone in b.list_volumes()?.iter().filter(|it| is_of_it(it)) {
                    let _ = b.split_clone(clone.uuid);
                }
                b.delete_snapshot(volume, of)
            })),
            ..Mutant::default()
        }},
        fault! { races_between_patches "3.linearizable": Mutant {
            patch_volume: Some(Box::new(|b, uuid, given| {
                // Reads, waits, and writes all fields, as one that keeps rows whole would.
                let before = b.get_volume(uuid)?;
                rules::volume_patch(&given)?;
                round_trip();
                let mut whole = given;
                if whole.export_policy.is_none() {
                    whole.export_policy = before.export_policy;
                }
                if whole.junction_path.is_none() {
                    whole.junction_path = Some(before.junction_path.unwrap_or_default());
                }
                b.patch_volume(uuid, whole)
            })),
            ..Mutant::default()
        }},
    ]
}

fn of_tiers() -> Vec<Fault> {
    vec![
        fault! { advertises_clones_it_hides "1.honest": Mutant {
            hides_clones: true,
            ..Mutant::default()
        }},
        fault! { advertises_snapshots_it_hides "1.honest": Mutant {
            hides_snapshots: true,
            hides_clones: true,
            capabilities: Some(Capabilities::SNAPSHOTS),
            ..Mutant::default()
        }},
        fault! { hides_capabilities_it_has "1.honest": Mutant {
            capabilities: Some(Capabilities::VOLUMES),
            ..Mutant::default()
        }},
        fault! { hides_clones_it_has "1.honest": Mutant {
            capabilities: Some(Capabilities::SNAPSHOTS),
            ..Mutant::default()
        }},
        fault! { advertises_clones_without_snapshots "1.capabilities": Mutant {
            capabilities: Some(Capabilities { snapshots: false, clones: true, replication: false }),
            ..Mutant::default()
        }},
        fault! { advertises_replication_alone "1.capabilities": Mutant {
            hides_snapshots: true,
            hides_clones: true,
            capabilities: Some(Capabilities { snapshots: false, clones: false, replication: true }),
            ..Mutant::default()
        }},
        fault! { names_no_unsupported_operation "3.optional": Mutant {
            split_clone: Some(Box::new(|_, _| Err(BackendError::not_supported("")))),
            ..Mutant::default()
        }},
        fault! { renames_although_unsupported "3.atomic": Mutant {
            rename_snapshot: Some(Box::new(|b, volume, of, name| {
                b.rename_snapshot(volume, of, name)?;
                Err(BackendError::not_supported("rename_snapshot"))
            })),
            ..Mutant::default()
        }},
        fault! { unsupported_now_and_then "3.optional": {
            let calls = AtomicUsize::new(0);
            Mutant {
                rename_snapshot: Some(Box::new(move |b, volume, of, name| {
                    if calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
                        return Err(BackendError::not_supported("rename_snapshot"));
                    }
                    b.rename_snapshot(volume, of, name)
                })),
                ..Mutant::default()
            }
        }},
    ]
}
