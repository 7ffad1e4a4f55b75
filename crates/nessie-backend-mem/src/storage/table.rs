//! Values by slot, for data that few records have or that comes late.
//!
//! Values are kept in chunks that copies share until one of them writes. A chunk is allocated when
//! a value of it is set for the first time; a value that was not set is the default.

use triomphe::Arc;

use crate::storage::slab::{CHUNK, Slot, slot_at, split};

/// Values by slot.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    chunks: Vec<Option<Arc<[T; CHUNK]>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    /// Whether no value was ever set.
    pub(crate) const fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

impl<T: Copy + Default + PartialEq> Table<T> {
    pub(crate) fn get(&self, slot: Slot) -> T {
        let (chunk, place) = split(slot);
        let chunk = self.chunks.get(chunk).and_then(Option::as_ref);
        chunk.and_then(|values| values.get(place)).copied().unwrap_or_default()
    }

    #[expect(clippy::indexing_slicing, reason = "the chunk was added, and places are within it")]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut T {
        let (chunk, place) = split(slot);
        if chunk >= self.chunks.len() {
            self.chunks.resize(chunk + 1, None);
        }
        let values = self.chunks[chunk].get_or_insert_with(|| Arc::new([T::default(); CHUNK]));
        &mut Arc::make_mut(values)[place]
    }

    /// Returns a value and sets it to the default.
    pub(crate) fn take(&mut self, slot: Slot) -> T {
        let value = self.get(slot);
        if value != T::default() {
            *self.get_mut(slot) = T::default();
        }
        value
    }

    /// The slots whose value is not the default.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let chunks = self.chunks.iter().enumerate();
        chunks.filter_map(|(index, chunk)| Some((index, chunk.as_ref()?))).flat_map(
            |(index, values)| {
                let set = values.iter().enumerate().filter(|(_, value)| **value != T::default());
                set.map(move |(place, _)| slot_at(index, place))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_not_set_is_the_default() {
        let mut table = Table::<u64>::default();
        assert!(table.is_empty());
        assert_eq!((table.get(0), table.get(5_000)), (0, 0));
        *table.get_mut(5_000) = 7;
        assert_eq!((table.get(4_999), table.get(5_000), table.get(0)), (0, 7, 0));
        assert_eq!(table.slots().collect::<Vec<_>>(), [5_000]);
    }

    #[test]
    fn a_copy_does_not_see_later_values() {
        let mut table = Table::<u64>::default();
        *table.get_mut(3) = 1;
        let copy = table.clone();
        *table.get_mut(3) = 2;
        assert_eq!((table.take(3), table.get(3), copy.get(3)), (2, 0, 1));
    }
}
