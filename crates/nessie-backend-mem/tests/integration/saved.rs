//! Dumps in memory.

use nessie_backend_mem::MemBackend;

/// The dump of a backend.
pub(crate) fn dumped(backend: &MemBackend) -> Vec<u8> {
    let mut text = Vec::new();
    backend.dump(&mut text).unwrap();
    text
}

/// The backend that is loaded from the dump of another.
pub(crate) fn reloaded(backend: &MemBackend) -> MemBackend {
    MemBackend::load(dumped(backend).as_slice()).unwrap()
}
