//! The refusal of a bulk call.

use std::error::Error as StdError;
use std::fmt;

use nessie_backend_core::BackendError;

/// Why a bulk call was refused. It has changed nothing then.
#[derive(Debug)]
pub struct BulkError {
    /// The place in the batch of the first item that cannot be done; `None` if it is what all
    /// items share.
    pub index: Option<usize>,
    /// The refusal, the same as of a call for this item alone.
    pub error: BackendError,
}

impl BulkError {
    /// The refusal of the item at `index`.
    #[must_use]
    pub const fn at(index: usize, error: BackendError) -> Self {
        Self { index: Some(index), error }
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "item {index}: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl StdError for BulkError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl From<BackendError> for BulkError {
    fn from(error: BackendError) -> Self {
        Self { index: None, error }
    }
}

impl From<BulkError> for BackendError {
    fn from(error: BulkError) -> Self {
        error.error
    }
}
