//! The contract of ONTAP-shaped storage backends: traits, records and errors.
//!
//! A backend stores *volumes*. It can also store point-in-time *snapshots* of them, and make
//! writable *clones* of snapshots. These are the three tiers of the trait stack [`VolumeBackend`] ⊂
//! [`SnapshotBackend`] ⊂ [`CloneBackend`], and the documentation of the traits is the contract. The
//! model has no SVM, no aggregate and no network address: it fits any storage system.
//!
//! This crate has no implementation. It does no I/O, reads no clock and draws no random number.
//!
//! | type | for what |
//! |---|---|
//! | [`VolumeBackend`], [`SnapshotBackend`], [`CloneBackend`] | what a backend implements |
//! | [`Capabilities`] | which tiers a backend has |
//! | [`VolumeSpec`], [`VolumePatch`] | what a caller requests |
//! | [`Volume`], [`CloneOrigin`], [`Snapshot`], [`AccessHandle`], [`Space`], [`VolumeSpace`], [`SnapshotSpace`] | what a backend returns |
//! | [`VolumeState`], [`VolumeStyle`], [`VolumeType`] | values of a volume's fields |
//! | [`SnapshotPolicy`], [`SnapshotRule`], [`Schedule`] | how a backend takes snapshots by itself |
//! | [`VolumeId`], [`SnapshotId`] | identifiers: UUIDs that cannot be confused |
//! | [`Timestamp`] | times in UTC with microseconds |
//! | [`BackendError`], [`Dependents`], [`Result`] | why an operation is refused |
//! | [`rules`] | checks of names, sizes, paths and policies |
//!
//! # A backend of volumes alone
//!
//! ```
#![doc = include_str!("../examples/volume_only.rs")]
//! ```
//!
//! # Other crates
//!
//! `nessie-backend-mem` is a backend in memory, `nessie-backend-conformance` tests whether a backend
//! keeps the contract, `nessie-backend-faults` makes its operations fail, and `nessie-store` serves it
//! as an ONTAP cluster.
//!
//! # Text
//!
//! Records, specifications, patches and access handles serialise with serde under the names of
//! their fields; [`Volume::origin`] alone is called `clone`. Optional fields are absent when unset.
//! Text round-trips are exact.
//!
//! # Compatibility
//!
//! The crates of this workspace have one version and follow one rule for types with public fields
//! or variants:
//!
//! * They are `#[non_exhaustive]`: a minor version can add a field or a variant. A struct that
//!   users build has a constructor with its mandatory fields, and public fields or setters for the
//!   rest.
//! * An enum is exhaustive if its values are fixed by the contract and code must handle each of
//!   them, as [`VolumeState`]. A new value is a breaking change.
//! * The fields of one variant of [`BackendError`] or [`AccessHandle`] are fixed: backends build
//!   the variants.
//! * The records of `nessie-ontap-protocol` are exhaustive: a renderer must give a value to every
//!   field. A new field is a breaking change of that crate.
//!
//! `#[doc(hidden)]` items are not part of the API.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod access;
mod backend;
mod capabilities;
mod error;
#[doc(hidden)]
pub mod forward;
mod id;
mod policy;
pub mod rules;
mod schedule;
mod snapshot;
mod space;
#[doc(hidden)]
pub mod splitmix64;
mod time;
mod volume;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use access::AccessHandle;
pub use backend::{CloneBackend, PolicyBackend, SnapshotBackend, VolumeBackend};
pub use capabilities::Capabilities;
pub use error::{BackendError, Dependents, Result};
pub use id::{SnapshotId, VolumeId};
pub use policy::{SnapshotPolicy, SnapshotRule};
pub use schedule::Schedule;
pub use snapshot::Snapshot;
pub use space::{SnapshotSpace, Space, VolumeSpace};
pub use time::Timestamp;
pub use uuid::{self, Uuid};
pub use volume::{
    CloneOrigin, Volume, VolumePatch, VolumeSpec, VolumeState, VolumeStyle, VolumeType,
};
