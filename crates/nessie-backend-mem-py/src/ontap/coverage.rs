//! The table of implemented paths and fields.

use nessie_store::{FieldInfo, FieldPresence, WritableBy};
use pyo3::prelude::*;

/// A path, its methods and the name of its objects.
type EndpointRow = (&'static str, Vec<&'static str>, &'static str);
/// A field, when replies contain it, and the methods that set it.
type FieldRow = (&'static str, &'static str, &'static [&'static str]);
/// The name of objects, and their fields.
type ObjectRow = (&'static str, Vec<FieldRow>);

/// Every path and every kind of object that is implemented.
#[pyfunction]
#[pyo3(name = "_ontap_coverage")]
pub(crate) fn coverage() -> (Vec<EndpointRow>, Vec<ObjectRow>) {
    let mut paths = Vec::new();
    let mut objects: Vec<ObjectRow> = Vec::new();
    for endpoint in nessie_store::coverage() {
        paths.push((endpoint.path, endpoint.methods, endpoint.object));
        if !objects.iter().any(|(object, _)| *object == endpoint.object) {
            objects.push((endpoint.object, endpoint.fields.iter().map(field).collect()));
        }
    }
    (paths, objects)
}

fn field(field: &FieldInfo) -> FieldRow {
    let presence = match field.presence {
        FieldPresence::Key => "key",
        FieldPresence::Default => "default",
        FieldPresence::Expensive => "expensive",
    };
    let settable: &[&str] = match field.writable {
        WritableBy::Never => &[],
        WritableBy::Post => &["POST"],
        WritableBy::Patch => &["PATCH"],
        WritableBy::Both => &["POST", "PATCH"],
    };
    (field.path, presence, settable)
}
