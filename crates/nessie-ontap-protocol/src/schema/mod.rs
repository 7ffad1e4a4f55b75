//! The form of a kind of object on the wire: its fields, their values and its JSON.

mod documented;
mod field;
pub(crate) mod path;
pub(crate) mod value;
pub(crate) mod write;

use std::fmt;
use std::ops::Range;

pub use documented::DocumentedFields;
pub use field::{Field, FieldKind, FieldPresence, WritableBy};
use path::is_inside_or_same;
pub use value::FieldValue;

/// The schema of one kind of object, such as a volume, a snapshot or a job.
///
/// The fields are sorted by path, so the fields of a nested object follow each other.
pub struct Schema<R: 'static> {
    /// The object's name in ONTAP's documentation, such as `volume`.
    pub name: &'static str,
    /// Its fields, sorted by [`path`](Field::path).
    pub fields: &'static [Field<R>],
    /// The fields that ONTAP documents for the object. A client may also name those that `fields`
    /// lacks: they are unset in every record.
    pub documented: DocumentedFields<R>,
    /// The fields that collections are ordered by, after the fields that the request names. Their
    /// values never change, and no two records have the same values in all of them.
    pub order: &'static [&'static str],
    /// Further fields that [`order`](Self::order) may name. Replies never contain them.
    pub hidden: &'static [Field<R>],
    /// The nested references to other objects.
    pub references: &'static [ObjectReference<R>],
    /// The arrays among the fields.
    pub arrays: &'static [ArrayField],
    /// The path of a record without a query, such as `/api/storage/volumes/<uuid>`. Empty if records
    /// have no path: then they are written without `_links`.
    pub href: fn(&R) -> String,
}

/// A nested object that refers to another object. It is written with `_links.self.href`.
pub struct ObjectReference<R> {
    /// The path of the nested object, such as `svm` or `clone.parent_volume`.
    pub path: &'static str,
    /// The link to the other object. In an array: the link of the element `index`.
    pub href: fn(&R, index: usize) -> Option<String>,
}

/// An array in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayField {
    /// The path of the array, such as `aggregates`.
    pub path: &'static str,
    /// Whether an empty array of objects is written as `[]`. Otherwise it is left out, like unset
    /// fields.
    pub shown_empty: bool,
}

impl ArrayField {
    /// An array that is left out if it is empty.
    #[must_use]
    pub const fn at(path: &'static str) -> Self {
        Self { path, shown_empty: false }
    }
}

impl<R> Schema<R> {
    /// The field at `path`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&'static Field<R>> {
        let at = self.fields.binary_search_by(|field| field.path.cmp(path)).ok()?;
        self.fields.get(at)
    }

    /// The field at `path`, which may be a documented field only.
    pub(crate) fn field_or_documented(&'static self, path: &str) -> Option<&'static Field<R>> {
        self.field(path).or_else(|| self.documented.field(path))
    }

    /// Whether `path` is a field or an object, in the schema or in ONTAP's documentation.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.field(path).is_some()
            || self.is_object(path)
            || self.documented.field(path).is_some()
            || self.documented.is_object(path)
    }

    /// Whether `path` is an object, in the schema or in ONTAP's documentation.
    pub(crate) fn is_object_or_documented(&self, path: &str) -> bool {
        self.is_object(path) || self.documented.is_object(path)
    }

    /// The index range of the field at `path` and the fields inside it.
    pub(crate) fn range_of(&self, path: &str) -> Range<usize> {
        // A dot sorts before all other characters of a path, so these fields follow each other.
        let start = self.fields.partition_point(|field| field.path < path);
        // An object has few fields, so they are counted one by one.
        let after = self.fields.get(start..).unwrap_or_default();
        start..start + after.iter().take_while(|field| is_inside_or_same(field.path, path)).count()
    }

    /// The field at `path`, which may be a hidden field.
    pub(crate) fn order_field(&self, path: &str) -> Option<&'static Field<R>> {
        self.field(path).or_else(|| self.hidden.iter().find(|field| field.path == path))
    }

    /// Whether `path` is an array or inside one.
    #[must_use]
    pub fn in_array(&self, path: &str) -> bool {
        self.arrays.iter().any(|array| is_inside_or_same(path, array.path))
            || self.documented.is_array(path)
    }

    /// Whether `path` is an object with fields, such as `space` or `clone.parent_volume`.
    #[must_use]
    pub fn is_object(&self, path: &str) -> bool {
        self.inside(path).next().is_some()
    }

    /// The fields inside the object at `path`.
    pub fn inside<'p>(
        &self,
        path: &'p str,
    ) -> impl Iterator<Item = &'static Field<R>> + use<'p, R> {
        let within = self.fields.get(self.range_of(path)).unwrap_or_default();
        within.iter().filter(move |field| field.path != path)
    }
}

impl<R> Schema<R> {
    /// The mistakes in the tables of this schema; empty if there are none. All other methods require
    /// a schema without mistakes. Check each schema in a test.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault =
            |path: &str, what: &str| faults.push(format!("{}: {path} {what}", self.name));
        for field in self.fields {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if field.path.split('.').any(|key| key.is_empty() || !key.bytes().all(plain)) {
                fault(field.path, "is not a valid path");
            }
            if self.is_object(field.path) {
                fault(field.path, "is a field and an object");
            }
            if field.presence == FieldPresence::Key && self.in_array(field.path) {
                fault(field.path, "is a key in an array");
            }
        }
        for pair in self.fields.windows(2) {
            if let [left, right] = pair
                && left.path >= right.path
            {
                fault(right.path, "does not sort after the field before it");
            }
        }
        if self.order.is_empty() {
            fault("order", "is empty");
        }
        for path in self.order.iter().filter(|path| self.order_field(path).is_none()) {
            fault(path, "is in the order, but is not a field");
        }
        for path in self.order.iter().filter(|path| self.in_array(path)) {
            fault(path, "is in the order, but in an array");
        }
        for reference in self.references.iter().filter(|other| !self.is_object(other.path)) {
            fault(reference.path, "is a reference, but not an object");
        }
        for array in self.arrays {
            if self.field(array.path).is_none() && !self.is_object(array.path) {
                fault(array.path, "is an array without fields");
            }
        }
        for (line, what) in self.documented.faults() {
            fault(line, what);
        }
        for field in self.fields {
            match self.documented.field(field.path) {
                Some(documented) if !documented.kind.covers(field.kind) => {
                    fault(field.path, "has another type than the documented one");
                }
                None if self.documented.is_object(field.path) => {
                    fault(field.path, "is documented as an object");
                }
                _ => {}
            }
        }
        for field in self.documented.fields().filter(|field| self.is_object(field.path)) {
            fault(field.path, "is an object, but documented as a field");
        }
        faults
    }
}

impl<R> fmt::Debug for Schema<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ObjectReference<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference").field("path", &self.path).finish_non_exhaustive()
    }
}
