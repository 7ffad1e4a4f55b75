//! The faults before and after a call.

use std::time::Duration;

use nessie_backend_faults::{Call, Effect, Hooks, Operation, Subject};

use crate::errors::Result;

use super::{outcome_of, raised};

/// A backend whose calls can be delayed.
pub(crate) trait Delayed: Subject {
    /// Lets time pass.
    fn wait(&self, delay: Duration) -> Result<()>;
}

/// Begins a call, with the faults before it.
pub(crate) fn begin<'a>(
    hooks: &'a Hooks,
    operation: Operation,
    backend: &impl Delayed,
) -> Result<Call<'a>> {
    let mut call = hooks.begin(operation);
    if call.is_only_recorded() {
        return Ok(call);
    }
    let Effect { delay, error, .. } = call.before(backend);
    if let Err(error) = wait(backend, delay) {
        let _ = call.end(backend, &outcome_of(&error));
        return Err(error);
    }
    match error {
        None => Ok(call),
        Some(failure) => {
            call.prevented(backend, &failure);
            Err(raised(failure))
        }
    }
}

/// Applies what faults do after a call.
pub(crate) fn apply(effect: Effect, backend: &impl Delayed) -> Result<()> {
    wait(backend, effect.delay)?;
    effect.error.map_or(Ok(()), |failure| Err(raised(failure)))
}

fn wait(backend: &impl Delayed, delay: Duration) -> Result<()> {
    if delay.is_zero() { Ok(()) } else { backend.wait(delay) }
}
