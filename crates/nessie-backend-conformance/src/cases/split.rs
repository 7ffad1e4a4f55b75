//! Making clones plain volumes.

use super::calls::{self, junction, offline, restricted, size};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { split, __split_cases:
    /// A split clone has no origin and keeps all else.
    makes_a_plain_volume: Clones [SplitClone], "3.split_clone" "1.origin" "1.unset";
    /// The parent's snapshot and the parent can be deleted after a split.
    frees_the_parent: Clones [SplitClone], "3.split_clone" "3.delete_snapshot" "3.delete_volume";
    /// Other clones of the snapshot still pin it.
    frees_only_what_it_pinned: Clones [SplitClone],
        "3.split_clone" "3.delete_snapshot.refuses" "4.dependents";
    /// A split clone keeps its snapshots, and its own clones still depend on it.
    keeps_its_own_clones: Clones [SplitClone], "3.split_clone" "3.delete_volume.refuses";
    /// A volume that is no clone is refused, and so is a clone that was split.
    refuses_what_is_no_clone: Clones [SplitClone], "3.split_clone.refuses" "3.atomic";
    /// A missing volume is refused.
    refuses_a_missing_volume: Clones [SplitClone], "3.split_clone.refuses" "4.target";
    /// An offline clone is split, with its parent offline too.
    works_offline: Clones [SplitClone, PatchState], "3.split_clone" "3.offline_keeps";
    /// A split clone no longer follows its former parent, and goes back to its own snapshots.
    forgets_the_parent: Clones [SplitClone, PatchName], "3.split_clone" "1.origin_names";
}

fn makes_a_plain_volume(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&clone, junction(&b.path("clone")).size_bytes(9).export_policy("q"))?;
    b.snapshot(&clone, "t")?;
    b.volume(&calls::split(&clone))?;
    b.patch(&clone, size(10))?;
    let plain = b.clone(&a, &s, "untouched")?;
    b.volume(&calls::split(&plain))?;
    b.fine(&calls::access(&plain))
}

fn frees_the_parent(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.volume(&calls::split(&clone))?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    let t = b.snapshot(&a, "t")?;
    let other = b.clone(&a, &t, "other")?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.volume(&calls::split(&other))?;
    b.delete(&a)?;
    b.fine(&calls::get(&clone))
}

fn frees_only_what_it_pinned(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let (one, two) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    let three = b.clone(&a, &t, "three")?;
    b.volume(&calls::split(&one))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.volume(&calls::split(&two))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.volume(&calls::split(&three))?;
    b.delete(&a)
}

fn keeps_its_own_clones(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    let t = b.snapshot(&clone, "t")?;
    let grandchild = b.clone(&clone, &t, "grandchild")?;
    b.volume(&calls::split(&clone))?;
    b.refused("volume_busy", &calls::delete(&clone))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&clone, &t))?;
    b.delete(&a)?;
    b.volume(&calls::split(&grandchild))?;
    b.delete(&clone)
}

fn refuses_what_is_no_clone(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.refused("invalid_argument", &calls::split(&a))?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("invalid_argument", &calls::split(&a))?;
    b.volume(&calls::split(&clone))?;
    b.refused("invalid_argument", &calls::split(&clone))
}

fn refuses_a_missing_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.delete(&clone)?;
    b.refused("volume_not_found", &calls::split(&clone))?;
    b.refused("volume_not_found", &calls::split(&calls::no_volume()))
}

fn works_offline(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let (one, two) = (b.clone(&a, &s, "one")?, b.clone(&a, &s, "two")?);
    b.patch(&a, offline())?;
    b.volume(&calls::split(&one))?;
    b.patch(&two, offline())?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&two, restricted())?;
    }
    b.volume(&calls::split(&two))?;
    b.delete(&a)
}

fn forgets_the_parent(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    let t = b.snapshot(&clone, "t")?;
    b.patch(&clone, size(9))?;
    b.volume(&calls::split(&clone))?;
    b.patch(&a, calls::name(&b.name("b")))?;
    b.fine(&calls::get(&clone))?;
    if b.has(Feature::RestoreSnapshot) {
        b.volume(&calls::restore(&clone, &t))?;
    }
    b.refused("snapshot_not_found", &calls::get_snapshot(&clone, &s))
}
