//! The contents of a backend's lock.

use nessie_backend_core::Result;

use crate::env::clock::Clock;
use crate::env::random::IdSource;
use crate::state::{Stamp, State};

/// The state machine with its clock and its random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) source: IdSource,
}

impl Inner {
    /// The stamp of records that are created now.
    pub(crate) fn stamp(&mut self) -> Result<Stamp> {
        Ok(Stamp { epoch: self.source.epoch()?, time: self.clock.now() })
    }
}
