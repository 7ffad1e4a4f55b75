//! Junctions: which volume each mounted volume is mounted in.

use std::collections::HashMap;
use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Named, VolumeRecord, is_svm_root};

use crate::svm::SvmState;

/// Sets the volume that each of these volumes of an SVM is mounted in.
pub(super) fn set_parents(svm: &SvmState, records: &mut [VolumeRecord]) -> Result<(), ApiError> {
    let side_data = svm.side_data();
    let mut mounted = HashMap::new();
    for volume in svm.volumes()? {
        let attributes = side_data.attributes.volume(volume.uuid);
        let path = if is_svm_root(attributes.as_deref()) {
            Some(String::new())
        } else {
            // Junction paths that differ only in case are the same.
            volume.junction_path.map(|path| path.to_lowercase())
        };
        if let Some(path) = path {
            mounted.insert(path, Arc::new(Named { uuid: volume.uuid.uuid(), name: volume.name }));
        }
    }
    for record in records {
        let Some(path) = record.volume.junction_path.as_ref().map(|path| path.to_lowercase())
        else {
            continue;
        };
        let parents = path.rmatch_indices('/').filter_map(|(at, _)| path.get(..at));
        record.junction_parent =
            parents.into_iter().find_map(|parent| mounted.get(parent).cloned());
    }
    Ok(())
}
