//! Dumps, pickles and digests.

use nessie_backend_mem as core;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyType};

use crate::errors::Result;
use crate::runtime::freed::Freed;
use crate::runtime::worker;

use super::MemBackend;

pub(crate) mod files;
mod pickle;
mod replace_file;

#[pymethods]
impl MemBackend {
    /// Write the whole backend as text: JSON, one record per line.
    ///
    /// The text also has the clock, the state of the random generator and a
    /// checksum. The same state gives the same bytes, also after `load()`.
    /// Other threads may use the backend meanwhile; the text shows it at the
    /// time of the call.
    ///
    /// Args:
    ///     path_or_file (str | PathLike | BinaryIO): Path, or a binary file
    ///         open for writing. A file at the path is replaced at the end, and
    ///         only if nothing fails. It keeps its permissions. If the path is
    ///         a link, the link stays and its target is written. Until the end
    ///         the text is in a hidden file next to it. If the process is
    ///         killed, the next dump to the path deletes that file.
    ///     progress (Callable[[int, int], object]): Called now and then and at
    ///         the end, with the number of records done and the number of all
    ///         records. An exception that it raises ends the call.
    ///
    /// Raises:
    ///     OSError: The file cannot be written. Its `filename` is the path as
    ///         given.
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn dump(
        &self,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let copy = Freed::new(self.call(path_or_file.py(), core::MemBackend::fork));
        files::dump(&copy, path_or_file, progress)
    }

    /// Return the backend that `dump()` has written.
    ///
    /// A byte order mark, carriage returns, blank lines and a missing line feed
    /// at the end are accepted, as Git and editors may add or remove them.
    ///
    /// Args:
    ///     path_or_file (str | PathLike | BinaryIO): Path, or a binary file
    ///         open for reading. Nothing may follow the dump in it.
    ///     progress (Callable[[int, int], object]): Called now and then and at
    ///         the end, with the number of records done and the number of all
    ///         records. An exception that it raises ends the call.
    ///
    /// Returns:
    ///     MemBackend: A new backend.
    ///
    /// Raises:
    ///     InvalidArgumentError: The text is not a dump, is incomplete or
    ///         changed, or has another version than this package writes. The
    ///         message names the line.
    ///     OSError: The file cannot be read. Its `filename` is the path as
    ///         given.
    #[classmethod]
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn load(
        _class: &Bound<'_, PyType>,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        Ok(files::load(path_or_file, progress)?.into())
    }

    /// Return a hash of the dump.
    ///
    /// Two backends with the same digest have the same records, and return the
    /// same results from then on. The time of the system's clock is left out.
    /// The same calls on backends with the same seed give the same digest on
    /// every platform. It takes less than a microsecond per record.
    ///
    /// Returns:
    ///     str: 32 hexadecimal digits.
    fn state_digest(&self, py: Python<'_>) -> Result<String> {
        let copy = self.call(py, core::MemBackend::fork);
        Ok(worker::run(py, worker::count_records(&copy), move || copy.state_digest())??)
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> Result<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let copy = self.call(py, core::MemBackend::fork);
        let bytes = worker::run(py, worker::count_records(&copy), move || pickle::pack(&copy))??;
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
    // An estimate: a record takes some tens of bytes.
    let records = bytes.len() / 32;
    Ok(worker::run(py, records, move || pickle::unpack(&bytes))??.into())
}
