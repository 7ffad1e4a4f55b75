//! Hundreds of objects.

use super::calls;
use crate::harness::{Bench, Step, Watch};
use crate::oracle::call::Call;

super::cases! { scale, __scale_cases:
    /// Hundreds of volumes are all listed, in order, and each is found.
    of_volumes: Volumes, "3.list_volumes" "3.find_volume" "3.get_volume" "2.uuid_once";
    /// Hundreds of volumes of which every third is deleted, and others made.
    of_volumes_that_come_and_go: Volumes, "3.list_volumes" "3.delete_volume" "2.free_again";
    /// Hundreds of snapshots are all listed, in order, and each is found.
    of_snapshots: Snapshots, "3.list_snapshots" "3.find_snapshot" "3.get_snapshot";
    /// Hundreds of snapshots, of which a restore drops the newer half.
    of_snapshots_that_a_restore_drops: Snapshots [RestoreSnapshot], "3.restore_snapshot";
    /// Hundreds of clones of one snapshot are all listed and counted.
    of_clones: Clones, "3.list_volumes" "4.dependents" "3.create_clone";
    /// A chain of clones, each of the one before.
    of_generations: Clones, "1.origin" "3.delete_volume.refuses";
    /// Many mounted volumes, each with a path of its own.
    of_junctions: Volumes, "2.junction_unique" "3.patch_volume";
}

fn of_volumes(b: &Bench<'_>) -> Step {
    b.watch(Watch::Never);
    let mut volumes = Vec::new();
    for number in 0..b.config.many {
        volumes.push(b.create_sized(&number.to_string(), 1 + number as u64)?);
    }
    b.look_at(&Call::ListVolumes)?;
    for volume in volumes.iter().rev() {
        b.look_at(&calls::get(volume))?;
        b.look_at(&calls::find(&volume.name))?;
    }
    if let [first, .., last] = &*volumes {
        b.refused("volume_exists", &calls::create(&first.name))?;
        b.refused("volume_exists", &calls::create(&last.name))?;
        b.patch(first, calls::size(5))?;
        b.patch(last, calls::size(5))?;
    }
    b.look_at(&Call::ListVolumes)
}

fn of_volumes_that_come_and_go(b: &Bench<'_>) -> Step {
    b.watch(Watch::Never);
    let mut volumes = Vec::new();
    for number in 0..b.config.many {
        volumes.push(b.create(&number.to_string())?);
    }
    for volume in volumes.iter().step_by(3) {
        b.delete(volume)?;
    }
    b.look_at(&Call::ListVolumes)?;
    for volume in volumes.iter().step_by(6) {
        b.create_named(&volume.name, Some(5))?;
    }
    b.look_at(&Call::ListVolumes)?;
    for volume in &volumes {
        b.look_at(&calls::get(volume))?;
        b.look_at(&calls::find(&volume.name))?;
    }
    Ok(())
}

fn of_snapshots(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.watch(Watch::Never);
    let mut snapshots = Vec::new();
    for number in 0..b.config.many {
        snapshots.push(b.snapshot(&a, &format!("s{number}"))?);
    }
    b.snapshot(&c, "s0")?;
    b.look_at(&calls::snapshots(&a))?;
    for snapshot in &snapshots {
        b.look_at(&calls::get_snapshot(&a, snapshot))?;
        b.look_at(&calls::find_snapshot(&a, &snapshot.name))?;
    }
    b.refused("snapshot_exists", &calls::snapshot(&a, "s0"))?;
    for snapshot in snapshots.iter().step_by(2) {
        b.fine(&calls::delete_snapshot(&a, snapshot))?;
    }
    b.look()
}

fn of_snapshots_that_a_restore_drops(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.watch(Watch::Never);
    let mut snapshots = Vec::new();
    for number in 0..b.config.many {
        snapshots.push(b.snapshot(&a, &format!("s{number}"))?);
    }
    b.patch(&a, calls::size(9))?;
    if let Some(middle) = snapshots.get(b.config.many / 2) {
        b.volume(&calls::restore(&a, middle))?;
    }
    b.look()
}

fn of_clones(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    b.watch(Watch::Never);
    for number in 0..b.config.many {
        b.clone(&a, &s, &number.to_string())?;
    }
    b.look_at(&Call::ListVolumes)?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_busy", &calls::delete(&a))
}

fn of_generations(b: &Bench<'_>) -> Step {
    b.watch(Watch::Never);
    let mut parent = b.create_sized("root", 5)?;
    let root = parent.clone();
    for number in 0..b.config.many.min(40) {
        let s = b.snapshot(&parent, "s")?;
        parent = b.clone(&parent, &s, &number.to_string())?;
    }
    b.refused("volume_busy", &calls::delete(&root))?;
    b.look()
}

fn of_junctions(b: &Bench<'_>) -> Step {
    b.watch(Watch::Never);
    let mut volumes = Vec::new();
    for number in 0..b.config.many.min(100) {
        let volume = b.create(&number.to_string())?;
        b.patch(&volume, calls::junction(&b.path(&number.to_string())))?;
        volumes.push(volume);
    }
    if let [first, .., last] = &*volumes {
        b.refused("junction_path_exists", &calls::change(last, calls::junction(&b.path("0"))))?;
        b.delete(first)?;
        b.patch(last, calls::junction(&b.path("0")))?;
    }
    b.look_at(&Call::ListVolumes)
}
