//! Writes and discards of clients, and the capacity of the pool.

use std::borrow::Borrow;

use nessie_backend_core::{Result, Volume, VolumeId};

use crate::backend::MemBackend;
use crate::error::BulkError;
use crate::state::Written;

/// What a client writes to a volume, in bytes.
///
/// ```
/// use nessie_backend_mem::NewData;
///
/// let write = NewData::new(10).overwriting(4);
/// assert_eq!((write.size_bytes, write.overwrite_bytes), (10, 4));
/// assert_eq!(NewData::from(10), NewData::new(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewData {
    /// All bytes that are written.
    pub size_bytes: u64,
    /// Those of them that replace existing data. The data that was written first is replaced.
    pub overwrite_bytes: u64,
}

impl NewData {
    /// New data of this size.
    #[must_use]
    pub const fn new(size_bytes: u64) -> Self {
        Self { size_bytes, overwrite_bytes: 0 }
    }

    /// Sets how many of the bytes replace existing data.
    #[must_use]
    pub const fn overwriting(mut self, overwrite_bytes: u64) -> Self {
        self.overwrite_bytes = overwrite_bytes;
        self
    }
}

impl From<u64> for NewData {
    fn from(size_bytes: u64) -> Self {
        Self::new(size_bytes)
    }
}

impl From<NewData> for Written {
    fn from(data: NewData) -> Self {
        Self { size: data.size_bytes, overwrite: data.overwrite_bytes }
    }
}

/// # Space
///
/// The backend stores no data, but it accounts for it: how many bytes a volume uses, a snapshot
/// holds, a clone adds, and how many are left in the pool that all volumes share
/// ([`space`](nessie_backend_core::VolumeBackend::space)). Until the first write, no record shows
/// it, and it costs nothing.
///
/// * A snapshot keeps the data that was live when it was taken. Data that is overwritten or
///   discarded stays allocated until the last snapshot that holds it is deleted.
/// * A clone begins with the data of its parent snapshot, which costs nothing. What is written to
///   the clone is allocated.
/// * An overwrite or a discard takes the data that was written first.
/// * The quota of a volume limits its live data, the capacity of the pool all allocated data.
/// * A volume with a maximum for its growth
///   ([`set_autosize`](nessie_backend_core::VolumeBackend::set_autosize)) raises its quota where a
///   write would exceed it.
///
/// ```
/// use nessie_backend_core::{SnapshotBackend, VolumeBackend, VolumeSpec};
/// use nessie_backend_mem::{MemBackend, NewData};
///
/// let backend = MemBackend::builder().capacity_bytes(1_000).build()?;
/// let volume = backend.create_volume(VolumeSpec::named("cache"))?.uuid;
/// backend.write(volume, 500)?;
/// let snapshot = backend.create_snapshot(volume, "monday")?.uuid;
/// backend.write(volume, NewData::new(200).overwriting(200))?;
/// assert_eq!(backend.get_volume(volume)?.used_bytes, Some(500));
/// assert_eq!(backend.get_snapshot(volume, snapshot)?.size_consumed, 200);
/// assert_eq!(backend.space()?.available_bytes, Some(300));
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
impl MemBackend {
    /// Accounts for a client that writes to a volume. Writing 0 bytes changes nothing.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound);
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) if it overwrites more
    /// than it writes or than the volume uses;
    /// [`VolumeOffline`](nessie_backend_core::BackendError::VolumeOffline) unless the volume is
    /// online;
    /// [`NoSpace`](nessie_backend_core::BackendError::NoSpace) if the volume's quota, or the maximum
    /// up to which it grows, or the pool has too little left. What the overwrite frees counts as
    /// left.
    pub fn write(&self, volume: VolumeId, data: impl Into<NewData>) -> Result<Volume> {
        self.rows().write(volume, data.into()).map(Volume::from)
    }

    /// Accounts for a client that deletes data of a volume. Deleting 0 bytes changes nothing.
    ///
    /// # Errors
    /// [`VolumeNotFound`](nessie_backend_core::BackendError::VolumeNotFound);
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) if the volume uses
    /// less;
    /// [`VolumeOffline`](nessie_backend_core::BackendError::VolumeOffline) unless the volume is
    /// online.
    pub fn discard(&self, volume: VolumeId, size_bytes: u64) -> Result<Volume> {
        self.rows().discard(volume, size_bytes).map(Volume::from)
    }

    /// [Writes](Self::write) to volumes, each given with its data, as one operation. A volume may
    /// be given several times.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_volumes(
        &self,
        writes: impl IntoIterator<Item = (impl Borrow<VolumeId>, impl Into<NewData>)>,
    ) -> Result<(), BulkError> {
        let writes = writes.into_iter().map(|(id, data)| (*id.borrow(), data.into().into()));
        self.lock().state.write_all(writes)
    }

    /// [Discards](Self::discard) data of volumes, each given with the number of bytes, as one
    /// operation. A volume may be given several times.
    ///
    /// # Errors
    /// As [`discard`](Self::discard).
    pub fn discard_volumes(
        &self,
        discards: impl IntoIterator<Item = (impl Borrow<VolumeId>, u64)>,
    ) -> Result<(), BulkError> {
        let discards = discards.into_iter().map(|(id, bytes)| (*id.borrow(), bytes));
        self.lock().state.discard_all(discards)
    }

    /// The size of the pool that all volumes share; `None` if it is unlimited.
    #[must_use]
    pub fn capacity_bytes(&self) -> Option<u64> {
        self.read().state.space.capacity
    }

    /// Changes the size of the pool; `None` makes it unlimited.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for 0, or for less
    /// than is used.
    pub fn set_capacity(&self, capacity_bytes: impl Into<Option<u64>>) -> Result<()> {
        self.lock().state.set_capacity(capacity_bytes.into())
    }
}
