//! The side data as they are stored.

use std::collections::{BTreeMap, HashSet};

use nessie_backend_core::{SnapshotId, VolumeBackend, VolumeId};
use nessie_ontap_protocol::records::{AggregateRecord, Attribute, Attributes};
use serde::{Deserialize, Serialize};

use super::qtrees::StoredQtrees;
use super::quota_rules::StoredQuotaRules;
use super::recovery_queue::DeletedVolume;
use super::{Move, SideData};
use crate::configuration::{OfSnapshot, OfVolume, Stored};

/// What the endpoint stores about the volumes of an SVM.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredSideData {
    volumes: BTreeMap<VolumeId, Stored<OfVolume>>,
    snapshots: Vec<StoredSnapshot>,
    pub(crate) qtrees: BTreeMap<VolumeId, StoredQtrees>,
    pub(crate) quota_rules: StoredQuotaRules,
    recovery_queue: Vec<DeletedVolume>,
}

/// The attributes of a snapshot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSnapshot {
    volume: VolumeId,
    snapshot: SnapshotId,
    attributes: Stored<OfSnapshot>,
}

impl SideData {
    /// What is stored. A move is not: a volume that is still in the source of one is in that aggregate.
    pub(crate) fn store(&self, is_moving: impl Fn(&Move) -> bool) -> StoredSideData {
        let (volumes, snapshots) = self.attributes.store();
        let mut volumes: BTreeMap<_, _> =
            volumes.into_iter().map(|(uuid, of)| (uuid, (*of).clone())).collect();
        for (volume, movement) in self.operations.moves() {
            if let Some(attributes) = volumes.get_mut(&volume)
                && is_moving(&movement)
            {
                attributes.set("aggregates.name", Attribute::Text(movement.source.name));
                attributes.set("aggregates.uuid", Attribute::Uuid(movement.source.uuid));
            }
        }
        StoredSideData {
            volumes: volumes.into_iter().map(|(uuid, of)| (uuid, of.into())).collect(),
            snapshots: snapshots
                .into_iter()
                .map(|((volume, snapshot), of)| StoredSnapshot {
                    volume,
                    snapshot,
                    attributes: (*of).clone().into(),
                })
                .collect(),
            qtrees: self.qtrees.store(),
            quota_rules: self.quota_rules.store(),
            recovery_queue: self.recovery_queue.list(),
        }
    }

    /// Replaces everything, and ends the moves. Aggregates are found by name. The SVM's write lock is held.
    pub(crate) fn restore(
        &self,
        backend: &dyn VolumeBackend,
        stored: StoredSideData,
        aggregates: &[AggregateRecord],
    ) {
        let (volumes, snapshots) = self.attributes.store();
        for volume in volumes.into_keys().chain(snapshots.into_keys().map(|(volume, _)| volume)) {
            self.attributes.remove_volume(volume);
        }
        for (uuid, of) in stored.volumes {
            let mut attributes = (*of.attributes).clone();
            set_aggregate(&mut attributes, aggregates);
            self.attributes.set_volume(backend, uuid, attributes);
        }
        for StoredSnapshot { volume, snapshot, attributes } in stored.snapshots {
            let attributes = (*attributes.attributes).clone();
            self.attributes.set_snapshot(backend, volume, snapshot, attributes);
        }
        self.operations.remove_moves();
        self.qtrees.restore(stored.qtrees);
        self.quota_rules.restore(stored.quota_rules);
        self.recovery_queue.restore(stored.recovery_queue);
    }
}

impl StoredSideData {
    /// Whether there are volumes in the recovery queue.
    pub(crate) fn has_deleted(&self) -> bool {
        !self.recovery_queue.is_empty()
    }

    /// Removes what is about volumes that are not present. Returns these volumes.
    pub(crate) fn retain(&mut self, present: &HashSet<VolumeId>) -> Vec<VolumeId> {
        let has = |volume: &VolumeId| present.contains(volume);
        let mut absent: Vec<_> = self.volumes.keys().copied().collect();
        absent.extend(self.snapshots.iter().map(|snapshot| snapshot.volume));
        absent.extend(self.qtrees.keys().chain(self.quota_rules.keys()));
        absent.extend(self.recovery_queue.iter().map(|deleted| deleted.uuid));
        absent.retain(|volume| !has(volume));
        absent.sort_unstable();
        absent.dedup();
        self.volumes.retain(|volume, _| has(volume));
        self.snapshots.retain(|snapshot| has(&snapshot.volume));
        self.qtrees.retain(|volume, _| has(volume));
        self.quota_rules.retain(|volume, _| has(volume));
        self.recovery_queue.retain(|deleted| has(&deleted.uuid));
        absent
    }
}

/// Sets the UUID of a volume's aggregate to that of the aggregate with its name. A volume whose aggregate
/// does not exist is in the default one.
fn set_aggregate(attributes: &mut Attributes, aggregates: &[AggregateRecord]) {
    let Some(name) = attributes.text("aggregates.name") else { return };
    let found = aggregates.iter().find(|record| record.aggregate.name == name);
    if let Some(record) = found {
        attributes.set("aggregates.uuid", Attribute::Uuid(record.aggregate.uuid));
    } else {
        attributes.unset("aggregates.name");
        attributes.unset("aggregates.uuid");
    }
}
