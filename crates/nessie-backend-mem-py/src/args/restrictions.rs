//! Limits and profiles.

use nessie_backend_core::BackendError;
use nessie_backend_mem::{Limits, Profile};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use crate::args::scalars::{self, wrong_type};
use crate::errors::{Error, Result};
use crate::runtime::exit::Calling;

/// Reads the name of a profile.
pub(crate) fn profile(value: &Bound<'_, PyAny>) -> Result<Profile> {
    Ok(scalars::string("profile", value)?.to_string_lossy().parse()?)
}

/// Changes limits by a mapping from their names to numbers; `None` lifts a limit.
pub(crate) fn limits(value: &Bound<'_, PyAny>, mut limits: Limits) -> Result<Limits> {
    let Ok(mapping) = value.cast::<PyMapping>() else {
        return Err(wrong_type("limits", "a dict", value));
    };
    let items = {
        let _calling = Calling::python(value.py());
        mapping.items()?
    };
    for item in items {
        let (key, max): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let Ok(key) = key.cast::<PyString>() else {
            return Err(wrong_type("a key of limits", "a str", &key));
        };
        let name = key.to_string_lossy();
        match limits.get_mut(&name) {
            Some(limit) if max.is_none() => *limit = None,
            Some(limit) => *limit = Some(number(&name, &max)?),
            None => return Err(unknown(&name)),
        }
    }
    Ok(limits)
}

/// The number of the limit `name`.
fn number(name: &str, max: &Bound<'_, PyAny>) -> Result<u64> {
    let rule = format!("for {name:?} is outside 0 to 2^64-1; None means no limit");
    scalars::integer("limits", "an int", &rule, max).map_err(|error| match error {
        Error::Python(error) if error.is_instance_of::<PyTypeError>(max.py()) => {
            wrong_type(&format!("limits[{name:?}]"), "an int or None", max)
        }
        other => other,
    })
}

fn unknown(name: &str) -> Error {
    let names = Limits::NONE.entries().map(|(name, _)| name).join(", ");
    BackendError::invalid("limits", name, format_args!("is unknown; the limits are {names}")).into()
}
