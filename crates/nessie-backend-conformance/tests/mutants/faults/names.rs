//! Faults with names, paths and policies of certain forms.

use super::*;

pub(super) fn all() -> Vec<Fault> {
    [of_volume_names(), of_snapshot_names(), of_paths(), of_policies(), of_freed_names()]
        .into_iter()
        .flatten()
        .collect()
}

fn bad_name(name: &str) -> BackendError {
    BackendError::invalid("name", name, "is not a name")
}

/// A `patch_volume` that takes two names for one if they are equal after the change.
fn same_name_after(
    change: fn(&str) -> String,
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        b.get_volume(uuid)?;
        let is_valid = rules::volume_patch(&given).is_ok()
            && (given.size_bytes.is_none() || is_online(b, uuid));
        if let Some(name) = given.name.clone().filter(|_| is_valid) {
            let is_it = |it: &Volume| it.uuid != uuid && change(&it.name) == change(&name);
            let is_taken = b.list_volumes()?.iter().any(is_it);
            refuse_if(is_taken, BackendError::VolumeExists { name })?;
        }
        b.patch_volume(uuid, given)
    }
}

fn of_volume_names() -> Vec<Fault> {
    faults! {
        no_names_of_one_character_in_renames "2.volume_names": patch_volume = patch_check(|b, uuid, given| {
            b.get_volume(uuid)?;
            let name = given.name.clone().unwrap_or_default();
            refuse_if(name.len() == 1 && rules::volume_name(&name).is_ok(), bad_name(&name))
        });
        no_clones_of_digits_only "2.volume_names": create_clone = clone_check(|b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            let is_it = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            refuse_if(is_it, bad_name(name).for_argument("new_name"))
        });
        no_names_of_128_characters "2.volume_names": create_volume = spec_check(|_, spec| {
            refuse_if(spec.name.len() == 128 && rules::volume_name(&spec.name).is_ok(), bad_name(&spec.name))
        });
        // The end of a long name does not count.
        names_equal_in_200_characters "2.exact": create_volume = spec_check(|b, spec| {
            if spec.name.len() != 203 || rules::volume_spec(spec).is_err() {
                return Ok(());
            }
            let is_like = |it: &Volume| {
                it.name.len() == 203 && it.name[..60] == spec.name[..60] && it.name[70..] == spec.name[70..]
            };
            let is_taken = b.list_volumes()?.iter().any(is_like);
            refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })
        });
        renames_lower_the_last_character "2.exact": patch_volume = given(|given| {
            if let Some(last) = given.name.as_mut().and_then(String::pop)
                && let Some(name) = &mut given.name {
                    name.push(if name.len() > 100 { last.to_ascii_lowercase() } else { last });
                }
        });
        no_volume_is_called_none "2.volume_names": create_volume = spec_check(|_, spec| {
            refuse_if(spec.name == "None" || spec.name == "null", bad_name(&spec.name))
        });
        renames_ignore_case "2.case": patch_volume = same_name_after(str::to_ascii_lowercase);
        renames_take_dots_for_colons "2.exact": patch_volume = same_name_after(|name| name.replace('.', ":"));
        renames_compare_150_characters "2.exact":
            patch_volume = same_name_after(|name| name.chars().take(150).collect());
        clones_ignore_leading_zeros "2.exact": create_clone = clone_check(|b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            let plain = |name: &str| name.trim_start_matches('0').to_owned();
            let is_taken = is_online(b, volume) && rules::volume_name(name).is_ok()
                && b.list_volumes()?.iter().any(|it| plain(&it.name) == plain(name));
            refuse_if(is_taken, BackendError::VolumeExists { name: name.to_owned() })
        });
        finds_without_surrounding_space "3.find_volume":
            find_volume = |b, name| b.find_volume(name.trim_end());
        finds_full_width_names "3.find_volume": find_volume = |b, name| {
            let narrow = |c: char| match u32::from(c) {
                code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
                _ => c,
            };
            b.find_volume(&name.chars().map(narrow).collect::<String>())
        };
        clones_with_combining_characters "3.create_clone.refuses": create_clone = |b, volume, of, name| {
            b.create_clone(volume, of, name.trim_end_matches('\u{301}'))
        };
    }
}

fn of_snapshot_names() -> Vec<Fault> {
    faults! {
        no_snapshots_that_start_with_an_underscore_in_renames "2.snapshot_names":
            rename_snapshot = |b, volume, of, name| {
                b.get_snapshot(volume, of)?;
                let is_it = name.starts_with("__") && rules::snapshot_name(name).is_ok();
                refuse_if(is_it, bad_name(name))?;
                b.rename_snapshot(volume, of, name)
            };
        snapshot_names_that_look_alike "2.exact": create_snapshot = snapshot_check(|b, volume, name| {
            let plain = |name: &str| name.replace(['-', '_', '.', ':'], "");
            let is_it = |it: &Snapshot| it.name != name && plain(&it.name) == plain(name);
            let is_taken = is_online(b, volume) && rules::snapshot_name(name).is_ok()
                && !plain(name).is_empty() && b.list_snapshots(volume)?.iter().any(is_it);
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })
        });
        snapshot_names_as_numbers "2.exact": create_snapshot = snapshot_check(|b, volume, name| {
            let value = |name: &str| name.parse::<u64>().ok();
            let is_it = |it: &Snapshot| it.name != name && value(name).is_some() && value(&it.name) == value(name);
            let is_taken = is_online(b, volume) && b.list_snapshots(volume)?.iter().any(is_it);
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })
        });
        no_snapshots_of_64_characters "2.snapshot_names": rename_snapshot = |b, volume, of, name| {
            b.get_snapshot(volume, of)?;
            refuse_if(name.len() == 64 && rules::snapshot_name(name).is_ok(), bad_name(name))?;
            b.rename_snapshot(volume, of, name)
        };
        renames_of_snapshots_trim_dots "2.exact": rename_snapshot = |b, volume, of, name| {
            let trimmed = name.trim_end_matches('.');
            b.rename_snapshot(volume, of, if trimmed.len() > 1 { trimmed } else { name })
        };
        renamed_snapshots_ignore_case "2.case": rename_snapshot = |b, volume, of, name| {
            let is_it = |it: &Snapshot| it.uuid != of && it.name.eq_ignore_ascii_case(name);
            b.get_snapshot(volume, of)?;
            let is_taken = b.list_snapshots(volume)?.iter().any(is_it);
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })?;
            b.rename_snapshot(volume, of, name)
        };
        finds_snapshots_without_trailing_space "3.find_snapshot":
            find_snapshot = |b, volume, name| b.find_snapshot(volume, name.trim());
    }
}

/// A `patch_volume` that changes the junction path.
fn path_as(change: fn(&str) -> String) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, mut given| {
        if rules::volume_patch(&given).is_ok() {
            given.junction_path = given.junction_path.map(|path| change(&path));
        }
        b.patch_volume(uuid, given)
    }
}

/// A `patch_volume` that takes two paths for one if they are equal after the change.
fn same_path_after(
    change: fn(&str) -> String,
) -> impl Fn(&Mem, VolumeId, VolumePatch) -> Result<Volume> {
    move |b, uuid, given| {
        let Some(path) = given.junction_path.clone() else { return b.patch_volume(uuid, given) };
        let is_it = |it: &Volume| {
            it.uuid != uuid
                && it.junction_path.as_ref().is_some_and(|it| change(it) == change(&path))
        };
        let is_valid = b.get_volume(uuid).is_ok() && rules::volume_patch(&given).is_ok();
        let is_resize = given.size_bytes.is_some() && !is_online(b, uuid);
        let is_taken =
            is_valid && !is_resize && !path.is_empty() && b.list_volumes()?.iter().any(is_it);
        refuse_if(is_taken, BackendError::JunctionPathExists { path })?;
        b.patch_volume(uuid, given)
    }
}

fn of_paths() -> Vec<Fault> {
    faults! {
        paths_are_composed "2.exact": patch_volume = path_as(|path| path.replace("e\u{301}", "é"));
        paths_are_decomposed "2.exact": patch_volume = path_as(|path| path.replace('ü', "u\u{308}"));
        composed_paths_are_equal "2.junction_unique":
            patch_volume = same_path_after(|path| path.replace("e\u{301}", "é"));
        full_width_paths_are_equal "2.junction_unique":
            patch_volume = same_path_after(|path| path.replace(['ａ', 'Ａ'], "a"));
        ligatures_are_equal "2.junction_unique": patch_volume = same_path_after(|path| path.replace('ﬁ', "fi"));
        paths_without_percent_signs "2.exact": patch_volume = path_as(|path| path.replace("%41", "A"));
        encoded_paths_are_equal "2.junction_unique":
            patch_volume = same_path_after(|path| path.replace("%2F", "/").replace("%2f", "/"));
        paths_without_trailing_space "2.exact":
            patch_volume = path_as(|path| if path.is_empty() { String::new() } else { path.trim_end().to_owned() });
        paths_with_single_spaces "2.exact": patch_volume = path_as(|path| path.replace("  ", " "));
        paths_without_trailing_dots "2.exact":
            patch_volume = path_as(|path| path.replace("./", "/"));
        no_paths_of_4096_bytes_in_wide_characters "2.junction_path": patch_volume = patch_check(|b, uuid, given| {
            b.get_volume(uuid)?;
            let path = given.junction_path.clone().unwrap_or_default();
            let is_it = path.len() == 4096 && path.contains('日');
            refuse_if(is_it, BackendError::invalid("junction_path", &path, "is too long"))
        });
        greek_paths_ignore_case "2.junction_unique":
            patch_volume = same_path_after(|path| path.replace(['Σ', 'ς'], "σ"));
        no_mount_below_a_mount "3.patch_volume": patch_volume = patch_check(|b, uuid, given| {
            b.get_volume(uuid)?;
            let path = given.junction_path.clone().unwrap_or_default();
            let is_above = |it: &Volume| {
                it.junction_path.as_ref().is_some_and(|it| path.starts_with(&format!("{it}/")))
            };
            let is_refused = b.list_volumes()?.iter().any(|it| it.uuid != uuid && is_above(it));
            refuse_if(is_refused && rules::volume_patch(given).is_ok(), BackendError::JunctionPathExists { path })
        });
    }
}

fn of_policies() -> Vec<Fault> {
    faults! {
        policies_are_trimmed "2.export_policy": patch_volume = given(|given| {
            if let Some(policy) = &mut given.export_policy
                && !policy.trim().is_empty() {
                    *policy = policy.trim().to_owned();
                }
        });
        policies_are_composed "2.export_policy": patch_volume = given(|given| {
            given.export_policy = given.export_policy.take().map(|it| it.replace("e\u{301}", "é"));
        });
        policies_of_clones_are_trimmed "3.create_clone": create_clone = clone_and(|b, clone| {
            match clone.export_policy.as_ref().map(|policy| policy.trim_end()) {
                Some(trimmed) if !trimmed.is_empty() && clone.export_policy.as_deref() != Some(trimmed) => {
                    b.patch_volume(clone.uuid, patch().export_policy(trimmed))
                }
                _ => Ok(clone),
            }
        });
        policies_of_255_characters "2.export_policy": patch_volume = given(|given| {
            if let Some(policy) = &mut given.export_policy
                && policy.chars().count() == 256 && policy.contains('日') {
                    policy.pop();
                }
        });
    }
}

/// A backend in which a deletion of a volume does not free names of some form.
fn frees_no_name(is_kept: fn(&str) -> bool) -> Mutant {
    let kept = Arc::<Mutex<HashSet<String>>>::default();
    let taken = Arc::clone(&kept);
    Mutant {
        delete_volume: Some(Box::new(move |b, uuid| {
            let name = b.get_volume(uuid)?.name;
            b.delete_volume(uuid)?;
            kept.lock().unwrap().extend(Some(name).filter(|name| is_kept(name)));
            Ok(())
        })),
        create_volume: Some(Box::new(move |b, spec| {
            let is_taken = taken.lock().unwrap().contains(&spec.name);
            refuse_if(is_taken, BackendError::VolumeExists { name: spec.name.clone() })?;
            b.create_volume(spec)
        })),
        ..Mutant::default()
    }
}

/// A backend in which a rename of a snapshot does not free names of some form.
fn frees_no_snapshot_name(is_kept: fn(&str) -> bool) -> Mutant {
    let kept = Arc::<Mutex<HashSet<(VolumeId, String)>>>::default();
    let taken = Arc::clone(&kept);
    Mutant {
        rename_snapshot: Some(Box::new(move |b, volume, of, name| {
            let before = b.get_snapshot(volume, of)?.name;
            let renamed = b.rename_snapshot(volume, of, name)?;
            if is_kept(&before) && before != name {
                kept.lock().unwrap().insert((volume, before));
            }
            Ok(renamed)
        })),
        create_snapshot: Some(Box::new(move |b, volume, name| {
            let is_taken = taken.lock().unwrap().contains(&(volume, name.to_owned()));
            refuse_if(is_taken, BackendError::SnapshotExists { volume, name: name.to_owned() })?;
            b.create_snapshot(volume, name)
        })),
        ..Mutant::default()
    }
}

macro_rules! unfreed {
    ($($name:ident: $make:ident($is_kept:expr);)+) => {
        vec![$(Fault { name: stringify!($name), rule: "2.free_again", make: || $make($is_kept) }),+]
    };
}

fn of_freed_names() -> Vec<Fault> {
    unfreed! {
        frees_no_name_with_a_colon: frees_no_name(|name| name.contains(':'));
        frees_no_name_of_203_characters: frees_no_name(|name| name.len() == 203);
        frees_no_name_of_one_character: frees_no_name(|name| name.len() == 1);
        frees_no_name_that_starts_with_a_digit: frees_no_name(|name| name.starts_with('7'));
        frees_no_name_that_ends_with_a_dot: frees_no_name(|name| name.ends_with('.'));
        frees_no_snapshot_name_with_a_dot: frees_no_snapshot_name(|name| name.contains('.'));
        frees_no_snapshot_name_of_255_characters: frees_no_snapshot_name(|name| name.len() == 255);
        frees_no_snapshot_name_of_digits: frees_no_snapshot_name(|name| {
            name.bytes().all(|byte| byte.is_ascii_digit())
        });
    }
}
