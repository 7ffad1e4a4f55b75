//! Many objects.

use super::calls;
use crate::harness::{CaseResult, Harness, Verify};
use crate::oracle::call::Call;

super::cases! { scale:
    /// Hundreds of volumes are all listed, in order, and each is found.
    of_volumes: Volumes, "3.list_volumes" "3.find_volume" "3.get_volume" "2.uuid_once";
    /// Hundreds of volumes of which every third is deleted and others are created.
    of_volumes_that_come_and_go: Volumes, "3.list_volumes" "3.delete_volume" "2.free_again";
    /// Hundreds of snapshots are all listed, in order, and each is found.
    of_snapshots: Snapshots, "3.list_snapshots" "3.find_snapshot" "3.get_snapshot";
    /// Hundreds of snapshots, of which a restore deletes the newer half.
    of_snapshots_that_a_restore_drops: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Hundreds of clones of one snapshot are all listed and counted.
    of_clones: Clones, "3.list_volumes" "4.dependents" "3.create_clone";
    /// A chain of clones, each of the one before.
    of_generations: Clones, "1.origin" "3.delete_volume.refuses";
    /// Many mounted volumes, each with its own path.
    of_junctions: Volumes, "2.junction_unique" "3.patch_volume";
}

fn of_volumes(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let mut volumes = Vec::new();
    for number in 0..h.config.objects {
        volumes.push(h.create_sized(&number.to_string(), 1 + number as u64)?);
    }
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
    h.set_verify(Verify::Never);
    let mut volumes = Vec::new();
    for number in 0..h.config.objects {
        volumes.push(h.create(&number.to_string())?);
    }
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

fn of_snapshots(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.set_verify(Verify::Never);
    let mut snapshots = Vec::new();
    for number in 0..h.config.objects {
        snapshots.push(h.snapshot(&a, &format!("s{number}"))?);
    }
    h.snapshot(&c, "s0")?;
    h.verify_call(&calls::snapshots(&a))?;
    for snapshot in &snapshots {
        h.verify_call(&calls::get_snapshot(&a, snapshot))?;
        h.verify_call(&calls::find_snapshot(&a, &snapshot.name))?;
    }
    h.refused("snapshot_exists", &calls::snapshot(&a, "s0"))?;
    for snapshot in snapshots.iter().step_by(2) {
        h.succeeds(&calls::delete_snapshot(&a, snapshot))?;
    }
    h.verify_listings()
}

fn of_snapshots_that_a_restore_drops(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.set_verify(Verify::Never);
    let mut snapshots = Vec::new();
    for number in 0..h.config.objects {
        snapshots.push(h.snapshot(&a, &format!("s{number}"))?);
    }
    h.patch(&a, calls::size(9))?;
    if let Some(middle) = snapshots.get(h.config.objects / 2) {
        h.returns_volume(&calls::restore(&a, middle))?;
    }
    h.verify_listings()
}

fn of_clones(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects {
        h.clone(&a, &s, &number.to_string())?;
    }
    h.verify_call(&Call::ListVolumes)?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_busy", &calls::delete(&a))
}

fn of_generations(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let mut parent = h.create_sized("root", 5)?;
    let root = parent.clone();
    for number in 0..h.config.objects.min(40) {
        let s = h.snapshot(&parent, "s")?;
        parent = h.clone(&parent, &s, &number.to_string())?;
    }
    h.refused("volume_busy", &calls::delete(&root))?;
    h.verify_listings()
}

fn of_junctions(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    let mut volumes = Vec::new();
    for number in 0..h.config.objects.min(100) {
        let volume = h.create(&number.to_string())?;
        h.patch(&volume, calls::junction(&h.path(&number.to_string())))?;
        volumes.push(volume);
    }
    if let [first, .., last] = &*volumes {
        h.refused("junction_path_exists", &calls::change(last, calls::junction(&h.path("0"))))?;
        h.delete(first)?;
        h.patch(last, calls::junction(&h.path("0")))?;
    }
    h.verify_call(&Call::ListVolumes)
}
