//! Identifiers and times, which stay with what they were given to.

use nessie_backend_core::{Snapshot, SnapshotId, Volume, VolumeId};

use super::calls::{self, junction, policy, size};
use crate::Feature;
use crate::harness::{Bench, Step, Watch};

super::cases! { identity, __identity_cases:
    /// Every volume has an identifier of its own, of version 4.
    of_volumes_is_their_own: Volumes, "2.uuid_form" "2.uuid_once";
    /// Every snapshot has one, which no volume has.
    of_snapshots_is_their_own: Snapshots, "2.uuid_form" "2.uuid_once";
    /// Every clone has one.
    of_clones_is_their_own: Clones, "2.uuid_form" "2.uuid_once";
    /// What is made again under the same name is another.
    is_not_used_again: Volumes, "2.uuid_once" "3.delete_volume";
    /// A snapshot made again under the same name is another.
    of_snapshots_is_not_used_again: Snapshots, "2.uuid_once" "3.delete_snapshot";
    /// Identifiers of volumes are no identifiers of snapshots, nor the other way round.
    of_volumes_and_snapshots_are_apart: Snapshots,
        "2.uuid_once" "3.get_volume.refuses" "3.get_snapshot.refuses";
    /// The time of creation never changes, whatever happens to a volume.
    keeps_its_time_of_creation: Volumes, "1.create_time" "3.patch_volume";
    /// The time of creation of snapshots and clones never changes either.
    of_snapshots_and_clones_keeps_its_time: Clones, "1.create_time";
    /// What is made later is not older.
    gets_no_younger: Volumes, "5.time" "1.create_time";
    /// Snapshots and clones made later are not older.
    of_snapshots_and_clones_gets_no_younger: Clones, "5.time" "1.create_time";
}

fn of_volumes_is_their_own(b: &Bench<'_>) -> Step {
    b.watch(Watch::Never);
    for number in 0..b.config.many.min(100) {
        let volume = b.create("a")?;
        if number % 3 == 0 {
            b.create(&number.to_string())?;
        }
        b.delete(&volume)?;
    }
    b.look()
}

fn of_snapshots_is_their_own(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.watch(Watch::Never);
    for number in 0..b.config.many.min(100) {
        let snapshot = b.snapshot(&a, "s")?;
        if number % 3 == 0 {
            b.snapshot(&a, &number.to_string())?;
        }
        b.fine(&calls::delete_snapshot(&a, &snapshot))?;
    }
    b.look()
}

fn of_clones_is_their_own(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for _ in 0..5 {
        let clone = b.clone(&a, &s, "clone")?;
        b.snapshot(&clone, "s")?;
        b.delete(&clone)?;
    }
    Ok(())
}

fn is_not_used_again(b: &Bench<'_>) -> Step {
    let first = b.create("a")?;
    b.delete(&first)?;
    let second = b.create("a")?;
    b.refused("volume_not_found", &calls::get(&first))?;
    b.refused("volume_not_found", &calls::change(&first, size(5)))?;
    b.refused("volume_not_found", &calls::delete(&first))?;
    b.delete(&second)?;
    b.create("a")?;
    Ok(())
}

fn of_snapshots_is_not_used_again(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let first = b.snapshot(&a, "s")?;
    b.fine(&calls::delete_snapshot(&a, &first))?;
    b.snapshot(&a, "s")?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &first))?;
    b.refused("snapshot_not_found", &calls::delete_snapshot(&a, &first))
}

fn of_volumes_and_snapshots_are_apart(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let as_volume = Volume::new(VolumeId::new(s.uuid.uuid()), "s");
    let as_snapshot = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    b.refused("volume_not_found", &calls::get(&as_volume))?;
    b.refused("volume_not_found", &calls::change(&as_volume, size(5)))?;
    b.refused("volume_not_found", &calls::delete(&as_volume))?;
    b.refused("volume_not_found", &calls::snapshot(&as_volume, "t"))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &as_snapshot))
}

fn keeps_its_time_of_creation(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.create("later")?;
    b.patch(&a, size(5))?;
    b.patch(&a, junction(&b.path("a")))?;
    b.patch(&a, policy("p"))?;
    if b.has(Feature::PatchName) {
        b.patch(&a, calls::name(&b.name("b")))?;
    }
    if b.has(Feature::PatchState) {
        b.patch(&a, calls::offline())?;
        b.patch(&a, calls::online())?;
    }
    b.fine(&calls::get(&a))
}

fn of_snapshots_and_clones_keeps_its_time(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    let clone = b.clone(&a, &s, "clone")?;
    b.patch(&clone, size(5))?;
    b.fine(&calls::delete_snapshot(&a, &t))?;
    if b.has(Feature::RenameSnapshot) {
        b.fine(&calls::rename_snapshot(&a, &s, "u"))?;
    }
    if b.has(Feature::RestoreSnapshot) {
        b.volume(&calls::restore(&a, &s))?;
    }
    if b.has(Feature::SplitClone) {
        b.volume(&calls::split(&clone))?;
    }
    b.fine(&calls::get(&clone))
}

fn gets_no_younger(b: &Bench<'_>) -> Step {
    for number in 0..10 {
        b.create(&number.to_string())?;
    }
    Ok(())
}

fn of_snapshots_and_clones_gets_no_younger(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for number in 0..5 {
        let snapshot = b.snapshot(&a, &number.to_string())?;
        b.clone(&a, &snapshot, &number.to_string())?;
    }
    Ok(())
}
