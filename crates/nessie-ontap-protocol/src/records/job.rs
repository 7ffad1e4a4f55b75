//! Jobs.

use std::sync::Arc;

use nessie_backend_core::{Timestamp, Uuid};

use super::{SvmContext, href};
use crate::{ApiError, DocumentedFields, FieldKind, Schema};

/// The path of a job.
#[must_use]
pub fn job_href(job: Uuid) -> String {
    href::job(job)
}

/// The state of a job at one time.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// Its UUID.
    pub uuid: Uuid,
    /// The method and the path of the request.
    pub description: String,
    /// `queued`, `running`, `success` or `failure`.
    pub state: &'static str,
    /// Why it failed.
    pub error: Option<Arc<ApiError>>,
    /// When it started.
    pub start_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// The SVM of the request, if there is one.
    pub svm_context: Option<Arc<SvmContext>>,
    /// The node it runs on.
    pub node: Arc<str>,
    /// Its position in the order of creation.
    pub position: u64,
}

impl JobRecord {
    fn message(&self) -> &str {
        match (&self.error, self.state) {
            (Some(error), _) => &error.message,
            (None, "success") => "success",
            (None, state) => state,
        }
    }
}

const STATES: FieldKind = FieldKind::Enumeration(&[
    "queued",
    "running",
    "paused",
    "success",
    "failure",
    "pausing",
    "cancelling",
    "cancelled",
]);

/// `/api/cluster/jobs`.
pub static JOB: Schema<JobRecord> = Schema {
    name: "job",
    documented: DocumentedFields::of(include_str!("documented/job.txt")),
    order: &["position", "uuid"],
    hidden: fields![
        "position" FieldKind::Integer, Expensive, Never => |j| j.position.into();
    ],
    fields: fields![
        "code" FieldKind::Integer, Default, Never => |j| j.error.as_ref().map_or(0, |error| error.code).into();
        "description" FieldKind::Text, Default, Never => |j| (&j.description).into();
        "end_time" FieldKind::Time, Default, Never => |j| j.end_time.into();
        "error.code" FieldKind::Text, Default, Never => |j| j.error.as_ref().map(|error| error.code.to_string()).into();
        "error.message" FieldKind::Text, Default, Never => |j| j.error.as_ref().map(|error| error.message.as_str()).into();
        "error.target" FieldKind::Text, Default, Never => |j| j.error.as_ref().and_then(|error| error.target.as_deref()).into();
        "message" FieldKind::Text, Default, Never => |j| j.message().into();
        "node.name" FieldKind::Text, Default, Never => |j| (&*j.node).into();
        "start_time" FieldKind::Time, Default, Never => |j| j.start_time.into();
        "state" STATES, Default, Never => |j| j.state.into();
        "svm.name" FieldKind::Text, Default, Never => |j| j.svm_context.as_ref().map(|context| context.svm.name.as_str()).into();
        "svm.uuid" FieldKind::Uuid, Default, Never => |j| j.svm_context.as_ref().map(|context| context.svm.uuid).into();
        "uuid" FieldKind::Uuid, Key, Never => |j| j.uuid.into();
    ],
    references: references![
        "svm" => |j, _| j.svm_context.as_ref().map(|context| context.svm_href());
    ],
    arrays: &[],
    href: |j| job_href(j.uuid),
};
