//! Jobs: what a request that takes time turns into.

use nessie_backend_core::Uuid;

/// The path of a job.
#[must_use]
pub fn href(job: Uuid) -> String {
    format!("/api/cluster/jobs/{job}")
}
