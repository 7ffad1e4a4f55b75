//! The compiled half of the Python package: arguments in, the core's answer out as fresh objects.
//!
//! There is no logic here. No lock of the core is held while Python code runs, and no call
//! releases the interpreter while it holds one, so a process can be forked at any time.
#![forbid(unsafe_code)]

mod args;
mod backend;
mod errors;
mod records;
mod time;

use pyo3::prelude::*;

/// The compiled half of `nessie_backend_mem`.
#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::backend::{MemBackend, restore};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::errors::load(module.py())?;
        // PyO3 checks once that there is an interpreter, when it first attaches to it. As the
        // interpreter ends, the check would fail though calls still come in.
        module.py().detach(|| Python::attach(|_| ()));
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
