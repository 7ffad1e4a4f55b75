//! The change of a volume: its fields, a restore, a split or a move.

use nessie_backend_core::{BackendError, Snapshot, Uuid, Volume, VolumeState};
use nessie_ontap_protocol::records::{Attributes, Named, VOLUME, VolumeRecord};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};

use super::reference::Reference;
use super::volume_body::{Wanted, normalise};
use super::volume_creation::{find_snapshot, named_aggregate, set_aggregate};
use crate::call::Call;
use crate::room::{Kept, Room};

/// What is to be changed of a volume.
pub(crate) struct Change {
    what: What,
    /// Whether the change is only to be checked: `validate_only`.
    is_trial: bool,
}

enum What {
    Fields {
        wanted: Box<Wanted>,
        /// Where to move it, or why there is no such place.
        aggregate: Option<Result<Named, ApiError>>,
    },
    Restore(Reference),
    Split,
}

/// The parameters that a change acts on.
pub(crate) const PARAMETERS: &[&str] = &[
    "aggressive_readahead_mode",
    "restore_to.byte_count",
    "restore_to.path",
    "restore_to.restore_path",
    "restore_to.snapshot.name",
    "restore_to.snapshot.uuid",
    "restore_to.start_byte",
    "scheduled_snapshot_naming_scheme",
    "validate_only",
];

/// Those of one volume alone: of a collection it is a filter.
pub(crate) const OF_ONE: &str = "snapshot_directory_access_enabled";

/// Those that give a field's value.
const VALUES: &[&str] = &["aggressive_readahead_mode", "scheduled_snapshot_naming_scheme", OF_ONE];

/// Those that restore one file instead of a volume.
const FILES: &[&str] = &[
    "restore_to.byte_count",
    "restore_to.path",
    "restore_to.restore_path",
    "restore_to.start_byte",
];

impl Change {
    /// Reads a request and refuses what is wrong with it.
    pub(crate) fn read(
        call: &Call<'_>,
        query: &Query<VolumeRecord>,
        mut body: Body,
    ) -> Result<Self, ApiError> {
        normalise(&mut body)?;
        let is_trial = is_trial(query, &mut body)?;
        for path in VALUES {
            if let Some(value) = query.parameter(path) {
                body.add(path, value.into())?;
            }
        }
        if let Some(path) = FILES.iter().find(|path| query.parameter(path).is_some()) {
            let message = "Volumes have no files here: a snapshot restores the whole volume.";
            return Err(ApiError::new(400, 918_251, message).about(*path));
        }
        body.check(&VOLUME, Method::Patch)?;
        Ok(Self { what: Self::read_what(call, query, &body)?, is_trial })
    }

    fn read_what(
        call: &Call<'_>,
        query: &Query<VolumeRecord>,
        body: &Body,
    ) -> Result<What, ApiError> {
        let wanted = Wanted::read(call.cluster, body, Method::Patch)?;
        let aggregate = Reference::read(body, "movement.destination_aggregate")?
            .map(|given| named_aggregate(call, &given))
            .transpose()?;
        let is_plain = !wanted.is_empty() || aggregate.is_some();
        let split = body.boolean("clone.split_initiated")?;
        if let Some(change) = restore(query, body)? {
            if is_plain || split.is_some() {
                let message = "A restore changes nothing else at the same time.";
                return Err(ApiError::new(400, 918_251, message).about("restore_to"));
            }
            return Ok(change);
        }
        match split {
            None if is_plain => Ok(What::Fields { wanted: Box::new(wanted), aggregate }),
            None => Err(ApiError::new(400, 262_190, "The request changes nothing.")),
            Some(true) if !is_plain => Ok(What::Split),
            Some(true) => Err(no_split("A split changes nothing else at the same time.")),
            Some(false) => Err(no_split("No split is under way that could be stopped.")),
        }
    }

    /// Makes the change, or none at all. A trial only checks it. The job is the one that tells of
    /// it.
    pub(crate) fn run(
        &self,
        call: &Call<'_>,
        room: &Room,
        volume: &Volume,
        job: Uuid,
    ) -> Result<VolumeRecord, ApiError> {
        let _turn = room.turn();
        let kept = room.kept();
        let volume = room.volume(volume.uuid)?.ok_or_else(ApiError::no_such_entry)?;
        if self.is_trial {
            check(call, room, &kept, &volume, &self.what)?;
            return Ok(room.record(call.cluster, volume));
        }
        let changed = match &self.what {
            What::Fields { wanted, aggregate } => {
                change_fields(room, &kept, volume, wanted, aggregate.as_ref())?
            }
            What::Restore(snapshot) => restore_to(call, room, &kept, &volume, snapshot)?,
            What::Split => split(room, &volume)?,
        };
        let record = room.record(call.cluster, changed);
        if matches!(self.what, What::Split) && !call.cluster.jobs.are_immediate() {
            kept.begin_split(record.volume.uuid, job);
        }
        Ok(record)
    }
}

/// Whether the request wants the change to be checked and not made, in its query or its body.
fn is_trial(query: &Query<VolumeRecord>, body: &mut Body) -> Result<bool, ApiError> {
    let path = "validate_only";
    let in_body = body.boolean(path)?;
    body.remove(path);
    match (query.parameter_flag(path)?, in_body) {
        (Some(one), Some(other)) if one != other => Err(ApiError::given_twice(path)),
        (in_query, in_body) => Ok(in_query.or(in_body).unwrap_or(false)),
    }
}

/// Refuses what [`Change::run`] would refuse, and changes nothing.
fn check(
    call: &Call<'_>,
    room: &Room,
    kept: &Kept,
    volume: &Volume,
    what: &What,
) -> Result<(), ApiError> {
    let backend = &*room.backend;
    match what {
        What::Fields { wanted, aggregate } => {
            wanted.check(&room.place)?;
            aggregate
                .as_ref()
                .map_or(Ok(()), |found| found.as_ref().map(drop).map_err(Clone::clone))?;
            if let Some(name) = wanted.name.as_ref().filter(|name| **name != volume.name)
                && backend.find_volume(name)?.is_some()
            {
                return Err(BackendError::VolumeExists { name: name.clone() }.into());
            }
            if let Some(path) = wanted.path.as_deref().filter(|path| !path.is_empty()) {
                let is_there = |other: &Volume| {
                    other.uuid != volume.uuid
                        && other
                            .junction_path
                            .as_deref()
                            .is_some_and(|at| at.eq_ignore_ascii_case(path))
                };
                if backend.list_volumes()?.iter().any(is_there) {
                    return Err(BackendError::JunctionPathExists { path: path.to_owned() }.into());
                }
            }
            if wanted.size.is_some()
                && volume.state != VolumeState::Online
                && wanted.state != Some(VolumeState::Online)
            {
                let (volume, state) = (volume.uuid, volume.state);
                return Err(resize_offline(&BackendError::VolumeOffline { volume, state }));
            }
            Ok(())
        }
        What::Restore(snapshot) => {
            let (_, newer) = restorable(call, room, kept, volume, snapshot)?;
            let cloned = room.cloned_snapshots()?;
            match newer.iter().find(|snapshot| cloned.contains(&snapshot.uuid)) {
                None => Ok(()),
                Some(busy) => {
                    let message = format!("Clones depend on the newer snapshot {:?}.", busy.name);
                    Err(ApiError::new(409, 9_437_886, message))
                }
            }
        }
        What::Split if volume.clone.is_none() => Err(not_a_clone()),
        What::Split => Ok(()),
    }
}

fn change_fields(
    room: &Room,
    kept: &Kept,
    volume: Volume,
    wanted: &Wanted,
    aggregate: Option<&Result<Named, ApiError>>,
) -> Result<Volume, ApiError> {
    let backend = &*room.backend;
    wanted.check(&room.place)?;
    let aggregate = aggregate.cloned().transpose()?;
    let uuid = volume.uuid;
    let patch = wanted.patch();
    let changed = if patch.is_empty() {
        volume
    } else {
        backend.patch_volume(uuid, patch).map_err(|error| match error {
            BackendError::VolumeOffline { .. } => resize_offline(&error),
            error => error.into(),
        })?
    };
    if wanted.has_attributes() || aggregate.is_some() {
        let before = kept.attributes.volume(uuid);
        let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
        wanted.apply(&mut attributes);
        if let Some(aggregate) = aggregate {
            set_aggregate(&mut attributes, &aggregate);
        }
        kept.attributes.set_volume(backend, uuid, attributes);
    }
    Ok(changed)
}

fn resize_offline(error: &BackendError) -> ApiError {
    ApiError::new(409, 917_533, error.to_string())
}

fn restore(query: &Query<VolumeRecord>, body: &Body) -> Result<Option<What>, ApiError> {
    let (name_path, uuid_path) = ("restore_to.snapshot.name", "restore_to.snapshot.uuid");
    let name = query.parameter(name_path).or(body.text(name_path)?);
    let uuid = match query.parameter(uuid_path) {
        None => body.uuid(uuid_path)?,
        Some(text) => {
            let refuse = |_| ApiError::invalid_value(uuid_path, text, "is no UUID");
            Some(text.parse().map_err(refuse)?)
        }
    };
    if name.is_some_and(str::is_empty) {
        let message = "The request names no snapshot to restore: the name is empty.";
        return Err(ApiError::new(400, 1_638_515, message).about(name_path));
    }
    let snapshot = Reference { name: name.map(str::to_owned), uuid };
    Ok((name.is_some() || uuid.is_some()).then_some(What::Restore(snapshot)))
}

fn restore_to(
    call: &Call<'_>,
    room: &Room,
    kept: &Kept,
    volume: &Volume,
    snapshot: &Reference,
) -> Result<Volume, ApiError> {
    let (target, newer) = restorable(call, room, kept, volume, snapshot)?;
    let snapshots = room.backend.as_snapshot()?;
    let restored =
        snapshots.restore_snapshot(volume.uuid, target.uuid).map_err(|error| match error {
            BackendError::SnapshotBusy { .. } => ApiError::new(409, 9_437_886, error.to_string()),
            BackendError::VolumeOffline { .. } => ApiError::new(409, 9_437_885, error.to_string()),
            error => error.into(),
        })?;
    for snapshot in newer {
        kept.attributes.forget_snapshot(volume.uuid, snapshot.uuid);
    }
    Ok(restored)
}

/// The snapshot to restore, and the newer ones, none of which is locked.
fn restorable(
    call: &Call<'_>,
    room: &Room,
    kept: &Kept,
    volume: &Volume,
    snapshot: &Reference,
) -> Result<(Snapshot, Vec<Snapshot>), ApiError> {
    let backend = &*room.backend;
    let snapshots = backend.as_snapshot()?;
    if volume.state != VolumeState::Online {
        let error = BackendError::VolumeOffline { volume: volume.uuid, state: volume.state };
        return Err(ApiError::new(409, 9_437_885, error.to_string()));
    }
    let target = find_snapshot(backend, volume.uuid, snapshot, "restore_to.snapshot")?;
    let all = snapshots.list_snapshots(volume.uuid)?;
    let newer: Vec<_> =
        all.into_iter().skip_while(|snapshot| snapshot.uuid != target.uuid).skip(1).collect();
    let now = call.cluster.now();
    for snapshot in &newer {
        let attributes = kept.attributes.snapshot(volume.uuid, snapshot.uuid);
        if super::snapshots::is_locked(attributes.as_deref(), now) {
            let message = format!("The newer snapshot {:?} has not expired.", snapshot.name);
            return Err(ApiError::new(409, 9_437_886, message));
        }
    }
    Ok((target, newer))
}

fn split(room: &Room, volume: &Volume) -> Result<Volume, ApiError> {
    if volume.clone.is_none() {
        return Err(not_a_clone());
    }
    Ok(room.backend.as_clone()?.split_clone(volume.uuid)?)
}

fn not_a_clone() -> ApiError {
    no_split("The volume is no clone.")
}

fn no_split(why: &str) -> ApiError {
    ApiError::new(400, 918_248, why).about("clone.split_initiated")
}
