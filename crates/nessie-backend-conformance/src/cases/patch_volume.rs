//! Sparse updates of a volume.

use nessie_backend_core::VolumePatch;

use super::calls::{self, junction, name, offline, online, patch, policy, restricted, size};
use super::values::{SIZES, bad_names, bad_paths, bad_policies, good_paths, good_policies};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { patch_volume, __patch_volume_cases:
    /// A patch that gives nothing changes nothing and succeeds.
    giving_nothing_changes_nothing: Volumes, "3.patch_volume";
    /// Each field is changed without the others.
    changes_one_field_and_no_other: Volumes, "3.patch_volume";
    /// Several fields are changed at once.
    changes_several_fields_at_once: Volumes, "3.patch_volume" "3.atomic";
    /// Name and state are changed without the other fields, and with them.
    changes_name_and_state: Volumes [PatchName, PatchState], "3.patch_volume" "1.state";
    /// Growing, shrinking and staying all work, from a quota and from none.
    grows_and_shrinks: Volumes, "3.patch_volume.resize" "1.size";
    /// Quotas from 1 to 2^64-1 bytes are kept exactly.
    keeps_sizes_exactly: Volumes, "1.size" "3.patch_volume.resize";
    /// Mount, move, and unmount; unmounting what is not mounted is no error.
    mounts_and_unmounts: Volumes, "2.unmount" "3.patch_volume" "1.unset";
    /// Every junction path of the grammar is taken and kept exactly.
    takes_junction_paths_of_the_grammar: Volumes, "2.junction_path" "3.patch_volume";
    /// Every other junction path is refused.
    refuses_junction_paths_outside_the_grammar: Volumes,
        "2.junction_path" "3.patch_volume.refuses" "4.no_panic";
    /// A path is one volume's, ignoring ASCII case.
    refuses_a_taken_junction_path: Volumes, "2.junction_unique" "3.patch_volume.refuses";
    /// Case counts beyond ASCII, and so does every other difference.
    tells_junction_paths_apart: Volumes, "2.junction_unique";
    /// A path is free once its volume is moved, unmounted or deleted, and not before.
    frees_a_junction_path: Volumes, "2.junction_unique" "2.unmount" "3.delete_volume";
    /// A volume may be mounted where it is, in another case too.
    takes_its_own_junction_path: Volumes, "2.junction_unique" "3.patch_volume";
    /// A path stays its volume's over a rename.
    keeps_a_junction_path_over_renames: Volumes [PatchName], "2.junction_unique" "3.patch_volume";
    /// Every policy name that is in order is taken and kept exactly, and every other refused.
    takes_export_policies: Volumes, "2.export_policy" "3.patch_volume.refuses";
    /// Two volumes may have one policy.
    shares_export_policies: Volumes, "2.export_policy" "3.patch_volume";
    /// A volume is renamed and keeps all else.
    renames: Volumes [PatchName], "3.patch_volume" "2.volume_name_unique";
    /// A volume may be given the name it has, and its name in another case.
    renames_to_its_own_name: Volumes [PatchName], "3.patch_volume" "2.case";
    /// Every state follows every other.
    changes_from_each_state_to_each: Volumes [PatchState], "1.state" "3.patch_volume";
    /// A restricted volume is as little online as an offline one.
    treats_restricted_as_not_online: Volumes [PatchRestricted],
        "1.state" "3.patch_volume.refuses" "3.access_handle.refuses";
    /// A missing volume is refused, whatever else is wrong.
    refuses_a_missing_volume: Volumes, "3.patch_volume.refuses" "3.order" "4.target";
    /// A size of zero is refused.
    refuses_a_size_of_zero: Volumes, "3.patch_volume.refuses" "1.size";
    /// One bad value among good ones is refused, and none of the good ones is set.
    refuses_the_whole_patch_for_one_bad_value: Volumes, "3.atomic" "3.patch_volume.refuses";
    /// A taken name or path among good values is refused, and none of the good ones is set.
    refuses_the_whole_patch_for_one_conflict: Volumes, "3.atomic" "3.patch_volume.refuses";
    /// A taken name refuses the whole patch.
    refuses_the_whole_patch_for_a_taken_name: Volumes [PatchName],
        "3.atomic" "3.patch_volume.refuses" "2.junction_unique" "2.free_again";
    /// A refused patch frees nothing and takes nothing.
    frees_and_takes_nothing_when_refused: Volumes, "3.atomic" "2.junction_unique";
    /// A volume that is not online is not resized.
    refuses_to_resize_what_is_offline: Volumes [PatchState], "3.patch_volume.refuses" "3.atomic";
    /// A patch that brings a volume online may resize it.
    resizes_what_it_brings_online: Volumes [PatchState],
        "3.patch_volume.refuses" "3.patch_volume.resize";
    /// A patch that takes a volume offline may resize it, for it is online.
    resizes_what_it_takes_offline: Volumes [PatchState], "3.patch_volume.refuses";
    /// All but the size of an offline volume can be changed.
    changes_all_else_of_what_is_offline: Volumes [PatchState],
        "3.patch_volume" "3.offline_keeps" "3.patch_volume.refuses";
    /// Bad values come before a wrong state, and a wrong state before a conflict.
    checks_in_order: Volumes [PatchState], "3.order" "3.patch_volume.refuses";
    /// A patch with an unsupported field sets none of the others.
    sets_nothing_beside_what_is_unsupported: Volumes, "3.atomic" "3.optional";
}

fn giving_nothing_changes_nothing(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, patch())?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    b.patch(&a, patch())?;
    if b.has(Feature::PatchState) {
        b.patch(&a, offline())?;
        b.patch(&a, patch())?;
    }
    let plain = b.create("plain")?;
    b.patch(&plain, patch())?;
    Ok(())
}

fn changes_one_field_and_no_other(b: &Bench<'_>) -> Step {
    for with_size in [None, Some(5)] {
        let label = if with_size.is_some() { "sized" } else { "plain" };
        let a = b.create_named(&b.name(label), with_size)?;
        b.patch(&a, size(7))?;
        b.patch(&a, junction(&b.path(label)))?;
        b.patch(&a, policy("p"))?;
        b.patch(&a, size(8))?;
        b.patch(&a, junction(&b.path(&format!("{label}-2"))))?;
        b.patch(&a, policy("q"))?;
        b.patch(&a, junction(""))?;
        b.patch(&a, size(3))?;
    }
    let mounted_only = b.create("mounted")?;
    b.patch(&mounted_only, junction(&b.path("mounted")))?;
    let policy_only = b.create("policy")?;
    b.patch(&policy_only, policy("p"))?;
    Ok(())
}

fn changes_several_fields_at_once(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, size(7).junction_path(b.path("a")).export_policy("p"))?;
    b.patch(&a, size(8).junction_path(b.path("b")))?;
    b.patch(&a, size(9).export_policy("q"))?;
    b.patch(&a, junction("").export_policy("r"))?;
    b.patch(&a, junction(&b.path("c")).export_policy("p"))?;
    Ok(())
}

fn changes_name_and_state(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    b.patch(&a, name(&b.name("b")))?;
    b.patch(&a, offline())?;
    b.patch(&a, name(&b.name("c")).state(nessie_backend_core::VolumeState::Online))?;
    let all = name(&b.name("d")).size_bytes(9).junction_path(b.path("d")).export_policy("q");
    b.patch(&a, all.state(nessie_backend_core::VolumeState::Offline))?;
    Ok(())
}

fn grows_and_shrinks(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 1000)?;
    let c = b.create("c")?;
    for bytes in [2000, 500, 500, 1, u64::MAX, 2] {
        b.patch(&a, size(bytes))?;
        b.patch(&c, size(bytes))?;
    }
    Ok(())
}

fn keeps_sizes_exactly(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for bytes in SIZES {
        b.patch(&a, size(*bytes))?;
    }
    Ok(())
}

fn mounts_and_unmounts(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, junction(""))?;
    b.patch(&a, junction(&b.path("a")))?;
    b.patch(&a, junction(&b.path("a/b")))?;
    b.patch(&a, junction(""))?;
    b.patch(&a, junction(""))?;
    b.patch(&a, junction(&b.path("a")))?;
    Ok(())
}

fn takes_junction_paths_of_the_grammar(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for path in good_paths(&b.path("a")) {
        b.patch(&a, junction(&path))?;
    }
    Ok(())
}

fn refuses_junction_paths_outside_the_grammar(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, junction(&b.path("good")))?;
    for path in bad_paths(&b.path("a")) {
        b.refused("invalid_argument", &calls::change(&a, junction(&path)))?;
    }
    Ok(())
}

fn refuses_a_taken_junction_path(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("Dir/File")))?;
    for path in ["Dir/File", "dir/file", "DIR/FILE", "dIR/fILE"] {
        b.refused("junction_path_exists", &calls::change(&c, junction(&b.path(path))))?;
    }
    b.patch(&c, junction(&b.path("other")))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("dir/file"))))?;
    b.refused("junction_path_exists", &calls::change(&a, junction(&b.path("OTHER"))))
}

fn tells_junction_paths_apart(b: &Bench<'_>) -> Step {
    let labels =
        ["é", "É", "e", "a", "a/a", "aa", "a.", "a_", "ß", "ss", "ı", "i", "K", "\u{212a}"];
    for (number, label) in labels.iter().enumerate() {
        let volume = b.create(&number.to_string())?;
        b.patch(&volume, junction(&b.path(label)))?;
    }
    let last = b.create("last")?;
    b.refused("junction_path_exists", &calls::change(&last, junction(&b.path("A"))))?;
    b.refused("junction_path_exists", &calls::change(&last, junction(&b.path("k"))))
}

fn frees_a_junction_path(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let path = b.path("path");
    b.patch(&a, junction(&path))?;
    b.patch(&a, junction(""))?;
    b.patch(&c, junction(&path.to_uppercase()))?;
    b.refused("junction_path_exists", &calls::change(&a, junction(&path)))?;
    b.patch(&c, junction(&b.path("elsewhere")))?;
    b.patch(&a, junction(&path))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&path)))?;
    b.delete(&a)?;
    b.patch(&c, junction(&path))?;
    b.delete(&c)?;
    let again = b.create("a")?;
    b.patch(&again, junction(&path))?;
    Ok(())
}

fn takes_its_own_junction_path(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("path")))?;
    b.patch(&a, junction(&b.path("path")))?;
    b.patch(&a, junction(&b.path("PATH")))?;
    b.patch(&a, junction(&b.path("PATH")).size_bytes(5))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("path"))))
}

fn keeps_a_junction_path_over_renames(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("path")))?;
    b.patch(&a, name(&b.name("b")))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("path"))))?;
    b.delete(&a)?;
    b.patch(&c, junction(&b.path("path")))?;
    Ok(())
}

fn takes_export_policies(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for good in good_policies() {
        b.patch(&a, policy(&good))?;
    }
    for bad in bad_policies() {
        b.refused("invalid_argument", &calls::change(&a, policy(&bad)))?;
    }
    Ok(())
}

fn shares_export_policies(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, policy("p"))?;
    b.patch(&c, policy("p"))?;
    b.patch(&a, policy("q"))?;
    b.delete(&a)?;
    b.patch(&c, size(5))?;
    Ok(())
}

fn renames(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let c = b.create("c")?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    b.patch(&a, name(&b.name("b")))?;
    b.fine(&calls::find(&a.name))?;
    b.fine(&calls::find(&b.name("b")))?;
    b.refused("volume_exists", &calls::change(&a, name(&c.name)))?;
    b.patch(&a, name(&b.name("d")))?;
    b.patch(&c, name(&b.name("b")))?;
    Ok(())
}

fn renames_to_its_own_name(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, name(&a.name))?;
    b.patch(&a, name(&a.name).size_bytes(5))?;
    b.patch(&a, name(&b.name("A")))?;
    b.create("a")?;
    b.refused("volume_exists", &calls::create(&b.name("A")))
}

fn changes_from_each_state_to_each(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let mut states = vec![online(), offline()];
    if b.has(Feature::PatchRestricted) {
        states.push(restricted());
    }
    for from in &states {
        for to in &states {
            b.patch(&a, from.clone())?;
            b.patch(&a, to.clone())?;
        }
    }
    Ok(())
}

fn treats_restricted_as_not_online(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, restricted())?;
    b.refused("volume_offline", &calls::access(&a))?;
    b.refused("volume_offline", &calls::change(&a, size(7)))?;
    b.refused("volume_offline", &calls::change(&a, restricted().size_bytes(7)))?;
    b.refused("volume_offline", &calls::change(&a, offline().size_bytes(7)))?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    b.patch(&a, online().size_bytes(7))?;
    b.patch(&a, restricted().size_bytes(9))?;
    b.patch(&a, offline())?;
    b.patch(&a, restricted())?;
    b.delete(&a)
}

fn refuses_a_missing_volume(b: &Bench<'_>) -> Step {
    let (gone, a) = (b.create("gone")?, b.create("a")?);
    b.patch(&a, junction(&b.path("a")))?;
    b.delete(&gone)?;
    let mut patches = vec![
        patch(),
        size(5),
        size(0),
        junction("x"),
        junction(""),
        junction(&b.path("a")),
        policy(""),
        policy("p"),
    ];
    if b.has(Feature::PatchName) {
        patches.extend([name("a b"), name(&a.name), name(&b.name("x"))]);
    }
    if b.has(Feature::PatchState) {
        patches.push(offline());
    }
    for volume in [gone, calls::no_volume()] {
        for patch in &patches {
            b.refused("volume_not_found", &calls::change(&volume, patch.clone()))?;
        }
    }
    Ok(())
}

fn refuses_a_size_of_zero(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create_sized("c", 5)?);
    b.refused("invalid_argument", &calls::change(&a, size(0)))?;
    b.refused("invalid_argument", &calls::change(&c, size(0)))
}

/// A patch with one of its values bad, for each that can be.
fn one_bad_each(b: &Bench<'_>, good: &VolumePatch) -> Vec<VolumePatch> {
    let mut patches = vec![
        good.clone().size_bytes(0),
        good.clone().junction_path("no-slash"),
        good.clone().export_policy(""),
    ];
    if b.has(Feature::PatchName) {
        patches.push(good.clone().name("a b"));
    }
    patches
}

fn refuses_the_whole_patch_for_one_bad_value(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let mut good = size(7).junction_path(b.path("b")).export_policy("q");
    if b.has(Feature::PatchName) {
        good = good.name(b.name("b"));
    }
    for bad in one_bad_each(b, &good) {
        b.refused("invalid_argument", &calls::change(&a, bad.clone()))?;
        if b.has(Feature::PatchState) {
            b.refused("invalid_argument", &calls::change(&a, with_offline(bad)))?;
        }
    }
    for good in [size(7), junction(&b.path("b")), junction(""), policy("q")] {
        for bad in one_bad_each(b, &good) {
            b.refused("invalid_argument", &calls::change(&a, bad))?;
        }
    }
    let c = b.create("b")?;
    b.patch(&c, junction(&b.path("b")))?;
    if b.has(Feature::PatchName) {
        for bad in bad_names(&b.name("n"), 203).into_iter().take(8) {
            b.refused("invalid_argument", &calls::change(&a, policy("q").name(bad)))?;
        }
    }
    Ok(())
}

fn with_offline(patch: VolumePatch) -> VolumePatch {
    patch.state(nessie_backend_core::VolumeState::Offline)
}

fn refuses_the_whole_patch_for_one_conflict(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create("c")?);
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    b.patch(&c, junction(&b.path("c")))?;
    let taken = junction(&b.path("C"));
    b.refused("junction_path_exists", &calls::change(&a, taken.clone().size_bytes(7)))?;
    b.refused("junction_path_exists", &calls::change(&a, taken.clone().export_policy("q")))?;
    let both = taken.clone().size_bytes(7).export_policy("q");
    b.refused("junction_path_exists", &calls::change(&a, both))?;
    if b.has(Feature::PatchState) {
        b.refused("junction_path_exists", &calls::change(&a, with_offline(taken.clone())))?;
        b.patch(&a, offline())?;
        let call = calls::change(&a, online().junction_path(b.path("C")).size_bytes(9));
        b.refused("junction_path_exists", &call)?;
    }
    if b.has(Feature::PatchName) {
        b.refused("junction_path_exists", &calls::change(&a, taken.name(b.name("b"))))?;
        b.create("b")?;
    }
    Ok(())
}

fn refuses_the_whole_patch_for_a_taken_name(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create("c")?);
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let taken = name(&c.name);
    b.refused("volume_exists", &calls::change(&a, taken.clone().size_bytes(7)))?;
    b.refused("volume_exists", &calls::change(&a, taken.clone().export_policy("q")))?;
    b.refused("volume_exists", &calls::change(&a, taken.clone().junction_path(b.path("b"))))?;
    b.patch(&c, junction(&b.path("b")))?;
    b.patch(&c, junction(""))?;
    b.refused("volume_exists", &calls::change(&a, taken.clone().junction_path("")))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("a"))))?;
    if b.has(Feature::PatchState) {
        b.refused("volume_exists", &calls::change(&a, with_offline(taken)))?;
    }
    Ok(())
}

fn frees_and_takes_nothing_when_refused(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("a")))?;
    // What would have moved to another path has not freed its own, nor taken the other.
    b.refused("invalid_argument", &calls::change(&a, junction(&b.path("b")).size_bytes(0)))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("a"))))?;
    b.refused("invalid_argument", &calls::change(&a, junction("").export_policy("")))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("a"))))?;
    b.patch(&c, junction(&b.path("b")))?;
    b.refused("junction_path_exists", &calls::change(&a, junction(&b.path("b"))))?;
    let other = b.create("other")?;
    b.refused("junction_path_exists", &calls::change(&other, junction(&b.path("a"))))
}

fn refuses_to_resize_what_is_offline(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create("c")?);
    b.patch(&a, offline())?;
    b.patch(&c, offline())?;
    for bytes in [1, 7] {
        b.refused("volume_offline", &calls::change(&a, size(bytes)))?;
        b.refused("volume_offline", &calls::change(&c, size(bytes)))?;
        b.refused("volume_offline", &calls::change(&a, offline().size_bytes(bytes)))?;
        b.refused("volume_offline", &calls::change(&a, size(bytes).export_policy("p")))?;
        let mounted = size(bytes).junction_path(b.path("a"));
        b.refused("volume_offline", &calls::change(&a, mounted))?;
    }
    b.patch(&c, junction(&b.path("a")))?;
    b.patch(&a, online())?;
    b.patch(&a, size(7))?;
    Ok(())
}

fn resizes_what_it_brings_online(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, offline())?;
    b.patch(&a, online().size_bytes(7))?;
    b.patch(&a, online().size_bytes(8))?;
    b.patch(&a, offline())?;
    b.refused("invalid_argument", &calls::change(&a, online().size_bytes(0)))?;
    b.refused("volume_offline", &calls::access(&a))
}

fn resizes_what_it_takes_offline(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, offline().size_bytes(7))?;
    Ok(())
}

fn changes_all_else_of_what_is_offline(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, offline())?;
    b.patch(&a, junction(&b.path("a")))?;
    b.patch(&a, policy("p"))?;
    b.patch(&a, junction(&b.path("b")).export_policy("q"))?;
    b.patch(&a, junction(""))?;
    b.patch(&a, patch())?;
    if b.has(Feature::PatchName) {
        b.patch(&a, name(&b.name("b")))?;
        b.create("a")?;
    }
    b.patch(&a, offline())?;
    b.patch(&a, online())?;
    Ok(())
}

fn checks_in_order(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create("c")?);
    b.patch(&c, junction(&b.path("c")))?;
    b.patch(&a, offline())?;
    b.refused("invalid_argument", &calls::change(&a, size(0)))?;
    b.refused("invalid_argument", &calls::change(&a, size(7).junction_path("x")))?;
    b.refused("invalid_argument", &calls::change(&a, size(7).export_policy("")))?;
    b.refused("volume_offline", &calls::change(&a, size(7).junction_path(b.path("c"))))?;
    let taken = junction(&b.path("c"));
    b.refused("invalid_argument", &calls::change(&a, taken.clone().size_bytes(0)))?;
    b.refused("invalid_argument", &calls::change(&a, taken.export_policy("")))?;
    if b.has(Feature::PatchName) {
        b.refused("invalid_argument", &calls::change(&a, size(7).name("a b")))?;
        b.refused("volume_offline", &calls::change(&a, size(7).name(&c.name)))?;
        b.refused("invalid_argument", &calls::change(&a, size(0).name(&c.name)))?;
        b.refused("invalid_argument", &calls::change(&a, junction("x").name(&c.name)))?;
        b.refused("invalid_argument", &calls::change(&a, junction(&b.path("c")).name("a b")))?;
    }
    Ok(())
}

fn sets_nothing_beside_what_is_unsupported(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let others = size(7).junction_path(b.path("a")).export_policy("p");
    let mut is_skipped = true;
    if !b.has(Feature::PatchName) {
        is_skipped = false;
        b.not_supported(&calls::change(&a, others.clone().name(b.name("b"))), "")?;
    }
    if !b.has(Feature::PatchState) {
        is_skipped = false;
        b.not_supported(&calls::change(&a, with_offline(others)), "")?;
    }
    b.ensure_or_skip(!is_skipped, "patch_volume has every field")
}
