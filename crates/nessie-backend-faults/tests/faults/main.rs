//! Faults, delays, events and hooks around a backend in memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test of what cannot happen fails by a panic"
)]

mod conformance;
mod counts;
mod events;
mod hooks;
mod plans;

use nessie_backend_core::{Volume, VolumeBackend, VolumeSpec};
use nessie_backend_faults::Faulty;
use nessie_backend_mem::MemBackend;

/// A backend with a seed, whose clock only the test advances.
fn backend() -> Faulty<MemBackend, MemBackend> {
    let backend = MemBackend::builder().seed(1).build().unwrap();
    Faulty::with_clock(backend.clone(), backend).seed(1)
}

fn create(backend: &impl VolumeBackend, name: &str) -> Volume {
    backend.create_volume(VolumeSpec::named(name)).unwrap()
}

/// The code of the refusal of a volume's creation; `ok` if it succeeds.
fn outcome(backend: &impl VolumeBackend, name: &str) -> &'static str {
    backend.create_volume(VolumeSpec::named(name)).map_or_else(|error| error.code(), |_| "ok")
}
