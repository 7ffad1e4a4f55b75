//! Which volumes or snapshots a table has.

use std::collections::HashSet;
use std::ops::Range;

use nessie_backend_core::rules::{MAX_SNAPSHOT_NAME, MAX_VOLUME_NAME};
use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, VolumeId, VolumeState};

use wildmatch::WildMatch;

use super::pattern::name_pattern;
use crate::error::BulkError;
use crate::state::State;
use crate::storage::slab::Slot;

/// Which volumes a table has: those that meet every condition that is set. The default selects
/// every volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeSelection {
    /// A pattern for the whole name: `*` matches any characters, `?` exactly one, any
    /// other character itself. Case counts.
    pub name: Option<String>,
    /// The state.
    pub state: Option<VolumeState>,
    /// Whether the volume is a clone.
    pub is_clone: Option<bool>,
    /// The parent volume of a clone, through any of its snapshots.
    pub parent: Option<VolumeId>,
    /// The parent snapshot of a clone.
    pub parent_snapshot: Option<SnapshotId>,
    /// The record was created before this time. The last second of the year 9999 excludes nothing.
    pub created_before: Option<Timestamp>,
    /// The record was created at this time or later.
    pub created_after: Option<Timestamp>,
}

impl VolumeSelection {
    /// Selects volumes in a state.
    #[must_use]
    pub const fn state(mut self, state: VolumeState) -> Self {
        self.state = Some(state);
        self
    }

    /// Selects clones, or volumes that are not clones.
    #[must_use]
    pub const fn is_clone(mut self, is_clone: bool) -> Self {
        self.is_clone = Some(is_clone);
        self
    }

    /// Selects the clones of a volume.
    #[must_use]
    pub const fn parent(mut self, parent: VolumeId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Selects the clones of a snapshot.
    #[must_use]
    pub const fn parent_snapshot(mut self, parent: SnapshotId) -> Self {
        self.parent_snapshot = Some(parent);
        self
    }

    /// The slots of the selected volumes, in order of creation.
    pub(super) fn slots(&self, state: &State) -> Result<Vec<Slot>> {
        let parent = self.parent.map(|parent| state.find(parent)).transpose()?;
        let parent_snapshot =
            self.parent_snapshot.map(|parent| snapshot(state, parent)).transpose()?;
        let (before, after) = (self.created_before, self.created_after);
        let common = Common::new(self.name.as_deref(), MAX_VOLUME_NAME, before, after)?;
        let mut slots = Vec::new();
        if *self == Self::default() {
            slots.reserve_exact(state.order.len as usize);
            slots.extend(state.volume_slots());
            return Ok(slots);
        }
        slots.extend(state.volume_slots().filter(|slot| {
            let volume = state.volumes.get(*slot);
            let is_child = |parent| {
                volume.is_clone() && state.snapshots.get(volume.parent_snapshot).volume == parent
            };
            self.state.is_none_or(|state| volume.state == state)
                && self.is_clone.is_none_or(|is_clone| volume.is_clone() == is_clone)
                && common.includes(volume.create_time, || &volume.name)
                && parent_snapshot.is_none_or(|parent| volume.parent_snapshot == parent)
                && parent.is_none_or(is_child)
        }));
        slots.shrink_to_fit();
        Ok(slots)
    }
}

/// Which snapshots a table has: those that meet every condition that is set. The default selects
/// every snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotSelection {
    /// The volumes of the snapshots, in the order of the table and each only once. `None` means all
    /// volumes in order of creation.
    pub volumes: Option<Vec<VolumeId>>,
    /// A pattern for the whole name: `*` matches any characters, `?` exactly one, any
    /// other character itself. Case counts.
    pub name: Option<String>,
    /// Whether the snapshot has clones. Such a snapshot cannot be deleted.
    pub is_pinned: Option<bool>,
    /// The record was created before this time. The last second of the year 9999 excludes nothing.
    pub created_before: Option<Timestamp>,
    /// The record was created at this time or later.
    pub created_after: Option<Timestamp>,
}

impl SnapshotSelection {
    /// Selects the snapshots of these volumes, in this order.
    #[must_use]
    pub fn volumes(mut self, volumes: impl IntoIterator<Item = impl Into<VolumeId>>) -> Self {
        self.volumes = Some(volumes.into_iter().map(Into::into).collect());
        self
    }

    /// Selects snapshots that have clones, or snapshots that have none.
    #[must_use]
    pub const fn is_pinned(mut self, is_pinned: bool) -> Self {
        self.is_pinned = Some(is_pinned);
        self
    }

    /// The slots of the selected snapshots, volume by volume.
    pub(super) fn slots(&self, state: &State) -> Result<Vec<Slot>, BulkError> {
        let volumes =
            self.volumes.as_deref().map(|volumes| distinct(state, volumes)).transpose()?;
        let (before, after) = (self.created_before, self.created_after);
        let common = Common::new(self.name.as_deref(), MAX_SNAPSHOT_NAME, before, after)?;
        let is_selected = |slot: &Slot| {
            let snapshot = state.snapshots.get(*slot);
            self.is_pinned.is_none_or(|is_pinned| state.is_pinned(*slot) == is_pinned)
                && common.includes(snapshot.create_time, || state.snapshot_name(*slot))
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

/// The setters that both selections have.
macro_rules! common_setters {
    ($($selection:ty),+) => {$(
        impl $selection {
            /// Selects everything.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            /// Selects names that match a pattern of `*` and `?`.
            #[must_use]
            pub fn name(mut self, pattern: impl Into<String>) -> Self {
                self.name = Some(pattern.into());
                self
            }

            /// Selects records created before a time.
            #[must_use]
            pub const fn created_before(mut self, time: Timestamp) -> Self {
                self.created_before = Some(time);
                self
            }

            /// Selects records created at a time or later.
            #[must_use]
            pub const fn created_after(mut self, time: Timestamp) -> Self {
                self.created_after = Some(time);
                self
            }
        }
    )+};
}

common_setters!(VolumeSelection, SnapshotSelection);

/// The conditions that both selections have.
struct Common {
    name: Option<WildMatch>,
    /// In microseconds since the Unix epoch. A missing bound is a time that no record has.
    created: Range<i64>,
}

impl Common {
    fn new(
        name: Option<&str>,
        longest: usize,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
    ) -> Result<Self> {
        let before = before.filter(|time| !time.is_never());
        Ok(Self {
            name: name.map(|name| name_pattern(name, longest)).transpose()?,
            created: after.map_or(i64::MIN, Timestamp::unix_micros)
                ..before.map_or(i64::MAX, Timestamp::unix_micros),
        })
    }

    fn includes<'a>(&self, create_time: i64, name: impl FnOnce() -> &'a str) -> bool {
        self.created.contains(&create_time)
            && self.name.as_ref().is_none_or(|pattern| pattern.matches(name()))
    }
}

/// The slot of a snapshot of any volume.
fn snapshot(state: &State, parent: SnapshotId) -> Result<Slot> {
    // The contract has no error for a missing snapshot without a volume: name it as a volume.
    let missing = BackendError::VolumeNotFound { volume: parent.uuid().into() };
    state.find_any_snapshot(parent).ok_or(missing)
}

/// The slots of the volumes. Refuses a volume that does not exist or occurs twice.
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
