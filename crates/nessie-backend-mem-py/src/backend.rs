//! The class `MemBackend`.
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these are Python's docstrings, shown as plain text"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use nessie_backend_core::{
    BackendError, SnapshotBackend, SnapshotId, Uuid, VolumeBackend, VolumeId,
};
use nessie_backend_mem::binding::{IntoRows, SnapshotRow, VolumeRow};
use nessie_backend_mem::{self as core, BulkError};

use pyo3::exceptions::PyAssertionError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyType};

use crate::args::batch::{self, Names, Sizes};
use crate::args::scalars::{self, Id, PatchArgs};
use crate::errors::{Error, Result};
use crate::hints;
use crate::results::records::{self, Known};
use crate::results::table::{self, SelectionArgs, SnapshotArgs, Table};
use crate::results::time;
use crate::results::uuids::Uuids;
use crate::runtime::files;
use crate::runtime::fork;
use crate::runtime::freed::Freed;
use crate::runtime::interrupt;
use crate::runtime::long;

/// The in-memory reference backend for ONTAP-shaped storage: volumes, snapshots, clones.
///
/// Every record comes back as a plain, fresh dict; every refusal is a NessieError, and a refused
/// call has changed nothing. Methods may be called from any number of threads.
///
/// seed: an int from 0 to 2**64-1 makes the backend fully deterministic: the same calls give the
///     same dicts, and the clock stands still at 2000-01-01T00:00:00Z until advance().
/// start: a datetime (naive ones are read as UTC) or RFC 3339 text: the clock stands still there.
///
/// Without either, identifiers come from the operating system's randomness and times from its
/// clock. len(b) counts volumes, iter(b) yields them in order of creation, `x in b` is true for a
/// volume's name or uuid, copy.copy(b) and copy.deepcopy(b) are b.fork(), and pickling keeps
/// everything, clock and generator included. A backend is equal to itself alone, hashes so, and is
/// false while it has no volumes, as containers are.
#[pyclass(frozen, weakref, module = "nessie_backend_mem")]
pub(crate) struct MemBackend {
    core: Freed<core::MemBackend>,
    /// How many bulk calls are under way. They hold the core's lock for long.
    bulk_calls: AtomicUsize,
}

impl From<core::MemBackend> for MemBackend {
    fn from(core: core::MemBackend) -> Self {
        Self { core: Freed::new(core), bulk_calls: AtomicUsize::new(0) }
    }
}

/// As many snapshots are deleted in about a millisecond.
const FEW_SNAPSHOTS: u32 = 4096;

/// Something that identifies a volume or a snapshot.
type AnyId<'a, 'py> = &'a Bound<'py, PyAny>;

impl MemBackend {
    /// The backend itself, for others that work on it.
    pub(crate) fn shared(&self) -> core::MemBackend {
        core::MemBackend::clone(&self.core)
    }

    /// The identifiers of all volumes, in order of creation.
    pub(crate) fn volume_ids(&self, py: Python<'_>) -> Vec<Uuid> {
        let view = self.call(py, core::MemBackend::view);
        py.detach(move || view.volume_ids().into_iter().map(VolumeId::uuid).collect())
    }

    /// The backend as it is now.
    fn view(&self, py: Python<'_>) -> Freed<core::View> {
        Freed::new(self.call(py, core::MemBackend::view))
    }

    /// The volumes as they are now.
    fn rows(&self, py: Python<'_>) -> Freed<IntoRows> {
        Freed::new(self.call(py, core::MemBackend::view).into_rows())
    }

    /// Makes a single call. While a bulk call or an endpoint is at work it may have to wait, and
    /// does so without the interpreter.
    fn call<R: Send>(&self, py: Python<'_>, call: impl FnOnce(&core::MemBackend) -> R + Send) -> R {
        if self.bulk_calls.load(Ordering::Relaxed) == 0 && !self.core.is_in_use() {
            call(&self.core)
        } else {
            fork::detached(py, || call(&self.core))
        }
    }

    /// Makes a single call that the backend may refuse.
    fn ask<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        self.call(py, call).map_err(|error| self.hinted(py, error))
    }

    /// A refusal, with a hint if there is one.
    fn hinted(&self, py: Python<'_>, error: impl Into<BulkError>) -> Error {
        let error = error.into();
        match self.call(py, |core| hints::of_refusal(core, &error.error)) {
            Some(hint) => Error::Hinted(error, hint),
            None => Error::Bulk(error),
        }
    }

    /// Reads the uuid of a volume.
    fn volume_id<'py>(
        &self,
        argument: &'static str,
        value: &Bound<'py, PyAny>,
    ) -> Result<Id<'py, VolumeId>> {
        scalars::id(argument, value)
            .map_err(|error| self.hinted_text(error, value, hints::of_volume_text))
    }

    /// Reads the uuid of a snapshot of a volume.
    fn snapshot_id<'py>(
        &self,
        volume: VolumeId,
        argument: &'static str,
        value: &Bound<'py, PyAny>,
    ) -> Result<Id<'py, SnapshotId>> {
        scalars::id(argument, value).map_err(|error| {
            self.hinted_text(error, value, |core, text| hints::of_snapshot_text(core, volume, text))
        })
    }

    /// The refusal of a text that is no uuid, with a hint if there is one.
    fn hinted_text(
        &self,
        error: Error,
        value: &Bound<'_, PyAny>,
        hint: impl FnOnce(&core::MemBackend, &str) -> Option<String> + Send,
    ) -> Error {
        let Ok(text) = value.cast::<PyString>() else { return error };
        let Error::Backend(error) = error else { return error };
        let text = scalars::name(text);
        match self.call(value.py(), |core| hint(core, &text)) {
            Some(hint) => Error::Hinted(error.into(), hint),
            None => Error::Backend(error),
        }
    }

    /// Makes a single call that may delete all snapshots of a volume. Where they are many, it is
    /// made as a bulk call.
    fn ask_on_snapshots<R: Send>(
        &self,
        py: Python<'_>,
        volume: VolumeId,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        let count = self.call(py, |core| core.snapshot_count(volume));
        if count.is_ok_and(|count| count > FEW_SNAPSHOTS) {
            self.bulk(py, call).map_err(|error| self.hinted(py, error))
        } else {
            self.ask(py, call)
        }
    }

    /// Makes a bulk call, while other Python threads go on.
    fn bulk<R: Send>(&self, py: Python<'_>, call: impl FnOnce(&core::MemBackend) -> R + Send) -> R {
        /// Notes the end of the call, even if it panics.
        struct UnderWay<'a>(&'a AtomicUsize);
        impl Drop for UnderWay<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.bulk_calls.fetch_add(1, Ordering::Relaxed);
        let _under_way = UnderWay(&self.bulk_calls);
        fork::detached(py, || call(&self.core))
    }
}

#[pymethods]
impl MemBackend {
    #[new]
    #[pyo3(signature = (*, seed=None, start=None))]
    fn new(seed: Option<&Bound<'_, PyAny>>, start: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let mut builder = core::MemBackend::builder();
        if let Some(seed) = seed {
            builder = builder.seed(scalars::seed(seed)?);
        }
        if let Some(start) = start {
            builder = builder.start(time::instant("start", start)?);
        }
        Ok(builder.build()?.into())
    }

    /// What this backend can do: {"snapshots": True, "clones": True, "replication": False}.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        records::capabilities(py, self.core.capabilities())
    }

    /// Create an online read-write volume without snapshots, and return it.
    ///
    /// name: 1 to 203 of A-Z a-z 0-9 _ - . : (the first a letter, digit or _), unique.
    /// size_bytes: quota in bytes, 1 to 2**64-1, or None for no quota.
    ///
    /// Raises InvalidArgumentError, VolumeExistsError.
    #[pyo3(signature = (name, size_bytes=None))]
    fn create_volume<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        size_bytes: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        let name = scalars::string("name", name)?;
        let size = size_bytes.map(scalars::size).transpose()?;
        let text = scalars::name(name);
        let volume = self.call(name.py(), |core| core.rows().create_volume(&text, size))?;
        Ok(records::volume(name.py(), &volume, &Known { name: exact(name), ..Known::default() })?)
    }

    /// All volumes, in order of creation.
    ///
    /// The list is consistent: it shows the backend as it was when the call was made.
    fn list_volumes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        interrupt::list(py, self.rows(py), |volume: VolumeRow| {
            records::volume(py, &volume, &Known::default())
        })
    }

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

    /// One volume.
    ///
    /// uuid: a str in any standard UUID spelling, or a uuid.UUID.
    ///
    /// Raises VolumeNotFoundError.
    fn get_volume<'py>(&self, uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        let id = self.volume_id("uuid", uuid)?;
        let volume = self.ask(uuid.py(), |core| core.rows().get_volume(id.value))?;
        Ok(records::volume(uuid.py(), &volume, &Known { uuid: id.text, ..Known::default() })?)
    }

    /// The volume of that name, or None.
    fn find_volume<'py>(&self, name: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyDict>>> {
        let name = scalars::string("name", name)?;
        let text = scalars::name(name);
        let Some(volume) = self.call(name.py(), |core| core.rows().find_volume(&text)) else {
            return Ok(None);
        };
        let known = Known { name: exact(name), ..Known::default() };
        Ok(Some(records::volume(name.py(), &volume, &known)?))
    }

    /// Change what is given and nothing else, and return the volume as it is then.
    ///
    /// uuid: the volume.
    /// size_bytes: new quota in bytes; growing and shrinking both work.
    /// junction_path: new absolute mount path, unique ignoring ASCII case; "" unmounts.
    /// export_policy: name of the new export policy.
    /// name: new name; snapshots and clones stay.
    /// state: "online", "offline" or "restricted".
    ///
    /// None means not given. A call that gives nothing changes nothing and succeeds.
    ///
    /// Raises VolumeNotFoundError, InvalidArgumentError, VolumeExistsError,
    /// JunctionPathExistsError; VolumeOfflineError for a resize of a volume that is not online,
    /// unless the same call brings it online.
    #[pyo3(signature = (
        uuid, size_bytes=None, junction_path=None, export_policy=None, *, name=None, state=None
    ))]
    fn patch_volume<'py>(
        &self,
        uuid: AnyId<'_, 'py>,
        size_bytes: Option<&Bound<'py, PyAny>>,
        junction_path: Option<&Bound<'py, PyAny>>,
        export_policy: Option<&Bound<'py, PyAny>>,
        name: Option<&Bound<'py, PyAny>>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        let junction_path = scalars::optional_string("junction_path", junction_path)?;
        let export_policy = scalars::optional_string("export_policy", export_policy)?;
        let name = scalars::optional_string("name", name)?;
        let state = scalars::optional_string("state", state)?;
        let id = self.volume_id("uuid", uuid)?;
        let patch = PatchArgs { size_bytes, junction_path, export_policy, name, state };
        let patch = scalars::patch(&patch).map_err(|error| match error {
            // A bad value of a missing volume is "not found".
            Error::Backend(_) => {
                let found = self.call(uuid.py(), |core| core.rows().get_volume(id.value));
                found.err().map_or(error, |missing| self.hinted(uuid.py(), missing))
            }
            other => other,
        })?;
        let volume = self.ask(uuid.py(), |core| core.rows().patch_volume(id.value, &patch))?;
        Ok(records::volume(uuid.py(), &volume, &Known { uuid: id.text, ..Known::default() })?)
    }

    /// Delete a volume in any state, with its snapshots.
    ///
    /// Raises VolumeNotFoundError; VolumeBusyError while a clone depends on one of its snapshots.
    fn delete_volume(&self, uuid: AnyId<'_, '_>) -> Result<()> {
        let id = self.volume_id("uuid", uuid)?.value;
        self.ask_on_snapshots(uuid.py(), id, |core| core.delete_volume(id))
    }

    /// How a client reaches the volume's bytes: {"kind": "in_memory"}.
    ///
    /// Raises VolumeNotFoundError; VolumeOfflineError unless the volume is online.
    fn access_handle<'py>(&self, uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        let id = self.volume_id("uuid", uuid)?;
        let handle = self.ask(uuid.py(), |core| core.access_handle(id.value))?;
        Ok(records::access_handle(uuid.py(), &handle)?)
    }

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

    /// Create a writable online volume from a snapshot, and return it.
    ///
    /// The clone has its parent's size and export policy, no junction path and no snapshots, and
    /// its "clone" key says where it comes from. A clone of a clone names its direct parent.
    ///
    /// Raises VolumeNotFoundError, SnapshotNotFoundError, InvalidArgumentError,
    /// VolumeExistsError; VolumeOfflineError unless the parent is online.
    fn create_clone<'py>(
        &self,
        parent_vol_uuid: AnyId<'_, 'py>,
        parent_snap_uuid: AnyId<'_, 'py>,
        new_name: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyDict>> {
        let new_name = scalars::string("new_name", new_name)?;
        let parent = self.volume_id("parent_vol_uuid", parent_vol_uuid)?;
        let snapshot = self.snapshot_id(parent.value, "parent_snap_uuid", parent_snap_uuid)?;
        let name = scalars::name(new_name);
        let (from, at) = (parent.value, snapshot.value);
        let volume = self.ask(new_name.py(), |core| core.rows().create_clone(from, at, &name))?;
        let known = Known {
            name: exact(new_name),
            parent_volume_uuid: parent.text,
            parent_snapshot_uuid: snapshot.text,
            ..Known::default()
        };
        Ok(records::volume(new_name.py(), &volume, &known)?)
    }

    /// Make a clone a plain volume and return it. Its parent's snapshot is free then.
    ///
    /// Raises VolumeNotFoundError; InvalidArgumentError if the volume is not a clone.
    fn split_clone<'py>(&self, vol_uuid: AnyId<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        let id = self.volume_id("vol_uuid", vol_uuid)?;
        let volume = self.ask(vol_uuid.py(), |core| core.rows().split_clone(id.value))?;
        let known = Known { uuid: id.text, ..Known::default() };
        Ok(records::volume(vol_uuid.py(), &volume, &known)?)
    }

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

    /// The backend's present time as RFC 3339 text in UTC.
    fn now<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        time::text(py, self.call(py, core::MemBackend::now))
    }

    /// Move a standing clock on, and return the new time.
    ///
    /// delta: seconds as an int or float, or a timedelta; not negative.
    ///
    /// Raises InvalidArgumentError; FeatureNotSupportedError if the backend has neither seed nor
    /// start and so follows the system's clock.
    fn advance<'py>(&self, delta: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
        let by = time::delta(delta)?;
        Ok(time::text(delta.py(), self.ask(delta.py(), |core| core.advance(by))?))
    }

    /// The lineage as indented text: volumes, their snapshots, the clones hanging from them.
    fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let (view, records) = self.call(py, |core| (core.view(), long::records(core)));
        let text = long::work(py, records, move || view.tree())?;
        long_text(py, &text)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let (view, records) = self.call(py, |core| (core.view(), long::records(core)));
        long::work(py, records, move || html(&view.tree()))
    }

    /// An independent backend with the same contents, clock and generator state.
    ///
    /// From here both go on identically until they are told different things.
    fn fork(&self, py: Python<'_>) -> Self {
        self.call(py, core::MemBackend::fork).into()
    }

    /// Go back to the state right after construction.
    ///
    /// The contents are gone, a standing clock stands at its start, and a seeded backend gives the
    /// same identifiers once more. Without a seed, identifiers are drawn anew, so that none is
    /// ever given out twice.
    fn reset(&self, py: Python<'_>) -> Result<()> {
        Ok(fork::detached(py, || self.core.reset())?)
    }

    /// A hash of the whole state, as 32 hexadecimal digits.
    ///
    /// The same calls on a seeded backend give the same digest on every machine and Python. It
    /// covers every record with its identifier and its place in the order, a standing clock, the
    /// seed, and all that the next identifiers depend on: two backends with the same digest say
    /// the same and go on identically. It leaves out what the system's clock shows. It takes less
    /// than a microsecond for each record.
    fn state_digest(&self, py: Python<'_>) -> Result<String> {
        let copy = self.call(py, core::MemBackend::fork);
        Ok(long::work(py, long::records(&copy), move || copy.state_digest())??)
    }

    /// Write the whole backend, clock and generator included, as text that a person can read.
    ///
    /// path_or_file: a str or os.PathLike, or a binary file open for writing. A file of that name
    ///     is replaced when all is written, and not at all if something fails; it keeps its
    ///     permissions. A link stays, and what it leads to is replaced or made. Until then the text
    ///     is in a hidden file beside it, which the next dump to the path deletes if the process
    ///     was killed.
    /// progress: called with the records done and their total, now and then and at the end. What
    ///     it raises ends the work.
    ///
    /// The text is JSON, one record a line in order of creation, with a header and a checksum. The
    /// same state gives the same bytes, and so does what load() makes of them. Other threads may
    /// use the backend meanwhile; what is written is its state when the call was made.
    ///
    /// Raises OSError, whose filename is the path as it was given.
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn dump(
        &self,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let copy = Freed::new(self.call(path_or_file.py(), core::MemBackend::fork));
        files::dump(&copy, path_or_file, progress)
    }

    /// The backend that dump() wrote.
    ///
    /// path_or_file: a str or os.PathLike, or a binary file open for reading; it must end with the
    ///     dump.
    /// progress: called with the records done and their total, now and then and at the end. What
    ///     it raises ends the work.
    ///
    /// Line ends as Git and editors change them are read too: carriage returns, blank lines or no
    /// line feed at the end, a mark of the byte order at the beginning.
    ///
    /// Raises InvalidArgumentError for text that is cut short, altered, of a later version or no
    /// dump at all, naming the line where that shows; OSError, whose filename is the path as it was
    /// given.
    #[classmethod]
    #[pyo3(signature = (path_or_file, *, progress=None))]
    fn load(
        _class: &Bound<'_, PyType>,
        path_or_file: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        Ok(files::load(path_or_file, progress)?.into())
    }

    /// Check what must hold between any two calls; for tests.
    ///
    /// Raises AssertionError with the rule that does not hold.
    fn check_invariants(&self, py: Python<'_>) -> PyResult<()> {
        let (view, records) = self.call(py, |core| (core.view(), long::records(core)));
        long::work(py, records, move || view.check_invariants())?.map_err(PyAssertionError::new_err)
    }

    fn __copy__(&self, py: Python<'_>) -> Self {
        self.fork(py)
    }

    fn __deepcopy__(&self, memo: &Bound<'_, PyAny>) -> Self {
        self.fork(memo.py())
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> Result<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let copy = self.call(py, core::MemBackend::fork);
        let bytes = long::work(py, long::records(&copy), move || copy.to_bytes())??;
        let restore = py.import("nessie_backend_mem._core")?.getattr("_restore")?;
        Ok((restore, (PyBytes::new(py, &bytes),)))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.call(py, core::MemBackend::counts).volumes as usize
    }

    fn __iter__(&self, py: Python<'_>) -> VolumeIterator {
        VolumeIterator { volumes: Mutex::new(self.rows(py)) }
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> Result<bool> {
        if let Ok(name) = item.cast::<PyString>() {
            let text = scalars::name(name);
            if self.call(item.py(), |core| core.contains_name(&text)) {
                return Ok(true);
            }
        }
        match scalars::id::<VolumeId>("uuid", item) {
            Ok(id) => Ok(self.call(item.py(), |core| core.contains(id.value))),
            Err(Error::Backend(BackendError::InvalidArgument { .. })) => Ok(false),
            Err(Error::Python(error))
                if error.is_instance_of::<pyo3::exceptions::PyTypeError>(item.py()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let core::Counts { volumes, snapshots, clones } = self.call(py, core::MemBackend::counts);
        let seed = self.call(py, core::MemBackend::seed);
        let seed = seed.map(|seed| format!("seed={seed}, ")).unwrap_or_default();
        let clock = match self.call(py, core::MemBackend::standing_clock) {
            Some(now) => format!("now='{now}'"),
            None => "clock='system'".to_owned(),
        };
        format!(
            "<MemBackend {seed}{clock}, volumes={volumes}, snapshots={snapshots}, clones={clones}>"
        )
    }
}

/// Lines of the tree that a notebook shows.
const HTML_LINES: usize = 1000;

/// The beginning of a tree for a notebook.
fn html(tree: &str) -> String {
    let mut lines = tree.lines();
    let mut shown: Vec<&str> = lines.by_ref().take(HTML_LINES).collect();
    let more = lines.count();
    let rest = format!("… and {more} more lines; see tree()");
    if more > 0 {
        shown.push(&rest);
    }
    let text = shown.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{text}</pre>")
}

/// Make the backend that pickling saved.
#[pyfunction]
#[pyo3(name = "_restore")]
pub(crate) fn restore(state: Bound<'_, PyBytes>) -> Result<MemBackend> {
    let py = state.py();
    let bytes = PyBackedBytes::from(state);
    // Each record takes a few bytes.
    let records = bytes.len() / 32;
    Ok(long::work(py, records, move || core::MemBackend::from_bytes(&bytes))??.into())
}

/// Yields the volumes of a backend as they were when the iteration began.
#[pyclass(frozen, module = "nessie_backend_mem._core")]
struct VolumeIterator {
    volumes: Mutex<Freed<IntoRows>>,
}

#[pymethods]
impl VolumeIterator {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let next = self.volumes.lock().unwrap_or_else(PoisonError::into_inner).next();
        next.map(|volume| records::volume(py, &volume, &Known::default())).transpose()
    }

    fn __length_hint__(&self) -> usize {
        self.volumes.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A text of any length, built so that other threads run meanwhile.
fn long_text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyString>> {
    let parts = PyList::empty(py);
    let mut rest = text;
    while !rest.is_empty() {
        // A character takes four bytes at most.
        let end = (TEXT_PART..TEXT_PART + 4).find(|end| rest.is_char_boundary(*end));
        let (part, others) = rest.split_at(end.unwrap_or(rest.len()));
        parts.append(part)?;
        rest = others;
        py.check_signals()?;
        py.detach(|| ());
    }
    Ok(PyString::new(py, "").call_method1("join", (parts,))?.cast_into()?)
}

/// Bytes that are made a part of a text at once.
const TEXT_PART: usize = 1 << 20;

/// The error of an item of the argument `names`, which the core knows by another word.
fn in_names(error: BulkError) -> BulkError {
    let BulkError { index, error } = error;
    let is_name = |argument: &str| argument == "name" || argument == "new_name";
    let error = match &error {
        BackendError::InvalidArgument { argument, .. } if is_name(argument) => {
            error.for_argument("names")
        }
        _ => error,
    };
    BulkError { index, error }
}

/// The text itself if it is a `str` and not of a subclass, whose instances can carry state.
fn exact<'py>(text: &Bound<'py, PyString>) -> Option<Bound<'py, PyString>> {
    text.cast_exact().ok().cloned()
}
