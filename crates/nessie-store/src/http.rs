//! Requests and responses, without a socket.

use nessie_ontap_protocol::{ApiError, Method};

/// An authenticated request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
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

impl<'a> Request<'a> {
    /// A request without SVM headers and without a body.
    #[must_use]
    pub const fn new(method: Method, target: &'a str) -> Self {
        Self { method, target, svm_name: None, svm_uuid: None, body: b"" }
    }

    /// Sets the header `X-Dot-SVM-Name`.
    #[must_use]
    pub const fn svm_name(mut self, name: &'a str) -> Self {
        self.svm_name = Some(name);
        self
    }

    /// Sets the header `X-Dot-SVM-UUID`.
    #[must_use]
    pub const fn svm_uuid(mut self, uuid: &'a str) -> Self {
        self.svm_uuid = Some(uuid);
        self
    }

    /// Sets the body.
    #[must_use]
    pub const fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Other headers: `Location`, `Link`, `Allow`.
    pub headers: Vec<(&'static str, String)>,
    /// The body. A server sends only its length in reply to `HEAD`.
    pub body: Vec<u8>,
}

impl Response {
    /// The media type of JSON.
    pub(crate) const JSON: &str = "application/hal+json";

    /// A response without other headers.
    #[must_use]
    pub const fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, headers: Vec::new(), body }
    }

    /// A response with a JSON body.
    pub(crate) const fn json(status: u16, body: Vec<u8>) -> Self {
        Self::new(status, Self::JSON, body)
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
