//! Taking, renaming and deleting snapshots.

use nessie_backend_core::{Snapshot, SnapshotId};

use super::calls::{self, offline, online, restricted, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};

super::cases! { snapshots:
    /// A snapshot is taken, and every way to read it gives the same record.
    are_taken: Snapshots, "3.create_snapshot" "1.snapshot";
    /// A snapshot does not change its volume, and changes of the volume do not change it.
    are_apart_from_their_volume: Snapshots, "3.create_snapshot" "3.patch_volume";
    /// A second snapshot of the same name is refused.
    refuse_a_taken_name: Snapshots, "3.create_snapshot.refuses" "2.snapshot_name_unique" "3.atomic";
    /// A missing volume is refused with valid and invalid names.
    refuse_a_missing_volume: Snapshots, "3.create_snapshot.refuses" "3.order" "4.target";
    /// A volume that is not online refuses new snapshots, and keeps its old ones.
    refuse_what_is_not_online: Snapshots [PatchState],
        "3.create_snapshot.refuses" "3.offline_keeps" "3.atomic";
    /// A bad name is reported before a wrong state, and a wrong state before a name in use.
    check_in_order: Snapshots [PatchState], "3.order" "3.create_snapshot.refuses";
    /// A deleted snapshot can no longer be read; older and newer ones stay.
    are_deleted_one_by_one: Snapshots, "3.delete_snapshot";
    /// A snapshot is deleted through its own volume only, and once.
    are_deleted_through_their_volume: Snapshots, "3.delete_snapshot.refuses" "3.order" "4.target";
    /// A snapshot of an offline volume is deleted.
    are_deleted_of_offline_volumes: Snapshots [PatchState], "3.delete_snapshot" "3.offline_keeps";
    /// A snapshot is renamed, and keeps its identifier and time.
    are_renamed: Snapshots [RenameSnapshot], "3.rename_snapshot" "1.create_time";
    /// A snapshot may be given the name it has, and its name in another case.
    are_renamed_to_their_own_name: Snapshots [RenameSnapshot], "3.rename_snapshot" "2.case";
    /// A rename to another snapshot's name is refused.
    are_not_renamed_to_a_taken_name: Snapshots [RenameSnapshot],
        "3.rename_snapshot.refuses" "2.snapshot_name_unique" "3.atomic";
    /// A snapshot is renamed through its own volume only, and a missing object is reported first.
    are_renamed_through_their_volume: Snapshots [RenameSnapshot],
        "3.rename_snapshot.refuses" "3.order" "4.target";
    /// A snapshot of an offline volume is renamed.
    are_renamed_of_offline_volumes: Snapshots [RenameSnapshot, PatchState],
        "3.rename_snapshot" "3.offline_keeps";
    /// A snapshot is renamed, and its volume may be too, one after the other.
    follow_the_rename_of_their_volume: Snapshots [PatchName], "3.patch_volume" "3.list_snapshots";
}

fn are_taken(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create_sized("c", 5)?);
    for name in ["s", "t", "u"] {
        h.snapshot(&a, name)?;
        h.snapshot(&c, name)?;
    }
    Ok(())
}

fn are_apart_from_their_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, calls::junction(&h.path("a")).export_policy("p"))?;
    h.snapshot(&a, "s")?;
    h.patch(&a, size(9))?;
    h.patch(&a, calls::junction("").export_policy("q"))?;
    h.snapshot(&a, "t")?;
    Ok(())
}

fn refuse_a_taken_name(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.snapshot(&a, "t")?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "t"))?;
    h.snapshot(&a, "S")?;
    Ok(())
}

fn refuse_a_missing_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.delete(&a)?;
    for volume in [a, calls::no_volume()] {
        for name in ["s", "t", "", "a b"] {
            h.refused("volume_not_found", &calls::snapshot(&volume, name))?;
        }
    }
    Ok(())
}

fn refuse_what_is_not_online(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.patch(&a, offline())?;
    h.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&a, restricted())?;
        h.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    }
    h.patch(&a, online())?;
    h.snapshot(&a, "t")?;
    Ok(())
}

fn check_in_order(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.patch(&a, offline())?;
    h.refused("invalid_argument", &calls::snapshot(&a, ""))?;
    h.refused("invalid_argument", &calls::snapshot(&a, "a b"))?;
    h.refused("volume_offline", &calls::snapshot(&a, "s"))
}

fn are_deleted_one_by_one(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, t, u) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?, h.snapshot(&a, "u")?);
    h.snapshot(&c, "t")?;
    h.succeeds(&calls::delete_snapshot(&a, &t))?;
    h.succeeds(&calls::delete_snapshot(&a, &u))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))
}

fn are_deleted_through_their_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&c, "s")?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&c, &s))?;
    h.refused("volume_not_found", &calls::delete_snapshot(&calls::no_volume(), &s))?;
    let missing = calls::no_snapshot();
    h.refused("volume_not_found", &calls::delete_snapshot(&calls::no_volume(), &missing))?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&a, &missing))?;
    let volume_as_snapshot = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    h.refused("snapshot_not_found", &calls::delete_snapshot(&a, &volume_as_snapshot))?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::delete_snapshot(&a, &s))
}

fn are_deleted_of_offline_volumes(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.patch(&a, offline())?;
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    if h.has(Feature::PatchRestricted) {
        h.patch(&a, restricted())?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &t))
}

fn are_renamed(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, _) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.snapshot(&c, "u")?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "u"))?;
    h.succeeds(&calls::find_snapshot(&a, "s"))?;
    h.succeeds(&calls::find_snapshot(&a, "u"))?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "s"))
}

fn are_renamed_to_their_own_name(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "s"))?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "S"))?;
    h.snapshot(&a, "s")?;
    Ok(())
}

fn are_not_renamed_to_a_taken_name(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "t"))?;
    h.refused("snapshot_exists", &calls::rename_snapshot(&a, &t, "s"))
}

fn are_renamed_through_their_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, _) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.snapshot(&c, "s")?;
    for name in ["x", "s", "t", "", "a b"] {
        h.refused("snapshot_not_found", &calls::rename_snapshot(&c, &s, name))?;
        h.refused("volume_not_found", &calls::rename_snapshot(&calls::no_volume(), &s, name))?;
        h.refused("snapshot_not_found", &calls::rename_snapshot(&a, &calls::no_snapshot(), name))?;
    }
    h.succeeds(&calls::delete_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::rename_snapshot(&a, &s, "x"))
}

fn are_renamed_of_offline_volumes(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let (s, _) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    h.patch(&a, offline())?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "u"))?;
    h.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "t"))
}

fn follow_the_rename_of_their_volume(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    h.snapshot(&a, "s")?;
    h.patch(&a, calls::name(&h.name("b")))?;
    h.snapshot(&a, "t")?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    let again = h.create("a")?;
    h.snapshot(&again, "s")?;
    h.succeeds(&calls::snapshots(&a))
}
