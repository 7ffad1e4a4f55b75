//! Which volumes a table has.

use nessie_backend_core::{Result, Timestamp, VolumeId, VolumeState};

use super::pattern::Pattern;
use crate::slab::Slot;
use crate::state::State;

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
        let name = self.name.as_deref().map(Pattern::new).transpose()?;
        let mut slots = Vec::new();
        if *self == Self::default() {
            slots.reserve_exact(state.order.len as usize);
            slots.extend(state.volume_slots());
            return Ok(slots);
        }
        let before = self.created_before.filter(|time| !time.is_never());
        let before = before.map(Timestamp::unix_micros);
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
                && parent.is_none_or(is_child)
        }));
        slots.shrink_to_fit();
        Ok(slots)
    }
}
