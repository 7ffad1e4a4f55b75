//! Tables of everything at one instant, as Arrow record batches.
//!
//! A [`Table`] is chosen from a [`View`]: which volumes or snapshots it has is settled then, and
//! costs four bytes a row. Its columns are built when they are asked for, batch by batch, so an
//! export takes little more memory than what is exported.
//!
//! Feature `arrow`.
//!
//! ```
//! use nessie_backend_core::{VolumeBackend, VolumeSpec};
//! use nessie_backend_mem::MemBackend;
//! use nessie_backend_mem::columns::VolumeSelection;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let backend = MemBackend::builder().seed(7).build()?;
//! for name in ["build-1", "build-2", "db"] {
//!     backend.create_volume(VolumeSpec::named(name))?;
//! }
//! let builds = backend.view().volume_table(&VolumeSelection::new().name("build-*"))?;
//! assert_eq!(builds.len(), 2);
//! for batch in builds.batches() {
//!     assert_eq!(batch?.column_by_name("name").map(|names| names.len()), Some(2));
//! }
//! # Ok(())
//! # }
//! ```

mod column;
mod pattern;
mod selection;
mod snapshots;
mod volumes;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use nessie_backend_core::{Result, Uuid, VolumeId};

use self::kind::Chosen;
pub use self::selection::VolumeSelection;
pub use self::snapshots::{SnapshotOfVolume, Snapshots};
pub use self::volumes::Volumes;
use crate::bulk::BulkError;
use crate::slab::Slot;
use crate::state::State;
use crate::view::View;

/// The most rows of a batch: enough that a batch costs next to nothing, few enough that one is
/// built in milliseconds and its texts never outgrow 32-bit offsets.
pub const BATCH_ROWS: usize = 1 << 16;

/// What the rows of a table are: [`Volumes`] or [`Snapshots`].
pub trait RowKind: kind::Kind {}

impl<K: kind::Kind> RowKind for K {}

/// What a kind of rows needs, which is nobody's to see.
mod kind {
    use super::{Arc, ArrayRef, ArrowError, SchemaRef, Slot, State};

    pub trait Kind {
        /// A row as a value.
        type Row;

        fn schema() -> SchemaRef;
        fn row(of: &Chosen, slot: Slot) -> Self::Row;
        /// The columns of some rows, in the order of the schema.
        fn columns(of: &Chosen, slots: &[Slot]) -> Result<Vec<ArrayRef>, ArrowError>;
    }

    /// Where the rows are.
    #[derive(Debug)]
    pub struct Chosen {
        pub(super) state: Arc<State>,
        pub(super) slots: Vec<Slot>,
    }
}

/// Rows chosen from a [`View`], in a fixed order. Nothing changes it, and copies share everything.
///
/// Made by [`View::volume_table`] and [`View::snapshot_table`].
pub struct Table<K> {
    chosen: Arc<Chosen>,
    /// The part of `chosen` that this table has.
    range: Range<usize>,
    kind: PhantomData<K>,
}

impl<K: RowKind> Table<K> {
    fn new(state: Arc<State>, slots: Vec<Slot>) -> Self {
        let range = 0..slots.len();
        Self { chosen: Arc::new(Chosen { state, slots }), range, kind: PhantomData }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The names and types of the columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        K::schema()
    }

    /// One row, if there are so many.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<K::Row> {
        self.slots().get(index).map(|slot| K::row(&self.chosen, *slot))
    }

    /// The rows of that part, as far as there are any. Takes no time and next to no memory.
    #[must_use]
    pub fn slice(&self, part: Range<usize>) -> Self {
        let start = self.range.start.saturating_add(part.start).min(self.range.end);
        let end = self.range.start.saturating_add(part.end).clamp(start, self.range.end);
        Self { chosen: Arc::clone(&self.chosen), range: start..end, kind: PhantomData }
    }

    /// The rows at these places in this order, without those that are not there.
    #[must_use]
    pub fn pick(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let slots = self.slots();
        let picked = places.into_iter().filter_map(|place| slots.get(place).copied()).collect();
        Self::new(Arc::clone(&self.chosen.state), picked)
    }

    /// The rows as record batches of at most [`BATCH_ROWS`], each built when it is asked for.
    #[must_use]
    pub fn batches(&self) -> Batches<K> {
        Batches { rest: self.clone() }
    }

    fn slots(&self) -> &[Slot] {
        self.chosen.slots.get(self.range.clone()).unwrap_or_default()
    }
}

impl<K> Clone for Table<K> {
    fn clone(&self) -> Self {
        Self { chosen: Arc::clone(&self.chosen), range: self.range.clone(), kind: PhantomData }
    }
}

impl<K: RowKind> fmt::Debug for Table<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rows", &self.len()).finish_non_exhaustive()
    }
}

/// The record batches of a [`Table`].
pub struct Batches<K> {
    rest: Table<K>,
}

impl<K: RowKind> Iterator for Batches<K> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let now = self.rest.slice(0..BATCH_ROWS);
        self.rest = self.rest.slice(BATCH_ROWS..usize::MAX);
        let columns = K::columns(&now.chosen, now.slots());
        Some(columns.and_then(|columns| RecordBatch::try_new(K::schema(), columns)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rest.len().div_ceil(BATCH_ROWS);
        (left, Some(left))
    }
}

impl<K: RowKind> ExactSizeIterator for Batches<K> {}

impl<K: RowKind> RecordBatchReader for Batches<K> {
    fn schema(&self) -> SchemaRef {
        K::schema()
    }
}

impl<K: RowKind> fmt::Debug for Batches<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("left", &self.len()).finish_non_exhaustive()
    }
}

/// Identifiers as a column of text, like those of the tables.
///
/// # Errors
/// [`ArrowError::OffsetOverflowError`] for more texts than 32-bit offsets can tell apart, which is
/// almost sixty million.
pub fn uuid_texts(uuids: &[Uuid]) -> Result<ArrayRef, ArrowError> {
    let mut column = column::Uuids::new(uuids.len());
    for uuid in uuids {
        column.push(*uuid);
    }
    column.finish()
}

impl View {
    /// The selected volumes as a table, in order of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound) when there is no
    /// volume of the selection's `parent`;
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) when no name can
    /// ever match the selection's `name`.
    pub fn volume_table(self, selection: &VolumeSelection) -> Result<Table<Volumes>> {
        let state = self.into_state();
        let slots = selection.slots(&state)?;
        Ok(Table::new(Arc::new(state), slots))
    }

    /// The snapshots of the given volumes as a table, volume by volume in the order given, each
    /// volume's in order of creation; `None` stands for all volumes in order of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound) when there is no
    /// such volume; [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) when
    /// a volume is given twice.
    pub fn snapshot_table(
        self,
        volumes: Option<&[VolumeId]>,
    ) -> Result<Table<Snapshots>, BulkError> {
        let state = self.into_state();
        let slots = snapshots::slots(&state, volumes)?;
        Ok(Table::new(Arc::new(state), slots))
    }
}
