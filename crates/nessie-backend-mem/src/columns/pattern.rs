//! Patterns of names: `*` matches any characters, `?` exactly one character.

use nessie_backend_core::{BackendError, Result};
use wildmatch::WildMatch;

/// The matcher of a pattern for names of at most `longest` characters.
///
/// # Errors
/// [`InvalidArgument`](BackendError::InvalidArgument) if no name can match: for the length of the
/// pattern or for a character that no name has.
pub(super) fn name_pattern(pattern: &str, longest: usize) -> Result<WildMatch> {
    let refuse = |rule: String| Err(BackendError::invalid("name", pattern, rule));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:*?".contains(c);
    if pattern.is_empty() {
        return refuse("is empty; * matches every name".to_owned());
    }
    if let Some(culprit) = pattern.chars().find(|c| !allowed(*c)) {
        return refuse(format!(
            "has the character {culprit:?}; allowed are A-Z a-z 0-9 _ - . : and * ?"
        ));
    }
    if pattern.bytes().filter(|byte| *byte != b'*').count() > longest {
        return refuse(format!("is too long; a name has at most {longest} characters"));
    }
    Ok(WildMatch::new(pattern))
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::rules::MAX_VOLUME_NAME;
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        name_pattern(pattern, MAX_VOLUME_NAME).unwrap().matches(name)
    }

    #[test]
    fn stars_match_any_characters_and_question_marks_one() {
        for pattern in
            ["build-1", "*", "***", "build-*", "*-1", "b*-*", "build-?", "*u??d*1*", "*1"]
        {
            assert!(matches(pattern, "build-1"), "{pattern}");
        }
        for pattern in ["build", "uild-1", "?", "build-1?", "*2", "build-*1?", "BUILD-*", "*1-*"] {
            assert!(!matches(pattern, "build-1"), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_no_name_can_match_are_refused() {
        for (pattern, because) in [
            ("", "is empty"),
            ("[a]", "'['"),
            ("é*", "'é'"),
            ("a\0", "'\\0'"),
            (&"x".repeat(204), "too long"),
            (&"?".repeat(204), "too long"),
        ] {
            let error = name_pattern(pattern, MAX_VOLUME_NAME).unwrap_err();
            assert_eq!(error.target().as_deref(), Some("name"));
            assert!(error.to_string().contains(because), "{error}");
        }
        assert!(matches(&"*?".repeat(203), &"x".repeat(203)));
    }

    #[test]
    fn many_stars_take_no_longer_than_pattern_times_name() {
        assert!(!matches(&format!("{}b", "*a".repeat(200)), &"a".repeat(203)));
    }

    /// The same by definition: try everything.
    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', after @ ..], _) => (0..=name.len()).any(|taken| naive(after, &name[taken..])),
            ([wanted, after @ ..], [byte, others @ ..]) => {
                (wanted == byte || *wanted == b'?') && naive(after, others)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_match_agrees_with_an_exhaustive_search(pattern in "[ab*?]{1,8}", name in "[ab]{1,10}") {
            prop_assert_eq!(matches(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
