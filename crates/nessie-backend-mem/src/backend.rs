//! The handle on a backend: its lock, and the methods besides the traits.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use nessie_backend_core::{Result, SnapshotId, Timestamp, VolumeId};

use crate::env::clock::Clock;
use crate::inner::Inner;
use crate::state::{Stamp, State};
use crate::storage::slab::Slot;
use crate::view::View;

/// The in-memory reference backend: all traits, all operations, no data.
///
/// A clone of the value is another handle on the same backend; [`fork`](Self::fork) makes an
/// independent copy. Any number of threads may call any method.
///
/// ```
/// use nessie_backend_core::{CloneBackend, SnapshotBackend, VolumeBackend, VolumeSpec};
/// use nessie_backend_mem::MemBackend;
///
/// # fn main() -> nessie_backend_core::Result<()> {
/// let backend = MemBackend::builder().seed(7).build()?;
/// let volume = backend.create_volume(VolumeSpec::named("build-cache"))?;
/// let snapshot = backend.create_snapshot(volume.uuid, "pre-build")?;
/// let clone = backend.create_clone(volume.uuid, snapshot.uuid, "build-cache-pr1234")?;
/// assert_eq!(clone.origin.unwrap().parent_volume, "build-cache");
/// # Ok(())
/// # }
/// ```
///
/// # Size
///
/// At most 2³²−2⁹ volumes and as many snapshots at a time. A volume takes about 130 bytes and a
/// snapshot about 60, with names of 12 characters.
#[derive(Clone)]
pub struct MemBackend {
    inner: Arc<RwLock<Inner>>,
    /// The number of resets. Outside the lock, so that a reader never waits.
    pub(crate) epoch: Arc<AtomicU64>,
}

impl MemBackend {
    /// An empty backend with random identifiers and times from the system's clock, in whole seconds.
    /// The same as `MemBackend::builder().build()`.
    ///
    /// # Panics
    ///
    /// Panics if the operating system has no random numbers, as
    /// [`HashMap::new`](std::collections::HashMap::new) does. [`builder`](Self::builder) returns
    /// the error instead.
    #[must_use]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(backend) => backend,
            Err(error) => panic!("{error}"),
        }
    }

    /// An independent backend with the same contents, clock and generator state. The same calls on
    /// both have the same results from here on.
    ///
    /// The two share records until one of them changes them. So the call takes microseconds per
    /// million records, and the first changes afterwards take a little longer.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_inner(self.read().clone())
    }

    /// The current time of the backend's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().clock.now()
    }

    /// Advances a standing clock and returns the new time.
    ///
    /// It passes through each time when a rule of a [snapshot policy](Self::create_snapshot_policy) is
    /// due, up to and including the new time, and runs the rules that are due. One call has the same
    /// effect as several of the same length in all. Other threads can use the backend at each of these
    /// times.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](nessie_backend_core::BackendError::FeatureNotSupported) if the
    /// backend uses the system's clock;
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) past
    /// [`Timestamp::MAX`].
    pub fn advance(&self, by: Duration) -> Result<Timestamp> {
        self.advance_while(&mut by.clone(), || true)
    }

    /// The seed of the identifiers, if there is one.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.read().source.seed()
    }

    /// The time of a standing clock; `None` if the backend uses the system's clock.
    #[must_use]
    pub fn standing_clock(&self) -> Option<Timestamp> {
        match self.read().clock {
            Clock::Standing { now, .. } => Some(now),
            Clock::System { .. } => None,
        }
    }

    /// The numbers of volumes, snapshots and clones. Clones are volumes too.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let inner = self.read();
        Counts {
            volumes: inner.state.volumes.len(),
            snapshots: inner.state.snapshots.len(),
            clones: inner.state.clones,
        }
    }

    /// The number of a volume's snapshots.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn snapshot_count(&self, volume: VolumeId) -> Result<u32> {
        let inner = self.read();
        inner.state.find(volume).map(|slot| inner.state.volumes.get(slot).snapshots.len)
    }

    /// Whether a volume of this name exists.
    #[must_use]
    pub fn contains_name(&self, name: &str) -> bool {
        self.read().state.volume_named(name).is_some()
    }

    /// Whether a volume with this identifier exists.
    #[must_use]
    pub fn contains(&self, uuid: VolumeId) -> bool {
        self.read().state.find(uuid).is_ok()
    }

    /// The volume of a snapshot, if the snapshot exists.
    #[must_use]
    pub fn volume_of(&self, snapshot: SnapshotId) -> Option<VolumeId> {
        let inner = self.read();
        inner.state.volume_of(snapshot).map(|slot| inner.state.volume_id(slot))
    }

    /// The state as it is now. Later changes do not affect the view, and reading it needs no lock.
    #[must_use]
    pub fn view(&self) -> View {
        View { state: self.read().state.clone() }
    }

    /// The ancestry as indented text: volumes, below each its snapshots, below each its clones.
    #[must_use]
    pub fn tree(&self) -> String {
        self.view().tree()
    }

    /// Checks the rules that hold between any two operations: every index finds its records, every
    /// list is complete, every clone is in the lists of its parent. For tests: takes time in
    /// proportion to the state.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.view().check_invariants()
    }

    /// Whether another handle uses the backend at this moment, so that a call may have to wait. The
    /// answer can be outdated when it arrives.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
            && matches!(self.inner.try_write(), Err(TryLockError::WouldBlock))
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(RwLock::new(inner)), epoch: Arc::default() }
    }

    // No transition panics between its first and its last change, so the state behind a poisoned
    // lock is valid.

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a transition that creates a record, and reads the record.
    pub(crate) fn create<R>(
        &self,
        transition: impl FnOnce(&mut State, Stamp) -> Result<Slot>,
        read: impl FnOnce(&State, Slot) -> R,
    ) -> Result<R> {
        let mut inner = self.lock();
        let stamp = inner.stamp()?;
        let slot = transition(&mut inner.state, stamp)?;
        Ok(read(&inner.state, slot))
    }

    /// Runs a transition that changes a record, and reads the record.
    pub(crate) fn change<R>(
        &self,
        transition: impl FnOnce(&mut State) -> Result<Slot>,
        read: impl FnOnce(&State, Slot) -> R,
    ) -> Result<R> {
        let mut inner = self.lock();
        let slot = transition(&mut inner.state)?;
        Ok(read(&inner.state, slot))
    }
}

impl Default for MemBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { volumes, snapshots, clones } = self.counts();
        f.debug_struct("MemBackend")
            .field("seed", &self.seed())
            .field("standing_clock", &self.standing_clock())
            .field("profile", &self.profile())
            .field("limits", &self.limits())
            .field("volumes", &volumes)
            .field("snapshots", &snapshots)
            .field("clones", &clones)
            .finish()
    }
}

/// The numbers of a backend's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Volumes, including clones.
    pub volumes: u32,
    /// Snapshots, of all volumes.
    pub snapshots: u32,
    /// Volumes that are clones.
    pub clones: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_in_use_while_another_handle_holds_its_lock() -> Result<()> {
        let backend = MemBackend::builder().seed(1).build()?;
        assert!(!backend.is_in_use());
        let other = backend.clone();
        assert!(!backend.is_in_use());
        for held in [true, false] {
            let guard = held.then(|| other.read());
            assert_eq!(backend.is_in_use(), held);
            drop(guard);
        }
        let guard = other.lock();
        assert!(backend.is_in_use());
        drop(guard);
        assert!(!backend.is_in_use());
        Ok(())
    }
}
