//! Times in RFC 3339.

use nessie_backend_core::Timestamp;

/// Digits of a fraction of a second that a [`Timestamp`] holds.
const DIGITS: usize = 6;

/// Reads a time with an offset. Further digits of the fraction are ignored: Go's clients write nine,
/// and replies show whole seconds.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let Some((seconds, rest)) = text.split_once('.') else { return text.parse().ok() };
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, offset) = rest.split_at_checked(end)?;
    let digits = digits.get(..DIGITS).unwrap_or(digits);
    format!("{seconds}.{digits}{offset}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn digits_finer_than_a_microsecond_are_ignored() {
        let time = parse("2020-01-01T00:00:00.123456Z");
        assert!(time.is_some());
        for text in ["2020-01-01T00:00:00.123456789Z", "2020-01-01T01:00:00.1234569+01:00"] {
            assert_eq!(parse(text), time, "{text}");
        }
        let without_offset = "2020-01-01T00:00:00.123456789";
        for text in ["2020-01-01T00:00:00.Z", without_offset, "2020-02-30T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
