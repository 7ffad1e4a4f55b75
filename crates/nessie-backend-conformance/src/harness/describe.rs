//! Texts for messages: records, differences, expected errors.

use nessie_backend_core::{Dependents, Snapshot, Volume};

use crate::oracle::call::{Details, Refusal, Value, snapshots_agree, volumes_agree};
use crate::oracle::model::ExpectedRefusal;

/// Number of characters of a long text that are shown.
const MAX_SHOWN: usize = 80;

/// A short text for the value.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Nothing | Value::MaybeVolume(None) | Value::MaybeSnapshot(None) => {
            "nothing".to_owned()
        }
        Value::Volume(volume) | Value::MaybeVolume(Some(volume)) => {
            format!("the volume {}", text(&volume.name))
        }
        Value::Snapshot(snapshot) | Value::MaybeSnapshot(Some(snapshot)) => {
            format!("the snapshot {}", text(&snapshot.name))
        }
        Value::Volumes(volumes) => format!("{} volumes", volumes.len()),
        Value::Snapshots(snapshots) => format!("{} snapshots", snapshots.len()),
        Value::Handle(handle) => format!("{handle:?}"),
        Value::Space(space) => format!("{space:?}"),
    }
}

/// A longer text for the value: the fields of volumes, the names in lists.
pub(crate) fn in_full(value: &Value) -> String {
    match value {
        Value::Volume(volume) | Value::MaybeVolume(Some(volume)) => fields(volume),
        Value::Volumes(volumes) => {
            let texts: Vec<String> = volumes.iter().map(fields).collect();
            format!("[{}]", texts.join(", "))
        }
        Value::Snapshots(snapshots) => {
            list(&snapshots.iter().map(|it| it.name.clone()).collect::<Vec<_>>())
        }
        other => self::value(other),
    }
}

/// The name of a volume, and the fields that an operation can change.
fn fields(volume: &Volume) -> String {
    let mut fields = vec![text(&volume.name), volume.state.to_string()];
    fields.extend(volume.size_bytes.map(|size| format!("{size} bytes")));
    fields.extend(volume.junction_path.as_deref().map(text));
    fields.extend(volume.export_policy.as_ref().map(|name| format!("policy {}", text(name))));
    fields.extend(volume.origin.as_ref().map(|origin| {
        format!("clone of {} {}", text(&origin.parent_volume), text(&origin.parent_snapshot))
    }));
    format!("({})", fields.join(", "))
}

fn text(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => {
            let head = text.get(..end).unwrap_or_default();
            format!("{head:?}… ({} characters)", text.chars().count())
        }
        None => format!("{text:?}"),
    }
}

/// Describes the first difference, if there is one.
pub(crate) fn difference(found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (
            Value::Volume(found) | Value::MaybeVolume(Some(found)),
            Value::Volume(expected) | Value::MaybeVolume(Some(expected)),
        ) => of_volumes(found, expected),
        (
            Value::Snapshot(found) | Value::MaybeSnapshot(Some(found)),
            Value::Snapshot(expected) | Value::MaybeSnapshot(Some(expected)),
        ) => of_snapshots(found, expected),
        (Value::Volumes(found), Value::Volumes(expected)) => {
            let names = |list: &[Volume]| list.iter().map(|it| it.name.clone()).collect();
            of_lists(found, expected, names, of_volumes)
        }
        (Value::Snapshots(found), Value::Snapshots(expected)) => {
            let names = |list: &[Snapshot]| list.iter().map(|it| it.name.clone()).collect();
            of_lists(found, expected, names, of_snapshots)
        }
        _ if found == expected => None,
        _ => Some(format!("it is {}, and must be {}", value(found), value(expected))),
    }
}

fn of_lists<T>(
    found: &[T],
    expected: &[T],
    names: impl Fn(&[T]) -> Vec<String>,
    difference: impl Fn(&T, &T) -> Option<String>,
) -> Option<String> {
    let first =
        found.iter().zip(expected).find_map(|(found, expected)| difference(found, expected));
    if found.len() == expected.len() && first.is_none() {
        return None;
    }
    let (found, expected) = (names(found), names(expected));
    if found == expected {
        return first;
    }
    Some(format!("the list is {}, and must be {}", list(&found), list(&expected)))
}

fn list(names: &[String]) -> String {
    const MOST: usize = 12;
    let mut shown: Vec<String> = names.iter().take(MOST).map(|name| text(name)).collect();
    if names.len() > MOST {
        shown.push(format!("… ({} in all)", names.len()));
    }
    format!("[{}]", shown.join(", "))
}

fn of_volumes(found: &Volume, expected: &Volume) -> Option<String> {
    if volumes_agree(found, expected) {
        return None;
    }
    let mut differences = Vec::new();
    let mut field = |name: &str, found: String, expected: String| {
        if found != expected {
            differences.push(format!("{name} is {found}, must be {expected}"));
        }
    };
    let optional = |value: &Option<String>| value.as_deref().map_or("unset".to_owned(), text);
    field("uuid", found.uuid.to_string(), expected.uuid.to_string());
    field("name", text(&found.name), text(&expected.name));
    let size = |size: Option<u64>| size.map_or("none".to_owned(), |size| size.to_string());
    field("size_bytes", size(found.size_bytes), size(expected.size_bytes));
    field("state", found.state.to_string(), expected.state.to_string());
    field("style", found.style.to_string(), expected.style.to_string());
    field("vol_type", found.vol_type.to_string(), expected.vol_type.to_string());
    let time = |volume: &Volume| volume.create_time.map_or("unset".to_owned(), |it| it.to_string());
    field("create_time", time(found), time(expected));
    field("junction_path", optional(&found.junction_path), optional(&expected.junction_path));
    field("export_policy", optional(&found.export_policy), optional(&expected.export_policy));
    let origin = |volume: &Volume| match &volume.origin {
        None => "unset".to_owned(),
        Some(origin) => format!(
            "volume {} ({}), snapshot {} ({})",
            text(&origin.parent_volume),
            origin.parent_volume_uuid,
            text(&origin.parent_snapshot),
            origin.parent_snapshot_uuid
        ),
    };
    field("clone", origin(found), origin(expected));
    Some(format!("volume {}: {}", text(&expected.name), differences.join("; ")))
}

fn of_snapshots(found: &Snapshot, expected: &Snapshot) -> Option<String> {
    if snapshots_agree(found, expected) {
        return None;
    }
    let mut differences = Vec::new();
    let mut field = |name: &str, found: String, expected: String| {
        if found != expected {
            differences.push(format!("{name} is {found}, must be {expected}"));
        }
    };
    field("uuid", found.uuid.to_string(), expected.uuid.to_string());
    field("name", text(&found.name), text(&expected.name));
    let time =
        |snapshot: &Snapshot| snapshot.create_time.map_or("unset".to_owned(), |it| it.to_string());
    field("create_time", time(found), time(expected));
    Some(format!("snapshot {}: {}", text(&expected.name), differences.join("; ")))
}

/// The codes that a refusal may have.
pub(crate) fn codes(expected: &ExpectedRefusal) -> String {
    let mut codes: Vec<&str> = expected.any_of.iter().map(|allowed| allowed.code).collect();
    codes.dedup();
    codes.join(" or ")
}

/// The targets that a refusal may have.
pub(crate) fn targets(expected: &ExpectedRefusal) -> String {
    let targets: Vec<String> =
        expected.any_of.iter().flat_map(|allowed| &allowed.targets).map(|it| text(it)).collect();
    targets.join(" or ")
}

/// The dependents that a refusal names.
pub(crate) fn dependents(dependents: Option<&Dependents>) -> String {
    dependents
        .map_or("unknown".to_owned(), |it| format!("{} (count {})", list(&it.names), it.count))
}

/// The dependents that a refusal may have.
pub(crate) fn expected_dependents(expected: &ExpectedRefusal) -> String {
    let allowed = expected.any_of.iter().filter_map(|allowed| allowed.dependents.first());
    let texts: Vec<String> = allowed.map(|it| dependents(Some(it))).collect();
    texts.join(" or ")
}

/// The fields of a refusal other than its target and its dependents.
pub(crate) fn details(details: &Details) -> String {
    match (details.volume, details.state) {
        (Some(volume), _) => format!("the volume {volume}"),
        (None, Some(state)) => format!("the state {state}"),
        (None, None) => "no other field".to_owned(),
    }
}

/// The other fields that a refusal with this code may have.
pub(crate) fn expected_details(expected: &ExpectedRefusal, refusal: &Refusal) -> String {
    let allowed = expected.any_of.iter().filter(|allowed| allowed.code == refusal.code);
    let mut texts: Vec<String> = allowed.map(|allowed| details(&allowed.details)).collect();
    texts.dedup();
    texts.join(" or ")
}
