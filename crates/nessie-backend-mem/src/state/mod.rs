//! The state machine: what a backend holds, and the transitions it makes.
//!
//! Plain and single-threaded; time and lineage come in from outside with each creation. Every
//! transition checks everything first and then cannot fail, so a refusal leaves no trace.
//!
//! A clone of the state is a copy that shares its records until one of the two writes to them.

mod bulk;
mod clones;
mod invariants;
pub(crate) mod lookup;
mod record;
mod snapshots;
mod volumes;

use nessie_backend_core::{BackendError, Timestamp};

pub(crate) use self::bulk::Busy;
pub(crate) use self::lookup::{quota, time};
pub(crate) use self::record::{
    ByCreation, CloneList, OfParentSnapshot, OfParentVolume, SnapshotRecord, VolumeRecord,
};
use crate::storage::ids::IdKey;
use crate::storage::index::Index;
use crate::storage::list::List;
use crate::storage::slab::{Slab, Slot};

/// Everything a backend holds, without its clock and its randomness.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) key: IdKey,
    pub(crate) volumes: Slab<VolumeRecord>,
    pub(crate) snapshots: Slab<SnapshotRecord>,
    /// The clones of each snapshot that has any.
    pub(crate) clone_lists: Slab<CloneList>,
    /// All volumes in order of creation.
    pub(crate) order: List,
    /// How many volumes are clones.
    pub(crate) clones: u32,
    pub(crate) volume_names: Index,
    pub(crate) snapshot_names: Index,
    junctions: Index,
}

/// What a transition that creates something takes from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) time: Timestamp,
    pub(crate) lineage: u64,
}

impl State {
    pub(crate) fn new(key: IdKey) -> Self {
        Self {
            key,
            volumes: Slab::default(),
            snapshots: Slab::default(),
            clone_lists: Slab::default(),
            order: List::default(),
            clones: 0,
            volume_names: Index::default(),
            snapshot_names: Index::default(),
            junctions: Index::default(),
        }
    }

    /// How many records there are.
    pub(crate) const fn records(&self) -> usize {
        self.volumes.len() as usize + self.snapshots.len() as usize
    }

    pub(crate) fn volume_slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.order.iter::<ByCreation, _>(&self.volumes)
    }

    pub(crate) fn snapshot_slots(&self, volume: Slot) -> impl Iterator<Item = Slot> + '_ {
        self.volumes.get(volume).snapshots.iter::<ByCreation, _>(&self.snapshots)
    }
}

/// The refusal when every slot is taken.
fn full() -> BackendError {
    BackendError::substrate("creating a record", "the backend holds 2^32-1 records of this kind")
}
