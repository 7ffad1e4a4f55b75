//! Snapshots.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use nessie_backend_core::{
    BackendError, PolicyBackend, Snapshot, SnapshotId, SnapshotSpace, Timestamp, Uuid, Volume,
    VolumeId,
};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, Named, SNAPSHOT, SnapshotRecord, constituent_aggregates,
};
use nessie_ontap_protocol::{ApiError, Bodies, Body, Method, Query, WritableBy};

use super::collection::FORCE;
use super::context::{HandlerResult, RequestContext, instance};
use super::lookup::{find_volume, is_locked, svm_of_body, volume_of_filter};
use super::names;
use super::operation_query::OperationQuery;
use super::outcome::{self, ObjectKind, Outcome};
use crate::side_data::{SideData, lock};
use crate::snapshot_policies::SnapshotLabels;
use crate::svm::SvmState;

/// The attribute with the time of a lock. Only snapshots of a backend without locks have it.
const EXPIRY_TIME: &str = "expiry_time";

const LABEL: &str = "snapmirror_label";

/// In a path, this means all volumes.
const ANY: &str = "*";

const KIND: ObjectKind<SnapshotRecord> = ObjectKind {
    schema: &SNAPSHOT,
    svm_context: |record| Some(&record.svm_context),
    is_synchronous: false,
};

pub(crate) fn get(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<SnapshotRecord> = OperationQuery::new(&SNAPSHOT, false, &[]);
    let query = QUERY.of(context)?;
    let (svm, volume) = volume_of_path(context, &query, context.path_uuid(1)?.into())?;
    let snapshot =
        svm.backend.snapshot_backend()?.get_snapshot(volume.uuid, context.path_uuid(1)?.into())?;
    let related = Related::of(svm, &query, &volume, snapshot.uuid)?;
    instance(&query, Some(record(context, svm, &volume_name(&volume), snapshot, &related)))
}

pub(crate) fn list(context: &RequestContext<'_>) -> HandlerResult {
    KIND.list(context, |query| records(context, query))
}

pub(crate) fn post(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<SnapshotRecord> = OperationQuery::new(&SNAPSHOT, true, &[]);
    let query = QUERY.of(context)?;
    let read = |mut body: Body| {
        body.expand_names(&SNAPSHOT);
        Ok((SnapshotFields::read(&body, Method::Post)?, volume_of_body(context, &query, &body)?))
    };
    match Bodies::parse(context.request.body)? {
        Bodies::One(body) => {
            let (fields, volume) = read(body)?;
            let (svm, volume) = volume?;
            KIND.create(
                context,
                &query,
                &path_of(volume.uuid),
                Some(Arc::clone(&svm.svm_context)),
                || take(context, svm, &volume, &fields),
            )
        }
        Bodies::Records(bodies) => {
            let creations: Vec<_> =
                bodies.into_iter().map(read).collect::<Result<_, ApiError>>()?;
            let mut places = creations.iter().filter_map(|(_, volume)| volume.as_ref().ok());
            let svm_context = places.next().map(|(svm, _)| Arc::clone(&svm.svm_context));
            KIND.create_many(context, &query, svm_context, creations, |(fields, volume)| {
                volume.and_then(|(svm, volume)| take(context, svm, &volume, &fields))
            })
        }
    }
}

pub(crate) fn patch(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<SnapshotRecord> = OperationQuery::new(&SNAPSHOT, false, &[]);
    let query = QUERY.of(context)?;
    let fields = read_patch(&Body::parse(context.request.body)?)?;
    one(context, &query, |svm, volume, snapshot| change(context, svm, volume, snapshot, &fields))
}

pub(crate) fn patch_many(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SNAPSHOT, true, &[])?;
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        return each(context, &query, bodies, |body| {
            let fields = read_patch(&body)?;
            Ok(move |svm: &SvmState, volume: &Arc<Named>, snapshot| {
                change(context, svm, volume, snapshot, &fields)
            })
        });
    }
    outcome::check_filter(&query)?;
    let fields = read_patch(&Body::parse(context.request.body)?)?;
    many(context, &query, |svm, volume, snapshot| change(context, svm, volume, snapshot, &fields))
}

/// Deletes a snapshot. `force` does not unlock one with clones or an expiry time.
pub(crate) fn delete(context: &RequestContext<'_>) -> HandlerResult {
    static QUERY: OperationQuery<SnapshotRecord> = OperationQuery::new(&SNAPSHOT, false, FORCE);
    let query = QUERY.of(context)?;
    KIND.check_deletion(context, &query)?;
    one(context, &query, |svm, volume, snapshot| remove(context, svm, volume, snapshot))
}

pub(crate) fn delete_many(context: &RequestContext<'_>) -> HandlerResult {
    let query = context.query(&SNAPSHOT, true, FORCE)?;
    if let Some(bodies) = Body::parse_records(context.request.body)? {
        query.parameter_flag("force")?;
        return each(context, &query, bodies, |mut body| {
            body.remove("name");
            outcome::check_empty(&body)?;
            Ok(|svm: &SvmState, volume: &Arc<Named>, snapshot| {
                remove(context, svm, volume, snapshot)
            })
        });
    }
    outcome::check_filter(&query)?;
    KIND.check_deletion(context, &query)?;
    many(context, &query, |svm, volume, snapshot| remove(context, svm, volume, snapshot))
}

/// The fields of a snapshot that a request sets.
struct SnapshotFields {
    name: Option<String>,
    attributes: Vec<(&'static str, Attribute)>,
}

impl SnapshotFields {
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

    /// The expiry time, if the request sets one and the backend locks snapshots.
    fn lock<'b>(&self, svm: &'b SvmState) -> Option<(&'b dyn PolicyBackend, Timestamp)> {
        let given = self.attributes.iter().find(|(path, _)| *path == EXPIRY_TIME);
        let Some((_, Attribute::Time(time))) = given else { return None };
        Some((svm.backend.policy_backend().ok()?, *time))
    }

    /// Refuses an expiry time of a snapshot of a `FlexGroup` volume.
    fn check_expiry(&self, side_data: &SideData, volume: VolumeId) -> Result<(), ApiError> {
        let sets_expiry = self.attributes.iter().any(|(path, _)| *path == EXPIRY_TIME);
        if !sets_expiry
            || constituent_aggregates(side_data.attributes.volume(volume).as_deref()).is_empty()
        {
            return Ok(());
        }
        let message = "Snapshots of a FlexGroup volume do not expire: send no expiry_time.";
        Err(ApiError::new(400, 1_638_574, message).about(EXPIRY_TIME))
    }

    /// Writes the attributes of `snapshot`, which has just been created or changed. `side_data` was
    /// read before.
    fn apply(
        &self,
        svm: &SvmState,
        side_data: Arc<SideData>,
        volume: VolumeId,
        changed: &Snapshot,
    ) -> Result<(), ApiError> {
        if self.attributes.is_empty() {
            return Ok(());
        }
        let snapshots = svm.backend.snapshot_backend()?;
        let snapshot = changed.uuid;
        let side_data = svm.side_data_of(side_data, || {
            snapshots.get_snapshot(volume, snapshot).is_ok_and(|found| found == *changed)
        });
        let before = side_data.attributes.snapshot(volume, snapshot);
        let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
        for (path, value) in &self.attributes {
            if *path != EXPIRY_TIME || !svm.svm_context.has_snapshot_policies {
                attributes.set(path, value.clone());
            }
        }
        side_data.attributes.set_snapshot(&*svm.backend, volume, snapshot, attributes);
        Ok(())
    }
}

fn read_patch(body: &Body) -> Result<SnapshotFields, ApiError> {
    let fields = SnapshotFields::read(body, Method::Patch)?;
    if fields.name.is_none() && fields.attributes.is_empty() {
        return Err(ApiError::new(400, 262_190, "The request changes nothing."));
    }
    Ok(fields)
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

/// The volume of a new snapshot: that of the path or, if the path has a `*`, the one that the body
/// names. An invalid request is the outer error; an unknown volume is the inner one, which concerns
/// only this snapshot.
fn volume_of_body<'a>(
    context: &RequestContext<'a>,
    query: &Query<SnapshotRecord>,
    body: &Body,
) -> Result<Result<(&'a SvmState, Volume), ApiError>, ApiError> {
    let (svm, volume) = if context.path_variable(0) == ANY {
        let (name, uuid) = (body.text("volume.name")?, body.uuid("volume.uuid")?);
        match (name, uuid) {
            (_, Some(uuid)) => match find_volume(context, query, uuid) {
                Err(error) if error.code == 4 => return Ok(Err(error.about("volume.uuid"))),
                found => found?,
            },
            (Some(name), None) => {
                let svm = svm_of_body(context, body, "svm")?;
                match svm.find_volume(name)? {
                    None => return Ok(Err(ApiError::no_such_entry().about("volume.name"))),
                    Some(volume) => (svm, volume),
                }
            }
            (None, None) => {
                let message = "The record names no volume: volume.uuid or volume.name.";
                return Err(ApiError::new(400, 262_212, message).about("volume"));
            }
        }
    } else {
        find_volume(context, query, context.path_uuid(0)?)?
    };
    check_owner(context, body, svm, &volume)?;
    Ok(Ok((svm, volume)))
}

/// Refuses a body that names another SVM or volume than the path.
fn check_owner(
    context: &RequestContext<'_>,
    body: &Body,
    svm: &SvmState,
    volume: &Volume,
) -> Result<(), ApiError> {
    if body.has("svm") {
        let named = context.svm(body.text("svm.name")?, body.uuid("svm.uuid")?)?;
        if named.svm_context.svm.uuid != svm.svm_context.svm.uuid {
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

fn take(
    context: &RequestContext<'_>,
    svm: &SvmState,
    volume: &Volume,
    fields: &SnapshotFields,
) -> Result<SnapshotRecord, ApiError> {
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    let name = fields.name.as_deref().unwrap_or_default();
    names::check_snapshot(name)?;
    fields.check_expiry(&side_data, volume.uuid)?;
    let snapshots = svm.backend.snapshot_backend()?;
    let taken = match fields.lock(svm) {
        None => snapshots.create_snapshot(volume.uuid, name),
        Some((locks, time)) => locks.create_snapshot_until(volume.uuid, name, time),
    };
    let taken = taken.map_err(|error| match error {
        BackendError::InvalidArgument { argument, .. } if argument == "expires_at" => {
            too_early(context, 262_197)
        }
        BackendError::VolumeOffline { .. } => ApiError::new(409, 524_479, error.to_string()),
        BackendError::NoSpace { .. } => ApiError::new(500, 524_479, error.to_string()),
        error => error.into(),
    })?;
    fields.apply(svm, side_data, volume.uuid, &taken)?;
    let related = Related::space_of(svm, volume.uuid, taken.uuid)?;
    Ok(record(context, svm, &volume_name(volume), taken, &related))
}

fn change(
    context: &RequestContext<'_>,
    svm: &SvmState,
    volume: &Arc<Named>,
    snapshot: SnapshotId,
    fields: &SnapshotFields,
) -> Result<SnapshotRecord, ApiError> {
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    let snapshots = svm.backend.snapshot_backend()?;
    let volume_id = VolumeId::new(volume.uuid);
    fields.check_expiry(&side_data, volume_id)?;
    let before = snapshots.get_snapshot(volume_id, snapshot)?;
    let old_name = before.name.clone();
    let mut changed = match &fields.name {
        Some(name) if *name != before.name => {
            names::check_snapshot(name)?;
            snapshots.rename_snapshot(volume_id, snapshot, name)?
        }
        _ => before,
    };
    if let Some((locks, time)) =
        fields.lock(svm).filter(|(_, time)| changed.expires_at != Some(*time))
    {
        changed = locks.lock_snapshot(volume_id, snapshot, time).map_err(|error| {
            if changed.name != old_name {
                // A refused request changes nothing.
                let _ = snapshots.rename_snapshot(volume_id, snapshot, &old_name);
            }
            match error {
                BackendError::InvalidArgument { .. } => too_early(context, 1_638_554),
                error => error.into(),
            }
        })?;
    }
    fields.apply(svm, side_data, volume_id, &changed)?;
    let related = Related::space_of(svm, volume_id, snapshot)?;
    Ok(record(context, svm, volume, changed, &related))
}

/// The refusal of an expiry time that has passed.
fn too_early(context: &RequestContext<'_>, code: u32) -> ApiError {
    let now = context.cluster.now();
    let message = format!("The expiry time is not later than the present time, {now}.");
    ApiError::new(400, code, message).about(EXPIRY_TIME)
}

pub(super) fn remove(
    context: &RequestContext<'_>,
    svm: &SvmState,
    volume: &Arc<Named>,
    snapshot: SnapshotId,
) -> Result<SnapshotRecord, ApiError> {
    let _lock = svm.write_lock()?;
    let side_data = svm.side_data();
    let snapshots = svm.backend.snapshot_backend()?;
    let volume_id = VolumeId::new(volume.uuid);
    let before = snapshots.get_snapshot(volume_id, snapshot)?;
    let attributes = side_data.attributes.snapshot(volume_id, snapshot);
    if is_locked(attributes.as_deref(), context.cluster.now()) {
        let message = format!("The snapshot {:?} has not expired.", before.name);
        return Err(ApiError::new(409, 1_638_555, message));
    }
    let related = Related::space_of(svm, volume_id, snapshot)?;
    let before = record(context, svm, volume, before, &related);
    snapshots.delete_snapshot(volume_id, snapshot)?;
    side_data.attributes.remove_snapshot(volume_id, snapshot);
    Ok(before)
}

/// Changes the snapshot that the path names.
fn one(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
    change: impl FnOnce(&SvmState, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
) -> HandlerResult {
    let uuid = SnapshotId::new(context.path_uuid(1)?);
    if context.path_variable(0) != ANY {
        context.path_uuid(0)?;
    }
    let mut outcome = Outcome {
        job: context.cluster.ids.next(),
        path: format!("/{}", context.url.segments.join("/")),
        svm_context: None,
        result: Err(ApiError::no_such_entry()),
    };
    match volume_of_path(context, query, uuid) {
        Err(error) if error.code != 4 => return Err(error),
        Err(_) => {}
        Ok((svm, volume)) => {
            outcome.svm_context = Some(Arc::clone(&svm.svm_context));
            outcome.path = format!("{}/{uuid}", path_of(volume.uuid));
            outcome.result = matching(context, query, svm, &volume, uuid)
                .and_then(|()| change(svm, &volume_name(&volume), uuid));
        }
    }
    outcome::reply_changed(context, query, outcome, &KIND)
}

/// Changes each of the snapshots that a request's records identify. `read` makes the change of one
/// snapshot from the rest of its record.
fn each<C>(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
    bodies: Vec<Body>,
    read: impl Fn(Body) -> Result<C, ApiError>,
) -> HandlerResult
where
    C: FnOnce(&SvmState, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
{
    outcome::check_no_filter(query)?;
    let mut changes = Vec::new();
    for mut body in bodies {
        let uuid = outcome::take_uuid(&mut body)?;
        let volume = volume_of_body(context, query, &body)?;
        body.remove("svm");
        body.remove("volume");
        changes.push((SnapshotId::new(uuid), volume, read(body)?));
    }
    outcome::reply_changed_many(context, query, changes, None, &KIND, |(uuid, volume, change)| {
        match volume {
            Err(error) => Outcome::refused(context, format!("{}/{uuid}", path_of_any()), error),
            Ok((svm, volume)) => Outcome {
                job: context.cluster.ids.next(),
                path: format!("{}/{uuid}", path_of(volume.uuid)),
                svm_context: Some(Arc::clone(&svm.svm_context)),
                result: change(svm, &volume_name(&volume), uuid),
            },
        }
    })
}

/// The volume of the path or, if the path has a `*`, the volume with the snapshot.
fn volume_of_path<'a>(
    context: &RequestContext<'a>,
    query: &Query<SnapshotRecord>,
    snapshot: SnapshotId,
) -> Result<(&'a SvmState, Volume), ApiError> {
    if context.path_variable(0) != ANY {
        return find_volume(context, query, context.path_uuid(0)?);
    }
    for svm in context.svms(query, "svm")? {
        let snapshots = svm.backend.snapshot_backend()?;
        for volume in svm.volumes()? {
            match snapshots.get_snapshot(volume.uuid, snapshot) {
                Ok(_) => return Ok((svm, volume)),
                Err(
                    BackendError::VolumeNotFound { .. } | BackendError::SnapshotNotFound { .. },
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Err(ApiError::no_such_entry())
}

/// Refuses a snapshot that does not match the filter.
fn matching(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
    svm: &SvmState,
    volume: &Volume,
    uuid: SnapshotId,
) -> Result<(), ApiError> {
    if query.filter.is_empty() {
        return Ok(());
    }
    let snapshot = svm.backend.snapshot_backend()?.get_snapshot(volume.uuid, uuid)?;
    let related = Related::of(svm, query, volume, uuid)?;
    let record = record(context, svm, &volume_name(volume), snapshot, &related);
    if query.filter.matches(&record) { Ok(()) } else { Err(ApiError::no_such_entry()) }
}

/// Changes the snapshots that match, page by page.
fn many(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
    change: impl Fn(&SvmState, &Arc<Named>, SnapshotId) -> Result<SnapshotRecord, ApiError>,
) -> HandlerResult {
    KIND.change_page(context, query, records(context, query)?, |record, _| {
        change(context.svm_of(&record.svm_context)?, &record.volume, record.snapshot.uuid)
    })
}

/// The snapshots that may match: those of the path's volume, or of all volumes if the path has a
/// `*`.
fn records(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
) -> Result<Vec<SnapshotRecord>, ApiError> {
    let mut records = Vec::new();
    if context.path_variable(0) != ANY {
        let (svm, volume) = find_volume(context, query, context.path_uuid(0)?)?;
        let mut related = Related { cloned: cloned(svm, query)?, ..Related::default() };
        append(context, query, svm, &volume, &mut related, &mut records)?;
        return Ok(records);
    }
    of_all_volumes(context, query)
}

/// The snapshots of all volumes, or of the volume that the filter names, that may match.
pub(super) fn of_all_volumes(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
) -> Result<Vec<SnapshotRecord>, ApiError> {
    let mut records = Vec::new();
    for svm in context.svms(query, "svm")? {
        let first = records.len();
        let side_data = svm.side_data();
        let mut related = Related { cloned: cloned(svm, query)?, ..Related::default() };
        let named = volume_of_filter(svm, query)?;
        let is_whole = named.is_none() && query.filter.exact("name").is_none();
        for volume in named.map_or_else(|| svm.volumes(), Ok)? {
            match append(context, query, svm, &volume, &mut related, &mut records) {
                // The volume was deleted after it was listed.
                Err(error) if error.code == 4 => {}
                outcome => outcome?,
            }
        }
        if is_whole {
            let of_svm = records.get(first..).unwrap_or_default();
            let uuids = of_svm.iter().map(|record| record.snapshot.uuid.uuid());
            lock(&side_data.snapshots).prune(of_svm.len(), uuids);
        }
    }
    Ok(records)
}

fn append(
    context: &RequestContext<'_>,
    query: &Query<SnapshotRecord>,
    svm: &SvmState,
    volume: &Volume,
    related: &mut Related,
    records: &mut Vec<SnapshotRecord>,
) -> Result<(), ApiError> {
    let side_data = svm.side_data();
    let snapshots = svm.backend.snapshot_backend()?;
    let name = volume_name(volume);
    related.labels = labels(svm, query, volume);
    related.spaces.clear();
    if needs_spaces(svm, query) {
        let spaces = svm.snapshot_spaces(volume.uuid)?;
        related.spaces.extend(spaces.into_iter().map(|space| (space.uuid, space)));
    }
    if let Some(fields) = query.filter.exact("name") {
        if let Some(found) = snapshots.find_snapshot(volume.uuid, fields)? {
            let mut found = record(context, svm, &name, found, related);
            found.position =
                position(query, svm, &side_data, records.len(), found.snapshot.uuid.uuid());
            records.push(found);
        }
        return Ok(());
    }
    for snapshot in snapshots.list_snapshots(volume.uuid)? {
        let position = position(query, svm, &side_data, records.len(), snapshot.uuid.uuid());
        records.push(SnapshotRecord { position, ..record(context, svm, &name, snapshot, related) });
    }
    Ok(())
}

/// Only pages need positions that stay the same between requests.
fn position(
    query: &Query<SnapshotRecord>,
    svm: &SvmState,
    side_data: &SideData,
    count: usize,
    snapshot: Uuid,
) -> u64 {
    let pages = query.paging.continues() || query.paging.max_records.is_some();
    let position = if pages { lock(&side_data.snapshots).position(snapshot) } else { count as u64 };
    svm.position(position)
}

/// The snapshots that clones depend on, if the request needs them.
fn cloned(svm: &SvmState, query: &Query<SnapshotRecord>) -> Result<HashSet<SnapshotId>, ApiError> {
    if query.selection.has("owners") { svm.cloned_snapshots() } else { Ok(HashSet::new()) }
}

/// Whether there is data, and the request needs the account of what snapshots have of it.
fn needs_spaces(svm: &SvmState, query: &Query<SnapshotRecord>) -> bool {
    svm.has_data()
        && ["delta.size_consumed", "logical_size", "size"].iter().any(|path| needs(query, path))
}

/// Whether the request needs a field.
fn needs(query: &Query<SnapshotRecord>, path: &str) -> bool {
    query.selection.has(path) || query.order.paths().any(|other| other == path)
}

/// The labels that the snapshots of a volume have from its policy, if the request needs them.
fn labels(svm: &SvmState, query: &Query<SnapshotRecord>, volume: &Volume) -> SnapshotLabels {
    if needs(query, LABEL) { SnapshotLabels::of(svm, volume) } else { SnapshotLabels::default() }
}

/// The data of a snapshot record that are not in the snapshot.
#[derive(Default)]
struct Related {
    /// The snapshots that clones depend on.
    cloned: HashSet<SnapshotId>,
    /// The account of the data of snapshots of one volume.
    spaces: HashMap<SnapshotId, SnapshotSpace>,
    /// The labels of snapshots of one volume.
    labels: SnapshotLabels,
}

impl Related {
    /// What the request needs for a snapshot.
    fn of(
        svm: &SvmState,
        query: &Query<SnapshotRecord>,
        volume: &Volume,
        snapshot: SnapshotId,
    ) -> Result<Self, ApiError> {
        let related = if needs_spaces(svm, query) {
            Self::space_of(svm, volume.uuid, snapshot)?
        } else {
            Self::default()
        };
        let labels = labels(svm, query, volume);
        Ok(Self { cloned: cloned(svm, query)?, labels, ..related })
    }

    /// The account of the data of a snapshot.
    fn space_of(svm: &SvmState, volume: VolumeId, snapshot: SnapshotId) -> Result<Self, ApiError> {
        let spaces = svm.snapshot_spaces(volume)?;
        let found = spaces.into_iter().find(|space| space.uuid == snapshot);
        Ok(Self {
            spaces: found.map(|space| (space.uuid, space)).into_iter().collect(),
            ..Self::default()
        })
    }
}

fn record(
    context: &RequestContext<'_>,
    svm: &SvmState,
    volume: &Arc<Named>,
    snapshot: Snapshot,
    related: &Related,
) -> SnapshotRecord {
    let mut attributes = svm.side_data().attributes.snapshot(volume.uuid.into(), snapshot.uuid);
    if let Some(label) = related.labels.of_snapshot(&snapshot.name) {
        let attributes = Arc::make_mut(attributes.get_or_insert_default());
        if attributes.get(LABEL).is_none() {
            attributes.set(LABEL, Attribute::Text(label.to_owned()));
        }
    }
    SnapshotRecord {
        svm_context: Arc::clone(&svm.svm_context),
        volume: Arc::clone(volume),
        attributes,
        space: related.spaces.get(&snapshot.uuid).copied(),
        position: 0,
        is_cloned: related.cloned.contains(&snapshot.uuid),
        now: context.cluster.now(),
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
