//! One condition on a field, as `vol*|!tmp` or `>1GB`.

use std::cmp::Ordering;

use nessie_backend_core::{Timestamp, Uuid};

use super::{size, spelling};
use crate::schema::value::whole_seconds;
use crate::{ApiError, Kind, Value};

/// Alternatives, one of which has to hold.
///
/// Between alternatives stands `|` or a comma. In each, `!` turns round what follows, `<`, `>`,
/// `<=`, `>=` and `low..high` compare, `null` is a field without a value, `*` in text stands for
/// any characters, and by itself for any value. What is in quotes or braces means itself. Nothing
/// at all is an empty text or no value. A dash is no value too, except in text.
///
/// A list matches if one of its values does, and what is not set meets no comparison.
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
    Equal(Value<'static>, String),
    Compared(Comparison, Value<'static>),
    Between(Value<'static>, Value<'static>),
    /// The runs between the stars.
    Pattern(Vec<String>),
    /// Text that no value of the field's type is, as `uuid=x`.
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
    /// Reads the value of a filter on a field of this type. `path` is for the message.
    pub(crate) fn parse(path: &str, kind: Kind, value: &str) -> Result<Self, ApiError> {
        let refuse = |rule: String| ApiError::invalid_value(path, value, rule);
        let alternatives = split(value)
            .ok_or_else(|| refuse("has a quote or a brace without an end".to_owned()))?
            .iter()
            .map(|characters| Alternative::parse(kind, characters).map_err(&refuse))
            .collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// The text that a value has to equal, if that is all.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.alternatives.as_slice() {
            [Alternative { negated: false, test: Test::Equal(_, text) }] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, value: &Value<'_>) -> bool {
        self.alternatives.iter().any(|alternative| alternative.matches(value))
    }
}

/// A character of a filter's value, and whether it stands for itself because it was quoted.
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

/// Takes the alternatives apart and the quotes off. Nothing where a quote has no end.
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
    fn parse(kind: Kind, mut characters: &[Character]) -> Result<Self, String> {
        let mut negated = false;
        while let [first, rest @ ..] = characters
            && first.is('!')
        {
            negated = !negated;
            characters = rest;
        }
        Ok(Self { negated, test: Test::parse(kind, characters)? })
    }

    fn matches(&self, value: &Value<'_>) -> bool {
        self.test.matches(value) != self.negated
    }
}

impl Test {
    fn parse(kind: Kind, characters: &[Character]) -> Result<Self, String> {
        let plain = characters.iter().all(|character| !character.quoted);
        if plain && text_of(characters) == "null" {
            return Ok(Self::Unset);
        }
        // ONTAP's command line shows a dash where there is no value. In text it may be one.
        if kind != Kind::Text && text_of(characters) == "-" {
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
            return match kind {
                Kind::Text | Kind::Enumeration(_) | Kind::Uuid => {
                    let runs = characters.split(|character| character.is('*')).map(text_of);
                    Ok(Self::Pattern(match kind {
                        Kind::Uuid => runs.map(|run| run.to_ascii_lowercase()).collect(),
                        Kind::Enumeration(_) => {
                            runs.map(|run| spelling::part_of_word(&run)).collect()
                        }
                        _ => runs.collect(),
                    }))
                }
                _ => Err("has a * where only a whole value is understood".to_owned()),
            };
        }
        let text = text_of(characters);
        match operand(kind, &text) {
            Ok(value) => Ok(Self::Equal(value, text)),
            Err(_) if kind == Kind::Uuid => Ok(Self::Never),
            Err(rule) => Err(rule),
        }
    }

    fn matches(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Unset => value.is_unset(),
            Self::Set => !value.is_unset(),
            Self::Blank if value.is_unset() => true,
            _ => self.matches_one(value),
        }
    }

    fn matches_one(&self, value: &Value<'_>) -> bool {
        // An element of an array may have an array of its own.
        if let Value::List(values) = value {
            return values.iter().any(|value| self.matches_one(value));
        }
        match self {
            Self::Unset | Self::Set | Self::Never => false,
            Self::Blank => matches!(value, Value::Text(text) if text.is_empty()),
            Self::Equal(operand, _) => compare(value, operand) == Some(Ordering::Equal),
            Self::Compared(comparison, operand) => {
                compare(value, operand).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::Between(low, high) => {
                compare(value, low).is_some_and(Ordering::is_ge)
                    && compare(value, high).is_some_and(Ordering::is_le)
            }
            Self::Pattern(runs) => match value {
                Value::Text(text) => matches_pattern(runs, text),
                Value::Uuid(uuid) => {
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

/// The sides of `low..high`. In text there have to be both, for text may have dots of its own.
fn split_range(kind: Kind, characters: &[Character]) -> Option<(&[Character], &[Character])> {
    let at = characters.windows(2).position(|pair| pair.iter().all(|dot| dot.is('.')))?;
    let low = characters.get(..at)?;
    let high = characters.get(at + 2..)?;
    let is_text = matches!(kind, Kind::Text | Kind::Enumeration(_) | Kind::Uuid);
    let ends_in_dot = high.first().is_some_and(|first| first.is('.'));
    (!is_text || !(low.is_empty() || high.is_empty() || ends_in_dot)).then_some((low, high))
}

fn text_of(characters: &[Character]) -> String {
    characters.iter().map(|character| character.character).collect()
}

/// The value that another is compared with by `<` and its like.
fn comparison_operand(kind: Kind, characters: &[Character]) -> Result<Value<'static>, String> {
    if kind == Kind::Boolean {
        return Err("compares what has no order".to_owned());
    }
    if characters.is_empty() {
        return Err("lacks a value to compare with".to_owned());
    }
    operand(kind, &text_of(characters))
}

fn operand(kind: Kind, text: &str) -> Result<Value<'static>, String> {
    let not_a = |what: &str| format!("is no {what}");
    match kind {
        Kind::Text => Ok(Value::Text(text.to_owned().into())),
        // Words are understood in each spelling, as in a request's body.
        Kind::Enumeration(words) => Ok(spelling::word(words, text)
            .map_or_else(|| Value::Text(text.to_owned().into()), Value::text)),
        Kind::Uuid => text.parse().map(Value::Uuid).map_err(|_| not_a("UUID")),
        Kind::Integer => text.parse().map(Value::Integer).map_err(|_| not_a("whole number")),
        Kind::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Text(text.to_owned().into())),
            _ => Err(not_a("number")),
        },
        Kind::Size => size::parse(text).map(Value::Integer).ok_or_else(|| not_a("number of bytes")),
        Kind::Boolean => {
            parse_boolean(text).map(Value::Boolean).ok_or_else(|| not_a("\"true\" or \"false\""))
        }
        Kind::Time => parse_time(text)
            .map(|time| Value::Time(whole_seconds(time)))
            .ok_or_else(|| not_a("RFC 3339 time with an offset")),
    }
}

/// A time whose `+` was sent as it is, and so was read as a space, is the same time.
fn parse_time(text: &str) -> Option<Timestamp> {
    let with_plus = || {
        let (time, offset) = text.rsplit_once(' ')?;
        format!("{time}+{offset}").parse().ok()
    };
    text.parse().ok().or_else(with_plus)
}

/// `true` or `false` in any case: some clients write `True`.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Times compare as they are shown, in whole seconds.
fn compare(value: &Value<'_>, operand: &Value<'_>) -> Option<Ordering> {
    match value {
        Value::Time(time) => Value::Time(whole_seconds(*time)).compare(operand),
        value => value.compare(operand),
    }
}

/// Whether `text` is these runs with anything between them. Taking every run at the first place
/// where it stands never loses a match, so the text is gone through once.
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
