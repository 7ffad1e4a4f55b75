//! Reading: listings, single records, and finding by name.

use nessie_backend_core::{Snapshot, SnapshotId, Uuid, Volume, VolumeId};

use super::calls;
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::Call;

super::cases! { listing:
    /// Volumes are listed in order of creation, not of their names.
    volumes_are_in_order_of_creation: Volumes, "3.list_volumes";
    /// The order of volumes survives deletions, and a volume created again is last.
    volumes_keep_their_order_over_deletions: Volumes, "3.list_volumes" "3.delete_volume";
    /// The order of volumes survives every patch.
    volumes_keep_their_order_over_patches: Volumes, "3.list_volumes" "3.patch_volume";
    /// The order of volumes survives renames.
    volumes_keep_their_order_over_renames: Volumes [PatchName], "3.list_volumes";
    /// Snapshots are listed in order of creation, not of their names.
    snapshots_are_in_order_of_creation: Snapshots, "3.list_snapshots";
    /// The order of snapshots survives deletions, and a snapshot created again is last.
    snapshots_keep_their_order_over_deletions: Snapshots,
        "3.list_snapshots" "3.delete_snapshot";
    /// The order of snapshots survives renames.
    snapshots_keep_their_order_over_renames: Snapshots [RenameSnapshot], "3.list_snapshots";
    /// Clones are listed among the volumes, in order of creation.
    clones_are_in_order_of_creation: Clones, "3.list_volumes" "3.create_clone";
    /// The order of volumes survives a split and a restore.
    volumes_keep_their_order_over_splits: Clones [SplitClone], "3.list_volumes" "3.split_clone";
    /// An identifier that no volume has is refused.
    get_volume_refuses_what_is_missing: Volumes, "3.get_volume.refuses" "4.target" "4.code";
    /// A name that no volume has gives nothing, whether it is valid or not.
    find_volume_finds_nothing_else: Volumes, "3.find_volume" "4.no_panic";
    /// Listing the snapshots of a missing volume is refused.
    list_snapshots_refuses_what_is_missing: Snapshots, "3.list_snapshots.refuses" "4.target";
    /// A volume without snapshots has an empty list of them.
    a_volume_without_snapshots_lists_none: Snapshots, "3.list_snapshots";
    /// A snapshot is reached through its own volume and no other.
    get_snapshot_refuses_what_is_elsewhere: Snapshots, "3.get_snapshot.refuses" "3.order";
    /// A snapshot is found in its own volume and no other.
    find_snapshot_finds_nothing_else: Snapshots,
        "3.find_snapshot" "3.find_snapshot.refuses" "4.no_panic";
    /// Snapshots of an offline volume can be read.
    offline_volumes_can_be_read: Snapshots [PatchState],
        "3.offline_keeps" "3.get_snapshot" "3.list_snapshots" "3.find_snapshot" "3.get_volume";
    /// Reading changes nothing.
    changes_nothing: Volumes, "3.atomic" "3.get_volume" "3.list_volumes" "1.fresh";
}

fn volumes_are_in_order_of_creation(h: &Harness<'_>) -> CaseResult {
    for label in ["m", "z", "a", "Z", "0", "_", "b", "y", "A", "n"] {
        h.create(label)?;
    }
    Ok(())
}

fn volumes_keep_their_order_over_deletions(h: &Harness<'_>) -> CaseResult {
    let mut volumes = Vec::new();
    for label in ["a", "b", "c", "d", "e", "f"] {
        volumes.push(h.create(label)?);
    }
    for (at, label) in [(1, "b"), (0, "a"), (4, "e")] {
        if let Some(volume) = volumes.get(at) {
            h.delete(volume)?;
        }
        h.create(label)?;
    }
    if let Some(last) = volumes.last() {
        h.delete(last)?;
    }
    h.create("g")?;
    Ok(())
}

fn volumes_keep_their_order_over_patches(h: &Harness<'_>) -> CaseResult {
    let (a, _, c) = (h.create("a")?, h.create("b")?, h.create("c")?);
    h.patch(&c, calls::size(1))?;
    h.patch(&a, calls::size(9))?;
    h.patch(&a, calls::junction(&h.path("z")))?;
    h.patch(&c, calls::junction(&h.path("a")).export_policy("p"))?;
    Ok(())
}

fn volumes_keep_their_order_over_renames(h: &Harness<'_>) -> CaseResult {
    let (a, _, c) = (h.create("a")?, h.create("b")?, h.create("c")?);
    h.patch(&a, calls::name(&h.name("z")))?;
    h.patch(&c, calls::name(&h.name("0")))?;
    h.create("a")?;
    Ok(())
}

fn snapshots_are_in_order_of_creation(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    for name in ["m", "z", "a", "Z", "0", "_", "b", "y"] {
        h.snapshot(&a, name)?;
        h.snapshot(&c, &format!("x{name}"))?;
    }
    Ok(())
}

fn snapshots_keep_their_order_over_deletions(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        all.push(h.snapshot(&a, name)?);
    }
    for (at, name) in [(1, "b"), (0, "a"), (4, "f")] {
        if let Some(snapshot) = all.get(at) {
            h.succeeds(&calls::delete_snapshot(&a, snapshot))?;
        }
        h.snapshot(&a, name)?;
    }
    Ok(())
}

fn snapshots_keep_their_order_over_renames(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.snapshot(&a, "t")?;
    let u = h.snapshot(&a, "u")?;
    h.succeeds(&calls::rename_snapshot(&a, &s, "z"))?;
    h.succeeds(&calls::rename_snapshot(&a, &u, "0"))?;
    h.snapshot(&a, "s")?;
    Ok(())
}

fn clones_are_in_order_of_creation(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.clone(&a, &s, "z")?;
    h.create("b")?;
    let clone = h.clone(&a, &s, "0")?;
    let of_clone = h.snapshot(&clone, "s")?;
    h.clone(&clone, &of_clone, "c")?;
    h.create("1")?;
    Ok(())
}

fn volumes_keep_their_order_over_splits(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let clone = h.clone(&a, &s, "c")?;
    h.create("b")?;
    h.returns_volume(&calls::split(&clone))?;
    h.create("d")?;
    Ok(())
}

/// Volumes with identifiers that are not in use.
fn missing_volumes() -> [Volume; 3] {
    let at = |uuid| Volume::new(VolumeId::new(uuid), "missing");
    [calls::no_volume(), at(Uuid::nil()), at(Uuid::max())]
}

fn get_volume_refuses_what_is_missing(h: &Harness<'_>) -> CaseResult {
    let gone = h.create("gone")?;
    h.create("a")?;
    h.delete(&gone)?;
    h.refused("volume_not_found", &calls::get(&gone))?;
    for missing in missing_volumes() {
        h.refused("volume_not_found", &calls::get(&missing))?;
    }
    Ok(())
}

fn find_volume_finds_nothing_else(h: &Harness<'_>) -> CaseResult {
    let a = h.create("abc")?;
    let long = "x".repeat(100_000);
    for name in ["", "*", "%", "/", "é", "\0", "a\nb", &long, &a.uuid.to_string()] {
        h.succeeds(&calls::find(name))?;
    }
    for label in ["ab", "abcd", "ABC", "", "abc ", "ab*", "ab_", "ab%", "ab."] {
        h.succeeds(&calls::find(&h.name(label)))?;
    }
    h.succeeds(&calls::find(&format!(" {}", a.name)))
}

fn list_snapshots_refuses_what_is_missing(h: &Harness<'_>) -> CaseResult {
    let gone = h.create("gone")?;
    let s = h.snapshot(&gone, "s")?;
    h.delete(&gone)?;
    h.refused("volume_not_found", &calls::snapshots(&gone))?;
    h.refused("volume_not_found", &Call::ListSnapshots(VolumeId::new(s.uuid.uuid())))?;
    for missing in missing_volumes() {
        h.refused("volume_not_found", &calls::snapshots(&missing))?;
    }
    Ok(())
}

fn a_volume_without_snapshots_lists_none(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let s = h.snapshot(&c, "s")?;
    h.succeeds(&calls::snapshots(&a))?;
    h.succeeds(&calls::delete_snapshot(&c, &s))?;
    h.succeeds(&calls::snapshots(&c))
}

fn get_snapshot_refuses_what_is_elsewhere(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, gone) = (h.snapshot(&a, "s")?, h.snapshot(&a, "gone")?);
    h.succeeds(&calls::delete_snapshot(&a, &gone))?;
    h.succeeds(&calls::get_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&c, &s))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &gone))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &calls::no_snapshot()))?;
    h.refused("volume_not_found", &calls::get_snapshot(&calls::no_volume(), &s))?;
    h.refused(
        "volume_not_found",
        &calls::get_snapshot(&calls::no_volume(), &calls::no_snapshot()),
    )?;
    let of_volume = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &of_volume))?;
    h.delete(&a)?;
    h.refused("volume_not_found", &calls::get_snapshot(&a, &s))?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&c, &s))
}

fn find_snapshot_finds_nothing_else(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let s = h.snapshot(&a, "abc")?;
    h.succeeds(&calls::find_snapshot(&c, "abc"))?;
    let long = "x".repeat(100_000);
    for name in ["", "*", "é", "\0", "ab", "abcd", "ABC", "abc ", &long, &s.uuid.to_string()] {
        h.succeeds(&calls::find_snapshot(&a, name))?;
    }
    h.refused("volume_not_found", &calls::find_snapshot(&calls::no_volume(), "abc"))?;
    h.delete(&c)?;
    h.refused("volume_not_found", &calls::find_snapshot(&c, "abc"))
}

fn offline_volumes_can_be_read(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    let s = h.snapshot(&a, "s")?;
    h.patch(&a, calls::offline())?;
    h.succeeds(&calls::get(&a))?;
    h.succeeds(&calls::find(&a.name))?;
    h.succeeds(&calls::snapshots(&a))?;
    h.succeeds(&calls::get_snapshot(&a, &s))?;
    h.succeeds(&calls::find_snapshot(&a, "s"))
}

fn changes_nothing(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    for _ in 0..3 {
        h.succeeds(&calls::get(&a))?;
        h.succeeds(&calls::find(&a.name))?;
        h.succeeds(&Call::ListVolumes)?;
        h.succeeds(&calls::access(&a))?;
    }
    h.verify_records()
}
