//! Guarantees: the space of an aggregate that is reserved for a volume.

use nessie_backend_core::{Uuid, Volume, VolumeSpace};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{AggregateRecord, Attributes, guaranteed_bytes};

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
    /// The volume before the request, and its attributes; `None` for a new volume.
    pub(super) before: Option<(&'a Volume, Option<&'a Attributes>)>,
}

impl Guaranteed<'_> {
    /// Refuses the guarantee if one of its aggregates, or the pool of its SVM, has too little space left
    /// for what the request adds.
    pub(super) fn check(&self, cluster: &Cluster) -> Result<(), ApiError> {
        let reserved = guaranteed_bytes(self.volume, Some(self.attributes), &self.space);
        if reserved == 0 {
            return Ok(());
        }
        let footprint = self.space.footprint_bytes();
        let after = footprint.saturating_add(reserved);
        let (before, old_parts) = self.before.map_or((0, Vec::new()), |(volume, attributes)| {
            let reserved = guaranteed_bytes(volume, attributes, &self.space);
            let total = footprint.saturating_add(reserved);
            (total, parts_of(self.svm, attributes, total))
        });
        let old_part = |uuid| {
            let found = old_parts.iter().find(|(other, _)| *other == uuid);
            found.map_or(0, |(_, part)| *part)
        };
        let parts = parts_of(self.svm, Some(self.attributes), after);
        let grown = |(uuid, part): &(Uuid, u64)| part.saturating_sub(old_part(*uuid));
        let aggregates = cluster.aggregates_now()?;
        let record_of = |uuid| aggregates.iter().find(|record| record.aggregate.uuid == uuid);
        let mut available = self.svm.pool().available;
        if cluster.shared_capacity()?.is_some() {
            // Each aggregate has what is left of the capacity, so the parts need it together.
            let left = aggregates.iter().map(|record| record.space.available());
            available = available.min(left.min().unwrap_or(u64::MAX));
        } else {
            for part in &parts {
                let Some(record) = record_of(part.0) else { continue };
                let (needed, left) = (grown(part), record.space.available());
                if needed > left {
                    return Err(self.refusal(record, needed - left, part.1));
                }
            }
        }
        let needed = after.saturating_sub(before);
        let first = parts.iter().find(|part| grown(part) > 0);
        match first.and_then(|part| record_of(part.0)) {
            Some(record) if needed > available => {
                Err(self.refusal(record, needed - available, after))
            }
            _ => Ok(()),
        }
    }

    /// The refusal of a guarantee for which bytes are missing in an aggregate. `size` is what the
    /// guarantee needs in all: of the volume, or of the constituents in the aggregate.
    fn refusal(&self, record: &AggregateRecord, missing: u64, size: u64) -> ApiError {
        let largest = size.saturating_sub(missing);
        let is_new = self.before.is_none();
        let action = if is_new { "create" } else { "change" };
        let target = match self.volume.size_bytes {
            Some(whole) if whole != size => "constituents in it",
            _ if is_new => "new volume",
            _ => "volume",
        };
        // As arrays write it.
        let message = format!(
            "Job completed with Error: Failed to {action} the volume on node {node:?}. Reason: \
             Request to {action} volume {name:?} failed because there is not enough space in \
             aggregate {aggregate:?}. Either create {short} ({missing}B) of free space in the \
             aggregate or select a size of at most {short_size} ({largest}B) for the {target}.",
            node = record.node.name,
            name = self.volume.name,
            aggregate = record.aggregate.name,
            short = shown(missing),
            short_size = shown(largest),
        );
        ApiError::new(500, 917_536, message).about("guarantee.type")
    }
}
