//! The class `Uuids`.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType, Field};
use nessie_backend_core::{Uuid, VolumeId};
use nessie_backend_mem::columns;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{PyBytes, PyCapsule, PyList, PySlice, PyString, PyTuple};

use crate::args::scalars;
use crate::arrow::cast::{self, UUID_BYTES};
use crate::arrow::{export, import};
use crate::results::html;
use crate::results::records::uuid_text;
use crate::runtime::interrupt::{self, Items};

/// uuids from a bulk call: an immutable sequence of `str`.
///
/// It takes 16 bytes per item, and bulk calls read it without parsing. Index,
/// slice, iterate and compare it like a list. A slice shares its items.
///
/// It equals another `Uuids`, a list or a tuple with the same items. It is
/// false if it is empty. It has no hash, because it equals lists. A copy is the
/// object itself. It can be pickled.
///
/// Arrow reads it as a column of text: ``pyarrow.array(u)``,
/// ``polars.Series(u)``, ``pandas.Series.from_arrow(u)``. It can be joined with
/// the column uuid of `volumes()`.
#[pyclass(frozen, sequence, weakref, module = "nessie_backend_mem")]
#[derive(Clone)]
pub(crate) struct Uuids {
    /// A vector, because bulk calls return one.
    all: Arc<Vec<Uuid>>,
    part: Range<usize>,
}

impl Uuids {
    pub(crate) fn new(uuids: impl IntoIterator<Item = Uuid>) -> Self {
        let all: Vec<Uuid> = uuids.into_iter().collect();
        Self { part: 0..all.len(), all: Arc::new(all) }
    }

    pub(crate) fn as_slice(&self) -> &[Uuid] {
        self.all.get(self.part.clone()).unwrap_or_default()
    }

    /// The items as identifiers of volumes.
    pub(crate) fn volume_ids(&self) -> impl ExactSizeIterator<Item = VolumeId> + '_ {
        self.as_slice().iter().map(|uuid| VolumeId::new(*uuid))
    }

    fn slice(&self, slice: &Bound<'_, PySlice>) -> PyResult<Self> {
        let PySliceIndices { start, step, slicelength, .. } =
            slice.indices(self.part.len().cast_signed())?;
        if step == 1 {
            let start = self.part.start + start.cast_unsigned();
            return Ok(Self { all: Arc::clone(&self.all), part: start..start + slicelength });
        }
        let places = (0..slicelength.cast_signed()).map(|n| start + n * step);
        let items = self.as_slice();
        let pick = || Self::new(places.filter_map(|at| items.get(at.cast_unsigned()).copied()));
        Ok(slice.py().detach(pick))
    }

    fn text<'py>(py: Python<'py>, uuid: &Uuid) -> Bound<'py, PyString> {
        uuid_text(py, &None, *uuid)
    }

    /// The column with its type: the requested type if it can be cast to that.
    fn column(&self, wanted: Option<&Field>) -> Result<(Field, ArrayRef), ArrowError> {
        let uuids = self.as_slice();
        let own = column_field();
        let Some(wanted) = wanted else { return Ok((own, columns::uuid_texts(uuids)?)) };
        let kind = wanted.data_type();
        if *kind == DataType::FixedSizeBinary(UUID_BYTES) {
            // The metadata of the field may declare an extension of that type.
            let metadata = wanted.metadata().clone();
            let field = own.with_data_type(kind.clone()).with_metadata(metadata);
            return Ok((field, cast::uuid_bytes(uuids)?));
        }
        let texts = columns::uuid_texts(uuids)?;
        if !cast::can_cast(texts.data_type(), kind) {
            return Ok((own, texts));
        }
        Ok((own.with_data_type(kind.clone()), cast::cast_array(&texts, kind)?))
    }

    /// Whether a list or tuple has the same items, as text in any spelling or as `uuid.UUID`.
    fn equals(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if other.len()? != self.part.len() {
            return Ok(false);
        }
        for (index, (uuid, item)) in self.as_slice().iter().zip(Items::of(other)?).enumerate() {
            if scalars::uuid(&item?) != Some(*uuid) {
                return Ok(false);
            }
            interrupt::check(other.py(), index + 1)?;
        }
        Ok(true)
    }
}

/// The type of the column. It has no name.
fn column_field() -> Field {
    Field::new("", DataType::Utf8, false)
}

#[pymethods]
impl Uuids {
    fn __len__(&self) -> usize {
        self.part.len()
    }

    fn __getitem__<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = index.py();
        if let Ok(slice) = index.cast::<PySlice>() {
            return Ok(Bound::new(py, self.slice(slice)?)?.into_any());
        }
        let index: isize = index.extract().map_err(|error: PyErr| {
            if error.is_instance_of::<PyOverflowError>(py) {
                return PyIndexError::new_err("index is out of range");
            }
            if !error.is_instance_of::<PyTypeError>(py) {
                return error;
            }
            let found =
                index.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
            PyTypeError::new_err(format!("indices must be integers or slices, not {found}"))
        })?;
        let from_start = if index < 0 { index + self.part.len().cast_signed() } else { index };
        let uuid = usize::try_from(from_start).ok().and_then(|at| self.as_slice().get(at));
        let out_of_range = || {
            let len = self.part.len();
            PyIndexError::new_err(format!("index {index} is out of range for {len} uuids"))
        };
        Ok(Self::text(py, uuid.ok_or_else(out_of_range)?).into_any())
    }

    fn __iter__(&self) -> UuidIterator {
        UuidIterator { all: Arc::clone(&self.all), left: Mutex::new(self.part.clone()) }
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> bool {
        scalars::uuid(item).is_some_and(|uuid| self.as_slice().contains(&uuid))
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let equal = if let Ok(other) = other.cast::<Self>() {
            self.as_slice() == other.get().as_slice()
        } else if other.is_instance_of::<PyList>() || other.is_instance_of::<PyTuple>() {
            self.equals(other)?
        } else {
            return Ok(py.NotImplemented());
        };
        Ok(match op {
            CompareOp::Eq => equal.into_pyobject(py)?.to_owned().into_any().unbind(),
            CompareOp::Ne => (!equal).into_pyobject(py)?.to_owned().into_any().unbind(),
            _ => py.NotImplemented(),
        })
    }

    fn __repr__(&self) -> String {
        const SHOWN: usize = 3;
        let mut items: Vec<String> =
            self.as_slice().iter().take(SHOWN).map(|uuid| format!("'{uuid}'")).collect();
        if self.part.len() > SHOWN {
            items.push(format!("… {} in all", self.part.len()));
        }
        format!("<Uuids [{}]>", items.join(", "))
    }

    /// What a notebook shows: the number of items, the first and the last of them.
    fn _repr_html_<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        html::render(this.py(), "uuids", (this,))
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let make = py.get_type::<Self>().getattr("from_bytes")?;
        Ok((make, (self.to_bytes(py),)))
    }

    fn __copy__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __deepcopy__<'py>(this: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        this
    }

    /// Return the items as a list.
    ///
    /// Returns:
    ///     list[str]: The uuids in lower case with hyphens.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for (index, uuid) in self.as_slice().iter().enumerate() {
            list.append(Self::text(py, uuid))?;
            interrupt::check(py, index + 1)?;
        }
        Ok(list)
    }

    /// Return the items as bytes.
    ///
    /// Returns:
    ///     bytes: 16 bytes per item.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes = |uuids: &[Uuid]| -> Vec<u8> {
            uuids.iter().flat_map(|uuid| *uuid.as_bytes()).collect()
        };
        PyBytes::new(py, &py.detach(|| bytes(self.as_slice())))
    }

    /// Return the uuids whose bytes these are.
    ///
    /// Args:
    ///     data (bytes): 16 bytes per uuid.
    ///
    /// Returns:
    ///     Uuids: The uuids.
    ///
    /// Raises:
    ///     ValueError: The number of bytes is not a multiple of 16.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        let (uuids, rest) = data.as_chunks();
        if !rest.is_empty() {
            let message = format!("{} bytes are not a multiple of 16", data.len());
            return Err(PyValueError::new_err(message));
        }
        Ok(py.detach(|| Self::new(uuids.iter().copied().map(Uuid::from_bytes))))
    }

    /// Return the type of the column, for Arrow.
    ///
    /// Returns:
    ///     PyCapsule: An ArrowSchema.
    #[expect(clippy::unused_self, reason = "all of them have the same type")]
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema(py, column_field())
    }

    /// Return the column, for Arrow.
    ///
    /// Args:
    ///     requested_schema (PyCapsule): Another type for the column, used if
    ///         it is any string type or binary of 16 bytes, which Arrow's type
    ///         for uuids is made of.
    ///
    /// Returns:
    ///     tuple[PyCapsule, PyCapsule]: An ArrowSchema and an ArrowArray.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let wanted = requested_schema.map(import::requested).transpose()?;
        let (field, column) =
            py.detach(|| self.column(wanted.as_ref())).map_err(export::value_error)?;
        export::array(py, &field, &column)
    }

    /// Return the position of the first item that equals `item`.
    ///
    /// Args:
    ///     item (object): A uuid.
    ///     start (int): Position of the first item to compare.
    ///     stop (int): Position after the last item to compare.
    ///
    /// Returns:
    ///     int: The position, counted from 0.
    ///
    /// Raises:
    ///     ValueError: No item equals `item`.
    #[pyo3(signature = (item, start=None, stop=None))]
    fn index(
        &self,
        item: &Bound<'_, PyAny>,
        start: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<usize> {
        // A slice clamps numbers and counts negative ones from the end, as `list.index` does.
        let py = item.py();
        let part = py.get_type::<PySlice>().call1((start, stop))?.cast_into::<PySlice>()?;
        let PySliceIndices { start, slicelength, .. } =
            part.indices(self.part.len().cast_signed())?;
        let start = start.unsigned_abs();
        scalars::uuid(item)
            .zip(self.as_slice().get(start..start + slicelength))
            .and_then(|(uuid, items)| items.iter().position(|other| *other == uuid))
            .map(|at| start + at)
            .ok_or_else(|| PyValueError::new_err("it is not among these uuids"))
    }

    /// Return the number of items that equal `item`.
    ///
    /// Args:
    ///     item (object): A uuid.
    ///
    /// Returns:
    ///     int: 0, or more if uuids repeat.
    fn count(&self, item: &Bound<'_, PyAny>) -> usize {
        let wanted = scalars::uuid(item);
        self.as_slice().iter().filter(|uuid| Some(**uuid) == wanted).count()
    }
}

/// Yields the items of a `Uuids`.
#[pyclass(frozen, module = "nessie_backend_mem._core")]
struct UuidIterator {
    all: Arc<Vec<Uuid>>,
    left: Mutex<Range<usize>>,
}

#[pymethods]
impl UuidIterator {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        let at = self.left.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        Some(Uuids::text(py, self.all.get(at)?))
    }

    fn __length_hint__(&self) -> usize {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
