//! Restoring snapshots.

use super::calls::{self, junction, offline, online, restricted, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { restore:
    /// The quota is restored: larger, smaller or none.
    brings_the_size_back: Snapshots [RestoreSnapshot], "3.restore_snapshot" "1.size";
    /// Newer snapshots are deleted; the snapshot itself and older ones stay.
    drops_newer_snapshots: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// The names of deleted snapshots are free, and their identifiers are missing.
    frees_the_names_it_drops: Snapshots [RestoreSnapshot], "3.restore_snapshot" "2.free_again";
    /// Snapshots of other volumes, newer or not, stay.
    leaves_other_volumes_alone: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Name, junction, policy, identifier and time stay.
    leaves_other_fields_alone: Snapshots [RestoreSnapshot], "3.restore_snapshot" "1.create_time";
    /// A volume can be restored again, also to a snapshot taken since.
    works_again_and_again: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Newer means created later; names and renames do not matter.
    goes_by_the_order_of_creation: Snapshots [RestoreSnapshot, RenameSnapshot],
        "3.restore_snapshot" "3.rename_snapshot";
    /// A missing volume or snapshot is refused, the volume first.
    refuses_what_is_missing: Snapshots [RestoreSnapshot],
        "3.restore_snapshot.refuses" "3.order" "4.target" "3.atomic";
    /// A volume that is not online is refused; a missing snapshot is reported first.
    refuses_what_is_not_online: Snapshots [RestoreSnapshot, PatchState],
        "3.restore_snapshot.refuses" "3.order" "3.atomic";
    /// A newer snapshot with a clone is refused, and no newer snapshot is deleted.
    refuses_a_newer_snapshot_with_a_clone: Clones [RestoreSnapshot],
        "3.restore_snapshot.refuses" "3.atomic";
    /// Clones of the snapshot itself and of older ones do not prevent a restore.
    allows_older_clones: Clones [RestoreSnapshot], "3.restore_snapshot" "3.restore_snapshot.refuses";
    /// A wrong state is reported before a newer snapshot with a clone.
    checks_the_state_before_clones: Clones [RestoreSnapshot, PatchState],
        "3.order" "3.restore_snapshot.refuses";
    /// A restored clone stays a clone, and its own quota is restored.
    works_on_clones: Clones [RestoreSnapshot], "3.restore_snapshot" "1.origin";
}

fn brings_the_size_back(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.patch(&a, size(5))?;
    let t = h.snapshot(&a, "t")?;
    h.patch(&a, size(9))?;
    let u = h.snapshot(&a, "u")?;
    h.patch(&a, size(2))?;
    h.returns_volume(&calls::restore(&a, &u))?;
    h.returns_volume(&calls::restore(&a, &t))?;
    h.returns_volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn drops_newer_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.snapshot(&a, "q")?;
    let s = h.snapshot(&a, "s")?;
    let t = h.snapshot(&a, "t")?;
    h.snapshot(&a, "u")?;
    h.snapshot(&a, "v")?;
    h.returns_volume(&calls::restore(&a, &t))?;
    h.returns_volume(&calls::restore(&a, &t))?;
    h.returns_volume(&calls::restore(&a, &s))?;
    h.snapshot(&a, "w")?;
    Ok(())
}

fn frees_the_names_it_drops(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.returns_volume(&calls::restore(&a, &s))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &t))?;
    h.refused("snapshot_not_found", &calls::restore(&a, &t))?;
    h.succeeds(&calls::find_snapshot(&a, "t"))?;
    h.snapshot(&a, "t")?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))
}

fn leaves_other_volumes_alone(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create_sized("c", 5)?);
    h.snapshot(&c, "before")?;
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&c, "after")?;
    h.snapshot(&a, "t")?;
    h.patch(&a, size(9))?;
    h.patch(&c, size(9))?;
    h.returns_volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn leaves_other_fields_alone(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let s = h.snapshot(&a, "s")?;
    h.patch(&a, junction(&h.path("b")).export_policy("q").size_bytes(9))?;
    if h.has(Feature::PatchName) {
        h.patch(&a, calls::name(&h.name("b")))?;
    }
    h.returns_volume(&calls::restore(&a, &s))?;
    h.patch(&a, junction(""))?;
    h.returns_volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn works_again_and_again(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    for bytes in [7, 9] {
        h.patch(&a, size(bytes))?;
        let t = h.snapshot(&a, "t")?;
        h.patch(&a, size(1))?;
        h.returns_volume(&calls::restore(&a, &t))?;
        h.returns_volume(&calls::restore(&a, &s))?;
    }
    h.delete(&a)
}

fn goes_by_the_order_of_creation(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (z, m) = (h.snapshot(&a, "z")?, h.snapshot(&a, "m")?);
    h.snapshot(&a, "a")?;
    h.succeeds(&calls::rename_snapshot(&a, &z, "y"))?;
    h.returns_volume(&calls::restore(&a, &m))?;
    h.succeeds(&calls::rename_snapshot(&a, &z, "zz"))?;
    h.returns_volume(&calls::restore(&a, &z))?;
    Ok(())
}

fn refuses_what_is_missing(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create_sized("c", 7)?);
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&c, "s")?;
    h.patch(&a, size(9))?;
    h.refused("snapshot_not_found", &calls::restore(&c, &s))?;
    h.refused("snapshot_not_found", &calls::restore(&a, &calls::no_snapshot()))?;
    h.refused("volume_not_found", &calls::restore(&calls::no_volume(), &s))?;
    h.refused("volume_not_found", &calls::restore(&calls::no_volume(), &calls::no_snapshot()))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::restore(&a, &s))
}

fn refuses_what_is_not_online(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    let (s, of_other) = (h.snapshot(&a, "s")?, h.snapshot(&c, "s")?);
    h.snapshot(&a, "t")?;
    h.patch(&a, size(9))?;
    h.patch(&a, offline())?;
    h.refused("volume_offline", &calls::restore(&a, &s))?;
    h.refused("snapshot_not_found", &calls::restore(&a, &calls::no_snapshot()))?;
    h.refused("snapshot_not_found", &calls::restore(&a, &of_other))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&a, restricted())?;
        h.refused("volume_offline", &calls::restore(&a, &s))?;
    }
    h.patch(&a, online())?;
    h.returns_volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn refuses_a_newer_snapshot_with_a_clone(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let u = h.snapshot(&a, "u")?;
    h.snapshot(&a, "v")?;
    h.patch(&a, size(9))?;
    let clone = h.clone(&a, &u, "clone")?;
    h.refused("snapshot_busy", &calls::restore(&a, &s))?;
    h.refused("snapshot_busy", &calls::restore(&a, &t))?;
    h.returns_volume(&calls::restore(&a, &u))?;
    h.refused("snapshot_busy", &calls::restore(&a, &s))?;
    h.delete(&clone)?;
    h.returns_volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn allows_older_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.snapshot(&a, "u")?;
    h.clone(&a, &s, "of-older")?;
    h.clone(&a, &t, "of-target")?;
    h.patch(&a, size(9))?;
    h.returns_volume(&calls::restore(&a, &t))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn checks_the_state_before_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.clone(&a, &t, "clone")?;
    h.patch(&a, offline())?;
    h.refused("volume_offline", &calls::restore(&a, &s))
}

fn works_on_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    let of_clone = h.snapshot(&clone, "s")?;
    h.patch(&clone, size(9))?;
    h.snapshot(&clone, "t")?;
    h.returns_volume(&calls::restore(&clone, &of_clone))?;
    h.refused("snapshot_not_found", &calls::restore(&clone, &s))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}
