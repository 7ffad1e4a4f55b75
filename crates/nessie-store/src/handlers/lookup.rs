//! Finds the objects that requests name: SVMs, volumes, snapshots and aggregates.

use nessie_backend_core::{
    BackendError, Snapshot, Timestamp, Uuid, Volume, VolumeBackend, VolumeId,
};
use nessie_ontap_protocol::records::{Attribute, Attributes, Named};
use nessie_ontap_protocol::{ApiError, Body, Query};

use super::context::RequestContext;
use super::reference::Reference;
use crate::svm::SvmState;

/// The SVM that a body names at `path`, or that the headers name.
pub(super) fn svm_of_body<'a>(
    context: &RequestContext<'a>,
    body: &Body,
    path: &str,
) -> Result<&'a SvmState, ApiError> {
    let (name, uuid) = (body.text(&format!("{path}.name"))?, body.uuid(&format!("{path}.uuid"))?);
    let tunnel = context.tunnel()?;
    if let (Some(svm), None, None) = (tunnel, name, uuid) {
        return Ok(svm);
    }
    let named = context.svm(name, uuid)?;
    if tunnel.is_some_and(|svm| svm.svm_context.svm.uuid != named.svm_context.svm.uuid) {
        let message = "The body and the header name different SVMs.";
        return Err(ApiError::new(400, 262_185, message).about("svm"));
    }
    Ok(named)
}

/// The volume with that UUID, in any SVM of the request.
pub(super) fn find_volume<'a, R>(
    context: &RequestContext<'a>,
    query: &Query<R>,
    uuid: Uuid,
) -> Result<(&'a SvmState, Volume), ApiError> {
    for svm in context.svms(query, "svm")? {
        if let Some(volume) = svm.volume(uuid.into())? {
            return Ok((svm, volume));
        }
    }
    Err(ApiError::no_such_entry())
}

/// The volume that a body names at `volume`, in an SVM.
pub(super) fn volume_of_body(svm: &SvmState, body: &Body) -> Result<Volume, ApiError> {
    volume_of(svm, Reference::read(body, "volume")?.as_ref(), "volume")
}

/// The volume of a reference in an SVM. Errors are about `path`.
pub(super) fn volume_of(
    svm: &SvmState,
    given: Option<&Reference>,
    path: &'static str,
) -> Result<Volume, ApiError> {
    let Some(given) = given else {
        let message = "The request names no volume: volume.name or volume.uuid.";
        return Err(ApiError::new(400, 918_232, message).about(path));
    };
    let found = match (&given.name, given.uuid) {
        (Some(name), _) => svm.find_volume(name)?,
        (None, Some(uuid)) => svm.volume(uuid.into())?,
        (None, None) => None,
    };
    let Some(found) = found else {
        let message = format!("The volume {given} does not exist in the SVM.");
        return Err(ApiError::new(400, 917_927, message).about(path));
    };
    if given.uuid.is_some_and(|uuid| uuid != found.uuid.uuid()) {
        let message = "The name and the UUID of the volume do not agree.";
        return Err(ApiError::new(400, 918_236, message).about(path));
    }
    Ok(found)
}

/// The volumes of an SVM that a filter by `volume.uuid` or `volume.name` admits; `None` without such
/// a filter.
pub(super) fn volume_of_filter<R>(
    svm: &SvmState,
    query: &Query<R>,
) -> Result<Option<Vec<Volume>>, ApiError> {
    let found = if let Some(text) = query.filter.exact("volume.uuid") {
        let uuid = text.parse::<Uuid>().ok();
        uuid.map(|uuid| svm.volume(uuid.into())).transpose()?.flatten()
    } else if let Some(name) = query.filter.exact("volume.name") {
        svm.find_volume(name)?
    } else {
        return Ok(None);
    };
    Ok(Some(found.into_iter().collect()))
}

/// The snapshot with that name, UUID or both.
pub(super) fn find_snapshot(
    backend: &dyn VolumeBackend,
    volume: VolumeId,
    given: &Reference,
    about: &'static str,
) -> Result<Snapshot, ApiError> {
    let snapshots = backend.snapshot_backend()?;
    let unknown = || {
        let message = format!("The snapshot {given} does not exist.");
        ApiError::new(400, 1_638_600, message).about(about)
    };
    let uuid = given.uuid;
    let found = match (&given.name, uuid) {
        (Some(name), _) => snapshots.find_snapshot(volume, name)?.ok_or_else(unknown)?,
        (None, Some(uuid)) => match snapshots.get_snapshot(volume, uuid.into()) {
            Err(BackendError::SnapshotNotFound { .. }) => return Err(unknown()),
            found => found?,
        },
        (None, None) => return Err(unknown()),
    };
    if uuid.is_some_and(|uuid| uuid != found.uuid.uuid()) {
        let message = "The name and the UUID of the snapshot do not agree.";
        return Err(ApiError::new(400, 918_243, message).about(about));
    }
    Ok(found)
}

/// Whether the attributes of a snapshot have an expiry time in the future. A backend with locks keeps
/// `expiry_time` itself.
pub(super) fn is_locked(attributes: Option<&Attributes>, now: Timestamp) -> bool {
    let Some(attributes) = attributes else { return false };
    ["expiry_time", "snaplock_expiry_time"]
        .iter()
        .any(|path| matches!(attributes.get(path), Some(Attribute::Time(expiry)) if *expiry > now))
}

/// The aggregate with that name, UUID or both.
pub(super) fn find_aggregate(
    context: &RequestContext<'_>,
    given: &Reference,
) -> Result<Result<Named, ApiError>, ApiError> {
    let aggregates = context.cluster.aggregates.iter().map(|record| &record.aggregate);
    let Some(found) = given.find(aggregates) else {
        let message = format!("The aggregate {given} does not exist.");
        return Ok(Err(ApiError::new(400, 917_508, message).about("aggregates")));
    };
    if !given.agrees(found) {
        let message = "The name and the UUID of the aggregate do not agree.";
        return Err(ApiError::new(400, 787_141, message).about("aggregates"));
    }
    Ok(Ok(found.clone()))
}
