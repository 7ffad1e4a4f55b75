//! How a case ends early.

use std::any::Any;

use crate::trace::Trace;

/// What a step of a case comes to.
pub(crate) type CaseResult<T = ()> = Result<T, Abort>;

/// Why a case goes no further.
#[derive(Debug)]
pub(crate) enum Abort {
    /// The backend breaks a rule.
    Violation(Box<Violation>),
    /// The case does not apply.
    Skipped(String),
    /// Nobody waits for the case any longer.
    Cancelled,
    /// The time limit is over.
    OutOfTime,
}

/// How a backend breaks a rule.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The rules, the likeliest first.
    pub(crate) rules: Vec<&'static str>,
    pub(crate) message: String,
    /// The calls that lead there, if they are others than those of the case.
    pub(crate) trace: Option<Trace>,
    /// The rules are all there are; those of the case say nothing more.
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
        "with something that is no text"
    }
}
