//! The class `_OntapListener`.

use std::process;
use std::sync::Arc;

use nessie_store::Server;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::ontap::access_log::{LogLine, LogQueue};

/// A server that is running or was stopped.
#[pyclass(frozen, name = "_OntapListener", module = "nessie_backend_mem._core")]
pub(crate) struct OntapListener {
    server: Server,
    /// Requests for the access log; empty without one.
    lines: Arc<LogQueue>,
    /// The process that the server's threads belong to.
    process: u32,
}

impl OntapListener {
    pub(super) fn new(server: Server, lines: Arc<LogQueue>) -> Self {
        Self { server, lines, process: process::id() }
    }

    fn end(&self) {
        if self.process != process::id() {
            return;
        }
        self.server.stop();
        self.lines.close();
    }
}

#[pymethods]
impl OntapListener {
    /// The IP address that it listens on.
    #[getter]
    fn address(&self) -> String {
        self.server.address().ip().to_string()
    }

    /// The port that it listens on.
    #[getter]
    fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The generated certificate, in PEM, for clients to verify the server. None without TLS and with
    /// a certificate of the caller.
    #[getter]
    fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// Stop it, and return when it has stopped. In a forked process this does nothing.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.end());
    }

    /// Wait for the next request for the log, and return method, target, status, bytes of the reply
    /// and seconds; None once the server is stopped and all were returned.
    fn next_request(&self, py: Python<'_>) -> Option<LogLine> {
        py.detach(|| self.lines.next())
    }

    /// Drop the requests that next_request() has not returned.
    fn discard_requests(&self) {
        self.lines.discard();
    }

    /// The number of requests that are never returned: they were dropped, or the queue was full.
    #[getter]
    fn lost_requests(&self) -> u64 {
        self.lines.lost()
    }

    /// Report an exception of a call of `source` that no code can catch.
    #[staticmethod]
    fn report_exception(exception: &Bound<'_, PyBaseException>, source: &Bound<'_, PyAny>) {
        PyErr::from_value(exception.clone().into_any()).write_unraisable(source.py(), Some(source));
    }
}

impl Drop for OntapListener {
    fn drop(&mut self) {
        // Running requests may need the interpreter before they end.
        #[expect(clippy::disallowed_methods, reason = "it calls no Python code")]
        let ended = Python::try_attach(|py| py.detach(|| self.end()));
        if ended.is_none() {
            self.end();
        }
    }
}
