//! The backends of SVMs that requests create.

use nessie_backend_core::Result;
use nessie_backend_mem::{MemBackend, Profile};

/// A backend for an SVM that a request creates, for [`Config::new_backend`](crate::Config::new_backend).
/// It has ONTAP's limits.
///
/// With a seed, that of the cluster or else that of `first`, it has a seed of its own. `first` is the
/// backend whose clock is that of the cluster: if that is stopped, the clock of the new backend is
/// stopped at the same time.
///
/// # Errors
/// Those of `MemBackendBuilder::build`.
pub fn new_backend(
    number: u32,
    cluster_seed: Option<u64>,
    first: Option<&MemBackend>,
) -> Result<MemBackend> {
    let mut builder = MemBackend::builder().limits(Profile::Ontap.limits());
    if let Some(seed) = cluster_seed.or_else(|| first.and_then(MemBackend::seed)) {
        // With equal seeds, all backends would generate the same identifiers. The first SVM has
        // number 2.
        builder = builder.seed(seed.wrapping_add(u64::from(number).wrapping_sub(2)));
    }
    if let Some(time) = first.and_then(MemBackend::standing_clock) {
        builder = builder.start(time);
    }
    builder.build()
}
