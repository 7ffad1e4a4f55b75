//! Dumps, pickles and digests.

use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyType};

use crate::errors::Result;
use crate::runtime::files;
use crate::runtime::freed::Freed;
use crate::runtime::long;

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Write the whole backend, clock and generator included, as text that a person can read.
    ///
    /// path_or_file: a str or os.PathLike, or a binary file open for writing. A file of that name
    ///     is replaced when all is written, and not at all if something fails; it keeps its
    ///     permissions. A link stays, and what it leads to is replaced or made. Until then the text
    ///     is in a hidden file beside it, which the next dump to the path deletes if the process
    ///     was killed.
    /// progress: called with the records done and their total, now and then and at the end. What
    ///     it raises ends the work.
    ///
    /// The text is JSON, one record a line in order of creation, with a header and a checksum. The
    /// same state gives the same bytes, and so does what load() makes of them. Other threads may
    /// use the backend meanwhile; what is written is its state when the call was made.
    ///
    /// Raises OSError, whose filename is the path as it was given.
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn dump(
        &self,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let copy = Freed::new(self.call(path_or_file.py(), core::MemBackend::fork));
        files::dump(&copy, path_or_file, progress)
    }

    /// The backend that dump() wrote.
    ///
    /// path_or_file: a str or os.PathLike, or a binary file open for reading; it must end with the
    ///     dump.
    /// progress: called with the records done and their total, now and then and at the end. What
    ///     it raises ends the work.
    ///
    /// Line ends as Git and editors change them are read too: carriage returns, blank lines or no
    /// line feed at the end, a mark of the byte order at the beginning.
    ///
    /// Raises InvalidArgumentError for text that is cut short, altered, of a later version or no
    /// dump at all, naming the line where that shows; OSError, whose filename is the path as it was
    /// given.
    #[classmethod]
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn load(
        _class: &Bound<'_, PyType>,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        Ok(files::load(path_or_file, progress)?.into())
    }

    /// A hash of the whole state, as 32 hexadecimal digits.
    ///
    /// The same calls on a seeded backend give the same digest on every machine and Python. It
    /// covers every record with its identifier and its place in the order, a standing clock, the
    /// seed, and all that the next identifiers depend on: two backends with the same digest say
    /// the same and go on identically. It leaves out what the system's clock shows. It takes less
    /// than a microsecond for each record.
    fn state_digest(&self, py: Python<'_>) -> Result<String> {
        let copy = self.call(py, core::MemBackend::fork);
        Ok(long::work(py, long::records(&copy), move || copy.state_digest())??)
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> Result<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let copy = self.call(py, core::MemBackend::fork);
        let bytes = long::work(py, long::records(&copy), move || copy.to_bytes())??;
        let restore = py.import("nessie_backend_mem._core")?.getattr("_restore")?;
        Ok((restore, (PyBytes::new(py, &bytes),)))
    }
}

/// Make the backend that pickling saved.
#[pyfunction]
#[pyo3(name = "_restore")]
pub(crate) fn restore(state: Bound<'_, PyBytes>) -> Result<MemBackend> {
    let py = state.py();
    let bytes = PyBackedBytes::from(state);
    // Each record takes a few bytes.
    let records = bytes.len() / 32;
    Ok(long::work(py, records, move || core::MemBackend::from_bytes(&bytes))??.into())
}
