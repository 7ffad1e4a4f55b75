//! The implemented paths, methods and fields, as data.

use crate::fields::FieldInfo;
use crate::http::method_name;
use crate::router::routes;

/// An implemented path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// The path, with its variables in braces.
    pub path: &'static str,
    /// The methods, as HTTP writes them.
    pub methods: Vec<&'static str>,
    /// The name of its objects in ONTAP's documentation, as `volume`.
    pub object: &'static str,
    /// The fields of its objects. A client may filter by each of them, and order by each that is
    /// not in an array.
    pub fields: Vec<FieldInfo>,
    /// The other fields that ONTAP documents for its objects. A client may name them in the same
    /// ways, but no object has them.
    pub documented: Vec<&'static str>,
}

/// Every implemented path, with its methods and fields.
#[must_use]
pub fn coverage() -> Vec<Endpoint> {
    let mut endpoints: Vec<_> = routes()
        .map(|route| Endpoint {
            path: route.path,
            methods: route.methods.iter().map(|(method, _)| method_name(*method)).collect(),
            object: (route.object)(),
            fields: (route.fields)(),
            documented: (route.documented)(),
        })
        .collect();
    endpoints.sort_by_key(|endpoint| endpoint.path);
    endpoints
}
