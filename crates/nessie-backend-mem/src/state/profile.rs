//! The values of volumes that a profile allows, and that it gives where none is given.

use nessie_backend_core::rules::{self, ontap};
use nessie_backend_core::{BackendError, Result, VolumePatch};

use crate::limits::Profile;

/// The size of a volume for which none is given.
pub(super) const fn default_size(profile: Option<Profile>) -> Option<u64> {
    match profile {
        None => None,
        Some(Profile::Ontap) => Some(ontap::MIN_VOLUME_SIZE),
    }
}

/// Refuses a name that no volume can have.
pub(crate) fn check_volume_name(profile: Option<Profile>, name: &str) -> Result<()> {
    match profile {
        None => rules::volume_name(name),
        Some(Profile::Ontap) => ontap::volume_name(name).map_err(|fault| {
            BackendError::invalid("name", name, format_args!("{fault} (profile \"ontap\")"))
        }),
    }
}

/// Refuses a size that no volume can have.
pub(crate) fn check_size(profile: Option<Profile>, size_bytes: u64) -> Result<()> {
    rules::size_bytes(size_bytes)?;
    match profile {
        Some(Profile::Ontap) if size_bytes < ontap::MIN_VOLUME_SIZE => {
            let min = ontap::MIN_VOLUME_SIZE;
            let reason = format!("{size_bytes} is less than {min} (20 MiB; profile \"ontap\")");
            Err(BackendError::InvalidArgument { argument: "size_bytes".into(), reason })
        }
        _ => Ok(()),
    }
}

/// Refuses a patch with a value that no volume can have.
pub(super) fn check_patch(profile: Option<Profile>, patch: &VolumePatch) -> Result<()> {
    if profile.is_some() {
        patch.size_bytes.map_or(Ok(()), |size| check_size(profile, size))?;
        patch.name.as_deref().map_or(Ok(()), |name| check_volume_name(profile, name))?;
    }
    rules::volume_patch(patch)
}
