//! A backend in memory in a cluster that also has backends written in Python.
//!
//! A request to such a cluster may call Python at any step, so a fork cannot wait for the whole
//! request. It waits for each call of this backend instead, and each call is guarded before it waits
//! for other calls whose events are recorded.

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{
    Capabilities, CloneBackend, PolicyBackend, Result, SnapshotBackend, VolumeBackend,
    forward_clones, forward_policies, forward_snapshots, forward_volumes,
};
use nessie_backend_faults::Faulty;
use nessie_backend_mem::MemBackend;

use super::clock::GuardedClock;
use crate::runtime::fork::guarded;

/// A backend whose calls hold its locks only while no fork is about to happen.
pub(crate) struct ForkGuarded(pub(crate) Faulty<MemBackend, GuardedClock>);

impl Forward for ForkGuarded {
    type Backend = Faulty<MemBackend, GuardedClock>;

    fn forward<R>(&self, operation: impl FnOnce(&Self::Backend) -> R) -> R {
        guarded(|| operation(&self.0))
    }
}

impl VolumeBackend for ForkGuarded {
    forward_volumes!();

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(self)
    }

    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Ok(self)
    }

    fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
        Ok(self)
    }
}

impl SnapshotBackend for ForkGuarded {
    forward_snapshots!();
}

impl CloneBackend for ForkGuarded {
    forward_clones!();
}

impl PolicyBackend for ForkGuarded {
    forward_policies!();
}
