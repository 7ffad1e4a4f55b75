//! What clones keep from being deleted, and until when.

use super::calls::{self, name, offline, restricted};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { dependencies, __dependencies_cases:
    /// A clone pins its snapshot and its parent, and its deletion frees both.
    last_until_the_clone_is_deleted: Clones,
        "3.delete_snapshot.refuses" "3.delete_volume.refuses" "3.delete_snapshot";
    /// The last of several clones pins as the first did, in whatever order they go.
    last_until_the_last_clone_is_deleted: Clones,
        "3.delete_snapshot.refuses" "3.delete_volume.refuses" "4.dependents";
    /// The parent's other snapshots can be deleted, older and newer.
    pin_no_other_snapshot: Clones, "3.delete_snapshot" "3.delete_snapshot.refuses";
    /// A snapshot of the same name on another volume is not pinned, nor is that volume.
    pin_no_namesake: Clones, "3.delete_snapshot" "3.delete_volume";
    /// In a chain of clones each pins its direct parent, and the root is free of the others.
    hold_link_by_link: Clones, "3.delete_volume.refuses" "3.delete_snapshot.refuses" "4.dependents";
    /// Offline and restricted clones pin as online ones do.
    hold_while_offline: Clones [PatchState], "3.offline_keeps" "3.delete_snapshot.refuses";
    /// The clones in the way are named in order of creation, and counted.
    are_named_in_order: Clones, "4.dependents";
    /// Of more than 16 clones the first 16 are named and all are counted.
    are_named_up_to_sixteen: Clones, "4.dependents";
    /// The names are the present ones.
    are_named_as_they_are_called_now: Clones [PatchName], "4.dependents";
    /// A volume's dependents are the clones of all its snapshots, a snapshot's its own.
    of_a_volume_are_those_of_its_snapshots: Clones, "4.dependents";
    /// A restore names the clones of the newer snapshot that is in the way.
    are_named_by_a_restore: Clones [RestoreSnapshot], "4.dependents" "4.target";
    /// A clone of an offline snapshot's volume, renamed or resized, still pins.
    hold_over_every_change: Clones, "3.delete_snapshot.refuses" "3.patch_volume";
}

fn last_until_the_clone_is_deleted(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for _ in 0..2 {
        let clone = b.clone(&a, &s, "clone")?;
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        b.refused("volume_busy", &calls::delete(&a))?;
        b.delete(&clone)?;
    }
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.delete(&a)
}

fn last_until_the_last_clone_is_deleted(b: &Bench<'_>) -> Step {
    for (label, order) in [("up", [0, 1, 2]), ("down", [2, 1, 0]), ("mixed", [1, 0, 2])] {
        let a = b.create(label)?;
        let s = b.snapshot(&a, "s")?;
        let mut clones = Vec::new();
        for number in 0..3 {
            clones.push(b.clone(&a, &s, &format!("{label}-{number}"))?);
        }
        for at in order {
            b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
            b.refused("volume_busy", &calls::delete(&a))?;
            if let Some(clone) = clones.get(at) {
                b.delete(clone)?;
            }
        }
        b.fine(&calls::delete_snapshot(&a, &s))?;
        b.delete(&a)?;
    }
    Ok(())
}

fn pin_no_other_snapshot(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (r, s, t) = (b.snapshot(&a, "r")?, b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.clone(&a, &s, "clone")?;
    b.fine(&calls::delete_snapshot(&a, &t))?;
    b.fine(&calls::delete_snapshot(&a, &r))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    let u = b.snapshot(&a, "u")?;
    b.fine(&calls::delete_snapshot(&a, &u))
}

fn pin_no_namesake(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, of_other) = (b.snapshot(&a, "s")?, b.snapshot(&c, "s")?);
    b.clone(&a, &s, "clone")?;
    b.fine(&calls::delete_snapshot(&c, &of_other))?;
    b.delete(&c)?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn hold_link_by_link(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let child = b.clone(&a, &s, "child")?;
    let t = b.snapshot(&child, "t")?;
    let grandchild = b.clone(&child, &t, "grandchild")?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.refused("volume_busy", &calls::delete(&child))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&child, &t))?;
    b.delete(&grandchild)?;
    b.fine(&calls::delete_snapshot(&child, &t))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.delete(&child)?;
    b.delete(&a)
}

fn hold_while_offline(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&clone, offline())?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&clone, restricted())?;
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    b.patch(&a, offline())?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.delete(&clone)?;
    b.fine(&calls::delete_snapshot(&a, &s))
}

fn are_named_in_order(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let mut clones = Vec::new();
    for label in ["m", "z", "b", "y"] {
        clones.push(b.clone(&a, &s, label)?);
    }
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    if let Some(clone) = clones.get(1) {
        b.delete(clone)?;
    }
    b.clone(&a, &s, "c")?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))
}

fn are_named_up_to_sixteen(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for number in 0..15 {
        b.clone(&a, &s, &format!("clone-{number}"))?;
    }
    for number in 15..19 {
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        b.refused("volume_busy", &calls::delete(&a))?;
        b.clone(&a, &s, &format!("clone-{number}"))?;
    }
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))
}

fn are_named_as_they_are_called_now(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let (one, _) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    b.patch(&one, name(&b.name("zzz")))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))
}

fn of_a_volume_are_those_of_its_snapshots(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let child = b.clone(&a, &t, "1-of-t")?;
    b.clone(&a, &s, "2-of-s")?;
    b.clone(&a, &t, "3-of-t")?;
    let u = b.snapshot(&child, "u")?;
    b.clone(&child, &u, "4-of-child")?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.refused("volume_busy", &calls::delete(&child))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))
}

fn are_named_by_a_restore(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.clone(&a, &s, "of-target")?;
    b.clone(&a, &t, "one")?;
    b.clone(&a, &t, "two")?;
    b.refused("snapshot_busy", &calls::restore(&a, &s))
}

fn hold_over_every_change(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&clone, calls::size(5).junction_path(b.path("clone")))?;
    b.patch(&a, calls::size(6).export_policy("p"))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    if b.has(Feature::PatchName) {
        b.patch(&clone, name(&b.name("renamed")))?;
        b.patch(&a, name(&b.name("parent")))?;
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        b.refused("volume_busy", &calls::delete(&a))?;
    }
    if b.has(Feature::RenameSnapshot) {
        b.fine(&calls::rename_snapshot(&a, &s, "t"))?;
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    if b.has(Feature::RestoreSnapshot) {
        b.volume(&calls::restore(&a, &s))?;
        b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    b.delete(&clone)?;
    b.fine(&calls::delete_snapshot(&a, &s))
}
