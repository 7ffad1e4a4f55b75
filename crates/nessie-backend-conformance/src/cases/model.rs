//! Generated sequences of operations, each held against the model step by step.

use crate::Tier;
use crate::harness::{Bench, Step, Stop};
use crate::sequences::op::{Profile, generate};
use crate::sequences::replay::replay;
use crate::sequences::shrink::shrink;

super::cases! { model, __model_cases:
    /// Sequences of operations on volumes do what the model does.
    agrees_on_volumes: Volumes,
        "3.atomic" "3.order" "3.create_volume" "3.patch_volume" "3.delete_volume"
        "3.list_volumes" "3.get_volume" "3.find_volume" "3.access_handle";
    /// Sequences of operations on volumes and snapshots do what the model does.
    agrees_on_snapshots: Snapshots,
        "3.atomic" "3.order" "3.create_snapshot" "3.rename_snapshot" "3.delete_snapshot"
        "3.restore_snapshot" "3.list_snapshots" "3.get_snapshot" "3.find_snapshot";
    /// Sequences of all operations do what the model does.
    agrees_on_clones: Clones,
        "3.atomic" "3.order" "3.create_clone" "3.split_clone" "1.origin_names" "4.dependents";
}

fn agrees_on_volumes(b: &Bench<'_>) -> Step {
    agrees(b, Tier::Volumes)
}

fn agrees_on_snapshots(b: &Bench<'_>) -> Step {
    agrees(b, Tier::Snapshots)
}

fn agrees_on_clones(b: &Bench<'_>) -> Step {
    agrees(b, Tier::Clones)
}

fn agrees(b: &Bench<'_>, tier: Tier) -> Step {
    if b.config.sequences == 0 {
        return Err(Stop::Skipped("no sequences are to be generated".to_owned()));
    }
    let profile = Profile::of(b.survey, tier);
    for number in 0..b.config.sequences {
        // What a slow backend has no time for is not tried; what was tried has passed.
        if number > 0 && b.is_late() {
            break;
        }
        let seed = b.config.seed.wrapping_add((number as u64) << 32 | tier as u64);
        let sequence = generate(seed, b.config.steps, &profile);
        if let Err(stop) = replay(b, number, &sequence) {
            return Err(shrink(b, sequence, stop));
        }
    }
    Ok(())
}
