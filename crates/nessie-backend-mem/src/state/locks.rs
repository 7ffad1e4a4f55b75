//! Locks of snapshots: until when a snapshot cannot be deleted.

use std::num::NonZeroU64;

use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, VolumeId};

use super::State;
use crate::storage::slab::Slot;
use crate::storage::table::Table;

/// The locks of snapshots. A lock that has ended stays in the record.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    /// When the lock of a snapshot ends, in microseconds after [`Timestamp::MIN`].
    ends: Table<Option<NonZeroU64>>,
}

impl Locks {
    pub(crate) const fn new() -> Self {
        Self { ends: Table::new() }
    }

    /// Whether no snapshot was ever locked.
    pub(crate) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// When the lock of a snapshot ends; `None` if it never had one.
    #[inline]
    pub(crate) fn get(&self, snapshot: Slot) -> Option<Timestamp> {
        if self.is_empty() { None } else { self.end(snapshot) }
    }

    fn end(&self, snapshot: Slot) -> Option<Timestamp> {
        let micros = self.ends.get(snapshot)?.get();
        Timestamp::from_unix_micros(Timestamp::MIN.unix_micros().checked_add_unsigned(micros)?)
    }

    /// Locks a snapshot until a time, which is after [`Timestamp::MIN`].
    pub(crate) fn set(&mut self, snapshot: Slot, end: Timestamp) {
        let micros = end.unix_micros().abs_diff(Timestamp::MIN.unix_micros());
        *self.ends.get_mut(snapshot) = NonZeroU64::new(micros);
    }

    /// Removes the locks of snapshots that are deleted.
    pub(super) fn forget(&mut self, snapshots: impl IntoIterator<Item = Slot>) {
        if !self.is_empty() {
            for snapshot in snapshots {
                self.ends.take(snapshot);
            }
        }
    }

    /// The slots of the snapshots that have locks.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.ends.slots()
    }
}

impl State {
    /// Whether the snapshot cannot be deleted at a time.
    pub(super) fn is_locked(&self, snapshot: Slot, now: Timestamp) -> bool {
        self.locks.get(snapshot).is_some_and(|end| now < end || end.is_never())
    }

    /// Refuses if the snapshot cannot be deleted at a time.
    pub(super) fn check_not_locked(&self, snapshot: Slot, now: Timestamp) -> Result<()> {
        match self.locks.get(snapshot) {
            Some(expires_at) if self.is_locked(snapshot, now) => {
                let snapshot = self.snapshot_id(snapshot);
                Err(BackendError::SnapshotLocked { snapshot, expires_at })
            }
            _ => Ok(()),
        }
    }

    /// Refuses if a snapshot of the volume cannot be deleted at a time.
    #[inline]
    pub(super) fn check_none_locked(&self, volume: Slot, now: Timestamp) -> Result<()> {
        if self.locks.is_empty() { Ok(()) } else { self.check_locks_of(volume, now) }
    }

    fn check_locks_of(&self, volume: Slot, now: Timestamp) -> Result<()> {
        self.snapshot_slots(volume).try_for_each(|slot| self.check_not_locked(slot, now))
    }

    /// Locks a snapshot until another time.
    pub(crate) fn lock_snapshot(
        &mut self,
        volume: VolumeId,
        snapshot: SnapshotId,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<Slot> {
        let (_, slot) = self.find_pair(volume, snapshot)?;
        check_end(end, now)?;
        self.locks.set(slot, end);
        Ok(slot)
    }

    /// Locks new snapshots.
    pub(super) fn lock(&mut self, snapshots: &[Slot], end: Option<Timestamp>) {
        if let Some(end) = end {
            for slot in snapshots {
                self.locks.set(*slot, end);
            }
        }
    }

    /// Checks that only snapshots have locks, each of which ends after its snapshot was taken.
    pub(super) fn check_locks(&self) -> std::result::Result<(), String> {
        for slot in self.locks.slots() {
            if !self.snapshots.is_occupied(slot) {
                return Err(format!("slot {slot} is locked and has no snapshot"));
            }
            let taken = self.snapshots.get(slot).create_time;
            let is_over = |end: Timestamp| end.unix_micros() <= taken && !end.is_never();
            if self.locks.get(slot).is_none_or(is_over) {
                let name = self.snapshot_name(slot);
                return Err(format!("the lock of snapshot {name:?} ends before it begins"));
            }
        }
        Ok(())
    }
}

/// Refuses a lock that ends before it begins.
pub(super) fn check_end(end: Timestamp, now: Timestamp) -> Result<()> {
    if end <= now && !end.is_never() {
        let rule = format!("is not later than the present time, {now}");
        return Err(BackendError::invalid("expires_at", &end.to_string(), rule));
    }
    Ok(())
}
