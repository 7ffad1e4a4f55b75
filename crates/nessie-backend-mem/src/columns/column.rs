//! Builders of columns.
//!
//! Finished buffers are cut to their size, because consumers keep them. A column without values
//! costs nothing per row.

use std::sync::{Arc, LazyLock};

use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int8Array, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer,
    bit_util,
};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use nessie_backend_core::Uuid;

use super::BATCH_ROWS;

type ColumnResult = Result<ArrayRef, ArrowError>;

/// The time zone of all times.
const UTC: &str = "UTC";

/// The length of a canonical UUID.
const UUID_LEN: usize = 36;

/// The length up to which names need no reallocation, on average.
const NAME_LEN: usize = 24;

/// Zeros, shared by columns.
static ZEROS: LazyLock<Buffer> =
    LazyLock::new(|| MutableBuffer::from_len_zeroed(BATCH_ROWS * size_of::<u64>()).into());

/// A column of nulls, as long as the longest batch.
static ABSENT: LazyLock<StringArray> = LazyLock::new(|| StringArray::new_null(BATCH_ROWS));

/// The offsets of a column of identifiers, as long as the longest batch.
static UUID_OFFSETS: LazyLock<OffsetBuffer<i32>> =
    LazyLock::new(|| OffsetBuffer::from_repeated_length(UUID_LEN, BATCH_ROWS));

pub(super) fn text_field(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

pub(super) fn words_field(name: &str) -> Field {
    Field::new_dictionary(name, DataType::Int8, DataType::Utf8, false)
}

pub(super) fn number_field(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::UInt64, nullable)
}

pub(super) fn time_field(name: &str, nullable: bool) -> Field {
    let zone = Some(UTC.into());
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, zone), nullable)
}

/// A column of names: every row has one.
pub(super) struct Names {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

impl Names {
    pub(super) fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { bytes: Vec::with_capacity(rows * NAME_LEN), offsets }
    }

    pub(super) fn push(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.offsets.push(offset(&self.bytes));
    }

    pub(super) fn finish(self) -> ColumnResult {
        text_array(self.offsets, self.bytes, None)
    }
}

/// A column of identifiers: every row has one.
pub(super) struct Uuids {
    texts: Vec<[u8; UUID_LEN]>,
}

impl Uuids {
    pub(super) fn new(rows: usize) -> Self {
        Self { texts: Vec::with_capacity(rows) }
    }

    pub(super) fn push(&mut self, uuid: Uuid) {
        self.texts.push(uuid_text(uuid));
    }

    pub(super) fn finish(self) -> ColumnResult {
        let rows = self.texts.len();
        let offsets = if rows <= BATCH_ROWS {
            UUID_OFFSETS.slice(0, rows)
        } else if rows <= i32::MAX as usize / UUID_LEN {
            OffsetBuffer::from_repeated_length(UUID_LEN, rows)
        } else {
            return Err(ArrowError::OffsetOverflowError(rows.saturating_mul(UUID_LEN)));
        };
        let bytes = Buffer::from_vec(self.texts.into_flattened());
        Ok(Arc::new(StringArray::try_new(offsets, bytes, None)?))
    }
}

/// The canonical text of an identifier, written eight digits at a time: most of the time of a table
/// is spent here.
fn uuid_text(uuid: Uuid) -> [u8; UUID_LEN] {
    let (high, low) = uuid.as_u64_pair();
    let (b, d) = (digits(high), digits(low));
    let (a, c) = (digits(high >> 32), digits(low >> 32));
    let mut text = [b'-'; UUID_LEN];
    text[..8].copy_from_slice(&a);
    text[9..13].copy_from_slice(&b[..4]);
    text[14..18].copy_from_slice(&b[4..]);
    text[19..23].copy_from_slice(&c[..4]);
    text[24..28].copy_from_slice(&c[4..]);
    text[28..].copy_from_slice(&d);
    text
}

/// The eight hexadecimal digits of the lower half of a word.
const fn digits(word: u64) -> [u8; 8] {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Put each digit into its own byte.
    let word = (word & 0xFFFF_0000) << 16 | word & 0xFFFF;
    let word = (word << 8 | word) & 0x00FF_00FF_00FF_00FF;
    let word = (word << 4 | word) & (EACH * 0x0F);
    // A digit above 9 becomes 16 or more, and is a letter.
    let letters = (word + EACH * 6) >> 4 & EACH;
    (word + EACH * b'0' as u64 + letters * (b'a' - b'0' - 10) as u64).to_be_bytes()
}

/// A column of texts that few rows have.
#[derive(Default)]
pub(super) struct SparseTexts {
    bytes: Vec<u8>,
    /// The offsets up to the last row with a text.
    offsets: Vec<i32>,
    /// One bit for each row; empty until a row has a text.
    present: Vec<u8>,
}

impl SparseTexts {
    /// Sets the text of a row out of `rows`. Rows must be set in order.
    pub(super) fn put(&mut self, row: usize, rows: usize, text: &str) {
        self.put_bytes(row, rows, text.as_bytes());
    }

    pub(super) fn put_uuid(&mut self, row: usize, rows: usize, uuid: Uuid) {
        self.put_bytes(row, rows, &uuid_text(uuid));
    }

    fn put_bytes(&mut self, row: usize, rows: usize, text: &[u8]) {
        if self.present.is_empty() {
            self.present = vec![0; rows.div_ceil(8)];
            self.offsets.reserve_exact(rows + 1);
        }
        bit_util::set_bit(&mut self.present, row);
        self.offsets.resize(row + 1, offset(&self.bytes));
        self.bytes.extend_from_slice(text);
    }

    pub(super) fn finish(mut self, rows: usize) -> ColumnResult {
        if self.present.is_empty() {
            return Ok(Arc::new(ABSENT.slice(0, rows)));
        }
        self.offsets.resize(rows + 1, offset(&self.bytes));
        let present = BooleanBuffer::new(Buffer::from_vec(self.present), 0, rows);
        text_array(self.offsets, self.bytes, Some(NullBuffer::new(present)))
    }
}

/// The offset of the next text.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a batch has 2^16 texts of at most 4096 bytes"
)]
const fn offset(bytes: &[u8]) -> i32 {
    bytes.len() as i32
}

fn text_array(offsets: Vec<i32>, mut bytes: Vec<u8>, present: Option<NullBuffer>) -> ColumnResult {
    bytes.shrink_to_fit();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), present)?))
}

/// A column of quotas: 0 becomes null.
pub(super) fn quotas(sizes: Vec<u64>) -> ColumnResult {
    let present = sizes.contains(&0).then(|| sizes.iter().map(|size| *size != 0).collect());
    Ok(Arc::new(UInt64Array::try_new(sizes.into(), present)?))
}

/// A column of numbers of which few rows have one. It takes no memory before the first.
#[derive(Debug, Default)]
pub(super) struct Sparse<T> {
    numbers: Vec<T>,
    present: Vec<bool>,
}

impl<T: ArrowNativeType> Sparse<T> {
    pub(super) fn put(&mut self, row: usize, rows: usize, number: T) {
        if self.numbers.is_empty() {
            self.numbers = vec![T::default(); rows];
            self.present = vec![false; rows];
        }
        if let (Some(place), Some(is_present)) =
            (self.numbers.get_mut(row), self.present.get_mut(row))
        {
            (*place, *is_present) = (number, true);
        }
    }

    /// The numbers, and where there are any. A number takes eight bytes.
    fn buffers(self, rows: usize) -> (ScalarBuffer<T>, Option<NullBuffer>) {
        if self.numbers.is_empty() {
            return (ScalarBuffer::new(ZEROS.clone(), 0, rows), Some(NullBuffer::new_null(rows)));
        }
        let present = (!self.present.iter().all(|is_present| *is_present))
            .then(|| NullBuffer::from(self.present));
        (self.numbers.into(), present)
    }
}

impl Sparse<u64> {
    pub(super) fn finish(self, rows: usize) -> ColumnResult {
        let (numbers, present) = self.buffers(rows);
        Ok(Arc::new(UInt64Array::try_new(numbers, present)?))
    }
}

impl Sparse<i64> {
    /// A column of times, from microseconds since the Unix epoch.
    pub(super) fn finish_times(self, rows: usize) -> ColumnResult {
        let (micros, present) = self.buffers(rows);
        Ok(Arc::new(TimestampMicrosecondArray::try_new(micros, present)?.with_timezone(UTC)))
    }
}

/// A column of numbers.
pub(super) fn numbers(numbers: Vec<u64>) -> ColumnResult {
    Ok(Arc::new(UInt64Array::try_new(numbers.into(), None)?))
}

/// A column of times, from microseconds since the Unix epoch.
pub(super) fn times(micros: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(micros).with_timezone(UTC))
}

/// A column of words, from their indexes in `all`.
pub(super) fn words(places: Vec<i8>, all: &LazyLock<ArrayRef>) -> ColumnResult {
    places_of_words(places.into(), all)
}

/// A column that has the first word in every row.
pub(super) fn first_words(rows: usize, all: &LazyLock<ArrayRef>) -> ColumnResult {
    places_of_words(ScalarBuffer::new(ZEROS.clone(), 0, rows), all)
}

fn places_of_words(places: ScalarBuffer<i8>, all: &LazyLock<ArrayRef>) -> ColumnResult {
    let places = Int8Array::try_new(places, None)?;
    Ok(Arc::new(DictionaryArray::<Int8Type>::try_new(places, Arc::clone(all))?))
}

/// All words of a column.
pub(super) fn all_words<T: Copy>(values: &[T], word: fn(T) -> &'static str) -> ArrayRef {
    let array = StringArray::from_iter_values(values.iter().map(|value| word(*value)));
    debug_assert!(array.len() <= 127, "places are bytes");
    Arc::new(array)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn identifiers_are_written_in_their_canonical_form(bits: u128) {
            let uuid = Uuid::from_u128(bits);
            prop_assert_eq!(uuid_text(uuid).to_vec(), uuid.to_string().into_bytes());
        }
    }
}
