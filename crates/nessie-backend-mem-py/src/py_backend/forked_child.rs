//! A process that was forked within a call of a backend's method.

use std::process;

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;

use crate::runtime::fork;

/// The process in which a call began: this one, or an ancestor of it.
pub(super) struct Origin(usize);

impl Origin {
    pub(super) fn here() -> Self {
        Self(fork::ancestors())
    }

    /// Ends a child process that was forked within the call and has returned from it. The caller is a
    /// thread of a server or of a run, which does not exist in the child, so it would wait forever.
    ///
    /// The exit status is that of a program that ends with the result of the call.
    pub(super) fn end_child<T>(&self, py: Python<'_>, answer: &PyResult<T>) {
        if fork::ancestors() == self.0 {
            return;
        }
        let status = match answer {
            Ok(_) => 0,
            Err(error) if error.is_instance_of::<PySystemExit>(py) => {
                let code = error.value(py).getattr("code");
                code.map_or(1, |code| if code.is_none() { 0 } else { code.extract().unwrap_or(1) })
            }
            Err(error) => {
                error.print(py);
                1
            }
        };
        // A regular exit of the interpreter would run the exit handlers of the parent.
        let ended = exit(py, status);
        if let Err(error) = ended {
            error.print(py);
        }
        process::abort();
    }
}

fn exit(py: Python<'_>, status: i32) -> PyResult<()> {
    let sys = py.import("sys")?;
    for name in ["stdout", "stderr"] {
        let stream = sys.getattr(name)?;
        if !stream.is_none() {
            stream.call_method0("flush")?;
        }
    }
    py.import("os")?.call_method1("_exit", (status,))?;
    Ok(())
}
