//! Deleting volumes.

use super::calls::{self, junction, offline, restricted};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { delete_volume:
    /// A deleted volume can no longer be read in any way, and the others stay.
    deletes_one_volume: Volumes, "3.delete_volume" "3.get_volume.refuses" "3.find_volume";
    /// A volume that is missing, or deleted already, is refused.
    refuses_a_missing_volume: Volumes, "3.delete_volume.refuses" "4.target";
    /// A volume is deleted in any state.
    deletes_in_any_state: Volumes [PatchState], "3.delete_volume";
    /// A mounted volume is deleted, and its path is free.
    deletes_a_mounted_volume: Volumes, "3.delete_volume" "2.junction_unique";
    /// The snapshots of a volume are deleted with it, and no others.
    deletes_the_snapshots_too: Snapshots, "3.delete_volume" "3.get_snapshot.refuses";
    /// A clone is deleted, and its parent stays.
    deletes_a_clone_alone: Clones, "3.delete_volume";
    /// A volume with a clone is refused in any state, and stays as it was.
    refuses_a_parent: Clones, "3.delete_volume.refuses" "3.atomic";
    /// A volume is refused for a clone of any of its snapshots.
    refuses_for_a_clone_of_any_snapshot: Clones, "3.delete_volume.refuses";
    /// An offline volume with clones is refused like an online one.
    refuses_an_offline_parent: Clones [PatchState], "3.delete_volume.refuses" "3.offline_keeps";
}

fn deletes_one_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c, d) = (h.create_sized("a", 5)?, h.create("c")?, h.create("d")?);
    h.delete(&c)?;
    h.refused("volume_not_found", &calls::get(&c))?;
    h.refused("volume_not_found", &calls::access(&c))?;
    h.succeeds(&calls::find(&c.name))?;
    h.delete(&a)?;
    h.delete(&d)
}

fn refuses_a_missing_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.refused("volume_not_found", &calls::delete(&calls::no_volume()))?;
    h.delete(&a)?;
    h.refused("volume_not_found", &calls::delete(&a))?;
    h.create("a")?;
    h.refused("volume_not_found", &calls::delete(&a))
}

fn deletes_in_any_state(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, offline())?;
    h.delete(&a)?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&c, restricted())?;
        h.delete(&c)?;
    }
    Ok(())
}

fn deletes_a_mounted_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("a")))?;
    h.delete(&a)?;
    h.patch(&c, junction(&h.path("A")))?;
    Ok(())
}

fn deletes_the_snapshots_too(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.snapshot(&c, "s")?;
    h.delete(&a)?;
    for snapshot in [&s, &t] {
        h.refused("volume_not_found", &calls::get_snapshot(&a, snapshot))?;
        h.refused("volume_not_found", &calls::delete_snapshot(&a, snapshot))?;
        h.refused("snapshot_not_found", &calls::get_snapshot(&c, snapshot))?;
        h.refused("snapshot_not_found", &calls::delete_snapshot(&c, snapshot))?;
    }
    let again = h.create("a")?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&again, &s))?;
    h.refused("volume_not_found", &calls::snapshots(&a))
}

fn deletes_a_clone_alone(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.snapshot(&clone, "s")?;
    h.delete(&clone)?;
    h.succeeds(&calls::get_snapshot(&a, &s))?;
    h.delete(&a)
}

fn refuses_a_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let (s, _) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let clone = h.clone(&a, &s, "clone")?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.refused("volume_exists", &calls::create(&a.name))?;
    h.refused("junction_path_exists", &calls::change(&clone, junction(&h.path("a"))))?;
    h.snapshot(&a, "u")?;
    h.delete(&clone)?;
    h.delete(&a)
}

fn refuses_for_a_clone_of_any_snapshot(h: &Harness<'_>) -> CaseResult {
    for (number, label) in ["first", "middle", "last"].into_iter().enumerate() {
        let a = h.create(label)?;
        let all = [h.snapshot(&a, "s")?, h.snapshot(&a, "t")?, h.snapshot(&a, "u")?];
        if let Some(of) = all.get(number) {
            let clone = h.clone(&a, of, &format!("{label}-clone"))?;
            h.refused("volume_busy", &calls::delete(&a))?;
            h.delete(&clone)?;
        }
        h.delete(&a)?;
    }
    Ok(())
}

fn refuses_an_offline_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&a, offline())?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.patch(&clone, offline())?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.delete(&clone)?;
    h.delete(&a)
}
