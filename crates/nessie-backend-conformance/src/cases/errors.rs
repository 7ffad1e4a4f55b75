//! What refusals say, and input that nobody expects.

use nessie_backend_core::{SnapshotId, Uuid, VolumeId};

use super::calls::{self, junction, offline, policy, size};
use crate::Feature;
use crate::harness::{Bench, Step};
use crate::oracle::call::Call;

super::cases! { errors, __errors_cases:
    /// Every kind of refusal about volumes has its code and its target.
    about_volumes_have_their_code: Volumes, "4.code" "4.target";
    /// Every kind of refusal about snapshots has its code and its target.
    about_snapshots_have_their_code: Snapshots, "4.code" "4.target";
    /// Every kind of refusal about clones has its code and its target.
    about_clones_have_their_code: Clones, "4.code" "4.target" "4.dependents";
    /// No text is too long or too strange to be refused.
    come_of_strange_text: Volumes, "4.no_panic" "3.atomic";
    /// No text is too long or too strange to be refused as a snapshot's name.
    come_of_strange_names_of_snapshots: Snapshots, "4.no_panic" "3.atomic";
    /// No identifier is too strange to be missing.
    come_of_strange_identifiers: Snapshots, "4.no_panic" "3.order";
    /// A backend that refused much works as before.
    poison_nothing: Volumes, "4.no_panic" "3.atomic";
}

fn about_volumes_have_their_code(b: &Bench<'_>) -> Step {
    let (a, c) = (b.create("a")?, b.create("c")?);
    b.patch(&c, junction(&b.path("c")))?;
    b.refused("volume_not_found", &calls::get(&calls::no_volume()))?;
    b.refused("volume_exists", &calls::create(&a.name))?;
    b.refused("invalid_argument", &calls::create("a b"))?;
    b.refused("invalid_argument", &calls::create_sized(&b.name("x"), 0))?;
    b.refused("invalid_argument", &calls::change(&a, size(0)))?;
    b.refused("invalid_argument", &calls::change(&a, junction("x")))?;
    b.refused("invalid_argument", &calls::change(&a, policy("")))?;
    b.refused("junction_path_exists", &calls::change(&a, junction(&b.path("C"))))?;
    if b.has(Feature::PatchName) {
        b.refused("invalid_argument", &calls::change(&a, calls::name("a b")))?;
        b.refused("volume_exists", &calls::change(&a, calls::name(&c.name)))?;
    }
    if b.has(Feature::PatchState) {
        b.patch(&a, offline())?;
        b.refused("volume_offline", &calls::access(&a))?;
        b.refused("volume_offline", &calls::change(&a, size(5)))?;
    }
    Ok(())
}

fn about_snapshots_have_their_code(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.refused("snapshot_not_found", &calls::get_snapshot(&a, &calls::no_snapshot()))?;
    b.refused("snapshot_exists", &calls::snapshot(&a, "s"))?;
    b.refused("invalid_argument", &calls::snapshot(&a, "a b"))?;
    b.refused("volume_not_found", &calls::get_snapshot(&calls::no_volume(), &s))?;
    if b.has(Feature::PatchState) {
        b.patch(&a, offline())?;
        b.refused("volume_offline", &calls::snapshot(&a, "t"))?;
    }
    Ok(())
}

fn about_clones_have_their_code(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    b.clone(&a, &s, "clone")?;
    b.refused("volume_busy", &calls::delete(&a))?;
    b.refused("snapshot_busy", &calls::delete_snapshot(&a, &s))?;
    b.refused("volume_exists", &calls::clone(&a, &s, &a.name))?;
    b.refused("invalid_argument", &calls::clone(&a, &s, "a b"))?;
    b.refused("snapshot_not_found", &calls::clone(&a, &calls::no_snapshot(), &b.name("x")))?;
    if b.has(Feature::SplitClone) {
        b.refused("invalid_argument", &calls::split(&a))?;
    }
    Ok(())
}

/// Text that breaks what was not written for it.
fn strange_texts() -> Vec<String> {
    let mut texts = ["\0", "\u{feff}a", "\u{202e}a", "a\u{301}", "\u{10ffff}", "'; --", "{}", "%s"]
        .map(str::to_owned)
        .to_vec();
    texts.push("a".repeat(1 << 20));
    texts.push("é".repeat(1 << 18));
    texts.push("/".repeat(1 << 16));
    texts
}

fn come_of_strange_text(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    for text in strange_texts() {
        b.refused("invalid_argument", &calls::create(&text))?;
        b.fine(&calls::find(&text))?;
        b.refused("invalid_argument", &calls::change(&a, junction(&text)))?;
        if b.has(Feature::PatchName) {
            b.refused("invalid_argument", &calls::change(&a, calls::name(&text)))?;
        }
        b.call(&calls::change(&a, policy(&text)))?.ok();
    }
    Ok(())
}

fn come_of_strange_names_of_snapshots(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    for text in strange_texts() {
        b.refused("invalid_argument", &calls::snapshot(&a, &text))?;
        b.fine(&calls::find_snapshot(&a, &text))?;
        if b.has(Feature::RenameSnapshot) {
            b.refused("invalid_argument", &calls::rename_snapshot(&a, &s, &text))?;
        }
        if b.survey.tier >= crate::Tier::Clones {
            b.refused("invalid_argument", &calls::clone(&a, &s, &text))?;
        }
    }
    Ok(())
}

fn come_of_strange_identifiers(b: &Bench<'_>) -> Step {
    let a = b.create("a")?;
    let s = b.snapshot(&a, "s")?;
    let [high, low] = [a.uuid.uuid().as_u128() ^ 1, a.uuid.uuid().as_u128() ^ (1 << 127)];
    for uuid in [Uuid::nil(), Uuid::max(), Uuid::from_u128(high), Uuid::from_u128(low)] {
        let (volume, snapshot) = (VolumeId::new(uuid), SnapshotId::new(uuid));
        b.refused("volume_not_found", &Call::GetVolume(volume))?;
        b.refused("volume_not_found", &Call::DeleteVolume(volume))?;
        b.refused("volume_not_found", &Call::AccessHandle(volume))?;
        b.refused("volume_not_found", &Call::ListSnapshots(volume))?;
        b.refused("volume_not_found", &Call::GetSnapshot(volume, s.uuid))?;
        b.refused("snapshot_not_found", &Call::GetSnapshot(a.uuid, snapshot))?;
        b.refused("snapshot_not_found", &Call::DeleteSnapshot(a.uuid, snapshot))?;
    }
    Ok(())
}

fn poison_nothing(b: &Bench<'_>) -> Step {
    let a = b.create_sized("a", 5)?;
    for number in 0..50 {
        b.refused("volume_exists", &calls::create(&a.name))?;
        b.refused("invalid_argument", &calls::create(&"/".repeat(number)))?;
        b.refused("volume_not_found", &calls::delete(&calls::no_volume()))?;
    }
    b.patch(&a, size(7))?;
    b.create("b")?;
    Ok(())
}
