//! Volumes.

use std::sync::Arc;

use nessie_backend_core::{Uuid, Volume};
use nessie_ontap_protocol::records::{VOLUME, VolumeRecord};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::fate::{self, Fate, Made};
use super::volume_change::{Change, OF_ONE, PARAMETERS};
use super::volume_creation::Creation;
use crate::call::{Answer, Call, instance};
use crate::room::{Room, lock};

const PATH: &str = "/api/storage/volumes";

const MADE: Made<VolumeRecord> = Made { schema: &VOLUME, uuid: |record| record.volume.uuid.uuid() };

pub(crate) fn get(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, false, &[])?;
    let (room, volume) = find(call, &query, call.uuid(0)?)?;
    let mut record = room.record(call.cluster, volume);
    search(call, room, &query, std::slice::from_mut(&mut record))?;
    instance(&query, Some(record))
}

pub(crate) fn list(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, true, &["job_results_uuid"])?;
    let mut records = records(call, &query)?;
    if let Some(text) = query.parameter("job_results_uuid") {
        let results = call.results(text)?;
        records.retain(|record| results.made.contains(&record.volume.uuid.uuid()));
        return Ok(call.collection_of(&query, records, &results));
    }
    Ok(call.collection(&query, records))
}

pub(crate) fn post(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, true, &[])?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        let creations: Vec<_> =
            bodies.into_iter().map(|body| Creation::read(call, body)).collect::<Result<_, _>>()?;
        let mut outcomes = Vec::new();
        for creation in &creations {
            let outcome = creation.run(call);
            let refused = outcome.is_err();
            outcomes.push(outcome);
            if refused && !query.continue_on_failure {
                break;
            }
        }
        let place = creations.first().map(|creation| Arc::clone(&creation.room.place));
        return fate::all_made(call, &query, place, outcomes, &MADE);
    }
    let creation = Creation::read(call, Body::parse(call.request.body)?)?;
    let fate = Fate {
        job: call.cluster.ids.next(),
        // A volume that was not made has an identifier that no volume has.
        path: format!("{PATH}/{}", call.cluster.ids.next()),
        place: Some(Arc::clone(&creation.room.place)),
        outcome: creation.run(call),
    };
    fate::made(call, &query, fate, &MADE)
}

pub(crate) fn patch(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, false, &[PARAMETERS, &[OF_ONE]].concat())?;
    let change = Change::read(call, &query, Body::parse(call.request.body)?)?;
    one(call, &query, |room, volume, job| change.run(call, room, volume, job))
}

pub(crate) fn patch_many(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, true, PARAMETERS)?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        let read = |mut body| Ok((fate::take_uuid(&mut body)?, Change::read(call, &query, body)?));
        let changes = bodies.into_iter().map(read).collect::<Result<_, ApiError>>()?;
        return each(call, &query, changes, |change, room, volume, job| {
            change.run(call, room, volume, job)
        });
    }
    fate::check_filter(&query)?;
    let change = Change::read(call, &query, Body::parse(call.request.body)?)?;
    many(call, &query, |room, volume, job| change.run(call, room, volume, job))
}

/// Volumes go at once: there is no recovery queue that `force` would have to go around.
const DELETION: &[&str] = &["force"];

pub(crate) fn delete(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, false, DELETION)?;
    check_deletion(call, &query)?;
    one(call, &query, |room, volume, _| remove(call, room, volume))
}

pub(crate) fn delete_many(call: &Call<'_>) -> Answer {
    let query = call.query(&VOLUME, true, DELETION)?;
    if let Some(bodies) = Body::parse_records(call.request.body)? {
        query.parameter_flag("force")?;
        let read = |mut body| {
            let uuid = fate::take_uuid(&mut body)?;
            fate::check_empty(&body).map(|()| (uuid, ()))
        };
        let volumes = bodies.into_iter().map(read).collect::<Result<_, _>>()?;
        return each(call, &query, volumes, |(), room, volume, _| remove(call, room, volume));
    }
    fate::check_filter(&query)?;
    check_deletion(call, &query)?;
    many(call, &query, |room, volume, _| remove(call, room, volume))
}

fn check_deletion(call: &Call<'_>, query: &Query<VolumeRecord>) -> Result<(), ApiError> {
    query.parameter_flag("force")?;
    Body::parse(call.request.body)?.check(&VOLUME, call.request.method)
}

fn remove(call: &Call<'_>, room: &Room, volume: &Volume) -> Result<VolumeRecord, ApiError> {
    let _turn = room.turn();
    let kept = room.kept();
    let record = room.record(call.cluster, volume.clone());
    room.backend.delete_volume(volume.uuid)?;
    kept.attributes.forget_volume(volume.uuid);
    Ok(record)
}

/// Changes the volume that the path names.
fn one(
    call: &Call<'_>,
    query: &Query<VolumeRecord>,
    change: impl FnOnce(&Room, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> Answer {
    let fate = change_of(call, query, call.uuid(0)?, change)?;
    fate::changed(call, query, fate)
}

/// Changes each of the volumes that a request's records name.
fn each<T>(
    call: &Call<'_>,
    query: &Query<VolumeRecord>,
    changes: Vec<(Uuid, T)>,
    change: impl Fn(T, &Room, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> Answer {
    fate::check_no_filter(query)?;
    call.rooms(query, "svm")?;
    fate::all_changed(call, query, changes, None, |(uuid, wanted)| {
        change_of(call, query, uuid, |room, volume, job| change(wanted, room, volume, job))
            .unwrap_or_else(|error| Fate::refused(call, format!("{PATH}/{uuid}"), error))
    })
}

/// Changes one volume. A volume that is not there is an outcome; what is wrong with the request,
/// or with the backend, is not.
fn change_of(
    call: &Call<'_>,
    query: &Query<VolumeRecord>,
    uuid: Uuid,
    change: impl FnOnce(&Room, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> Result<Fate<VolumeRecord>, ApiError> {
    let job = call.cluster.ids.next();
    let path = format!("{PATH}/{uuid}");
    Ok(match find(call, query, uuid) {
        Err(error) if error.code != 4 => return Err(error),
        Err(error) => Fate { job, path, place: None, outcome: Err(error) },
        Ok((room, volume)) => {
            let place = Some(Arc::clone(&room.place));
            let matches = query.filter.is_empty()
                || query.filter.matches(&room.record(call.cluster, volume.clone()));
            let outcome =
                if matches { change(room, &volume, job) } else { Err(ApiError::no_such_entry()) };
            Fate { job, path, place, outcome }
        }
    })
}

/// Changes the volumes that match, page by page.
fn many(
    call: &Call<'_>,
    query: &Query<VolumeRecord>,
    change: impl Fn(&Room, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> Answer {
    fate::page_changed(call, query, records(call, query)?, |record| {
        let job = call.cluster.ids.next();
        let path = format!("{PATH}/{}", record.volume.uuid);
        let place = Some(Arc::clone(&record.svm_context));
        let outcome = call
            .cluster
            .svm(None, Some(record.svm_context.svm.uuid))
            .and_then(|room| change(room, &record.volume, job));
        Fate { job, path, place, outcome }
    })
}

/// The volume of that identifier, in whichever SVM it is.
pub(super) fn find<'a, R>(
    call: &Call<'a>,
    query: &Query<R>,
    uuid: Uuid,
) -> Result<(&'a Room, Volume), ApiError> {
    for room in call.rooms(query, "svm")? {
        if let Some(volume) = room.volume(uuid.into())? {
            return Ok((room, volume));
        }
    }
    Err(ApiError::no_such_entry())
}

/// The volumes that may match: all, or the one that is looked up.
fn records(call: &Call<'_>, query: &Query<VolumeRecord>) -> Result<Vec<VolumeRecord>, ApiError> {
    let mut records = Vec::new();
    for room in call.rooms(query, "svm")? {
        let first = records.len();
        if let Some(text) = query.filter.exact("uuid") {
            let found = text.parse::<Uuid>().ok().map(|uuid| room.volume(uuid.into()));
            records
                .extend(found.transpose()?.flatten().map(|found| room.record(call.cluster, found)));
        } else if let Some(name) = query.filter.exact("name") {
            let found = room.backend.find_volume(name)?;
            records.extend(found.map(|found| room.record(call.cluster, found)));
        } else {
            list_room(call, query, room, &mut records)?;
        }
        search(call, room, query, records.get_mut(first..).unwrap_or_default())?;
    }
    Ok(records)
}

/// Appends all volumes of an SVM.
fn list_room(
    call: &Call<'_>,
    query: &Query<VolumeRecord>,
    room: &Room,
    records: &mut Vec<VolumeRecord>,
) -> Result<(), ApiError> {
    let kept = room.kept();
    let volumes = room.backend.list_volumes()?;
    let attributes = kept.attributes.volumes(volumes.iter().map(|volume| volume.uuid));
    // Only pages need positions that outlast this request. With other SVMs there may be some,
    // however few volumes this one has.
    let fit = |max| max >= volumes.len() && call.cluster.rooms.len() == 1;
    let pages = query.paging.continues() || query.paging.max_records.is_some_and(|max| !fit(max));
    let mut positions = pages.then(|| lock(&kept.volumes));
    if let Some(positions) = &mut positions {
        positions.tidy(volumes.len(), volumes.iter().map(|volume| volume.uuid.uuid()));
    }
    records.reserve(volumes.len());
    for ((count, volume), attributes) in (1..).zip(volumes).zip(attributes) {
        let position = positions.as_mut().map_or(count, |known| known.of(volume.uuid.uuid()));
        records.push(VolumeRecord {
            svm_context: Arc::clone(&room.place),
            split: kept.split(call.cluster, volume.uuid),
            volume,
            attributes,
            position: (room.index << 48) + position,
            snapshot_count: None,
            has_flexclone: None,
            measured: None,
        });
    }
    Ok(())
}

/// Finds out what has to be searched for, where it is asked for.
fn search(
    call: &Call<'_>,
    room: &Room,
    query: &Query<VolumeRecord>,
    records: &mut [VolumeRecord],
) -> Result<(), ApiError> {
    if records.is_empty() {
        return Ok(());
    }
    let wants = |path| query.selection.has(path) || query.order.paths().any(|other| other == path);
    if wants("metric") || wants("statistics") {
        let now = call.cluster.now();
        for record in &mut *records {
            record.measured = Some(now);
        }
    }
    if wants("snapshot_count")
        && let Ok(snapshots) = room.backend.as_snapshot()
    {
        for record in &mut *records {
            // A volume that has gone since it was listed has none.
            let found = snapshots.list_snapshots(record.volume.uuid);
            record.snapshot_count = Some(found.map_or(0, |found| found.len() as u64));
        }
    }
    if wants("clone.has_flexclone") {
        let parents: std::collections::HashSet<_> = room
            .backend
            .list_volumes()?
            .into_iter()
            .filter_map(|volume| volume.clone.map(|origin| origin.parent_volume_uuid))
            .collect();
        for record in records {
            record.has_flexclone = Some(parents.contains(&record.volume.uuid));
        }
    }
    Ok(())
}
