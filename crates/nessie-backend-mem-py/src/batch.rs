//! Arguments of bulk calls: many names, identifiers or sizes.

use std::str::FromStr;

use nessie_backend_core::{BackendError, VolumeId};
use nessie_backend_mem::BulkError;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::args;
use crate::column_args::{Column, IdItem};
use crate::errors::{Error, Result};
use crate::turn::{self, Items};
use crate::uuids::Uuids;

/// No batch has more items: what keeps an iterator without an end from filling the memory.
const MOST_ITEMS: usize = 1 << 24;
/// Nor do its names take more bytes than this.
const MOST_TEXT: usize = 1 << 30;

/// Names, copied out of Python so that no `str` is touched while the interpreter goes on.
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
            names.push(argument, &args::name(name))?;
            turn::take(value.py(), names.ends.len())?;
        }
        Ok(names)
    }

    fn push(&mut self, argument: &'static str, name: &str) -> Result<()> {
        self.text.push_str(name);
        self.ends.push(self.text.len());
        bound(argument, self.text.len(), MOST_TEXT, "bytes")?;
        bound(argument, self.ends.len(), MOST_ITEMS, "items")
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

/// Reads identifiers of volumes. Those of a [`Uuids`] are taken as they are.
pub(crate) fn volume_ids(argument: &'static str, value: &Bound<'_, PyAny>) -> Result<Uuids> {
    if let Ok(uuids) = value.cast::<Uuids>() {
        return Ok(uuids.get().clone());
    }
    let mut ids = Vec::new();
    if let Some(column) = Column::of(argument, value)? {
        column.ids(value.py(), |item| {
            let id = match item {
                IdItem::Uuid(uuid) => uuid,
                IdItem::Text(text) => VolumeId::from_str(text)
                    .map_err(|error| BulkError::at(ids.len(), error.for_argument(argument)))?
                    .uuid(),
            };
            ids.push(id);
            bound(argument, ids.len(), MOST_ITEMS, "items")
        })?;
        return Ok(Uuids::new(ids));
    }
    for item in items(argument, "str or uuid.UUID", value)? {
        let item = item?;
        let id = args::id::<VolumeId>(argument, &item)
            .map_err(|error| at(error, argument, ids.len(), "a str or uuid.UUID", &item))?;
        ids.push(id.value.uuid());
        bound(argument, ids.len(), MOST_ITEMS, "items")?;
        turn::take(value.py(), ids.len())?;
    }
    Ok(Uuids::new(ids))
}

/// Quotas: the same for all items, or one for each.
pub(crate) enum Sizes {
    All(Option<u64>),
    Each(Vec<Option<u64>>),
}

impl Sizes {
    const ARGUMENT: &str = args::SIZE;

    /// Reads `size_bytes` for a batch of `count` items.
    pub(crate) fn read(value: Option<&Bound<'_, PyAny>>, count: usize) -> Result<Self> {
        let Some(value) = value else { return Ok(Self::All(None)) };
        let mut sizes = Vec::new();
        if let Some(column) = Column::of(Self::ARGUMENT, value)? {
            column.sizes(value.py(), |size| {
                sizes.push(size);
                bound(Self::ARGUMENT, sizes.len(), MOST_ITEMS, "items")
            })?;
            return Self::each(sizes, count);
        }
        let Some(iterator) = iterator(value)? else {
            return Ok(Self::All(Some(args::size(value)?)));
        };
        for item in iterator {
            let item = item?;
            let size = if item.is_none() {
                None
            } else {
                let size = args::size(&item);
                Some(size.map_err(|error| at(error, Self::ARGUMENT, sizes.len(), "an int", &item))?)
            };
            sizes.push(size);
            turn::take(value.py(), sizes.len())?;
            if sizes.len() > count {
                break;
            }
        }
        Self::each(sizes, count)
    }

    /// One size for each item, if there are so many.
    fn each(sizes: Vec<Option<u64>>, count: usize) -> Result<Self> {
        if sizes.len() == count {
            return Ok(Self::Each(sizes));
        }
        let found = if sizes.len() > count { "more".into() } else { sizes.len().to_string() };
        let reason = format!("has {found} sizes for {count} volumes");
        Err(BackendError::InvalidArgument { argument: Self::ARGUMENT.into(), reason }.into())
    }

    pub(crate) fn get(&self, index: usize) -> Option<u64> {
        match self {
            Self::All(size) => *size,
            Self::Each(sizes) => sizes.get(index).copied().flatten(),
        }
    }
}

fn items<'py>(argument: &str, expected: &str, value: &Bound<'py, PyAny>) -> Result<Items<'py>> {
    iterator(value)?
        .ok_or_else(|| args::wrong_type(argument, &format!("an iterable of {expected}"), value))
}

/// Iterates over a value, if that can be done and makes sense. What it raises itself passes.
fn iterator<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Items<'py>>> {
    // A text is a sequence of texts too, bytes one of numbers, and neither is ever meant.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Ok(None);
    }
    match Items::of(value) {
        Ok(iterator) => Ok(Some(iterator)),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The error of one item, with its place.
fn at(
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

fn wrong_item(argument: &str, index: usize, expected: &str, item: &Bound<'_, PyAny>) -> Error {
    args::wrong_type(&format!("{argument}[{index}]"), expected, item)
}

fn bound(argument: &'static str, len: usize, most: usize, what: &str) -> Result<()> {
    if len <= most {
        return Ok(());
    }
    let reason = format!("has more than {most} {what}");
    Err(BackendError::InvalidArgument { argument: argument.into(), reason }.into())
}
