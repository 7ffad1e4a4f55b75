//! The Python class `Fault` as an argument.

use std::sync::Arc;
use std::time::Duration;

use nessie_backend_faults::{Custom, Fault, When};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyString, PyType};

use crate::args::{scalars, time};
use crate::errors::{Error, Result};
use crate::runtime::exit::Calling;

/// Raise the error of a fault whose values break a rule.
#[pyfunction]
#[pyo3(name = "_check_fault")]
pub(crate) fn check_fault(fault: &Bound<'_, PyAny>) -> Result<()> {
    read(fault).map(drop)
}

/// Reads the faults of a plan.
pub(crate) fn read_all(faults: &[Bound<'_, PyAny>]) -> Result<Vec<Fault>> {
    let Some(first) = faults.first() else { return Ok(Vec::new()) };
    let class = first.py().import("nessie_backend_mem.faults")?.getattr("Fault")?;
    for fault in faults {
        if !fault.is_instance(&class)? {
            return Err(scalars::wrong_type("each argument", "a Fault", fault));
        }
    }
    faults.iter().map(read).collect()
}

fn read(given: &Bound<'_, PyAny>) -> Result<Fault> {
    let _calling = Calling::python(given.py());
    let value = |name: &str| given.getattr(name);
    let is_given = |name: &str| {
        let value = given.getattr(name)?;
        PyResult::Ok(Some(value).filter(|value| !value.is_none()))
    };
    let text = |name: &'static str| -> Result<String> {
        let value = value(name)?;
        Ok(scalars::text(name, scalars::string(name, &value)?)?.to_owned())
    };
    let count = |name: &'static str| -> Result<Option<u64>> {
        let Some(value) = is_given(name)? else { return Ok(None) };
        scalars::unsigned(name, "is outside 0 to 2^64-1", &value).map(Some)
    };
    let mut fault = Fault::new(&text("operation")?)?.name(&text("name")?)?;
    fault = fault.when(When::from_word(&text("when")?)?);
    if let Some(calls) = count("after")? {
        fault = fault.after(calls);
    }
    if let Some(hits) = count("times")? {
        fault = fault.times(hits);
    }
    if let Some(calls) = count("every")? {
        fault = fault.every(calls)?;
    }
    if let Some(delay) = is_given("delay")? {
        fault = fault.delay(delay_of(&delay)?);
    }
    if let Some(probability) = is_given("probability")? {
        let is_truth = probability.is_instance_of::<PyBool>();
        let number = if is_truth { None } else { probability.extract::<f64>().ok() };
        let refuse = || scalars::wrong_type("probability", "a float", &probability);
        fault = fault.probability(number.ok_or_else(refuse)?)?;
    }
    let Some(error) = is_given("error")? else { return Ok(fault) };
    if let Ok(code) = error.cast::<PyString>() {
        return Ok(fault.error(&scalars::name(code))?);
    }
    match exception(&error)? {
        Exception::Code(code) => Ok(fault.error(&code)?),
        Exception::Custom(custom) => Ok(fault.custom_error(custom)),
    }
}

fn delay_of(delay: &Bound<'_, PyAny>) -> Result<Duration> {
    if let Ok(seconds) = delay.cast::<PyFloat>()
        && seconds.value() > 0.0
        && seconds.value() < 1e-6
    {
        return Ok(Duration::from_micros(1));
    }
    time::delta("delay", delay)
}

enum Exception {
    /// A class of `nessie_backend_mem.errors`.
    Code(String),
    Custom(Custom),
}

/// Reads an exception or a class of exceptions.
fn exception(error: &Bound<'_, PyAny>) -> Result<Exception> {
    let py = error.py();
    let base = py.get_type::<PyException>();
    let refuse = || -> Error {
        let found = error.repr().map_or_else(|_| "?".into(), |text| text.to_string());
        let rule = "must be the code of an error, an exception or a class of exceptions";
        PyTypeError::new_err(format!("error {rule}, not {found}")).into()
    };
    let (class, is_class) = match error.cast::<PyType>() {
        Ok(class) => (class.clone(), true),
        Err(_) => (error.get_type(), false),
    };
    if !class.is_subclass(&base)? {
        return Err(refuse());
    }
    let code =
        error.getattr_opt(intern!(py, "code"))?.and_then(|code| code.extract::<String>().ok());
    let is_ours = class.is_subclass(&crate::errors::nessie_error(py))?;
    match code {
        Some(code) if is_class && is_ours && !code.is_empty() => Ok(Exception::Code(code)),
        code => {
            let name = class.name()?.to_string();
            let code = code.filter(|code| is_ours && !code.is_empty()).unwrap_or(name);
            let error = Arc::new(error.clone().unbind());
            Ok(Exception::Custom(Custom { code: code.into(), error }))
        }
    }
}

/// The exception of a fault.
pub(crate) fn raised(custom: &Custom) -> Error {
    let Some(error) = custom.error.downcast_ref::<Py<PyAny>>() else {
        return PyException::new_err(custom.code.to_string()).into();
    };
    let raise = |py: Python<'_>| -> PyErr {
        let error = error.bind(py);
        let made = if error.is_instance_of::<PyType>() {
            error.call0()
        } else {
            // Otherwise each time that it is raised adds to its traceback.
            error.call_method1(intern!(py, "with_traceback"), (py.None(),))
        };
        made.map_or_else(|failure| failure, PyErr::from_value)
    };
    #[expect(clippy::disallowed_methods, reason = "the thread is attached already")]
    Python::attach(|py| {
        let _calling = Calling::python(py);
        raise(py).into()
    })
}
