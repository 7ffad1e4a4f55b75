#![doc = include_str!("../../SIMULATOR.md")]

mod backend;
mod clock;
mod configuration;
mod configuration_check;
mod events;
mod exchange;
mod faults;
mod new_svm;
mod requests;
mod reset;
mod root;
mod space;
mod state;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, OnceLock};

use nessie_backend_core::Uuid;
use nessie_backend_faults::{Event, EventLog};
use nessie_ontap_protocol::{ApiError, Url};

pub use self::backend::{Guard, SimulatedBackend};
pub use self::new_svm::new_backend;

use self::exchange::{Answer, Exchange};
use self::faults::InstalledFaults;
use self::requests::LastRequests;
use crate::side_data::lock;
use crate::svm::SvmState;
use crate::{AccessLogEntry, Cluster, Response};

/// What the simulator keeps of a cluster.
#[derive(Debug, Default)]
pub(crate) struct SimulatorState {
    seed: Option<u64>,
    faults: Mutex<InstalledFaults>,
    /// The log of each SVM that has one, by the UUID of the SVM.
    logs: Mutex<HashMap<Uuid, EventLog>>,
    /// How many events the logs of new SVMs keep from the start. Without a number, a log is opened when
    /// its events are read.
    keep: OnceLock<NonZeroUsize>,
    requests: Mutex<LastRequests>,
}

impl SimulatorState {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Begins to keep the events of a new SVM, if the server keeps those of all from their start.
    pub(crate) fn begin(&self, svm: &SvmState) {
        events::begin(self, svm);
    }

    /// Removes what belongs to a deleted SVM.
    pub(crate) fn end(&self, svm: &SvmState) {
        events::close(self, svm);
        faults::end(self, svm);
    }
}

/// A resource: its path below `/simulator`, and its methods with what they do.
struct Resource {
    path: &'static str,
    methods: &'static [(&'static str, Handler, &'static str)],
}

type Handler = fn(&Exchange<'_>) -> Answer;

static RESOURCES: &[Resource] = &[
    Resource { path: "", methods: &[("GET", root::get, "the cluster and these resources")] },
    Resource {
        path: "reset",
        methods: &[("POST", reset::post, "delete all volumes and restart the clock")],
    },
    Resource {
        path: "state",
        methods: &[
            ("GET", state::get, "the dump of an SVM"),
            ("PUT", state::put, "replace an SVM by a dump"),
        ],
    },
    Resource {
        path: "state/digest",
        methods: &[("GET", state::digest, "the hash of an SVM's dump")],
    },
    Resource {
        path: "configuration",
        methods: &[
            ("GET", configuration::get, "the configuration of the cluster and its SVMs"),
            ("PUT", configuration::put, "replace the configuration"),
        ],
    },
    Resource {
        path: "clock",
        methods: &[
            ("GET", clock::get, "the time of an SVM"),
            ("POST", clock::post, "advance the clock of an SVM"),
        ],
    },
    Resource {
        path: "faults",
        methods: &[
            ("GET", faults::list, "the faults and what they have hit"),
            ("POST", faults::post, "add a fault of requests or of a backend"),
        ],
    },
    Resource {
        path: "faults/{id}",
        methods: &[
            ("GET", faults::get, "a fault and what it has hit"),
            ("DELETE", faults::delete, "remove a fault"),
        ],
    },
    Resource {
        path: "events",
        methods: &[("GET", events::get, "the events of an SVM from a number on, as JSON lines")],
    },
    Resource { path: "requests", methods: &[("GET", requests::get, "the last requests")] },
    Resource {
        path: "space",
        methods: &[
            ("GET", space::get, "the space of an SVM or of a volume"),
            ("POST", space::post, "write to a volume, or discard its data"),
        ],
    },
];

impl Cluster {
    /// Answers a request to `/simulator`; see the module `simulator`. The method is as HTTP writes it.
    #[must_use]
    pub fn simulate(&self, method: &str, target: &str, body: &[u8]) -> Response {
        answer(self, method, target, body).unwrap_or_else(|error| Response::refusal(&error))
    }

    /// Records a request that a server has answered, for `GET /simulator/requests`, which has the last 100.
    pub fn record(&self, request: &AccessLogEntry<'_>) {
        lock(&self.simulator.requests).add(request);
    }

    /// Keeps the last events of each SVM from now on, for `GET /simulator/events`. SVMs whose backend is
    /// not in memory have none.
    pub fn keep_events(&self, keep: NonZeroUsize) {
        events::open_all(self, keep);
    }
}

/// The events that the log of an SVM keeps; none if no log is open.
pub(crate) fn recorded_events(cluster: &Cluster, svm: &SvmState) -> Vec<(u64, Event)> {
    events::recorded(&cluster.simulator, svm)
}

impl Cluster {
    /// Whether a backend in memory has faults or logs. A fault may delay an operation, and then requests
    /// wait for each other.
    pub(crate) fn is_hooked(&self) -> bool {
        self.svms.any(|svm| svm.simulated.as_ref().is_some_and(SimulatedBackend::is_hooked))
    }
}

fn answer(cluster: &Cluster, method: &str, target: &str, body: &[u8]) -> Answer {
    let url = Url::parse(target)?;
    let segments = url.segments.get(1..).unwrap_or_default();
    let found = RESOURCES.iter().find_map(|resource| {
        let mut parts = resource.path.split('/').filter(|part| !part.is_empty());
        let mut id = None;
        for segment in segments {
            match parts.next()? {
                "{id}" => id = Some(segment.as_str()),
                part if part == segment => {}
                _ => return None,
            }
        }
        parts.next().is_none().then_some((resource, id))
    });
    let Some((resource, id)) = found else {
        let path = segments.join("/");
        let message =
            format!("There is no resource /simulator/{path}. GET /simulator lists them all.");
        return Err(ApiError::new(404, 3, message));
    };
    let wanted = if method == "HEAD" { "GET" } else { method };
    let found = resource.methods.iter().find(|(name, ..)| *name == wanted);
    let Some((_, handler, _)) = found else {
        let allowed = resource.allowed();
        let mut response = if method == "OPTIONS" {
            exchange::json(200, &serde_json::json!({}))
        } else {
            let message = format!(
                "The method {method:?} is not one of /simulator/{}: {allowed}.",
                resource.path
            );
            Response::refusal(&ApiError::new(405, 3, message))
        };
        response.headers.push(("allow", allowed));
        return Ok(response);
    };
    let svms = cluster.svms.list();
    handler(&Exchange { cluster, svms: &svms, url: &url, id: id.unwrap_or_default(), body })
}

impl Resource {
    /// The value of the header `Allow`.
    fn allowed(&self) -> String {
        let mut names: Vec<_> = self.methods.iter().map(|(name, ..)| *name).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.join(", ")
    }
}
