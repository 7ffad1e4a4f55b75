//! Requests and responses, without a socket.

use nessie_ontap_protocol::{ApiError, Method};

/// What a client asks, after authentication.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What to do.
    pub method: Method,
    /// Path and query as they were sent, as `/api/storage/volumes?name=vol*`.
    pub target: &'a str,
    /// The header `X-Dot-SVM-Name`.
    pub svm_name: Option<&'a str>,
    /// The header `X-Dot-SVM-UUID`.
    pub svm_uuid: Option<&'a str>,
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Further headers: `Location`, `Link`, `Allow`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The media type of JSON.
    pub(crate) const JSON: &str = "application/hal+json";

    /// A reply with a JSON body.
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self { status, content_type: Self::JSON, headers: Vec::new(), body }
    }

    /// A refusal.
    pub(crate) fn refusal(error: &ApiError) -> Self {
        Self::json(error.status, error.to_json().to_string().into_bytes())
    }
}
