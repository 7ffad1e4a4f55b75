//! The page of a collection that a request selects.

use crate::FieldValue;

/// The part of a collection that a request selects.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Paging {
    /// The maximum number of records: `max_records`.
    pub max_records: Option<usize>,
    /// The number of records to skip: `offset`.
    pub offset: usize,
    /// Where the previous page ended: the values of its last record in the fields that the
    /// collection is ordered by. From the `start.*` parameters of its `next` link.
    pub(crate) start: Option<Vec<FieldValue<'static>>>,
}

impl Paging {
    /// Whether the request follows the `next` link of another page.
    #[must_use]
    pub const fn continues(&self) -> bool {
        self.start.is_some()
    }
}
