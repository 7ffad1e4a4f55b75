//! What happens to one object does not happen to another.

use super::calls::{self, junction, offline, size};
use crate::Feature;
use crate::harness::{Bench, Step};
use crate::oracle::call::{Call, Value};

super::cases! { isolation, __isolation_cases:
    /// Results are the caller's: they stay as they were whatever happens to the backend.
    results_stay_as_they_were: Volumes, "1.fresh";
    /// What happens to one volume leaves every other as it was.
    of_volumes: Volumes, "3.patch_volume" "3.delete_volume";
    /// What happens to the snapshots of one volume leaves those of every other as they were.
    of_snapshots: Snapshots, "3.create_snapshot" "3.delete_snapshot";
    /// An offline volume leaves every other online.
    of_states: Volumes [PatchState], "1.state" "3.patch_volume";
    /// An offline volume keeps its name, junction, quota, policy, snapshots and clones.
    offline_volumes_keep_everything: Clones [PatchState], "3.offline_keeps";
    /// The name and the junction path of an offline volume stay taken.
    offline_volumes_keep_what_is_theirs: Volumes [PatchState],
        "3.offline_keeps" "2.junction_unique" "2.volume_name_unique";
    /// What is not the suite's is as it was.
    of_what_was_there_before: Volumes, "3.atomic" "3.list_volumes";
}

fn results_stay_as_they_were(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let before = b.call(&calls::get(&a))?;
    let list = b.call(&Call::ListVolumes)?;
    let (kept, kept_list) = (before.clone(), list.clone());
    b.patch(&a, size(7).junction_path(b.path("a")))?;
    b.delete(&a)?;
    let is_same = matches!(before, Ok(Value::Volume(_))) && before == kept && list == kept_list;
    b.ensure(is_same, || "a result changed after it was given".to_owned())
}

fn of_volumes(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create_sized("c", 5)?);
    b.create("d")?;
    b.patch(&a, size(7).junction_path(b.path("a")).export_policy("p"))?;
    b.patch(&c, junction(&b.path("c")))?;
    b.patch(&a, junction(""))?;
    if b.has(Feature::PatchName) {
        b.patch(&a, calls::name(&b.name("b")))?;
    }
    b.delete(&a)
}

fn of_snapshots(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create_sized("a", 5)?, b.create_sized("c", 6)?);
    let (s, of_other) = (b.snapshot(&a, "s")?, b.snapshot(&c, "s")?);
    b.snapshot(&a, "t")?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    if b.has(Feature::RenameSnapshot) {
        b.fine(&calls::rename_snapshot(&c, &of_other, "u"))?;
    }
    b.delete(&a)?;
    b.snapshot(&c, "t")?;
    Ok(())
}

fn of_states(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, offline())?;
    b.fine(&calls::access(&c))?;
    b.patch(&c, size(5))?;
    b.create("d")?;
    Ok(())
}

fn offline_volumes_keep_everything(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, junction(&b.path("a")).export_policy("p"))?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&clone, junction(&b.path("clone")))?;
    b.patch(&a, offline())?;
    b.patch(&clone, offline())?;
    b.patch(&a, calls::online())?;
    b.patch(&clone, calls::online())?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn offline_volumes_keep_what_is_theirs(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&a, junction(&b.path("a")))?;
    b.patch(&a, offline())?;
    b.refused("volume_exists", &calls::create(&a.name))?;
    b.refused("junction_path_exists", &calls::change(&c, junction(&b.path("a"))))?;
    b.fine(&calls::find(&a.name))
}

/// Every case ends with the same look; this one ends the run with it.
fn of_what_was_there_before(b: &Bench<'_>) -> Step {
    b.look()?;
    b.look_at_what_was_there_before()
}
