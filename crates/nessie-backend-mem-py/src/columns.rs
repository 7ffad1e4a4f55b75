//! The class `Table`: columns for whoever reads Arrow, dicts for everybody else.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatchReader;
use arrow_schema::SchemaRef;
use nessie_backend_core::VolumeId;
use nessie_backend_mem::View;
use nessie_backend_mem::columns::{self, Snapshots, VolumeSelection, Volumes};
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple, PyType};
use pyo3_arrow::PySchema;

use crate::args;
use crate::asked;
use crate::backend::list;
use crate::batch;
use crate::capsules;
use crate::errors::Result;
use crate::records::{self, Known};
use crate::time;

/// What selects volumes, as Python passes it.
pub(crate) struct SelectionArgs<'a, 'py> {
    pub(crate) name: Option<&'a Bound<'py, PyString>>,
    pub(crate) state: Option<&'a Bound<'py, PyString>>,
    pub(crate) is_clone: Option<&'a Bound<'py, PyAny>>,
    pub(crate) parent: Option<&'a Bound<'py, PyAny>>,
    pub(crate) created_before: Option<&'a Bound<'py, PyAny>>,
    pub(crate) created_after: Option<&'a Bound<'py, PyAny>>,
}

/// The table of the selected volumes.
pub(crate) fn volumes(py: Python<'_>, view: View, args: &SelectionArgs<'_, '_>) -> Result<Table> {
    let mut selection = VolumeSelection::new();
    selection.is_clone = args.is_clone.map(is_clone).transpose()?;
    if let Some(parent) = args.parent {
        selection.parent = Some(args::id::<VolumeId>("parent", parent)?.value);
    }
    let time = |argument, value: Option<&Bound<'_, PyAny>>| {
        value.map(|value| time::instant(argument, value)).transpose()
    };
    selection.created_before = time("created_before", args.created_before)?;
    selection.created_after = time("created_after", args.created_after)?;
    selection.name = args.name.map(|name| args::name(name).into_owned());
    if let Some(state) = args.state {
        selection.state = match state.to_string_lossy().parse() {
            Ok(state) => Some(state),
            Err(error) => {
                // A bad value beside a missing parent is "not found".
                selection.parent.map(|parent| view.volume_row(parent)).transpose()?;
                return Err(error.into());
            }
        };
    }
    let table = py.detach(|| view.volume_table(&selection))?;
    Ok(Table { rows: Rows::Volumes(table) })
}

fn is_clone(value: &Bound<'_, PyAny>) -> Result<bool> {
    match value.cast::<PyBool>() {
        Ok(value) => Ok(value.is_true()),
        Err(_) => Err(args::wrong_type("is_clone", "a bool", value)),
    }
}

/// The table of the snapshots of the given volumes, or of all.
pub(crate) fn snapshots(
    py: Python<'_>,
    view: View,
    vol_uuids: Option<&Bound<'_, PyAny>>,
) -> Result<Table> {
    let uuids = vol_uuids.map(|ids| batch::volume_ids("vol_uuids", ids)).transpose()?;
    let table = py.detach(|| {
        let volumes: Option<Vec<VolumeId>> =
            uuids.map(|uuids| uuids.as_slice().iter().copied().map(VolumeId::from).collect());
        view.snapshot_table(volumes.as_deref())
    })?;
    Ok(Table { rows: Rows::Snapshots(table) })
}

/// Volumes or snapshots as they were at one instant: columns for what reads Arrow, dicts for
/// everything else. Nothing changes a table.
///
/// It has the Arrow PyCapsule stream interface, so pyarrow.table(t), polars.DataFrame(t),
/// pandas.DataFrame.from_arrow(t) and duckdb.from_arrow(t) read it, as often as they like; this
/// package needs none of them. Columns are built 65536 rows at a time while they are read.
///
/// pandas.DataFrame(t) works too, but makes a dict of each row: it is slow, times are text, and
/// columns without any value are missing. In both, pandas makes a column of integers float64 if one
/// of them is null, as size_bytes is without a quota; pyarrow and polars keep the integers.
///
/// Of volumes the columns are: uuid, name, size_bytes, state, style, vol_type, create_time,
/// junction_path, export_policy, parent_volume, parent_snapshot, parent_volume_uuid,
/// parent_snapshot_uuid; of snapshots: volume_uuid, volume, uuid, name, create_time, size_consumed.
/// Sizes are uint64, times are timestamps in UTC, state, style and vol_type are dictionaries; uuids
/// are text, as in all other results and arguments. What a record lacks is null.
///
/// len(t) counts rows. t[i] is a fresh dict: a volume as list_volumes() gives it, a snapshot with
/// the keys of its columns; iter(t) yields them all. t[i:j] is a table of that part.
#[pyclass(frozen, weakref, module = "nessie_backend_mem")]
pub(crate) struct Table {
    rows: Rows,
}

/// The rows of either kind.
#[derive(Clone)]
enum Rows {
    Volumes(columns::Table<Volumes>),
    Snapshots(columns::Table<Snapshots>),
}

/// Does the same with the rows of either kind.
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
            Rows::Volumes($table) => Rows::Volumes($make),
            Rows::Snapshots($table) => Rows::Snapshots($make),
        }
    };
}

impl Rows {
    fn len(&self) -> usize {
        with!(self, table => table.len())
    }

    fn schema(&self) -> SchemaRef {
        with!(self, table => table.schema())
    }

    fn dict<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Option<Bound<'py, PyDict>>> {
        match self {
            Self::Volumes(table) => {
                table.row(index).map(|row| records::volume(py, &row, &Known::default())).transpose()
            }
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

    /// All rows as a list of fresh dicts.
    fn to_pylist<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        let dicts = (0..self.rows.len()).filter_map(|index| self.rows.dict(py, index).transpose());
        list(py, dicts, |dict| dict)
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __getitem__<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = index.py();
        if let Ok(slice) = index.cast::<PySlice>() {
            return Ok(Bound::new(py, self.part(slice)?)?.into_any());
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
        let kind = match self.rows {
            Rows::Volumes(_) => "volumes",
            Rows::Snapshots(_) => "snapshots",
        };
        let names: Vec<String> =
            self.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        format!("<Table of {kind}, rows={}, columns={}>", self.rows.len(), names.join(","))
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__<'py>(
        cls: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        cls.py().import("types")?.getattr("GenericAlias")?.call1((cls, item))
    }

    /// The names and types of the columns, for what reads Arrow.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsules::schema(py, &*self.rows.schema())
    }

    /// The columns, for what reads Arrow.
    ///
    /// requested_schema: other types to give the columns, if all of them can have theirs: text of any
    ///     kind, also in place of dictionaries; int64 in place of uint64.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let wanted = requested_schema.map(PySchema::from_arrow_pycapsule).transpose()?;
        let wanted = wanted.map(PySchema::into_inner);
        let table: Box<dyn RecordBatchReader + Send> = with!(&self.rows, table => match &wanted {
            Some(wanted) => asked::table(table.batches(), wanted),
            None => Box::new(table.batches()),
        });
        capsules::stream(py, table)
    }
}

impl Table {
    /// The place that an index means, if it can be one.
    fn place(&self, index: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let index = match index.extract::<isize>() {
            Ok(index) => index,
            Err(error) if error.is_instance_of::<PyOverflowError>(index.py()) => return Ok(None),
            Err(error) if error.is_instance_of::<PyTypeError>(index.py()) => {
                return Err(args::wrong_type("row index", "an int or slice", index).into());
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
