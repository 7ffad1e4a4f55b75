//! Volumes. [`create`] and [`patch`] have the changes, [`body`] the fields that requests set.

mod assigned;
mod autosize;
mod body;
mod create;
mod expansion;
mod flexgroup;
mod guarantee;
mod junctions;
mod movement;
mod patch;
mod root;

use std::sync::Arc;

use nessie_backend_core::{BackendError, Uuid, Volume};
use nessie_ontap_protocol::records::{VOLUME, VolumeRecord, is_guaranteed};
use nessie_ontap_protocol::{ApiError, Bodies, Body, Query};

use self::create::Creation;
use self::patch::{Change, OF_ONE, PARAMETERS};
use crate::handlers::collection::FORCE;
use crate::handlers::context::{HandlerResult, RequestContext, instance};
use crate::handlers::lookup::find_volume;
use crate::handlers::operation_query::OperationQuery;
use crate::handlers::outcome::{self, ObjectKind, Outcome};
use crate::side_data::lock;
use crate::space::parts_of;
use crate::svm::SvmState;

const PATH: &str = "/api/storage/volumes";

const KIND: ObjectKind<VolumeRecord> = ObjectKind {
    schema: &VOLUME,
    svm_context: |record| Some(&record.svm_context),
    is_synchronous: false,
};

pub(crate) fn get(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<VolumeRecord> = OperationQuery::new(&VOLUME, false, &[]);
    let query = QUERY.of(context)?;
    let uuid = context.path_uuid(0)?;
    if wants_constituents(&query) {
        let found = records(context, &query)?.into_iter();
        return instance(
            &query,
            found.into_iter().find(|record| record.volume.uuid == uuid.into()),
        );
    }
    let (svm, volume) = find_volume(context, &query, uuid)?;
    let mut record = svm.record(volume);
    search(context, svm, &query, std::slice::from_mut(&mut record))?;
    instance(&query, Some(record))
}

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    KIND.list(context, |query| records(context, query))
}

pub(crate) fn post(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<VolumeRecord> = OperationQuery::new(&VOLUME, true, &[]);
    let query = QUERY.of(context)?;
    match Bodies::parse(context.request.body)? {
        Bodies::One(body) => {
            let creation = Creation::read(context, body)?;
            let svm_context = Some(Arc::clone(&creation.svm.svm_context));
            KIND.create(context, &query, PATH, svm_context, || creation.run(context))
        }
        Bodies::Records(bodies) => {
            let creations: Vec<_> = bodies
                .into_iter()
                .map(|body| Creation::read(context, body))
                .collect::<Result<_, _>>()?;
            let first = creations.first();
            let svm_context = first.map(|creation| Arc::clone(&creation.svm.svm_context));
            KIND.create_many(context, &query, svm_context, creations, |creation| {
                creation.run(context)
            })
        }
    }
}

pub(crate) fn patch(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME, false, &[PARAMETERS, &[OF_ONE]].concat())?;
    let change = Change::read(context, &query, Body::parse(context.request.body)?)?;
    one(context, &query, |svm, volume, job| change.run(context, svm, volume, job))
}

pub(crate) fn patch_many(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME, true, PARAMETERS)?;
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        let read =
            |mut body| Ok((outcome::take_uuid(&mut body)?, Change::read(context, &query, body)?));
        let changes = bodies.into_iter().map(read).collect::<Result<_, ApiError>>()?;
        return each(context, &query, changes, |change, svm, volume, job| {
            change.run(context, svm, volume, job)
        });
    }
    outcome::check_filter(&query)?;
    let change = Change::read(context, &query, Body::parse(context.request.body)?)?;
    many(context, &query, |svm, volume, job| change.run(context, svm, volume, job))
}

pub(crate) fn delete(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<VolumeRecord> = OperationQuery::new(&VOLUME, false, FORCE);
    let query = QUERY.of(context)?;
    let force = KIND.check_deletion(context, &query)?;
    one(context, &query, |svm, volume, _| remove(context, svm, volume, force))
}

pub(crate) fn delete_many(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&VOLUME, true, FORCE)?;
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        let force = query.parameter_flag("force")?.unwrap_or(false);
        let read = |mut body| {
            let uuid = outcome::take_uuid(&mut body)?;
            outcome::check_empty(&body).map(|()| (uuid, ()))
        };
        let volumes = bodies.into_iter().map(read).collect::<Result<_, _>>()?;
        return each(context, &query, volumes, |(), svm, volume, _| {
            remove(context, svm, volume, force)
        });
    }
    outcome::check_filter(&query)?;
    let force = KIND.check_deletion(context, &query)?;
    many(context, &query, |svm, volume, _| remove(context, svm, volume, force))
}

/// Deletes a volume, or moves it to the recovery queue. `force` bypasses the queue.
fn remove(
    context: &RequestContext<'_>,
    svm: &SvmState,
    volume: &Volume,
    force: bool,
) -> Result<VolumeRecord, ApiError> {
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    let record = svm.record(volume.clone());
    root::check_lone(svm, volume)?;
    if let Some(hours) = svm.recovery_queue_hours.filter(|_| !force && !svm.is_root_volume(volume))
        && svm.enqueue(&side_data, volume, hours, context.cluster.now())?
    {
        return Ok(record);
    }
    svm.backend.delete_volume(volume.uuid).map_err(|error| match error {
        // 1638555 is about the deletion of a snapshot.
        BackendError::SnapshotLocked { .. } => ApiError::new(409, 460_770, error.to_string()),
        error => error.into(),
    })?;
    side_data.remove_volume(volume.uuid);
    Ok(record)
}

/// Changes the volume that the path names.
fn one(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
    change: impl FnOnce(&SvmState, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> HandlerResult {
    let outcome = change_of(context, query, context.path_uuid(0)?, change)?;
    outcome::reply_changed(context, query, outcome, &KIND)
}

/// Changes each of the volumes that a request's records identify.
fn each<T>(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
    changes: Vec<(Uuid, T)>,
    change: impl Fn(T, &SvmState, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> HandlerResult {
    outcome::check_no_filter(query)?;
    context.svms(query, "svm")?;
    outcome::reply_changed_many(context, query, changes, None, &KIND, |(uuid, fields)| {
        change_of(context, query, uuid, |svm, volume, job| change(fields, svm, volume, job))
            .unwrap_or_else(|error| Outcome::refused(context, format!("{PATH}/{uuid}"), error))
    })
}

/// Changes one volume. An unknown volume is an outcome; an error of the request or the backend ends
/// the request.
fn change_of(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
    uuid: Uuid,
    change: impl FnOnce(&SvmState, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> Result<Outcome<VolumeRecord>, ApiError> {
    let job = context.cluster.ids.next();
    let path = format!("{PATH}/{uuid}");
    Ok(match find_volume(context, query, uuid) {
        Err(error) if error.code != 4 => return Err(error),
        Err(error) => Outcome { job, path, svm_context: None, result: Err(error) },
        Ok((svm, volume)) => {
            let svm_context = Some(Arc::clone(&svm.svm_context));
            let matches = query.filter.is_empty() || {
                let mut record = svm.record(volume.clone());
                search(context, svm, query, std::slice::from_mut(&mut record))?;
                query.filter.matches(&record)
            };
            let outcome =
                if matches { change(svm, &volume, job) } else { Err(ApiError::no_such_entry()) };
            Outcome { job, path, svm_context, result: outcome }
        }
    })
}

/// Changes the volumes that match, page by page.
fn many(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
    change: impl Fn(&SvmState, &Volume, Uuid) -> Result<VolumeRecord, ApiError>,
) -> HandlerResult {
    KIND.change_page(context, query, records(context, query)?, |record, job| {
        change(context.svm_of(&record.svm_context)?, &record.volume, job)
    })
}

/// The volumes that may match: all, or one if the filter has its name or UUID.
pub(super) fn records(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
) -> Result<Vec<VolumeRecord>, ApiError> {
    let mut records = Vec::new();
    for svm in context.svms(query, "svm")? {
        let first = records.len();
        if let Some(text) = query.filter.exact("uuid") {
            let found = text.parse::<Uuid>().ok().map(|uuid| svm.volume(uuid.into()));
            records.extend(found.transpose()?.flatten().map(|found| svm.record(found)));
        } else if let Some(name) = query.filter.exact("name") {
            let found = svm.find_volume(name)?;
            records.extend(found.map(|found| svm.record(found)));
        } else {
            list_svm(context, query, svm, &mut records)?;
        }
        if wants_constituents(query) {
            let mut volumes = Vec::new();
            list_svm(context, query, svm, &mut volumes)?;
            set_space(svm, query, &mut volumes)?;
            records.extend(volumes.iter().flat_map(VolumeRecord::as_constituents));
        }
        search(context, svm, query, records.get_mut(first..).unwrap_or_default())?;
    }
    Ok(records)
}

/// Whether a filter names the field that the constituents of `FlexGroups` have. Without one, they are
/// left out.
fn wants_constituents(query: &Query<VolumeRecord>) -> bool {
    query.filter.paths().any(|path| path == "is_constituent")
}

/// Appends all volumes of an SVM.
fn list_svm(
    context: &RequestContext<'_>,
    query: &Query<VolumeRecord>,
    svm: &SvmState,
    records: &mut Vec<VolumeRecord>,
) -> Result<(), ApiError> {
    let side_data = svm.side_data();
    let volumes = svm.volumes()?;
    let attributes = side_data.attributes.volumes(volumes.iter().map(|volume| volume.uuid));
    let pool = svm.pool();
    // Only pages need positions that stay the same between requests. With several SVMs there may be
    // pages although the volumes of this one fit.
    let fit = |max| max >= volumes.len() && context.svm_list.len() == 1;
    let pages = query.paging.continues() || query.paging.max_records.is_some_and(|max| !fit(max));
    let mut order = pages.then(|| lock(&side_data.volumes));
    if let Some(order) = &mut order {
        order.prune(volumes.len(), volumes.iter().map(|volume| volume.uuid.uuid()));
    }
    records.reserve(volumes.len());
    for ((count, volume), attributes) in (1..).zip(volumes).zip(attributes) {
        let position = order.as_mut().map_or(count, |order| order.position(volume.uuid.uuid()));
        records.push(svm.record_with(&side_data, pool, volume, attributes, position));
    }
    Ok(())
}

/// The fields that need the account of the volume, and not only its used bytes. Without data they
/// follow from the volume.
const SPACE: &[&str] = &[
    "clone.inherited_physical_used",
    "clone.split_estimate",
    "space.footprint",
    "space.local_tier_footprint",
    "space.logical_space.used_by_snapshots",
    "space.over_provisioned",
    "space.physical_used",
    "space.physical_used_percent",
    "space.size_available_for_snapshots",
    "space.snapshot",
    "space.snapshot_spill",
    "space.total_footprint",
    "space.volume_guarantee_footprint",
];

/// Sets whether the aggregates of the volumes with a guarantee have too little space.
fn set_overcommitted(
    context: &RequestContext<'_>,
    svm: &SvmState,
    records: &mut [VolumeRecord],
) -> Result<(), ApiError> {
    if !records.iter().any(|record| is_guaranteed(record.attributes.as_deref())) {
        return Ok(());
    }
    let aggregates = context.cluster.aggregates_now()?;
    for record in records {
        let parts = parts_of(svm, record.attributes.as_deref(), 0);
        let is_of_it = |uuid| parts.iter().any(|(part, _)| *part == uuid);
        let mut of_it = aggregates.iter().filter(|other| is_of_it(other.aggregate.uuid));
        record.is_overcommitted = of_it.any(|found| found.space.is_overcommitted());
    }
    Ok(())
}

/// Whether a request selects or sorts by a field.
fn is_wanted(query: &Query<VolumeRecord>, path: &str) -> bool {
    query.selection.has(path) || query.order.paths().any(|other| other == path)
}

/// Sets what the volumes use, if the request needs it. Constituents have their share already.
fn set_space(
    svm: &SvmState,
    query: &Query<VolumeRecord>,
    records: &mut [VolumeRecord],
) -> Result<(), ApiError> {
    let wants = |path: &&str| is_wanted(query, path);
    if wants(&"autosize") || (svm.has_data() && SPACE.iter().any(wants)) {
        for record in records.iter_mut().filter(|record| !record.is_constituent()) {
            record.space = svm.volume_space(&record.volume)?;
        }
    }
    Ok(())
}

/// Sets the fields that need a search, if the request needs them. All of them are expensive ones.
fn search(
    context: &RequestContext<'_>,
    svm: &SvmState,
    query: &Query<VolumeRecord>,
    records: &mut [VolumeRecord],
) -> Result<(), ApiError> {
    if records.is_empty() || !query.needs_expensive {
        return Ok(());
    }
    let wants = |path| is_wanted(query, path);
    if wants("metric") || wants("statistics") {
        let now = context.cluster.now();
        for record in &mut *records {
            record.measured = Some(now);
        }
    }
    set_space(svm, query, records)?;
    if wants("guarantee.honored") {
        set_overcommitted(context, svm, records)?;
    }
    if wants("snapshot_count")
        && let Ok(snapshots) = svm.backend.snapshot_backend()
    {
        for record in &mut *records {
            // A volume that was deleted after it was listed has none.
            let found = snapshots.list_snapshots(record.volume.uuid);
            record.snapshot_count = Some(found.map_or(0, |found| found.len() as u64));
        }
    }
    if wants("nas.junction_parent") {
        junctions::set_parents(svm, records)?;
    }
    if wants("clone.has_flexclone") {
        let parents: std::collections::HashSet<_> = svm
            .backend
            .list_volumes()?
            .into_iter()
            .filter_map(|volume| volume.origin.map(|origin| origin.parent_volume_uuid))
            .collect();
        for record in records {
            record.has_flexclone = Some(parents.contains(&record.volume.uuid));
        }
    }
    Ok(())
}
