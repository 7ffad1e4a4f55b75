//! Writing a dump, line by line.

use std::borrow::Cow;
use std::hash::Hasher;
use std::io::{self, Write};
use std::mem;

use nessie_backend_core::{BackendError, Result, Timestamp};
use serde::Serialize;
use twox_hash::{XxHash3_64, XxHash3_128};

use super::lines::{
    ChecksumLine, ClockKind, FORMAT, Header, Hex, PolicyLine, SnapshotLine, VERSION, VolumeLine,
};
use super::progress::{Counter, Progress};
use crate::env::clock::Clock;
use crate::inner::Inner;
use crate::limits::Limits;
use crate::state::{State, quota, time};
use crate::storage::slab::Slot;

pub(super) fn write(inner: &Inner, writer: impl Write, progress: Progress<'_>) -> Result<()> {
    try_write(inner, writer, progress).map_err(|error| BackendError::substrate("dump", error))
}

/// A hash of the dump. The latest time of the system's clock is left out: it follows from no call.
pub(super) fn digest(inner: &Inner) -> Result<u128> {
    let mut inner = inner.clone();
    if let Clock::System { .. } = inner.clock {
        inner.clock = Clock::SYSTEM;
    }
    let mut digest = Digest(XxHash3_128::new());
    write(&inner, &mut digest, &mut |_, _| Ok(()))?;
    Ok(digest.0.finish_128())
}

struct Digest(XxHash3_128);

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn try_write(inner: &Inner, writer: impl Write, progress: Progress<'_>) -> io::Result<()> {
    let Inner { state, clock, source } = inner;
    let mut lines = Lines {
        writer,
        pending: Vec::with_capacity(2 * Lines::<io::Sink>::BLOCK),
        hasher: XxHash3_64::new(),
        last_time: (0, String::new()),
    };
    let (kind, now, start) = match *clock {
        Clock::System { latest } => (ClockKind::System, latest, None),
        Clock::Standing { start, now } => (ClockKind::Standing, now, Some(start)),
    };
    let header = Header {
        format: FORMAT,
        version: VERSION,
        volumes: state.volumes.len(),
        snapshots: state.snapshots.len(),
        seed: source.seed(),
        clock: kind,
        now,
        start,
        key: state.key.words().map(Hex),
        epoch: Hex(source.last_epoch()),
        created: state.last_number,
        capacity_bytes: state.space.capacity,
        profile: state.restrictions.profile,
        limits: Some(state.restrictions.limits()).filter(|limits| *limits != Limits::NONE),
        policies_run: Some(state.policies.last_run).filter(|time| *time != Timestamp::MIN),
    };
    let mut counter = Counter::new(header.volumes, header.snapshots, progress);
    lines.write(&header)?;
    for (policy, since) in state.policies.dated_records() {
        let (policy, rules) = (Cow::Borrowed(&*policy.name), Cow::Borrowed(&*policy.rules));
        lines.write(&PolicyLine { policy, since, rules })?;
    }
    for volume in state.volume_slots() {
        lines.volume(state, volume)?;
        counter.count()?;
        for snapshot in state.snapshot_slots(volume) {
            lines.snapshot(state, snapshot)?;
            counter.count()?;
        }
    }
    lines.finish()?;
    counter.finish()
}

/// Writes lines.
struct Lines<W> {
    writer: W,
    pending: Vec<u8>,
    hasher: XxHash3_64,
    /// The last time and its text. The next record often has the same.
    last_time: (i64, String),
}

impl<W: Write> Lines<W> {
    /// Bytes that are written at once.
    const BLOCK: usize = 1 << 18;

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.pending, line)?;
        self.pending.push(b'\n');
        if self.pending.len() >= Self::BLOCK { self.drain() } else { Ok(()) }
    }

    fn drain(&mut self) -> io::Result<()> {
        self.hasher.write(&self.pending);
        self.writer.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    /// The text of a time, to be put back after use.
    fn take_time(&mut self, micros: i64) -> String {
        if self.last_time.0 != micros || self.last_time.1.is_empty() {
            self.last_time = (micros, time(micros).to_string());
        }
        mem::take(&mut self.last_time.1)
    }

    fn volume(&mut self, state: &State, slot: Slot) -> io::Result<()> {
        let (record, policy) = state.volumes.with_text(slot);
        let create_time = self.take_time(record.create_time);
        let snapshot_policy = state.policies.of(slot).map(|policy| policy.name.as_str());
        self.write(&VolumeLine {
            volume: state.volume_id(slot),
            name: Cow::Borrowed(&record.name),
            size_bytes: quota(record.size),
            state: record.state,
            vol_type: record.vol_type,
            create_time: Cow::Borrowed(&create_time),
            used_bytes: state.used_bytes(slot),
            shared_bytes: state.live_data(slot).shared,
            autosize_bytes: quota(state.space.autosize(slot)),
            junction_path: record.junction.as_deref().map(Cow::Borrowed),
            export_policy: (!policy.is_empty()).then_some(Cow::Borrowed(policy)),
            snapshot_policy: snapshot_policy.map(Cow::Borrowed),
            policy_since: snapshot_policy.map(|_| state.policies.since(slot)),
            clone_of: record.is_clone().then(|| state.snapshot_id(record.parent_snapshot)),
        })?;
        self.last_time.1 = create_time;
        Ok(())
    }

    fn snapshot(&mut self, state: &State, slot: Slot) -> io::Result<()> {
        let (record, name) = state.snapshots.with_text(slot);
        let data = state.snapshot_data(slot);
        let create_time = self.take_time(record.create_time);
        self.write(&SnapshotLine {
            snapshot: state.snapshot_id(slot),
            name: Cow::Borrowed(name),
            size_bytes: quota(record.size),
            create_time: Cow::Borrowed(&create_time),
            used_bytes: data.size,
            shared_bytes: data.shared,
            expires_at: state.locks.get(slot),
        })?;
        self.last_time.1 = create_time;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.drain()?;
        let checksum = ChecksumLine { checksum: Hex(self.hasher.finish()) };
        self.write(&checksum)?;
        self.drain()?;
        self.writer.flush()
    }
}
