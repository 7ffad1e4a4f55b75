//! The compiled half of the Python package. It reads the arguments, calls the core and returns its
//! results as new objects.
//!
//! The modules build on each other in this order: [`runtime`], [`errors`], [`arrow`], [`args`],
//! [`results`], [`hooks`], [`backend`]. [`py_backend`] is a backend written in Python; [`conformance`] and
//! [`ontap`] call it.
//!
//! Two rules hold everywhere. No lock of the core is held while Python code runs. Work that holds a
//! lock without the interpreter is run by [`runtime::fork`], so that a process can fork at any time,
//! and calls of Python code are made through [`runtime::exit`], so that a process can exit at any
//! time. Only `arrow::import` has unsafe code.
//!
//! # Free-threaded Python
//!
//! The module does not need the GIL. What each thread may rely on:
//!
//! - All classes are frozen. What changes in an instance is an atomic number or behind a lock.
//! - A thread that is attached waits only for locks that are held without running Python code, and whose
//!   holder does not wait for the interpreter. So neither the garbage collector nor a fork, which stop
//!   every attached thread, waits for ever.
//! - Caches of Python objects ([`results::templates`], [`results::time`]) are taken by `try_lock`: a thread
//!   that does not get one builds the object anew. Classes and modules are kept in a `PyOnceLock`.
//! - A bulk call may begin just after another thread has seen that the backend is free. That thread then
//!   waits for it attached, which takes longer and is not wrong.
//! - A capsule of Arrow is read in a critical section ([`arrow::import`]).

mod args;
mod arrow;
mod backend;
mod conformance;
mod errors;
mod hooks;
mod ontap;
mod py_backend;
mod results;
mod rules;
mod runtime;

use pyo3::prelude::*;

/// The compiled half of `nessie_backend_mem`.
#[pymodule(gil_used = false)]
mod _core {
    use nessie_backend_core::rules::{
        MAX_EXPORT_POLICY, MAX_JUNCTION_PATH, MAX_SNAPSHOT_NAME, MAX_VOLUME_NAME,
    };
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use crate::backend::{MemBackend, restore, set_create_time};
    #[pymodule_export]
    use crate::conformance::{cases, features, rules, run};
    #[pymodule_export]
    use crate::hooks::fault::check_fault;
    #[pymodule_export]
    use crate::hooks::log::EventLog;
    #[pymodule_export]
    use crate::hooks::plan::FaultPlan;
    #[pymodule_export]
    use crate::ontap::cluster::OntapCluster;
    #[pymodule_export]
    use crate::ontap::coverage::coverage;
    #[pymodule_export]
    use crate::ontap::errors::error;
    #[pymodule_export]
    use crate::ontap::http_faults::{HttpFaultPlan, check_http_fault};
    #[pymodule_export]
    use crate::ontap::listener::OntapListener;
    #[pymodule_export]
    use crate::ontap::records::{snapshot, volume};
    #[pymodule_export]
    use crate::py_backend::hooked::PyHooks;
    #[pymodule_export]
    use crate::results::table::{Table, restore_table};
    #[pymodule_export]
    use crate::results::uuids::Uuids;
    #[pymodule_export]
    use crate::rules::{
        canonical_uuid, check_export_policy, check_junction_path, check_new_volume, check_patch,
        check_size_bytes, check_snapshot_name, check_state, check_volume_name, fold_junction_path,
    };
    #[pymodule_export]
    use crate::runtime::exit::at_exit;
    #[pymodule_export]
    use crate::runtime::fork::{after_fork_in_child, after_fork_in_parent, before_fork};

    #[pymodule_export]
    const _MAX_VOLUME_NAME: usize = MAX_VOLUME_NAME;
    #[pymodule_export]
    const _MAX_SNAPSHOT_NAME: usize = MAX_SNAPSHOT_NAME;
    #[pymodule_export]
    const _MAX_JUNCTION_PATH: usize = MAX_JUNCTION_PATH;
    #[pymodule_export]
    const _MAX_EXPORT_POLICY: usize = MAX_EXPORT_POLICY;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        check_interpreter(module.py())?;
        crate::errors::load(module.py())?;
        watch_forks(module)?;
        watch_exit(module)?;
        register_sequence(module.py())?;
        // PyO3 checks once, when it first attaches, that there is an interpreter. While the interpreter
        // exits, calls still arrive and the check would fail.
        #[expect(clippy::disallowed_methods, reason = "it calls no Python code")]
        module.py().detach(|| Python::attach(|_| ()));
        module.add("_OPERATIONS", crate::py_backend::hooked::operations(module.py())?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// Refuses a second interpreter of the process, because classes are stored once for the process.
    fn check_interpreter(py: Python<'_>) -> PyResult<()> {
        // Each interpreter has its own `sys`. A reference is kept, so that its address stays unique.
        static SYS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let sys = py.import("sys")?;
        if SYS.get_or_init(py, || sys.clone().unbind()).is(&sys) {
            return Ok(());
        }
        Err(PyImportError::new_err(
            "nessie_backend_mem is loaded in another interpreter of this process, and works in one \
             only. Import it in one interpreter, or use a process for each: with mod_wsgi, \
             WSGIApplicationGroup %{GLOBAL}; with uWSGI, single-interpreter = true",
        ))
    }

    /// Makes each fork of the process wait for work that runs without the interpreter.
    fn watch_forks(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let os = module.py().import("os")?;
        let Some(register) = os.getattr_opt("register_at_fork")? else { return Ok(()) };
        let hooks = PyDict::new(module.py());
        hooks.set_item("before", module.getattr("_before_fork")?)?;
        hooks.set_item("after_in_parent", module.getattr("_after_fork_in_parent")?)?;
        hooks.set_item("after_in_child", module.getattr("_after_fork_in_child")?)?;
        register.call((), Some(&hooks))?;
        Ok(())
    }

    /// Makes the exit of the interpreter wait for Python code that this package has called.
    fn watch_exit(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let atexit = module.py().import("atexit")?;
        atexit.call_method1("register", (module.getattr("_at_exit")?,))?;
        Ok(())
    }

    /// Makes `Uuids` a `collections.abc.Sequence`. The interpreter has imported `_collections_abc`
    /// already; the import of `collections.abc` would take as long as that of this package.
    fn register_sequence(py: Python<'_>) -> PyResult<()> {
        let sequence = py.import("_collections_abc")?.getattr("Sequence")?;
        sequence.call_method1("register", (py.get_type::<Uuids>(),))?;
        Ok(())
    }
}
