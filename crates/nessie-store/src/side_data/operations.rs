//! Splits and moves of volumes and the initialization of their quotas, which are under way until their
//! jobs complete.

use std::collections::HashMap;
use std::sync::Mutex;

use nessie_backend_core::{Timestamp, Uuid, VolumeId};
use nessie_ontap_protocol::records::{Movement, MovementState, Named};

use super::lock;
use crate::clock::ClusterClock;
use crate::jobs::Jobs;

/// The operations on the volumes of an SVM.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// The job of each clone split that may be under way.
    splits: HashMap<VolumeId, Uuid>,
    /// The job that turned on the quotas of each volume, if it may be running.
    quotas: HashMap<VolumeId, Uuid>,
    /// The last move of each volume.
    moves: HashMap<VolumeId, Move>,
}

/// The move of a volume.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) source: Named,
    pub(crate) destination: Named,
    pub(crate) start_time: Timestamp,
    pub(crate) cutover_window: u64,
    /// The job that reports it; `None` if it completed at once.
    pub(crate) job: Option<Uuid>,
    /// Whether it waits before the cutover until a client requests that.
    pub(crate) waits: bool,
    pub(crate) is_paused: bool,
    pub(crate) is_aborted: bool,
}

/// What is under way with a volume.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// That of a clone split in percent; `None` if no split is under way.
    pub(crate) split: Option<u64>,
    /// Whether its quotas are being turned on.
    pub(crate) initializes_quotas: bool,
    /// The last move.
    pub(crate) movement: Option<Movement>,
}

impl Operations {
    pub(crate) fn begin_split(&self, volume: VolumeId, job: Uuid) {
        lock(&self.table).splits.insert(volume, job);
    }

    /// Begins to turn on the quotas of a volume, which a job reports, or ends that.
    pub(crate) fn set_quota_job(&self, volume: VolumeId, job: Option<Uuid>) {
        let mut table = lock(&self.table);
        match job {
            Some(job) => table.quotas.insert(volume, job),
            None => table.quotas.remove(&volume),
        };
    }

    pub(crate) fn begin_move(&self, volume: VolumeId, movement: Move) {
        lock(&self.table).moves.insert(volume, movement);
    }

    /// The last move of a volume.
    pub(crate) fn last_move(&self, volume: VolumeId) -> Option<Move> {
        lock(&self.table).moves.get(&volume).cloned()
    }

    /// The last move of each volume.
    #[cfg(feature = "simulator")]
    pub(super) fn moves(&self) -> Vec<(VolumeId, Move)> {
        let table = lock(&self.table);
        table.moves.iter().map(|(volume, movement)| (*volume, movement.clone())).collect()
    }

    /// Removes the moves of all volumes.
    #[cfg(feature = "simulator")]
    pub(super) fn remove_moves(&self) {
        lock(&self.table).moves.clear();
    }

    /// Removes the operations of a deleted volume.
    pub(crate) fn remove_volume(&self, volume: VolumeId) {
        let mut table = lock(&self.table);
        table.splits.remove(&volume);
        table.quotas.remove(&volume);
        table.moves.remove(&volume);
    }

    /// What is under way with a volume.
    pub(crate) fn progress(&self, volume: VolumeId, jobs: &Jobs, clock: &ClusterClock) -> Progress {
        let (split, quotas, movement) = {
            let table = lock(&self.table);
            let quotas = table.quotas.get(&volume).copied();
            (table.splits.get(&volume).copied(), quotas, table.moves.get(&volume).cloned())
        };
        // No lock is held while the clock, which may be the caller's, is called.
        let is_running = |job| jobs.is_running(job, clock.now()) == Some(true);
        Progress {
            split: split.and_then(|job| {
                if is_running(job) {
                    return Some(0);
                }
                let mut table = lock(&self.table);
                if table.splits.get(&volume) == Some(&job) {
                    table.splits.remove(&volume);
                }
                None
            }),
            initializes_quotas: quotas.is_some_and(is_running),
            movement: movement.map(|movement| movement.record(is_running)),
        }
    }
}

impl Move {
    /// Whether the volume is still in its source.
    pub(crate) fn is_under_way(&self, jobs: &Jobs, clock: &ClusterClock) -> bool {
        self.state(|job| jobs.is_running(job, clock.now()) == Some(true)).is_under_way()
    }

    fn state(&self, is_running: impl FnOnce(Uuid) -> bool) -> MovementState {
        if self.is_aborted {
            MovementState::Aborted
        } else if self.is_paused {
            MovementState::Paused
        } else if self.job.is_some_and(is_running) {
            MovementState::Replicating
        } else if self.waits {
            MovementState::CutoverWait
        } else {
            MovementState::Success
        }
    }

    fn record(self, is_running: impl FnOnce(Uuid) -> bool) -> Movement {
        let state = self.state(is_running);
        let Self { source, destination, start_time, cutover_window, .. } = self;
        Movement { source, destination, start_time, cutover_window, state }
    }
}
