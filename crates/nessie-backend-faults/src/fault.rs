//! A fault: which calls it hits, and what happens to them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::{BackendError, Result};
use wildmatch::WildMatch;

use crate::error::ErrorCode;
use crate::operation::OperationKind;
use crate::selection::Selection;

/// Whether a fault comes before or after the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The operation does not happen, or it happens late.
    Before,
    /// The operation has happened, and the caller gets an error, or the result late.
    After,
}

impl When {
    /// Its word: `before` or `after`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// The value of this word.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for another word.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "before" => Ok(Self::Before),
            "after" => Ok(Self::After),
            _ => Err(BackendError::invalid("when", word, "is not \"before\" or \"after\"")),
        }
    }
}

/// An error of a caller's own, such as an exception of another language.
#[derive(Clone)]
pub struct Custom {
    /// What an event shows as the error's code.
    pub code: Arc<str>,
    /// The error.
    pub error: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("code", &self.code).finish_non_exhaustive()
    }
}

/// The error that a fault gives to the caller.
#[derive(Clone, Debug)]
pub(crate) enum FaultError {
    Code(ErrorCode),
    Custom(Custom),
}

/// A fault: which calls it hits, and what happens to them.
///
/// `operation` and `name` are patterns: `*` matches any characters, `?` exactly one. Of the
/// calls that match both, a [`Selection`] is hit.
///
/// ```
/// use std::time::Duration;
///
/// use nessie_backend_faults::{Fault, When};
///
/// // Every third snapshot of a volume whose name begins with `db` fails after it was taken.
/// let fault = Fault::new("create_snapshot")?.name("db*")?.every(3)?.when(When::After);
/// let fault = fault.error("timeout")?.delay(Duration::from_secs(30));
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    operation: WildMatch,
    name: WildMatch,
    pub(crate) error: Option<FaultError>,
    pub(crate) delay: Option<Duration>,
    pub(crate) when: When,
    pub(crate) selection: Selection,
}

impl Fault {
    /// A fault of the operations whose names match a pattern. Alone it only counts calls.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) if no operation matches.
    pub fn new(operation: &str) -> Result<Self> {
        let pattern = WildMatch::new(operation);
        let fits = |kind: &&OperationKind| kind.takes_faults() && pattern.matches(kind.name());
        if OperationKind::ALL.iter().find(fits).is_none() {
            let rule = match OperationKind::named(operation) {
                Some(_) => "is an operation that faults cannot hit",
                None => "matches no operation",
            };
            return Err(BackendError::invalid("operation", operation, rule));
        }
        Ok(Self {
            operation: pattern,
            name: WildMatch::new("*"),
            error: None,
            delay: None,
            when: When::Before,
            selection: Selection::new(),
        })
    }

    /// Hits only calls about an object whose name or identifier matches the pattern.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for empty text, which no object has.
    pub fn name(mut self, pattern: &str) -> Result<Self> {
        if pattern.is_empty() {
            let rule = "is empty; * matches every name";
            return Err(BackendError::invalid("name", pattern, rule));
        }
        self.name = WildMatch::new(pattern);
        Ok(self)
    }

    /// The call fails with the error of this [code](BackendError::code). The error is about the object
    /// of the call.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a code that no error has.
    pub fn error(mut self, code: &str) -> Result<Self> {
        self.error = Some(FaultError::Code(ErrorCode::named(code)?));
        Ok(self)
    }

    /// The call fails with an error of the caller's own.
    #[must_use]
    pub fn custom_error(mut self, error: Custom) -> Self {
        self.error = Some(FaultError::Custom(error));
        self
    }

    /// The call takes this much longer.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Whether the error and the delay come before the operation, which is the default, or after it.
    #[must_use]
    pub const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    crate::selection_setters!();

    pub(crate) fn fits_kind(&self, kind: OperationKind) -> bool {
        kind.takes_faults() && self.operation.matches(kind.name())
    }

    /// Whether it hits calls about some objects only.
    pub(crate) fn wants_name(&self) -> bool {
        self.name.pattern_chars().iter().any(|c| *c != '*')
    }

    pub(crate) fn fits_name(&self, name: &str) -> bool {
        self.name.matches(name)
    }
}
