//! The contract's rules for values and records, implemented independently of any backend.

use nessie_backend_core::{Snapshot, Space, Uuid, Volume, VolumeType};

/// Whether this is a valid volume name.
#[must_use]
pub fn is_volume_name(name: &str) -> bool {
    is_name(name, 203)
}

/// Whether this is a valid snapshot name.
#[must_use]
pub fn is_snapshot_name(name: &str) -> bool {
    is_name(name, 255)
}

fn is_name(name: &str, longest: usize) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(is_word)
        && name.chars().all(|c| is_word(c) || "-.:".contains(c))
        && name.len() <= longest
}

/// Whether this is a valid junction path.
#[must_use]
pub fn is_junction_path(path: &str) -> bool {
    path.len() <= 4096
        && !path.chars().any(char::is_control)
        && path.strip_prefix('/').is_some_and(|components| {
            components.split('/').all(|component| !["", ".", ".."].contains(&component))
        })
}

/// Whether this is a valid export policy name.
#[must_use]
pub fn is_export_policy(name: &str) -> bool {
    (1..=256).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// Checks the form of an identifier.
///
/// # Errors
/// The rule it breaks, and a description.
pub fn check_uuid(uuid: Uuid) -> Result<(), (&'static str, String)> {
    let [_, _, _, _, _, _, version, _, variant, ..] = *uuid.as_bytes();
    if version >> 4 == 4 && variant >> 6 == 0b10 {
        Ok(())
    } else {
        Err(("2.uuid_form", format!("{uuid} is not a UUID of version 4")))
    }
}

/// Checks the form of a volume record.
///
/// # Errors
/// As [`check_uuid`].
pub fn check_volume(volume: &Volume) -> Result<(), (&'static str, String)> {
    let wrong = |rule, text: String| Err((rule, format!("a volume's {text}")));
    check_uuid(volume.uuid.uuid())?;
    if !is_volume_name(&volume.name) {
        return wrong("2.volume_names", format!("name is {:?}", volume.name));
    }
    if volume.size_bytes == Some(0) {
        return wrong("1.size", "size_bytes is 0".to_owned());
    }
    if let (Some(used), Some(size)) = (volume.used_bytes, volume.size_bytes)
        && used > size
    {
        let text = format!("used_bytes is {used}, more than its size_bytes of {size}");
        return wrong("8.used_bytes", text);
    }
    if let Some(path) = volume.junction_path.as_ref().filter(|path| !is_junction_path(path)) {
        return wrong("2.junction_path", format!("junction_path is {path:?}"));
    }
    if let Some(policy) = volume.export_policy.as_ref().filter(|name| !is_export_policy(name)) {
        return wrong("2.export_policy", format!("export_policy is {policy:?}"));
    }
    if let Some(origin) = &volume.origin {
        check_uuid(origin.parent_volume_uuid.uuid())?;
        check_uuid(origin.parent_snapshot_uuid.uuid())?;
        if !is_volume_name(&origin.parent_volume) || !is_snapshot_name(&origin.parent_snapshot) {
            return wrong("1.origin", format!("origin is {origin:?}"));
        }
        if origin.parent_volume_uuid == volume.uuid {
            return wrong("1.origin", "origin is itself".to_owned());
        }
        if volume.vol_type != VolumeType::Rw {
            return wrong("1.kind", format!("vol_type is {}, and it is a clone", volume.vol_type));
        }
    }
    Ok(())
}

/// Checks the form of a snapshot record.
///
/// # Errors
/// As [`check_uuid`].
pub fn check_snapshot(snapshot: &Snapshot) -> Result<(), (&'static str, String)> {
    check_uuid(snapshot.uuid.uuid())?;
    if !is_snapshot_name(&snapshot.name) {
        return Err(("2.snapshot_names", format!("a snapshot's name is {:?}", snapshot.name)));
    }
    Ok(())
}

/// Checks whether the numbers of an account of space add up.
///
/// # Errors
/// As [`check_uuid`].
pub fn check_space(space: &Space) -> Result<(), (&'static str, String)> {
    let wrong = |text: String| Err(("8.space", text));
    let &Space { capacity_bytes, used_bytes, available_bytes, live_bytes, snapshot_bytes, .. } =
        space;
    if capacity_bytes == Some(0) {
        return wrong("capacity_bytes is 0".to_owned());
    }
    if live_bytes.checked_add(snapshot_bytes) != Some(used_bytes) {
        return wrong(format!(
            "used_bytes is {used_bytes}, and not the sum of {live_bytes} live_bytes and \
             {snapshot_bytes} snapshot_bytes"
        ));
    }
    match (capacity_bytes, available_bytes) {
        (None, None) => Ok(()),
        (Some(capacity), Some(available))
            if used_bytes.checked_add(available) == Some(capacity) =>
        {
            Ok(())
        }
        (capacity, available) => {
            let shown = |bytes: Option<u64>| bytes.map_or("none".to_owned(), |it| it.to_string());
            wrong(format!(
                "available_bytes is {}, and not what {used_bytes} used_bytes leave of \
                 capacity_bytes, which is {}",
                shown(available),
                shown(capacity)
            ))
        }
    }
}
