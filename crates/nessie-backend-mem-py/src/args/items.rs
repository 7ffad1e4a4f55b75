//! Many values in one argument: names and sizes, as an iterable or as a column.

use nessie_backend_core::BackendError;
use nessie_backend_mem::BulkError;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::args::columns::Column;
use crate::args::limits::{self, MAX_ITEMS, MAX_TEXT};
use crate::args::scalars;
use crate::errors::{Error, Result};
use crate::runtime::interrupt::{self, Items};

/// Names, copied from Python, so that they can be read without the interpreter.
#[derive(Default)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<usize>,
}

impl Names {
    pub(crate) fn read(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Self> {
        let mut names = Self::default();
        if let Some(column) = Column::of(argument, value)? {
            column.texts(value.py(), |name| names.push(argument, name))?;
            return Ok(names);
        }
        for item in items(argument, "str", value)? {
            let item = item?;
            let Ok(name) = item.cast::<PyString>() else {
                return Err(wrong_item(argument, names.ends.len(), "a str", &item));
            };
            names.push(argument, &scalars::name(name))?;
            interrupt::check(value.py(), names.ends.len())?;
        }
        Ok(names)
    }

    fn push(&mut self, argument: &'static str, name: &str) -> Result<()> {
        self.text.push_str(name);
        self.ends.push(self.text.len());
        limits::check(argument, self.text.len(), MAX_TEXT, "bytes")?;
        limits::check(argument, self.ends.len(), MAX_ITEMS, "items")
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let name = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            name
        })
    }
}

/// Quotas: the same for all items, or one for each.
pub(crate) enum Sizes {
    All(Option<u64>),
    Each(Vec<Option<u64>>),
}

impl Sizes {
    /// Reads `size_bytes` for a batch of `count` items.
    pub(crate) fn read(value: Option<&Bound<'_, PyAny>>, count: usize) -> Result<Self> {
        let Some(value) = value else { return Ok(Self::All(None)) };
        let argument = scalars::SIZE;
        let mut sizes = Vec::new();
        if let Some(column) = Column::of(argument, value)? {
            column.sizes(value.py(), |size| {
                sizes.push(size);
                limits::check(argument, sizes.len(), MAX_ITEMS, "items")
            })?;
            return Self::each(sizes, count);
        }
        let Some(iterator) = iterator(value)? else {
            return Ok(Self::All(Some(scalars::size(value)?)));
        };
        for item in iterator {
            let item = item?;
            let size = if item.is_none() {
                None
            } else {
                let size = scalars::size(&item);
                Some(size.map_err(|error| at(error, argument, sizes.len(), "an int", &item))?)
            };
            sizes.push(size);
            interrupt::check(value.py(), sizes.len())?;
            if sizes.len() > count {
                break;
            }
        }
        Self::each(sizes, count)
    }

    /// One size for each item, if the numbers are equal.
    fn each(sizes: Vec<Option<u64>>, count: usize) -> Result<Self> {
        check_count(scalars::SIZE, sizes.len(), count)?;
        Ok(Self::Each(sizes))
    }

    pub(crate) fn get(&self, index: usize) -> Option<u64> {
        match self {
            Self::All(size) => *size,
            Self::Each(sizes) => sizes.get(index).copied().flatten(),
        }
    }
}

/// Numbers of bytes: the same for all volumes, or one for each.
pub(crate) enum Bytes {
    All(u64),
    Each(Vec<u64>),
}

impl Bytes {
    /// Reads an argument for a batch of `count` volumes.
    pub(crate) fn read(
        argument: &'static str,
        value: &Bound<'_, PyAny>,
        count: usize,
    ) -> Result<Self> {
        let mut numbers = Vec::new();
        if let Some(column) = Column::of(argument, value)? {
            column.sizes(value.py(), |number| {
                numbers.push(number.ok_or_else(|| missing_number(argument, numbers.len()))?);
                limits::check(argument, numbers.len(), MAX_ITEMS, "items")
            })?;
        } else if let Some(iterator) = iterator(value)? {
            for item in iterator {
                let item = item?;
                let number = scalars::bytes(argument, &item);
                let index = numbers.len();
                numbers.push(number.map_err(|error| at(error, argument, index, "an int", &item))?);
                interrupt::check(value.py(), numbers.len())?;
                if numbers.len() > count {
                    break;
                }
            }
        } else {
            return Ok(Self::All(scalars::bytes(argument, value)?));
        }
        check_count(argument, numbers.len(), count)?;
        Ok(Self::Each(numbers))
    }

    pub(crate) fn get(&self, index: usize) -> u64 {
        match self {
            Self::All(number) => *number,
            Self::Each(numbers) => numbers.get(index).copied().unwrap_or_default(),
        }
    }
}

fn missing_number(argument: &str, index: usize) -> Error {
    PyTypeError::new_err(format!("{argument}[{index}] must be an int, not null")).into()
}

/// Refuses a list that has not one size for each volume.
fn check_count(argument: &'static str, found: usize, count: usize) -> Result<()> {
    if found == count {
        return Ok(());
    }
    let found = if found > count { "more".into() } else { found.to_string() };
    let reason = format!("has {found} sizes for {count} volumes");
    Err(BackendError::InvalidArgument { argument: argument.into(), reason }.into())
}

pub(crate) fn items<'py>(
    argument: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
) -> Result<Items<'py>> {
    // A record is iterable too, over its keys.
    let is_one = match value.cast::<PyDict>() {
        Ok(dict) => dict.contains(intern!(value.py(), "uuid"))?,
        Err(_) => false,
    };
    if let Some(iterator) = iterator(value)?.filter(|_| !is_one) {
        return Ok(iterator);
    }
    let found = value.get_type().name()?.to_string();
    let fix = match found.as_str() {
        "str" | "UUID" | "dict" => "; put a single one into a list",
        _ => "",
    };
    let message = format!("{argument} must be an iterable of {expected}, not {found}{fix}");
    Err(PyTypeError::new_err(message).into())
}

/// Iterates over a value. `None` if it is not iterable, or is text or bytes. Other exceptions of its
/// `__iter__` are returned.
fn iterator<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Items<'py>>> {
    // Text and bytes are sequences too, but never of names or sizes.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Ok(None);
    }
    match Items::of(value) {
        Ok(iterator) => Ok(Some(iterator)),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The error of one item, with its index.
pub(crate) fn at(
    error: Error,
    argument: &str,
    index: usize,
    expected: &str,
    item: &Bound<'_, PyAny>,
) -> Error {
    match error {
        Error::Backend(error) => BulkError::at(index, error).into(),
        Error::Python(error) if error.is_instance_of::<PyTypeError>(item.py()) => {
            wrong_item(argument, index, expected, item)
        }
        other => other,
    }
}

pub(crate) fn wrong_item(
    argument: &str,
    index: usize,
    expected: &str,
    item: &Bound<'_, PyAny>,
) -> Error {
    scalars::wrong_type(&format!("{argument}[{index}]"), expected, item)
}
