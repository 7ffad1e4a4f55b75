//! The HTML of an object for notebooks. The templates are in the module `nessie_backend_mem._html`.

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;

use crate::runtime::exit::Calling;

/// Fills the template of that name.
pub(crate) fn render<'py>(
    py: Python<'py>,
    template: &str,
    arguments: impl PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let _calling = Calling::python(py);
    py.import("nessie_backend_mem._html")?.getattr(template)?.call1(arguments)
}
