//! Transitions of snapshots.

use nessie_backend_core::{BackendError, Result, SnapshotId, VolumeId, rules};

use super::lookup::key;
use super::{ByCreation, SnapshotRecord, Stamp, State, VolumeRecord, full};
use crate::storage::list::walk;
use crate::storage::slab::{Entry, NONE, Slot};

impl State {
    pub(crate) fn create_snapshot(
        &mut self,
        volume: VolumeId,
        name: &str,
        stamp: Stamp,
    ) -> Result<Slot> {
        let volume = self.find(volume)?;
        rules::snapshot_name(name)?;
        self.check_online(volume)?;
        self.check_snapshot_name_free(volume, name, None)?;
        let slot = self.add_snapshot(volume, name, stamp)?;
        self.index_snapshot_name(slot, key::snapshot_name(volume, name));
        Ok(slot)
    }

    pub(crate) fn rename_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Slot> {
        let volume = self.find(volume)?;
        let slot = self.find_snapshot(volume, snapshot)?;
        rules::snapshot_name(name)?;
        self.check_snapshot_name_free(volume, name, Some(slot))?;

        self.snapshot_names.remove(key::snapshot_name(volume, self.snapshot_name(slot)), slot);
        self.snapshots.set_text(slot, name);
        self.index_snapshot_name(slot, key::snapshot_name(volume, name));
        Ok(slot)
    }

    pub(crate) fn delete_snapshot(&mut self, volume: VolumeId, snapshot: SnapshotId) -> Result<()> {
        let volume = self.find(volume)?;
        let slot = self.find_snapshot(volume, snapshot)?;
        self.check_no_clones(slot)?;
        self.remove_snapshot(volume, slot);
        Ok(())
    }

    pub(crate) fn restore_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
    ) -> Result<Slot> {
        let volume = self.find(volume)?;
        let slot = self.find_snapshot(volume, snapshot)?;
        self.check_online(volume)?;
        let newer: Vec<Slot> = walk::<ByCreation, _>(&self.snapshots, slot).skip(1).collect();
        newer.iter().try_for_each(|slot| self.check_no_clones(*slot))?;

        for slot in newer {
            self.remove_snapshot(volume, slot);
        }
        self.volumes.get_mut(volume).size = self.snapshots.get(slot).size;
        Ok(volume)
    }

    /// Refuses when a snapshot of the volume other than `except` has the name.
    pub(crate) fn check_snapshot_name_free(
        &self,
        volume: Slot,
        name: &str,
        except: Option<Slot>,
    ) -> Result<()> {
        match self.snapshot_named(volume, name) {
            Some(owner) if Some(owner) != except => Err(BackendError::SnapshotExists {
                volume: self.volume_id(volume),
                name: name.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a clone depends on the snapshot.
    pub(crate) fn is_pinned(&self, slot: Slot) -> bool {
        self.snapshots.get(slot).clone_list != NONE
    }

    pub(super) fn check_no_clones(&self, slot: Slot) -> Result<()> {
        match self.snapshots.get(slot).clone_list {
            NONE => Ok(()),
            list => Err(BackendError::SnapshotBusy {
                snapshot: self.snapshot_id(slot),
                dependents: self.dependents_of_snapshot(self.clone_lists.get(list).clones),
            }),
        }
    }

    /// Adds a snapshot of a free name after the volume's others, but not to the index.
    pub(super) fn add_snapshot(&mut self, volume: Slot, name: &str, stamp: Stamp) -> Result<Slot> {
        let VolumeRecord { size, snapshots, .. } = *self.volumes.get(volume);
        let fill = |entry: &mut Entry<'_, SnapshotRecord>| {
            entry.set_text(name);
            entry.record.header.links = snapshots.end();
            entry.record.create_time = stamp.time.unix_micros();
            entry.record.volume = volume;
            entry.record.size = size;
        };
        let slot = self.snapshots.insert(stamp.lineage, fill).ok_or_else(full)?;
        self.append_snapshot(volume, slot);
        Ok(slot)
    }

    /// Enters a snapshot that has its volume and its links in the volume's list.
    pub(crate) fn append_snapshot(&mut self, volume: Slot, slot: Slot) {
        let record = self.volumes.get_mut(volume);
        record.snapshots = record.snapshots.push_back::<ByCreation, _>(&mut self.snapshots, slot);
    }

    /// Removes a snapshot without clones.
    pub(super) fn remove_snapshot(&mut self, volume: Slot, slot: Slot) {
        self.snapshot_names.remove(key::snapshot_name(volume, self.snapshot_name(slot)), slot);
        self.remove_unindexed_snapshot(volume, slot);
    }

    /// Removes a snapshot without clones that is not in the index any more.
    pub(super) fn remove_unindexed_snapshot(&mut self, volume: Slot, slot: Slot) {
        let parent = self.volumes.get_mut(volume);
        parent.snapshots = parent.snapshots.remove::<ByCreation, _>(&mut self.snapshots, slot);
        self.snapshots.remove(slot);
    }

    pub(super) fn index_snapshot_name(&mut self, slot: Slot, hash: u64) {
        let snapshots = &self.snapshots;
        self.snapshot_names.insert(hash, slot, |slot| {
            let (record, name) = snapshots.with_text(slot);
            key::snapshot_name(record.volume, name)
        });
    }
}
