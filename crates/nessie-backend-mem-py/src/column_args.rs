//! Columns of other libraries as arguments of bulk calls, read without an object for each item.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArrayType, downcast_integer_array};
use arrow_schema::DataType;
use nessie_backend_core::{BackendError, Uuid, rules};
use nessie_backend_mem::BulkError;
use pyo3::exceptions::{
    PyImportError, PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3_arrow::ffi::ArrayReader;
use pyo3_arrow::input::AnyArray;

use crate::asked::UUID_BYTES;
use crate::errors::{Error, Result};
use crate::exit::Calling;

/// An argument that is a column.
pub(crate) struct Column {
    argument: &'static str,
    chunks: Box<dyn ArrayReader + Send>,
}

/// An item of a column of identifiers.
pub(crate) enum IdItem<'a> {
    Text(&'a str),
    Uuid(Uuid),
}

impl Column {
    /// The column that a value is, if it has the Arrow `PyCapsule` interface. What says that it has,
    /// and then cannot be read that way, is like everything else that can be iterated over: a
    /// pandas series without pyarrow, or one of mixed objects.
    pub(crate) fn of(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Option<Self>> {
        let py = value.py();
        let class = value.get_type();
        if !class.hasattr("__arrow_c_array__")? && !class.hasattr("__arrow_c_stream__")? {
            return Ok(None);
        }
        let _calling = Calling::python(py);
        match value.extract::<AnyArray>().and_then(AnyArray::into_reader) {
            Ok(chunks) => Ok(Some(Self { argument, chunks })),
            Err(error)
                if error.is_instance_of::<PyImportError>(py)
                    || error.is_instance_of::<PyNotImplementedError>(py)
                    || error.is_instance_of::<PyTypeError>(py)
                    || error.is_instance_of::<PyValueError>(py) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Calls `each` with every text, while other Python threads run.
    pub(crate) fn texts(
        self,
        py: Python<'_>,
        mut each: impl FnMut(&str) -> Result<()> + Send,
    ) -> Result<()> {
        let argument = self.argument;
        self.expect_type("str", is_text)?;
        self.each_chunk(py, |chunk, index| {
            each_text(chunk, &mut |text| {
                let text = text.ok_or_else(|| missing(argument, *index, "a str"))?;
                *index += 1;
                each(text)
            })
        })
    }

    /// Calls `each` with every identifier: text, or 16 bytes.
    pub(crate) fn ids(
        self,
        py: Python<'_>,
        mut each: impl FnMut(IdItem<'_>) -> Result<()> + Send,
    ) -> Result<()> {
        const EXPECTED: &str = "a str or uuid.UUID";
        let argument = self.argument;
        let are_bytes = |kind: &DataType| *kind == DataType::FixedSizeBinary(UUID_BYTES);
        self.expect_type("str or uuid.UUID", |kind| is_text(kind) || are_bytes(kind))?;
        self.each_chunk(py, |chunk, index| {
            let mut each = |item: Option<IdItem<'_>>| {
                let item = item.ok_or_else(|| missing(argument, *index, EXPECTED))?;
                *index += 1;
                each(item)
            };
            if !are_bytes(chunk.data_type()) {
                return each_text(chunk, &mut |text| each(text.map(IdItem::Text)));
            }
            for bytes in chunk.as_fixed_size_binary() {
                let uuid = bytes.and_then(|bytes| Uuid::from_slice(bytes).ok());
                each(uuid.map(IdItem::Uuid))?;
            }
            Ok(())
        })
    }

    /// Calls `each` with every number from 0 to 2^64-1, `None` where there is none.
    pub(crate) fn sizes(
        self,
        py: Python<'_>,
        mut each: impl FnMut(Option<u64>) -> Result<()> + Send,
    ) -> Result<()> {
        let argument = self.argument;
        self.expect_type("int", |kind| kind.is_integer() || *kind == DataType::Null)?;
        self.each_chunk(py, |chunk, index| {
            let chunk = &**chunk;
            downcast_integer_array!(
                chunk => for size in chunk {
                    let unsigned = size.map(|size| {
                        u64::try_from(i128::from(size)).map_err(|_| {
                            let reason = format!("{size} {}", rules::SIZE_BYTES);
                            let argument = argument.into();
                            BulkError::at(*index, BackendError::InvalidArgument { argument, reason })
                        })
                    });
                    *index += 1;
                    each(unsigned.transpose()?)?;
                },
                _ => for _ in 0..chunk.len() {
                    each(None)?;
                }
            );
            Ok(())
        })
    }

    /// Refuses a column of another type, and a table.
    fn expect_type(&self, items: &str, is_good: impl Fn(&DataType) -> bool) -> Result<()> {
        let field = self.chunks.field();
        let found = match field.data_type() {
            kind if is_good(kind) => return Ok(()),
            DataType::Struct(_) => "a table".into(),
            kind => format!("a column of {kind}"),
        };
        let message = format!("{} must be an iterable of {items}, not {found}", self.argument);
        Err(PyTypeError::new_err(message).into())
    }

    /// Calls `read` with every chunk and the number of items before it, which it moves on.
    fn each_chunk(
        self,
        py: Python<'_>,
        mut read: impl FnMut(&ArrayRef, &mut usize) -> Result<()> + Send,
    ) -> Result<()> {
        let Self { argument, mut chunks } = self;
        let mut index = 0;
        loop {
            let more = py.detach(|| {
                let Some(chunk) = chunks.next() else { return Ok(false) };
                let broken =
                    |error| PyRuntimeError::new_err(format!("{argument} cannot be read: {error}"));
                let chunk = chunk.map_err(broken)?;
                if chunk.is_empty() {
                    // Of an empty part of a column, others need not lend the texts.
                    return Ok(true);
                }
                // Others made it, and text that is no UTF-8 must not get further than here.
                chunk.to_data().validate_full().map_err(|error| {
                    let reason = format!("is a broken column: {error}");
                    BackendError::InvalidArgument { argument: argument.into(), reason }
                })?;
                read(&chunk, &mut index)?;
                Ok::<_, Error>(true)
            })?;
            if !more {
                return Ok(());
            }
            py.check_signals()?;
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Dictionary(_, words) => is_text(words),
        _ => false,
    }
}

/// Calls `each` with every text of an array for which [`is_text`], in whatever way it is kept.
fn each_text(array: &ArrayRef, each: &mut dyn FnMut(Option<&str>) -> Result<()>) -> Result<()> {
    fn all<'a>(
        texts: &impl StringArrayType<'a>,
        each: &mut dyn FnMut(Option<&str>) -> Result<()>,
    ) -> Result<()> {
        texts.iter().try_for_each(each)
    }
    match array.data_type() {
        DataType::Utf8 => all(&array.as_string::<i32>(), each),
        DataType::LargeUtf8 => all(&array.as_string::<i64>(), each),
        DataType::Utf8View => all(&array.as_string_view(), each),
        DataType::Dictionary(..) => {
            let coded = array.as_any_dictionary();
            let mut words: Vec<Option<String>> = Vec::new();
            each_text(coded.values(), &mut |word| {
                words.push(word.map(str::to_owned));
                Ok(())
            })?;
            let places =
                if words.is_empty() { vec![0; coded.len()] } else { coded.normalized_keys() };
            for (at, place) in places.into_iter().enumerate() {
                let word = words.get(place).and_then(Option::as_deref);
                each(word.filter(|_| coded.keys().is_valid(at)))?;
            }
            Ok(())
        }
        _ => (0..array.len()).try_for_each(|_| each(None)),
    }
}

/// What stands for no value cannot be an item.
fn missing(argument: &str, index: usize, expected: &str) -> Error {
    PyTypeError::new_err(format!("{argument}[{index}] must be {expected}, not NoneType")).into()
}
