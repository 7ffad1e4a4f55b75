//! The backend: the state machine with its clock and its randomness behind one lock.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use nessie_backend_core::{
    AccessHandle, Capabilities, CloneBackend, Result, Snapshot, SnapshotBackend, SnapshotId,
    Timestamp, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};

use crate::clock::Clock;
use crate::image;
use crate::rows::Rows;
use crate::slab::Slot;
use crate::source::{Origin, Source};
use crate::state::{Stamp, State};
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
/// assert_eq!(clone.clone.unwrap().parent_volume, "build-cache");
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
}

#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) source: Source,
}

impl Inner {
    fn stamp(&mut self) -> Result<Stamp> {
        Ok(Stamp { lineage: self.source.lineage()?, time: self.clock.now() })
    }
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

    /// Chooses seed and clock of a new backend.
    pub fn builder() -> MemBackendBuilder {
        MemBackendBuilder::default()
    }

    /// An independent backend with the same contents, clock and generator state. From here both
    /// go on identically until they are told different things.
    ///
    /// The two share records until one of them writes to them, so the call takes microseconds per
    /// million records, and the first writes afterwards a little longer.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_inner(self.settled().clone())
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
            Clock::Standing { now } => Some(now),
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

    /// The operations that return a volume, in the form that is quickest to make.
    #[must_use]
    pub const fn rows(&self) -> Rows<'_> {
        Rows::new(self)
    }

    /// The state as it is now, to read at leisure: later changes do not show in it, and reading
    /// it holds no lock.
    #[must_use]
    pub fn view(&self) -> View {
        View::new(self.read().state.clone())
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
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if the encoder fails, which it has no reason to.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let inner = self.settled().clone();
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

    fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(RwLock::new(inner)) }
    }

    // No transition panics between its first and its last change, so a poisoned lock guards a
    // state as good as any other.

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state for copying: in a forked process, its lineage is drawn before, so that the copies
    /// agree and neither agrees with the parent process. Without randomness each draws it later.
    fn settled(&self) -> RwLockWriteGuard<'_, Inner> {
        let mut inner = self.write();
        let _ = inner.source.lineage();
        inner
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

/// Chooses seed and clock of a new [`MemBackend`].
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct MemBackendBuilder {
    seed: Option<u64>,
    start: Option<Timestamp>,
}

impl MemBackendBuilder {
    /// Where the clock of a seeded backend stands unless it is told otherwise:
    /// `2000-01-01T00:00:00Z`.
    pub const DEFAULT_START: Timestamp = match Timestamp::from_unix_micros(946_684_800 * 1_000_000)
    {
        Some(time) => time,
        None => Timestamp::UNIX_EPOCH,
    };

    /// Makes the backend fully deterministic: the same calls give the same records. The clock
    /// stands still at [`DEFAULT_START`](Self::DEFAULT_START) unless [`start`](Self::start) says
    /// otherwise.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Lets the clock stand still at a time until it is [advanced](MemBackend::advance).
    pub const fn start(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Makes the backend.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if the operating system has no randomness to give.
    pub fn build(self) -> Result<MemBackend> {
        let (origin, default_start) = match self.seed {
            Some(seed) => (Origin::Seed(seed), Some(Self::DEFAULT_START)),
            None => (Origin::System, None),
        };
        let clock = match self.start.or(default_start) {
            Some(now) => Clock::Standing { now },
            None => Clock::SYSTEM,
        };
        let (source, key) = Source::new(origin)?;
        Ok(MemBackend::from_inner(Inner { state: State::new(key), clock, source }))
    }
}

impl VolumeBackend for MemBackend {
    fn capabilities(&self) -> Capabilities {
        Capabilities::CLONES
    }

    fn create_volume(&self, spec: VolumeSpec) -> Result<Volume> {
        self.rows().create_volume(&spec.name, spec.size_bytes).map(Volume::from)
    }

    fn list_volumes(&self) -> Result<Vec<Volume>> {
        Ok(self.view().volumes().collect())
    }

    fn get_volume(&self, uuid: VolumeId) -> Result<Volume> {
        self.rows().get_volume(uuid).map(Volume::from)
    }

    fn find_volume(&self, name: &str) -> Result<Option<Volume>> {
        Ok(self.rows().find_volume(name).map(Volume::from))
    }

    fn patch_volume(&self, uuid: VolumeId, patch: VolumePatch) -> Result<Volume> {
        self.rows().patch_volume(uuid, &patch).map(Volume::from)
    }

    fn delete_volume(&self, uuid: VolumeId) -> Result<()> {
        self.write().state.delete_volume(uuid)
    }

    fn access_handle(&self, uuid: VolumeId) -> Result<AccessHandle> {
        let inner = self.read();
        let slot = inner.state.find(uuid)?;
        inner.state.check_online(slot)?;
        Ok(AccessHandle::InMemory)
    }

    fn as_snapshot(&self) -> Result<&dyn SnapshotBackend> {
        Ok(self)
    }

    fn as_clone(&self) -> Result<&dyn CloneBackend> {
        Ok(self)
    }
}

impl SnapshotBackend for MemBackend {
    fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<Snapshot> {
        self.create(|state, stamp| state.create_snapshot(volume, name, stamp), State::snapshot)
    }

    fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<Snapshot>> {
        let view = self.view();
        Ok(view.snapshots(volume)?.collect())
    }

    fn get_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Snapshot> {
        let inner = self.read();
        let volume = inner.state.find(volume)?;
        let slot = inner.state.find_snapshot(volume, snapshot)?;
        Ok(inner.state.snapshot(slot))
    }

    fn find_snapshot(&self, volume: VolumeId, name: &str) -> Result<Option<Snapshot>> {
        let inner = self.read();
        let volume = inner.state.find(volume)?;
        Ok(inner.state.snapshot_named(volume, name).map(|slot| inner.state.snapshot(slot)))
    }

    fn rename_snapshot(
        &self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Snapshot> {
        self.change(|state| state.rename_snapshot(volume, snapshot, name), State::snapshot)
    }

    fn delete_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.write().state.delete_snapshot(volume, snapshot)
    }

    fn restore_snapshot(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<Volume> {
        self.rows().restore_snapshot(volume, snapshot).map(Volume::from)
    }
}

impl CloneBackend for MemBackend {
    fn create_clone(
        &self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
    ) -> Result<Volume> {
        self.rows().create_clone(parent_volume, parent_snapshot, new_name).map(Volume::from)
    }

    fn split_clone(&self, volume: VolumeId) -> Result<Volume> {
        self.rows().split_clone(volume).map(Volume::from)
    }
}
