//! Methods that return tables of columns.

use nessie_backend_mem as core;

use pyo3::prelude::*;

use crate::args::scalars;
use crate::errors::Result;
use crate::results::table::{self, SelectionArgs, SnapshotArgs, Table};

use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Volumes as a table of columns, in order of creation.
    ///
    /// All of them, or those that are everything that is given:
    ///
    /// name: a pattern that the whole name matches; * stands for any characters, ? for any one.
    /// state: "online", "offline" or "restricted".
    /// is_clone: True for clones alone, False for all others.
    /// parent: uuid of a volume or of a snapshot, for its clones alone.
    /// created_before: a datetime (naive ones are read as UTC) or RFC 3339 text. The last second of
    ///     the year 9999 means never, and leaves out nothing.
    /// created_after: the same; what was created at that very time is in the table.
    ///
    /// The table shows the backend as it was when the call was made, whatever happens to it. See
    /// help(Table) for what can read it.
    ///
    /// Raises InvalidArgumentError; VolumeNotFoundError if nothing has the uuid `parent`.
    #[pyo3(signature = (
        *, name=None, state=None, is_clone=None, parent=None, created_before=None,
        created_after=None
    ))]
    fn volumes<'py>(
        this: &Bound<'py, Self>,
        name: Option<&Bound<'py, PyAny>>,
        state: Option<&Bound<'py, PyAny>>,
        is_clone: Option<&Bound<'py, PyAny>>,
        parent: Option<AnyId<'_, 'py>>,
        created_before: Option<&Bound<'py, PyAny>>,
        created_after: Option<&Bound<'py, PyAny>>,
    ) -> Result<Table> {
        let name = scalars::optional_string("name", name)?;
        let state = scalars::optional_string("state", state)?;
        let args = SelectionArgs { name, state, is_clone, parent, created_before, created_after };
        let py = this.py();
        table::volumes(py, this.get().call(py, core::MemBackend::view), &args)
    }

    /// Snapshots as a table of columns: volume by volume, each volume's in order of creation.
    ///
    /// All of them, or those that are everything that is given:
    ///
    /// vol_uuids: the volumes in the order to show them, in any way that a bulk call takes them;
    ///     None is all, in order of creation.
    /// name: a pattern that the whole name matches; * stands for any characters, ? for any one.
    /// is_pinned: True for those that a clone depends on, False for those that can be deleted.
    /// created_before: a datetime (naive ones are read as UTC) or RFC 3339 text.
    /// created_after: the same; what was created at that very time is in the table.
    ///
    /// The table shows the backend as it was when the call was made, whatever happens to it. See
    /// help(Table) for what can read it.
    ///
    /// Raises VolumeNotFoundError; InvalidArgumentError, also for a uuid that is malformed or given
    /// twice.
    #[pyo3(signature = (
        vol_uuids=None, *, name=None, is_pinned=None, created_before=None, created_after=None
    ))]
    fn snapshots(
        &self,
        py: Python<'_>,
        vol_uuids: Option<AnyId<'_, '_>>,
        name: Option<&Bound<'_, PyAny>>,
        is_pinned: Option<&Bound<'_, PyAny>>,
        created_before: Option<&Bound<'_, PyAny>>,
        created_after: Option<&Bound<'_, PyAny>>,
    ) -> Result<Table> {
        let name = scalars::optional_string("name", name)?;
        let args = SnapshotArgs { vol_uuids, name, is_pinned, created_before, created_after };
        let selection = table::snapshot_selection(&args)?;
        table::snapshots(py, self.call(py, core::MemBackend::view), &selection)
    }
}
