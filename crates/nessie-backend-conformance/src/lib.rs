//! One suite that any backend of ONTAP-shaped storage can be held to.
//!
//! A backend is what implements the traits of `nessie-backend-core`. This crate says in one call
//! whether it keeps their contract, and if not, which rule it breaks and by which calls:
//!
//! ```
//! use nessie_backend_mem::MemBackend as MyBackend;
//!
//! nessie_backend_conformance::run_all(&MyBackend::new());
//! ```
//!
//! As tests, one for each case:
//!
//! ```
//! # use nessie_backend_mem::MemBackend as MyBackend;
//! #[cfg(test)]
//! nessie_backend_conformance::conformance_tests!(MyBackend::new());
//! # fn main() {}
//! ```
//!
//! With the report in hand, and some cases only:
//!
//! ```
//! use nessie_backend_conformance::{Config, run};
//! # use nessie_backend_mem::MemBackend as MyBackend;
//!
//! let report = run(&MyBackend::new(), &Config::default().only("create_volume.*").many(50));
//! assert!(report.is_success(), "{report}");
//! ```
//!
//! # What a run does
//!
//! * It looks at the capabilities, tries the optional operations, and skips the cases of what the
//!   backend does not have. A skip says why.
//! * Every call of a case goes to the backend and to a naive model of the contract. The answers
//!   must agree, and after every change so must all that the backend shows. So a refusal that
//!   leaves a trace is caught wherever it happens.
//! * Generated sequences of operations go the same way. One that fails is shrunk to the shortest
//!   that fails alike, and printed as code. The same seed gives the same sequences.
//! * In the cases about concurrency, real threads call at once, and some order of their calls must
//!   explain every answer.
//! * The backend may hold objects of others. The suite's own have names that nothing else has, are
//!   deleted when the case is over, clones before snapshots before volumes, and what belongs to
//!   others must be as it was. Nobody else may change the backend during a run.
//! * A panic fails its case. [`run_shared`] leaves a call that hangs behind when its time is over.
//!
//! A backend that is not in memory is slow: [`Config`] has less of everything.
//!
//! What the contract leaves open is not tested: which of two bad values or of two conflicts is
//! named, whether an offline volume can be given the size it has, what a snapshot consumes, and how
//! a client reaches the bytes.
//!
//! # The contract, sentence by sentence
//!
#![doc = include_str!("rules.md")]
#![forbid(unsafe_code)]

mod case;
mod cases;
mod config;
mod feature;
mod harness;
mod malformed;
mod oracle;
mod report;
mod rule;
mod runner;
mod sequences;
mod trace;

pub use case::Case;
pub use cases::cases;
pub use config::Config;
pub use feature::{Feature, Tier};
pub use malformed::MalformedRecord;
pub use report::{CaseReport, Counts, Failure, Outcome, Report};
pub use rule::{Rule, rules};
#[doc(hidden)]
pub use runner::run_case;
pub use runner::{Event, Factory, Source, run, run_all, run_shared};
pub use trace::Trace;
