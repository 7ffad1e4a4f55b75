//! The spellings of an identifier that are also valid names.

use nessie_backend_core::Uuid;

/// A spelling of an identifier that a volume or snapshot may have as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Canonical,
    UpperCase,
    WithoutHyphens,
    Urn,
}

impl Spelling {
    const ALL: [Self; 4] = [Self::Canonical, Self::UpperCase, Self::WithoutHyphens, Self::Urn];

    pub(crate) fn of(self, id: Uuid) -> String {
        let canonical = id.hyphenated().to_string();
        match self {
            Self::Canonical => canonical,
            Self::UpperCase => canonical.to_uppercase(),
            Self::WithoutHyphens => id.simple().to_string(),
            Self::Urn => format!("urn:uuid:{canonical}"),
        }
    }

    /// Every spelling of the identifier. Without letters, two of them are the same.
    pub(crate) fn each(id: Uuid) -> Vec<String> {
        let mut all: Vec<String> = Self::ALL.into_iter().map(|spelling| spelling.of(id)).collect();
        all.dedup();
        all
    }

    /// The identifier that the text spells, and how.
    pub(crate) fn read(text: &str) -> Option<(Uuid, Self)> {
        let id = Uuid::parse_str(text).ok()?;
        Some((id, Self::ALL.into_iter().find(|spelling| spelling.of(id) == text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_is_read_again() {
        let id = Uuid::from_u128(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd);
        for spelling in Spelling::ALL {
            assert_eq!(Spelling::read(&spelling.of(id)), Some((id, spelling)));
        }
        assert_eq!(Spelling::each(id).len(), 4);
        for other in
            ["a", "{01234567-89ab-4cde-8f01-23456789abcd}", "0123456789AB4cde8f0123456789abcd"]
        {
            assert_eq!(Spelling::read(other), None, "{other}");
        }
    }
}
