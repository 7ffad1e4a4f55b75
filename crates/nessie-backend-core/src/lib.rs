//! The contract of ONTAP-shaped storage backends: traits, records and errors.
//!
//! A backend keeps *volumes*, may keep point-in-time *snapshots* of them, and may make writable
//! *clones* of snapshots. The three tiers are the trait stack [`VolumeBackend`] ⊂
//! [`SnapshotBackend`] ⊂ [`CloneBackend`]; their documentation is the contract. This crate holds
//! no implementation, does no I/O, reads no clock and draws no random number: it is the one crate
//! that the author of a backend depends on. `nessie-backend-mem` is the reference implementation.
//!
//! The model is neutral of any substrate: it has no SVM, no aggregate and no link.
//!
//! # A backend of volumes alone
//!
//! ```
#![doc = include_str!("../examples/volume_only.rs")]
//! ```
//!
//! # Text
//!
//! Records, specifications, patches and access handles serialise with serde under the names of
//! their fields; [`Volume::origin`] alone is called `clone`. Optional fields are absent when unset.
//! Text round-trips are exact.
#![forbid(unsafe_code)]

mod access;
mod backend;
mod capabilities;
mod error;
mod id;
pub mod rules;
mod snapshot;
#[doc(hidden)]
pub mod splitmix64;
mod time;
mod volume;

pub use access::AccessHandle;
pub use backend::{CloneBackend, SnapshotBackend, VolumeBackend};
pub use capabilities::Capabilities;
pub use error::{BackendError, Dependents, Result};
pub use id::{SnapshotId, VolumeId};
pub use snapshot::Snapshot;
pub use time::Timestamp;
pub use uuid::{self, Uuid};
pub use volume::{
    CloneOrigin, Volume, VolumePatch, VolumeSpec, VolumeState, VolumeStyle, VolumeType,
};
