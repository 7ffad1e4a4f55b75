//! Transitions of clones, and what depends on what.

use nessie_backend_core::{BackendError, Dependents, Result, SnapshotId, VolumeId, rules};

use super::lookup::key;
use super::{OfParentSnapshot, OfParentVolume, SnapshotRecord, Stamp, State, VolumeRecord, full};
use crate::storage::list::{List, Node};
use crate::storage::slab::{NONE, Slot};

impl State {
    pub(crate) fn create_clone(
        &mut self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
        stamp: Stamp,
    ) -> Result<Slot> {
        let parent = self.find(parent_volume)?;
        let snapshot = self.find_snapshot(parent, parent_snapshot)?;
        rules::volume_name(new_name).map_err(|error| error.for_argument("new_name"))?;
        self.check_online(parent)?;
        self.check_volume_name_free(new_name, None)?;

        let policy = self.volumes.text(parent).to_owned();
        let slot = self.add_clone(parent, snapshot, new_name, &policy, stamp)?;
        self.index_volume_name(slot, key::volume_name(new_name));
        Ok(slot)
    }

    /// Adds a clone of a free name, with its parent's export policy, but not to the index.
    pub(super) fn add_clone(
        &mut self,
        parent: Slot,
        snapshot: Slot,
        name: &str,
        policy: &str,
        stamp: Stamp,
    ) -> Result<Slot> {
        if self.clone_lists.is_full() {
            return Err(full());
        }
        let slot = self.add_volume(stamp, name, self.volumes.get(parent).size, policy)?;
        self.attach_to_parent(slot, snapshot)?;
        Ok(slot)
    }

    pub(crate) fn split_clone(&mut self, uuid: VolumeId) -> Result<Slot> {
        let slot = self.find(uuid)?;
        if !self.volumes.get(slot).is_clone() {
            let rule = "is not a clone; only a clone can be split";
            return Err(BackendError::invalid("vol_uuid", &uuid.to_string(), rule));
        }
        self.detach_from_parent(slot);
        Ok(slot)
    }

    /// Makes the volume in `slot` a clone of a snapshot, after the snapshot's other clones.
    pub(crate) fn attach_to_parent(&mut self, slot: Slot, snapshot: Slot) -> Result<()> {
        let parent = self.snapshots.get(snapshot).volume;
        let of_volume = self.volumes.get(parent).clones;
        let of_snapshot = self.clones_of(snapshot);

        let clone = self.volumes.get_mut(slot);
        clone.parent_snapshot = snapshot;
        clone.in_volume = of_volume.end();
        clone.in_snapshot = of_snapshot.end();
        self.link_clones(snapshot, &[slot])
    }

    /// Enters volumes that have their links into the lists of a snapshot's clones.
    pub(super) fn link_clones(&mut self, snapshot: Slot, slots: &[Slot]) -> Result<()> {
        let SnapshotRecord { volume: parent, clone_list: mut list, .. } =
            *self.snapshots.get(snapshot);
        if list == NONE {
            list = self.clone_lists.insert(0, |_| ()).ok_or_else(full)?;
            self.snapshots.get_mut(snapshot).clone_list = list;
        }
        let of_volume = self.volumes.get(parent).clones;
        let of_volume = of_volume.extend::<OfParentVolume, _>(&mut self.volumes, slots);
        self.volumes.get_mut(parent).clones = of_volume;
        let of_snapshot = self.clone_lists.get(list).clones;
        let of_snapshot = of_snapshot.extend::<OfParentSnapshot, _>(&mut self.volumes, slots);
        self.clones += of_snapshot.len - self.clone_lists.get(list).clones.len;
        self.clone_lists.get_mut(list).clones = of_snapshot;
        Ok(())
    }

    /// The clones of a snapshot.
    pub(super) fn clones_of(&self, snapshot: Slot) -> List {
        match self.snapshots.get(snapshot).clone_list {
            NONE => List::default(),
            list => self.clone_lists.get(list).clones,
        }
    }

    /// Notes which clones are left of a snapshot that had some.
    pub(super) fn set_clones_of(&mut self, snapshot: Slot, clones: List) {
        let list = self.snapshots.get(snapshot).clone_list;
        if clones.is_empty() {
            self.clone_lists.remove(list);
            self.snapshots.get_mut(snapshot).clone_list = NONE;
        } else {
            self.clone_lists.get_mut(list).clones = clones;
        }
    }

    /// Makes the volume in `slot` a plain one, if it is a clone.
    pub(super) fn detach_from_parent(&mut self, slot: Slot) {
        let snapshot = self.volumes.get(slot).parent_snapshot;
        if snapshot == NONE {
            return;
        }
        let clones = self.clones_of(snapshot);
        let clones = clones.remove::<OfParentSnapshot, _>(&mut self.volumes, slot);
        self.set_clones_of(snapshot, clones);

        let parent = self.snapshots.get(snapshot).volume;
        let clones = self.volumes.get(parent).clones;
        self.volumes.get_mut(parent).clones =
            clones.remove::<OfParentVolume, _>(&mut self.volumes, slot);

        self.volumes.get_mut(slot).parent_snapshot = NONE;
        self.clones -= 1;
    }

    pub(super) fn dependents_of_volume(&self, clones: List) -> Dependents {
        self.dependents::<OfParentVolume>(clones)
    }

    pub(super) fn dependents_of_snapshot(&self, clones: List) -> Dependents {
        self.dependents::<OfParentSnapshot>(clones)
    }

    fn dependents<L>(&self, clones: List) -> Dependents
    where
        VolumeRecord: Node<L>,
    {
        let first = clones.iter::<L, _>(&self.volumes).take(Dependents::MAX_NAMES);
        Dependents {
            names: first.map(|slot| self.volume_name(slot).to_owned()).collect(),
            count: u64::from(clones.len),
        }
    }
}
