//! Short strings of many records, packed into one allocation per chunk.
//!
//! A `String` in every record would cost an allocation and 24 bytes each; a [`TextRef`] costs four
//! bytes and the text itself. A [`NearText`] keeps a short text in the record, which saves reading
//! it the wait for another place in memory. Space of forgotten texts is reclaimed by
//! [`TextPool::compact`].

/// A field of a record that holds a text, somewhere.
pub(crate) trait TextField: Copy + 'static {
    /// The empty text, which takes no space in any pool.
    const EMPTY: Self;

    fn get<'a>(&'a self, pool: &'a TextPool) -> &'a str;

    /// A field that holds `text`, of at most 2047 bytes.
    fn put(text: &str, pool: &mut TextPool) -> Self;

    /// Where in the pool the text is, if it is there.
    fn in_pool(&self) -> Option<TextRef>;

    /// Notes that the text is somewhere else in the pool.
    fn moved(&mut self, to: TextRef);
}

/// Where a text lies in its pool. Meaningless in any other pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextRef(u32);

impl TextRef {
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

impl TextField for TextRef {
    const EMPTY: Self = Self(0);

    fn get<'a>(&'a self, pool: &'a TextPool) -> &'a str {
        pool.get(*self)
    }

    fn put(text: &str, pool: &mut TextPool) -> Self {
        pool.put(text)
    }

    fn in_pool(&self) -> Option<TextRef> {
        (!self.is_empty()).then_some(*self)
    }

    fn moved(&mut self, to: TextRef) {
        *self = to;
    }
}

/// A text in the record itself while it is short, in the pool otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NearText {
    /// Bytes of the text that are here, or [`Self::FAR`].
    len: u8,
    /// The text, or the [`TextRef`] of it in little-endian order.
    bytes: [u8; Self::ROOM],
}

impl NearText {
    const ROOM: usize = 24;
    const FAR: u8 = u8::MAX;

    fn far(self) -> Option<TextRef> {
        let at = *self.bytes.first_chunk()?;
        (self.len == Self::FAR).then_some(TextRef(u32::from_le_bytes(at)))
    }
}

impl TextField for NearText {
    const EMPTY: Self = Self { len: 0, bytes: [0; Self::ROOM] };

    fn get<'a>(&'a self, pool: &'a TextPool) -> &'a str {
        match self.bytes.get(..usize::from(self.len)) {
            Some(text) => str::from_utf8(text).unwrap_or_default(),
            None => self.far().map_or("", |at| pool.get(at)),
        }
    }

    fn put(text: &str, pool: &mut TextPool) -> Self {
        let mut field = Self::EMPTY;
        if let Some(bytes) = field.bytes.get_mut(..text.len()) {
            bytes.copy_from_slice(text.as_bytes());
            #[expect(clippy::cast_possible_truncation, reason = "at most ROOM")]
            let len = text.len() as u8;
            field.len = len;
        } else {
            field.moved(pool.put(text));
        }
        field
    }

    fn in_pool(&self) -> Option<TextRef> {
        self.far()
    }

    fn moved(&mut self, to: TextRef) {
        self.len = Self::FAR;
        if let Some(at) = self.bytes.first_chunk_mut() {
            *at = to.0.to_le_bytes();
        }
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

    /// Garbage up to here is never worth a compaction.
    const TOLERATED_GARBAGE: usize = 1024;

    fn get(&self, at: TextRef) -> &str {
        let start = at.offset();
        self.text.get(start..start + at.len()).unwrap_or_default()
    }

    fn put(&mut self, text: &str) -> TextRef {
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

    /// Gives up the space of a text that its field will not hold any more.
    pub(crate) fn forget(&mut self, field: impl TextField) {
        self.garbage += field.in_pool().map_or(0, TextRef::len);
    }

    /// Whether more than half of the pool is garbage, and enough of it to be worth the copying.
    pub(crate) fn wants_compaction(&self) -> bool {
        self.garbage > Self::TOLERATED_GARBAGE.max(self.text.len() / 2)
    }

    /// Begins a pool of the live texts alone: [keep](Self::keep) each of them, from this one.
    pub(crate) fn compacted(&self) -> Self {
        let mut kept = Self::default();
        kept.text.reserve_exact(self.text.len() - self.garbage);
        kept
    }

    /// Moves a field's text here from the pool where it is.
    pub(crate) fn keep(&mut self, field: &mut impl TextField, from: &Self) {
        if let Some(at) = field.in_pool() {
            field.moved(self.put(from.get(at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back<F: TextField>(texts: &[&str]) {
        let mut pool = TextPool::default();
        let fields: Vec<F> = texts.iter().map(|text| F::put(text, &mut pool)).collect();
        for (text, field) in texts.iter().zip(fields) {
            assert_eq!(field.get(&pool), *text);
        }
    }

    #[test]
    fn a_text_is_read_back_as_it_was_put() {
        let long = "x".repeat(TextRef::MAX_LEN);
        let edge = "y".repeat(NearText::ROOM);
        let texts = ["a", "", "é", &edge, &long[..=NearText::ROOM], &long];
        read_back::<TextRef>(&texts);
        read_back::<NearText>(&texts);
    }

    fn churn<F: TextField>() {
        let mut pool = TextPool::default();
        let text = |i: usize| format!("text-{i}-{}", "z".repeat(i % 50));
        let mut live: Vec<F> = (0..100).map(|i| F::put(&text(i), &mut pool)).collect();
        for round in 0..10_000 {
            let field = &mut live[round % 100];
            pool.forget(*field);
            *field = F::put(&text(round), &mut pool);
            if pool.wants_compaction() {
                let mut kept = pool.compacted();
                for field in &mut live {
                    kept.keep(field, &pool);
                }
                pool = kept;
            }
            assert!(pool.text.capacity() < 20_000, "{}", pool.text.capacity());
        }
        assert_eq!(live[99].get(&pool), text(9999));
        assert_eq!(live[0].get(&pool), text(9900));
    }

    #[test]
    fn churn_does_not_grow_a_pool_without_bound() {
        churn::<TextRef>();
        churn::<NearText>();
    }
}
