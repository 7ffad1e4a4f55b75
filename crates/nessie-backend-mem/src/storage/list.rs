//! Doubly linked lists threaded through the records of a slab.
//!
//! A list keeps its order through inserts and deletes at the same cost whatever its length, and
//! costs a record eight bytes.

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

    /// The links that a record needs to be the last of this chain.
    pub(crate) const fn end(&self) -> Links {
        Links { prev: self.last, next: NONE }
    }

    /// The chain with `slot` at its end, whose record has the links for it.
    #[must_use]
    pub(crate) fn with<L, T: Node<L>>(self, slab: &mut Slab<T>, slot: Slot) -> Self {
        if self.last != NONE {
            slab.get_mut(self.last).links_mut().next = slot;
        }
        self.and(slot)
    }

    /// The ends of the chain with `slot` at its end. The links of the records are the caller's.
    #[must_use]
    pub(crate) const fn and(self, slot: Slot) -> Self {
        let first = if self.is_empty() { slot } else { self.first };
        Self { first, last: slot, len: self.len + 1 }
    }

    /// The ends of the chain without the record of these links, which are the caller's too.
    #[must_use]
    pub(crate) const fn less(self, Links { prev, next }: Links) -> Self {
        Self {
            first: if prev == NONE { next } else { self.first },
            last: if next == NONE { prev } else { self.last },
            len: self.len - 1,
        }
    }

    /// The chain with `slots` at its end, whose records have the links for it.
    #[must_use]
    pub(crate) fn with_all<L, T: Node<L>>(self, slab: &mut Slab<T>, slots: &[Slot]) -> Self {
        let (&[first, ..], &[.., last]) = (slots, slots) else { return self };
        let joined = self.with::<L, T>(slab, first);
        #[expect(clippy::cast_possible_truncation, reason = "there are no more than slots")]
        let len = self.len + slots.len() as u32;
        Self { last, len, ..joined }
    }

    /// The chain without `slots`, which follow each other in it. Their own links stay as they are.
    #[must_use]
    pub(crate) fn without_all<L, T: Node<L>>(self, slab: &mut Slab<T>, slots: &[Slot]) -> Self {
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
        Self { len, ..self.less(Links { prev, next }) }
    }

    /// The chain without `slot`, which is in it.
    #[must_use]
    pub(crate) fn without<L, T: Node<L>>(self, slab: &mut Slab<T>, slot: Slot) -> Self {
        let shorter = self.without_all::<L, T>(slab, &[slot]);
        *slab.get_mut(slot).links_mut() = Links::default();
        shorter
    }

    /// The slots of the chain in order.
    pub(crate) fn iter<L, T: Node<L>>(
        self,
        slab: &Slab<T>,
    ) -> impl Iterator<Item = Slot> + use<'_, L, T> {
        walk::<L, T>(slab, self.first)
    }
}

/// Parts the first of these slots, as many as follow each other in their list, from the others.
pub(crate) fn split_run<'a, L, T: Node<L>>(
    slab: &Slab<T>,
    slots: &'a [Slot],
) -> (&'a [Slot], &'a [Slot]) {
    let follows = |(slot, next): &(&Slot, &Slot)| slab.get(**slot).links().next == **next;
    let pairs = slots.iter().zip(slots.iter().skip(1));
    slots.split_at(slots.len().min(1 + pairs.take_while(follows).count()))
}

/// The slots of a chain from `slot` on.
pub(crate) fn walk<L, T: Node<L>>(
    slab: &Slab<T>,
    slot: Slot,
) -> impl Iterator<Item = Slot> + use<'_, L, T> {
    let some = |slot: Slot| (slot != NONE).then_some(slot);
    iter::successors(some(slot), move |&slot| some(slab.get(slot).links().next))
}
