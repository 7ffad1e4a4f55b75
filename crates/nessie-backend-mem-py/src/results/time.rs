//! Times between the core and Python.

use std::sync::Mutex;
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

/// Text of the last time that was asked for. Records repeat times, or follow each other within a
/// second, where only the digits behind the point differ.
struct Last {
    second: i64,
    /// `YYYY-MM-DDTHH:MM:SS` of that second, room for `.ffffffZ`.
    text: [u8; 27],
    object: Option<(Timestamp, Py<PyString>)>,
}

const SECOND_LEN: usize = 19;
static LAST: Mutex<Last> = Mutex::new(Last { second: i64::MIN, text: [0; 27], object: None });

/// The RFC 3339 text of a time.
pub(crate) fn text(py: Python<'_>, at: Timestamp) -> Bound<'_, PyString> {
    // Nobody waits for the cache: waiting while attached to the interpreter could be for ever.
    let Ok(mut last) = LAST.try_lock() else {
        return PyString::new(py, &at.to_string());
    };
    if let Some((of, object)) = &last.object
        && *of == at
    {
        return object.bind(py).clone();
    }
    let object = last.write(py, at);
    last.object = Some((at, object.clone().unbind()));
    object
}

impl Last {
    fn write<'py>(&mut self, py: Python<'py>, at: Timestamp) -> Bound<'py, PyString> {
        let second = at.unix_micros().div_euclid(MICROS_PER_SECOND);
        let Ok(mut micros) = u32::try_from(at.unix_micros() - second * MICROS_PER_SECOND) else {
            return PyString::new(py, &at.to_string());
        };
        if micros == 0 {
            return PyString::new(py, &at.to_string());
        }
        if self.second != second {
            let whole = at.to_string();
            let Ok(text) = whole.as_bytes().try_into() else {
                return PyString::new(py, &whole);
            };
            self.text = text;
            self.second = second;
        }
        for digit in self.text[SECOND_LEN + 1..SECOND_LEN + 7].iter_mut().rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        // Python checks that the bytes are text, so there is no need to do it here too.
        PyString::from_bytes(py, &self.text).unwrap_or_else(|_| PyString::new(py, &at.to_string()))
    }
}

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

const TOO_FAR: &str = "leads past 9999-12-31T23:59:59.999999Z, the latest time there is";

/// Reads how far to advance a clock: seconds as an `int` or `float`, or a `timedelta`. Cut to
/// whole microseconds.
pub(crate) fn delta(value: &Bound<'_, PyAny>) -> Result<Duration> {
    static TIMEDELTA: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let refuse = |rule: &str| -> Error {
        let reason = format!("{} {rule}", shown(value));
        BackendError::InvalidArgument { argument: "delta".into(), reason }.into()
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
        let seconds: i64 = integer("delta", expected, TOO_FAR, value)?;
        seconds.saturating_mul(MICROS_PER_SECOND)
    };
    if micros < 0 {
        return Err(refuse("is negative; time never runs backwards"));
    }
    // It stands for all larger ones, too.
    if micros == i64::MAX {
        return Err(refuse(TOO_FAR));
    }
    u64::try_from(micros).map(Duration::from_micros).map_err(|_| refuse(TOO_FAR))
}

/// The microseconds of a `timedelta`; the most or fewest that can be counted, which is more than
/// there are in the calendar, where an object of a subclass gives larger numbers.
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
