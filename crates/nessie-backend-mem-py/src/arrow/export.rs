//! Columns, tables and their types for other libraries.

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatchReader};
use arrow_schema::{ArrowError, Field};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

pub(super) const SCHEMA: &CStr = c"arrow_schema";
pub(super) const ARRAY: &CStr = c"arrow_array";
pub(super) const STREAM: &CStr = c"arrow_array_stream";

/// The capsule of the type of a column or a table.
pub(crate) fn schema(
    py: Python<'_>,
    types: impl TryInto<FFI_ArrowSchema, Error = ArrowError>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, types.try_into().map_err(value_error)?, SCHEMA)
}

/// The capsules of a column: its type and its data.
pub(crate) fn array<'py>(
    py: Python<'py>,
    field: &Field,
    column: &dyn Array,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let column = FFI_ArrowArray::new(&column.to_data());
    Ok((schema(py, field)?, PyCapsule::new_with_value(py, column, ARRAY)?))
}

/// The capsule of a table, which its reader reads batch by batch.
pub(crate) fn stream(
    py: Python<'_>,
    table: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(table), STREAM)
}

/// An error of Arrow as a `ValueError`.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to `map_err`")]
pub(crate) fn value_error(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
