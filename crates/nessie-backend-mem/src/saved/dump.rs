//! A whole backend as text that a person can read and compare, and back.
//!
//! A dump is JSON in UTF-8, one object a line, each line ended by a line feed. The first key says
//! what a line is. In this order there are:
//!
//! 1. `format`: the [`Header`] with the version, how many lines of each kind follow, seed, clock,
//!    and what the identifiers are made with;
//! 2. `vacant`: a [`VacantLine`] for each place of a record that was deleted, first of volumes,
//!    then of snapshots: which identifiers come next depends on them;
//! 3. `volume`: a [`VolumeLine`] for each volume, in order of creation, and behind each of them
//! 4. `snapshot`: a [`SnapshotLine`] for each of its snapshots, in order of creation;
//! 5. `checksum`: XXH3 (64 bits, seed 0) of all bytes before this line, in hexadecimal.
//!
//! Where a record is kept is not written: the key in the header finds it from the identifier. Both
//! ways go line by line, without a second copy of everything. Only a text whose records lie far
//! apart is read ahead, to see whether it is as long as its header makes it.

use std::borrow::Cow;
use std::hash::Hasher;
use std::io::{self, BufRead, Cursor, Read, Write};

use nessie_backend_core::{
    BackendError, Result, SnapshotId, Timestamp, VolumeId, VolumeState, VolumeType,
};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::rebuild::{Broken, Rebuild, Refusal, SnapshotImage, VolumeImage};
use super::unreadable::unreadable;
use crate::env::clock::Clock;
use crate::env::random::{Origin, Source};
use crate::inner::Inner;
use crate::state::{State, time};
use crate::storage::ids::{self, IdKey, KEY_WORDS, LINEAGES};
use crate::storage::slab::{Layout, Plan, Slot};

const FORMAT: &str = "nessie-backend-mem";
const VERSION: u32 = 1;
/// How the first line begins, whatever the version.
const HEAD: &str = "{\"format\":\"nessie-backend-mem\",\"version\":";
/// How the last line begins.
const FOOT: &str = "{\"checksum\":";

/// A number that is text in JSON: many readers there take numbers for floating point.
#[derive(Clone, Copy)]
struct Hex(u64);

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_hex = text.len() == 16 && text.bytes().all(is_digit);
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| is_hex);
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a number is not 16 hex digits"))
    }
}

/// Of any version.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    format: &'a str,
    version: u32,
    volumes: u32,
    snapshots: u32,
    vacant: u32,
    /// Null if identifiers come from the system's randomness.
    seed: Option<u64>,
    clock: ClockKind,
    /// The time a standing clock shows, or the latest that the system's clock gave.
    now: Timestamp,
    /// Where a standing clock stood at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Timestamp>,
    /// The key of the bijection between identifiers and places.
    key: [Hex; KEY_WORDS],
    /// What tells identifiers of different processes apart.
    lineage: Hex,
    volume_places: Places,
    snapshot_places: Places,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClockKind {
    System,
    Standing,
}

/// Where records of a kind are kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    /// Lineage of the vacant places that are used again.
    lineage: Hex,
    /// Lineage, size, and how many chunks in a row are like that.
    chunks: Vec<(Hex, u32, u32)>,
}

impl Places {
    fn of(layout: &Layout) -> Self {
        let mut chunks: Vec<(Hex, u32, u32)> = Vec::new();
        for &(lineage, size) in &layout.chunks {
            match chunks.last_mut() {
                Some((of, its, count)) if of.0 == lineage && *its == size => *count += 1,
                _ => chunks.push((Hex(lineage), size, 1)),
            }
        }
        Self { lineage: Hex(layout.lineage), chunks }
    }

    /// The plan without its vacant places.
    fn plan(&self) -> Result<Plan, Broken> {
        let chunks = self.chunks.iter().map(|&(lineage, size, count)| (lineage.0, size, count));
        Plan::new(self.lineage.0, chunks).ok_or(Broken("there are places that cannot be"))
    }
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Volume,
    Snapshot,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VacantLine {
    vacant: Kind,
    slot: Slot,
    /// How often the place was taken or given up.
    generation: u32,
    /// Whether it is used again. Those that are come in the order of their use.
    reusable: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VolumeLine<'a> {
    volume: VolumeId,
    #[serde(borrow)]
    name: Cow<'a, str>,
    size_bytes: Option<u64>,
    state: VolumeState,
    vol_type: VolumeType,
    #[serde(borrow)]
    create_time: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    junction_path: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    export_policy: Option<Cow<'a, str>>,
    /// The snapshot that a clone was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clone_of: Option<SnapshotId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotLine<'a> {
    snapshot: SnapshotId,
    #[serde(borrow)]
    name: Cow<'a, str>,
    /// The volume's quota when the snapshot was taken.
    size_bytes: Option<u64>,
    #[serde(borrow)]
    create_time: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksumLine {
    checksum: Hex,
}

/// Called with the records done and their total, now and then and at the end. An error ends the
/// work.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> io::Result<()>;

/// Counts records and calls whoever wants to know.
struct Counter<'a> {
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl Counter<'_> {
    /// Records between two calls: some hundredths of a second.
    const STEP: u64 = 1 << 15;

    fn count(&mut self) -> io::Result<()> {
        self.done += 1;
        if self.done.is_multiple_of(Self::STEP) && self.done < self.total {
            (self.progress)(self.done, self.total)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        (self.progress)(self.done, self.total)
    }
}

// Writing.

/// Lines on their way out.
struct Lines<W> {
    writer: W,
    pending: Vec<u8>,
    hasher: XxHash3_64,
    /// The text of the last time, which the next record often has too.
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

    fn look_up_time(&mut self, micros: i64) {
        if self.last_time.0 != micros || self.last_time.1.is_empty() {
            self.last_time = (micros, time(micros).to_string());
        }
    }

    fn volume(&mut self, state: &State, slot: Slot) -> io::Result<()> {
        let (record, policy) = state.volumes.with_text(slot);
        self.look_up_time(record.create_time);
        let create_time = std::mem::take(&mut self.last_time.1);
        self.write(&VolumeLine {
            volume: state.volume_id(slot),
            name: Cow::Borrowed(&record.name),
            size_bytes: quota(record.size),
            state: record.state,
            vol_type: record.vol_type,
            create_time: Cow::Borrowed(&create_time),
            junction_path: record.junction.as_deref().map(Cow::Borrowed),
            export_policy: (!policy.is_empty()).then_some(Cow::Borrowed(policy)),
            clone_of: record.is_clone().then(|| state.snapshot_id(record.parent_snapshot)),
        })?;
        self.last_time.1 = create_time;
        Ok(())
    }

    fn snapshot(&mut self, state: &State, slot: Slot) -> io::Result<()> {
        let (record, name) = state.snapshots.with_text(slot);
        self.look_up_time(record.create_time);
        let create_time = std::mem::take(&mut self.last_time.1);
        self.write(&SnapshotLine {
            snapshot: state.snapshot_id(slot),
            name: Cow::Borrowed(name),
            size_bytes: quota(record.size),
            create_time: Cow::Borrowed(&create_time),
        })?;
        self.last_time.1 = create_time;
        Ok(())
    }

    fn vacant(&mut self, of: Kind, layout: &Layout) -> io::Result<()> {
        let reusable = layout.reusable.iter().map(|place| (true, place));
        let left_alone = layout.left_alone.iter().map(|place| (false, place));
        for (reusable, &(slot, generation)) in reusable.chain(left_alone) {
            self.write(&VacantLine { vacant: of, slot, generation, reusable })?;
        }
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

fn quota(size: u64) -> Option<u64> {
    (size != 0).then_some(size)
}

pub(crate) fn write(inner: &Inner, writer: impl Write, progress: Progress<'_>) -> Result<()> {
    try_write(inner, writer, progress).map_err(|error| BackendError::substrate("dump", error))
}

fn try_write(inner: &Inner, writer: impl Write, progress: Progress<'_>) -> io::Result<()> {
    let Inner { state, clock, source } = inner;
    let layouts = (state.volumes.layout(), state.snapshots.layout());
    let vacant = [&layouts.0, &layouts.1]
        .map(|layout| layout.reusable.len().saturating_add(layout.left_alone.len()));
    let (kind, now, start) = match *clock {
        Clock::System { latest } => (ClockKind::System, latest, None),
        Clock::Standing { start, now } => (ClockKind::Standing, now, Some(start)),
    };
    let header = Header {
        format: FORMAT,
        version: VERSION,
        volumes: state.volumes.len(),
        snapshots: state.snapshots.len(),
        vacant: u32::try_from(vacant.iter().sum::<usize>()).map_err(io::Error::other)?,
        seed: match source.origin() {
            Origin::Seed(seed) => Some(seed),
            Origin::System => None,
        },
        clock: kind,
        now,
        start,
        key: state.key.words().map(Hex),
        lineage: Hex(source.last_lineage()),
        volume_places: Places::of(&layouts.0),
        snapshot_places: Places::of(&layouts.1),
    };
    let total = u64::from(header.volumes) + u64::from(header.snapshots);
    let mut counter = Counter { done: 0, total, progress };
    let mut lines = Lines {
        writer,
        pending: Vec::with_capacity(2 * Lines::<io::Sink>::BLOCK),
        hasher: XxHash3_64::new(),
        last_time: (0, String::new()),
    };
    lines.write(&header)?;
    lines.vacant(Kind::Volume, &layouts.0)?;
    lines.vacant(Kind::Snapshot, &layouts.1)?;
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

// Reading.

/// Why a dump is not read.
enum Failure {
    /// It cannot be: what it says is wrong, in this line if it is about one.
    Refused(Option<u64>, Refusal),
    /// It could not be read, or somebody ended the work.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(crate) fn read(reader: impl BufRead, progress: Progress<'_>) -> Result<Inner> {
    try_read(reader, progress).map_err(|failure| match failure {
        Failure::Io(error) => BackendError::substrate("load", error),
        Failure::Refused(line, refusal) => {
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            BackendError::InvalidArgument {
                argument: "dump".into(),
                reason: format!("cannot be loaded: {place}{refusal}"),
            }
        }
    })
}

/// Lines on their way in.
struct Input<R> {
    bytes: Ahead<R>,
    /// The present line, which ends with a line feed as it was written.
    line: Vec<u8>,
    number: u64,
    hasher: XxHash3_64,
    /// The last time that was read, which the next record often has too.
    last_time: (String, i64),
}

/// What is read, of which a part may have been read ahead.
struct Ahead<R> {
    ahead: Cursor<Vec<u8>>,
    reader: R,
}

impl<R: BufRead> Ahead<R> {
    /// Appends the next line, but no more than so many bytes.
    fn read_line(&mut self, most: u64, line: &mut Vec<u8>) -> io::Result<()> {
        let read = (&mut self.ahead).take(most).read_until(b'\n', line)? as u64;
        if line.last() != Some(&b'\n') {
            self.reader.by_ref().take(most - read).read_until(b'\n', line)?;
        }
        Ok(())
    }

    /// Whether so many bytes are still to come. It reads them to find out.
    fn has(&mut self, bytes: u64) -> io::Result<bool> {
        let reader = self.reader.by_ref();
        Ok(reader.take(bytes).read_to_end(self.ahead.get_mut())? as u64 == bytes)
    }

    /// Whether nothing but white space is left.
    fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(is_blank(&mut self.ahead)? && is_blank(&mut self.reader)?)
    }
}

fn is_blank(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let left = reader.fill_buf()?;
        let (read, is_blank) = (left.len(), left.iter().all(u8::is_ascii_whitespace));
        if read == 0 || !is_blank {
            return Ok(is_blank);
        }
        reader.consume(read);
    }
}

impl<R: BufRead> Input<R> {
    /// No line is as long as this, and none is read further.
    const LONGEST: u64 = 1 << 24;

    /// Reads the next line. What Git and editors do to the ends of a text is undone: carriage
    /// returns before line feeds, a missing line feed at the end, a mark of the byte order.
    fn next(&mut self) -> Result<(), Failure> {
        self.line.clear();
        self.number += 1;
        self.bytes.read_line(Self::LONGEST, &mut self.line)?;
        if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
            self.line.drain(..BYTE_ORDER_MARK.len());
        }
        if self.line.ends_with(b"\r\n") {
            self.line.truncate(self.line.len() - 2);
            self.line.push(b'\n');
        }
        if self.line.last() == Some(&b'\n') {
            return Ok(());
        }
        if self.line.len() as u64 == Self::LONGEST {
            return Err(self.refuse("the line is too long for any of a dump"));
        }
        if self.line.starts_with(FOOT.as_bytes()) && self.line.trim_ascii_end().ends_with(b"}") {
            self.line.push(b'\n');
            return Ok(());
        }
        match self.number {
            1 if self.line.is_empty() => Err(Failure::Refused(None, "it is empty".into())),
            1 if self.line.contains(&b'\r') => {
                Err(self.refuse("its lines end in carriage returns alone; they end in line feeds"))
            }
            1 if !self.line.starts_with(HEAD.as_bytes()) => {
                Err(self.refuse(unreadable(&self.line)))
            }
            _ => Err(self.refuse("it ends here, before its checksum; it was cut short")),
        }
    }

    fn refuse(&self, refusal: impl Into<Refusal>) -> Failure {
        Failure::Refused(Some(self.number), refusal.into())
    }

    /// Takes the line for one that its checksum covers.
    fn accept(&mut self) {
        self.hasher.write(&self.line);
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The micros of a time, from its text.
fn micros(last: &mut (String, i64), text: &str) -> Result<i64, Refusal> {
    if last.0 != text {
        last.1 = text.parse::<Timestamp>()?.unix_micros();
        text.clone_into(&mut last.0);
    }
    Ok(last.1)
}

fn size(quota: Option<u64>) -> Result<u64, Refusal> {
    match quota {
        Some(0) => Err(Broken("a size is 0; without a quota it is null").into()),
        quota => Ok(quota.unwrap_or(0)),
    }
}

fn try_read(reader: impl BufRead, progress: Progress<'_>) -> Result<Inner, Failure> {
    let mut input = Input {
        bytes: Ahead { ahead: Cursor::default(), reader },
        line: Vec::new(),
        number: 0,
        hasher: XxHash3_64::new(),
        last_time: (String::new(), 0),
    };
    input.next()?;
    let header = header(&input.line).map_err(|refusal| input.refuse(refusal))?;
    let (volumes, snapshots) = (header.volumes, header.snapshots);
    let (clock, source, mut vacant) = (header.clock()?, header.source()?, header.vacant);
    let key = IdKey::new(header.key.map(|word| word.0));
    let plan = |places: &Places| places.plan().map_err(|refusal| input.refuse(refusal));
    let mut volume_plan = plan(&header.volume_places)?;
    let mut snapshot_plan = plan(&header.snapshot_places)?;
    input.accept();

    while vacant > 0 {
        input.next()?;
        let line: VacantLine =
            serde_json::from_slice(&input.line).map_err(|error| input.refuse(error))?;
        let plan = match line.vacant {
            Kind::Volume => &mut volume_plan,
            Kind::Snapshot => &mut snapshot_plan,
        };
        let list = if line.reusable { &mut plan.reusable } else { &mut plan.left_alone };
        list.push((line.slot, line.generation));
        vacant -= 1;
        input.accept();
    }

    let rebuild = Rebuild::begin(key, volumes, snapshots, volume_plan, snapshot_plan);
    let mut rebuild = rebuild.map_err(|refusal| Failure::Refused(None, refusal.into()))?;
    let total = u64::from(volumes) + u64::from(snapshots);
    let mut counter = Counter { done: 0, total, progress };
    // Whether as many records are sure to come as the header announces.
    let mut are_sure = false;
    loop {
        input.next()?;
        if input.line.starts_with(FOOT.as_bytes()) {
            break;
        }
        let number = input.number;
        let refuse = |refusal| Failure::Refused(Some(number), refusal);
        let record = RecordLine::read(&input.line).map_err(refuse)?;
        let place = record.place(&rebuild).map_err(|broken| refuse(broken.into()))?;
        if !are_sure && rebuild.is_dear(record.kind(), place.0) {
            let left = total.saturating_sub(counter.done + 1);
            are_sure = input.bytes.has(left.saturating_mul(SHORTEST))?;
            if !are_sure {
                let broken = Broken("there is less than the header announces; it was cut short");
                return Err(Failure::Refused(None, broken.into()));
            }
        }
        record.add(&mut rebuild, place, &mut input.last_time).map_err(refuse)?;
        rebuild.index_many().map_err(|refusal| Failure::Refused(None, refusal.into()))?;
        input.accept();
        counter.count()?;
    }
    check_end(&mut input)?;
    let state = rebuild.finish().map_err(|refusal| Failure::Refused(None, refusal))?;
    counter.finish()?;
    Ok(Inner { state, clock, source })
}

fn header(line: &[u8]) -> Result<Header<'_>, Refusal> {
    if !line.starts_with(HEAD.as_bytes()) {
        return Err(unreadable(line).into());
    }
    let Version { version } = serde_json::from_slice(line)?;
    if version != u64::from(VERSION) {
        let than = if version > u64::from(VERSION) { "newer" } else { "older" };
        return Err(format!(
            "the dump has version {version}, {than} than this package reads, which is {VERSION}"
        )
        .into());
    }
    Ok(serde_json::from_slice(line)?)
}

impl Header<'_> {
    fn clock(&self) -> Result<Clock, Failure> {
        match (&self.clock, self.start) {
            (ClockKind::System, None) => Ok(Clock::System { latest: self.now }),
            (ClockKind::Standing, Some(start)) if start <= self.now => {
                Ok(Clock::Standing { start, now: self.now })
            }
            _ => {
                let refusal = Broken("the clock's start does not fit its kind or its time");
                Err(Failure::Refused(Some(1), refusal.into()))
            }
        }
    }

    fn source(&self) -> Result<Source, Failure> {
        let Hex(lineage) = self.lineage;
        if lineage >= LINEAGES {
            let refusal = Broken("the lineage is out of range");
            return Err(Failure::Refused(Some(1), refusal.into()));
        }
        Ok(Source::resumed(self.seed.map_or(Origin::System, Origin::Seed), lineage))
    }
}

/// A line of a record.
enum RecordLine<'a> {
    Volume(VolumeLine<'a>),
    Snapshot(SnapshotLine<'a>),
}

/// No line of a record is shorter than this.
const SHORTEST: u64 = 100;

impl<'a> RecordLine<'a> {
    fn read(line: &'a [u8]) -> Result<Self, Refusal> {
        if line.starts_with(b"{\"snapshot\":") {
            return Ok(Self::Snapshot(serde_json::from_slice(line)?));
        }
        if line.starts_with(b"<<<<<<<") {
            return Err("a merge left a conflict here; take the dump of one side".into());
        }
        Ok(Self::Volume(serde_json::from_slice(line)?))
    }

    const fn kind(&self) -> ids::Kind {
        match self {
            Self::Volume(_) => ids::Kind::Volume,
            Self::Snapshot(_) => ids::Kind::Snapshot,
        }
    }

    /// Slot and generation of the record.
    fn place(&self, rebuild: &Rebuild) -> Result<(Slot, u32), Broken> {
        match self {
            Self::Volume(line) => {
                rebuild.volume_place(line.volume).ok_or(Broken("the volume has no place"))
            }
            Self::Snapshot(line) => {
                rebuild.snapshot_place(line.snapshot).ok_or(Broken("the snapshot has no place"))
            }
        }
    }

    fn add(
        &self,
        rebuild: &mut Rebuild,
        (slot, generation): (Slot, u32),
        last_time: &mut (String, i64),
    ) -> Result<(), Refusal> {
        let line = match self {
            Self::Volume(line) => line,
            Self::Snapshot(line) => {
                return rebuild.snapshot(&SnapshotImage {
                    slot,
                    generation,
                    name: &line.name,
                    size: size(line.size_bytes)?,
                    create_time: micros(last_time, &line.create_time)?,
                });
            }
        };
        let parent_snapshot = match line.clone_of {
            None => None,
            Some(parent) => {
                let found = rebuild.find_snapshot(parent);
                Some(found.ok_or(Broken("the clone's snapshot is not above it"))?)
            }
        };
        let texts = [&line.junction_path, &line.export_policy];
        if texts.into_iter().flatten().any(|text| text.is_empty()) {
            let rule = "a junction path or an export policy is empty; without one it is absent";
            return Err(Broken(rule).into());
        }
        rebuild.volume(&VolumeImage {
            slot,
            generation,
            name: &line.name,
            size: size(line.size_bytes)?,
            create_time: micros(last_time, &line.create_time)?,
            state: line.state,
            vol_type: line.vol_type,
            junction: line.junction_path.as_deref().unwrap_or_default(),
            export_policy: line.export_policy.as_deref().unwrap_or_default(),
            parent_snapshot,
        })
    }
}

/// Checks the last line, which was read, and that nothing follows.
fn check_end<R: BufRead>(input: &mut Input<R>) -> Result<(), Failure> {
    let ChecksumLine { checksum: Hex(checksum) } =
        serde_json::from_slice(&input.line).map_err(|error| input.refuse(error))?;
    if checksum != input.hasher.finish() {
        return Err(input.refuse("the checksum is not that of the lines above; one was altered"));
    }
    if !input.bytes.is_at_end()? {
        return Err(input.refuse("more follows the checksum, which comes last"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::MemBackend;
    use crate::storage::ids::Address;

    /// A header and one volume, whose place is the last of more than memory has room for.
    #[test]
    fn no_room_is_made_for_what_a_header_announces_and_nothing_follows() {
        let backend = MemBackend::builder().seed(1).build().unwrap();
        let mut header = Vec::new();
        backend.dump(&mut header).unwrap();
        let header = String::from_utf8(header).unwrap();
        let inner = backend.read();
        let chunk = format!("[\"{:016x}\",512,8388607]", inner.source.last_lineage());
        let huge = header
            .lines()
            .next()
            .unwrap()
            .replace("\"volumes\":0", "\"volumes\":4294966784")
            .replace("\"snapshots\":0", "\"snapshots\":4294966784")
            .replace("\"chunks\":[]", &format!("\"chunks\":[{chunk}]"));
        let line = |slot| {
            let lineage = inner.source.last_lineage();
            let address = Address { kind: ids::Kind::Volume, slot, generation: 1, lineage };
            let time = "2000-01-01T00:00:00Z";
            format!(
                "{{\"volume\":\"{}\",\"name\":\"v\",\"size_bytes\":null,\"state\":\"online\",\
                 \"vol_type\":\"rw\",\"create_time\":\"{time}\"}}\n",
                inner.state.key.encode(address)
            )
        };
        let refused = |text: String| MemBackend::load(text.as_bytes()).unwrap_err().to_string();
        assert!(refused(format!("{huge}\n")).contains("cut short"));
        assert!(refused(format!("{huge}\n{}", line(0))).contains("line 3: it ends here"));
        let reason = refused(format!("{huge}\n{}", line(4_294_966_783)));
        assert!(reason.contains("less than the header announces"), "{reason}");
    }
}
