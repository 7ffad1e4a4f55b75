//! The handle on a backend: its one lock, and what is not in the trait stack.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use nessie_backend_core::{Result, SnapshotId, Timestamp, VolumeId};

use crate::env::clock::Clock;
use crate::env::random::Origin;
use crate::inner::Inner;
use crate::saved::image;
use crate::state::{Stamp, State};
use crate::storage::slab::Slot;
use crate::view::View;

/// The in-memory reference backend: every tier, every operation, no data.
///
/// A clone of the value is another handle on the same backend; [`fork`](Self::fork) makes an
/// independent copy. Every method may be called from any number of threads.
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
/// # Limits
///
/// 2³²−2⁹ volumes and as many snapshots at a time; memory is the limit long before that, at about
/// 130 bytes for a volume and 60 for a snapshot with names of 12 characters.
#[derive(Clone)]
pub struct MemBackend {
    inner: Arc<RwLock<Inner>>,
    /// How often the backend was reset. Outside the lock, so that reading it never waits.
    pub(crate) epoch: Arc<AtomicU64>,
}

impl MemBackend {
    /// An empty backend with identifiers from the operating system's randomness and times from
    /// its clock. The same as `MemBackend::builder().build()`.
    ///
    /// # Panics
    ///
    /// Panics if the operating system has no randomness to give, as
    /// [`HashMap::new`](std::collections::HashMap::new) does. [`builder`](Self::builder) returns
    /// the error instead.
    #[must_use]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(backend) => backend,
            Err(error) => panic!("{error}"),
        }
    }

    /// An independent backend with the same contents, clock and generator state. From here both
    /// go on identically until they are told different things.
    ///
    /// The two share records until one of them writes to them, so the call takes microseconds per
    /// million records, and the first writes afterwards a little longer.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_inner(self.read().clone())
    }

    /// The present time: the system's, or where a standing clock stands.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.write().clock.now()
    }

    /// Moves a standing clock on and returns the new time.
    ///
    /// # Errors
    /// [`FeatureNotSupported`](nessie_backend_core::BackendError::FeatureNotSupported) when the backend follows the
    /// system's clock; [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) past
    /// [`Timestamp::MAX`].
    pub fn advance(&self, by: Duration) -> Result<Timestamp> {
        self.write().clock.advance(by)
    }

    /// The seed that identifiers come from, if any.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        match self.read().source.origin() {
            Origin::Seed(seed) => Some(seed),
            Origin::System => None,
        }
    }

    /// Where a standing clock stands; `None` if the backend follows the system's clock.
    #[must_use]
    pub fn standing_clock(&self) -> Option<Timestamp> {
        match self.read().clock {
            Clock::Standing { now, .. } => Some(now),
            Clock::System { .. } => None,
        }
    }

    /// How many volumes, snapshots and clones there are. Clones are volumes too.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let inner = self.read();
        Counts {
            volumes: inner.state.volumes.len(),
            snapshots: inner.state.snapshots.len(),
            clones: inner.state.clones,
        }
    }

    /// How many snapshots a volume has.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound).
    pub fn snapshot_count(&self, volume: VolumeId) -> Result<u32> {
        let inner = self.read();
        inner.state.find(volume).map(|slot| inner.state.volumes.get(slot).snapshots.len)
    }

    /// Whether there is a volume of this name.
    #[must_use]
    pub fn contains_name(&self, name: &str) -> bool {
        self.read().state.volume_named(name).is_some()
    }

    /// Whether there is a volume with this identifier.
    #[must_use]
    pub fn contains(&self, uuid: VolumeId) -> bool {
        self.read().state.find(uuid).is_ok()
    }

    /// The volume that a snapshot is of, if there is such a snapshot.
    #[must_use]
    pub fn volume_of(&self, snapshot: SnapshotId) -> Option<VolumeId> {
        let inner = self.read();
        inner.state.volume_of(snapshot).map(|slot| inner.state.volume_id(slot))
    }

    /// The state as it is now, to read at leisure: later changes do not show in it, and reading
    /// it holds no lock.
    #[must_use]
    pub fn view(&self) -> View {
        View { state: self.read().state.clone() }
    }

    /// The lineage as indented text: volumes, their snapshots, the clones hanging from them.
    #[must_use]
    pub fn tree(&self) -> String {
        self.view().tree()
    }

    /// Checks what must hold between any two operations: every index finds what it lists, every
    /// list is whole, every clone pins its parent. For tests; takes time in proportion to the
    /// state.
    ///
    /// # Errors
    /// The rule that does not hold.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.view().check_invariants()
    }

    /// The whole backend as bytes: contents, clock and generator state. The format is compact,
    /// versioned and guarded by a checksum.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if a forked process needs random
    /// numbers and the system has none.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut inner = self.read().clone();
        // The bytes do not tell in which process the lineage was drawn.
        inner.source.lineage()?;
        image::encode(&inner)
    }

    /// The backend that [`to_bytes`](Self::to_bytes) saved.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for bytes that are cut, altered, of a
    /// later version or of another origin.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        image::decode(bytes).map(Self::from_inner)
    }

    /// Whether another handle is at work on the backend just now, so that a call may have to wait.
    /// By the time the answer is there, it may be another.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
            && matches!(self.inner.try_write(), Err(TryLockError::WouldBlock))
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(RwLock::new(inner)), epoch: Arc::default() }
    }

    // No transition panics between its first and its last change, so a poisoned lock guards a
    // state as good as any other.

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a transition that creates something, and reads what it made.
    pub(crate) fn create<R>(
        &self,
        transition: impl FnOnce(&mut State, Stamp) -> Result<Slot>,
        read: impl FnOnce(&State, Slot) -> R,
    ) -> Result<R> {
        let mut inner = self.write();
        let stamp = inner.stamp()?;
        let slot = transition(&mut inner.state, stamp)?;
        Ok(read(&inner.state, slot))
    }

    /// Runs a transition that changes something, and reads what it changed.
    pub(crate) fn change<R>(
        &self,
        transition: impl FnOnce(&mut State) -> Result<Slot>,
        read: impl FnOnce(&State, Slot) -> R,
    ) -> Result<R> {
        let mut inner = self.write();
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
            .field("volumes", &volumes)
            .field("snapshots", &snapshots)
            .field("clones", &clones)
            .finish()
    }
}

/// How much a backend holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Volumes, clones included.
    pub volumes: u32,
    /// Snapshots of all volumes.
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
        let guard = other.write();
        assert!(backend.is_in_use());
        drop(guard);
        assert!(!backend.is_in_use());
        Ok(())
    }
}
