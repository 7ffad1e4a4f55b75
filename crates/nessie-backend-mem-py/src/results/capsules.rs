//! Arrow data for other libraries, in the capsules of the Arrow `PyCapsule` interface.

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatchReader};
use arrow_schema::{ArrowError, Field};
use nessie_backend_core::BackendError;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::errors::Error;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// What is wrong with a type that others hand in, if anything is. To be asked before it is read: a
/// type that is nested too deep would take the whole stack.
pub(crate) fn fault_of_schema(schema: &Bound<'_, PyCapsule>) -> PyResult<Option<String>> {
    checks(schema.py())?.call_method1(intern!(schema.py(), "fault_of_schema"), (schema,))?.extract()
}

/// What is wrong with an array that others hand in, if anything is.
pub(crate) fn fault_of_array(
    schema: &Bound<'_, PyCapsule>,
    array: &Bound<'_, PyCapsule>,
) -> PyResult<Option<String>> {
    let args = (schema, array);
    checks(schema.py())?.call_method1(intern!(schema.py(), "fault_of_array"), args)?.extract()
}

/// What is wrong with a stream that others hand in, if anything is.
pub(crate) fn fault_of_stream(stream: &Bound<'_, PyCapsule>) -> PyResult<Option<String>> {
    checks(stream.py())?.call_method1(intern!(stream.py(), "fault_of_stream"), (stream,))?.extract()
}

/// The module that looks into capsules, which Rust cannot do without unsafe code.
fn checks(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "nessie_backend_mem._capsules"))
}

/// The type that a reader asks for, once it is known to be no burden.
pub(crate) fn requested<T>(
    schema: &Bound<'_, PyCapsule>,
    read: impl FnOnce(&Bound<'_, PyCapsule>) -> PyResult<T>,
) -> PyResult<T> {
    match fault_of_schema(schema)? {
        None => read(schema),
        Some(fault) => {
            let argument = "requested_schema".into();
            Err(Error::from(BackendError::InvalidArgument { argument, reason: fault }).into())
        }
    }
}

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
