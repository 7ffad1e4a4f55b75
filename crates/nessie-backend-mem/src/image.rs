//! A whole backend as bytes, and back.
//!
//! The bytes are a magic number, a version, a checksum of the rest, and then a [`Header`] and a
//! [`VolumeImage`] for each volume in order of creation, in postcard's encoding. Indexes and lists
//! are not saved: loading rebuilds them with the state machine's own steps and checks, so no bytes
//! can make a state that breaks an invariant. Both ways go volume by volume, without a second copy
//! of everything.

use std::error::Error as StdError;
use std::fmt;

use nessie_backend_core::{
    BackendError, Result, Timestamp, VolumePatch, VolumeState, VolumeType, rules,
};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::clock::Clock;
use crate::ident::{IdKey, LINEAGES};
use crate::inner::Inner;
use crate::slab::{Entry, Layout, Record, Slab, Slot};
use crate::source::{Origin, Source};
use crate::state::{SnapshotRecord, State, VolumeRecord};

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
struct VolumeImage<'a> {
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
    #[serde(borrow)]
    snapshots: Vec<SnapshotImage<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotImage<'a> {
    slot: Slot,
    generation: u32,
    name: &'a str,
    size: u64,
    create_time: i64,
}

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
        bytes = write(&volume_image(state, slot), bytes)?;
    }
    let checksum = XxHash3_64::oneshot(bytes.get(PREAMBLE..).unwrap_or_default());
    let preamble = [&MAGIC[..], &VERSION.to_le_bytes(), &checksum.to_le_bytes()].concat();
    bytes.splice(..PREAMBLE, preamble);
    Ok(bytes)
}

fn write(value: &impl Serialize, bytes: Vec<u8>) -> Result<Vec<u8>> {
    postcard::to_extend(value, bytes).map_err(|error| BackendError::substrate("to_bytes", error))
}

fn volume_image(state: &State, slot: Slot) -> VolumeImage<'_> {
    let (record, export_policy) = state.volumes.with_text(slot);
    VolumeImage {
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
        snapshots: state.snapshot_slots(slot).map(|slot| snapshot_image(state, slot)).collect(),
    }
}

fn snapshot_image(state: &State, slot: Slot) -> SnapshotImage<'_> {
    let (record, name) = state.snapshots.with_text(slot);
    SnapshotImage {
        slot,
        generation: record.header.generation,
        name,
        size: record.size,
        create_time: record.create_time,
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Inner> {
    read(bytes).map_err(|error| BackendError::InvalidArgument {
        argument: "bytes".into(),
        reason: format!("are not a backend that this version can read: {error}"),
    })
}

fn read(bytes: &[u8]) -> Result<Inner, Box<dyn StdError + Send + Sync>> {
    let body = check_preamble(bytes)?;
    let (header, mut rest): (Header, _) = postcard::take_from_bytes(body)?;
    let layouts = [&header.volume_layout, &header.snapshot_layout];
    let lineages = layouts.into_iter().flat_map(Layout::lineages).chain([header.lineage]);
    if lineages.max() >= Some(LINEAGES) {
        return Err(Broken("the lineage is out of range").into());
    }
    // Every record takes a byte at least, so this bounds what is allocated for them.
    if header.volumes.max(header.snapshots) as usize > rest.len() {
        return Err(Broken("there is less than the header announces").into());
    }
    let mut state = State::new(header.key);
    state.volumes = empty_slab(&header.volume_layout, header.volumes)?;
    state.snapshots = empty_slab(&header.snapshot_layout, header.snapshots)?;
    for _ in 0..header.volumes {
        let (volume, after) = postcard::take_from_bytes(rest)?;
        restore(&mut state, &volume)?;
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Broken("there is more than the header announces").into());
    }
    if state.snapshots.len() != header.snapshots {
        return Err(Broken("there are fewer snapshots than the header announces").into());
    }
    let source = Source::resumed(header.origin, header.lineage);
    Ok(Inner { state, clock: header.clock, source })
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

fn empty_slab<T: Record>(layout: &Layout, len: u32) -> Result<Slab<T>, Broken> {
    Slab::with_layout(layout, len as usize).ok_or(Broken("the layout does not add up"))
}

fn restore(state: &mut State, image: &VolumeImage<'_>) -> Result<()> {
    let mut patch = VolumePatch::new().name(image.name).junction_path(image.junction);
    if !image.export_policy.is_empty() {
        patch = patch.export_policy(image.export_policy);
    }
    rules::volume_patch(&patch)?;
    check_time(image.create_time)?;
    state.check_volume_name_free(image.name, None)?;
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
    state.volumes.place(image.slot, image.generation, fill).ok_or_else(broken)?;
    state.enlist_volume(image.slot, image.name);
    state.check_junction_free(image.junction, image.slot)?;
    state.mount(image.slot, image.junction);
    if let Some(parent) = image.parent_snapshot {
        state.snapshots.occupied(parent).ok_or_else(broken)?;
        state.attach_to_parent(image.slot, parent)?;
    }
    image.snapshots.iter().try_for_each(|snapshot| restore_snapshot(state, image.slot, snapshot))
}

fn restore_snapshot(state: &mut State, volume: Slot, image: &SnapshotImage<'_>) -> Result<()> {
    rules::snapshot_name(image.name)?;
    check_time(image.create_time)?;
    state.check_snapshot_name_free(volume, image.name, None)?;
    let snapshots = state.volumes.get(volume).snapshots;
    let fill = |entry: &mut Entry<'_, SnapshotRecord>| {
        entry.set_text(image.name);
        entry.record.header.links = snapshots.end();
        entry.record.size = image.size;
        entry.record.create_time = image.create_time;
        entry.record.volume = volume;
    };
    state.snapshots.place(image.slot, image.generation, fill).ok_or_else(broken)?;
    state.enlist_snapshot(volume, image.slot, image.name);
    Ok(())
}

fn broken() -> BackendError {
    BackendError::substrate("from_bytes", Broken("a slot is missing or taken"))
}

fn check_time(micros: i64) -> Result<()> {
    Timestamp::from_unix_micros(micros)
        .map(|_| ())
        .ok_or_else(|| BackendError::substrate("from_bytes", Broken("a time is out of range")))
}

/// What is wrong with the bytes.
#[derive(Debug)]
struct Broken(&'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Broken {}
