//! The order of creation, which pages need to be stable.
//!
//! Backends list in order of creation, and times may be equal. What comes later in a list than
//! something known gets a later position and keeps it, whatever is deleted in between.

use std::collections::{HashMap, HashSet};

use nessie_backend_core::Uuid;

/// Positions of objects in the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    of: HashMap<Uuid, u64>,
    next: u64,
}

impl Positions {
    /// The position of an object; those of one kind are asked for in order.
    pub(crate) fn of(&mut self, uuid: Uuid) -> u64 {
        *self.of.entry(uuid).or_insert_with(|| {
            self.next += 1;
            self.next
        })
    }

    /// Forgets what is not among `all` there is, once in a while.
    pub(crate) fn tidy(&mut self, all: usize, uuids: impl Iterator<Item = Uuid>) {
        if self.of.len() > 2 * all + 1024 {
            let all: HashSet<Uuid> = uuids.collect();
            self.of.retain(|uuid, _| all.contains(uuid));
        }
    }
}
