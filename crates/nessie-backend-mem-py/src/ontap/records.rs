//! One record as ONTAP writes it, without a cluster.

use std::sync::Arc;
use std::time::SystemTime;

use nessie_backend_core::{Timestamp, Uuid, Volume};
use nessie_ontap_protocol::records::{
    AggregateRecord, AggregateSpace, ClusterPolicies, Named, Pool, SNAPSHOT, SnapshotRecord,
    SvmContext, VOLUME, VolumeRecord,
};
use nessie_ontap_protocol::{Schema, Selection, reply};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::py_backend::records;

/// The JSON of a volume, as a GET of it returns it.
///
/// Raises ValueError for an unknown field and for a record that is not a volume.
#[pyfunction]
#[pyo3(name = "_ontap_volume")]
pub(crate) fn volume(
    volume: &Bound<'_, PyAny>,
    svm: String,
    capacity: u64,
    fields: &str,
) -> PyResult<Vec<u8>> {
    let volume = read("volume", records::volume(volume))?;
    let export_policy =
        matches!(volume.export_policy.as_deref(), None | Some("default")).then_some(1);
    let pool = Pool { size: capacity, available: u64::MAX };
    let mut record = VolumeRecord::new(svm_context(svm, capacity), volume, pool);
    record.export_policy = export_policy;
    record.snapshot_count = Some(0);
    record.has_flexclone = Some(false);
    record.measured = Some(now());
    json(&VOLUME, fields, &record)
}

/// The JSON of a snapshot, as a GET of it returns it.
///
/// Raises ValueError for an unknown field and for a record that is not a snapshot or a volume.
#[pyfunction]
#[pyo3(name = "_ontap_snapshot")]
pub(crate) fn snapshot(
    snapshot: &Bound<'_, PyAny>,
    volume: &Bound<'_, PyAny>,
    svm: String,
    capacity: u64,
    fields: &str,
) -> PyResult<Vec<u8>> {
    let Volume { uuid, name, .. } = read("volume", records::volume(volume))?;
    let record = SnapshotRecord {
        svm_context: svm_context(svm, capacity),
        volume: Arc::new(Named { uuid: uuid.uuid(), name }),
        snapshot: read("snapshot", records::snapshot(snapshot))?,
        space: None,
        attributes: None,
        position: 0,
        is_cloned: false,
        now: now(),
    };
    json(&SNAPSHOT, fields, &record)
}

fn read<T>(argument: &str, record: records::Read<T>) -> PyResult<T> {
    record
        .map_err(|malformed| PyValueError::new_err(format!("{argument}: {}", malformed.message())))
}

fn json<R>(schema: &'static Schema<R>, fields: &str, record: &R) -> PyResult<Vec<u8>> {
    let selection = Selection::parse(schema, false, fields)
        .map_err(|error| PyValueError::new_err(error.message))?;
    Ok(reply::record(&selection, record))
}

/// An SVM with one aggregate, whose UUIDs are always the same.
fn svm_context(svm: String, capacity: u64) -> Arc<SvmContext> {
    const SVM: Uuid = Uuid::from_u128(0x8e1f_7555_983a_492f_b54e_0f16_00cc_4d19);
    const NODE: Uuid = Uuid::from_u128(0xf88b_b8a8_724c_41ec_9b39_896a_51a8_749b);
    const AGGREGATE: Uuid = Uuid::from_u128(0x53cb_9f0c_747e_42ea_ac82_9abe_1f45_32e1);
    const POLICY: Uuid = Uuid::from_u128(0xc584_133a_c916_4b3c_bee5_7890_41c9_8ac3);
    let named = |uuid, name: &str| Named { uuid, name: name.to_owned() };
    let aggregate = named(AGGREGATE, "aggr1");
    Arc::new(SvmContext {
        svm: Named { uuid: SVM, name: svm },
        number: 2,
        aggregates: Arc::new([AggregateRecord {
            aggregate: aggregate.clone(),
            space: AggregateSpace::empty(capacity),
            node: named(NODE, "node1"),
            create_time: Timestamp::UNIX_EPOCH,
        }]),
        aggregate: Arc::new(aggregate),
        snapshot_policies: ClusterPolicies::new(Arc::new([named(POLICY, "default")])),
        has_snapshot_policies: true,
    })
}

/// The system's time.
fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MAX)
}
