//! Pickles of backends: dumps, compressed by LZ4.

use std::io::BufReader;

use lz4_flex::frame::{BlockSize, FrameDecoder, FrameEncoder, FrameInfo};
use nessie_backend_core::{BackendError, Result};
use nessie_backend_mem::MemBackend;

/// Bytes that are compressed at once.
const BLOCK: usize = 1 << 18;
/// The beginning of a pickle's bytes in version 0.4.0.
const OLD: &[u8] = b"NESSIEMB";

pub(crate) fn pack(backend: &MemBackend) -> Result<Vec<u8>> {
    let info = FrameInfo::new().block_size(BlockSize::Max256KB).block_checksums(true);
    let mut frame = FrameEncoder::with_frame_info(info, Vec::new());
    backend.dump(&mut frame)?;
    frame.finish().map_err(|error| BackendError::substrate("pickle", error))
}

pub(crate) fn unpack(bytes: &[u8]) -> Result<MemBackend> {
    if bytes.starts_with(OLD) {
        return Err(refused(
            "is one of nessie-backend-mem 0.4.0; this version reads those of 0.5.0 and later. \
             Unpickle it with 0.4.0, and create its records anew here",
        ));
    }
    let mut text = BufReader::with_capacity(BLOCK, FrameDecoder::new(bytes));
    let backend = MemBackend::load(&mut text).map_err(|error| refused(&error.to_string()))?;
    if text.into_inner().into_inner().is_empty() {
        Ok(backend)
    } else {
        Err(refused("has more bytes than those of a backend"))
    }
}

fn refused(reason: &str) -> BackendError {
    BackendError::InvalidArgument { argument: "pickle".into(), reason: reason.to_owned() }
}
