//! A consistent view of a backend, read without a lock.

use std::fmt;

use nessie_backend_core::{Result, Snapshot, SnapshotId, Volume, VolumeId};

use crate::state::State;
use crate::tree;

/// A backend as it was at one instant. Made by [`MemBackend::view`](crate::MemBackend::view).
///
/// A view shares its records with the backend until the backend changes them.
#[derive(Clone)]
pub struct View {
    pub(crate) state: State,
}

impl View {
    /// The number of volumes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.state.order.len as usize
    }

    /// Whether there are no volumes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.state.order.is_empty()
    }

    /// All volumes, in order of creation.
    pub fn volumes(&self) -> impl Iterator<Item = Volume> + '_ {
        self.state.volume_slots().map(|slot| self.state.row(slot).into())
    }

    /// The identifiers of all volumes, in order of creation.
    #[must_use]
    pub fn volume_ids(&self) -> Vec<VolumeId> {
        self.state.volume_slots().map(|slot| self.state.volume_id(slot)).collect()
    }

    /// A volume's snapshots, in order of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn snapshots(&self, volume: VolumeId) -> Result<impl Iterator<Item = Snapshot> + '_> {
        Ok(self.snapshot_rows(volume)?.map(Snapshot::from))
    }

    /// Whether a snapshot with this identifier exists, of any volume.
    #[must_use]
    pub fn contains_snapshot(&self, uuid: SnapshotId) -> bool {
        self.state.find_any_snapshot(uuid).is_some()
    }

    /// The number of records that this view keeps in memory.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.state.records()
    }

    /// The ancestry as indented text: volumes, below each its snapshots, below each its clones.
    #[must_use]
    pub fn tree(&self) -> String {
        tree::render(&self.state, usize::MAX)
    }

    /// The first `lines` lines of [`tree`](Self::tree), in a time that depends on their number alone.
    #[must_use]
    pub fn first_tree_lines(&self, lines: usize) -> String {
        tree::render(&self.state, lines)
    }

    /// Checks the rules that hold between any two operations. For tests.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.state.check_invariants()
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("volumes", &self.len()).finish_non_exhaustive()
    }
}
