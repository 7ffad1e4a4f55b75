//! Tables of everything at one instant, as Arrow record batches.
//!
//! A [`Table`] is selected from a [`View`]: which volumes or snapshots it has is settled then, and
//! costs four bytes a row. Its columns are built when they are asked for, batch by batch, so an
//! export takes little more memory than what is exported. [`Table::to_bytes`] saves the rows of a
//! table, and nothing else of the backend, for another process.
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
//! // What was selected can be given back.
//! backend.delete_volumes(&builds.ids())?;
//! assert_eq!(backend.counts().volumes, 1);
//! # Ok(())
//! # }
//! ```

mod column;
mod pattern;
mod saved;
mod selection;
mod snapshots;
mod volumes;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use nessie_backend_core::{Result, Uuid};

use self::kind::{Selected, Viewed};
pub use self::selection::{SnapshotSelection, VolumeSelection};
pub use self::snapshots::{SnapshotOfVolume, Snapshots};
pub use self::volumes::Volumes;
use crate::error::BulkError;
use crate::state::State;
use crate::storage::slab::Slot;
use crate::view::View;

/// The most rows of a batch: enough that a batch costs next to nothing, few enough that one is
/// built in milliseconds and its texts never outgrow 32-bit offsets.
pub const BATCH_ROWS: usize = 1 << 16;

/// What the rows of a table are: [`Volumes`] or [`Snapshots`].
pub trait RowKind: kind::Kind {}

impl<K: kind::Kind> RowKind for K {}

/// What a kind of rows needs, which is nobody's to see.
mod kind {
    use nessie_backend_core::Result as CoreResult;
    use serde::{Deserialize, Serialize};

    use super::{Arc, ArrayRef, ArrowError, SchemaRef, Slot, State};

    pub trait Kind {
        /// A row as a value.
        type Row: Clone;
        /// What a bulk call knows a row by.
        type Id;
        /// A row as it is borrowed from where it is kept: what columns are filled with, and what a
        /// saved table has.
        type Fields<'a>: PartialEq + Serialize + Deserialize<'a>;

        /// Tells saved tables of the kinds apart.
        const TAG: u8;

        fn schema() -> SchemaRef;
        fn fields(of: &Viewed, slot: Slot) -> Self::Fields<'_>;
        fn fields_of_row(row: &Self::Row) -> Self::Fields<'_>;
        fn row(fields: Self::Fields<'_>) -> Self::Row;
        fn id(of: &Viewed, slot: Slot) -> Self::Id;
        fn id_of_row(row: &Self::Row) -> Self::Id;
        /// Refuses what no row of a backend has.
        fn check(fields: &Self::Fields<'_>) -> CoreResult<()>;
        /// The columns of so many rows, in the order of the schema.
        fn columns<'a>(
            rows: usize,
            fields: impl Iterator<Item = Self::Fields<'a>>,
        ) -> Result<Vec<ArrayRef>, ArrowError>;
    }

    /// Where the rows are: in the state of a backend, or, once a table was saved, in the table.
    #[derive(Debug)]
    pub(super) enum Selected<R> {
        Viewed(Viewed),
        Own(Vec<R>),
    }

    /// The rows that are in some slots of a state.
    #[derive(Debug)]
    pub struct Viewed {
        pub(super) state: Arc<State>,
        pub(super) slots: Vec<Slot>,
    }
}

/// Rows selected from a [`View`], in a fixed order. Nothing changes it, and copies share everything.
/// Two tables are equal if they have equal rows in the same order.
///
/// Made by [`View::volume_table`], [`View::snapshot_table`] and [`Table::from_bytes`].
pub struct Table<K: RowKind> {
    selected: Arc<Selected<K::Row>>,
    /// The part of `selected` that this table has.
    range: Range<usize>,
    kind: PhantomData<K>,
}

impl<K: RowKind> Table<K> {
    fn new(selected: Selected<K::Row>) -> Self {
        let rows = match &selected {
            Selected::Viewed(viewed) => viewed.slots.len(),
            Selected::Own(rows) => rows.len(),
        };
        Self { selected: Arc::new(selected), range: 0..rows, kind: PhantomData }
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
        let place = self.range.start.checked_add(index)?;
        self.range.contains(&place).then(|| self.fields_at(place).map(K::row)).flatten()
    }

    /// What a bulk call takes to do something with all rows: the identifiers of volumes, or those
    /// of snapshots with their volumes'.
    #[must_use]
    pub fn ids(&self) -> Vec<K::Id> {
        match &*self.selected {
            Selected::Viewed(viewed) => {
                let slots = viewed.slots.get(self.range.clone()).unwrap_or_default();
                slots.iter().map(|slot| K::id(viewed, *slot)).collect()
            }
            Selected::Own(rows) => {
                let rows = rows.get(self.range.clone()).unwrap_or_default();
                rows.iter().map(K::id_of_row).collect()
            }
        }
    }

    /// How many records this table keeps in memory, which may be all those of a backend.
    #[must_use]
    pub fn records(&self) -> usize {
        match &*self.selected {
            Selected::Viewed(viewed) => viewed.state.records(),
            Selected::Own(rows) => rows.len(),
        }
    }

    /// The rows of that part, as far as there are any. Takes no time and next to no memory.
    #[must_use]
    pub fn slice(&self, part: Range<usize>) -> Self {
        let start = self.range.start.saturating_add(part.start).min(self.range.end);
        let end = self.range.start.saturating_add(part.end).clamp(start, self.range.end);
        Self { selected: Arc::clone(&self.selected), range: start..end, kind: PhantomData }
    }

    /// The rows at these places in this order, without those that are not there.
    #[must_use]
    pub fn pick(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let places = places.into_iter();
        Self::new(match &*self.selected {
            Selected::Viewed(viewed) => {
                let slots = viewed.slots.get(self.range.clone()).unwrap_or_default();
                let slots = places.filter_map(|place| slots.get(place).copied()).collect();
                Selected::Viewed(Viewed { state: Arc::clone(&viewed.state), slots })
            }
            Selected::Own(rows) => {
                let rows = rows.get(self.range.clone()).unwrap_or_default();
                Selected::Own(places.filter_map(|place| rows.get(place).cloned()).collect())
            }
        })
    }

    /// The rows as record batches of at most [`BATCH_ROWS`], each built when it is asked for.
    #[must_use]
    pub fn batches(&self) -> Batches<K> {
        Batches { rest: self.clone() }
    }

    fn fields(&self) -> impl Iterator<Item = K::Fields<'_>> {
        self.range.clone().filter_map(|place| self.fields_at(place))
    }

    /// The fields at a place of `selected`.
    fn fields_at(&self, place: usize) -> Option<K::Fields<'_>> {
        match &*self.selected {
            Selected::Viewed(viewed) => Some(K::fields(viewed, *viewed.slots.get(place)?)),
            Selected::Own(rows) => rows.get(place).map(K::fields_of_row),
        }
    }
}

/// The table without rows.
impl<K: RowKind> Default for Table<K> {
    fn default() -> Self {
        Self::new(Selected::Own(Vec::new()))
    }
}

impl<K: RowKind> PartialEq for Table<K> {
    fn eq(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.selected, &other.selected) && self.range == other.range;
        is_same || self.len() == other.len() && self.fields().eq(other.fields())
    }
}

impl<K: RowKind> Eq for Table<K> {}

impl<K: RowKind> Clone for Table<K> {
    fn clone(&self) -> Self {
        Self { selected: Arc::clone(&self.selected), range: self.range.clone(), kind: PhantomData }
    }
}

impl<K: RowKind> fmt::Debug for Table<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rows", &self.len()).finish_non_exhaustive()
    }
}

/// The record batches of a [`Table`].
pub struct Batches<K: RowKind> {
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
        let columns = K::columns(now.len(), now.fields());
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
        let state = self.state;
        let slots = selection.slots(&state)?;
        Ok(Table::new(Selected::Viewed(Viewed { state: Arc::new(state), slots })))
    }

    /// The selected snapshots as a table, volume by volume in the order of the selection, each
    /// volume's in order of creation. Without volumes in the selection it is all of them, in order
    /// of creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound) when there is no
    /// such volume; [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) when
    /// a volume is given twice, or when no name can ever match the selection's `name`.
    pub fn snapshot_table(
        self,
        selection: &SnapshotSelection,
    ) -> Result<Table<Snapshots>, BulkError> {
        let state = self.state;
        let slots = selection.slots(&state)?;
        Ok(Table::new(Selected::Viewed(Viewed { state: Arc::new(state), slots })))
    }
}
