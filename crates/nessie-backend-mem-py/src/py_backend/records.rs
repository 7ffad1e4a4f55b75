//! Records of the core from the dicts of Python, with strict checks.

use nessie_backend_conformance::MalformedRecord;
use nessie_backend_core::{
    AccessHandle, BackendError, Capabilities, CloneOrigin, Snapshot, Space, Timestamp, Uuid,
    Volume, VolumeState, VolumeStyle, VolumeType,
};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyMapping, PySequence, PyString};

/// The fault of a record. The text continues "returned" or "volume:".
pub(crate) struct Malformed(String);

/// The result of reading.
pub(crate) type Read<T> = Result<T, Malformed>;

impl Malformed {
    pub(crate) fn message(&self) -> &str {
        &self.0
    }

    /// The error of the operation that returned it.
    pub(super) fn returned_by(self, operation: &'static str) -> BackendError {
        let message = format!("returned {}", self.0);
        BackendError::substrate(operation, MalformedRecord::new(message))
    }

    fn whole(value: &Bound<'_, PyAny>, expected: &str) -> Self {
        Self(format!("{}, not {expected}", shown(value)))
    }
}

/// The most characters of a value that a message shows.
const MAX_CHARACTERS: usize = 400;

/// The `repr` of a value, cut if it is long.
fn shown(value: &Bound<'_, PyAny>) -> String {
    let kind = || value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    let Ok(text) = value.repr() else {
        return format!("a {} whose repr() fails", kind());
    };
    let text = text.to_string_lossy();
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}… (a {})", text.get(..end).unwrap_or_default(), kind()),
        None => text.into_owned(),
    }
}

/// The entries of one mapping. Each is read once.
struct Fields<'a, 'py> {
    whole: &'a Bound<'py, PyAny>,
    /// A copy, because another thread may change the original at any time.
    rest: Bound<'py, PyDict>,
}

impl<'a, 'py> Fields<'a, 'py> {
    fn of(whole: &'a Bound<'py, PyAny>) -> Read<Self> {
        let copied = match whole.cast::<PyDict>() {
            Ok(dict) => dict.copy(),
            Err(_) if whole.cast::<PyMapping>().is_ok() => {
                let dict = PyDict::new(whole.py());
                dict.call_method1("update", (whole,)).map(|_| dict)
            }
            Err(_) => return Err(Malformed::whole(whole, "a dict")),
        };
        match copied {
            Ok(rest) => Ok(Self { whole, rest }),
            Err(error) => {
                Err(Malformed(format!("{}, which cannot be read: {error}", shown(whole))))
            }
        }
    }

    /// The error of the value of `key`.
    fn wrong(&self, key: &str, value: &Bound<'py, PyAny>, expected: &str) -> Malformed {
        let (value, whole) = (shown(value), shown(self.whole));
        Malformed(format!("a {key:?} of {value}, not {expected}, in {whole}"))
    }

    fn optional(&self, key: &str) -> Read<Option<Bound<'py, PyAny>>> {
        let unreadable = |error: PyErr| Malformed(format!("{}: {error}", shown(self.whole)));
        let value = self.rest.get_item(key).map_err(unreadable)?;
        if value.is_some() {
            self.rest.del_item(key).map_err(unreadable)?;
        }
        Ok(value)
    }

    fn required(&self, key: &str) -> Read<Bound<'py, PyAny>> {
        self.optional(key)?.ok_or_else(|| Malformed(format!("no {key:?} in {}", shown(self.whole))))
    }

    fn text_of(&self, key: &str, value: &Bound<'py, PyAny>) -> Read<String> {
        let text = value.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
        text.map(str::to_owned).ok_or_else(|| self.wrong(key, value, "a str"))
    }

    fn text(&self, key: &str) -> Read<String> {
        self.text_of(key, &self.required(key)?)
    }

    fn optional_text(&self, key: &str) -> Read<Option<String>> {
        self.optional(key)?.map(|value| self.text_of(key, &value)).transpose()
    }

    /// A value of an enum, given as its word.
    fn word<T: Copy>(&self, key: &str, all: &[T], word: fn(T) -> &'static str) -> Read<T> {
        let value = self.required(key)?;
        let text = self.text_of(key, &value)?;
        all.iter().copied().find(|each| word(*each) == text).ok_or_else(|| {
            let words: Vec<_> = all.iter().map(|each| word(*each)).collect();
            self.wrong(key, &value, &format!("one of {}", words.join(", ")))
        })
    }

    /// An identifier in its canonical spelling.
    fn id<T: From<Uuid>>(&self, key: &str) -> Read<T> {
        let value = self.required(key)?;
        let text = self.text_of(key, &value)?;
        match Uuid::parse_str(&text) {
            Ok(uuid) if uuid.hyphenated().to_string() == text => Ok(uuid.into()),
            _ => Err(self.wrong(key, &value, "a UUID in lower case with hyphens")),
        }
    }

    fn time_of(&self, key: &str, value: &Bound<'py, PyAny>) -> Read<Timestamp> {
        let text = self.text_of(key, value)?;
        let time = if is_utc(&text) { text.parse().ok() } else { None };
        time.ok_or_else(|| {
            self.wrong(key, value, "an RFC 3339 time in UTC as 2000-01-01T00:00:00Z")
        })
    }

    fn optional_time(&self, key: &str) -> Read<Option<Timestamp>> {
        self.optional(key)?.map(|value| self.time_of(key, &value)).transpose()
    }

    /// A number of bytes. A `bool` is refused.
    fn bytes_of(&self, key: &str, value: &Bound<'py, PyAny>) -> Read<u64> {
        let number = value.cast::<PyInt>().ok().filter(|_| value.cast::<PyBool>().is_err());
        number
            .and_then(|number| number.extract().ok())
            .ok_or_else(|| self.wrong(key, value, "an int from 0 to 2**64-1"))
    }

    fn optional_bytes(&self, key: &str) -> Read<Option<u64>> {
        self.optional(key)?.map(|value| self.bytes_of(key, &value)).transpose()
    }

    fn truth(&self, key: &str) -> Read<bool> {
        let value = self.required(key)?;
        match value.cast::<PyBool>() {
            Ok(truth) => Ok(truth.is_true()),
            Err(_) => Err(self.wrong(key, &value, "True or False")),
        }
    }

    /// Refuses keys that were not read.
    fn end(self) -> Read<()> {
        match self.rest.keys().iter().next() {
            None => Ok(()),
            Some(key) => Err(Malformed(format!(
                "the key {}, which the contract does not have, in {}",
                shown(&key),
                shown(self.whole)
            ))),
        }
    }
}

/// Whether a text has the shape `YYYY-MM-DDTHH:MM:SS[.f]Z`, with one to six digits in place of `f`.
fn is_utc(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let Some((whole, rest)) = text.as_bytes().split_at_checked(SHAPE.len()) else {
        return false;
    };
    let fits = |(byte, shape): (&u8, &u8)| {
        if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape }
    };
    let fraction =
        |digits: &[u8]| (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    whole.iter().zip(SHAPE).all(fits)
        && match rest {
            b"Z" => true,
            [b'.', digits @ .., b'Z'] => fraction(digits),
            _ => false,
        }
}

/// Reads the account of a backend's space.
pub(crate) fn space(value: &Bound<'_, PyAny>) -> Read<Space> {
    let fields = Fields::of(value)?;
    let bytes = |key: &str| fields.bytes_of(key, &fields.required(key)?);
    let limit = |key: &str| {
        let value = fields.required(key)?;
        if value.is_none() { Ok(None) } else { fields.bytes_of(key, &value).map(Some) }
    };
    let mut space = Space::new(limit("capacity_bytes")?, 0, 0);
    space.used_bytes = bytes("used_bytes")?;
    space.available_bytes = limit("available_bytes")?;
    space.live_bytes = bytes("live_bytes")?;
    space.snapshot_bytes = bytes("snapshot_bytes")?;
    fields.end()?;
    Ok(space)
}

/// Reads a volume.
pub(crate) fn volume(value: &Bound<'_, PyAny>) -> Read<Volume> {
    let fields = Fields::of(value)?;
    let mut volume = Volume::new(fields.id("uuid")?, fields.text("name")?);
    let size = fields.required("size_bytes")?;
    volume.size_bytes =
        if size.is_none() { None } else { Some(fields.bytes_of("size_bytes", &size)?) };
    volume.state = fields.word("state", VolumeState::ALL, VolumeState::as_str)?;
    volume.style = fields.word("style", VolumeStyle::ALL, VolumeStyle::as_str)?;
    volume.vol_type = fields.word("vol_type", VolumeType::ALL, VolumeType::as_str)?;
    volume.create_time = fields.optional_time("create_time")?;
    volume.used_bytes = fields.optional_bytes("used_bytes")?;
    volume.junction_path = fields.optional_text("junction_path")?;
    volume.export_policy = fields.optional_text("export_policy")?;
    volume.snapshot_policy = fields.optional_text("snapshot_policy")?;
    volume.origin = fields.optional("clone")?.map(|value| origin(&value)).transpose()?;
    fields.end()?;
    Ok(volume)
}

fn origin(value: &Bound<'_, PyAny>) -> Read<CloneOrigin> {
    let fields = Fields::of(value)?;
    let (volume, snapshot) = (fields.text("parent_volume")?, fields.text("parent_snapshot")?);
    let volume_uuid = fields.id("parent_volume_uuid")?;
    let snapshot_uuid = fields.id("parent_snapshot_uuid")?;
    let origin = CloneOrigin::new(volume_uuid, volume, snapshot_uuid, snapshot);
    fields.end()?;
    Ok(origin)
}

/// Reads a snapshot.
pub(crate) fn snapshot(value: &Bound<'_, PyAny>) -> Read<Snapshot> {
    let fields = Fields::of(value)?;
    let mut snapshot = Snapshot::new(fields.id("uuid")?, fields.text("name")?);
    snapshot.create_time = fields.optional_time("create_time")?;
    let size = fields.required("size_consumed")?;
    snapshot.size_consumed = fields.bytes_of("size_consumed", &size)?;
    snapshot.expires_at = fields.optional_time("expires_at")?;
    fields.end()?;
    Ok(snapshot)
}

/// Reads a list of records.
pub(super) fn list<T>(
    value: &Bound<'_, PyAny>,
    read: impl Fn(&Bound<'_, PyAny>) -> Read<T>,
) -> Read<Vec<T>> {
    let is_text = value.cast::<PyString>().is_ok() || value.cast::<PyBytes>().is_ok();
    if is_text || value.cast::<PySequence>().is_err() {
        return Err(Malformed::whole(value, "a list"));
    }
    let unreadable = |error: PyErr| Malformed(format!("{}: {error}", shown(value)));
    value.try_iter().map_err(unreadable)?.map(|record| read(&record.map_err(unreadable)?)).collect()
}

/// Reads the capabilities of a backend.
pub(super) fn capabilities(value: &Bound<'_, PyAny>) -> Read<Capabilities> {
    let fields = Fields::of(value)?;
    let mut capabilities = Capabilities::VOLUMES;
    capabilities.snapshots = fields.truth("snapshots")?;
    capabilities.clones = fields.truth("clones")?;
    capabilities.replication = fields.truth("replication")?;
    fields.end()?;
    Ok(capabilities)
}

/// Reads an access handle.
pub(super) fn access_handle(value: &Bound<'_, PyAny>) -> Read<AccessHandle> {
    let fields = Fields::of(value)?;
    let kind = fields.required("kind")?;
    let handle = match fields.text_of("kind", &kind)?.as_str() {
        "in_memory" => AccessHandle::InMemory,
        "nfs_export" => {
            AccessHandle::NfsExport { server: fields.text("server")?, path: fields.text("path")? }
        }
        "s3_presigned" => AccessHandle::S3Presigned {
            url: fields.text("url")?,
            expires_at: fields.time_of("expires_at", &fields.required("expires_at")?)?,
        },
        "git_ref" => AccessHandle::GitRef {
            remote: fields.text("remote")?,
            ref_name: fields.text("ref_name")?,
        },
        "p4_stream" => AccessHandle::P4Stream {
            p4port: fields.text("p4port")?,
            stream: fields.text("stream")?,
        },
        "ontap_passthrough" => AccessHandle::OntapPassthrough {
            mgmt_lif: fields.text("mgmt_lif")?,
            data_lif: fields.text("data_lif")?,
        },
        _ => return Err(fields.wrong("kind", &kind, "a kind of access handle")),
    };
    fields.end()?;
    Ok(handle)
}

/// Checks that `None` was returned.
pub(super) fn nothing(value: &Bound<'_, PyAny>) -> Read<()> {
    if value.is_none() { Ok(()) } else { Err(Malformed::whole(value, "None")) }
}
