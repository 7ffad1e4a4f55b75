//! Faults, delays and events of storage backends.
//!
//! [`Faulty`] is a decorator over the trait stack of [`nessie_backend_core`]: it wraps any backend and
//! has the same tiers. Around each operation it runs what its [`Hooks`] contain:
//!
//! * [`FaultPlan`]s, whose [`Fault`]s make calls fail, before or after they have happened, or late;
//! * [`EventLog`]s, which record what has changed the backend and what was refused;
//! * [`Hook`]s of the caller's own.
//!
//! ```
//! use nessie_backend_core::{VolumeBackend, VolumeSpec};
//! use nessie_backend_faults::{Fault, Faulty};
//! # fn test(backend: impl VolumeBackend) -> nessie_backend_core::Result<()> {
//! let backend = Faulty::new(backend);
//! let plan = backend.inject([Fault::new("create_volume")?.error("timeout")?.times(1)]);
//! let refused = backend.create_volume(VolumeSpec::named("db")).unwrap_err();
//! assert_eq!(refused.code(), "timeout");
//! backend.create_volume(VolumeSpec::named("db"))?;
//! assert_eq!(plan.hits().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `mem`, a `MemBackend` is a [`Clock`]: a delay advances its clock, if the program
//! alone advances it, and blocks the thread otherwise.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod clock;
mod error;
mod event;
mod fault;
mod faulty;
mod hooks;
mod log;
#[cfg(feature = "mem")]
pub mod mem;
mod operation;
mod plan;
mod selection;
mod value;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use clock::{Clock, SystemClock};
pub use error::{Failure, is_error_code};
pub use event::{Cause, Event, event_json};
pub use fault::{Custom, Fault, When};
pub use faulty::Faulty;
pub use hooks::{Call, Effect, Hook, Hooks, Outcome, Recorder, Subject, Turn};
pub use log::{EventLog, write_event};
pub use operation::{Operation, OperationKind, Role};
pub use plan::{FaultPlan, Hit, Names};
pub use selection::{Selection, Tally};
pub use value::Value;
