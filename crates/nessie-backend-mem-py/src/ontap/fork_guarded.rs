//! A backend in memory in a cluster that also has backends written in Python.
//!
//! A request to such a cluster may call Python at any step, so a fork cannot wait for the whole
//! request. It waits for each call of this backend instead.

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{
    Capabilities, CloneBackend, PolicyBackend, Result, SnapshotBackend, VolumeBackend,
    forward_clones, forward_policies, forward_snapshots, forward_volumes,
};
use nessie_backend_mem::MemBackend;

use crate::runtime::fork::guarded;

/// A backend whose calls hold its lock only while no fork is about to happen.
pub(crate) struct ForkGuarded(pub(crate) MemBackend);

impl Forward for ForkGuarded {
    type Backend = MemBackend;

    fn forward<R>(&self, operation: impl FnOnce(&MemBackend) -> R) -> R {
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
