//! What is implemented, as data.

use nessie_ontap_protocol::{FieldKind, FieldPresence, Schema, WritableBy};

use crate::router::{ROUTES, word};

/// A path that is answered.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The path; a variable stands in braces.
    pub path: &'static str,
    /// The methods, as HTTP writes them.
    pub methods: Vec<&'static str>,
    /// What its objects are called in ONTAP's documentation, as `volume`.
    pub object: &'static str,
    /// The fields of its objects. A client may filter and order by each of them, unless it is in
    /// an array, by which no collection is ordered.
    pub fields: Fields,
    /// The other fields that ONTAP documents for its objects. A client may name them in the same
    /// ways, and no object has them.
    pub documented: Vec<&'static str>,
}

/// The fields of an object.
pub type Fields = Vec<FieldInfo>;

/// A field of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Where it stands in the object, as `space.size`.
    pub path: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// When it comes back without being named.
    pub presence: FieldPresence,
    /// Which requests may set it.
    pub writable: WritableBy,
    /// Whether it is in an array.
    pub in_array: bool,
}

/// Every path that is answered, with its methods and fields.
#[must_use]
pub fn coverage() -> Vec<Endpoint> {
    let mut endpoints: Vec<_> = ROUTES
        .iter()
        .map(|route| Endpoint {
            path: route.path,
            methods: route.methods.iter().map(|(method, _)| word(*method)).collect(),
            object: (route.object)(),
            fields: (route.fields)(),
            documented: (route.documented)(),
        })
        .collect();
    endpoints.sort_by_key(|endpoint| endpoint.path);
    endpoints
}

pub(crate) fn fields_of<R>(schema: &Schema<R>) -> Fields {
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
