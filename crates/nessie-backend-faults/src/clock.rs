//! The clock of a backend.

use std::thread;
use std::time::{Duration, SystemTime};

use nessie_backend_core::Timestamp;

use crate::error::Failure;
use crate::hooks::Hooks;

/// The clock of a backend: the times of events and hits, and how a delay passes.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;

    /// Lets time pass. No lock is held meanwhile. What happens to the backend because of it, such as an
    /// advance of its own clock, is [recorded](crate::Recorder::record).
    ///
    /// # Errors
    /// The time cannot pass. The call that is delayed then fails with this error.
    fn wait(&self, time: Duration, hooks: &Hooks) -> Result<(), Failure>;
}

/// The system's clock. A delay blocks the thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MAX)
    }

    fn wait(&self, time: Duration, _: &Hooks) -> Result<(), Failure> {
        thread::sleep(time);
        Ok(())
    }
}
