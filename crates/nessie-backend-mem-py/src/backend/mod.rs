//! The class `MemBackend`; its methods are in a file for each thing that they work on.
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these are Python's docstrings, shown as plain text"
)]

mod bulk;
mod calls;
mod clock;
mod clones;
mod container;
mod saved;
mod snapshots;
mod tables;
mod tree;
mod volumes;

use std::sync::atomic::AtomicUsize;

use nessie_backend_core::VolumeBackend;
use nessie_backend_mem as core;

use pyo3::exceptions::PyAssertionError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::args::scalars;
use crate::errors::Result;
use crate::results::records;
use crate::results::time;
use crate::runtime::fork;
use crate::runtime::freed::Freed;
use crate::runtime::long;

pub(crate) use saved::restore;

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

/// Something that identifies a volume or a snapshot.
pub(super) type AnyId<'a, 'py> = &'a Bound<'py, PyAny>;

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

/// The text itself if it is a `str` and not of a subclass, whose instances can carry state.
pub(super) fn exact<'py>(text: &Bound<'py, PyString>) -> Option<Bound<'py, PyString>> {
    text.cast_exact().ok().cloned()
}
