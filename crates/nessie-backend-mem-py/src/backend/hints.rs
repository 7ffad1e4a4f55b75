//! Hints in error messages about the probable mistake of the caller.

use nessie_backend_core::{BackendError, SnapshotId, VolumeId};
use nessie_backend_mem::MemBackend;

/// The hint for an error of the backend.
pub(crate) fn of_refusal(backend: &MemBackend, error: &BackendError) -> Option<String> {
    match error {
        BackendError::VolumeNotFound { volume } => {
            let (of, name) = snapshot(backend, SnapshotId::new(volume.uuid()))?;
            Some(format!(": that is the uuid of snapshot {name:?} of volume {of:?}"))
        }
        BackendError::SnapshotNotFound { snapshot: asked, .. } => {
            if let Some((of, name)) = snapshot(backend, *asked) {
                return Some(format!(": it is snapshot {name:?} of volume {of:?}"));
            }
            let volume = backend.rows().get_volume(VolumeId::new(asked.uuid())).ok()?;
            Some(format!(": that is the uuid of volume {:?}", volume.name.as_str()))
        }
        BackendError::FeatureNotSupported { feature } if feature == "advance" => Some(
            ": it follows the system's clock; MemBackend(seed=...) and MemBackend(start=...) have \
             clocks that can be moved"
                .to_owned(),
        ),
        _ => None,
    }
}

/// The hint for a text that is not a uuid.
pub(crate) fn of_volume_text(backend: &MemBackend, text: &str) -> Option<String> {
    backend
        .contains_name(text)
        .then(|| format!("; a volume has that name, and find_volume({text:?}) returns its record"))
}

/// The hint for a text that is not a uuid of a snapshot of the volume.
pub(crate) fn of_snapshot_text(
    backend: &MemBackend,
    volume: VolumeId,
    text: &str,
) -> Option<String> {
    backend.rows().find_snapshot(volume, text).ok()??;
    Some(format!(
        "; a snapshot of the volume has that name, and find_snapshot({:?}, {text:?}) returns its \
         record",
        volume.to_string()
    ))
}

/// The names of a snapshot's volume and of the snapshot.
fn snapshot(backend: &MemBackend, snapshot: SnapshotId) -> Option<(String, String)> {
    let rows = backend.rows();
    let volume = backend.volume_of(snapshot)?;
    let name = rows.get_snapshot(volume, snapshot).ok()?.name;
    Some((rows.get_volume(volume).ok()?.name.into(), name.into()))
}
