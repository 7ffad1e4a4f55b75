//! Short strings of many records, packed into one allocation per chunk.
//!
//! A `String` in every record would cost an allocation and 24 bytes each; a [`TextRef`] costs four
//! bytes and the text itself. Space of forgotten texts is reclaimed by compaction.

/// The position of a text in its pool. Meaningless in any other pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextRef(u32);

impl TextRef {
    /// The empty text, which uses no space in any pool.
    pub(crate) const EMPTY: Self = Self(0);

    const LEN_BITS: u32 = 11;
    const MAX_LEN: usize = (1 << Self::LEN_BITS) - 1;
    const MAX_OFFSET: usize = (1 << (u32::BITS - Self::LEN_BITS)) - 1;

    fn new(offset: usize, len: usize) -> Self {
        debug_assert!(len <= Self::MAX_LEN && offset <= Self::MAX_OFFSET, "{offset} {len}");
        #[expect(clippy::cast_possible_truncation, reason = "both are within their bits")]
        Self((offset as u32) << Self::LEN_BITS | len as u32)
    }

    const fn offset(self) -> usize {
        (self.0 >> Self::LEN_BITS) as usize
    }

    const fn len(self) -> usize {
        self.0 as usize & Self::MAX_LEN
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The texts of one chunk of records.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextPool {
    text: String,
    garbage: usize,
}

impl TextPool {
    /// An empty pool with room for as much as `other` holds.
    pub(crate) fn like(other: &Self) -> Self {
        let mut pool = Self::default();
        pool.text.reserve_exact(other.text.len());
        pool
    }

    /// Garbage up to here is never worth a compaction: a quarter of the text of 512 records with
    /// names of 16 bytes.
    const TOLERATED_GARBAGE: usize = 2048;

    pub(crate) fn get(&self, at: TextRef) -> &str {
        let start = at.offset();
        self.text.get(start..start + at.len()).unwrap_or_default()
    }

    /// Keeps a text, of at most 2047 bytes.
    pub(crate) fn put(&mut self, text: &str) -> TextRef {
        if text.is_empty() {
            return TextRef::EMPTY;
        }
        let offset = self.text.len();
        if self.text.capacity() - offset < text.len() {
            // A little at a time: doubling would leave a third of all pools empty.
            self.text.reserve_exact(text.len().max(offset / 8));
        }
        self.text.push_str(text);
        TextRef::new(offset, text.len())
    }

    /// Releases the space of a text.
    pub(crate) const fn forget(&mut self, at: TextRef) {
        self.garbage += at.len();
    }

    /// Whether more than half of the pool is garbage, and enough of it to be worth the copying.
    pub(crate) fn wants_compaction(&self) -> bool {
        self.garbage > Self::TOLERATED_GARBAGE.max(self.text.len() / 2)
    }

    /// Begins a pool of the live texts alone, which are to be put there one by one.
    pub(crate) fn compacted(&self) -> Self {
        let mut kept = Self::default();
        kept.text.reserve_exact(self.text.len() - self.garbage);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_as_it_was_put() {
        let long = "x".repeat(TextRef::MAX_LEN);
        let texts = ["a", "", "é", &long];
        let mut pool = TextPool::default();
        let places = texts.map(|text| pool.put(text));
        assert_eq!(places.map(|at| pool.get(at)), texts);
    }

    #[test]
    fn churn_does_not_grow_a_pool_without_bound() {
        let mut pool = TextPool::default();
        let text = |i: usize| format!("text-{i}-{}", "z".repeat(i % 50));
        let mut live: Vec<TextRef> = (0..100).map(|i| pool.put(&text(i))).collect();
        for round in 0..10_000 {
            let place = &mut live[round % 100];
            pool.forget(*place);
            *place = pool.put(&text(round));
            if pool.wants_compaction() {
                let mut kept = pool.compacted();
                for place in &mut live {
                    *place = kept.put(pool.get(*place));
                }
                pool = kept;
            }
            assert!(pool.text.capacity() < 20_000, "{}", pool.text.capacity());
        }
        assert_eq!(pool.get(live[99]), text(9999));
        assert_eq!(pool.get(live[0]), text(9900));
    }
}
