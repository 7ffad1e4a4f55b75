//! Seed files: JSON documents with the first volumes of an endpoint.
//!
//! `nessie-backend-mem serve --help` of the Python package documents the same format.

use std::collections::BTreeMap;

use nessie_backend_core::{
    CloneBackend, SnapshotBackend, Volume, VolumeBackend, VolumePatch, VolumeSpec, VolumeState,
};
use nessie_backend_mem::MemBackend;
use serde::Deserialize;

use crate::size::parse_size;

/// The document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedFile {
    #[serde(default)]
    volumes: Vec<SeedVolume>,
}

/// A volume, with its snapshots and clones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedVolume {
    name: String,
    svm: Option<String>,
    /// The snapshot that a clone is of.
    snapshot: Option<String>,
    size: Option<Size>,
    junction_path: Option<String>,
    export_policy: Option<String>,
    state: Option<VolumeState>,
    #[serde(default)]
    snapshots: Vec<String>,
    #[serde(default)]
    clones: Vec<SeedVolume>,
}

/// A size in bytes, also as text with a unit.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Size {
    Bytes(u64),
    Text(String),
}

impl SeedFile {
    /// Creates the volumes in the backends of the SVMs. The first of them is the default.
    ///
    /// # Errors
    /// A text with the place in the document. Everything before that place was created.
    pub(crate) fn create(&self, svms: &[(String, MemBackend)]) -> Result<(), String> {
        let by_name: BTreeMap<_, _> =
            svms.iter().map(|(name, backend)| (name.as_str(), backend)).collect();
        for (index, volume) in self.volumes.iter().enumerate() {
            let place = format!("volumes[{index}]");
            let backend = match &volume.svm {
                None => svms.first().map(|(_, backend)| backend),
                Some(svm) => by_name.get(svm.as_str()).copied(),
            };
            let backend = backend.ok_or_else(|| {
                let names: Vec<_> = by_name.keys().copied().collect();
                let given = volume.svm.as_deref().unwrap_or_default();
                format!("{place}.svm: there is no SVM {given:?}, only {}", names.join(", "))
            })?;
            if volume.snapshot.is_some() {
                return Err(format!("{place}: unknown key \"snapshot\"; only a clone has it"));
            }
            let mut spec = VolumeSpec::named(&volume.name);
            spec.size_bytes = volume.size(&place)?;
            let created =
                backend.create_volume(spec).map_err(|error| format!("{place}: {error}"))?;
            volume.finish(backend, &place, &created)?;
        }
        Ok(())
    }
}

impl SeedVolume {
    fn size(&self, place: &str) -> Result<Option<u64>, String> {
        match &self.size {
            None => Ok(None),
            Some(Size::Bytes(bytes)) => Ok(Some(*bytes)),
            Some(Size::Text(text)) => parse_size(text).map(Some).ok_or_else(|| {
                format!("{place}.size: {text:?} is not a size such as 50GB, 50GiB or 1073741824")
            }),
        }
    }

    /// Gives a new volume its fields, snapshots, clones and state.
    fn finish(&self, backend: &MemBackend, place: &str, volume: &Volume) -> Result<(), String> {
        let failed = |error| format!("{place}: {error}");
        let mut patch = VolumePatch::new();
        patch.junction_path.clone_from(&self.junction_path);
        patch.export_policy.clone_from(&self.export_policy);
        backend.patch_volume(volume.uuid, patch).map_err(failed)?;
        for name in &self.snapshots {
            backend.create_snapshot(volume.uuid, name).map_err(failed)?;
        }
        for (index, clone) in self.clones.iter().enumerate() {
            clone.create_clone(backend, &format!("{place}.clones[{index}]"), volume)?;
        }
        if self.state.is_some() {
            // Last, because an offline volume can have neither new snapshots nor new clones.
            let mut patch = VolumePatch::new();
            patch.state = self.state;
            backend.patch_volume(volume.uuid, patch).map_err(failed)?;
        }
        Ok(())
    }

    fn create_clone(
        &self,
        backend: &MemBackend,
        place: &str,
        parent: &Volume,
    ) -> Result<(), String> {
        if self.svm.is_some() {
            return Err(format!(
                "{place}: unknown key \"svm\"; a clone is in the SVM of its parent"
            ));
        }
        let failed = |error| format!("{place}: {error}");
        let Some(name) = &self.snapshot else {
            return Err(format!("{place}: the key \"snapshot\" is missing"));
        };
        let found = backend.find_snapshot(parent.uuid, name).map_err(failed)?;
        let snapshot = found.ok_or_else(|| {
            format!("{place}.snapshot: the volume {:?} has no snapshot {name:?}", parent.name)
        })?;
        let clone = backend.create_clone(parent.uuid, snapshot.uuid, &self.name).map_err(failed)?;
        if let Some(size) = self.size(place)? {
            let mut patch = VolumePatch::new();
            patch.size_bytes = Some(size);
            backend.patch_volume(clone.uuid, patch).map_err(failed)?;
        }
        self.finish(backend, place, &clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(document: &str) -> Result<MemBackend, String> {
        let backend = MemBackend::new();
        let file: SeedFile = serde_json::from_str(document).map_err(|error| error.to_string())?;
        file.create(&[("svm1".to_owned(), backend.clone())]).map(|()| backend)
    }

    #[test]
    fn volumes_snapshots_and_clones_are_created() {
        let backend = load(
            r#"{"volumes": [{"name": "db", "size": "50GB", "junction_path": "/db",
                "snapshots": ["nightly"],
                "clones": [{"name": "pr1", "snapshot": "nightly", "state": "offline"}]}]}"#,
        )
        .unwrap();
        let volume = backend.find_volume("db").unwrap().unwrap();
        assert_eq!(volume.size_bytes, Some(50 << 30));
        assert_eq!(volume.junction_path.as_deref(), Some("/db"));
        let clone = backend.find_volume("pr1").unwrap().unwrap();
        assert_eq!(clone.origin.unwrap().parent_volume_uuid, volume.uuid);
        assert_eq!(clone.state, VolumeState::Offline);
    }

    #[test]
    fn an_error_names_the_place() {
        for (document, place) in [
            (r#"{"volumes": [{"name": "a", "svm": "other"}]}"#, "volumes[0].svm: "),
            (r#"{"volumes": [{"name": "a"}, {"name": "a"}]}"#, "volumes[1]: "),
            (r#"{"volumes": [{"name": "a", "size": "big"}]}"#, "volumes[0].size: \"big\""),
            (
                r#"{"volumes": [{"name": "a", "clones": [{"name": "b", "snapshot": "s"}]}]}"#,
                "volumes[0].clones[0].snapshot: ",
            ),
            (r#"{"volumes": [{"name": "a", "color": 1}]}"#, "unknown field `color`"),
        ] {
            let error = load(document).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }
}
