//! Going back to a snapshot.

use super::calls::{self, junction, offline, online, restricted, size};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { restore, __restore_cases:
    /// The quota goes back to what it was, larger, smaller or none.
    brings_the_size_back: Snapshots [RestoreSnapshot], "3.restore_snapshot" "1.size";
    /// Newer snapshots go; the snapshot itself and older ones stay.
    drops_newer_snapshots: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// The names of dropped snapshots are free, their identifiers gone.
    frees_the_names_it_drops: Snapshots [RestoreSnapshot], "3.restore_snapshot" "2.free_again";
    /// Snapshots of other volumes, newer or not, stay.
    leaves_other_volumes_alone: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Name, junction, policy, identifier and time stay.
    leaves_other_fields_alone: Snapshots [RestoreSnapshot], "3.restore_snapshot" "1.create_time";
    /// A volume goes back again, and on to another snapshot taken since.
    works_again_and_again: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Going back is by the order of creation, not by name, nor by a rename.
    goes_by_the_order_of_creation: Snapshots [RestoreSnapshot, RenameSnapshot],
        "3.restore_snapshot" "3.rename_snapshot";
    /// What is missing is refused, the volume before the snapshot.
    refuses_what_is_missing: Snapshots [RestoreSnapshot],
        "3.restore_snapshot.refuses" "3.order" "4.target" "3.atomic";
    /// A volume that is not online is refused, and a missing snapshot comes before that.
    refuses_what_is_not_online: Snapshots [RestoreSnapshot, PatchState],
        "3.restore_snapshot.refuses" "3.order" "3.atomic";
    /// A newer snapshot with a clone is refused, and none of the newer ones is dropped.
    refuses_a_newer_snapshot_with_a_clone: Clones [RestoreSnapshot],
        "3.restore_snapshot.refuses" "3.atomic";
    /// Clones of the snapshot itself and of older ones are no obstacle.
    allows_older_clones: Clones [RestoreSnapshot], "3.restore_snapshot" "3.restore_snapshot.refuses";
    /// A wrong state comes before a newer snapshot with a clone.
    checks_the_state_before_clones: Clones [RestoreSnapshot, PatchState],
        "3.order" "3.restore_snapshot.refuses";
    /// A clone that goes back stays a clone, and its own quota comes back.
    works_on_clones: Clones [RestoreSnapshot], "3.restore_snapshot" "1.origin";
}

fn brings_the_size_back(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.patch(&a, size(5))?;
    let t = b.snapshot(&a, "t")?;
    b.patch(&a, size(9))?;
    let u = b.snapshot(&a, "u")?;
    b.patch(&a, size(2))?;
    b.volume(&calls::restore(&a, &u))?;
    b.volume(&calls::restore(&a, &t))?;
    b.volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn drops_newer_snapshots(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.snapshot(&a, "q")?;
    let s = b.snapshot(&a, "s")?;
    let t = b.snapshot(&a, "t")?;
    b.snapshot(&a, "u")?;
    b.snapshot(&a, "v")?;
    b.volume(&calls::restore(&a, &t))?;
    b.volume(&calls::restore(&a, &t))?;
    b.volume(&calls::restore(&a, &s))?;
    b.snapshot(&a, "w")?;
    Ok(())
}

fn frees_the_names_it_drops(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.volume(&calls::restore(&a, &s))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &t))?;
    b.refused("snapshot_not_found", &calls::restore(&a, &t))?;
    b.fine(&calls::find_snapshot(&a, "t"))?;
    b.snapshot(&a, "t")?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))
}

fn leaves_other_volumes_alone(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create_sized("c", 5)?);
    b.snapshot(&c, "before")?;
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&c, "after")?;
    b.snapshot(&a, "t")?;
    b.patch(&a, size(9))?;
    b.patch(&c, size(9))?;
    b.volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn leaves_other_fields_alone(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let s = b.snapshot(&a, "s")?;
    b.patch(&a, junction(&b.path("b")).export_policy("q").size_bytes(9))?;
    if b.has(Feature::PatchName) {
        b.patch(&a, calls::name(&b.name("b")))?;
    }
    b.volume(&calls::restore(&a, &s))?;
    b.patch(&a, junction(""))?;
    b.volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn works_again_and_again(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    for bytes in [7, 9] {
        b.patch(&a, size(bytes))?;
        let t = b.snapshot(&a, "t")?;
        b.patch(&a, size(1))?;
        b.volume(&calls::restore(&a, &t))?;
        b.volume(&calls::restore(&a, &s))?;
    }
    b.delete(&a)
}

fn goes_by_the_order_of_creation(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (z, m) = (b.snapshot(&a, "z")?, b.snapshot(&a, "m")?);
    b.snapshot(&a, "a")?;
    b.fine(&calls::rename_snapshot(&a, &z, "y"))?;
    b.volume(&calls::restore(&a, &m))?;
    b.fine(&calls::rename_snapshot(&a, &z, "zz"))?;
    b.volume(&calls::restore(&a, &z))?;
    Ok(())
}

fn refuses_what_is_missing(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create_sized("c", 7)?);
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&c, "s")?;
    b.patch(&a, size(9))?;
    b.refused("snapshot_not_found", &calls::restore(&c, &s))?;
    b.refused("snapshot_not_found", &calls::restore(&a, &calls::no_snapshot()))?;
    b.refused("volume_not_found", &calls::restore(&calls::no_volume(), &s))?;
    b.refused("volume_not_found", &calls::restore(&calls::no_volume(), &calls::no_snapshot()))?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.refused("snapshot_not_found", &calls::restore(&a, &s))
}

fn refuses_what_is_not_online(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create("c")?);
    let (s, of_other) = (b.snapshot(&a, "s")?, b.snapshot(&c, "s")?);
    b.snapshot(&a, "t")?;
    b.patch(&a, size(9))?;
    b.patch(&a, offline())?;
    b.refused("volume_offline", &calls::restore(&a, &s))?;
    b.refused("snapshot_not_found", &calls::restore(&a, &calls::no_snapshot()))?;
    b.refused("snapshot_not_found", &calls::restore(&a, &of_other))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&a, restricted())?;
        b.refused("volume_offline", &calls::restore(&a, &s))?;
    }
    b.patch(&a, online())?;
    b.volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn refuses_a_newer_snapshot_with_a_clone(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let u = b.snapshot(&a, "u")?;
    b.snapshot(&a, "v")?;
    b.patch(&a, size(9))?;
    let clone = b.clone(&a, &u, "clone")?;
    b.refused("snapshot_busy", &calls::restore(&a, &s))?;
    b.refused("snapshot_busy", &calls::restore(&a, &t))?;
    b.volume(&calls::restore(&a, &u))?;
    b.refused("snapshot_busy", &calls::restore(&a, &s))?;
    b.delete(&clone)?;
    b.volume(&calls::restore(&a, &s))?;
    Ok(())
}

fn allows_older_clones(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.snapshot(&a, "u")?;
    b.clone(&a, &s, "of-older")?;
    b.clone(&a, &t, "of-target")?;
    b.patch(&a, size(9))?;
    b.volume(&calls::restore(&a, &t))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &t))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn checks_the_state_before_clones(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.clone(&a, &t, "clone")?;
    b.patch(&a, offline())?;
    b.refused("volume_offline", &calls::restore(&a, &s))
}

fn works_on_clones(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    let of_clone = b.snapshot(&clone, "s")?;
    b.patch(&clone, size(9))?;
    b.snapshot(&clone, "t")?;
    b.volume(&calls::restore(&clone, &of_clone))?;
    b.refused("snapshot_not_found", &calls::restore(&clone, &s))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}
