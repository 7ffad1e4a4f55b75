//! Reads during changes: each read shows the state of one instant.

use super::calls::{self, offline, online, size};
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::Call;

super::cases! { concurrency:
    /// A list shows the volumes of one instant: none that was created later without one that was
    /// created earlier.
    lists_the_volumes_of_one_instant: Volumes, "3.linearizable" "3.list_volumes";
    /// A list that shows a change also shows every earlier change.
    lists_the_records_of_one_instant: Volumes, "3.linearizable" "3.list_volumes" "3.patch_volume";
    /// Fields that one patch changes are seen changed together.
    reads_fields_patched_together: Volumes, "3.linearizable" "3.patch_volume" "3.atomic";
    /// A volume that is being renamed is found under exactly one of its names.
    finds_what_is_being_renamed: Volumes [PatchName], "3.linearizable" "3.find_volume";
    /// A name that passes from one volume to another finds a volume that has this name.
    finds_the_owner_of_a_name: Volumes [PatchName], "3.linearizable" "3.find_volume";
    /// A read of a volume that is being deleted shows it as it was, or not at all.
    reads_what_is_being_deleted: Volumes, "3.linearizable" "3.get_volume" "3.find_volume";
    /// A volume that is not online when it is deleted never has an access handle.
    accesses_what_is_being_deleted: Volumes [PatchState],
        "3.linearizable" "3.access_handle.refuses";
    /// An access handle is given while the volume is online.
    accesses_what_goes_offline: Volumes [PatchState], "3.linearizable" "3.access_handle.refuses";
    /// A list shows the snapshots of one instant.
    lists_the_snapshots_of_one_instant: Snapshots, "3.linearizable" "3.list_snapshots";
    /// The snapshots of a volume that is being deleted are all read, or the volume is missing.
    reads_snapshots_of_what_is_being_deleted: Snapshots,
        "3.linearizable" "3.list_snapshots" "3.get_snapshot" "3.find_snapshot";
    /// A restore changes the size and the snapshots of a volume at one instant.
    reads_what_is_being_restored: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot" "3.atomic";
    /// A name of snapshots that changes hands finds a snapshot that has this name.
    finds_the_owner_of_a_snapshot_name: Snapshots [RenameSnapshot],
        "3.linearizable" "3.find_snapshot";
    /// A snapshot that is being renamed is found under exactly one of its names.
    finds_a_snapshot_being_renamed: Snapshots [RenameSnapshot],
        "3.linearizable" "3.find_snapshot";
    /// A clone's origin has the names that its parents had at one instant.
    reads_origins_of_what_is_being_renamed: Clones [PatchName, RenameSnapshot],
        "3.linearizable" "1.origin_names";
    /// A clone that is being created is seen with its origin, or not at all.
    reads_what_is_being_cloned: Clones, "3.linearizable" "1.origin" "3.create_clone";
    /// A clone that is being split pins its snapshot exactly as long as it has an origin.
    reads_what_is_being_split: Clones [SplitClone], "3.linearizable" "3.split_clone";
}

fn lists_the_volumes_of_one_instant(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let (a, c) = (h.create("a")?, h.create("c")?);
        let create = |label: &str| calls::create(&h.name(label));
        Ok(vec![
            vec![Call::ListVolumes, Call::ListVolumes],
            vec![create("x"), calls::delete(&a), create("y"), calls::delete(&c), create("z")],
        ])
    })
}

fn lists_the_records_of_one_instant(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let (a, c) = (h.create_sized("a", 5)?, h.create_sized("c", 5)?);
        Ok(vec![
            vec![Call::ListVolumes, Call::ListVolumes],
            vec![
                calls::change(&c, size(6)),
                calls::create(&h.name("x")),
                calls::change(&a, size(7)),
                calls::change(&c, size(8)),
            ],
        ])
    })
}

fn reads_fields_patched_together(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 1)?;
        let patch =
            |label: &str, bytes| size(bytes).export_policy(label).junction_path(h.path(label));
        Ok(vec![
            vec![calls::change(&a, patch("p", 5)), calls::change(&a, patch("q", 7))],
            vec![calls::get(&a), calls::find(&a.name)],
            vec![Call::ListVolumes, calls::get(&a)],
        ])
    })
}

fn finds_what_is_being_renamed(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let other = h.name("other");
        Ok(vec![
            vec![calls::change(&a, calls::name(&other))],
            vec![calls::find(&a.name), calls::find(&other), calls::get(&a)],
            vec![calls::find(&a.name), calls::find(&other)],
        ])
    })
}

fn finds_the_owner_of_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let (a, c) = (h.create("a")?, h.create("c")?);
        let other = h.name("other");
        Ok(vec![
            vec![calls::change(&a, calls::name(&other)), calls::change(&c, calls::name(&a.name))],
            vec![calls::find(&a.name), calls::find(&a.name)],
            vec![calls::find(&c.name), calls::find(&a.name)],
        ])
    })
}

fn reads_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        Ok(vec![
            vec![calls::delete(&a), calls::create_sized(&a.name, 7)],
            vec![calls::find(&a.name), calls::get(&a)],
            vec![calls::get(&a), calls::find(&a.name)],
        ])
    })
}

fn accesses_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        h.patch(&a, offline())?;
        Ok(vec![vec![calls::delete(&a)], vec![calls::access(&a), calls::access(&a)]])
    })
}

fn accesses_what_goes_offline(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let change = |patch| calls::change(&a, patch);
        Ok(vec![
            vec![change(offline()), calls::access(&a), change(online()), calls::access(&a)],
            vec![calls::access(&a), calls::get(&a), calls::access(&a)],
        ])
    })
}

fn lists_the_snapshots_of_one_instant(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        Ok(vec![
            vec![calls::snapshots(&a), calls::snapshots(&a)],
            vec![
                calls::snapshot(&a, "u"),
                calls::delete_snapshot(&a, &s),
                calls::snapshot(&a, "v"),
                calls::delete_snapshot(&a, &t),
                calls::snapshot(&a, "w"),
            ],
        ])
    })
}

fn reads_snapshots_of_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let (s, _) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        Ok(vec![
            vec![calls::delete(&a)],
            vec![calls::snapshots(&a), calls::get_snapshot(&a, &s)],
            vec![calls::find_snapshot(&a, "t"), calls::snapshots(&a)],
        ])
    })
}

fn reads_what_is_being_restored(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, size(7))?;
        let t = h.snapshot(&a, "t")?;
        h.snapshot(&a, "u")?;
        Ok(vec![
            vec![calls::restore(&a, &s)],
            vec![calls::get(&a), calls::snapshots(&a), calls::get(&a)],
            vec![calls::find_snapshot(&a, "u"), calls::get_snapshot(&a, &t), calls::get(&a)],
        ])
    })
}

fn finds_the_owner_of_a_snapshot_name(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        Ok(vec![
            vec![calls::rename_snapshot(&a, &s, "x"), calls::rename_snapshot(&a, &t, "s")],
            vec![calls::find_snapshot(&a, "s"), calls::find_snapshot(&a, "s")],
            vec![calls::get_snapshot(&a, &t), calls::find_snapshot(&a, "t")],
        ])
    })
}

fn finds_a_snapshot_being_renamed(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        Ok(vec![
            vec![calls::rename_snapshot(&a, &s, "x")],
            vec![calls::find_snapshot(&a, "s"), calls::find_snapshot(&a, "x")],
            vec![calls::find_snapshot(&a, "s"), calls::snapshots(&a)],
        ])
    })
}

fn reads_origins_of_what_is_being_renamed(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = h.clone(&a, &s, "clone")?;
        Ok(vec![
            vec![
                calls::rename_snapshot(&a, &s, "x"),
                calls::change(&a, calls::name(&h.name("other"))),
                calls::change(&clone, size(7)),
                calls::rename_snapshot(&a, &s, "y"),
            ],
            vec![calls::get(&clone), Call::ListVolumes, calls::find(&clone.name)],
        ])
    })
}

fn reads_what_is_being_cloned(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        let name = h.name("clone");
        Ok(vec![
            vec![calls::clone(&a, &s, &name)],
            vec![calls::find(&name), Call::ListVolumes],
            vec![Call::ListVolumes, calls::delete_snapshot(&a, &s)],
        ])
    })
}

fn reads_what_is_being_split(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = h.clone(&a, &s, "clone")?;
        Ok(vec![
            vec![calls::split(&clone)],
            vec![calls::get(&clone), calls::delete_snapshot(&a, &s)],
            vec![calls::delete_snapshot(&a, &s), Call::ListVolumes],
        ])
    })
}
