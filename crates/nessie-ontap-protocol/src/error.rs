//! Errors in ONTAP's JSON form.

use std::borrow::Cow;
use std::fmt;

use nessie_backend_core::BackendError;

/// Why a request or a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status of the reply.
    pub status: u16,
    /// ONTAP's error code. It is JSON text in a reply and a number in a job.
    pub code: u32,
    /// The message, with the value and the rule.
    pub message: String,
    /// The field, parameter or object that the error is about.
    pub target: Option<Cow<'static, str>>,
}

impl ApiError {
    /// An error without a target.
    #[must_use]
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), target: None }
    }

    /// The same error with this target.
    #[must_use]
    pub fn about(mut self, target: impl Into<Cow<'static, str>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// 4: `entry doesn't exist`. Clients match this text.
    #[must_use]
    pub fn no_such_entry() -> Self {
        Self::new(404, 4, "entry doesn't exist").about("uuid")
    }

    /// 262179: unknown parameter or field.
    #[must_use]
    pub fn unexpected_argument(name: &str) -> Self {
        Self::of_field(262_179, name, format!("Unexpected argument {}.", Quoted(name)))
    }

    /// 262186: a field or a parameter is given twice, or a field both as a value and as an object.
    #[must_use]
    pub fn given_twice(name: &str) -> Self {
        Self::of_field(262_186, name, format!("The field {} is given twice.", Quoted(name)))
    }

    /// 262197: invalid value of a field or a parameter. `rule` completes the sentence about the
    /// value, as in `The value "x" is invalid for field "max_records": it is not a whole number.`
    #[must_use]
    pub fn invalid_value(name: &str, value: &str, rule: impl fmt::Display) -> Self {
        Self::of_value(262_197, name, value, rule)
    }

    /// An error about the value of a field, with this code.
    pub(crate) fn of_value(code: u32, name: &str, value: &str, rule: impl fmt::Display) -> Self {
        let (value, field) = (Quoted(value), Quoted(name));
        let message = format!("The value {value} is invalid for field {field}: it {rule}.");
        Self::of_field(code, name, message)
    }

    /// An error about a field. The target is truncated if the field's name is long.
    pub(crate) fn of_field(code: u32, name: &str, message: String) -> Self {
        let target: String = name.chars().take(Quoted::MAX_CHARS).collect();
        Self::new(400, code, message).about(target)
    }

    /// The body of the reply: `{"error": {"code", "message", "target"}}`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": self.to_member() })
    }

    /// The member `error` of the body: `{"code", "message", "target"}`.
    #[must_use]
    pub fn to_member(&self) -> serde_json::Value {
        let mut error = serde_json::Map::new();
        error.insert("code".to_owned(), self.code.to_string().into());
        error.insert("message".to_owned(), self.message.as_str().into());
        if let Some(target) = &self.target {
            error.insert("target".to_owned(), target.as_ref().into());
        }
        error.into()
    }
}

/// Maps a backend's error to ONTAP's HTTP status and error code.
impl From<BackendError> for ApiError {
    fn from(error: BackendError) -> Self {
        let (status, code) = match &error {
            BackendError::VolumeNotFound { .. } | BackendError::SnapshotNotFound { .. } => {
                return Self::no_such_entry();
            }
            BackendError::SnapshotNameNotFound { .. } => (404, 1_638_600),
            BackendError::VolumeExists { .. } => (409, 917_526),
            BackendError::SnapshotExists { .. } => (409, 525_059),
            BackendError::JunctionPathExists { .. } => (409, 918_252),
            BackendError::VolumeBusy { .. } => (409, 524_615),
            BackendError::SnapshotBusy { .. } | BackendError::SnapshotLocked { .. } => {
                (409, 1_638_555)
            }
            BackendError::SnapshotPolicyNotFound { .. } => (400, 917_551),
            BackendError::SnapshotPolicyExists { .. } => (409, 1_638_527),
            BackendError::SnapshotPolicyBusy { .. } => (409, 1_638_415),
            BackendError::VolumeOffline { .. } => (409, 917_775),
            // As arrays report a full aggregate: a job that completed with an error.
            BackendError::NoSpace { .. } => (500, 917_536),
            BackendError::LimitExceeded { limit, .. } => (409, code_of_limit(limit)),
            BackendError::InvalidArgument { .. } => (400, 2),
            BackendError::FeatureNotSupported { .. } => (405, 3),
            BackendError::Timeout { .. } => (503, 8),
            _ => (500, 65_541),
        };
        let target = error.target().map(|target| Cow::Owned(target.into_owned()));
        Self { status, code, message: error.to_string(), target }
    }
}

/// ONTAP's code for an exceeded limit.
///
/// 525062 is the documented code of `POST /storage/volumes/{volume.uuid}/snapshots` for too many
/// snapshots. ONTAP documents a maximum depth of clones (`volume clone create`) and no code of its
/// own for it: 524819 is that of a clone that cannot be created. 460770, a failed job, has no
/// narrower meaning.
fn code_of_limit(limit: &str) -> u32 {
    match limit {
        "snapshots" | "snapshots_per_volume" => 525_062,
        "clones_per_snapshot" | "clone_depth" => 524_819,
        _ => 460_770,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ApiError {}

/// Quotes a name or a value for a message and truncates it if it is long.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Quoted<'_> {
    const MAX_CHARS: usize = 64;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Self::MAX_CHARS) {
            Some((end, _)) => write!(f, "{:?}…", self.0.get(..end).unwrap_or_default()),
            None => write!(f, "{:?}", self.0),
        }
    }
}
