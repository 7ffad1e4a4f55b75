//! Clones keep their parents and snapshots from being deleted.

use super::calls::{self, name, offline, restricted};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { dependencies:
    /// A clone pins its snapshot and its parent, and its deletion frees both.
    last_until_the_clone_is_deleted: Clones,
        "3.delete_snapshot.refuses" "3.delete_volume.refuses" "3.delete_snapshot";
    /// The last of several clones pins as the first did, in any order of deletion.
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
    /// The dependent clones are named in order of creation, and counted.
    are_named_in_order: Clones, "4.dependents";
    /// Of more than 16 clones the first 16 are named and all are counted.
    are_named_up_to_sixteen: Clones, "4.dependents";
    /// The dependents have their current names.
    are_named_as_they_are_called_now: Clones [PatchName], "4.dependents";
    /// A volume's dependents are the clones of all its snapshots, a snapshot's its own.
    of_a_volume_are_those_of_its_snapshots: Clones, "4.dependents";
    /// A restore names the clones of the newer snapshot that would be deleted.
    are_named_by_a_restore: Clones [RestoreSnapshot], "4.dependents" "4.target";
    /// A clone of an offline snapshot's volume, renamed or resized, still pins.
    hold_over_every_change: Clones, "3.delete_snapshot.refuses" "3.patch_volume";
}

fn last_until_the_clone_is_deleted(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for _ in 0..2 {
        let clone = h.clone(&a, &s, "clone")?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        h.refused("volume_busy", &calls::delete(&a))?;
        h.delete(&clone)?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.delete(&a)
}

fn last_until_the_last_clone_is_deleted(h: &Harness<'_>) -> CaseResult {
    for (label, order) in [("up", [0, 1, 2]), ("down", [2, 1, 0]), ("mixed", [1, 0, 2])] {
        let a = h.create(label)?;
        let s = h.snapshot(&a, "s")?;
        let mut clones = Vec::new();
        for number in 0..3 {
            clones.push(h.clone(&a, &s, &format!("{label}-{number}"))?);
        }
        for at in order {
            h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
            h.refused("volume_busy", &calls::delete(&a))?;
            if let Some(clone) = clones.get(at) {
                h.delete(clone)?;
            }
        }
        h.succeeds(&calls::delete_snapshot(&a, &s))?;
        h.delete(&a)?;
    }
    Ok(())
}

fn pin_no_other_snapshot(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (r, s, t) = (h.snapshot(&a, "r")?, h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.clone(&a, &s, "clone")?;
    h.succeeds(&calls::delete_snapshot(&a, &t))?;
    h.succeeds(&calls::delete_snapshot(&a, &r))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    let u = h.snapshot(&a, "u")?;
    h.succeeds(&calls::delete_snapshot(&a, &u))
}

fn pin_no_namesake(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, of_other) = (h.snapshot(&a, "s")?, h.snapshot(&c, "s")?);
    h.clone(&a, &s, "clone")?;
    h.succeeds(&calls::delete_snapshot(&c, &of_other))?;
    h.delete(&c)?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn hold_link_by_link(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let child = h.clone(&a, &s, "child")?;
    let t = h.snapshot(&child, "t")?;
    let grandchild = h.clone(&child, &t, "grandchild")?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.refused("volume_busy", &calls::delete(&child))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&child, &t))?;
    h.delete(&grandchild)?;
    h.succeeds(&calls::delete_snapshot(&child, &t))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.delete(&child)?;
    h.delete(&a)
}

fn hold_while_offline(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&clone, offline())?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&clone, restricted())?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    h.patch(&a, offline())?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.delete(&clone)?;
    h.succeeds(&calls::delete_snapshot(&a, &s))
}

fn are_named_in_order(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let mut clones = Vec::new();
    for label in ["m", "z", "b", "y"] {
        clones.push(h.clone(&a, &s, label)?);
    }
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    if let Some(clone) = clones.get(1) {
        h.delete(clone)?;
    }
    h.clone(&a, &s, "c")?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))
}

fn are_named_up_to_sixteen(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for number in 0..15 {
        h.clone(&a, &s, &format!("clone-{number}"))?;
    }
    for number in 15..19 {
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        h.refused("volume_busy", &calls::delete(&a))?;
        h.clone(&a, &s, &format!("clone-{number}"))?;
    }
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))
}

fn are_named_as_they_are_called_now(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let (one, _) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    h.patch(&one, name(&h.name("zzz")))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))
}

fn of_a_volume_are_those_of_its_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let child = h.clone(&a, &t, "1-of-t")?;
    h.clone(&a, &s, "2-of-s")?;
    h.clone(&a, &t, "3-of-t")?;
    let u = h.snapshot(&child, "u")?;
    h.clone(&child, &u, "4-of-child")?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.refused("volume_busy", &calls::delete(&child))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))
}

fn are_named_by_a_restore(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.clone(&a, &s, "of-target")?;
    h.clone(&a, &t, "one")?;
    h.clone(&a, &t, "two")?;
    h.refused("snapshot_busy", &calls::restore(&a, &s))
}

fn hold_over_every_change(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&clone, calls::size(5).junction_path(h.path("clone")))?;
    h.patch(&a, calls::size(6).export_policy("p"))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    if h.has(Feature::PatchName) {
        h.patch(&clone, name(&h.name("renamed")))?;
        h.patch(&a, name(&h.name("parent")))?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        h.refused("volume_busy", &calls::delete(&a))?;
    }
    if h.has(Feature::RenameSnapshot) {
        h.succeeds(&calls::rename_snapshot(&a, &s, "t"))?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    if h.has(Feature::RestoreSnapshot) {
        h.returns_volume(&calls::restore(&a, &s))?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    }
    h.delete(&clone)?;
    h.succeeds(&calls::delete_snapshot(&a, &s))
}
