//! From a hash to a slot, in buckets that copies share until one of them writes.
//!
//! A bucket is a hash table of slots; the keys themselves stay in the records. The index grows by
//! extendible hashing, one full bucket at a time, so no insert rehashes all of it, and a copy costs
//! one reference count for each bucket. A fixed number of shards would be simpler, but a copy of a
//! small backend, which every listing makes, would cost as much as that of a large one.

use std::mem;
use std::sync::Arc;

use hashbrown::{HashTable, hash_table};

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
    pub(crate) hash: u64,
    pub(crate) slot: Slot,
    /// The item's place in the batch.
    pub(crate) item: u32,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    slots: HashTable<Slot>,
    /// How many routing bits all of its hashes share.
    depth: u32,
}

/// The most items in a table of 512 places, before it grows.
const FULL: usize = 448;
/// Buckets filled like this on average are hardly ever full.
const AMPLE: usize = FULL - FULL / 8;
/// A bucket this much deeper than evenly spread ones would be grows instead of being split: its
/// hashes are too alike for the directory to be doubled for their sake.
const MAX_SKEW: u32 = 6;

/// The bits of a hash that choose the bucket: neither those that place a slot in its table (the
/// lowest) nor those that distinguish slots of one place (the top seven).
const fn routing(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Default for Index {
    fn default() -> Self {
        Self { directory: vec![0], depth: 0, buckets: vec![Arc::default()], len: 0 }
    }
}

#[expect(clippy::indexing_slicing, reason = "the directory has 2^depth entries")]
fn bucket_of(directory: &[u32], depth: u32, hash: u64) -> usize {
    let lowest = (1 << depth) - 1;
    directory[(routing(hash) & lowest) as usize] as usize
}

#[expect(clippy::indexing_slicing, reason = "the directory has 2^depth entries, all of buckets")]
impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn bucket(&self, hash: u64) -> usize {
        bucket_of(&self.directory, self.depth, hash)
    }

    /// The slot among those of this hash that `is_match` accepts.
    pub(crate) fn find(&self, hash: u64, is_match: impl Fn(Slot) -> bool) -> Option<Slot> {
        self.buckets[self.bucket(hash)].slots.find(hash, |slot| is_match(*slot)).copied()
    }

    /// Makes room for as many more slots, if they at least double the index; for fewer it grows
    /// with them. `rehash` is the hash of a slot's key.
    pub(crate) fn reserve(&mut self, additional: usize, rehash: impl Fn(Slot) -> u64) {
        if additional <= FULL || additional < self.len {
            return;
        }
        let depth = (self.len + additional).div_ceil(AMPLE).next_power_of_two().ilog2();
        let Some(last) = 1_u32.checked_shl(depth).map(|count| count - 1) else { return };
        if depth <= self.depth {
            return;
        }
        let bucket = || Bucket { slots: HashTable::with_capacity(FULL), depth };
        let ample = Self {
            directory: (0..=last).collect(),
            depth,
            buckets: (0..=last).map(|_| Arc::new(bucket())).collect(),
            len: 0,
        };
        let small = mem::replace(self, ample);
        for slot in small.buckets.iter().flat_map(|bucket| &bucket.slots) {
            self.insert(rehash(*slot), *slot, &rehash);
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

    /// Adds a slot that is not in the index. `rehash` is the hash of a slot's key.
    pub(crate) fn insert(&mut self, hash: u64, slot: Slot, rehash: impl Fn(Slot) -> u64) {
        self.make_room(hash, &rehash);
        let bucket = self.bucket(hash);
        let slots = &mut Arc::make_mut(&mut self.buckets[bucket]).slots;
        slots.insert_unique(hash, slot, |slot| rehash(*slot));
        self.len += 1;
    }

    /// Splits the bucket of a hash if it is full and can be split.
    fn make_room(&mut self, hash: u64, rehash: impl Fn(Slot) -> u64) {
        let bucket = self.bucket(hash);
        let deepest = self.buckets.len().ilog2() + MAX_SKEW;
        if self.buckets[bucket].slots.len() >= FULL && self.buckets[bucket].depth < deepest {
            self.split(bucket, routing(hash), rehash);
        }
    }

    /// Adds slots that are [sorted by bucket](Self::by_bucket), except those whose key the index
    /// has already: it returns them. `is_same` compares the keys of two slots.
    pub(crate) fn insert_all(
        &mut self,
        sorted: &[Entry],
        is_same: impl Fn(Slot, Slot) -> bool,
        rehash: impl Fn(Slot) -> u64,
    ) -> Vec<Entry> {
        let mut taken = Vec::new();
        let mut left = sorted;
        while let [Entry { hash, .. }, ..] = *left {
            self.make_room(hash, &rehash);
            let home = self.bucket(hash);
            let alike = left.iter().take_while(|entry| self.bucket(entry.hash) == home).count();
            let slots = &mut Arc::make_mut(&mut self.buckets[home]).slots;
            // A bucket that is full already gets one more: it could not be split.
            let fitting = FULL.saturating_sub(slots.len()).clamp(1, alike);
            let (now, later) = left.split_at(fitting);
            for entry in now {
                let Entry { hash, slot, .. } = *entry;
                match slots.entry(hash, |other| is_same(*other, slot), |slot| rehash(*slot)) {
                    hash_table::Entry::Occupied(_) => taken.push(*entry),
                    hash_table::Entry::Vacant(place) => {
                        place.insert(slot);
                        self.len += 1;
                    }
                }
            }
            left = later;
        }
        taken
    }

    /// Removes a slot that is in the index.
    pub(crate) fn remove(&mut self, hash: u64, slot: Slot) {
        self.remove_all(&[Entry { hash, slot, item: 0 }]);
    }

    /// Removes slots that are in the index and [sorted by bucket](Self::by_bucket).
    pub(crate) fn remove_all(&mut self, sorted: &[Entry]) {
        let Self { directory, depth, buckets, len } = self;
        let home = |entry: &Entry| bucket_of(directory, *depth, entry.hash);
        for entries in sorted.chunk_by(|one, other| home(one) == home(other)) {
            let Some(first) = entries.first() else { continue };
            let slots = &mut Arc::make_mut(&mut buckets[home(first)]).slots;
            for Entry { hash, slot, .. } in entries {
                if let Ok(entry) = slots.find_entry(*hash, |other| other == slot) {
                    entry.remove();
                    *len -= 1;
                }
            }
        }
    }

    /// Splits a bucket by the next routing bit. `path` is the routing of any of its hashes.
    fn split(&mut self, full: usize, path: u32, rehash: impl Fn(Slot) -> u64) {
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

        let slots = self.buckets[full].slots.iter();
        let hashes: Vec<(u64, Slot)> = slots.map(|slot| (rehash(*slot), *slot)).collect();
        let mut halves = [(); 2].map(|()| HashTable::with_capacity(FULL));
        for (hash, slot) in hashes {
            let half = &mut halves[usize::from(routing(hash) & bit != 0)];
            half.insert_unique(hash, slot, |slot| rehash(*slot));
        }
        let [staying, moving] = halves.map(|slots| Arc::new(Bucket { slots, depth: depth + 1 }));
        self.buckets[full] = staying;
        self.buckets.push(moving);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use foldhash::fast::FixedState;

    use super::*;

    fn hash(slot: Slot) -> u64 {
        FixedState::default().hash_one(slot)
    }

    #[test]
    fn every_slot_is_found_until_it_is_removed() {
        let mut index = Index::default();
        for slot in 0..20_000 {
            index.insert(hash(slot), slot, hash);
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
            index.insert(hash(slot), slot, hash);
        }
        let largest = index.buckets.iter().map(|bucket| bucket.slots.len()).max().unwrap();
        assert!(largest <= FULL, "{largest}");
        let mean = 100_000 / index.buckets.len();
        assert!(mean > FULL / 2, "{mean}");
    }

    #[test]
    fn reserving_space_keeps_the_entries() {
        for before in [0, 1, 500, 10_000] {
            let mut index = Index::default();
            for slot in 0..before {
                index.insert(hash(slot), slot, hash);
            }
            let copy = index.clone();
            index.reserve(10_000, hash);
            assert!(index.buckets.len() >= 10_000 / FULL, "no room after {before}");
            let buckets = index.buckets.len();
            for slot in before..before + 10_000 {
                index.insert(hash(slot), slot, hash);
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
            index.insert(7, slot, |_| 7);
        }
        assert!((0..2_000).all(|slot| index.find(7, |other| other == slot) == Some(slot)));
        assert!(index.directory.len() < 2_000, "{}", index.directory.len());
    }

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut index = Index::default();
        index.insert(hash(1), 1, hash);
        let copy = index.clone();
        index.insert(hash(2), 2, hash);
        index.remove(hash(1), 1);
        assert_eq!(copy.find(hash(1), |slot| slot == 1), Some(1));
        assert_eq!(copy.find(hash(2), |slot| slot == 2), None);
    }
}
