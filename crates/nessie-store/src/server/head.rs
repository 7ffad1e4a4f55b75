//! The head of a request: its line and its header fields, by the rules of RFC 9112.
//!
//! A head that breaks a rule is refused with the status that the RFC requires. There is one
//! deliberate exception: a target may contain any byte except spaces and control characters,
//! because clients send `<`, `>` and `"` unencoded.

use std::borrow::Cow;

use httparse::EMPTY_HEADER;
use nessie_ontap_protocol::{ApiError, Method};

/// The most header fields that a request may have.
const MAX_FIELDS: usize = 100;
/// The longest method name. All HTTP methods are shorter.
const MAX_METHOD_LENGTH: usize = 32;
/// How many bytes of an invalid value an error shows.
const SHOWN: usize = 40;

/// The head of one request.
#[derive(Debug)]
pub(super) struct ParsedHead<'a> {
    /// The method as it was sent: a token.
    pub(super) method: &'a str,
    /// Path and query as they were sent.
    pub(super) target: Cow<'a, str>,
    /// How the body is delimited.
    pub(super) framing: Framing,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    pub(super) keep_alive: KeepAlive,
    /// The header `Authorization`.
    pub(super) authorization: Option<&'a [u8]>,
    /// The header `X-Dot-SVM-Name`.
    pub(super) svm_name: Option<&'a [u8]>,
    /// The header `X-Dot-SVM-UUID`.
    pub(super) svm_uuid: Option<&'a [u8]>,
    /// The header `Referer`.
    pub(super) referer: Option<&'a [u8]>,
}

/// How the body of a request is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its number of bytes; 0 if there is no body.
    Length(u64),
    /// By the last of its chunks.
    Chunked,
}

/// Whether the connection stays open for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepAlive {
    /// HTTP/1.1, where it is the default.
    Implied,
    /// HTTP/1.0, where the client requests it and the response confirms it.
    Explicit,
    /// The connection closes after the response.
    No,
}

/// The length of the head at the start of `bytes`, if it is complete. `seen` bytes were searched by
/// an earlier call.
pub(super) fn end(bytes: &[u8], seen: usize) -> Option<usize> {
    // The end may begin in the bytes already searched: `\n\r\n` has three bytes.
    let mut from = seen.saturating_sub(3);
    loop {
        let line_feed = from + bytes.get(from..)?.iter().position(|byte| *byte == b'\n')?;
        match bytes.get(line_feed + 1..)? {
            [b'\n', ..] => return Some(line_feed + 2),
            [b'\r', b'\n', ..] => return Some(line_feed + 3),
            _ => from = line_feed + 1,
        }
    }
}

/// Refuses a first byte that cannot begin a request.
pub(super) fn check_first_byte(bytes: &[u8]) -> Result<(), ApiError> {
    match bytes.first() {
        // The first byte of a TLS record with a ClientHello.
        Some(0x16) => Err(ApiError::new(
            400,
            2,
            "The client speaks TLS, and this server plain HTTP. Use http:// in the URL.",
        )),
        Some(byte) if !is_token_byte(*byte) => Err(bad_line(bytes)),
        _ => Ok(()),
    }
}

/// The error for a head longer than `most` bytes.
pub(super) fn too_large(bytes: &[u8], most: usize) -> ApiError {
    let line = bytes.get(..most).unwrap_or(bytes);
    if line.contains(&b'\n') {
        let message =
            format!("The request line and the header fields have more than {most} bytes.");
        return ApiError::new(431, 2, message);
    }
    match line.iter().position(|byte| *byte == b' ') {
        Some(length) if length <= MAX_METHOD_LENGTH => {
            ApiError::new(414, 2, format!("The request line has more than {most} bytes."))
        }
        _ => bad_line(bytes),
    }
}

/// Parses a complete head, including its empty line.
pub(super) fn parse(bytes: &[u8]) -> Result<ParsedHead<'_>, ApiError> {
    let (Line { method, target, minor }, fields) = parse_line(bytes)?;
    let mut headers = [EMPTY_HEADER; MAX_FIELDS];
    let headers = match httparse::parse_headers(fields, &mut headers) {
        Ok(httparse::Status::Complete((_, headers))) => headers,
        Err(httparse::Error::TooManyHeaders) => {
            let message = format!("The request has more than {MAX_FIELDS} header fields.");
            return Err(ApiError::new(431, 2, message));
        }
        Ok(httparse::Status::Partial) => return Err(bad("A header field has no end.")),
        Err(error) => return Err(bad(format!("A header field is malformed: {error}."))),
    };
    let mut head = ParsedHead {
        method,
        target,
        framing: Framing::Length(0),
        expects_continue: false,
        keep_alive: if minor == 0 { KeepAlive::No } else { KeepAlive::Implied },
        authorization: None,
        svm_name: None,
        svm_uuid: None,
        referer: None,
    };
    let mut hosts = 0;
    let mut length = None;
    let mut codings: Option<Vec<&[u8]>> = None;
    let (mut asks_to_stay, mut asks_to_close) = (false, false);
    for header in headers {
        let value = header.value;
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        // By length first: most fields are not among these.
        match header.name.len() {
            4 if is("host") => {
                check_host(value)?;
                hosts += 1;
            }
            6 if is("expect") => {
                head.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if is("referer") => head.referer = head.referer.or(Some(value)),
            10 if is("connection") => {
                asks_to_close |= members(value).any(|word| word.eq_ignore_ascii_case(b"close"));
                asks_to_stay |= members(value).any(|word| word.eq_ignore_ascii_case(b"keep-alive"));
            }
            13 if is("authorization") => head.authorization = head.authorization.or(Some(value)),
            14 if is("content-length") => length = Some(parse_length(value, length)?),
            14 if is("x-dot-svm-name") => head.svm_name = head.svm_name.or(Some(value)),
            14 if is("x-dot-svm-uuid") => head.svm_uuid = head.svm_uuid.or(Some(value)),
            17 if is("transfer-encoding") => {
                codings.get_or_insert_default().extend(members(value));
            }
            _ => {}
        }
    }
    if hosts > 1 || (hosts == 0 && minor > 0) {
        let count = if hosts == 0 { "none" } else { "several" };
        return Err(bad(format!("A request has one header Host; this one has {count}.")));
    }
    if let Some(codings) = codings {
        check_codings(&codings, minor, length.is_some())?;
        head.framing = Framing::Chunked;
    } else if let Some(length) = length {
        head.framing = Framing::Length(length);
    }
    head.expects_continue &= minor > 0;
    if asks_to_close {
        head.keep_alive = KeepAlive::No;
    } else if asks_to_stay && minor == 0 {
        head.keep_alive = KeepAlive::Explicit;
    }
    Ok(head)
}

/// A request line.
struct Line<'a> {
    method: &'a str,
    target: Cow<'a, str>,
    /// The minor version of HTTP/1.
    minor: u8,
}

/// Parses the request line; also returns the bytes after it.
fn parse_line(bytes: &[u8]) -> Result<(Line<'_>, &[u8]), ApiError> {
    let line_feed = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, fields) = bytes.split_at_checked(line_feed).unwrap_or((bytes, b""));
    let fields = fields.get(1..).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad_line(line));
    };
    if method.is_empty() || !method.iter().all(|byte| is_token_byte(*byte)) {
        return Err(bad_line(line));
    }
    let minor = parse_version(version).map_err(|error| error.unwrap_or_else(|| bad_line(line)))?;
    if method.len() > MAX_METHOD_LENGTH {
        return Err(unknown_method(method));
    }
    // A token is ASCII.
    let method = str::from_utf8(method).map_err(|_| bad_line(line))?;
    Ok((Line { method, target: parse_target(method, target)?, minor }, fields))
}

/// The minor version of HTTP/1. `Err(None)` is a malformed version.
fn parse_version(version: &[u8]) -> Result<u8, Option<ApiError>> {
    match version {
        b"HTTP/1.1" => Ok(1),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Ok(minor - b'0'),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            let message = format!("The server speaks HTTP/1.1, not {}.", shown(version));
            Err(Some(ApiError::new(505, 2, message)))
        }
        _ => Err(None),
    }
}

/// Path and query of a target in any of the forms of RFC 9112.
fn parse_target<'a>(method: &str, target: &'a [u8]) -> Result<Cow<'a, str>, ApiError> {
    let refuse = |rule: &str| Err(bad(format!("The target {} {rule}.", shown(target))));
    if target.is_empty() || target.iter().any(u8::is_ascii_control) {
        return refuse("is empty or has a control character; percent-encode it");
    }
    let Ok(text) = str::from_utf8(target) else {
        return refuse("is not UTF-8; percent-encode it");
    };
    if text.starts_with('/') || text == "*" || method == "CONNECT" {
        return Ok(text.into());
    }
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    }) else {
        return refuse("is neither a path, which begins with /, nor an http or https URL");
    };
    let path = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest.split_at(path) {
        ("", _) => refuse("names no host"),
        (_, "") => Ok("/".into()),
        (_, path) if path.starts_with('/') => Ok(path.into()),
        (_, query) => Ok(format!("/{query}").into()),
    }
}

/// Accepts a host with an optional port, or an empty value.
fn check_host(value: &[u8]) -> Result<(), ApiError> {
    let is_host_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte);
    if value.iter().all(is_host_byte) {
        return Ok(());
    }
    Err(bad(format!(
        "The header Host is {}, which is not a host with an optional port.",
        shown(value)
    )))
}

/// The value of a `Content-Length`; `other` is the value of an earlier one. A number of 2^64 or more
/// is valid and above every limit for bodies, so `u64::MAX` takes its place.
fn parse_length(value: &[u8], other: Option<u64>) -> Result<u64, ApiError> {
    let digits = str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let Some(digits) = digits.filter(|digits| !digits.is_empty()) else {
        let message =
            format!("The header Content-Length is {}, not a number of bytes.", shown(value));
        return Err(bad(message));
    };
    let length = digits.parse().unwrap_or(u64::MAX);
    if other.is_some_and(|other| other != length) {
        return Err(bad("The request has two headers Content-Length that differ."));
    }
    Ok(length)
}

/// Refuses transfer codings other than `chunked`, and headers that make the end of the body
/// ambiguous.
fn check_codings(codings: &[&[u8]], minor: u8, has_length: bool) -> Result<(), ApiError> {
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if minor == 0 {
        return Err(bad("HTTP/1.0 has no header Transfer-Encoding."));
    }
    if has_length {
        return Err(bad("A request has Transfer-Encoding or Content-Length, not both."));
    }
    let (others, last) = codings.split_at(codings.len().saturating_sub(1));
    if !last.iter().any(is_chunked) || others.iter().any(is_chunked) {
        return Err(bad("The last transfer coding of a request is chunked, and it occurs once."));
    }
    match others.first() {
        None => Ok(()),
        Some(coding) => {
            let message = format!("The transfer coding {} is not implemented.", shown(coding));
            Err(ApiError::new(501, 2, message))
        }
    }
}

/// The error for an unknown method.
pub(super) fn unknown_method(method: &[u8]) -> ApiError {
    ApiError::new(501, 3, format!("The method {} is not implemented.", shown(method)))
}

/// The methods that the API supports.
pub(super) fn method(word: &str) -> Option<Method> {
    Some(match word {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        _ => return None,
    })
}

fn bad_line(line: &[u8]) -> ApiError {
    let line = line.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    bad(format!("The request line is {}, not METHOD TARGET HTTP/1.1.", shown(line)))
}

pub(super) fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(400, 2, message.into())
}

/// The members of a list, without empty ones.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// A value of a client, quoted, escaped and shortened for an error message.
fn shown(value: &[u8]) -> String {
    let part = value.get(..SHOWN).unwrap_or(value);
    let more = if part.len() < value.len() { "…" } else { "" };
    format!("\"{}\"{more}", part.escape_ascii())
}

/// Whether a byte may be part of a method or a field name.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    use super::*;

    const REQUEST: &[u8] = b"POST http://x/a?b=<c> HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\n\
        Content-Length: 12\r\nTransfer-Encoding: chunked\r\nAuthorization: Basic YWRtaW4=\r\n\r\n";

    #[test]
    fn the_end_is_found_however_a_head_arrives() {
        for (bytes, length) in
            [(&b"a\r\nb\r\n\r\nc"[..], 8), (b"a\n\nb", 3), (b"a\n\r\n", 4), (b"\n\n", 2)]
        {
            for seen in 0..length {
                assert_eq!(end(bytes, seen), Some(length), "{} {seen}", bytes.escape_ascii());
                assert_eq!(end(&bytes[..seen], 0), None);
            }
        }
        assert_eq!(end(b"a\r\n\rb\n\r", 0), None);
    }

    #[test]
    fn no_bytes_are_a_panic_or_a_long_error() {
        // Parts of a request in any order, with bytes that do not belong there.
        let part = prop_oneof![
            (0..REQUEST.len(), 0..40_usize).prop_map(|(from, length)| {
                REQUEST[from..(from + length).min(REQUEST.len())].to_vec()
            }),
            vec(any::<u8>(), 0..8),
            Just(b" HTTP/1.1\r\n".to_vec()),
            Just(b"Host: x\r\n".to_vec()),
            Just(b"\r\n\r\n".to_vec()),
        ];
        let mut runner = TestRunner::deterministic();
        let parts = vec(part, 0..12);
        runner
            .run(&parts, |parts| {
                let bytes = parts.concat();
                let errors = [
                    check_first_byte(&bytes).err(),
                    parse(&bytes).err(),
                    Some(too_large(&bytes, 16)),
                ];
                for error in errors.into_iter().flatten() {
                    prop_assert!([400, 414, 431, 501, 505].contains(&error.status), "{error:?}");
                    prop_assert!(error.message.len() < 250, "{}", error.message);
                    prop_assert!(!error.message.contains(char::is_control), "{}", error.message);
                }
                Ok(())
            })
            .unwrap();
    }
}
