//! The cluster: its parts, and how a request finds its way.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nessie_backend_core::{Timestamp, Uuid};
use nessie_ontap_protocol::records::{
    AggregateRecord, IpInterfaceRecord, Named, NodeRecord, PolicyCopies, SnapshotPolicyRecord,
    SvmContext,
};
use nessie_ontap_protocol::{ApiError, Method, Url, reply};

use crate::call::unknown_svm;
use crate::ids::Ids;
use crate::jobs::Jobs;
use crate::room::Room;
use crate::{Clock, Config, Request, Response, router};

/// A simulated cluster. Requests may come from any number of threads.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) name: Named,
    pub(crate) nodes: Vec<NodeRecord>,
    pub(crate) aggregates: Arc<[AggregateRecord]>,
    pub(crate) lifs: Vec<IpInterfaceRecord>,
    pub(crate) ipspace: Named,
    pub(crate) snapshot_policies: Vec<SnapshotPolicyRecord>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) jobs: Jobs,
    pub(crate) ids: Ids,
    clock: Time,
}

impl Cluster {
    /// Builds a cluster from its parts.
    ///
    /// # Errors
    /// An [`ApiError`] that says which part is wrong: a name that is empty or given twice, no
    /// node, no aggregate.
    pub fn new(config: Config) -> Result<Self, ApiError> {
        let Config { name, svms, nodes, aggregates, lifs, jobs, seed, clock } = config;
        check_names("cluster", [name.as_str()].into_iter())?;
        check_names("svms", svms.iter().map(|svm| svm.name.as_str()))?;
        check_names("nodes", nodes.iter().map(String::as_str))?;
        check_names("aggregates", aggregates.iter().map(|aggregate| aggregate.name.as_str()))?;
        check_names("lifs", lifs.iter().map(|lif| lif.name.as_str()))?;
        let ids = Ids::new(seed);
        let clock = Time(clock);
        let started = clock.now();
        let named = |name: String| Named { uuid: ids.next(), name };
        let name = named(name);
        let ipspace = named("Default".to_owned());
        let nodes: Vec<_> = nodes.into_iter().map(named).collect();
        let address = lifs.first().map_or("127.0.0.1", |lif| lif.address.as_str());
        let nodes: Vec<_> = (0..)
            .zip(&nodes)
            .map(|(index, node)| NodeRecord {
                node: node.clone(),
                serial_number: node.serial_number(),
                // Two nodes after each other are a pair.
                partner: nodes.get(index ^ 1).cloned(),
                address: address.to_owned(),
                started,
                now: started,
            })
            .collect();
        let Some(first_node) = nodes.first() else {
            return Err(missing("nodes"));
        };
        let aggregates: Arc<[_]> = aggregates
            .into_iter()
            .zip(nodes.iter().cycle())
            .map(|(aggregate, node)| AggregateRecord {
                aggregate: named(aggregate.name),
                size: aggregate.size,
                node: node.node.clone(),
                create_time: started,
            })
            .collect();
        let Some(first_aggregate) = aggregates.first() else {
            return Err(missing("aggregates"));
        };
        let snapshot_policies: Vec<_> = SNAPSHOT_POLICIES
            .iter()
            .map(|(name, comment, copies)| SnapshotPolicyRecord {
                policy: named((*name).to_owned()),
                comment,
                copies,
            })
            .collect();
        let policy_names: Arc<[_]> =
            snapshot_policies.iter().map(|record| record.policy.clone()).collect();
        let default_aggregate = Arc::new(first_aggregate.aggregate.clone());
        let rooms: Vec<_> = (0..)
            .zip(svms)
            .map(|(index, svm)| {
                let place = SvmContext {
                    svm: named(svm.name),
                    // The cluster itself comes before the SVMs.
                    number: index + 2,
                    aggregates: Arc::clone(&aggregates),
                    aggregate: Arc::clone(&default_aggregate),
                    unlimited: first_aggregate.size,
                    snapshot_policies: Arc::clone(&policy_names),
                };
                Room::new(index.into(), place, svm.backend)
            })
            .collect();
        let lifs = rooms
            .iter()
            .flat_map(|room| lifs.iter().map(move |lif| (room, lif)))
            .map(|(room, lif)| IpInterfaceRecord {
                interface: named(lif.name.clone()),
                address: lif.address.clone(),
                services: lif.services.clone(),
                svm_context: Arc::clone(&room.place),
                node: first_node.node.clone(),
                ipspace: ipspace.clone(),
            })
            .collect();
        let jobs = Jobs::new(jobs, &first_node.node.name);
        Ok(Self {
            name,
            nodes,
            aggregates,
            lifs,
            ipspace,
            snapshot_policies,
            rooms,
            jobs,
            ids,
            clock,
        })
    }

    /// Answers a request. It never fails: a refusal is a response too.
    #[must_use]
    pub fn handle(&self, request: &Request<'_>) -> Response {
        let (mut response, pretty) = match Url::parse(request.target) {
            Err(error) => (Response::refusal(&error), false),
            Ok(url) => match url.pretty() {
                Err(error) => (Response::refusal(&error), false),
                Ok(pretty) => (router::answer(self, request, &url), pretty),
            },
        };
        if pretty && response.content_type == Response::JSON {
            response.body = reply::pretty(&response.body);
        }
        if request.method == Method::Head {
            response.body.clear();
        }
        response
    }

    /// Whether answering may take long: a listing, or a backend that is not in memory. A server
    /// then answers beside its other connections.
    #[must_use]
    pub fn may_take_long(&self, request: &Request<'_>) -> bool {
        router::may_take_long(request)
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The nodes as they are now.
    pub(crate) fn nodes_now(&self) -> Vec<NodeRecord> {
        let now = self.now();
        self.nodes.iter().map(|record| NodeRecord { now, ..record.clone() }).collect()
    }

    /// The SVM of that name and identifier; at least one of them is given.
    pub(crate) fn svm(&self, name: Option<&str>, uuid: Option<Uuid>) -> Result<&Room, ApiError> {
        let by_name = |name: &str| {
            let found = self.rooms.iter().find(|room| room.place.svm.name == name);
            found.ok_or_else(|| unknown_svm(name))
        };
        let by_uuid = |uuid: Uuid| {
            let found = self.rooms.iter().find(|room| room.place.svm.uuid == uuid);
            found.ok_or_else(|| unknown_svm(&uuid.to_string()))
        };
        match (name, uuid) {
            (Some(name), None) => by_name(name),
            (None, Some(uuid)) => by_uuid(uuid),
            (Some(name), Some(uuid)) => {
                let room = by_name(name)?;
                if room.place.svm.uuid == uuid {
                    return Ok(room);
                }
                let message = format!("The SVM {name:?} does not have the UUID {uuid}.");
                Err(ApiError::new(400, 2_621_706, message).about("svm.uuid"))
            }
            (None, None) => {
                let message = "The request names no SVM: svm.name or svm.uuid.";
                Err(ApiError::new(400, 2_621_707, message).about("svm"))
            }
        }
    }
}

/// Their names, their comments, and what they keep. Nothing takes snapshots by itself here.
const SNAPSHOT_POLICIES: &[(&str, &str, &[PolicyCopies])] = &[
    (
        "default",
        "Default policy with hourly, daily & weekly schedules.",
        &[copies("hourly", 6, None), DAILY, copies("weekly", 2, Some("weekly"))],
    ),
    (
        "default-1weekly",
        "Default policy with 6 hourly, 2 daily & 1 weekly schedule.",
        &[copies("hourly", 6, None), DAILY, copies("weekly", 1, Some("weekly"))],
    ),
    ("none", "Policy for no automatic snapshots.", &[]),
];

const DAILY: PolicyCopies = copies("daily", 2, Some("daily"));

const fn copies(
    schedule: &'static str,
    count: u64,
    snapmirror_label: Option<&'static str>,
) -> PolicyCopies {
    PolicyCopies { schedule, count, snapmirror_label }
}

struct Time(Option<Clock>);

impl Time {
    fn now(&self) -> Timestamp {
        let Some(clock) = &self.0 else {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let since = since.unwrap_or(Duration::ZERO);
            return Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MAX);
        };
        clock()
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

fn check_names<'n>(
    what: &'static str,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(ApiError::invalid_value(what, name, "is no name"));
        }
        if !seen.insert(name) {
            return Err(ApiError::invalid_value(what, name, "is a name given twice"));
        }
    }
    Ok(())
}

fn missing(what: &'static str) -> ApiError {
    ApiError::new(400, 262_212, format!("A cluster needs {what}.")).about(what)
}
