//! Pickles of backends: dumps, compressed by LZ4, behind a checksum.

use std::io::BufReader;

use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use nessie_backend_core::{BackendError, Result};
use nessie_backend_mem::MemBackend;
use twox_hash::XxHash3_64;

/// Bytes that are decompressed at once.
const BLOCK: usize = 1 << 18;
/// The beginning of a pickle's bytes in version 0.4.0.
const OLD: &[u8] = b"NESSIEMB";

pub(crate) fn pack(backend: &MemBackend) -> Result<Vec<u8>> {
    let mut frame = FrameEncoder::new(Vec::new());
    backend.dump(&mut frame)?;
    let frame = frame.finish().map_err(|error| BackendError::substrate("pickle", error))?;
    Ok([&checksum(&frame), &*frame].concat())
}

pub(crate) fn unpack(bytes: &[u8]) -> Result<MemBackend> {
    let refused = |reason: &str| BackendError::InvalidArgument {
        argument: "pickle".into(),
        reason: reason.to_owned(),
    };
    if bytes.starts_with(OLD) {
        return Err(refused(
            "is one of nessie-backend-mem 0.4.0; this version reads those of 0.5.0 and later. \
             Unpickle it with 0.4.0, and create its records anew here",
        ));
    }
    // LZ4 does not find every change of the bytes.
    match bytes.split_first_chunk() {
        Some((sum, frame)) if *sum == checksum(frame) => {
            let text = BufReader::with_capacity(BLOCK, FrameDecoder::new(frame));
            MemBackend::load(text).map_err(|error| refused(&error.to_string()))
        }
        _ => Err(refused("has another checksum than its bytes; they were cut or altered")),
    }
}

fn checksum(frame: &[u8]) -> [u8; 8] {
    XxHash3_64::oneshot(frame).to_le_bytes()
}
