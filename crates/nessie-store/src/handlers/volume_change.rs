//! The change of a volume: its fields, a restore, a split or a move.

use nessie_backend_core::{BackendError, Uuid, Volume, VolumeState};
use nessie_ontap_protocol::records::{Attributes, Named, VOLUME, VolumeRecord};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};

use super::volume_body::{Wanted, normalise};
use super::volume_creation::{find_snapshot, named_aggregate, set_aggregate};
use crate::call::Call;
use crate::room::Room;

/// What is to be changed of a volume.
pub(crate) enum Change {
    Fields {
        wanted: Wanted,
        /// Where to move it, or why there is no such place.
        aggregate: Option<Result<Named, ApiError>>,
    },
    Restore {
        name: Option<String>,
        uuid: Option<Uuid>,
    },
    Split,
}

/// The parameters that a change takes. `sizing_method` says how the members of a `FlexGroup` share
/// a size, and makes no difference for one volume.
pub(crate) const PARAMETERS: &[&str] =
    &["restore_to.snapshot.name", "restore_to.snapshot.uuid", "sizing_method"];

impl Change {
    /// Reads a request and refuses what is wrong with it.
    pub(crate) fn read(call: &Call<'_>, query: &Query<VolumeRecord>) -> Result<Self, ApiError> {
        let mut body = Body::parse(call.request.body)?;
        normalise(&mut body)?;
        body.check(&VOLUME, Method::Patch)?;
        let wanted = Wanted::read(call.cluster, &body, Method::Patch)?;
        let aggregate = if body.has("movement") {
            let path = "movement.destination_aggregate";
            let (name, uuid) =
                (body.text(&format!("{path}.name"))?, body.uuid(&format!("{path}.uuid"))?);
            Some(named_aggregate(call, name, uuid)?)
        } else {
            None
        };
        let is_plain = !wanted.is_empty() || aggregate.is_some();
        let split = body.boolean("clone.split_initiated")?;
        if let Some(change) = restore(query, &body)? {
            if is_plain || split.is_some() {
                let message = "A restore changes nothing else at the same time.";
                return Err(ApiError::new(400, 918_251, message).about("restore_to"));
            }
            return Ok(change);
        }
        match split {
            None if is_plain => Ok(Self::Fields { wanted, aggregate }),
            None => Err(ApiError::new(400, 262_190, "The request changes nothing.")),
            Some(true) if !is_plain => Ok(Self::Split),
            Some(true) => Err(no_split("A split changes nothing else at the same time.")),
            Some(false) => Err(no_split("No split is under way that could be stopped.")),
        }
    }

    /// Makes the change, or none at all. The job is the one that tells of it.
    pub(crate) fn run(
        &self,
        call: &Call<'_>,
        room: &Room,
        volume: &Volume,
        job: Uuid,
    ) -> Result<VolumeRecord, ApiError> {
        let _turn = room.turn();
        let volume = room.volume(volume.uuid)?.ok_or_else(ApiError::no_such_entry)?;
        let changed = match self {
            Self::Fields { wanted, aggregate } => {
                change_fields(room, volume, wanted, aggregate.as_ref())?
            }
            Self::Restore { name, uuid } => {
                restore_to(call, room, &volume, name.as_deref(), *uuid)?
            }
            Self::Split => split(room, &volume)?,
        };
        let record = room.record(call.cluster, changed);
        if matches!(self, Self::Split) && !call.cluster.jobs.are_immediate() {
            room.begin_split(record.volume.uuid, job);
        }
        Ok(record)
    }
}

fn change_fields(
    room: &Room,
    volume: Volume,
    wanted: &Wanted,
    aggregate: Option<&Result<Named, ApiError>>,
) -> Result<Volume, ApiError> {
    let backend = &*room.backend;
    wanted.check()?;
    let aggregate = aggregate.cloned().transpose()?;
    let uuid = volume.uuid;
    let patch = wanted.patch();
    let changed = if patch.is_empty() {
        volume
    } else {
        backend.patch_volume(uuid, patch).map_err(|error| match error {
            BackendError::VolumeOffline { .. } => ApiError::new(409, 917_533, error.to_string()),
            error => error.into(),
        })?
    };
    if wanted.has_attributes() || aggregate.is_some() {
        let kept = room.attributes.volume(uuid);
        let mut attributes = kept.map_or_else(Attributes::default, |kept| (*kept).clone());
        wanted.apply(&mut attributes);
        if let Some(aggregate) = aggregate {
            set_aggregate(&mut attributes, &aggregate);
        }
        room.attributes.set_volume(backend, uuid, attributes);
    }
    Ok(changed)
}

fn restore(query: &Query<VolumeRecord>, body: &Body) -> Result<Option<Change>, ApiError> {
    let (name_path, uuid_path) = ("restore_to.snapshot.name", "restore_to.snapshot.uuid");
    let name = query.own(name_path).or(body.text(name_path)?);
    let uuid = match query.own(uuid_path) {
        None => body.uuid(uuid_path)?,
        Some(text) => {
            let refuse = |_| ApiError::invalid_value(uuid_path, text, "is no UUID");
            Some(text.parse().map_err(refuse)?)
        }
    };
    let change = Change::Restore { name: name.map(str::to_owned), uuid };
    Ok((name.is_some() || uuid.is_some()).then_some(change))
}

fn restore_to(
    call: &Call<'_>,
    room: &Room,
    volume: &Volume,
    name: Option<&str>,
    uuid: Option<Uuid>,
) -> Result<Volume, ApiError> {
    let backend = &*room.backend;
    let snapshots = backend.as_snapshot()?;
    if volume.state != VolumeState::Online {
        let error = BackendError::VolumeOffline { volume: volume.uuid, state: volume.state };
        return Err(ApiError::new(409, 9_437_885, error.to_string()));
    }
    let target = find_snapshot(backend, volume.uuid, name, uuid, "restore_to.snapshot")?;
    let all = snapshots.list_snapshots(volume.uuid)?;
    let newer: Vec<_> =
        all.iter().skip_while(|snapshot| snapshot.uuid != target.uuid).skip(1).collect();
    let now = call.cluster.now();
    for snapshot in &newer {
        let attributes = room.attributes.snapshot(volume.uuid, snapshot.uuid);
        if super::snapshots::is_locked(attributes.as_deref(), now) {
            let message = format!("The newer snapshot {:?} has not expired.", snapshot.name);
            return Err(ApiError::new(409, 9_437_886, message));
        }
    }
    let restored =
        snapshots.restore_snapshot(volume.uuid, target.uuid).map_err(|error| match error {
            BackendError::SnapshotBusy { .. } => ApiError::new(409, 9_437_886, error.to_string()),
            BackendError::VolumeOffline { .. } => ApiError::new(409, 9_437_885, error.to_string()),
            error => error.into(),
        })?;
    for snapshot in newer {
        room.attributes.forget_snapshot(volume.uuid, snapshot.uuid);
    }
    Ok(restored)
}

fn split(room: &Room, volume: &Volume) -> Result<Volume, ApiError> {
    if volume.clone.is_none() {
        return Err(no_split("The volume is no clone."));
    }
    Ok(room.backend.as_clone()?.split_clone(volume.uuid)?)
}

fn no_split(why: &str) -> ApiError {
    ApiError::new(400, 918_248, why).about("clone.split_initiated")
}
