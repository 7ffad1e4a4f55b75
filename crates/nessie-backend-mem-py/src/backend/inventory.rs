//! Backends of recorded inventories. The module `nessie_backend_mem.inventory` builds them.

use nessie_backend_core::{SnapshotId, VolumeId};

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::args::scalars::{self, Id};
use crate::args::time;
use crate::errors::Result;
use crate::runtime::exit::Calling;

use super::{AnyId, MemBackend};

#[pymethods]
impl MemBackend {
    /// Return a backend with the volumes of a recorded inventory.
    ///
    /// ``nessie-mem record`` and `nessie_backend_mem.inventory.record` write
    /// inventories. The backend has the names, sizes, states, used bytes, times
    /// and clones of the SVM's volumes and snapshots, and new uuids. It has the
    /// limits of ONTAP. A warning counts what it cannot represent, and
    /// `nessie_backend_mem.inventory.load` lists it.
    ///
    /// Args:
    ///     path_or_file (str | PathLike | IO | Document): Path, a file open for
    ///         reading, or the inventory itself.
    ///     svm (str): Name of the SVM. May be left out if there is only one.
    ///     seed (int): As for `MemBackend`. The clock is then at the time of the
    ///         record.
    ///
    /// Returns:
    ///     MemBackend: A new backend.
    ///
    /// Raises:
    ///     InvalidArgumentError: The file is not an inventory, is incomplete or
    ///         has another version, or it has no such SVM, or several and `svm`
    ///         is missing.
    ///     OSError: The file cannot be read.
    #[classmethod]
    #[pyo3(signature = (path_or_file, *, svm=None, seed=None))]
    fn from_inventory<'py>(
        class: &Bound<'py, PyType>,
        path_or_file: &Bound<'py, PyAny>,
        svm: Option<&Bound<'py, PyAny>>,
        seed: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let _calling = Calling::python(py);
        let module = py.import("nessie_backend_mem.inventory.backend")?;
        module.getattr("backend_of")?.call1((path_or_file, svm, seed))
    }
}

/// Set when a volume or, unless it is None, a snapshot of it was created.
#[pyfunction]
#[pyo3(name = "_set_create_time")]
pub(crate) fn set_create_time(
    backend: &Bound<'_, MemBackend>,
    vol_uuid: AnyId<'_, '_>,
    snap_uuid: Option<&Bound<'_, PyAny>>,
    create_time: &Bound<'_, PyAny>,
) -> Result<()> {
    let volume: Id<'_, VolumeId> = scalars::id("vol_uuid", vol_uuid)?;
    let snapshot: Option<Id<'_, SnapshotId>> =
        snap_uuid.map(|uuid| scalars::id("snap_uuid", uuid)).transpose()?;
    let (volume, snapshot) = (volume.value, snapshot.map(|id| id.value));
    let at = time::instant("create_time", create_time)?;
    let set =
        move |core: &nessie_backend_mem::MemBackend| core.set_create_time(volume, snapshot, at);
    Ok(backend.get().call(backend.py(), set)?)
}
