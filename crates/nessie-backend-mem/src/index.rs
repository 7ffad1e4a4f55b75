//! From a hash to a slot, in buckets that copies share until one of them writes.
//!
//! A bucket is a hash table of slot numbers; the keys themselves stay in the records. The index
//! grows by linear hashing, one bucket at a time, so no insert ever pays for rehashing all of it.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::slab::Slot;

/// Finds slots by the hash of a key that their records hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    buckets: Vec<Arc<HashTable<Slot>>>,
    len: usize,
}

/// Slots per bucket on average. A table of 1024 places takes up to 896 entries, so this leaves
/// room for the spread among buckets, which hold up to twice the average before they are split.
const PER_BUCKET: usize = 416;

#[expect(clippy::indexing_slicing, reason = "`route` stays below the number of buckets")]
impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The bucket of a hash. The bits used here are neither those that place an entry in its
    /// table (the low ones) nor those that tell entries of one place apart (the top seven).
    fn route(&self, hash: u64) -> usize {
        let bits = (hash >> 32) as usize & 0x01FF_FFFF;
        let doubled = self.buckets.len().next_power_of_two();
        let bucket = bits & (doubled - 1);
        if bucket < self.buckets.len() { bucket } else { bits & (doubled / 2 - 1) }
    }

    /// The slot among those of this hash that `is_match` accepts.
    pub(crate) fn find(&self, hash: u64, is_match: impl Fn(Slot) -> bool) -> Option<Slot> {
        if self.buckets.is_empty() {
            return None;
        }
        self.buckets[self.route(hash)].find(hash, |slot| is_match(*slot)).copied()
    }

    /// Adds a slot that is not in the index. `rehash` is the hash of a slot's key.
    pub(crate) fn insert(&mut self, hash: u64, slot: Slot, rehash: impl Fn(Slot) -> u64) {
        if self.len >= self.buckets.len() * PER_BUCKET {
            self.split(&rehash);
        }
        let bucket = self.route(hash);
        Arc::make_mut(&mut self.buckets[bucket]).insert_unique(hash, slot, |slot| rehash(*slot));
        self.len += 1;
    }

    /// Removes a slot that is in the index.
    pub(crate) fn remove(&mut self, hash: u64, slot: Slot) {
        let bucket = self.route(hash);
        let table = Arc::make_mut(&mut self.buckets[bucket]);
        if let Ok(entry) = table.find_entry(hash, |other| *other == slot) {
            entry.remove();
            self.len -= 1;
        }
    }

    /// Adds a bucket and moves to it what belongs there from the one that was in its place.
    fn split(&mut self, rehash: impl Fn(Slot) -> u64) {
        let new = self.buckets.len();
        self.buckets.push(Arc::default());
        if new == 0 {
            return;
        }
        let old = new - (new + 1).next_power_of_two() / 2;
        let hashes: Vec<(u64, Slot)> =
            self.buckets[old].iter().map(|slot| (rehash(*slot), *slot)).collect();
        let (moving, staying): (Vec<_>, Vec<_>) =
            hashes.into_iter().partition(|(hash, _)| self.route(*hash) == new);
        for (bucket, entries) in [(old, staying), (new, moving)] {
            let mut table = HashTable::with_capacity(entries.len());
            for (hash, slot) in entries {
                table.insert_unique(hash, slot, |slot| rehash(*slot));
            }
            self.buckets[bucket] = Arc::new(table);
        }
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
    fn buckets_stay_small_and_even() {
        let mut index = Index::default();
        for slot in 0..100_000 {
            index.insert(hash(slot), slot, hash);
        }
        let largest = index.buckets.iter().map(|bucket| bucket.len()).max().unwrap();
        assert!(largest < 3 * PER_BUCKET, "{largest}");
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
