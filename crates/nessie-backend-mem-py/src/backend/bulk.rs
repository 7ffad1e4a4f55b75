//! Methods on many volumes or snapshots in one call.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId};
use nessie_backend_mem::binding::VolumeRow;
use nessie_backend_mem::{self as core, BulkError};

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::args::batch::{self, Names, Sizes};
use crate::args::scalars::{self, PatchArgs};
use crate::errors::{Error, Result};
use crate::results::records::{self, Known};
use crate::results::uuids::Uuids;
use crate::runtime::interrupt;

use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Create a volume of each name, and return their uuids.
    ///
    /// Like every bulk call it does what single calls for the items, in order, would do, as one
    /// operation: all of it or nothing, at one time, and other Python threads go on meanwhile. The
    /// error is that of the first item whose call would fail; its index is the item's place. Items
    /// that are no uuid or no size at all are refused before any other, and so are batches of more
    /// than 2**24 items.
    ///
    /// names: an iterable of str, or a column of them: Arrow's, NumPy's, t["name"] of a table.
    /// size_bytes: one quota in bytes for all, an iterable of one for each, or None for no quota.
    ///
    /// Raises InvalidArgumentError, VolumeExistsError.
    #[pyo3(signature = (names, size_bytes=None))]
    fn create_volumes(
        &self,
        names: &Bound<'_, PyAny>,
        size_bytes: Option<&Bound<'_, PyAny>>,
    ) -> Result<Uuids> {
        let py = names.py();
        let names = Names::read("names", names)?;
        let sizes = Sizes::read(size_bytes, names.len())?;
        let specs = || names.iter().enumerate().map(|(index, name)| (name, sizes.get(index)));
        let made = self.bulk(py, |core| core.create_volumes(specs()));
        Ok(Uuids::new(made.map_err(in_names)?.into_iter().map(VolumeId::uuid)))
    }

    /// Take a snapshot of one name on each volume, all at the same time, and return their uuids.
    ///
    /// vol_uuids: the volumes. Every bulk call takes them in all these ways: the Uuids of another
    ///     bulk call; a table of volumes(), or a table or column of another library that was made
    ///     of one; a backend, for all its volumes; an iterable of str, uuid.UUID or volume dicts.
    ///
    /// Raises VolumeNotFoundError, InvalidArgumentError, SnapshotExistsError, VolumeOfflineError.
    fn create_snapshots(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
    ) -> Result<Uuids> {
        let name = scalars::string("name", name)?;
        let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
        let volumes = uuids.as_slice();
        let text = scalars::name(name);
        let made = self.bulk(name.py(), |core| core.create_snapshots(volumes, &text));
        let made = made.map_err(|error| self.hinted(name.py(), error))?;
        Ok(Uuids::new(made.into_iter().map(SnapshotId::uuid)))
    }

    /// Create a clone of each name from one snapshot, and return their uuids.
    ///
    /// names: as in create_volumes().
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError, InvalidArgumentError,
    /// VolumeExistsError, VolumeOfflineError.
    fn create_clones(
        &self,
        parent_vol_uuid: AnyId<'_, '_>,
        parent_snap_uuid: AnyId<'_, '_>,
        names: &Bound<'_, PyAny>,
    ) -> Result<Uuids> {
        let parent = self.volume_id("parent_vol_uuid", parent_vol_uuid)?.value;
        let snapshot = self.snapshot_id(parent, "parent_snap_uuid", parent_snap_uuid)?.value;
        let py = names.py();
        let names = Names::read("names", names)?;
        let made = self.bulk(py, |core| core.create_clones(parent, snapshot, names.iter()));
        let made = made.map_err(|error| self.hinted(py, in_names(error)))?;
        Ok(Uuids::new(made.into_iter().map(VolumeId::uuid)))
    }

    /// Delete the snapshot of one name from each volume, or snapshots of any name.
    ///
    /// vol_uuids: with a name the volumes, as in create_snapshots(). Without one the snapshots: a
    ///     table of snapshots(), or a table of another library that was made of one, or an iterable
    ///     of the rows of such a table or of tuples (volume uuid, snapshot uuid).
    /// name: the name of the snapshots.
    /// skip_busy: pass over snapshots that clones depend on.
    ///
    /// Returns what skip_busy left of vol_uuids, in the same order, to be given to the same call
    /// again: Uuids of volumes with a name, a list of tuples without. It is empty otherwise.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError; SnapshotBusyError unless skip_busy.
    #[pyo3(signature = (vol_uuids, name=None, *, skip_busy=false))]
    fn delete_snapshots<'py>(
        &self,
        vol_uuids: &Bound<'py, PyAny>,
        name: Option<&Bound<'py, PyAny>>,
        skip_busy: bool,
    ) -> Result<Bound<'py, PyAny>> {
        let py = vol_uuids.py();
        let Some(name) = scalars::optional_string("name", name)? else {
            let pairs = batch::snapshot_ids("vol_uuids", vol_uuids)?;
            let left = self.bulk(py, |core| {
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
        let volumes = uuids.as_slice();
        let text = scalars::name(name);
        let left = self
            .bulk(py, |core| {
                if skip_busy {
                    core.delete_snapshots_unless_busy(volumes, &text)
                } else {
                    core.delete_snapshots(volumes, &text).map(|()| Vec::new())
                }
            })
            .map_err(|error| self.hinted(py, error))?;
        let left = Uuids::new(left.into_iter().map(VolumeId::uuid));
        Ok(Bound::new(py, left)?.into_any())
    }

    /// Delete volumes with their snapshots. Clones and their parents may come in any order.
    ///
    /// vol_uuids: the volumes, as in create_snapshots(), none of them twice.
    /// skip_busy: pass over volumes that a clone depends on which stays: because it is not among
    ///     them, or is passed over itself.
    ///
    /// Returns the Uuids of the volumes that skip_busy left, in the same order. There are none
    /// otherwise.
    ///
    /// Raises VolumeNotFoundError; unless skip_busy, VolumeBusyError while a clone that is not among
    /// them depends on one of their snapshots.
    #[pyo3(signature = (vol_uuids, *, skip_busy=false))]
    fn delete_volumes(&self, vol_uuids: &Bound<'_, PyAny>, skip_busy: bool) -> Result<Uuids> {
        let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
        let volumes = uuids.as_slice();
        let py = vol_uuids.py();
        let left = self
            .bulk(py, |core| {
                if skip_busy {
                    core.delete_volumes_unless_busy(volumes)
                } else {
                    core.delete_volumes(volumes).map(|()| Vec::new())
                }
            })
            .map_err(|error| self.hinted(py, error))?;
        Ok(Uuids::new(left.into_iter().map(VolumeId::uuid)))
    }

    /// Change what is given, and nothing else, of each volume.
    ///
    /// vol_uuids: the volumes, as in create_snapshots().
    /// size_bytes: one quota in bytes for all, or an iterable of one for each.
    /// The rest as in patch_volume(); a name or a junction path is for one volume only.
    ///
    /// Raises what patch_volume() raises.
    #[pyo3(signature = (
        vol_uuids, size_bytes=None, junction_path=None, export_policy=None, *, name=None, state=None
    ))]
    fn patch_volumes(
        &self,
        vol_uuids: &Bound<'_, PyAny>,
        size_bytes: Option<&Bound<'_, PyAny>>,
        junction_path: Option<&Bound<'_, PyAny>>,
        export_policy: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
        state: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let junction_path = scalars::optional_string("junction_path", junction_path)?;
        let export_policy = scalars::optional_string("export_policy", export_policy)?;
        let name = scalars::optional_string("name", name)?;
        let state = scalars::optional_string("state", state)?;
        let py = vol_uuids.py();
        let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
        let volumes = uuids.as_slice();
        let read = || {
            let sizes = Sizes::read(size_bytes, volumes.len())?;
            let patch = PatchArgs { size_bytes: None, junction_path, export_policy, name, state };
            Ok((scalars::patch(&patch)?, sizes))
        };
        let (mut patch, sizes) = read().map_err(|error| {
            // A bad value for a missing volume is "not found".
            let first_bad = match &error {
                Error::Python(_) => return error,
                Error::Bulk(BulkError { index: Some(index), .. }) => *index,
                Error::Bulk(_) | Error::Hinted(..) | Error::Backend(_) => 0,
            };
            let volumes = volumes.get(..=first_bad).unwrap_or(volumes);
            let view = self.call(py, core::MemBackend::view);
            py.detach(move || view.missing(volumes))
                .map_or(error, |missing| self.hinted(py, missing))
        })?;
        let each = match sizes {
            Sizes::All(size) => {
                patch.size_bytes = size;
                None
            }
            Sizes::Each(sizes) => Some(sizes),
        };
        self.bulk(py, |core| core.patch_volumes(volumes, &patch, each.as_deref()))
            .map_err(|error| self.hinted(py, error))
    }

    /// The volumes of these uuids, in their order.
    ///
    /// The list is consistent: it shows the backend as it was when the call was made.
    ///
    /// vol_uuids: the volumes, as in create_snapshots().
    ///
    /// Raises VolumeNotFoundError.
    fn get_volumes<'py>(&self, vol_uuids: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        let py = vol_uuids.py();
        let uuids = batch::volume_ids("vol_uuids", vol_uuids)?;
        let volumes = uuids.as_slice();
        let view = self.view(py);
        if let Some(error) = py.detach(|| view.missing(volumes)) {
            return Err(self.hinted(py, error));
        }
        let rows = volumes.iter().filter_map(|id| view.volume_row((*id).into()).ok());
        interrupt::list(py, rows, |volume: VolumeRow| {
            records::volume(py, &volume, &Known::default())
        })
    }
}

/// The error of an item of the argument `names`, which the core knows by another word.
fn in_names(error: BulkError) -> BulkError {
    let is_name = |argument: &str| argument == "name" || argument == "new_name";
    error.map(|error| match &error {
        BackendError::InvalidArgument { argument, .. } if is_name(argument) => {
            error.for_argument("names")
        }
        _ => error,
    })
}
