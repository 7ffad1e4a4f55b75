//! Deleting volumes.

use super::calls::{self, junction, offline, restricted};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { delete_volume, __delete_volume_cases:
    /// A deleted volume is gone in every way it could be read, and the others stay.
    deletes_one_volume: Volumes, "3.delete_volume" "3.get_volume.refuses" "3.find_volume";
    /// A volume that is missing, or deleted already, is refused.
    refuses_a_missing_volume: Volumes, "3.delete_volume.refuses" "4.target";
    /// A volume is deleted in any state.
    deletes_in_any_state: Volumes [PatchState], "3.delete_volume";
    /// A mounted volume is deleted, and its path is free.
    deletes_a_mounted_volume: Volumes, "3.delete_volume" "2.junction_unique";
    /// The snapshots of a volume go with it, and no other's.
    deletes_the_snapshots_too: Snapshots, "3.delete_volume" "3.get_snapshot.refuses";
    /// A clone is deleted, and its parent stays.
    deletes_a_clone_alone: Clones, "3.delete_volume";
    /// A volume with a clone is refused, in any state, and loses nothing.
    refuses_a_parent: Clones, "3.delete_volume.refuses" "3.atomic";
    /// A volume is refused for a clone of any of its snapshots.
    refuses_for_a_clone_of_any_snapshot: Clones, "3.delete_volume.refuses";
    /// An offline volume is refused for its clones as an online one.
    refuses_an_offline_parent: Clones [PatchState], "3.delete_volume.refuses" "3.offline_keeps";
}

fn deletes_one_volume(b: &Bench<'_>) -> Step {
    let (a, c, d) = (b.create_sized("a", 5)?, b.create("c")?, b.create("d")?);
    b.delete(&c)?;
    b.refused("volume_not_found", &calls::get(&c))?;
    b.refused("volume_not_found", &calls::access(&c))?;
    b.fine(&calls::find(&c.name))?;
    b.delete(&a)?;
    b.delete(&d)
}

fn refuses_a_missing_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.refused("volume_not_found", &calls::delete(&calls::no_volume()))?;
    b.delete(&a)?;
    b.refused("volume_not_found", &calls::delete(&a))?;
    b.create("a")?;
    b.refused("volume_not_found", &calls::delete(&a))
}

fn deletes_in_any_state(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, offline())?;
    b.delete(&a)?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&c, restricted())?;
        b.delete(&c)?;
    }
    Ok(())
}

fn deletes_a_mounted_volume(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("a")))?;
    b.delete(&a)?;
    b.patch(&c, junction(&b.path("A")))?;
    Ok(())
}

fn deletes_the_snapshots_too(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.snapshot(&c, "s")?;
    b.delete(&a)?;
    for snapshot in [&s, &t] {
        b.refused("volume_not_found", &calls::get_snapshot(&a, snapshot))?;
        b.refused("volume_not_found", &calls::delete_snapshot(&a, snapshot))?;
        b.refused("snapshot_not_found", &calls::get_snapshot(&c, snapshot))?;
        b.refused("snapshot_not_found", &calls::delete_snapshot(&c, snapshot))?;
    }
    let again = b.create("a")?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&again, &s))?;
    b.refused("volume_not_found", &calls::snapshots(&a))
}

fn deletes_a_clone_alone(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.snapshot(&clone, "s")?;
    b.delete(&clone)?;
    b.fine(&calls::get_snapshot(&a, &s))?;
    b.delete(&a)
}

fn refuses_a_parent(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let (s, _) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let clone = b.clone(&a, &s, "clone")?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.refused("volume_exists", &calls::create(&a.name))?;
    b.refused("junction_path_exists", &calls::change(&clone, junction(&b.path("a"))))?;
    b.snapshot(&a, "u")?;
    b.delete(&clone)?;
    b.delete(&a)
}

fn refuses_for_a_clone_of_any_snapshot(b: &Bench<'_>) -> Step {
    for (number, label) in ["first", "middle", "last"].into_iter().enumerate() {
        let a = b.create(label)?;
        let all = [b.snapshot(&a, "s")?, b.snapshot(&a, "t")?, b.snapshot(&a, "u")?];
        if let Some(of) = all.get(number) {
            let clone = b.clone(&a, of, &format!("{label}-clone"))?;
            b.refused("volume_busy", &calls::delete(&a))?;
            b.delete(&clone)?;
        }
        b.delete(&a)?;
    }
    Ok(())
}

fn refuses_an_offline_parent(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&a, offline())?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.patch(&clone, offline())?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.delete(&clone)?;
    b.delete(&a)
}
