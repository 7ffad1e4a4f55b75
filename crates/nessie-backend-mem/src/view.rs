//! A consistent view of a backend, to read without a lock.

use std::fmt;

use nessie_backend_core::{Result, Snapshot, SnapshotId, Volume, VolumeId};

use crate::binding::records::{SnapshotRow, VolumeRow};
use crate::error::BulkError;
use crate::state::{ByCreation, State};
use crate::storage::list::walk;
use crate::storage::slab::{NONE, Slot};
use crate::tree;

/// A backend as it was at one instant. Made by [`MemBackend::view`](crate::MemBackend::view).
///
/// It shares its records with the backend until that writes to them.
#[derive(Clone)]
pub struct View {
    state: State,
}

impl View {
    pub(crate) const fn new(state: State) -> Self {
        Self { state }
    }

    /// How many volumes there are.
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

    /// One volume.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn volume_row(&self, uuid: VolumeId) -> Result<VolumeRow> {
        self.state.find(uuid).map(|slot| self.state.row_of(slot, uuid))
    }

    /// Whether there is a snapshot with this identifier, of whatever volume.
    #[must_use]
    pub fn contains_snapshot(&self, uuid: SnapshotId) -> bool {
        self.state.find_any_snapshot(uuid).is_some()
    }

    /// The identifiers of all volumes, in order of creation.
    #[must_use]
    pub fn volume_ids(&self) -> Vec<VolumeId> {
        self.state.volume_slots().map(|slot| self.state.volume_id(slot)).collect()
    }

    /// How many records this view keeps in memory.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.state.records()
    }

    /// The refusal of the first of these volumes that does not exist, if any.
    #[must_use]
    pub fn missing(&self, volumes: &[impl Into<VolumeId> + Copy]) -> Option<BulkError> {
        let failure = |id: VolumeId| self.state.find(id).err();
        let mut ids = volumes.iter().map(|id| (*id).into()).enumerate();
        ids.find_map(|(index, id)| Some(BulkError::at(index, failure(id)?)))
    }

    /// A volume's snapshots, in order of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn snapshots(&self, volume: VolumeId) -> Result<impl Iterator<Item = Snapshot> + '_> {
        Ok(self.snapshot_rows(volume)?.map(Snapshot::from))
    }

    /// A volume's snapshots, in order of creation, in the form that is quickest to make.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn snapshot_rows(
        &self,
        volume: VolumeId,
    ) -> Result<impl Iterator<Item = SnapshotRow> + '_> {
        let volume = self.state.find(volume)?;
        Ok(self.state.snapshot_slots(volume).map(|slot| self.state.snapshot_row(slot)))
    }

    /// The lineage as indented text: volumes, their snapshots, the clones hanging from them.
    #[must_use]
    pub fn tree(&self) -> String {
        tree::render(&self.state, usize::MAX)
    }

    /// The first `lines` lines of [`tree`](Self::tree), in a time that depends on their number alone.
    #[must_use]
    pub fn first_tree_lines(&self, lines: usize) -> String {
        tree::render(&self.state, lines)
    }

    /// Checks what must hold between any two operations.
    ///
    /// # Errors
    /// The rule that does not hold.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.state.check_invariants()
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn into_state(self) -> State {
        self.state
    }

    /// All volumes, from a view that the iterator owns.
    #[must_use]
    pub fn into_rows(self) -> IntoRows {
        IntoRows { next: self.state.order.first, left: self.len(), state: self.state }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("volumes", &self.len()).finish_non_exhaustive()
    }
}

/// The volumes of a [`View`], in order of creation.
pub struct IntoRows {
    state: State,
    next: Slot,
    left: usize,
}

impl IntoRows {
    /// How many records this keeps in memory, however many of them are still to come.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.state.records()
    }
}

impl Iterator for IntoRows {
    type Item = VolumeRow;

    fn next(&mut self) -> Option<VolumeRow> {
        if self.next == NONE {
            return None;
        }
        let row = self.state.row(self.next);
        self.next = walk::<ByCreation, _>(&self.state.volumes, self.next).nth(1).unwrap_or(NONE);
        self.left -= 1;
        Some(row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IntoRows {}

impl fmt::Debug for IntoRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoRows").field("left", &self.left).finish_non_exhaustive()
    }
}
