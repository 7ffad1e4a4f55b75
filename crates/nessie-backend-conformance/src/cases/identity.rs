//! Identifiers and creation times.

use nessie_backend_core::{Snapshot, SnapshotId, Volume, VolumeId};

use super::calls::{self, junction, policy, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness, Verify};

super::cases! { identity:
    /// Every volume has a unique identifier, of version 4.
    of_volumes_is_their_own: Volumes, "2.uuid_form" "2.uuid_once";
    /// Every snapshot has a unique identifier, which no volume has.
    of_snapshots_is_their_own: Snapshots, "2.uuid_form" "2.uuid_once";
    /// Every clone has a unique identifier.
    of_clones_is_their_own: Clones, "2.uuid_form" "2.uuid_once";
    /// A volume created again under the same name has a new identifier.
    is_not_used_again: Volumes, "2.uuid_once" "3.delete_volume";
    /// A snapshot created again under the same name has a new identifier.
    of_snapshots_is_not_used_again: Snapshots, "2.uuid_once" "3.delete_snapshot";
    /// A volume's identifier is not a snapshot's, and the reverse.
    of_volumes_and_snapshots_are_apart: Snapshots,
        "2.uuid_once" "3.get_volume.refuses" "3.get_snapshot.refuses";
    /// No operation changes the time of creation.
    keeps_its_time_of_creation: Volumes, "1.create_time" "3.patch_volume";
    /// The time of creation of snapshots and clones never changes either.
    of_snapshots_and_clones_keeps_its_time: Clones, "1.create_time";
    /// A later volume is not older.
    gets_no_younger: Volumes, "5.time" "1.create_time";
    /// Later snapshots and clones are not older.
    of_snapshots_and_clones_gets_no_younger: Clones, "5.time" "1.create_time";
}

fn of_volumes_is_their_own(h: &Harness<'_>) -> CaseResult {
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects.min(100) {
        let volume = h.create("a")?;
        if number % 3 == 0 {
            h.create(&number.to_string())?;
        }
        h.delete(&volume)?;
    }
    h.verify_listings()
}

fn of_snapshots_is_their_own(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.set_verify(Verify::Never);
    for number in 0..h.config.objects.min(100) {
        let snapshot = h.snapshot(&a, "s")?;
        if number % 3 == 0 {
            h.snapshot(&a, &number.to_string())?;
        }
        h.succeeds(&calls::delete_snapshot(&a, &snapshot))?;
    }
    h.verify_listings()
}

fn of_clones_is_their_own(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for _ in 0..5 {
        let clone = h.clone(&a, &s, "clone")?;
        h.snapshot(&clone, "s")?;
        h.delete(&clone)?;
    }
    Ok(())
}

fn is_not_used_again(h: &Harness<'_>) -> CaseResult {
    let first = h.create("a")?;
    h.delete(&first)?;
    let second = h.create("a")?;
    h.refused("volume_not_found", &calls::get(&first))?;
    h.refused("volume_not_found", &calls::change(&first, size(5)))?;
    h.refused("volume_not_found", &calls::delete(&first))?;
    h.delete(&second)?;
    h.create("a")?;
    Ok(())
}

fn of_snapshots_is_not_used_again(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let first = h.snapshot(&a, "s")?;
    h.succeeds(&calls::delete_snapshot(&a, &first))?;
    h.snapshot(&a, "s")?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &first))?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&a, &first))
}

fn of_volumes_and_snapshots_are_apart(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let as_volume = Volume::new(VolumeId::new(s.uuid.uuid()), "s");
    let as_snapshot = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    h.refused("volume_not_found", &calls::get(&as_volume))?;
    h.refused("volume_not_found", &calls::change(&as_volume, size(5)))?;
    h.refused("volume_not_found", &calls::delete(&as_volume))?;
    h.refused("volume_not_found", &calls::snapshot(&as_volume, "t"))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &as_snapshot))
}

fn keeps_its_time_of_creation(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.create("later")?;
    h.patch(&a, size(5))?;
    h.patch(&a, junction(&h.path("a")))?;
    h.patch(&a, policy("p"))?;
    if h.has(Feature::PatchName) {
        h.patch(&a, calls::name(&h.name("b")))?;
    }
    if h.has(Feature::PatchState) {
        h.patch(&a, calls::offline())?;
        h.patch(&a, calls::online())?;
    }
    h.succeeds(&calls::get(&a))
}

fn of_snapshots_and_clones_keeps_its_time(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let clone = h.clone(&a, &s, "clone")?;
    h.patch(&clone, size(5))?;
    h.succeeds(&calls::delete_snapshot(&a, &t))?;
    if h.has(Feature::RenameSnapshot) {
        h.succeeds(&calls::rename_snapshot(&a, &s, "u"))?;
    }
    if h.has(Feature::RestoreSnapshot) {
        h.returns_volume(&calls::restore(&a, &s))?;
    }
    if h.has(Feature::SplitClone) {
        h.returns_volume(&calls::split(&clone))?;
    }
    h.succeeds(&calls::get(&clone))
}

fn gets_no_younger(h: &Harness<'_>) -> CaseResult {
    for number in 0..10 {
        h.create(&number.to_string())?;
    }
    Ok(())
}

fn of_snapshots_and_clones_gets_no_younger(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for number in 0..5 {
        let snapshot = h.snapshot(&a, &number.to_string())?;
        h.clone(&a, &snapshot, &number.to_string())?;
    }
    Ok(())
}
