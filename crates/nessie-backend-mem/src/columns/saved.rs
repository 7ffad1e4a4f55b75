//! A table as bytes, and back.
//!
//! The bytes are a magic number, a version, the kind of the rows, a checksum of the rest, and then
//! the number of rows and the fields of each, in postcard's encoding. They contain nothing else of
//! the backend.

use nessie_backend_core::{BackendError, Result, Timestamp};
use twox_hash::XxHash3_64;

use super::kind::Selected;
use super::{RowKind, Table};
use crate::saved::{Broken, Refusal};

const MAGIC: [u8; 8] = *b"NESSIETB";
const VERSION: u32 = 2;
/// Magic number, version, kind, checksum.
const PREAMBLE: usize = 8 + 4 + 1 + 8;

impl<K: RowKind> Table<K> {
    /// The rows as bytes, in a compact format with a version and a checksum.
    ///
    /// # Errors
    /// [`Substrate`](BackendError::Substrate) if the rows cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed = |error| BackendError::substrate("to_bytes", error);
        let mut bytes = vec![0; PREAMBLE];
        bytes = postcard::to_extend(&self.len(), bytes).map_err(failed)?;
        for fields in self.fields() {
            bytes = postcard::to_extend(&fields, bytes).map_err(failed)?;
        }
        let checksum = checksum(K::TAG, bytes.get(PREAMBLE..).unwrap_or_default());
        let preamble =
            [&MAGIC[..], &VERSION.to_le_bytes(), &[K::TAG], &checksum.to_le_bytes()].concat();
        bytes.splice(..PREAMBLE, preamble);
        Ok(bytes)
    }

    /// The table that [`to_bytes`](Self::to_bytes) saved.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for bytes that are cut or altered, of
    /// another version or another kind of rows, or not of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        read::<K>(bytes).map_err(|error| BackendError::InvalidArgument {
            argument: "bytes".into(),
            reason: format!("are not a table that this version can read: {error}"),
        })
    }
}

fn read<K: RowKind>(bytes: &[u8]) -> Result<Table<K>, Refusal> {
    let body = check_preamble(K::TAG, bytes)?;
    let (count, mut rest): (usize, _) = postcard::take_from_bytes(body)?;
    // Every row has at least one byte, so this bounds the allocation.
    if count > rest.len() {
        return Err(Broken("there are fewer rows than announced").into());
    }
    let mut rows = Vec::with_capacity(count);
    for _ in 0..count {
        let (fields, after): (K::Fields<'_>, _) = postcard::take_from_bytes(rest)?;
        K::check(&fields)?;
        rows.push(K::row(fields));
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Broken("there are more rows than announced").into());
    }
    Ok(Table::new(Selected::Own(rows)))
}

fn check_preamble(tag: u8, bytes: &[u8]) -> Result<&[u8], Broken> {
    const CUT: Broken = Broken("they are cut short");
    let (magic, rest) = bytes.split_first_chunk().ok_or(CUT)?;
    if *magic != MAGIC {
        return Err(Broken("they do not start with the magic number"));
    }
    let (version, rest) = rest.split_first_chunk().ok_or(CUT)?;
    if u32::from_le_bytes(*version) != VERSION {
        return Err(Broken("their format has another version"));
    }
    let ([kind], rest) = rest.split_first_chunk().ok_or(CUT)?;
    if *kind != tag {
        return Err(Broken("their rows are of another kind"));
    }
    let (found, body) = rest.split_first_chunk().ok_or(CUT)?;
    if u64::from_le_bytes(*found) != checksum(tag, body) {
        return Err(Broken("the checksum does not match; they were cut or altered"));
    }
    Ok(body)
}

/// The checksum of the kind and the rows.
fn checksum(tag: u8, body: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(u64::from(tag), body)
}

/// Refuses a time in microseconds since the Unix epoch that is out of range.
pub(super) fn check_time(field: &'static str, micros: i64) -> Result<()> {
    let out_of_range = || BackendError::InvalidArgument {
        argument: field.into(),
        reason: format!("{micros} µs is outside of the years 1 to 9999"),
    };
    Timestamp::from_unix_micros(micros).map(|_| ()).ok_or_else(out_of_range)
}
