//! Guarantees: the space of an aggregate that is reserved for a volume.

use nessie_backend_core::{Uuid, Volume, VolumeSpace};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Attributes, guaranteed_bytes};

use crate::cluster::Cluster;
use crate::space::{parts_of, shown};
use crate::svm::SvmState;

/// A volume as it is to be, perhaps with a guarantee.
pub(super) struct Guaranteed<'a> {
    pub(super) svm: &'a SvmState,
    pub(super) volume: &'a Volume,
    pub(super) attributes: &'a Attributes,
    /// What it uses.
    pub(super) space: VolumeSpace,
    /// What its guarantee reserves before the request; `None` for a new volume.
    pub(super) reserved: Option<u64>,
}

impl Guaranteed<'_> {
    /// Refuses the guarantee if one of its aggregates, or the pool of its SVM, has too little space left.
    pub(super) fn check(&self, cluster: &Cluster) -> Result<(), ApiError> {
        let reserved = guaranteed_bytes(self.volume, Some(self.attributes), &self.space);
        let needed = reserved.saturating_sub(self.reserved.unwrap_or(0));
        if needed == 0 {
            return Ok(());
        }
        let parts = parts_of(self.svm, Some(self.attributes), needed);
        parts.into_iter().try_for_each(|(uuid, needed)| self.check_part(cluster, uuid, needed))
    }

    /// Refuses the part of the guarantee that is in one aggregate.
    fn check_part(&self, cluster: &Cluster, uuid: Uuid, needed: u64) -> Result<(), ApiError> {
        let Some(aggregate) = cluster.aggregate_now(uuid)? else { return Ok(()) };
        let available = aggregate.space.available().min(self.svm.pool().available);
        if needed <= available {
            return Ok(());
        }
        let missing = needed - available;
        let largest = self.volume.size_bytes.unwrap_or_default().saturating_sub(missing);
        let (action, new) =
            if self.reserved.is_none() { ("create", "new volume") } else { ("change", "volume") };
        // As arrays write it.
        let message = format!(
            "Job completed with Error: Failed to {action} the volume on node {node:?}. Reason: \
             Request to {action} volume {name:?} failed because there is not enough space in \
             aggregate {aggregate:?}. Either create {short} ({missing}B) of free space in the \
             aggregate or select a size of at most {short_size} ({largest}B) for the {new}.",
            node = aggregate.node.name,
            name = self.volume.name,
            aggregate = aggregate.aggregate.name,
            short = shown(missing),
            short_size = shown(largest),
        );
        Err(ApiError::new(500, 917_536, message).about("guarantee.type"))
    }
}
