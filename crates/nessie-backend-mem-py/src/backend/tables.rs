//! Methods that return tables of columns.

use nessie_backend_core::{SnapshotId, Timestamp, VolumeId};
use nessie_backend_faults::OperationKind;
use nessie_backend_mem as core;
use nessie_backend_mem::columns::{SnapshotSelection, VolumeSelection};
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::args::{scalars, time};
use crate::errors::Result;
use crate::results::table::Table;

use super::{AnyId, MemBackend, batch};

#[pymethods]
impl MemBackend {
    /// Return volumes as a table of columns, in order of creation.
    ///
    /// Without arguments the table has all volumes. Otherwise it has those that
    /// meet every condition. It shows the backend at the time of the call. See
    /// help(Table) for the libraries that can read it. `list_volumes()` returns
    /// all volumes as dicts.
    ///
    /// Args:
    ///     name (str): Pattern for the whole name: * matches any characters,
    ///         ? exactly one.
    ///     state (str): "online", "offline" or "restricted".
    ///     is_clone (bool): True for clones only, False for other volumes only.
    ///     parent (str | UUID): uuid of a volume or a snapshot, for its clones
    ///         only.
    ///     created_before (datetime | str): Only objects created before this
    ///         time. A datetime, in UTC if it is naive, or RFC 3339 text. The
    ///         last second of the year 9999 means no limit.
    ///     created_after (datetime | str): Only objects created at or after
    ///         this time, in the same forms.
    ///
    /// Returns:
    ///     Table[Volume]: The volumes.
    ///
    /// Raises:
    ///     InvalidArgumentError: A value is invalid.
    ///     VolumeNotFoundError: No volume or snapshot has the uuid `parent`.
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
        this.get().operation(
            this.py(),
            OperationKind::Volumes,
            &[name, state, is_clone, parent, created_before, created_after],
            |_| {
                let name = scalars::optional_string("name", name)?;
                let state = scalars::optional_string("state", state)?;
                let py = this.py();
                let view = this.get().call(py, core::MemBackend::view);
                let mut selection = VolumeSelection::new();
                selection.is_clone =
                    is_clone.map(|value| boolean("is_clone", value)).transpose()?;
                if let Some(parent) = parent {
                    let id = scalars::id::<VolumeId>("parent", parent)?.value;
                    let snapshot = SnapshotId::from(id.uuid());
                    if view.contains_snapshot(snapshot) {
                        selection.parent_snapshot = Some(snapshot);
                    } else {
                        selection.parent = Some(id);
                    }
                }
                selection.created_before = instant("created_before", created_before)?;
                selection.created_after = instant("created_after", created_after)?;
                selection.name = name.map(|name| scalars::name(name).into_owned());
                if let Some(state) = state {
                    selection.state = match state.to_string_lossy().parse() {
                        Ok(state) => Some(state),
                        Err(error) => {
                            // A missing parent is reported before an invalid state.
                            selection.parent.map(|parent| view.volume_row(parent)).transpose()?;
                            return Err(error.into());
                        }
                    };
                }
                Ok(Table::of_volumes(py.detach(|| view.volume_table(&selection))?))
            },
        )
    }

    /// Return snapshots as a table of columns.
    ///
    /// The rows are sorted by volume, and by creation within each volume.
    /// Without arguments the table has all snapshots. Otherwise it has those
    /// that meet every condition. It shows the backend at the time of the call.
    /// See help(Table) for the libraries that can read it. `list_snapshots()`
    /// returns the snapshots of one volume as dicts.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted. Rows are in
    ///         their order. None selects all volumes, in order of creation.
    ///     name (str): Pattern for the whole name: * matches any characters,
    ///         ? exactly one.
    ///     is_pinned (bool): True for snapshots that a clone depends on, False
    ///         for those that can be deleted.
    ///     created_before (datetime | str): Only objects created before this
    ///         time. A datetime, in UTC if it is naive, or RFC 3339 text. The
    ///         last second of the year 9999 means no limit.
    ///     created_after (datetime | str): Only objects created at or after
    ///         this time, in the same forms.
    ///
    /// Returns:
    ///     Table[SnapshotRow]: The snapshots with their volumes.
    ///
    /// Raises:
    ///     VolumeNotFoundError: A volume does not exist.
    ///     InvalidArgumentError: A value is invalid, or a volume is given
    ///         twice.
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
        let vol_uuids = vol_uuids.map(|volumes| self.reusable(volumes)).transpose()?;
        let vol_uuids = vol_uuids.as_ref();
        self.operation(
            py,
            OperationKind::Snapshots,
            &[vol_uuids, name, is_pinned, created_before, created_after],
            |_| {
                let name = scalars::optional_string("name", name)?;
                // The arguments may run Python code, so they are read before the view is taken.
                let mut selection = SnapshotSelection::new();
                if let Some(volumes) = vol_uuids {
                    let volumes = batch::volume_ids("vol_uuids", volumes)?;
                    selection = selection.volumes(volumes.as_slice().iter().copied());
                }
                selection.is_pinned =
                    is_pinned.map(|value| boolean("is_pinned", value)).transpose()?;
                selection.created_before = instant("created_before", created_before)?;
                selection.created_after = instant("created_after", created_after)?;
                selection.name = name.map(|name| scalars::name(name).into_owned());
                let view = self.call(py, core::MemBackend::view);
                Ok(Table::of_snapshots(py.detach(|| view.snapshot_table(&selection))?))
            },
        )
    }
}

fn boolean(argument: &str, value: &Bound<'_, PyAny>) -> Result<bool> {
    match value.cast::<PyBool>() {
        Ok(value) => Ok(value.is_true()),
        Err(_) => Err(scalars::wrong_type(argument, "a bool", value)),
    }
}

fn instant(argument: &'static str, value: Option<&Bound<'_, PyAny>>) -> Result<Option<Timestamp>> {
    value.map(|value| time::instant(argument, value)).transpose()
}
