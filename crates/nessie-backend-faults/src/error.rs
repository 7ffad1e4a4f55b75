//! The errors that faults give to callers.

use std::borrow::Cow;

use nessie_backend_core::{
    BackendError, Dependents, Result, SnapshotId, Timestamp, VolumeId, VolumeState,
};

use crate::fault::Custom;
use crate::operation::{Operation, Role};

/// The error with which a fault ends a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The error of a code.
    Backend(BackendError),
    /// An error of the caller's own.
    Custom(Custom),
}

impl Failure {
    /// What an event shows as the error's code.
    #[must_use]
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Backend(error) => error.code().into(),
            Self::Custom(custom) => custom.code.to_string().into(),
        }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

/// A backend written in Rust can only return its own error. It becomes a
/// [`Substrate`](BackendError::Substrate) error that contains the code.
impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Backend(error) => error,
            Failure::Custom(custom) => Self::substrate("a fault", custom.code.to_string()),
        }
    }
}

/// Whether an error has this [code](BackendError::code).
#[must_use]
pub fn is_error_code(code: &str) -> bool {
    ErrorCode::named(code).is_ok()
}

/// The code of a [`BackendError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErrorCode(&'static str);

/// The codes of all errors.
const CODES: [&str; 17] = [
    "volume_not_found",
    "snapshot_not_found",
    "volume_exists",
    "snapshot_exists",
    "junction_path_exists",
    "volume_busy",
    "snapshot_busy",
    "snapshot_locked",
    "snapshot_policy_not_found",
    "snapshot_policy_exists",
    "snapshot_policy_busy",
    "volume_offline",
    "no_space",
    "limit_exceeded",
    "invalid_argument",
    "feature_not_supported",
    "timeout",
];

const SUBSTRATE: &str = "substrate";

/// What the errors that name a cause of their own say.
const CAUSE: &str = "an injected fault";

impl ErrorCode {
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a code that no error has.
    pub(crate) fn named(code: &str) -> Result<Self> {
        let mut codes = CODES.into_iter().chain([SUBSTRATE]);
        codes.find(|known| *known == code).map(Self).ok_or_else(|| {
            let rule = format!("is not the code of an error: {}, {SUBSTRATE}", CODES.join(", "));
            BackendError::invalid("error", code, rule)
        })
    }

    /// The error of this code about the object of an operation. Counts are 0, times are the earliest.
    /// What the operation does not say is empty, or an identifier of zeros.
    pub(crate) fn error(self, operation: &Operation) -> BackendError {
        let kind = operation.kind.name();
        let uuid = |wanted| {
            let mut values = operation.with_roles().filter(|(role, _)| *role == wanted);
            values.find_map(|(_, value)| value.uuids().next()).unwrap_or_default()
        };
        let volume = VolumeId::from(uuid(Role::Volume));
        let snapshot = SnapshotId::from(uuid(Role::Snapshot));
        let dependents = Dependents::default;
        let text = |argument| operation.argument(argument).and_then(|value| value.text());
        let name = || {
            let names = operation.with_roles().filter(|(role, _)| *role == Role::Name);
            names
                .filter_map(|(_, value)| value.texts().next())
                .last()
                .unwrap_or_default()
                .to_owned()
        };
        let policy = || {
            let given = text("snapshot_policy").or_else(|| text("name"));
            given.unwrap_or_default().to_owned()
        };
        match self.0 {
            "volume_not_found" => BackendError::VolumeNotFound { volume },
            "snapshot_not_found" => BackendError::SnapshotNotFound { volume, snapshot },
            "volume_exists" => BackendError::VolumeExists { name: name() },
            "snapshot_exists" => BackendError::SnapshotExists { volume, name: name() },
            "junction_path_exists" => BackendError::JunctionPathExists {
                path: text("junction_path").unwrap_or_default().to_owned(),
            },
            "volume_busy" => BackendError::VolumeBusy { volume, dependents: dependents() },
            "snapshot_busy" => BackendError::SnapshotBusy { snapshot, dependents: dependents() },
            "snapshot_locked" => {
                BackendError::SnapshotLocked { snapshot, expires_at: Timestamp::MIN }
            }
            "snapshot_policy_not_found" => BackendError::SnapshotPolicyNotFound { name: policy() },
            "snapshot_policy_exists" => BackendError::SnapshotPolicyExists { name: policy() },
            "snapshot_policy_busy" => {
                BackendError::SnapshotPolicyBusy { name: policy().into(), dependents: dependents() }
            }
            "volume_offline" => BackendError::VolumeOffline { volume, state: VolumeState::Offline },
            "no_space" => BackendError::NoSpace {
                volume: (!volume.uuid().is_nil()).then_some(volume),
                needed_bytes: 0,
                available_bytes: 0,
            },
            "limit_exceeded" => BackendError::LimitExceeded { limit: "fault".into(), max: 0 },
            "invalid_argument" => BackendError::InvalidArgument {
                argument: operation.kind.parameters().first().copied().unwrap_or(kind).into(),
                reason: format!("is refused by {CAUSE}"),
            },
            "feature_not_supported" => BackendError::not_supported(kind),
            "timeout" => BackendError::Timeout { operation: kind.into(), source: None },
            _ => BackendError::substrate(kind, CAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::OperationKind;
    use crate::value::Value;

    #[test]
    fn each_code_makes_its_own_error() {
        let operation = Operation::new(OperationKind::ListVolumes, []);
        for code in CODES.into_iter().chain([SUBSTRATE]) {
            assert_eq!(ErrorCode::named(code).unwrap().error(&operation).code(), code);
        }
        let error = ErrorCode::named("internal").unwrap_err().to_string();
        assert!(error.contains("\"internal\"") && error.contains("timeout"), "{error}");
    }

    #[test]
    fn an_error_is_about_the_object_of_the_operation() {
        let [volume, snapshot] = [7, 8].map(nessie_backend_core::Uuid::from_u128);
        let clone = Operation::new(
            OperationKind::CreateClone,
            [volume.into(), snapshot.into(), "new".into()],
        );
        let target = |code: &str| {
            let error = ErrorCode::named(code).unwrap().error(&clone);
            error.target().unwrap_or_default().into_owned()
        };
        assert_eq!(target("volume_not_found"), volume.to_string());
        assert_eq!(target("snapshot_not_found"), snapshot.to_string());
        assert_eq!(target("volume_exists"), "new");
        let patch = [volume.into(), Value::Null, "/here".into()];
        let patch = Operation::new(OperationKind::PatchVolume, patch);
        let error = ErrorCode::named("junction_path_exists").unwrap().error(&patch);
        assert_eq!(error.target().as_deref(), Some("/here"));
    }
}
