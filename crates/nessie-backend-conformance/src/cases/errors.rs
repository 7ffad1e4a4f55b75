//! Codes and targets of errors, and unusual input.

use nessie_backend_core::{SnapshotId, Uuid, VolumeId, VolumePatch};

use super::calls::{self, junction, offline, policy, restricted, size};
use crate::Feature;
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::Call;

super::cases! { errors:
    /// A refusal of a volume that is not online has the state that the volume is in.
    have_the_state_of_the_volume: Volumes [PatchState], "4.fields";
    /// The same for operations on snapshots and clones.
    have_the_state_of_the_volume_of_a_snapshot: Snapshots [PatchState], "4.fields";
    /// A refusal about a snapshot has the volume that was searched.
    have_the_volume_of_a_snapshot: Snapshots, "4.fields";
    /// Every kind of refusal about volumes has its code and its target.
    about_volumes_have_their_code: Volumes, "4.code" "4.target";
    /// Every kind of refusal about snapshots has its code and its target.
    about_snapshots_have_their_code: Snapshots, "4.code" "4.target";
    /// Every kind of refusal about clones has its code and its target.
    about_clones_have_their_code: Clones, "4.code" "4.target" "4.dependents";
    /// Very long or unusual text is refused without a panic.
    come_of_strange_text: Volumes, "4.no_panic" "3.atomic";
    /// Very long or unusual text is refused as a snapshot's name without a panic.
    come_of_strange_names_of_snapshots: Snapshots, "4.no_panic" "3.atomic";
    /// An unusual identifier is reported as missing.
    come_of_strange_identifiers: Snapshots, "4.no_panic" "3.order";
    /// A backend works normally after many refusals.
    poison_nothing: Volumes, "4.no_panic" "3.atomic";
}

/// The states that are not online, as far as the backend has them.
fn not_online(h: &Harness<'_>) -> Vec<VolumePatch> {
    let mut states = vec![offline()];
    if h.has(Feature::PatchRestricted) {
        states.push(restricted());
    }
    states
}

fn have_the_state_of_the_volume(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create_sized("a", 5)?, h.create("c")?);
    for state in not_online(h) {
        h.patch(&a, state.clone())?;
        h.refused("volume_offline", &calls::access(&a))?;
        h.refused("volume_offline", &calls::change(&a, size(7)))?;
        // The state before the patch.
        h.refused("volume_offline", &calls::change(&a, offline().size_bytes(7)))?;
        h.patch(&c, state)?;
        h.refused("volume_offline", &calls::access(&c))?;
        h.patch(&c, calls::online())?;
    }
    Ok(())
}

fn have_the_state_of_the_volume_of_a_snapshot(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for state in not_online(h) {
        h.patch(&a, state)?;
        h.refused("volume_offline", &calls::snapshot(&a, "t"))?;
        if h.has(Feature::RestoreSnapshot) {
            h.refused("volume_offline", &calls::restore(&a, &s))?;
        }
        if h.probe.tier >= crate::Tier::Clones {
            h.refused("volume_offline", &calls::clone(&a, &s, &h.name("x")))?;
        }
    }
    Ok(())
}

fn have_the_volume_of_a_snapshot(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    let (s, t) = (h.snapshot(&a, "s")?, h.snapshot(&a, "t")?);
    let of_other = h.snapshot(&c, "u")?;
    for missing in [&calls::no_snapshot(), &of_other] {
        h.refused("snapshot_not_found", &calls::get_snapshot(&a, missing))?;
        h.refused("snapshot_not_found", &calls::delete_snapshot(&a, missing))?;
        if h.has(Feature::RenameSnapshot) {
            h.refused("snapshot_not_found", &calls::rename_snapshot(&a, missing, "v"))?;
        }
        if h.has(Feature::RestoreSnapshot) {
            h.refused("snapshot_not_found", &calls::restore(&a, missing))?;
        }
        if h.probe.tier >= crate::Tier::Clones {
            h.refused("snapshot_not_found", &calls::clone(&a, missing, &h.name("x")))?;
        }
    }
    h.refused("snapshot_exists", &calls::snapshot(&a, &s.name))?;
    if h.has(Feature::RenameSnapshot) {
        h.refused("snapshot_exists", &calls::rename_snapshot(&a, &t, &s.name))?;
    }
    Ok(())
}

fn about_volumes_have_their_code(h: &Harness<'_>) -> CaseResult {
    let (a, c) = (h.create("a")?, h.create("c")?);
    h.patch(&c, junction(&h.path("c")))?;
    h.refused("volume_not_found", &calls::get(&calls::no_volume()))?;
    h.refused("volume_exists", &calls::create(&a.name))?;
    h.refused("invalid_argument", &calls::create("a b"))?;
    h.refused("invalid_argument", &calls::create_sized(&h.name("x"), 0))?;
    h.refused("invalid_argument", &calls::change(&a, size(0)))?;
    h.refused("invalid_argument", &calls::change(&a, junction("x")))?;
    h.refused("invalid_argument", &calls::change(&a, policy("")))?;
    h.refused("junction_path_exists", &calls::change(&a, junction(&h.path("C"))))?;
    if h.has(Feature::PatchName) {
        h.refused("invalid_argument", &calls::change(&a, calls::name("a b")))?;
        h.refused("volume_exists", &calls::change(&a, calls::name(&c.name)))?;
    }
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        h.refused("volume_offline", &calls::access(&a))?;
        h.refused("volume_offline", &calls::change(&a, size(5)))?;
    }
    Ok(())
}

fn about_snapshots_have_their_code(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.refused("snapshot_not_found", &calls::get_snapshot(&a, &calls::no_snapshot()))?;
    h.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    h.refused("invalid_argument", &calls::snapshot(&a, "a b"))?;
    h.refused("volume_not_found", &calls::get_snapshot(&calls::no_volume(), &s))?;
    if h.has(Feature::PatchState) {
        h.patch(&a, offline())?;
        h.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    }
    Ok(())
}

fn about_clones_have_their_code(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    h.clone(&a, &s, "clone")?;
    h.refused("volume_busy", &calls::delete(&a))?;
    h.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    h.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    h.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    h.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &h.name("x")))?;
    if h.has(Feature::SplitClone) {
        h.refused("invalid_argument", &calls::split(&a))?;
    }
    Ok(())
}

/// Text that careless code fails on.
fn strange_texts() -> Vec<String> {
    let mut texts = ["\0", "\u{feff}a", "\u{202e}a", "a\u{301}", "\u{10ffff}", "'; --", "{}", "%s"]
        .map(str::to_owned)
        .to_vec();
    texts.push("a".repeat(1 << 20));
    texts.push("é".repeat(1 << 18));
    texts.push("/".repeat(1 << 16));
    texts
}

fn come_of_strange_text(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    for text in strange_texts() {
        h.refused("invalid_argument", &calls::create(&text))?;
        h.succeeds(&calls::find(&text))?;
        h.refused("invalid_argument", &calls::change(&a, junction(&text)))?;
        if h.has(Feature::PatchName) {
            h.refused("invalid_argument", &calls::change(&a, calls::name(&text)))?;
        }
        h.call(&calls::change(&a, policy(&text)))?.ok();
    }
    Ok(())
}

fn come_of_strange_names_of_snapshots(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    for text in strange_texts() {
        h.refused("invalid_argument", &calls::snapshot(&a, &text))?;
        h.succeeds(&calls::find_snapshot(&a, &text))?;
        if h.has(Feature::RenameSnapshot) {
            h.refused("invalid_argument", &calls::rename_snapshot(&a, &s, &text))?;
        }
        if h.probe.tier >= crate::Tier::Clones {
            h.refused("invalid_argument", &calls::clone(&a, &s, &text))?;
        }
    }
    Ok(())
}

fn come_of_strange_identifiers(h: &Harness<'_>) -> CaseResult {
    let a = h.create("a")?;
    let s = h.snapshot(&a, "s")?;
    let [high, low] = [a.uuid.uuid().as_u128() ^ 1, a.uuid.uuid().as_u128() ^ (1 << 127)];
    for uuid in [Uuid::nil(), Uuid::max(), Uuid::from_u128(high), Uuid::from_u128(low)] {
        let (volume, snapshot) = (VolumeId::new(uuid), SnapshotId::new(uuid));
        h.refused("volume_not_found", &Call::GetVolume(volume))?;
        h.refused("volume_not_found", &Call::DeleteVolume(volume))?;
        h.refused("volume_not_found", &Call::AccessHandle(volume))?;
        h.refused("volume_not_found", &Call::ListSnapshots(volume))?;
        h.refused("volume_not_found", &Call::GetSnapshot(volume, s.uuid))?;
        h.refused("snapshot_not_found", &Call::GetSnapshot(a.uuid, snapshot))?;
        h.refused("snapshot_not_found", &Call::DeleteSnapshot(a.uuid, snapshot))?;
    }
    Ok(())
}

fn poison_nothing(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    for number in 0..50 {
        h.refused("volume_exists", &calls::create(&a.name))?;
        h.refused("invalid_argument", &calls::create(&"/".repeat(number)))?;
        h.refused("volume_not_found", &calls::delete(&calls::no_volume()))?;
    }
    h.patch(&a, size(7))?;
    h.create("b")?;
    Ok(())
}
