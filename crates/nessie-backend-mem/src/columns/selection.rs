//! Which volumes or snapshots a table has.

use std::collections::HashSet;

use nessie_backend_core::rules::{MAX_SNAPSHOT_NAME, MAX_VOLUME_NAME};
use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, VolumeId, VolumeState};

use super::pattern::name_pattern;
use crate::error::BulkError;
use crate::state::State;
use crate::storage::slab::Slot;

/// What a volume must be to be in a table: all that is given. The default selects every volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeSelection {
    /// A pattern that the name matches as a whole: `*` stands for any characters, `?` for any
    /// one. Case counts.
    pub name: Option<String>,
    /// Its state.
    pub state: Option<VolumeState>,
    /// Whether it is a clone.
    pub is_clone: Option<bool>,
    /// The volume that it is a clone of, of any of its snapshots.
    pub parent: Option<VolumeId>,
    /// The snapshot that it is a clone of.
    pub parent_snapshot: Option<SnapshotId>,
    /// It was created before this time. The last second of the year 9999 excludes none.
    pub created_before: Option<Timestamp>,
    /// It was created at this time or later.
    pub created_after: Option<Timestamp>,
}

impl VolumeSelection {
    /// Every volume.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those whose name matches a pattern.
    #[must_use]
    pub fn name(mut self, pattern: impl Into<String>) -> Self {
        self.name = Some(pattern.into());
        self
    }

    /// Those in a state.
    #[must_use]
    pub const fn state(mut self, state: VolumeState) -> Self {
        self.state = Some(state);
        self
    }

    /// Those that are clones, or those that are not.
    #[must_use]
    pub const fn is_clone(mut self, is_clone: bool) -> Self {
        self.is_clone = Some(is_clone);
        self
    }

    /// Those that are clones of a volume.
    #[must_use]
    pub const fn parent(mut self, parent: VolumeId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Those that are clones of a snapshot.
    #[must_use]
    pub const fn parent_snapshot(mut self, parent: SnapshotId) -> Self {
        self.parent_snapshot = Some(parent);
        self
    }

    /// Those created before a time.
    #[must_use]
    pub const fn created_before(mut self, time: Timestamp) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Those created at a time or later.
    #[must_use]
    pub const fn created_after(mut self, time: Timestamp) -> Self {
        self.created_after = Some(time);
        self
    }

    /// The slots of the selected volumes, in order of creation.
    pub(super) fn slots(&self, state: &State) -> Result<Vec<Slot>> {
        let parent = self.parent.map(|parent| state.find(parent)).transpose()?;
        let parent_snapshot =
            self.parent_snapshot.map(|parent| snapshot(state, parent)).transpose()?;
        let name =
            self.name.as_deref().map(|name| name_pattern(name, MAX_VOLUME_NAME)).transpose()?;
        let mut slots = Vec::new();
        if *self == Self::default() {
            slots.reserve_exact(state.order.len as usize);
            slots.extend(state.volume_slots());
            return Ok(slots);
        }
        let before = bound(self.created_before);
        let after = self.created_after.map(Timestamp::unix_micros);
        slots.extend(state.volume_slots().filter(|slot| {
            let volume = state.volumes.get(*slot);
            let is_child = |parent| {
                volume.is_clone() && state.snapshots.get(volume.parent_snapshot).volume == parent
            };
            self.state.is_none_or(|state| volume.state == state)
                && self.is_clone.is_none_or(|is_clone| volume.is_clone() == is_clone)
                && before.is_none_or(|before| volume.create_time < before)
                && after.is_none_or(|after| volume.create_time >= after)
                && name.as_ref().is_none_or(|name| name.matches(&volume.name))
                && parent_snapshot.is_none_or(|parent| volume.parent_snapshot == parent)
                && parent.is_none_or(is_child)
        }));
        slots.shrink_to_fit();
        Ok(slots)
    }
}

/// What a snapshot must be to be in a table: all that is given. The default selects every snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotSelection {
    /// The volumes that it may be of, in the order of the table, none of them twice; `None` is all
    /// in order of creation.
    pub volumes: Option<Vec<VolumeId>>,
    /// A pattern that the name matches as a whole: `*` stands for any characters, `?` for any
    /// one. Case counts.
    pub name: Option<String>,
    /// Whether it is pinned: a clone depends on it, so that it cannot be deleted.
    pub is_pinned: Option<bool>,
    /// It was created before this time. The last second of the year 9999 excludes none.
    pub created_before: Option<Timestamp>,
    /// It was created at this time or later.
    pub created_after: Option<Timestamp>,
}

impl SnapshotSelection {
    /// Every snapshot.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of these volumes, in their order.
    #[must_use]
    pub fn volumes(mut self, volumes: impl IntoIterator<Item = impl Into<VolumeId>>) -> Self {
        self.volumes = Some(volumes.into_iter().map(Into::into).collect());
        self
    }

    /// Those whose name matches a pattern.
    #[must_use]
    pub fn name(mut self, pattern: impl Into<String>) -> Self {
        self.name = Some(pattern.into());
        self
    }

    /// Those that a clone depends on, or those that none does.
    #[must_use]
    pub const fn is_pinned(mut self, is_pinned: bool) -> Self {
        self.is_pinned = Some(is_pinned);
        self
    }

    /// Those created before a time.
    #[must_use]
    pub const fn created_before(mut self, time: Timestamp) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Those created at a time or later.
    #[must_use]
    pub const fn created_after(mut self, time: Timestamp) -> Self {
        self.created_after = Some(time);
        self
    }

    /// The slots of the selected snapshots, volume by volume.
    pub(super) fn slots(&self, state: &State) -> Result<Vec<Slot>, BulkError> {
        let volumes =
            self.volumes.as_deref().map(|volumes| distinct(state, volumes)).transpose()?;
        let name =
            self.name.as_deref().map(|name| name_pattern(name, MAX_SNAPSHOT_NAME)).transpose()?;
        let before = bound(self.created_before);
        let after = self.created_after.map(Timestamp::unix_micros);
        let is_selected = |slot: &Slot| {
            let snapshot = state.snapshots.get(*slot);
            self.is_pinned.is_none_or(|is_pinned| state.is_pinned(*slot) == is_pinned)
                && before.is_none_or(|before| snapshot.create_time < before)
                && after.is_none_or(|after| snapshot.create_time >= after)
                && name.as_ref().is_none_or(|name| name.matches(state.snapshot_name(*slot)))
        };
        let mut slots = Vec::new();
        if let Some(volumes) = volumes {
            let each = volumes.into_iter().flat_map(|volume| state.snapshot_slots(volume));
            slots.extend(each.filter(is_selected));
        } else {
            if *self == Self::default() {
                slots.reserve_exact(state.snapshots.len() as usize);
            }
            let each = state.volume_slots().flat_map(|volume| state.snapshot_slots(volume));
            slots.extend(each.filter(is_selected));
        }
        slots.shrink_to_fit();
        Ok(slots)
    }
}

/// The time before which something was created, unless that is never.
fn bound(time: Option<Timestamp>) -> Option<i64> {
    time.filter(|time| !time.is_never()).map(Timestamp::unix_micros)
}

/// The slot of a snapshot of any volume.
fn snapshot(state: &State, parent: SnapshotId) -> Result<Slot> {
    // There is no word for "no volume has this snapshot": the identifier stands for either.
    let missing = BackendError::VolumeNotFound { volume: parent.uuid().into() };
    state.find_any_snapshot(parent).ok_or(missing)
}

/// The slots of volumes that are all there, and none of them twice.
fn distinct(state: &State, volumes: &[VolumeId]) -> Result<Vec<Slot>, BulkError> {
    let mut seen = HashSet::with_capacity(volumes.len());
    let mut slots = Vec::with_capacity(volumes.len());
    for (index, volume) in volumes.iter().enumerate() {
        let slot = state.find(*volume).map_err(|error| BulkError::at(index, error))?;
        if !seen.insert(slot) {
            let twice = BackendError::invalid("vol_uuids", &volume.to_string(), "is given twice");
            return Err(BulkError::at(index, twice));
        }
        slots.push(slot);
    }
    Ok(slots)
}
