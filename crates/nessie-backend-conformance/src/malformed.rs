//! How an adapter reports a value that is not a record.

use std::error::Error;
use std::fmt;

use nessie_backend_core::BackendError;

/// A value that a backend in another language returned in place of a record: a wrong type, a
/// missing key, an invalid identifier.
///
/// An adapter puts it into [`BackendError::Substrate`]; the suite then reports that the backend
/// breaks the rule about records and shows the message.
///
/// ```
/// use nessie_backend_conformance::MalformedRecord;
/// use nessie_backend_core::BackendError;
///
/// let error = BackendError::substrate("get_volume", MalformedRecord::new("7 is not a dict"));
/// assert_eq!(MalformedRecord::within(&error).unwrap().message, "7 is not a dict");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedRecord {
    /// The value, and what is wrong with it.
    pub message: String,
}

impl MalformedRecord {
    /// From a message with the value and what is wrong with it.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The malformed record that an error carries, if it carries one.
    #[must_use]
    pub fn within(error: &BackendError) -> Option<&Self> {
        match error {
            BackendError::Substrate { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for MalformedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for MalformedRecord {}
