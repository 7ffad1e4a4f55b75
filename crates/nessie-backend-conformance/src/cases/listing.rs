//! Reading: lists, single records, and finding by name.

use nessie_backend_core::{Snapshot, SnapshotId, Uuid, Volume, VolumeId};

use super::calls;
use crate::harness::{Bench, Step};
use crate::oracle::call::Call;

super::cases! { listing, __listing_cases:
    /// Volumes are listed in order of creation, whatever their names.
    volumes_are_in_order_of_creation: Volumes, "3.list_volumes";
    /// The order of volumes outlives deletions, and a volume made again comes last.
    volumes_keep_their_order_over_deletions: Volumes, "3.list_volumes" "3.delete_volume";
    /// The order of volumes outlives every patch.
    volumes_keep_their_order_over_patches: Volumes, "3.list_volumes" "3.patch_volume";
    /// The order of volumes outlives renames.
    volumes_keep_their_order_over_renames: Volumes [PatchName], "3.list_volumes";
    /// Snapshots are listed in order of creation, whatever their names.
    snapshots_are_in_order_of_creation: Snapshots, "3.list_snapshots";
    /// The order of snapshots outlives deletions, and a snapshot made again comes last.
    snapshots_keep_their_order_over_deletions: Snapshots,
        "3.list_snapshots" "3.delete_snapshot";
    /// The order of snapshots outlives renames.
    snapshots_keep_their_order_over_renames: Snapshots [RenameSnapshot], "3.list_snapshots";
    /// Clones are listed among the volumes, where they were created.
    clones_are_in_order_of_creation: Clones, "3.list_volumes" "3.create_clone";
    /// The order of volumes outlives a split and a restore.
    volumes_keep_their_order_over_splits: Clones [SplitClone], "3.list_volumes" "3.split_clone";
    /// An identifier that no volume has is refused.
    get_volume_refuses_what_is_missing: Volumes, "3.get_volume.refuses" "4.target" "4.code";
    /// A name that no volume has is nothing, be it a name or not.
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

fn volumes_are_in_order_of_creation(b: &Bench<'_>) -> Step {
    for label in ["m", "z", "a", "Z", "0", "_", "b", "y", "A", "n"] {
        b.create(label)?;
    }
    Ok(())
}

fn volumes_keep_their_order_over_deletions(b: &Bench<'_>) -> Step {
    let mut volumes = Vec::new();
    for label in ["a", "b", "c", "d", "e", "f"] {
        volumes.push(b.create(label)?);
    }
    for (at, label) in [(1, "b"), (0, "a"), (4, "e")] {
        if let Some(volume) = volumes.get(at) {
            b.delete(volume)?;
        }
        b.create(label)?;
    }
    if let Some(last) = volumes.last() {
        b.delete(last)?;
    }
    b.create("g")?;
    Ok(())
}

fn volumes_keep_their_order_over_patches(b: &Bench<'_>) -> Step {
    let (a, _, c) = (b.create("a")?, b.create("b")?, b.create("c")?);
    b.patch(&c, calls::size(1))?;
    b.patch(&a, calls::size(9))?;
    b.patch(&a, calls::junction(&b.path("z")))?;
    b.patch(&c, calls::junction(&b.path("a")).export_policy("p"))?;
    Ok(())
}

fn volumes_keep_their_order_over_renames(b: &Bench<'_>) -> Step {
    let (a, _, c) = (b.create("a")?, b.create("b")?, b.create("c")?);
    b.patch(&a, calls::name(&b.name("z")))?;
    b.patch(&c, calls::name(&b.name("0")))?;
    b.create("a")?;
    Ok(())
}

fn snapshots_are_in_order_of_creation(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    for name in ["m", "z", "a", "Z", "0", "_", "b", "y"] {
        b.snapshot(&a, name)?;
        b.snapshot(&c, &format!("x{name}"))?;
    }
    Ok(())
}

fn snapshots_keep_their_order_over_deletions(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        all.push(b.snapshot(&a, name)?);
    }
    for (at, name) in [(1, "b"), (0, "a"), (4, "f")] {
        if let Some(snapshot) = all.get(at) {
            b.fine(&calls::delete_snapshot(&a, snapshot))?;
        }
        b.snapshot(&a, name)?;
    }
    Ok(())
}

fn snapshots_keep_their_order_over_renames(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.snapshot(&a, "t")?;
    let u = b.snapshot(&a, "u")?;
    b.fine(&calls::rename_snapshot(&a, &s, "z"))?;
    b.fine(&calls::rename_snapshot(&a, &u, "0"))?;
    b.snapshot(&a, "s")?;
    Ok(())
}

fn clones_are_in_order_of_creation(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.clone(&a, &s, "z")?;
    b.create("b")?;
    let clone = b.clone(&a, &s, "0")?;
    let of_clone = b.snapshot(&clone, "s")?;
    b.clone(&clone, &of_clone, "c")?;
    b.create("1")?;
    Ok(())
}

fn volumes_keep_their_order_over_splits(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let clone = b.clone(&a, &s, "c")?;
    b.create("b")?;
    b.volume(&calls::split(&clone))?;
    b.create("d")?;
    Ok(())
}

/// Volumes that no identifier in use leads to.
fn missing_volumes() -> [Volume; 3] {
    let at = |uuid| Volume::new(VolumeId::new(uuid), "missing");
    [calls::no_volume(), at(Uuid::nil()), at(Uuid::max())]
}

fn get_volume_refuses_what_is_missing(b: &Bench<'_>) -> Step {
    let gone = b.create("gone")?;
    b.create("a")?;
    b.delete(&gone)?;
    b.refused("volume_not_found", &calls::get(&gone))?;
    for missing in missing_volumes() {
        b.refused("volume_not_found", &calls::get(&missing))?;
    }
    Ok(())
}

fn find_volume_finds_nothing_else(b: &Bench<'_>) -> Step {
    let a = b.create("abc")?;
    let long = "x".repeat(100_000);
    for name in ["", "*", "%", "/", "é", "\0", "a\nb", &long, &a.uuid.to_string()] {
        b.fine(&calls::find(name))?;
    }
    for label in ["ab", "abcd", "ABC", "", "abc ", "ab*", "ab_", "ab%", "ab."] {
        b.fine(&calls::find(&b.name(label)))?;
    }
    b.fine(&calls::find(&format!(" {}", a.name)))
}

fn list_snapshots_refuses_what_is_missing(b: &Bench<'_>) -> Step {
    let gone = b.create("gone")?;
    let s = b.snapshot(&gone, "s")?;
    b.delete(&gone)?;
    b.refused("volume_not_found", &calls::snapshots(&gone))?;
    b.refused("volume_not_found", &Call::ListSnapshots(VolumeId::new(s.uuid.uuid())))?;
    for missing in missing_volumes() {
        b.refused("volume_not_found", &calls::snapshots(&missing))?;
    }
    Ok(())
}

fn a_volume_without_snapshots_lists_none(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let s = b.snapshot(&c, "s")?;
    b.fine(&calls::snapshots(&a))?;
    b.fine(&calls::delete_snapshot(&c, &s))?;
    b.fine(&calls::snapshots(&c))
}

fn get_snapshot_refuses_what_is_elsewhere(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let (s, gone) = (b.snapshot(&a, "s")?, b.snapshot(&a, "gone")?);
    b.fine(&calls::delete_snapshot(&a, &gone))?;
    b.fine(&calls::get_snapshot(&a, &s))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&c, &s))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &gone))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &calls::no_snapshot()))?;
    b.refused("volume_not_found", &calls::get_snapshot(&calls::no_volume(), &s))?;
    b.refused(
        "volume_not_found",
        &calls::get_snapshot(&calls::no_volume(), &calls::no_snapshot()),
    )?;
    let of_volume = Snapshot::new(SnapshotId::new(a.uuid.uuid()), "a");
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &of_volume))?;
    b.delete(&a)?;
    b.refused("volume_not_found", &calls::get_snapshot(&a, &s))?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&c, &s))
}

fn find_snapshot_finds_nothing_else(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    let s = b.snapshot(&a, "abc")?;
    b.fine(&calls::find_snapshot(&c, "abc"))?;
    let long = "x".repeat(100_000);
    for name in ["", "*", "é", "\0", "ab", "abcd", "ABC", "abc ", &long, &s.uuid.to_string()] {
        b.fine(&calls::find_snapshot(&a, name))?;
    }
    b.refused("volume_not_found", &calls::find_snapshot(&calls::no_volume(), "abc"))?;
    b.delete(&c)?;
    b.refused("volume_not_found", &calls::find_snapshot(&c, "abc"))
}

fn offline_volumes_can_be_read(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    let s = b.snapshot(&a, "s")?;
    b.patch(&a, calls::offline())?;
    b.fine(&calls::get(&a))?;
    b.fine(&calls::find(&a.name))?;
    b.fine(&calls::snapshots(&a))?;
    b.fine(&calls::get_snapshot(&a, &s))?;
    b.fine(&calls::find_snapshot(&a, "s"))
}

fn changes_nothing(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    for _ in 0..3 {
        b.fine(&calls::get(&a))?;
        b.fine(&calls::find(&a.name))?;
        b.fine(&Call::ListVolumes)?;
        b.fine(&calls::access(&a))?;
    }
    b.look_closely()
}
