//! A condition on a field's value, such as `vol*|!tmp` or `>1GB`.

use std::cmp::Ordering;

use nessie_backend_core::{Timestamp, Uuid};

use super::{size, spelling, time};
use crate::schema::value::whole_seconds;
use crate::{ApiError, FieldKind, FieldValue};

/// Alternatives. A value matches if it matches one of them.
///
/// | Syntax | Meaning |
/// |---|---|
/// | `a\|b`, `a,b` | either alternative |
/// | `!a` | not `a` |
/// | `<a`, `>a`, `<=a`, `>=a`, `low..high` | comparison |
/// | `*` alone | any value |
/// | `*` in text | any characters |
/// | `"a"`, `{a}` | `a` without special characters |
/// | `null` | unset |
/// | `-` | unset, except for text |
/// | empty | unset or empty text |
///
/// A list matches if one of its values matches. An unset value matches no comparison.
#[derive(Debug)]
pub(crate) struct Condition {
    alternatives: Vec<Alternative>,
}

#[derive(Debug)]
struct Alternative {
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Unset,
    Set,
    Blank,
    /// The value, and the text it was read from.
    Equal(FieldValue<'static>, String),
    Compared(Comparison, FieldValue<'static>),
    Between(FieldValue<'static>, FieldValue<'static>),
    /// The texts between the stars.
    Pattern(Vec<String>),
    /// The words of an enumeration that match a pattern.
    OneOf(Vec<&'static str>),
    /// Matches nothing: the text cannot be a value of the field's type, as in `uuid=x`.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Below,
    Above,
    AtMost,
    AtLeast,
}

impl Condition {
    /// Reads the value of a filter on a field of this type. `path` is named in the error.
    pub(crate) fn parse(path: &str, kind: FieldKind, value: &str) -> Result<Self, ApiError> {
        let refuse = |rule: String| ApiError::invalid_value(path, value, rule);
        let alternatives = split(value)
            .ok_or_else(|| refuse("has an unclosed quote or brace".to_owned()))?
            .iter()
            .map(|characters| Alternative::parse(kind, characters).map_err(&refuse))
            .collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// The text that a value must equal, if the condition is a single text without an operator.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.alternatives.as_slice() {
            [Alternative { negated: false, test: Test::Equal(_, text) }] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, value: &FieldValue<'_>) -> bool {
        self.alternatives.iter().any(|alternative| alternative.matches(value))
    }
}

/// A character of a filter's value. A quoted character is never an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Character {
    character: char,
    quoted: bool,
}

impl Character {
    fn is(self, operator: char) -> bool {
        !self.quoted && self.character == operator
    }
}

/// Splits a value into its alternatives and removes the quotes. `None` if a quote or a brace is
/// not closed.
fn split(value: &str) -> Option<Vec<Vec<Character>>> {
    let mut alternatives = Vec::new();
    let mut current = Vec::new();
    let mut end = None;
    for character in value.chars() {
        match (end, character) {
            (Some(quote), _) if character == quote => end = None,
            (Some(_), _) => current.push(Character { character, quoted: true }),
            (None, '"') => end = Some('"'),
            (None, '{') => end = Some('}'),
            (None, '|' | ',') => alternatives.push(std::mem::take(&mut current)),
            (None, _) => current.push(Character { character, quoted: false }),
        }
    }
    alternatives.push(current);
    end.is_none().then_some(alternatives)
}

impl Alternative {
    fn parse(kind: FieldKind, mut characters: &[Character]) -> Result<Self, String> {
        let mut negated = false;
        while let [first, rest @ ..] = characters
            && first.is('!')
        {
            negated = !negated;
            characters = rest;
        }
        Ok(Self { negated, test: Test::parse(kind, characters)? })
    }

    fn matches(&self, value: &FieldValue<'_>) -> bool {
        self.test.matches(value) != self.negated
    }
}

impl Test {
    fn parse(kind: FieldKind, characters: &[Character]) -> Result<Self, String> {
        let plain = characters.iter().all(|character| !character.quoted);
        if plain && text_of(characters) == "null" {
            return Ok(Self::Unset);
        }
        // ONTAP's command line shows an unset value as a dash. A text field may hold a dash.
        if kind != FieldKind::Text && text_of(characters) == "-" {
            return Ok(Self::Unset);
        }
        if characters.is_empty() {
            return Ok(Self::Blank);
        }
        if let [star] = characters
            && star.is('*')
        {
            return Ok(Self::Set);
        }
        if let Some((comparison, rest)) = Comparison::split(characters) {
            return Ok(Self::Compared(comparison, comparison_operand(kind, rest)?));
        }
        if let Some((low, high)) = split_range(kind, characters) {
            return Ok(Self::Between(
                comparison_operand(kind, low)?,
                comparison_operand(kind, high)?,
            ));
        }
        if characters.iter().any(|character| character.is('*')) {
            let runs = characters.split(|character| character.is('*')).map(text_of);
            return match kind {
                FieldKind::Text => Ok(Self::Pattern(runs.collect())),
                FieldKind::Uuid => {
                    Ok(Self::Pattern(runs.map(|run| run.to_ascii_lowercase()).collect()))
                }
                FieldKind::Enumeration(words) => {
                    let runs: Vec<_> = runs.map(|run| spelling::plain_word(&run)).collect();
                    let matches =
                        |word: &&&str| matches_pattern(&runs, &spelling::plain_word(word));
                    Ok(Self::OneOf(words.iter().filter(matches).copied().collect()))
                }
                _ => Err("has a *, which is supported for text and UUIDs only".to_owned()),
            };
        }
        let text = text_of(characters);
        match operand(kind, &text) {
            Ok(value) => Ok(Self::Equal(value, text)),
            Err(_) if kind == FieldKind::Uuid => Ok(Self::Never),
            Err(rule) => Err(rule),
        }
    }

    fn matches(&self, value: &FieldValue<'_>) -> bool {
        match self {
            Self::Unset => value.is_unset(),
            Self::Set => !value.is_unset(),
            Self::Blank if value.is_unset() => true,
            _ => self.matches_one(value),
        }
    }

    fn matches_one(&self, value: &FieldValue<'_>) -> bool {
        // An element of an array may contain an array.
        if let FieldValue::List(values) = value {
            return values.iter().any(|value| self.matches_one(value));
        }
        match self {
            Self::Unset | Self::Set | Self::Never => false,
            Self::Blank => matches!(value, FieldValue::Text(text) if text.is_empty()),
            Self::Equal(operand, _) => compare(value, operand) == Some(Ordering::Equal),
            Self::Compared(comparison, operand) => {
                compare(value, operand).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::Between(low, high) => {
                compare(value, low).is_some_and(Ordering::is_ge)
                    && compare(value, high).is_some_and(Ordering::is_le)
            }
            Self::OneOf(words) => {
                matches!(value, FieldValue::Text(text) if words.contains(&&**text))
            }
            Self::Pattern(runs) => match value {
                FieldValue::Text(text) => matches_pattern(runs, text),
                FieldValue::Uuid(uuid) => {
                    let mut buffer = Uuid::encode_buffer();
                    matches_pattern(runs, uuid.as_hyphenated().encode_lower(&mut buffer))
                }
                _ => false,
            },
        }
    }
}

impl Comparison {
    fn split(characters: &[Character]) -> Option<(Self, &[Character])> {
        let [first, rest @ ..] = characters else { return None };
        let (equal, after) = match rest {
            [second, rest @ ..] if second.is('=') => (true, rest),
            _ => (false, rest),
        };
        if first.is('<') {
            Some((if equal { Self::AtMost } else { Self::Below }, after))
        } else if first.is('>') {
            Some((if equal { Self::AtLeast } else { Self::Above }, after))
        } else {
            None
        }
    }

    const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Below => ordering.is_lt(),
            Self::Above => ordering.is_gt(),
            Self::AtMost => ordering.is_le(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

/// The two sides of `low..high`. In text both must be present, because text may contain dots.
fn split_range(kind: FieldKind, characters: &[Character]) -> Option<(&[Character], &[Character])> {
    let at = characters.windows(2).position(|pair| pair.iter().all(|dot| dot.is('.')))?;
    let low = characters.get(..at)?;
    let high = characters.get(at + 2..)?;
    let is_text = matches!(kind, FieldKind::Text | FieldKind::Enumeration(_) | FieldKind::Uuid);
    let ends_in_dot = high.first().is_some_and(|first| first.is('.'));
    (!is_text || !(low.is_empty() || high.is_empty() || ends_in_dot)).then_some((low, high))
}

fn text_of(characters: &[Character]) -> String {
    characters.iter().map(|character| character.character).collect()
}

/// Reads the operand of `<`, `>`, `<=`, `>=` or `..`.
fn comparison_operand(
    kind: FieldKind,
    characters: &[Character],
) -> Result<FieldValue<'static>, String> {
    if kind == FieldKind::Boolean {
        return Err("compares a boolean, which has no order".to_owned());
    }
    if characters.is_empty() {
        return Err("has no value to compare with".to_owned());
    }
    operand(kind, &text_of(characters))
}

fn operand(kind: FieldKind, text: &str) -> Result<FieldValue<'static>, String> {
    let not = |what: &str| format!("is not {what}");
    match kind {
        FieldKind::Text => Ok(FieldValue::Text(text.to_owned().into())),
        // Accept each spelling of a word, as in a request's body.
        FieldKind::Enumeration(words) => Ok(spelling::word(words, text)
            .map_or_else(|| FieldValue::Text(text.to_owned().into()), FieldValue::text)),
        FieldKind::Uuid => text.parse().map(FieldValue::Uuid).map_err(|_| not("a UUID")),
        FieldKind::Integer => {
            text.parse().map(FieldValue::Integer).map_err(|_| not("a whole number"))
        }
        FieldKind::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(FieldValue::Text(text.to_owned().into())),
            _ => Err(not("a number")),
        },
        FieldKind::Size => {
            size::parse(text).map(FieldValue::Integer).ok_or_else(|| not("a number of bytes"))
        }
        FieldKind::Boolean => {
            parse_boolean(text).map(FieldValue::Boolean).ok_or_else(|| not("\"true\" or \"false\""))
        }
        FieldKind::Time => parse_time(text)
            .map(|time| FieldValue::Time(whole_seconds(time)))
            .ok_or_else(|| not("an RFC 3339 time with an offset")),
    }
}

/// Reads a time. Accepts a space for the `+` of the offset: a client that does not percent-encode
/// the `+` in a query sends a space.
fn parse_time(text: &str) -> Option<Timestamp> {
    let with_plus = || {
        let (local, offset) = text.rsplit_once(' ')?;
        time::parse(&format!("{local}+{offset}"))
    };
    time::parse(text).or_else(with_plus)
}

/// Reads `true` or `false` in upper or lower case: some clients send `True`.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Compares a record's value with an operand. Times are compared in whole seconds, as replies show
/// them.
fn compare(value: &FieldValue<'_>, operand: &FieldValue<'_>) -> Option<Ordering> {
    match value {
        FieldValue::Time(time) => FieldValue::Time(whole_seconds(*time)).compare(operand),
        value => value.compare(operand),
    }
}

/// Whether `text` consists of these runs with any characters between them. Matching each run at its
/// first occurrence never loses a match, so one pass over the text is enough.
fn matches_pattern(runs: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = runs else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for run in middle {
        match rest.split_once(run.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}
