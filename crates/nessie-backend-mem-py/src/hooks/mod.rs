//! Faults and events: arguments, results and classes.

pub(crate) mod around;
pub(crate) mod fault;
pub(crate) mod log;
pub(crate) mod plan;
pub(crate) mod values;
pub(crate) mod wait;

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use nessie_backend_core::BackendError;
use nessie_backend_faults::{Failure, Outcome};
use nessie_backend_mem::BulkError;

use crate::errors::Error;

/// The outcome of a call that failed. A wrong call, such as one with an argument of a wrong type, is
/// not an event.
pub(crate) fn outcome_of(error: &Error) -> Outcome {
    match error {
        Error::Backend(error) => error.into(),
        Error::Bulk(error) | Error::Hinted(error, _) => (&error.error).into(),
        Error::Python(_) => Outcome::Failed,
    }
}

/// The error that a fault raises.
pub(crate) fn raised(failure: Failure) -> Error {
    match failure {
        Failure::Backend(error) => Error::Backend(error),
        Failure::Custom(custom) => fault::raised(&custom),
        other => Error::Backend(BackendError::from(other)),
    }
}

/// An error of a backend or of a batch.
pub(crate) trait Refusal {
    fn code(&self) -> Cow<'static, str>;
}

impl Refusal for BackendError {
    fn code(&self) -> Cow<'static, str> {
        self.code().into()
    }
}

impl Refusal for BulkError {
    fn code(&self) -> Cow<'static, str> {
        self.error.code().into()
    }
}

/// A seed for the probabilities of faults around a backend without a seed.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().hash_one(0)
}
