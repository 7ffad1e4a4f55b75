//! Faults and events around the methods of a backend.

use std::time::Duration;

use nessie_backend_core::{SnapshotId, SnapshotPolicy, Timestamp, VolumeId};
use nessie_backend_faults::{Call, Effect, Names, OperationKind, Outcome, Subject, Value};
use nessie_backend_mem as core;
use nessie_backend_mem::binding::{SnapshotRow, VolumeRow};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors::Result;
use crate::hooks::around::{self, Delayed};
use crate::hooks::log::EventLog;
use crate::hooks::plan::FaultPlan;
use crate::hooks::values::{self, Given};
use crate::hooks::{self, Refusal, outcome_of, wait};

use super::MemBackend;
use super::calls::FEW_SNAPSHOTS;

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

/// A call of a method. Faults and logs, if there are any, see what it does.
pub(super) struct Step<'a, 'b> {
    backend: &'b MemBackend,
    hooked: Option<&'a mut Hooked<'b>>,
}

/// What faults and logs need of a call.
struct Hooked<'a> {
    call: Call<'a>,
    /// What faults do after the operation, once it was performed.
    after: Option<Effect>,
}

impl MemBackend {
    /// Performs an operation: checks its arguments, calls the core, and makes the result. The arguments
    /// are given as Python passes them, in the order of [`OperationKind::parameters`].
    #[inline]
    pub(super) fn operation<R>(
        &self,
        py: Python<'_>,
        kind: OperationKind,
        given: &[Given<'_, '_>],
        body: impl FnOnce(Step<'_, '_>) -> Result<R>,
    ) -> Result<R> {
        let mut hooked =
            if self.hooks.is_active() { Some(self.begin(py, kind, given)?) } else { None };
        let result = body(Step { backend: self, hooked: hooked.as_mut() });
        match hooked {
            None => result,
            Some(hooked) => self.end(py, hooked, result),
        }
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
    #[inline(never)]
    fn begin(
        &self,
        py: Python<'_>,
        kind: OperationKind,
        given: &[Given<'_, '_>],
    ) -> Result<Hooked<'_>> {
        let operation = values::operation(kind, given)?;
        let call = around::begin(&self.hooks, operation, &Attached { py, backend: self })?;
        Ok(Hooked { call, after: None })
    }

    /// Ends a call, with the faults after it. What has not reached the core is recorded here.
    #[cold]
    #[inline(never)]
    fn end<R>(&self, py: Python<'_>, hooked: Hooked<'_>, result: Result<R>) -> Result<R> {
        let subject = Attached { py, backend: self };
        let Hooked { mut call, after } = hooked;
        let effect = after.unwrap_or_else(|| {
            let outcome = result.as_ref().map_or_else(outcome_of, |_| Outcome::Done(Value::Null));
            call.end(&subject, &outcome)
        });
        around::apply(effect, &subject)?;
        result
    }
}

impl Step<'_, '_> {
    /// Whether there are faults or logs.
    pub(super) const fn is_hooked(&self) -> bool {
        self.hooked.is_some()
    }

    /// Makes a single call that can fail.
    pub(super) fn try_call<R: Recorded + Send>(
        self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        let result = match self.hooked {
            None => self.backend.call(py, call),
            Some(hooked) => hooked.perform(py, self.backend, call),
        };
        result.map_err(|error| self.backend.hinted(py, error))
    }

    /// Makes a single call that may delete all snapshots of a volume. If they are many, it is made as
    /// a bulk call.
    pub(super) fn try_call_on_snapshots<R: Recorded + Send>(
        self,
        py: Python<'_>,
        volume: VolumeId,
        call: impl FnOnce(&core::MemBackend) -> nessie_backend_core::Result<R> + Send,
    ) -> Result<R> {
        let count = self.backend.call(py, |core| core.snapshot_count(volume));
        if count.is_ok_and(|count| count > FEW_SNAPSHOTS) {
            self.try_bulk(py, call)
        } else {
            self.try_call(py, call)
        }
    }

    /// Makes a bulk call that can fail.
    pub(super) fn try_bulk<R: Recorded + Send, E: Refusal + Into<core::BulkError> + Send>(
        self,
        py: Python<'_>,
        call: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> Result<R> {
        let result = match self.hooked {
            None => self.backend.bulk(py, call),
            Some(hooked) => hooked.perform_bulk(py, self.backend, call),
        };
        result.map_err(|error| self.backend.hinted(py, error))
    }
}

impl Hooked<'_> {
    /// Performs a single operation and records it.
    ///
    /// If another call has the turn, this one waits without the interpreter. A thread that has the turn
    /// neither attaches nor detaches nor runs Python code before it has dropped it. So it never waits
    /// for the interpreter, and its turn ends, also while another thread waits attached.
    #[cold]
    #[inline(never)]
    fn perform<R: Recorded + Send, E: Refusal + Send>(
        &mut self,
        py: Python<'_>,
        backend: &MemBackend,
        operation: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> std::result::Result<R, E> {
        if backend.is_free()
            && let Some(turn) = self.call.try_turn()
        {
            let (result, _, effect) =
                self.call.perform(turn, &*backend.core, || recorded(operation(&backend.core)));
            self.after = Some(effect);
            return result;
        }
        self.perform_bulk(py, backend, operation)
    }

    /// Performs an operation and records it, while other Python threads run. The rule of
    /// [`perform`](Self::perform) holds here too.
    #[cold]
    #[inline(never)]
    fn perform_bulk<R: Recorded + Send, E: Refusal + Send>(
        &mut self,
        py: Python<'_>,
        backend: &MemBackend,
        operation: impl FnOnce(&core::MemBackend) -> std::result::Result<R, E> + Send,
    ) -> std::result::Result<R, E> {
        let call = &mut self.call;
        let (result, _, effect) = backend.bulk(py, |core| {
            let turn = call.turn();
            call.perform(turn, core, || recorded(operation(core)))
        });
        self.after = Some(effect);
        result
    }
}

/// The result of an operation, and its outcome as an event shows it.
fn recorded<R: Recorded, E: Refusal>(
    result: std::result::Result<R, E>,
) -> (std::result::Result<R, E>, Outcome) {
    let outcome = match &result {
        Ok(done) => Outcome::Done(done.recorded()),
        Err(error) => Outcome::Refused(error.code()),
    };
    (result, outcome)
}

/// The backend of a thread that is attached to the interpreter.
struct Attached<'a, 'py> {
    py: Python<'py>,
    backend: &'a MemBackend,
}

impl Names for Attached<'_, '_> {
    fn volume_name(&self, volume: VolumeId) -> Option<String> {
        self.backend.call(self.py, |core| core.volume_name(volume))
    }

    fn snapshot_name(&self, volume: VolumeId, snapshot: SnapshotId) -> Option<String> {
        self.backend.call(self.py, |core| core.snapshot_name(volume, snapshot))
    }
}

impl Subject for Attached<'_, '_> {
    fn now(&self) -> Timestamp {
        self.backend.call(self.py, core::MemBackend::now)
    }
}

impl Delayed for Attached<'_, '_> {
    fn wait(&self, delay: Duration) -> Result<()> {
        wait::on_clock_of(self.py, &self.backend.core, &self.backend.hooks, delay)
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
