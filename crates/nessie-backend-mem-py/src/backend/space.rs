//! Methods on the space that data takes.

use nessie_backend_core::{VolumeBackend, VolumeId};
use nessie_backend_faults::OperationKind;
use nessie_backend_mem::{self as core, BulkError, NewData};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::args::items::Bytes;
use crate::args::scalars::{self, Id};
use crate::errors::{Error, Result};
use crate::results::records::{self, ReusedText};
use crate::results::uuids::Uuids;

use super::{AnyId, MemBackend, batch};

const SIZE: &str = "size_bytes";
const OVERWRITE: &str = "overwrite_bytes";

#[pymethods]
impl MemBackend {
    /// Account for data that a client writes to a volume.
    ///
    /// The backend stores no data, it counts bytes. An overwrite replaces the
    /// data that was written first. Data that a snapshot holds stays allocated
    /// until the snapshot is deleted. Writing 0 bytes changes nothing.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     size_bytes (int): Bytes that are written, 0 to 2**64 - 1.
    ///     overwrite_bytes (int): How many of them replace existing data; the
    ///         rest is new.
    ///
    /// Returns:
    ///     Volume: The volume, with its new `used_bytes`.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     InvalidArgumentError: A number is out of range, or
    ///         `overwrite_bytes` is more than `size_bytes` or than the volume
    ///         uses.
    ///     VolumeOfflineError: The volume is not online.
    ///     NoSpaceError: The volume's quota or the pool has too little space
    ///         left. What the overwrite frees counts as left.
    ///
    /// Example:
    ///     >>> backend = MemBackend(capacity_bytes=10 * 2**30)
    ///     >>> cache = backend.create_volume("cache")["uuid"]
    ///     >>> backend.write(cache, 2**30)["used_bytes"] == 2**30
    ///     True
    #[pyo3(
        signature = (vol_uuid, size_bytes, *, overwrite_bytes=None),
        text_signature = "($self, vol_uuid, size_bytes, *, overwrite_bytes=0)"
    )]
    fn write<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        size_bytes: &Bound<'py, PyAny>,
        overwrite_bytes: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            vol_uuid.py(),
            OperationKind::Write,
            &[Some(vol_uuid), Some(size_bytes), overwrite_bytes],
            |step| {
                let py = vol_uuid.py();
                let data = scalars::bytes(SIZE, size_bytes).and_then(|size| {
                    let overwrite = overwrite_bytes.map(|bytes| scalars::bytes(OVERWRITE, bytes));
                    Ok(NewData::new(size).overwriting(overwrite.transpose()?.unwrap_or(0)))
                });
                let (id, data) = self.of_volume(vol_uuid, data)?;
                let volume = step.try_call(py, |core| core.rows().write(id.value, data))?;
                Ok(records::volume(py, &volume, &ReusedText::uuid(id.text))?)
            },
        )
    }

    /// Account for data that a client deletes from a volume.
    ///
    /// The data that was written first is deleted. What a snapshot holds stays
    /// allocated. Deleting 0 bytes changes nothing.
    ///
    /// Args:
    ///     vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
    ///     size_bytes (int): Bytes that are deleted, 0 to what the volume uses.
    ///
    /// Returns:
    ///     Volume: The volume, with its new `used_bytes`.
    ///
    /// Raises:
    ///     VolumeNotFoundError: No volume has this uuid.
    ///     InvalidArgumentError: The size is out of range or more than the
    ///         volume uses.
    ///     VolumeOfflineError: The volume is not online.
    fn discard<'py>(
        &self,
        vol_uuid: AnyId<'_, 'py>,
        size_bytes: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        self.operation(
            vol_uuid.py(),
            OperationKind::Discard,
            &[Some(vol_uuid), Some(size_bytes)],
            |step| {
                let py = vol_uuid.py();
                let (id, size) = self.of_volume(vol_uuid, scalars::bytes(SIZE, size_bytes))?;
                let volume = step.try_call(py, |core| core.rows().discard(id.value, size))?;
                Ok(records::volume(py, &volume, &ReusedText::uuid(id.text))?)
            },
        )
    }

    /// Account for data that clients write to volumes.
    ///
    /// A bulk method, see help(MemBackend). A volume may be given several times.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted.
    ///     size_bytes (int | Iterable[int]): Bytes that are written: one number
    ///         for all volumes, or one per volume.
    ///     overwrite_bytes (int | Iterable[int]): How many of them replace
    ///         existing data: one number for all volumes, or one per volume.
    ///
    /// Raises:
    ///     VolumeNotFoundError: A volume does not exist.
    ///     InvalidArgumentError: A number is out of range, or
    ///         `overwrite_bytes` is more than `size_bytes` or than a volume
    ///         uses.
    ///     VolumeOfflineError: A volume is not online.
    ///     NoSpaceError: A volume's quota or the pool has too little space left.
    #[pyo3(
        signature = (vol_uuids, size_bytes, *, overwrite_bytes=None),
        text_signature = "($self, vol_uuids, size_bytes, *, overwrite_bytes=0)"
    )]
    fn write_volumes(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        size_bytes: &Bound<'_, PyAny>,
        overwrite_bytes: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        let size_bytes = &self.reusable(size_bytes)?;
        let overwrite_bytes = overwrite_bytes.map(|bytes| self.reusable(bytes)).transpose()?;
        let overwrite_bytes = overwrite_bytes.as_ref();
        self.operation(
            vol_uuids.py(),
            OperationKind::WriteVolumes,
            &[Some(vol_uuids), Some(size_bytes), overwrite_bytes],
            |step| {
                let py = vol_uuids.py();
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let count = uuids.as_slice().len();
                let read = || {
                    let overwrite =
                        overwrite_bytes.map(|bytes| Bytes::read(OVERWRITE, bytes, count));
                    let overwrite = overwrite.transpose()?.unwrap_or(Bytes::All(0));
                    Ok((Bytes::read(SIZE, size_bytes, count)?, overwrite))
                };
                let (sizes, overwrites) =
                    read().map_err(|error| self.after_missing(py, &uuids, error))?;
                let writes = uuids.volume_ids().enumerate().map(|(index, id)| {
                    (id, NewData::new(sizes.get(index)).overwriting(overwrites.get(index)))
                });
                step.try_bulk(py, |core| core.write_volumes(writes))
            },
        )
    }

    /// Account for data that clients delete from volumes.
    ///
    /// A bulk method, see help(MemBackend). A volume may be given several times.
    ///
    /// Args:
    ///     vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
    ///         help(MemBackend) for the forms that are accepted.
    ///     size_bytes (int | Iterable[int]): Bytes that are deleted: one number
    ///         for all volumes, or one per volume.
    ///
    /// Raises:
    ///     VolumeNotFoundError: A volume does not exist.
    ///     InvalidArgumentError: A number is out of range or more than a volume
    ///         uses.
    ///     VolumeOfflineError: A volume is not online.
    fn discard_volumes(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        size_bytes: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let vol_uuids = &self.reusable(vol_uuids)?;
        let size_bytes = &self.reusable(size_bytes)?;
        self.operation(
            vol_uuids.py(),
            OperationKind::DiscardVolumes,
            &[Some(vol_uuids), Some(size_bytes)],
            |step| {
                let py = vol_uuids.py();
                let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
                let sizes = Bytes::read(SIZE, size_bytes, uuids.as_slice().len());
                let sizes = sizes.map_err(|error| self.after_missing(py, &uuids, error))?;
                let discards =
                    uuids.volume_ids().enumerate().map(|(index, id)| (id, sizes.get(index)));
                step.try_bulk(py, |core| core.discard_volumes(discards))
            },
        )
    }

    /// Return how much space there is, and what uses it.
    ///
    /// A byte that several volumes and snapshots share is counted once.
    ///
    /// Returns:
    ///     Space: The capacity of the pool, its used and available bytes, and
    ///     how many of the used ones are live data and how many only snapshots
    ///     hold.
    ///
    /// Example:
    ///     >>> MemBackend(capacity_bytes=100).space()["available_bytes"]
    ///     100
    fn space<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        self.operation(py, OperationKind::Space, &[], |_| {
            let space = self.try_call(py, VolumeBackend::space)?;
            Ok(records::space(py, space)?)
        })
    }

    /// Change the size of the pool that all volumes share.
    ///
    /// Args:
    ///     capacity_bytes (int | None): New size in bytes, at least what is
    ///         used. None means no limit.
    ///
    /// Raises:
    ///     InvalidArgumentError: The size is 0, out of range or less than what
    ///         is used.
    #[pyo3(signature = (capacity_bytes))]
    fn set_capacity(
        &self,
        py: Python<'_>,
        capacity_bytes: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        self.operation(py, OperationKind::SetCapacity, &[capacity_bytes], |step| {
            let capacity = capacity_bytes.map(|bytes| scalars::bytes("capacity_bytes", bytes));
            let capacity = capacity.transpose()?;
            step.try_call(py, |core| core.set_capacity(capacity))
        })
    }
}

impl MemBackend {
    /// The identifier of a volume, and values. A malformed identifier is reported first, then a
    /// value of a wrong type, a missing volume, an invalid value.
    pub(super) fn of_volume<'py, T>(
        &self,
        uuid: AnyId<'_, 'py>,
        values: Result<T>,
    ) -> Result<(Id<'py, VolumeId>, T)> {
        let id = self.volume_id("vol_uuid", uuid)?;
        let values = values.map_err(|error| match error {
            Error::Backend(_) => {
                let found = self.call(uuid.py(), |core| core.rows().get_volume(id.value));
                found.err().map_or(error, |missing| self.hinted(uuid.py(), missing))
            }
            other => other,
        })?;
        Ok((id, values))
    }

    /// The error of a value, or of a missing snapshot policy that comes before it.
    pub(super) fn after_missing_policy(
        &self,
        py: Python<'_>,
        policy: Option<&str>,
        error: Error,
    ) -> Error {
        let (false, Some(policy)) = (matches!(error, Error::Python(_)), policy) else {
            return error;
        };
        let found = self.call(py, |core| core.get_snapshot_policy(policy));
        found.err().map_or(error, Error::Backend)
    }

    /// The error of a value of a batch, or of a missing volume that comes before it.
    pub(super) fn after_missing(&self, py: Python<'_>, uuids: &Uuids, error: Error) -> Error {
        let first_bad = match &error {
            Error::Python(_) => return error,
            Error::Bulk(BulkError { index: Some(index), .. }) => *index,
            Error::Bulk(_) | Error::Hinted(..) | Error::Backend(_) => 0,
        };
        let volumes = uuids.as_slice();
        let volumes = volumes.get(..=first_bad).unwrap_or(volumes);
        let view = self.call(py, core::MemBackend::view);
        py.detach(move || view.missing(volumes)).map_or(error, |missing| self.hinted(py, missing))
    }
}
