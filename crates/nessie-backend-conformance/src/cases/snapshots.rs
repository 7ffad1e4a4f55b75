//! Taking, renaming and deleting snapshots.

use nessie_backend_core::{Snapshot, SnapshotId};

use super::calls::{self, offline, online, restricted, size};
use crate::Feature;
use crate::harness::{Bench, Step};

super::cases! { snapshots, __snapshots_cases:
    /// A snapshot is taken, and shows itself in every way it can be read.
    are_taken: Snapshots, "3.create_snapshot" "1.snapshot";
    /// A snapshot changes nothing in its volume, nor does what happens to the volume change it.
    are_apart_from_their_volume: Snapshots, "3.create_snapshot" "3.patch_volume";
    /// A second snapshot of the same name is refused.
    refuse_a_taken_name: Snapshots, "3.create_snapshot.refuses" "2.snapshot_name_unique" "3.atomic";
    /// A missing volume is refused, whatever the name.
    refuse_a_missing_volume: Snapshots, "3.create_snapshot.refuses" "3.order" "4.target";
    /// A volume that is not online takes no snapshot, and keeps those it has.
    refuse_what_is_not_online: Snapshots [PatchState],
        "3.create_snapshot.refuses" "3.offline_keeps" "3.atomic";
    /// A bad name comes before a wrong state, and a wrong state before a taken name.
    check_in_order: Snapshots [PatchState], "3.order" "3.create_snapshot.refuses";
    /// A deleted snapshot is gone, and the others stay, older and newer.
    are_deleted_one_by_one: Snapshots, "3.delete_snapshot";
    /// A snapshot is deleted through its own volume only, and once.
    are_deleted_through_their_volume: Snapshots, "3.delete_snapshot.refuses" "3.order" "4.target";
    /// A snapshot of an offline volume is deleted.
    are_deleted_of_offline_volumes: Snapshots [PatchState], "3.delete_snapshot" "3.offline_keeps";
    /// A snapshot is renamed, and keeps its identifier and time.
    are_renamed: Snapshots [RenameSnapshot], "3.rename_snapshot" "1.create_time";
    /// A snapshot may be given the name it has, and its name in another case.
    are_renamed_to_their_own_name: Snapshots [RenameSnapshot], "3.rename_snapshot" "2.case";
    /// A snapshot is not given another's name.
    are_not_renamed_to_a_taken_name: Snapshots [RenameSnapshot],
        "3.rename_snapshot.refuses" "2.snapshot_name_unique" "3.atomic";
    /// A snapshot is renamed through its own volume only, and what is missing comes first.
    are_renamed_through_their_volume: Snapshots [RenameSnapshot],
        "3.rename_snapshot.refuses" "3.order" "4.target";
    /// A snapshot of an offline volume is renamed.
    are_renamed_of_offline_volumes: Snapshots [RenameSnapshot, PatchState],
        "3.rename_snapshot" "3.offline_keeps";
    /// A snapshot is renamed, and its volume may be too, one after the other.
    follow_the_rename_of_their_volume: Snapshots [PatchName], "3.patch_volume" "3.list_snapshots";
}

fn are_taken(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create_sized("c", 5)?);
    for name in ["s", "t", "u"] {
        b.snapshot(&a, name)?;
        b.snapshot(&c, name)?;
    }
    Ok(())
}

fn are_apart_from_their_volume(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    b.patch(&a, calls::junction(&b.path("a")).export_policy("p"))?;
    b.snapshot(&a, "s")?;
    b.patch(&a, size(9))?;
    b.patch(&a, calls::junction("").export_policy("q"))?;
    b.snapshot(&a, "t")?;
    Ok(())
}

fn refuse_a_taken_name(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.snapshot(&a, "t")?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "t"))?;
    b.snapshot(&a, "S")?;
    Ok(())
}

fn refuse_a_missing_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.delete(&a)?;
    for volume in [a, calls::no_volume()] {
        for name in ["s", "t", "", "a b"] {
            b.refused("volume_not_found", &calls::snapshot(&volume, name))?;
        }
    }
    Ok(())
}

fn refuse_what_is_not_online(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.patch(&a, offline())?;
    b.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&a, restricted())?;
        b.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    }
    b.patch(&a, online())?;
    b.snapshot(&a, "t")?;
    Ok(())
}

fn check_in_order(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.patch(&a, offline())?;
    b.refused("invalid_argument", &calls::snapshot(&a, ""))?;
    b.refused("invalid_argument", &calls::snapshot(&a, "a b"))?;
    b.refused("volume_offline", &calls::snapshot(&a, "s"))
}

fn are_deleted_one_by_one(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, t, u) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?, b.snapshot(&a, "u")?);
    b.snapshot(&c, "t")?;
    b.fine(&calls::delete_snapshot(&a, &t))?;
    b.fine(&calls::delete_snapshot(&a, &u))?;
    b.fine(&calls::delete_snapshot(&a, &s))
}

fn are_deleted_through_their_volume(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&c, "s")?;
    b.refused("snapshot_not_found", &calls::delete_snapshot(&c, &s))?;
    b.refused("volume_not_found", &calls::delete_snapshot(&calls::no_volume(), &s))?;
    let missing = calls::no_snapshot();
    b.refused("volume_not_found", &calls::delete_snapshot(&calls::no_volume(), &missing))?;
    b.refused("snapshot_not_found", &calls::delete_snapshot(&a, &missing))?;
    let volume_as_snapshot = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    b.refused("snapshot_not_found", &calls::delete_snapshot(&a, &volume_as_snapshot))?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.refused("snapshot_not_found", &calls::delete_snapshot(&a, &s))
}

fn are_deleted_of_offline_volumes(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.patch(&a, offline())?;
    b.fine(&calls::delete_snapshot(&a, &s))?;
    if b.has(Feature::PatchRestricted) {
        b.patch(&a, restricted())?;
    }
    b.fine(&calls::delete_snapshot(&a, &t))
}

fn are_renamed(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, _) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.snapshot(&c, "u")?;
    b.fine(&calls::rename_snapshot(&a, &s, "u"))?;
    b.fine(&calls::find_snapshot(&a, "s"))?;
    b.fine(&calls::find_snapshot(&a, "u"))?;
    b.fine(&calls::rename_snapshot(&a, &s, "s"))
}

fn are_renamed_to_their_own_name(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.fine(&calls::rename_snapshot(&a, &s, "s"))?;
    b.fine(&calls::rename_snapshot(&a, &s, "S"))?;
    b.snapshot(&a, "s")?;
    Ok(())
}

fn are_not_renamed_to_a_taken_name(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, t) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "t"))?;
    b.refused("snapshot_exists", &calls::rename_snapshot(&a, &t, "s"))
}

fn are_renamed_through_their_volume(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, _) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.snapshot(&c, "s")?;
    for name in ["x", "s", "t", "", "a b"] {
        b.refused("snapshot_not_found", &calls::rename_snapshot(&c, &s, name))?;
        b.refused("volume_not_found", &calls::rename_snapshot(&calls::no_volume(), &s, name))?;
        b.refused("snapshot_not_found", &calls::rename_snapshot(&a, &calls::no_snapshot(), name))?;
    }
    b.fine(&calls::delete_snapshot(&a, &s))?;
    b.refused("snapshot_not_found", &calls::rename_snapshot(&a, &s, "x"))
}

fn are_renamed_of_offline_volumes(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let (s, _) = (b.snapshot(&a, "s")?, b.snapshot(&a, "t")?);
    b.patch(&a, offline())?;
    b.fine(&calls::rename_snapshot(&a, &s, "u"))?;
    b.refused("snapshot_exists", &calls::rename_snapshot(&a, &s, "t"))
}

fn follow_the_rename_of_their_volume(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    b.snapshot(&a, "s")?;
    b.patch(&a, calls::name(&b.name("b")))?;
    b.snapshot(&a, "t")?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    let again = b.create("a")?;
    b.snapshot(&again, "s")?;
    b.fine(&calls::snapshots(&a))
}
