//! Many objects and many calls. [`Config::objects`](crate::Config::objects) is their number; its
//! default is above 1 024, so that every usual limit of a table or a page is passed.

use nessie_backend_core::{Snapshot, Volume};

use super::calls;
use crate::Feature;
use crate::harness::{CaseResult, Harness, Verify};
use crate::oracle::call::Call;

super::cases! { scale:
    /// Hundreds of volumes are all listed, in order, and each is found.
    of_volumes: Volumes, "3.list_volumes" "3.find_volume" "3.get_volume" "2.uuid_once";
    /// Hundreds of volumes of which every third is deleted and others are created.
    of_volumes_that_come_and_go: Volumes, "3.list_volumes" "3.delete_volume" "2.free_again";
    /// Hundreds of volumes are all renamed, and found by their new names only.
    of_renames: Volumes [PatchName], "3.patch_volume" "3.find_volume" "3.list_volumes" "2.free_again";
    /// Hundreds of mounted volumes, each with its own path.
    of_junctions: Volumes, "2.junction_unique" "3.patch_volume";
    /// Hundreds of snapshots are all listed, in order, and each is found.
    of_snapshots: Snapshots, "3.list_snapshots" "3.find_snapshot" "3.get_snapshot";
    /// Hundreds of volumes have snapshots of the same names.
    of_volumes_with_snapshots: Snapshots, "3.list_snapshots" "3.find_snapshot" "2.snapshot_name_unique";
    /// Hundreds of snapshots, of which a restore deletes the newer half, and another all but two.
    of_snapshots_that_a_restore_drops: Snapshots [RestoreSnapshot],
        "3.restore_snapshot" "2.free_again";
    /// Hundreds of clones of one snapshot are all listed, counted, and named by every refusal.
    of_clones: Clones, "3.list_volumes" "4.dependents" "3.create_clone";
    /// Hundreds of clones show the new names of their parent and its snapshot.
    of_clones_of_a_renamed_parent: Clones, "1.origin_names" "3.patch_volume" "3.rename_snapshot";
    /// Hundreds of snapshots with a clone each, and a busy one far from the target of a restore.
    of_busy_snapshots: Clones, "3.delete_volume.refuses" "3.restore_snapshot.refuses" "4.dependents";
    /// A chain of clones, each of the one before. Each link keeps its parent from being deleted.
    of_generations: Clones, "1.origin" "3.delete_volume.refuses" "1.origin_names";
    /// One name, and one path, are used hundreds of times.
    of_uses_of_a_name: Volumes, "2.free_again" "2.junction_unique" "2.uuid_once";
    /// One name is used for hundreds of snapshots and clones.
    of_uses_of_a_name_of_snapshots_and_clones: Clones, "2.free_again" "2.uuid_once";
    /// Hundreds of calls of each operation of volumes all work.
    of_calls_of_volumes: Volumes, "3.patch_volume" "3.access_handle" "3.get_volume" "3.find_volume";
    /// Hundreds of calls of each operation of snapshots all work.
    of_calls_of_snapshots: Snapshots,
        "3.create_snapshot" "3.rename_snapshot" "3.restore_snapshot" "3.delete_snapshot";
    /// Hundreds of calls of each operation of clones all work.
    of_calls_of_clones: Clones, "3.create_clone" "3.split_clone" "3.delete_volume";
}

/// Creates volumes named by the numbers, each with another size.
fn volumes(h: &Harness<'_>) -> CaseResult<Vec<Volume>> {
    h.set_verify(Verify::Never);
    (0..h.config.objects).map(|at| h.create_sized(&at.to_string(), 1 + at as u64)).collect()
}

/// Creates snapshots named by the numbers.
fn snapshots(h: &Harness<'_>, of: &Volume) -> CaseResult<Vec<Snapshot>> {
    (0..h.config.objects).map(|number| h.snapshot(of, &format!("s{number}"))).collect()
}

fn of_volumes(h: &Harness<'_>) -> CaseResult {
    let volumes = volumes(h)?;
    h.verify_call(&Call::ListVolumes)?;
    for volume in volumes.iter().rev() {
        h.verify_call(&calls::get(volume))?;
        h.verify_call(&calls::find(&volume.name))?;
    }
    if let [first, .., last] = &*volumes {
        h.refused("volume_exists", &calls::create(&first.name))?;
        h.refused("volume_exists", &calls::create(&last.name))?;
        h.patch(first, calls::size(5))?;
        h.patch(last, calls::size(5))?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_volumes_that_come_and_go(h: &Harness<'_>) -> CaseResult {
    let volumes = volumes(h)?;
    for volume in volumes.iter().step_by(3) {
        h.delete(volume)?;
    }
    h.verify_call(&Call::ListVolumes)?;
    for volume in volumes.iter().step_by(6) {
        h.create_named(&volume.name, Some(5))?;
    }
    h.verify_call(&Call::ListVolumes)?;
    for volume in &volumes {
        h.verify_call(&calls::get(volume))?;
        h.verify_call(&calls::find(&volume.name))?;
    }
    Ok(())
}

fn of_renames(h: &Harness<'_>) -> CaseResult {
    let volumes = volumes(h)?;
    for volume in volumes.iter().rev().step_by(5).chain(volumes.iter().skip(1).step_by(7)) {
        h.patch(volume, calls::name(&format!("{}-renamed", volume.name)))?;
    }
    h.verify_call(&Call::ListVolumes)?;
    for volume in &volumes {
        h.verify_call(&calls::find(&volume.name))?;
        h.verify_call(&calls::find(&format!("{}-renamed", volume.name)))?;
    }
    if let [first, .., last] = &*volumes {
        h.refused(
            "volume_exists",
            &calls::change(first, calls::name(&format!("{}-renamed", last.name))),
        )?;
        h.create_named(&last.name, None)?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_junctions(h: &Harness<'_>) -> CaseResult {
    let volumes = volumes(h)?;
    for (number, volume) in volumes.iter().enumerate() {
        h.patch(volume, calls::junction(&h.path(&number.to_string())))?;
    }
    h.verify_call(&Call::ListVolumes)?;
    if let [first, .., last] = &*volumes {
        for number in [0, 15, h.config.objects / 2, h.config.objects - 2] {
            let path = h.path(&number.to_string());
            for taken in [path.to_ascii_uppercase(), path] {
                h.refused("junction_path_exists", &calls::change(last, calls::junction(&taken)))?;
            }
        }
        h.delete(first)?;
        h.patch(last, calls::junction(&h.path("0")))?;
    }
    for volume in volumes.iter().skip(1).step_by(2) {
        h.patch(volume, calls::junction(""))?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_snapshots(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.set_verify(Verify::Never);
    let snapshots = snapshots(h, &a)?;
    h.snapshot(&c, "s0")?;
    h.verify_call(&calls::snapshots(&a))?;
    for snapshot in &snapshots {
        h.verify_call(&calls::get_snapshot(&a, snapshot))?;
        h.verify_call(&calls::find_snapshot(&a, &snapshot.name))?;
    }
    if let [first, .., last] = &*snapshots {
        h.refused("snapshot_exists", &calls::snapshot(&a, &first.name))?;
        h.refused("snapshot_exists", &calls::snapshot(&a, &last.name))?;
        if h.has(Feature::RenameSnapshot) {
            h.refused("snapshot_exists", &calls::rename_snapshot(&a, first, &last.name))?;
            h.succeeds(&calls::rename_snapshot(&a, last, "renamed"))?;
            h.succeeds(&calls::rename_snapshot(&a, first, &last.name))?;
        }
    }
    h.verify_call(&calls::snapshots(&a))?;
    for snapshot in snapshots.iter().step_by(2) {
        h.succeeds(&calls::delete_snapshot(&a, snapshot))?;
    }
    h.verify_listings()
}

fn of_volumes_with_snapshots(h: &Harness<'_>) -> CaseResult {
    let volumes = volumes(h)?;
    let mut firsts = Vec::new();
    for volume in &volumes {
        firsts.push(h.snapshot(volume, "s")?);
    }
    for volume in volumes.iter().rev() {
        h.snapshot(volume, "t")?;
    }
    h.verify_listings()?;
    for (volume, first) in volumes.iter().zip(&firsts).step_by(3) {
        h.verify_call(&calls::find_snapshot(volume, "s"))?;
        h.succeeds(&calls::delete_snapshot(volume, first))?;
    }
    h.verify_listings()
}

fn of_snapshots_that_a_restore_drops(h: &Harness<'_>) -> CaseResult {
    let half = h.config.objects / 2;
    for (label, kept) in [("half", half), ("two", 1)] {
        let a = h.create_sized(label, 5)?;
        h.set_verify(Verify::Never);
        let snapshots = snapshots(h, &a)?;
        h.patch(&a, calls::size(9))?;
        if let Some(target) = snapshots.get(kept) {
            h.returns_volume(&calls::restore(&a, target))?;
        }
        h.verify_listings()?;
        for dropped in snapshots.iter().skip(kept + 1) {
            h.verify_call(&calls::get_snapshot(&a, dropped))?;
            h.verify_call(&calls::find_snapshot(&a, &dropped.name))?;
        }
        for dropped in snapshots.iter().skip(kept + 1).rev().step_by(half / 4 + 1) {
            h.snapshot(&a, &dropped.name)?;
        }
    }
    h.verify_listings()
}

/// Numbers of clones at which the refusals are checked: one above each usual limit.
const CLONES: &[usize] = &[1, 16, 17, 33, 65, 129, 257, 513, 1025];

fn of_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let (r, s) = (h.snapshot(&a, "r")?, h.snapshot(&a, "s")?);
    h.set_verify(Verify::Never);
    let refuses = || {
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        h.refused("volume_busy", &calls::delete(&a))?;
        if h.has(Feature::RestoreSnapshot) {
            h.refused("snapshot_busy", &calls::restore(&a, &r))?;
        }
        Ok(())
    };
    let mut clones = Vec::new();
    for number in 1..=h.config.objects {
        clones.push(h.clone(&a, &s, &number.to_string())?);
        if CLONES.contains(&number) {
            refuses()?;
        }
    }
    h.verify_call(&Call::ListVolumes)?;
    refuses()?;
    // The first 16 are others then.
    if let [first, second, .., last] = &*clones {
        h.delete(first)?;
        if h.has(Feature::PatchName) {
            h.patch(second, calls::name(&h.name("second")))?;
        }
        if h.has(Feature::SplitClone) {
            h.returns_volume(&calls::split(last))?;
        }
        refuses()?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_clones_of_a_renamed_parent(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects {
        h.clone(&a, if number % 8 == 0 { &t } else { &s }, &number.to_string())?;
    }
    if h.has(Feature::PatchName) {
        h.patch(&a, calls::name(&h.name("renamed")))?;
        h.verify_call(&Call::ListVolumes)?;
    }
    if h.has(Feature::RenameSnapshot) {
        h.succeeds(&calls::rename_snapshot(&a, &s, "u"))?;
        h.verify_call(&Call::ListVolumes)?;
        h.succeeds(&calls::rename_snapshot(&a, &t, "s"))?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_busy_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.set_verify(Verify::Never);
    let all = snapshots(h, &a)?;
    let [oldest, .., newest] = &*all else { return Ok(()) };
    let far = h.clone(&a, newest, "far")?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, newest))?;
    h.refused("volume_busy", &calls::delete(&a))?;
    if h.has(Feature::RestoreSnapshot) {
        h.refused("snapshot_busy", &calls::restore(&a, oldest))?;
    }
    // At most 300: the model compares each with each.
    for (number, snapshot) in all.iter().take(300).enumerate() {
        h.clone(&a, snapshot, &number.to_string())?;
    }
    h.delete(&far)?;
    for snapshot in all.iter().take(300) {
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, snapshot))?;
    }
    h.refused("volume_busy", &calls::delete(&a))?;
    if h.has(Feature::RestoreSnapshot) {
        h.refused("snapshot_busy", &calls::restore(&a, oldest))?;
    }
    h.verify_listings()
}

fn of_generations(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let root = h.create_sized("root", 5)?;
    let of_root = h.snapshot(&root, "s")?;
    let mut chain = vec![(root.clone(), of_root.clone())];
    for number in 1..h.config.objects {
        let Some((parent, snapshot)) = chain.last() else { break };
        let clone = h.clone(parent, snapshot, &number.to_string())?;
        let of_clone = h.snapshot(&clone, "s")?;
        chain.push((clone, of_clone));
    }
    let parents = chain.iter().take(chain.len() - 1);
    for (volume, snapshot) in parents {
        h.refused("volume_busy", &calls::delete(volume))?;
        h.refused("snapshot_busy", &calls::delete_snapshot(volume, snapshot))?;
    }
    h.verify_listings()?;
    if h.has(Feature::PatchName) {
        h.patch(&root, calls::name(&h.name("renamed")))?;
    }
    if h.has(Feature::RenameSnapshot) {
        h.succeeds(&calls::rename_snapshot(&root, &of_root, "renamed"))?;
    }
    if let (true, Some((middle, _))) = (h.has(Feature::SplitClone), chain.get(chain.len() / 2)) {
        h.returns_volume(&calls::split(middle))?;
    }
    h.verify_call(&Call::ListVolumes)
}

fn of_uses_of_a_name(h: &Harness<'_>) -> CaseResult {
    let other = h.create("other")?;
    h.set_verify(Verify::Never);
    let path = h.path("path");
    for number in 0..h.config.objects {
        let a = h.create_named(&h.name("a"), Some(1 + number as u64))?;
        h.patch(&a, calls::junction(&path))?;
        h.verify_call(&Call::ListVolumes)?;
        h.delete(&a)?;
        h.verify_call(&calls::find(&a.name))?;
        h.patch(&other, calls::junction(&path))?;
        h.patch(&other, calls::junction(""))?;
        if h.has(Feature::PatchName) {
            h.patch(&other, calls::name(&h.name("a")))?;
            h.patch(&other, calls::name(&other.name))?;
        }
    }
    h.verify_listings()
}

fn of_uses_of_a_name_of_snapshots_and_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.set_verify(Verify::Never);
    for _ in 0..h.config.objects {
        let s = h.snapshot(&a, "s")?;
        let clone = h.clone(&a, &s, "clone")?;
        h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
        h.delete(&clone)?;
        h.succeeds(&calls::delete_snapshot(&a, &s))?;
        h.verify_listings()?;
    }
    Ok(())
}

fn of_calls_of_volumes(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects {
        let side = if number % 2 == 0 { "even" } else { "odd" };
        h.patch(&a, calls::size(1 + number as u64))?;
        h.patch(&a, calls::junction(&h.path(side)))?;
        h.patch(&a, calls::policy(side))?;
        if h.has(Feature::PatchName) {
            h.patch(&a, calls::name(&h.name(side)))?;
        }
        if h.has(Feature::PatchState) {
            h.patch(&a, calls::offline())?;
            h.refused("volume_offline", &calls::access(&a))?;
            h.patch(&a, calls::online())?;
        }
        h.succeeds(&calls::access(&a))?;
        h.verify_call(&calls::get(&a))?;
        h.verify_call(&calls::find(&a.name))?;
        h.verify_call(&Call::ListVolumes)?;
    }
    Ok(())
}

fn of_calls_of_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let mut s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects {
        if h.has(Feature::RenameSnapshot) {
            let name = if number % 2 == 0 { "even" } else { "odd" };
            h.succeeds(&calls::rename_snapshot(&a, &s, name))?;
            h.verify_call(&calls::find_snapshot(&a, name))?;
        }
        h.verify_call(&calls::get_snapshot(&a, &s))?;
        if h.has(Feature::RestoreSnapshot) {
            h.patch(&a, calls::size(7 + number as u64))?;
            h.snapshot(&a, "newer")?;
            h.returns_volume(&calls::restore(&a, &s))?;
        }
        h.verify_listings()?;
        h.succeeds(&calls::delete_snapshot(&a, &s))?;
        h.verify_listings()?;
        s = h.snapshot(&a, "s")?;
    }
    Ok(())
}

fn of_calls_of_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects {
        let clone = h.clone(&a, &s, &format!("clone-{number}"))?;
        if h.has(Feature::SplitClone) {
            h.returns_volume(&calls::split(&clone))?;
        }
        h.verify_call(&Call::ListVolumes)?;
        h.delete(&clone)?;
        h.verify_call(&Call::ListVolumes)?;
    }
    Ok(())
}
