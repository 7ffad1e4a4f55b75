//! The limits of a backend: how many more objects it can hold.

use std::collections::HashMap;

use nessie_backend_core::{BackendError, Result};

use super::State;
use super::clones::CloneParent;
use crate::limits::{Limits, Profile};
use crate::storage::slab::{NONE, Slot};

/// What a backend refuses besides what the contract refuses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Restrictions {
    pub(crate) profile: Option<Profile>,
    limits: Limits,
    /// Whether there is any limit.
    is_limited: bool,
}

impl Restrictions {
    pub(crate) fn new(profile: Option<Profile>, limits: Limits) -> Self {
        Self { profile, limits, is_limited: limits != Limits::NONE }
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }
}

/// How many more volumes of one parent the limits allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    left: u64,
    /// The limit that the next one exceeds, and its number.
    limit: (&'static str, u64),
}

impl Room {
    const UNLIMITED: Self = Self { left: u64::MAX, limit: ("", u64::MAX) };

    /// Refuses another volume after so many others.
    #[inline]
    pub(super) fn check(self, before: usize) -> Result<()> {
        if before as u64 >= self.left {
            let (limit, max) = self.limit;
            return Err(exceeded(limit, max));
        }
        Ok(())
    }

    /// Takes a further limit into account, under which so many are left.
    const fn with(self, left: u64, limit: &'static str, max: u64) -> Self {
        if left < self.left { Self { left, limit: (limit, max) } } else { self }
    }
}

impl State {
    /// Refuses another volume with this parent.
    #[inline]
    pub(super) fn check_volume_limits(&self, parent: &CloneParent) -> Result<()> {
        if !self.restrictions.is_limited {
            return Ok(());
        }
        self.limited_room_for_volumes(parent).check(0)
    }

    /// How many more volumes with this parent there can be.
    pub(super) fn room_for_volumes(&self, parent: &CloneParent) -> Room {
        if self.restrictions.is_limited {
            self.limited_room_for_volumes(parent)
        } else {
            Room::UNLIMITED
        }
    }

    fn limited_room_for_volumes(&self, parent: &CloneParent) -> Room {
        let limits = &self.restrictions.limits;
        let mut room = Room::UNLIMITED;
        if let Some(max) = limits.volumes {
            room = room.with(left(max, self.volumes.len()), "volumes", max);
        }
        if parent.snapshot == NONE {
            return room;
        }
        if let Some(max) = limits.clones_per_snapshot {
            room = room.with(left(max, parent.of_snapshot.len), "clones_per_snapshot", max);
        }
        if let Some(max) = limits.clone_depth
            && self.is_as_deep_as(self.snapshots.get(parent.snapshot).volume, max)
        {
            room = room.with(0, "clone_depth", max);
        }
        room
    }

    /// Refuses another snapshot of the volume, after so many of other volumes.
    #[inline]
    pub(super) fn check_snapshot_limits(&self, volume: Slot, before: usize) -> Result<()> {
        if !self.restrictions.is_limited {
            return Ok(());
        }
        let limits = &self.restrictions.limits;
        if let Some(max) = limits.snapshots
            && left(max, self.snapshots.len()) <= before as u64
        {
            return Err(exceeded("snapshots", max));
        }
        if let Some(max) = limits.snapshots_per_volume
            && left(max, self.volumes.get(volume).snapshots.len) == 0
        {
            return Err(exceeded("snapshots_per_volume", max));
        }
        Ok(())
    }

    /// Whether the volume's depth is `depth` or more. Takes at most so many steps.
    fn is_as_deep_as(&self, mut volume: Slot, depth: u64) -> bool {
        for _ in 0..depth {
            let snapshot = self.volumes.get(volume).parent_snapshot;
            if snapshot == NONE {
                return false;
            }
            volume = self.snapshots.get(snapshot).volume;
        }
        true
    }

    /// Checks that no limit is exceeded.
    pub(crate) fn check_limits(&self) -> std::result::Result<(), String> {
        if !self.restrictions.is_limited {
            return Ok(());
        }
        let limits = &self.restrictions.limits;
        at_most(limits.volumes, self.volumes.len(), "volumes")?;
        at_most(limits.snapshots, self.snapshots.len(), "snapshots")?;
        // The depths of clones. A parent comes before its clones in the order of creation.
        let mut depths = HashMap::new();
        for volume in self.volume_slots() {
            let record = self.volumes.get(volume);
            at_most(limits.snapshots_per_volume, record.snapshots.len, "snapshots_per_volume")?;
            if record.is_clone() {
                let clones = self.clones_of(record.parent_snapshot).len;
                at_most(limits.clones_per_snapshot, clones, "clones_per_snapshot")?;
                let parent = self.snapshots.get(record.parent_snapshot).volume;
                let depth = depths.get(&parent).map_or(1, |depth: &u32| depth + 1);
                at_most(limits.clone_depth, depth, "clone_depth")?;
                depths.insert(volume, depth);
            }
        }
        Ok(())
    }
}

fn at_most(max: Option<u64>, number: u32, limit: &str) -> std::result::Result<(), String> {
    match max {
        Some(max) if u64::from(number) > max => {
            Err(format!("{number} exceeds limit {limit}, which is {max}"))
        }
        _ => Ok(()),
    }
}

/// How many more the limit allows.
fn left(max: u64, existing: u32) -> u64 {
    max.saturating_sub(existing.into())
}

fn exceeded(limit: &'static str, max: u64) -> BackendError {
    BackendError::LimitExceeded { limit: limit.into(), max }
}
