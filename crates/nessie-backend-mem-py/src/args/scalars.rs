//! Single values: identifiers, names, sizes, seeds and patches.
//!
//! A value of the wrong type is a `TypeError`, a malformed one an `InvalidArgumentError`.

use std::borrow::Cow;
use std::str::FromStr;

use nessie_backend_core::{BackendError, Uuid, VolumePatch, rules};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyType};

use crate::errors::{Error, Result};
use crate::runtime::exit::Calling;

/// The types of an identifier.
const IDENTIFIER: &str = "a str or uuid.UUID";

/// An identifier, and the caller's text if it is the canonical spelling, so that the result can
/// contain the same object.
pub(crate) struct Id<'py, T> {
    pub(crate) value: T,
    pub(crate) text: Option<Bound<'py, PyString>>,
}

/// Reads an identifier from any standard UUID spelling or a `uuid.UUID`.
pub(crate) fn id<'py, T>(argument: &str, value: &Bound<'py, PyAny>) -> Result<Id<'py, T>>
where
    T: FromStr<Err = BackendError> + From<Uuid>,
{
    let Ok(text) = value.cast::<PyString>() else {
        return Ok(Id { value: uuid_object(argument, value)?.into(), text: None });
    };
    let spelling = match text.to_str() {
        Ok(spelling) => Cow::Borrowed(spelling),
        Err(_) => text.to_string_lossy(),
    };
    let value = T::from_str(&spelling).map_err(|error| error.for_argument(argument.to_owned()))?;
    let text = if is_canonical(&spelling) { text.cast_exact().ok().cloned() } else { None };
    Ok(Id { value, text })
}

/// Whether a text that is a UUID is in lower case with hyphens.
fn is_canonical(spelling: &str) -> bool {
    // Without an early exit, the compiler vectorizes the loop.
    spelling.len() == 36 && !spelling.bytes().fold(false, |any, b| any | b.is_ascii_uppercase())
}

/// The UUID that a `str` or a `uuid.UUID` contains, if it is valid.
pub(crate) fn uuid(value: &Bound<'_, PyAny>) -> Option<Uuid> {
    match value.cast::<PyString>() {
        Ok(text) => Uuid::parse_str(text.to_str().ok()?).ok(),
        Err(_) => uuid_object("uuid", value).ok(),
    }
}

fn uuid_object(argument: &str, value: &Bound<'_, PyAny>) -> Result<Uuid> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = value.py();
    if !value.is_instance(UUID.import(py, "uuid", "UUID")?)? {
        return Err(wrong_type(argument, IDENTIFIER, value));
    }
    // The attribute `bytes` is a property, so it would run Python code.
    let number = value.getattr(intern!(py, "int")).and_then(|number| number.extract());
    number.map(Uuid::from_u128).map_err(|error: PyErr| {
        // The attribute can be set to any number.
        if error.is_instance_of::<PyOverflowError>(py) {
            let reason = "is a UUID of more than 128 bits".to_owned();
            return BackendError::InvalidArgument { argument: argument.to_owned().into(), reason }
                .into();
        }
        Error::Python(error)
    })
}

/// A value that must be text.
pub(crate) fn string<'a, 'py>(
    argument: &str,
    value: &'a Bound<'py, PyAny>,
) -> Result<&'a Bound<'py, PyString>> {
    value.cast::<PyString>().map_err(|_| wrong_type(argument, "a str", value))
}

/// A value that must be text if it is given.
pub(crate) fn optional_string<'a, 'py>(
    argument: &str,
    value: Option<&'a Bound<'py, PyAny>>,
) -> Result<Option<&'a Bound<'py, PyString>>> {
    value.map(|value| string(argument, value)).transpose()
}

/// Reads a name. A lone surrogate becomes U+FFFD, which no name may contain, so the core refuses it
/// in the order of its checks.
pub(crate) fn name<'a>(value: &'a Bound<'_, PyString>) -> Cow<'a, str> {
    value.to_string_lossy()
}

/// The fields of a patch as Python passes them.
pub(crate) struct PatchArgs<'a, 'py> {
    size_bytes: Option<&'a Bound<'py, PyAny>>,
    junction_path: Option<&'a Bound<'py, PyString>>,
    export_policy: Option<&'a Bound<'py, PyString>>,
    name: Option<&'a Bound<'py, PyString>>,
    state: Option<&'a Bound<'py, PyString>>,
    snapshot_policy: Option<&'a Bound<'py, PyString>>,
}

impl<'a, 'py> PatchArgs<'a, 'py> {
    /// # Errors
    /// `TypeError` if a text is not a `str`.
    pub(crate) fn new(
        size_bytes: Option<&'a Bound<'py, PyAny>>,
        junction_path: Option<&'a Bound<'py, PyAny>>,
        export_policy: Option<&'a Bound<'py, PyAny>>,
        name: Option<&'a Bound<'py, PyAny>>,
        state: Option<&'a Bound<'py, PyAny>>,
        snapshot_policy: Option<&'a Bound<'py, PyAny>>,
    ) -> Result<Self> {
        Ok(Self {
            size_bytes,
            junction_path: optional_string("junction_path", junction_path)?,
            export_policy: optional_string("export_policy", export_policy)?,
            name: optional_string("name", name)?,
            state: optional_string("state", state)?,
            snapshot_policy: optional_string("snapshot_policy", snapshot_policy)?,
        })
    }
}

impl<'a> PatchArgs<'a, '_> {
    /// The snapshot policy, if one is given and is not to be removed.
    pub(crate) fn snapshot_policy(&self) -> Option<Cow<'a, str>> {
        self.snapshot_policy.map(name).filter(|policy| !policy.is_empty())
    }
}

/// Reads a patch. An `Error::Backend` may be raised only if the volume exists.
pub(crate) fn patch(args: &PatchArgs<'_, '_>) -> Result<VolumePatch> {
    let mut patch = VolumePatch::new();
    patch.snapshot_policy = args.snapshot_policy.map(|policy| name(policy).into_owned());
    if let Some(size) = args.size_bytes {
        patch.size_bytes = Some(self::size(size)?);
    }
    if let Some(path) = args.junction_path {
        patch.junction_path = Some(text("junction_path", path)?.to_owned());
    }
    if let Some(policy) = args.export_policy {
        patch.export_policy = Some(text("export_policy", policy)?.to_owned());
    }
    patch.name = args.name.map(|value| name(value).into_owned());
    patch.state = args.state.map(|state| state.to_string_lossy().parse()).transpose()?;
    Ok(patch)
}

/// Reads text that is valid UTF-8.
pub(crate) fn text<'a>(argument: &'static str, value: &'a Bound<'_, PyString>) -> Result<&'a str> {
    value.to_str().map_err(|_| {
        let rule = "has a lone surrogate";
        BackendError::invalid(argument, &value.to_string_lossy(), rule).into()
    })
}

/// Reads a quota; the backend refuses 0.
pub(crate) fn size(value: &Bound<'_, PyAny>) -> Result<u64> {
    unsigned(SIZE, rules::SIZE_BYTES, value)
}

pub(crate) const SIZE: &str = "size_bytes";

/// Reads a seed.
pub(crate) fn seed(value: &Bound<'_, PyAny>) -> Result<u64> {
    unsigned("seed", "is outside 0 to 2^64-1", value)
}

/// Reads a number of bytes from 0 to 2^64-1.
pub(crate) fn bytes(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<u64> {
    unsigned(argument, BYTES, value)
}

/// The rule of a number of bytes.
const BYTES: &str = "is outside 0 to 2^64-1";

/// Reads an integer from 0 to 2^64-1. `rule` is the message if it is out of range.
pub(crate) fn unsigned(
    argument: &'static str,
    rule: &str,
    value: &Bound<'_, PyAny>,
) -> Result<u64> {
    // Python reads signed integers much faster, and few values are too large for one.
    if let Ok(int) = value.cast_exact::<PyInt>()
        && let Ok(small) = int.extract::<i64>()
        && let Ok(small) = u64::try_from(small)
    {
        return Ok(small);
    }
    integer(argument, "an int", rule, value)
}

/// Reads an integer, or an object with `__index__`. `rule` is the message if it is out of range.
pub(crate) fn integer<'py, T>(
    argument: &'static str,
    expected: &str,
    rule: &str,
    value: &Bound<'py, PyAny>,
) -> Result<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    if value.cast_exact::<PyInt>().is_err() && value.cast::<PyBool>().is_ok() {
        return Err(wrong_type(argument, expected, value));
    }
    // The `__index__` of another type may run Python code.
    let _calling = Calling::python(value.py());
    value.extract::<T>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            let reason = format!("{} {rule}", shown(value));
            BackendError::InvalidArgument { argument: argument.into(), reason }.into()
        } else if error.is_instance_of::<PyTypeError>(value.py()) {
            wrong_type(argument, expected, value)
        } else {
            Error::Python(error)
        }
    })
}

/// A number for a message. A long one is shown as its number of bits.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    if let Ok(bits) = value.call_method0("bit_length").and_then(|bits| bits.extract::<u64>())
        && bits > 256
    {
        return format!("an integer of {bits} bits");
    }
    match value.str() {
        Ok(text) if text.len().is_ok_and(|length| length <= 80) => text.to_string(),
        _ => "the number".into(),
    }
}

pub(crate) fn wrong_type(argument: &str, expected: &str, value: &Bound<'_, PyAny>) -> Error {
    let found = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    let hint = match expected {
        "an int" => size_hint(value),
        IDENTIFIER => record_hint(value),
        _ => None,
    };
    let hint = hint.unwrap_or_default();
    PyTypeError::new_err(format!("{argument} must be {expected}, not {found}{hint}")).into()
}

/// What to pass in place of a record.
fn record_hint(value: &Bound<'_, PyAny>) -> Option<String> {
    let record = value.cast::<PyDict>().ok()?;
    record.contains("uuid").ok()?.then(|| "; pass its key \"uuid\"".to_owned())
}

/// How to write a size that was given as text with a unit, such as `"50GiB"`, `"50 GB"` or `"50g"`.
/// These are equal in ONTAP.
fn size_hint(value: &Bound<'_, PyAny>) -> Option<String> {
    let text = value.cast::<PyString>().ok()?.to_str().ok()?;
    let digits = text.find(|c: char| !c.is_ascii_digit()).filter(|digits| (1..16).contains(digits));
    let (number, unit) = text.split_at_checked(digits?)?;
    let unit = unit.trim_start().to_ascii_uppercase();
    let letter = unit.strip_suffix('B').unwrap_or(&unit);
    let letter = letter.strip_suffix('I').unwrap_or(letter);
    let power = ["K", "M", "G", "T", "P", "E"].iter().position(|other| *other == letter)?;
    Some(format!("; write {text:?} as {number} * 2**{}", (power + 1) * 10))
}
