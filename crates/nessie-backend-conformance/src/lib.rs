//! A conformance test suite for backends of ONTAP-shaped storage.
//!
//! A backend implements the traits of [`nessie_backend_core`]. This crate checks whether a backend
//! keeps their contract. If it does not, the report names the broken rule and the calls that
//! reproduce the failure:
//!
//! ```no_run
//! use nessie_backend_mem::MemBackend as MyBackend;
//!
//! nessie_backend_conformance::run_all(&MyBackend::new());
//! ```
//!
//! With the feature `harness`, `main` is the `main` function of a test binary with one test for each
//! case.
//!
//! With settings, a selection of cases and a report:
//!
//! ```
//! use nessie_backend_conformance::{Config, run};
//! # use nessie_backend_mem::MemBackend as MyBackend;
//!
//! let report = run(&MyBackend::new(), &Config::default().only("create_volume.*").objects(50));
//! assert!(report.is_success(), "{report}");
//! ```
//!
//! # Overview
//!
//! | purpose | items |
//! |---|---|
//! | run in a test | [`run_all`] |
//! | a test binary with one test for each case (feature `harness`) | `main` |
//! | run with settings, get a report | [`run`], [`Config`] |
//! | call a type's own implementations of the traits too | [`WithClones`], [`WithSnapshots`] |
//! | run in threads, with timeouts and progress | [`run_shared`], [`BackendSource`], [`BackendFactory`], [`RunEvent`] |
//! | read the report | [`Report`], [`CaseReport`], [`Outcome`], [`Failure`], [`Trace`], [`Counts`] |
//! | list cases and rules | [`cases()`], [`Case`], [`rules`], [`Rule`], [`Tier`], [`Feature`] |
//! | report invalid values from another language | [`MalformedRecord`] |
//! | compare a backend with the model in your own tests (feature `oracle`, unstable) | module `oracle` |
//!
//! # How a run works
//!
//! * The run reads the backend's capabilities, tries the optional operations, and skips the cases
//!   that the backend does not support. Each skip has a reason; [`Config::expect`] makes it a
//!   failure.
//! * The calls are made on the backend and on each of its tier objects in turn: `snapshot_backend`
//!   and `clone_backend` return objects that have the operations of all lower tiers. The answers
//!   must be the same.
//! * Every call of a case is also applied to a naive model of the contract. The two answers must
//!   agree, and after every change all listings and records must agree too. So a refused call that
//!   changes something is found in every case.
//! * The `model` cases do the same with generated sequences of operations. From time to time they
//!   also make the calls that the volumes must refuse as they are, and at the end they take every
//!   name and path again. A failing sequence is shrunk to a shorter one that breaks the same rule,
//!   and printed as code. The same seed gives the same sequences.
//! * In the `concurrency` cases real threads make concurrent calls, with pauses of random length
//!   before them. Some order of these calls must explain every answer: it keeps the order of each
//!   thread, and a call that ended before another started comes first. Then the case checks what the
//!   calls left behind: the sizes of snapshots, which objects can be deleted, and whether names and
//!   paths are free. Each case is repeated until its calls have really overlapped.
//! * The backend may hold other objects. The suite's own volumes have names with a prefix that no
//!   other volume has, and are deleted after each case: clones before snapshots before volumes. Other
//!   objects must be unchanged. During a run only the suite may change the backend.
//! * A case of generated sequences or of repeated races ends at half of the time limit if it has run
//!   a minimum by then: a tenth, and at least 10 sequences. Its outcome is [`Outcome::CutShort`],
//!   which says how much was run. A backend that is too slow for the minimum exceeds the time limit.
//! * A panic fails its case. [`run_shared`] abandons a call that exceeds the time limit.
//!
//! For slow backends, lower the sizes in [`Config`].
//!
//! The suite does not test what the contract leaves open: which of two invalid values or of two
//! conflicts an error names, whether an offline volume can be set to the size it already has, and the
//! kind of an access handle. Nor does it test how many bytes volumes and snapshots use, which may
//! change at any time: the numbers must be consistent, and those of two readings are not compared.
//!
//! # Rules
//!
//! These are all [`rules`]; [`Rule::cases`] gives the cases that check a rule.
//!
#![doc = include_str!("rules.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod case;
mod cases;
mod config;
mod feature;
mod harness;
mod malformed;
#[cfg(not(feature = "oracle"))]
mod oracle;
#[cfg(feature = "oracle")]
pub mod oracle;
mod own_tiers;
mod report;
mod rule;
mod runner;
mod sequences;
mod spelling;
#[cfg(feature = "harness")]
mod test_binary;
mod trace;

#[cfg(all(doctest, feature = "harness"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use case::Case;
pub use cases::cases;
pub use config::Config;
pub use feature::{Feature, Tier};
pub use malformed::MalformedRecord;
pub use own_tiers::{WithClones, WithSnapshots};
pub use report::{CaseReport, Counts, Failure, Outcome, Report};
pub use rule::{Rule, rules};
pub use runner::{BackendFactory, BackendSource, RunEvent, run, run_all, run_shared};
#[cfg(feature = "harness")]
pub use test_binary::main;
pub use trace::Trace;
