//! What an adapter says of something that is no record at all.

use std::error::Error;
use std::fmt;

use nessie_backend_core::BackendError;

/// What a backend of another language gave back where a record belongs: a wrong type, a missing
/// key, an identifier that is none.
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
    /// What came back, and what is wrong with it.
    pub message: String,
}

impl MalformedRecord {
    /// Says what came back, and what is wrong with it.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The malformed record that an error is about, if it is about one.
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
