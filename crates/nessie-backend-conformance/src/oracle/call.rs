//! Calls of a backend and their answers, as values.

use nessie_backend_core::{
    AccessHandle, BackendError, Dependents, Result, Snapshot, SnapshotId, Space, Uuid, Volume,
    VolumeBackend, VolumeId, VolumePatch, VolumeSpec, VolumeState,
};

use super::route::{Receiver, Route};
use crate::feature::Tier;
use crate::malformed::MalformedRecord;

/// A call of a backend, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `create_volume`.
    CreateVolume(VolumeSpec),
    /// `list_volumes`.
    ListVolumes,
    /// `get_volume`.
    GetVolume(VolumeId),
    /// `find_volume`.
    FindVolume(String),
    /// `patch_volume`.
    PatchVolume(VolumeId, VolumePatch),
    /// `delete_volume`.
    DeleteVolume(VolumeId),
    /// `access_handle`.
    AccessHandle(VolumeId),
    /// `space`.
    Space,
    /// `create_snapshot`.
    CreateSnapshot(VolumeId, String),
    /// `list_snapshots`.
    ListSnapshots(VolumeId),
    /// `get_snapshot`.
    GetSnapshot(VolumeId, SnapshotId),
    /// `find_snapshot`.
    FindSnapshot(VolumeId, String),
    /// `rename_snapshot`.
    RenameSnapshot(VolumeId, SnapshotId, String),
    /// `delete_snapshot`.
    DeleteSnapshot(VolumeId, SnapshotId),
    /// `restore_snapshot`.
    RestoreSnapshot(VolumeId, SnapshotId),
    /// `create_clone`.
    CreateClone(VolumeId, SnapshotId, String),
    /// `split_clone`.
    SplitClone(VolumeId),
}

/// The result of a successful call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The operation returns nothing.
    Nothing,
    /// A volume.
    Volume(Volume),
    /// The volume that was found, if any.
    MaybeVolume(Option<Volume>),
    /// A list of volumes.
    Volumes(Vec<Volume>),
    /// A snapshot.
    Snapshot(Snapshot),
    /// The snapshot that was found, if any.
    MaybeSnapshot(Option<Snapshot>),
    /// A list of snapshots.
    Snapshots(Vec<Snapshot>),
    /// The access handle of a volume.
    Handle(AccessHandle),
    /// The account of the backend's space.
    Space(Space),
}

impl Value {
    /// Whether two results agree. The bytes that volumes use and snapshots consume are not compared:
    /// they may change at any time.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Volume(one), Self::Volume(other))
            | (Self::MaybeVolume(Some(one)), Self::MaybeVolume(Some(other))) => {
                volumes_agree(one, other)
            }
            (Self::Volumes(one), Self::Volumes(other)) => lists_agree(one, other, volumes_agree),
            (Self::Snapshot(one), Self::Snapshot(other))
            | (Self::MaybeSnapshot(Some(one)), Self::MaybeSnapshot(Some(other))) => {
                snapshots_agree(one, other)
            }
            (Self::Snapshots(one), Self::Snapshots(other)) => {
                lists_agree(one, other, snapshots_agree)
            }
            _ => self == other,
        }
    }
}

/// Whether the records have the same fields, apart from the bytes that the volume uses.
pub(crate) fn volumes_agree(one: &Volume, other: &Volume) -> bool {
    one == other || {
        let mut same_data = other.clone();
        same_data.used_bytes = one.used_bytes;
        *one == same_data
    }
}

/// Whether the records have the same fields, apart from the bytes that the snapshot consumes.
pub(crate) fn snapshots_agree(one: &Snapshot, other: &Snapshot) -> bool {
    one == other || {
        let mut same_data = other.clone();
        same_data.size_consumed = one.size_consumed;
        *one == same_data
    }
}

/// Whether the lists have records that agree, in the same order.
pub(crate) fn lists_agree<T>(one: &[T], other: &[T], agree: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| agree(one, other))
}

/// The answer to a call.
pub type Answer = std::result::Result<Value, Refusal>;

/// The parts of an error that the contract is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// See [`BackendError::code`].
    pub code: &'static str,
    /// See [`BackendError::target`].
    pub target: Option<String>,
    /// See [`BackendError::dependents`].
    pub dependents: Option<Box<Dependents>>,
    /// The other fields of the error.
    pub details: Details,
    /// The error as text.
    pub message: String,
    /// Set if an adapter received something that is not a record.
    pub malformed: Option<String>,
}

/// The fields of an error that none of its accessors returns; `None` if the error has no such field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The volume that holds the snapshot, or was searched for it.
    pub volume: Option<VolumeId>,
    /// The state of the volume.
    pub state: Option<VolumeState>,
}

impl From<&BackendError> for Details {
    fn from(error: &BackendError) -> Self {
        match error {
            BackendError::SnapshotNotFound { volume, .. }
            | BackendError::SnapshotNameNotFound { volume, .. }
            | BackendError::SnapshotExists { volume, .. } => {
                Self { volume: Some(*volume), state: None }
            }
            BackendError::VolumeOffline { state, .. } => Self { volume: None, state: Some(*state) },
            _ => Self::default(),
        }
    }
}

/// An identifier that no backend returns: a version 4 UUID in which all other bits are zero.
#[must_use]
pub fn unused_id() -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000)
}

impl From<&BackendError> for Refusal {
    fn from(error: &BackendError) -> Self {
        Self {
            code: error.code(),
            target: error.target().map(std::borrow::Cow::into_owned),
            dependents: error.dependents().cloned().map(Box::new),
            details: Details::from(error),
            message: error.to_string(),
            malformed: MalformedRecord::within(error).map(|record| record.message.clone()),
        }
    }
}

impl Call {
    /// Makes the call.
    pub fn make(&self, backend: &dyn VolumeBackend) -> Answer {
        self.make_through(Route::DIRECT, backend)
    }

    /// Makes the call on the object at the end of the route.
    pub fn make_through(&self, route: Route, backend: &dyn VolumeBackend) -> Answer {
        let result = route.follow(backend).and_then(|receiver| self.run(receiver));
        result.map_err(|error| Refusal::from(&error))
    }

    fn run(&self, on: Receiver<'_>) -> Result<Value> {
        Ok(match self {
            Self::CreateVolume(spec) => Value::Volume(on.volumes().create_volume(spec.clone())?),
            Self::ListVolumes => Value::Volumes(on.volumes().list_volumes()?),
            Self::GetVolume(volume) => Value::Volume(on.volumes().get_volume(*volume)?),
            Self::FindVolume(name) => Value::MaybeVolume(on.volumes().find_volume(name)?),
            Self::PatchVolume(volume, patch) => {
                Value::Volume(on.volumes().patch_volume(*volume, patch.clone())?)
            }
            Self::DeleteVolume(volume) => {
                on.volumes().delete_volume(*volume)?;
                Value::Nothing
            }
            Self::AccessHandle(volume) => Value::Handle(on.volumes().access_handle(*volume)?),
            Self::Space => Value::Space(on.volumes().space()?),
            Self::CreateSnapshot(volume, name) => {
                Value::Snapshot(on.snapshots()?.create_snapshot(*volume, name)?)
            }
            Self::ListSnapshots(volume) => {
                Value::Snapshots(on.snapshots()?.list_snapshots(*volume)?)
            }
            Self::GetSnapshot(volume, snapshot) => {
                Value::Snapshot(on.snapshots()?.get_snapshot(*volume, *snapshot)?)
            }
            Self::FindSnapshot(volume, name) => {
                Value::MaybeSnapshot(on.snapshots()?.find_snapshot(*volume, name)?)
            }
            Self::RenameSnapshot(volume, snapshot, name) => {
                Value::Snapshot(on.snapshots()?.rename_snapshot(*volume, *snapshot, name)?)
            }
            Self::DeleteSnapshot(volume, snapshot) => {
                on.snapshots()?.delete_snapshot(*volume, *snapshot)?;
                Value::Nothing
            }
            Self::RestoreSnapshot(volume, snapshot) => {
                Value::Volume(on.snapshots()?.restore_snapshot(*volume, *snapshot)?)
            }
            Self::CreateClone(volume, snapshot, name) => {
                Value::Volume(on.clones()?.create_clone(*volume, *snapshot, name)?)
            }
            Self::SplitClone(volume) => Value::Volume(on.clones()?.split_clone(*volume)?),
        })
    }

    /// The same call with each identifier replaced.
    #[must_use]
    pub fn with_ids(&self, other: impl Fn(Uuid) -> Uuid) -> Self {
        let volume = |id: &VolumeId| VolumeId::new(other(id.uuid()));
        let snapshot = |id: &SnapshotId| SnapshotId::new(other(id.uuid()));
        match self {
            Self::CreateVolume(_) | Self::ListVolumes | Self::FindVolume(_) | Self::Space => {
                self.clone()
            }
            Self::GetVolume(id) => Self::GetVolume(volume(id)),
            Self::PatchVolume(id, patch) => Self::PatchVolume(volume(id), patch.clone()),
            Self::DeleteVolume(id) => Self::DeleteVolume(volume(id)),
            Self::AccessHandle(id) => Self::AccessHandle(volume(id)),
            Self::CreateSnapshot(id, name) => Self::CreateSnapshot(volume(id), name.clone()),
            Self::ListSnapshots(id) => Self::ListSnapshots(volume(id)),
            Self::GetSnapshot(id, of) => Self::GetSnapshot(volume(id), snapshot(of)),
            Self::FindSnapshot(id, name) => Self::FindSnapshot(volume(id), name.clone()),
            Self::RenameSnapshot(id, of, name) => {
                Self::RenameSnapshot(volume(id), snapshot(of), name.clone())
            }
            Self::DeleteSnapshot(id, of) => Self::DeleteSnapshot(volume(id), snapshot(of)),
            Self::RestoreSnapshot(id, of) => Self::RestoreSnapshot(volume(id), snapshot(of)),
            Self::CreateClone(id, of, name) => {
                Self::CreateClone(volume(id), snapshot(of), name.clone())
            }
            Self::SplitClone(id) => Self::SplitClone(volume(id)),
        }
    }

    /// The operation's name.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::CreateVolume(_) => "create_volume",
            Self::ListVolumes => "list_volumes",
            Self::GetVolume(_) => "get_volume",
            Self::FindVolume(_) => "find_volume",
            Self::PatchVolume(..) => "patch_volume",
            Self::DeleteVolume(_) => "delete_volume",
            Self::AccessHandle(_) => "access_handle",
            Self::Space => "space",
            Self::CreateSnapshot(..) => "create_snapshot",
            Self::ListSnapshots(_) => "list_snapshots",
            Self::GetSnapshot(..) => "get_snapshot",
            Self::FindSnapshot(..) => "find_snapshot",
            Self::RenameSnapshot(..) => "rename_snapshot",
            Self::DeleteSnapshot(..) => "delete_snapshot",
            Self::RestoreSnapshot(..) => "restore_snapshot",
            Self::CreateClone(..) => "create_clone",
            Self::SplitClone(_) => "split_clone",
        }
    }

    /// Whether the operation has no result.
    #[must_use]
    pub const fn returns_nothing(&self) -> bool {
        matches!(self, Self::DeleteVolume(_) | Self::DeleteSnapshot(..))
    }

    /// The tier of the operation.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        match self {
            Self::CreateVolume(_)
            | Self::ListVolumes
            | Self::GetVolume(_)
            | Self::FindVolume(_)
            | Self::PatchVolume(..)
            | Self::DeleteVolume(_)
            | Self::AccessHandle(_)
            | Self::Space => Tier::Volumes,
            Self::CreateSnapshot(..)
            | Self::ListSnapshots(_)
            | Self::GetSnapshot(..)
            | Self::FindSnapshot(..)
            | Self::RenameSnapshot(..)
            | Self::DeleteSnapshot(..)
            | Self::RestoreSnapshot(..) => Tier::Snapshots,
            Self::CreateClone(..) | Self::SplitClone(_) => Tier::Clones,
        }
    }

    /// Whether the operation changes the backend.
    #[must_use]
    pub const fn changes(&self) -> bool {
        !matches!(
            self,
            Self::ListVolumes
                | Self::GetVolume(_)
                | Self::FindVolume(_)
                | Self::AccessHandle(_)
                | Self::Space
                | Self::ListSnapshots(_)
                | Self::GetSnapshot(..)
                | Self::FindSnapshot(..)
        )
    }
}
