//! Autosize: the maximum up to which the backend lets a volume grow.

use nessie_backend_core::{BackendError, Volume};
use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::{Attribute, Attributes, default_autosize_maximum};

use super::body::VolumeFields;
use crate::svm::SvmState;

const MAXIMUM: &str = "autosize.maximum";

/// Sets the maximum of a volume that was created or changed by a request with these fields, to
/// which its attributes then agree.
pub(super) fn set(
    svm: &SvmState,
    volume: &Volume,
    fields: &VolumeFields,
    attributes: &Attributes,
) -> Result<(), ApiError> {
    let sets_mode = fields.given("autosize.mode").is_some();
    let sets_size = fields.size.is_some() || fields.given(MAXIMUM).is_some();
    let is_on = (sets_mode || sets_size) && is_on(svm, volume, attributes)?;
    if !sets_mode && !is_on {
        return Ok(());
    }
    let maximum = match attributes.get(MAXIMUM) {
        Some(Attribute::Integer(maximum)) => *maximum,
        _ => default_autosize_maximum(volume.size_bytes.unwrap_or(u64::MAX)),
    };
    let maximum = is_on.then_some(maximum);
    match svm.backend.set_autosize(volume.uuid, maximum) {
        // The attributes are stored all the same, like others without an effect.
        Err(BackendError::FeatureNotSupported { .. }) => Ok(()),
        done => Ok(done?),
    }
}

/// Raises the stored maximum to a new size that is larger, unless the request with these fields sets a
/// maximum.
pub(super) fn keep_maximum(attributes: &mut Attributes, fields: &VolumeFields) {
    if let (Some(size), None) = (fields.size, fields.given(MAXIMUM))
        && let Some(Attribute::Integer(maximum)) = attributes.get(MAXIMUM)
        && *maximum < size
    {
        attributes.set(MAXIMUM, Attribute::Integer(size));
    }
}

/// Whether a volume with these attributes grows by itself. Without a mode among them it does if it
/// was set directly on the backend.
fn is_on(svm: &SvmState, volume: &Volume, attributes: &Attributes) -> Result<bool, ApiError> {
    match attributes.get("autosize.mode") {
        Some(Attribute::Text(mode)) => Ok(mode != "off"),
        _ => Ok(svm.volume_space(volume)?.autosize_bytes.is_some()),
    }
}
