//! Arguments of bulk calls: many names, identifiers or sizes.

use nessie_backend_core::{BackendError, VolumeId};
use nessie_backend_mem::BulkError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyString};

use crate::args;
use crate::errors::{Error, Result};
use crate::uuids::Uuids;

/// No batch is larger: what keeps an iterator without an end from filling the memory.
const MOST_ITEMS: usize = 1 << 27;

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
        for item in items(argument, "str", value)? {
            let item = item?;
            let Ok(name) = item.cast::<PyString>() else {
                return Err(wrong_item(argument, names.ends.len(), "a str", &item));
            };
            names.text.push_str(&args::name(name));
            names.ends.push(names.text.len());
            bound(argument, names.ends.len())?;
        }
        Ok(names)
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
pub(crate) fn volume_ids(
    argument: &'static str,
    value: &Bound<'_, PyAny>,
) -> Result<Vec<VolumeId>> {
    if let Ok(uuids) = value.cast::<Uuids>() {
        return Ok(uuids.get().as_slice().iter().copied().map(VolumeId::from).collect());
    }
    let mut ids: Vec<VolumeId> = Vec::new();
    for item in items(argument, "str or uuid.UUID", value)? {
        let id = args::id::<VolumeId>(argument, &item?).map_err(|error| match error {
            Error::Backend(error) => BulkError::at(ids.len(), error).into(),
            other => other,
        })?;
        ids.push(id.value);
        bound(argument, ids.len())?;
    }
    Ok(ids)
}

/// Quotas: the same for all items, or one for each.
pub(crate) enum Sizes {
    All(Option<u64>),
    Each(Vec<Option<u64>>),
}

impl Sizes {
    /// Reads `size_bytes` for a batch of `count` items.
    pub(crate) fn read(value: Option<&Bound<'_, PyAny>>, count: usize) -> Result<Self> {
        const ARGUMENT: &str = "size_bytes";
        let Some(value) = value else { return Ok(Self::All(None)) };
        let Ok(iterator) = value.try_iter() else {
            return Ok(Self::All(Some(args::unsigned(ARGUMENT, value)?)));
        };
        let mut sizes = Vec::new();
        for item in iterator {
            let item = item?;
            let size = if item.is_none() {
                None
            } else {
                Some(args::unsigned(ARGUMENT, &item).map_err(|error| match error {
                    Error::Backend(error) => BulkError::at(sizes.len(), error).into(),
                    other => other,
                })?)
            };
            sizes.push(size);
            if sizes.len() > count {
                break;
            }
        }
        if sizes.len() == count {
            return Ok(Self::Each(sizes));
        }
        let found = if sizes.len() > count { "more".into() } else { sizes.len().to_string() };
        let reason = format!("has {found} sizes for {count} volumes");
        Err(BackendError::InvalidArgument { argument: ARGUMENT.into(), reason }.into())
    }

    pub(crate) fn get(&self, index: usize) -> Option<u64> {
        match self {
            Self::All(size) => *size,
            Self::Each(sizes) => sizes.get(index).copied().flatten(),
        }
    }
}

fn items<'py>(
    argument: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyIterator>> {
    // A text is a sequence of texts too, and never what was meant.
    let is_text = value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>();
    match value.try_iter() {
        Ok(iterator) if !is_text => Ok(iterator),
        _ => Err(args::wrong_type(argument, &format!("an iterable of {expected}"), value)),
    }
}

fn wrong_item(argument: &str, index: usize, expected: &str, item: &Bound<'_, PyAny>) -> Error {
    args::wrong_type(&format!("{argument}[{index}]"), expected, item)
}

fn bound(argument: &'static str, len: usize) -> Result<()> {
    if len <= MOST_ITEMS {
        return Ok(());
    }
    let reason = format!("has more than {MOST_ITEMS} items");
    Err(BackendError::InvalidArgument { argument: argument.into(), reason }.into())
}
