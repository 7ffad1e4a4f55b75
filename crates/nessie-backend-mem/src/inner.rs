//! What the lock of a backend guards.

use nessie_backend_core::Result;

use crate::env::clock::Clock;
use crate::env::random::Source;
use crate::state::{Stamp, State};

/// The state machine with its clock and its randomness.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) source: Source,
}

impl Inner {
    /// What a transition that creates something takes from outside, now.
    pub(crate) fn stamp(&mut self) -> Result<Stamp> {
        Ok(Stamp { lineage: self.source.lineage()?, time: self.clock.now() })
    }
}
