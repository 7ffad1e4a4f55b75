//! Faults and events around a backend that is any object of Python.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_core::{SnapshotId, Timestamp, VolumeId};
use nessie_backend_faults::{
    Clock, Hooks, Names, OperationKind, Outcome, Subject, SystemClock, is_error_code,
};
use pyo3::exceptions::PyNotImplementedError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::args::scalars;
use crate::backend::MemBackend;
use crate::errors::Result;
use crate::hooks::around::{self, Delayed};
use crate::hooks::log::EventLog;
use crate::hooks::plan::FaultPlan;
use crate::hooks::{self, values, wait};
use crate::results::records::uuid_text;
use crate::runtime::exit::Calling;

/// The operations that faults can hit, with the names of their arguments.
pub(crate) fn operations(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let operations = PyDict::new(py);
    for kind in OperationKind::ALL.iter().filter(|kind| kind.takes_faults()) {
        operations.set_item(kind.name(), PyTuple::new(py, kind.parameters())?)?;
    }
    Ok(operations)
}

/// The faults and logs of a backend that is any object.
#[pyclass(frozen, name = "_Hooks", module = "nessie_backend_mem._core")]
pub(crate) struct PyHooks {
    hooks: Arc<Hooks>,
    seed: u64,
}

#[pymethods]
impl PyHooks {
    #[new]
    #[pyo3(signature = (seed=None))]
    fn new(seed: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let seed = seed.map(scalars::seed).transpose()?.unwrap_or_else(hooks::random_seed);
        Ok(Self { hooks: Arc::default(), seed })
    }

    #[pyo3(signature = (*faults))]
    fn inject(&self, faults: &Bound<'_, PyTuple>) -> Result<FaultPlan> {
        FaultPlan::install(faults, &self.hooks, self.seed)
    }

    #[pyo3(signature = (keep=None))]
    fn events(&self, keep: Option<&Bound<'_, PyAny>>) -> Result<EventLog> {
        EventLog::open(&self.hooks, keep)
    }

    /// Performs a method of a backend, with the faults before and after it, and records it.
    fn call<'py>(
        &self,
        kind: &str,
        backend: &Bound<'py, PyAny>,
        method: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> Result<Bound<'py, PyAny>> {
        let py = method.py();
        let _calling = Calling::python(py);
        let kind = OperationKind::named(kind);
        let Some(kind) = kind.filter(|_| self.hooks.is_active()) else {
            return Ok(method.call(args, Some(kwargs))?);
        };
        let (args, kwargs) = reusable(args, kwargs)?;
        let given = named(kind, &args, &kwargs)?;
        let given: Vec<_> = given.iter().map(Option::as_ref).collect();
        let subject = Object { backend, hooks: &self.hooks };
        let mut call = around::begin(&self.hooks, values::operation(kind, &given)?, &subject)?;
        let result = method.call(args, Some(&kwargs));
        let outcome = outcome(py, &result)?;
        around::apply(call.end(&subject, &outcome), &subject)?;
        Ok(result?)
    }
}

/// The arguments, so that they can be read twice.
fn reusable<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
    let args: Vec<_> =
        args.iter().map(|value| values::reusable(&value)).collect::<PyResult<_>>()?;
    let named = PyDict::new(kwargs.py());
    for (name, value) in kwargs.iter() {
        named.set_item(name, values::reusable(&value)?)?;
    }
    Ok((PyTuple::new(kwargs.py(), args)?, named))
}

/// The arguments in the order of the operation's parameters. The method itself refuses others.
fn named<'py>(
    kind: OperationKind,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    let mut given: Vec<_> = args.iter().map(Some).collect();
    for name in kind.parameters().iter().skip(given.len()) {
        given.push(kwargs.get_item(name)?);
    }
    Ok(given)
}

/// The outcome of a method: the identifiers in its result, or the code of its exception. By the
/// protocols, an exception of any class with the code of an error is a refusal, and so is
/// `NotImplementedError`.
fn outcome(py: Python<'_>, result: &PyResult<Bound<'_, PyAny>>) -> PyResult<Outcome> {
    let raised = match result {
        Ok(result) => return values::result(result).map(Outcome::Done),
        Err(raised) => raised,
    };
    let code = raised.value(py).getattr_opt(intern!(py, "code")).ok().flatten();
    let code = code.and_then(|code| code.extract::<String>().ok());
    Ok(match code {
        Some(code) if is_error_code(&code) => Outcome::Refused(code.into()),
        _ if raised.is_instance_of::<PyNotImplementedError>(py) => {
            Outcome::Refused("feature_not_supported".into())
        }
        _ => Outcome::Failed,
    })
}

/// A backend that is any object.
struct Object<'a, 'py> {
    backend: &'a Bound<'py, PyAny>,
    hooks: &'a Hooks,
}

impl Object<'_, '_> {
    fn name(&self, method: &str, ids: &[nessie_backend_core::Uuid]) -> Option<String> {
        let py = self.backend.py();
        let ids = PyTuple::new(py, ids.iter().map(|id| uuid_text(py, &None, *id))).ok()?;
        // A missing object has no name. Other exceptions are those of the call itself, which follows.
        let record = self.backend.call_method1(method, ids).ok()?;
        record.get_item(intern!(py, "name")).ok()?.extract().ok()
    }
}

impl Names for Object<'_, '_> {
    fn volume_name(&self, volume: VolumeId) -> Option<String> {
        self.name("get_volume", &[volume.uuid()])
    }

    fn snapshot_name(&self, volume: VolumeId, snapshot: SnapshotId) -> Option<String> {
        self.name("get_snapshot", &[volume.uuid(), snapshot.uuid()])
    }
}

impl Subject for Object<'_, '_> {
    /// The time of the backend's clock, if it has one.
    fn now(&self) -> Timestamp {
        let text = self.backend.call_method0(intern!(self.backend.py(), "now")).ok();
        let text = text.and_then(|text| text.extract::<String>().ok());
        text.and_then(|text| text.parse().ok()).unwrap_or_else(|| SystemClock.now())
    }
}

impl Delayed for Object<'_, '_> {
    fn wait(&self, delay: Duration) -> Result<()> {
        let py = self.backend.py();
        match self.backend.cast::<MemBackend>() {
            Ok(backend) => wait::on_clock_of(py, &backend.get().shared(), self.hooks, delay),
            Err(_) => wait::blocking(py, delay),
        }
    }
}
