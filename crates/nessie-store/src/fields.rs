//! The fields of an object, as data.

use nessie_ontap_protocol::{FieldKind, FieldPresence, Schema, WritableBy};

/// A field of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldInfo {
    /// Its path in the object, as `space.size`.
    pub path: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// Whether replies have it when the request does not name it.
    pub presence: FieldPresence,
    /// Which requests may set it.
    pub writable: WritableBy,
    /// Whether it is in an array.
    pub in_array: bool,
}

pub(crate) fn fields_of<R>(schema: &Schema<R>) -> Vec<FieldInfo> {
    let fields = schema.fields.iter().map(|field| FieldInfo {
        path: field.path,
        kind: field.kind,
        presence: field.presence,
        writable: field.writable,
        in_array: schema.in_array(field.path),
    });
    fields.collect()
}

pub(crate) fn documented_of<R>(schema: &Schema<R>) -> Vec<&'static str> {
    let paths = schema.documented.fields().map(|field| field.path);
    paths.filter(|path| schema.field(path).is_none()).collect()
}
