//! Calls as values, and what comes back.

use std::time::Duration;

use nessie_backend_core::{
    AccessHandle, BackendError, Dependents, Result, Snapshot, SnapshotBackend, SnapshotId,
    Timestamp, Uuid, Volume, VolumeBackend, VolumeId, VolumePatch, VolumeSpec,
};
use nessie_backend_mem::MemBackend;

/// A call of one operation.
///
/// Calls that create carry the identifier that the naive backend gives to what they create.
#[derive(Clone, Debug)]
pub enum Call {
    CreateVolume { id: VolumeId, spec: VolumeSpec },
    ListVolumes,
    GetVolume(VolumeId),
    FindVolume(String),
    PatchVolume(VolumeId, VolumePatch),
    DeleteVolume(VolumeId),
    AccessHandle(VolumeId),
    CreateSnapshot { id: SnapshotId, volume: VolumeId, name: String },
    ListSnapshots(VolumeId),
    GetSnapshot(VolumeId, SnapshotId),
    FindSnapshot(VolumeId, String),
    RenameSnapshot(VolumeId, SnapshotId, String),
    DeleteSnapshot(VolumeId, SnapshotId),
    RestoreSnapshot(VolumeId, SnapshotId),
    CreateClone { id: VolumeId, volume: VolumeId, snapshot: SnapshotId, name: String },
    SplitClone(VolumeId),
    Advance(Duration),
    Now,
}

impl Call {
    /// The operation's name.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::CreateVolume { .. } => "create_volume",
            Self::ListVolumes => "list_volumes",
            Self::GetVolume(_) => "get_volume",
            Self::FindVolume(_) => "find_volume",
            Self::PatchVolume(..) => "patch_volume",
            Self::DeleteVolume(_) => "delete_volume",
            Self::AccessHandle(_) => "access_handle",
            Self::CreateSnapshot { .. } => "create_snapshot",
            Self::ListSnapshots(_) => "list_snapshots",
            Self::GetSnapshot(..) => "get_snapshot",
            Self::FindSnapshot(..) => "find_snapshot",
            Self::RenameSnapshot(..) => "rename_snapshot",
            Self::DeleteSnapshot(..) => "delete_snapshot",
            Self::RestoreSnapshot(..) => "restore_snapshot",
            Self::CreateClone { .. } => "create_clone",
            Self::SplitClone(_) => "split_clone",
            Self::Advance(_) => "advance",
            Self::Now => "now",
        }
    }

    /// The identifier that the naive backend gives to what the call creates.
    pub const fn proposed_id(&self) -> Option<Uuid> {
        match self {
            Self::CreateVolume { id, .. } | Self::CreateClone { id, .. } => Some(id.uuid()),
            Self::CreateSnapshot { id, .. } => Some(id.uuid()),
            _ => None,
        }
    }

    /// Makes the call. `known_as` is the identifier by which `backend` knows a record.
    pub fn make(&self, backend: &MemBackend, known_as: impl Fn(Uuid) -> Uuid) -> Result<Answer> {
        let clones = backend.clone_backend()?;
        let snapshots: &dyn SnapshotBackend = clones;
        let volumes: &dyn VolumeBackend = clones;
        let of = |volume: &VolumeId| VolumeId::new(known_as(volume.uuid()));
        let at = |snapshot: &SnapshotId| SnapshotId::new(known_as(snapshot.uuid()));
        Ok(match self {
            Self::CreateVolume { spec, .. } => volumes.create_volume(spec.clone())?.into(),
            Self::ListVolumes => Answer::Volumes(volumes.list_volumes()?),
            Self::GetVolume(volume) => volumes.get_volume(of(volume))?.into(),
            Self::FindVolume(name) => {
                Answer::Volumes(volumes.find_volume(name)?.into_iter().collect())
            }
            Self::PatchVolume(volume, patch) => {
                volumes.patch_volume(of(volume), patch.clone())?.into()
            }
            Self::DeleteVolume(volume) => volumes.delete_volume(of(volume))?.into(),
            Self::AccessHandle(volume) => Answer::Handle(volumes.access_handle(of(volume))?),
            Self::CreateSnapshot { volume, name, .. } => {
                snapshots.create_snapshot(of(volume), name)?.into()
            }
            Self::ListSnapshots(volume) => Answer::Snapshots(snapshots.list_snapshots(of(volume))?),
            Self::GetSnapshot(volume, snapshot) => {
                snapshots.get_snapshot(of(volume), at(snapshot))?.into()
            }
            Self::FindSnapshot(volume, name) => {
                let found = snapshots.find_snapshot(of(volume), name)?;
                Answer::Snapshots(found.into_iter().collect())
            }
            Self::RenameSnapshot(volume, snapshot, name) => {
                snapshots.rename_snapshot(of(volume), at(snapshot), name)?.into()
            }
            Self::DeleteSnapshot(volume, snapshot) => {
                snapshots.delete_snapshot(of(volume), at(snapshot))?.into()
            }
            Self::RestoreSnapshot(volume, snapshot) => {
                snapshots.restore_snapshot(of(volume), at(snapshot))?.into()
            }
            Self::CreateClone { volume, snapshot, name, .. } => {
                clones.create_clone(of(volume), at(snapshot), name)?.into()
            }
            Self::SplitClone(volume) => clones.split_clone(of(volume))?.into(),
            Self::Advance(by) => Answer::Time(backend.advance(*by)?),
            Self::Now => Answer::Time(backend.now()),
        })
    }
}

/// What a call that was carried out gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One volume, or those that were found.
    Volumes(Vec<Volume>),
    /// One snapshot, or those that were found.
    Snapshots(Vec<Snapshot>),
    Handle(AccessHandle),
    Time(Timestamp),
    Done,
}

impl From<Volume> for Answer {
    fn from(volume: Volume) -> Self {
        Self::Volumes(vec![volume])
    }
}

impl From<Snapshot> for Answer {
    fn from(snapshot: Snapshot) -> Self {
        Self::Snapshots(vec![snapshot])
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Done
    }
}

/// What a refusal promises: not its wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub target: Option<String>,
    pub dependents: Option<Dependents>,
}

impl From<&BackendError> for Refusal {
    fn from(error: &BackendError) -> Self {
        Self {
            code: error.code(),
            target: error.target().map(Into::into),
            dependents: error.dependents().cloned(),
        }
    }
}

pub type Outcome = Result<Answer, Refusal>;
