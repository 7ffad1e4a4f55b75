//! The class `Table`: rows as Arrow columns and as dicts.
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these are Python's docstrings, shown as plain text"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatchReader;
use arrow_schema::{Schema, SchemaRef};
use nessie_backend_core::{SnapshotId, Uuid, VolumeId};
use nessie_backend_mem::columns::{self, Snapshots, Volumes};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{PyBool, PyBytes, PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple, PyType};

use crate::args::scalars;
use crate::arrow::{cast, export, import};
use crate::errors::Result;
use crate::results::html;
use crate::results::records::{self, ReusedText};
use crate::results::uuids::Uuids;
use crate::runtime::freed::Freed;
use crate::runtime::interrupt;

/// Make the table that pickling saved.
#[pyfunction]
#[pyo3(name = "_restore_table")]
pub(crate) fn restore_table(kind: &str, rows: &Bound<'_, PyBytes>) -> Result<Table> {
    let (py, bytes) = (rows.py(), rows.as_bytes());
    Ok(if kind == Rows::VOLUMES {
        Table::of_volumes(py.detach(|| columns::Table::from_bytes(bytes))?)
    } else {
        Table::of_snapshots(py.detach(|| columns::Table::from_bytes(bytes))?)
    })
}

/// Volumes or snapshots as columns and as dicts. A table never changes.
///
/// Libraries read a table through Arrow's PyCapsule stream interface:
/// ``pyarrow.table(t)``, ``polars.DataFrame(t)``,
/// ``pandas.DataFrame.from_arrow(t)``, ``duckdb.from_arrow(t)``. This package
/// needs none of them. Columns are built 65536 rows at a time while they are
/// read.
///
/// ``pandas.DataFrame(t)`` works, too. It is slow, because it makes a dict of
/// each row; times are text, and columns without values are missing. With both,
/// pandas makes a column of integers float64 if one of them is null, such as
/// the size of a volume without a quota. pyarrow and polars keep integers.
///
/// Columns of volumes: uuid, name, size_bytes, state, style, vol_type,
/// create_time, used_bytes, junction_path, export_policy, snapshot_policy,
/// parent_volume, parent_snapshot, parent_volume_uuid, parent_snapshot_uuid.
///
/// Columns of snapshots: volume_uuid, volume, uuid, name, create_time,
/// size_consumed, expires_at.
///
/// Sizes are uint64 and in bytes. Times are timestamps in UTC. State, style and
/// vol_type are dictionaries. uuids are text. A missing key of a record is
/// null.
///
/// ``len(t)`` is the number of rows. ``t[i]`` is a row as a new dict: a volume
/// as from `list_volumes()`, or a `SnapshotRow`.
/// ``iter(t)`` yields all rows. ``t[i:j]`` is a table of these rows.
/// ``t["name"]`` is a column, as from `column()`.
///
/// Bulk methods of `MemBackend` accept a table:
/// ``b.delete_volumes(b.volumes(name="tmp-*"))``.
///
/// Tables are equal if they are of the same kind and have equal rows in the
/// same order. A table is false if it is empty. It has no hash. A copy is the
/// table itself. A pickle has its rows.
#[pyclass(frozen, weakref, module = "nessie_backend_mem")]
pub(crate) struct Table {
    rows: Rows,
}

/// The rows of either kind.
#[derive(Clone)]
enum Rows {
    Volumes(Freed<columns::Table<Volumes>>),
    Snapshots(Freed<columns::Table<Snapshots>>),
}

/// Evaluates an expression for the rows of either kind.
macro_rules! with {
    ($rows:expr, $table:ident => $do:expr) => {
        match $rows {
            Rows::Volumes($table) => $do,
            Rows::Snapshots($table) => $do,
        }
    };
}

/// Makes rows of the kind that `rows` has.
macro_rules! same_kind {
    ($rows:expr, $table:ident => $make:expr) => {
        match $rows {
            Rows::Volumes($table) => Rows::Volumes(Freed::new($make)),
            Rows::Snapshots($table) => Rows::Snapshots(Freed::new($make)),
        }
    };
}

impl Rows {
    const VOLUMES: &str = "volumes";
    const SNAPSHOTS: &str = "snapshots";

    const fn kind(&self) -> &'static str {
        match self {
            Self::Volumes(_) => Self::VOLUMES,
            Self::Snapshots(_) => Self::SNAPSHOTS,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Volumes(one), Self::Volumes(other)) => **one == **other,
            (Self::Snapshots(one), Self::Snapshots(other)) => **one == **other,
            _ => false,
        }
    }

    fn len(&self) -> usize {
        with!(self, table => table.len())
    }

    fn schema(&self) -> SchemaRef {
        with!(self, table => table.schema())
    }

    fn dict<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Option<Bound<'py, PyDict>>> {
        match self {
            Self::Volumes(table) => table
                .row(index)
                .map(|row| records::volume(py, &row, &ReusedText::none()))
                .transpose(),
            Self::Snapshots(table) => {
                table.row(index).map(|row| records::snapshot_of_volume(py, &row)).transpose()
            }
        }
    }
}

#[pymethods]
impl Table {
    /// The names of the columns, in order.
    #[getter]
    fn column_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.rows.schema().fields().iter().map(|field| field.name()))
    }

    /// Return one column, as the dicts show it. ``t[name]`` is the same.
    ///
    /// Args:
    ///     name (str): One of `column_names`.
    ///
    /// Returns:
    ///     Uuids | list: Uuids for "uuid" and "volume_uuid". For other columns
    ///     a list, with None where a dict lacks the key.
    ///
    /// Raises:
    ///     KeyError: There is no such column.
    fn column<'py>(&self, name: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let py = name.py();
        let text = scalars::string("name", name)?.to_string_lossy();
        let schema = self.rows.schema();
        if schema.index_of(&text).is_err() {
            let names: Vec<&str> =
                schema.fields().iter().map(|field| field.name().as_str()).collect();
            let message = format!("no column {text:?}; there are {}", names.join(", "));
            return Err(PyKeyError::new_err(message).into());
        }
        if let Some(uuids) = self.uuids(py, &text) {
            return Ok(Bound::new(py, uuids)?.into_any());
        }
        let value = |index| match &self.rows {
            Rows::Volumes(table) => {
                let row = table.row(index)?;
                Some(records::volume_column(py, &row, &text))
            }
            Rows::Snapshots(table) => {
                let row = table.row(index)?;
                Some(records::snapshot_column(py, &row, &text))
            }
        };
        let values = interrupt::list(py, (0..self.rows.len()).filter_map(value), |value| value)?;
        Ok(values.into_any())
    }

    /// Return all rows as new dicts.
    ///
    /// Returns:
    ///     list[Volume] | list[SnapshotRow]: The rows.
    fn to_pylist<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        let dicts = (0..self.rows.len()).filter_map(|index| self.rows.dict(py, index).transpose());
        Ok(interrupt::list(py, dicts, |dict| dict)?)
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __getitem__<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = index.py();
        if let Ok(slice) = index.cast::<PySlice>() {
            return Ok(Bound::new(py, self.part(slice)?)?.into_any());
        }
        if index.is_instance_of::<PyString>() {
            return Ok(self.column(index)?);
        }
        let dict = match self.place(index)? {
            Some(place) => self.rows.dict(py, place)?,
            None => None,
        };
        let out_of_range = || PyIndexError::new_err("row index out of range");
        dict.map(Bound::into_any).ok_or_else(out_of_range)
    }

    fn __iter__(&self) -> RowIterator {
        RowIterator { rows: self.rows.clone(), next: AtomicUsize::new(0) }
    }

    fn __repr__(&self) -> String {
        let kind = self.rows.kind();
        let names: Vec<String> =
            self.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        format!("<Table of {kind}, rows={}, columns={}>", self.rows.len(), names.join(","))
    }

    /// What a notebook shows: the number of rows, the first and the last of them.
    fn _repr_html_<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        html::render(this.py(), "table", (this.get().rows.kind(), this))
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, op: CompareOp) -> Py<PyAny> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return py.NotImplemented() };
        let wanted = match op {
            CompareOp::Eq => true,
            CompareOp::Ne => false,
            _ => return py.NotImplemented(),
        };
        let other = &other.get().rows;
        let equal = py.detach(|| self.rows.equals(other));
        PyBool::new(py, equal == wanted).to_owned().into_any().unbind()
    }

    fn __copy__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __deepcopy__<'py>(this: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        this
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Reduced<'py>> {
        let bytes = py.detach(|| with!(&self.rows, table => table.to_bytes()))?;
        let restore = py.import("nessie_backend_mem._core")?.getattr("_restore_table")?;
        Ok((restore, (self.rows.kind(), PyBytes::new(py, &bytes))))
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__<'py>(
        cls: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        cls.py().import("types")?.getattr("GenericAlias")?.call1((cls, item))
    }

    /// Return the names and types of the columns, for Arrow.
    ///
    /// Returns:
    ///     PyCapsule: An ArrowSchema.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema(py, &*self.rows.schema())
    }

    /// Return the columns, for Arrow.
    ///
    /// Args:
    ///     requested_schema (PyCapsule): Other types for the columns. They are
    ///         used if all columns can have them: any string type for text and
    ///         for dictionaries, int64 for uint64.
    ///
    /// Returns:
    ///     PyCapsule: An ArrowArrayStream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let wanted = requested_schema.map(import::requested::<Schema>).transpose()?;
        let table: Box<dyn RecordBatchReader + Send> = with!(&self.rows, table => match &wanted {
            Some(wanted) => cast::cast_reader(table.batches(), wanted),
            None => Box::new(table.batches()),
        });
        export::stream(py, table)
    }
}

/// The function that restores the table, and its arguments: the kind of the rows, and the rows.
type Reduced<'py> = (Bound<'py, PyAny>, (&'static str, Bound<'py, PyBytes>));

impl Table {
    pub(crate) const fn of_volumes(table: columns::Table<Volumes>) -> Self {
        Self { rows: Rows::Volumes(Freed::new(table)) }
    }

    pub(crate) const fn of_snapshots(table: columns::Table<Snapshots>) -> Self {
        Self { rows: Rows::Snapshots(Freed::new(table)) }
    }

    /// The identifiers of the volumes, if the rows are volumes.
    pub(crate) fn volume_ids(&self, py: Python<'_>) -> Option<Vec<Uuid>> {
        let Rows::Volumes(table) = &self.rows else { return None };
        Some(py.detach(|| table.ids().into_iter().map(VolumeId::uuid).collect()))
    }

    /// The identifiers of the snapshots and of their volumes, if the rows are snapshots.
    pub(crate) fn snapshot_ids(&self, py: Python<'_>) -> Option<Vec<(VolumeId, SnapshotId)>> {
        let Rows::Snapshots(table) = &self.rows else { return None };
        Some(py.detach(|| table.ids()))
    }

    /// A column of identifiers that every row has.
    fn uuids(&self, py: Python<'_>, column: &str) -> Option<Uuids> {
        match (&self.rows, column) {
            (Rows::Volumes(_), "uuid") => self.volume_ids(py).map(Uuids::new),
            (Rows::Snapshots(table), "uuid") => Some(py.detach(|| {
                Uuids::new(table.ids().into_iter().map(|(_, snapshot)| snapshot.uuid()))
            })),
            (Rows::Snapshots(table), "volume_uuid") => {
                Some(py.detach(|| {
                    Uuids::new(table.ids().into_iter().map(|(volume, _)| volume.uuid()))
                }))
            }
            _ => None,
        }
    }

    /// The index from the start, if it is in range.
    fn place(&self, index: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let index = match index.extract::<isize>() {
            Ok(index) => index,
            Err(error) if error.is_instance_of::<PyOverflowError>(index.py()) => return Ok(None),
            Err(error) if error.is_instance_of::<PyTypeError>(index.py()) => {
                return Err(scalars::wrong_type(
                    "row index",
                    "an int or slice, or the name of a column",
                    index,
                )
                .into());
            }
            Err(error) => return Err(error),
        };
        Ok(match usize::try_from(index) {
            Ok(place) => Some(place),
            Err(_) => self.rows.len().checked_sub(index.unsigned_abs()),
        })
    }

    fn part(&self, slice: &Bound<'_, PySlice>) -> PyResult<Self> {
        let slice_of = isize::try_from(self.rows.len())?;
        let PySliceIndices { start, step, slicelength, .. } = slice.indices(slice_of)?;
        let rows = if step == 1 {
            let start = start.unsigned_abs();
            same_kind!(&self.rows, table => table.slice(start..start + slicelength))
        } else {
            let place = |nth: usize| (start + step * nth.cast_signed()).unsigned_abs();
            let places = (0..slicelength).map(place);
            slice.py().detach(|| same_kind!(&self.rows, table => table.pick(places)))
        };
        Ok(Self { rows })
    }
}

/// Yields the rows of a table.
#[pyclass(frozen, module = "nessie_backend_mem._core")]
struct RowIterator {
    rows: Rows,
    next: AtomicUsize,
}

#[pymethods]
impl RowIterator {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.rows.dict(py, self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn __length_hint__(&self) -> usize {
        self.rows.len().saturating_sub(self.next.load(Ordering::Relaxed))
    }
}
