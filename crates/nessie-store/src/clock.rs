//! The clock of a cluster.

use std::fmt;
use std::time::SystemTime;

use nessie_backend_core::Timestamp;

use crate::Clock;

/// The clock that the configuration has, or the system's.
#[derive(Clone)]
pub(crate) struct ClusterClock(Option<Clock>);

impl ClusterClock {
    pub(crate) const fn new(clock: Option<Clock>) -> Self {
        Self(clock)
    }

    pub(crate) fn now(&self) -> Timestamp {
        match &self.0 {
            Some(clock) => clock(),
            None => SystemTime::now().try_into().unwrap_or(Timestamp::MAX),
        }
    }
}

impl fmt::Debug for ClusterClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterClock")
    }
}
