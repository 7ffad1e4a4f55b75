//! Generated sequences of operations; each answer is compared with the model.

use crate::Tier;
use crate::harness::{Abort, CaseResult, Harness};
use crate::sequences::generate::{Profile, generate};
use crate::sequences::replay::replay;
use crate::sequences::shrink::shrink_sequence;

super::cases! { model:
    /// Sequences of operations on volumes match the model.
    agrees_on_volumes: Volumes,
        "3.atomic" "3.order" "3.create_volume" "3.patch_volume" "3.delete_volume"
        "3.list_volumes" "3.get_volume" "3.find_volume" "3.access_handle";
    /// Sequences of operations on volumes and snapshots match the model.
    agrees_on_snapshots: Snapshots,
        "3.atomic" "3.order" "3.create_snapshot" "3.rename_snapshot" "3.delete_snapshot"
        "3.restore_snapshot" "3.list_snapshots" "3.get_snapshot" "3.find_snapshot";
    /// Sequences of all operations match the model.
    agrees_on_clones: Clones,
        "3.atomic" "3.order" "3.create_clone" "3.split_clone" "1.origin_names" "4.dependents";
}

fn agrees_on_volumes(h: &Harness<'_>) -> CaseResult {
    agrees(h, Tier::Volumes)
}

fn agrees_on_snapshots(h: &Harness<'_>) -> CaseResult {
    agrees(h, Tier::Snapshots)
}

fn agrees_on_clones(h: &Harness<'_>) -> CaseResult {
    agrees(h, Tier::Clones)
}

fn agrees(h: &Harness<'_>, tier: Tier) -> CaseResult {
    if h.config.sequences == 0 {
        return Err(Abort::Skipped("the number of sequences is 0".to_owned()));
    }
    let profile = Profile::of(h.probe, tier);
    let all = h.config.sequences;
    for number in 0..all {
        if h.ends_early(number, all, "sequences") {
            break;
        }
        let seed = h.config.seed.wrapping_add((number as u64) << 32 | tier as u64);
        let sequence = generate(seed, h.config.steps, &profile);
        if let Err(failed) = replay(h, number, &sequence) {
            return Err(shrink_sequence(h, sequence, failed));
        }
    }
    Ok(())
}
