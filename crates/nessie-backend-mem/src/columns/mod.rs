//! Tables of volumes and snapshots at one instant, as Arrow record batches.
//!
//! A [`Table`] is a selection from a [`View`]. It takes four bytes a row. Its columns are built on
//! demand, batch by batch, so an export takes little more memory than its result.
//! [`Table::to_bytes`] saves the rows of a table, and nothing else of the backend, for another
//! process.
//!
//! Names are selected by a pattern: `*` matches any characters, `?` exactly one, any other
//! character itself.
//!
//! Needs the feature `arrow`.
//!
//! # Version of Arrow
//!
//! The batches and schemas are types of `arrow-array` and `arrow-schema` 59, which are part of this
//! module's API. A new major version of Arrow comes with a minor version of this crate before 1.0,
//! and with a major version after it. A program with another version of Arrow can pass the batches
//! through Arrow's C data interface (`arrow::ffi`) or as IPC.
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
//! // A bulk call accepts the identifiers of the selected rows.
//! backend.delete_volumes(builds.ids())?;
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

/// Maximum number of rows in a batch: large enough that the cost per batch is negligible, small
/// enough that a batch is built in milliseconds and its texts fit 32-bit offsets.
pub const BATCH_ROWS: usize = 1 << 16;

/// The kind of a table's rows: [`Volumes`] or [`Snapshots`].
pub trait RowKind: kind::Kind {}

impl<K: kind::Kind> RowKind for K {}

/// Sealed: implementation details of [`RowKind`].
mod kind {
    use nessie_backend_core::Result as CoreResult;
    use serde::{Deserialize, Serialize};

    use super::{Arc, ArrayRef, ArrowError, SchemaRef, Slot, State};

    pub trait Kind {
        /// A row as a value.
        type Row: Clone;
        /// The identifier of a row in a bulk call.
        type Id;
        /// A borrowed row: the input of the columns, and the content of a saved table.
        type Fields<'a>: PartialEq + Serialize + Deserialize<'a>;

        /// The kind in a saved table.
        const TAG: u8;

        fn schema() -> SchemaRef;
        fn fields(of: &Viewed, slot: Slot) -> Self::Fields<'_>;
        fn fields_of_row(row: &Self::Row) -> Self::Fields<'_>;
        fn row(fields: Self::Fields<'_>) -> Self::Row;
        fn id(of: &Viewed, slot: Slot) -> Self::Id;
        fn id_of_row(row: &Self::Row) -> Self::Id;
        /// Refuses values that no row of a backend has.
        fn check(fields: &Self::Fields<'_>) -> CoreResult<()>;
        /// The columns of `rows` rows, in the order of the schema.
        fn columns<'a>(
            rows: usize,
            fields: impl Iterator<Item = Self::Fields<'a>>,
        ) -> Result<Vec<ArrayRef>, ArrowError>;
    }

    /// The rows: slots of a state, or, in a table that was saved, the rows themselves.
    #[derive(Debug)]
    pub(super) enum Selected<R> {
        Viewed(Viewed),
        Own(Vec<R>),
    }

    /// A state and the slots of the rows.
    #[derive(Debug)]
    pub struct Viewed {
        pub(super) state: Arc<State>,
        pub(super) slots: Vec<Slot>,
    }
}

/// Rows selected from a [`View`], in a fixed order. Immutable; copies share everything. Two tables
/// are equal if they have equal rows in the same order.
///
/// Made by [`View::volume_table`], [`View::snapshot_table`] and [`Table::from_bytes`].
pub struct Table<K: RowKind> {
    selected: Arc<Selected<K::Row>>,
    /// The part of `selected` that belongs to this table.
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

    /// The number of rows.
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

    /// The row at `index`, if there is one.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<K::Row> {
        let place = self.range.start.checked_add(index)?;
        self.range.contains(&place).then(|| self.fields_at(place).map(K::row)).flatten()
    }

    /// The identifiers of all rows, as a bulk call takes them: volumes, or pairs of a volume and
    /// its snapshot.
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

    /// The number of records that this table keeps in memory. It can be that of the whole backend.
    #[must_use]
    pub fn records(&self) -> usize {
        match &*self.selected {
            Selected::Viewed(viewed) => viewed.state.records(),
            Selected::Own(rows) => rows.len(),
        }
    }

    /// The rows of that part; the end of the range may exceed the table. Takes constant time.
    #[must_use]
    pub fn slice(&self, part: Range<usize>) -> Self {
        let start = self.range.start.saturating_add(part.start).min(self.range.end);
        let end = self.range.start.saturating_add(part.end).clamp(start, self.range.end);
        Self { selected: Arc::clone(&self.selected), range: start..end, kind: PhantomData }
    }

    /// The rows at these indexes, in this order. Skips indexes that the table does not have.
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

    /// The rows as record batches of at most [`BATCH_ROWS`] rows, each built on demand.
    #[must_use]
    pub fn batches(&self) -> Batches<K> {
        Batches { rest: self.clone() }
    }

    fn fields(&self) -> impl Iterator<Item = K::Fields<'_>> {
        self.range.clone().filter_map(|place| self.fields_at(place))
    }

    /// The fields of the row at a place of `selected`.
    fn fields_at(&self, place: usize) -> Option<K::Fields<'_>> {
        match &*self.selected {
            Selected::Viewed(viewed) => Some(K::fields(viewed, *viewed.slots.get(place)?)),
            Selected::Own(rows) => rows.get(place).map(K::fields_of_row),
        }
    }
}

/// The empty table.
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

/// Identifiers as a column of text, as in the tables.
///
/// # Errors
/// [`ArrowError::OffsetOverflowError`] for more texts than fit 32-bit offsets: almost sixty
/// million.
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
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound) if the selection's
    /// `parent` or `parent_snapshot` does not exist;
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) if no valid name can
    /// match the selection's `name`.
    pub fn volume_table(self, selection: &VolumeSelection) -> Result<Table<Volumes>> {
        let state = self.state;
        let slots = selection.slots(&state)?;
        Ok(Table::new(Selected::Viewed(Viewed { state: Arc::new(state), slots })))
    }

    /// The selected snapshots as a table, volume by volume: in the order of the selection's
    /// `volumes`, or of all volumes in order of creation. The snapshots of a volume are in order of
    /// creation.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound) if a volume does not
    /// exist; [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) if a volume
    /// occurs twice, or if no valid name can match the selection's `name`.
    pub fn snapshot_table(
        self,
        selection: &SnapshotSelection,
    ) -> Result<Table<Snapshots>, BulkError> {
        let state = self.state;
        let slots = selection.slots(&state)?;
        Ok(Table::new(Selected::Viewed(Viewed { state: Arc::new(state), slots })))
    }
}
