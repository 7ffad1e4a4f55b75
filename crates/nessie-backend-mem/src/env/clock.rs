//! Time: the only module that reads a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nessie_backend_core::{BackendError, Result, Timestamp};

/// The clock of a backend's records. It never runs backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Follows the system's clock in whole seconds, and waits for it after that was set back.
    System {
        /// The latest time handed out.
        latest: Timestamp,
    },
    /// Stopped until it is advanced.
    Standing {
        /// The time it showed first.
        start: Timestamp,
        /// The time it shows.
        now: Timestamp,
    },
}

impl Clock {
    pub(crate) const SYSTEM: Self = Self::System { latest: Timestamp::MIN };

    /// A stopped clock.
    pub(crate) const fn standing(start: Timestamp) -> Self {
        Self::Standing { start, now: start }
    }

    /// The clock as it was at first. The system's clock still waits for the latest time handed
    /// out.
    pub(crate) const fn restarted(self) -> Self {
        match self {
            Self::System { .. } => self,
            Self::Standing { start, .. } => Self::standing(start),
        }
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        match self {
            Self::Standing { now, .. } => *now,
            Self::System { latest } => {
                *latest = system_time().max(*latest);
                *latest
            }
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) -> Result<Timestamp> {
        let end = self.end(by)?;
        if let Self::Standing { now, .. } = self {
            *now = end;
        }
        Ok(end)
    }

    /// The time that [`advance`](Self::advance) would give.
    pub(crate) fn end(&self, by: Duration) -> Result<Timestamp> {
        match self {
            Self::System { .. } => Err(BackendError::not_supported("advance")),
            Self::Standing { now, .. } => {
                now.checked_add(by).ok_or_else(|| BackendError::InvalidArgument {
                    argument: "delta".into(),
                    reason: format!("{by:?} leads from {now} past {}", Timestamp::MAX),
                })
            }
        }
    }
}

/// The system's time, cut to whole seconds, as ONTAP gives times. Before 1970 it is the Unix epoch.
fn system_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = Duration::from_secs(since_epoch.as_secs());
    Timestamp::UNIX_EPOCH.checked_add(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_changes_only_when_advanced() {
        let mut clock = Clock::standing(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1_500)).unwrap();
        assert_eq!(clock.now().to_string(), "1970-01-01T00:00:01.500000Z");
    }

    #[test]
    fn a_stopped_clock_does_not_exceed_the_calendar() {
        let mut clock = Clock::standing(Timestamp::MAX);
        let error = clock.advance(Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn a_restarted_stopped_clock_shows_its_start() {
        let mut clock = Clock::standing(Timestamp::UNIX_EPOCH);
        clock.advance(Duration::from_secs(1)).unwrap();
        assert_eq!(clock.restarted(), Clock::standing(Timestamp::UNIX_EPOCH));
        let system = Clock::System { latest: Timestamp::MAX };
        assert_eq!(system.restarted(), system);
    }

    #[test]
    fn the_system_clock_shows_whole_seconds() {
        let mut clock = Clock::SYSTEM;
        let now = clock.now().unix_micros();
        assert_eq!(now % 1_000_000, 0);
        let real = Timestamp::try_from(SystemTime::now()).unwrap().unix_micros();
        assert!(now <= real && real - now < 60_000_000, "{now} is not about {real}");
    }

    #[test]
    fn the_system_clock_is_not_advanced_and_does_not_run_back() {
        let mut clock = Clock::System { latest: Timestamp::MAX };
        assert_eq!(clock.now(), Timestamp::MAX);
        assert_eq!(clock.advance(Duration::ZERO).unwrap_err().code(), "feature_not_supported");
    }
}
