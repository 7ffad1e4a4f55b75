//! Arrow data for other libraries, in the capsules of the Arrow `PyCapsule` interface.

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatchReader};
use arrow_schema::{ArrowError, Field};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// The types of a column or of a table.
pub(crate) fn schema(
    py: Python<'_>,
    types: impl TryInto<FFI_ArrowSchema, Error = ArrowError>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, types.try_into().map_err(raised)?, SCHEMA)
}

/// A column with its type.
pub(crate) fn array<'py>(
    py: Python<'py>,
    field: &Field,
    column: &dyn Array,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let column = FFI_ArrowArray::new(&column.to_data());
    Ok((schema(py, field)?, PyCapsule::new_with_value(py, column, ARRAY)?))
}

/// A table, read batch by batch.
pub(crate) fn stream(
    py: Python<'_>,
    table: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(table), STREAM)
}

/// An error of Arrow as one of Python.
#[expect(clippy::needless_pass_by_value, reason = "it stands where a function of errors does")]
pub(crate) fn raised(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
