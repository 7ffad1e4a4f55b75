//! ONTAP's rules for volumes (`FlexVol`), which are stricter than those of the contract.

use thiserror::Error;

use super::MAX_VOLUME_NAME;

/// The smallest size of a volume, in bytes: 20 MiB. A volume without a given size has this size.
pub const MIN_VOLUME_SIZE: u64 = 20 << 20;

/// Why ONTAP refuses a name. The text completes a sentence about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameFault {
    /// It is empty.
    #[error("is empty; a name has 1 to {MAX_VOLUME_NAME} characters")]
    Empty,
    /// It begins with this character.
    #[error(
        "begins with {}; the first character is a letter (A-Z, a-z) or \"_\"",
        shown(*.0)
    )]
    FirstCharacter(char),
    /// It has this character.
    #[error(
        "has the character {}; allowed are letters (A-Z, a-z), digits (0-9) and \"_\"",
        shown(*.0)
    )]
    Character(char),
    /// It is too long.
    #[error("has more than {MAX_VOLUME_NAME} characters")]
    TooLong,
}

/// A volume name: 1 to 203 letters, digits and underscores; the first is not a digit.
///
/// # Errors
/// The first rule that the name breaks.
pub fn volume_name(name: &str) -> Result<(), NameFault> {
    let first = name.chars().next().ok_or(NameFault::Empty)?;
    if !(first.is_ascii_alphabetic() || first == '_') {
        return Err(NameFault::FirstCharacter(first));
    }
    if let Some(wrong) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_')) {
        return Err(NameFault::Character(wrong));
    }
    if name.len() > MAX_VOLUME_NAME {
        return Err(NameFault::TooLong);
    }
    Ok(())
}

/// A character in quotes.
fn shown(character: char) -> String {
    format!("{:?}", character.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_letters_digits_and_underscores_pass() {
        for name in ["a", "_", "Z9_b", &"x".repeat(203)] {
            volume_name(name).unwrap();
        }
    }

    #[test]
    fn other_names_are_refused_with_the_fault() {
        for (name, fault) in [
            ("", NameFault::Empty),
            ("9a", NameFault::FirstCharacter('9')),
            ("-a", NameFault::FirstCharacter('-')),
            ("é", NameFault::FirstCharacter('é')),
            ("a-b", NameFault::Character('-')),
            ("a\0", NameFault::Character('\0')),
            (&"x".repeat(204), NameFault::TooLong),
        ] {
            assert_eq!(volume_name(name), Err(fault), "{name:?}");
        }
    }

    /// What passes here passes the rule of the contract, too.
    #[test]
    fn the_rule_of_the_contract_is_wider() {
        for first in 0..=127_u8 {
            for second in 0..=127_u8 {
                let name: String = [first, second].map(char::from).iter().collect();
                if volume_name(&name).is_ok() {
                    super::super::volume_name(&name).unwrap();
                }
            }
        }
    }

    #[test]
    fn a_fault_names_the_character_and_the_rule() {
        let text = NameFault::Character('"').to_string();
        assert!(text.starts_with(r#"has the character "\""; allowed are letters"#), "{text}");
        assert!(NameFault::FirstCharacter('9').to_string().starts_with("begins with \"9\""));
    }
}
