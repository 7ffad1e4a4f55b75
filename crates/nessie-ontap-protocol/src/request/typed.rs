//! Reads values of a JSON body as the types of fields. An error names the field and the value.

use nessie_backend_core::{Timestamp, Uuid};
use serde_json::Value as Json;

use super::condition::parse_boolean;
use crate::ApiError;
use crate::error::Quoted;

pub(super) fn text<'j>(path: &str, value: &'j Json) -> Result<&'j str, ApiError> {
    value.as_str().ok_or_else(|| wrong_type(path, value, "text"))
}

pub(super) fn uuid(path: &str, value: &Json) -> Result<Uuid, ApiError> {
    let text = text(path, value)?;
    text.parse().map_err(|_| ApiError::invalid_value(path, text, "is not a UUID"))
}

/// The least number that is too large for 64 bits.
const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// A whole number, or a text that `parse` reads as one.
pub(super) fn number(
    path: &str,
    value: &Json,
    parse: impl Fn(&str) -> Option<u64>,
) -> Result<u64, ApiError> {
    match value {
        Json::Number(number) => number.as_u64().ok_or_else(|| {
            // A larger one was read as a float.
            let is_too_large = number.as_f64().is_some_and(|float| float >= TWO_TO_64);
            let rule = if is_too_large {
                "is larger than 2^64-1"
            } else {
                "is not a whole number of 0 or more"
            };
            ApiError::of_value(262_245, path, &number.to_string(), rule)
        }),
        Json::String(text) => parse(text).ok_or_else(|| {
            ApiError::of_value(262_222, path, text, "is not a whole number that the field accepts")
        }),
        value => Err(wrong_type(path, value, "a number")),
    }
}

pub(super) fn boolean(path: &str, value: &Json) -> Result<bool, ApiError> {
    match value {
        Json::Bool(flag) => Ok(*flag),
        Json::String(text) => parse_boolean(text)
            .ok_or_else(|| ApiError::invalid_value(path, text, "is neither true nor false")),
        value => Err(wrong_type(path, value, "true or false")),
    }
}

pub(super) fn time(path: &str, value: &Json) -> Result<Timestamp, ApiError> {
    let text = text(path, value)?;
    let rule = "is not an RFC 3339 time with an offset, such as 2000-01-01T00:00:00+00:00";
    super::time::parse(text).ok_or_else(|| ApiError::invalid_value(path, text, rule))
}

pub(super) fn wrong_type(path: &str, value: &Json, wanted: &str) -> ApiError {
    let message = match value {
        Json::Array(_) => return unexpected_array(path),
        Json::Object(_) => format!("The field {} is an object, not {wanted}.", Quoted(path)),
        value => format!("The field {} is {value}, not {wanted}.", Quoted(path)),
    };
    ApiError::of_field(262_220, path, message)
}

pub(super) fn not_an_object(path: &str) -> ApiError {
    ApiError::of_field(262_220, path, format!("The field {} must be an object.", Quoted(path)))
}

pub(super) fn not_an_array(path: &str) -> ApiError {
    ApiError::of_field(262_254, path, format!("The field {} must be an array.", Quoted(path)))
}

pub(super) fn unexpected_array(path: &str) -> ApiError {
    ApiError::of_field(262_255, path, format!("The field {} must not be an array.", Quoted(path)))
}
