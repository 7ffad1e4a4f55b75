//! The contents of a backend's lock.

use std::mem;
use std::time::Duration;

use nessie_backend_core::{Result, Timestamp, VolumePatch};

use crate::env::clock::Clock;
use crate::env::random::IdSource;
use crate::state::{Run, Stamp, State};

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

    /// The time with which locks are compared. Without locks, which is usual, no clock is read.
    pub(crate) fn lock_time(&mut self) -> Timestamp {
        if self.state.locks.is_empty() { Timestamp::MIN } else { self.clock.now() }
    }

    /// The time since when a volume uses the policy of a patch. Without one no clock is read.
    pub(crate) fn patch_time(&mut self, patch: &VolumePatch) -> Timestamp {
        if patch.snapshot_policy.is_none() { Timestamp::MIN } else { self.clock.now() }
    }

    /// Advances the clock to the next time when a rule is due, and runs the rules that are due then;
    /// or, if none is due before, by all that is left. Takes the time that passed off what is left.
    pub(crate) fn advance(&mut self, left: &mut Duration) -> Result<Vec<Run>> {
        let end = self.clock.end(*left)?;
        let now = self.clock.now();
        let Some(due) = self.state.policies.next_due(now).filter(|due| *due <= end) else {
            self.clock.advance(mem::take(left))?;
            return Ok(Vec::new());
        };
        let epoch = self.source.epoch()?;
        let passed = Duration::from_micros(due.unix_micros().abs_diff(now.unix_micros()));
        self.clock.advance(passed)?;
        *left = left.saturating_sub(passed);
        Ok(self.state.run_policies(Stamp { epoch, time: due }))
    }

    /// Runs the rules that became due since the last call, on a clock that runs by itself.
    pub(crate) fn run_due(&mut self) -> Result<Vec<Run>> {
        match self.clock {
            Clock::Standing { .. } => Ok(Vec::new()),
            Clock::System { .. } => {
                let stamp = self.stamp()?;
                Ok(self.state.run_due(stamp))
            }
        }
    }
}
