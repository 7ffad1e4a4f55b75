//! The fields that ONTAP documents for an object, including those that its schema here lacks.
//!
//! A client may name each of them in `fields`, in a filter and in `order_by`. A field that the
//! [`Schema`](crate::Schema) lacks is unset in every record.

use std::fmt;
use std::sync::OnceLock;

use super::field::{Field, FieldKind, FieldPresence, WritableBy};
use super::path::is_inside;
use super::value::FieldValue;

/// The fields that ONTAP documents for one kind of object.
///
/// They are given as text with one line for each field, sorted by path. A line consists of the path
/// and, after a space, the type: `integer`, `size` (a number of bytes), `number` (with a fraction),
/// `boolean` or `time`; the default is text. `[]` after the type, or instead of it, means an array
/// of such values. The text is parsed when the first field is looked up.
pub struct DocumentedFields<R: 'static> {
    text: &'static str,
    entries: OnceLock<Vec<Entry<R>>>,
}

struct Entry<R> {
    field: Field<R>,
    is_array: bool,
}

impl<R> DocumentedFields<R> {
    /// No documented fields.
    #[must_use]
    pub const fn none() -> Self {
        Self::of("")
    }

    /// The fields of a text.
    #[must_use]
    pub const fn of(text: &'static str) -> Self {
        Self { text, entries: OnceLock::new() }
    }

    fn entries(&self) -> &[Entry<R>] {
        self.entries.get_or_init(|| self.text.lines().map(entry).collect())
    }

    fn entry(&self, path: &str) -> Option<&Entry<R>> {
        let entries = self.entries();
        let at = entries.binary_search_by(|entry| entry.field.path.cmp(path)).ok()?;
        entries.get(at)
    }

    /// The field at `path`. It is unset in every record.
    pub(crate) fn field(&self, path: &str) -> Option<&Field<R>> {
        self.entry(path).map(|entry| &entry.field)
    }

    /// Whether `path` is an array of values.
    pub(crate) fn is_array(&self, path: &str) -> bool {
        self.entry(path).is_some_and(|entry| entry.is_array)
    }

    /// Whether `path` is an object with fields.
    pub(crate) fn is_object(&self, path: &str) -> bool {
        // A dot sorts before all other characters of a path, so the fields inside follow the object.
        let entries = self.entries();
        let next = entries.partition_point(|entry| entry.field.path <= path);
        entries.get(next).is_some_and(|entry| is_inside(entry.field.path, path))
    }

    /// The documented fields, sorted by path.
    pub fn fields(&self) -> impl Iterator<Item = &Field<R>> {
        self.entries().iter().map(|entry| &entry.field)
    }

    /// The mistakes in the text, as pairs of a line and a description.
    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let lines: Vec<&str> = self.text.lines().collect();
        for line in &lines {
            let is_known = line.split_once(' ').is_none_or(|(_, word)| kind(word).is_some());
            if !is_known {
                faults.push((*line, "has an unknown type"));
            }
        }
        for pair in self.entries().windows(2) {
            let [left, right] = pair else { continue };
            let (left, right) = (left.field.path, right.field.path);
            if left >= right {
                faults.push((right, "does not sort after the documented field before it"));
            }
            if is_inside(right, left) {
                faults.push((left, "is documented as a field and as an object"));
            }
        }
        faults
    }
}

/// The type for a word of the text.
fn kind(word: &str) -> Option<FieldKind> {
    match word.strip_suffix("[]").unwrap_or(word) {
        "" => Some(FieldKind::Text),
        "integer" => Some(FieldKind::Integer),
        "size" => Some(FieldKind::Size),
        "number" => Some(FieldKind::Number),
        "boolean" => Some(FieldKind::Boolean),
        "time" => Some(FieldKind::Time),
        _ => None,
    }
}

fn entry<R>(line: &'static str) -> Entry<R> {
    let (path, word) = line.split_once(' ').unwrap_or((line, ""));
    let field = Field {
        path,
        kind: kind(word).unwrap_or(FieldKind::Text),
        presence: FieldPresence::Expensive,
        writable: WritableBy::Never,
        get: |_| FieldValue::Unset,
    };
    Entry { field, is_array: word.ends_with("[]") }
}

impl<R> fmt::Debug for DocumentedFields<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentedFields").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
