//! Splitting clones.

use super::calls::{self, junction, offline, restricted, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { split:
    /// A split clone has no origin and keeps all other fields.
    makes_a_plain_volume: Clones [SplitClone], "3.split_clone" "1.origin" "1.unset";
    /// The parent's snapshot and the parent can be deleted after a split.
    frees_the_parent: Clones [SplitClone], "3.split_clone" "3.delete_snapshot" "3.delete_volume";
    /// Other clones of the snapshot still pin it.
    frees_only_what_it_pinned: Clones [SplitClone],
        "3.split_clone" "3.delete_snapshot.refuses" "4.dependents";
    /// A split clone keeps its snapshots, and its own clones still depend on it.
    keeps_its_own_clones: Clones [SplitClone], "3.split_clone" "3.delete_volume.refuses";
    /// A volume that is not a clone is refused, and so is a clone that was split.
    refuses_what_is_no_clone: Clones [SplitClone], "3.split_clone.refuses" "3.atomic";
    /// A missing volume is refused.
    refuses_a_missing_volume: Clones [SplitClone], "3.split_clone.refuses" "4.target";
    /// An offline clone is split, with its parent offline too.
    works_offline: Clones [SplitClone, PatchState], "3.split_clone" "3.offline_keeps";
    /// A split clone no longer follows its former parent, and can be restored to its own snapshots.
    forgets_the_parent: Clones [SplitClone, PatchName], "3.split_clone" "1.origin_names";
}

fn makes_a_plain_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&clone, junction(&h.path("clone")).size_bytes(9).export_policy("q"))?;
    h.snapshot(&clone, "t")?;
    h.returns_volume(&calls::split(&clone))?;
    h.patch(&clone, size(10))?;
    let plain = h.clone(&a, &s, "untouched")?;
    h.returns_volume(&calls::split(&plain))?;
    h.succeeds(&calls::access(&plain))
}

fn frees_the_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.returns_volume(&calls::split(&clone))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    let t = h.snapshot(&a, "t")?;
    let other = h.clone(&a, &t, "other")?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.returns_volume(&calls::split(&other))?;
    h.delete(&a)?;
    h.succeeds(&calls::get(&clone))
}

fn frees_only_what_it_pinned(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let (one, two) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    let three = h.clone(&a, &t, "three")?;
    h.returns_volume(&calls::split(&one))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.returns_volume(&calls::split(&two))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.returns_volume(&calls::split(&three))?;
    h.delete(&a)
}

fn keeps_its_own_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    let t = h.snapshot(&clone, "t")?;
    let grandchild = h.clone(&clone, &t, "grandchild")?;
    h.returns_volume(&calls::split(&clone))?;
    h.refused("volume_busy", &calls::delete(&clone))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&clone, &t))?;
    h.delete(&a)?;
    h.returns_volume(&calls::split(&grandchild))?;
    h.delete(&clone)
}

fn refuses_what_is_no_clone(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.refused("invalid_argument", &calls::split(&a))?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("invalid_argument", &calls::split(&a))?;
    h.returns_volume(&calls::split(&clone))?;
    h.refused("invalid_argument", &calls::split(&clone))
}

fn refuses_a_missing_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.delete(&clone)?;
    h.refused("volume_not_found", &calls::split(&clone))?;
    h.refused("volume_not_found", &calls::split(&calls::no_volume()))
}

fn works_offline(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let (one, two) = (h.clone(&a, &s, "one")?, h.clone(&a, &s, "two")?);
    h.patch(&a, offline())?;
    h.returns_volume(&calls::split(&one))?;
    h.patch(&two, offline())?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&two, restricted())?;
    }
    h.returns_volume(&calls::split(&two))?;
    h.delete(&a)
}

fn forgets_the_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    let t = h.snapshot(&clone, "t")?;
    h.patch(&clone, size(9))?;
    h.returns_volume(&calls::split(&clone))?;
    h.patch(&a, calls::name(&h.name("b")))?;
    h.succeeds(&calls::get(&clone))?;
    if h.has(Feature::RestoreSnapshot) {
        h.returns_volume(&calls::restore(&clone, &t))?;
    }
    h.refused("snapshot_not_found", &calls::get_snapshot(&clone, &s))
}
