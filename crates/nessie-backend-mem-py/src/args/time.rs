//! Times and lengths of time as arguments.

use std::time::Duration;

use nessie_backend_core::{BackendError, Timestamp};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyFloat, PyString, PyType};

use crate::args::scalars::{integer, shown, wrong_type};
use crate::errors::{Error, Result};
use crate::runtime::exit::Calling;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Reads a time: a `datetime`, naive ones in UTC, or RFC 3339 text.
pub(crate) fn instant(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Timestamp> {
    if let Ok(text) = value.cast::<PyString>() {
        let at = text.to_string_lossy().parse::<Timestamp>();
        return at.map_err(|error| error.for_argument(argument).into());
    }
    let _calling = Calling::python(value.py());
    let datetime = value.py().import("datetime")?;
    if !value.is_instance(&datetime.getattr("datetime")?)? {
        return Err(wrong_type(argument, "a datetime or str", value));
    }
    let utc = datetime.getattr("timezone")?.getattr("utc")?;
    let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, &utc))?;
    let aware = if value.call_method0("utcoffset")?.is_none() {
        let naive = [("tzinfo", utc)].into_py_dict(value.py())?;
        value.call_method("replace", (), Some(&naive))?
    } else {
        value.clone()
    };
    let micros = timedelta_micros(&aware.sub(epoch)?)?;
    Timestamp::try_from_unix_micros(micros)
        .map_err(|rule| BackendError::invalid(argument, &value.to_string(), rule).into())
}

const TOO_FAR: &str = "leads past 9999-12-31T23:59:59.999999Z, the latest supported time";

/// Reads a length of time, such as how far to advance a clock: seconds as an `int` or `float`, or a `timedelta`. Cut to
/// whole microseconds.
pub(crate) fn delta(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Duration> {
    static TIMEDELTA: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let refuse = |rule: &str| -> Error {
        let reason = format!("{} {rule}", shown(value));
        BackendError::InvalidArgument { argument: argument.into(), reason }.into()
    };
    let micros = if let Ok(seconds) = value.cast::<PyFloat>() {
        if !seconds.value().is_finite() {
            return Err(refuse("is not a length of time"));
        }
        let micros = (seconds.value() * 1e6).round_ties_even();
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let micros = micros as i64;
        micros
    } else if value.is_instance(TIMEDELTA.import(value.py(), "datetime", "timedelta")?)? {
        timedelta_micros(value)?
    } else {
        let expected = "an int, float or timedelta";
        let seconds: i64 = integer(argument, expected, TOO_FAR, value)?;
        seconds.saturating_mul(MICROS_PER_SECOND)
    };
    if micros < 0 {
        return Err(refuse("is negative; time never runs backwards"));
    }
    // Larger values saturate to this one.
    if micros == i64::MAX {
        return Err(refuse(TOO_FAR));
    }
    u64::try_from(micros).map(Duration::from_micros).map_err(|_| refuse(TOO_FAR))
}

/// The microseconds of a `timedelta`. An object of a subclass may have larger numbers; they saturate
/// beyond the range of the calendar.
fn timedelta_micros(delta: &Bound<'_, PyAny>) -> PyResult<i64> {
    let part = |name, unit: i64| -> PyResult<i64> {
        let number = delta.getattr(name)?;
        match number.extract::<i64>() {
            Ok(number) => Ok(number.saturating_mul(unit)),
            Err(error) if error.is_instance_of::<PyOverflowError>(delta.py()) => {
                Ok(if number.lt(0)? { i64::MIN } else { i64::MAX })
            }
            Err(error) => Err(error),
        }
    };
    let whole = part("days", 86_400 * MICROS_PER_SECOND)?
        .saturating_add(part("seconds", MICROS_PER_SECOND)?);
    Ok(whole.saturating_add(part("microseconds", 1)?))
}
