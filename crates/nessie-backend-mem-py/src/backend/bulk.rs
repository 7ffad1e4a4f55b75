//! Methods on many volumes or snapshots in one call.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId};
use nessie_backend_faults::OperationKind;
use nessie_backend_mem::binding::VolumeRow;
use nessie_backend_mem::{BulkError, NewVolume};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList};

use crate::args::items::{Names, Sizes};
use crate::args::scalars::{self, PatchArgs};
use crate::args::time;
use crate::errors::Result;
use crate::results::records;
use crate::results::uuids::Uuids;
use crate::runtime::interrupt;

use super::{AnyId, MemBackend, batch};

#[pymethods]
impl MemBackend {
    /// Create one volume per name; a bulk method, see help(MemBackend).
    ///
    /// Args:
    ///     names (Iterable[str]): Names as in `create_volume()`: an iterable,
    ///         an Arrow column, a NumPy array, or the column "name" of a table.
    ///     size_bytes (int | Iterable[int | None]): One quota in bytes for all
    ///         volumes, or one per volume. None means no quota.
    ///     snapshot_policy (str): Name of the snapshot policy that the volumes
    ///         use. None means none.
    ///
    /// Returns:
    ///     Uuids: The uuids of the new volumes, in the order of the names.
    ///
    /// Raises:
    ///     SnapshotPolicyNotFoundError: No snapshot policy has this name.
    ///     InvalidArgumentError: A name or a size is invalid.
    ///     VolumeExistsError: A name is in use or given twice.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    #[pyo3(signature = (names, size_bytes=None, *, snapshot_policy=None))]
    fn create_volumes(
        &self,
        names: &Bound<'_, PyAny>,
        size_bytes: Option<&Bound<'_, PyAny>>,
        snapshot_policy: Option<&Bound<'_, PyAny>>,
    ) -> Result<Uuids> {
        let names = &self.reusable(names)?;
        let size_bytes = size_bytes.map(|sizes| self.reusable(sizes)).transpose()?;
        let size_bytes = size_bytes.as_ref();
        self.operation(
            names.py(),
            OperationKind::CreateVolumes,
            &[Some(names), size_bytes, snapshot_policy],
            |step| {
                let py = names.py();
                let policy = scalars::optional_string("snapshot_policy", snapshot_policy)?;
                let policy = policy.map(scalars::name);
                let names = Names::read("names", names)?;
                let sizes = Sizes::read(size_bytes, names.len());
                let sizes = sizes
                    .map_err(|error| self.after_missing_policy(py, policy.as_deref(), error))?;
                let volumes = names.iter().enumerate().map(|(index, name)| {
                    let new = NewVolume::named(name).size_bytes(sizes.get(index));
                    new.snapshot_policy(policy.as_deref())
                });
                let made =
                    step.try_bulk(py, |core| core.create_volumes(volumes).map_err(in_names))?;
                Ok(Uuids::new(made.into_iter().map(VolumeId::uuid)))
            },
        )
    }

    /// Take a snapshot of each volume, all with the same name and time.
    ///
    /// A bulk method, see help(MemBackend).
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted.
    ///     name (str): Name of the snapshots, as in `create_snapshot()`.
    ///     expires_at (datetime | str): Until when the snapshots cannot be
    ///         deleted, as in `create_snapshot()`.
    ///
    /// Returns:
    ///     Uuids: The uuids of the new snapshots, in the order of the volumes.
    ///
    /// Raises:
    ///     VolumeNotFoundError: A volume does not exist.
    ///     InvalidArgumentError: A uuid is malformed, the name is invalid, or
    ///         `expires_at` is not a time that is later than the present one.
    ///     VolumeOfflineError: A volume is not online.
    ///     SnapshotExistsError: A volume has a snapshot of this name.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    #[pyo3(signature = (vol_uuids, name, *, expires_at=None))]
    fn create_snapshots(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
        expires_at: Option<&Bound<'_, PyAny>>,
    ) -> Result<Uuids> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        self.operation(
            name.py(),
            OperationKind::CreateSnapshots,
            &[Some(vol_uuids), Some(name), expires_at],
            |step| {
                let py = name.py();
                let name = scalars::string("name", name)?;
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let end = expires_at.map(|end| time::instant("expires_at", end)).transpose();
                let end = end.map_err(|error| self.after_missing(py, &uuids, error))?;
                let volumes = uuids.volume_ids();
                let text = scalars::name(name);
                let made =
                    step.try_bulk(py, |core| core.create_snapshots_until(volumes, &text, end))?;
                Ok(Uuids::new(made.into_iter().map(SnapshotId::uuid)))
            },
        )
    }

    /// Create one clone per name from one snapshot.
    ///
    /// A bulk method, see help(MemBackend).
    ///
    /// Args:
    ///     parent_vol_uuid (str | UUID): The parent volume's uuid, in any
    ///         standard spelling.
    ///     parent_snap_uuid (str | UUID): The uuid of a snapshot of the parent
    ///         volume.
    ///     names (Iterable[str]): Names as in `create_volume()`: an iterable,
    ///         an Arrow column, a NumPy array, or the column "name" of a table.
    ///
    /// Returns:
    ///     Uuids: The uuids of the clones, in the order of the names.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has the parent's uuid.
    ///     SnapshotNotFoundError: The parent has no snapshot of this uuid.
    ///     InvalidArgumentError: A uuid is malformed or a name is invalid.
    ///     VolumeOfflineError: The parent is not online.
    ///     VolumeExistsError: A name is in use or given twice.
    ///     LimitExceededError: The call would exceed a limit of the backend.
    fn create_clones(
        &self,
        parent_vol_uuid: AnyId<'_, '_>,
        parent_snap_uuid: AnyId<'_, '_>,
        names: &Bound<'_, PyAny>,
    ) -> Result<Uuids> {
        let names = &self.reusable(names)?;
        self.operation(
            names.py(),
            OperationKind::CreateClones,
            &[Some(parent_vol_uuid), Some(parent_snap_uuid), Some(names)],
            |step| {
                let parent = self.volume_id("parent_vol_uuid", parent_vol_uuid)?.value;
                let snapshot =
                    self.snapshot_id(parent, "parent_snap_uuid", parent_snap_uuid)?.value;
                let py = names.py();
                let names = Names::read("names", names)?;
                let made = step.try_bulk(py, |core| {
                    core.create_clones(parent, snapshot, names.iter()).map_err(in_names)
                })?;
                Ok(Uuids::new(made.into_iter().map(VolumeId::uuid)))
            },
        )
    }

    /// Delete the snapshots of one name, or the given snapshots.
    ///
    /// A bulk method, see help(MemBackend).
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): With `name` the
    ///         volumes; see help(MemBackend) for the forms that are accepted.
    ///         Without `name` the snapshots: a table of `snapshots()`, a table
    ///         of another library that was made from one, or an iterable of the
    ///         rows of such a table or of tuples (volume uuid, snapshot uuid).
    ///     name (str): Name of the snapshots.
    ///     skip_busy (bool): Whether to keep snapshots that clones depend on.
    ///
    /// Returns:
    ///     Uuids | list[tuple[str, str]]: The part of `vol_uuids` that
    ///     `skip_busy` has kept, in the same order and ready for the next call:
    ///     Uuids of volumes if `name` is given, otherwise tuples. Empty without
    ///     `skip_busy`.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: A volume does not exist.
    ///     SnapshotNotFoundError: A snapshot does not exist.
    ///     SnapshotLockedError: A snapshot is locked, also with `skip_busy`.
    ///     SnapshotBusyError: A clone depends on a snapshot, and `skip_busy` is
    ///         false.
    #[pyo3(signature = (vol_uuids, name=None, *, skip_busy=false))]
    fn delete_snapshots<'py>(
        &self,
        vol_uuids: &Bound<'py, PyAny>,
        name: Option<&Bound<'py, PyAny>>,
        skip_busy: bool,
    ) -> Result<Bound<'py, PyAny>> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        let is_skipping =
            skip_busy.then(|| PyBool::new(vol_uuids.py(), true).to_owned().into_any());
        self.operation(
            vol_uuids.py(),
            OperationKind::DeleteSnapshots,
            &[Some(vol_uuids), name, is_skipping.as_ref()],
            |step| {
                let py = vol_uuids.py();
                let Some(name) = scalars::optional_string("name", name)? else {
                    let pairs = batch::snapshot_ids("vol_uuids", vol_uuids)?;
                    let left = step.try_bulk(py, |core| {
                        if skip_busy {
                            core.delete_snapshot_pairs_unless_busy(&pairs)
                        } else {
                            core.delete_snapshot_pairs(&pairs).map(|()| Vec::new())
                        }
                    })?;
                    let text = |uuid| records::uuid_text(py, &None, uuid);
                    let pair = |(volume, snapshot): (VolumeId, SnapshotId)| {
                        (text(volume.uuid()), text(snapshot.uuid())).into_pyobject(py)
                    };
                    return Ok(interrupt::list(py, left.into_iter(), pair)?.into_any());
                };
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let volumes = uuids.volume_ids();
                let text = scalars::name(name);
                let left = step.try_bulk(py, |core| {
                    if skip_busy {
                        core.delete_snapshots_unless_busy(volumes, &text)
                    } else {
                        core.delete_snapshots(volumes, &text).map(|()| Vec::new())
                    }
                })?;
                let left = Uuids::new(left.into_iter().map(VolumeId::uuid));
                Ok(Bound::new(py, left)?.into_any())
            },
        )
    }

    /// Delete volumes with their snapshots.
    ///
    /// A bulk method, see help(MemBackend). A clone and its parent may be given
    /// in any order. Missing volumes are refused before busy ones.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted. No volume may
    ///         be given twice.
    ///     skip_busy (bool): Whether to keep a volume, instead of failing, if
    ///         a clone of it is not given or is kept itself.
    ///
    /// Returns:
    ///     Uuids: The volumes that `skip_busy` has kept, in the same order.
    ///     Empty without `skip_busy`.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: A volume does not exist or is given twice.
    ///     SnapshotLockedError: A snapshot of a volume is locked, also with
    ///         `skip_busy`.
    ///     VolumeBusyError: A clone that is not given depends on a volume, and
    ///         `skip_busy` is false.
    #[pyo3(signature = (vol_uuids, *, skip_busy=false))]
    fn delete_volumes(&self, vol_uuids: &Bound<'_, PyAny>, skip_busy: bool) -> Result<Uuids> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        let is_skipping =
            skip_busy.then(|| PyBool::new(vol_uuids.py(), true).to_owned().into_any());
        self.operation(
            vol_uuids.py(),
            OperationKind::DeleteVolumes,
            &[Some(vol_uuids), is_skipping.as_ref()],
            |step| {
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let volumes = uuids.volume_ids();
                let py = vol_uuids.py();
                let left = step.try_bulk(py, |core| {
                    if skip_busy {
                        core.delete_volumes_unless_busy(volumes)
                    } else {
                        core.delete_volumes(volumes).map(|()| Vec::new())
                    }
                })?;
                Ok(Uuids::new(left.into_iter().map(VolumeId::uuid)))
            },
        )
    }

    /// Change the given fields of each volume.
    ///
    /// A bulk method, see help(MemBackend). None means not given.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted.
    ///     size_bytes (int | Iterable[int | None]): One new quota in bytes for
    ///         all volumes, or one per volume.
    ///     junction_path (str): New absolute mount path, unique in the backend
    ///         ignoring ASCII case. "" unmounts the volume.
    ///     export_policy (str): Name of the new export policy, 1 to 256
    ///         characters.
    ///     name (str): New name, as in `create_volume()`.
    ///     state (str): "online", "offline" or "restricted".
    ///     snapshot_policy (str): Name of the snapshot policy that the volumes
    ///         use. "" means none.
    ///
    /// Raises:
    ///     VolumeNotFoundError: A volume does not exist.
    ///     SnapshotPolicyNotFoundError: No snapshot policy has this name.
    ///     InvalidArgumentError: A value is invalid.
    ///     VolumeOfflineError: A size is given, a volume is not online, and the
    ///         call does not bring it online.
    ///     VolumeExistsError: The new name is in use, or there are several
    ///         volumes.
    ///     JunctionPathExistsError: The path is in use, or there are several
    ///         volumes.
    #[pyo3(signature = (
        vol_uuids, size_bytes=None, junction_path=None, export_policy=None, *, name=None,
        state=None, snapshot_policy=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are those of the Python method")]
    fn patch_volumes(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        size_bytes: Option<&Bound<'_, PyAny>>,
        junction_path: Option<&Bound<'_, PyAny>>,
        export_policy: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
        state: Option<&Bound<'_, PyAny>>,
        snapshot_policy: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        let size_bytes = size_bytes.map(|sizes| self.reusable(sizes)).transpose()?;
        let size_bytes = size_bytes.as_ref();
        self.operation(
            vol_uuids.py(),
            OperationKind::PatchVolumes,
            &[
                Some(vol_uuids),
                size_bytes,
                junction_path,
                export_policy,
                name,
                state,
                snapshot_policy,
            ],
            |step| {
                let policy = snapshot_policy;
                let patch =
                    PatchArgs::new(None, junction_path, export_policy, name, state, policy)?;
                let py = vol_uuids.py();
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let volumes = uuids.as_slice();
                let read = || {
                    let sizes = Sizes::read(size_bytes, volumes.len())?;
                    Ok((scalars::patch(&patch)?, sizes))
                };
                let (patch, sizes) = read().map_err(|error| {
                    let policy = patch.snapshot_policy();
                    let error = self.after_missing_policy(py, policy.as_deref(), error);
                    self.after_missing(py, &uuids, error)
                })?;
                let volumes =
                    uuids.volume_ids().enumerate().map(|(index, id)| (id, sizes.get(index)));
                step.try_bulk(py, |core| core.patch_volumes_with_sizes(volumes, &patch))
            },
        )
    }

    /// Return the volumes of the given uuids.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted.
    ///
    /// Returns:
    ///     list[Volume]: The volumes in the given order, at the time of the
    ///     call.
    ///
    /// Raises:
    ///     InvalidArgumentError: A uuid is malformed.
    ///     VolumeNotFoundError: A volume does not exist.
    fn get_volumes<'py>(&self, vol_uuids: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        self.operation(vol_uuids.py(), OperationKind::GetVolumes, &[Some(vol_uuids)], |_| {
            let py = vol_uuids.py();
            let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
            let volumes = uuids.as_slice();
            let view = self.view(py);
            if let Some(error) = py.detach(|| view.missing(volumes)) {
                return Err(self.hinted(py, error));
            }
            let rows = volumes.iter().filter_map(|id| view.volume_row((*id).into()).ok());
            Ok(interrupt::list(py, rows, |volume: VolumeRow| records::listed_volume(py, &volume))?)
        })
    }
}

/// The error of an item of `names`. The core calls the argument `name` or `new_name`.
fn in_names(error: BulkError) -> BulkError {
    let is_name = |argument: &str| argument == "name" || argument == "new_name";
    error.map(|error| match &error {
        BackendError::InvalidArgument { argument, .. } if is_name(argument) => {
            error.for_argument("names")
        }
        _ => error,
    })
}
