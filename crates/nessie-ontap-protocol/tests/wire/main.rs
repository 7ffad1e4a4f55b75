//! Requests and replies, tested with a separate schema.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bodies;
mod documented;
mod envelopes;
mod filters;
mod nested;
mod pages;
mod parameters;
mod properties;
mod records;
mod schemas;
mod selections;
mod spellings;
mod strategies;
mod thing;
mod urls;

use nessie_ontap_protocol::{ApiError, Method, Query, Url};
use thing::{THING, Thing};

fn url(target: &str) -> Url {
    Url::parse(target).unwrap()
}

/// Reads the parameters of a `GET` of the collection.
fn query(target: &str) -> Result<Query<Thing>, ApiError> {
    Query::parse(&THING, Method::Get, true, &[], &Url::parse(target)?)
}

#[track_caller]
fn assert_code<T>(result: Result<T, ApiError>, code: u32, target: &str) {
    let error = result.map(drop).unwrap_err();
    assert_eq!((error.code, error.target.as_deref()), (code, Some(target)), "{error}");
    assert_eq!(error.status, 400, "{error}");
}
