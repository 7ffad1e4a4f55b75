//! A field of an object: its path, its type, when it is in a reply and which requests may set it.

use std::fmt;

use super::value::FieldValue;

/// One field of a [`Schema`](crate::Schema).
pub struct Field<R> {
    /// The path in the record, such as `space.snapshot.reserve_percent`. A field of an array's
    /// objects is named without an index, such as `aggregates.name`.
    pub path: &'static str,
    /// The type of the value.
    pub kind: FieldKind,
    /// When a reply contains the field if `fields` does not name it.
    pub presence: FieldPresence,
    /// Which requests may set the field.
    pub writable: WritableBy,
    /// Reads the value from a record.
    pub get: for<'r> fn(&'r R) -> FieldValue<'r>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A UUID.
    Uuid,
    /// A whole number without a unit.
    Integer,
    /// A number with a fraction. Only documented fields have this type: a filter by one is checked
    /// and matches nothing.
    Number,
    /// A number of bytes. Bodies and filters also accept text with a unit, such as `20MB`.
    Size,
    /// `true` or `false`.
    Boolean,
    /// A time.
    Time,
    /// One of these words.
    Enumeration(&'static [&'static str]),
}

/// When a reply contains a field that `fields` does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldPresence {
    /// Always: the field identifies the record.
    Key,
    /// In a single record, and with `fields=*`.
    Default,
    /// Only with `fields=**`, or if `fields` names an object that contains the field.
    Expensive,
}

/// Which requests may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritableBy {
    /// No request: the value is derived.
    Never,
    /// The request that creates the object.
    Post,
    /// The request that changes the object.
    Patch,
    /// Both requests.
    Both,
}

impl FieldKind {
    /// Whether a field that is documented with this type may have the other type, which is more
    /// specific: UUIDs, times and the words of an enumeration are documented as text.
    pub(super) fn covers(self, other: Self) -> bool {
        match self {
            Self::Text => {
                matches!(other, Self::Text | Self::Uuid | Self::Time | Self::Enumeration(_))
            }
            Self::Integer | Self::Size => matches!(other, Self::Integer | Self::Size),
            kind => kind == other,
        }
    }
}

impl<R> fmt::Debug for Field<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("path", &self.path).finish_non_exhaustive()
    }
}
