//! The ONTAP face: a cluster over Python's backends, and the server in front of it.
//!
//! `nessie_backend_mem.ontap` gives these their arguments, checked, and their documentation.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

pub(crate) mod fork_guarded;
pub(crate) mod log;
pub(crate) mod records;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use std::{io, process};

use nessie_backend_core::{
    BackendError, Dependents, SnapshotId, Uuid, VolumeBackend, VolumeId, VolumeState,
};
use nessie_store::{
    Aggregate, ApiError, Clock, Cluster, Config, FieldInfo, FieldPresence, Identity, JobCompletion,
    Lif, Method, Request, RequestHandler, Response, Server, ServerOptions, Svm, WritableBy, serve,
};
use pyo3::exceptions::{PyBaseException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::backend::MemBackend;
use crate::ontap::fork_guarded::ForkGuarded;
use crate::ontap::log::{Line, Lines};
use crate::py_backend::{PyBackend, Requests};
use crate::runtime::fork;

/// A reply without a server: status, headers and body.
type Answer<'py> = (u16, Vec<(&'static str, String)>, Bound<'py, PyBytes>);

/// A simulated cluster.
#[pyclass(frozen, name = "_OntapCluster", module = "nessie_backend_mem._core")]
pub(crate) struct OntapCluster {
    handler: Arc<Requested>,
}

/// A cluster whose backends in memory are locked only while no fork is about to happen.
struct Requested {
    cluster: Cluster,
    /// Whether every backend is in memory. One written in Python has to wait for the interpreter,
    /// and may fork.
    is_quick: bool,
}

impl RequestHandler for Requested {
    fn handle(&self, request: &Request<'_>) -> Response {
        if self.is_quick {
            fork::guarded(|| self.cluster.handle(request))
        } else {
            self.cluster.handle(request)
        }
    }

    fn may_take_long(&self, request: &Request<'_>) -> bool {
        !self.is_quick || self.cluster.may_take_long(request)
    }

    fn answer_anyone(&self, request: &Request<'_>) -> Option<Response> {
        self.cluster.answer_anyone(request)
    }
}

#[pymethods]
impl OntapCluster {
    /// svms: (name, backend) of each; aggregates: (name, bytes); lifs: (name, address, services).
    /// jobs: ("immediate", 0), ("polls", how many) or ("seconds", how many).
    ///
    /// Raises ValueError for parts that do not fit together, and TypeError for a backend without
    /// the methods of one.
    #[new]
    #[pyo3(signature = (svms, *, name, nodes, aggregates, lifs, jobs, seed))]
    fn new(
        svms: Vec<(String, Bound<'_, PyAny>)>,
        name: String,
        nodes: Vec<String>,
        aggregates: Vec<(String, u64)>,
        lifs: Vec<(String, String, Vec<String>)>,
        jobs: (String, f64),
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let mut config = Config::default();
        config.name = name;
        config.nodes = nodes;
        config.aggregates =
            aggregates.into_iter().map(|(name, size)| Aggregate::new(name, size)).collect();
        config.lifs = lifs
            .into_iter()
            .map(|(name, address, services)| Lif::new(name, address, services))
            .collect();
        let (pace, number) = jobs;
        config.jobs = job_pace(&pace, number)?;
        config.seed = seed;
        let is_quick = svms.iter().all(|(_, object)| object.cast::<MemBackend>().is_ok());
        for (name, object) in svms {
            let backend: Arc<dyn VolumeBackend> = if let Ok(backend) = object.cast::<MemBackend>() {
                let core = backend.get().shared();
                let clock = core.clone();
                config.clock.get_or_insert_with(|| -> Clock {
                    if is_quick {
                        Arc::new(move || clock.now())
                    } else {
                        Arc::new(move || fork::guarded(|| clock.now()))
                    }
                });
                if is_quick { Arc::new(core) } else { Arc::new(ForkGuarded(core)) }
            } else {
                Arc::new(PyBackend::new(&object, Arc::new(Requests))?)
            };
            config.svms.push(Svm::new(name, backend));
        }
        let cluster = Cluster::new(config);
        let cluster = cluster.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { handler: Arc::new(Requested { cluster, is_quick }) })
    }

    /// The reply to a request without a server: status, headers and body.
    ///
    /// Raises ValueError for a method without a meaning, and what a backend raises that is no
    /// Exception.
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> PyResult<Answer<'py>> {
        let Some(method) = METHODS.iter().find(|(word, _)| *word == method) else {
            return Err(PyValueError::new_err(format!("{method} is no method")));
        };
        let request = Request::new(method.1, target).body(body);
        let response = py.detach(|| Requests::own(|| self.handler.handle(&request)))?;
        Ok((response.status, response.headers, PyBytes::new(py, &response.body)))
    }

    /// Listen, and answer requests on threads of the server's own until it is stopped.
    ///
    /// identity: certificates and key in PEM; None for a certificate that is made.
    /// log: whether to keep each request for next_request().
    ///
    /// Raises OSError where it cannot listen, and ValueError for what no client can send and for a
    /// certificate that cannot be used.
    #[pyo3(signature = (*, host, port, username, password, tls, identity, log))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords to Python")]
    fn serve(
        &self,
        py: Python<'_>,
        host: String,
        port: u16,
        username: String,
        password: String,
        tls: bool,
        identity: Option<(String, String)>,
        log: bool,
    ) -> PyResult<OntapListener> {
        let mut options = ServerOptions::new(username, password);
        options.host = host;
        options.port = port;
        options.tls = tls;
        options.identity = identity.map(|(certificates, key)| Identity::new(certificates, key));
        let lines = Arc::<Lines>::default();
        options.log = log.then(|| lines.log());
        let handler = Arc::clone(&self.handler);
        let server = py.detach(|| serve(handler, options)).map_err(raised)?;
        Ok(OntapListener { server, lines, process: process::id() })
    }
}

const METHODS: [(&str, Method); 6] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("OPTIONS", Method::Options),
];

fn job_pace(word: &str, number: f64) -> PyResult<JobCompletion> {
    let refuse = || PyValueError::new_err(format!("jobs: {word}:{number} is no pace of jobs"));
    match word {
        "immediate" => Ok(JobCompletion::Immediate),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number in range"
        )]
        "polls" if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) => {
            Ok(JobCompletion::Polls(number as u32))
        }
        "seconds" => {
            Duration::try_from_secs_f64(number).map(JobCompletion::After).map_err(|_| refuse())
        }
        _ => Err(refuse()),
    }
}

fn raised(error: io::Error) -> PyErr {
    if error.kind() == io::ErrorKind::InvalidInput {
        return PyValueError::new_err(error.to_string());
    }
    error.into()
}

/// What a refusal is on the wire: the HTTP status and the body. The code is an error class's, the
/// message and the target are the error's.
#[pyfunction]
#[pyo3(name = "_ontap_error")]
pub(crate) fn error(code: &str, message: String, target: Option<String>) -> (u16, String) {
    let mut error = ApiError::from(refusal(code));
    error.message = message;
    error.target = target.map(Cow::Owned);
    (error.status, error.to_json().to_string())
}

/// A refusal of that kind; what it is about does not matter.
fn refusal(code: &str) -> BackendError {
    let (volume, snapshot) = (VolumeId::from(Uuid::nil()), SnapshotId::from(Uuid::nil()));
    let (name, dependents) = (String::new(), Dependents::default());
    match code {
        "volume_not_found" => BackendError::VolumeNotFound { volume },
        "snapshot_not_found" => BackendError::SnapshotNotFound { volume, snapshot },
        "volume_exists" => BackendError::VolumeExists { name },
        "snapshot_exists" => BackendError::SnapshotExists { volume, name },
        "junction_path_exists" => BackendError::JunctionPathExists { path: name },
        "volume_busy" => BackendError::VolumeBusy { volume, dependents },
        "snapshot_busy" => BackendError::SnapshotBusy { snapshot, dependents },
        "volume_offline" => BackendError::VolumeOffline { volume, state: VolumeState::Offline },
        "invalid_argument" => BackendError::invalid("", "", ""),
        "feature_not_supported" => BackendError::not_supported(""),
        "timeout" => BackendError::Timeout { operation: "".into(), source: None },
        _ => BackendError::substrate("", ""),
    }
}

/// A path, its methods and what its objects are called.
type EndpointRow = (&'static str, Vec<&'static str>, &'static str);
/// A field, when it comes back, and which methods set it.
type FieldRow = (&'static str, &'static str, &'static [&'static str]);
/// What objects are called, and their fields.
type ObjectRow = (&'static str, Vec<FieldRow>);

/// What is implemented: every path, and every kind of object.
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

/// A server that is running, or was.
#[pyclass(frozen, name = "_OntapListener", module = "nessie_backend_mem._core")]
pub(crate) struct OntapListener {
    server: Server,
    /// Requests for the log; none if there is no log.
    lines: Arc<Lines>,
    /// The process that has the threads.
    process: u32,
}

#[pymethods]
impl OntapListener {
    /// The IP address it listens at.
    #[getter]
    fn address(&self) -> String {
        self.server.address().ip().to_string()
    }

    /// The port it listens at.
    #[getter]
    fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The certificate that clients verify it against, in PEM; None without TLS, and None for one
    /// that was given.
    #[getter]
    fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// Stop it, and return when it is over. In a forked process this does nothing.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.end());
    }

    /// Wait for the next request for the log, and return method, target, status, bytes of the reply
    /// and seconds; None once the server is stopped and all were returned.
    fn next_request(&self, py: Python<'_>) -> Option<Line> {
        py.detach(|| self.lines.next())
    }

    /// Give up the requests that next_request() has not returned.
    fn discard_requests(&self) {
        self.lines.discard();
    }

    /// How many requests will never be returned: they were given up, or too many waited.
    #[getter]
    fn lost_requests(&self) -> u64 {
        self.lines.lost()
    }

    /// Report an exception that nobody can catch, which a call of `source` raised.
    #[staticmethod]
    fn report_exception(exception: &Bound<'_, PyBaseException>, source: &Bound<'_, PyAny>) {
        PyErr::from_value(exception.clone().into_any()).write_unraisable(source.py(), Some(source));
    }
}

impl OntapListener {
    fn end(&self) {
        if self.process != process::id() {
            return;
        }
        self.server.stop();
        self.lines.close();
    }
}

impl Drop for OntapListener {
    fn drop(&mut self) {
        // Requests that are under way may need the interpreter to end.
        #[expect(clippy::disallowed_methods, reason = "it calls no Python code")]
        let ended = Python::try_attach(|py| py.detach(|| self.end()));
        if ended.is_none() {
            self.end();
        }
    }
}
