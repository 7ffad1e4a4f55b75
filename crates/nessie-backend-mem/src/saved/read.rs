//! Reading a dump, line by line.

use std::hash::Hasher;
use std::io::{self, BufRead, Read};

use nessie_backend_core::{BackendError, Result};
use serde::Deserialize;
use twox_hash::XxHash3_64;

use super::lines::{
    ChecksumLine, ClockKind, FOOT, HEAD, Header, Hex, POLICY, PolicyLine, SNAPSHOT, SnapshotLine,
    VERSION, VolumeLine,
};
use super::progress::{Counter, Progress};
use super::rebuild::{Broken, Rebuild, Refusal};
use super::unreadable::unreadable;
use crate::env::clock::Clock;
use crate::env::random::IdSource;
use crate::inner::Inner;
use crate::state::Restrictions;
use crate::storage::ids::IdKey;
use crate::storage::serial::EPOCHS;

pub(super) fn read(reader: impl BufRead, progress: Progress<'_>) -> Result<Inner> {
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

/// Why a dump is not read.
enum Failure {
    /// The text is wrong, in this line if it is about one.
    Refused(Option<u64>, Refusal),
    /// It could not be read, or the caller ended the work.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn try_read(reader: impl BufRead, progress: Progress<'_>) -> Result<Inner, Failure> {
    let mut input = Input { reader, line: Vec::new(), number: 0, hasher: XxHash3_64::new() };
    input.next()?;
    let header = header(&input.line).map_err(|refusal| input.refuse(refusal))?;
    let clock = header.clock().map_err(|refusal| input.refuse(refusal))?;
    let source = header.source().map_err(|refusal| input.refuse(refusal))?;
    let key = IdKey::new(header.key.map(|word| word.0));
    let (volumes, snapshots) = (header.volumes, header.snapshots);
    let mut rebuild = Rebuild::begin(key, &source, header.created, volumes, snapshots);
    rebuild.set_capacity(header.capacity_bytes).map_err(|error| input.refuse(error))?;
    let limits = header.limits.unwrap_or_default();
    rebuild.set_restrictions(Restrictions::new(header.profile, limits));
    rebuild.set_times(header.now, header.policies_run).map_err(|broken| input.refuse(broken))?;
    let mut counter = Counter::new(volumes, snapshots, progress);
    input.accept();
    loop {
        input.next()?;
        if input.line.starts_with(FOOT.as_bytes()) {
            break;
        }
        let added = add_record(&mut rebuild, &input.line);
        let is_counted = added.map_err(|refusal| input.refuse(refusal))?;
        rebuild.index_many().map_err(|refusal| Failure::Refused(None, refusal.into()))?;
        input.accept();
        if is_counted {
            counter.count()?;
        }
    }
    check_end(&mut input)?;
    let state = rebuild.finish().map_err(|refusal| Failure::Refused(None, refusal))?;
    counter.finish()?;
    Ok(Inner { state, clock, source })
}

/// Reads lines.
struct Input<R> {
    reader: R,
    /// The current line, with its line feed.
    line: Vec<u8>,
    number: u64,
    hasher: XxHash3_64,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: BufRead> Input<R> {
    /// No line is as long as this, and none is read further.
    const LONGEST: u64 = 1 << 24;

    /// Reads the next line. It undoes what Git and editors do to the ends of a text: carriage
    /// returns before line feeds, a missing line feed at the end, a mark of the byte order.
    fn next(&mut self) -> Result<(), Failure> {
        self.line.clear();
        self.number += 1;
        self.reader.by_ref().take(Self::LONGEST).read_until(b'\n', &mut self.line)?;
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

    /// Counts the line among those that the checksum covers.
    fn accept(&mut self) {
        self.hasher.write(&self.line);
    }

    /// Whether nothing but white space is left.
    fn is_at_end(&mut self) -> io::Result<bool> {
        loop {
            let left = self.reader.fill_buf()?;
            let (read, is_blank) = (left.len(), left.iter().all(u8::is_ascii_whitespace));
            if read == 0 || !is_blank {
                return Ok(is_blank);
            }
            self.reader.consume(read);
        }
    }
}

/// Reads the JSON of a line.
fn parsed<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(line.trim_ascii_end()).map_err(|error| {
        // The parser calls the line that it was given line 1.
        let text = error.to_string();
        let place = format!(" at line 1 column {}", error.column());
        let reason = text.strip_suffix(&place).unwrap_or(&text);
        format!("column {}: {reason}", error.column()).into()
    })
}

/// The header of any version.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

fn header(line: &[u8]) -> Result<Header<'_>, Refusal> {
    if !line.starts_with(HEAD.as_bytes()) {
        return Err(unreadable(line).into());
    }
    let Version { version } = parsed(line)?;
    if version > u64::from(VERSION) {
        return Err(format!(
            "the dump has version {version}, newer than this package reads, which is {VERSION}; \
             load it with a newer nessie-backend-mem"
        )
        .into());
    }
    if version < u64::from(VERSION) {
        let refusal = "the dump was written by nessie-backend-mem 0.4.0; this version reads those \
                       of 0.5.0 and later. Load it with 0.4.0, and create its records anew here";
        return Err(refusal.into());
    }
    parsed(line)
}

impl Header<'_> {
    fn clock(&self) -> Result<Clock, Broken> {
        match (&self.clock, self.start) {
            (ClockKind::System, None) => Ok(Clock::System { latest: self.now }),
            (ClockKind::Standing, Some(start)) if start <= self.now => {
                Ok(Clock::Standing { start, now: self.now })
            }
            _ => Err(Broken("the clock's start does not fit its kind or its time")),
        }
    }

    fn source(&self) -> Result<IdSource, Broken> {
        if self.epoch.0 >= EPOCHS || self.created >= 1 << 63 {
            return Err(Broken("the epoch or the number of records is out of range"));
        }
        Ok(IdSource::resumed(self.seed, self.epoch.0))
    }
}

/// Adds what a line describes. Returns whether that is a volume or a snapshot, which are counted.
fn add_record(rebuild: &mut Rebuild, line: &[u8]) -> Result<bool, Refusal> {
    if line.starts_with(SNAPSHOT.as_bytes()) {
        return rebuild.snapshot(&parsed::<SnapshotLine<'_>>(line)?).map(|()| true);
    }
    if line.starts_with(POLICY.as_bytes()) {
        return rebuild.policy(parsed::<PolicyLine<'_>>(line)?).map(|()| false);
    }
    if line.starts_with(b"<<<<<<<") {
        return Err("a merge left a conflict here; take the dump of one side".into());
    }
    rebuild.volume(&parsed::<VolumeLine<'_>>(line)?).map(|()| true)
}

/// Checks the last line, which was read, and that nothing follows.
fn check_end<R: BufRead>(input: &mut Input<R>) -> Result<(), Failure> {
    let ChecksumLine { checksum: Hex(checksum) } =
        parsed(&input.line).map_err(|refusal| input.refuse(refusal))?;
    if checksum != input.hasher.finish() {
        return Err(input.refuse("the checksum is not that of the lines above; one was altered"));
    }
    if !input.is_at_end()? {
        return Err(input.refuse("more data after the checksum, which must be the last line"));
    }
    Ok(())
}
