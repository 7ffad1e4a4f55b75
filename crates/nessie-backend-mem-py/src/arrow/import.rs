//! Columns, tables and types of other libraries, out of their capsules.
//!
//! This is the only module with unsafe code. A capsule holds the address of one of Arrow's C
//! structures, and safe Rust cannot read it. The module trusts that a capsule with one of Arrow's
//! names holds such a structure, and that its producer has filled it as Arrow's C data interface
//! requires. It checks the mistakes that can happen by accident, before `arrow_array` reads the
//! structure: another reader has emptied it; a text is not UTF-8, or the data have not the buffers of
//! their type, at which `arrow_array` panics; types are nested so deep that the stack would overflow.
//!
//! A reader may empty a capsule. With a GIL, one thread reads at a time. On a free-threaded Python, each
//! read is in a critical section of the capsule, so that one thread of this module reads at a time. The
//! module trusts that no reader of another library reads the same capsule at the same moment: Arrow has
//! no lock for that, and a producer makes a new capsule for each reader.
#![expect(unsafe_code, reason = "Arrow's C structures are read through pointers")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::slice;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_data::layout;
use arrow_schema::{ArrowError, DataType};
use nessie_backend_core::BackendError;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::critical_section::{with_critical_section, with_critical_section2};
use pyo3::types::PyCapsule;

use super::export::{ARRAY, SCHEMA, STREAM, value_error};
use crate::errors::Error;

/// The most types that may lie within each other. Other readers of Arrow have the same limit.
const MAX_NESTING: usize = 64;

// The faults of a capsule. Each text continues the name of the argument.
const NO_TYPE: &str = "has no type: its capsule was read before";
const NO_DATA: &str = "has no data: its capsule was read before";
const OTHER_TYPE: &str = "has data of another type than it declares";
const NOT_UTF8: &str = "has a type whose name is not UTF-8";
const TOO_DEEP: &str = "has types that are nested more than 64 deep";

/// The content of a capsule, or its fault.
type Checked<T> = Result<T, &'static str>;

/// The chunks of a column or a table.
pub(crate) struct Chunks {
    kind: DataType,
    source: Source,
}

enum Source {
    Array(Option<ArrayRef>),
    Stream(FFI_ArrowArrayStream),
}

impl Chunks {
    /// The one chunk in the capsules that `__arrow_c_array__` returned.
    ///
    /// # Errors
    /// `ValueError` for other capsules, `TypeError` for a type that `arrow_array` does not have.
    pub(crate) fn of_array(
        schema: &Bound<'_, PyCapsule>,
        array: &Bound<'_, PyCapsule>,
    ) -> PyResult<Checked<Self>> {
        with_critical_section2(schema, array, || Self::of_array_alone(schema, array))
    }

    /// As [`of_array`](Self::of_array), in a critical section of both capsules.
    fn of_array_alone(
        schema: &Bound<'_, PyCapsule>,
        array: &Bound<'_, PyCapsule>,
    ) -> PyResult<Checked<Self>> {
        let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
        // SAFETY: A capsule with this name holds this structure, and nothing else writes to it within
        // the critical section. It is moved out, and an empty structure is left behind.
        let array = unsafe { FFI_ArrowArray::from_raw(array.as_ptr()) };
        if array.is_released() {
            return Ok(Err(NO_DATA));
        }
        let schema = match checked_schema(schema)? {
            Ok(schema) => schema,
            Err(fault) => return Ok(Err(fault)),
        };
        let kind = DataType::try_from(schema).map_err(type_error)?;
        if !has_layout(&array, &kind) {
            return Ok(Err(OTHER_TYPE));
        }
        // SAFETY: The producer promises that the array has this type.
        let data = unsafe { from_ffi(array, schema) }.map_err(type_error)?;
        let chunk = make_array(data);
        Ok(Ok(Self { kind: chunk.data_type().clone(), source: Source::Array(Some(chunk)) }))
    }

    /// The chunks of the capsule that `__arrow_c_stream__` returned.
    ///
    /// # Errors
    /// `ValueError` for another capsule, and for a type that cannot be read.
    pub(crate) fn of_stream(stream: &Bound<'_, PyCapsule>) -> PyResult<Checked<Self>> {
        let pointer = stream.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: As for an array.
        let empty = || unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
        let mut stream = with_critical_section(stream, empty);
        let (Some(_), Some(get_schema)) = (stream.release, stream.get_schema) else {
            return Ok(Err(NO_DATA));
        };
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: The stream is not released, and it writes a schema to the empty one.
        let status = unsafe { get_schema(&raw mut stream, &raw mut schema) };
        if status != 0 {
            return Err(value_error(last_error(&mut stream, status)));
        }
        // SAFETY: The stream has filled the schema.
        if let Err(fault) = unsafe { check_schema(NonNull::from(&schema).cast()) } {
            return Ok(Err(fault));
        }
        let kind = DataType::try_from(&schema).map_err(value_error)?;
        Ok(Ok(Self { kind, source: Source::Stream(stream) }))
    }

    /// The type of the column. A table is a structure of its columns.
    pub(crate) const fn kind(&self) -> &DataType {
        &self.kind
    }
}

impl Iterator for Chunks {
    type Item = Result<ArrayRef, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let stream = match &mut self.source {
            Source::Array(chunk) => return chunk.take().map(Ok),
            Source::Stream(stream) => stream,
        };
        let mut array = FFI_ArrowArray::empty();
        let get_next = stream.get_next?;
        // SAFETY: The stream is not released, and it writes an array to the empty one.
        let status = unsafe { get_next(stream, &raw mut array) };
        if status != 0 {
            return Some(Err(last_error(stream, status)));
        }
        if array.is_released() {
            return None;
        }
        if !has_layout(&array, &self.kind) {
            return Some(Err(ArrowError::CDataInterface(OTHER_TYPE.to_owned())));
        }
        // SAFETY: The producer promises that all arrays of a stream have its type.
        Some(unsafe { from_ffi_and_data_type(array, self.kind.clone()) }.map(make_array))
    }
}

/// Whether an array has as many buffers, columns and dictionaries as arrays of this type. The
/// interface carries nothing else about the type of an array.
fn has_layout(array: &FFI_ArrowArray, kind: &DataType) -> bool {
    let layout = layout(kind);
    let buffers = usize::from(layout.can_contain_null_mask) + layout.buffers.len();
    // Types with any number of buffers have one more for their lengths.
    let fits = if layout.variadic {
        array.num_buffers() > buffers
    } else {
        array.num_buffers() == buffers
    };
    let has_children = |kinds: &[&DataType]| {
        array.num_children() == kinds.len()
            && kinds.iter().enumerate().all(|(index, kind)| has_layout(array.child(index), kind))
    };
    fits && match kind {
        DataType::Struct(fields) => {
            has_children(&fields.iter().map(|field| field.data_type()).collect::<Vec<_>>())
        }
        DataType::Dictionary(_, values) => {
            array.dictionary().is_some_and(|array| has_layout(array, values))
        }
        _ => true,
    }
}

fn last_error(stream: &mut FFI_ArrowArrayStream, status: c_int) -> ArrowError {
    let text = stream.get_last_error.and_then(|get_last_error| {
        // SAFETY: The stream is not released. It returns null or a text that ends with a null and
        // that stays as it is until the next call.
        let text = unsafe { get_last_error(stream) };
        // SAFETY: As above.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    });
    ArrowError::CDataInterface(text.unwrap_or_else(|| format!("error {status}")))
}

/// The type that the reader of a column or of a table requests.
///
/// # Errors
/// `InvalidArgumentError` for a fault, `ValueError` for another capsule, `TypeError` for a type that
/// cannot be read.
pub(crate) fn requested<T>(schema: &Bound<'_, PyCapsule>) -> PyResult<T>
where
    T: for<'a> TryFrom<&'a FFI_ArrowSchema, Error = ArrowError>,
{
    let read = || match checked_schema(schema)? {
        Ok(schema) => T::try_from(schema).map_err(type_error),
        Err(fault) => {
            let (argument, reason) = ("requested_schema".into(), fault.to_string());
            Err(Error::from(BackendError::InvalidArgument { argument, reason }).into())
        }
    };
    with_critical_section(schema, read)
}

/// The type in a capsule, for a caller in a critical section of it.
fn checked_schema<'a>(capsule: &'a Bound<'_, PyCapsule>) -> PyResult<Checked<&'a FFI_ArrowSchema>> {
    let schema = capsule.pointer_checked(Some(SCHEMA))?;
    // SAFETY: A capsule with this name holds this structure for as long as it lives, and nothing else
    // writes to it within the critical section. `RawSchema` has the same layout.
    Ok(unsafe { check_schema(schema.cast()) }.map(|()| unsafe { schema.cast().as_ref() }))
}

/// Arrow's C structure `ArrowSchema`, whose fields `FFI_ArrowSchema` does not show.
#[repr(C)]
struct RawSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut Option<NonNull<Self>>,
    dictionary: Option<NonNull<Self>>,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// Checks a type and the types within it, level by level.
///
/// # Safety
/// `schema` is a valid pointer to an `ArrowSchema` that nothing else writes to.
unsafe fn check_schema(schema: NonNull<RawSchema>) -> Checked<()> {
    // SAFETY: The caller promises it.
    let root = unsafe { schema.as_ref() };
    if root.release.is_none() {
        return Err(NO_TYPE);
    }
    // SAFETY: In a structure that is not released, a text that is not null ends with a null.
    let is_utf8 = |text: *const c_char| unsafe { CStr::from_ptr(text) }.to_str().is_ok();
    let mut level = vec![root];
    for _ in 0..MAX_NESTING {
        let mut below = Vec::new();
        for schema in level {
            let is_named = schema.name.is_null() || is_utf8(schema.name);
            if !is_named || schema.format.is_null() || !is_utf8(schema.format) {
                return Err(NOT_UTF8);
            }
            let count = usize::try_from(schema.n_children).unwrap_or_default();
            if count > 0 && !schema.children.is_null() {
                // SAFETY: There are `n_children` pointers, each to such a structure.
                let children = unsafe { slice::from_raw_parts(schema.children, count) };
                below.extend(children.iter().flatten().map(|child| unsafe { child.as_ref() }));
            }
            // SAFETY: The pointer is null or leads to such a structure.
            below.extend(schema.dictionary.map(|values| unsafe { values.as_ref() }));
        }
        if below.is_empty() {
            return Ok(());
        }
        level = below;
    }
    Err(TOO_DEEP)
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to `map_err`")]
fn type_error(error: ArrowError) -> PyErr {
    PyTypeError::new_err(error.to_string())
}
