//! Transitions of volumes.

use nessie_backend_core::{BackendError, Result, VolumeId, VolumePatch, VolumeState, rules};

use super::lookup::key;
use super::{ByCreation, Stamp, State, VolumeRecord, full};
use crate::storage::list::List;
use crate::storage::slab::{Entry, Slot};

impl State {
    pub(crate) fn create_volume(
        &mut self,
        name: &str,
        size_bytes: Option<u64>,
        stamp: Stamp,
    ) -> Result<Slot> {
        rules::volume_name(name)?;
        size_bytes.map_or(Ok(()), rules::size_bytes)?;
        self.check_volume_name_free(name, None)?;
        let slot = self.add_volume(stamp, name, size_bytes.unwrap_or(0), "")?;
        self.index_volume_name(slot, key::volume_name(name));
        Ok(slot)
    }

    pub(crate) fn patch_volume(&mut self, uuid: VolumeId, patch: &VolumePatch) -> Result<Slot> {
        let slot = self.check_patch(uuid, patch)?;
        self.apply_patch(slot, patch);
        Ok(slot)
    }

    /// The slot of a volume that can be patched so.
    pub(super) fn check_patch(&self, uuid: VolumeId, patch: &VolumePatch) -> Result<Slot> {
        let slot = self.find(uuid)?;
        rules::volume_patch(patch)?;
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
    pub(super) fn apply_patch(&mut self, slot: Slot, patch: &VolumePatch) {
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
    }

    pub(crate) fn delete_volume(&mut self, uuid: VolumeId) -> Result<()> {
        let slot = self.find(uuid)?;
        let clones = self.volumes.get(slot).clones;
        if !clones.is_empty() {
            let dependents = self.dependents_of_volume(clones);
            return Err(BackendError::VolumeBusy { volume: uuid, dependents });
        }
        while let List { first, len: 1.., .. } = self.volumes.get(slot).snapshots {
            self.remove_snapshot(slot, first);
        }
        self.volume_names.remove(key::volume_name(self.volume_name(slot)), slot);
        self.remove_volume(slot);
        Ok(())
    }

    /// Removes a volume without clones or snapshots that is not in the index any more.
    pub(super) fn remove_volume(&mut self, slot: Slot) {
        self.detach_from_parent(slot);
        self.mount(slot, "");
        self.order = self.order.remove::<ByCreation, _>(&mut self.volumes, slot);
        self.volumes.remove(slot);
    }

    /// Refuses unless the volume is online.
    pub(crate) fn check_online(&self, slot: Slot) -> Result<()> {
        match self.volumes.get(slot).state {
            VolumeState::Online => Ok(()),
            state => Err(BackendError::VolumeOffline { volume: self.volume_id(slot), state }),
        }
    }

    /// Refuses when a volume other than `except` has the name.
    pub(crate) fn check_volume_name_free(&self, name: &str, except: Option<Slot>) -> Result<()> {
        match self.volume_named(name) {
            Some(owner) if Some(owner) != except => {
                Err(BackendError::VolumeExists { name: name.to_owned() })
            }
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

    /// Adds an online volume of a free name at the end of the order, but not to the index.
    pub(super) fn add_volume(
        &mut self,
        stamp: Stamp,
        name: &str,
        size: u64,
        export_policy: &str,
    ) -> Result<Slot> {
        let order = self.order.end();
        let fill = |entry: &mut Entry<'_, VolumeRecord>| {
            entry.record.name = name.into();
            entry.set_text(export_policy);
            entry.record.header.links = order;
            entry.record.size = size;
            entry.record.create_time = stamp.time.unix_micros();
        };
        let slot = self.volumes.insert(stamp.lineage, fill).ok_or_else(full)?;
        self.order = self.order.push_back::<ByCreation, _>(&mut self.volumes, slot);
        Ok(slot)
    }

    fn rename_volume(&mut self, slot: Slot, name: &str) {
        self.volume_names.remove(key::volume_name(self.volume_name(slot)), slot);
        self.volumes.get_mut(slot).name = name.into();
        self.index_volume_name(slot, key::volume_name(name));
    }

    pub(super) fn index_volume_name(&mut self, slot: Slot, hash: u64) {
        let volumes = &self.volumes;
        self.volume_names.insert(hash, slot, |slot| key::volume_name(&volumes.get(slot).name));
    }

    /// Mounts the volume at a free path; the empty one unmounts it.
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
            let volumes = &self.volumes;
            let at = |slot| volumes.get(slot).junction.as_deref().unwrap_or_default();
            self.junctions.insert(key::junction(path), slot, |slot| key::junction(at(slot)));
        }
    }
}
