//! The limits of one batch, so that an endless iterator cannot fill the memory.

use nessie_backend_core::BackendError;

use crate::errors::Result;

/// The most items of a batch.
pub(crate) const MAX_ITEMS: usize = 1 << 24;
/// The most bytes of a batch's names.
pub(crate) const MAX_TEXT: usize = 1 << 30;

/// Refuses more than `max` of `unit`.
pub(crate) fn check(argument: &'static str, len: usize, max: usize, unit: &str) -> Result<()> {
    if len <= max {
        return Ok(());
    }
    let reason = format!("has more than {max} {unit}");
    Err(BackendError::InvalidArgument { argument: argument.into(), reason }.into())
}
