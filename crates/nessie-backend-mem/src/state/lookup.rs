//! Finds slots by identifier and by name, and identifiers by slot.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use nessie_backend_core::{BackendError, Result, SnapshotId, Timestamp, Uuid, VolumeId};

use super::State;
use super::bulk::Made;
use crate::storage::ids::{Address, Kind};
use crate::storage::slab::{Record, Slab, Slot};

/// Hashes of the keys of the indexes. No result of a backend depends on them.
pub(crate) mod key {
    use super::{BuildHasher, FixedState, Hasher, Slot};

    pub(crate) fn volume_name(name: &str) -> u32 {
        hash(0, name.as_bytes())
    }

    pub(crate) fn snapshot_name(volume: Slot, name: &str) -> u32 {
        hash(u64::from(volume) + 1, name.as_bytes())
    }

    /// Paths that differ only in ASCII case have the same hash.
    pub(crate) fn junction(path: &str) -> u32 {
        hash(0, path.to_ascii_lowercase().as_bytes())
    }

    fn hash(scope: u64, bytes: &[u8]) -> u32 {
        let mut hasher = FixedState::with_seed(scope).build_hasher();
        hasher.write(bytes);
        (hasher.finish() >> 32) as u32
    }
}

impl State {
    /// The slot of a volume.
    pub(crate) fn find(&self, volume: VolumeId) -> Result<Slot> {
        self.key
            .decode(volume.uuid())
            .and_then(|address| resolve(&self.volumes, Kind::Volume, address))
            .ok_or_else(|| BackendError::VolumeNotFound { volume })
    }

    /// The slot of a snapshot of the volume in `slot`.
    pub(crate) fn find_snapshot(&self, slot: Slot, snapshot: SnapshotId) -> Result<Slot> {
        self.find_any_snapshot(snapshot)
            .filter(|found| self.snapshots.get(*found).volume == slot)
            .ok_or_else(|| BackendError::SnapshotNotFound {
                volume: self.volume_id(slot),
                snapshot,
            })
    }

    /// The slots of a volume and of a snapshot of it.
    pub(crate) fn find_pair(&self, volume: VolumeId, snapshot: SnapshotId) -> Result<(Slot, Slot)> {
        let volume = self.find(volume)?;
        Ok((volume, self.find_snapshot(volume, snapshot)?))
    }

    /// The slot of a snapshot of any volume.
    pub(crate) fn find_any_snapshot(&self, snapshot: SnapshotId) -> Option<Slot> {
        let address = self.key.decode(snapshot.uuid())?;
        resolve(&self.snapshots, Kind::Snapshot, address)
    }

    /// The slot of the volume that a snapshot is of.
    pub(crate) fn volume_of(&self, snapshot: SnapshotId) -> Option<Slot> {
        let found = self.find_any_snapshot(snapshot)?;
        Some(self.snapshots.get(found).volume)
    }

    pub(crate) fn volume_named(&self, name: &str) -> Option<Slot> {
        self.volume_of_hash(key::volume_name(name), name)
    }

    /// The volume of that name and this hash.
    pub(super) fn volume_of_hash(&self, hash: u32, name: &str) -> Option<Slot> {
        self.volume_names.find(hash, |slot| self.volume_name(slot) == name)
    }

    pub(crate) fn snapshot_named(&self, volume: Slot, name: &str) -> Option<Slot> {
        self.snapshot_of_hash(key::snapshot_name(volume, name), volume, name)
    }

    /// The snapshot of that name and this hash.
    pub(super) fn snapshot_of_hash(&self, hash: u32, volume: Slot, name: &str) -> Option<Slot> {
        self.snapshot_names.find(hash, |slot| {
            let (record, its_name) = self.snapshots.with_text(slot);
            record.volume == volume && its_name == name
        })
    }

    pub(super) fn volume_at_junction(&self, path: &str) -> Option<Slot> {
        self.junctions.find(key::junction(path), |slot| {
            let junction = self.volumes.get(slot).junction.as_deref();
            junction.is_some_and(|other| other.eq_ignore_ascii_case(path))
        })
    }

    pub(crate) fn volume_name(&self, slot: Slot) -> &str {
        &self.volumes.get(slot).name
    }

    pub(crate) fn snapshot_name(&self, slot: Slot) -> &str {
        self.snapshots.text(slot)
    }

    pub(crate) fn volume_id(&self, slot: Slot) -> VolumeId {
        let address = address(&self.volumes, Kind::Volume, slot);
        VolumeId::new(self.key.encode(address))
    }

    pub(crate) fn snapshot_id(&self, slot: Slot) -> SnapshotId {
        let address = address(&self.snapshots, Kind::Snapshot, slot);
        SnapshotId::new(self.key.encode(address))
    }
}

impl Made {
    /// The identifiers of the records, which are volumes of that state.
    pub(crate) fn volume_ids(&self, state: &State) -> Vec<VolumeId> {
        self.ids(state, Kind::Volume).map(VolumeId::new).collect()
    }

    /// The identifiers of the records, which are snapshots of that state.
    pub(crate) fn snapshot_ids(&self, state: &State) -> Vec<SnapshotId> {
        self.ids(state, Kind::Snapshot).map(SnapshotId::new).collect()
    }

    fn ids(&self, state: &State, kind: Kind) -> impl ExactSizeIterator<Item = Uuid> {
        self.slots.iter().enumerate().map(move |(index, slot)| {
            let serial = self.first.after(index);
            state.key.encode(Address { kind, slot: *slot, serial })
        })
    }
}

/// The quota of a record: 0 means none.
pub(crate) fn quota(size: u64) -> Option<u64> {
    (size != 0).then_some(size)
}

/// The time of a record. Every record has a valid one.
pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn address<T: Record>(slab: &Slab<T>, kind: Kind, slot: Slot) -> Address {
    Address { kind, slot, serial: slab.serial_of(slot) }
}

pub(crate) fn resolve<T: Record>(slab: &Slab<T>, kind: Kind, address: Address) -> Option<Slot> {
    let is_found = address.kind == kind && slab.holds(address.slot, address.serial);
    is_found.then_some(address.slot)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Of `count` random hashes of 32 bits, `count`² / 2³³ pairs are expected to be equal: here one.
    #[test]
    fn few_names_have_the_same_hash() {
        const COUNT: u32 = 100_000;
        let distinct =
            |hash: &dyn Fn(u32) -> u32| (0..COUNT).map(hash).collect::<HashSet<_>>().len();
        let volumes = distinct(&|number| key::volume_name(&format!("vol-{number:08}")));
        let nightly = distinct(&|volume| key::snapshot_name(volume, "nightly"));
        let of_one = distinct(&|number| key::snapshot_name(0, &format!("s{number}")));
        for (names, distinct) in [("volumes", volumes), ("nightly", nightly), ("of one", of_one)] {
            assert!(distinct + 10 > COUNT as usize, "{names}: {distinct} distinct hashes");
        }
    }
}
