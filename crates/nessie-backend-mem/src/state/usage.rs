//! What single volumes and snapshots use, read from the account of space.

use nessie_backend_core::{SnapshotId, SnapshotSpace, VolumeSpace};

use super::{Data, State, quota};
use crate::storage::slab::{NONE, Slot};

impl State {
    /// What a volume and its snapshots use.
    pub(crate) fn volume_space(&self, volume: Slot) -> VolumeSpace {
        let live = self.live_data(volume);
        let mut space = VolumeSpace::new(live.size);
        space.autosize_bytes = quota(self.space.autosize(volume));
        if self.space.is_empty() {
            return space;
        }
        let kept = self.snapshot_slots(volume).map(|slot| self.snapshot_data(slot).allocated());
        let allocated = kept.sum::<u64>() + live.allocated();
        space.inherited_bytes = live.size - live.own();
        space.snapshot_bytes = allocated - live.own();
        space.split_bytes = self.still_inherited(volume);
        space
    }

    /// The bytes of the parent's snapshot that a clone or its snapshots have.
    pub(super) fn still_inherited(&self, volume: Slot) -> u64 {
        let record = self.volumes.get(volume);
        if !record.is_clone() {
            return 0;
        }
        // What later intervals have of the inherited data, the first one has too.
        match record.snapshots.first {
            NONE => self.live_data(volume).shared,
            first => self.snapshot_data(first).shared,
        }
    }

    /// The data of a volume's snapshots, in order of creation.
    pub(crate) fn snapshot_spaces(&self, volume: Slot) -> Vec<SnapshotSpace> {
        let slots = self.snapshot_slots(volume);
        let kept = slots.map(|slot| (self.snapshot_id(slot), self.snapshot_data(slot)));
        let kept: Vec<_> = kept.collect();
        let live = self.live_data(volume);
        // How much of the older data the later intervals lack, from the live data backwards.
        let (mut next, mut lost) = (live, 0_u64);
        let of_snapshot = |(uuid, data): (SnapshotId, Data)| {
            lost = lost.saturating_add(data.size - next.shared);
            next = data;
            let mut space = SnapshotSpace::new(uuid, data.size);
            space.changed_bytes = live.size - data.size.saturating_sub(lost);
            space
        };
        let mut spaces: Vec<_> = kept.into_iter().rev().map(of_snapshot).collect();
        spaces.reverse();
        spaces
    }
}
