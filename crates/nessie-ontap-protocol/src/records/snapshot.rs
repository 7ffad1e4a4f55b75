//! Snapshots.

use std::fmt::Write;
use std::sync::Arc;

use nessie_backend_core::{Snapshot, SnapshotSpace, Timestamp};

use super::{Attribute, Attributes, Named, SvmContext, href};
use crate::{ArrayField, DocumentedFields, FieldKind, FieldValue, Schema};

/// A snapshot of the backend with its attributes.
#[derive(Clone, Debug)]
pub struct SnapshotRecord {
    /// The SVM of its volume.
    pub svm_context: Arc<SvmContext>,
    /// Its volume.
    pub volume: Arc<Named>,
    /// The backend's record of it.
    pub snapshot: Snapshot,
    /// The account of its data. `None` if that was not requested, or if the backend keeps none.
    pub space: Option<SnapshotSpace>,
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
    fn attribute(&self, path: &str) -> FieldValue<'_> {
        let set = self.attributes.as_ref().and_then(|attributes| attributes.get(path));
        set.map_or(FieldValue::Unset, Attribute::value)
    }

    /// The bytes of the live data when it was taken. Without an account of them, at least those that
    /// only the snapshot holds.
    fn size(&self) -> u64 {
        self.space.map_or(self.snapshot.size_consumed, |space| space.used_bytes)
    }

    /// The bytes of the volume's present live data that it lacks.
    fn changed(&self) -> u64 {
        self.space.map_or(0, |space| space.changed_bytes)
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

const STATES: FieldKind =
    FieldKind::Enumeration(&["valid", "invalid", "partial", "unknown", "pre_conversion"]);

/// `/api/storage/volumes/{volume.uuid}/snapshots`.
pub static SNAPSHOT: Schema<SnapshotRecord> = Schema {
    name: "snapshot",
    documented: DocumentedFields::of(include_str!("documented/snapshot.txt")),
    order: &["position", "uuid"],
    hidden: fields![
        "position" FieldKind::Integer, Expensive, Never => |s| s.position.into();
    ],
    fields: fields![
        "comment" FieldKind::Text, Default, Both => |s| s.attribute("comment");
        "create_time" FieldKind::Time, Default, Never => |s| s.snapshot.create_time.into();
        "delta.size_consumed" FieldKind::Size, Expensive, Never => |s| s.changed().into();
        "delta.time_elapsed" FieldKind::Text, Expensive, Never => |s| s.age().into();
        "expiry_time" FieldKind::Time, Default, Both => |s| match s.snapshot.expires_at {
            None => s.attribute("expiry_time"),
            expires_at => expires_at.into(),
        };
        "logical_size" FieldKind::Size, Expensive, Never => |s| s.size().into();
        "name" FieldKind::Text, Key, Both => |s| (&s.snapshot.name).into();
        "owners" FieldKind::Text, Expensive, Never => |s| {
            let owner = s.is_cloned.then(|| "volume_clone".into());
            FieldValue::List(owner.into_iter().collect())
        };
        "provenance_volume.uuid" FieldKind::Uuid, Expensive, Never => |s| s.volume.uuid.into();
        "reclaimable_space" FieldKind::Size, Expensive, Never => |s| s.snapshot.size_consumed.into();
        "size" FieldKind::Size, Default, Never => |s| s.size().into();
        "snaplock.expired" FieldKind::Boolean, Expensive, Never => |s| match s.attribute("snaplock_expiry_time") {
            FieldValue::Time(time) => (time <= s.now).into(),
            _ => FieldValue::Unset,
        };
        "snaplock.expiry_time" FieldKind::Time, Expensive, Never => |s| s.attribute("snaplock_expiry_time");
        "snaplock_expiry_time" FieldKind::Time, Expensive, Both => |s| s.attribute("snaplock_expiry_time");
        "snapmirror_label" FieldKind::Text, Default, Both => |s| s.attribute("snapmirror_label");
        "state" STATES, Default, Never => |s| match s.attribute("state") {
            FieldValue::Unset => "valid".into(),
            state => state,
        };
        "svm.name" FieldKind::Text, Default, Post => |s| (&s.svm_context.svm.name).into();
        "svm.uuid" FieldKind::Uuid, Default, Post => |s| s.svm_context.svm.uuid.into();
        "uuid" FieldKind::Uuid, Key, Never => |s| s.snapshot.uuid.uuid().into();
        "version_uuid" FieldKind::Uuid, Expensive, Never => |s| s.snapshot.uuid.uuid().into();
        "volume.name" FieldKind::Text, Default, Post => |s| (&s.volume.name).into();
        "volume.uuid" FieldKind::Uuid, Default, Post => |s| s.volume.uuid.into();
    ],
    references: references![
        "provenance_volume" => |s, _| Some(href::volume(s.volume.uuid));
        "svm" => |s, _| Some(s.svm_context.svm_href());
        "volume" => |s, _| Some(href::volume(s.volume.uuid));
    ],
    arrays: &[ArrayField::at("owners")],
    href: |s| href::snapshot(s.volume.uuid, s.snapshot.uuid),
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
