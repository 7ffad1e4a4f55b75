//! Creating clones.

use super::calls::{self, junction, name, offline, online, policy, restricted, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { clones:
    /// A clone is created, and every way to read it gives the same record.
    are_made: Clones, "3.create_clone" "1.origin" "1.kind" "1.state";
    /// A clone has the parent's size and policy at that time.
    have_size_and_policy_of_the_parent: Clones, "3.create_clone" "1.size";
    /// A clone has no junction, and its parent keeps its own.
    have_no_junction: Clones, "3.create_clone" "1.unset";
    /// A new clone has no snapshots, even if its parent has some.
    have_no_snapshots: Clones, "3.create_clone" "3.list_snapshots";
    /// A clone is a volume: it is patched, snapshot and deleted as any other.
    are_volumes: Clones, "3.create_clone" "3.patch_volume.resize";
    /// A plain volume has no origin.
    are_the_only_ones_with_an_origin: Clones, "1.origin" "1.unset";
    /// A clone and its parent change independently.
    are_independent_of_their_parent: Clones, "3.patch_volume.resize" "3.create_clone";
    /// A clone of a clone names its direct parent.
    of_clones_name_their_direct_parent: Clones, "3.create_clone" "1.origin";
    /// Clones of one snapshot are independent.
    of_one_snapshot_are_apart: Clones, "3.create_clone" "1.origin";
    /// The origin names the snapshot that was cloned, not the newest, oldest or namesake.
    name_the_right_snapshot: Clones, "3.create_clone" "1.origin";
    /// The origin follows the parent's rename.
    follow_the_rename_of_their_parent: Clones [PatchName], "1.origin_names" "3.patch_volume";
    /// The origin follows the snapshot's rename.
    follow_the_rename_of_their_snapshot: Clones [RenameSnapshot],
        "1.origin_names" "3.rename_snapshot";
    /// The origin does not follow another volume or snapshot with the old name.
    do_not_follow_a_namesake: Clones [PatchName], "1.origin_names";
    /// A clone that is renamed keeps its origin, and its own clones follow.
    are_renamed: Clones [PatchName], "1.origin_names" "1.origin";
    /// A missing volume or snapshot is refused, the volume first, and both before a bad name.
    refuse_what_is_missing: Clones, "3.create_clone.refuses" "3.order" "4.target" "3.atomic";
    /// A snapshot of another volume is refused.
    refuse_a_snapshot_of_another_volume: Clones, "3.create_clone.refuses";
    /// A parent that is not online is refused, and no clone is left.
    refuse_a_parent_that_is_not_online: Clones [PatchState], "3.create_clone.refuses" "3.atomic";
    /// A bad name is reported before a wrong state, and that before a name in use.
    check_in_order: Clones [PatchState], "3.order" "3.create_clone.refuses";
    /// A refused clone leaves its parent's snapshot free.
    pin_nothing_when_refused: Clones, "3.atomic" "3.delete_snapshot";
    /// A clone stays online when its parent is set offline.
    stay_online_without_their_parent: Clones [PatchState], "3.offline_keeps" "3.create_clone";
}

fn are_made(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create_sized("c", 5)?);
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&c, "t")?);
    h.clone(&a, &s, "of-a")?;
    h.clone(&c, &t, "of-c")?;
    Ok(())
}

fn have_size_and_policy_of_the_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.clone(&a, &s, "without")?;
    h.patch(&a, policy("p"))?;
    h.clone(&a, &s, "policy")?;
    h.patch(&a, size(u64::MAX))?;
    let t = h.snapshot(&a, "t")?;
    let clone = h.clone(&a, &t, "both")?;
    h.patch(&clone, size(7).export_policy("q"))?;
    let u = h.snapshot(&clone, "u")?;
    h.clone(&clone, &u, "of-clone")?;
    Ok(())
}

fn have_no_junction(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.patch(&a, junction(&h.path("a")))?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("junction_path_exists", &calls::change(&clone, junction(&h.path("a"))))?;
    h.patch(&clone, junction(&h.path("clone")))?;
    h.patch(&a, junction(""))?;
    h.patch(&clone, junction(&h.path("a")))?;
    Ok(())
}

fn have_no_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "r")?;
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&a, "t")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&clone, &s))?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&clone, &s))?;
    h.snapshot(&clone, "s")?;
    h.snapshot(&a, "u")?;
    Ok(())
}

fn are_volumes(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.succeeds(&calls::access(&clone))?;
    h.patch(&clone, size(7).junction_path(h.path("c")).export_policy("p"))?;
    let t = h.snapshot(&clone, "t")?;
    h.succeeds(&calls::delete_snapshot(&clone, &t))?;
    h.patch(&clone, junction(""))?;
    h.delete(&clone)
}

fn are_the_only_ones_with_an_origin(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.delete(&clone)?;
    h.create("clone")?;
    h.succeeds(&calls::get(&a))
}

fn are_independent_of_their_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, policy("p"))?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&a, size(9).export_policy("q").junction_path(h.path("a")))?;
    h.patch(&clone, size(2).export_policy("r").junction_path(h.path("clone")))?;
    h.snapshot(&clone, "t")?;
    h.snapshot(&a, "u")?;
    h.patch(&a, size(1))?;
    if h.has(Feature::PatchState) {
        h.patch(&clone, offline())?;
        h.patch(&clone, online())?;
    }
    Ok(())
}

fn of_clones_name_their_direct_parent(h: &Harness<'_>) -> CaseResult {
    let mut parent = h.create_sized("root", 5)?;
    for generation in ["child", "grandchild", "great-grandchild"] {
        let s = h.snapshot(&parent, "s")?;
        parent = h.clone(&parent, &s, generation)?;
    }
    Ok(())
}

fn of_one_snapshot_are_apart(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    let (one, two) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    h.clone(&a, &s, "three")?;
    h.patch(&one, size(7))?;
    h.snapshot(&two, "s")?;
    h.delete(&one)?;
    h.patch(&two, policy("p"))?;
    Ok(())
}

fn name_the_right_snapshot(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.snapshot(&c, "s")?;
    let (r, s, t) = (h.snapshot(&a, "r")?, h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.clone(&a, &s, "of-s")?;
    h.clone(&a, &t, "of-t")?;
    h.clone(&a, &r, "of-r")?;
    Ok(())
}

fn follow_the_rename_of_their_parent(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&c, "s")?);
    let (one, _) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    h.clone(&c, &t, "of-c")?;
    h.patch(&a, name(&h.name("renamed")))?;
    h.succeeds(&calls::get(&one))?;
    h.clone(&a, &s, "three")?;
    h.patch(&a, name(&h.name("a")))?;
    h.succeeds(&calls::find(&one.name))?;
    h.patch(&one, size(5))?;
    Ok(())
}

fn follow_the_rename_of_their_snapshot(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let (one, _) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    h.clone(&a, &t, "of-t")?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "renamed"))?;
    h.succeeds(&calls::get(&one))?;
    h.snapshot(&a, "s")?;
    h.succeeds(&calls::rename_snapshot(&a, &t, "u"))?;
    h.patch(&one, size(5))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn do_not_follow_a_namesake(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&c, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&a, name(&h.name("b")))?;
    h.patch(&c, name(&h.name("a")))?;
    h.patch(&c, name(&h.name("d")))?;
    h.succeeds(&calls::get(&clone))?;
    h.delete(&c)
}

fn are_renamed(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    let t = h.snapshot(&clone, "t")?;
    let grandchild = h.clone(&clone, &t, "grandchild")?;
    h.patch(&clone, name(&h.name("renamed")))?;
    h.succeeds(&calls::get(&grandchild))?;
    h.patch(&a, name(&h.name("b")))?;
    h.succeeds(&calls::get(&grandchild))?;
    h.create("clone")?;
    Ok(())
}

fn refuse_what_is_missing(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, gone) = (h.snapshot(&a, "s")?, h.snapshot(&a, "gone")?);
    h.succeeds(&calls::delete_snapshot(&a, &gone))?;
    let missing = calls::no_volume();
    for name in [h.name("x"), a.name.clone(), String::new(), "a b".to_owned()] {
        h.refused("volume_not_found", &calls::clone(&missing, &s, &name))?;
        h.refused("volume_not_found", &calls::clone(&missing, &calls::no_snapshot(), &name))?;
        h.refused("snapshot_not_found", &calls::clone(&a, &gone, &name))?;
        h.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &name))?;
    }
    h.create("x")?;
    Ok(())
}

fn refuse_a_snapshot_of_another_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&c, "s")?;
    h.refused("snapshot_not_found", &calls::clone(&c, &s, &h.name("x")))?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("snapshot_not_found", &calls::clone(&clone, &s, &h.name("x")))
}

fn refuse_a_parent_that_is_not_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.patch(&a, offline())?;
    h.refused("volume_offline", &calls::clone(&a, &s, &h.name("x")))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&a, restricted())?;
        h.refused("volume_offline", &calls::clone(&a, &s, &h.name("x")))?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.patch(&a, online())?;
    let t = h.snapshot(&a, "t")?;
    h.clone(&a, &t, "x")?;
    Ok(())
}

fn check_in_order(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, of_other) = (h.snapshot(&a, "s")?, h.snapshot(&c, "s")?);
    h.patch(&a, offline())?;
    h.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &h.name("x")))?;
    h.refused("snapshot_not_found", &calls::clone(&a, &of_other, "a b"))?;
    h.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    h.refused("invalid_argument", &calls::clone(&a, &s, ""))?;
    h.refused("volume_offline", &calls::clone(&a, &s, &c.name))?;
    h.refused("volume_offline", &calls::clone(&a, &s, &a.name))
}

fn pin_nothing_when_refused(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    h.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    let t = h.snapshot(&a, "t")?;
    h.refused("volume_exists", &calls::clone(&a, &t, &a.name))?;
    h.delete(&a)
}

fn stay_online_without_their_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&a, offline())?;
    h.succeeds(&calls::access(&clone))?;
    h.patch(&clone, size(9))?;
    let t = h.snapshot(&clone, "t")?;
    h.clone(&clone, &t, "grandchild")?;
    Ok(())
}
