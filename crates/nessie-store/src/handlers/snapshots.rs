//! Snapshots.

use std::collections::HashSet;
use std::sync::Arc;

use nessie_backend_core::{
    BackendError, Snapshot, SnapshotBackend, SnapshotId, Timestamp, Uuid, Volume, VolumeId,
};
use nessie_ontap_protocol::records::{Attribute, Attributes, Named, SNAPSHOT, SnapshotRecord};
use nessie_ontap_protocol::{ApiError, Body, Method, Query, WritableBy};

use super::fate::{self, Fate, Made};
use super::names;
use super::volume_creation::owner;
use super::volumes::find;
use crate::call::{Answer, Call, instance};
use crate::room::{Kept, Room, lock};

/// The most snapshots that a volume has.
const MAX_SNAPSHOTS: usize = 1023;

/// What stands in a path for every volume.
const ANY: &str = "*";

const MADE: Made<SnapshotRecord> =
    Made { schema: &SNAPSHOT, uuid: |record| record.snapshot.uuid.uuid() };

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, false, &[])?;
    let (room, volume) = owner_of(call, &query, call.uuid(1)?.into())?;
    let snapshot = room.backend.as_snapshot()?.get_snapshot(volume.uuid, call.uuid(1)?.into())?;
    let cloned = cloned(room, &query)?;
    instance(&query, Some(record(call, room, &volume_name(&volume), snapshot, &cloned)))
}

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, true, &["job_results_uuid"])?;
    let mut records = records(call, &query)?;
    if let Some(text) = query.parameter("job_results_uuid") {
        let results = call.results(text)?;
        records.retain(|record| results.made.contains(&record.snapshot.uuid.uuid()));
        return Ok(call.collection_of(&query, records, &results));
    }
    Ok(call.collection(&query, records))
}

pub(crate) fn post(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, true, &[])?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        let read =
            |body: &Body| Ok((Wanted::read(body, Method::Post)?, volume_of(call, &query, body)?));
        let wanted: Vec<_> = bodies.iter().map(read).collect::<Result<_, ApiError>>()?;
        let mut places = wanted.iter().filter_map(|(_, volume)| volume.as_ref().ok());
        let place = places.next().map(|(room, _)| Arc::clone(&room.place));
        let mut outcomes = Vec::new();
        for (wanted, volume) in wanted {
            let outcome = volume.and_then(|(room, volume)| take(call, room, &volume, &wanted));
            let refused = outcome.is_err();
            outcomes.push(outcome);
            if refused && !query.continue_on_failure {
                break;
            }
        }
        return fate::all_made(call, &query, place, outcomes, &MADE);
    }
    let body = Body::parse(call.request.body)?;
    let wanted = Wanted::read(&body, Method::Post)?;
    let (room, volume) = volume_of(call, &query, &body)??;
    let fate = Fate {
        job: call.cluster.ids.next(),
        path: format!("{}/{}", path_of(volume.uuid), call.cluster.ids.next()),
        place: Some(Arc::clone(&room.place)),
        outcome: take(call, room, &volume, &wanted),
    };
    fate::made(call, &query, fate, &MADE)
}

pub(crate) fn patch(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, false, &[])?;
    let wanted = read_patch(&Body::parse(call.request.body)?)?;
    one(call, &query, |room, volume, snapshot| change(call, room, volume, snapshot, &wanted))
}

pub(crate) fn patch_many(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, true, &[])?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        return each(call, &query, bodies, |body| {
            let wanted = read_patch(&body)?;
            Ok(move |room: &Room, volume: &Arc<Named>, snapshot| {
                change(call, room, volume, snapshot, &wanted)
            })
        });
    }
    fate::check_filter(&query)?;
    let wanted = read_patch(&Body::parse(call.request.body)?)?;
    many(call, &query, |room, volume, snapshot| change(call, room, volume, snapshot, &wanted))
}

/// A lock by a clone or by time is one that `force` does not open either.
const DELETION: &[&str] = &["force"];

pub(crate) fn delete(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, false, DELETION)?;
    check_deletion(call, &query)?;
    one(call, &query, |room, volume, snapshot| remove(call, room, volume, snapshot))
}

pub(crate) fn delete_many(call: &Call<'_>) -> Answer {
    let query = call.query(&SNAPSHOT, true, DELETION)?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        query.parameter_flag("force")?;
        return each(call, &query, bodies, |mut body| {
            body.remove("name");
            fate::check_empty(&body)?;
            Ok(|room: &Room, volume: &Arc<Named>, snapshot| remove(call, room, volume, snapshot))
        });
    }
    fate::check_filter(&query)?;
    check_deletion(call, &query)?;
    many(call, &query, |room, volume, snapshot| remove(call, room, volume, snapshot))
}

fn check_deletion(call: &Call<'_>, query: &Query<SnapshotRecord>) -> Result<(), ApiError> {
    query.parameter_flag("force")?;
    Body::parse(call.request.body)?.check(&SNAPSHOT, call.request.method)
}

/// What a request wants of a snapshot.
struct Wanted {
    name: Option<String>,
    attributes: Vec<(&'static str, Attribute)>,
}

impl Wanted {
    fn read(body: &Body, method: Method) -> Result<Self, ApiError> {
        body.check(&SNAPSHOT, method)?;
        let name = body.text("name")?.map(str::to_owned);
        if name.is_none() && method == Method::Post {
            let message = "The request does not name the snapshot.";
            return Err(ApiError::new(400, 262_212, message).about("name"));
        }
        let mut attributes = Vec::new();
        let others = ["name", "svm.name", "svm.uuid", "volume.name", "volume.uuid"];
        for field in SNAPSHOT.fields {
            if field.writable != WritableBy::Never
                && !others.contains(&field.path)
                && let Some(value) = Attribute::from_body(field, false, body)?
            {
                check_value(field.path, &value)?;
                attributes.push((field.path, value));
            }
        }
        Ok(Self { name, attributes })
    }

    fn apply(&self, room: &Room, kept: &Kept, volume: VolumeId, snapshot: SnapshotId) {
        if self.attributes.is_empty() {
            return;
        }
        let before = kept.attributes.snapshot(volume, snapshot);
        let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
        for (path, value) in &self.attributes {
            attributes.set(path, value.clone());
        }
        kept.attributes.set_snapshot(&*room.backend, volume, snapshot, attributes);
    }
}

fn read_patch(body: &Body) -> Result<Wanted, ApiError> {
    let wanted = Wanted::read(body, Method::Patch)?;
    if wanted.name.is_none() && wanted.attributes.is_empty() {
        return Err(ApiError::new(400, 262_190, "The request changes nothing."));
    }
    Ok(wanted)
}

fn check_value(path: &'static str, value: &Attribute) -> Result<(), ApiError> {
    let Attribute::Text(text) = value else { return Ok(()) };
    let length = text.chars().count();
    match path {
        "comment" if length > 255 => {
            let message = "The comment is longer than 255 characters.";
            Err(ApiError::new(400, 1_638_455, message).about(path))
        }
        "snapmirror_label" if !(1..=31).contains(&length) => {
            let message = "A label has 1 to 31 characters.";
            Err(ApiError::new(400, 1_638_523, message).about(path))
        }
        _ => Ok(()),
    }
}

/// The volume that a snapshot is to be of: that of the path or, where the path has a `*`, the one
/// that the body names. What is wrong with the request is refused; that there is no such volume is
/// the outcome for this snapshot.
fn volume_of<'a>(
    call: &Call<'a>,
    query: &Query<SnapshotRecord>,
    body: &Body,
) -> Result<Result<(&'a Room, Volume), ApiError>, ApiError> {
    let (room, volume) = if call.argument(0) == ANY {
        let (name, uuid) = (body.text("volume.name")?, body.uuid("volume.uuid")?);
        match (name, uuid) {
            (_, Some(uuid)) => match find(call, query, uuid) {
                Err(error) if error.code == 4 => return Ok(Err(error.about("volume.uuid"))),
                found => found?,
            },
            (Some(name), None) => {
                let room = owner(call, body, "svm")?;
                match room.backend.find_volume(name)? {
                    None => return Ok(Err(ApiError::no_such_entry().about("volume.name"))),
                    Some(volume) => (room, volume),
                }
            }
            (None, None) => {
                let message = "The record names no volume: volume.uuid or volume.name.";
                return Err(ApiError::new(400, 262_212, message).about("volume"));
            }
        }
    } else {
        find(call, query, call.uuid(0)?)?
    };
    check_owner(call, body, room, &volume)?;
    Ok(Ok((room, volume)))
}

/// What a body says of the snapshot's SVM and volume has to be what they are.
fn check_owner(call: &Call<'_>, body: &Body, room: &Room, volume: &Volume) -> Result<(), ApiError> {
    if body.has("svm") {
        let named = call.cluster.svm(body.text("svm.name")?, body.uuid("svm.uuid")?)?;
        if named.place.svm.uuid != room.place.svm.uuid {
            let message = "The volume is not in the SVM that the body names.";
            return Err(ApiError::new(400, 262_185, message).about("svm"));
        }
    }
    let other_name = body.text("volume.name")?.is_some_and(|name| name != volume.name);
    let other_uuid = body.uuid("volume.uuid")?.is_some_and(|uuid| uuid != volume.uuid.uuid());
    if other_name || other_uuid {
        let message = "The path and the body name different volumes.";
        return Err(ApiError::new(400, 262_185, message).about("volume"));
    }
    Ok(())
}

/// Refuses another snapshot where there are as many as there can be.
pub(super) fn check_room_for_one(
    snapshots: &dyn SnapshotBackend,
    volume: VolumeId,
) -> Result<(), ApiError> {
    if snapshots.list_snapshots(volume)?.len() >= MAX_SNAPSHOTS {
        let message = format!("The volume has {MAX_SNAPSHOTS} snapshots: no more are possible.");
        return Err(ApiError::new(409, 525_062, message));
    }
    Ok(())
}

fn take(
    call: &Call<'_>,
    room: &Room,
    volume: &Volume,
    wanted: &Wanted,
) -> Result<SnapshotRecord, ApiError> {
    let _turn = room.turn();
    let kept = room.kept();
    let name = wanted.name.as_deref().unwrap_or_default();
    names::check_snapshot(name)?;
    let snapshots = room.backend.as_snapshot()?;
    check_room_for_one(snapshots, volume.uuid)?;
    let taken = snapshots.create_snapshot(volume.uuid, name).map_err(|error| match error {
        BackendError::VolumeOffline { .. } => ApiError::new(409, 524_479, error.to_string()),
        error => error.into(),
    })?;
    wanted.apply(room, &kept, volume.uuid, taken.uuid);
    Ok(record(call, room, &volume_name(volume), taken, &HashSet::new()))
}

fn change(
    call: &Call<'_>,
    room: &Room,
    volume: &Arc<Named>,
    snapshot: SnapshotId,
    wanted: &Wanted,
) -> Result<SnapshotRecord, ApiError> {
    let _turn = room.turn();
    let kept = room.kept();
    let snapshots = room.backend.as_snapshot()?;
    let volume_id = VolumeId::new(volume.uuid);
    let before = snapshots.get_snapshot(volume_id, snapshot)?;
    let changed = match &wanted.name {
        Some(name) if *name != before.name => {
            names::check_snapshot(name)?;
            snapshots.rename_snapshot(volume_id, snapshot, name)?
        }
        _ => before,
    };
    wanted.apply(room, &kept, volume_id, snapshot);
    Ok(record(call, room, volume, changed, &HashSet::new()))
}

fn remove(
    call: &Call<'_>,
    room: &Room,
    volume: &Arc<Named>,
    snapshot: SnapshotId,
) -> Result<SnapshotRecord, ApiError> {
    let _turn = room.turn();
    let kept = room.kept();
    let snapshots = room.backend.as_snapshot()?;
    let volume_id = VolumeId::new(volume.uuid);
    let before = snapshots.get_snapshot(volume_id, snapshot)?;
    let attributes = kept.attributes.snapshot(volume_id, snapshot);
    if is_locked(attributes.as_deref(), call.cluster.now()) {
        let message = format!("The snapshot {:?} has not expired.", before.name);
        return Err(ApiError::new(409, 1_638_555, message));
    }
    let before = record(call, room, volume, before, &HashSet::new());
    snapshots.delete_snapshot(volume_id, snapshot)?;
    kept.attributes.forget_snapshot(volume_id, snapshot);
    Ok(before)
}

/// Whether a snapshot has an expiry time that has not come.
pub(super) fn is_locked(attributes: Option<&Attributes>, now: Timestamp) -> bool {
    let Some(attributes) = attributes else { return false };
    ["expiry_time", "snaplock_expiry_time"]
        .iter()
        .any(|path| matches!(attributes.get(path), Some(Attribute::Time(expiry)) if *expiry > now))
}

/// Changes the snapshot that the path names.
fn one(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
    change: impl FnOnce(&Room, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
) -> Answer {
    let uuid = SnapshotId::new(call.uuid(1)?);
    if call.argument(0) != ANY {
        call.uuid(0)?;
    }
    let mut fate = Fate {
        job: call.cluster.ids.next(),
        path: format!("/{}", call.url.segments.join("/")),
        place: None,
        outcome: Err(ApiError::no_such_entry()),
    };
    match owner_of(call, query, uuid) {
        Err(error) if error.code != 4 => return Err(error),
        Err(_) => {}
        Ok((room, volume)) => {
            fate.place = Some(Arc::clone(&room.place));
            fate.path = format!("{}/{uuid}", path_of(volume.uuid));
            fate.outcome = matching(call, query, room, &volume, uuid)
                .and_then(|()| change(room, &volume_name(&volume), uuid));
        }
    }
    fate::changed(call, query, fate)
}

/// Changes each of the snapshots that a request's records name, by their identifiers and those of
/// their volumes. `read` gives what to do with one, from what else its record has.
fn each<C>(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
    bodies: Vec<Body>,
    read: impl Fn(Body) -> Result<C, ApiError>,
) -> Answer
where
    C: FnOnce(&Room, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
{
    fate::check_no_filter(query)?;
    let mut changes = Vec::new();
    for mut body in bodies {
        let uuid = fate::take_uuid(&mut body)?;
        let volume = volume_of(call, query, &body)?;
        body.remove("svm");
        body.remove("volume");
        changes.push((SnapshotId::new(uuid), volume, read(body)?));
    }
    fate::all_changed(call, query, changes, None, |(uuid, volume, change)| match volume {
        Err(error) => Fate::refused(call, format!("{}/{uuid}", path_of_any()), error),
        Ok((room, volume)) => Fate {
            job: call.cluster.ids.next(),
            path: format!("{}/{uuid}", path_of(volume.uuid)),
            place: Some(Arc::clone(&room.place)),
            outcome: change(room, &volume_name(&volume), uuid),
        },
    })
}

/// The volume of the path or, where the path has a `*`, the one that has the snapshot.
fn owner_of<'a>(
    call: &Call<'a>,
    query: &Query<SnapshotRecord>,
    snapshot: SnapshotId,
) -> Result<(&'a Room, Volume), ApiError> {
    if call.argument(0) != ANY {
        return find(call, query, call.uuid(0)?);
    }
    for room in call.rooms(query, "svm")? {
        let snapshots = room.backend.as_snapshot()?;
        for volume in room.backend.list_volumes()? {
            match snapshots.get_snapshot(volume.uuid, snapshot) {
                Ok(_) => return Ok((room, volume)),
                Err(
                    BackendError::VolumeNotFound { .. } | BackendError::SnapshotNotFound { .. },
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Err(ApiError::no_such_entry())
}

/// Refuses a snapshot that the filter leaves out.
fn matching(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
    room: &Room,
    volume: &Volume,
    uuid: SnapshotId,
) -> Result<(), ApiError> {
    if query.filter.is_empty() {
        return Ok(());
    }
    let snapshot = room.backend.as_snapshot()?.get_snapshot(volume.uuid, uuid)?;
    let record = record(call, room, &volume_name(volume), snapshot, &cloned(room, query)?);
    if query.filter.matches(&record) { Ok(()) } else { Err(ApiError::no_such_entry()) }
}

/// Changes the snapshots that match, page by page.
fn many(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
    change: impl Fn(&Room, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
) -> Answer {
    fate::page_changed(call, query, records(call, query)?, |record| {
        let uuid = record.snapshot.uuid;
        let outcome = call
            .cluster
            .svm(None, Some(record.svm_context.svm.uuid))
            .and_then(|room| change(room, &record.volume, uuid));
        Fate {
            job: call.cluster.ids.next(),
            path: format!("{}/{uuid}", path_of(record.volume.uuid.into())),
            place: Some(Arc::clone(&record.svm_context)),
            outcome,
        }
    })
}

/// The snapshots that may match: of the path's volume, or of all where it has a `*` instead.
fn records(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
) -> Result<Vec<SnapshotRecord>, ApiError> {
    let mut records = Vec::new();
    if call.argument(0) != ANY {
        let (room, volume) = find(call, query, call.uuid(0)?)?;
        let cloned = cloned(room, query)?;
        append(call, query, room, &volume, &cloned, &mut records)?;
        return Ok(records);
    }
    for room in call.rooms(query, "svm")? {
        let first = records.len();
        let kept = room.kept();
        let cloned = cloned(room, query)?;
        for volume in room.backend.list_volumes()? {
            match append(call, query, room, &volume, &cloned, &mut records) {
                // It has gone since it was listed.
                Err(error) if error.code == 4 => {}
                outcome => outcome?,
            }
        }
        if query.filter.exact("name").is_none() {
            let of_room = records.get(first..).unwrap_or_default();
            let uuids = of_room.iter().map(|record| record.snapshot.uuid.uuid());
            lock(&kept.snapshots).tidy(of_room.len(), uuids);
        }
    }
    Ok(records)
}

fn append(
    call: &Call<'_>,
    query: &Query<SnapshotRecord>,
    room: &Room,
    volume: &Volume,
    cloned: &HashSet<SnapshotId>,
    records: &mut Vec<SnapshotRecord>,
) -> Result<(), ApiError> {
    let kept = room.kept();
    let snapshots = room.backend.as_snapshot()?;
    let name = volume_name(volume);
    if let Some(wanted) = query.filter.exact("name") {
        if let Some(found) = snapshots.find_snapshot(volume.uuid, wanted)? {
            let mut found = record(call, room, &name, found, cloned);
            found.position =
                position(query, room, &kept, records.len(), found.snapshot.uuid.uuid());
            records.push(found);
        }
        return Ok(());
    }
    for snapshot in snapshots.list_snapshots(volume.uuid)? {
        let position = position(query, room, &kept, records.len(), snapshot.uuid.uuid());
        records.push(SnapshotRecord { position, ..record(call, room, &name, snapshot, cloned) });
    }
    Ok(())
}

/// Only pages need positions that outlast this request.
fn position(
    query: &Query<SnapshotRecord>,
    room: &Room,
    kept: &Kept,
    count: usize,
    snapshot: Uuid,
) -> u64 {
    let pages = query.paging.continues() || query.paging.max_records.is_some();
    let position = if pages { lock(&kept.snapshots).of(snapshot) } else { count as u64 };
    (room.index << 48) + position
}

/// The snapshots that clones depend on, if that is asked for.
fn cloned(room: &Room, query: &Query<SnapshotRecord>) -> Result<HashSet<SnapshotId>, ApiError> {
    if query.selection.has("owners") { room.cloned_snapshots() } else { Ok(HashSet::new()) }
}

fn record(
    call: &Call<'_>,
    room: &Room,
    volume: &Arc<Named>,
    snapshot: Snapshot,
    cloned: &HashSet<SnapshotId>,
) -> SnapshotRecord {
    SnapshotRecord {
        svm_context: Arc::clone(&room.place),
        volume: Arc::clone(volume),
        attributes: room.kept().attributes.snapshot(volume.uuid.into(), snapshot.uuid),
        position: 0,
        is_cloned: cloned.contains(&snapshot.uuid),
        now: call.cluster.now(),
        snapshot,
    }
}

fn volume_name(volume: &Volume) -> Arc<Named> {
    Arc::new(Named { uuid: volume.uuid.uuid(), name: volume.name.clone() })
}

/// The path of the snapshots of all volumes.
fn path_of_any() -> String {
    format!("/api/storage/volumes/{ANY}/snapshots")
}

fn path_of(volume: VolumeId) -> String {
    format!("/api/storage/volumes/{volume}/snapshots")
}
