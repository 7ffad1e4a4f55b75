//! Which identifier of one backend is which of the other.

use std::collections::HashMap;

use nessie_backend_core::{BackendError, Result, Snapshot, SnapshotId, Uuid, Volume, VolumeId};

use super::{Answer, Call, Outcome, Refusal};

/// Translates between the identifiers that the tested backend chose and the proposed ones, by
/// which the naive backend knows the same records. Unknown identifiers mean themselves.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    chosen: HashMap<Uuid, Uuid>,
    proposed: HashMap<Uuid, Uuid>,
}

impl Dictionary {
    /// The identifier that the tested backend chose.
    pub fn chosen(&self, proposed: Uuid) -> Uuid {
        self.chosen.get(&proposed).copied().unwrap_or(proposed)
    }

    fn proposed(&self, chosen: Uuid) -> Uuid {
        self.proposed.get(&chosen).copied().unwrap_or(chosen)
    }

    /// Enters what a call created, and sees to it that its identifier is new and of version 4.
    pub fn learn(&mut self, call: &Call, answer: &Result<Answer>) {
        let (Some(proposed), Ok(answer)) = (call.proposed_id(), answer) else { return };
        let chosen = match answer {
            Answer::Volumes(volumes) => volumes[0].uuid.uuid(),
            Answer::Snapshots(snapshots) => snapshots[0].uuid.uuid(),
            other => panic!("a call that creates gave back {other:?}"),
        };
        assert_eq!(chosen.get_version_num(), 4, "{chosen} is not of version 4");
        let earlier = self.proposed.insert(chosen, proposed);
        assert_eq!(earlier, None, "{chosen} was given out twice");
        self.chosen.insert(proposed, chosen);
    }

    /// The outcome in the proposed identifiers.
    pub fn translate(&self, outcome: Result<Answer>) -> Outcome {
        match outcome {
            Ok(Answer::Volumes(volumes)) => {
                Ok(Answer::Volumes(volumes.into_iter().map(|it| self.volume(it)).collect()))
            }
            Ok(Answer::Snapshots(snapshots)) => {
                Ok(Answer::Snapshots(snapshots.into_iter().map(|it| self.snapshot(it)).collect()))
            }
            Ok(other) => Ok(other),
            Err(error) => {
                let mut refusal = Refusal::from(&error);
                if let Some(id) = subject(&error) {
                    refusal.target = Some(self.proposed(id).to_string());
                }
                Err(refusal)
            }
        }
    }

    fn volume(&self, mut volume: Volume) -> Volume {
        let proposed = |id: VolumeId| VolumeId::new(self.proposed(id.uuid()));
        volume.uuid = proposed(volume.uuid);
        if let Some(origin) = &mut volume.origin {
            origin.parent_volume_uuid = proposed(origin.parent_volume_uuid);
            let snapshot = origin.parent_snapshot_uuid.uuid();
            origin.parent_snapshot_uuid = SnapshotId::new(self.proposed(snapshot));
        }
        volume
    }

    fn snapshot(&self, mut snapshot: Snapshot) -> Snapshot {
        snapshot.uuid = SnapshotId::new(self.proposed(snapshot.uuid.uuid()));
        snapshot
    }
}

/// The record that an error is about.
const fn subject(error: &BackendError) -> Option<Uuid> {
    match error {
        BackendError::VolumeNotFound { volume }
        | BackendError::VolumeBusy { volume, .. }
        | BackendError::VolumeOffline { volume, .. } => Some(volume.uuid()),
        BackendError::SnapshotNotFound { snapshot, .. }
        | BackendError::SnapshotBusy { snapshot, .. } => Some(snapshot.uuid()),
        _ => None,
    }
}
