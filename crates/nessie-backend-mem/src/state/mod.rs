//! The state machine: the records of a backend, and the transitions between states.
//!
//! Single-threaded and deterministic: time and epoch are arguments of each creation. Every
//! transition checks everything first and then cannot fail, so a refused call changes nothing.
//! Single and bulk transitions call the same checks and change the same lists.
//!
//! A clone of the state shares its records until one of the two changes them.
//!
//! Uses only `storage` (and the types `BulkError`, `Limits`, `Profile`): no clock, no randomness, no file format, no row of a binding.

mod bulk;
mod clones;
mod invariants;
mod limits;
mod locks;
pub(crate) mod lookup;
mod policies;
mod policy_run;
mod profile;
mod record;
mod snapshots;
mod space;
mod usage;
mod volumes;

use nessie_backend_core::{BackendError, Timestamp};

pub(crate) use self::bulk::{Busy, NewName};
pub(crate) use self::limits::Restrictions;
pub(crate) use self::locks::Locks;
pub(crate) use self::lookup::{quota, time};
pub(crate) use self::policies::Policies;
pub(crate) use self::policy_run::Run;
pub(crate) use self::profile::{check_size, check_volume_name};
pub(crate) use self::record::{
    ByCreation, CloneList, OfParentSnapshot, OfParentVolume, SnapshotRecord, VolumeRecord,
};
pub(crate) use self::space::{Data, Interval, Space, Written, check_capacity};
use crate::storage::ids::IdKey;
use crate::storage::index::Index;
use crate::storage::list::List;
use crate::storage::serial::Serial;
use crate::storage::slab::{Slab, Slot};

/// The contents of a backend.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) key: IdKey,
    /// The number of the last record; see [`Serial::next`].
    pub(crate) last_number: u64,
    pub(crate) volumes: Slab<VolumeRecord>,
    pub(crate) snapshots: Slab<SnapshotRecord>,
    /// The clones of each snapshot that has clones.
    pub(crate) clone_lists: Slab<CloneList>,
    /// All volumes in order of creation.
    pub(crate) order: List,
    /// The number of clones.
    pub(crate) clones: u32,
    pub(crate) volume_names: Index,
    pub(crate) snapshot_names: Index,
    junctions: Index,
    pub(crate) space: Space,
    pub(crate) restrictions: Restrictions,
    pub(crate) locks: Locks,
    pub(crate) policies: Policies,
}

/// The arguments from outside of a transition that creates records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) time: Timestamp,
    pub(crate) epoch: u64,
}

impl State {
    pub(crate) fn new(key: IdKey) -> Self {
        Self {
            key,
            last_number: 0,
            volumes: Slab::default(),
            snapshots: Slab::default(),
            clone_lists: Slab::default(),
            order: List::default(),
            clones: 0,
            volume_names: Index::default(),
            snapshot_names: Index::default(),
            junctions: Index::default(),
            space: Space::default(),
            restrictions: Restrictions::default(),
            locks: Locks::new(),
            policies: Policies::new(),
        }
    }

    /// The number of volumes and snapshots.
    pub(crate) const fn records(&self) -> usize {
        self.volumes.len() as usize + self.snapshots.len() as usize
    }

    /// Whether there is anything besides the records: data, autosize, locks or uses of policies.
    const fn has_more_than_records(&self) -> bool {
        !(self.space.is_unused() && self.locks.is_empty() && self.policies.are_unused())
    }

    /// The first serial of so many new records, and the number of the last.
    fn serials(&self, stamp: Stamp, count: usize) -> (Serial, u64) {
        Serial::next(stamp.epoch, self.last_number, count)
    }

    pub(crate) fn volume_slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.order.iter::<ByCreation, _>(&self.volumes)
    }

    pub(crate) fn snapshot_slots(&self, volume: Slot) -> impl Iterator<Item = Slot> + '_ {
        self.volumes.get(volume).snapshots.iter::<ByCreation, _>(&self.snapshots)
    }
}

/// The refusal if no slot is left.
fn full() -> BackendError {
    BackendError::substrate("creating a record", "the backend holds 2^32-1 records of this kind")
}
