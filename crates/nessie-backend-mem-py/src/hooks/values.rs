//! Arguments and results of Python as the values of events, and back.

use nessie_backend_core::{SnapshotId, Uuid, VolumeId};
use nessie_backend_faults::{Event, Operation, OperationKind, Role, Value};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyIterator, PyList, PyString, PyTuple};

use crate::args::columns::Column;
use crate::args::limits::MAX_ITEMS;
use crate::args::{scalars, time};
use crate::results::records::uuid_text;
use crate::results::table::Table;
use crate::results::uuids::Uuids;
use crate::runtime::interrupt::{self, Items};

/// An argument as Python passes it.
pub(crate) type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// The operation of a call. Its arguments are in the order of
/// [`parameters`](OperationKind::parameters).
pub(crate) fn operation(kind: OperationKind, given: &[Given<'_, '_>]) -> PyResult<Operation> {
    let count = given.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let parameters = kind.roles().iter().zip(kind.parameters());
    let mut values = Vec::with_capacity(count);
    for ((role, name), value) in parameters.zip(given).take(count) {
        values.push(match value {
            Some(value) => argument(*role, name, value)?,
            None => Value::Null,
        });
    }
    Ok(Operation::new(kind, values))
}

/// The same argument, so that it can be read twice: the items of an iterator as a list.
pub(crate) fn reusable<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if value.cast::<PyIterator>().is_err() {
        return Ok(value.clone());
    }
    let list = PyList::empty(value.py());
    // One more than a call accepts, so that the call refuses the list.
    for (index, item) in Items::of(value)?.take(MAX_ITEMS + 1).enumerate() {
        list.append(item?)?;
        interrupt::check(value.py(), index + 1)?;
    }
    Ok(list.into_any())
}

fn argument(role: Role, name: &'static str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(scalar) = scalar(role, value) {
        return Ok(scalar);
    }
    if let Ok(uuids) = value.cast::<Uuids>() {
        return Ok(Value::Uuids(uuids.get().as_slice().into()));
    }
    if let Ok(table) = value.cast::<Table>() {
        return Ok(table_ids(table.get(), value.py()));
    }
    if let Ok(record) = value.cast::<PyDict>() {
        return map(record);
    }
    if let Some(values) = column(role, name, value) {
        return Ok(values);
    }
    list(role, value)
}

/// A single value; `None` for a collection.
fn scalar(role: Role, value: &Bound<'_, PyAny>) -> Option<Value> {
    // Most arguments are of these types.
    if let Ok(text) = value.cast::<PyString>() {
        if matches!(role, Role::Volume | Role::Snapshot)
            && let Some(uuid) = scalars::uuid(value)
        {
            return Some(uuid.into());
        }
        return Some((&*text.to_string_lossy()).into());
    }
    if value.cast_exact::<PyInt>().is_ok() {
        return Some(integer(value));
    }
    if value.is_none() {
        return Some(Value::Null);
    }
    if let Ok(truth) = value.cast::<PyBool>() {
        return Some(truth.is_true().into());
    }
    if value.is_instance_of::<PyInt>() {
        return Some(integer(value));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Some(Value::Float(number.value()));
    }
    if let Some(uuid) = scalars::uuid(value) {
        return Some(uuid.into());
    }
    if let Ok(at) = time::instant("time", value) {
        return Some(at.into());
    }
    let seconds = value.call_method0(intern!(value.py(), "total_seconds"));
    seconds.ok()?.extract().ok().map(Value::Float)
}

/// A whole number. One of more than 127 bits is out of the range of every argument, and shown as the
/// nearest that fits.
fn integer(value: &Bound<'_, PyAny>) -> Value {
    if let Ok(small) = value.extract::<i64>() {
        return Value::Integer(small.into());
    }
    let is_negative = value.lt(0).unwrap_or(false);
    let nearest = if is_negative { i128::MIN } else { i128::MAX };
    Value::Integer(value.extract::<i128>().unwrap_or(nearest))
}

fn table_ids(table: &Table, py: Python<'_>) -> Value {
    if let Some(ids) = table.volume_ids(py) {
        return Value::Uuids(ids.into());
    }
    snapshots(table.snapshot_ids(py).unwrap_or_default())
}

fn snapshots(pairs: Vec<(VolumeId, SnapshotId)>) -> Value {
    let pairs = pairs.into_iter();
    Value::Snapshots(pairs.map(|(volume, snapshot)| (volume.uuid(), snapshot.uuid())).collect())
}

/// The values of a column of another library; `None` if it is none, or none that the call can read.
fn column(role: Role, name: &'static str, value: &Bound<'_, PyAny>) -> Option<Value> {
    let py = value.py();
    let column = || Column::of(name, value).ok().flatten();
    let mut values = Vec::new();
    match role {
        Role::Name => column()?.texts(py, |text| {
            values.push(Value::from(text));
            Ok(())
        }),
        Role::Volume | Role::Snapshot => {
            let volumes = column()?.volume_ids(py);
            return match volumes {
                Ok(volumes) => Some(Value::Uuids(volumes.into())),
                Err(_) => Some(Value::Snapshots(column()?.snapshot_ids(py).ok()?.into())),
            };
        }
        _ => column()?.sizes(py, |size| {
            values.push(size.into());
            Ok(())
        }),
    }
    .ok()
    .map(|()| Value::List(values.into()))
}

fn map(record: &Bound<'_, PyDict>) -> PyResult<Value> {
    let mut fields = Vec::with_capacity(record.len());
    // Of a copy: the text of a key can run Python code that changes the dict, and so can another thread.
    for (key, value) in record.copy()?.iter() {
        let key = key.str()?.to_string_lossy().into_owned();
        fields.push((key, argument(Role::Other, "value", &value)?));
    }
    Ok(Value::map(fields))
}

/// The items of an iterable. What cannot be iterated over is of a wrong type, and not recorded.
fn list(role: Role, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let Ok(items) = Items::of(value) else {
        return Ok(value
            .extract::<i64>()
            .map_or(Value::Null, |number| Value::Integer(number.into())));
    };
    let mut values = Vec::new();
    for item in items.take(MAX_ITEMS + 1) {
        values.push(self::item(role, &item?)?);
        interrupt::check(value.py(), values.len())?;
    }
    let ids: Option<Vec<Uuid>> = match role {
        Role::Volume => values
            .iter()
            .map(|value| match value {
                Value::Uuid(uuid) => Some(*uuid),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    Ok(ids.map_or_else(|| Value::List(values.into()), |ids| Value::Uuids(ids.into())))
}

fn item(role: Role, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let (Role::Volume, Ok(record)) = (role, value.cast::<PyDict>()) else {
        return argument(role, "item", value);
    };
    let id = |key: &str| {
        let id = record.get_item(key)?;
        PyResult::Ok(id.and_then(|id| scalar(Role::Volume, &id)).unwrap_or_default())
    };
    let uuid = id("uuid")?;
    match id("volume_uuid")? {
        Value::Null => Ok(uuid),
        volume => Ok(Value::List([volume, uuid].into())),
    }
}

/// The identifiers in what a method of a backend returns.
pub(crate) fn result(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(record) = value.cast::<PyDict>() {
        let uuid = record.get_item("uuid")?;
        return Ok(uuid.and_then(|uuid| scalar(Role::Volume, &uuid)).unwrap_or_default());
    }
    if value.is_instance_of::<Uuids>() || value.is_instance_of::<PyList>() {
        return argument(Role::Volume, "result", value);
    }
    Ok(Value::Null)
}

/// An event as a dict.
pub(crate) fn event<'py>(py: Python<'py>, seq: u64, event: &Event) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "seq"), seq)?;
    dict.set_item(intern!(py, "time"), crate::results::time::text(py, event.time))?;
    dict.set_item(intern!(py, "operation"), event.operation.kind.name())?;
    let arguments = PyDict::new(py);
    for (name, value) in event.operation.arguments() {
        arguments.set_item(name, object(py, value)?)?;
    }
    dict.set_item(intern!(py, "arguments"), arguments)?;
    dict.set_item(intern!(py, "result"), object(py, &event.result)?)?;
    dict.set_item(intern!(py, "error"), event.error.as_deref())?;
    dict.set_item(intern!(py, "cause"), event.cause.word())?;
    if let Some(when) = event.fault {
        dict.set_item(intern!(py, "fault"), when.word())?;
    }
    Ok(dict)
}

fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let text = |uuid: &Uuid| uuid_text(py, &None, *uuid);
    Ok(match value {
        Value::Bool(truth) => PyBool::new(py, *truth).to_owned().into_any(),
        Value::Integer(number) => match i64::try_from(*number) {
            Ok(small) => small.into_pyobject(py)?.into_any(),
            Err(_) => number.into_pyobject(py)?.into_any(),
        },
        Value::Float(number) => PyFloat::new(py, *number).into_any(),
        Value::Text(text) => PyString::new(py, text).into_any(),
        Value::Uuid(uuid) => text(uuid).into_any(),
        Value::Uuids(uuids) => Bound::new(py, Uuids::new(uuids.iter().copied()))?.into_any(),
        Value::Snapshots(pairs) => {
            let pair = |(volume, snapshot): &(Uuid, Uuid)| {
                PyTuple::new(py, [text(volume), text(snapshot)])
            };
            interrupt::list(py, pairs.iter(), pair)?.into_any()
        }
        Value::List(values) => {
            interrupt::list(py, values.iter(), |value| object(py, value))?.into_any()
        }
        Value::Map(fields) => {
            let dict = PyDict::new(py);
            for (key, value) in fields.iter() {
                dict.set_item(&**key, object(py, value)?)?;
            }
            dict.into_any()
        }
        _ => py.None().into_bound(py),
    })
}
