//! Methods on one clone.

use nessie_backend_faults::OperationKind;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::args::scalars;
use crate::errors::Result;
use crate::results::records::{self, ReusedText};

use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Create a writable online volume from a snapshot.
    ///
    /// The clone has its parent's size and export policy. It has no junction
    /// path and no snapshots. Its key "clone" names its direct parent.
    ///
    /// Args:
    ///     parent_vol_uuid (str | UUID): The parent volume's uuid, in any
    ///         standard spelling.
    ///     parent_snap_uuid (str | UUID): The uuid of a snapshot of the parent
    ///         volume.
    ///     new_name (str): Name of the clone, as in `create_volume()`.
    ///
    /// Returns:
    ///     Volume: The new volume.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has the parent's uuid.
    ///     SnapshotNotFoundError: The parent has no snapshot of this uuid.
    ///     InvalidArgumentError: A uuid is malformed or the name is invalid.
    ///     VolumeOfflineError: The parent is not online.
    ///     VolumeExistsError: Another volume has the new name.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    fn create_clone<'py>(
        &self,
        parent_vol_uuid: AnyId<'_, 'py>,
        parent_snap_uuid: AnyId<'_, 'py>,
        new_name: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            new_name.py(),
            OperationKind::CreateClone,
            &[Some(parent_vol_uuid), Some(parent_snap_uuid), Some(new_name)],
            |step| {
                let new_name = scalars::string("new_name", new_name)?;
                let parent = self.volume_id("parent_vol_uuid", parent_vol_uuid)?;
                let snapshot =
                    self.snapshot_id(parent.value, "parent_snap_uuid", parent_snap_uuid)?;
                let name = scalars::name(new_name);
                let (from, at) = (parent.value, snapshot.value);
                let volume =
                    step.try_call(new_name.py(), |core| core.rows().create_clone(from, at, &name))?;
                let reused = ReusedText {
                    parent_volume_uuid: parent.text,
                    parent_snapshot_uuid: snapshot.text,
                    ..ReusedText::name(new_name)
                };
                Ok(records::volume(new_name.py(), &volume, &reused)?)
            },
        )
    }

    /// Turn a clone into an ordinary volume.
    ///
    /// It no longer depends on its parent's snapshot.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The clone's uuid, in any standard spelling.
    ///
    /// Returns:
    ///     Volume: The volume, without the key "clone".
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     InvalidArgumentError: The uuid is malformed, or the volume is not a
    ///         clone.
    fn split_clone<'py>(&self, vol_uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        self.operation(vol_uuid.py(), OperationKind::SplitClone, &[Some(vol_uuid)], |step| {
            let id = self.volume_id("vol_uuid", vol_uuid)?;
            let volume = step.try_call(vol_uuid.py(), |core| core.rows().split_clone(id.value))?;
            let reused = ReusedText::uuid(id.text);
            Ok(records::volume(vol_uuid.py(), &volume, &reused)?)
        })
    }
}
