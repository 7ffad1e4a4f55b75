//! Repeats a race, and checks after each round what a race can leave behind.

use std::collections::BTreeSet;
use std::time::Instant;

use nessie_backend_core::{SnapshotId, VolumeId, VolumePatch, VolumeState};

use super::at_once::Overlaps;
use super::{CaseResult, Harness, Verify};
use crate::feature::{Feature, Tier};
use crate::oracle::call::Call;

/// Rounds are added until each two threads have overlapped in this part of the configured rounds,
/// in both orders.
const PART_OVERLAPPING: usize = 20;
/// At most this multiple of the configured rounds is run.
const MOST_ROUNDS: usize = 2;
/// Rounds are added for at most this part of the time limit.
const PART_OF_TIME: u32 = 150;

impl Harness<'_> {
    /// Repeats a race of one call for each thread; see [`rounds`](Self::rounds).
    pub(crate) fn rounds_of_calls(&self, race: impl Fn() -> CaseResult<Vec<Call>>) -> CaseResult {
        self.rounds(|| Ok(race()?.into_iter().map(|call| vec![call]).collect()))
    }

    /// Repeats a race, each time with new objects. `race` creates them, and returns the calls of
    /// each thread. Runs at least the configured number of rounds, and more if the calls hardly
    /// overlapped.
    pub(crate) fn rounds(&self, race: impl Fn() -> CaseResult<Vec<Vec<Call>>>) -> CaseResult {
        self.some_rounds(self.config.rounds, race)
    }

    /// Like [`rounds`](Self::rounds), with this number of rounds.
    pub(crate) fn some_rounds(
        &self,
        count: usize,
        race: impl Fn() -> CaseResult<Vec<Vec<Call>>>,
    ) -> CaseResult {
        let started = Instant::now();
        let mut overlaps = Overlaps::default();
        for round in 0..count * MOST_ROUNDS {
            if round < count {
                if self.ends_early(round, count, "rounds") {
                    break;
                }
            } else if overlaps.is_each(count.div_ceil(PART_OVERLAPPING))
                || started.elapsed() > self.config.time_limit / PART_OF_TIME
            {
                break;
            }
            self.start_round();
            let programs = race()?;
            overlaps.add(&self.race_programs(&programs)?);
            self.settle()?;
        }
        Ok(())
    }

    /// Forgets the earlier rounds. Their objects are deleted.
    fn start_round(&self) {
        self.set_verify(Verify::Never);
        self.log.clear();
        let mut state = self.state.borrow_mut();
        state.volumes.clear();
        state.snapshots.clear();
        state.taken.clear();
    }

    /// Checks what the calls of a round left behind, and deletes it: every record, the sizes of
    /// snapshots, which snapshots and volumes can be deleted, and whether every name and path of
    /// the round is free afterwards.
    fn settle(&self) -> CaseResult {
        let used = Used::of(self.log.calls());
        self.verify_records()?;
        self.restore_and_delete_snapshots()?;
        for volume in self.live_volumes() {
            for name in used.snapshot_names.iter().filter(|_| self.is_online(volume)) {
                self.agrees(&Call::CreateSnapshot(volume, name.clone()))?;
            }
        }
        // The oldest first: a refusal names the clones in the way.
        if self.probe.tier >= Tier::Clones {
            for volume in self.live_volumes() {
                self.agrees(&Call::DeleteVolume(volume))?;
            }
        }
        self.delete_own()?;
        self.verify_deleted()?;
        for name in &used.names {
            self.create_named(name, None)?;
        }
        let volumes = self.live_volumes();
        for (volume, path) in volumes.iter().cycle().zip(&used.paths) {
            let mount = VolumePatch::new().junction_path(path);
            self.returns_volume(&Call::PatchVolume(*volume, mount))?;
        }
        self.delete_own()?;
        self.verify_call(&Call::ListVolumes)
    }

    /// Restores each volume to each of its snapshots and deletes that, the newest first. So the size
    /// that each snapshot holds shows.
    pub(crate) fn restore_and_delete_snapshots(&self) -> CaseResult {
        for (volume, snapshot) in self.own_snapshots().into_iter().rev() {
            if self.has(Feature::RestoreSnapshot) {
                self.agrees(&Call::RestoreSnapshot(volume, snapshot))?;
            }
            self.agrees(&Call::DeleteSnapshot(volume, snapshot))?;
        }
        Ok(())
    }

    /// Makes a call. It succeeds or is refused, as the model expects.
    pub(crate) fn agrees(&self, call: &Call) -> CaseResult {
        self.call(call).map(drop)
    }

    fn own_snapshots(&self) -> Vec<(VolumeId, SnapshotId)> {
        let state = self.state.borrow();
        let of = |volume: &crate::oracle::model::ModelVolume| {
            let id = volume.record.uuid;
            volume.snapshots.iter().map(move |kept| (id, kept.record.uuid)).collect::<Vec<_>>()
        };
        state.model.own().flat_map(of).collect()
    }

    fn is_online(&self, volume: VolumeId) -> bool {
        let state = self.state.borrow();
        state.model.volume(volume).is_ok_and(|kept| kept.record.state == VolumeState::Online)
    }
}

/// The names and paths in the arguments of calls.
#[derive(Debug, Default)]
struct Used {
    names: BTreeSet<String>,
    snapshot_names: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Used {
    fn of(calls: Vec<Call>) -> Self {
        let mut used = Self::default();
        for call in calls {
            match call {
                Call::CreateVolume(spec) => {
                    used.names.insert(spec.name);
                }
                Call::CreateClone(_, _, name) => {
                    used.names.insert(name);
                }
                Call::PatchVolume(_, patch) => {
                    used.names.extend(patch.name);
                    used.paths.extend(patch.junction_path.filter(|path| !path.is_empty()));
                }
                Call::CreateSnapshot(_, name) | Call::RenameSnapshot(_, _, name) => {
                    used.snapshot_names.insert(name);
                }
                _ => {}
            }
        }
        used
    }
}
