//! Transitions of many records at once.
//!
//! Each does what the single transitions do one after the other, or nothing. Those that create
//! volumes work on a draft of the state; the others check everything first.

use std::cmp::Reverse;

use nessie_backend_core::{
    BackendError, Dependents, Result, SnapshotId, VolumeId, VolumePatch, VolumeState, rules,
};

use super::lookup::key;
use super::{OfParentVolume, Stamp, State, full};
use crate::bulk::BulkError;
use crate::chain::Chain;
use crate::index::Entry;
use crate::slab::{NONE, Slot};

/// The result of a bulk transition.
type Bulk<T> = std::result::Result<T, BulkError>;

/// Names the item that an error is about.
trait At<T> {
    fn at(self, index: usize) -> Bulk<T>;
}

impl<T> At<T> for Result<T> {
    fn at(self, index: usize) -> Bulk<T> {
        self.map_err(|error| BulkError::at(index, error))
    }
}

impl State {
    /// Runs a transition on a copy of the state, which shares its records until they are written
    /// to, and keeps the copy if it succeeds. The index of names is not copied: the transition
    /// itself takes back what it entered there when it fails.
    pub(crate) fn draft<T>(&mut self, transition: impl FnOnce(&mut Self) -> Bulk<T>) -> Bulk<T> {
        let names = std::mem::take(&mut self.volume_names);
        let mut draft = Self { volume_names: names, ..self.clone() };
        let result = transition(&mut draft);
        if result.is_ok() {
            *self = draft;
        } else {
            self.volume_names = draft.volume_names;
        }
        result
    }

    /// Creates a volume of each name and size. To be run by [`draft`](Self::draft): an error leaves
    /// all but the index of names half done.
    pub(crate) fn create_volumes<'a>(
        &mut self,
        specs: impl ExactSizeIterator<Item = (&'a str, Option<u64>)>,
        stamp: Stamp,
    ) -> Bulk<Vec<Slot>> {
        self.create_named(
            specs,
            |(name, _)| name,
            |state, (name, size)| {
                rules::volume_name(name)?;
                size.map_or(Ok(()), rules::size_bytes)?;
                state.add_volume(stamp, name, size.unwrap_or(0), "")
            },
        )
    }

    /// Creates a clone of each name. To be run by [`draft`](Self::draft) too.
    pub(crate) fn create_clones<'a>(
        &mut self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        names: impl ExactSizeIterator<Item = &'a str>,
        stamp: Stamp,
    ) -> Bulk<Vec<Slot>> {
        let parent = self.find(parent_volume)?;
        let snapshot = self.find_snapshot(parent, parent_snapshot)?;
        let policy = self.volumes.text(parent).to_owned();
        self.create_named(
            names,
            |name| name,
            |state, name| {
                rules::volume_name(name).map_err(|error| error.for_argument("new_name"))?;
                state.check_online(parent)?;
                state.add_clone(parent, snapshot, name, &policy, stamp)
            },
        )
    }

    /// Adds a volume for each item with `add`, then all their names to the index.
    fn create_named<'a, T: Copy>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        name: impl Fn(T) -> &'a str,
        mut add: impl FnMut(&mut Self, T) -> Result<Slot>,
    ) -> Bulk<Vec<Slot>> {
        let volumes = &self.volumes;
        let name_hash = |slot| key::volume_name(&volumes.get(slot).name);
        self.volume_names.reserve(items.len(), name_hash);
        let mut made = Vec::with_capacity(items.len());
        let mut entries = Vec::with_capacity(items.len());
        let mut failure = None;
        for (index, item) in items.enumerate() {
            match add(self, item) {
                Ok(slot) => {
                    made.push(slot);
                    entries.push(entry(key::volume_name(name(item)), slot, index));
                }
                // An item before it may still turn out to have a name that is taken.
                Err(error) => {
                    failure = Some(BulkError::at(index, error));
                    break;
                }
            }
        }
        let entries = self.volume_names.by_bucket(&entries);
        let mut taken = None;
        for &Entry { hash, slot, item } in &entries {
            let name = self.volume_name(slot);
            if self.volume_names.find(hash, |other| self.volume_name(other) == name).is_some() {
                taken = taken.max(Some(Reverse((item, slot))));
            } else {
                self.index_volume_name(slot, hash);
            }
        }
        if let Some(Reverse((item, slot))) = taken {
            let name = self.volume_name(slot).to_owned();
            failure = Some(BulkError::at(item as usize, BackendError::VolumeExists { name }));
        }
        match failure {
            None => Ok(made),
            Some(failure) => {
                for Entry { hash, slot, .. } in entries {
                    self.volume_names.remove(hash, slot);
                }
                Err(failure)
            }
        }
    }

    /// Takes a snapshot of the name on each volume.
    pub(crate) fn create_snapshots(
        &mut self,
        volumes: &[VolumeId],
        name: &str,
        stamp: Stamp,
    ) -> Bulk<Vec<Slot>> {
        let name_rule = rules::snapshot_name(name);
        let mut seen = Seen::new(self.volumes.capacity());
        let mut entries = Vec::with_capacity(volumes.len());
        let mut failure = None;
        // A volume without snapshots has none of that name.
        let mut in_question = Vec::new();
        for (index, id) in volumes.iter().enumerate() {
            let check = || {
                let slot = self.find(*id)?;
                if name_rule.is_err() {
                    rules::snapshot_name(name)?;
                }
                self.check_online(slot)?;
                Ok(slot)
            };
            match check() {
                Ok(slot) if seen.insert(slot) => {
                    let entry = entry(key::snapshot_name(slot, name), slot, index);
                    if !self.volumes.get(slot).snapshots.is_empty() {
                        in_question.push(entry);
                    }
                    entries.push(entry);
                }
                Ok(_) => failure = Some(BulkError::at(index, snapshot_exists(*id, name))),
                Err(error) => failure = Some(BulkError::at(index, error)),
            }
            if failure.is_some() {
                break;
            }
        }
        let found = self.snapshots_named(&in_question, name);
        let taken = in_question.iter().zip(found).find(|(_, found)| found.is_some());
        if let Some((entry, _)) = taken {
            let item = entry.item as usize;
            return Err(snapshot_exists(self.volume_id(entry.slot), name)).at(item);
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        if volumes.len() > self.snapshots.free_slots() {
            return Err(full().into());
        }

        let mut made = Vec::with_capacity(volumes.len());
        for entry in &mut entries {
            entry.slot = self.add_snapshot(entry.slot, name, stamp)?;
            made.push(entry.slot);
        }
        let snapshots = &self.snapshots;
        self.snapshot_names.reserve(entries.len(), |slot| {
            let (record, name) = snapshots.with_text(slot);
            key::snapshot_name(record.volume, name)
        });
        for Entry { hash, slot, .. } in self.snapshot_names.by_bucket(&entries) {
            self.index_snapshot_name(slot, hash);
        }
        Ok(made)
    }

    /// The snapshots of the name on the volumes whose slots and hashes the entries have.
    fn snapshots_named(&self, volumes: &[Entry], name: &str) -> Vec<Option<Slot>> {
        // The index by its own order, and what it refers to in the order of the batch, which is
        // often that of memory.
        let mut candidates = vec![NONE; volumes.len()];
        let numbered = volumes.iter().zip(0..).map(|(entry, item)| Entry { item, ..*entry });
        for Entry { hash, item, .. } in self.snapshot_names.by_bucket(&numbered.collect::<Vec<_>>())
        {
            let first = self.snapshot_names.find(hash, |_| true);
            if let (Some(first), Some(place)) = (first, candidates.get_mut(item as usize)) {
                *place = first;
            }
        }
        let resolve = |(entry, candidate): (&Entry, Slot)| {
            if candidate == NONE {
                return None;
            }
            let (record, its_name) = self.snapshots.with_text(candidate);
            if record.volume == entry.slot && its_name == name {
                return Some(candidate);
            }
            self.snapshot_of_hash(entry.hash, entry.slot, name)
        };
        volumes.iter().zip(candidates).map(resolve).collect()
    }

    /// Deletes the snapshot of the name from each volume.
    pub(crate) fn delete_snapshots(&mut self, volumes: &[VolumeId], name: &str) -> Bulk<()> {
        let mut seen = Seen::new(self.volumes.capacity());
        let mut wanted = Vec::with_capacity(volumes.len());
        let mut failure = None;
        for (index, id) in volumes.iter().enumerate() {
            match self.find(*id) {
                Ok(volume) if seen.insert(volume) => {
                    wanted.push(entry(key::snapshot_name(volume, name), volume, index));
                }
                Ok(_) => failure = Some(BulkError::at(index, no_snapshot(*id, name))),
                Err(error) => failure = Some(BulkError::at(index, error)),
            }
            if failure.is_some() {
                break;
            }
        }
        let found = self.snapshots_named(&wanted, name);
        for (index, (entry, found)) in wanted.iter_mut().zip(found).enumerate() {
            let missing = || no_snapshot(self.volume_id(entry.slot), name);
            let slot = found.ok_or_else(missing).at(index)?;
            self.check_no_clones(slot).at(index)?;
            entry.slot = slot;
        }
        if let Some(failure) = failure {
            return Err(failure);
        }

        for Entry { hash, slot, .. } in self.snapshot_names.by_bucket(&wanted) {
            self.snapshot_names.remove(hash, slot);
        }
        for Entry { slot, .. } in wanted {
            self.remove_unindexed_snapshot(self.snapshots.get(slot).volume, slot);
        }
        Ok(())
    }

    /// Deletes volumes, among them clones and their parents in any order.
    pub(crate) fn delete_volumes(&mut self, volumes: &[VolumeId]) -> Bulk<()> {
        let mut doomed = Seen::new(self.volumes.capacity());
        let mut slots = Vec::with_capacity(volumes.len());
        for (index, id) in volumes.iter().enumerate() {
            let found = self.find(*id).at(index)?;
            if !doomed.insert(found) {
                return Err(BackendError::VolumeNotFound { volume: *id }).at(index);
            }
            slots.push(found);
        }
        for (index, slot) in slots.iter().enumerate() {
            self.check_no_clones_but(&doomed, *slot).at(index)?;
        }

        for slot in &slots {
            self.detach_from_parent(*slot);
        }
        for some in slots.chunks(PORTION) {
            self.remove_snapshots_of(some);
            let hash = |slot: &Slot| key::volume_name(self.volume_name(*slot));
            let entries: Vec<Entry> = some.iter().map(|slot| entry(hash(slot), *slot, 0)).collect();
            for Entry { hash, slot, .. } in self.volume_names.by_bucket(&entries) {
                self.volume_names.remove(hash, slot);
            }
            for slot in some {
                self.remove_volume(*slot);
            }
        }
        Ok(())
    }

    /// Removes all snapshots of volumes whose snapshots have no clones.
    fn remove_snapshots_of(&mut self, volumes: &[Slot]) {
        let mut entries = Vec::new();
        for volume in volumes {
            for slot in self.snapshot_slots(*volume) {
                let hash = key::snapshot_name(*volume, self.snapshot_name(slot));
                entries.push(entry(hash, slot, 0));
            }
        }
        for Entry { hash, slot, .. } in self.snapshot_names.by_bucket(&entries) {
            self.snapshot_names.remove(hash, slot);
        }
        for volume in volumes {
            while let Chain { first, len: 1.., .. } = self.volumes.get(*volume).snapshots {
                self.remove_unindexed_snapshot(*volume, first);
            }
        }
    }

    /// Refuses when a clone other than the doomed ones depends on the volume.
    fn check_no_clones_but(&self, doomed: &Seen, slot: Slot) -> Result<()> {
        let clones = self.volumes.get(slot).clones;
        let in_the_way =
            || clones.iter::<OfParentVolume, _>(&self.volumes).filter(|slot| !doomed.has(*slot));
        let count = in_the_way().count();
        if count == 0 {
            return Ok(());
        }
        let first = in_the_way().take(Dependents::MAX_NAMES);
        let names = first.map(|slot| self.volume_name(slot).to_owned()).collect();
        Err(BackendError::VolumeBusy {
            volume: self.volume_id(slot),
            dependents: Dependents { names, count: count as u64 },
        })
    }

    /// Applies one patch to each volume, with the size of its own where there are sizes.
    pub(crate) fn patch_volumes(
        &mut self,
        volumes: &[VolumeId],
        patch: &VolumePatch,
        sizes: Option<&[Option<u64>]>,
    ) -> Bulk<()> {
        let mut patch = patch.clone();
        let size_at = |patch: &mut VolumePatch, index: usize| {
            if let Some(size) = sizes.and_then(|sizes| sizes.get(index)) {
                patch.size_bytes = *size;
            }
        };
        let mut seen = Seen::new(self.volumes.capacity());
        // A name or a path is for one volume: the first takes it from the others.
        let mut owner = NONE;
        let mut slots = Vec::with_capacity(volumes.len());
        for (index, id) in volumes.iter().enumerate() {
            size_at(&mut patch, index);
            let slot = self.check_patch(*id, &patch).at(index)?;
            if !seen.insert(slot) {
                refuse_resize_after(&patch, *id).at(index)?;
            }
            if owner == NONE {
                owner = slot;
            } else if owner != slot {
                refuse_to_share(&patch).at(index)?;
            }
            slots.push(slot);
        }
        for (index, slot) in slots.into_iter().enumerate() {
            size_at(&mut patch, index);
            self.apply_patch(slot, &patch);
        }
        Ok(())
    }
}

/// Volumes whose index entries are sorted at once: enough to be worth it, few enough for their
/// snapshots' entries to take little memory.
const PORTION: usize = 1 << 16;

fn entry(hash: u64, slot: Slot, item: usize) -> Entry {
    #[expect(clippy::cast_possible_truncation, reason = "a batch has no more items than slots")]
    let item = item as u32;
    Entry { hash, slot, item }
}

fn snapshot_exists(volume: VolumeId, name: &str) -> BackendError {
    BackendError::SnapshotExists { volume, name: name.to_owned() }
}

fn no_snapshot(volume: VolumeId, name: &str) -> BackendError {
    BackendError::SnapshotNameNotFound { volume, name: name.to_owned() }
}

/// Refuses to resize a volume that the same batch has just taken offline.
fn refuse_resize_after(patch: &VolumePatch, volume: VolumeId) -> Result<()> {
    match patch.state {
        Some(state) if state != VolumeState::Online && patch.size_bytes.is_some() => {
            Err(BackendError::VolumeOffline { volume, state })
        }
        _ => Ok(()),
    }
}

/// Refuses a patch that another volume has had already, if it gives what only one can have.
fn refuse_to_share(patch: &VolumePatch) -> Result<()> {
    if let Some(name) = &patch.name {
        return Err(BackendError::VolumeExists { name: name.clone() });
    }
    match &patch.junction_path {
        Some(junction) if !junction.is_empty() => {
            Err(BackendError::JunctionPathExists { path: junction.clone() })
        }
        _ => Ok(()),
    }
}

/// Which slots a batch has met, a bit each.
struct Seen(Vec<u64>);

impl Seen {
    fn new(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64)])
    }

    const fn place(slot: Slot) -> (usize, u64) {
        (slot as usize / 64, 1 << (slot % 64))
    }

    fn has(&self, slot: Slot) -> bool {
        let (word, bit) = Self::place(slot);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Notes a slot; whether it is new.
    fn insert(&mut self, slot: Slot) -> bool {
        let (word, bit) = Self::place(slot);
        self.0.get_mut(word).is_some_and(|word| {
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        })
    }
}
