//! Building a state from saved records, whatever they were saved in.
//!
//! Indexes and lists are not saved: they are built anew with the state machine's own steps and
//! checks, so no input can make a state that breaks an invariant. Names go into their index many
//! at a time, so that the memory of a bucket is waited for once per batch and not once per name.

use std::error::Error as StdError;
use std::fmt;

use nessie_backend_core::{
    BackendError, Result, SnapshotId, Timestamp, VolumeId, VolumeState, VolumeType, rules,
};

use crate::state::lookup::{key, resolve};
use crate::state::{ByCreation, SnapshotRecord, State, VolumeRecord};
use crate::storage::ids::{Address, IdKey, Kind, LINEAGES};
use crate::storage::index::Entry as Name;
use crate::storage::slab::{Entry, NONE, Plan, Slab, Slot};

/// A volume as it is saved. Its snapshots follow it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VolumeImage<'a> {
    pub(crate) slot: Slot,
    pub(crate) generation: u32,
    pub(crate) name: &'a str,
    /// Quota in bytes; 0 for none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
    pub(crate) state: VolumeState,
    pub(crate) vol_type: VolumeType,
    /// Empty for none.
    pub(crate) junction: &'a str,
    /// Empty for none.
    pub(crate) export_policy: &'a str,
    pub(crate) parent_snapshot: Option<Slot>,
}

/// A snapshot as it is saved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotImage<'a> {
    pub(crate) slot: Slot,
    pub(crate) generation: u32,
    pub(crate) name: &'a str,
    /// The volume's quota when the snapshot was taken; 0 for none.
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) create_time: i64,
}

/// A state of which a part is built.
#[derive(Debug)]
pub(crate) struct Rebuild {
    state: State,
    volume_plan: Plan,
    snapshot_plan: Plan,
    /// How many slots were made.
    made: usize,
    volumes: u32,
    snapshots: u32,
    /// The volume that was built last.
    volume: Slot,
    /// Names on their way into the indexes.
    volume_names: Vec<Name>,
    snapshot_names: Vec<Name>,
}

/// How many names wait for each other.
const BATCH: usize = 1 << 20;
/// An index gets room for as many times the names that have been seen, at most.
const MOST_EXPECTED: usize = 8;
/// So many slots may be made before any record is seen,
const SLOTS_AT_FIRST: usize = 1 << 13;
/// and so many for each record, as long as nobody knows that all records are there.
const SLOTS_PER_RECORD: usize = 4;

impl Rebuild {
    /// Begins a state of as many volumes and snapshots in slots of these plans. Nothing is made for
    /// them yet.
    pub(crate) fn begin(
        key: IdKey,
        volumes: u32,
        snapshots: u32,
        volume_plan: Plan,
        snapshot_plan: Plan,
    ) -> Result<Self, Broken> {
        let lineages = [&volume_plan, &snapshot_plan].into_iter().flat_map(Plan::lineages);
        if lineages.max() >= Some(LINEAGES) {
            return Err(Broken("a lineage is out of range"));
        }
        let mut state = State::new(key);
        state.volumes = Slab::begin(&volume_plan, volumes as usize).ok_or(MISFIT)?;
        state.snapshots = Slab::begin(&snapshot_plan, snapshots as usize).ok_or(MISFIT)?;
        Ok(Self {
            state,
            volume_plan,
            snapshot_plan,
            made: 0,
            volumes,
            snapshots,
            volume: NONE,
            volume_names: Vec::new(),
            snapshot_names: Vec::new(),
        })
    }

    /// Whether adding a record in this slot makes more slots than the records seen so far account
    /// for. It is due only if all the records that were announced are sure to come.
    pub(crate) fn is_dear(&self, kind: Kind, slot: Slot) -> bool {
        let seen = self.state.volumes.len() as usize + self.state.snapshots.len() as usize;
        let due = SLOTS_AT_FIRST + SLOTS_PER_RECORD * seen;
        self.made + self.slots_to_make(kind, slot) > due
    }

    fn slots_to_make(&self, kind: Kind, slot: Slot) -> usize {
        match kind {
            Kind::Volume => self.state.volumes.slots_to_make(&self.volume_plan, slot),
            Kind::Snapshot => self.state.snapshots.slots_to_make(&self.snapshot_plan, slot),
        }
    }

    /// Adds the next volume in order of creation.
    pub(crate) fn volume(&mut self, image: &VolumeImage<'_>) -> Result<(), Refusal> {
        if self.state.volumes.len() == self.volumes {
            return Err(Broken("there are more volumes than announced").into());
        }
        rules::volume_name(image.name)?;
        if !image.junction.is_empty() {
            rules::junction_path(image.junction)?;
        }
        if !image.export_policy.is_empty() {
            rules::export_policy(image.export_policy)?;
        }
        check_time(image.create_time)?;
        self.made += self.slots_to_make(Kind::Volume, image.slot);
        let state = &mut self.state;
        let order = state.order.end();
        let fill = |entry: &mut Entry<'_, VolumeRecord>| {
            entry.record.name = image.name.into();
            entry.set_text(image.export_policy);
            entry.record.header.links = order;
            entry.record.size = image.size;
            entry.record.create_time = image.create_time;
            entry.record.state = image.state;
            entry.record.vol_type = image.vol_type;
        };
        let placed = state.volumes.place(&self.volume_plan, image.slot, image.generation, fill);
        placed.ok_or(Broken("the volume's slot does not exist or is taken"))?;
        state.order = state.order.push_back::<ByCreation, _>(&mut state.volumes, image.slot);
        if !image.junction.is_empty() {
            state.check_junction_free(image.junction, image.slot)?;
            state.mount(image.slot, image.junction);
        }
        if let Some(parent) = image.parent_snapshot {
            let found = state.snapshots.occupied(parent);
            found.ok_or(Broken("the clone comes before the snapshot it was made from"))?;
            state.attach_to_parent(image.slot, parent)?;
        }
        self.volume = image.slot;
        let hash = key::volume_name(image.name);
        self.volume_names.push(Name { hash, slot: image.slot, item: 0 });
        Ok(())
    }

    /// Adds the next snapshot of the volume that was added last.
    pub(crate) fn snapshot(&mut self, image: &SnapshotImage<'_>) -> Result<(), Refusal> {
        let volume = self.volume;
        if volume == NONE {
            return Err(Broken("the snapshot comes before any volume").into());
        }
        if self.state.snapshots.len() == self.snapshots {
            return Err(Broken("there are more snapshots than announced").into());
        }
        rules::snapshot_name(image.name)?;
        check_time(image.create_time)?;
        self.made += self.slots_to_make(Kind::Snapshot, image.slot);
        let state = &mut self.state;
        let last = state.volumes.get(volume).snapshots.end();
        let fill = |entry: &mut Entry<'_, SnapshotRecord>| {
            entry.set_text(image.name);
            entry.record.header.links = last;
            entry.record.size = image.size;
            entry.record.create_time = image.create_time;
            entry.record.volume = volume;
        };
        let placed = state.snapshots.place(&self.snapshot_plan, image.slot, image.generation, fill);
        placed.ok_or(Broken("the snapshot's slot does not exist or is taken"))?;
        state.link_snapshots(std::iter::once((volume, image.slot)));
        let hash = key::snapshot_name(volume, image.name);
        self.snapshot_names.push(Name { hash, slot: image.slot, item: 0 });
        Ok(())
    }

    /// Enters names into the indexes if many wait for it, and refuses those that come twice. To
    /// be called now and then.
    pub(crate) fn index_many(&mut self) -> Result<()> {
        if self.volume_names.len() >= BATCH {
            self.index_volume_names()?;
        }
        if self.snapshot_names.len() >= BATCH {
            self.index_snapshot_names()?;
        }
        Ok(())
    }

    /// The state, if all of it is there.
    pub(crate) fn finish(mut self) -> Result<State, Refusal> {
        if self.state.volumes.len() != self.volumes {
            return Err(Broken("there are fewer volumes than announced").into());
        }
        if self.state.snapshots.len() != self.snapshots {
            return Err(Broken("there are fewer snapshots than announced").into());
        }
        self.index_volume_names()?;
        self.index_snapshot_names()?;
        self.state.volumes.finish(&self.volume_plan).ok_or(MISFIT)?;
        self.state.snapshots.finish(&self.snapshot_plan).ok_or(MISFIT)?;
        Ok(self.state)
    }

    fn index_volume_names(&mut self) -> Result<()> {
        let State { volumes, volume_names: index, .. } = &mut self.state;
        let expected = (volumes.len() as usize * MOST_EXPECTED).min(self.volumes as usize);
        index.reserve(expected - index.len(), |slot| key::volume_name(&volumes.get(slot).name));
        for Name { hash, slot, .. } in index.by_bucket(&self.volume_names) {
            let name = &volumes.get(slot).name;
            if index.find(hash, |other| volumes.get(other).name == *name).is_some() {
                return Err(BackendError::VolumeExists { name: name.as_str().to_owned() });
            }
            index.insert(hash, slot, |slot| key::volume_name(&volumes.get(slot).name));
        }
        self.volume_names.clear();
        Ok(())
    }

    fn index_snapshot_names(&mut self) -> Result<()> {
        let State { snapshots, snapshot_names: index, .. } = &mut self.state;
        let named = |slot| {
            let (record, name) = snapshots.with_text(slot);
            (record.volume, name)
        };
        let rehash = |slot| {
            let (volume, name) = named(slot);
            key::snapshot_name(volume, name)
        };
        let expected = (snapshots.len() as usize * MOST_EXPECTED).min(self.snapshots as usize);
        index.reserve(expected - index.len(), rehash);
        for Name { hash, slot, .. } in index.by_bucket(&self.snapshot_names) {
            if index.find(hash, |other| named(other) == named(slot)).is_some() {
                let (volume, name) = named(slot);
                let name = name.to_owned();
                let volume = self.state.volume_id(volume);
                return Err(BackendError::SnapshotExists { volume, name });
            }
            index.insert(hash, slot, rehash);
        }
        self.snapshot_names.clear();
        Ok(())
    }

    /// Slot and generation of a volume that is to be added, from its identifier.
    pub(crate) fn volume_place(&self, volume: VolumeId) -> Option<(Slot, u32)> {
        let address = self.state.key.decode(volume.uuid())?;
        place(&self.volume_plan, Kind::Volume, address)
    }

    /// Slot and generation of a snapshot that is to be added, from its identifier.
    pub(crate) fn snapshot_place(&self, snapshot: SnapshotId) -> Option<(Slot, u32)> {
        let address = self.state.key.decode(snapshot.uuid())?;
        place(&self.snapshot_plan, Kind::Snapshot, address)
    }

    /// The slot of a snapshot that was added.
    pub(crate) fn find_snapshot(&self, snapshot: SnapshotId) -> Option<Slot> {
        let address = self.state.key.decode(snapshot.uuid())?;
        resolve(&self.state.snapshots, Kind::Snapshot, address)
    }
}

const MISFIT: Broken = Broken("the layout does not add up");

fn place(plan: &Plan, kind: Kind, address: Address) -> Option<(Slot, u32)> {
    let is_of_plan = address.kind == kind && plan.lineage_of(address.slot) == Some(address.lineage);
    is_of_plan.then_some((address.slot, address.generation))
}

fn check_time(micros: i64) -> Result<(), Broken> {
    Timestamp::from_unix_micros(micros).map(|_| ()).ok_or(Broken("a time is out of range"))
}

/// Why a record cannot be added.
pub(crate) type Refusal = Box<dyn StdError + Send + Sync>;

/// What is wrong with what was saved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Broken {}
