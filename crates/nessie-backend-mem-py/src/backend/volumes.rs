//! Methods on one volume.

use nessie_backend_core::VolumeBackend;
use nessie_backend_mem::binding::VolumeRow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::args::scalars::{self, PatchArgs};
use crate::errors::{Error, Result};
use crate::results::records::{self, Known};
use crate::runtime::interrupt;

use super::{AnyId, MemBackend, exact};

#[pymethods]
impl MemBackend {
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
}
