//! Sparse updates of a volume.

use nessie_backend_core::VolumePatch;

use super::calls::{self, junction, name, offline, online, patch, policy, restricted, size};
use super::values::{
    PATHS_THAT_LOOK_ALIKE, POLICIES_THAT_LOOK_ALIKE, SIZES, bad_names, bad_paths, bad_policies,
    good_paths, good_policies,
};
use crate::harness::{CaseResult, Harness, Verify};
use crate::oracle::call::Call;
use crate::{Feature, Tier};

super::cases! { patch_volume:
    /// An empty patch changes nothing and succeeds.
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
    /// Mount, move and unmount work; unmounting an unmounted volume is not an error.
    mounts_and_unmounts: Volumes, "2.unmount" "3.patch_volume" "1.unset";
    /// Every valid junction path is accepted and kept exactly.
    takes_junction_paths_of_the_grammar: Volumes, "2.junction_path" "3.patch_volume";
    /// Every other junction path is refused.
    refuses_junction_paths_outside_the_grammar: Volumes,
        "2.junction_path" "3.patch_volume.refuses" "4.no_panic";
    /// A path belongs to one volume, ignoring ASCII case.
    refuses_a_taken_junction_path: Volumes, "2.junction_unique" "3.patch_volume.refuses";
    /// Paths that differ in non-ASCII case, or in anything else, are different.
    tells_junction_paths_apart: Volumes, "2.junction_unique";
    /// Paths that look alike, in normal forms of Unicode, spaces, percent signs or dots, are kept
    /// exactly; each is a path of its own, in use and then free.
    keeps_junction_paths_that_look_alike: Volumes, "2.junction_path" "2.junction_unique" "2.exact";
    /// Paths of 4096 bytes in characters of one to four bytes are accepted, longer ones refused.
    takes_junction_paths_of_4096_bytes: Volumes, "2.junction_path" "3.patch_volume.refuses";
    /// A path is free once its volume is moved, unmounted or deleted, and not before.
    frees_a_junction_path: Volumes, "2.junction_unique" "2.unmount" "3.delete_volume";
    /// A volume may be mounted where it is, in another case too.
    takes_its_own_junction_path: Volumes, "2.junction_unique" "3.patch_volume";
    /// A volume keeps its path when it is renamed.
    keeps_a_junction_path_over_renames: Volumes [PatchName], "2.junction_unique" "3.patch_volume";
    /// Every valid policy name is accepted and kept exactly, and every other is refused.
    takes_export_policies: Volumes, "2.export_policy" "3.patch_volume.refuses";
    /// Policies that look alike are kept exactly, by clones too.
    keeps_export_policies_exactly: Volumes, "2.export_policy" "3.patch_volume" "3.create_clone";
    /// Two volumes may have one policy.
    shares_export_policies: Volumes, "2.export_policy" "3.patch_volume";
    /// A renamed volume keeps all other fields.
    renames: Volumes [PatchName], "3.patch_volume" "2.volume_name_unique";
    /// A volume may be given the name it has, and its name in another case.
    renames_to_its_own_name: Volumes [PatchName], "3.patch_volume" "2.case";
    /// Every change from one state to another works.
    changes_from_each_state_to_each: Volumes [PatchState], "1.state" "3.patch_volume";
    /// A restricted volume is refused like an offline one.
    treats_restricted_as_not_online: Volumes [PatchRestricted],
        "1.state" "3.patch_volume.refuses" "3.access_handle.refuses";
    /// A missing volume is refused even if other arguments are invalid.
    refuses_a_missing_volume: Volumes, "3.patch_volume.refuses" "3.order" "4.target";
    /// A size of zero is refused.
    refuses_a_size_of_zero: Volumes, "3.patch_volume.refuses" "1.size";
    /// One bad value among good ones is refused, and the good ones are not set.
    refuses_the_whole_patch_for_one_bad_value: Volumes, "3.atomic" "3.patch_volume.refuses";
    /// A name or path in use among good values is refused, and the good ones are not set.
    refuses_the_whole_patch_for_one_conflict: Volumes, "3.atomic" "3.patch_volume.refuses";
    /// A patch with a name in use changes nothing.
    refuses_the_whole_patch_for_a_taken_name: Volumes [PatchName],
        "3.atomic" "3.patch_volume.refuses" "2.junction_unique" "2.free_again";
    /// A refused patch neither frees nor reserves a name or path.
    frees_and_takes_nothing_when_refused: Volumes, "3.atomic" "2.junction_unique";
    /// A volume that is not online is not resized.
    refuses_to_resize_what_is_offline: Volumes [PatchState], "3.patch_volume.refuses" "3.atomic";
    /// A patch that brings a volume online may resize it.
    resizes_what_it_brings_online: Volumes [PatchState],
        "3.patch_volume.refuses" "3.patch_volume.resize";
    /// A patch that sets a volume offline may resize it, because it is online before.
    resizes_what_it_takes_offline: Volumes [PatchState], "3.patch_volume.refuses";
    /// All but the size of an offline volume can be changed.
    changes_all_else_of_what_is_offline: Volumes [PatchState],
        "3.patch_volume" "3.offline_keeps" "3.patch_volume.refuses";
    /// Bad values are reported before a wrong state, and a wrong state before a conflict.
    checks_in_order: Volumes [PatchState], "3.order" "3.patch_volume.refuses";
    /// A patch with an unsupported field changes no field.
    sets_nothing_beside_what_is_unsupported: Volumes, "3.atomic" "3.optional";
}

fn giving_nothing_changes_nothing(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, patch())?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    h.patch(&a, patch())?;
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        h.patch(&a, patch())?;
    }
    let plain = h.create("plain")?;
    h.patch(&plain, patch())?;
    Ok(())
}

fn changes_one_field_and_no_other(h: &Harness<'_>) -> CaseResult {
    for with_size in [None, Some(5)] {
        let label = if with_size.is_some() { "sized" } else { "plain" };
        let a = h.create_named(&h.name(label), with_size)?;
        h.patch(&a, size(7))?;
        h.patch(&a, junction(&h.path(label)))?;
        h.patch(&a, policy("p"))?;
        h.patch(&a, size(8))?;
        h.patch(&a, junction(&h.path(&format!("{label}-2"))))?;
        h.patch(&a, policy("q"))?;
        h.patch(&a, junction(""))?;
        h.patch(&a, size(3))?;
    }
    let mounted_only = h.create("mounted")?;
    h.patch(&mounted_only, junction(&h.path("mounted")))?;
    let policy_only = h.create("policy")?;
    h.patch(&policy_only, policy("p"))?;
    Ok(())
}

fn changes_several_fields_at_once(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, size(7).junction_path(h.path("a")).export_policy("p"))?;
    h.patch(&a, size(8).junction_path(h.path("b")))?;
    h.patch(&a, size(9).export_policy("q"))?;
    h.patch(&a, junction("").export_policy("r"))?;
    h.patch(&a, junction(&h.path("c")).export_policy("p"))?;
    Ok(())
}

fn changes_name_and_state(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    h.patch(&a, name(&h.name("b")))?;
    h.patch(&a, offline())?;
    h.patch(&a, name(&h.name("c")).state(nessie_backend_core::VolumeState::Online))?;
    let all = name(&h.name("d")).size_bytes(9).junction_path(h.path("d")).export_policy("q");
    h.patch(&a, all.state(nessie_backend_core::VolumeState::Offline))?;
    Ok(())
}

fn grows_and_shrinks(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 1000)?;
    let c = h.create("c")?;
    for bytes in [2000, 500, 500, 1, u64::MAX, 2] {
        h.patch(&a, size(bytes))?;
        h.patch(&c, size(bytes))?;
    }
    Ok(())
}

fn keeps_sizes_exactly(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for bytes in SIZES {
        h.patch(&a, size(*bytes))?;
    }
    Ok(())
}

fn mounts_and_unmounts(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, junction(""))?;
    h.patch(&a, junction(&h.path("a")))?;
    h.patch(&a, junction(&h.path("a/b")))?;
    h.patch(&a, junction(""))?;
    h.patch(&a, junction(""))?;
    h.patch(&a, junction(&h.path("a")))?;
    Ok(())
}

fn takes_junction_paths_of_the_grammar(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for path in good_paths(&h.path("a")) {
        h.patch(&a, junction(&path))?;
    }
    Ok(())
}

fn refuses_junction_paths_outside_the_grammar(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, junction(&h.path("good")))?;
    for path in bad_paths(&h.path("a")) {
        h.refused("invalid_argument", &calls::change(&a, junction(&path)))?;
    }
    Ok(())
}

fn refuses_a_taken_junction_path(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("Dir/File")))?;
    for path in ["Dir/File", "dir/file", "DIR/FILE", "dIR/fILE"] {
        h.refused("junction_path_exists", &calls::change(&c, junction(&h.path(path))))?;
    }
    h.patch(&c, junction(&h.path("other")))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("dir/file"))))?;
    h.refused("junction_path_exists", &calls::change(&a, junction(&h.path("OTHER"))))
}

fn tells_junction_paths_apart(h: &Harness<'_>) -> CaseResult {
    let labels =
        ["é", "É", "e", "a", "a/a", "aa", "a.", "a_", "ß", "ss", "ı", "i", "K", "\u{212a}"];
    for (number, label) in labels.iter().enumerate() {
        let volume = h.create(&number.to_string())?;
        h.patch(&volume, junction(&h.path(label)))?;
    }
    let last = h.create("last")?;
    h.refused("junction_path_exists", &calls::change(&last, junction(&h.path("A"))))?;
    h.refused("junction_path_exists", &calls::change(&last, junction(&h.path("k"))))
}

fn keeps_junction_paths_that_look_alike(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let mut mounted = Vec::new();
    for (number, label) in PATHS_THAT_LOOK_ALIKE.iter().enumerate() {
        let volume = h.create(&number.to_string())?;
        h.patch(&volume, junction(&h.path(label)))?;
        mounted.push((volume, h.path(label)));
    }
    h.verify_call(&Call::ListVolumes)?;
    let other = h.create("other")?;
    for (volume, path) in &mounted {
        for taken in [path.clone(), path.to_ascii_uppercase()] {
            h.refused("junction_path_exists", &calls::change(&other, junction(&taken)))?;
        }
        h.patch(volume, junction(&h.path("elsewhere")))?;
        h.patch(&other, junction(&path.to_ascii_uppercase()))?;
        h.patch(&other, junction(""))?;
        h.patch(volume, junction(path))?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn takes_junction_paths_of_4096_bytes(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let stem = h.path("a/");
    for wide in ["x", "\u{e9}", "\u{65e5}", "\u{1f600}", "x/", "\u{e9}/"] {
        let filler = 4096 - stem.len();
        let rest = "x".repeat(filler % wide.len() + wide.len());
        let exact = format!("{stem}{}{rest}", wide.repeat(filler / wide.len() - 1));
        h.patch(&a, junction(&exact))?;
        h.refused("junction_path_exists", &calls::change(&c, junction(&exact)))?;
        h.refused("invalid_argument", &calls::change(&c, junction(&format!("{exact}x"))))?;
        h.patch(&a, junction(""))?;
        h.patch(&c, junction(&exact))?;
        h.patch(&c, junction(""))?;
    }
    Ok(())
}

fn frees_a_junction_path(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let path = h.path("path");
    h.patch(&a, junction(&path))?;
    h.patch(&a, junction(""))?;
    h.patch(&c, junction(&path.to_uppercase()))?;
    h.refused("junction_path_exists", &calls::change(&a, junction(&path)))?;
    h.patch(&c, junction(&h.path("elsewhere")))?;
    h.patch(&a, junction(&path))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&path)))?;
    h.delete(&a)?;
    h.patch(&c, junction(&path))?;
    h.delete(&c)?;
    let again = h.create("a")?;
    h.patch(&again, junction(&path))?;
    Ok(())
}

fn takes_its_own_junction_path(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("path")))?;
    h.patch(&a, junction(&h.path("path")))?;
    h.patch(&a, junction(&h.path("PATH")))?;
    h.patch(&a, junction(&h.path("PATH")).size_bytes(5))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("path"))))
}

fn keeps_a_junction_path_over_renames(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("path")))?;
    h.patch(&a, name(&h.name("b")))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("path"))))?;
    h.delete(&a)?;
    h.patch(&c, junction(&h.path("path")))?;
    Ok(())
}

fn takes_export_policies(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for good in good_policies() {
        h.patch(&a, policy(&good))?;
    }
    for bad in bad_policies() {
        h.refused("invalid_argument", &calls::change(&a, policy(&bad)))?;
    }
    Ok(())
}

fn keeps_export_policies_exactly(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.set_verify(Verify::Never);
    let snapshot = if h.probe.tier == Tier::Clones { Some(h.snapshot(&a, "s")?) } else { None };
    let long = ["p", "\u{e9}", "\u{65e5}", "\u{1f600}"].map(|one| one.repeat(256));
    for value in POLICIES_THAT_LOOK_ALIKE.iter().copied().chain(long.iter().map(String::as_str)) {
        h.patch(&a, policy(value))?;
        h.verify_call(&Call::ListVolumes)?;
        if let Some(snapshot) = &snapshot {
            let clone = h.clone(&a, snapshot, "clone")?;
            h.verify_call(&Call::ListVolumes)?;
            h.delete(&clone)?;
        }
    }
    Ok(())
}

fn shares_export_policies(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, policy("p"))?;
    h.patch(&c, policy("p"))?;
    h.patch(&a, policy("q"))?;
    h.delete(&a)?;
    h.patch(&c, size(5))?;
    Ok(())
}

fn renames(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let c = h.create("c")?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    h.patch(&a, name(&h.name("b")))?;
    h.succeeds(&calls::find(&a.name))?;
    h.succeeds(&calls::find(&h.name("b")))?;
    h.refused("volume_exists", &calls::change(&a, name(&c.name)))?;
    h.patch(&a, name(&h.name("d")))?;
    h.patch(&c, name(&h.name("b")))?;
    Ok(())
}

fn renames_to_its_own_name(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, name(&a.name))?;
    h.patch(&a, name(&a.name).size_bytes(5))?;
    h.patch(&a, name(&h.name("A")))?;
    h.create("a")?;
    h.refused("volume_exists", &calls::create(&h.name("A")))
}

fn changes_from_each_state_to_each(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let mut states = vec![online(), offline()];
    if h.has(Feature::PatchRestricted) {
        states.push(restricted());
    }
    for from in &states {
        for to in &states {
            h.patch(&a, from.clone())?;
            h.patch(&a, to.clone())?;
        }
    }
    Ok(())
}

fn treats_restricted_as_not_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, restricted())?;
    h.refused("volume_offline", &calls::access(&a))?;
    h.refused("volume_offline", &calls::change(&a, size(7)))?;
    h.refused("volume_offline", &calls::change(&a, restricted().size_bytes(7)))?;
    h.refused("volume_offline", &calls::change(&a, offline().size_bytes(7)))?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    h.patch(&a, online().size_bytes(7))?;
    h.patch(&a, restricted().size_bytes(9))?;
    h.patch(&a, offline())?;
    h.patch(&a, restricted())?;
    h.delete(&a)
}

fn refuses_a_missing_volume(h: &Harness<'_>) -> CaseResult {
    let (gone, a) = (h.create("gone")?, h.create("a")?);
    h.patch(&a, junction(&h.path("a")))?;
    h.delete(&gone)?;
    let mut patches = vec![
        patch(),
        size(5),
        size(0),
        junction("x"),
        junction(""),
        junction(&h.path("a")),
        policy(""),
        policy("p"),
    ];
    if h.has(Feature::PatchName) {
        patches.extend([name("a b"), name(&a.name), name(&h.name("x"))]);
    }
    if h.has(Feature::PatchState) {
        patches.push(offline());
    }
    for volume in [gone, calls::no_volume()] {
        for patch in &patches {
            h.refused("volume_not_found", &calls::change(&volume, patch.clone()))?;
        }
    }
    Ok(())
}

fn refuses_a_size_of_zero(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create_sized("c", 5)?);
    h.refused("invalid_argument", &calls::change(&a, size(0)))?;
    h.refused("invalid_argument", &calls::change(&c, size(0)))
}

/// Patches with one invalid value each, for every field that can be invalid.
fn one_bad_each(h: &Harness<'_>, good: &VolumePatch) -> Vec<VolumePatch> {
    let mut patches = vec![
        good.clone().size_bytes(0),
        good.clone().junction_path("no-slash"),
        good.clone().export_policy(""),
    ];
    if h.has(Feature::PatchName) {
        patches.push(good.clone().name("a b"));
    }
    patches
}

fn refuses_the_whole_patch_for_one_bad_value(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let mut good = size(7).junction_path(h.path("b")).export_policy("q");
    if h.has(Feature::PatchName) {
        good = good.name(h.name("b"));
    }
    for bad in one_bad_each(h, &good) {
        h.refused("invalid_argument", &calls::change(&a, bad.clone()))?;
        if h.has(Feature::PatchState) {
            h.refused("invalid_argument", &calls::change(&a, with_offline(bad)))?;
        }
    }
    for good in [size(7), junction(&h.path("b")), junction(""), policy("q")] {
        for bad in one_bad_each(h, &good) {
            h.refused("invalid_argument", &calls::change(&a, bad))?;
        }
    }
    let c = h.create("b")?;
    h.patch(&c, junction(&h.path("b")))?;
    if h.has(Feature::PatchName) {
        for bad in bad_names(&h.name("n"), 203).into_iter().take(8) {
            h.refused("invalid_argument", &calls::change(&a, policy("q").name(bad)))?;
        }
    }
    Ok(())
}

fn with_offline(patch: VolumePatch) -> VolumePatch {
    patch.state(nessie_backend_core::VolumeState::Offline)
}

fn refuses_the_whole_patch_for_one_conflict(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    h.patch(&c, junction(&h.path("c")))?;
    let taken = junction(&h.path("C"));
    h.refused("junction_path_exists", &calls::change(&a, taken.clone().size_bytes(7)))?;
    h.refused("junction_path_exists", &calls::change(&a, taken.clone().export_policy("q")))?;
    let both = taken.clone().size_bytes(7).export_policy("q");
    h.refused("junction_path_exists", &calls::change(&a, both))?;
    if h.has(Feature::PatchState) {
        h.refused("junction_path_exists", &calls::change(&a, with_offline(taken.clone())))?;
        h.patch(&a, offline())?;
        let call = calls::change(&a, online().junction_path(h.path("C")).size_bytes(9));
        h.refused("junction_path_exists", &call)?;
    }
    if h.has(Feature::PatchName) {
        h.refused("junction_path_exists", &calls::change(&a, taken.name(h.name("b"))))?;
        h.create("b")?;
    }
    Ok(())
}

fn refuses_the_whole_patch_for_a_taken_name(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let taken = name(&c.name);
    h.refused("volume_exists", &calls::change(&a, taken.clone().size_bytes(7)))?;
    h.refused("volume_exists", &calls::change(&a, taken.clone().export_policy("q")))?;
    h.refused("volume_exists", &calls::change(&a, taken.clone().junction_path(h.path("b"))))?;
    h.patch(&c, junction(&h.path("b")))?;
    h.patch(&c, junction(""))?;
    h.refused("volume_exists", &calls::change(&a, taken.clone().junction_path("")))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("a"))))?;
    if h.has(Feature::PatchState) {
        h.refused("volume_exists", &calls::change(&a, with_offline(taken)))?;
    }
    Ok(())
}

fn frees_and_takes_nothing_when_refused(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("a")))?;
    // The refused volume still has its own path, and the other path is free.
    h.refused("invalid_argument", &calls::change(&a, junction(&h.path("b")).size_bytes(0)))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("a"))))?;
    h.refused("invalid_argument", &calls::change(&a, junction("").export_policy("")))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("a"))))?;
    h.patch(&c, junction(&h.path("b")))?;
    h.refused("junction_path_exists", &calls::change(&a, junction(&h.path("b"))))?;
    let other = h.create("other")?;
    h.refused("junction_path_exists", &calls::change(&other, junction(&h.path("a"))))
}

fn refuses_to_resize_what_is_offline(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.patch(&a, offline())?;
    h.patch(&c, offline())?;
    for bytes in [1, 7] {
        h.refused("volume_offline", &calls::change(&a, size(bytes)))?;
        h.refused("volume_offline", &calls::change(&c, size(bytes)))?;
        h.refused("volume_offline", &calls::change(&a, offline().size_bytes(bytes)))?;
        h.refused("volume_offline", &calls::change(&a, size(bytes).export_policy("p")))?;
        let mounted = size(bytes).junction_path(h.path("a"));
        h.refused("volume_offline", &calls::change(&a, mounted))?;
    }
    h.patch(&c, junction(&h.path("a")))?;
    h.patch(&a, online())?;
    h.patch(&a, size(7))?;
    Ok(())
}

fn resizes_what_it_brings_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, offline())?;
    h.patch(&a, online().size_bytes(7))?;
    h.patch(&a, online().size_bytes(8))?;
    h.patch(&a, offline())?;
    h.refused("invalid_argument", &calls::change(&a, online().size_bytes(0)))?;
    h.refused("volume_offline", &calls::access(&a))
}

fn resizes_what_it_takes_offline(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, offline().size_bytes(7))?;
    Ok(())
}

fn changes_all_else_of_what_is_offline(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, offline())?;
    h.patch(&a, junction(&h.path("a")))?;
    h.patch(&a, policy("p"))?;
    h.patch(&a, junction(&h.path("b")).export_policy("q"))?;
    h.patch(&a, junction(""))?;
    h.patch(&a, patch())?;
    if h.has(Feature::PatchName) {
        h.patch(&a, name(&h.name("b")))?;
        h.create("a")?;
    }
    h.patch(&a, offline())?;
    h.patch(&a, online())?;
    Ok(())
}

fn checks_in_order(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    h.patch(&c, junction(&h.path("c")))?;
    h.patch(&a, offline())?;
    h.refused("invalid_argument", &calls::change(&a, size(0)))?;
    h.refused("invalid_argument", &calls::change(&a, size(7).junction_path("x")))?;
    h.refused("invalid_argument", &calls::change(&a, size(7).export_policy("")))?;
    h.refused("volume_offline", &calls::change(&a, size(7).junction_path(h.path("c"))))?;
    let taken = junction(&h.path("c"));
    h.refused("invalid_argument", &calls::change(&a, taken.clone().size_bytes(0)))?;
    h.refused("invalid_argument", &calls::change(&a, taken.export_policy("")))?;
    if h.has(Feature::PatchName) {
        h.refused("invalid_argument", &calls::change(&a, size(7).name("a b")))?;
        h.refused("volume_offline", &calls::change(&a, size(7).name(&c.name)))?;
        h.refused("invalid_argument", &calls::change(&a, size(0).name(&c.name)))?;
        h.refused("invalid_argument", &calls::change(&a, junction("x").name(&c.name)))?;
        h.refused("invalid_argument", &calls::change(&a, junction(&h.path("c")).name("a b")))?;
    }
    Ok(())
}

fn sets_nothing_beside_what_is_unsupported(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let others = size(7).junction_path(h.path("a")).export_policy("p");
    let mut is_skipped = true;
    if !h.has(Feature::PatchName) {
        is_skipped = false;
        h.not_supported(&calls::change(&a, others.clone().name(h.name("b"))), "")?;
    }
    if !h.has(Feature::PatchState) {
        is_skipped = false;
        h.not_supported(&calls::change(&a, with_offline(others)), "")?;
    }
    h.ensure_or_skip(!is_skipped, "patch_volume has every field")
}
