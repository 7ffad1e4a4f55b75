//! Pages of a collection.

use crate::Query;

/// One page of a collection, and the start of the next page.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<R> {
    /// The records of this page in order.
    pub records: Vec<R>,
    /// The `start.*` parameters of the next page. `None` on the last page.
    pub next: Option<Vec<(String, String)>>,
}

impl<R> Page<R> {
    /// The page of `records` that `query` selects. `records` are the matching records in any order.
    ///
    /// A page starts after the values of the previous page's last record. So if records are created
    /// or deleted between two pages, no other record is repeated or skipped.
    #[must_use]
    pub fn of(mut records: Vec<R>, query: &Query<R>) -> Self {
        let Query { order, paging, .. } = query;
        if let Some(start) = &paging.start {
            records.retain(|record| order.compare_with(record, start).is_gt());
        }
        let end = paging.max_records.map_or(usize::MAX, |max| max.saturating_add(paging.offset));
        let more = end < records.len();
        if more {
            records.select_nth_unstable_by(end, |left, right| order.compare(left, right));
            records.truncate(end);
        }
        records.sort_by(|left, right| order.compare(left, right));
        records.drain(..paging.offset.min(records.len()));
        let next = if more { records.last().map(|last| order.start_after(last)) } else { None };
        Self { records, next }
    }
}
