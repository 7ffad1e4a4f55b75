//! What a cluster is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::{Timestamp, VolumeBackend};

/// Tells the time of a cluster, from any thread.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A cluster's parts. [`Default`] has one node, one aggregate, one data LIF and no SVM.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The cluster's name.
    pub name: String,
    /// SVMs, each with the backend that holds its volumes.
    pub svms: Vec<Svm>,
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// Aggregates; they are spread over the nodes in turn.
    pub aggregates: Vec<Aggregate>,
    /// Data LIFs of every SVM.
    pub lifs: Vec<Lif>,
    /// When jobs end.
    pub jobs: JobPace,
    /// Makes the identifiers of SVMs, aggregates, jobs, … repeatable; drawn when not given.
    pub seed: Option<u64>,
    /// The time; the system's when not given.
    pub clock: Option<Clock>,
}

/// A namespace of volumes.
#[derive(Clone)]
pub struct Svm {
    /// Its name.
    pub name: String,
    /// Its volumes.
    pub backend: Arc<dyn VolumeBackend>,
}

/// Where volumes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// Its capacity in bytes.
    pub size: u64,
}

/// An address that serves data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lif {
    /// Its name.
    pub name: String,
    /// Its IP address.
    pub address: String,
    /// Its services, as `data_nfs`.
    pub services: Vec<String>,
}

/// When a job reaches its end.
///
/// What it does is done, or refused, when it is made; this is how long it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobPace {
    /// At once.
    #[default]
    Immediate,
    /// When it has been asked for this often: first queued, then running.
    Polls(u32),
    /// When so much time has passed on the cluster's clock.
    After(Duration),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "nessie".to_owned(),
            svms: Vec::new(),
            nodes: vec!["node1".to_owned()],
            aggregates: vec![Aggregate { name: "aggr1".to_owned(), size: 1 << 50 }],
            lifs: vec![Lif {
                name: "data_nfs".to_owned(),
                address: "127.0.0.1".to_owned(),
                services: vec!["data_core".to_owned(), "data_nfs".to_owned()],
            }],
            jobs: JobPace::Immediate,
            seed: None,
            clock: None,
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
