//! Transitions of snapshots.

use std::iter;

use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, VolumeId, rules};

use super::locks::check_end;
use super::lookup::key;
use super::{ByCreation, OfParentSnapshot, SnapshotRecord, Stamp, State, VolumeRecord, full};
use crate::storage::list::walk;
use crate::storage::serial::Serial;
use crate::storage::slab::{Entry, Links, NONE, Slot};

impl State {
    pub(crate) fn create_snapshot(
        &mut self,
        volume: VolumeId,
        name: &str,
        expires_at: Option<Timestamp>,
        stamp: Stamp,
    ) -> Result<Slot> {
        let values = || check_values(name, expires_at, stamp.time);
        let volume = self.check_new_snapshot(volume, values)?;
        let hash = key::snapshot_name(volume, name);
        if self.snapshot_of_hash(hash, volume, name).is_some() {
            return Err(snapshot_exists(self.volume_id(volume), name));
        }
        self.check_snapshot_limits(volume, 0)?;
        let of = self.volumes.get(volume);
        let fill = |entry: &mut Entry<'_, SnapshotRecord>| {
            fill_snapshot(entry, name, volume, of, stamp);
        };
        let (serial, last_number) = Serial::next(stamp.epoch, self.last_number, 1);
        let slot = self.snapshots.insert(serial, fill).ok_or_else(full)?;
        self.last_number = last_number;
        self.link_snapshots(iter::once((volume, slot)));
        self.keep_data(iter::once((volume, slot)));
        self.lock(&[slot], expires_at);
        self.snapshot_names.insert(hash, slot);
        Ok(slot)
    }

    pub(crate) fn rename_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
        name: &str,
    ) -> Result<Slot> {
        let (volume, slot) = self.find_pair(volume, snapshot)?;
        rules::snapshot_name(name)?;
        self.check_snapshot_name_free(volume, name, Some(slot))?;

        self.unindex_snapshot_name(volume, slot);
        self.snapshots.set_text(slot, name);
        self.snapshot_names.insert(key::snapshot_name(volume, name), slot);
        self.policies.note_rename(volume);
        Ok(slot)
    }

    pub(crate) fn delete_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
        now: Timestamp,
    ) -> Result<()> {
        let (volume, slot) = self.find_pair(volume, snapshot)?;
        self.check_deletable(slot, now)?;
        self.remove_snapshot(volume, slot);
        Ok(())
    }

    pub(crate) fn restore_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
        now: Timestamp,
    ) -> Result<Slot> {
        let (volume, slot) = self.find_pair(volume, snapshot)?;
        self.check_online(volume)?;
        let newer: Vec<Slot> = walk::<ByCreation, _>(&self.snapshots, slot).skip(1).collect();
        newer.iter().try_for_each(|slot| self.check_not_locked(*slot, now))?;
        newer.iter().try_for_each(|slot| self.check_no_clones(*slot))?;

        for slot in newer {
            self.remove_snapshot(volume, slot);
        }
        self.restore_data(volume, slot);
        self.volumes.get_mut(volume).size = self.snapshots.get(slot).size;
        Ok(volume)
    }

    /// The slot of a volume that can get a snapshot of a free name. `values` checks the arguments.
    pub(super) fn check_new_snapshot(
        &self,
        volume: VolumeId,
        values: impl FnOnce() -> Result<()>,
    ) -> Result<Slot> {
        let slot = self.find(volume)?;
        values()?;
        self.check_online(slot)?;
        Ok(slot)
    }

    /// Refuses if a snapshot of the volume other than `except` has the name.
    pub(crate) fn check_snapshot_name_free(
        &self,
        volume: Slot,
        name: &str,
        except: Option<Slot>,
    ) -> Result<()> {
        match self.snapshot_named(volume, name) {
            Some(owner) if Some(owner) != except => {
                Err(snapshot_exists(self.volume_id(volume), name))
            }
            _ => Ok(()),
        }
    }

    /// Whether the snapshot has clones.
    pub(crate) fn is_pinned(&self, slot: Slot) -> bool {
        self.snapshots.get(slot).clone_list != NONE
    }

    /// Refuses if the snapshot cannot be deleted at a time.
    pub(super) fn check_deletable(&self, slot: Slot, now: Timestamp) -> Result<()> {
        self.check_not_locked(slot, now)?;
        self.check_no_clones(slot)
    }

    fn check_no_clones(&self, slot: Slot) -> Result<()> {
        if self.is_pinned(slot) { Err(self.snapshot_busy(slot)) } else { Ok(()) }
    }

    /// The refusal to delete a snapshot with clones.
    fn snapshot_busy(&self, slot: Slot) -> BackendError {
        let clones = self.clones_of(slot);
        let dependents =
            self.dependents(clones.iter::<OfParentSnapshot, _>(&self.volumes), clones.len);
        BackendError::SnapshotBusy { snapshot: self.snapshot_id(slot), dependents }
    }

    /// Enters snapshots of different volumes, each given after its volume, in the lists of their
    /// volumes. Their records already have their links.
    pub(crate) fn link_snapshots(&mut self, pairs: impl Iterator<Item = (Slot, Slot)> + Clone) {
        let volumes = &self.volumes;
        let before = pairs.clone().map(|(volume, slot)| (volumes.get(volume).snapshots.last, slot));
        self.snapshots.change_all(before.filter(|(last, _)| *last != NONE), |record, slot| {
            record.header.links.next = slot;
        });
        self.volumes.change_all(pairs, |record, slot| {
            record.snapshots = record.snapshots.appended(slot);
        });
    }

    /// Takes snapshots of different volumes, each given as its volume and its links, out of the
    /// lists of their volumes.
    pub(super) fn unlink_snapshots(
        &mut self,
        deleting: impl Iterator<Item = (Slot, Links)> + Clone,
    ) {
        let links = deleting.clone().map(|(_, links)| links);
        let before = links.clone().map(|links| (links.prev, links.next));
        self.snapshots.change_all(before.filter(|(prev, _)| *prev != NONE), |record, next| {
            record.header.links.next = next;
        });
        let after = links.map(|links| (links.next, links.prev));
        self.snapshots.change_all(after.filter(|(next, _)| *next != NONE), |record, prev| {
            record.header.links.prev = prev;
        });
        self.volumes.change_all(deleting, |record, links| {
            record.snapshots = record.snapshots.removed(links);
        });
    }

    /// Removes a snapshot without clones.
    pub(super) fn remove_snapshot(&mut self, volume: Slot, slot: Slot) {
        self.unindex_snapshot_name(volume, slot);
        self.remove_unindexed_snapshot(volume, slot);
    }

    /// Removes a snapshot without clones that is not in the index any more.
    pub(super) fn remove_unindexed_snapshot(&mut self, volume: Slot, slot: Slot) {
        if !self.space.is_empty() {
            self.free_snapshot(volume, slot);
        }
        self.locks.forget([slot]);
        self.unlink_snapshots(iter::once((volume, self.snapshots.get(slot).header.links)));
        self.snapshots.remove(slot);
    }

    pub(super) fn unindex_snapshot_name(&mut self, volume: Slot, slot: Slot) {
        self.snapshot_names.remove(key::snapshot_name(volume, self.snapshot_name(slot)), slot);
    }
}

/// Refuses a name or the end of a lock that no new snapshot can have.
#[inline]
pub(super) fn check_values(
    name: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    rules::snapshot_name(name)?;
    expires_at.map_or(Ok(()), |end| check_end(end, now))
}

/// Fills the record of a new snapshot, the last one of its volume.
#[inline]
pub(super) fn fill_snapshot(
    entry: &mut Entry<'_, SnapshotRecord>,
    name: &str,
    volume: Slot,
    of: &VolumeRecord,
    stamp: Stamp,
) {
    entry.set_text(name);
    entry.record.header.links = of.snapshots.end();
    entry.record.create_time = stamp.time.unix_micros();
    entry.record.volume = volume;
    entry.record.size = of.size;
}

pub(super) fn snapshot_exists(volume: VolumeId, name: &str) -> BackendError {
    BackendError::SnapshotExists { volume, name: name.to_owned() }
}
