//! Faults and events around the methods of a backend.

use std::cell::Cell;
use std::time::Duration;

use nessie_backend_core::{SnapshotId, SnapshotPolicy, VolumeId};
use nessie_backend_faults::{Call, Effect, OperationKind, Outcome, Value};
use nessie_backend_mem as core;
use nessie_backend_mem::binding::{SnapshotRow, VolumeRow};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors::Result;
use crate::hooks::log::EventLog;
use crate::hooks::plan::FaultPlan;
use crate::hooks::values::{self, Given};
use crate::hooks::{self, Refusal, outcome_of, wait};

use super::MemBackend;

#[pymethods]
impl MemBackend {
    /// Install faults, which make calls fail or take longer.
    ///
    /// As a context manager, the result removes them at the end. Otherwise they
    /// stay until its `remove()`. Faults apply in order of installation: delays
    /// add up, and the first error ends them. They also hit the requests of an
    /// `OntapServer` with this backend. Copies of the backend have none.
    ///
    /// Args:
    ///     faults (Fault): The faults; see `nessie_backend_mem.faults.Fault`.
    ///
    /// Returns:
    ///     FaultPlan: The faults with what they have hit.
    ///
    /// Raises:
    ///     TypeError: An argument is not a Fault.
    #[pyo3(signature = (*faults))]
    fn inject(&self, py: Python<'_>, faults: &Bound<'_, PyTuple>) -> Result<FaultPlan> {
        let seed = self.call(py, core::MemBackend::seed).unwrap_or_else(hooks::random_seed);
        FaultPlan::install(faults, &self.hooks, seed)
    }

    /// Open a log of what happens to the backend from now on.
    ///
    /// It records each operation that changes something or is refused, until it
    /// is closed or dropped. Copies of the backend have no log.
    ///
    /// Args:
    ///     keep (int): The maximum number of events that the log keeps, from 1
    ///         on. It drops the oldest. None keeps all.
    ///
    /// Returns:
    ///     EventLog: The log.
    ///
    /// Raises:
    ///     InvalidArgumentError: `keep` is out of range.
    #[pyo3(signature = (keep=None))]
    fn events(&self, keep: Option<&Bound<'_, PyAny>>) -> Result<EventLog> {
        EventLog::open(&self.hooks, keep)
    }
}

/// A call of a method, with what faults and logs need of it.
pub(super) struct Step<'a> {
    backend: &'a MemBackend,
    /// `None` without faults and logs.
    call: Option<Call<'a>>,
    /// What faults do after the operation, once it was performed.
    after: Cell<Option<Effect>>,
}

impl MemBackend {
    /// Performs an operation: checks its arguments, calls the core, and makes the result. The arguments
    /// are given as Python passes them, in the order of [`OperationKind::parameters`].
    pub(super) fn operation<R>(
        &self,
        py: Python<'_>,
        kind: OperationKind,
        given: &[Given<'_, '_>],
        body: impl FnOnce(&Step<'_>) -> Result<R>,
    ) -> Result<R> {
        let call = if self.hooks.is_active() { Some(self.begin(py, kind, given)?) } else { None };
        let step = Step { backend: self, call, after: Cell::new(None) };
        let result = body(&step);
        if step.call.is_none() {
            return result;
        }
        let outcome = result.as_ref().map_or_else(outcome_of, |_| Outcome::Done(Value::Null));
        self.end(py, &step, &outcome)?;
        result
    }

    /// An argument that can be read twice, by the call and for the log.
    pub(super) fn reusable<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if !self.hooks.is_active() {
            return Ok(value.clone());
        }
        match value.cast::<Self>() {
            Ok(backend) => {
                let volumes = backend.get().volume_ids(value.py());
                Ok(Bound::new(value.py(), crate::results::uuids::Uuids::new(volumes))?.into_any())
            }
            Err(_) => values::reusable(value),
        }
    }

    /// Begins a call, with the faults before it.
    #[cold]
    fn begin(
        &self,
        py: Python<'_>,
        kind: OperationKind,
        given: &[Given<'_, '_>],
    ) -> Result<Call<'_>> {
        let call = self.hooks.begin(values::operation(kind, given)?);
        let Effect { delay, error, .. } = self.call(py, |core| call.before(core));
        if let Err(error) = self.wait(py, delay) {
            let _ = self.call(py, |core| call.end(core, &outcome_of(&error)));
            return Err(error);
        }
        match error {
            None => Ok(call),
            Some(failure) => {
                self.call(py, |core| call.prevented(core, &failure));
                Err(hooks::raised(failure))
            }
        }
    }

    /// Ends a call, with the faults after it. What has not reached the core is recorded here.
    #[cold]
    fn end(&self, py: Python<'_>, step: &Step<'_>, outcome: &Outcome) -> Result<()> {
        let Some(call) = &step.call else { return Ok(()) };
        let record = || self.call(py, |core| call.end(core, outcome));
        let Effect { delay, error, .. } = step.after.take().unwrap_or_else(record);
        self.wait(py, delay)?;
        error.map_or(Ok(()), |failure| Err(hooks::raised(failure)))
    }

    fn wait(&self, py: Python<'_>, delay: Duration) -> Result<()> {
        if delay.is_zero() {
            return Ok(());
        }
        wait::on_clock_of(py, &self.core, &self.hooks, delay)
    }
}

impl Step<'_> {
    /// Whether there are faults or logs.
    pub(super) const fn is_hooked(&self) -> bool {
        self.call.is_some()
    }

    /// Makes a single call that can fail.
    pub(super) fn try_call<R: Recorded + Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        let result = match &self.call {
            None => self.backend.call(py, call),
            Some(hooked) => self.perform(py, hooked, call),
        };
        result.map_err(|error| self.backend.hinted(py, error))
    }

    /// Makes a single call that may delete all snapshots of a volume.
    pub(super) fn try_call_on_snapshots<R: Recorded + Send>(
        &self,
        py: Python<'_>,
        volume: VolumeId,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        match &self.call {
            None => self.backend.try_call_on_snapshots(py, volume, call),
            Some(_) => self.try_call(py, call),
        }
    }

    /// Makes a bulk call that can fail.
    pub(super) fn try_bulk<R: Recorded + Send, E: Refusal + Into<core::BulkError> + Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> Result<R> {
        let result = match &self.call {
            None => self.backend.bulk(py, call),
            Some(hooked) => self.perform(py, hooked, call),
        };
        result.map_err(|error| self.backend.hinted(py, error))
    }

    #[cold]
    fn perform<R: Recorded + Send, E: Refusal + Send>(
        &self,
        py: Python<'_>,
        hooked: &Call<'_>,
        call: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> std::result::Result<R, E> {
        let (result, _, effect) = self.backend.bulk(py, |core| {
            hooked.perform(core, || {
                let result = call(core);
                let outcome = match &result {
                    Ok(done) => Outcome::Done(done.recorded()),
                    Err(error) => Outcome::Refused(error.code()),
                };
                (result, outcome)
            })
        });
        self.after.set(Some(effect));
        result
    }
}

/// What an event shows as the result of an operation.
pub(super) trait Recorded {
    fn recorded(&self) -> Value {
        Value::Null
    }
}

impl Recorded for () {}
impl Recorded for bool {}
impl Recorded for SnapshotPolicy {}

impl Recorded for VolumeRow {
    fn recorded(&self) -> Value {
        self.uuid.uuid().into()
    }
}

impl Recorded for SnapshotRow {
    fn recorded(&self) -> Value {
        self.uuid.uuid().into()
    }
}

impl Recorded for Vec<VolumeId> {
    fn recorded(&self) -> Value {
        Value::Uuids(self.iter().map(|id| id.uuid()).collect())
    }
}

impl Recorded for Vec<SnapshotId> {
    fn recorded(&self) -> Value {
        Value::Uuids(self.iter().map(|id| id.uuid()).collect())
    }
}

impl Recorded for Vec<(VolumeId, SnapshotId)> {
    fn recorded(&self) -> Value {
        let pairs = self.iter().map(|(volume, snapshot)| (volume.uuid(), snapshot.uuid()));
        Value::Snapshots(pairs.collect())
    }
}
