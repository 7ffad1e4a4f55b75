//! The class `_OntapCluster`.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::{Faulty, Hooks, When};
use nessie_backend_mem::MemBackend as CoreBackend;
use nessie_store::simulator::new_backend;
use nessie_store::{
    AccessLogEntry, Aggregate, Cluster, Config, HttpEffect, Identity, JobCompletion, Lif, Method,
    NewBackend, Request, RequestHandler, Response, ServerOptions, SimulatedBackend, Svm, serve,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::backend::MemBackend;
use crate::ontap::access_log::LogQueue;
use crate::ontap::clock::{GuardedClock, UnguardedClock};
use crate::ontap::fork_guarded::ForkGuarded;
use crate::ontap::http_faults::{self, HttpFaultPlan};
use crate::ontap::listener::OntapListener;
use crate::py_backend::{PyBackend, Requests};
use crate::runtime::fork;

/// A reply without a server: status, headers and body.
type Answer<'py> = (u16, Vec<(&'static str, String)>, Bound<'py, PyBytes>);

/// A simulated cluster.
#[pyclass(frozen, name = "_OntapCluster", module = "nessie_backend_mem._core")]
pub(crate) struct OntapCluster {
    handler: Arc<GuardedCluster>,
}

/// A cluster that locks its backends in memory only while no fork is about to happen.
pub(super) struct GuardedCluster {
    pub(super) cluster: Cluster,
    /// Whether every backend is in memory. A backend written in Python waits for the interpreter and
    /// may fork.
    is_quick: bool,
}

impl RequestHandler for GuardedCluster {
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

    fn http_effect(&self, when: When, method: &str, target: &str) -> HttpEffect {
        if !self.cluster.has_faults() {
            return HttpEffect::default();
        }
        let effect = || self.cluster.http_effect(when, method, target);
        // Otherwise the clock calls it.
        if self.is_quick { fork::guarded(effect) } else { effect() }
    }

    fn record(&self, request: &AccessLogEntry<'_>) {
        self.cluster.record(request);
    }

    /// The backends in memory call [`fork::guarded`] at each step, because a step may wait.
    fn simulate(&self, method: &str, target: &str, body: &[u8]) -> Option<Response> {
        Some(self.cluster.simulate(method, target, body))
    }
}

#[pymethods]
impl OntapCluster {
    /// svms: (name, backend) of each; aggregates: (name, bytes); lifs: (name, address, services).
    /// jobs: ("immediate", 0), ("polls", number) or ("seconds", number).
    ///
    /// events: how many of the last events to keep, from now on; None to keep none until a client reads
    /// them.
    ///
    /// Raises ValueError for an invalid part, and TypeError for an object that is not a backend.
    #[new]
    #[pyo3(signature = (svms, *, name, nodes, aggregates, lifs, jobs, seed, run_policies, root_volumes, recovery_queue_hours, events))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords to Python")]
    fn new(
        py: Python<'_>,
        svms: Vec<(String, Bound<'_, PyAny>)>,
        name: String,
        nodes: Vec<String>,
        aggregates: Vec<(String, u64)>,
        lifs: Vec<(String, String, Vec<String>)>,
        jobs: (String, f64),
        seed: Option<u64>,
        run_policies: bool,
        root_volumes: bool,
        recovery_queue_hours: Option<u64>,
        events: Option<NonZeroUsize>,
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
        config.jobs = job_completion(&pace, number)?;
        config.seed = seed;
        config.run_policies = run_policies;
        config.root_volumes = root_volumes;
        config.recovery_queue_hours = recovery_queue_hours;
        let is_quick = svms.iter().all(|(_, object)| object.cast::<MemBackend>().is_ok());
        let mut first = None;
        for (name, object) in svms {
            let svm = if let Ok(backend) = object.cast::<MemBackend>() {
                let core = backend.get().shared();
                first.get_or_insert_with(|| core.clone());
                svm_of(&name, core, backend.get().hooks(), is_quick)
            } else {
                Svm::new(name, Arc::new(PyBackend::new(&object, Arc::new(Requests))?))
            };
            config.svms.push(svm);
        }
        if let Some(clock) = first.clone() {
            config.clock = Some(if is_quick {
                Arc::new(move || clock.now())
            } else {
                Arc::new(move || fork::guarded(|| clock.now()))
            });
        }
        config.new_backend = Some(new_backends(seed, first, is_quick));
        let cluster = Cluster::new(config);
        let cluster = cluster.map_err(|error| PyValueError::new_err(error.to_string()))?;
        if let Some(keep) = events {
            py.detach(|| cluster.keep_events(keep));
        }
        Ok(Self { handler: Arc::new(GuardedCluster { cluster, is_quick }) })
    }

    /// The uuid and the name of each SVM, in order of creation.
    fn svms(&self, py: Python<'_>) -> Vec<(String, String)> {
        let svms = py.detach(|| fork::guarded(|| self.handler.cluster.svms()));
        svms.into_iter().map(|(uuid, svm)| (uuid.to_string(), svm.name)).collect()
    }

    /// The backend of the SVM with a uuid that a request has created; None without such an SVM.
    fn backend(&self, py: Python<'_>, uuid: &str) -> Option<MemBackend> {
        let svms = py.detach(|| fork::guarded(|| self.handler.cluster.svms()));
        let (_, svm) = svms.into_iter().find(|(other, _)| other.to_string() == uuid)?;
        let simulated = svm.simulated?;
        Some(MemBackend::sharing(simulated.mem().clone(), Arc::clone(simulated.hooks())))
    }

    /// The reply to a request without a server: status, headers and body.
    ///
    /// Raises ValueError for an unknown method, and exceptions of a backend that are not of the class
    /// Exception.
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> PyResult<Answer<'py>> {
        let Some(method) = METHODS.iter().find(|(word, _)| *word == method) else {
            return Err(PyValueError::new_err(format!(
                "method {method:?} is not one of {}",
                METHODS.map(|(word, _)| word).join(", ")
            )));
        };
        let request = Request::new(method.1, target).body(body);
        let response = py.detach(|| Requests::own(|| self.handler.handle(&request)))?;
        let body = if method.1 == Method::Head { &[][..] } else { &response.body };
        Ok((response.status, response.headers, PyBytes::new(py, body)))
    }

    /// Install faults of requests, each given as JSON.
    ///
    /// Raises ValueError for a value that breaks a rule.
    #[expect(clippy::needless_pass_by_value, reason = "a list of Python has no slice")]
    fn inject(&self, faults: Vec<Vec<u8>>) -> PyResult<HttpFaultPlan> {
        let faults: Vec<_> =
            faults.iter().map(|fault| http_faults::read(fault)).collect::<PyResult<_>>()?;
        let plan = self.handler.cluster.inject(faults);
        Ok(HttpFaultPlan { plan, handler: Arc::clone(&self.handler) })
    }

    /// Listen, and answer requests on threads of the server until it is stopped.
    ///
    /// identity: certificates and key in PEM; None for a generated certificate.
    /// log: whether to keep each request for next_request().
    /// simulator: whether it has the resources of /simulator; None for a server on a loopback address.
    ///
    /// Raises OSError if it cannot listen, and ValueError for credentials that no client can send and
    /// for a certificate that cannot be used.
    #[pyo3(signature = (*, host, port, username, password, tls, identity, log, simulator))]
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
        simulator: Option<bool>,
    ) -> PyResult<OntapListener> {
        let mut options = ServerOptions::new(username, password);
        options.host = host;
        options.port = port;
        options.tls = tls;
        options.identity = identity.map(|(certificates, key)| Identity::new(certificates, key));
        options.simulator = simulator;
        let lines = Arc::<LogQueue>::default();
        options.log = log.then(|| lines.log());
        let handler = Arc::clone(&self.handler);
        let server = py.detach(|| serve(handler, options)).map_err(raised)?;
        Ok(OntapListener::new(server, lines))
    }
}

/// The SVM of a backend in memory.
fn svm_of(name: &str, core: CoreBackend, hooks: Arc<Hooks>, is_quick: bool) -> Svm {
    let simulated = SimulatedBackend::new(core.clone(), Arc::clone(&hooks))
        .clock(Arc::new(UnguardedClock(core.clone())))
        .guard(|| Box::new(fork::enter()));
    let faulty = Faulty::with_clock(core.clone(), GuardedClock(core)).sharing(hooks);
    let served: Arc<dyn VolumeBackend> =
        if is_quick { Arc::new(faulty) } else { Arc::new(ForkGuarded(faulty)) };
    Svm::new(name, served).simulated(simulated)
}

/// Makes the backends of SVMs that requests create. `first` is the backend whose clock is that of the
/// cluster.
fn new_backends(seed: Option<u64>, first: Option<CoreBackend>, is_quick: bool) -> NewBackend {
    Arc::new(move |name, number| {
        let make = || new_backend(number, seed, first.as_ref());
        let core = if is_quick { make() } else { fork::guarded(make) }?;
        Ok(svm_of(name, core, Arc::default(), is_quick))
    })
}

const METHODS: [(&str, Method); 6] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("OPTIONS", Method::Options),
];

fn job_completion(word: &str, number: f64) -> PyResult<JobCompletion> {
    let refuse = || {
        PyValueError::new_err(format!(
            "jobs: expected \"immediate\", \"polls:N\" or \"seconds:N\", not {word}:{number}"
        ))
    };
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
