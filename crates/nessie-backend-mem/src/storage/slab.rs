//! Records in numbered slots, kept in chunks that copies share until one of them writes.
//!
//! A record is reached by its slot without a search, and a copy of millions of records costs one
//! reference count per chunk. A new record gets the lowest vacant slot, so that the slots of the
//! next records follow from the records present.

use std::mem;

use triomphe::Arc;

use crate::storage::serial::Serial;
use crate::storage::text::{TextPool, TextRef};

/// The number of a record's place.
pub(crate) type Slot = u32;

/// No slot.
pub(crate) const NONE: Slot = Slot::MAX;

const CHUNK_BITS: u32 = 9;
/// Records per chunk: large enough that copying a slab is cheap, small enough that the first
/// write to a shared chunk is.
pub(crate) const CHUNK: usize = 1 << CHUNK_BITS;
/// One less than slot numbers would reach, so that `NONE` is in no chunk.
const MAX_CHUNKS: usize = (NONE >> CHUNK_BITS) as usize;

/// The neighbours of a record in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) prev: Slot,
    pub(crate) next: Slot,
}

impl Default for Links {
    fn default() -> Self {
        Self { prev: NONE, next: NONE }
    }
}

/// The slab's own data in every record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header {
    /// The number of the record's [`Serial`]; 0 in a vacant slot.
    number: u32,
    /// The record's neighbours in the order of creation.
    pub(crate) links: Links,
}

/// A record of a slab. The default is an empty record.
pub(crate) trait Record: Clone + Default {
    fn header(&self) -> &Header;
    fn header_mut(&mut self) -> &mut Header;
    /// The record's text in the pool of its chunk; the empty one if its kind has none.
    fn text(&self) -> TextRef;
    /// Notes where the record's text is.
    fn set_text(&mut self, at: TextRef);
}

/// A record to be written to, with the pool of its texts.
#[derive(Debug)]
pub(crate) struct Entry<'a, T> {
    pub(crate) record: &'a mut T,
    texts: &'a mut TextPool,
}

impl<T: Record> Entry<'_, T> {
    pub(crate) fn set_text(&mut self, text: &str) {
        self.texts.forget(self.record.text());
        self.record.set_text(self.texts.put(text));
    }
}

/// Some neighbouring records. Fields that every read needs are first, in few cache lines.
#[derive(Debug)]
#[repr(C)]
struct Chunk<T> {
    /// The records of all places as far as they were ever occupied, or of the occupied ones alone.
    records: Vec<T>,
    /// Whether the records are those of the occupied places alone. Loading a dump makes such
    /// chunks, so that it allocates in proportion to the records it reads.
    is_sparse: bool,
    /// The epoch of the records' serials.
    epoch: u64,
    texts: TextPool,
    /// A bit for each place.
    occupied: [u64; CHUNK / 64],
}

/// Records in numbered slots.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Arc<Chunk<T>>>,
    /// The chunks that have room for a record of this epoch.
    open: BitSet,
    epoch: u64,
    len: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), open: BitSet::default(), epoch: 0, len: 0 }
    }
}

/// A set of numbers whose lowest is found quickly.
#[derive(Clone, Debug, Default)]
struct BitSet {
    words: Vec<u64>,
    /// All words before this one are 0.
    first: usize,
}

#[expect(clippy::indexing_slicing, reason = "the words reach as far as numbers were inserted")]
impl BitSet {
    fn insert(&mut self, number: usize) {
        let word = number / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (number % 64);
        self.first = self.first.min(word);
    }

    /// Removes a number that is in the set.
    fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
    }

    fn lowest(&mut self) -> Option<usize> {
        while *self.words.get(self.first)? == 0 {
            self.first += 1;
        }
        Some(self.first * 64 + self.words[self.first].trailing_zeros() as usize)
    }
}

/// The chunk of a slot. Before a slab has so many chunks, as many records were created.
pub(crate) const fn chunk_of(slot: Slot) -> Slot {
    slot >> CHUNK_BITS
}

pub(super) const fn split(slot: Slot) -> (usize, usize) {
    (slot as usize >> CHUNK_BITS, slot as usize & (CHUNK - 1))
}

#[expect(clippy::cast_possible_truncation, reason = "chunks are few enough for their slots")]
pub(super) const fn slot_at(chunk: usize, place: usize) -> Slot {
    (chunk << CHUNK_BITS | place) as Slot
}

#[expect(
    clippy::indexing_slicing,
    reason = "slots come from this slab's own insert or from a checked lookup"
)]
impl<T: Record> Slab<T> {
    /// How many records there are.
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &T {
        let (chunk, place) = split(slot);
        self.chunks[chunk].get(place)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut T {
        let (chunk, place) = split(slot);
        Arc::make_mut(&mut self.chunks[chunk]).get_mut(place)
    }

    /// The serial of the record in an occupied slot.
    pub(crate) fn serial_of(&self, slot: Slot) -> Serial {
        let (chunk, place) = split(slot);
        let chunk = &*self.chunks[chunk];
        Serial { epoch: chunk.epoch, number: chunk.get(place).header().number }
    }

    /// Whether the record in a slot exists and has this serial.
    pub(crate) fn holds(&self, slot: Slot, serial: Serial) -> bool {
        let (chunk, place) = split(slot);
        let Some(chunk) = self.chunks.get(chunk) else { return false };
        let Some(record) = chunk.records.get(chunk.position(place)) else { return false };
        record.header().number == serial.number
            && serial.number != 0
            && chunk.epoch == serial.epoch
            && (!chunk.is_sparse || chunk.has(place))
    }

    /// Whether a record is in the slot.
    pub(crate) fn is_occupied(&self, slot: Slot) -> bool {
        let (chunk, place) = split(slot);
        self.chunks.get(chunk).is_some_and(|chunk| chunk.has(place))
    }

    /// A record and its text.
    pub(crate) fn with_text(&self, slot: Slot) -> (&T, &str) {
        let (chunk, place) = split(slot);
        let chunk = &*self.chunks[chunk];
        let record = chunk.get(place);
        (record, chunk.texts.get(record.text()))
    }

    pub(crate) fn text(&self, slot: Slot) -> &str {
        self.with_text(slot).1
    }

    pub(crate) fn set_text(&mut self, slot: Slot, text: &str) {
        let (chunk, place) = split(slot);
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        chunk.entry(place).set_text(text);
        chunk.compact_if_wanted();
    }

    /// One more than the highest slot there is.
    pub(crate) fn capacity(&self) -> usize {
        self.chunks.len() << CHUNK_BITS
    }

    /// Number of [inserts](Self::insert) that certainly find a slot, in any epoch.
    pub(crate) fn free_slots(&self) -> usize {
        (MAX_CHUNKS - self.chunks.len()) << CHUNK_BITS
    }

    /// Whether [`insert`](Self::insert) of the present epoch would find no slot.
    pub(crate) fn is_full(&mut self) -> bool {
        self.chunks.len() >= MAX_CHUNKS && self.open.lowest().is_none()
    }

    /// Occupies the lowest vacant slot with a record that `fill` makes of an empty one. `None` when
    /// all slots are occupied.
    ///
    /// The records of a chunk are of one epoch: a chunk with records of another one is passed over.
    pub(crate) fn insert(
        &mut self,
        serial: Serial,
        fill: impl FnOnce(&mut Entry<'_, T>),
    ) -> Option<Slot> {
        self.set_epoch(serial.epoch);
        let index = self.open_chunk()?;
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        let place = chunk.vacant_from(0)?;
        chunk.occupy(place, serial);
        fill(&mut chunk.entry(place));
        self.len += 1;
        if chunk.vacant_from(place).is_none() {
            self.open.remove(index);
        }
        Some(slot_at(index, place))
    }

    /// [Inserts](Self::insert) a record for each item until items or slots run out, and returns
    /// the slots. There are `count` items, or fewer if the slab is dropped afterwards. The numbers
    /// of the serials follow each other from the first. `fill` also gets the slots of the records
    /// before and after: `NONE` before the first and after the last. If the record after is in
    /// another chunk, `link` enters its slot later.
    pub(crate) fn insert_all<I>(
        &mut self,
        first: Serial,
        count: usize,
        mut items: impl Iterator<Item = I>,
        mut fill: impl FnMut(&mut Entry<'_, T>, Links, I),
        mut link: impl FnMut(&mut T, Slot),
    ) -> Vec<Slot> {
        self.set_epoch(first.epoch);
        let mut made = Vec::with_capacity(count);
        let mut serial = first;
        let mut last = NONE;
        while made.len() < count
            && let Some(index) = self.open_chunk()
        {
            let mut vacant = self.chunks[index].vacant_from(0);
            if let (false, Some(place)) = (last == NONE, vacant) {
                link(self.get_mut(last), slot_at(index, place));
            }
            let chunk = Arc::make_mut(&mut self.chunks[index]);
            while let Some(place) = vacant
                && let Some(item) = items.next()
            {
                chunk.occupy(place, serial);
                serial = serial.after(1);
                made.push(slot_at(index, place));
                vacant = chunk.vacant_from(place);
                let next = match vacant {
                    Some(next) if made.len() < count => slot_at(index, next),
                    _ => NONE,
                };
                fill(&mut chunk.entry(place), Links { prev: last, next }, item);
                last = slot_at(index, place);
            }
            if vacant.is_some() {
                break;
            }
            self.open.remove(index);
        }
        #[expect(clippy::cast_possible_truncation, reason = "there are no more than slots")]
        let len = made.len() as u32;
        self.len += len;
        made
    }

    /// Changes the records in these slots. It is quickest where neighbours share a chunk.
    pub(crate) fn change_all<I>(
        &mut self,
        items: impl IntoIterator<Item = (Slot, I)>,
        mut change: impl FnMut(&mut T, I),
    ) {
        let change = |chunk: &mut Chunk<T>, place, item| change(chunk.get_mut(place), item);
        by_chunk(&mut self.chunks, items, change, |_, _| ());
    }

    /// Opens the chunks that have room for records of an epoch, and closes the others.
    fn set_epoch(&mut self, epoch: u64) {
        if self.epoch == epoch {
            return;
        }
        self.epoch = epoch;
        self.open = BitSet::default();
        for (index, chunk) in self.chunks.iter().enumerate() {
            if chunk.has_room(epoch) {
                self.open.insert(index);
            }
        }
    }

    /// The chunk that the next record is put into.
    fn open_chunk(&mut self) -> Option<usize> {
        if let Some(index) = self.open.lowest() {
            return Some(index);
        }
        if self.chunks.len() >= MAX_CHUNKS {
            return None;
        }
        let mut chunk = Chunk::default();
        if let Some(last) = self.chunks.last() {
            // Growing bit by bit leaves holes behind; only a small slab does it.
            chunk.records.reserve_exact(CHUNK);
            chunk.texts = TextPool::like(&last.texts);
        }
        self.chunks.push(Arc::new(chunk));
        self.open.insert(self.chunks.len() - 1);
        Some(self.chunks.len() - 1)
    }

    /// Vacates an occupied slot.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.remove_all([slot]);
    }

    /// [Vacates](Self::remove) occupied slots.
    #[inline]
    pub(crate) fn remove_all(&mut self, slots: impl IntoIterator<Item = Slot>) {
        let Self { chunks, open, epoch, len } = self;
        let vacate = |chunk: &mut Chunk<T>, place, ()| {
            chunk.vacate(place);
            *len -= 1;
        };
        by_chunk(chunks, slots.into_iter().map(|slot| (slot, ())), vacate, |index, chunk| {
            chunk.compact_if_wanted();
            if chunk.epoch == *epoch || chunk.is_empty() {
                open.insert(index);
            }
        });
    }

    /// Begins a slab of records that are to be [placed](Self::place), for serials of the epoch.
    pub(crate) fn begin(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// Occupies a slot with the record of a serial. `None` if the slot cannot exist, is occupied,
    /// or is in a chunk with records of another epoch.
    ///
    /// Apart from eight bytes for each chunk up to that of the slot, it allocates in proportion to
    /// the records placed.
    pub(crate) fn place(
        &mut self,
        slot: Slot,
        serial: Serial,
        fill: impl FnOnce(&mut Entry<'_, T>),
    ) -> Option<()> {
        let (index, place) = split(slot);
        if index >= MAX_CHUNKS || serial.number == 0 {
            return None;
        }
        let before = self.chunks.len();
        if index >= before {
            let vacant = Arc::new(Chunk { is_sparse: true, ..Chunk::default() });
            self.chunks.resize(index + 1, vacant);
            (before..=index).for_each(|index| self.open.insert(index));
        }
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        if chunk.has(place) || !(chunk.is_empty() || chunk.epoch == serial.epoch) {
            return None;
        }
        let was_open = chunk.has_room(self.epoch);
        chunk.place(place, serial);
        fill(&mut chunk.entry(place));
        if was_open && !chunk.has_room(self.epoch) {
            self.open.remove(index);
        }
        self.len += 1;
        Some(())
    }
}

/// Calls `change` with each slot's chunk and its place there, and `leave` with a chunk after the
/// last of some neighbouring slots that share it.
#[expect(clippy::indexing_slicing, reason = "as in the slab")]
fn by_chunk<T: Record, I>(
    chunks: &mut [Arc<Chunk<T>>],
    items: impl IntoIterator<Item = (Slot, I)>,
    mut change: impl FnMut(&mut Chunk<T>, usize, I),
    mut leave: impl FnMut(usize, &mut Chunk<T>),
) {
    let mut items = items.into_iter();
    let mut next = items.next();
    while let Some((slot, _)) = next {
        let (index, _) = split(slot);
        let chunk = Arc::make_mut(&mut chunks[index]);
        while let Some((slot, item)) = next.take_if(|(slot, _)| split(*slot).0 == index) {
            change(chunk, split(slot).1, item);
            next = items.next();
        }
        leave(index, chunk);
    }
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        let (records, texts) = (Vec::new(), TextPool::default());
        Self { records, is_sparse: false, occupied: [0; _], texts, epoch: 0 }
    }
}

impl<T: Clone> Clone for Chunk<T> {
    /// Cold, so that the check before a write, which rarely copies, is inlined.
    #[cold]
    fn clone(&self) -> Self {
        Self {
            records: self.records.clone(),
            is_sparse: self.is_sparse,
            epoch: self.epoch,
            texts: self.texts.clone(),
            occupied: self.occupied,
        }
    }
}

/// A chunk with this many records is not kept sparse.
const DENSE: usize = CHUNK / 8;

#[expect(clippy::indexing_slicing, reason = "as in the slab")]
impl<T: Record> Chunk<T> {
    const fn has(&self, place: usize) -> bool {
        self.occupied[place / 64] >> (place % 64) & 1 == 1
    }

    fn is_empty(&self) -> bool {
        self.occupied == [0; _]
    }

    /// Whether one more record of the epoch fits in.
    fn has_room(&self, epoch: u64) -> bool {
        if self.epoch == epoch { self.occupied != [u64::MAX; _] } else { self.is_empty() }
    }

    /// The first vacant place from this one on.
    fn vacant_from(&self, place: usize) -> Option<usize> {
        let first = place / 64;
        let before = (1 << (place % 64)) - 1;
        let taken = self.occupied[first] | before;
        if taken != u64::MAX {
            return Some(first * 64 + taken.trailing_ones() as usize);
        }
        let word = (first + 1..self.occupied.len()).find(|at| self.occupied[*at] != u64::MAX)?;
        Some(word * 64 + self.occupied[word].trailing_ones() as usize)
    }

    /// Where in the records the one of a place is.
    fn position(&self, place: usize) -> usize {
        if self.is_sparse { self.rank(place) } else { place }
    }

    /// How many places before this one are occupied.
    #[cold]
    fn rank(&self, place: usize) -> usize {
        let (word, bit) = (place / 64, place % 64);
        let before = self.occupied[..word].iter().map(|word| word.count_ones()).sum::<u32>();
        (before + (self.occupied[word] & ((1 << bit) - 1)).count_ones()) as usize
    }

    fn get(&self, place: usize) -> &T {
        &self.records[self.position(place)]
    }

    fn get_mut(&mut self, place: usize) -> &mut T {
        let position = self.position(place);
        &mut self.records[position]
    }

    fn entry(&mut self, place: usize) -> Entry<'_, T> {
        let position = self.position(place);
        Entry { record: &mut self.records[position], texts: &mut self.texts }
    }

    /// Makes an empty record in the first vacant place.
    fn occupy(&mut self, place: usize, serial: Serial) {
        if self.is_sparse {
            self.spread();
        }
        if place == self.records.len() {
            self.records.push(T::default());
        }
        self.mark(place, serial);
    }

    /// Makes an empty record in any vacant place.
    fn place(&mut self, place: usize, serial: Serial) {
        if self.is_sparse && self.records.len() == DENSE {
            self.spread();
        }
        let position = self.position(place);
        if self.is_sparse {
            self.records.insert(position, T::default());
        } else if position >= self.records.len() {
            self.records.resize(position + 1, T::default());
        }
        self.mark(place, serial);
    }

    fn mark(&mut self, place: usize, serial: Serial) {
        self.occupied[place / 64] |= 1 << (place % 64);
        self.epoch = serial.epoch;
        self.get_mut(place).header_mut().number = serial.number;
    }

    fn vacate(&mut self, place: usize) {
        let position = self.position(place);
        self.texts.forget(self.records[position].text());
        if self.is_sparse {
            self.records.remove(position);
        } else {
            self.records[position] = T::default();
        }
        self.occupied[place / 64] &= !(1 << (place % 64));
    }

    /// Gives every place its record, so that the chunk is sparse no more.
    fn spread(&mut self) {
        let mut spread = Vec::with_capacity(CHUNK);
        for record in mem::take(&mut self.records) {
            while !self.has(spread.len()) {
                spread.push(T::default());
            }
            spread.push(record);
        }
        self.records = spread;
        self.is_sparse = false;
    }

    /// Reclaims the space of forgotten texts if there is much.
    #[inline]
    fn compact_if_wanted(&mut self) {
        if self.texts.wants_compaction() {
            self.compact();
        }
    }

    #[cold]
    fn compact(&mut self) {
        let mut kept = self.texts.compacted();
        for record in &mut self.records {
            record.set_text(kept.put(self.texts.get(record.text())));
        }
        self.texts = kept;
    }
}
