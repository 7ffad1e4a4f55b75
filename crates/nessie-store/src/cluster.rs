//! The parts of a cluster.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use nessie_backend_core::{Timestamp, Uuid};
use nessie_backend_faults::When;
use nessie_ontap_protocol::records::{
    AggregateRecord, AggregateSpace, ClusterPolicies, IpInterfaceRecord, Named, NodeRecord,
};

use crate::clock::ClusterClock;
use crate::config::{Config, ConfigError, Lif, NewBackend, Svm};
use crate::configuration::ClusterConfiguration;
use crate::configuration::snapshot_policy::builtin_names;
use crate::http_faults::{HttpEffect, HttpFault, HttpFaultPlan, HttpFaults};
use crate::ids::{Ids, seed_or_random};
use crate::jobs::Jobs;
use crate::svms::{Parts, Svms};

/// A simulated cluster. Requests may come from any number of threads.
pub struct Cluster {
    pub(crate) name: Named,
    pub(crate) nodes: Vec<NodeRecord>,
    pub(crate) aggregates: Arc<[AggregateRecord]>,
    pub(crate) lifs: Vec<IpInterfaceRecord>,
    /// The `IPspace` of all SVMs.
    pub(crate) ipspace: Named,
    /// All `IPspaces`.
    pub(crate) ipspaces: [Named; 2],
    /// The snapshot policies of the whole cluster.
    pub(crate) snapshot_policies: ClusterPolicies,
    pub(crate) configuration: Arc<ClusterConfiguration>,
    /// Whether a request runs the rules of snapshot policies that are due on the system's clock.
    pub(crate) runs_policies: bool,
    pub(crate) svms: Svms,
    /// Makes the backends of SVMs that requests create.
    pub(crate) new_backend: Option<NewBackend>,
    /// Whether each SVM has a root volume.
    #[cfg(feature = "simulator")]
    pub(crate) root_volumes: bool,
    /// The snapshot policies that every array has.
    #[cfg(feature = "simulator")]
    builtin_policies: Arc<[Named]>,
    /// How long deleted volumes are kept.
    pub(crate) recovery_queue_hours: Option<u64>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) ids: Ids,
    pub(crate) faults: HttpFaults,
    #[cfg(feature = "simulator")]
    pub(crate) simulator: crate::simulator::SimulatorState,
    clock: ClusterClock,
}

impl Cluster {
    /// Builds a cluster from its parts.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the invalid part: an empty or duplicate name, no node, no aggregate,
    /// or a root volume that cannot be created.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        check(&config)?;
        let Config {
            name,
            svms,
            nodes,
            aggregates,
            lifs,
            jobs,
            seed,
            clock,
            run_policies,
            new_backend,
            root_volumes,
            recovery_queue_hours,
        } = config;
        let ids = Ids::new(seed);
        let clock = ClusterClock::new(clock);
        let started = clock.now();
        let named = |name: String| Named { uuid: ids.next(), name };
        let name = named(name);
        let ipspace = named("Default".to_owned());
        let of_nodes = Named { uuid: ipspace.part(1), name: "Cluster".to_owned() };
        let ipspaces = [ipspace.clone(), of_nodes];
        let nodes: Vec<_> = nodes.into_iter().map(named).collect();
        let address = lifs.first().map_or("127.0.0.1", |lif| lif.address.as_str());
        let nodes = nodes_of(&nodes, address, started);
        let Some(first_node) = nodes.first() else {
            return Err(ConfigError::Missing { field: "nodes" });
        };
        let aggregates: Arc<[_]> = aggregates
            .into_iter()
            .zip(nodes.iter().cycle())
            .map(|(aggregate, node)| AggregateRecord {
                aggregate: named(aggregate.name),
                space: AggregateSpace::empty(aggregate.size),
                node: node.node.clone(),
                create_time: started,
            })
            .collect();
        let Some(first_aggregate) = aggregates.first() else {
            return Err(ConfigError::Missing { field: "aggregates" });
        };
        let builtin_policies: Arc<[_]> =
            builtin_names().map(|name| named(name.to_owned())).collect();
        let configuration = Arc::new(ClusterConfiguration::new(&name, &builtin_policies));
        let snapshot_policies = ClusterPolicies::new(Arc::clone(&builtin_policies));
        let default_aggregate = Arc::new(first_aggregate.aggregate.clone());
        let jobs = Arc::new(Jobs::new(jobs, &first_node.node.name));
        let parts = Parts {
            aggregates: Arc::clone(&aggregates),
            aggregate: default_aggregate,
            unlimited: first_aggregate.space.size,
            snapshot_policies: snapshot_policies.clone(),
            configuration: Arc::clone(&configuration),
            jobs: Arc::clone(&jobs),
            clock: clock.clone(),
            recovery_queue_hours,
        };
        let all = Svms::new(parts);
        for svm in svms {
            let name = named(svm.name.clone());
            let svm = all.make(svm, name, all.next_number()).configured();
            if root_volumes {
                svm.create_root_volume().map_err(|error| ConfigError::RootVolume {
                    svm: svm.svm_context.svm.name.clone(),
                    error: error.message,
                })?;
            }
            all.add(svm);
        }
        let svms = all;
        let lifs = lifs_of(&svms, &lifs, &first_node.node, &ipspace, named);
        Ok(Self {
            name,
            nodes,
            aggregates,
            lifs,
            ipspace,
            ipspaces,
            snapshot_policies,
            configuration,
            runs_policies: run_policies,
            svms,
            new_backend,
            #[cfg(feature = "simulator")]
            builtin_policies,
            #[cfg(feature = "simulator")]
            root_volumes,
            recovery_queue_hours,
            jobs,
            ids,
            faults: HttpFaults::new(seed_or_random(seed)),
            #[cfg(feature = "simulator")]
            simulator: crate::simulator::SimulatorState::new(seed),
            clock,
        })
    }

    /// The SVMs at present with their UUIDs, in order of their creation: requests create, rename and
    /// delete them.
    #[must_use]
    pub fn svms(&self) -> Vec<(Uuid, Svm)> {
        self.svms.configs()
    }

    /// Installs faults of requests. They stay until the plan is [removed](Self::remove). A server applies
    /// them, and those of jobs apply without one too.
    pub fn inject(&self, faults: impl IntoIterator<Item = HttpFault>) -> HttpFaultPlan {
        self.faults.inject(faults)
    }

    /// Removes faults of requests. Jobs that these faults keep running end.
    pub fn remove(&self, plan: &HttpFaultPlan) {
        self.faults.remove(plan);
    }

    /// Whether faults of requests are installed.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        self.faults.is_active()
    }

    /// What faults do to a request before or after it is handled. For a server, which calls it for each
    /// request, and afterwards for each one that has succeeded.
    #[must_use]
    pub fn http_effect(&self, when: When, method: &str, target: &str) -> HttpEffect {
        self.faults.effect(when, method, target, || self.now())
    }

    /// Gives the cluster the configuration that it had at first. Its write lock is held.
    #[cfg(feature = "simulator")]
    pub(crate) fn drop_configuration(&self) {
        let policies = Arc::clone(&self.builtin_policies);
        self.configuration.replace(ClusterConfiguration::new(&self.name, &policies));
        self.snapshot_policies.set(policies);
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The nodes at the present time.
    pub(crate) fn nodes_now(&self) -> Vec<NodeRecord> {
        let now = self.now();
        self.nodes.iter().map(|record| NodeRecord { now, ..record.clone() }).collect()
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("name", &self.name)
            .field("svms", &self.svms.list())
            .finish_non_exhaustive()
    }
}

/// The nodes, of which two consecutive ones are an HA pair.
fn nodes_of(nodes: &[Named], address: &str, started: Timestamp) -> Vec<NodeRecord> {
    let record = |(index, node): (usize, &Named)| NodeRecord {
        node: node.clone(),
        serial_number: node.serial_number(),
        partner: nodes.get(index ^ 1).cloned(),
        address: address.to_owned(),
        started,
        now: started,
    };
    (0..).zip(nodes).map(record).collect()
}

/// The data LIFs of each SVM.
fn lifs_of(
    svms: &Svms,
    lifs: &[Lif],
    node: &Named,
    ipspace: &Named,
    named: impl Fn(String) -> Named,
) -> Vec<IpInterfaceRecord> {
    let mut records = Vec::new();
    for svm in &*svms.list() {
        records.extend(lifs.iter().map(|lif| IpInterfaceRecord {
            interface: named(lif.name.clone()),
            address: lif.address.clone(),
            services: lif.services.clone(),
            svm_context: Arc::clone(&svm.svm_context),
            node: node.clone(),
            ipspace: ipspace.clone(),
            is_up: true,
        }));
    }
    records
}

/// Refuses names that are empty or used twice.
fn check(config: &Config) -> Result<(), ConfigError> {
    let Config { name, svms, nodes, aggregates, lifs, .. } = config;
    check_names("name", [name.as_str()].into_iter())?;
    check_names("svms", svms.iter().map(|svm| svm.name.as_str()))?;
    check_names("nodes", nodes.iter().map(String::as_str))?;
    check_names("aggregates", aggregates.iter().map(|aggregate| aggregate.name.as_str()))?;
    check_names("lifs", lifs.iter().map(|lif| lif.name.as_str()))
}

fn check_names<'n>(
    field: &'static str,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(ConfigError::EmptyName { field });
        }
        if !seen.insert(name) {
            return Err(ConfigError::DuplicateName { field, name: name.to_owned() });
        }
    }
    Ok(())
}
