//! A field of an object: its path, its type, when it is in a reply and which requests may set it.

use std::fmt;

use super::value::Value;

/// One field of a [`Schema`](crate::Schema).
pub struct Field<R> {
    /// Where it stands in the record, as `space.snapshot.reserve_percent`. A field of the objects
    /// of an array is named without an index, as `aggregates.name`.
    pub path: &'static str,
    /// Its type.
    pub kind: Kind,
    /// When it comes back without being named.
    pub presence: Presence,
    /// Which requests may set it.
    pub writable: Writable,
    /// Reads it off a record.
    pub get: for<'r> fn(&'r R) -> Value<'r>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Any text.
    Text,
    /// An identifier.
    Uuid,
    /// A number without a unit.
    Integer,
    /// A number with a fraction. No record has one: a filter by it is checked and matches nothing.
    Number,
    /// A number of bytes: text with a unit (`20MB`) is understood in requests and filters.
    Size,
    /// `true` or `false`.
    Boolean,
    /// A moment.
    Time,
    /// One of these words.
    Enumeration(&'static [&'static str]),
}

/// When a field comes back without being named in `fields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Always: it identifies the record.
    Key,
    /// In a single record, and with `fields=*`.
    Default,
    /// With `fields=**` only, or when it or an object it is in is named.
    Expensive,
}

/// Which requests may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writable {
    /// None: it is derived.
    Never,
    /// The one that creates the object.
    Post,
    /// The one that changes it.
    Patch,
    /// Both.
    Both,
}

impl Kind {
    /// Whether a field that is documented with this type may be of the other one, which says more:
    /// identifiers, times and the words of an enumeration are text.
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
