//! The grammar of values and the form of records, as the suite reads the contract.

use nessie_backend_core::{Snapshot, Uuid, Volume, VolumeType};

/// Whether a volume may have the name.
pub(crate) fn is_volume_name(name: &str) -> bool {
    is_name(name, 203)
}

/// Whether a snapshot may have the name.
pub(crate) fn is_snapshot_name(name: &str) -> bool {
    is_name(name, 255)
}

fn is_name(name: &str, longest: usize) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(is_word)
        && name.chars().all(|c| is_word(c) || "-.:".contains(c))
        && name.len() <= longest
}

/// Whether a volume may be mounted at the path.
pub(crate) fn is_junction_path(path: &str) -> bool {
    path.len() <= 4096
        && !path.chars().any(char::is_control)
        && path.strip_prefix('/').is_some_and(|components| {
            components.split('/').all(|component| !["", ".", ".."].contains(&component))
        })
}

/// Whether an export policy may have the name.
pub(crate) fn is_export_policy(name: &str) -> bool {
    (1..=256).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// What is wrong with an identifier's form, and the rule it breaks.
pub(crate) fn check_uuid(uuid: Uuid) -> Result<(), (&'static str, String)> {
    let [_, _, _, _, _, _, version, _, variant, ..] = *uuid.as_bytes();
    if version >> 4 == 4 && variant >> 6 == 0b10 {
        Ok(())
    } else {
        Err(("2.uuid_form", format!("{uuid} is no UUID of version 4")))
    }
}

/// What is wrong with a volume's form, and the rule it breaks.
pub(crate) fn check_volume(volume: &Volume) -> Result<(), (&'static str, String)> {
    let wrong = |rule, text: String| Err((rule, format!("a volume's {text}")));
    check_uuid(volume.uuid.uuid())?;
    if !is_volume_name(&volume.name) {
        return wrong("2.volume_names", format!("name is {:?}", volume.name));
    }
    if volume.size_bytes == Some(0) {
        return wrong("1.size", "size_bytes is 0".to_owned());
    }
    if let Some(path) = volume.junction_path.as_ref().filter(|path| !is_junction_path(path)) {
        return wrong("2.junction_path", format!("junction_path is {path:?}"));
    }
    if let Some(policy) = volume.export_policy.as_ref().filter(|name| !is_export_policy(name)) {
        return wrong("2.export_policy", format!("export_policy is {policy:?}"));
    }
    if let Some(origin) = &volume.clone {
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

/// What is wrong with a snapshot's form, and the rule it breaks.
pub(crate) fn check_snapshot(snapshot: &Snapshot) -> Result<(), (&'static str, String)> {
    check_uuid(snapshot.uuid.uuid())?;
    if !is_snapshot_name(&snapshot.name) {
        return Err(("2.snapshot_names", format!("a snapshot's name is {:?}", snapshot.name)));
    }
    Ok(())
}
