//! Concurrent calls from real threads.
//!
//! After each race some order of its calls must explain every answer and the listings afterwards.
//! This is linearizability; that exactly one of several conflicting calls succeeds follows from it.

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
    /// Of several volumes mounted at one path, exactly one is.
    mounts_one_volume_at_a_path: Volumes, "3.linearizable" "2.junction_unique";
    /// A rename and a creation of one name do not both succeed.
    renames_and_creates_one_name: Volumes [PatchName], "3.linearizable" "2.volume_name_unique";
    /// Of several volumes renamed to one name, exactly one is.
    renames_one_volume_to_a_name: Volumes [PatchName], "3.linearizable" "2.volume_name_unique";
    /// A resize and a change to offline happen in some order.
    resizes_and_takes_offline: Volumes [PatchState], "3.linearizable" "3.patch_volume.refuses";
    /// Of several snapshots of one name, exactly one is taken.
    takes_one_snapshot_of_a_name: Snapshots, "3.linearizable" "2.snapshot_name_unique";
    /// Of several deletions of one snapshot, exactly one succeeds.
    deletes_a_snapshot_once: Snapshots, "3.linearizable" "3.delete_snapshot.refuses";
    /// A snapshot of a volume that is being deleted is taken before, or refused after.
    snapshots_what_is_being_deleted: Snapshots, "3.linearizable" "3.create_snapshot.refuses";
    /// A restore and a new snapshot happen in some order.
    restores_and_takes_snapshots: Snapshots [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot";
    /// Of several snapshots renamed to one name, exactly one is.
    renames_one_snapshot_to_a_name: Snapshots [RenameSnapshot],
        "3.linearizable" "2.snapshot_name_unique";
    /// A snapshot is deleted or cloned, and no clone is left without its snapshot.
    clones_what_is_being_deleted: Clones, "3.linearizable" "3.delete_snapshot.refuses";
    /// A volume is deleted or cloned, and no clone is left without its parent.
    clones_of_a_volume_being_deleted: Clones, "3.linearizable" "3.delete_volume.refuses";
    /// Of several clones and volumes of one name, exactly one is created.
    creates_one_clone_of_a_name: Clones, "3.linearizable" "2.volume_name_unique";
    /// A restore and a clone of a newer snapshot do not both succeed.
    restores_what_is_being_cloned: Clones [RestoreSnapshot],
        "3.linearizable" "3.restore_snapshot.refuses";
    /// A split and the deletion of the parent's snapshot happen in some order.
    splits_and_deletes: Clones [SplitClone], "3.linearizable" "3.split_clone";
    /// Some order explains generated concurrent calls.
    explains_whatever_is_called_at_once: Volumes, "3.linearizable" "3.atomic";
}

/// Repeats a race, each time with new objects.
fn rounds(h: &Harness<'_>, race: impl Fn() -> CaseResult<Vec<Call>>) -> CaseResult {
    for _ in 0..h.config.rounds {
        h.set_verify(Verify::Never);
        h.race(race()?)?;
        h.delete_own()?;
    }
    Ok(())
}

fn each_thread(h: &Harness<'_>, call: impl Fn(usize) -> Call) -> Vec<Call> {
    (0..h.config.threads).map(call).collect()
}

fn creates_one_volume_of_a_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || Ok(each_thread(h, |thread| calls::create_sized(&h.name("a"), 1 + thread as u64))))
}

fn creates_volumes_of_different_names(h: &Harness<'_>) -> CaseResult {
    rounds(h, || Ok(each_thread(h, |thread| calls::create(&h.name(&thread.to_string())))))
}

fn creates_streams_of_volumes(h: &Harness<'_>) -> CaseResult {
    for _ in 0..h.config.rounds.div_ceil(4) {
        h.set_verify(Verify::Never);
        let stream = |_| (0..12).map(|name| calls::create(&h.name(&name.to_string()))).collect();
        let streams: Vec<_> = (0..h.config.threads).map(stream).collect();
        h.race_programs(&streams)?;
        h.delete_own()?;
    }
    Ok(())
}

fn deletes_a_volume_once(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        Ok(each_thread(h, |_| calls::delete(&a)))
    })
}

fn loses_no_patch(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let patches = [size(5), policy("p"), junction(&h.path("a"))];
        Ok(patches.into_iter().map(|patch| calls::change(&a, patch)).collect())
    })
}

fn several(h: &Harness<'_>) -> CaseResult<Vec<Volume>> {
    (0..h.config.threads).map(|number| h.create(&number.to_string())).collect()
}

fn mounts_one_volume_at_a_path(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let path = h.path("a");
        let mount = |volume: &Volume| calls::change(volume, junction(&path));
        Ok(several(h)?.iter().map(mount).collect())
    })
}

fn renames_and_creates_one_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let wanted = h.name("wanted");
        let (rename, create) = (calls::change(&a, calls::name(&wanted)), calls::create(&wanted));
        Ok(vec![rename, create.clone(), create, calls::create(&a.name)])
    })
}

fn renames_one_volume_to_a_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let wanted = h.name("wanted");
        let rename = |volume: &Volume| calls::change(volume, calls::name(&wanted));
        Ok(several(h)?.iter().map(rename).collect())
    })
}

fn resizes_and_takes_offline(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create_sized("a", 5)?;
        let change = |patch| calls::change(&a, patch);
        Ok(vec![change(size(7)), change(offline()), change(online()), change(size(9))])
    })
}

fn takes_one_snapshot_of_a_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        Ok(each_thread(h, |_| calls::snapshot(&a, "s")))
    })
}

fn deletes_a_snapshot_once(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        Ok(each_thread(h, |_| calls::delete_snapshot(&a, &s)))
    })
}

fn snapshots_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        h.snapshot(&a, "s")?;
        let calls = vec![calls::snapshot(&a, "t"), calls::delete(&a), calls::snapshot(&a, "u")];
        Ok(calls)
    })
}

fn restores_and_takes_snapshots(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create_sized("a", 5)?;
        let s = h.snapshot(&a, "s")?;
        h.snapshot(&a, "t")?;
        Ok(vec![calls::restore(&a, &s), calls::snapshot(&a, "t"), calls::change(&a, size(7))])
    })
}

fn renames_one_snapshot_to_a_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        let rename = |of| calls::rename_snapshot(&a, of, "wanted");
        Ok(vec![rename(&s), rename(&t), calls::snapshot(&a, "wanted")])
    })
}

fn clones_what_is_being_deleted(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = |label: &str| calls::clone(&a, &s, &h.name(label));
        Ok(vec![clone("one"), calls::delete_snapshot(&a, &s), clone("two")])
    })
}

fn clones_of_a_volume_being_deleted(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = |label: &str| calls::clone(&a, &s, &h.name(label));
        Ok(vec![clone("one"), calls::delete(&a), clone("two")])
    })
}

fn creates_one_clone_of_a_name(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let wanted = h.name("wanted");
        let clone = calls::clone(&a, &s, &wanted);
        Ok(vec![clone.clone(), calls::create(&wanted), clone])
    })
}

fn restores_what_is_being_cloned(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
        Ok(vec![calls::restore(&a, &s), calls::clone(&a, &t, &h.name("clone"))])
    })
}

fn splits_and_deletes(h: &Harness<'_>) -> CaseResult {
    rounds(h, || {
        let a = h.create("a")?;
        let s = h.snapshot(&a, "s")?;
        let clone = h.clone(&a, &s, "clone")?;
        Ok(vec![calls::split(&clone), calls::delete_snapshot(&a, &s), calls::split(&clone)])
    })
}

/// Number of generated calls made one by one, and then concurrently, in turns.
const ALONE: usize = 4;
const AT_ONCE: usize = 3;

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
