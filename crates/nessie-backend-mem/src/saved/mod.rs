//! The state saved and compared: dumped, loaded, hashed, and reset.

mod dump;
pub(crate) mod image;
mod rebuild;
mod unreadable;

use std::io::{self, BufRead, Write};
use std::sync::atomic::Ordering;

use nessie_backend_core::Result;

#[cfg(feature = "arrow")]
pub(crate) use self::rebuild::{Broken, Refusal};
use crate::backend::MemBackend;
use crate::env::random::Source;
use crate::inner::Inner;
use crate::state::State;

impl MemBackend {
    /// Writes the whole backend, clock and generator state included, as text that a person can
    /// read and compare: a line of JSON for each record, a header, a checksum. The same state
    /// gives the same bytes, and what [`load`](Self::load) makes of them gives them again.
    ///
    /// The backend can be used meanwhile; what is written is its state when the call was made.
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
        let mut inner = self.read().clone();
        // The text does not tell in which process the lineage was drawn.
        inner.source.lineage()?;
        dump::write(&inner, writer, &mut progress)
    }

    /// The backend that [`dump`](Self::dump) wrote. Line ends as Git and editors change them are
    /// read too: carriage returns, blank lines or no line feed at the end, a mark of the byte order
    /// at the beginning.
    ///
    /// It takes memory in proportion to what it reads, whatever the text announces. Where the
    /// records come from places all over the memory of the dumped backend, the text itself is held
    /// in memory as well.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for text that is
    /// cut, altered, of a later version or no dump at all, with the line where that shows;
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
        dump::read(reader, &mut progress).map(Self::from_inner)
    }

    /// A hash of the whole state: 32 hexadecimal digits (XXH3, 128 bits). The same calls on a
    /// seeded backend give the same digest on every machine.
    ///
    /// It covers every record with its identifier and its place in the order, the clock if it
    /// stands still, the seed, and all that the next identifiers depend on. So two backends with
    /// the same digest say the same and go on identically. It leaves out what the system's clock
    /// shows and how the state is laid out in memory. It does not tell forgeries.
    ///
    /// Takes less than a microsecond for each record.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if a forked process needs random
    /// numbers and the system has none.
    pub fn state_digest(&self) -> Result<String> {
        let mut inner = self.read().clone();
        inner.source.lineage()?;
        Ok(format!("{:032x}", image::digest(&inner)?))
    }

    /// Goes back to the state right after construction: the contents are gone, a standing clock
    /// stands at its start, and a seeded backend gives the same identifiers once more. Without a
    /// seed, identifiers are drawn anew, so that none is ever given out twice.
    ///
    /// Its [`epoch`](nessie_backend_core::VolumeBackend::epoch) grows by one.
    ///
    /// # Errors
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if the operating system has no
    /// randomness to give. Nothing has changed then.
    pub fn reset(&self) -> Result<()> {
        let origin = self.read().source.origin();
        let (source, key) = Source::new(origin)?;
        let mut inner = self.write();
        let clock = inner.clock.restarted();
        // Before the contents change: who reads the new ones reads the new epoch after that too.
        self.epoch.fetch_add(1, Ordering::Release);
        let contents =
            std::mem::replace(&mut *inner, Inner { state: State::new(key), clock, source });
        drop(inner);
        // Freeing many records takes a while, and nobody need wait for it.
        drop(contents);
        Ok(())
    }
}
