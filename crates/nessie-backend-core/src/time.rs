//! Instants, as records carry them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::BackendError;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// An instant in UTC with microsecond precision, from year 1 to year 9999.
///
/// The text form is RFC 3339 with `Z`: without a fraction for whole seconds, with six digits
/// otherwise. Text with another offset reads as the same instant; digits beyond microseconds
/// are refused, so that text round-trips are exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// `0001-01-01T00:00:00Z`.
    pub const MIN: Self = Self { micros: -62_135_596_800 * MICROS_PER_SECOND };
    /// `9999-12-30T22:00:00Z`, where the calendar below ends.
    pub const MAX: Self = Self { micros: 253_402_207_200 * MICROS_PER_SECOND };
    /// `1970-01-01T00:00:00Z`.
    pub const UNIX_EPOCH: Self = Self { micros: 0 };

    /// The instant this many microseconds after the Unix epoch, if it is in range.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.micros || micros > Self::MAX.micros {
            return None;
        }
        Some(Self { micros })
    }

    /// Microseconds since the Unix epoch; negative before it.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.micros
    }

    /// The instant `duration` later, cut to whole microseconds, if it is in range.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_unix_micros(self.micros.checked_add(micros)?)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The range of `Timestamp` lies within jiff's, so the fallback is never taken.
        let instant = jiff::Timestamp::from_microsecond(self.micros).unwrap_or_default();
        if self.micros % MICROS_PER_SECOND == 0 {
            write!(f, "{instant:.0}")
        } else {
            write!(f, "{instant:.6}")
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = BackendError;

    /// Reads RFC 3339 text. Fails with [`BackendError::InvalidArgument`].
    fn from_str(text: &str) -> Result<Self, BackendError> {
        let refuse = |rule: &str| BackendError::invalid("timestamp", text, rule);
        let instant: jiff::Timestamp = text.parse().map_err(|_| {
            refuse("is not an RFC 3339 time with an offset, as 2000-01-01T00:00:00Z")
        })?;
        if instant.subsec_nanosecond() % 1_000 != 0 {
            return Err(refuse("is finer than a microsecond"));
        }
        Self::from_unix_micros(instant.as_microsecond())
            .ok_or_else(|| refuse("is outside the years 1 to 9999"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn whole_seconds_have_no_fraction_and_others_have_six_digits() {
        assert_eq!(at("2000-01-01T00:00:00Z").to_string(), "2000-01-01T00:00:00Z");
        assert_eq!(at("2000-01-01T00:00:00.5Z").to_string(), "2000-01-01T00:00:00.500000Z");
    }

    #[test]
    fn another_offset_is_the_same_instant() {
        assert_eq!(at("2000-01-01T02:30:00+02:30"), at("2000-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for text in ["", "2000-01-01", "2000-01-01T00:00:00", "yesterday", "2000-13-01T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?} was read");
        }
        assert!("2000-01-01T00:00:00.0000001Z".parse::<Timestamp>().is_err());
        assert!("-000001-01-01T00:00:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn the_ends_of_the_range_are_what_the_docs_say() {
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_micros(1)), None);
        assert_eq!(Timestamp::UNIX_EPOCH.checked_add(Duration::MAX), None);
    }

    proptest! {
        #[test]
        fn text_round_trips_are_exact(
            micros in Timestamp::MIN.unix_micros()..=Timestamp::MAX.unix_micros()
        ) {
            let time = Timestamp::from_unix_micros(micros).unwrap();
            prop_assert_eq!(at(&time.to_string()), time);
            let json = serde_json::to_string(&time).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
        }
    }
}
