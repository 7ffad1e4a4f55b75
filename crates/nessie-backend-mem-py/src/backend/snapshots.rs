//! Methods on the snapshots of one volume.

use nessie_backend_core::SnapshotBackend;
use nessie_backend_mem as core;
use nessie_backend_mem::binding::SnapshotRow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::args::scalars;
use crate::errors::Result;
use crate::results::records::{self, Known};
use crate::runtime::interrupt;

use super::{AnyId, MemBackend, exact};

#[pymethods]
impl MemBackend {
    /// Take a point-in-time snapshot of a volume, and return it.
    ///
    /// name: 1 to 255 of A-Z a-z 0-9 _ - . : (the first a letter, digit or _), unique in the
    ///     volume.
    ///
    /// Raises VolumeNotFoundError, InvalidArgumentError, SnapshotExistsError; VolumeOfflineError
    /// unless the volume is online.
    fn create_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        let name = scalars::string("name", name)?;
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let text = scalars::name(name);
        let snapshot = self.ask(name.py(), |core| core.rows().create_snapshot(volume, &text))?;
        let known = Known { name: exact(name), ..Known::default() };
        Ok(records::snapshot(name.py(), &snapshot, &known)?)
    }

    /// A volume's snapshots, in order of creation.
    ///
    /// Raises VolumeNotFoundError.
    fn list_snapshots<'py>(&self, vol_uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyList>> {
        let py = vol_uuid.py();
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let view = self.view(py);
        let rows = view.snapshot_rows(volume).map_err(|error| self.hinted(py, error))?;
        interrupt::list(py, rows, |snapshot: SnapshotRow| {
            records::snapshot(py, &snapshot, &Known::default())
        })
    }

    /// One snapshot of that volume.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError.
    fn get_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
    ) -> Result<Bound<'py, PyDict>> {
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let id = self.snapshot_id(volume, "snap_uuid", snap_uuid)?;
        let snapshot =
            self.ask(vol_uuid.py(), |core| core.rows().get_snapshot(volume, id.value))?;
        let known = Known { uuid: id.text, ..Known::default() };
        Ok(records::snapshot(vol_uuid.py(), &snapshot, &known)?)
    }

    /// The volume's snapshot of that name, or None.
    ///
    /// Raises VolumeNotFoundError.
    fn find_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
    ) -> Result<Option<Bound<'py, PyDict>>> {
        let name = scalars::string("name", name)?;
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let text = scalars::name(name);
        let found = self.ask(name.py(), |core| core.rows().find_snapshot(volume, &text))?;
        let Some(snapshot) = found else {
            return Ok(None);
        };
        let known = Known { name: exact(name), ..Known::default() };
        Ok(Some(records::snapshot(name.py(), &snapshot, &known)?))
    }

    /// Give a snapshot another name and return it. Its uuid stays; origins of clones follow.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError, InvalidArgumentError,
    /// SnapshotExistsError.
    fn rename_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        let name = scalars::string("name", name)?;
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let id = self.snapshot_id(volume, "snap_uuid", snap_uuid)?;
        let text = scalars::name(name);
        let snapshot =
            self.ask(name.py(), |core| core.rows().rename_snapshot(volume, id.value, &text))?;
        let known = Known { uuid: id.text, name: exact(name), ..Known::default() };
        Ok(records::snapshot(name.py(), &snapshot, &known)?)
    }

    /// Delete a snapshot.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError; SnapshotBusyError while a clone depends
    /// on it.
    fn delete_snapshot(&self, vol_uuid: AnyId<'_, '_>, snap_uuid: AnyId<'_, '_>) -> Result<()> {
        let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
        let snapshot = self.snapshot_id(volume, "snap_uuid", snap_uuid)?.value;
        self.ask(vol_uuid.py(), |core| core.delete_snapshot(volume, snapshot))
    }

    /// Take a volume back to a snapshot, its size included, and return it. Newer snapshots go.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError; VolumeOfflineError unless the volume is
    /// online; SnapshotBusyError if a newer snapshot has a clone.
    fn restore_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
    ) -> Result<Bound<'py, PyDict>> {
        let id = self.volume_id("vol_uuid", vol_uuid)?;
        let snapshot = self.snapshot_id(id.value, "snap_uuid", snap_uuid)?.value;
        let restore = |core: &core::MemBackend| core.rows().restore_snapshot(id.value, snapshot);
        let volume = self.ask_on_snapshots(vol_uuid.py(), id.value, restore)?;
        let known = Known { uuid: id.text, ..Known::default() };
        Ok(records::volume(vol_uuid.py(), &volume, &known)?)
    }
}
