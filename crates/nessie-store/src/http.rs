//! Requests and responses, without a socket.

use nessie_ontap_protocol::{ApiError, Method};

/// An authenticated request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Path and query as they were sent, as `/api/storage/volumes?name=vol*`.
    pub target: &'a str,
    /// The header `X-Dot-SVM-Name`.
    pub svm_name: Option<&'a str>,
    /// The header `X-Dot-SVM-UUID`.
    pub svm_uuid: Option<&'a str>,
    /// The body; empty if there is none.
    pub body: &'a [u8],
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Other headers: `Location`, `Link`, `Allow`.
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

    /// An error response.
    pub(crate) fn refusal(error: &ApiError) -> Self {
        Self::json(error.status, error.to_json().to_string().into_bytes())
    }
}

/// A method as HTTP writes it.
pub(crate) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
    }
}
