//! Runs of snapshot policies:
//!
//! `cargo bench -p nessie-benches --bench policies`, with an optional filter after `--`.
//!
//! The time is given for each snapshot that is taken. It includes the deletion of the oldest one.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]

use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, Divan};
use nessie_backend_core::{SnapshotRule, VolumePatch};
use nessie_backend_mem::{MemBackend, NewVolume};

fn main() {
    Divan::default().sample_count(3).sample_size(1).config_with_args().main();
}

const DAY: Duration = Duration::from_secs(86_400);
const DAYS: u32 = 60;

/// Number of volumes in a benchmark run; a small one if the program runs as a test.
fn fleets() -> Vec<usize> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    if is_bench { vec![1_000, 100_000] } else { vec![10] }
}

fn rule(schedule: &str, prefix: &str, keep: u64) -> SnapshotRule {
    SnapshotRule::new(schedule.parse().unwrap(), prefix, keep)
}

/// A backend whose volumes have as many snapshots as the rules keep.
fn backend(volumes: usize, rules: &[SnapshotRule]) -> MemBackend {
    let backend = MemBackend::builder().seed(1).build().unwrap();
    backend.create_snapshot_policy("p", rules).unwrap();
    let names: Vec<String> = (0..volumes).map(|number| format!("volume-{number:06}")).collect();
    let new = names.iter().map(|name| NewVolume::named(name).snapshot_policy("p"));
    backend.create_volumes(new).unwrap();
    backend.advance(10 * DAY).unwrap();
    backend
}

/// Measures the time of each snapshot that the rules take.
fn advance(bencher: Bencher<'_, '_>, volumes: usize, rules: &[SnapshotRule], taken: usize) {
    bencher
        .counter(ItemsCount::new(taken))
        .with_inputs(|| backend(volumes, rules))
        .bench_local_values(|backend| {
            backend.advance(DAYS * DAY).unwrap();
            backend
        });
}

/// One rule with a run a day.
#[divan::bench(args = fleets())]
fn nightly(bencher: Bencher<'_, '_>, volumes: usize) {
    advance(bencher, volumes, &[rule("0 0 * * *", "nightly", 7)], volumes * DAYS as usize);
}

/// Three rules, whose snapshots are mixed on each volume.
#[divan::bench(args = fleets())]
fn every_six_hours_daily_and_weekly(bencher: Bencher<'_, '_>, volumes: usize) {
    let taken = volumes * (DAYS as usize * 5 + DAYS as usize / 7);
    let rules = [
        rule("0 */6 * * *", "hourly", 6),
        rule("10 0 * * *", "daily", 2),
        rule("15 0 * * 0", "weekly", 2),
    ];
    advance(bencher, volumes, &rules, taken);
}

/// Each day a volume with the policy is created, and the policy is removed from another.
#[divan::bench(args = fleets())]
fn nightly_with_changes_of_volumes(bencher: Bencher<'_, '_>, volumes: usize) {
    let taken = volumes * DAYS as usize;
    bencher
        .counter(ItemsCount::new(taken))
        .with_inputs(|| {
            let backend = backend(volumes, &[rule("0 0 * * *", "nightly", 7)]);
            let ids = backend.view().volume_ids();
            (backend, ids)
        })
        .bench_local_values(|(backend, ids)| {
            for (day, id) in (0..DAYS).zip(ids) {
                let name = format!("new-{day}");
                backend.create_volumes([NewVolume::named(&name).snapshot_policy("p")]).unwrap();
                backend.patch_volumes([id], &VolumePatch::new().snapshot_policy("")).unwrap();
                backend.advance(DAY).unwrap();
            }
            backend
        });
}
