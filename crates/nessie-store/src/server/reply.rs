//! Writes responses by the rules of HTTP, with the header fields of an ONTAP array.

use std::io::Write;
use std::time::SystemTime;

use httpdate::HttpDate;
use nessie_ontap_protocol::ApiError;

use super::head::KeepAlive;
use crate::Response;

const CONTENT_TYPE: &str = "application/hal+json";

/// An error response.
pub(super) fn error_response(error: &ApiError, headers: &[(&'static str, &str)]) -> Response {
    Response {
        status: error.status,
        content_type: CONTENT_TYPE,
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        body: error.to_json().to_string().into_bytes(),
    }
}

/// Whether a response with this status has a body and a `Content-Length`.
pub(super) const fn has_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

/// Writes the head of a response.
pub(super) fn write_head(output: &mut Vec<u8>, response: &Response, keep_alive: KeepAlive) {
    let Response { status, content_type, headers, body } = response;
    let mut text = |arguments: std::fmt::Arguments<'_>| {
        // Writing into memory does not fail.
        let _ = output.write_fmt(arguments);
    };
    text(format_args!(
        "HTTP/1.1 {status} {reason}\r\n\
         server: libzapid-httpd\r\n\
         content-type: {content_type}\r\n\
         cache-control: no-cache,no-store,must-revalidate\r\n\
         x-content-type-options: nosniff\r\n\
         vary: Accept\r\n",
        reason = reason(*status)
    ));
    for (name, value) in headers {
        // A value with a control character could add another field.
        if !value.bytes().any(|byte| byte.is_ascii_control()) {
            text(format_args!("{name}: {value}\r\n"));
        }
    }
    if has_body(*status) {
        text(format_args!("content-length: {}\r\n", body.len()));
    }
    match keep_alive {
        KeepAlive::Implied => {}
        KeepAlive::Explicit => text(format_args!("connection: keep-alive\r\n")),
        KeepAlive::No => text(format_args!("connection: close\r\n")),
    }
    text(format_args!("date: {}\r\n\r\n", HttpDate::from(SystemTime::now())));
}

/// The reason phrase of a status. Clients only use the number.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
