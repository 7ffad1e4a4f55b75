//! Transitions of many records at once.
//!
//! Each has the effect of the single transitions in order, or none. They share the checks and the
//! changes of lists with the single transitions. Those that create volumes work on a copy of the
//! state; the others check everything first.

use nessie_backend_core::{
    BackendError, Result, SnapshotId, Timestamp, VolumeId, VolumePatch, VolumeState,
};

use super::clones::{CloneParent, check_clone_name};
use super::lookup::{key, quota};
use super::policies::PolicyNumber;
use super::profile::default_size;
use super::snapshots::{check_values, fill_snapshot, snapshot_exists};
use super::volumes::{NewVolumes, check_new_volume, volume_exists};
use super::{ByCreation, OfParentVolume, SnapshotRecord, Stamp, State, VolumeRecord, full};
use crate::error::BulkError;
use crate::storage::index::Entry;
use crate::storage::serial::Serial;
use crate::storage::slab::{self, Links, NONE, Slot};

/// New records of a batch.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) slots: Vec<Slot>,
    /// The serial of the first. The numbers of the others follow each other.
    pub(super) first: Serial,
}

/// The name of a volume of a batch, and its snapshot policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewName<'a> {
    pub(crate) name: &'a str,
    pub(crate) snapshot_policy: Option<&'a str>,
}

impl AsRef<str> for NewName<'_> {
    fn as_ref(&self) -> &str {
        self.name
    }
}

/// The result of a bulk transition.
type Bulk<T> = std::result::Result<T, BulkError>;

/// What to do with an item that has clones and so cannot be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    Refuse,
    Skip,
}

/// Adds the item's index to an error.
trait At<T> {
    fn at(self, index: usize) -> Bulk<T>;
}

impl<T> At<T> for Result<T> {
    fn at(self, index: usize) -> Bulk<T> {
        self.map_err(|error| BulkError::at(index, error))
    }
}

impl State {
    /// Runs a transition on a copy of the state, and keeps the copy if the transition succeeds. The
    /// copy shares its records until it changes them. The index of names is not copied: a
    /// transition that fails removes its own entries.
    pub(crate) fn transact<T>(&mut self, transition: impl FnOnce(&mut Self) -> Bulk<T>) -> Bulk<T> {
        let names = std::mem::take(&mut self.volume_names);
        let mut copy = Self { volume_names: names, ..self.clone() };
        let result = transition(&mut copy);
        if result.is_ok() {
            *self = copy;
        } else {
            self.volume_names = copy.volume_names;
        }
        result
    }

    /// Creates a volume of each name and size. Runs within [`transact`](Self::transact): after an
    /// error only the index of names is as before.
    pub(crate) fn create_volumes<'a>(
        &mut self,
        specs: impl ExactSizeIterator<Item = (NewName<'a>, Option<u64>)>,
        stamp: Stamp,
    ) -> Bulk<Made> {
        let profile = self.restrictions.profile;
        let default = default_size(profile);
        let specs = specs.map(|(new, size)| (new, size.or(default)));
        let policies = self.policies.clone();
        // The volumes with a policy, by their places in the batch.
        let mut users: Vec<(usize, PolicyNumber)> = Vec::new();
        let mut place = 0;
        let made = self.create_named(specs, stamp, CloneParent::default(), |new, size| {
            if let Some(policy) = new.snapshot_policy {
                users.push((place, policies.number(policy)?));
            }
            place += 1;
            check_new_volume(profile, new.name, size)
        })?;
        for (place, policy) in users {
            if let Some(slot) = made.slots.get(place) {
                self.policies.assign(*slot, policy, stamp.time);
            }
        }
        Ok(made)
    }

    /// Creates a clone of each name. Runs within [`transact`](Self::transact), too.
    pub(crate) fn create_clones(
        &mut self,
        parent_volume: VolumeId,
        parent_snapshot: SnapshotId,
        names: impl ExactSizeIterator<Item = impl AsRef<str>>,
        stamp: Stamp,
    ) -> Bulk<Made> {
        let (volume, snapshot) = self.find_pair(parent_volume, parent_snapshot)?;
        // The refusal of the first item with a valid name, if there is one.
        let mut refusal = self.check_cloneable(volume).err();
        let parent = self.clone_parent(volume, snapshot);
        let size = quota(self.clone_size(volume, snapshot));
        let profile = self.restrictions.profile;
        let items = names.map(|name| (name, size));
        let made = self.create_named(items, stamp, parent, |name, _| {
            check_clone_name(profile, name.as_ref())?;
            refusal.take().map_or(Ok(()), Err)
        })?;
        if !made.slots.is_empty() {
            self.link_clones(snapshot, &made.slots)?;
            self.inherit_data(&made.slots, snapshot);
        }
        Ok(made)
    }

    /// Adds a volume for each name and size that `check` and the limits accept, then all names to
    /// the index.
    fn create_named<N: AsRef<str>>(
        &mut self,
        items: impl ExactSizeIterator<Item = (N, Option<u64>)>,
        stamp: Stamp,
        parent: CloneParent,
        mut check: impl FnMut(&N, Option<u64>) -> Result<()>,
    ) -> Bulk<Made> {
        let count = items.len();
        self.volume_names.reserve(count);
        let mut failure = None;
        // The name that exceeds a limit, and its refusal.
        let mut exceeding = None;
        let mut hashes = Vec::with_capacity(count);
        let room = self.room_for_volumes(&parent);
        // The name of an item before the refused one may be taken: that refusal comes first.
        let valid = items.enumerate().map_while(|(index, (name, size))| {
            if let Err(error) = check(&name, size) {
                failure = Some(BulkError::at(index, error));
                return None;
            }
            if let Err(error) = room.check(index) {
                exceeding = Some((name, BulkError::at(index, error)));
                return None;
            }
            hashes.push(entry(key::volume_name(name.as_ref()), NONE, index));
            Some((name, size))
        });
        let new = NewVolumes { time: stamp.time, order: self.order, parent };
        let fill = |entry: &mut slab::Entry<'_, VolumeRecord>, links: Links, item| {
            let (name, size): (N, Option<u64>) = item;
            new.fill(entry, links, name.as_ref(), size.unwrap_or(0));
        };
        let link = |record: &mut VolumeRecord, next| {
            record.header.links.next = next;
            if record.is_clone() {
                record.in_volume.next = next;
                record.in_snapshot.next = next;
            }
        };
        let (first, last_number) = self.serials(stamp, count);
        let made = self.volumes.insert_all(first, count, valid, fill, link);
        self.last_number = last_number;
        self.order = self.order.extend::<ByCreation, _>(&mut self.volumes, &made);
        if made.len() < hashes.len() {
            failure = Some(BulkError::at(made.len(), full()));
        }
        let mut entries = hashes;
        entries.truncate(made.len());
        for (entry, slot) in entries.iter_mut().zip(&made) {
            entry.slot = *slot;
        }
        let entries = self.volume_names.by_bucket(&entries);
        let name_of = |slot| self.volumes.get(slot).name.as_str();
        let is_same = |one, other| name_of(one) == name_of(other);
        let taken = self.volume_names.insert_all(&entries, is_same);
        if let Some(Entry { slot, item, .. }) = taken.iter().min_by_key(|entry| entry.item) {
            failure = Some(BulkError::at(*item as usize, volume_exists(self.volume_name(*slot))));
        }
        if let (None, Some((name, refusal))) = (&failure, exceeding) {
            let taken = self.check_volume_name_free(name.as_ref(), None).err();
            failure = Some(refusal.map(|limit| taken.unwrap_or(limit)));
        }
        match failure {
            None => Ok(Made { slots: made, first }),
            Some(failure) => {
                self.volume_names.remove_all(&entries);
                Err(failure)
            }
        }
    }

    /// Creates a snapshot of the name on each volume.
    pub(crate) fn create_snapshots(
        &mut self,
        volumes: impl ExactSizeIterator<Item = VolumeId>,
        name: &str,
        expires_at: Option<Timestamp>,
        stamp: Stamp,
    ) -> Bulk<Made> {
        let count = volumes.len();
        let check = || check_values(name, expires_at, stamp.time);
        let is_valid = check().is_ok();
        let mut seen = Seen::new(self.volumes.capacity());
        let mut entries = Vec::with_capacity(count);
        let mut failure = None;
        // The volumes with snapshots: one of them may have that name.
        let mut in_question = Vec::new();
        for (index, id) in volumes.enumerate() {
            let values = || if is_valid { Ok(()) } else { check() };
            match self.check_new_snapshot(id, values) {
                Ok(slot) if seen.insert(slot) => {
                    let entry = entry(key::snapshot_name(slot, name), slot, index);
                    if !self.volumes.get(slot).snapshots.is_empty() {
                        in_question.push(entry);
                    }
                    entries.push(entry);
                    failure = self.check_snapshot_limits(slot, index).at(index).err();
                }
                Ok(_) => failure = Some(BulkError::at(index, snapshot_exists(id, name))),
                Err(error) => failure = Some(BulkError::at(index, error)),
            }
            if failure.is_some() {
                break;
            }
        }
        let numbered = in_question.iter().zip(0..).map(|(entry, item)| Entry { item, ..*entry });
        let sorted = self.snapshot_names.by_bucket(&numbered.collect::<Vec<_>>());
        let found = self.snapshots_named(&in_question, &sorted, name);
        let taken = in_question.iter().zip(found).find(|(_, found)| *found != NONE);
        if let Some((entry, _)) = taken {
            let item = entry.item as usize;
            return Err(snapshot_exists(self.volume_id(entry.slot), name)).at(item);
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        if count > self.snapshots.free_slots() {
            return Err(full().into());
        }
        let made = self.make_snapshots(entries, name, stamp);
        self.lock(&made.slots, expires_at);
        Ok(made)
    }

    /// Makes a snapshot of the name on each volume in the entries, which have the hashes of the names.
    /// The caller checks that the name is free and that there are enough slots.
    pub(super) fn make_snapshots(
        &mut self,
        mut entries: Vec<Entry>,
        name: &str,
        stamp: Stamp,
    ) -> Made {
        let count = entries.len();
        let (first, last_number) = self.serials(stamp, count);
        let mut slots = Vec::with_capacity(count);
        let mut serial = first;
        for some in entries.chunks_mut(RUN) {
            let made = self.add_snapshots(some, name, stamp, serial);
            serial = serial.after(made.len());
            slots.extend(made);
        }
        self.last_number = last_number;
        self.snapshot_names.reserve(entries.len());
        let entries = self.snapshot_names.by_bucket(&entries);
        self.snapshot_names.insert_all(&entries, |_, _| false);
        Made { slots, first }
    }

    /// The snapshot of the name on each volume, or `NONE`. `volumes` has the volumes' slots and the
    /// hashes of the names; `sorted` has the same entries sorted by bucket, with the index in
    /// `volumes` as item.
    pub(super) fn snapshots_named(
        &self,
        volumes: &[Entry],
        sorted: &[Entry],
        name: &str,
    ) -> Vec<Slot> {
        // Reads the index in the order of its buckets, and the records in the order of the batch,
        // which is often their order in memory.
        let mut found = vec![NONE; volumes.len()];
        for Entry { hash, item, .. } in sorted {
            let candidate = self.snapshot_names.find(*hash, |_| true);
            if let (Some(candidate), Some(place)) = (candidate, found.get_mut(*item as usize)) {
                *place = candidate;
            }
        }
        for (entry, place) in volumes.iter().zip(&mut found).filter(|(_, place)| **place != NONE) {
            let (record, its_name) = self.snapshots.with_text(*place);
            if record.volume != entry.slot || its_name != name {
                *place = self.snapshot_of_hash(entry.hash, entry.slot, name).unwrap_or(NONE);
            }
        }
        found
    }

    /// Deletes the snapshot of the name from each volume. Returns the volumes whose snapshot was
    /// skipped because it has clones.
    pub(crate) fn delete_snapshots(
        &mut self,
        volumes: impl ExactSizeIterator<Item = VolumeId>,
        name: &str,
        busy: Busy,
        now: Timestamp,
    ) -> Bulk<Vec<VolumeId>> {
        let mut wanted = Vec::with_capacity(volumes.len());
        let mut failure = None;
        for (index, id) in volumes.enumerate() {
            match self.find(id) {
                Ok(volume) => wanted.push(entry(key::snapshot_name(volume, name), volume, index)),
                Err(error) => {
                    failure = Some(BulkError::at(index, error));
                    break;
                }
            }
        }
        let mut sorted = self.snapshot_names.by_bucket(&wanted);
        let mut found = self.snapshots_named(&wanted, &sorted, name);
        let mut seen = Seen::new(self.volumes.capacity());
        let mut left = Vec::new();
        for (index, (entry, slot)) in wanted.iter().zip(&mut found).enumerate() {
            if *slot != NONE && busy == Busy::Skip && self.is_pinned(*slot) {
                self.check_not_locked(*slot, now).at(index)?;
                left.push(self.volume_id(entry.slot));
                *slot = NONE;
                continue;
            }
            if *slot == NONE || !seen.insert(entry.slot) {
                return Err(no_snapshot(self.volume_id(entry.slot), name)).at(index);
            }
            self.check_deletable(*slot, now).at(index)?;
        }
        if let Some(failure) = failure {
            return Err(failure);
        }

        for entry in &mut sorted {
            entry.slot = found.get(entry.item as usize).copied().unwrap_or(NONE);
        }
        sorted.retain(|entry| entry.slot != NONE);
        found.retain(|slot| *slot != NONE);
        self.remove_snapshots(&found, &sorted);
        Ok(left)
    }

    /// Removes snapshots without clones, each given after its volume. The snapshots of a volume follow
    /// each other.
    pub(super) fn remove_pairs(&mut self, pairs: &[(Slot, Slot)]) {
        // The first of each volume are removed together, which is quicker.
        let mut first = Vec::with_capacity(pairs.len());
        let mut names = Vec::with_capacity(pairs.len());
        let mut others = Vec::new();
        let mut last = NONE;
        for (volume, slot) in pairs {
            if *volume == last {
                others.push((*volume, *slot));
                continue;
            }
            last = *volume;
            let hash = key::snapshot_name(*volume, self.snapshot_name(*slot));
            names.push(entry(hash, *slot, 0));
            first.push(*slot);
        }
        self.remove_snapshots(&first, &self.snapshot_names.by_bucket(&names));
        for (volume, slot) in others {
            self.remove_snapshot(volume, slot);
        }
    }

    /// Removes snapshots without clones, of different volumes. `names` has their entries in the index,
    /// sorted by bucket.
    fn remove_snapshots(&mut self, snapshots: &[Slot], names: &[Entry]) {
        self.snapshot_names.remove_all(names);
        for some in snapshots.chunks(RUN) {
            let records = some.iter().map(|slot| self.snapshots.get(*slot));
            let deleting: Vec<(Slot, Links)> =
                records.map(|record| (record.volume, record.header.links)).collect();
            if !self.space.is_empty() {
                for ((volume, _), slot) in deleting.iter().zip(some) {
                    self.free_snapshot(*volume, *slot);
                }
            }
            self.locks.forget(some.iter().copied());
            self.unlink_snapshots(deleting.iter().copied());
            self.snapshots.remove_all(some.iter().copied());
        }
    }

    /// Deletes snapshots. Returns those that were skipped because they have clones.
    pub(crate) fn delete_snapshot_pairs(
        &mut self,
        pairs: impl ExactSizeIterator<Item = (VolumeId, SnapshotId)>,
        busy: Busy,
        now: Timestamp,
    ) -> Bulk<Vec<(VolumeId, SnapshotId)>> {
        let mut seen = Seen::new(self.snapshots.capacity());
        let mut deleting = Vec::with_capacity(pairs.len());
        let mut left = Vec::new();
        for (index, (volume, snapshot)) in pairs.enumerate() {
            let (of, slot) = self.find_pair(volume, snapshot).at(index)?;
            if busy == Busy::Skip && self.is_pinned(slot) {
                self.check_not_locked(slot, now).at(index)?;
                left.push((volume, snapshot));
                continue;
            }
            if !seen.insert(slot) {
                return Err(BackendError::SnapshotNotFound { volume, snapshot }).at(index);
            }
            self.check_deletable(slot, now).at(index)?;
            deleting.push((of, slot));
        }

        let mut names = Vec::new();
        for some in deleting.chunks(PORTION) {
            names.extend(some.iter().map(|(volume, slot)| {
                entry(key::snapshot_name(*volume, self.snapshot_name(*slot)), *slot, 0)
            }));
            self.snapshot_names.remove_all(&self.snapshot_names.by_bucket(&names));
            names.clear();
            for (volume, slot) in some {
                self.remove_unindexed_snapshot(*volume, *slot);
            }
        }
        Ok(left)
    }

    /// Adds a snapshot of a free name to each volume in the entries, and puts its slot into the
    /// entry. The numbers of the serials follow each other from the first. The caller checks that
    /// there are enough slots, and adds the names to the index.
    fn add_snapshots(
        &mut self,
        entries: &mut [Entry],
        name: &str,
        stamp: Stamp,
        first: Serial,
    ) -> Vec<Slot> {
        let volumes = &self.volumes;
        let fill = |entry: &mut slab::Entry<'_, SnapshotRecord>, _: Links, volume: Slot| {
            fill_snapshot(entry, name, volume, volumes.get(volume), stamp);
        };
        let of = entries.iter().map(|entry| entry.slot);
        let made = self.snapshots.insert_all(first, entries.len(), of, fill, |_, _| ());
        let pairs = entries.iter().zip(&made).map(|(entry, slot)| (entry.slot, *slot));
        self.link_snapshots(pairs.clone());
        self.keep_data(pairs);
        for (entry, slot) in entries.iter_mut().zip(&made) {
            entry.slot = *slot;
        }
        made
    }

    /// Deletes volumes; clones and their parents can be in any order. Returns the volumes that
    /// were skipped because they have clones that are not deleted.
    pub(crate) fn delete_volumes(
        &mut self,
        volumes: impl ExactSizeIterator<Item = VolumeId>,
        busy: Busy,
        now: Timestamp,
    ) -> Bulk<Vec<VolumeId>> {
        let mut deleting = Seen::new(self.volumes.capacity());
        let mut slots = Vec::with_capacity(volumes.len());
        let mut parents = Vec::new();
        let mut has_clones = false;
        for (index, id) in volumes.enumerate() {
            let found = self.find(id).at(index)?;
            if !deleting.insert(found) {
                return Err(BackendError::VolumeNotFound { volume: id }).at(index);
            }
            let record = self.volumes.get(found);
            has_clones |= record.is_clone();
            if !record.clones.is_empty() {
                parents.push((index, found));
            }
            slots.push(found);
        }
        let locked = self.first_locked(&slots, now);
        let mut left = Vec::new();
        match busy {
            Busy::Refuse => {
                for (index, slot) in parents {
                    if locked.as_ref().is_some_and(|error| error.index <= Some(index)) {
                        break;
                    }
                    self.check_no_clones_but(&deleting, slot).at(index)?;
                }
                locked.map_or(Ok(()), Err)?;
            }
            Busy::Skip => {
                locked.map_or(Ok(()), Err)?;
                self.spare_busy(&mut deleting, parents.into_iter().map(|(_, slot)| slot));
                slots.retain(|slot| {
                    let is_deleted = deleting.has(*slot);
                    if !is_deleted {
                        left.push(self.volume_id(*slot));
                    }
                    is_deleted
                });
            }
        }

        if has_clones {
            for some in slots.chunks(RUN) {
                self.unlink_clones(some);
            }
        }
        let mut names = Vec::new();
        let mut snapshot_names = Vec::new();
        for some in slots.chunks(RUN) {
            let of_snapshots = snapshot_names.len();
            self.collect_names(some, &mut names, &mut snapshot_names);
            let snapshots = snapshot_names.iter().skip(of_snapshots);
            self.remove_volumes(some, snapshots.map(|entry| entry.slot));
            if names.len() + snapshot_names.len() >= PORTION {
                self.unindex(&mut names, &mut snapshot_names);
            }
        }
        self.unindex(&mut names, &mut snapshot_names);
        Ok(left)
    }

    /// Removes the parents that have a remaining clone from the set of volumes to be deleted, and
    /// then their own parents.
    fn spare_busy(&self, deleting: &mut Seen, parents: impl Iterator<Item = Slot>) {
        for parent in parents {
            let mut clones =
                self.volumes.get(parent).clones.iter::<OfParentVolume, _>(&self.volumes);
            let mut spared = if clones.all(|clone| deleting.has(clone)) { NONE } else { parent };
            while spared != NONE && deleting.remove(spared) {
                let snapshot = self.volumes.get(spared).parent_snapshot;
                spared = if snapshot == NONE { NONE } else { self.snapshots.get(snapshot).volume };
            }
        }
    }

    /// Appends the index entries of volumes and of their snapshots.
    fn collect_names(
        &self,
        volumes: &[Slot],
        names: &mut Vec<Entry>,
        snapshot_names: &mut Vec<Entry>,
    ) {
        for volume in volumes {
            names.push(entry(key::volume_name(self.volume_name(*volume)), *volume, 0));
            for slot in self.snapshot_slots(*volume) {
                let hash = key::snapshot_name(*volume, self.snapshot_name(slot));
                snapshot_names.push(entry(hash, slot, 0));
            }
        }
    }

    /// Removes the entries from the indexes, and clears both lists.
    fn unindex(&mut self, names: &mut Vec<Entry>, snapshot_names: &mut Vec<Entry>) {
        self.volume_names.remove_all(&self.volume_names.by_bucket(names));
        self.snapshot_names.remove_all(&self.snapshot_names.by_bucket(snapshot_names));
        names.clear();
        snapshot_names.clear();
    }

    /// The refusal of the first volume that has a locked snapshot.
    fn first_locked(&self, volumes: &[Slot], now: Timestamp) -> Option<BulkError> {
        if self.locks.is_empty() {
            return None;
        }
        let mut checked = volumes.iter().map(|slot| self.check_none_locked(*slot, now)).enumerate();
        checked.find_map(|(index, checked)| Some(BulkError::at(index, checked.err()?)))
    }

    /// Refuses if the volume has a clone that is not deleted too.
    fn check_no_clones_but(&self, deleting: &Seen, slot: Slot) -> Result<()> {
        let clones = self.volumes.get(slot).clones;
        let staying =
            || clones.iter::<OfParentVolume, _>(&self.volumes).filter(|slot| !deleting.has(*slot));
        let count = staying().zip(1_u32..).last().map_or(0, |(_, count)| count);
        if count == 0 { Ok(()) } else { Err(self.volume_busy(slot, staying(), count)) }
    }

    /// Applies one patch to each volume, with the volume's own size in place of the patch's.
    pub(crate) fn patch_volumes(
        &mut self,
        volumes: impl ExactSizeIterator<Item = (VolumeId, Option<u64>)>,
        patch: &VolumePatch,
        now: Timestamp,
    ) -> Bulk<()> {
        let mut patch = patch.clone();
        let mut seen = Seen::new(self.volumes.capacity());
        // Only one volume can have a name or a path: the first one in the batch.
        let mut owner = NONE;
        let mut slots = Vec::with_capacity(volumes.len());
        for (index, (id, size)) in volumes.enumerate() {
            patch.size_bytes = size;
            let slot = self.check_patch(id, &patch).at(index)?;
            if !seen.insert(slot) {
                refuse_resize_after(&patch, id).at(index)?;
            }
            if owner == NONE {
                owner = slot;
            } else if owner != slot {
                refuse_to_share(&patch).at(index)?;
            }
            slots.push((slot, size.unwrap_or(0)));
        }
        for (slot, size) in slots {
            patch.size_bytes = quota(size);
            self.apply_patch(slot, &patch, now);
        }
        Ok(())
    }
}

/// Number of index entries that are sorted together: large enough that each bucket gets many, small
/// enough that they take little memory.
const PORTION: usize = 1 << 18;
/// Number of records that are processed together, in several passes: few enough to stay in the
/// cache.
const RUN: usize = 1 << 10;

pub(super) fn entry(hash: u32, slot: Slot, item: usize) -> Entry {
    #[expect(clippy::cast_possible_truncation, reason = "a batch has no more items than slots")]
    let item = item as u32;
    Entry { hash, slot, item }
}

fn no_snapshot(volume: VolumeId, name: &str) -> BackendError {
    BackendError::SnapshotNameNotFound { volume, name: name.to_owned() }
}

/// Refuses to resize a volume that an earlier item of the batch takes offline.
fn refuse_resize_after(patch: &VolumePatch, volume: VolumeId) -> Result<()> {
    match patch.state {
        Some(state) if state != VolumeState::Online && patch.size_bytes.is_some() => {
            Err(BackendError::VolumeOffline { volume, state })
        }
        _ => Ok(()),
    }
}

/// Refuses a patch with a name or a path that an earlier item of the batch has taken.
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

/// A set of slots, one bit for each.
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

    /// Removes a slot. Returns whether it was in the set.
    fn remove(&mut self, slot: Slot) -> bool {
        let (word, bit) = Self::place(slot);
        self.0.get_mut(word).is_some_and(|word| {
            let was_there = *word & bit != 0;
            *word &= !bit;
            was_there
        })
    }

    /// Adds a slot. Returns whether it is new.
    fn insert(&mut self, slot: Slot) -> bool {
        let (word, bit) = Self::place(slot);
        self.0.get_mut(word).is_some_and(|word| {
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        })
    }
}
