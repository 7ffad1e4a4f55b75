//! From a hash to a slot, in buckets that copies share until one of them writes.
//!
//! A bucket is a hash table of slots, each beside the hash of its key. The keys themselves stay in
//! the records: a search reads only records of the same hash, and the index grows without reading
//! any.
//!
//! The index grows by extendible hashing, one full bucket at a time, so no insert rehashes all of
//! it, and a copy costs one reference count for each bucket. A fixed number of shards would be
//! simpler, but a copy of a small backend, which every listing makes, would cost as much as that of
//! a large one.

use std::mem;

use hashbrown::hash_table::{self, HashTable, OccupiedEntry};
use triomphe::Arc;

use crate::storage::slab::Slot;

/// Finds slots by the hash of a key that their records hold.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// The bucket for each value of the lowest `depth` routing bits.
    directory: Vec<u32>,
    depth: u32,
    buckets: Vec<Arc<Bucket>>,
    len: usize,
}

/// An item that a batch finds, adds or removes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) hash: u32,
    pub(crate) slot: Slot,
    /// The item's place in the batch.
    pub(crate) item: u32,
}

/// A slot and the hash of its key.
#[derive(Clone, Copy, Debug)]
struct Hashed {
    hash: u32,
    slot: Slot,
}

#[derive(Debug, Default)]
struct Bucket {
    slots: HashTable<Hashed>,
    /// How many routing bits all of its hashes share.
    depth: u32,
}

impl Bucket {
    /// An empty bucket with room until it is full.
    fn ample(depth: u32) -> Self {
        Self { slots: HashTable::with_capacity(FULL), depth }
    }

    fn insert(&mut self, hashed: Hashed) {
        self.slots.insert_unique(table_hash(hashed.hash), hashed, |other| table_hash(other.hash));
    }

    /// Removes a slot. Returns whether it was there.
    fn remove(&mut self, hash: u32, slot: Slot) -> bool {
        let found = self.slots.find_entry(table_hash(hash), |other| other.slot == slot);
        found.map(OccupiedEntry::remove).is_ok()
    }
}

impl Clone for Bucket {
    /// Cold, so that the check before a write, which rarely copies, is inlined.
    #[cold]
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), depth: self.depth }
    }
}

/// The most items in a table of 512 places, before it grows.
const FULL: usize = 448;
/// How many bits of a hash place a slot in a table of 512.
const TABLE_BITS: u32 = 9;
/// The limits of buckets differ by less than two to this power. With one limit for all, all would
/// be split at almost the same time, and that time would be the slowest of each doubling. If they
/// differed more, buckets would be emptier on average.
const SPREAD_BITS: u32 = 6;
/// Of buckets filled like this on average, at most one in five is at its limit.
const AMPLE: usize = FULL - FULL / 8;
/// A bucket this much deeper than evenly spread ones would be grows instead of being split: its
/// hashes are too alike for the directory to be doubled for their sake.
const MAX_SKEW: u32 = 6;

/// How many items the bucket of this number holds before it is split. The fractions of the multiples
/// of the golden ratio spread the limits evenly.
const fn limit(bucket: usize) -> usize {
    const GOLDEN: u32 = 0x9E37_79B9;
    #[expect(clippy::cast_possible_truncation, reason = "only the fraction matters")]
    let fraction = (bucket as u32).wrapping_mul(GOLDEN);
    FULL - (fraction >> (u32::BITS - SPREAD_BITS)) as usize
}

/// The hash for a bucket's table, which places a slot by the lowest bits and distinguishes slots of
/// one place by the top seven.
const fn table_hash(hash: u32) -> u64 {
    (hash as u64) << 32 | hash as u64
}

/// The hash with the bits that choose the bucket as the lowest: first those that its table does not
/// use.
const fn routing(hash: u32) -> u32 {
    hash.rotate_right(TABLE_BITS)
}

impl Default for Index {
    fn default() -> Self {
        Self { directory: vec![0], depth: 0, buckets: vec![Arc::default()], len: 0 }
    }
}

#[expect(clippy::indexing_slicing, reason = "the directory has 2^depth entries, all of buckets")]
impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn bucket(&self, hash: u32) -> usize {
        self.directory[routing(hash) as usize & (self.directory.len() - 1)] as usize
    }

    /// The slot among those of this hash that `is_match` accepts.
    pub(crate) fn find(&self, hash: u32, is_match: impl Fn(Slot) -> bool) -> Option<Slot> {
        let slots = &self.buckets[self.bucket(hash)].slots;
        let is_found = |other: &Hashed| other.hash == hash && is_match(other.slot);
        slots.find(table_hash(hash), is_found).map(|found| found.slot)
    }

    /// Makes room for as many more slots, if they at least double the index; for fewer it grows
    /// with them.
    pub(crate) fn reserve(&mut self, additional: usize) {
        if additional <= FULL || additional < self.len {
            return;
        }
        let depth = (self.len + additional).div_ceil(AMPLE).next_power_of_two().ilog2();
        let Some(last) = 1_u32.checked_shl(depth).map(|count| count - 1) else { return };
        if depth <= self.depth {
            return;
        }
        let ample = Self {
            directory: (0..=last).collect(),
            depth,
            buckets: (0..=last).map(|_| Arc::new(Bucket::ample(depth))).collect(),
            len: 0,
        };
        let small = mem::replace(self, ample);
        for Hashed { hash, slot } in small.buckets.iter().flat_map(|bucket| &bucket.slots) {
            self.insert(*hash, *slot);
        }
    }

    /// The same entries, those of one bucket together and otherwise in their order, so that each
    /// bucket is loaded into the cache once per batch, not once per entry.
    pub(crate) fn by_bucket(&self, entries: &[Entry]) -> Vec<Entry> {
        let mut ends = vec![0; self.buckets.len() + 1];
        for entry in entries {
            ends[self.bucket(entry.hash) + 1] += 1;
        }
        let mut end = 0;
        for place in &mut ends {
            end += *place;
            *place = end;
        }
        let mut sorted = vec![Entry::default(); entries.len()];
        for entry in entries {
            let place = &mut ends[self.bucket(entry.hash)];
            sorted[*place] = *entry;
            *place += 1;
        }
        sorted
    }

    /// Adds a slot that is not in the index.
    pub(crate) fn insert(&mut self, hash: u32, slot: Slot) {
        let bucket = self.make_room(hash);
        Arc::make_mut(&mut self.buckets[bucket]).insert(Hashed { hash, slot });
        self.len += 1;
    }

    /// The bucket of a hash, which is split first if it is at its limit and can be split.
    fn make_room(&mut self, hash: u32) -> usize {
        let bucket = self.bucket(hash);
        if self.buckets[bucket].slots.len() < limit(bucket) {
            return bucket;
        }
        let deepest = self.buckets.len().ilog2() + MAX_SKEW;
        if self.buckets[bucket].depth < deepest {
            self.split(bucket, routing(hash));
        }
        self.bucket(hash)
    }

    /// Adds slots that are [sorted by bucket](Self::by_bucket), except those whose key the index
    /// has already: it returns them. `is_same` compares the keys of two slots.
    pub(crate) fn insert_all(
        &mut self,
        sorted: &[Entry],
        is_same: impl Fn(Slot, Slot) -> bool,
    ) -> Vec<Entry> {
        let mut taken = Vec::new();
        let mut left = sorted;
        while let [Entry { hash, .. }, ..] = *left {
            let home = self.make_room(hash);
            let alike = left.iter().take_while(|entry| self.bucket(entry.hash) == home).count();
            let slots = &mut Arc::make_mut(&mut self.buckets[home]).slots;
            // A bucket that is at its limit already gets one more: it could not be split.
            let fitting = limit(home).saturating_sub(slots.len()).clamp(1, alike);
            let (now, later) = left.split_at(fitting);
            for entry in now {
                let Entry { hash, slot, .. } = *entry;
                let is_taken = |other: &Hashed| other.hash == hash && is_same(other.slot, slot);
                match slots.entry(table_hash(hash), is_taken, |other| table_hash(other.hash)) {
                    hash_table::Entry::Occupied(_) => taken.push(*entry),
                    hash_table::Entry::Vacant(place) => {
                        place.insert(Hashed { hash, slot });
                        self.len += 1;
                    }
                }
            }
            left = later;
        }
        taken
    }

    /// Removes a slot that is in the index.
    pub(crate) fn remove(&mut self, hash: u32, slot: Slot) {
        let bucket = self.bucket(hash);
        self.len -= usize::from(Arc::make_mut(&mut self.buckets[bucket]).remove(hash, slot));
    }

    /// Removes slots that are in the index and [sorted by bucket](Self::by_bucket).
    pub(crate) fn remove_all(&mut self, sorted: &[Entry]) {
        let mut left = sorted;
        while let [Entry { hash, .. }, ..] = *left {
            let home = self.bucket(hash);
            let alike = left.iter().take_while(|entry| self.bucket(entry.hash) == home).count();
            let (now, later) = left.split_at(alike);
            let bucket = Arc::make_mut(&mut self.buckets[home]);
            self.len -= now.iter().filter(|entry| bucket.remove(entry.hash, entry.slot)).count();
            left = later;
        }
    }

    /// Splits a bucket by the next routing bit. `path` is the routing of any of its hashes.
    #[cold]
    fn split(&mut self, full: usize, path: u32) {
        let Ok(new) = u32::try_from(self.buckets.len()) else { return };
        let depth = self.buckets[full].depth;
        if depth == self.depth {
            self.directory.extend_from_within(..);
            self.depth += 1;
        }
        let bit = 1 << depth;
        let first = (path & (bit - 1) | bit) as usize;
        for entry in self.directory[first..].iter_mut().step_by(2 * bit as usize) {
            *entry = new;
        }

        let mut halves = [(); 2].map(|()| Bucket::ample(depth + 1));
        for hashed in &self.buckets[full].slots {
            halves[usize::from(routing(hashed.hash) & bit != 0)].insert(*hashed);
        }
        let [staying, moving] = halves.map(Arc::new);
        self.buckets[full] = staying;
        self.buckets.push(moving);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use foldhash::fast::FixedState;

    use super::*;

    fn hash(slot: Slot) -> u32 {
        (FixedState::default().hash_one(slot) >> 32) as u32
    }

    #[test]
    fn every_slot_is_found_until_it_is_removed() {
        let mut index = Index::default();
        for slot in 0..20_000 {
            index.insert(hash(slot), slot);
        }
        let find = |index: &Index, slot| index.find(hash(slot), |other| other == slot);
        assert!((0..20_000).all(|slot| find(&index, slot) == Some(slot)));
        for slot in (0..20_000).step_by(2) {
            index.remove(hash(slot), slot);
        }
        assert!((0..20_000).all(|slot| find(&index, slot).is_some() == (slot % 2 == 1)));
        assert_eq!(index.len(), 10_000);
    }

    #[test]
    fn buckets_stay_small_and_filled() {
        let mut index = Index::default();
        for slot in 0..100_000 {
            index.insert(hash(slot), slot);
        }
        let largest = index.buckets.iter().map(|bucket| bucket.slots.len()).max().unwrap();
        assert!(largest <= FULL, "{largest}");
        let mean = 100_000 / index.buckets.len();
        assert!(mean > FULL / 2, "{mean}");
    }

    /// With one limit for all buckets, one of these steps splits ten times as many as the average.
    #[test]
    fn buckets_are_not_all_split_at_the_same_time() {
        let mut index = Index::default();
        let mut slots = 0..;
        let mut grow = |count: usize| {
            let before = index.buckets.len();
            slots.by_ref().take(count).for_each(|slot| index.insert(hash(slot), slot));
            index.buckets.len() - before
        };
        grow(100_000);
        let splits = [(); 20].map(|()| grow(5_000));
        let average = splits.iter().sum::<usize>() / splits.len();
        assert!(splits.iter().all(|count| *count < 8 * average), "{splits:?}");
    }

    #[test]
    fn reserving_space_keeps_the_entries() {
        for before in [0, 1, 500, 10_000] {
            let mut index = Index::default();
            for slot in 0..before {
                index.insert(hash(slot), slot);
            }
            let copy = index.clone();
            index.reserve(10_000);
            assert!(index.buckets.len() >= 10_000 / FULL, "no room after {before}");
            let buckets = index.buckets.len();
            for slot in before..before + 10_000 {
                index.insert(hash(slot), slot);
            }
            assert!(index.buckets.len() <= buckets + buckets / 8, "too little after {before}");
            assert_eq!(index.len(), before as usize + 10_000);
            let find = |index: &Index, slot| index.find(hash(slot), |other| other == slot);
            assert!((0..before + 10_000).all(|slot| find(&index, slot) == Some(slot)));
            assert!((0..before).all(|slot| find(&copy, slot) == Some(slot)));
            assert_eq!(copy.len(), before as usize);
        }
    }

    #[test]
    fn keys_of_one_hash_share_a_bucket_that_grows() {
        let mut index = Index::default();
        for slot in 0..2_000 {
            index.insert(7, slot);
        }
        assert!((0..2_000).all(|slot| index.find(7, |other| other == slot) == Some(slot)));
        assert!(index.directory.len() < 2_000, "{}", index.directory.len());
    }

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut index = Index::default();
        index.insert(hash(1), 1);
        let copy = index.clone();
        index.insert(hash(2), 2);
        index.remove(hash(1), 1);
        assert_eq!(copy.find(hash(1), |slot| slot == 1), Some(1));
        assert_eq!(copy.find(hash(2), |slot| slot == 2), None);
    }
}
