//! Times as RFC 3339 text.

use std::sync::Mutex;

use nessie_backend_core::Timestamp;
use pyo3::prelude::*;
use pyo3::types::PyString;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The text of the last time. Records often repeat a time, or have times of the same second, whose
/// texts differ only in the fraction.
struct Last {
    second: i64,
    /// `YYYY-MM-DDTHH:MM:SS` of that second, then space for `.ffffffZ`.
    text: [u8; 27],
    object: Option<(Timestamp, Py<PyString>)>,
}

const SECOND_LEN: usize = 19;
static LAST: Mutex<Last> = Mutex::new(Last { second: i64::MIN, text: [0; 27], object: None });

/// The RFC 3339 text of a time.
pub(crate) fn text(py: Python<'_>, at: Timestamp) -> Bound<'_, PyString> {
    // No thread waits for the cache: a wait of an attached thread could be endless.
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
        // Python checks that the bytes are UTF-8.
        PyString::from_bytes(py, &self.text).unwrap_or_else(|_| PyString::new(py, &at.to_string()))
    }
}
