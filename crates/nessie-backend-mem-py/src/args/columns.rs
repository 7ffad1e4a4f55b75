//! Columns of other libraries as arguments of bulk calls, read without an object for each item.
//!
//! The memory of a column belongs to its owner, who may write to it at any time. So offsets, views
//! and texts are copied first, and the copy is checked and used. One thing cannot be checked, because
//! Arrow's interface does not contain it: that the last offset of a column of text, when the column
//! is passed, is within its memory.

use std::ops::Range;
use std::str::{self, FromStr};

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, GenericStringArray, OffsetSizeTrait, StringViewArray, downcast_integer_array,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::{ArrowError, DataType};
use nessie_backend_core::{BackendError, Uuid, VolumeId, rules};
use nessie_backend_mem::BulkError;
use pyo3::exceptions::{
    PyImportError, PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;

use crate::args::limits::{self, MAX_ITEMS, MAX_TEXT};
use crate::arrow::cast::UUID_BYTES;
use crate::arrow::import::Chunks;
use crate::errors::{Error, Result};
use crate::runtime::exit::Calling;

/// An argument that is a column, or a table of columns.
pub(crate) struct Column {
    argument: &'static str,
    chunks: Chunks,
}

impl Column {
    /// The column of a value with the Arrow `PyCapsule` interface. `None` if it lacks the interface, or
    /// if the interface fails, as that of a pandas series without pyarrow or of mixed objects. Such a
    /// value can still be iterated over.
    pub(crate) fn of(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Option<Self>> {
        let py = value.py();
        let class = value.get_type();
        let _calling = Calling::python(py);
        let chunks = if class.hasattr("__arrow_c_array__")? {
            value.call_method0("__arrow_c_array__").and_then(|capsules| {
                let (schema, array) = capsules.extract()?;
                Chunks::of_array(&schema, &array)
            })
        } else if class.hasattr("__arrow_c_stream__")? {
            value
                .call_method0("__arrow_c_stream__")
                .and_then(|capsule| Chunks::of_stream(&capsule.cast_into()?))
        } else {
            return Ok(None);
        };
        match chunks {
            Ok(Ok(chunks)) => Ok(Some(Self { argument, chunks })),
            Ok(Err(fault)) => {
                let message = format!("{argument} cannot be read as a column: it {fault}");
                Err(PyTypeError::new_err(message).into())
            }
            Err(error)
                if error.is_instance_of::<PyImportError>(py)
                    || error.is_instance_of::<PyNotImplementedError>(py)
                    || error.is_instance_of::<PyTypeError>(py)
                    || error.is_instance_of::<PyValueError>(py) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Calls `each` with every text, while other Python threads run.
    pub(crate) fn texts(
        self,
        py: Python<'_>,
        mut each: impl FnMut(&str) -> Result<()> + Send,
    ) -> Result<()> {
        let argument = self.argument;
        let kind = self.kind();
        if !is_text(&kind) {
            return Err(self.wrong_type("str", &kind));
        }
        self.each_chunk(py, |chunk, index| {
            each_text(argument, chunk, &mut |text| {
                let text = text.ok_or_else(|| missing(argument, *index, "a str"))?;
                *index += 1;
                each(text)
            })
        })
    }

    /// The identifiers of volumes in a column of them or in a table of volumes.
    pub(crate) fn volume_ids(self, py: Python<'_>) -> Result<Vec<Uuid>> {
        let argument = self.argument;
        let kind = self.kind();
        let place = match columns_of(&kind) {
            None => None,
            Some(columns) if columns.contains(&"volume_uuid") => {
                return Err(snapshots_for_volumes(argument));
            }
            Some(_) => Some(self.place(&kind, "uuid")?),
        };
        if place.is_none() && !is_id(&kind) {
            return Err(self.wrong_type("str or uuid.UUID", &kind));
        }
        let mut ids = Vec::new();
        self.each_chunk(py, |chunk, _| each_row_id(argument, chunk, place, &mut ids))?;
        Ok(ids)
    }

    /// The identifiers of snapshots, each with its volume's, in a table of snapshots.
    pub(crate) fn snapshot_ids(self, py: Python<'_>) -> Result<Vec<(Uuid, Uuid)>> {
        let argument = self.argument;
        let kind = self.kind();
        if columns_of(&kind).is_none() {
            return Err(volumes_for_snapshots(argument, &format!("a column of {kind}")));
        }
        let volume_uuid = self.place(&kind, "volume_uuid")?;
        let uuid = self.place(&kind, "uuid")?;
        let (mut volumes, mut snapshots) = (Vec::new(), Vec::new());
        self.each_chunk(py, |chunk, _| {
            each_row_id(argument, chunk, Some(volume_uuid), &mut volumes)?;
            each_row_id(argument, chunk, Some(uuid), &mut snapshots)
        })?;
        Ok(volumes.into_iter().zip(snapshots).collect())
    }

    /// Calls `each` with every number from 0 to 2^64-1, and with `None` for a null.
    pub(crate) fn sizes(
        self,
        py: Python<'_>,
        mut each: impl FnMut(Option<u64>) -> Result<()> + Send,
    ) -> Result<()> {
        let argument = self.argument;
        let kind = self.kind();
        if !kind.is_integer() && kind != DataType::Null {
            return Err(self.wrong_type("int", &kind));
        }
        self.each_chunk(py, |chunk, index| {
            let chunk = &**chunk;
            downcast_integer_array!(
                chunk => for size in chunk {
                    let unsigned = size.map(|size| {
                        u64::try_from(i128::from(size)).map_err(|_| {
                            let reason = format!("{size} {}", rules::SIZE_BYTES);
                            let argument = argument.into();
                            BulkError::at(*index, BackendError::InvalidArgument { argument, reason })
                        })
                    });
                    *index += 1;
                    each(unsigned.transpose()?)?;
                },
                _ => for _ in 0..chunk.len() {
                    each(None)?;
                }
            );
            Ok(())
        })
    }

    fn kind(&self) -> DataType {
        self.chunks.kind().clone()
    }

    /// The error of a column of another type, or of a table instead of a column.
    fn wrong_type(&self, items: &str, kind: &DataType) -> Error {
        let (found, fix) = match kind {
            DataType::Struct(_) => ("a table".into(), "; give one of its columns, as t[\"name\"]"),
            kind => (format!("a column of {kind}"), ""),
        };
        let argument = self.argument;
        let message = format!("{argument} must be an iterable of {items}, not {found}{fix}");
        PyTypeError::new_err(message).into()
    }

    /// The index of a column of identifiers in a table.
    fn place(&self, table: &DataType, name: &str) -> Result<usize> {
        let argument = self.argument;
        let refuse = |rule: String| Err(PyTypeError::new_err(format!("{argument} {rule}")).into());
        let fields = match table {
            DataType::Struct(fields) => fields.iter().enumerate(),
            _ => return refuse(format!("is not a table with a column {name:?}")),
        };
        let mut named = fields.filter(|(_, field)| field.name() == name);
        match (named.next(), named.next()) {
            (Some((place, field)), None) if is_id(field.data_type()) => Ok(place),
            (Some((_, field)), None) => {
                let kind = field.data_type();
                refuse(format!("has a column {name:?} of {kind}, where uuids are meant"))
            }
            (Some(_), Some(_)) => refuse(format!("has more than one column {name:?}")),
            (None, _) => refuse(format!("is a table without a column {name:?}")),
        }
    }

    /// Calls `read` with every chunk and the number of items before it, which it moves on.
    fn each_chunk(
        self,
        py: Python<'_>,
        mut read: impl FnMut(&ArrayRef, &mut usize) -> Result<()> + Send,
    ) -> Result<()> {
        let Self { argument, mut chunks } = self;
        let mut index = 0;
        let mut items = 0;
        loop {
            let more = py.detach(|| {
                let Some(chunk) = chunks.next() else { return Ok(false) };
                let broken = |error: ArrowError| {
                    PyRuntimeError::new_err(format!("{argument} cannot be read: {error}"))
                };
                let chunk = chunk.map_err(broken)?;
                if chunk.is_empty() {
                    // An empty chunk need not have any texts.
                    return Ok(true);
                }
                items += chunk.len();
                limits::check(argument, items, MAX_ITEMS, "items")?;
                read(&chunk, &mut index)?;
                Ok::<_, Error>(true)
            })?;
            if !more {
                return Ok(());
            }
            py.check_signals()?;
        }
    }
}

/// The names of a table's columns.
fn columns_of(kind: &DataType) -> Option<Vec<&str>> {
    match kind {
        DataType::Struct(fields) => {
            Some(fields.iter().map(|field| field.name().as_str()).collect())
        }
        _ => None,
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Dictionary(_, words) => is_text(words),
        _ => false,
    }
}

fn is_id(kind: &DataType) -> bool {
    is_text(kind) || *kind == DataType::FixedSizeBinary(UUID_BYTES)
}

const EXPECTED_ID: &str = "a str or uuid.UUID";

/// Reads every identifier of a column, or of the column at a place of a table.
fn each_row_id(
    argument: &'static str,
    chunk: &ArrayRef,
    place: Option<usize>,
    ids: &mut Vec<Uuid>,
) -> Result<()> {
    let Some(place) = place else { return each_id(argument, chunk, ids) };
    let table = chunk.as_struct();
    // The columns of a null row may have values all the same.
    let count = |nulls: &NullBuffer| nulls.iter().take_while(|is_present| *is_present).count();
    let present = table.nulls().map_or(table.len(), count);
    each_id(argument, &table.column(place).slice(0, present), ids)?;
    if present < table.len() { Err(missing(argument, ids.len(), EXPECTED_ID)) } else { Ok(()) }
}

/// Reads every identifier of an array for which [`is_id`]: text, or 16 bytes.
fn each_id(argument: &'static str, array: &ArrayRef, ids: &mut Vec<Uuid>) -> Result<()> {
    if let Some(array) = array.as_fixed_size_binary_opt() {
        for bytes in array {
            let uuid = bytes.and_then(|bytes| Uuid::from_slice(bytes).ok());
            ids.push(uuid.ok_or_else(|| missing(argument, ids.len(), EXPECTED_ID))?);
        }
        return Ok(());
    }
    each_text(argument, array, &mut |text| {
        let text = text.ok_or_else(|| missing(argument, ids.len(), EXPECTED_ID))?;
        let id = VolumeId::from_str(text)
            .map_err(|error| BulkError::at(ids.len(), error.for_argument(argument)))?;
        ids.push(id.uuid());
        Ok(())
    })
}

type EachText<'a> = &'a mut dyn FnMut(Option<&str>) -> Result<()>;

/// Calls `each` with every text of an array for which [`is_text`], in any layout.
fn each_text(argument: &'static str, array: &ArrayRef, each: EachText<'_>) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => by_offsets(argument, array.as_string::<i32>(), each),
        DataType::LargeUtf8 => by_offsets(argument, array.as_string::<i64>(), each),
        DataType::Utf8View => by_views(argument, array.as_string_view(), each),
        DataType::Dictionary(..) => {
            let mut words: Vec<Option<String>> = Vec::new();
            each_text(argument, array.as_any_dictionary().values(), &mut |word| {
                words.push(word.map(str::to_owned));
                Ok(())
            })?;
            let mut word_at = |place: Option<i128>| {
                let Some(place) = place else { return each(None) };
                let word = usize::try_from(place).ok().and_then(|place| words.get(place));
                let outside = || format!("place {place} of a dictionary of {}", words.len());
                each(word.ok_or_else(|| broken(argument, &outside()))?.as_deref())
            };
            let keys = array.as_any_dictionary().keys();
            downcast_integer_array!(
                keys => keys.iter().try_for_each(|key| word_at(key.map(i128::from))),
                _ => Ok(())
            )
        }
        _ => (0..array.len()).try_for_each(|_| each(None)),
    }
}

/// The texts of an array with offsets.
fn by_offsets<O: OffsetSizeTrait>(
    argument: &'static str,
    array: &GenericStringArray<O>,
    each: EachText<'_>,
) -> Result<()> {
    let outside = || broken(argument, "an offset outside of its texts");
    let offsets: Vec<O> = array.value_offsets().to_vec();
    let total = array.values().len();
    let mut ends = Vec::with_capacity(offsets.len());
    let mut before = 0;
    for offset in &offsets {
        let end = offset.to_usize().filter(|end| (before..=total).contains(end));
        before = end.ok_or_else(outside)?;
        ends.push(before);
    }
    let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else { return Ok(()) };
    limits::check(argument, last - first, MAX_TEXT, "bytes")?;
    let texts = part_of(array.values(), first..last).ok_or_else(outside)?.to_vec();
    let ranges = ends.iter().zip(ends.iter().skip(1));
    for (index, (start, end)) in ranges.enumerate() {
        if is_missing(array.nulls(), index) {
            each(None)?;
            continue;
        }
        let text = texts.get(start - first..end - first).ok_or_else(outside)?;
        each(Some(utf8(argument, text)?))?;
    }
    Ok(())
}

/// The texts of an array with views. A view contains a short text, or the place of a long one.
fn by_views(argument: &'static str, array: &StringViewArray, each: EachText<'_>) -> Result<()> {
    let outside = || broken(argument, "a view outside of its texts");
    let views: Vec<u128> = array.views().to_vec();
    let mut text = Vec::new();
    for (index, view) in views.into_iter().enumerate() {
        if is_missing(array.nulls(), index) {
            each(None)?;
            continue;
        }
        // The length, then the text itself or its first bytes, its buffer and its offset in it.
        let [len, _, buffer, start] = parts(view);
        text.clear();
        let inline = view.to_le_bytes();
        if let Some(short) = inline.get(4..).and_then(|inline| inline.get(..len)) {
            text.extend_from_slice(short);
        } else {
            let buffer = array.data_buffers().get(buffer).ok_or_else(outside)?;
            text.extend_from_slice(part_of(buffer, start..start + len).ok_or_else(outside)?);
        }
        each(Some(utf8(argument, &text)?))?;
    }
    Ok(())
}

/// The four numbers of a view, the lowest first.
fn parts(view: u128) -> [usize; 4] {
    [0, 32, 64, 96].map(|bit| (view >> bit & 0xFFFF_FFFF) as usize)
}

/// A part of the memory of a column, if it is within the memory.
fn part_of(buffer: &Buffer, part: Range<usize>) -> Option<&[u8]> {
    // A length that was negative is not a length, so the memory must not be read.
    isize::try_from(buffer.len()).ok()?;
    buffer.as_slice().get(part)
}

fn is_missing(nulls: Option<&NullBuffer>, index: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(index))
}

fn utf8<'a>(argument: &'static str, text: &'a [u8]) -> Result<&'a str> {
    str::from_utf8(text).map_err(|error| broken(argument, &error.to_string()))
}

fn broken(argument: &'static str, how: &str) -> Error {
    let reason = format!("is a broken column: {how}");
    BackendError::InvalidArgument { argument: argument.into(), reason }.into()
}

/// The error of a null, which cannot be an item.
fn missing(argument: &str, index: usize, expected: &str) -> Error {
    PyTypeError::new_err(format!("{argument}[{index}] must be {expected}, not NoneType")).into()
}

/// The error of snapshots instead of volumes.
pub(crate) fn snapshots_for_volumes(argument: &str) -> Error {
    let message = format!(
        "{argument} must be volumes, not snapshots; t[\"volume_uuid\"] has the volumes that the \
         snapshots are of"
    );
    PyTypeError::new_err(message).into()
}

/// The error of volumes instead of snapshots.
pub(crate) fn volumes_for_snapshots(argument: &str, found: &str) -> Error {
    let message = format!(
        "{argument} must be snapshots where no name is given, a table of snapshots() or an \
         iterable of its rows or of (volume uuid, snapshot uuid), not {found}"
    );
    PyTypeError::new_err(message).into()
}
