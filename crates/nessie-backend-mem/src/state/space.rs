//! The account of space: what writes, snapshots and clones allocate.
//!
//! The data of a volume is a queue: a client appends what it writes, and an overwrite or a discard
//! takes the oldest. So the *history* of a volume is a list of intervals of one queue: what a clone
//! inherited, its snapshots in order of creation, the live data. Neither end of an interval is
//! before that of the interval before it. Two numbers describe an interval: its size, and how much
//! of it the interval before has too. The allocated bytes of a volume are the sum of the
//! differences of the two. What a clone inherited is allocated by its parent.

use nessie_backend_core::{BackendError, Result, Space as SpaceReport, VolumeId};

use super::State;
use crate::error::BulkError;
use crate::storage::slab::{NONE, Slot};
use crate::storage::table::Table;

/// One interval of a volume's history, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Data {
    pub(crate) size: u64,
    /// The part that is in the interval before it, too. At most the size of either.
    pub(crate) shared: u64,
    /// The part that is in what the clone inherited. Follows from the intervals before it.
    /// Without meaning in the snapshots of a clone that was split.
    inherited: u64,
}

impl Data {
    /// What a clone of a snapshot inherits, as the first interval of its history.
    pub(crate) const fn inherited(size: u64) -> Self {
        Self { size, shared: size, inherited: size }
    }

    /// The interval that follows this one, or `None` if there can be no such interval.
    pub(crate) fn followed_by(self, size: u64, shared: u64) -> Option<Self> {
        let inherited = self.inherited.saturating_sub(self.size.checked_sub(shared)?);
        (shared <= size).then_some(Self { size, shared, inherited })
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.size == 0
    }

    /// The bytes that this interval adds to those before it.
    pub(crate) const fn allocated(self) -> u64 {
        self.size - self.shared
    }

    /// The bytes that were written to the volume itself.
    pub(super) const fn own(self) -> u64 {
        self.size - self.inherited
    }

    /// The interval of the same data that follows this one.
    const fn again(self) -> Self {
        Self { shared: self.size, ..self }
    }

    const fn without_oldest(self, bytes: u64) -> Self {
        Self {
            size: self.size - bytes,
            shared: self.shared.saturating_sub(bytes),
            inherited: self.inherited.saturating_sub(bytes),
        }
    }
}

/// What a client writes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// All that is written.
    pub(crate) size: u64,
    /// The part that replaces existing data.
    pub(crate) overwrite: u64,
}

/// The space of a backend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Space {
    /// Size of the pool in bytes; `None` means unlimited.
    pub(crate) capacity: Option<u64>,
    /// All allocated bytes.
    used: u64,
    /// Those in the live data of the volume to which they were written.
    live: u64,
    /// The live data of each volume.
    volumes: Table<Data>,
    snapshots: Table<Data>,
    /// The size up to which each volume grows by itself; 0 means that it does not.
    autosize: Table<u64>,
}

impl Space {
    pub(crate) const fn with_capacity(capacity: Option<u64>) -> Self {
        Self {
            capacity,
            used: 0,
            live: 0,
            volumes: Table::new(),
            snapshots: Table::new(),
            autosize: Table::new(),
        }
    }

    /// Whether nothing was ever written.
    pub(super) const fn is_empty(&self) -> bool {
        self.volumes.is_empty()
    }

    /// Whether nothing was ever written, and no volume ever grew by itself.
    pub(super) const fn is_unused(&self) -> bool {
        self.is_empty() && self.autosize.is_empty()
    }

    /// The size up to which a volume grows by itself; 0 means that it does not.
    pub(crate) fn autosize(&self, volume: Slot) -> u64 {
        self.autosize.get(volume)
    }

    pub(crate) fn set_autosize(&mut self, volume: Slot, maximum: u64) {
        if self.autosize(volume) != maximum {
            *self.autosize.get_mut(volume) = maximum;
        }
    }

    pub(crate) fn report(&self) -> SpaceReport {
        SpaceReport::new(self.capacity, self.live, self.used - self.live)
    }

    const fn available(&self) -> u64 {
        match self.capacity {
            Some(capacity) => capacity - self.used,
            None => u64::MAX - self.used,
        }
    }

    /// Refuses to allocate more than the pool has left.
    const fn check_pool(&self, needed_bytes: u64) -> Result<()> {
        let available_bytes = self.available();
        if needed_bytes > available_bytes {
            return Err(BackendError::NoSpace { volume: None, needed_bytes, available_bytes });
        }
        Ok(())
    }

    /// Replaces the live data of a volume.
    fn set_live(&mut self, volume: Slot, data: Data) {
        let before = std::mem::replace(self.volumes.get_mut(volume), data);
        self.used = self.used - before.allocated() + data.allocated();
        self.live = self.live - before.own() + data.own();
    }

    /// Adds an interval that a dump describes. `None` if the pool is too small for it.
    pub(crate) fn place(&mut self, of: Interval, data: Data) -> Option<()> {
        self.check_pool(data.allocated()).ok()?;
        self.used += data.allocated();
        match of {
            Interval::Live(volume) => {
                self.live += data.own();
                *self.volumes.get_mut(volume) = data;
            }
            Interval::Snapshot(snapshot) => *self.snapshots.get_mut(snapshot) = data,
        }
        Some(())
    }
}

/// The owner of an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Interval {
    /// A volume, for its live data.
    Live(Slot),
    Snapshot(Slot),
}

impl State {
    /// The live data of a volume.
    pub(crate) fn live_data(&self, volume: Slot) -> Data {
        self.space.volumes.get(volume)
    }

    /// The data of a snapshot.
    pub(crate) fn snapshot_data(&self, snapshot: Slot) -> Data {
        self.space.snapshots.get(snapshot)
    }

    /// The bytes of a volume's live data; `None` if it never had data.
    pub(crate) fn used_bytes(&self, volume: Slot) -> Option<u64> {
        self.volumes.get(volume).has_data.then(|| self.live_data(volume).size)
    }

    /// The bytes that only this snapshot has, of its volume's history.
    #[inline]
    pub(crate) fn size_consumed(&self, snapshot: Slot) -> u64 {
        if self.space.is_empty() { 0 } else { self.consumed_of_data(snapshot) }
    }

    fn consumed_of_data(&self, snapshot: Slot) -> u64 {
        let next = match self.snapshots.get(snapshot).header.links.next {
            NONE => self.live_data(self.snapshots.get(snapshot).volume),
            next => self.snapshot_data(next),
        };
        self.snapshot_data(snapshot).allocated().saturating_sub(next.shared)
    }

    /// Changes the size of the pool.
    pub(crate) fn set_capacity(&mut self, capacity: Option<u64>) -> Result<()> {
        check_capacity(capacity)?;
        if let Some(bytes) = capacity
            && bytes < self.space.used
        {
            let rule = format!("is less than the {} bytes that are used", self.space.used);
            return Err(invalid("capacity_bytes", bytes, &rule));
        }
        self.space.capacity = capacity;
        Ok(())
    }

    /// Writes to a volume.
    pub(crate) fn write(&mut self, uuid: VolumeId, written: Written) -> Result<Slot> {
        let slot = self.find(uuid)?;
        self.write_to(slot, written)?;
        Ok(slot)
    }

    /// Writes to the volume in `slot`. The data is new to the volume's queue, and what it replaces is
    /// the oldest.
    fn write_to(&mut self, slot: Slot, written: Written) -> Result<()> {
        let Written { size, overwrite } = written;
        let before = self.live_data(slot);
        check_overwrite(written, before.size)?;
        self.check_online(slot)?;

        let added = size - overwrite;
        let quota = self.quota_for(slot, before.size, added)?;
        let kept = before.without_oldest(overwrite);
        // What the overwrite frees counts: the part that no snapshot has.
        self.space.check_pool(added + (before.shared - kept.shared))?;
        if size > 0 {
            self.space.set_live(slot, Data { size: kept.size + size, ..kept });
            self.note_data(slot);
            if self.volumes.get(slot).size != quota {
                self.volumes.get_mut(slot).size = quota;
            }
        }
        Ok(())
    }

    /// Deletes data of a volume.
    pub(crate) fn discard(&mut self, uuid: VolumeId, size: u64) -> Result<Slot> {
        let slot = self.find(uuid)?;
        self.discard_from(slot, size)?;
        Ok(slot)
    }

    /// The quota with which so many bytes more fit into the volume: the present one, or what a
    /// volume with autosize grows to. 0 means none.
    fn quota_for(&self, volume: Slot, used: u64, added: u64) -> Result<u64> {
        let quota = self.volumes.get(volume).size;
        if quota == 0 || added <= quota - used {
            return Ok(quota);
        }
        let available_bytes = quota.max(self.space.autosize(volume)) - used;
        if added <= available_bytes {
            return Ok(used + added);
        }
        let volume = Some(self.volume_id(volume));
        Err(BackendError::NoSpace { volume, needed_bytes: added, available_bytes })
    }

    /// Sets the size up to which a volume grows by itself.
    pub(crate) fn set_autosize(&mut self, uuid: VolumeId, maximum: Option<u64>) -> Result<()> {
        let slot = self.find(uuid)?;
        if maximum == Some(0) {
            let rule = "is not 1 to 2^64-1; a volume that does not grow has no maximum";
            return Err(invalid("maximum_bytes", 0, rule));
        }
        self.space.set_autosize(slot, maximum.unwrap_or(0));
        Ok(())
    }

    /// Deletes data of the volume in `slot`, the oldest first.
    fn discard_from(&mut self, slot: Slot, size: u64) -> Result<()> {
        let before = self.live_data(slot);
        check_used("size_bytes", size, before.size)?;
        self.check_online(slot)?;
        if size > 0 {
            self.space.set_live(slot, before.without_oldest(size));
        }
        Ok(())
    }

    /// Writes to volumes, in order: all or none.
    pub(crate) fn write_all(
        &mut self,
        items: impl Iterator<Item = (VolumeId, Written)>,
    ) -> std::result::Result<(), BulkError> {
        self.change_all(items, Self::write_to)
    }

    /// What a write can change in a volume's record: whether it shows the used bytes, and the quota.
    fn shown_by_record(&self, volume: Slot) -> (bool, u64) {
        let record = self.volumes.get(volume);
        (record.has_data, record.size)
    }

    /// Deletes data of volumes, in order: all or none.
    pub(crate) fn discard_all(
        &mut self,
        items: impl Iterator<Item = (VolumeId, u64)>,
    ) -> std::result::Result<(), BulkError> {
        self.change_all(items, Self::discard_from)
    }

    /// Changes the live data of volumes, in order. After a refusal, the changes before it are undone:
    /// so a small batch costs little, however many volumes have data.
    fn change_all<T>(
        &mut self,
        items: impl Iterator<Item = (VolumeId, T)>,
        change: impl Fn(&mut Self, Slot, T) -> Result<()>,
    ) -> std::result::Result<(), BulkError> {
        let was_empty = self.space.is_empty();
        let mut done = Vec::with_capacity(items.size_hint().0);
        for (index, (uuid, item)) in items.enumerate() {
            let changed = self.find(uuid).and_then(|slot| {
                let before = (slot, self.live_data(slot), self.shown_by_record(slot));
                change(self, slot, item)?;
                Ok(before)
            });
            match changed {
                Ok(before) => done.push(before),
                Err(error) => {
                    self.undo(done);
                    if was_empty {
                        self.space.volumes = Table::new();
                    }
                    return Err(BulkError::at(index, error));
                }
            }
        }
        Ok(())
    }

    /// Gives volumes the live data, and what their records showed of it, from before changes: the
    /// last change first.
    fn undo(&mut self, changes: Vec<(Slot, Data, (bool, u64))>) {
        for (slot, data, shown) in changes.into_iter().rev() {
            if self.live_data(slot) != data {
                self.space.set_live(slot, data);
            }
            if self.shown_by_record(slot) != shown {
                let record = self.volumes.get_mut(slot);
                (record.has_data, record.size) = shown;
            }
        }
    }

    /// Checks the account: each history, and the sums.
    pub(super) fn check_space(&self) -> std::result::Result<(), String> {
        let (mut used, mut live) = (0_u128, 0_u128);
        let mut intervals = 0;
        let growing = self.volume_slots().filter(|volume| self.space.autosize(*volume) > 0).count();
        if growing != self.space.autosize.slots().count() {
            return Err("a volume that does not exist has an autosize maximum".to_owned());
        }
        for volume in self.volume_slots() {
            let record = self.volumes.get(volume);
            let what = |rule: &str| format!("data of volume {:?}: {rule}", record.name);
            let mut last = match record.parent_snapshot {
                NONE => Data::default(),
                parent => Data::inherited(self.snapshot_data(parent).size),
            };
            let quotas = self.snapshot_slots(volume).map(|slot| self.snapshots.get(slot).size);
            let kept = self.snapshot_slots(volume).map(|slot| self.snapshot_data(slot));
            let history = kept.chain([self.live_data(volume)]);
            for (data, quota) in history.zip(quotas.chain([record.size])) {
                let next = last.followed_by(data.size, data.shared).ok_or_else(|| {
                    what("an interval shares more than it or the one before it has")
                })?;
                let is_stale = !record.is_clone();
                if next.inherited != data.inherited && !is_stale {
                    return Err(what("the inherited part is wrong"));
                }
                if quota != 0 && data.size > quota {
                    return Err(what("an interval is larger than the quota"));
                }
                if data.size > 0 && !record.has_data {
                    return Err(what("the record does not show it"));
                }
                intervals += usize::from(data != Data::default());
                used += u128::from(next.allocated());
                last = next;
            }
            if self.live_data(volume).inherited != last.inherited {
                return Err(what("the inherited part of the live data is wrong"));
            }
            live += u128::from(last.own());
        }
        let tables = self.space.volumes.slots().count() + self.space.snapshots.slots().count();
        if tables != intervals {
            return Err(format!("{tables} intervals of data exist, {intervals} are in use"));
        }
        if (used, live) != (self.space.used.into(), self.space.live.into()) {
            let Space { used: counted, live: counted_live, .. } = &self.space;
            return Err(format!(
                "{used} bytes are used, {live} of them live; {counted} and {counted_live} are counted"
            ));
        }
        if self.space.capacity.is_some_and(|capacity| capacity < self.space.used) {
            return Err("more bytes are used than the pool has".to_owned());
        }
        Ok(())
    }

    /// Refuses a quota that is less than the used bytes.
    pub(super) fn check_holds_data(&self, volume: Slot, size: u64) -> Result<()> {
        let used = self.live_data(volume).size;
        if size < used {
            let rule = format!("is less than the {used} bytes that the volume uses");
            return Err(invalid("size_bytes", size, &rule));
        }
        Ok(())
    }

    /// From now on the volume's record shows the used bytes, even if they are 0.
    pub(crate) fn note_data(&mut self, volume: Slot) {
        if !self.volumes.get(volume).has_data {
            self.volumes.get_mut(volume).has_data = true;
        }
    }

    /// Enters new snapshots, each given after its volume.
    pub(super) fn keep_data(&mut self, pairs: impl Iterator<Item = (Slot, Slot)>) {
        if self.space.is_empty() {
            return;
        }
        for (volume, snapshot) in pairs {
            let live = self.live_data(volume);
            if live.size > 0 {
                *self.space.snapshots.get_mut(snapshot) = live;
                *self.space.volumes.get_mut(volume) = live.again();
            }
        }
    }

    /// Frees what only this snapshot has. It is still in the list of its volume's snapshots.
    pub(super) fn free_snapshot(&mut self, volume: Slot, snapshot: Slot) {
        let added = self.space.snapshots.take(snapshot).allocated();
        if added == 0 {
            return;
        }
        let after = match self.snapshots.get(snapshot).header.links.next {
            NONE => self.space.volumes.get_mut(volume),
            next => self.space.snapshots.get_mut(next),
        };
        self.space.used -= added.saturating_sub(after.shared);
        after.shared = after.shared.saturating_sub(added);
    }

    /// Frees all data of volumes and of their snapshots, and ends their autosize.
    pub(super) fn free_volumes(&mut self, volumes: &[Slot], snapshots: impl Iterator<Item = Slot>) {
        if !self.space.autosize.is_empty() {
            for volume in volumes {
                self.space.set_autosize(*volume, 0);
            }
        }
        if self.space.is_empty() {
            return;
        }
        for snapshot in snapshots {
            self.space.used -= self.space.snapshots.take(snapshot).allocated();
        }
        for volume in volumes {
            let data = self.space.volumes.take(*volume);
            self.space.used -= data.allocated();
            self.space.live -= data.own();
        }
    }

    /// Makes the data of the volume's last snapshot the live data.
    pub(super) fn restore_data(&mut self, volume: Slot, snapshot: Slot) {
        if self.space.is_empty() {
            return;
        }
        let mut data = self.snapshot_data(snapshot).again();
        if !self.volumes.get(volume).is_clone() {
            data.inherited = 0;
        }
        self.space.set_live(volume, data);
    }

    /// Gives clones the data of their snapshot.
    pub(super) fn inherit_data(&mut self, clones: &[Slot], snapshot: Slot) {
        let data = Data::inherited(self.snapshot_data(snapshot).size);
        if data.size > 0 {
            for clone in clones {
                *self.space.volumes.get_mut(*clone) = data;
            }
        }
    }

    /// Copies what a clone or its snapshots have of the inherited data, for the clone is split.
    pub(super) fn copy_inherited(&mut self, clone: Slot) -> Result<()> {
        if self.space.is_empty() {
            return Ok(());
        }
        let copied = self.still_inherited(clone);
        self.space.check_pool(copied)?;
        let first = match self.volumes.get(clone).snapshots.first {
            NONE => self.space.volumes.get_mut(clone),
            first => self.space.snapshots.get_mut(first),
        };
        first.shared = 0;
        self.space.used += copied;
        let live = self.space.volumes.get_mut(clone);
        self.space.live += live.inherited;
        live.inherited = 0;
        Ok(())
    }
}

/// Refuses a pool of no bytes.
pub(crate) fn check_capacity(capacity: Option<u64>) -> Result<()> {
    match capacity {
        Some(0) => {
            let rule = "is not 1 to 2^64-1; without a limit it is not set";
            Err(invalid("capacity_bytes", 0, rule))
        }
        _ => Ok(()),
    }
}

fn check_overwrite(written: Written, used: u64) -> Result<()> {
    let Written { size, overwrite } = written;
    if overwrite > size {
        let rule = format!("is more than the {size} bytes that are written");
        return Err(invalid("overwrite_bytes", overwrite, &rule));
    }
    check_used("overwrite_bytes", overwrite, used)
}

/// Refuses to replace or delete more data than there is.
fn check_used(argument: &'static str, bytes: u64, used: u64) -> Result<()> {
    if bytes > used {
        let rule = format!("is more than the {used} bytes that the volume uses");
        return Err(invalid(argument, bytes, &rule));
    }
    Ok(())
}

/// The refusal of a number of bytes.
fn invalid(argument: &'static str, bytes: u64, rule: &str) -> BackendError {
    BackendError::InvalidArgument { argument: argument.into(), reason: format!("{bytes} {rule}") }
}
