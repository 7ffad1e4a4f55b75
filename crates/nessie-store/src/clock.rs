//! The clock of a cluster.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        let Some(clock) = &self.0 else {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let since = since.unwrap_or(Duration::ZERO);
            return Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MAX);
        };
        clock()
    }
}

impl fmt::Debug for ClusterClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterClock")
    }
}
