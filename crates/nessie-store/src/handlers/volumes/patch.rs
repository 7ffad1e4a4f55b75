//! Changes a volume: its fields, a restore, a clone split or a move.

use std::borrow::Cow;
use std::sync::Arc;

use nessie_backend_core::{BackendError, Snapshot, Uuid, Volume, VolumeId, VolumeState};
use nessie_ontap_protocol::records::{
    Attribute, Attributes, CONSTITUENT_AGGREGATES, Named, VOLUME, VolumeRecord, is_guaranteed,
};
use nessie_ontap_protocol::{ApiError, Body, Method, Query};

use super::autosize;
use super::body::{VolumeFields, normalise, set_aggregate};
use super::expansion::{self, Expansion, SIZING_METHOD};
use super::flexgroup;
use super::guarantee::Guaranteed;
use super::movement::{self, MoveChange, NewMove};
use super::root;
use crate::handlers::context::RequestContext;
use crate::handlers::lookup::{find_snapshot, is_locked};
use crate::handlers::reference::Reference;
use crate::side_data::SideData;
use crate::space::{aggregate_of, shown};
use crate::svm::SvmState;

/// A change of a volume.
pub(crate) struct Change {
    kind: ChangeKind,
    /// Whether the change is only checked.
    validate_only: bool,
}

enum ChangeKind {
    Fields {
        fields: Box<VolumeFields>,
        movement: Option<NewMove>,
        expansion: Option<Expansion>,
    },
    /// A change of a move that is under way.
    Movement(MoveChange),
    Restore(Reference),
    Split,
}

/// The query parameters that a change uses.
pub(crate) const PARAMETERS: &[&str] = &[
    "aggressive_readahead_mode",
    "restore_to.byte_count",
    "restore_to.path",
    "restore_to.restore_path",
    "restore_to.snapshot.name",
    "restore_to.snapshot.uuid",
    "restore_to.start_byte",
    "scheduled_snapshot_naming_scheme",
    SIZING_METHOD,
    "validate_only",
];

/// A parameter of a change of one volume. For a collection it is a filter.
pub(crate) const OF_ONE: &str = "snapshot_directory_access_enabled";

/// Parameters that set a field.
const VALUES: &[&str] = &["aggressive_readahead_mode", "scheduled_snapshot_naming_scheme", OF_ONE];

/// Parameters that restore one file instead of a volume.
const FILES: &[&str] = &[
    "restore_to.byte_count",
    "restore_to.path",
    "restore_to.restore_path",
    "restore_to.start_byte",
];

impl Change {
    /// Reads a request, and refuses an invalid one.
    pub(crate) fn read(
        context: &RequestContext<'_>,
        query: &Query<VolumeRecord>,
        mut body: Body,
    ) -> Result<Self, ApiError> {
        normalise(&mut body)?;
        movement::normalise(&mut body);
        let validate_only = validate_only(query, &mut body)?;
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
        Ok(Self { kind: Self::read_kind(context, query, &body)?, validate_only })
    }

    fn read_kind(
        context: &RequestContext<'_>,
        query: &Query<VolumeRecord>,
        body: &Body,
    ) -> Result<ChangeKind, ApiError> {
        let fields = VolumeFields::read(context.cluster, body, Method::Patch)?;
        let movement = NewMove::read(context, body)?;
        let expansion = Expansion::read(context, query, body, fields.size)?;
        let is_plain = !fields.is_empty() || movement.is_some() || expansion.is_some();
        let of_move = if movement.is_some() { None } else { movement::read_change(body)? };
        let split = body.boolean("clone.split_initiated")?;
        if let Some(change) = restore(query, body)? {
            if is_plain || split.is_some() {
                let message = "A restore changes nothing else at the same time.";
                return Err(ApiError::new(400, 918_251, message).about("restore_to"));
            }
            return Ok(change);
        }
        if let Some(of_move) = of_move {
            if is_plain || split.is_some() {
                let message = "The state of a move is changed alone.";
                return Err(ApiError::new(400, 918_266, message).about("movement.state"));
            }
            return Ok(ChangeKind::Movement(of_move));
        }
        match split {
            None if is_plain => {
                Ok(ChangeKind::Fields { fields: Box::new(fields), movement, expansion })
            }
            None => Err(ApiError::new(400, 262_190, "The request changes nothing.")),
            Some(true) if !is_plain => Ok(ChangeKind::Split),
            Some(true) => Err(no_split("A split changes nothing else at the same time.")),
            Some(false) => Err(no_split("No split is under way that could be stopped.")),
        }
    }

    /// Makes the change, or only checks it. After an error, nothing is changed. `job` is the job
    /// that reports the change.
    pub(crate) fn run(
        &self,
        context: &RequestContext<'_>,
        svm: &SvmState,
        volume: &Volume,
        job: Uuid,
    ) -> Result<VolumeRecord, ApiError> {
        let _lock = svm.write_lock()?;
        let side_data = svm.side_data();
        let volume = svm.volume(volume.uuid)?.ok_or_else(ApiError::no_such_entry)?;
        if self.validate_only {
            check(context, svm, &side_data, &volume, &self.kind)?;
            return Ok(svm.record(volume));
        }
        let changed = match &self.kind {
            ChangeKind::Fields { fields, movement, expansion } => {
                let fields =
                    expanded(context, svm, &side_data, &volume, fields, expansion.as_ref())?;
                change_fields(context, svm, &side_data, volume, &fields, movement.as_ref(), job)?
            }
            ChangeKind::Movement(of_move) => {
                movement::change(context, svm, &side_data, &volume, *of_move)?;
                volume
            }
            ChangeKind::Restore(snapshot) => {
                restore_to(context, svm, &side_data, &volume, snapshot)?
            }
            ChangeKind::Split => split(svm, &side_data, &volume)?,
        };
        let record = svm.record(changed);
        if matches!(self.kind, ChangeKind::Split) && !context.cluster.jobs.are_immediate() {
            side_data.operations.begin_split(record.volume.uuid, job);
        }
        Ok(record)
    }
}

/// Whether the query or the body sets `validate_only`.
fn validate_only(query: &Query<VolumeRecord>, body: &mut Body) -> Result<bool, ApiError> {
    let path = "validate_only";
    let in_body = body.boolean(path)?;
    body.remove(path);
    match (query.parameter_flag(path)?, in_body) {
        (Some(one), Some(other)) if one != other => Err(ApiError::given_twice(path)),
        (in_query, in_body) => Ok(in_query.or(in_body).unwrap_or(false)),
    }
}

/// The field that turns quotas on and off.
const QUOTAS: &str = "quota.enabled";

/// Refuses to turn on the quotas of a volume without quota rules.
fn check_quotas(
    side_data: &SideData,
    volume: &Volume,
    fields: &VolumeFields,
) -> Result<(), ApiError> {
    let turns_on = fields.given(QUOTAS) == Some(&Attribute::Boolean(true));
    if turns_on && side_data.quota_rules.list(volume.uuid).is_empty() {
        let message = format!("No valid quota rules: the volume {:?} has none.", volume.name);
        return Err(ApiError::new(400, 460_770, message).about(QUOTAS));
    }
    Ok(())
}

/// The fields that a request sets, with those that the expansion of a `FlexGroup` sets.
fn expanded<'f>(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    fields: &'f VolumeFields,
    expansion: Option<&Expansion>,
) -> Result<Cow<'f, VolumeFields>, ApiError> {
    let Some(expansion) = expansion else { return Ok(Cow::Borrowed(fields)) };
    let attributes = side_data.attributes.volume(volume.uuid);
    let (constituents, size) = expansion.check(context, svm, volume, attributes.as_deref())?;
    Ok(Cow::Owned(fields.expanded(constituents, size)))
}

/// Refuses what a `FlexGroup` does not allow, and the names of constituents.
fn check_flexgroup(
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    fields: &VolumeFields,
    is_moved: bool,
) -> Result<(), ApiError> {
    let stored = side_data.attributes.volume(volume.uuid);
    flexgroup::check_change(volume, stored.as_deref(), fields.name.as_deref(), is_moved)?;
    let constituents = fields.constituents(stored.as_deref());
    let is_expanded = fields.given(CONSTITUENT_AGGREGATES).is_some();
    let name = fields.name.as_ref().filter(|name| **name != volume.name);
    if name.is_none() && !is_expanded {
        return Ok(());
    }
    let name = name.unwrap_or(&volume.name);
    flexgroup::check_free(svm, side_data, Some(volume.uuid), name, constituents)
}

/// Returns the errors of [`Change::run`] without a change.
fn check(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    kind: &ChangeKind,
) -> Result<(), ApiError> {
    let backend = &*svm.backend;
    match kind {
        ChangeKind::Fields { fields, movement, expansion } => {
            let fields = &*expanded(context, svm, side_data, volume, fields, expansion.as_ref())?;
            fields.check(svm, side_data.attributes.volume(volume.uuid).as_deref())?;
            root::check_change(svm, volume, fields)?;
            if let Some(size) = fields.size {
                svm.check_resize(volume, size)?;
            }
            check_quotas(side_data, volume, fields)?;
            check_flexgroup(svm, side_data, volume, fields, movement.is_some())?;
            let aggregate = movement
                .as_ref()
                .map(|movement| movement.check(svm, side_data, volume))
                .transpose()?;
            if let Some(name) = fields.name.as_ref().filter(|name| **name != volume.name)
                && backend.find_volume(name)?.is_some()
            {
                return Err(BackendError::VolumeExists { name: name.clone() }.into());
            }
            if let Some(path) = fields.path.as_deref().filter(|path| !path.is_empty()) {
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
            if let (Some(size), Some(used)) = (fields.size, volume.used_bytes)
                && size < used
            {
                return Err(too_small_for(used));
            }
            if fields.size.is_some()
                && volume.state != VolumeState::Online
                && fields.state != Some(VolumeState::Online)
            {
                let (volume, state) = (volume.uuid, volume.state);
                return Err(resize_offline(&BackendError::VolumeOffline { volume, state }));
            }
            check_guarantee(context, svm, side_data, volume, fields, aggregate.as_ref())
        }
        ChangeKind::Restore(snapshot) => {
            let (_, newer) = restorable(context, svm, side_data, volume, snapshot)?;
            let now = context.cluster.now();
            if let Some(locked) = newer.iter().find(|snapshot| snapshot.expires_at > Some(now)) {
                return Err(not_expired(locked));
            }
            let cloned = svm.cloned_snapshots()?;
            match newer.iter().find(|snapshot| cloned.contains(&snapshot.uuid)) {
                None => Ok(()),
                Some(busy) => {
                    let message = format!("Clones depend on the newer snapshot {:?}.", busy.name);
                    Err(ApiError::new(409, 9_437_886, message))
                }
            }
        }
        ChangeKind::Movement(_) => movement::under_way(svm, side_data, volume).map(drop),
        ChangeKind::Split if volume.origin.is_none() => Err(not_a_clone()),
        ChangeKind::Split => Ok(()),
    }
}

/// The attributes that a volume has after a request.
fn attributes_after(
    svm: &SvmState,
    side_data: &SideData,
    volume: VolumeId,
    fields: &VolumeFields,
    aggregate: Option<&Named>,
) -> Attributes {
    let before = side_data.attributes.volume(volume);
    let mut attributes = before.map_or_else(Attributes::default, |before| (*before).clone());
    fields.apply(svm, Some(volume), &mut attributes);
    if let Some(aggregate) = aggregate {
        set_aggregate(&mut attributes, aggregate);
    }
    attributes
}

/// Refuses a new guarantee, or a new size with a guarantee, for which there is too little space.
fn check_guarantee(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    fields: &VolumeFields,
    aggregate: Option<&Named>,
) -> Result<(), ApiError> {
    if fields.size.is_none() && fields.given("guarantee.type").is_none() {
        return Ok(());
    }
    let attributes = attributes_after(svm, side_data, volume.uuid, fields, aggregate);
    if !is_guaranteed(Some(&attributes)) {
        return Ok(());
    }
    let space = svm.volume_space(volume)?;
    let stored = side_data.attributes.volume(volume.uuid);
    let before = Some((volume, stored.as_deref()));
    let mut volume = volume.clone();
    volume.size_bytes = fields.size.or(volume.size_bytes);
    volume.state = fields.state.unwrap_or(volume.state);
    let guaranteed = Guaranteed { svm, volume: &volume, attributes: &attributes, space, before };
    guaranteed.check(context.cluster)
}

fn change_fields(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &Arc<SideData>,
    volume: Volume,
    fields: &VolumeFields,
    movement: Option<&NewMove>,
    job: Uuid,
) -> Result<Volume, ApiError> {
    let backend = &*svm.backend;
    let (uuid, size_before) = (volume.uuid, volume.size_bytes);
    fields.check(svm, side_data.attributes.volume(uuid).as_deref())?;
    root::check_change(svm, &volume, fields)?;
    if let Some(size) = fields.size {
        svm.check_resize(&volume, size)?;
    }
    check_quotas(side_data, &volume, fields)?;
    check_flexgroup(svm, side_data, &volume, fields, movement.is_some())?;
    let aggregate = movement.map(|movement| movement.check(svm, side_data, &volume)).transpose()?;
    let aggregate = aggregate.as_ref();
    check_guarantee(context, svm, side_data, &volume, fields, aggregate)?;
    let partial = match backend.snapshot_backend() {
        Ok(snapshots) if fields.given(CONSTITUENT_AGGREGATES).is_some() => {
            snapshots.list_snapshots(uuid)?
        }
        _ => Vec::new(),
    };
    let mut patch = fields.patch();
    patch.export_policy = fields.export_policy_of(svm)?;
    patch.snapshot_policy = fields.snapshot_policy_of(svm)?;
    let changed = if patch.is_empty() {
        volume
    } else {
        let used = volume.used_bytes.unwrap_or(0);
        backend.patch_volume(uuid, patch).map_err(|error| match error {
            BackendError::VolumeOffline { .. } => resize_offline(&error),
            BackendError::InvalidArgument { .. } if fields.size.is_some_and(|size| size < used) => {
                too_small_for(used)
            }
            error => error.into(),
        })?
    };
    if fields.has_attributes() || aggregate.is_some() || fields.size.is_some() {
        let side_data = svm.side_data_of_volume(Arc::clone(side_data), &changed);
        if let Some((movement, aggregate)) = movement.zip(aggregate) {
            movement.begin(context, svm, &side_data, &changed, aggregate.clone(), job);
        }
        let mut attributes = attributes_after(svm, &side_data, uuid, fields, aggregate);
        if let Some(Attribute::Boolean(turns_on)) = fields.given(QUOTAS) {
            let before = side_data.attributes.volume(uuid);
            let were_on = before.is_some_and(|before| before.is_true(QUOTAS));
            if !turns_on || !were_on {
                let is_initialized = !turns_on || context.cluster.jobs.are_immediate();
                side_data.operations.set_quota_job(uuid, (!is_initialized).then_some(job));
            }
        }
        expansion::set_partial(svm, &side_data, uuid, &partial);
        keep_filesystem_size(&mut attributes, size_before, changed.size_bytes);
        autosize::keep_maximum(&mut attributes, fields);
        autosize::set(svm, &changed, fields, &attributes)?;
        side_data.attributes.set_volume(backend, uuid, attributes);
    }
    Ok(changed)
}

/// Stores the size of the file system, if it is to stay the same while the size of the volume changes.
fn keep_filesystem_size(attributes: &mut Attributes, before: Option<u64>, after: Option<u64>) {
    let path = "space.filesystem_size";
    if !attributes.is_true("space.filesystem_size_fixed") {
        attributes.unset(path);
    } else if let Some(before) = before
        && Some(before) != after
        && attributes.get(path).is_none()
    {
        attributes.set(path, Attribute::Integer(before));
    }
}

/// The refusal of a size that is less than the data.
fn too_small_for(used: u64) -> ApiError {
    let message = format!(
        "Selected volume size is too small to hold the current volume data. New volume size must be \
         at least {short} ({used}B) to hold the current volume data.",
        short = shown(used),
    );
    ApiError::new(500, 917_534, message).about("size")
}

fn resize_offline(error: &BackendError) -> ApiError {
    ApiError::new(409, 917_533, error.to_string())
}

fn restore(query: &Query<VolumeRecord>, body: &Body) -> Result<Option<ChangeKind>, ApiError> {
    let (name_path, uuid_path) = ("restore_to.snapshot.name", "restore_to.snapshot.uuid");
    let name = query.parameter(name_path).or(body.text(name_path)?);
    let uuid = match query.parameter(uuid_path) {
        None => body.uuid(uuid_path)?,
        Some(text) => {
            let refuse = |_| ApiError::invalid_value(uuid_path, text, "is not a UUID");
            Some(text.parse().map_err(refuse)?)
        }
    };
    if name.is_some_and(str::is_empty) {
        let message = "The request names no snapshot to restore: the name is empty.";
        return Err(ApiError::new(400, 1_638_515, message).about(name_path));
    }
    let snapshot = Reference { name: name.map(str::to_owned), uuid };
    Ok((name.is_some() || uuid.is_some()).then_some(ChangeKind::Restore(snapshot)))
}

fn restore_to(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    snapshot: &Reference,
) -> Result<Volume, ApiError> {
    let (target, newer) = restorable(context, svm, side_data, volume, snapshot)?;
    let snapshots = svm.backend.snapshot_backend()?;
    let restored =
        snapshots.restore_snapshot(volume.uuid, target.uuid).map_err(|error| match error {
            BackendError::SnapshotBusy { .. } | BackendError::SnapshotLocked { .. } => {
                ApiError::new(409, 9_437_886, error.to_string())
            }
            BackendError::VolumeOffline { .. } => ApiError::new(409, 9_437_885, error.to_string()),
            error => error.into(),
        })?;
    for snapshot in newer {
        side_data.attributes.remove_snapshot(volume.uuid, snapshot.uuid);
    }
    Ok(restored)
}

/// The snapshot to restore, and the newer ones. It is an error if one of these is locked.
fn restorable(
    context: &RequestContext<'_>,
    svm: &SvmState,
    side_data: &SideData,
    volume: &Volume,
    snapshot: &Reference,
) -> Result<(Snapshot, Vec<Snapshot>), ApiError> {
    let backend = &*svm.backend;
    let snapshots = backend.snapshot_backend()?;
    if volume.state != VolumeState::Online {
        let error = BackendError::VolumeOffline { volume: volume.uuid, state: volume.state };
        return Err(ApiError::new(409, 9_437_885, error.to_string()));
    }
    let target = find_snapshot(backend, volume.uuid, snapshot, "restore_to.snapshot")?;
    expansion::check_complete(side_data, volume, &target, 524_511)
        .map_err(|error| error.about("restore_to.snapshot"))?;
    let all = snapshots.list_snapshots(volume.uuid)?;
    let newer: Vec<_> =
        all.into_iter().skip_while(|snapshot| snapshot.uuid != target.uuid).skip(1).collect();
    let now = context.cluster.now();
    for snapshot in &newer {
        let attributes = side_data.attributes.snapshot(volume.uuid, snapshot.uuid);
        if is_locked(attributes.as_deref(), now) {
            return Err(not_expired(snapshot));
        }
    }
    Ok((target, newer))
}

fn not_expired(newer: &Snapshot) -> ApiError {
    let message = format!("The newer snapshot {:?} has not expired.", newer.name);
    ApiError::new(409, 9_437_886, message)
}

fn split(svm: &SvmState, side_data: &SideData, volume: &Volume) -> Result<Volume, ApiError> {
    if volume.origin.is_none() {
        return Err(not_a_clone());
    }
    svm.backend.clone_backend()?.split_clone(volume.uuid).map_err(|error| match error {
        BackendError::NoSpace { needed_bytes, available_bytes, .. } => {
            let uuid = aggregate_of(svm, side_data.attributes.volume(volume.uuid).as_deref());
            let mut aggregates = svm.svm_context.aggregates.iter();
            let found = aggregates.find(|record| record.aggregate.uuid == uuid);
            let aggregate = found.map_or("", |record| record.aggregate.name.as_str());
            let message = format!(
                "Job completed with Error: Failed to split the clone {name:?} because there is not \
                 enough space in aggregate {aggregate:?}: {needed} ({needed_bytes}B) are needed and \
                 {available} ({available_bytes}B) are available.",
                name = volume.name,
                needed = shown(needed_bytes),
                available = shown(available_bytes),
            );
            ApiError::new(500, 917_536, message).about("clone.split_initiated")
        }
        error => error.into(),
    })
}

fn not_a_clone() -> ApiError {
    no_split("The volume is not a clone.")
}

fn no_split(why: &str) -> ApiError {
    ApiError::new(400, 918_248, why).about("clone.split_initiated")
}
