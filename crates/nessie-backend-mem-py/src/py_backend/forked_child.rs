//! A process that is forked within a call of a backend's method.

use std::process;

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;

use crate::runtime::fork;

/// Where a call began: in this process, or in one that this process was forked from.
pub(super) struct Origin(usize);

impl Origin {
    pub(super) fn here() -> Self {
        Self(fork::ancestors())
    }

    /// Ends a child that was forked within the call and has returned from it. Whoever called is a
    /// thread of a server or of a run, of which nothing else is in the child: the thread would wait
    /// for ever.
    ///
    /// The exit status is the one of a program that ends with what the call came to.
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
        // Not by way of the interpreter's end, which would run what the parent is to do at its own.
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
