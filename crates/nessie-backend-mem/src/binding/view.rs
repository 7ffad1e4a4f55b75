//! Reading a [`View`] in bindings.

use std::fmt;

use nessie_backend_core::{Result, VolumeId};

use super::records::{SnapshotRow, VolumeRow};
use crate::error::BulkError;
use crate::state::{ByCreation, State};
use crate::storage::ids::{IdKey, KEY_WORDS};
use crate::storage::list::walk;
use crate::storage::slab::{NONE, Slot};
use crate::view::View;

#[doc(hidden)]
impl View {
    /// One volume.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn volume_row(&self, uuid: VolumeId) -> Result<VolumeRow> {
        self.state.find(uuid).map(|slot| self.state.row_of(slot, uuid))
    }

    /// A volume's snapshots, in order of creation.
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

    /// The refusal of the first of these volumes that does not exist, if there is one.
    #[must_use]
    pub fn missing(&self, volumes: &[impl Into<VolumeId> + Copy]) -> Option<BulkError> {
        let failure = |id: VolumeId| self.state.find(id).err();
        let mut ids = volumes.iter().map(|id| (*id).into()).enumerate();
        ids.find_map(|(index, id)| Some(BulkError::at(index, failure(id)?)))
    }

    /// All volumes, from a view that the iterator owns.
    #[must_use]
    pub fn into_rows(self) -> IntoRows {
        IntoRows { next: self.state.order.first, left: self.len(), state: self.state }
    }
}

/// A view of a backend without records.
#[doc(hidden)]
impl Default for View {
    fn default() -> Self {
        Self { state: State::new(IdKey::new([0; KEY_WORDS])) }
    }
}

/// The volumes of a [`View`], in order of creation.
pub struct IntoRows {
    state: State,
    next: Slot,
    left: usize,
}

impl IntoRows {
    /// How many records this keeps in memory, including those that were read already.
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
