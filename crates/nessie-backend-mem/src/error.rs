//! The error of a bulk call.

use std::error::Error as StdError;
use std::fmt;

use nessie_backend_core::BackendError;

/// The refusal of a bulk call. A refused call changes nothing.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkError {
    /// The index of the first item that is refused; `None` if the error is about an argument that
    /// all items share.
    pub index: Option<usize>,
    /// The error of a single call for this item.
    pub error: BackendError,
}

impl BulkError {
    /// The error of the item at `index`.
    #[must_use]
    pub const fn at(index: usize, error: BackendError) -> Self {
        Self { index: Some(index), error }
    }

    /// The same index with an error that `change` makes of this one.
    #[must_use]
    pub fn map(self, change: impl FnOnce(BackendError) -> BackendError) -> Self {
        Self { index: self.index, error: change(self.error) }
    }

    /// The error of the item, without its index.
    #[must_use]
    pub fn into_inner(self) -> BackendError {
        self.error
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
