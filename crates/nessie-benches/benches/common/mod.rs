//! The records that several benches write.

use std::sync::Arc;

use nessie_backend_core::{Timestamp, Uuid, Volume, VolumeId};
use nessie_ontap_protocol::records::{ClusterPolicies, Named, Pool, SvmContext, VolumeRecord};

/// The records of `count` volumes.
pub(crate) fn volumes(count: u32) -> Vec<VolumeRecord> {
    let named = |uuid, name: &str| Named { uuid: Uuid::from_u128(uuid), name: name.to_owned() };
    let place = Arc::new(SvmContext {
        svm: named(1, "svm1"),
        number: 2,
        aggregates: Arc::new([]),
        aggregate: Arc::new(named(2, "aggr1")),
        snapshot_policies: ClusterPolicies::new(Arc::new([named(3, "default")])),
        has_snapshot_policies: true,
    });
    let volume = |i: u32| {
        let uuid = Uuid::from_u128(u128::from(i).wrapping_mul(u128::MAX / 3));
        let mut volume = Volume::new(VolumeId::new(uuid), format!("vol_{i:06}"));
        volume.size_bytes = Some(1 << 30);
        volume.create_time = Timestamp::from_unix_micros(1_700_000_000_000_000 + i64::from(i));
        let pool = Pool { size: 1 << 40, available: u64::MAX };
        let mut record = VolumeRecord::new(Arc::clone(&place), volume, pool);
        record.position = i.into();
        record
    };
    (0..count).map(volume).collect()
}
