//! Which page of a collection a request asks for.

use crate::Value;

/// Which part of a collection is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paging {
    /// How many records at most: `max_records`.
    pub max_records: Option<usize>,
    /// How many records to leave out at the start: `offset`.
    pub offset: usize,
    /// Where the page before ended, from the `start.*` parameters that its `next` link gave: the
    /// values of its last record, in the fields that the collection is ordered by.
    pub(crate) start: Option<Vec<Value<'static>>>,
}

impl Paging {
    /// Whether a page is wanted that follows another one.
    #[must_use]
    pub const fn continues(&self) -> bool {
        self.start.is_some()
    }
}
