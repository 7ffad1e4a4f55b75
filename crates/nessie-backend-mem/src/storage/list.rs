//! Doubly linked lists threaded through the records of a slab.
//!
//! Inserting and deleting take constant time. A list costs eight bytes per record.

use std::iter;

use crate::storage::slab::{Links, NONE, Record, Slab, Slot};

/// A record that can be in the list that `L` names.
pub(crate) trait Node<L>: Record {
    fn links(&self) -> Links;
    fn links_mut(&mut self) -> &mut Links;
}

/// A list: its ends and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) first: Slot,
    pub(crate) last: Slot,
    pub(crate) len: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { first: NONE, last: NONE, len: 0 }
    }
}

impl List {
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The links of a record that is appended to this list.
    pub(crate) const fn end(&self) -> Links {
        Links { prev: self.last, next: NONE }
    }

    /// Appends `slot`, whose record already has its links, and returns the longer list.
    #[must_use]
    pub(crate) fn push_back<L, T: Node<L>>(self, slab: &mut Slab<T>, slot: Slot) -> Self {
        if self.last != NONE {
            slab.get_mut(self.last).links_mut().next = slot;
        }
        self.appended(slot)
    }

    /// The ends and length after `slot` is appended. The caller sets the links of the records.
    #[must_use]
    pub(crate) const fn appended(self, slot: Slot) -> Self {
        let first = if self.is_empty() { slot } else { self.first };
        Self { first, last: slot, len: self.len + 1 }
    }

    /// The ends and length after the record with these links is removed. The caller sets the links
    /// of its neighbours.
    #[must_use]
    pub(crate) const fn removed(self, Links { prev, next }: Links) -> Self {
        Self {
            first: if prev == NONE { next } else { self.first },
            last: if next == NONE { prev } else { self.last },
            len: self.len - 1,
        }
    }

    /// Appends `slots`, whose records already have their links, and returns the longer list.
    #[must_use]
    pub(crate) fn extend<L, T: Node<L>>(self, slab: &mut Slab<T>, slots: &[Slot]) -> Self {
        let (&[first, ..], &[.., last]) = (slots, slots) else { return self };
        let joined = self.push_back::<L, T>(slab, first);
        #[expect(clippy::cast_possible_truncation, reason = "there are no more than slots")]
        let len = self.len + slots.len() as u32;
        Self { last, len, ..joined }
    }

    /// Removes `slots`, which are neighbours in the list in this order, and returns the shorter
    /// list. The links of the removed records are unchanged.
    #[must_use]
    pub(crate) fn remove_run<L, T: Node<L>>(self, slab: &mut Slab<T>, slots: &[Slot]) -> Self {
        let (&[first, ..], &[.., last]) = (slots, slots) else { return self };
        let Links { prev, .. } = slab.get(first).links();
        let Links { next, .. } = slab.get(last).links();
        if prev != NONE {
            slab.get_mut(prev).links_mut().next = next;
        }
        if next != NONE {
            slab.get_mut(next).links_mut().prev = prev;
        }
        #[expect(clippy::cast_possible_truncation, reason = "there are no more than slots")]
        let len = self.len - slots.len() as u32;
        Self { len, ..self.removed(Links { prev, next }) }
    }

    /// The slots of the list in order.
    pub(crate) fn iter<L, T: Node<L>>(
        self,
        slab: &Slab<T>,
    ) -> impl Iterator<Item = Slot> + use<'_, L, T> {
        walk::<L, T>(slab, self.first)
    }
}

/// Splits the slots after the first run: the first slots that are neighbours in their list.
pub(crate) fn split_run<'a, L, T: Node<L>>(
    slab: &Slab<T>,
    slots: &'a [Slot],
) -> (&'a [Slot], &'a [Slot]) {
    let follows = |(slot, next): &(&Slot, &Slot)| slab.get(**slot).links().next == **next;
    let pairs = slots.iter().zip(slots.iter().skip(1));
    slots.split_at(slots.len().min(1 + pairs.take_while(follows).count()))
}

/// The slots of a list from `slot` on.
pub(crate) fn walk<L, T: Node<L>>(
    slab: &Slab<T>,
    slot: Slot,
) -> impl Iterator<Item = Slot> + use<'_, L, T> {
    let some = |slot: Slot| (slot != NONE).then_some(slot);
    iter::successors(some(slot), move |&slot| some(slab.get(slot).links().next))
}
