//! The configuration of a cluster.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::{BackendError, Timestamp, VolumeBackend};

/// The clock of a cluster. It is called from any thread.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Makes the backend of an SVM that a request creates, from the name of the SVM and its number, which is
/// unique in the cluster: those of the configuration have 2 and the following numbers. It is called from any
/// thread, while no other SVM is created. Its error refuses the request.
pub type NewBackend = Arc<dyn Fn(&str, u32) -> Result<Svm, BackendError> + Send + Sync>;

/// The parts of a cluster. [`Default`] has one node, one aggregate, one data LIF and no SVM.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The cluster's name.
    pub name: String,
    /// SVMs, each with the backend that holds its volumes.
    pub svms: Vec<Svm>,
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// Aggregates. They are assigned to the nodes in turn.
    pub aggregates: Vec<Aggregate>,
    /// Data LIFs of every SVM.
    pub lifs: Vec<Lif>,
    /// When jobs end.
    pub jobs: JobCompletion,
    /// Seed for the UUIDs of SVMs, aggregates, jobs and so on; the same seed gives the same UUIDs.
    /// Random if `None`.
    pub seed: Option<u64>,
    /// The clock; the system's if `None`.
    pub clock: Option<Clock>,
    /// Whether each request first runs the rules of the backends' snapshot policies that became due on
    /// the system's clock. False by default, so that no snapshot appears only because time passed. On
    /// a standing clock, the rules run when it is advanced.
    pub run_policies: bool,
    /// Makes the backends of SVMs that requests create. `None`, the default, if they cannot create any.
    pub new_backend: Option<NewBackend>,
    /// Whether the [`svms`](Self::svms) get a root volume, which is mounted at `/`; false by default. An
    /// SVM that a request creates has one in any case.
    pub root_volumes: bool,
    /// How long a volume that a request deletes is kept in the recovery queue, in hours. `None`, the
    /// default, if volumes are deleted at once.
    pub recovery_queue_hours: Option<u64>,
}

/// A storage virtual machine: a namespace of volumes.
#[derive(Clone)]
#[non_exhaustive]
pub struct Svm {
    /// Its name.
    pub name: String,
    /// The backend that holds its volumes.
    pub backend: Arc<dyn VolumeBackend>,
    /// What the resources of `/simulator` control; nothing by default.
    #[cfg(feature = "simulator")]
    pub simulated: Option<crate::SimulatedBackend>,
}

impl Svm {
    /// An SVM of this name over a backend.
    #[must_use]
    pub fn new(name: impl Into<String>, backend: Arc<dyn VolumeBackend>) -> Self {
        Self {
            name: name.into(),
            backend,
            #[cfg(feature = "simulator")]
            simulated: None,
        }
    }

    /// Lets the resources of `/simulator` control the backend.
    #[cfg(feature = "simulator")]
    #[must_use]
    pub fn simulated(mut self, backend: crate::SimulatedBackend) -> Self {
        self.simulated = Some(backend);
        self
    }
}

/// An aggregate, which contains volumes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// Its size in bytes. It counts only if a backend has no capacity of its own.
    pub size: u64,
}

impl Aggregate {
    /// An aggregate of this name with a size in bytes.
    #[must_use]
    pub fn new(name: impl Into<String>, size: u64) -> Self {
        Self { name: name.into(), size }
    }
}

/// An address that serves data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lif {
    /// Its name.
    pub name: String,
    /// Its IP address.
    pub address: String,
    /// Its services, as `data_nfs`.
    pub services: Vec<String>,
}

impl Lif {
    /// A LIF with these services at an IP address.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        address: impl Into<String>,
        services: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            services: services.into_iter().map(Into::into).collect(),
        }
    }
}

/// When a job completes.
///
/// The work of a job succeeds or fails before the job exists. This only sets how long the job
/// reports that it is not complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobCompletion {
    /// Immediately.
    #[default]
    Immediate,
    /// After it has been read this many times: first it is queued, then running.
    Polls(u32),
    /// After this time on the cluster's clock.
    After(Duration),
}

/// An invalid [`Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A name is empty.
    EmptyName {
        /// The field of [`Config`].
        field: &'static str,
    },
    /// Two parts of one kind have the same name.
    DuplicateName {
        /// The field of [`Config`].
        field: &'static str,
        /// The name.
        name: String,
    },
    /// The cluster has no node or no aggregate.
    Missing {
        /// The field of [`Config`].
        field: &'static str,
    },
    /// The root volume of an SVM cannot be created.
    RootVolume {
        /// The name of the SVM.
        svm: String,
        /// Why.
        error: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName { field } => write!(f, "{field}: a name is empty"),
            Self::DuplicateName { field, name } => {
                write!(f, "{field}: the name {name:?} is used twice")
            }
            Self::Missing { field } => write!(f, "{field}: a cluster needs at least one"),
            Self::RootVolume { svm, error } => {
                write!(f, "root_volumes: that of the SVM {svm:?} cannot be created: {error}")
            }
        }
    }
}

impl Error for ConfigError {}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "nessie".to_owned(),
            svms: Vec::new(),
            nodes: vec!["node1".to_owned()],
            aggregates: vec![Aggregate::new("aggr1", 1 << 50)],
            lifs: vec![Lif::new("data_nfs", "127.0.0.1", ["data_core", "data_nfs"])],
            jobs: JobCompletion::Immediate,
            seed: None,
            clock: None,
            run_policies: false,
            new_backend: None,
            root_volumes: false,
            recovery_queue_hours: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Svm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Svm").field("name", &self.name).finish_non_exhaustive()
    }
}
