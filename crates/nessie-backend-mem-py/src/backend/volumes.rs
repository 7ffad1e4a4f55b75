//! Methods on one volume.

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::OperationKind;
use nessie_backend_mem::binding::VolumeRow;
use nessie_backend_mem::{self as core, NewVolume};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::args::scalars::{self, PatchArgs};
use crate::errors::{Error, Result};
use crate::results::records::{self, ReusedText};
use crate::runtime::interrupt;

use super::calls::FEW_SNAPSHOTS;
use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Create an online read-write volume without snapshots.
    ///
    /// Args:
    ///     name (str): 1 to 203 of A-Z a-z 0-9 _ - . : with a letter, digit or
    ///         _ first. Unique in the backend.
    ///     size_bytes (int): Quota in bytes, 1 to 2**64 - 1. None means no quota.
    ///     snapshot_policy (str): Name of the snapshot policy that the volume
    ///         uses. None means none.
    ///
    /// Returns:
    ///     Volume: The new volume.
    ///
    /// Raises:
    ///     SnapshotPolicyNotFoundError: No snapshot policy has this name.
    ///     InvalidArgumentError: The name or the size is invalid.
    ///     VolumeExistsError: Another volume has this name.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    #[pyo3(signature = (name, size_bytes=None, *, snapshot_policy=None))]
    fn create_volume<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        size_bytes: Option<&Bound<'py, PyAny>>,
        snapshot_policy: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            name.py(),
            OperationKind::CreateVolume,
            &[Some(name), size_bytes, snapshot_policy],
            |step| {
                let name = scalars::string("name", name)?;
                let policy = scalars::optional_string("snapshot_policy", snapshot_policy)?;
                let policy = policy.map(scalars::name);
                let size = size_bytes.map(scalars::size).transpose();
                let size = size.map_err(|error| {
                    self.after_missing_policy(name.py(), policy.as_deref(), error)
                })?;
                let text = scalars::name(name);
                let new =
                    NewVolume::named(&text).size_bytes(size).snapshot_policy(policy.as_deref());
                let volume = step.try_call(name.py(), |core| core.rows().create_volume(new))?;
                Ok(records::volume(name.py(), &volume, &ReusedText::name(name))?)
            },
        )
    }

    /// Return all volumes in order of creation.
    ///
    /// The list shows the backend at the time of the call, even if other
    /// threads change it meanwhile. `volumes()` returns the same as a table.
    ///
    /// Returns:
    ///     list[Volume]: All volumes.
    fn list_volumes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        self.operation(py, OperationKind::ListVolumes, &[], |_| {
            Ok(interrupt::list(py, self.rows(py), |volume: VolumeRow| {
                records::listed_volume(py, &volume)
            })?)
        })
    }

    /// Return one volume.
    ///
    /// Args:
    ///     uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///
    /// Returns:
    ///     Volume: The volume.
    ///
    /// Raises:
    ///     InvalidArgumentError: `uuid` is malformed.
    ///     VolumeNotFoundError: No volume has this uuid.
    fn get_volume<'py>(&self, uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        self.operation(uuid.py(), OperationKind::GetVolume, &[Some(uuid)], |_| {
            let id = self.volume_id("uuid", uuid)?;
            let volume = self.try_call(uuid.py(), |core| core.rows().get_volume(id.value))?;
            Ok(records::volume(uuid.py(), &volume, &ReusedText::uuid(id.text))?)
        })
    }

    /// Return the volume of a name.
    ///
    /// Args:
    ///     name (str): The volume's name. Case matters.
    ///
    /// Returns:
    ///     Volume | None: The volume, or None if no volume has this name.
    fn find_volume<'py>(&self, name: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyDict>>> {
        self.operation(name.py(), OperationKind::FindVolume, &[Some(name)], |_| {
            let name = scalars::string("name", name)?;
            let text = scalars::name(name);
            let Some(volume) = self.call(name.py(), |core| core.rows().find_volume(&text)) else {
                return Ok(None);
            };
            let reused = ReusedText::name(name);
            Ok(Some(records::volume(name.py(), &volume, &reused)?))
        })
    }

    /// Change the given fields of a volume.
    ///
    /// None means not given. A call without fields changes nothing.
    ///
    /// Args:
    ///     uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     size_bytes (int): New quota in bytes, 1 to 2**64 - 1, larger or
    ///         smaller.
    ///     junction_path (str): New absolute mount path, unique in the backend
    ///         ignoring ASCII case. "" unmounts the volume.
    ///     export_policy (str): Name of the new export policy, 1 to 256
    ///         characters.
    ///     name (str): New name, as in `create_volume()`.
    ///     state (str): "online", "offline" or "restricted".
    ///     snapshot_policy (str): Name of the snapshot policy that the volume
    ///         uses. "" means none.
    ///
    /// Returns:
    ///     Volume: The changed volume.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     SnapshotPolicyNotFoundError: No snapshot policy has this name.
    ///     InvalidArgumentError: A value is invalid.
    ///     VolumeOfflineError: A size is given, the volume is not online, and
    ///         the call does not bring it online.
    ///     VolumeExistsError: Another volume has the new name.
    ///     JunctionPathExistsError: Another volume is mounted at the path.
    #[pyo3(signature = (
        uuid, size_bytes=None, junction_path=None, export_policy=None, *, name=None, state=None,
        snapshot_policy=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are those of the Python method")]
    fn patch_volume<'py>(
        &self,
        uuid: AnyId<'_, 'py>,
        size_bytes: Option<&Bound<'py, PyAny>>,
        junction_path: Option<&Bound<'py, PyAny>>,
        export_policy: Option<&Bound<'py, PyAny>>,
        name: Option<&Bound<'py, PyAny>>,
        state: Option<&Bound<'py, PyAny>>,
        snapshot_policy: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            uuid.py(),
            OperationKind::PatchVolume,
            &[Some(uuid), size_bytes, junction_path, export_policy, name, state, snapshot_policy],
            |step| {
                let policy = snapshot_policy;
                let patch =
                    PatchArgs::new(size_bytes, junction_path, export_policy, name, state, policy)?;
                let id = self.volume_id("uuid", uuid)?;
                let policy = patch.snapshot_policy();
                let patch = scalars::patch(&patch).map_err(|error| match error {
                    // A missing volume or policy is reported before an invalid value.
                    Error::Backend(_) => {
                        let found = self.call(uuid.py(), |core| core.rows().get_volume(id.value));
                        match found {
                            Err(missing) => self.hinted(uuid.py(), missing),
                            Ok(_) => self.after_missing_policy(uuid.py(), policy.as_deref(), error),
                        }
                    }
                    other => other,
                })?;
                let volume =
                    step.try_call(uuid.py(), |core| core.rows().patch_volume(id.value, &patch))?;
                Ok(records::volume(uuid.py(), &volume, &ReusedText::uuid(id.text))?)
            },
        )
    }

    /// Delete a volume in any state, with its snapshots.
    ///
    /// Args:
    ///     uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///
    /// Raises:
    ///     InvalidArgumentError: `uuid` is malformed.
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     SnapshotLockedError: One of its snapshots is locked.
    ///     VolumeBusyError: A clone depends on one of its snapshots.
    fn delete_volume(&self, uuid: AnyId<'_, '_>) -> Result<()> {
        self.operation(uuid.py(), OperationKind::DeleteVolume, &[Some(uuid)], |step| {
            let id = self.volume_id("uuid", uuid)?.value;
            let py = uuid.py();
            let few = |core: &core::MemBackend| core.rows().delete_volume_of_few(id, FEW_SNAPSHOTS);
            // A log shows one call, so it is made once.
            if !step.is_hooked() && self.try_call(py, few)? {
                return Ok(());
            }
            step.try_call_on_snapshots(py, id, |core| core.delete_volume(id))
        })
    }

    /// Return how a client reaches the volume's data.
    ///
    /// Args:
    ///     uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///
    /// Returns:
    ///     InMemoryHandle: {"kind": "in_memory"}. The backend stores no data.
    ///
    /// Raises:
    ///     InvalidArgumentError: `uuid` is malformed.
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     VolumeOfflineError: The volume is not online.
    fn access_handle<'py>(&self, uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        self.operation(uuid.py(), OperationKind::AccessHandle, &[Some(uuid)], |_| {
            let id = self.volume_id("uuid", uuid)?;
            let handle = self.try_call(uuid.py(), |core| core.access_handle(id.value))?;
            Ok(records::access_handle(uuid.py(), &handle)?)
        })
    }
}
