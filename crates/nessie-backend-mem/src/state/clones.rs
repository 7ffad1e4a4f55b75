//! Transitions of clones, and the lists of clones.

use nessie_backend_core::{BackendError, Dependents, Result, SnapshotId, VolumeId};

use super::profile::check_volume_name;
use super::{OfParentSnapshot, OfParentVolume, SnapshotRecord, Stamp, State, full};
use crate::limits::Profile;
use crate::storage::list::{List, split_run};
use crate::storage::serial::Serial;
use crate::storage::slab::{Links, NONE, Slot};

/// The serial of all clone lists, which have no identifiers.
const UNUSED: Serial = Serial { epoch: 0, number: 1 };

impl State {
    pub(crate) fn create_clone(
        &mut self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        new_name: &str,
        stamp: Stamp,
    ) -> Result<Slot> {
        let (volume, snapshot) = self.find_pair(parent_volume, parent_snapshot)?;
        check_clone_name(self.restrictions.profile, new_name)?;
        self.check_cloneable(volume)?;
        let size = self.clone_size(volume, snapshot);
        let parent = |state: &Self| state.clone_parent(volume, snapshot);
        let slot = self.add_volume(new_name, size, stamp, parent)?;
        self.link_clones(snapshot, &[slot])?;
        self.inherit_data(&[slot], snapshot);
        Ok(slot)
    }

    /// The quota of a clone: that of the parent, or if the data does not fit into it, that of the
    /// snapshot. 0 means none.
    #[inline]
    pub(super) fn clone_size(&self, parent: Slot, snapshot: Slot) -> u64 {
        let size = self.volumes.get(parent).size;
        let fits = size == 0 || size >= self.snapshot_data(snapshot).size;
        if fits { size } else { self.snapshots.get(snapshot).size }
    }

    /// The common data of the clones of a snapshot.
    pub(super) fn clone_parent(&self, volume: Slot, snapshot: Slot) -> CloneParent {
        CloneParent {
            snapshot,
            policy: self.volumes.text(volume).to_owned(),
            of_volume: self.volumes.get(volume).clones,
            of_snapshot: self.clones_of(snapshot),
            has_data: self.snapshot_data(snapshot).size > 0,
        }
    }

    /// Refuses unless clones can be made of the volume's snapshots.
    pub(super) fn check_cloneable(&mut self, volume: Slot) -> Result<()> {
        self.check_online(volume)?;
        if self.clone_lists.is_full() { Err(full()) } else { Ok(()) }
    }

    pub(crate) fn split_clone(&mut self, uuid: VolumeId) -> Result<Slot> {
        let slot = self.find(uuid)?;
        if !self.volumes.get(slot).is_clone() {
            let rule = "is not a clone; only a clone can be split";
            return Err(BackendError::invalid("vol_uuid", &uuid.to_string(), rule));
        }
        self.copy_inherited(slot)?;
        self.unlink_clones(&[slot]);
        let volume = self.volumes.get_mut(slot);
        volume.parent_snapshot = NONE;
        volume.in_volume = Links::default();
        volume.in_snapshot = Links::default();
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

    /// Enters clones of a snapshot in the lists of its clones and of its volume's clones. Their
    /// records already have their links.
    pub(super) fn link_clones(&mut self, snapshot: Slot, slots: &[Slot]) -> Result<()> {
        let SnapshotRecord { volume: parent, clone_list: mut list, .. } =
            *self.snapshots.get(snapshot);
        if list == NONE {
            list = self.clone_lists.insert(UNUSED, |_| ()).ok_or_else(full)?;
            self.snapshots.get_mut(snapshot).clone_list = list;
        }
        let of_volume = self.volumes.get(parent).clones;
        let of_volume = of_volume.extend::<OfParentVolume, _>(&mut self.volumes, slots);
        self.volumes.get_mut(parent).clones = of_volume;
        let before = self.clone_lists.get(list).clones;
        let of_snapshot = before.extend::<OfParentSnapshot, _>(&mut self.volumes, slots);
        self.clones += of_snapshot.len - before.len;
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

    /// Takes the clones among the volumes out of the lists of clones. Their own links stay.
    pub(super) fn unlink_clones(&mut self, volumes: &[Slot]) {
        let mut left = volumes;
        while let [first, ..] = *left {
            let (run, others) = split_run::<OfParentVolume, _>(&self.volumes, left);
            left = others;
            let snapshot = self.volumes.get(first).parent_snapshot;
            if snapshot != NONE {
                let parent = self.snapshots.get(snapshot).volume;
                let clones = self.volumes.get(parent).clones;
                let clones = clones.remove_run::<OfParentVolume, _>(&mut self.volumes, run);
                self.volumes.get_mut(parent).clones = clones;
            }
        }
        let mut left = volumes;
        while let [first, ..] = *left {
            let (run, others) = split_run::<OfParentSnapshot, _>(&self.volumes, left);
            left = others;
            let snapshot = self.volumes.get(first).parent_snapshot;
            if snapshot != NONE {
                let list = self.snapshots.get(snapshot).clone_list;
                let before = self.clone_lists.get(list).clones;
                let clones = before.remove_run::<OfParentSnapshot, _>(&mut self.volumes, run);
                self.clones -= before.len - clones.len;
                if clones.is_empty() {
                    self.clone_lists.remove(list);
                    self.snapshots.get_mut(snapshot).clone_list = NONE;
                } else {
                    self.clone_lists.get_mut(list).clones = clones;
                }
            }
        }
    }

    /// The names of the first of these clones, and their number.
    pub(super) fn dependents(&self, clones: impl Iterator<Item = Slot>, count: u32) -> Dependents {
        let first = clones.take(Dependents::MAX_NAMES);
        let names = first.map(|slot| self.volume_name(slot).to_owned()).collect();
        Dependents::new(names, count.into())
    }
}

/// Refuses a name that no clone can have.
#[inline]
pub(super) fn check_clone_name(profile: Option<Profile>, name: &str) -> Result<()> {
    check_volume_name(profile, name).map_err(|error| error.for_argument("new_name"))
}

/// The snapshot that new volumes are clones of. By default they are not clones.
pub(super) struct CloneParent {
    pub(super) snapshot: Slot,
    /// The export policy of the parent volume.
    pub(super) policy: String,
    /// The clones of the parent volume that exist before.
    pub(super) of_volume: List,
    /// The clones of the snapshot that exist before.
    pub(super) of_snapshot: List,
    /// Whether the snapshot has data.
    pub(super) has_data: bool,
}

impl Default for CloneParent {
    fn default() -> Self {
        let none = List::default();
        Self {
            snapshot: NONE,
            policy: String::new(),
            of_volume: none,
            of_snapshot: none,
            has_data: false,
        }
    }
}
