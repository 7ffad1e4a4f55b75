//! The rules that hold between any two transitions.

use std::collections::HashSet;

use nessie_backend_core::{VolumePatch, rules};

use super::lookup::quota;
use super::record::{ByCreation, OfParentSnapshot, OfParentVolume};
use super::{List, State, profile};
use crate::storage::list::Node;
use crate::storage::slab::{NONE, Record, Slab, Slot};

/// Fails with the rule if it is broken.
fn ensure(holds: bool, rule: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule()) }
}

impl State {
    /// Checks every rule of the state, and returns the first that is broken. Takes time and memory
    /// in proportion to the state.
    pub(crate) fn check_invariants(&self) -> Result<(), String> {
        check_list::<ByCreation, _>(&self.volumes, self.order, "order of volumes")?;
        ensure(self.order.len == self.volumes.len(), || {
            format!("{} volumes are in order, {} exist", self.order.len, self.volumes.len())
        })?;
        let mut clones = 0;
        let mut snapshots = 0;
        let mut mounted = 0;
        for slot in self.volume_slots() {
            self.check_volume(slot)?;
            let record = self.volumes.get(slot);
            clones += u32::from(record.is_clone());
            snapshots += record.snapshots.len;
            mounted += usize::from(record.junction.is_some());
        }
        ensure(clones == self.clones, || {
            format!("{clones} volumes are clones, {} are counted", self.clones)
        })?;
        ensure(snapshots == self.snapshots.len(), || {
            format!("{snapshots} snapshots are on volumes, {} exist", self.snapshots.len())
        })?;
        ensure(mounted == self.junctions.len(), || {
            format!("{mounted} volumes are mounted, {} are indexed", self.junctions.len())
        })?;
        ensure(self.volume_names.len() == self.volumes.len() as usize, || {
            format!("{} volume names are indexed", self.volume_names.len())
        })?;
        ensure(self.snapshot_names.len() == self.snapshots.len() as usize, || {
            format!("{} snapshot names are indexed", self.snapshot_names.len())
        })?;
        self.check_clone_lists()?;
        self.check_limits()?;
        self.check_space()?;
        self.check_locks()?;
        self.check_policies()
    }

    fn check_volume(&self, slot: Slot) -> Result<(), String> {
        let record = self.volumes.get(slot);
        let name = self.volume_name(slot);
        let what = |rule: &str| format!("volume {name:?}: {rule}");
        ensure(self.find(self.volume_id(slot)).ok() == Some(slot), || what("is not at its id"))?;
        ensure(self.volume_named(name) == Some(slot), || what("is not found by its name"))?;
        ensure(record.is_mounted == record.junction.is_some(), || what("is_mounted is wrong"))?;
        let mut patch = VolumePatch::new().name(name);
        if let Some(path) = record.junction.as_deref() {
            ensure(self.volume_at_junction(path) == Some(slot), || what("is not at its junction"))?;
            ensure(!path.is_empty(), || what("has an empty junction path"))?;
            patch = patch.junction_path(path);
        }
        if !record.export_policy.is_empty() {
            patch = patch.export_policy(self.volumes.text(slot));
        }
        let profile = self.restrictions.profile;
        patch.size_bytes = quota(record.size);
        ensure(patch.size_bytes.or(profile::default_size(profile)) == patch.size_bytes, || {
            what("has no size")
        })?;
        profile::check_patch(profile, &patch).map_err(|error| what(&error.to_string()))?;

        check_list::<ByCreation, _>(&self.snapshots, record.snapshots, &what("snapshots"))?;
        for snapshot in self.snapshot_slots(slot) {
            let its = self.snapshots.get(snapshot);
            let name = self.snapshot_name(snapshot);
            let what = |rule: &str| what(&format!("snapshot {name:?}: {rule}"));
            ensure(its.volume == slot, || what("belongs to another volume"))?;
            let found = self.find_snapshot(slot, self.snapshot_id(snapshot)).ok();
            ensure(found == Some(snapshot), || what("is not at its id"))?;
            let found = self.snapshot_named(slot, name);
            ensure(found == Some(snapshot), || what("is not found by its name"))?;
            rules::snapshot_name(name).map_err(|error| what(&error.to_string()))?;
        }

        check_list::<OfParentVolume, _>(&self.volumes, record.clones, &what("clones"))?;
        for clone in record.clones.iter::<OfParentVolume, _>(&self.volumes) {
            let snapshot = self.volumes.get(clone).parent_snapshot;
            ensure(snapshot != NONE && self.snapshots.get(snapshot).volume == slot, || {
                what("lists a clone of another volume")
            })?;
        }
        Ok(())
    }

    /// Checks that every clone, and no other volume, is in the list of its snapshot's clones.
    fn check_clone_lists(&self) -> Result<(), String> {
        let mut lists = 0;
        let mut listed = 0;
        for volume in self.volume_slots() {
            let mut of_volume = 0;
            for snapshot in self.snapshot_slots(volume) {
                let list = self.snapshots.get(snapshot).clone_list;
                if list == NONE {
                    continue;
                }
                lists += 1;
                let clones = self.clone_lists.get(list).clones;
                let what = || format!("clones of snapshot {:?}", self.snapshot_name(snapshot));
                ensure(!clones.is_empty(), || format!("{}: none are left", what()))?;
                check_list::<OfParentSnapshot, _>(&self.volumes, clones, &what())?;
                for clone in clones.iter::<OfParentSnapshot, _>(&self.volumes) {
                    ensure(self.volumes.get(clone).parent_snapshot == snapshot, || {
                        format!("{}: one is of another snapshot", what())
                    })?;
                }
                of_volume += clones.len;
            }
            let name = self.volume_name(volume);
            ensure(self.volumes.get(volume).clones.len == of_volume, || {
                format!("volume {name:?}: its snapshots have {of_volume} clones, it lists others")
            })?;
            listed += of_volume;
        }
        ensure(lists == self.clone_lists.len(), || {
            format!("{} clone lists exist, {lists} are held", self.clone_lists.len())
        })?;
        ensure(listed == self.clones, || format!("{listed} clones are listed"))
    }
}

/// Checks that the links of a list agree in both directions, that its ends and length are right,
/// and that its slots are occupied.
fn check_list<L, T: Record + Node<L>>(
    slab: &Slab<T>,
    list: List,
    what: &str,
) -> Result<(), String> {
    let mut seen = HashSet::new();
    let mut prev = NONE;
    let mut slot = list.first;
    while slot != NONE {
        ensure(slab.is_occupied(slot), || format!("{what}: slot {slot} is vacant"))?;
        ensure(seen.insert(slot), || format!("{what}: slot {slot} occurs twice"))?;
        let links = slab.get(slot).links();
        ensure(links.prev == prev, || format!("{what}: slot {slot} does not link back"))?;
        (prev, slot) = (slot, links.next);
    }
    ensure(list.last == prev, || format!("{what}: its last slot is another one"))?;
    ensure(list.len as usize == seen.len(), || format!("{what}: has another length"))
}
