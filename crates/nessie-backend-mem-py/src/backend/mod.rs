//! The class `MemBackend`. Each file has the methods on one subject.
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these are Python's docstrings, shown as plain text"
)]

mod batch;
mod bulk;
mod calls;
mod clock;
mod clones;
mod container;
mod hints;
mod hooked;
mod inventory;
mod limits;
mod policies;
mod saved;
mod snapshots;
mod space;
mod tables;
mod tree;
mod volumes;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use nessie_backend_core::VolumeBackend;
use nessie_backend_faults::{Hooks, mem};
use nessie_backend_mem as core;

use pyo3::exceptions::PyAssertionError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::args::{restrictions, scalars, time};
use crate::errors::Result;
use crate::results::records;
use crate::runtime::fork;
use crate::runtime::freed::Freed;
use crate::runtime::worker;

pub(crate) use inventory::set_create_time;
pub(crate) use saved::{files, restore};

/// An in-memory storage backend with volumes, snapshots and clones.
///
/// Results are plain dicts, new for every call; their types are in
/// `nessie_backend_mem.records`. A refused call raises a `NessieError` and
/// changes nothing. Methods may be called from any number of threads.
///
/// ``len(b)`` is the number of volumes. ``iter(b)`` yields the volumes in order
/// of creation. ``x in b`` is true for the name and for the uuid of a volume. A
/// backend is false while it has no volumes. It is equal only to itself.
/// ``copy.copy(b)`` and ``copy.deepcopy(b)`` are ``b.fork()``. A pickle holds
/// everything, with the clock and the state of the random generator.
///
/// Bulk methods (`create_volumes`, `create_snapshots`, `create_clones`,
/// `patch_volumes`, `delete_volumes`, `delete_snapshots`, `write_volumes`,
/// `discard_volumes`) have the effect of one single call per item, in order.
/// Either all items change or none, and all changes have the same time. Other
/// Python threads run meanwhile. The error is that of the first item whose
/// single call would fail, and its attribute `index` is the item's position,
/// counted from 0. Items that are not a uuid or a size, and batches of more
/// than 2**24 items, are refused before anything else.
///
/// The argument `vol_uuids` accepts volumes as
///
/// - the `Uuids` of another bulk call,
/// - a `Table` of `volumes()`, or a table or column of another library that was
///   made from one,
/// - a `MemBackend`, for all its volumes,
/// - an iterable of `str`, `uuid.UUID` or volume dicts.
///
/// Args:
///     seed (int): 0 to 2**64 - 1. Makes the backend deterministic: the same
///         calls return the same dicts. The clock starts at `start`, or at
///         2000-01-01T00:00:00Z, and only `advance()` moves it. Without a seed
///         uuids are random.
///     start (datetime | str): Start time of a clock that only `advance()`
///         moves. A datetime, in UTC if it is naive, or RFC 3339 text. Without
///         `seed` and `start` the backend uses the system's clock, in whole seconds.
///     capacity_bytes (int): Size in bytes of the pool that all volumes share,
///         1 to 2**64 - 1; see `space()`. None means no limit.
///     limits (dict[str, int | None]): Maximum numbers of objects. The keys are
///         "volumes", "snapshots", "snapshots_per_volume",
///         "clones_per_snapshot" and "clone_depth". A plain volume has the
///         depth 0, a clone of it 1, and after a split the count starts anew.
///         None, and a missing key without `profile`, means no limit.
///     profile (str): "ontap" for ONTAP's limits and rules: at most 1023
///         snapshots per volume and a clone depth of 499, unless `limits` sets
///         others. Names of volumes consist of letters, digits and _, and do
///         not begin with a digit. A size is at least 20 MiB, and 20 MiB if none
///         is given. The conformance suite needs a backend without profile.
///
/// Raises:
///     InvalidArgumentError: `seed`, `capacity_bytes` or a limit is out of
///         range, `start` is not a time, or a limit or the profile is unknown.
///
/// Example:
///     >>> backend = MemBackend(seed=1)
///     >>> backend.create_volume("build-cache", size_bytes=2**30)["name"]
///     'build-cache'
#[pyclass(frozen, weakref, module = "nessie_backend_mem")]
pub(crate) struct MemBackend {
    core: Freed<core::MemBackend>,
    /// Its faults and logs.
    hooks: Arc<Hooks>,
    /// The number of running bulk calls. They hold the core's lock for long.
    bulk_calls: AtomicUsize,
}

impl From<core::MemBackend> for MemBackend {
    fn from(core: core::MemBackend) -> Self {
        Self::sharing(core, Arc::default())
    }
}

impl MemBackend {
    /// A backend with the same contents and hooks as another.
    pub(crate) fn sharing(core: core::MemBackend, hooks: Arc<Hooks>) -> Self {
        Self { core: Freed::new(core), hooks, bulk_calls: AtomicUsize::new(0) }
    }
}

/// A value that identifies a volume or a snapshot.
pub(super) type AnyId<'a, 'py> = &'a Bound<'py, PyAny>;

#[pymethods]
impl MemBackend {
    #[new]
    #[pyo3(signature = (*, seed=None, start=None, capacity_bytes=None, limits=None, profile=None))]
    fn new(
        seed: Option<&Bound<'_, PyAny>>,
        start: Option<&Bound<'_, PyAny>>,
        capacity_bytes: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyAny>>,
        profile: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        let mut builder = core::MemBackend::builder();
        if let Some(seed) = seed {
            builder = builder.seed(scalars::seed(seed)?);
        }
        if let Some(start) = start {
            builder = builder.start(time::instant("start", start)?);
        }
        if let Some(capacity) = capacity_bytes {
            builder = builder.capacity_bytes(scalars::bytes("capacity_bytes", capacity)?);
        }
        let profile = profile.map(restrictions::profile).transpose()?;
        if let Some(profile) = profile {
            builder = builder.profile(profile);
        }
        if let Some(limits) = limits {
            let of_profile = profile.map_or(core::Limits::NONE, core::Profile::limits);
            builder = builder.limits(restrictions::limits(limits, of_profile)?);
        }
        Ok(builder.build()?.into())
    }

    /// Return which tiers this backend has.
    ///
    /// Returns:
    ///     Capabilities: Snapshots and clones are true, replication is false.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        records::capabilities(py, self.core.capabilities())
    }

    /// Return an independent copy with the same contents, clock and generator.
    ///
    /// The same calls on both return the same results from then on.
    ///
    /// Returns:
    ///     MemBackend: The copy.
    fn fork(&self, py: Python<'_>) -> Self {
        self.call(py, core::MemBackend::fork).into()
    }

    /// Return the backend to its state right after construction.
    ///
    /// All volumes, snapshots and snapshot policies are deleted. A clock that
    /// `advance()` moves returns to its start. A backend with a seed gives out
    /// the same uuids again; one without a seed gives out new random ones. The
    /// capacity, the limits and the profile stay.
    fn reset(&self, py: Python<'_>) -> Result<()> {
        Ok(fork::detached(py, || mem::reset(&self.core, &self.hooks))?)
    }

    /// Check the consistency of the backend's internal state; for tests.
    ///
    /// Raises:
    ///     AssertionError: A rule is broken. The message names it.
    fn check_invariants(&self, py: Python<'_>) -> PyResult<()> {
        let (view, records) = self.call(py, |core| (core.view(), worker::count_records(core)));
        worker::run(py, records, move || view.check_invariants())?
            .map_err(PyAssertionError::new_err)
    }

    fn __copy__(&self, py: Python<'_>) -> Self {
        self.fork(py)
    }

    fn __deepcopy__(&self, memo: &Bound<'_, PyAny>) -> Self {
        self.fork(memo.py())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let core::Counts { volumes, snapshots, clones, .. } =
            self.call(py, core::MemBackend::counts);
        let seed = self.call(py, core::MemBackend::seed);
        let seed = seed.map(|seed| format!("seed={seed}, ")).unwrap_or_default();
        let clock = match self.call(py, core::MemBackend::standing_clock) {
            Some(now) => format!("now='{now}'"),
            None => "clock='system'".to_owned(),
        };
        let (limits, profile) = self.call(py, |core| (core.limits(), core.profile()));
        let restrictions = limits::shown(limits, profile);
        format!(
            "<MemBackend {seed}{clock}, {restrictions}volumes={volumes}, snapshots={snapshots}, \
             clones={clones}>"
        )
    }
}
