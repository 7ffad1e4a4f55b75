//! Records in numbered slots, kept in chunks that copies share until one of them writes.
//!
//! A slab answers three needs at once: a record is reached by its number without a search, a copy
//! of millions of records costs one reference count per chunk, and a slot that is used again can
//! be told from its earlier uses by its *generation*, which is odd while the slot is occupied.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

/// What the slab keeps in every record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header {
    /// How often the slot was occupied or vacated; odd while it is occupied.
    pub(crate) generation: u32,
    /// The record's place in the order of creation, or the next vacant slot.
    pub(crate) links: Links,
}

/// What can be kept in a slab. The default is an empty record.
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

#[derive(Clone, Debug)]
struct Chunk<T> {
    records: Vec<T>,
    texts: TextPool,
    /// Marks the identifiers given out for this chunk's slots; see [`crate::storage::ids`].
    lineage: u64,
}

/// Records in numbered slots.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Arc<Chunk<T>>>,
    /// The lineage of the slots in the list of vacant ones.
    lineage: u64,
    vacant: Slot,
    len: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), lineage: 0, vacant: NONE, len: 0 }
    }
}

/// Whether a slot of this generation holds a record.
const fn is_occupied(generation: u32) -> bool {
    generation % 2 == 1
}

const fn split(slot: Slot) -> (usize, usize) {
    (slot as usize >> CHUNK_BITS, slot as usize & (CHUNK - 1))
}

#[expect(clippy::cast_possible_truncation, reason = "chunks are few enough for their slots")]
const fn slot_at(chunk: usize, place: usize) -> Slot {
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

    pub(crate) fn get(&self, slot: Slot) -> &T {
        let (chunk, place) = split(slot);
        &self.chunks[chunk].records[place]
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut T {
        let (chunk, place) = split(slot);
        &mut Arc::make_mut(&mut self.chunks[chunk]).records[place]
    }

    /// A record and the lineage of its slot, if the slot exists and is occupied.
    pub(crate) fn occupied(&self, slot: Slot) -> Option<(&T, u64)> {
        let (chunk, place) = split(slot);
        let chunk = self.chunks.get(chunk)?;
        let record = chunk.records.get(place)?;
        is_occupied(record.header().generation).then_some((record, chunk.lineage))
    }

    pub(crate) fn lineage(&self, slot: Slot) -> u64 {
        self.chunks[split(slot).0].lineage
    }

    /// A record and its text.
    pub(crate) fn with_text(&self, slot: Slot) -> (&T, &str) {
        let (chunk, place) = split(slot);
        let chunk = &*self.chunks[chunk];
        let record = &chunk.records[place];
        (record, chunk.texts.get(record.text()))
    }

    pub(crate) fn text(&self, slot: Slot) -> &str {
        self.with_text(slot).1
    }

    pub(crate) fn set_text(&mut self, slot: Slot, text: &str) {
        let (chunk, place) = split(slot);
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        chunk.entry(place).set_text(text);
        chunk.compact();
    }

    /// One more than the highest slot there is.
    pub(crate) fn capacity(&self) -> usize {
        self.chunks.len() << CHUNK_BITS
    }

    /// How many [inserts](Self::insert) are sure to find a slot, of whatever lineage they are.
    pub(crate) fn free_slots(&self) -> usize {
        (MAX_CHUNKS - self.chunks.len()) << CHUNK_BITS
    }

    /// Whether [`insert`](Self::insert) of the present lineage would find no slot.
    pub(crate) fn is_full(&self) -> bool {
        self.vacant == NONE && self.chunks.len() >= MAX_CHUNKS
    }

    /// Occupies a slot with a record that `fill` makes of an empty one. `None` when all slots are
    /// taken.
    ///
    /// Identifiers of another `lineage` than the last one's must not collide with any given out
    /// before, so vacant slots of the last lineage are left alone from then on.
    pub(crate) fn insert(
        &mut self,
        lineage: u64,
        fill: impl FnOnce(&mut Entry<'_, T>),
    ) -> Option<Slot> {
        self.set_epoch(lineage);
        let slot = self.free_slot()?;
        let (index, place) = split(slot);
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        self.vacant = chunk.occupy(place);
        fill(&mut chunk.entry(place));
        self.len += 1;
        Some(slot)
    }

    /// [Inserts](Self::insert) a record for each item until items or slots run out, and returns
    /// the slots. `fill` gets the slot before too, and `link` tells a record the slot after it.
    pub(crate) fn insert_all<I>(
        &mut self,
        lineage: u64,
        count: usize,
        items: impl Iterator<Item = I>,
        mut fill: impl FnMut(&mut Entry<'_, T>, Option<Slot>, I),
        mut link: impl FnMut(&mut T, Slot),
    ) -> Vec<Slot> {
        self.set_epoch(lineage);
        let mut made = Vec::with_capacity(count);
        let mut items = items.peekable();
        let mut last = None;
        while items.peek().is_some()
            && let Some(mut slot) = self.free_slot()
        {
            if let Some(last) = last {
                link(self.get_mut(last), slot);
            }
            let (index, _) = split(slot);
            let is_newest = index + 1 == self.chunks.len();
            let chunk = Arc::make_mut(&mut self.chunks[index]);
            // Free slots of one chunk mostly follow each other.
            while let Some(item) = items.next() {
                let (_, place) = split(slot);
                self.vacant = chunk.occupy(place);
                fill(&mut chunk.entry(place), last, item);
                self.len += 1;
                made.push(slot);
                last = Some(slot);
                slot = match self.vacant {
                    NONE if is_newest && chunk.has_room(lineage) => {
                        slot_at(index, chunk.records.len())
                    }
                    vacant => vacant,
                };
                if split(slot).0 != index || items.peek().is_none() {
                    break;
                }
                link(&mut chunk.records[place], slot);
            }
        }
        made
    }

    /// Changes the records in these slots. It is quickest where neighbours share a chunk.
    pub(crate) fn change_all<I>(
        &mut self,
        items: impl IntoIterator<Item = (Slot, I)>,
        mut change: impl FnMut(&mut T, I),
    ) {
        self.by_chunk(items, |chunk, place, item| change(&mut chunk.records[place], item));
    }

    /// Gives each slot's chunk and its place there to `change`, and forgotten texts back.
    fn by_chunk<I>(
        &mut self,
        items: impl IntoIterator<Item = (Slot, I)>,
        mut change: impl FnMut(&mut Chunk<T>, usize, I),
    ) {
        let mut items = items.into_iter();
        let mut next = items.next();
        while let Some((slot, _)) = next {
            let (index, _) = split(slot);
            let chunk = Arc::make_mut(&mut self.chunks[index]);
            while let Some((slot, item)) = next.take_if(|(slot, _)| split(*slot).0 == index) {
                change(chunk, split(slot).1, item);
                next = items.next();
            }
            chunk.compact();
        }
    }

    /// Leaves vacant slots of another lineage alone.
    const fn set_epoch(&mut self, lineage: u64) {
        if self.lineage != lineage {
            self.lineage = lineage;
            self.vacant = NONE;
        }
    }

    /// The slot that the next record gets.
    fn free_slot(&mut self) -> Option<Slot> {
        if self.vacant == NONE { self.next_new_slot() } else { Some(self.vacant) }
    }

    /// The number of the slot after the last one, in a chunk of the present lineage.
    fn next_new_slot(&mut self) -> Option<Slot> {
        let place = match self.chunks.last().filter(|chunk| chunk.has_room(self.lineage)) {
            Some(chunk) => chunk.records.len(),
            None if self.is_full() => return None,
            None => {
                let mut chunk = Chunk::empty(self.lineage);
                if let Some(last) = self.chunks.last() {
                    // Growing bit by bit leaves holes behind; only a small slab does it.
                    chunk.records.reserve_exact(CHUNK);
                    chunk.texts = TextPool::like(&last.texts);
                }
                self.chunks.push(Arc::new(chunk));
                0
            }
        };
        Some(slot_at(self.chunks.len() - 1, place))
    }

    /// Vacates an occupied slot.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.remove_all([slot]);
    }

    /// [Vacates](Self::remove) occupied slots.
    pub(crate) fn remove_all(&mut self, slots: impl IntoIterator<Item = Slot>) {
        let Self { lineage, mut vacant, mut len, .. } = *self;
        let slots = slots.into_iter().map(|slot| (slot, slot));
        self.by_chunk(slots, |chunk, place, slot| {
            let gone = std::mem::take(&mut chunk.records[place]);
            chunk.texts.forget(gone.text());
            let vacancy = chunk.records[place].header_mut();
            vacancy.generation = gone.header().generation + 1;
            // A slot whose generations are used up is never occupied again.
            if vacancy.generation != RETIRED && chunk.lineage == lineage {
                vacancy.links.next = vacant;
                vacant = slot;
            }
            len -= 1;
        });
        self.vacant = vacant;
        self.len = len;
    }
}

/// The generation of a slot that has none left, vacant like all even ones.
pub(crate) const RETIRED: u32 = u32::MAX - 1;

impl<T: Record> Chunk<T> {
    fn empty(lineage: u64) -> Self {
        Self { records: Vec::new(), texts: TextPool::default(), lineage }
    }

    /// Whether one more record of the lineage fits in.
    const fn has_room(&self, lineage: u64) -> bool {
        self.records.len() < CHUNK && self.lineage == lineage
    }

    /// Makes an empty record of a vacant place or of the one after the last, and returns the
    /// vacant slot that is next then.
    #[expect(clippy::indexing_slicing, reason = "as in the slab")]
    fn occupy(&mut self, place: usize) -> Slot {
        if place == self.records.len() {
            self.records.push(T::default());
        }
        let header = self.records[place].header_mut();
        header.generation += 1;
        std::mem::take(&mut header.links).next
    }

    #[expect(clippy::indexing_slicing, reason = "as in the slab")]
    fn entry(&mut self, place: usize) -> Entry<'_, T> {
        Entry { record: &mut self.records[place], texts: &mut self.texts }
    }

    fn compact(&mut self) {
        if self.texts.wants_compaction() {
            let mut kept = self.texts.compacted();
            for record in &mut self.records {
                record.set_text(kept.put(self.texts.get(record.text())));
            }
            self.texts = kept;
        }
    }
}

/// The bare slots of a slab, for saving and rebuilding it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// Lineage and number of slots of each chunk.
    pub(crate) chunks: Vec<(u64, u32)>,
    /// Lineage of the slots that `reusable` lists.
    pub(crate) lineage: u64,
    /// Vacant slots in the order they will be used again, with their generations.
    pub(crate) reusable: Vec<(Slot, u32)>,
    /// Vacant slots that will not be used again, with their generations.
    pub(crate) left_alone: Vec<(Slot, u32)>,
}

/// The bare slots of a slab that is to be built, and what is known of the vacant ones. It is as long
/// as its source, however many slots that announces.
#[derive(Debug)]
pub(crate) struct Plan {
    runs: Vec<Run>,
    /// Lineage of the slots that `reusable` lists.
    lineage: u64,
    /// Vacant slots in the order they will be used again, with their generations.
    pub(crate) reusable: Vec<(Slot, u32)>,
    /// Vacant slots that will not be used again, with their generations.
    pub(crate) left_alone: Vec<(Slot, u32)>,
}

/// Chunks in a row that have the same lineage and the same number of slots.
#[derive(Clone, Copy, Debug)]
struct Run {
    lineage: u64,
    slots: usize,
    /// The index after that of the last of these chunks.
    end: usize,
}

impl Plan {
    /// A plan of chunks by lineage, size, and how many chunks in a row are like that. Nothing if
    /// there can be no such chunks.
    pub(crate) fn new(
        lineage: u64,
        chunks: impl IntoIterator<Item = (u64, u32, u32)>,
    ) -> Option<Self> {
        let mut plan =
            Self { runs: Vec::new(), lineage, reusable: Vec::new(), left_alone: Vec::new() };
        let mut end = 0_usize;
        for (lineage, slots, count) in chunks {
            let slots = slots as usize;
            end = end.checked_add(count as usize).filter(|end| *end <= MAX_CHUNKS)?;
            if slots == 0 || slots > CHUNK || count == 0 {
                return None;
            }
            match plan.runs.last_mut() {
                Some(run) if (run.lineage, run.slots) == (lineage, slots) => run.end = end,
                _ => plan.runs.push(Run { lineage, slots, end }),
            }
        }
        Some(plan)
    }

    /// Every lineage in it.
    pub(crate) fn lineages(&self) -> impl Iterator<Item = u64> + '_ {
        self.runs.iter().map(|run| run.lineage).chain([self.lineage])
    }

    /// Lineage of the chunk that a slot is in.
    pub(crate) fn lineage_of(&self, slot: Slot) -> Option<u64> {
        self.run(split(slot).0).map(|run| run.lineage)
    }

    fn run(&self, chunk: usize) -> Option<Run> {
        let place = self.runs.partition_point(|run| run.end <= chunk);
        self.runs.get(place).copied()
    }

    /// How many slots there are.
    fn slots(&self) -> usize {
        let mut slots = 0;
        let mut begin = 0;
        for run in &self.runs {
            slots += (run.end - begin) * run.slots;
            begin = run.end;
        }
        slots
    }
}

impl TryFrom<Layout> for Plan {
    type Error = ();

    fn try_from(layout: Layout) -> Result<Self, ()> {
        let Layout { chunks, lineage, reusable, left_alone } = layout;
        let chunks = chunks.into_iter().map(|(lineage, slots)| (lineage, slots, 1));
        let plan = Self::new(lineage, chunks).ok_or(())?;
        Ok(Self { reusable, left_alone, ..plan })
    }
}

#[expect(clippy::indexing_slicing, reason = "every slot is checked against the layout first")]
impl<T: Record> Slab<T> {
    pub(crate) fn layout(&self) -> Layout {
        let generation = |slot| (slot, self.get(slot).header().generation);
        let mut next = self.vacant;
        let mut reusable = Vec::new();
        while next != NONE {
            reusable.push(generation(next));
            next = self.get(next).header().links.next;
        }
        let mut listed: Vec<Slot> = reusable.iter().map(|(slot, _)| *slot).collect();
        listed.sort_unstable();
        let left_alone = self
            .slots()
            .filter(|slot| self.occupied(*slot).is_none() && listed.binary_search(slot).is_err())
            .map(generation)
            .collect();
        #[expect(clippy::cast_possible_truncation, reason = "a chunk has at most CHUNK slots")]
        let chunks = self.chunks.iter().map(|c| (c.lineage, c.records.len() as u32)).collect();
        Layout { chunks, lineage: self.lineage, reusable, left_alone }
    }

    /// Every slot, occupied or vacant.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + use<'_, T> {
        self.chunks.iter().zip(0..).flat_map(|(chunk, index): (_, Slot)| {
            (0..).take(chunk.records.len()).map(move |place: Slot| index << CHUNK_BITS | place)
        })
    }

    /// Begins a slab of this plan for `len` records, which are to be [placed](Self::place). Nothing
    /// if the plan is not one that a slab with as many records can have.
    ///
    /// A chunk gets its memory with its first record.
    pub(crate) fn begin(plan: &Plan, len: usize) -> Option<Self> {
        let vacant = plan.reusable.len() + plan.left_alone.len();
        (plan.slots().checked_sub(vacant) == Some(len))
            .then(|| Self { lineage: plan.lineage, ..Self::default() })
    }

    /// How many slots would be made to [place](Self::place) a record in this one.
    pub(crate) fn slots_to_make(&self, plan: &Plan, slot: Slot) -> usize {
        let (index, _) = split(slot);
        let slots = plan.run(index).map_or(0, |run| run.slots);
        match self.chunks.get(index) {
            Some(chunk) if chunk.records.is_empty() => slots,
            Some(_) => 0,
            // A chunk without slots takes about as much memory as one slot.
            None => slots + index - self.chunks.len(),
        }
    }

    /// Occupies a slot that the plan has and no record is in, as [`insert`](Self::insert) does.
    /// Nothing if the slot is none of those.
    pub(crate) fn place(
        &mut self,
        plan: &Plan,
        slot: Slot,
        generation: u32,
        fill: impl FnOnce(&mut Entry<'_, T>),
    ) -> Option<()> {
        if !is_occupied(generation) || generation >= RETIRED {
            return None;
        }
        let mut entry = self.untouched(plan, slot)?;
        entry.record.header_mut().generation = generation;
        fill(&mut entry);
        self.len += 1;
        Some(())
    }

    /// Vacates the slots that the plan lists, once all records are placed. Nothing if they are not
    /// exactly those that are left.
    pub(crate) fn finish(&mut self, plan: &Plan) -> Option<()> {
        for &(slot, generation) in &plan.left_alone {
            self.vacate(plan, slot, generation)?;
        }
        for &(slot, generation) in plan.reusable.iter().rev() {
            let next = self.vacant;
            self.vacate(plan, slot, generation)?.links.next = next;
            if self.lineage(slot) != self.lineage || generation == RETIRED {
                return None;
            }
            self.vacant = slot;
        }
        Some(())
    }

    /// Sets the generation of a slot that was not set yet.
    fn vacate(&mut self, plan: &Plan, slot: Slot, generation: u32) -> Option<&mut Header> {
        if generation == 0 || is_occupied(generation) {
            return None;
        }
        let entry = self.untouched(plan, slot)?;
        let header = entry.record.header_mut();
        header.generation = generation;
        Some(header)
    }

    fn untouched(&mut self, plan: &Plan, slot: Slot) -> Option<Entry<'_, T>> {
        let (index, place) = split(slot);
        let slots = plan.run(index)?.slots;
        if place >= slots {
            return None;
        }
        while self.chunks.len() <= index {
            let lineage = plan.run(self.chunks.len())?.lineage;
            self.chunks.push(Arc::new(Chunk::empty(lineage)));
        }
        if self.chunks[index].records.is_empty() {
            // What is next to it is likely to have texts of the same length.
            let like = index.checked_sub(1).map(|before| &self.chunks[before]);
            let like = like.filter(|before| before.records.len() <= slots);
            let texts = like.map(|before| TextPool::like(&before.texts)).unwrap_or_default();
            let chunk = Arc::make_mut(&mut self.chunks[index]);
            chunk.records = vec![T::default(); slots];
            chunk.texts = texts;
        }
        let entry = Arc::make_mut(&mut self.chunks[index]).entry(place);
        (entry.record.header().generation == 0).then_some(entry)
    }
}
