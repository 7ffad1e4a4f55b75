//! Methods on the snapshots of one volume.

use nessie_backend_core::SnapshotBackend;
use nessie_backend_faults::OperationKind;
use nessie_backend_mem as core;
use nessie_backend_mem::binding::SnapshotRow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::args::{scalars, time};
use crate::errors::Result;
use crate::results::records::{self, ReusedText};
use crate::runtime::interrupt;

use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Take a snapshot of a volume.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     name (str): 1 to 255 of A-Z a-z 0-9 _ - . : with a letter, digit or
    ///         _ first. Unique in the volume.
    ///     expires_at (datetime | str): Until when the snapshot cannot be
    ///         deleted, nor its volume, nor can a restore pass over it. A
    ///         datetime, in UTC if it is naive, or RFC 3339 text. The last
    ///         second of the year 9999 means that the lock never ends.
    ///         Nothing deletes the snapshot when the lock ends.
    ///
    /// Returns:
    ///     Snapshot: The new snapshot.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     InvalidArgumentError: The uuid is malformed, the name is invalid, or
    ///         `expires_at` is not a time that is later than the present one.
    ///     VolumeOfflineError: The volume is not online.
    ///     SnapshotExistsError: The volume has a snapshot of this name.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    #[pyo3(signature = (vol_uuid, name, *, expires_at=None))]
    fn create_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
        expires_at: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            name.py(),
            OperationKind::CreateSnapshot,
            &[Some(vol_uuid), Some(name), expires_at],
            |step| {
                let name = scalars::string("name", name)?;
                let (volume, expires_at) = match expires_at {
                    None => (self.volume_id("vol_uuid", vol_uuid)?.value, None),
                    Some(end) => {
                        let end = time::instant("expires_at", end);
                        let (id, end) = self.of_volume(vol_uuid, end)?;
                        (id.value, Some(end))
                    }
                };
                let text = scalars::name(name);
                let snapshot = step.try_call(name.py(), |core| {
                    core.rows().create_snapshot(volume, &text, expires_at)
                })?;
                let reused = ReusedText::name(name);
                Ok(records::snapshot(name.py(), &snapshot, &reused)?)
            },
        )
    }

    /// Return a volume's snapshots in order of creation.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///
    /// Returns:
    ///     list[Snapshot]: The snapshots at the time of the call.
    ///
    /// Raises:
    ///     InvalidArgumentError: `vol_uuid` is malformed.
    ///     VolumeNotFoundError: No volume has this uuid.
    fn list_snapshots<'py>(&self, vol_uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyList>> {
        self.operation(vol_uuid.py(), OperationKind::ListSnapshots, &[Some(vol_uuid)], |_| {
            let py = vol_uuid.py();
            let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
            let view = self.view(py);
            let rows = view.snapshot_rows(volume).map_err(|error| self.hinted(py, error))?;
            Ok(interrupt::list(py, rows, |snapshot: SnapshotRow| {
                records::listed_snapshot(py, &snapshot)
            })?)
        })
    }

    /// Return one snapshot of a volume.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     snap_uuid (str | UUID): The uuid of a snapshot of that volume.
    ///
    /// Returns:
    ///     Snapshot: The snapshot.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: No volume has the uuid `vol_uuid`.
    ///     SnapshotNotFoundError: The volume has no snapshot of this uuid.
    fn get_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            vol_uuid.py(),
            OperationKind::GetSnapshot,
            &[Some(vol_uuid), Some(snap_uuid)],
            |_| {
                let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
                let id = self.snapshot_id(volume, "snap_uuid", snap_uuid)?;
                let snapshot = self
                    .try_call(vol_uuid.py(), |core| core.rows().get_snapshot(volume, id.value))?;
                let reused = ReusedText::uuid(id.text);
                Ok(records::snapshot(vol_uuid.py(), &snapshot, &reused)?)
            },
        )
    }

    /// Return the snapshot of a name in a volume.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     name (str): The snapshot's name. Case matters.
    ///
    /// Returns:
    ///     Snapshot | None: The snapshot, or None if the volume has none of
    ///     this name.
    ///
    /// Raises:
    ///     InvalidArgumentError: `vol_uuid` is malformed.
    ///     VolumeNotFoundError: No volume has this uuid.
    fn find_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
    ) -> Result<Option<Bound<'py, PyDict>>> {
        self.operation(
            name.py(),
            OperationKind::FindSnapshot,
            &[Some(vol_uuid), Some(name)],
            |_| {
                let name = scalars::string("name", name)?;
                let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
                let text = scalars::name(name);
                let found =
                    self.try_call(name.py(), |core| core.rows().find_snapshot(volume, &text))?;
                let Some(snapshot) = found else {
                    return Ok(None);
                };
                let reused = ReusedText::name(name);
                Ok(Some(records::snapshot(name.py(), &snapshot, &reused)?))
            },
        )
    }

    /// Rename a snapshot.
    ///
    /// Its uuid stays. The origins of its clones show the new name.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     snap_uuid (str | UUID): The uuid of a snapshot of that volume.
    ///     name (str): New name, as in `create_snapshot()`.
    ///
    /// Returns:
    ///     Snapshot: The renamed snapshot.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has the uuid `vol_uuid`.
    ///     SnapshotNotFoundError: The volume has no snapshot of this uuid.
    ///     InvalidArgumentError: A uuid is malformed or the name is invalid.
    ///     SnapshotExistsError: Another snapshot of the volume has this name.
    fn rename_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
        name: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            name.py(),
            OperationKind::RenameSnapshot,
            &[Some(vol_uuid), Some(snap_uuid), Some(name)],
            |step| {
                let name = scalars::string("name", name)?;
                let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
                let id = self.snapshot_id(volume, "snap_uuid", snap_uuid)?;
                let text = scalars::name(name);
                let snapshot = step.try_call(name.py(), |core| {
                    core.rows().rename_snapshot(volume, id.value, &text)
                })?;
                let reused = ReusedText { uuid: id.text, ..ReusedText::name(name) };
                Ok(records::snapshot(name.py(), &snapshot, &reused)?)
            },
        )
    }

    /// Delete a snapshot.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     snap_uuid (str | UUID): The uuid of a snapshot of that volume.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: No volume has the uuid `vol_uuid`.
    ///     SnapshotNotFoundError: The volume has no snapshot of this uuid.
    ///     SnapshotLockedError: The snapshot is locked.
    ///     SnapshotBusyError: A clone depends on the snapshot.
    fn delete_snapshot(&self, vol_uuid: AnyId<'_, '_>, snap_uuid: AnyId<'_, '_>) -> Result<()> {
        self.operation(
            vol_uuid.py(),
            OperationKind::DeleteSnapshot,
            &[Some(vol_uuid), Some(snap_uuid)],
            |step| {
                let volume = self.volume_id("vol_uuid", vol_uuid)?.value;
                let snapshot = self.snapshot_id(volume, "snap_uuid", snap_uuid)?.value;
                step.try_call(vol_uuid.py(), |core| core.delete_snapshot(volume, snapshot))
            },
        )
    }

    /// Restore a volume, with its size, from a snapshot.
    ///
    /// Snapshots that are newer than this one are deleted.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     snap_uuid (str | UUID): The uuid of a snapshot of that volume.
    ///
    /// Returns:
    ///     Volume: The restored volume.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: No volume has the uuid `vol_uuid`.
    ///     SnapshotNotFoundError: The volume has no snapshot of this uuid.
    ///     VolumeOfflineError: The volume is not online.
    ///     SnapshotLockedError: A newer snapshot is locked.
    ///     SnapshotBusyError: A clone depends on a newer snapshot.
    fn restore_snapshot<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        snap_uuid: AnyId<'_, 'py>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            vol_uuid.py(),
            OperationKind::RestoreSnapshot,
            &[Some(vol_uuid), Some(snap_uuid)],
            |step| {
                let id = self.volume_id("vol_uuid", vol_uuid)?;
                let snapshot = self.snapshot_id(id.value, "snap_uuid", snap_uuid)?.value;
                let restore =
                    |core: &core::MemBackend| core.rows().restore_snapshot(id.value, snapshot);
                let volume = step.try_call_on_snapshots(vol_uuid.py(), id.value, restore)?;
                let reused = ReusedText::uuid(id.text);
                Ok(records::volume(vol_uuid.py(), &volume, &reused)?)
            },
        )
    }
}
