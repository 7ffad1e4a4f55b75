//! Times as RFC 3339 text.

use std::sync::Mutex;

use nessie_backend_core::Timestamp;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The last time and its text. Records often repeat a time.
static LAST: Mutex<Option<(Timestamp, Py<PyString>)>> = Mutex::new(None);

/// The RFC 3339 text of a time.
pub(crate) fn text(py: Python<'_>, at: Timestamp) -> Bound<'_, PyString> {
    // No thread waits for the cache: a wait of an attached thread could be endless.
    let Ok(mut last) = LAST.try_lock() else {
        return PyString::new(py, &at.to_string());
    };
    if let Some((of, object)) = &*last
        && *of == at
    {
        return object.bind(py).clone();
    }
    let object = PyString::new(py, &at.to_string());
    *last = Some((at, object.clone().unbind()));
    object
}
