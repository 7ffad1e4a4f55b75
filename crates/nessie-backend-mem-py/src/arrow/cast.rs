//! Columns cast to the types that their reader requests.
//!
//! A producer may ignore the requested types. These casts are supported: string and dictionary to
//! any string type, `uint64` to `int64`, UUID text to `fixed_size_binary(16)`. Other requests are
//! ignored, and the reader converts the columns itself.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int64Array, LargeStringArray, RecordBatch,
    RecordBatchReader, StringArray, StringViewArray,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use nessie_backend_core::Uuid;

/// The number of bytes of a UUID.
pub(crate) const UUID_BYTES: i32 = 16;

type Converted<T> = Result<T, ArrowError>;

/// A table cast to the requested types, if all columns can be cast.
pub(crate) fn cast_reader(
    table: impl RecordBatchReader + Send + 'static,
    wanted: &Schema,
) -> Box<dyn RecordBatchReader + Send> {
    let own = table.schema();
    let is_same_column = |(own, wanted): (&Arc<Field>, &Arc<Field>)| {
        own.name() == wanted.name() && can_cast(own.data_type(), wanted.data_type())
    };
    let same_columns = own.fields().len() == wanted.fields().len()
        && own.fields().iter().zip(wanted.fields()).all(is_same_column);
    if !same_columns {
        return Box::new(table);
    }
    let with_type = |(own, wanted): (&Arc<Field>, &Arc<Field>)| {
        Field::clone(own).with_data_type(wanted.data_type().clone())
    };
    let fields: Vec<Field> = own.fields().iter().zip(wanted.fields()).map(with_type).collect();
    Box::new(Table { table, schema: Arc::new(Schema::new(fields)) })
}

struct Table<T> {
    table: T,
    /// The schema after the cast.
    schema: SchemaRef,
}

impl<T: RecordBatchReader> Iterator for Table<T> {
    type Item = Converted<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.table.next()?;
        Some(batch.and_then(|batch| {
            let fields = self.schema.fields().iter();
            let columns = batch
                .columns()
                .iter()
                .zip(fields)
                .map(|(own, field)| cast_array(own, field.data_type()))
                .collect::<Converted<_>>()?;
            RecordBatch::try_new(Arc::clone(&self.schema), columns)
        }))
    }
}

impl<T: RecordBatchReader> RecordBatchReader for Table<T> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Whether a column of this package can be cast to another type.
pub(crate) fn can_cast(own: &DataType, wanted: &DataType) -> bool {
    let is_text = matches!(wanted, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match own {
        DataType::Utf8 | DataType::Dictionary(..) if is_text => true,
        DataType::UInt64 if *wanted == DataType::Int64 => true,
        _ => own == wanted,
    }
}

/// A column cast to a type for which [`can_cast`].
pub(crate) fn cast_array(own: &ArrayRef, wanted: &DataType) -> Converted<ArrayRef> {
    if own.data_type() == wanted {
        return Ok(Arc::clone(own));
    }
    match (own.data_type(), wanted) {
        (DataType::UInt64, DataType::Int64) => {
            let numbers = own.as_primitive::<UInt64Type>();
            let signed = numbers.iter().map(|number| number.map(signed).transpose());
            Ok(Arc::new(signed.collect::<Converted<Int64Array>>()?))
        }
        (DataType::Dictionary(..), _) => {
            let words = own.as_dictionary::<Int8Type>();
            let all = words.values().as_string::<i32>();
            let word = |place: Option<i8>| Some(all.value(usize::try_from(place?).ok()?));
            texts(words.keys().iter().map(word).collect(), wanted)
        }
        _ => texts(own.as_string().clone(), wanted),
    }
}

/// A number as a signed one. One out of range is an error, because a null would mean no quota.
fn signed(number: u64) -> Converted<i64> {
    let refuse = |_| ArrowError::CastError(format!("{number} is outside of int64"));
    number.try_into().map_err(refuse)
}

fn texts(own: StringArray, wanted: &DataType) -> Converted<ArrayRef> {
    Ok(match wanted {
        DataType::LargeUtf8 => {
            let (offsets, bytes, present) = own.into_parts();
            let offsets: ScalarBuffer<i64> = offsets.iter().map(|at| i64::from(*at)).collect();
            Arc::new(LargeStringArray::try_new(OffsetBuffer::new(offsets), bytes, present)?)
        }
        DataType::Utf8View => Arc::new(StringViewArray::from(&own)),
        _ => Arc::new(own),
    })
}

/// Identifiers as bytes.
pub(crate) fn uuid_bytes(uuids: &[Uuid]) -> Converted<ArrayRef> {
    let bytes: Vec<u8> = uuids.iter().flat_map(|uuid| *uuid.as_bytes()).collect();
    Ok(Arc::new(FixedSizeBinaryArray::try_new(UUID_BYTES, bytes.into(), None)?))
}
