//! The account of space: what the aggregates have, and what volumes and snapshots use of them.
//!
//! All figures come from the backends. A backend that keeps no account reports nothing as used.

use nessie_backend_core::{
    BackendError, SnapshotSpace, Space, Uuid, Volume, VolumeId, VolumeSpace,
};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{
    AggregateRecord, AggregateSpace, Attribute, Attributes, Pool, constituent_aggregates,
    constituent_share, guaranteed_bytes,
};

use crate::cluster::Cluster;
use crate::svm::SvmState;

impl SvmState {
    /// The account of the SVM's backend; `None` if the backend keeps none or cannot report it now.
    pub(crate) fn space(&self) -> Option<Space> {
        self.backend.space().ok()
    }

    /// The pool that contains the SVM's volumes.
    pub(crate) fn pool(&self) -> Pool {
        let space = self.space().unwrap_or_default();
        Pool {
            size: space.capacity_bytes.unwrap_or(self.unlimited),
            available: space.available_bytes.unwrap_or(u64::MAX),
        }
    }

    /// Whether there is any data, according to the backend.
    pub(crate) fn has_data(&self) -> bool {
        self.space().is_some_and(|space| space.used_bytes > 0)
    }

    /// What a volume uses. Without an account of the backend, only the live data are known.
    pub(crate) fn volume_space(&self, volume: &Volume) -> Result<VolumeSpace, ApiError> {
        let live = VolumeSpace::new(volume.used_bytes.unwrap_or(0));
        known(self.backend.volume_space(volume.uuid), live)
    }

    /// The data of the volume's snapshots, in order of creation; empty without data or without
    /// an account of it.
    pub(crate) fn snapshot_spaces(&self, volume: VolumeId) -> Result<Vec<SnapshotSpace>, ApiError> {
        if !self.has_data() {
            return Ok(Vec::new());
        }
        known(self.backend.snapshot_backend()?.snapshot_spaces(volume), Vec::new())
    }
}

/// A part of the account, or the default if the backend does not keep it or the volume has just been
/// deleted.
fn known<T>(found: Result<T, BackendError>, default: T) -> Result<T, ApiError> {
    match found {
        Err(BackendError::FeatureNotSupported { .. } | BackendError::VolumeNotFound { .. }) => {
            Ok(default)
        }
        found => Ok(found?),
    }
}

impl Cluster {
    /// The sum of the backends' capacities in bytes, which the aggregates share. `None` if a backend has
    /// no capacity.
    pub(crate) fn shared_capacity(&self) -> Result<Option<u64>, ApiError> {
        let svms = self.svms.list();
        let mut capacity = (!svms.is_empty()).then_some(0_u64);
        for svm in &*svms {
            let space = known(svm.backend.space(), Space::default())?;
            capacity = capacity
                .zip(space.capacity_bytes)
                .map(|(sum, capacity)| sum.saturating_add(capacity));
        }
        Ok(capacity)
    }

    /// The aggregates with their present account.
    ///
    /// If the aggregates share a capacity, the size of one is what the others do not use. Otherwise it
    /// is the configured size.
    pub(crate) fn aggregates_now(&self) -> Result<Vec<AggregateRecord>, ApiError> {
        let mut records = self.aggregates.to_vec();
        for svm in &*self.svms.list() {
            add_data(svm, known(svm.backend.space(), Space::default())?, &mut records)?;
        }
        if let Some(capacity) = self.shared_capacity()? {
            let used = records.iter().map(|record| record.space.used());
            let used = used.fold(0, u64::saturating_add);
            for record in &mut records {
                record.space.size = capacity.saturating_sub(used - record.space.used());
            }
        }
        Ok(records)
    }

    /// The present account of an aggregate.
    pub(crate) fn aggregate_now(&self, uuid: Uuid) -> Result<Option<AggregateRecord>, ApiError> {
        Ok(self.aggregates_now()?.into_iter().find(|record| record.aggregate.uuid == uuid))
    }
}

/// Adds what an SVM's volumes use to their aggregates.
fn add_data(svm: &SvmState, all: Space, records: &mut [AggregateRecord]) -> Result<(), ApiError> {
    let default = svm.svm_context.aggregate.uuid;
    let mut of_default = all.used_bytes;
    for (uuid, attributes) in svm.side_data().attributes.of_aggregates() {
        let Some(volume) = svm.volume(uuid)? else { continue };
        let space = svm.volume_space(&volume)?;
        let guaranteed = guaranteed_bytes(&volume, Some(&attributes), &space);
        let footprint = space.footprint_bytes();
        let total = footprint.saturating_add(guaranteed);
        let totals = parts_of(svm, Some(&attributes), total);
        let footprints = parts_of(svm, Some(&attributes), footprint);
        for ((aggregate, total), (_, footprint)) in totals.into_iter().zip(footprints) {
            if let Some(account) = account_of(records, aggregate) {
                let guaranteed = total.saturating_sub(footprint);
                account.guaranteed = account.guaranteed.saturating_add(guaranteed);
            }
            if aggregate == default {
                continue;
            }
            if let Some(account) = account_of(records, aggregate) {
                account.data = account.data.saturating_add(footprint);
                of_default = of_default.saturating_sub(footprint);
            }
        }
    }
    if let Some(account) = account_of(records, default) {
        account.data = account.data.saturating_add(of_default);
    }
    Ok(())
}

fn account_of(records: &mut [AggregateRecord], uuid: Uuid) -> Option<&mut AggregateSpace> {
    let mut records = records.iter_mut();
    records.find(|record| record.aggregate.uuid == uuid).map(|found| &mut found.space)
}

/// The aggregates of a volume with these attributes, and the part of a number of bytes that is in each:
/// the shares of its constituents.
pub(crate) fn parts_of(
    svm: &SvmState,
    attributes: Option<&Attributes>,
    bytes: u64,
) -> Vec<(Uuid, u64)> {
    let constituents = constituent_aggregates(attributes);
    if constituents.is_empty() {
        return vec![(aggregate_of(svm, attributes), bytes)];
    }
    let mut parts: Vec<(Uuid, u64)> = Vec::new();
    let count = constituents.len();
    for (index, uuid) in constituents.into_iter().enumerate() {
        let part = constituent_share(bytes, count, index);
        match parts.iter_mut().find(|(other, _)| *other == uuid) {
            Some((_, sum)) => *sum += part,
            None => parts.push((uuid, part)),
        }
    }
    parts
}

/// The UUID of the aggregate of a volume with these attributes; of a `FlexGroup`, the first one.
pub(crate) fn aggregate_of(svm: &SvmState, attributes: Option<&Attributes>) -> Uuid {
    match attributes.and_then(|attributes| attributes.get("aggregates.uuid")) {
        Some(Attribute::Uuid(uuid)) => *uuid,
        _ => svm.svm_context.aggregate.uuid,
    }
}

/// A number of bytes as ONTAP's messages have it: a unit, and three digits.
pub(crate) fn shown(bytes: u64) -> String {
    let units = [(40, "TB"), (30, "GB"), (20, "MB"), (10, "KB")];
    let Some((shift, unit)) = units.into_iter().find(|(shift, _)| bytes >> shift > 0) else {
        return format!("{bytes}B");
    };
    let (whole, rest) = (bytes >> shift, u128::from(bytes & ((1 << shift) - 1)));
    // The digits after the point are cut.
    match whole {
        100.. => format!("{whole}{unit}"),
        10.. => format!("{whole}.{}{unit}", (rest * 10) >> shift),
        _ => format!("{whole}.{:02}{unit}", (rest * 100) >> shift),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        assert_eq!((shown(0), shown(1_023)), ("0B".to_owned(), "1023B".to_owned()));
        assert_eq!(shown(20 << 20), "20.0MB");
        assert_eq!(shown((1 << 30) + (1 << 29)), "1.50GB");
        assert_eq!(shown(347 << 30), "347GB");
        assert_eq!(shown(u64::MAX), "16777215TB");
    }
}
