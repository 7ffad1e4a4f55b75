//! Concurrent changes from real threads.
//!
//! After each race some order of its calls must explain every answer and the listings afterwards.
//! This is linearizability; that exactly one of several conflicting calls succeeds follows from it.
//! Then what the race left behind is checked: sizes of snapshots, which objects can be deleted, and
//! whether names and paths are free.

use nessie_backend_core::Volume;

use super::calls::{self, junction, offline, online, policy, size};
use crate::Tier;
use crate::harness::{Abort, CaseResult, Harness, Verify};
use crate::oracle::call::Call;
use crate::sequences::generate::{Profile, generate};
use crate::sequences::replay::Replay;

super::cases! { concurrency:
    /// Of several volumes created under one name, exactly one is created.
    creates_one_volume_of_a_name: Volumes, "3.linearizable" "2.volume_name_unique";
    /// Volumes of different names are all created, each with a unique identifier.
    creates_volumes_of_different_names: Volumes, "3.linearizable" "2.uuid_once";
    /// Threads that create the same names one after the other create one volume of each.
    creates_streams_of_volumes: Volumes, "3.linearizable" "2.volume_name_unique";
    /// Of several deletions of one volume, exactly one succeeds.
    deletes_a_volume_once: Volumes, "3.linearizable" "3.delete_volume.refuses";
    /// Patches of different fields are all kept.
    loses_no_patch: Volumes, "3.linearizable" "3.patch_volume";
    /// A patch and a deletion of one volume happen in some order, and the volume does not come back.
    patches_what_is_being_deleted: Volumes, "3.linearizable" "3.delete_volume" "2.free_again";
    /// Of several volumes mounted at one path, exactly one is.
    mounts_one_volume_at_a_path: Volumes, "3.linearizable" "2.junction_unique";
    /// A volume that is mounted and deleted concurrently does not keep its path.
    mounts_what_is_being_deleted: Volumes, "3.linearizable" "2.junction_unique" "2.unmount";
    /// A rename and a creation of one name do not both succeed.
    renames_and_creates_one_name: Volumes [PatchName], "3.linearizable" "2.volume_name_unique";
    /// Of several volumes renamed to one name, exactly one is.
    renames_one_volume_to_a_name: Volumes [PatchName], "3.linearizable" "2.volume_name_unique";
    /// A volume that is renamed and deleted concurrently keeps neither of its names.
    renames_what_is_being_deleted: Volumes [PatchName], "3.linearizable" "2.free_again";
    /// A resize and a change to offline happen in some order.
    resizes_and_takes_offline: Volumes [PatchState], "3.linearizable" "3.patch_volume.refuses";
    /// Of several snapshots of one name, exactly one is taken.
    takes_one_snapshot_of_a_name: Snapshots, "3.linearizable" "2.snapshot_name_unique";
    /// Of several deletions of one snapshot, exactly one succeeds.
    deletes_a_snapshot_once: Snapshots, "3.linearizable" "3.delete_snapshot.refuses";
    /// A snapshot of a volume that is being deleted is taken before, or refused after.
    snapshots_what_is_being_deleted: Snapshots, "3.linearizable" "3.create_snapshot.refuses";
    /// A snapshot of a volume that is set offline is taken before, or refused after.
    snapshots_what_goes_offline: Snapshots [PatchState],
        "3.linearizable" "3.create_snapshot.refuses";
    /// A snapshot holds the size that its volume had at some time during a resize.
    snapshots_what_is_being_resized: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.create_snapshot";
    /// A restore and a new snapshot happen in some order.
    restores_and_takes_snapshots: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot";
    /// A snapshot taken during a restore is deleted by it, or holds the restored size.
    snapshots_what_is_being_restored: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot";
    /// A restore and a deletion of one volume happen in some order.
    restores_what_is_being_deleted: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot.refuses";
    /// A restore and the deletion of its snapshot happen in some order.
    restores_to_what_is_being_deleted: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot.refuses";
    /// Of several restores to different snapshots, one comes last.
    restores_to_several_snapshots: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot";
    /// Of several snapshots renamed to one name, exactly one is.
    renames_one_snapshot_to_a_name: Snapshots [RenameSnapshot],
        "3.linearizable" "2.snapshot_name_unique";
    /// A snapshot that is renamed and deleted concurrently keeps neither of its names.
    renames_a_snapshot_being_deleted: Snapshots [RenameSnapshot],
        "3.linearizable" "2.snapshot_name_unique";
    /// A snapshot is deleted or cloned, and no clone is left without its snapshot.
    clones_what_is_being_deleted: Clones, "3.linearizable" "3.delete_snapshot.refuses";
    /// A volume is deleted or cloned, and no clone is left without its parent.
    clones_of_a_volume_being_deleted: Clones, "3.linearizable" "3.delete_volume.refuses";
    /// A clone of a volume that is set offline is created before, or refused after.
    clones_what_goes_offline: Clones [PatchState], "3.linearizable" "3.create_clone.refuses";
    /// A clone has the size and the export policy that its parent had at one time.
    clones_what_is_being_patched: Clones, "3.linearizable" "3.create_clone";
    /// Of several clones and volumes of one name, exactly one is created.
    creates_one_clone_of_a_name: Clones, "3.linearizable" "2.volume_name_unique";
    /// A snapshot has as many clones as were created and not deleted concurrently.
    counts_clones_that_come_and_go: Clones, "3.linearizable" "3.delete_snapshot.refuses";
    /// A clone that is split and deleted concurrently releases its snapshot once.
    counts_clones_that_are_split: Clones [SplitClone], "3.linearizable" "3.split_clone";
    /// A refusal names the clones that were in the way at one time.
    names_clones_that_come_and_go: Clones, "3.linearizable" "4.dependents";
    /// A restore and a clone of a newer snapshot do not both succeed.
    restores_what_is_being_cloned: Clones [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot.refuses";
    /// A split and the deletion of the parent's snapshot happen in some order.
    splits_and_deletes: Clones [SplitClone], "3.linearizable" "3.split_clone";
    /// Some order explains generated concurrent calls.
    explains_whatever_is_called_at_once: Volumes, "3.linearizable" "3.atomic";
}

fn each_thread(h: &Harness<'_>, call: impl Fn(usize) -> Call) -> Vec<Call> {
    (0..h.config.threads).map(call).collect()
}

fn creates_one_volume_of_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        Ok(each_thread(h, |thread| calls::create_sized(&h.name("a"), 1 + thread as u64)))
    })
}

fn creates_volumes_of_different_names(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| Ok(each_thread(h, |thread| calls::create(&h.name(&thread.to_string())))))
}

fn creates_streams_of_volumes(h: &Harness<'_>) -> CaseResult {
    h.some_rounds(h.config.rounds.div_ceil(4), || {
        let stream = |_| (0..12).map(|name| calls::create(&h.name(&name.to_string()))).collect();
        Ok((0..h.config.threads).map(stream).collect())
    })
}

fn deletes_a_volume_once(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        Ok(each_thread(h, |_| calls::delete(&a)))
    })
}

fn loses_no_patch(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let patches = [size(5), policy("p"), junction(&h.path("a"))];
        Ok(patches.into_iter().map(|patch| calls::change(&a, patch)).collect())
    })
}

fn patches_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let change = |patch| calls::change(&a, patch);
        Ok(vec![
            vec![change(size(7).export_policy("p")), calls::get(&a)],
            vec![calls::delete(&a), calls::find(&a.name), Call::ListVolumes],
        ])
    })
}

fn several(h: &Harness<'_>) -> CaseResult<Vec<Volume>> {
    (0..h.config.threads).map(|number| h.create(&number.to_string())).collect()
}

fn mounts_one_volume_at_a_path(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let path = h.path("a");
        let mount = |volume: &Volume| calls::change(volume, junction(&path));
        Ok(several(h)?.iter().map(mount).collect())
    })
}

fn mounts_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let (a, c) = (h.create("a")?, h.create("c")?);
        let (path, other) = (h.path("a"), h.path("other"));
        h.patch(&c, junction(&other))?;
        Ok(vec![
            vec![calls::change(&a, junction(&path)), calls::change(&c, junction(""))],
            vec![calls::delete(&a), calls::delete(&c)],
        ])
    })
}

fn renames_and_creates_one_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let wanted = h.name("wanted");
        let (rename, create) = (calls::change(&a, calls::name(&wanted)), calls::create(&wanted));
        Ok(vec![rename, create.clone(), create, calls::create(&a.name)])
    })
}

fn renames_one_volume_to_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let wanted = h.name("wanted");
        let rename = |volume: &Volume| calls::change(volume, calls::name(&wanted));
        Ok(several(h)?.iter().map(rename).collect())
    })
}

fn renames_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let wanted = h.name("wanted");
        Ok(vec![
            vec![calls::change(&a, calls::name(&wanted)), calls::find(&wanted)],
            vec![calls::delete(&a), calls::find(&a.name)],
        ])
    })
}

fn resizes_and_takes_offline(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let change = |patch| calls::change(&a, patch);
        Ok(vec![
            vec![change(size(7)), calls::get(&a)],
            vec![change(offline()), calls::get(&a), change(online())],
        ])
    })
}

fn takes_one_snapshot_of_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        Ok(each_thread(h, |_| calls::snapshot(&a, "s")))
    })
}

fn deletes_a_snapshot_once(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        Ok(each_thread(h, |_| calls::delete_snapshot(&a, &s)))
    })
}

fn snapshots_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        h.snapshot(&a, "s")?;
        Ok(vec![calls::snapshot(&a, "t"), calls::delete(&a), calls::snapshot(&a, "u")])
    })
}

fn snapshots_what_goes_offline(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        Ok(vec![
            vec![calls::snapshot(&a, "t")],
            vec![calls::change(&a, offline()), calls::snapshots(&a)],
        ])
    })
}

fn snapshots_what_is_being_resized(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        Ok(vec![
            vec![calls::snapshot(&a, "t"), calls::get(&a)],
            vec![calls::change(&a, size(7)), calls::snapshot(&a, "u")],
        ])
    })
}

fn restores_and_takes_snapshots(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.snapshot(&a, "t")?;
        Ok(vec![calls::restore(&a, &s), calls::snapshot(&a, "t"), calls::change(&a, size(7))])
    })
}

fn snapshots_what_is_being_restored(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, size(7))?;
        Ok(vec![vec![calls::restore(&a, &s)], vec![calls::snapshot(&a, "t")]])
    })
}

fn restores_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, size(7))?;
        Ok(vec![
            vec![calls::restore(&a, &s), calls::get(&a)],
            vec![calls::delete(&a), calls::find(&a.name)],
        ])
    })
}

fn restores_to_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, size(7))?;
        h.snapshot(&a, "t")?;
        Ok(vec![vec![calls::restore(&a, &s)], vec![calls::delete_snapshot(&a, &s), calls::get(&a)]])
    })
}

fn restores_to_several_snapshots(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.patch(&a, size(7))?;
        let t = h.snapshot(&a, "t")?;
        h.patch(&a, size(9))?;
        Ok(vec![
            vec![calls::restore(&a, &s), calls::get(&a)],
            vec![calls::restore(&a, &t), calls::snapshots(&a)],
        ])
    })
}

fn renames_one_snapshot_to_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        let rename = |of| calls::rename_snapshot(&a, of, "wanted");
        Ok(vec![rename(&s), rename(&t), calls::snapshot(&a, "wanted")])
    })
}

fn renames_a_snapshot_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        Ok(vec![
            vec![calls::rename_snapshot(&a, &s, "wanted"), calls::find_snapshot(&a, "wanted")],
            vec![calls::delete_snapshot(&a, &s), calls::find_snapshot(&a, "s")],
        ])
    })
}

fn clones_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = |label: &str| calls::clone(&a, &s, &h.name(label));
        Ok(vec![clone("one"), calls::delete_snapshot(&a, &s), clone("two")])
    })
}

fn clones_of_a_volume_being_deleted(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = |label: &str| calls::clone(&a, &s, &h.name(label));
        Ok(vec![clone("one"), calls::delete(&a), clone("two")])
    })
}

fn clones_what_goes_offline(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let name = h.name("clone");
        Ok(vec![
            vec![calls::clone(&a, &s, &name)],
            vec![calls::change(&a, offline()), calls::find(&name)],
        ])
    })
}

fn clones_what_is_being_patched(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create_sized("a", 5)?;
        h.patch(&a, policy("p"))?;
        let s = h.snapshot(&a, "s")?;
        Ok(vec![
            vec![calls::clone(&a, &s, &h.name("clone"))],
            vec![
                calls::change(&a, size(7).export_policy("q")),
                calls::change(&a, size(9).export_policy("r")),
            ],
        ])
    })
}

fn creates_one_clone_of_a_name(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let wanted = h.name("wanted");
        let clone = calls::clone(&a, &s, &wanted);
        Ok(vec![clone.clone(), calls::create(&wanted), clone])
    })
}

fn counts_clones_that_come_and_go(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let old = h.clone(&a, &s, "old")?;
        Ok(vec![
            vec![calls::clone(&a, &s, &h.name("new"))],
            vec![calls::delete(&old), calls::delete_snapshot(&a, &s)],
        ])
    })
}

fn counts_clones_that_are_split(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        h.clone(&a, &s, "kept")?;
        let clone = h.clone(&a, &s, "clone")?;
        Ok(vec![vec![calls::split(&clone)], vec![calls::delete(&clone)]])
    })
}

fn names_clones_that_come_and_go(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let old = h.clone(&a, &s, "old")?;
        h.clone(&a, &s, "kept")?;
        Ok(vec![
            vec![calls::delete(&a), calls::delete_snapshot(&a, &s)],
            vec![calls::delete(&old), calls::clone(&a, &s, &h.name("new"))],
        ])
    })
}

fn restores_what_is_being_cloned(h: &Harness<'_>) -> CaseResult {
    h.rounds(|| {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        let clone = h.name("clone");
        Ok(vec![
            vec![calls::restore(&a, &s), calls::snapshots(&a)],
            vec![calls::clone(&a, &t, &clone), calls::find(&clone)],
        ])
    })
}

fn splits_and_deletes(h: &Harness<'_>) -> CaseResult {
    h.rounds_of_calls(|| {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = h.clone(&a, &s, "clone")?;
        Ok(vec![calls::split(&clone), calls::delete_snapshot(&a, &s), calls::split(&clone)])
    })
}

/// Number of generated calls made one by one, and then concurrently, in turns.
const ALONE: usize = 4;
const AT_ONCE: usize = 6;

fn explains_whatever_is_called_at_once(h: &Harness<'_>) -> CaseResult {
    let all = h.config.sequences;
    if all == 0 {
        return Err(Abort::Skipped("the number of sequences is 0".to_owned()));
    }
    let profile = Profile::of(h.probe, Tier::Clones);
    for number in 0..all {
        if h.ends_early(number, all, "sequences") {
            break;
        }
        h.restart()?;
        h.set_verify(Verify::Never);
        let seed = h.config.seed ^ 0x7261_6365 ^ (number as u64) << 32;
        let sequence = generate(seed, h.config.steps, &profile);
        let mut replay = Replay::new(h, number);
        for group in sequence.chunks(ALONE + AT_ONCE) {
            let (alone, at_once) = group.split_at(group.len().min(ALONE));
            for op in alone {
                replay.step(op)?;
            }
            replay.race(at_once)?;
        }
        h.delete_own()?;
    }
    Ok(())
}
