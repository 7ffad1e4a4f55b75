//! Builds a cluster step by step.

use std::sync::Arc;

use nessie_backend_core::{BackendError, Timestamp, VolumeBackend};

use crate::cluster::Cluster;
use crate::config::{Aggregate, Config, ConfigError, JobCompletion, Lif, Svm};

/// Builds a [`Cluster`]. It starts from [`Config::default`].
///
/// ```
/// use nessie_backend_mem::MemBackend;
/// use nessie_store::Cluster;
///
/// let cluster = Cluster::builder().svm("svm1", MemBackend::new()).seed(1).build()?;
/// # Ok::<(), nessie_store::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClusterBuilder {
    config: Config,
}

impl Cluster {
    /// Builds a cluster step by step.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }
}

impl ClusterBuilder {
    /// Sets the name of the cluster.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// Adds an SVM with the backend that holds its volumes.
    pub fn svm(mut self, name: impl Into<String>, backend: impl VolumeBackend + 'static) -> Self {
        self.config.svms.push(Svm::new(name, Arc::new(backend)));
        self
    }

    /// Sets the names of the nodes.
    pub fn nodes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.config.nodes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the aggregates.
    pub fn aggregates(mut self, aggregates: impl IntoIterator<Item = Aggregate>) -> Self {
        self.config.aggregates = aggregates.into_iter().collect();
        self
    }

    /// Sets the data LIFs that every SVM has.
    pub fn lifs(mut self, lifs: impl IntoIterator<Item = Lif>) -> Self {
        self.config.lifs = lifs.into_iter().collect();
        self
    }

    /// Sets when jobs complete.
    pub fn jobs(mut self, completion: JobCompletion) -> Self {
        self.config.jobs = completion;
        self
    }

    /// Sets the seed for the UUIDs that the cluster creates.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = Some(seed);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.config.clock = Some(Arc::new(clock));
        self
    }

    /// Sets whether each request first runs the rules of snapshot policies that became due on the
    /// system's clock; see [`Config::run_policies`].
    pub fn run_policies(mut self, run: bool) -> Self {
        self.config.run_policies = run;
        self
    }

    /// Lets requests create SVMs, and sets what makes their backends; see [`Config::new_backend`].
    pub fn new_backend(
        mut self,
        new_backend: impl Fn(&str, u32) -> Result<Svm, BackendError> + Send + Sync + 'static,
    ) -> Self {
        self.config.new_backend = Some(Arc::new(new_backend));
        self
    }

    /// Sets whether the SVMs get a root volume; see [`Config::root_volumes`].
    pub fn root_volumes(mut self, root_volumes: bool) -> Self {
        self.config.root_volumes = root_volumes;
        self
    }

    /// Sets how long deleted volumes are kept; see [`Config::recovery_queue_hours`].
    pub fn recovery_queue_hours(mut self, hours: u64) -> Self {
        self.config.recovery_queue_hours = Some(hours);
        self
    }

    /// Builds the cluster.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the invalid part.
    pub fn build(self) -> Result<Cluster, ConfigError> {
        Cluster::new(self.config)
    }
}
