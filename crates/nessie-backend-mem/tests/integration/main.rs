//! The tests of the public interface. One program builds and links faster than one for each file.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and the panic names the seed"
)]

mod bulk;
#[cfg(feature = "arrow")]
mod columns;
mod determinism;
mod dump;
mod limits;
mod oracle;
mod outcomes;
mod policies;
mod random_cases;
mod saved;
mod space;
mod threads;
