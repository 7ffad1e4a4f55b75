//! Wrappers that run the suite on a type's own implementations of the higher tiers.

use nessie_backend_core::forward::Forward;
use nessie_backend_core::{
    Capabilities, CloneBackend, PolicyBackend, Result, SnapshotBackend, VolumeBackend,
    forward_volumes,
};

/// A backend whose type implements [`SnapshotBackend`], for a run that calls this implementation
/// too.
///
/// A run reaches the tiers of a backend through its accessors, and they may return any object. So
/// the type's own `impl SnapshotBackend` can be wrong, unused by the suite, and used by a caller
/// who has the type. `snapshot_backend` of this wrapper returns the backend itself; the objects of
/// its accessors are reached from there. Both are tested in one run:
///
/// ```no_run
/// use nessie_backend_conformance::{WithSnapshots, run_all};
/// # use nessie_backend_mem::MemBackend as MyBackend;
///
/// run_all(&WithSnapshots(MyBackend::new()));
/// ```
///
/// In the calls of a report, `b` is the wrapper. Use [`WithClones`] if the type also implements
/// [`CloneBackend`]. Pass the backend without a wrapper if the type implements a trait and some of
/// its values lack the tier, such as an adapter.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithSnapshots<B>(pub B);

/// A backend whose type implements [`CloneBackend`], for a run that calls its own implementations
/// of [`SnapshotBackend`] and [`CloneBackend`] too; see [`WithSnapshots`].
///
/// ```no_run
/// use nessie_backend_conformance::{WithClones, run_all};
/// # use nessie_backend_mem::MemBackend as MyBackend;
///
/// run_all(&WithClones(MyBackend::new()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WithClones<B>(pub B);

/// Implements the tier of volumes by calling the backend, with these accessors.
macro_rules! forward_to_field {
    ($wrapper:ident<$bound:ident>: $($accessor:item)+) => {
        #[doc(hidden)]
        impl<B> Forward for $wrapper<B> {
            type Backend = B;

            fn forward<R>(&self, operation: impl FnOnce(&B) -> R) -> R {
                operation(&self.0)
            }
        }

        impl<B: $bound> VolumeBackend for $wrapper<B> {
            forward_volumes!();

            fn capabilities(&self) -> Capabilities {
                self.0.capabilities()
            }

            fn policy_backend(&self) -> Result<&dyn PolicyBackend> {
                self.0.policy_backend()
            }

            $($accessor)+
        }
    };
}

forward_to_field! { WithSnapshots<SnapshotBackend>:
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(&self.0)
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        self.0.clone_backend()
    }
}

forward_to_field! { WithClones<CloneBackend>:
    fn snapshot_backend(&self) -> Result<&dyn SnapshotBackend> {
        Ok(&self.0)
    }
    fn clone_backend(&self) -> Result<&dyn CloneBackend> {
        Ok(&self.0)
    }
}
