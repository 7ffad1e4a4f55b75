//! A change of one object does not affect another.

use super::calls::{self, junction, offline, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::{Call, Value};

super::cases! { isolation:
    /// Results belong to the caller: later changes of the backend do not change them.
    results_stay_as_they_were: Volumes, "1.fresh";
    /// A change of one volume leaves every other volume as it was.
    of_volumes: Volumes, "3.patch_volume" "3.delete_volume";
    /// A change of one volume's snapshots leaves those of every other volume as they were.
    of_snapshots: Snapshots, "3.create_snapshot" "3.delete_snapshot";
    /// An offline volume leaves every other online.
    of_states: Volumes [PatchState], "1.state" "3.patch_volume";
    /// An offline volume keeps its name, junction, quota, policy, snapshots and clones.
    offline_volumes_keep_everything: Clones [PatchState], "3.offline_keeps";
    /// The name and the junction path of an offline volume stay in use.
    offline_volumes_keep_what_is_theirs: Volumes [PatchState],
        "3.offline_keeps" "2.junction_unique" "2.volume_name_unique";
    /// Objects that existed before the run are unchanged.
    of_what_was_there_before: Volumes, "3.atomic" "3.list_volumes";
}

fn results_stay_as_they_were(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let before = h.call(&calls::get(&a))?;
    let list = h.call(&Call::ListVolumes)?;
    let (kept, kept_list) = (before.clone(), list.clone());
    h.patch(&a, size(7).junction_path(h.path("a")))?;
    h.delete(&a)?;
    let is_same = matches!(before, Ok(Value::Volume(_))) && before == kept && list == kept_list;
    h.ensure(is_same, || "a result changed after it was given".to_owned())
}

fn of_volumes(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create_sized("c", 5)?);
    h.create("d")?;
    h.patch(&a, size(7).junction_path(h.path("a")).export_policy("p"))?;
    h.patch(&c, junction(&h.path("c")))?;
    h.patch(&a, junction(""))?;
    if h.has(Feature::PatchName) {
        h.patch(&a, calls::name(&h.name("b")))?;
    }
    h.delete(&a)
}

fn of_snapshots(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create_sized("c", 6)?);
    let (s, of_other) = (h.snapshot(&a, "s")?, h.snapshot(&c, "s")?);
    h.snapshot(&a, "t")?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    if h.has(Feature::RenameSnapshot) {
        h.succeeds(&calls::rename_snapshot(&c, &of_other, "u"))?;
    }
    h.delete(&a)?;
    h.snapshot(&c, "t")?;
    Ok(())
}

fn of_states(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, offline())?;
    h.succeeds(&calls::access(&c))?;
    h.patch(&c, size(5))?;
    h.create("d")?;
    Ok(())
}

fn offline_volumes_keep_everything(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&clone, junction(&h.path("clone")))?;
    h.patch(&a, offline())?;
    h.patch(&clone, offline())?;
    h.patch(&a, calls::online())?;
    h.patch(&clone, calls::online())?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))
}

fn offline_volumes_keep_what_is_theirs(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&a, junction(&h.path("a")))?;
    h.patch(&a, offline())?;
    h.refused("volume_exists", &calls::create(&a.name))?;
    h.refused("junction_path_exists", &calls::change(&c, junction(&h.path("a"))))?;
    h.succeeds(&calls::find(&a.name))
}

/// Every case ends with the same check; this one ends the run with it.
fn of_what_was_there_before(h: &Harness<'_>) -> CaseResult {
    h.verify_listings()?;
    h.verify_foreign()
}
