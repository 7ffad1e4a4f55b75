//! The contents of a backend's lock.

use nessie_backend_core::Result;

use crate::env::clock::Clock;
use crate::env::random::Source;
use crate::state::{Stamp, State};

/// The state machine with its clock and its random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) source: Source,
}

impl Inner {
    /// The arguments from outside for a transition that creates records now.
    pub(crate) fn stamp(&mut self) -> Result<Stamp> {
        Ok(Stamp { lineage: self.source.lineage()?, time: self.clock.now() })
    }
}
