//! Results of the steps of a case, and reasons to end it early.

use std::any::Any;

use crate::trace::Trace;

/// Result of a case or of one of its steps.
pub(crate) type CaseResult<T = ()> = Result<T, Abort>;

/// Why a case ends early.
#[derive(Debug)]
pub(crate) enum Abort {
    /// The backend breaks a rule.
    Violation(Box<Violation>),
    /// The case does not apply.
    Skipped(String),
    /// The run no longer waits for the case.
    Cancelled,
    /// The time limit is exceeded.
    OutOfTime,
}

/// A rule that the backend breaks, and how.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The broken rules, the most likely first.
    pub(crate) rules: Vec<&'static str>,
    pub(crate) message: String,
    /// The calls that reproduce it, if they differ from those of the case.
    pub(crate) trace: Option<Trace>,
    /// Whether `rules` is complete, so that the case's own rules are not added.
    pub(crate) is_precise: bool,
}

impl Violation {
    pub(crate) fn new(rule: &'static str, message: String) -> Self {
        Self { rules: vec![rule], message, trace: None, is_precise: false }
    }
}

impl Abort {
    pub(crate) fn violation(rule: &'static str, message: impl Into<String>) -> Self {
        Self::Violation(Box::new(Violation::new(rule, message.into())))
    }
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "with a value that is not text"
    }
}
