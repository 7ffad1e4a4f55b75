//! The class `EventLog`.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use nessie_backend_core::BackendError;
use nessie_backend_faults::{Event, EventLog as Log, Hooks, event_json};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PyTuple};

use crate::args::scalars;
use crate::arrow::export;
use crate::backend::files;
use crate::errors::Result;
use crate::runtime::{fork, interrupt};

use super::values;

/// A log of what happened to a backend.
///
/// `events()` opens one. It records each operation that has changed something
/// or was refused, until it is closed, its `with` ends, or it is dropped. An
/// event is a dict; its keys are in `nessie_backend_mem.records.Event`. Events
/// are numbered from 0 and have the order in which the operations took effect.
///
/// ``len(log)``, ``log[i]`` and iteration work as on a list of the events that
/// the log keeps. ``pyarrow.table(log)`` and other libraries that read Arrow
/// get a row for each event; arguments and results are JSON there.
///
/// Example:
///     >>> from nessie_backend_mem import MemBackend
///     >>> backend = MemBackend(seed=1)
///     >>> with backend.events() as log:
///     ...     volume = backend.create_volume("db")
///     >>> log[0]["operation"], log[0]["arguments"]
///     ('create_volume', {'name': 'db'})
#[pyclass(frozen, sequence, weakref, module = "nessie_backend_mem.events")]
pub(crate) struct EventLog {
    log: Log,
}

impl EventLog {
    /// Opens a log of a backend.
    pub(crate) fn open(hooks: &Hooks, keep: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let keep = keep.map(bound).transpose()?;
        Ok(Self { log: hooks.open_log(keep) })
    }
}

fn bound(keep: &Bound<'_, PyAny>) -> Result<NonZeroUsize> {
    const RULE: &str = "is outside 1 to 2^64-1; None keeps all events";
    let number = scalars::unsigned("keep", RULE, keep)?;
    let number = usize::try_from(number).ok().and_then(NonZeroUsize::new);
    let reason = || format!("0 {RULE}");
    number.ok_or_else(|| {
        BackendError::InvalidArgument { argument: "keep".into(), reason: reason() }.into()
    })
}

#[pymethods]
impl EventLog {
    fn __len__(&self) -> usize {
        self.log.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyDict>> {
        let place = if index < 0 { index + self.log.len().cast_signed() } else { index };
        let found = usize::try_from(place).ok().and_then(|place| self.log.get(place));
        let (seq, event) = found.ok_or_else(|| {
            let len = self.log.len();
            PyIndexError::new_err(format!("index {index} is out of range for {len} events"))
        })?;
        values::event(py, seq, &event)
    }

    fn __iter__(&self) -> EventIterator {
        EventIterator { log: self.log.clone(), next: AtomicU64::new(0) }
    }

    /// The number of events that the log does not keep any more.
    #[getter]
    fn lost(&self) -> u64 {
        self.log.lost()
    }

    /// The maximum number of events that the log keeps; None keeps all.
    #[getter]
    fn keep(&self) -> Option<usize> {
        self.log.keep().map(NonZeroUsize::get)
    }

    /// Whether the log records events.
    #[getter]
    fn is_open(&self) -> bool {
        self.log.is_open()
    }

    /// End the recording. The events stay.
    ///
    /// A second call has no effect.
    fn close(&self) {
        self.log.close();
    }

    /// Return the events from a number on.
    ///
    /// Args:
    ///     seq (int): The number of the first event, such as the last "seq"
    ///         that was read, plus 1.
    ///
    /// Returns:
    ///     list[Event]: The events that the log keeps.
    fn since<'py>(&self, seq: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        let py = seq.py();
        let seq = scalars::unsigned("seq", "is outside 0 to 2^64-1", seq)?;
        let events = self.log.since(seq).into_iter();
        Ok(interrupt::list(py, events, |(seq, event)| values::event(py, seq, &event))?)
    }

    /// Return the events of some operations and objects.
    ///
    /// Args:
    ///     operation (str): Pattern of the operation's name, with * and ?.
    ///     name (str): Pattern of a name or uuid in the arguments or the result.
    ///
    /// Returns:
    ///     list[Event]: The events that match both.
    #[pyo3(name = "where", signature = (*, operation=None, name=None))]
    fn where_<'py>(
        &self,
        py: Python<'py>,
        operation: Option<&Bound<'py, PyAny>>,
        name: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyList>> {
        let operation = scalars::optional_string("operation", operation)?.map(scalars::name);
        let name = scalars::optional_string("name", name)?.map(scalars::name);
        let events =
            self.log.matching(operation.as_deref().unwrap_or("*"), name.as_deref().unwrap_or("*"));
        let events = events.into_iter();
        Ok(interrupt::list(py, events, |(seq, event)| values::event(py, seq, &event))?)
    }

    /// Write the events as lines of JSON, after a line with their number.
    ///
    /// Args:
    ///     path_or_file (str | os.PathLike | BinaryIO): A path, whose file is
    ///         replaced as a whole, or a binary file.
    ///
    /// Raises:
    ///     OSError: The file cannot be written.
    fn write(&self, path_or_file: &Bound<'_, PyAny>) -> Result<()> {
        let text = fork::detached(path_or_file.py(), || {
            let mut text = Vec::new();
            self.log.write(&mut text).map(|_| text)
        });
        files::write_bytes(path_or_file, &text.map_err(PyErr::from)?)
    }

    /// Read a log that `write()` has written. It is closed.
    ///
    /// Args:
    ///     path_or_file (str | os.PathLike | BinaryIO): A path or a binary file.
    ///
    /// Returns:
    ///     EventLog: The log.
    ///
    /// Raises:
    ///     ValueError: The text is not a whole log. The message has the line.
    ///     OSError: The file cannot be read.
    #[staticmethod]
    fn read(path_or_file: &Bound<'_, PyAny>) -> Result<Self> {
        let text = files::read_bytes(path_or_file)?;
        let read = path_or_file.py().detach(move || Log::read(text.as_slice()));
        let log = read.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { log })
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_details))]
    fn __exit__(&self, _details: &Bound<'_, PyTuple>) {
        self.close();
    }

    fn __repr__(&self) -> String {
        let keep = self.keep().map_or_else(String::new, |keep| format!(", keep={keep}"));
        let lost = Some(self.log.lost()).filter(|lost| *lost > 0);
        let lost = lost.map_or_else(String::new, |lost| format!(", lost={lost}"));
        let state = if self.log.is_open() { "open" } else { "closed" };
        format!("<EventLog {state}, events={}{keep}{lost}>", self.log.len())
    }

    /// Return the events as a table, for Arrow.
    ///
    /// Args:
    ///     requested_schema (PyCapsule): Not used; Arrow allows that.
    ///
    /// Returns:
    ///     PyCapsule: An ArrowArrayStream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let events = self.log.since(0);
        let batch = py.detach(move || table(&events)).map_err(export::value_error)?;
        let schema = batch.schema();
        export::stream(py, Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
    }
}

/// The events as columns.
fn table(events: &[(u64, Event)]) -> std::result::Result<RecordBatch, ArrowError> {
    let mut numbers = UInt64Builder::with_capacity(events.len());
    let mut texts: [StringBuilder; COLUMNS.len()] = Default::default();
    for (seq, event) in events {
        numbers.append_value(*seq);
        let [time, operation, arguments, result, error, cause, fault] = &mut texts;
        let (given, identifiers) = event_json(event);
        time.append_value(event.time.to_string());
        operation.append_value(event.operation.kind.name());
        arguments.append_value(given);
        result.append_option(identifiers);
        error.append_option(event.error.as_deref());
        cause.append_value(event.cause.word());
        fault.append_option(event.fault.map(nessie_backend_faults::When::word));
    }
    let mut fields = vec![Field::new("seq", DataType::UInt64, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(numbers.finish())];
    for ((name, is_nullable), mut text) in COLUMNS.into_iter().zip(texts) {
        fields.push(Field::new(name, DataType::Utf8, is_nullable));
        columns.push(Arc::new(text.finish()));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The columns of text, and whether they can be null.
const COLUMNS: [(&str, bool); 7] = [
    ("time", false),
    ("operation", false),
    ("arguments", false),
    ("result", true),
    ("error", true),
    ("cause", false),
    ("fault", true),
];

/// Yields the events of a log, also those that come later.
#[pyclass(frozen, module = "nessie_backend_mem._core")]
struct EventIterator {
    log: Log,
    next: AtomicU64,
}

#[pymethods]
impl EventIterator {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let Some((seq, event)) = self.log.first_since(next) else { return Ok(None) };
            // Of several threads, one gets the event.
            match self.next.compare_exchange(next, seq + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return values::event(py, seq, &event).map(Some),
                Err(now) => next = now,
            }
        }
    }
}
