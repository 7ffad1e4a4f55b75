//! Snapshots.

use std::fmt::Write;
use std::sync::Arc;

use nessie_backend_core::{Snapshot, Timestamp};

use super::{Attribute, Attributes, Named, Place};
use crate::{Array, Documented, Kind, Schema, Value};

/// A snapshot of the backend with its attributes.
#[derive(Clone, Debug)]
pub struct SnapshotRecord {
    /// The SVM of its volume.
    pub place: Arc<Place>,
    /// Its volume.
    pub volume: Arc<Named>,
    /// The backend's record of it.
    pub snapshot: Snapshot,
    /// The attributes. `None` if all have their defaults.
    pub attributes: Option<Arc<Attributes>>,
    /// Its position in the order of creation.
    pub position: u64,
    /// Whether a clone depends on it. False if that was not requested.
    pub is_cloned: bool,
    /// The current time.
    pub now: Timestamp,
}

impl SnapshotRecord {
    fn attribute(&self, path: &str) -> Value<'_> {
        let set = self.attributes.as_ref().and_then(|attributes| attributes.get(path));
        set.map_or(Value::Unset, Attribute::value)
    }

    fn volume_href(&self) -> String {
        format!("/api/storage/volumes/{}", self.volume.uuid)
    }

    /// The time since it was created, in ISO 8601.
    fn age(&self) -> Option<String> {
        let micros =
            self.now.unix_micros().checked_sub(self.snapshot.create_time?.unix_micros())?;
        Some(duration(u64::try_from(micros / 1_000_000).unwrap_or_default()))
    }
}

/// A number of seconds as a duration in ISO 8601, such as `P1DT2H3M4S`.
fn duration(seconds: u64) -> String {
    let mut text = "P".to_owned();
    if seconds >= 86_400 {
        let _ = write!(text, "{}D", seconds / 86_400);
    }
    text.push('T');
    for (unit, letter) in [(seconds / 3_600 % 24, 'H'), (seconds / 60 % 60, 'M')] {
        if unit > 0 {
            let _ = write!(text, "{unit}{letter}");
        }
    }
    text + &format!("{}S", seconds % 60)
}

const STATES: Kind =
    Kind::Enumeration(&["valid", "invalid", "partial", "unknown", "pre_conversion"]);

/// `/api/storage/volumes/{volume.uuid}/snapshots`.
pub static SNAPSHOT: Schema<SnapshotRecord> = Schema {
    name: "snapshot",
    documented: Documented::of(include_str!("documented/snapshot.txt")),
    order: &["position", "uuid"],
    hidden: fields![
        "position" Kind::Integer, Expensive, Never => |s| s.position.into();
    ],
    fields: fields![
        "comment" Kind::Text, Default, Both => |s| s.attribute("comment");
        "create_time" Kind::Time, Default, Never => |s| s.snapshot.create_time.into();
        "delta.size_consumed" Kind::Size, Expensive, Never => |s| s.snapshot.size_consumed.into();
        "delta.time_elapsed" Kind::Text, Expensive, Never => |s| s.age().into();
        "expiry_time" Kind::Time, Default, Both => |s| s.attribute("expiry_time");
        "logical_size" Kind::Size, Expensive, Never => |s| s.snapshot.size_consumed.into();
        "name" Kind::Text, Key, Both => |s| (&s.snapshot.name).into();
        "owners" Kind::Text, Expensive, Never => |s| {
            let owner = s.is_cloned.then(|| "volume_clone".into());
            Value::List(owner.into_iter().collect())
        };
        "provenance_volume.uuid" Kind::Uuid, Expensive, Never => |s| s.volume.uuid.into();
        "reclaimable_space" Kind::Size, Expensive, Never => |s| s.snapshot.size_consumed.into();
        "size" Kind::Size, Default, Never => |s| s.snapshot.size_consumed.into();
        "snaplock.expired" Kind::Boolean, Expensive, Never => |s| match s.attribute("snaplock_expiry_time") {
            Value::Time(time) => (time <= s.now).into(),
            _ => Value::Unset,
        };
        "snaplock.expiry_time" Kind::Time, Expensive, Never => |s| s.attribute("snaplock_expiry_time");
        "snaplock_expiry_time" Kind::Time, Expensive, Both => |s| s.attribute("snaplock_expiry_time");
        "snapmirror_label" Kind::Text, Default, Both => |s| s.attribute("snapmirror_label");
        "state" STATES, Default, Never => |_| "valid".into();
        "svm.name" Kind::Text, Default, Post => |s| (&s.place.svm.name).into();
        "svm.uuid" Kind::Uuid, Default, Post => |s| s.place.svm.uuid.into();
        "uuid" Kind::Uuid, Key, Never => |s| s.snapshot.uuid.uuid().into();
        "version_uuid" Kind::Uuid, Expensive, Never => |s| s.snapshot.uuid.uuid().into();
        "volume.name" Kind::Text, Default, Post => |s| (&s.volume.name).into();
        "volume.uuid" Kind::Uuid, Default, Post => |s| s.volume.uuid.into();
    ],
    references: references![
        "provenance_volume" => |s, _| Some(s.volume_href());
        "svm" => |s, _| Some(s.place.svm_href());
        "volume" => |s, _| Some(s.volume_href());
    ],
    arrays: &[Array::at("owners")],
    href: |s| format!("{}/snapshots/{}", s.volume_href(), s.snapshot.uuid),
};

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_those_of_iso_8601() {
        assert_eq!(duration(0), "PT0S");
        assert_eq!(duration(3_661), "PT1H1M1S");
        assert_eq!(duration(86_400), "P1DT0S");
        assert_eq!(duration(93_785), "P1DT2H3M5S");
    }
}
