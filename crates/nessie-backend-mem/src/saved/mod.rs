//! Dumps, digests and resets of a backend.

mod lines;
mod progress;
mod read;
mod rebuild;
mod unreadable;
mod write;

use std::io::{self, BufRead, Write};
use std::sync::atomic::Ordering;

use nessie_backend_core::Result;

#[cfg(feature = "arrow")]
pub(crate) use self::rebuild::{Broken, Refusal};
use crate::backend::MemBackend;
use crate::env::random::IdSource;
use crate::inner::Inner;
use crate::state::{Space, State};

impl MemBackend {
    /// Writes the whole backend, clock and generator state included, as text that a person can
    /// read and compare: a header, a line of JSON for each record, a checksum. The same state gives
    /// the same bytes. [`load`](Self::load) returns the backend that they describe.
    ///
    /// The backend can be used meanwhile; the dump is of its state when the call was made.
    ///
    /// ```
    /// use nessie_backend_core::{VolumeBackend, VolumeSpec};
    /// use nessie_backend_mem::MemBackend;
    ///
    /// let backend = MemBackend::builder().seed(1).build()?;
    /// backend.create_volume(VolumeSpec::named("db"))?;
    /// let mut text = Vec::new();
    /// backend.dump(&mut text)?;
    /// let loaded = MemBackend::load(text.as_slice())?;
    /// assert_eq!(loaded.list_volumes()?, backend.list_volumes()?);
    /// # Ok::<(), nessie_backend_core::BackendError>(())
    /// ```
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) with the [`io::Error`] of the
    /// writer.
    pub fn dump(&self, writer: impl Write) -> Result<()> {
        self.dump_with_progress(writer, |_, _| Ok(()))
    }

    /// [`dump`](Self::dump) that calls `progress` with how many records are written and how many
    /// there are, every some thousand records and at the end. An error from it ends the work.
    ///
    /// # Errors
    /// As [`dump`](Self::dump), and [`Substrate`](nessie_backend_core::BackendError::Substrate)
    /// with the error of `progress`.
    pub fn dump_with_progress(
        &self,
        writer: impl Write,
        mut progress: impl FnMut(u64, u64) -> io::Result<()>,
    ) -> Result<()> {
        write::write(&self.present()?, writer, &mut progress)
    }

    /// The backend of a [`dump`](Self::dump), which gives the same identifiers and times from here.
    /// Git and editors may have changed the ends of the text: it may have carriage returns, blank
    /// lines or no line feed at the end, and a mark of the byte order at the beginning.
    ///
    /// It takes memory in proportion to the text, and a byte for every 64 records that were ever
    /// created, up to 64 MiB for volumes and as much for snapshots.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for text that is
    /// cut, altered, of another version than this package writes or no dump at all, with the line
    /// where that shows;
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) with the [`io::Error`] of the
    /// reader.
    pub fn load(reader: impl BufRead) -> Result<Self> {
        Self::load_with_progress(reader, |_, _| Ok(()))
    }

    /// [`load`](Self::load) that calls `progress` with how many records are read and how many
    /// there are, every some thousand records and at the end. An error from it ends the work.
    ///
    /// # Errors
    /// As [`load`](Self::load), and [`Substrate`](nessie_backend_core::BackendError::Substrate)
    /// with the error of `progress`.
    pub fn load_with_progress(
        reader: impl BufRead,
        mut progress: impl FnMut(u64, u64) -> io::Result<()>,
    ) -> Result<Self> {
        read::read(reader, &mut progress).map(Self::from_inner)
    }

    /// A hash of the [dump](Self::dump): 32 hexadecimal digits (XXH3, 128 bits). The same calls on
    /// a seeded backend give the same digest on every machine.
    ///
    /// Two backends with the same digest have the same records, and give the same results from here
    /// on. The time of the system's clock is left out. The hash does not resist forgery.
    ///
    /// Takes less than a microsecond for each record.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if a forked process needs random
    /// numbers and the system has none.
    pub fn state_digest(&self) -> Result<String> {
        Ok(format!("{:032x}", write::digest(&self.present()?)?))
    }

    /// A copy with the epoch that the next record has, which a dump cannot draw anew.
    fn present(&self) -> Result<Inner> {
        let mut inner = self.read().clone();
        inner.source.epoch()?;
        Ok(inner)
    }

    /// Returns to the state right after construction: without records, a standing clock at its
    /// start, the pool with its present capacity, and a seeded backend gives the same identifiers
    /// once more. Without a seed, the identifiers are drawn anew, so that none is given out twice.
    /// Limits and profile stay.
    ///
    /// Its [`epoch`](nessie_backend_core::VolumeBackend::epoch) grows by one.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if the operating system has no
    /// randomness to give. Nothing has changed then.
    pub fn reset(&self) -> Result<()> {
        let seed = self.read().source.seed();
        let (source, key) = IdSource::new(seed)?;
        let mut inner = self.lock();
        let clock = inner.clock.restarted();
        // Before the contents change, so that a reader of the new ones finds the new epoch.
        self.epoch.fetch_add(1, Ordering::Release);
        let mut state = State::new(key);
        state.space = Space::with_capacity(inner.state.space.capacity);
        state.restrictions = inner.state.restrictions;
        let contents = std::mem::replace(&mut *inner, Inner { state, clock, source });
        drop(inner);
        // Freeing many records takes a while, for which the lock is not held.
        drop(contents);
        Ok(())
    }

    /// Replaces everything by a copy of another backend: objects, clock, seed, capacity and limits. All
    /// handles on this backend then use the copy.
    ///
    /// ```
    /// use nessie_backend_core::{VolumeBackend, VolumeSpec};
    /// use nessie_backend_mem::MemBackend;
    ///
    /// let (backend, other) = (MemBackend::new(), MemBackend::builder().seed(1).build()?);
    /// other.create_volume(VolumeSpec::named("db"))?;
    /// backend.replace(&other);
    /// assert_eq!(backend.state_digest()?, other.state_digest()?);
    /// # Ok::<(), nessie_backend_core::BackendError>(())
    /// ```
    pub fn replace(&self, other: &Self) {
        let contents = other.read().clone();
        let mut inner = self.lock();
        // Before the contents change, as in `reset`.
        self.epoch.fetch_add(1, Ordering::Release);
        let contents = std::mem::replace(&mut *inner, contents);
        drop(inner);
        drop(contents);
    }
}
