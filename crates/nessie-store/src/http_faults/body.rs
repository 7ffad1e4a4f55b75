//! Faults of requests as JSON.

use std::time::Duration;

use nessie_backend_core::BackendError;
use nessie_backend_faults::{Selection, When};
use nessie_ontap_protocol::{ApiError, Body};
use serde_json::Value as Json;

use super::fault::{HttpFault, JobFault};

/// The fields that only faults of requests have.
pub(crate) const HTTP_FIELDS: &[&str] =
    &["method", "path", "status", "retry_after", "reset", "truncate", "job"];

/// The fields that all faults have.
pub(crate) const SELECTION_FIELDS: &[&str] =
    &["delay", "when", "after", "times", "every", "probability"];

impl HttpFault {
    /// Reads a fault from a JSON object. Its fields have the names of the methods that set them, and
    /// lengths of time are in seconds.
    ///
    /// # Errors
    /// The text is not a JSON object, or a field is unknown or has an invalid value.
    pub fn from_json(text: &[u8]) -> Result<Self, ApiError> {
        let body = Body::parse(text)?;
        check_fields(&body, &[HTTP_FIELDS, SELECTION_FIELDS])?;
        http_fault(&body)
    }
}

/// Refuses other fields.
pub(crate) fn check_fields(body: &Body, known: &[&[&str]]) -> Result<(), ApiError> {
    let is_known = |path: &&str| known.iter().any(|fields| fields.contains(path));
    body.paths()
        .find(|path| !is_known(path))
        .map_or(Ok(()), |path| Err(ApiError::unexpected_argument(path)))
}

/// Reads a fault of requests, whose fields have the names of the methods of [`HttpFault`]. Unknown
/// fields are looked for by the caller.
pub(crate) fn http_fault(body: &Body) -> Result<HttpFault, ApiError> {
    let mut fault = HttpFault::new().selection(selection(body)?);
    if let Some(pattern) = body.text("method")? {
        fault = fault.method(pattern)?;
    }
    if let Some(pattern) = body.text("path")? {
        fault = fault.path(pattern)?;
    }
    if let Some(status) = body.integer("status")? {
        let refuse =
            |_| BackendError::invalid("status", &status.to_string(), "is outside 400 to 599");
        fault = fault.status(u16::try_from(status).map_err(refuse)?)?;
    }
    if let Some(seconds) = body.integer("retry_after")? {
        fault = fault.retry_after(Duration::from_secs(seconds))?;
    }
    if body.boolean("reset")? == Some(true) {
        fault = fault.reset()?;
    }
    if let Some(bytes) = body.integer("truncate")? {
        fault = fault.truncate(bytes)?;
    }
    if let Some(word) = body.text("job")? {
        fault = fault.job(JobFault::from_word(word)?)?;
    }
    if let Some(delay) = delay(body)? {
        fault = fault.delay(delay)?;
    }
    if let Some(word) = body.text("when")? {
        fault = fault.when(When::from_word(word)?)?;
    }
    Ok(fault)
}

/// Which of the calls or requests that match are hit.
pub(crate) fn selection(body: &Body) -> Result<Selection, ApiError> {
    let mut selection = Selection::new();
    if let Some(count) = body.integer("after")? {
        selection = selection.after(count);
    }
    if let Some(hits) = body.integer("times")? {
        selection = selection.times(hits);
    }
    if let Some(count) = body.integer("every")? {
        selection = selection.every(count)?;
    }
    if let Some(value) = body.value("probability") {
        selection = selection.probability(number("probability", value)?)?;
    }
    Ok(selection)
}

/// The delay, in seconds.
pub(crate) fn delay(body: &Body) -> Result<Option<Duration>, ApiError> {
    body.value("delay").map(|value| seconds("delay", value)).transpose()
}

/// A length of time in seconds.
pub(crate) fn seconds(field: &str, value: &Json) -> Result<Duration, ApiError> {
    let number = number(field, value)?;
    Duration::try_from_secs_f64(number).map_err(|_| {
        let rule = "is negative or too large for a number of seconds";
        ApiError::invalid_value(field, &value.to_string(), rule)
    })
}

fn number(field: &str, value: &Json) -> Result<f64, ApiError> {
    let rule = "is not a number";
    value.as_f64().ok_or_else(|| ApiError::invalid_value(field, &value.to_string(), rule))
}
