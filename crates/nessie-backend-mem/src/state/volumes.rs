//! Transitions of volumes.

use nessie_backend_core::{BackendError, Result, Timestamp, VolumeId, VolumePatch, VolumeState};

use super::clones::CloneParent;
use super::lookup::key;
use super::profile::{self, check_size, check_volume_name, default_size};
use super::{ByCreation, OfParentVolume, Stamp, State, VolumeRecord, full};
use crate::limits::Profile;
use crate::storage::list::{List, split_run};
use crate::storage::slab::{Entry, Links, NONE, Slot};

impl State {
    pub(crate) fn create_volume(
        &mut self,
        name: &str,
        size_bytes: Option<u64>,
        snapshot_policy: Option<&str>,
        stamp: Stamp,
    ) -> Result<Slot> {
        let policy = snapshot_policy.map_or(Ok(0), |policy| self.policies.number(policy))?;
        let profile = self.restrictions.profile;
        let size_bytes = size_bytes.or(default_size(profile));
        check_new_volume(profile, name, size_bytes)?;
        let size = size_bytes.unwrap_or(0);
        let slot = self.add_volume(name, size, stamp, |_| CloneParent::default())?;
        if policy != 0 {
            self.policies.assign(slot, policy, stamp.time);
        }
        Ok(slot)
    }

    pub(crate) fn patch_volume(
        &mut self,
        uuid: VolumeId,
        patch: &VolumePatch,
        now: Timestamp,
    ) -> Result<Slot> {
        let slot = self.check_patch(uuid, patch)?;
        self.apply_patch(slot, patch, now);
        Ok(slot)
    }

    /// The slot of a volume to which the patch can be applied.
    pub(super) fn check_patch(&self, uuid: VolumeId, patch: &VolumePatch) -> Result<Slot> {
        let slot = self.find(uuid)?;
        self.check_policy(patch)?;
        profile::check_patch(self.restrictions.profile, patch)?;
        if let Some(size) = patch.size_bytes {
            self.check_holds_data(slot, size)?;
        }
        if patch.size_bytes.is_some() && patch.state != Some(VolumeState::Online) {
            self.check_online(slot)?;
        }
        if let Some(name) = &patch.name {
            self.check_volume_name_free(name, Some(slot))?;
        }
        if let Some(path) = &patch.junction_path {
            self.check_junction_free(path, slot)?;
        }
        Ok(slot)
    }

    /// Applies a patch that was checked.
    pub(super) fn apply_patch(&mut self, slot: Slot, patch: &VolumePatch, now: Timestamp) {
        if let Some(name) = &patch.name {
            self.rename_volume(slot, name);
        }
        if let Some(path) = &patch.junction_path {
            self.mount(slot, path);
        }
        if let Some(policy) = &patch.export_policy {
            self.volumes.set_text(slot, policy);
        }
        if let Some(size) = patch.size_bytes {
            self.volumes.get_mut(slot).size = size;
        }
        if let Some(state) = patch.state {
            self.volumes.get_mut(slot).state = state;
        }
        self.apply_policy(slot, patch, now);
    }

    pub(crate) fn delete_volume(&mut self, uuid: VolumeId, now: Timestamp) -> Result<()> {
        self.delete_found_volume(self.find(uuid)?, now)
    }

    /// Deletes the volume in `slot`.
    pub(crate) fn delete_found_volume(&mut self, slot: Slot, now: Timestamp) -> Result<()> {
        self.check_none_locked(slot, now)?;
        let clones = self.volumes.get(slot).clones;
        if !clones.is_empty() {
            let names = clones.iter::<OfParentVolume, _>(&self.volumes);
            return Err(self.volume_busy(slot, names, clones.len));
        }
        let snapshots: Vec<Slot> = self.snapshot_slots(slot).collect();
        for snapshot in &snapshots {
            self.unindex_snapshot_name(slot, *snapshot);
        }
        self.volume_names.remove(key::volume_name(self.volume_name(slot)), slot);
        if self.volumes.get(slot).is_clone() {
            self.unlink_clones(&[slot]);
        }
        self.remove_volumes(&[slot], snapshots.iter().copied());
        Ok(())
    }

    /// Removes volumes and their snapshots. No name of theirs is in an index any more, and the
    /// volumes are in no list of clones.
    pub(super) fn remove_volumes(
        &mut self,
        volumes: &[Slot],
        snapshots: impl Iterator<Item = Slot> + Clone,
    ) {
        if self.has_more_than_records() {
            self.forget(volumes, snapshots.clone());
        }
        self.snapshots.remove_all(snapshots);
        let mut left = volumes;
        while !left.is_empty() {
            let (run, others) = split_run::<ByCreation, _>(&self.volumes, left);
            self.order = self.order.remove_run::<ByCreation, _>(&mut self.volumes, run);
            left = others;
        }
        for slot in volumes {
            if self.volumes.get(*slot).is_mounted {
                self.mount(*slot, "");
            }
        }
        self.volumes.remove_all(volumes.iter().copied());
    }

    /// Removes what there is of volumes and of their snapshots besides the records.
    #[inline(never)]
    fn forget(&mut self, volumes: &[Slot], snapshots: impl Iterator<Item = Slot> + Clone) {
        self.free_volumes(volumes, snapshots.clone());
        self.locks.forget(snapshots);
        self.policies.leave(volumes);
    }

    /// The refusal to delete a volume on which these clones depend.
    pub(super) fn volume_busy(
        &self,
        slot: Slot,
        clones: impl Iterator<Item = Slot>,
        count: u32,
    ) -> BackendError {
        let dependents = self.dependents(clones, count);
        BackendError::VolumeBusy { volume: self.volume_id(slot), dependents }
    }

    /// Refuses unless the volume is online.
    #[inline]
    pub(crate) fn check_online(&self, slot: Slot) -> Result<()> {
        match self.volumes.get(slot).state {
            VolumeState::Online => Ok(()),
            state => Err(BackendError::VolumeOffline { volume: self.volume_id(slot), state }),
        }
    }

    /// Refuses if a volume other than `except` has the name.
    pub(crate) fn check_volume_name_free(&self, name: &str, except: Option<Slot>) -> Result<()> {
        match self.volume_named(name) {
            Some(owner) if Some(owner) != except => Err(volume_exists(name)),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_junction_free(&self, path: &str, except: Slot) -> Result<()> {
        match self.volume_at_junction(path) {
            Some(owner) if owner != except => {
                Err(BackendError::JunctionPathExists { path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Adds an online volume at the end of the order, if its name is free and no limit is reached.
    /// The caller enters a clone in the lists of its parent.
    pub(super) fn add_volume(
        &mut self,
        name: &str,
        size: u64,
        stamp: Stamp,
        parent: impl FnOnce(&Self) -> CloneParent,
    ) -> Result<Slot> {
        let hash = key::volume_name(name);
        if self.volume_of_hash(hash, name).is_some() {
            return Err(volume_exists(name));
        }
        let parent = parent(self);
        self.check_volume_limits(&parent)?;
        let new = NewVolumes { time: stamp.time, order: self.order, parent };
        let fill = |entry: &mut Entry<'_, VolumeRecord>| {
            new.fill(entry, Links::default(), name, size);
        };
        let (serial, last_number) = self.serials(stamp, 1);
        let slot = self.volumes.insert(serial, fill).ok_or_else(full)?;
        self.last_number = last_number;
        self.order = self.order.push_back::<ByCreation, _>(&mut self.volumes, slot);
        self.volume_names.insert(hash, slot);
        Ok(slot)
    }

    fn rename_volume(&mut self, slot: Slot, name: &str) {
        self.volume_names.remove(key::volume_name(self.volume_name(slot)), slot);
        self.volumes.get_mut(slot).name = name.into();
        self.volume_names.insert(key::volume_name(name), slot);
    }

    /// Mounts the volume at a free path. An empty path unmounts it.
    pub(crate) fn mount(&mut self, slot: Slot, path: &str) {
        let record = self.volumes.get(slot);
        if !record.is_mounted && path.is_empty() {
            return;
        }
        if let Some(old) = &record.junction {
            self.junctions.remove(key::junction(old), slot);
        }
        let record = self.volumes.get_mut(slot);
        record.junction = (!path.is_empty()).then(|| path.into());
        record.is_mounted = record.junction.is_some();
        if !path.is_empty() {
            self.junctions.insert(key::junction(path), slot);
        }
    }
}

pub(super) fn volume_exists(name: &str) -> BackendError {
    BackendError::VolumeExists { name: name.to_owned() }
}

/// Refuses a name or a quota that no volume can have.
#[inline]
pub(super) fn check_new_volume(
    profile: Option<Profile>,
    name: &str,
    size_bytes: Option<u64>,
) -> Result<()> {
    check_volume_name(profile, name)?;
    size_bytes.map_or(Ok(()), |size| check_size(profile, size))
}

/// The common data of new volumes: one, or those of a batch.
pub(super) struct NewVolumes {
    pub(super) time: Timestamp,
    /// All volumes that exist before.
    pub(super) order: List,
    pub(super) parent: CloneParent,
}

impl NewVolumes {
    /// Fills the record of a volume with these neighbours in the batch.
    #[inline]
    pub(super) fn fill(
        &self,
        entry: &mut Entry<'_, VolumeRecord>,
        Links { prev, next }: Links,
        name: &str,
        size: u64,
    ) {
        let after = |list: List| Links { prev: if prev == NONE { list.last } else { prev }, next };
        entry.record.name = name.into();
        entry.record.size = size;
        entry.record.create_time = self.time.unix_micros();
        entry.record.header.links = after(self.order);
        if self.parent.snapshot != NONE {
            entry.record.parent_snapshot = self.parent.snapshot;
            entry.record.in_volume = after(self.parent.of_volume);
            entry.record.in_snapshot = after(self.parent.of_snapshot);
            entry.record.has_data = self.parent.has_data;
            entry.set_text(&self.parent.policy);
        }
    }
}
