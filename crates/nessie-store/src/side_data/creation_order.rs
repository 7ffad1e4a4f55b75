//! The order of creation, which makes pages stable.
//!
//! Backends list objects in order of creation, and creation times may be equal. A new object gets
//! a position after all known ones and keeps it when others are deleted.

use std::collections::{HashMap, HashSet};

use nessie_backend_core::Uuid;

/// Positions of objects in the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct CreationOrder {
    positions: HashMap<Uuid, u64>,
    last: u64,
}

impl CreationOrder {
    /// The position of an object. Call it for the objects of a list in their order.
    pub(crate) fn position(&mut self, uuid: Uuid) -> u64 {
        *self.positions.entry(uuid).or_insert_with(|| {
            self.last += 1;
            self.last
        })
    }

    /// Removes objects that no longer exist, once there are many of them. `uuids` are the `count`
    /// objects that exist.
    pub(crate) fn prune(&mut self, count: usize, uuids: impl Iterator<Item = Uuid>) {
        if self.positions.len() > 2 * count + 1024 {
            let existing: HashSet<Uuid> = uuids.collect();
            self.positions.retain(|uuid, _| existing.contains(uuid));
        }
    }
}
