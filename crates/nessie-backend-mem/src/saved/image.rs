//! A whole backend as bytes, and back.
//!
//! The bytes are a magic number, a version, a checksum of the rest, and then a [`Header`] and, in
//! order of creation, a [`SavedVolume`] with as many [`SavedSnapshot`]s behind it as it says, in
//! postcard's encoding. Both ways go record by record, without a second copy of everything.

use nessie_backend_core::{BackendError, Result, VolumeState, VolumeType};
use serde::{Deserialize, Serialize};
use twox_hash::{XxHash3_64, XxHash3_128};

use super::rebuild::{Broken, Rebuild, Refusal, SnapshotImage, VolumeImage};
use crate::env::clock::Clock;
use crate::env::random::{Origin, Source};
use crate::inner::Inner;
use crate::state::State;
use crate::storage::ids::{IdKey, LINEAGES};
use crate::storage::slab::{Layout, Plan, Slot};

const MAGIC: [u8; 8] = *b"NESSIEMB";
const VERSION: u32 = 1;
/// Magic number, version, checksum.
const PREAMBLE: usize = 8 + 4 + 8;

#[derive(Serialize, Deserialize)]
struct Header {
    key: IdKey,
    origin: Origin,
    lineage: u64,
    clock: Clock,
    volumes: u32,
    snapshots: u32,
    volume_layout: Layout,
    snapshot_layout: Layout,
}

#[derive(Serialize, Deserialize)]
struct SavedVolume<'a> {
    slot: Slot,
    generation: u32,
    name: &'a str,
    size: u64,
    create_time: i64,
    state: VolumeState,
    vol_type: VolumeType,
    junction: &'a str,
    export_policy: &'a str,
    parent_snapshot: Option<Slot>,
    snapshots: u32,
}

/// The bytes that a volume takes at least: one for each field, and its name.
const SHORTEST_VOLUME: u64 = 12;

#[derive(Serialize, Deserialize)]
struct SavedSnapshot<'a> {
    slot: Slot,
    generation: u32,
    name: &'a str,
    size: u64,
    create_time: i64,
}

/// The bytes that a snapshot takes at least.
const SHORTEST_SNAPSHOT: u64 = 6;

pub(crate) fn encode(inner: &Inner) -> Result<Vec<u8>> {
    let Inner { state, clock, source } = inner;
    let header = Header {
        key: state.key,
        origin: source.origin(),
        lineage: source.last_lineage(),
        clock: *clock,
        volumes: state.volumes.len(),
        snapshots: state.snapshots.len(),
        volume_layout: state.volumes.layout(),
        snapshot_layout: state.snapshots.layout(),
    };
    let mut bytes = write(&header, vec![0; PREAMBLE])?;
    for slot in state.volume_slots() {
        bytes = write(&saved_volume(state, slot), bytes)?;
        for slot in state.snapshot_slots(slot) {
            bytes = write(&saved_snapshot(state, slot), bytes)?;
        }
    }
    let checksum = XxHash3_64::oneshot(bytes.get(PREAMBLE..).unwrap_or_default());
    let preamble = [&MAGIC[..], &VERSION.to_le_bytes(), &checksum.to_le_bytes()].concat();
    bytes.splice(..PREAMBLE, preamble);
    Ok(bytes)
}

fn write(value: &impl Serialize, bytes: Vec<u8>) -> Result<Vec<u8>> {
    postcard::to_extend(value, bytes).map_err(|error| BackendError::substrate("to_bytes", error))
}

fn saved_volume(state: &State, slot: Slot) -> SavedVolume<'_> {
    let (record, export_policy) = state.volumes.with_text(slot);
    SavedVolume {
        slot,
        generation: record.header.generation,
        name: &record.name,
        size: record.size,
        create_time: record.create_time,
        state: record.state,
        vol_type: record.vol_type,
        junction: record.junction.as_deref().unwrap_or_default(),
        export_policy,
        parent_snapshot: record.is_clone().then_some(record.parent_snapshot),
        snapshots: record.snapshots.len,
    }
}

fn saved_snapshot(state: &State, slot: Slot) -> SavedSnapshot<'_> {
    let (record, name) = state.snapshots.with_text(slot);
    SavedSnapshot {
        slot,
        generation: record.header.generation,
        name,
        size: record.size,
        create_time: record.create_time,
    }
}

/// A hash of everything that what a backend says, now or later, depends on. Left out are what the
/// system's clock gave last, because it goes its own way, and how often places were used that
/// never are again.
pub(crate) fn digest(inner: &Inner) -> Result<u128> {
    let Inner { state, clock, source } = inner;
    let clock = match *clock {
        Clock::System { .. } => Clock::SYSTEM,
        standing @ Clock::Standing { .. } => standing,
    };
    let layouts = [state.volumes.layout(), state.snapshots.layout()];
    let [volumes, snapshots] = layouts.map(|layout| Layout { left_alone: Vec::new(), ..layout });
    let header = Header {
        key: state.key,
        origin: source.origin(),
        lineage: source.last_lineage(),
        clock,
        volumes: state.volumes.len(),
        snapshots: state.snapshots.len(),
        volume_layout: volumes,
        snapshot_layout: snapshots,
    };
    let mut hasher = XxHash3_128::new();
    let mut bytes = write(&header, Vec::new())?;
    for slot in state.volume_slots() {
        bytes = write(&saved_volume(state, slot), bytes)?;
        for slot in state.snapshot_slots(slot) {
            bytes = write(&saved_snapshot(state, slot), bytes)?;
            bytes = hash_block(&mut hasher, bytes);
        }
        bytes = hash_block(&mut hasher, bytes);
    }
    hasher.write(&bytes);
    Ok(hasher.finish_128())
}

/// Hashes the bytes once they are many, and makes room for others then.
fn hash_block(hasher: &mut XxHash3_128, mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= 1 << 16 {
        hasher.write(&bytes);
        bytes.clear();
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Inner> {
    read(bytes).map_err(|error| BackendError::InvalidArgument {
        argument: "bytes".into(),
        reason: format!("are not a backend that this version can read: {error}"),
    })
}

fn read(bytes: &[u8]) -> Result<Inner, Refusal> {
    let body = check_preamble(bytes)?;
    let (header, mut rest): (Header, _) = postcard::take_from_bytes(body)?;
    if header.lineage >= LINEAGES {
        return Err(Broken("the lineage is out of range").into());
    }
    let Header { key, volumes, snapshots, volume_layout, snapshot_layout, .. } = header;
    // This bounds what is allocated for the records.
    let fewest = u64::from(volumes) * SHORTEST_VOLUME + u64::from(snapshots) * SHORTEST_SNAPSHOT;
    if fewest > rest.len() as u64 {
        return Err(Broken("there is less than the header announces").into());
    }
    let plan = |layout: Layout| Plan::try_from(layout).map_err(|()| Broken("a chunk is too large"));
    let plans = (plan(volume_layout)?, plan(snapshot_layout)?);
    let mut rebuild = Rebuild::begin(key, volumes, snapshots, plans.0, plans.1)?;
    for _ in 0..volumes {
        let (volume, mut after) = postcard::take_from_bytes::<SavedVolume<'_>>(rest)?;
        rebuild.volume(&volume.image())?;
        for _ in 0..volume.snapshots {
            let (snapshot, next) = postcard::take_from_bytes::<SavedSnapshot<'_>>(after)?;
            rebuild.snapshot(&snapshot.image())?;
            after = next;
        }
        rebuild.index_many()?;
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Broken("there is more than the header announces").into());
    }
    let state = rebuild.finish()?;
    let source = Source::resumed(header.origin, header.lineage);
    Ok(Inner { state, clock: header.clock, source })
}

impl<'a> SavedVolume<'a> {
    const fn image(&self) -> VolumeImage<'a> {
        VolumeImage {
            slot: self.slot,
            generation: self.generation,
            name: self.name,
            size: self.size,
            create_time: self.create_time,
            state: self.state,
            vol_type: self.vol_type,
            junction: self.junction,
            export_policy: self.export_policy,
            parent_snapshot: self.parent_snapshot,
        }
    }
}

impl<'a> SavedSnapshot<'a> {
    const fn image(&self) -> SnapshotImage<'a> {
        SnapshotImage {
            slot: self.slot,
            generation: self.generation,
            name: self.name,
            size: self.size,
            create_time: self.create_time,
        }
    }
}

fn check_preamble(bytes: &[u8]) -> Result<&[u8], Broken> {
    let (magic, rest) = bytes.split_first_chunk().ok_or(Broken("they are cut short"))?;
    if *magic != MAGIC {
        return Err(Broken("they do not start with the magic number"));
    }
    let (version, rest) = rest.split_first_chunk().ok_or(Broken("they are cut short"))?;
    if u32::from_le_bytes(*version) != VERSION {
        return Err(Broken("their format has another version"));
    }
    let (checksum, body) = rest.split_first_chunk().ok_or(Broken("they are cut short"))?;
    if u64::from_le_bytes(*checksum) != XxHash3_64::oneshot(body) {
        return Err(Broken("the checksum does not match; they were cut or altered"));
    }
    Ok(body)
}
