//! Building a state from the lines of a dump.
//!
//! Indexes and lists are built anew with the state machine's own steps and checks, so no input can
//! make a state that breaks an invariant. Names are indexed many at a time, so that each bucket is
//! loaded into the cache once per batch, not once per name.

use std::error::Error as StdError;
use std::fmt;

use nessie_backend_core::{BackendError, Result, SnapshotPolicy, Timestamp, Uuid, rules};

use super::lines::{PolicyLine, SnapshotLine, VolumeLine};
use crate::env::random::IdSource;
use crate::state::lookup::key;
use crate::state::{
    ByCreation, Data, Interval, Restrictions, SnapshotRecord, State, VolumeRecord, check_size,
    check_volume_name,
};
use crate::storage::ids::{Address, IdKey, Kind};
use crate::storage::index::Entry as Name;
use crate::storage::serial::Serial;
use crate::storage::slab::{Entry, NONE, Slab, Slot, chunk_of};

/// A state of which a part is built.
#[derive(Debug)]
pub(super) struct Rebuild {
    state: State,
    /// The serial of the last record that was created.
    last: Serial,
    /// The time of the dump.
    now: Timestamp,
    /// How many volumes and snapshots there are to be.
    volumes: u32,
    snapshots: u32,
    /// The volume that was built last.
    volume: Slot,
    /// The last interval of its data.
    data: Data,
    /// Its live data, which follow those of its snapshots.
    live: Live,
    /// The last time and its text. The next record often has the same.
    last_time: (String, i64),
    /// Names that are not in the indexes yet.
    volume_names: Vec<Name>,
    snapshot_names: Vec<Name>,
}

/// The live data of a volume, as its line has it.
#[derive(Clone, Copy, Debug, Default)]
struct Live {
    used: Option<u64>,
    shared: u64,
}

/// How many names are indexed at once.
const BATCH: usize = 1 << 20;
/// An index gets room for at most so many times the names that have been read.
const MOST_EXPECTED: usize = 8;

impl Rebuild {
    /// Begins a state of so many volumes and snapshots, after `created` records were created.
    /// Nothing is allocated for them yet.
    pub(super) fn begin(
        key: IdKey,
        source: &IdSource,
        created: u64,
        volumes: u32,
        snapshots: u32,
    ) -> Self {
        let last = Serial::numbered(source.last_epoch(), created);
        let mut state = State::new(key);
        state.last_number = created;
        state.volumes = Slab::begin(last.epoch);
        state.snapshots = Slab::begin(last.epoch);
        Self {
            state,
            last,
            now: Timestamp::MAX,
            volumes,
            snapshots,
            volume: NONE,
            data: Data::default(),
            live: Live::default(),
            last_time: (String::new(), 0),
            volume_names: Vec::new(),
            snapshot_names: Vec::new(),
        }
    }

    /// Adds the next volume in order of creation.
    pub(super) fn volume(&mut self, line: &VolumeLine<'_>) -> Result<(), Refusal> {
        if self.state.volumes.len() == self.volumes {
            return Err(Broken("there are more volumes than announced").into());
        }
        if self.volume != NONE {
            self.finish_data()?;
        }
        check_volume_name(self.state.restrictions.profile, &line.name)?;
        if let Some(path) = line.junction_path.as_deref() {
            check_not_empty(path)?;
            rules::junction_path(path)?;
        }
        if let Some(policy) = line.export_policy.as_deref() {
            check_not_empty(policy)?;
            rules::export_policy(policy)?;
        }
        if line.autosize_bytes == Some(0) {
            return Err(Broken("autosize_bytes are 0; without autosize they are absent").into());
        }
        let policy = match (line.snapshot_policy.as_deref(), line.policy_since) {
            (Some(policy), Some(since)) => {
                self.check_past(since)?;
                Some((self.state.policies.number(policy)?, since))
            }
            (None, None) => None,
            _ => return Err(Broken("snapshot_policy and policy_since belong together").into()),
        };
        let size = self.size(line.size_bytes)?;
        let create_time = self.time(&line.create_time)?;
        let Address { slot, serial, .. } = self.address(Kind::Volume, line.volume.uuid())?;
        let state = &mut self.state;
        let order = state.order.end();
        let fill = |entry: &mut Entry<'_, VolumeRecord>| {
            entry.record.name = line.name.as_ref().into();
            entry.set_text(line.export_policy.as_deref().unwrap_or_default());
            entry.record.header.links = order;
            entry.record.size = size;
            entry.record.create_time = create_time;
            entry.record.state = line.state;
            entry.record.vol_type = line.vol_type;
            entry.record.has_data = line.used_bytes.is_some();
        };
        state.volumes.place(slot, serial, fill).ok_or(NO_SUCH_ID)?;
        state.order = state.order.push_back::<ByCreation, _>(&mut state.volumes, slot);
        state.space.set_autosize(slot, line.autosize_bytes.unwrap_or(0));
        if let Some(path) = line.junction_path.as_deref() {
            state.check_junction_free(path, slot)?;
            state.mount(slot, path);
        }
        if let Some((policy, since)) = policy {
            state.policies.assign(slot, policy, since);
        }
        let mut inherited = 0;
        if let Some(parent) = line.clone_of {
            let parent = state.find_any_snapshot(parent);
            let parent = parent.ok_or(Broken("the clone's snapshot is not above it"))?;
            state.attach_to_parent(slot, parent)?;
            inherited = state.snapshot_data(parent).size;
        }
        self.volume = slot;
        self.data = Data::inherited(inherited);
        self.live = Live { used: line.used_bytes, shared: line.shared_bytes };
        let hash = key::volume_name(&line.name);
        self.volume_names.push(Name { hash, slot, item: 0 });
        Ok(())
    }

    /// Adds the next snapshot of the volume that was added last.
    pub(super) fn snapshot(&mut self, line: &SnapshotLine<'_>) -> Result<(), Refusal> {
        let volume = self.volume;
        if volume == NONE {
            return Err(Broken("the snapshot comes before any volume").into());
        }
        if self.state.snapshots.len() == self.snapshots {
            return Err(Broken("there are more snapshots than announced").into());
        }
        rules::snapshot_name(&line.name)?;
        let size = self.size(line.size_bytes)?;
        let create_time = self.time(&line.create_time)?;
        let Address { slot, serial, .. } = self.address(Kind::Snapshot, line.snapshot.uuid())?;
        let state = &mut self.state;
        let last = state.volumes.get(volume).snapshots.end();
        let fill = |entry: &mut Entry<'_, SnapshotRecord>| {
            entry.set_text(&line.name);
            entry.record.header.links = last;
            entry.record.size = size;
            entry.record.create_time = create_time;
            entry.record.volume = volume;
        };
        state.snapshots.place(slot, serial, fill).ok_or(NO_SUCH_ID)?;
        state.link_snapshots(std::iter::once((volume, slot)));
        if let Some(end) = line.expires_at {
            if end.unix_micros() <= create_time && !end.is_never() {
                return Err(Broken("expires_at is not later than create_time").into());
            }
            state.locks.set(slot, end);
        }
        if line.used_bytes > 0 || line.shared_bytes > 0 {
            let of = Interval::Snapshot(slot);
            self.add_data(of, line.used_bytes, line.shared_bytes, size)?;
        } else {
            self.data = Data::default();
        }
        let hash = key::snapshot_name(volume, &line.name);
        self.snapshot_names.push(Name { hash, slot, item: 0 });
        Ok(())
    }

    /// Indexes the names that are not indexed yet if they are many, and refuses those that come
    /// twice. To be called after each record.
    pub(super) fn index_many(&mut self) -> Result<()> {
        if self.volume_names.len() >= BATCH {
            self.index_volume_names()?;
        }
        if self.snapshot_names.len() >= BATCH {
            self.index_snapshot_names()?;
        }
        Ok(())
    }

    /// Sets the size of the pool, before any record.
    pub(super) fn set_capacity(&mut self, capacity: Option<u64>) -> Result<()> {
        self.state.set_capacity(capacity)
    }

    /// Sets the limits and the profile, before any record.
    pub(super) const fn set_restrictions(&mut self, restrictions: Restrictions) {
        self.state.restrictions = restrictions;
    }

    /// Sets the time of the dump, and when the rules of policies were last run.
    pub(super) fn set_times(
        &mut self,
        now: Timestamp,
        policies_run: Option<Timestamp>,
    ) -> Result<(), Broken> {
        self.now = now;
        if let Some(time) = policies_run {
            self.check_past(time)?;
            self.state.policies.last_run = time;
        }
        Ok(())
    }

    /// Adds the next policy in order of creation, before any volume.
    pub(super) fn policy(&mut self, line: PolicyLine<'_>) -> Result<(), Refusal> {
        if self.volume != NONE {
            return Err(Broken("the policy comes after a volume").into());
        }
        self.check_past(line.since)?;
        let policy = SnapshotPolicy::new(line.policy, line.rules);
        Ok(self.state.policies.create(policy, line.since)?)
    }

    fn check_past(&self, time: Timestamp) -> Result<(), Broken> {
        let rule = "the time of a policy is later than that of the dump";
        if time > self.now { Err(Broken(rule)) } else { Ok(()) }
    }

    /// Adds the live data of the last volume, all of whose snapshots are added.
    fn finish_data(&mut self) -> Result<(), Refusal> {
        let Live { used, shared } = self.live;
        match used {
            Some(used) => {
                let quota = self.state.volumes.get(self.volume).size;
                self.add_data(Interval::Live(self.volume), used, shared, quota)
            }
            None if shared > 0 || !self.data.is_empty() => {
                Err(Broken("a volume has data or inherits some, and no used_bytes").into())
            }
            None => Ok(()),
        }
    }

    /// Adds the next interval of the data of the last volume.
    fn add_data(
        &mut self,
        of: Interval,
        used: u64,
        shared: u64,
        quota: u64,
    ) -> Result<(), Refusal> {
        let data = self.data.followed_by(used, shared);
        let data = data.ok_or(Broken("shared_bytes are more than what could be shared"))?;
        if quota != 0 && used > quota {
            return Err(Broken("used_bytes are more than size_bytes").into());
        }
        let placed = self.state.space.place(of, data);
        placed.ok_or(Broken("more bytes are used than the pool has"))?;
        self.data = data;
        Ok(())
    }

    /// The state, if all of it is there.
    pub(super) fn finish(mut self) -> Result<State, Refusal> {
        if self.volume != NONE {
            self.finish_data()?;
        }
        if self.state.volumes.len() != self.volumes {
            return Err(Broken("there are fewer volumes than announced").into());
        }
        if self.state.snapshots.len() != self.snapshots {
            return Err(Broken("there are fewer snapshots than announced").into());
        }
        self.index_volume_names()?;
        self.index_snapshot_names()?;
        self.state.check_limits()?;
        Ok(self.state)
    }

    fn index_volume_names(&mut self) -> Result<()> {
        let State { volumes, volume_names: index, .. } = &mut self.state;
        let name = |slot| volumes.get(slot).name.as_str();
        let expected = (volumes.len() as usize * MOST_EXPECTED).min(self.volumes as usize);
        index.reserve(expected - index.len());
        let names = index.by_bucket(&self.volume_names);
        let twice = index.insert_all(&names, |one, other| name(one) == name(other));
        self.volume_names.clear();
        match twice.first() {
            Some(twice) => Err(BackendError::VolumeExists { name: name(twice.slot).to_owned() }),
            None => Ok(()),
        }
    }

    fn index_snapshot_names(&mut self) -> Result<()> {
        let State { snapshots, snapshot_names: index, .. } = &mut self.state;
        let name = |slot| {
            let (record, name) = snapshots.with_text(slot);
            (record.volume, name)
        };
        let expected = (snapshots.len() as usize * MOST_EXPECTED).min(self.snapshots as usize);
        index.reserve(expected - index.len());
        let names = index.by_bucket(&self.snapshot_names);
        let twice = index.insert_all(&names, |one, other| name(one) == name(other));
        self.snapshot_names.clear();
        match twice.first() {
            Some(twice) => {
                let (volume, name) = name(twice.slot);
                let name = name.to_owned();
                Err(BackendError::SnapshotExists { volume: self.state.volume_id(volume), name })
            }
            None => Ok(()),
        }
    }

    /// The address of a record that is to be added.
    fn address(&self, kind: Kind, uuid: Uuid) -> Result<Address, Broken> {
        let address = self.state.key.decode(uuid).ok_or(NO_SUCH_ID)?;
        let Serial { epoch, number } = address.serial;
        let is_later = epoch == self.last.epoch && number > self.last.number;
        let is_beyond = u64::from(chunk_of(address.slot)) >= self.state.last_number;
        if address.kind != kind || is_later || is_beyond {
            return Err(NO_SUCH_ID);
        }
        Ok(address)
    }

    /// The quota of a record, 0 for none.
    fn size(&self, quota: Option<u64>) -> Result<u64, Refusal> {
        let profile = self.state.restrictions.profile;
        match quota {
            Some(0) => Err(Broken("a size is 0; without a quota it is null").into()),
            None if profile.is_some() => Err(Broken("a size is null under a profile").into()),
            Some(size) => check_size(profile, size).map(|()| size).map_err(Refusal::from),
            None => Ok(0),
        }
    }

    /// A time in microseconds since the Unix epoch.
    fn time(&mut self, text: &str) -> Result<i64> {
        if self.last_time.0 != text {
            self.last_time.1 = text.parse::<Timestamp>()?.unix_micros();
            text.clone_into(&mut self.last_time.0);
        }
        Ok(self.last_time.1)
    }
}

fn check_not_empty(text: &str) -> Result<(), Broken> {
    let rule = "a junction path or an export policy is empty; without one it is absent";
    if text.is_empty() { Err(Broken(rule)) } else { Ok(()) }
}

const NO_SUCH_ID: Broken =
    Broken("the identifier is that of a record above, or of none of the backend that was dumped");

/// Why a record cannot be added.
pub(crate) type Refusal = Box<dyn StdError + Send + Sync>;

/// The fault of a dump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Broken {}
