//! Spellings that ONTAP treats as equal.

use std::borrow::Cow;

/// The name of a field or a parameter as the schemas spell it. A request may use a hyphen for an
/// underscore, as in `export-policy.name`.
pub(crate) fn name(given: &str) -> Cow<'_, str> {
    if given.contains('-') { given.replace('-', "_").into() } else { given.into() }
}

/// The one of `words` that equals `given`, if case is ignored and a hyphen is the same as an
/// underscore: `Snapshot-Only` is `snapshot_only`.
pub(crate) fn word(words: &[&'static str], given: &str) -> Option<&'static str> {
    let is_line = |byte| matches!(byte, b'_' | b'-');
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b) || (is_line(a) && is_line(b));
    words.iter().copied().find(|word| {
        word.len() == given.len() && word.bytes().zip(given.bytes()).all(|(a, b)| same(a, b))
    })
}

/// A word or a part of one in lower case and with underscores, to compare it with others.
pub(crate) fn plain_word(given: &str) -> String {
    name(given).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_word_has_spellings() {
        let words = ["none", "snapshot_only", "c.utf_8"];
        for given in ["snapshot_only", "snapshot-only", "SNAPSHOT-ONLY", "Snapshot_Only"] {
            assert_eq!(word(&words, given), Some("snapshot_only"), "{given}");
        }
        assert_eq!(word(&["non-snaplock", "RW"], "non_snaplock"), Some("non-snaplock"));
        assert_eq!(word(&["non-snaplock", "RW"], "rw"), Some("RW"));
        assert_eq!(word(&words, "C.UTF-8"), Some("c.utf_8"));
        for given in ["", "snapshot only", "snapshotonly", "snapshot", "snapshot_only_", "ñone"] {
            assert_eq!(word(&words, given), None, "{given}");
        }
    }
}
