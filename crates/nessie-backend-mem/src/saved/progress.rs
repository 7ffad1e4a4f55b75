//! Progress of writing and reading.

use std::io;

/// Called with the records done and their total, now and then and at the end. An error ends the
/// work.
pub(super) type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> io::Result<()>;

/// Counts records and reports their number.
pub(super) struct Counter<'a> {
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl<'a> Counter<'a> {
    /// Records between two reports: some hundredths of a second.
    const STEP: u64 = 1 << 15;

    pub(super) fn new(volumes: u32, snapshots: u32, progress: Progress<'a>) -> Self {
        Self { done: 0, total: u64::from(volumes) + u64::from(snapshots), progress }
    }

    pub(super) fn count(&mut self) -> io::Result<()> {
        self.done += 1;
        if self.done.is_multiple_of(Self::STEP) && self.done < self.total {
            (self.progress)(self.done, self.total)?;
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        (self.progress)(self.done, self.total)
    }
}
