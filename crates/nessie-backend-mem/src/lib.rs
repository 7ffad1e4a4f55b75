//! `MemBackend`: an in-memory backend with volumes, snapshots and clones, for tests and
//! simulations.
//!
//! It implements every trait of `nessie-backend-core`, holds no data, needs no privileges, and is
//! fast enough for fleets of a million volumes. With a [seed](MemBackendBuilder::seed), the same
//! calls give the same records on every machine.
//!
//! ```
//! use nessie_backend_mem::MemBackend;
//! use nessie_backend_mem::nessie_backend_core::{VolumeBackend, VolumeSpec};
//!
//! let backend = MemBackend::new();
//! let volume = backend.create_volume(VolumeSpec::named("build_cache")).unwrap();
//! assert_eq!(backend.get_volume(volume.uuid).unwrap(), volume);
//! ```
//!
//! | type | for what |
//! |---|---|
//! | [`MemBackend`] | the backend: the traits, bulk operations, clock, forks, dumps |
//! | [`MemBackendBuilder`] | sets the seed, the clock, the capacity and the limits of a new backend |
//! | [`View`] | a consistent copy, read without a lock |
//! | [`Counts`] | the numbers of volumes, snapshots and clones |
//! | [`NewVolume`] | one volume of a bulk creation |
//! | [`NewData`] | what a client writes to a volume |
//! | [`Limits`], [`Profile`] | how many objects a backend holds, and the rules of a storage system |
//! | [`PolicyRun`], [`PassedOver`] | what a rule of a snapshot policy did |
//! | [`BulkError`] | the refusal of a bulk operation, with the item it is about |
//! | module `columns` (feature `arrow`) | tables of volumes and snapshots as Arrow record batches |
//!
//! The traits, records and errors are those of [`nessie_backend_core`], which this crate re-exports:
//! a program that only uses a `MemBackend` needs no other dependency. `nessie-store` serves the
//! backend as an ONTAP cluster, and `nessie-backend-faults` makes its operations fail.
//!
//! The clock of a seeded backend is stopped until it is [advanced](MemBackend::advance).
//! Independent copies are cheap:
//!
//! ```
//! use std::time::Duration;
//!
//! use nessie_backend_core::{SnapshotBackend, VolumeBackend, VolumeSpec};
//! use nessie_backend_mem::MemBackend;
//!
//! # fn main() -> nessie_backend_core::Result<()> {
//! let backend = MemBackend::builder().seed(1).build()?;
//! let volume = backend.create_volume(VolumeSpec::named("db").size_bytes(1 << 40))?;
//! backend.advance(Duration::from_secs(86_400))?;
//! let what_if = backend.fork();
//! what_if.create_snapshot(volume.uuid, "nightly")?;
//! assert!(backend.list_snapshots(volume.uuid)?.is_empty());
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

// Dependencies between the modules have one direction. `state` uses only `storage` (and the types
// `BulkError`, `Limits` and `Profile`). Only `backend`, `builder`, `inner` and `saved` use `env`.
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
mod limits;
mod policies;
mod saved;
mod space;
mod state;
mod storage;
mod traits;
mod tree;
mod view;

pub use backend::{Counts, MemBackend};
pub use builder::MemBackendBuilder;
pub use bulk::NewVolume;
pub use error::BulkError;
pub use limits::{Limits, Profile};
pub use nessie_backend_core;
pub use policies::{PassedOver, PolicyRun};
pub use space::NewData;
pub use view::View;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Runs the Rust example of the repository's README, which the package does not contain.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
