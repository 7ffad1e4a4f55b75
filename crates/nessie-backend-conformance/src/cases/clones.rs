//! Making writable volumes of snapshots.

use super::calls::{self, junction, name, offline, online, policy, restricted, size};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { clones, __clones_cases:
    /// A clone is made, and shows itself in every way it can be read.
    are_made: Clones, "3.create_clone" "1.origin" "1.kind" "1.state";
    /// A clone has the parent's size and policy as they are.
    have_size_and_policy_of_the_parent: Clones, "3.create_clone" "1.size";
    /// A clone has no junction, and its parent keeps its own.
    have_no_junction: Clones, "3.create_clone" "1.unset";
    /// A clone has no snapshots of its own, however many its parent has.
    have_no_snapshots: Clones, "3.create_clone" "3.list_snapshots";
    /// A clone is a volume: it is patched, snapshot and deleted as any other.
    are_volumes: Clones, "3.create_clone" "3.patch_volume.resize";
    /// A plain volume has no origin.
    are_the_only_ones_with_an_origin: Clones, "1.origin" "1.unset";
    /// A clone and its parent change without each other.
    are_independent_of_their_parent: Clones, "3.patch_volume.resize" "3.create_clone";
    /// A clone of a clone names its direct parent.
    of_clones_name_their_direct_parent: Clones, "3.create_clone" "1.origin";
    /// Clones of one snapshot are apart.
    of_one_snapshot_are_apart: Clones, "3.create_clone" "1.origin";
    /// The origin names the snapshot that was asked for, not the newest, oldest or namesake.
    name_the_right_snapshot: Clones, "3.create_clone" "1.origin";
    /// The origin follows the parent's rename.
    follow_the_rename_of_their_parent: Clones [PatchName], "1.origin_names" "3.patch_volume";
    /// The origin follows the snapshot's rename.
    follow_the_rename_of_their_snapshot: Clones [RenameSnapshot],
        "1.origin_names" "3.rename_snapshot";
    /// The origin does not follow another volume or snapshot that takes the old name.
    do_not_follow_a_namesake: Clones [PatchName], "1.origin_names";
    /// A clone that is renamed keeps its origin, and its own clones follow.
    are_renamed: Clones [PatchName], "1.origin_names" "1.origin";
    /// What is missing is refused, the volume before the snapshot, both before a bad name.
    refuse_what_is_missing: Clones, "3.create_clone.refuses" "3.order" "4.target" "3.atomic";
    /// A snapshot of another volume is refused.
    refuse_a_snapshot_of_another_volume: Clones, "3.create_clone.refuses";
    /// A parent that is not online is refused, and no clone is left.
    refuse_a_parent_that_is_not_online: Clones [PatchState], "3.create_clone.refuses" "3.atomic";
    /// A bad name comes before a wrong state, and that before a taken name.
    check_in_order: Clones [PatchState], "3.order" "3.create_clone.refuses";
    /// A refused clone leaves its parent's snapshot free.
    pin_nothing_when_refused: Clones, "3.atomic" "3.delete_snapshot";
    /// A clone is online, although its parent goes offline.
    stay_online_without_their_parent: Clones [PatchState], "3.offline_keeps" "3.create_clone";
}

fn are_made(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create_sized("c", 5)?);
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&c, "t")?);
    b.clone(&a, &s, "of-a")?;
    b.clone(&c, &t, "of-c")?;
    Ok(())
}

fn have_size_and_policy_of_the_parent(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.clone(&a, &s, "without")?;
    b.patch(&a, policy("p"))?;
    b.clone(&a, &s, "policy")?;
    b.patch(&a, size(u64::MAX))?;
    let t = b.snapshot(&a, "t")?;
    let clone = b.clone(&a, &t, "both")?;
    b.patch(&clone, size(7).export_policy("q"))?;
    let u = b.snapshot(&clone, "u")?;
    b.clone(&clone, &u, "of-clone")?;
    Ok(())
}

fn have_no_junction(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.patch(&a, junction(&b.path("a")))?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("junction_path_exists", &calls::change(&clone, junction(&b.path("a"))))?;
    b.patch(&clone, junction(&b.path("clone")))?;
    b.patch(&a, junction(""))?;
    b.patch(&clone, junction(&b.path("a")))?;
    Ok(())
}

fn have_no_snapshots(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "r")?;
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&a, "t")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&clone, &s))?;
    b.refused("snapshot_not_found", &calls::delete_snapshot(&clone, &s))?;
    b.snapshot(&clone, "s")?;
    b.snapshot(&a, "u")?;
    Ok(())
}

fn are_volumes(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.fine(&calls::access(&clone))?;
    b.patch(&clone, size(7).junction_path(b.path("c")).export_policy("p"))?;
    let t = b.snapshot(&clone, "t")?;
    b.fine(&calls::delete_snapshot(&clone, &t))?;
    b.patch(&clone, junction(""))?;
    b.delete(&clone)
}

fn are_the_only_ones_with_an_origin(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.delete(&clone)?;
    b.create("clone")?;
    b.fine(&calls::get(&a))
}

fn are_independent_of_their_parent(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, policy("p"))?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&a, size(9).export_policy("q").junction_path(b.path("a")))?;
    b.patch(&clone, size(2).export_policy("r").junction_path(b.path("clone")))?;
    b.snapshot(&clone, "t")?;
    b.snapshot(&a, "u")?;
    b.patch(&a, size(1))?;
    if b.has(Feature::PatchState) {
        b.patch(&clone, offline())?;
        b.patch(&clone, online())?;
    }
    Ok(())
}

fn of_clones_name_their_direct_parent(b: &Bench<'_>) -> Step {
    let mut parent = b.create_sized("root", 5)?;
    for generation in ["child", "grandchild", "great-grandchild"] {
        let s = b.snapshot(&parent, "s")?;
        parent = b.clone(&parent, &s, generation)?;
    }
    Ok(())
}

fn of_one_snapshot_are_apart(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    let (one, two) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    b.clone(&a, &s, "three")?;
    b.patch(&one, size(7))?;
    b.snapshot(&two, "s")?;
    b.delete(&one)?;
    b.patch(&two, policy("p"))?;
    Ok(())
}

fn name_the_right_snapshot(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.snapshot(&c, "s")?;
    let (r, s, t) = (b.snapshot(&a, "r")?, b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.clone(&a, &s, "of-s")?;
    b.clone(&a, &t, "of-t")?;
    b.clone(&a, &r, "of-r")?;
    Ok(())
}

fn follow_the_rename_of_their_parent(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&c, "s")?);
    let (one, _) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    b.clone(&c, &t, "of-c")?;
    b.patch(&a, name(&b.name("renamed")))?;
    b.fine(&calls::get(&one))?;
    b.clone(&a, &s, "three")?;
    b.patch(&a, name(&b.name("a")))?;
    b.fine(&calls::find(&one.name))?;
    b.patch(&one, size(5))?;
    Ok(())
}

fn follow_the_rename_of_their_snapshot(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let (one, _) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    b.clone(&a, &t, "of-t")?;
    b.fine(&calls::rename_snapshot(&a, &s, "renamed"))?;
    b.fine(&calls::get(&one))?;
    b.snapshot(&a, "s")?;
    b.fine(&calls::rename_snapshot(&a, &t, "u"))?;
    b.patch(&one, size(5))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn do_not_follow_a_namesake(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&c, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&a, name(&b.name("b")))?;
    b.patch(&c, name(&b.name("a")))?;
    b.patch(&c, name(&b.name("d")))?;
    b.fine(&calls::get(&clone))?;
    b.delete(&c)
}

fn are_renamed(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    let t = b.snapshot(&clone, "t")?;
    let grandchild = b.clone(&clone, &t, "grandchild")?;
    b.patch(&clone, name(&b.name("renamed")))?;
    b.fine(&calls::get(&grandchild))?;
    b.patch(&a, name(&b.name("b")))?;
    b.fine(&calls::get(&grandchild))?;
    b.create("clone")?;
    Ok(())
}

fn refuse_what_is_missing(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, gone) = (b.snapshot(&a, "s")?, b.snapshot(&a, "gone")?);
    b.fine(&calls::delete_snapshot(&a, &gone))?;
    let missing = calls::no_volume();
    for name in [b.name("x"), a.name.clone(), String::new(), "a b".to_owned()] {
        b.refused("volume_not_found", &calls::clone(&missing, &s, &name))?;
        b.refused("volume_not_found", &calls::clone(&missing, &calls::no_snapshot(), &name))?;
        b.refused("snapshot_not_found", &calls::clone(&a, &gone, &name))?;
        b.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &name))?;
    }
    b.create("x")?;
    Ok(())
}

fn refuse_a_snapshot_of_another_volume(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&c, "s")?;
    b.refused("snapshot_not_found", &calls::clone(&c, &s, &b.name("x")))?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("snapshot_not_found", &calls::clone(&clone, &s, &b.name("x")))
}

fn refuse_a_parent_that_is_not_online(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.patch(&a, offline())?;
    b.refused("volume_offline", &calls::clone(&a, &s, &b.name("x")))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&a, restricted())?;
        b.refused("volume_offline", &calls::clone(&a, &s, &b.name("x")))?;
    }
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.patch(&a, online())?;
    let t = b.snapshot(&a, "t")?;
    b.clone(&a, &t, "x")?;
    Ok(())
}

fn check_in_order(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, of_other) = (b.snapshot(&a, "s")?, b.snapshot(&c, "s")?);
    b.patch(&a, offline())?;
    b.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &b.name("x")))?;
    b.refused("snapshot_not_found", &calls::clone(&a, &of_other, "a b"))?;
    b.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    b.refused("invalid_argument", &calls::clone(&a, &s, ""))?;
    b.refused("volume_offline", &calls::clone(&a, &s, &c.name))?;
    b.refused("volume_offline", &calls::clone(&a, &s, &a.name))
}

fn pin_nothing_when_refused(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    b.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    let t = b.snapshot(&a, "t")?;
    b.refused("volume_exists", &calls::clone(&a, &t, &a.name))?;
    b.delete(&a)
}

fn stay_online_without_their_parent(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&a, offline())?;
    b.fine(&calls::access(&clone))?;
    b.patch(&clone, size(9))?;
    let t = b.snapshot(&clone, "t")?;
    b.clone(&clone, &t, "grandchild")?;
    Ok(())
}
