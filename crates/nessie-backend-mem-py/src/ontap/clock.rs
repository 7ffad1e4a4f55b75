//! The clock of a backend in memory that a cluster serves. A delay neither blocks a fork nor holds a lock.

use std::thread;
use std::time::Duration;

use nessie_backend_core::Timestamp;
use nessie_backend_faults::{Cause, Clock, Failure, Hooks, mem};
use nessie_backend_mem::MemBackend;

use crate::runtime::fork;

/// The clock of a backend whose callers have called [`fork::guarded`].
pub(crate) struct GuardedClock(pub(crate) MemBackend);

impl Clock for GuardedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn wait(&self, time: Duration, hooks: &Hooks) -> Result<(), Failure> {
        if self.0.standing_clock().is_some() {
            return self.0.wait(time, hooks);
        }
        fork::unguarded(|| thread::sleep(time));
        Ok(())
    }
}

/// The clock of a backend whose callers have not called it.
pub(crate) struct UnguardedClock(pub(crate) MemBackend);

impl Clock for UnguardedClock {
    fn now(&self) -> Timestamp {
        fork::guarded(|| self.0.now())
    }

    fn wait(&self, time: Duration, hooks: &Hooks) -> Result<(), Failure> {
        if fork::guarded(|| self.0.standing_clock()).is_none() {
            thread::sleep(time);
            return Ok(());
        }
        let mut left = time;
        while !left.is_zero() {
            fork::guarded(|| mem::advance(&self.0, &mut left, hooks, Cause::Delay))?;
        }
        Ok(())
    }
}
