//! Errors of this package as ONTAP writes them.

use std::borrow::Cow;

use nessie_backend_core::{BackendError, Dependents, SnapshotId, Uuid, VolumeId, VolumeState};
use nessie_store::ApiError;
use pyo3::prelude::*;

/// The body of the reply for an error with this code, message and target.
#[pyfunction]
#[pyo3(name = "_ontap_error")]
pub(crate) fn error(code: &str, message: String, target: Option<String>) -> String {
    let mut error = ApiError::from(refusal(code, target.as_deref()));
    error.message = message;
    error.target = target.map(Cow::Owned);
    error.to_json().to_string()
}

/// An error with that code. The fields other than the target do not matter.
fn refusal(code: &str, target: Option<&str>) -> BackendError {
    let (volume, snapshot) = (VolumeId::from(Uuid::nil()), SnapshotId::from(Uuid::nil()));
    let (name, dependents) = (String::new(), Dependents::default());
    match code {
        "volume_not_found" => BackendError::VolumeNotFound { volume },
        "snapshot_not_found" => BackendError::SnapshotNotFound { volume, snapshot },
        "volume_exists" => BackendError::VolumeExists { name },
        "snapshot_exists" => BackendError::SnapshotExists { volume, name },
        "junction_path_exists" => BackendError::JunctionPathExists { path: name },
        "volume_busy" => BackendError::VolumeBusy { volume, dependents },
        "snapshot_busy" => BackendError::SnapshotBusy { snapshot, dependents },
        "volume_offline" => BackendError::VolumeOffline { volume, state: VolumeState::Offline },
        "no_space" => BackendError::NoSpace { volume: None, needed_bytes: 0, available_bytes: 0 },
        "limit_exceeded" => {
            let limit = target.unwrap_or_default().to_owned().into();
            BackendError::LimitExceeded { limit, max: 0 }
        }
        "invalid_argument" => BackendError::invalid("", "", ""),
        "feature_not_supported" => BackendError::not_supported(""),
        "timeout" => BackendError::Timeout { operation: "".into(), source: None },
        _ => BackendError::substrate("", ""),
    }
}
