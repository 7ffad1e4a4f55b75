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
#[inline]
pub(crate) fn check_volume_name(profile: Option<Profile>, name: &str) -> Result<()> {
    match profile {
        None => rules::volume_name(name),
        Some(Profile::Ontap) => check_ontap_name(name),
    }
}

fn check_ontap_name(name: &str) -> Result<()> {
    ontap::volume_name(name).map_err(|fault| {
        BackendError::invalid("name", name, format_args!("{fault} (profile \"ontap\")"))
    })
}

/// Refuses a size that no volume can have.
#[inline]
pub(crate) fn check_size(profile: Option<Profile>, size_bytes: u64) -> Result<()> {
    rules::size_bytes(size_bytes)?;
    match profile {
        None => Ok(()),
        Some(Profile::Ontap) => check_ontap_size(size_bytes),
    }
}

fn check_ontap_size(size_bytes: u64) -> Result<()> {
    let min = ontap::MIN_VOLUME_SIZE;
    if size_bytes < min {
        let reason = format!("{size_bytes} is less than {min} (20 MiB; profile \"ontap\")");
        return Err(BackendError::InvalidArgument { argument: "size_bytes".into(), reason });
    }
    Ok(())
}

/// Refuses a patch with a value that no volume can have.
#[inline]
pub(super) fn check_patch(profile: Option<Profile>, patch: &VolumePatch) -> Result<()> {
    if profile.is_some() {
        check_profile_of_patch(profile, patch)?;
    }
    rules::volume_patch(patch)
}

fn check_profile_of_patch(profile: Option<Profile>, patch: &VolumePatch) -> Result<()> {
    patch.size_bytes.map_or(Ok(()), |size| check_size(profile, size))?;
    patch.name.as_deref().map_or(Ok(()), |name| check_volume_name(profile, name))
}
