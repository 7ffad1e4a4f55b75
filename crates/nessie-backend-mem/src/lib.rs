//! `MemBackend`: the in-memory reference backend for ONTAP-shaped storage.
//!
//! It keeps every promise of `nessie-backend-core`'s trait stack (volumes, snapshots and clones),
//! holds no data, needs no privileges, and is fast enough to simulate fleets of a million
//! volumes. With a [seed](MemBackendBuilder::seed) it is deterministic to the byte.
//!
//! ```
//! use nessie_backend_core::{VolumeBackend, VolumeSpec};
//! use nessie_backend_mem::MemBackend;
//!
//! let b = MemBackend::new();
//! let vol = b.create_volume(VolumeSpec::named("build-cache")).unwrap();
//! assert_eq!(b.get_volume(vol.uuid).unwrap(), vol);
//! ```
//!
//! Time stands still unless you say otherwise, and copies are cheap:
//!
//! ```
//! use std::time::Duration;
//!
//! use nessie_backend_core::{SnapshotBackend, VolumeBackend, VolumeSpec};
//! use nessie_backend_mem::MemBackend;
//!
//! # fn main() -> nessie_backend_core::Result<()> {
//! let b = MemBackend::builder().seed(1).build()?;
//! let vol = b.create_volume(VolumeSpec::named("db").size_bytes(1 << 40))?;
//! b.advance(Duration::from_secs(86_400))?;
//! let what_if = b.fork();
//! what_if.create_snapshot(vol.uuid, "nightly")?;
//! assert!(b.list_snapshots(vol.uuid)?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The feature `arrow`, off by default, adds the module `columns`: everything as Arrow record
//! batches.
#![deny(unsafe_code)]

mod backend;
#[doc(hidden)]
pub mod binding;
mod builder;
mod bulk;
#[cfg(feature = "arrow")]
pub mod columns;
mod env;
mod error;
mod inner;
mod saved;
mod state;
mod storage;
mod traits;
mod tree;
mod view;

pub use backend::{Counts, MemBackend};
pub use builder::MemBackendBuilder;
pub use error::BulkError;
pub use view::View;

/// Runs the Rust example of the README, which lies outside of the packaged crate.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
