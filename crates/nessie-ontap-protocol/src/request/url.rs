//! The path and the query of a request, in the forms that clients send.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::ApiError;
use crate::error::Quoted;

/// The characters that are percent-encoded in a path or a query.
pub(crate) const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path and the parameters of a request, percent-decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Url {
    /// The segments of the path. Empty segments (`//`, a trailing `/`) are left out.
    pub segments: Vec<String>,
    /// The parameters, in order. A name without `=` has the empty value.
    pub parameters: Vec<(String, String)>,
}

impl Url {
    /// A URL of these segments and parameters.
    #[must_use]
    pub const fn new(segments: Vec<String>, parameters: Vec<(String, String)>) -> Self {
        Self { segments, parameters }
    }

    /// Parses a request target, such as `/api//storage/volumes/?name=vol*&fields=`.
    ///
    /// The first `?` starts the query. In the query `+` is a space, as in HTML forms, and `%2B` is a
    /// plus sign; in the path `+` is a plus sign. Some clients append `?max_records=…` to a link that
    /// has a query already: this is read as a separate parameter, unless the query has
    /// `max_records`.
    ///
    /// # Errors
    /// An [`ApiError`] if the percent-encoding is malformed or does not decode to UTF-8.
    pub fn parse(target: &str) -> Result<Self, ApiError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect::<Result<_, _>>()?;
        let (query, appended) = split_appended_page_size(query);
        let mut parameters = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                Ok((decode_query(name)?, decode_query(value)?))
            })
            .collect::<Result<Vec<_>, ApiError>>()?;
        if let Some(value) = appended
            && parameters.iter().all(|(name, _)| name != MAX_RECORDS)
        {
            parameters.push((MAX_RECORDS.to_owned(), value.to_owned()));
        }
        Ok(Self { segments, parameters })
    }

    /// Path and query for a link: percent-encoded, with the parameters sorted by name.
    #[must_use]
    pub fn href(&self) -> String {
        self.href_with(|_| true, &[])
    }

    /// The link to the page that starts at `start`.
    #[must_use]
    pub(crate) fn next_href(&self, start: &[(String, String)]) -> String {
        self.href_with(|name| !name.starts_with("start.") && name != "offset", start)
    }

    fn href_with(&self, keep: impl Fn(&str) -> bool, more: &[(String, String)]) -> String {
        let mut href = String::new();
        for segment in &self.segments {
            let _ = write!(href, "/{}", utf8_percent_encode(segment, ENCODED));
        }
        let mut parameters: Vec<_> =
            self.parameters.iter().filter(|(name, _)| keep(name)).chain(more).collect();
        parameters.sort_by_key(|(name, _)| name);
        for (i, (name, value)) in parameters.into_iter().enumerate() {
            href.push(if i == 0 { '?' } else { '&' });
            let name = utf8_percent_encode(name, ENCODED);
            let _ = write!(href, "{name}={}", utf8_percent_encode(value, ENCODED));
        }
        href
    }
}

const MAX_RECORDS: &str = "max_records";

/// Splits an appended `?max_records=1000` from the end of a query.
fn split_appended_page_size(query: &str) -> (&str, Option<&str>) {
    if let Some((before, last)) = query.rsplit_once('?')
        && let Some((MAX_RECORDS, value)) = last.split_once('=')
        && !value.is_empty()
        && value.bytes().all(|byte| byte.is_ascii_digit())
    {
        return (before, Some(value));
    }
    (query, None)
}

/// Decodes a name or a value of the query.
fn decode_query(text: &str) -> Result<String, ApiError> {
    if text.contains('+') { decode(&text.replace('+', " ")) } else { decode(text) }
}

fn decode(text: &str) -> Result<String, ApiError> {
    let refuse = |rule: &str| {
        ApiError::new(400, 2, format!("The URL contains {}, which {rule}.", Quoted(text)))
    };
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(refuse("has a % without two hexadecimal digits"));
        }
    }
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| refuse("does not decode to UTF-8"))?.into_owned())
}
