//! Exceptions of Python as errors of the core.

use nessie_backend_core::{BackendError, Dependents, Uuid, VolumeState};
use pyo3::exceptions::{PyException, PyNotImplementedError};
use pyo3::prelude::*;

use super::call::Call;
use super::caller::{Caller, text};

/// The error for an exception from `call`. It reads the exceptions of `nessie_backend_mem.errors`,
/// and any exception whose `code` is one of theirs. `caller` handles all others.
pub(super) fn error(
    py: Python<'_>,
    raised: PyErr,
    call: &Call<'_>,
    caller: &dyn Caller,
) -> BackendError {
    if !raised.is_instance_of::<PyException>(py) {
        return BackendError::substrate(call.operation, caller.raised(py, call.operation, raised));
    }
    let value = raised.value(py).as_any();
    let known = match text(value, "code") {
        Some(code) => refusal(value, &code, call),
        None => None,
    };
    if let Some(error) = known {
        return error;
    }
    if raised.is_instance_of::<PyNotImplementedError>(py) {
        return BackendError::not_supported(call.operation);
    }
    BackendError::substrate(call.operation, caller.raised(py, call.operation, raised))
}

/// The error with that code, if the call can fail with it. What the exception does not contain is
/// taken from the arguments.
fn refusal(value: &Bound<'_, PyAny>, code: &str, call: &Call<'_>) -> Option<BackendError> {
    let target = text(value, "target");
    let volume = || id(target.as_deref()).or(call.volume);
    let snapshot = || id(target.as_deref()).or(call.snapshot);
    let name = || target.clone().or_else(|| Some(call.new_name()?.to_owned()));
    Some(match code {
        "volume_not_found" if call.volume.is_some() => {
            BackendError::VolumeNotFound { volume: volume()? }
        }
        "snapshot_not_found" if call.snapshot.is_some() => {
            BackendError::SnapshotNotFound { volume: call.volume?, snapshot: snapshot()? }
        }
        "volume_exists" if call.new_name().is_some() => {
            BackendError::VolumeExists { name: name()? }
        }
        "snapshot_exists" if call.new_name().is_some() => {
            BackendError::SnapshotExists { volume: call.volume?, name: name()? }
        }
        "junction_path_exists" => {
            let path = call.fields?.junction_path.as_ref()?;
            BackendError::JunctionPathExists { path: target.unwrap_or_else(|| path.clone()) }
        }
        "volume_busy" if call.volume.is_some() => {
            BackendError::VolumeBusy { volume: volume()?, dependents: dependents(value) }
        }
        "snapshot_busy" if call.snapshot.is_some() => {
            BackendError::SnapshotBusy { snapshot: snapshot()?, dependents: dependents(value) }
        }
        "snapshot_locked" if call.volume.is_some() => BackendError::SnapshotLocked {
            // The error of a deletion of a volume has to name the snapshot.
            snapshot: snapshot()?,
            expires_at: text(value, "expires_at").and_then(|end| end.parse().ok())?,
        },
        "snapshot_policy_not_found" => {
            let policy = || call.fields?.snapshot_policy.clone();
            BackendError::SnapshotPolicyNotFound { name: target.or_else(policy)? }
        }
        "volume_offline" if call.volume.is_some() => BackendError::VolumeOffline {
            volume: volume()?,
            // The exception does not contain the state.
            state: VolumeState::Offline,
        },
        "no_space" => BackendError::NoSpace {
            volume: id(target.as_deref()),
            needed_bytes: number(value, "needed_bytes"),
            available_bytes: number(value, "available_bytes"),
        },
        "limit_exceeded" if call.operation.starts_with("create_") => BackendError::LimitExceeded {
            limit: target.unwrap_or_else(|| "unnamed".to_owned()).into(),
            max: number(value, "limit"),
        },
        "invalid_argument" => invalid(value, target, call),
        "feature_not_supported" => {
            BackendError::not_supported(target.unwrap_or_else(|| call.operation.to_owned()))
        }
        "timeout" => BackendError::Timeout {
            operation: call.operation.into(),
            source: Some(value.to_string().into()),
        },
        _ => return None,
    })
}

fn id<T: From<Uuid>>(text: Option<&str>) -> Option<T> {
    Uuid::parse_str(text?).ok().map(T::from)
}

/// An attribute that is a number; 0 if there is none.
fn number(value: &Bound<'_, PyAny>, attribute: &str) -> u64 {
    value.getattr(attribute).and_then(|number| number.extract()).unwrap_or_default()
}

fn invalid(value: &Bound<'_, PyAny>, target: Option<String>, call: &Call<'_>) -> BackendError {
    let argument = target.or_else(|| call.invalid_argument());
    let argument = argument.unwrap_or_else(|| "argument".to_owned());
    let message = value.to_string();
    let reason = match message.strip_prefix(&argument) {
        Some(rest) => rest.trim_start().to_owned(),
        None => format!("is refused: {message}"),
    };
    BackendError::InvalidArgument { argument: argument.into(), reason }
}

/// The dependent clones that the exception names.
fn dependents(value: &Bound<'_, PyAny>) -> Dependents {
    let names: Vec<String> =
        value.getattr("dependents").and_then(|names| names.extract()).unwrap_or_default();
    let count = value
        .getattr("dependent_count")
        .and_then(|count| count.extract())
        .unwrap_or(names.len() as u64);
    let count = count.max(names.len() as u64);
    Dependents::new(names, count)
}
