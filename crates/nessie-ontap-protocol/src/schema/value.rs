//! The value of a record's field.

use std::borrow::Cow;
use std::cmp::Ordering;

use nessie_backend_core::{Timestamp, Uuid};

/// The value of a record's field. It borrows from the record if possible.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// No value: replies leave the field out, and the filter `null` matches it.
    Unset,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number. Sizes are in bytes.
    Integer(u64),
    /// Text, or a word of an enumeration.
    Text(Cow<'a, str>),
    /// A UUID.
    Uuid(Uuid),
    /// A time, written in RFC 3339 with an offset.
    Time(Timestamp),
    /// The values of an array in order: plain values, or the values of one field of its objects.
    List(Vec<FieldValue<'a>>),
}

impl<'a> FieldValue<'a> {
    /// Text that is borrowed from the record.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Whether the field is left out. An empty array counts as unset.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        match self {
            Self::Unset => true,
            Self::List(values) => values.is_empty(),
            _ => false,
        }
    }

    /// Compares two values of the same type. `None` for other pairs and for lists.
    pub(crate) fn compare(&self, other: &FieldValue<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(left), FieldValue::Boolean(right)) => Some(left.cmp(right)),
            (Self::Integer(left), FieldValue::Integer(right)) => Some(left.cmp(right)),
            (Self::Text(left), FieldValue::Text(right)) => Some(left.cmp(right)),
            (Self::Uuid(left), FieldValue::Uuid(right)) => Some(left.cmp(right)),
            (Self::Time(left), FieldValue::Time(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// The time rounded down to whole seconds, as replies show it.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    const MICROS: i64 = 1_000_000;
    let seconds = time.unix_micros().div_euclid(MICROS);
    Timestamp::from_unix_micros(seconds * MICROS).unwrap_or(time)
}

/// `None` becomes [`Unset`](FieldValue::Unset).
impl<'a, T: Into<FieldValue<'a>>> From<Option<T>> for FieldValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, Into::into)
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for FieldValue<'_> {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}

from!(bool => Boolean, u64 => Integer, u32 => Integer, Uuid => Uuid, Timestamp => Time, String => Text);

impl<'a> From<&'a str> for FieldValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::text(text)
    }
}

impl<'a> From<&'a String> for FieldValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::text(text)
    }
}
