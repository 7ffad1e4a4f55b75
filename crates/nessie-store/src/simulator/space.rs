//! `/simulator/space`.

use nessie_backend_core::{BackendError, Uuid, Volume, VolumeBackend, VolumeSpace};
use nessie_ontap_protocol::{ApiError, Body};
use serde_json::{Value as Json, json};

use super::exchange::{Answer, Exchange, SVM, json, simulated};
use crate::svm::SvmState;

const VOLUME: &str = "volume";

pub(super) fn get(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM, VOLUME])?;
    let svm = exchange.svm(exchange.svm_name(&Body::default())?)?;
    let Some(name) = exchange.parameter(VOLUME) else {
        let space = match &svm.simulated {
            Some(backend) => backend.read(VolumeBackend::space),
            None => svm.backend.space(),
        }?;
        return Ok(json(
            200,
            &json!({
                "capacity_bytes": space.capacity_bytes,
                "used_bytes": space.used_bytes,
                "available_bytes": space.available_bytes,
                "live_bytes": space.live_bytes,
                "snapshot_bytes": space.snapshot_bytes,
            }),
        ));
    };
    let volume = find(svm, name)?;
    let space = match &svm.simulated {
        Some(backend) => backend.read(|backend| backend.volume_space(volume.uuid)),
        None => svm.backend.volume_space(volume.uuid),
    }?;
    Ok(json(200, &of_volume(&volume, space)))
}

pub(super) fn post(exchange: &Exchange<'_>) -> Answer {
    exchange.check_parameters(&[SVM])?;
    let body = exchange.fields(&[&[SVM, VOLUME, "write", "overwrite", "discard"]])?;
    let Some(name) = body.text(VOLUME)? else {
        let message = "The body lacks the field volume: the name or uuid of a volume.";
        return Err(ApiError::new(400, 262_212, message).about(VOLUME));
    };
    let (write, overwrite) = (body.size("write")?, body.size("overwrite")?);
    let discard = body.size("discard")?;
    let svm = exchange.svm(exchange.svm_name(&body)?)?;
    let backend = simulated(svm)?;
    let volume = find(svm, name)?;
    let volume = match (write, discard) {
        (Some(size), None) => backend
            .write(volume.uuid, size, overwrite.unwrap_or(0))
            .map_err(|error| of_field(error, "write"))?,
        (None, Some(size)) if overwrite.is_none() => {
            backend.discard(volume.uuid, size).map_err(|error| of_field(error, "discard"))?
        }
        (None, _) if overwrite.is_some() => {
            let message = "The field overwrite is given without write: it is a part of it.";
            return Err(ApiError::new(400, 262_212, message).about("overwrite"));
        }
        (Some(_), Some(_)) => {
            let message = "The fields write and discard are exclusive: give one of them.";
            return Err(ApiError::new(400, 262_185, message).about("discard"));
        }
        (None, _) => {
            let message = "The body lacks the field write or discard: a number of bytes.";
            return Err(ApiError::new(400, 262_212, message).about("write"));
        }
    };
    let space = backend.read(|backend| backend.volume_space(volume.uuid))?;
    Ok(json(200, &of_volume(&volume, space)))
}

/// An error about an argument as one about the field that gave it.
fn of_field(error: BackendError, size: &'static str) -> BackendError {
    match error.target().as_deref() {
        Some("size_bytes") => error.for_argument(size),
        Some("overwrite_bytes") => error.for_argument("overwrite"),
        _ => error,
    }
}

/// The volume with this name or uuid.
fn find(svm: &SvmState, volume: &str) -> Result<Volume, ApiError> {
    let found = if let Some(backend) = &svm.simulated {
        backend.find_volume(volume)?
    } else {
        let by_uuid = volume.parse::<Uuid>().ok().map(|uuid| svm.volume(uuid.into()));
        match by_uuid.transpose()?.flatten() {
            Some(found) => Some(found),
            None => svm.backend.find_volume(volume)?,
        }
    };
    found.ok_or_else(|| {
        let message = format!("The SVM {:?} has no volume {volume:?}.", svm.svm_context.svm.name);
        ApiError::new(404, 4, message).about(VOLUME)
    })
}

fn of_volume(volume: &Volume, space: VolumeSpace) -> Json {
    json!({
        "volume": {"name": volume.name, "uuid": volume.uuid.to_string()},
        "used_bytes": space.used_bytes,
        "inherited_bytes": space.inherited_bytes,
        "snapshot_bytes": space.snapshot_bytes,
        "split_bytes": space.split_bytes,
        "autosize_bytes": space.autosize_bytes,
    })
}
