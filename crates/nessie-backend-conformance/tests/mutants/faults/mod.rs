//! The faults: each a small change of an operation or two, with the rule it breaks.

use std::collections::{HashMap, HashSet};
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

pub mod races;

/// A faulty backend: its name, the rule it breaks, and how it is made.
pub struct Fault {
    pub name: &'static str,
    pub rule: &'static str,
    pub make: fn() -> Mutant,
}

impl Fault {
    /// The cases that are about faults of this kind; `None` if many are.
    pub fn cases(&self) -> Option<&'static str> {
        let is_in = |faults: Vec<Self>| faults.iter().any(|fault| fault.name == self.name);
        let theme = is_in(sizes::all()).then_some("scale.*");
        theme.or_else(|| is_in(names::all()).then_some("names.*"))
    }
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
    [
        of_volumes(),
        of_patches(),
        of_snapshots(),
        of_clones(),
        of_errors(),
        of_memory(),
        of_races(),
        of_tiers(),
        of_support(),
        histories::all(),
        names::all(),
        sizes::all(),
        races::faults(),
        sequences::leftovers(),
        space::all(),
        tiers::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn is_online(b: &Mem, uuid: VolumeId) -> bool {
    b.get_volume(uuid).is_ok_and(|volume| volume.state == VolumeState::Online)
}

fn offline(volume: VolumeId) -> BackendError {
    BackendError::VolumeOffline { volume, state: VolumeState::Offline }
}

fn patch() -> VolumePatch {
    VolumePatch::new()
}

fn refuse_if(is_refused: bool, error: BackendError) -> Result<()> {
    if is_refused { Err(error) } else { Ok(()) }
}

fn edited(volume: Result<Volume>, edit: impl FnOnce(&mut Volume)) -> Result<Volume> {
    volume.map(|mut volume| {
        edit(&mut volume);
        volume
    })
}

/// Lists the volumes with each of them edited.
fn each(volumes: Result<Vec<Volume>>, edit: impl Fn(&mut Volume)) -> Result<Vec<Volume>> {
    volumes.map(|mut volumes| {
        volumes.iter_mut().for_each(edit);
        volumes
    })
}

/// A `create_volume` that edits its argument.
fn spec(edit: fn(&mut VolumeSpec)) -> impl Fn(&Mem, VolumeSpec) -> Result<Volume> {
    move |b, mut spec| {
        edit(&mut spec);
        b.create_volume(spec)
    }
}

/// A `create_volume` that edits its result.
fn created(edit: fn(&mut Volume)) -> impl Fn(&Mem, VolumeSpec) -> Result<Volume> {
    move |b, spec| edited(b.create_volume(spec), edit)
}

/// A `create_volume` that patches the volume afterwards.
fn create_and(change: fn(&Volume) -> VolumePatch) -> impl Fn(&Mem, VolumeSpec) -> Result<Volume> {
    move |b, spec| {
        let volume = b.create_volume(spec)?;
        b.patch_volume(volume.uuid, change(&volume))
    }
}

/// A `create_volume` that makes another check first.
fn spec_check(
    check: fn(&Mem, &VolumeSpec) -> Result<()>,
) -> impl Fn(&Mem, VolumeSpec) -> Result<Volume> {
    move |b, spec| {
        check(b, &spec)?;
        b.create_volume(spec)
    }
}

/// A `get_volume` that edits its result.
fn got(edit: fn(&mut Volume)) -> impl Fn(&Mem, VolumeId) -> Result<Volume> {
    move |b, uuid| edited(b.get_volume(uuid), edit)
}

/// A `list_volumes` that edits its result.
fn listed(edit: fn(&mut Vec<Volume>)) -> impl Fn(&Mem) -> Result<Vec<Volume>> {
    move |b| {
        let mut volumes = b.list_volumes()?;
        edit(&mut volumes);
        Ok(volumes)
    }
}

/// A `patch_volume` that edits its argument.
fn given(edit: fn(&mut VolumePatch)) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, mut given| {
        edit(&mut given);
        b.patch_volume(uuid, given)
    }
}

/// A `patch_volume` that makes a part of the change before the rest is checked.
fn early(
    part: fn(&VolumePatch) -> VolumePatch,
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        let _ = b.patch_volume(uuid, part(&given));
        b.patch_volume(uuid, given)
    }
}

/// A `patch_volume` that makes another check first.
fn patch_check(
    check: fn(&Mem, VolumeId, &VolumePatch) -> Result<()>,
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        check(b, uuid, &given)?;
        b.patch_volume(uuid, given)
    }
}

/// A `patch_volume` that resizes a volume even in this state.
fn resizes_in(state: VolumeState) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        if b.get_volume(uuid)?.state != state || given.size_bytes.is_none() || given.state.is_some()
        {
            return b.patch_volume(uuid, given);
        }
        b.patch_volume(uuid, given.state(VolumeState::Online))?;
        b.patch_volume(uuid, patch().state(state))
    }
}

/// A `create_snapshot` that makes another check first.
fn snapshot_check(
    check: fn(&Mem, VolumeId, &str) -> Result<()>,
) -> impl Fn(&Mem, VolumeId, &str) -> Result<Snapshot> {
    move |b, volume, name| {
        check(b, volume, name)?;
        b.create_snapshot(volume, name)
    }
}

/// A `delete_snapshot` that does something else first.
fn before_delete(
    work: fn(&Mem, VolumeId, SnapshotId) -> Result<()>,
) -> impl Fn(&Mem, VolumeId, SnapshotId) -> Result<()> {
    move |b, volume, of| {
        work(b, volume, of)?;
        b.delete_snapshot(volume, of)
    }
}

/// A `restore_snapshot` that does something else with the snapshots afterwards.
fn restore_and(
    work: fn(&Mem, VolumeId, SnapshotId) -> Result<()>,
) -> impl Fn(&Mem, VolumeId, SnapshotId) -> Result<Volume> {
    move |b, volume, of| {
        let restored = b.restore_snapshot(volume, of)?;
        work(b, volume, of)?;
        Ok(restored)
    }
}

/// A `create_clone` that makes another check first.
fn clone_check(
    check: fn(&Mem, VolumeId, SnapshotId, &str) -> Result<()>,
) -> impl Fn(&Mem, VolumeId, SnapshotId, &str) -> Result<Volume> {
    move |b, volume, of, name| {
        check(b, volume, of, name)?;
        b.create_clone(volume, of, name)
    }
}

/// A `create_clone` that edits its result.
fn cloned(edit: fn(&mut Volume)) -> impl Fn(&Mem, VolumeId, SnapshotId, &str) -> Result<Volume> {
    move |b, volume, of, name| edited(b.create_clone(volume, of, name), edit)
}

/// A `create_clone` that changes the clone afterwards.
fn clone_and(
    change: fn(&Mem, Volume) -> Result<Volume>,
) -> impl Fn(&Mem, VolumeId, SnapshotId, &str) -> Result<Volume> {
    move |b, volume, of, name| change(b, b.create_clone(volume, of, name)?)
}

/// A result of work on a volume that is set online meanwhile.
fn while_online<T>(b: &Mem, volume: VolumeId, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let state = b.get_volume(volume)?.state;
    b.patch_volume(volume, patch().state(VolumeState::Online))?;
    let result = work();
    b.patch_volume(volume, patch().state(state))?;
    result
}

/// The snapshots of a volume after this one.
fn newer(b: &Mem, volume: VolumeId, of: SnapshotId) -> Result<Vec<Snapshot>> {
    Ok(b.list_snapshots(volume)?.into_iter().skip_while(|it| it.uuid != of).skip(1).collect())
}

fn is_child_of(volume: &Volume, parent: VolumeId) -> bool {
    volume.origin.as_ref().is_some_and(|origin| origin.parent_volume_uuid == parent)
}

fn is_clone_of(volume: &Volume, snapshot: SnapshotId) -> bool {
    volume.origin.as_ref().is_some_and(|origin| origin.parent_snapshot_uuid == snapshot)
}

fn split_all(b: &Mem, is_it: impl Fn(&Volume) -> bool) -> Result<()> {
    let clones = b.list_volumes()?;
    clones.iter().filter(|it| is_it(it)).try_for_each(|it| b.split_clone(it.uuid).map(drop))
}

fn of_volumes() -> Vec<Fault> {
    faults! {
        names_of_204_characters "2.volume_names": create_volume = spec(|spec| {
            if spec.name.len() == 204 {
                spec.name.pop();
            }
        });
        no_names_of_203_characters "2.volume_names": create_volume = spec_check(|_, spec| {
            refuse_if(spec.name.len() == 203, BackendError::invalid("name", &spec.name, "is too long"))
        });
        trims_names "2.volume_names":
            create_volume = spec(|spec| spec.name = String::from(spec.name.trim()));
        cuts_long_names "2.volume_names": create_volume = spec(|spec| spec.name.truncate(203));
        lowers_names "2.exact": create_volume = spec(|spec| spec.name.make_ascii_lowercase());
        ignores_case_of_names "2.case": create_volume = spec_check(|b, spec| {
            let is_taken = |volume: &Volume| volume.name.eq_ignore_ascii_case(&spec.name);
            let is_taken = rules::volume_spec(spec).is_ok() && b.list_volumes()?.iter().any(is_taken);
            refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })
        });
        returns_the_volume_of_a_taken_name "3.create_volume.refuses": create_volume = |b, spec| {
            match b.find_volume(&spec.name)? {
                Some(volume) if spec.size_bytes.is_none() => Ok(volume),
                _ => b.create_volume(spec),
            }
        };
        takes_a_size_of_zero "3.create_volume.refuses":
            create_volume = spec(|spec| spec.size_bytes = spec.size_bytes.map(|size| size.max(1)));
        zero_for_no_size "1.size":
            create_volume = created(|volume| volume.size_bytes = volume.size_bytes.or(Some(0)));
        sizes_as_floats "1.size": create_volume = spec(|spec| {
            #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the fault")]
            let rounded = |size: u64| size as f64 as u64;
            spec.size_bytes = spec.size_bytes.map(rounded);
        });
        sizes_below_2_to_63 "1.size": create_volume = spec(|spec| {
            spec.size_bytes = spec.size_bytes.map(|size| size.min(u64::MAX >> 1));
        });
        conflict_before_bad_size "3.order": create_volume = spec_check(|b, spec| {
            let is_taken = b.find_volume(&spec.name)?.is_some();
            refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })
        });
        half_made_when_refused "3.atomic": create_volume = spec_check(|b, spec| {
            if spec.size_bytes == Some(0) && rules::volume_name(&spec.name).is_ok() {
                let _ = b.create_volume(VolumeSpec::named(&spec.name));
            }
            Ok(())
        });
        lists_by_name "3.list_volumes":
            list_volumes = listed(|volumes| volumes.sort_by(|one, other| one.name.cmp(&other.name)));
        lists_newest_first "3.list_volumes": list_volumes = listed(|volumes| volumes.reverse());
        lists_a_hundred "3.list_volumes": list_volumes = listed(|volumes| volumes.truncate(100));
        lists_256 "3.list_volumes": list_volumes = listed(|volumes| volumes.truncate(256));
        lists_512 "3.list_volumes": list_volumes = listed(|volumes| volumes.truncate(512));
        lists_no_offline_volume "3.list_volumes": list_volumes = listed(|volumes| {
            volumes.retain(|volume| volume.state != VolumeState::Offline);
        });
        lists_without_junctions "3.list_volumes":
            list_volumes = |b| each(b.list_volumes(), |volume| volume.junction_path = None);
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
        gets_without_policy "3.get_volume": get_volume = got(|volume| volume.export_policy = None);
        times_that_move "1.create_time": get_volume = got(|volume| {
            let later = |time: Timestamp| time.checked_add(Duration::from_secs(1));
            volume.create_time = volume.create_time.and_then(later);
        });
        times_gone_from_lists "1.create_time":
            list_volumes = |b| each(b.list_volumes(), |volume| volume.create_time = None);
        volumes_of_type_dp "1.kind":
            create_volume = created(|volume| volume.vol_type = VolumeType::Dp);
        a_policy_by_default "1.unset": create_volume = create_and(|_| patch().export_policy("default"));
        a_junction_by_default "1.unset":
            create_volume = create_and(|volume| patch().junction_path(format!("/{}", volume.name)));
        created_offline "1.state": create_volume = create_and(|_| patch().state(VolumeState::Offline));
        identifiers_of_version_1 "2.uuid_form": create_volume = created(|volume| {
            let bits = volume.uuid.uuid().as_u128() & !(0xf << 76) | (1 << 76);
            volume.uuid = VolumeId::new(Uuid::from_u128(bits));
        });
        deletes_twice "3.delete_volume.refuses": delete_volume = |b, uuid| {
            match b.delete_volume(uuid) {
                Err(BackendError::VolumeNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        deletes_no_offline_volume "3.delete_volume": delete_volume = |b, uuid| {
            refuse_if(b.get_volume(uuid)?.state != VolumeState::Online, offline(uuid))?;
            b.delete_volume(uuid)
        };
        deletes_no_volume_with_snapshots "3.delete_volume": delete_volume = |b, uuid| {
            let busy = BackendError::VolumeBusy { volume: uuid, dependents: Dependents::default() };
            refuse_if(!b.list_snapshots(uuid)?.is_empty(), busy)?;
            b.delete_volume(uuid)
        };
        deletes_nothing "3.delete_volume": delete_volume = |b, uuid| b.get_volume(uuid).map(drop);
        unmounts_before_refusing_to_delete "3.atomic": delete_volume = |b, uuid| {
            let _ = b.patch_volume(uuid, patch().junction_path(""));
            b.delete_volume(uuid)
        };
        accesses_offline_volumes "3.access_handle.refuses":
            access_handle = |b, uuid| b.get_volume(uuid).map(|_| AccessHandle::InMemory);
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
            refuse_if(b.get_volume(uuid)?.junction_path.is_none(), offline(uuid))?;
            b.access_handle(uuid)
        };
        panics_on_long_names "4.no_panic":
            create_volume = spec(|spec| assert!(spec.name.len() < 60_000, "a long name"));
        panics_when_finding_null "4.no_panic": find_volume = |b, name| {
            assert!(!name.contains('\0'), "a name with a null character");
            b.find_volume(name)
        };
    }
}

fn of_patches() -> Vec<Fault> {
    faults! {
        an_empty_patch_unmounts "3.patch_volume": patch_volume = given(|given| {
            if given.is_empty() {
                given.junction_path = Some(String::new());
            }
        });
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
            if rules::volume_patch(&given).is_ok() {
                given.size_bytes = given.size_bytes.map(|new| size.map_or(new, |old| new.max(old)));
            }
            b.patch_volume(uuid, given)
        };
        size_before_the_rest_is_checked "3.atomic": patch_volume = early(|given| {
            let mut part = patch();
            part.size_bytes = given.size_bytes.filter(|size| *size > 0);
            part
        });
        policy_before_the_rest_is_checked "3.atomic": patch_volume = early(|given| {
            let mut part = patch();
            part.export_policy.clone_from(&given.export_policy);
            part
        });
        unmounts_before_the_rest_is_checked "3.atomic": patch_volume = early(|given| {
            let mut part = patch();
            part.junction_path = given.junction_path.as_ref().map(|_| String::new());
            part
        });
        renames_before_the_rest_is_checked "3.atomic": patch_volume = early(|given| {
            let mut part = patch();
            part.name.clone_from(&given.name);
            part
        });
        goes_offline_before_the_rest_is_checked "3.atomic": patch_volume = early(|given| {
            let mut part = patch();
            part.state = given.state;
            part
        });
        values_before_existence "3.order":
            patch_volume = patch_check(|_, _, given| rules::volume_patch(given));
        conflict_before_values "3.order": patch_volume = patch_check(|b, uuid, given| {
            let Some(path) = given.junction_path.clone() else { return Ok(()) };
            let volumes = b.list_volumes()?;
            let owner = volumes.into_iter().find(|it| it.junction_path.as_ref() == Some(&path));
            let is_taken = owner.is_some_and(|owner| owner.uuid != uuid) && b.get_volume(uuid).is_ok();
            refuse_if(is_taken, BackendError::JunctionPathExists { path })
        });
        state_before_values "3.order": patch_volume = patch_check(|b, uuid, given| {
            let stays = given.state != Some(VolumeState::Online);
            let is_refused = given.size_bytes.is_some() && stays && !is_online(b, uuid);
            refuse_if(is_refused && b.get_volume(uuid).is_ok(), offline(uuid))
        });
        conflict_before_state "3.order": patch_volume = patch_check(|b, uuid, given| {
            let Some(name) = given.name.clone() else { return Ok(()) };
            let is_taken = b.find_volume(&name)?.is_some_and(|owner| owner.uuid != uuid);
            let is_refused = is_taken && rules::volume_patch(given).is_ok();
            refuse_if(is_refused && b.get_volume(uuid).is_ok(), BackendError::VolumeExists { name })
        });
        resizes_offline_volumes "3.patch_volume.refuses":
            patch_volume = resizes_in(VolumeState::Offline);
        resizes_restricted_volumes "3.patch_volume.refuses":
            patch_volume = resizes_in(VolumeState::Restricted);
        no_resize_on_the_way_online "3.patch_volume.refuses": patch_volume = patch_check(|b, uuid, given| {
            let is_refused = given.size_bytes.is_some() && !is_online(b, uuid);
            let is_valid = rules::volume_patch(given).is_ok() && b.get_volume(uuid).is_ok();
            refuse_if(is_refused && is_valid, offline(uuid))
        });
        no_resize_on_the_way_offline "3.patch_volume.refuses": patch_volume = patch_check(|b, uuid, given| {
            let goes_offline = given.state.is_some_and(|state| state != VolumeState::Online);
            let is_valid = rules::volume_patch(given).is_ok() && b.get_volume(uuid).is_ok();
            refuse_if(given.size_bytes.is_some() && goes_offline && is_valid, offline(uuid))
        });
        no_mount_while_offline "3.patch_volume": patch_volume = patch_check(|b, uuid, given| {
            let is_refused = given.junction_path.is_some() && given.state.is_none();
            let is_valid = rules::volume_patch(given).is_ok() && b.get_volume(uuid).is_ok();
            refuse_if(is_refused && is_valid && !is_online(b, uuid), offline(uuid))
        });
        no_rename_while_offline "3.patch_volume": patch_volume = patch_check(|b, uuid, given| {
            let is_refused = given.name.is_some() && given.state.is_none();
            let is_valid = rules::volume_patch(given).is_ok() && b.get_volume(uuid).is_ok();
            refuse_if(is_refused && is_valid && !is_online(b, uuid), offline(uuid))
        });
        unmounts_what_goes_offline "3.offline_keeps": patch_volume = given(|given| {
            if given.state == Some(VolumeState::Offline) && given.junction_path.is_none() {
                given.junction_path = Some(String::new());
            }
        });
        offline_for_restricted "1.state": patch_volume = given(|given| {
            if given.state == Some(VolumeState::Restricted) {
                given.state = Some(VolumeState::Offline);
            }
        });
        trailing_slashes "2.junction_path": patch_volume = given(|given| {
            if let Some(path) = given.junction_path.as_mut().filter(|path| path.len() > 1) {
                *path = path.strip_suffix('/').unwrap_or(path).to_owned();
            }
        });
        paths_of_4096_characters "2.junction_path": patch_volume = given(|given| {
            if let Some(path) = &mut given.junction_path
                && path.chars().count() <= 4096 && path.len() > 4096 {
                    *path = String::from("/shortened");
                }
        });
        no_paths_of_4096_bytes "2.junction_path": patch_volume = patch_check(|_, _, given| {
            let is_refused = given.junction_path.as_ref().is_some_and(|path| path.len() == 4096);
            refuse_if(is_refused, BackendError::invalid("junction_path", "/", "is too long"))
        });
        paths_with_dots "2.junction_path": patch_volume = given(|given| {
            given.junction_path = given.junction_path.take().map(|path| path.replace("/./", "/"));
        });
        paths_in_lower_case "2.exact": patch_volume = given(|given| {
            given.junction_path = given.junction_path.take().map(|path| path.to_ascii_lowercase());
        });
        paths_that_ignore_all_case "2.junction_unique": patch_volume = patch_check(|b, uuid, given| {
            let Some(path) = given.junction_path.clone() else { return Ok(()) };
            let is_taken = b.list_volumes()?.iter().any(|it| {
                let other = it.junction_path.as_ref();
                it.uuid != uuid && other.is_some_and(|other| other.to_lowercase() == path.to_lowercase())
            });
            let is_valid = b.get_volume(uuid).is_ok() && rules::volume_patch(given).is_ok();
            let is_offline = given.size_bytes.is_some() && !is_online(b, uuid);
            refuse_if(is_taken && is_valid && !is_offline, BackendError::JunctionPathExists { path })
        });
        its_own_path_is_taken "2.junction_unique": patch_volume = patch_check(|b, uuid, given| {
            let Some(path) = b.get_volume(uuid)?.junction_path else { return Ok(()) };
            let is_own = given.junction_path.as_ref() == Some(&path);
            refuse_if(is_own, BackendError::JunctionPathExists { path })
        });
        its_own_name_is_taken "3.patch_volume.refuses": patch_volume = patch_check(|b, uuid, given| {
            let name = b.get_volume(uuid)?.name;
            refuse_if(given.name.as_ref() == Some(&name), BackendError::VolumeExists { name })
        });
        no_unmount_of_the_unmounted "2.unmount": patch_volume = patch_check(|b, uuid, given| {
            let is_unmounted = b.get_volume(uuid)?.junction_path.is_none();
            let is_refused = is_unmounted && given.junction_path.as_deref() == Some("");
            refuse_if(is_refused, BackendError::invalid("junction_path", "", "is not mounted"))
        });
        policies_of_257_characters "2.export_policy": patch_volume = given(|given| {
            if let Some(policy) = given.export_policy.as_mut().filter(|it| it.len() == 257) {
                policy.pop();
            }
        });
        no_name_while_sized "3.optional": patch_volume = patch_check(|_, _, given| {
            let is_refused = given.name.is_some() && given.size_bytes.is_some();
            refuse_if(is_refused, BackendError::not_supported("patch_volume"))
        });
    }
}

fn of_snapshots() -> Vec<Fault> {
    faults! {
        snapshot_names_of_256_characters "2.snapshot_names": create_snapshot = |b, volume, name| {
            b.create_snapshot(volume, if name.len() == 256 { &name[..255] } else { name })
        };
        snapshot_names_as_short_as_volumes "2.snapshot_names": create_snapshot = snapshot_check(|_, _, name| {
            let lengths = rules::MAX_VOLUME_NAME + 1..=rules::MAX_SNAPSHOT_NAME;
            let is_refused = lengths.contains(&name.len());
            refuse_if(is_refused, BackendError::invalid("name", name, "is too long"))
        });
        snapshot_names_ignore_case "2.case": create_snapshot = snapshot_check(|b, volume, name| {
            let is_it = |it: &Snapshot| it.name.eq_ignore_ascii_case(name);
            let is_taken = is_online(b, volume) && b.list_snapshots(volume)?.iter().any(is_it);
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })
        });
        snapshot_names_of_the_whole_backend "2.snapshot_name_unique":
            create_snapshot = snapshot_check(|b, volume, name| {
                let has_it = |it: &Volume| b.find_snapshot(it.uuid, name).is_ok_and(|it| it.is_some());
                let is_taken = is_online(b, volume) && b.list_volumes()?.iter().any(has_it);
                refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })
            });
        snapshots_of_offline_volumes "3.create_snapshot.refuses": create_snapshot = |b, volume, name| {
            while_online(b, volume, || b.create_snapshot(volume, name))
        };
        a_bad_snapshot_name_of_a_missing_volume "3.order":
            create_snapshot = snapshot_check(|_, _, name| rules::snapshot_name(name));
        a_taken_snapshot_name_before_the_state "3.order": create_snapshot = snapshot_check(|b, volume, name| {
            let is_taken = b.find_snapshot(volume, name)?.is_some();
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })
        });
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
        deletes_no_snapshot_while_offline "3.delete_snapshot": delete_snapshot = before_delete(|b, volume, of| {
            b.get_snapshot(volume, of)?;
            refuse_if(!is_online(b, volume), offline(volume))
        });
        deletes_snapshots_twice "3.delete_snapshot.refuses": delete_snapshot = |b, volume, of| {
            match b.delete_snapshot(volume, of) {
                Err(BackendError::SnapshotNotFound { .. }) => Ok(()),
                result => result,
            }
        };
        deletes_older_snapshots_too "3.delete_snapshot": delete_snapshot = |b, volume, of| {
            b.delete_snapshot(volume, of)?;
            if let Some(first) = b.list_snapshots(volume)?.first() {
                let _ = b.delete_snapshot(volume, first.uuid);
            }
            Ok(())
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
        renames_no_snapshot_while_offline "3.rename_snapshot": rename_snapshot = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            rules::snapshot_name(name)?;
            refuse_if(!is_online(b, volume), offline(volume))?;
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
            let newer = newer(b, volume, of);
            let restored = b.restore_snapshot(volume, of)?;
            for snapshot in newer? {
                b.create_snapshot(volume, &snapshot.name)?;
            }
            Ok(restored)
        };
        restores_and_drops_the_target "3.restore_snapshot": restore_snapshot = restore_and(|b, volume, of| {
            let _ = b.delete_snapshot(volume, of);
            Ok(())
        });
        restores_and_drops_older "3.restore_snapshot": restore_snapshot = restore_and(|b, volume, of| {
            for snapshot in b.list_snapshots(volume)?.iter().take_while(|it| it.uuid != of) {
                let _ = b.delete_snapshot(volume, snapshot.uuid);
            }
            Ok(())
        });
        restores_and_unmounts "3.restore_snapshot": restore_snapshot = |b, volume, of| {
            b.restore_snapshot(volume, of)?;
            b.patch_volume(volume, patch().junction_path(""))
        };
        restores_half_when_busy "3.atomic": restore_snapshot = |b, volume, of| {
            if is_online(b, volume) && b.get_snapshot(volume, of).is_ok() {
                for snapshot in newer(b, volume, of)? {
                    let _ = b.delete_snapshot(volume, snapshot.uuid);
                }
            }
            b.restore_snapshot(volume, of)
        };
        restores_offline_volumes "3.restore_snapshot.refuses": restore_snapshot = |b, volume, of| {
            b.get_volume(volume)?;
            b.get_snapshot(volume, of)?;
            while_online(b, volume, || b.restore_snapshot(volume, of))?;
            b.get_volume(volume)
        };
        restores_supported_on_plain_volumes "3.optional": restore_snapshot = |b, volume, of| {
            let is_clone = b.get_volume(volume)?.origin.is_some();
            refuse_if(is_clone, BackendError::not_supported("restore_snapshot"))?;
            b.restore_snapshot(volume, of)
        };
    }
}

fn of_clones() -> Vec<Fault> {
    faults! {
        clones_without_size "3.create_clone": create_clone = cloned(|clone| clone.size_bytes = None);
        clones_without_policy "3.create_clone": create_clone = clone_and(|b, clone| {
            if clone.export_policy.is_none() {
                return Ok(clone);
            }
            b.patch_volume(clone.uuid, patch().export_policy("default"))
        });
        clones_with_a_junction "3.create_clone": create_clone = |b, volume, of, name| {
            let parent = b.get_volume(volume)?;
            let clone = b.create_clone(volume, of, name)?;
            match parent.junction_path {
                Some(path) => b.patch_volume(clone.uuid, patch().junction_path(path + "_clone")),
                None => Ok(clone),
            }
        };
        clones_with_a_snapshot "3.create_clone": create_clone = clone_and(|b, clone| {
            b.create_snapshot(clone.uuid, "clone_base")?;
            Ok(clone)
        });
        clones_that_are_offline "3.create_clone": create_clone = clone_and(|b, clone| {
            b.patch_volume(clone.uuid, patch().state(VolumeState::Offline))
        });
        clones_of_type_dp "1.kind": create_clone = cloned(|clone| clone.vol_type = VolumeType::Dp);
        clones_of_offline_volumes "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            while_online(b, volume, || b.create_clone(volume, of, name))
        };
        clones_with_a_bad_name_first "3.order": create_clone = clone_check(|_, _, _, name| {
            rules::volume_name(name).map_err(|error| error.for_argument("new_name"))
        });
        clones_with_a_taken_name_before_the_state "3.order": create_clone = clone_check(|b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            let is_taken = b.find_volume(name)?.is_some();
            refuse_if(is_taken, BackendError::VolumeExists { name: name.to_owned() })
        });
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
        origins_by_name_only "1.origin": create_clone = cloned(|clone| {
            if let Some(origin) = &mut clone.origin {
                origin.parent_volume_uuid = clone.uuid;
            }
        });
        lists_without_origins "1.origin":
            list_volumes = |b| each(b.list_volumes(), |volume| volume.origin = None);
        splits_and_keeps_the_origin "3.split_clone": split_clone = |b, volume| {
            let before = b.get_volume(volume)?;
            b.split_clone(volume)?;
            Ok(before)
        };
        splits_nothing "3.split_clone": split_clone = |b, volume| {
            let before = b.get_volume(volume)?;
            if before.origin.is_some() { Ok(before) } else { b.split_clone(volume) }
        };
        splits_plain_volumes "3.split_clone.refuses": split_clone = |b, volume| {
            match b.split_clone(volume) {
                Err(BackendError::InvalidArgument { .. }) => b.get_volume(volume),
                result => result,
            }
        };
        splits_no_offline_clone "3.split_clone": split_clone = |b, volume| {
            let is_clone = b.get_volume(volume)?.origin.is_some();
            refuse_if(is_clone && !is_online(b, volume), offline(volume))?;
            b.split_clone(volume)
        };
        splits_and_unmounts "3.split_clone": split_clone = |b, volume| {
            b.split_clone(volume)?;
            b.patch_volume(volume, patch().junction_path(""))
        };
        deletes_parents "3.delete_volume.refuses": delete_volume = |b, uuid| {
            split_all(b, |it| is_child_of(it, uuid))?;
            b.delete_volume(uuid)
        };
        deletes_parents_with_their_clones "3.delete_volume.refuses": delete_volume = |b, uuid| {
            for clone in b.list_volumes()?.iter().filter(|it| is_child_of(it, uuid)) {
                b.delete_volume(clone.uuid)?;
            }
            b.delete_volume(uuid)
        };
        deletes_snapshots_of_clones "3.delete_snapshot.refuses":
            delete_snapshot = before_delete(|b, _, of| split_all(b, |it| is_clone_of(it, of)));
        pins_every_snapshot "3.delete_snapshot": delete_snapshot = before_delete(|b, volume, of| {
            b.get_snapshot(volume, of)?;
            match b.list_volumes()?.into_iter().find(|it| is_child_of(it, volume)) {
                None => Ok(()),
                Some(clone) => {
                    let dependents = Dependents::new(vec![clone.name], 1);
                    Err(BackendError::SnapshotBusy { snapshot: of, dependents })
                }
            }
        });
        pins_nothing_while_offline "3.offline_keeps": delete_snapshot = before_delete(|b, _, of| {
            split_all(b, |it| is_clone_of(it, of) && it.state == VolumeState::Offline)
        });
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
                let volumes = b.list_volumes().unwrap_or_default();
                let clones = volumes.into_iter().filter(|it| is_clone_of(it, of));
                it.names = clones.map(|it| it.name).collect();
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

/// Lists faults that remember a state from one call to another, and the operations that share it.
macro_rules! stateful_faults {
    ($($name:ident $rule:literal, $state:ident: $type:ty:
        $($operation:ident = $replacement:expr),+;)+) => {
        vec![$(Fault {
            name: stringify!($name),
            rule: $rule,
            make: || {
                let $state = Arc::<Mutex<$type>>::default();
                Mutant {
                    $($operation: Some(Box::new({
                        let $state = Arc::clone(&$state);
                        $replacement
                    })),)+
                    ..Mutant::default()
                }
            },
        }),+]
    };
}

pub mod sequences;

/// Gives a volume a time before those of all volumes made earlier.
fn backdate(made: &Mutex<Vec<VolumeId>>, volume: &mut Volume) {
    let index = made.lock().unwrap().iter().position(|id| *id == volume.uuid);
    let micros = index.map(|index| -i64::try_from(index).unwrap());
    volume.create_time = micros.and_then(Timestamp::from_unix_micros);
}

fn of_memory() -> Vec<Fault> {
    stateful_faults! {
        keeps_names_of_the_deleted "2.free_again", deleted: HashSet<String>:
            delete_volume = move |b, uuid| {
                let name = b.get_volume(uuid)?.name;
                b.delete_volume(uuid)?;
                deleted.lock().unwrap().insert(name);
                Ok(())
            },
            create_volume = move |b, spec| {
                let is_taken = deleted.lock().unwrap().contains(&spec.name);
                refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
                b.create_volume(spec)
            };
        keeps_names_of_the_renamed "2.free_again", renamed: HashSet<String>:
            patch_volume = move |b, uuid, given| {
                let name = b.get_volume(uuid)?.name;
                let volume = b.patch_volume(uuid, given)?;
                let mut renamed = renamed.lock().unwrap();
                if volume.name != name {
                    renamed.insert(name);
                }
                renamed.remove(&volume.name);
                Ok(volume)
            },
            create_volume = move |b, spec| {
                let is_taken = renamed.lock().unwrap().contains(&spec.name);
                refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
                b.create_volume(spec)
            };
        keeps_paths_of_the_deleted "2.junction_unique", deleted: HashSet<String>:
            delete_volume = move |b, uuid| {
                let path = b.get_volume(uuid)?.junction_path;
                b.delete_volume(uuid)?;
                deleted.lock().unwrap().extend(path);
                Ok(())
            },
            patch_volume = move |b, uuid, given| {
                if let Some(path) = given.junction_path.clone()
                    && deleted.lock().unwrap().contains(&path) {
                        return Err(BackendError::JunctionPathExists { path });
                    }
                b.patch_volume(uuid, given)
            };
        remembers_the_parents_first_name "1.origin_names", names: HashMap<VolumeId, String>:
            create_clone = move |b, volume, of, name| {
                let clone = b.create_clone(volume, of, name)?;
                names.lock().unwrap().insert(clone.uuid, b.get_volume(volume)?.name);
                Ok(clone)
            },
            get_volume = move |b, uuid| edited(b.get_volume(uuid), |volume| {
                let names = names.lock().unwrap();
                if let (Some(origin), Some(name)) = (&mut volume.origin, names.get(&uuid)) {
                    origin.parent_volume.clone_from(name);
                }
            });
        remembers_the_snapshots_first_name "1.origin_names", names: HashMap<SnapshotId, String>:
            create_snapshot = move |b, volume, name| {
                let snapshot = b.create_snapshot(volume, name)?;
                names.lock().unwrap().insert(snapshot.uuid, name.to_owned());
                Ok(snapshot)
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| {
                let Some(origin) = &mut volume.origin else { return };
                if let Some(name) = names.lock().unwrap().get(&origin.parent_snapshot_uuid) {
                    origin.parent_snapshot.clone_from(name);
                }
            });
        gets_what_was_cached "3.get_volume", cache: HashMap<VolumeId, Volume>:
            get_volume = move |b, uuid| {
                let mut cache = cache.lock().unwrap();
                if let Some(volume) = cache.get(&uuid) {
                    return Ok(volume.clone());
                }
                let volume = b.get_volume(uuid)?;
                cache.insert(uuid, volume.clone());
                Ok(volume)
            };
        the_second_split_frees_nothing "3.split_clone", splits: usize:
            split_clone = move |b, volume| {
                let before = b.get_volume(volume)?;
                if before.origin.is_some() {
                    let mut splits = splits.lock().unwrap();
                    *splits += 1;
                    if *splits % 2 == 0 {
                        return edited(Ok(before), |volume| volume.origin = None);
                    }
                }
                b.split_clone(volume)
            };
        // A volume that is created again with the same name gets the identifier of the first.
        uses_identifiers_again "2.uuid_once", ids: HashMap<String, VolumeId>:
            create_volume = move |b, spec| {
                let name = spec.name.clone();
                let made = b.create_volume(spec)?;
                let first = *ids.lock().unwrap().entry(name).or_insert(made.uuid);
                edited(Ok(made), |volume| volume.uuid = first)
            };
        times_that_run_backwards "5.time", made: Vec<VolumeId>:
            create_volume = move |b, spec| edited(b.create_volume(spec), |volume| {
                made.lock().unwrap().push(volume.uuid);
                backdate(&made, volume);
            }),
            create_clone = move |b, volume, of, name| {
                edited(b.create_clone(volume, of, name), |volume| {
                    made.lock().unwrap().push(volume.uuid);
                    backdate(&made, volume);
                })
            },
            list_volumes = move |b| each(b.list_volumes(), |volume| backdate(&made, volume)),
            get_volume = move |b, uuid| edited(b.get_volume(uuid), |volume| backdate(&made, volume)),
            find_volume = move |b, name| {
                let found = b.find_volume(name)?.map(Ok);
                found.map(|found| edited(found, |volume| backdate(&made, volume))).transpose()
            },
            patch_volume = move |b, uuid, given| {
                edited(b.patch_volume(uuid, given), |volume| backdate(&made, volume))
            };
        unsupported_now_and_then "3.optional", calls: u32:
            rename_snapshot = move |b, volume, of, name| {
                let mut calls = calls.lock().unwrap();
                *calls += 1;
                refuse_if(*calls % 3 == 1, BackendError::not_supported("rename_snapshot"))?;
                b.rename_snapshot(volume, of, name)
            };
    }
}

/// The time between the check and the change of a backend that drives a remote system.
fn round_trip() {
    thread::sleep(Duration::from_micros(200));
}

fn of_races() -> Vec<Fault> {
    faults! {
        races_for_names "3.linearizable": create_volume = |b, spec| {
            rules::volume_spec(&spec)?;
            let exists = || BackendError::VolumeExists { name: spec.name.clone() };
            refuse_if(b.find_volume(&spec.name)?.is_some(), exists())?;
            round_trip();
            // The second of two callers finds the name taken now, and returns the first one's volume.
            match b.create_volume(spec.clone()) {
                Err(BackendError::VolumeExists { .. }) => b.find_volume(&spec.name)?.ok_or_else(exists),
                result => result,
            }
        };
        races_between_clone_and_delete "3.linearizable": delete_snapshot = |b, volume, of| {
            if b.list_volumes()?.iter().any(|it| is_clone_of(it, of)) {
                return b.delete_snapshot(volume, of);
            }
            round_trip();
            split_all(b, |it| is_clone_of(it, of))?;
            b.delete_snapshot(volume, of)
        };
        // Reads a volume, and later writes all of its fields.
        races_between_patches "3.linearizable": patch_volume = |b, uuid, given| {
            let before = b.get_volume(uuid)?;
            rules::volume_patch(&given)?;
            round_trip();
            let mut whole = given;
            whole.export_policy = whole.export_policy.or(before.export_policy);
            whole.junction_path = whole.junction_path.or(before.junction_path).or(Some(String::new()));
            b.patch_volume(uuid, whole)
        };
    }
}

/// Lists faults of the declared features: the name, the rule, and the fields of the mutant.
macro_rules! tier_faults {
    ($($name:ident $rule:literal: $($field:ident = $value:expr),+;)+) => {
        vec![$(Fault {
            name: stringify!($name),
            rule: $rule,
            make: || Mutant { $($field: $value,)+ ..Mutant::default() },
        }),+]
    };
}

fn of_tiers() -> Vec<Fault> {
    tier_faults! {
        advertises_clones_it_hides "1.honest": hides_clones = true;
        advertises_snapshots_it_hides "1.honest":
            hides_snapshots = true, hides_clones = true,
            capabilities = Some(Capabilities::SNAPSHOTS);
        hides_capabilities_it_has "1.honest": capabilities = Some(Capabilities::VOLUMES);
        hides_clones_it_has "1.honest": capabilities = Some(Capabilities::SNAPSHOTS);
        advertises_clones_without_snapshots "1.capabilities":
            capabilities = Some(only(|capabilities| capabilities.clones = true));
        advertises_replication_alone "1.capabilities":
            hides_snapshots = true, hides_clones = true,
            capabilities = Some(only(|capabilities| capabilities.replication = true));
    }
}

fn of_support() -> Vec<Fault> {
    faults! {
        names_no_unsupported_operation "3.optional":
            split_clone = |_, _| Err(BackendError::not_supported(""));
        renames_although_unsupported "3.atomic": rename_snapshot = |b, volume, of, name| {
            b.rename_snapshot(volume, of, name)?;
            Err(BackendError::not_supported("rename_snapshot"))
        };
    }
}

/// The capabilities of a backend of volumes, with one change.
fn only(change: impl FnOnce(&mut Capabilities)) -> Capabilities {
    let mut capabilities = Capabilities::VOLUMES;
    change(&mut capabilities);
    capabilities
}

// After the macros that they use.
pub mod histories;
mod names;
mod sizes;
mod space;
pub mod tiers;
