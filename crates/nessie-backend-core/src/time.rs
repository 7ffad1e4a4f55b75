//! The times of records.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::BackendError;

const MICROS_PER_SECOND: i64 = 1_000_000;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// An instant in UTC with microsecond precision, from year 1 to year 9999.
///
/// The last second of the year 9999 is a valid instant. As a deadline it means
/// [never](Self::is_never).
///
/// The text form is RFC 3339 with `Z`: without a fraction for whole seconds, with six digits
/// otherwise. Text with another offset is converted to UTC. Text with more than six digits is
/// refused, so that text round-trips are exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// `0001-01-01T00:00:00Z`.
    pub const MIN: Self = Self { micros: -62_135_596_800 * MICROS_PER_SECOND };
    /// `9999-12-31T23:59:59.999999Z`.
    pub const MAX: Self = Self { micros: 253_402_300_800 * MICROS_PER_SECOND - 1 };
    /// `1970-01-01T00:00:00Z`.
    pub const UNIX_EPOCH: Self = Self { micros: 0 };

    /// The instant this many microseconds after the Unix epoch, if it is in range.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Option<Self> {
        match Self::try_from_unix_micros(micros) {
            Ok(instant) => Some(instant),
            Err(_) => None,
        }
    }

    /// The instant this many microseconds after the Unix epoch.
    ///
    /// # Errors
    /// The rule that is broken, for a message: the time is before [`MIN`](Self::MIN) or after
    /// [`MAX`](Self::MAX).
    pub const fn try_from_unix_micros(micros: i64) -> Result<Self, &'static str> {
        if micros < Self::MIN.micros {
            return Err("is before 0001-01-01T00:00:00Z, the earliest supported time");
        }
        if micros > Self::MAX.micros {
            return Err("is after 9999-12-31T23:59:59.999999Z, the latest supported time");
        }
        Ok(Self { micros })
    }

    /// Microseconds since the Unix epoch; negative before it.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.micros
    }

    /// Whether this is in the last second of the year 9999, which as a deadline means never.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.micros > Self::MAX.micros - MICROS_PER_SECOND
    }

    /// The date and time of day in UTC.
    pub(crate) fn civil(self) -> DateTime {
        // Every instant is within the years of a `DateTime`, so the fallback is never taken.
        let since_epoch = SignedDuration::from_micros(self.micros);
        EPOCH.checked_add(since_epoch).unwrap_or(DateTime::MAX)
    }

    /// The instant `duration` later, cut to whole microseconds, if it is in range.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_unix_micros(self.micros.checked_add(micros)?)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = BackendError;

    /// The latest whole microsecond that is not after `time`.
    ///
    /// # Errors
    /// [`BackendError::InvalidArgument`] if `time` is before [`MIN`](Self::MIN) or after
    /// [`MAX`](Self::MAX).
    fn try_from(time: SystemTime) -> Result<Self, BackendError> {
        let (since, sign, side) = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => (since, 1, "after"),
            Err(before) => (before.duration(), -1, "before"),
        };
        let micros = (sign * since.as_nanos().cast_signed()).div_euclid(1_000);
        let micros = i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX });
        Self::try_from_unix_micros(micros).map_err(|rule| BackendError::InvalidArgument {
            argument: "timestamp".into(),
            reason: format!("{since:?} {side} the Unix epoch {rule}"),
        })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.civil();
        if self.micros % MICROS_PER_SECOND == 0 {
            write!(f, "{utc:.0}Z")
        } else {
            write!(f, "{utc:.6}Z")
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

    /// Parses RFC 3339 text.
    ///
    /// # Errors
    /// [`BackendError::InvalidArgument`] if the text is not RFC 3339 with an offset, is finer than
    /// a microsecond or is out of range.
    fn from_str(text: &str) -> Result<Self, BackendError> {
        let refuse = |rule: &str| BackendError::invalid("timestamp", text, rule);
        let (local, offset) = parts(text).ok_or_else(|| {
            refuse("is not an RFC 3339 time with an offset, as 2000-01-01T00:00:00Z")
        })?;
        if local.subsec_nanosecond() % 1_000 != 0 {
            return Err(refuse("is finer than a microsecond"));
        }
        // As `jiff::Timestamp` leaves out the last hours of the year 9999, the instant is counted
        // here. The years are few enough for 64 bits.
        let since_epoch = local.duration_since(EPOCH).as_micros() - offset.as_micros();
        let micros = i64::try_from(since_epoch).unwrap_or(i64::MAX);
        Self::try_from_unix_micros(micros).map_err(refuse)
    }
}

/// The local time in a text, and its offset from UTC.
fn parts(text: &str) -> Option<(DateTime, SignedDuration)> {
    let pieces = Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset()?;
    let local = DateTime::from_parts(pieces.date(), pieces.time()?);
    Some((local, SignedDuration::from_secs(offset.seconds().into())))
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
    fn text_other_than_rfc_3339_is_refused() {
        for text in ["", "2000-01-01", "2000-01-01T00:00:00", "yesterday", "2000-13-01T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?} was read");
        }
        assert!("2000-01-01T00:00:00.0000001Z".parse::<Timestamp>().is_err());
        assert!("-000001-01-01T00:00:00Z".parse::<Timestamp>().is_err());
        let error = "9999-12-31T23:59:59-00:01".parse::<Timestamp>().unwrap_err().to_string();
        assert!(error.contains("9999-12-31T23:59:59.999999Z, the latest"), "{error}");
        let error = "0001-01-01T00:00:00+00:01".parse::<Timestamp>().unwrap_err().to_string();
        assert!(error.contains("0001-01-01T00:00:00Z, the earliest"), "{error}");
    }

    #[test]
    fn the_ends_of_the_range_are_the_documented_ones() {
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(at("9999-12-31T23:59:59.999999Z"), Timestamp::MAX);
        assert_eq!(at("9999-12-31T22:59:59.999999-01:00"), Timestamp::MAX);
        assert_eq!(at("0001-01-01T01:00:00+01:00"), Timestamp::MIN);
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_micros(1)), None);
        assert_eq!(Timestamp::UNIX_EPOCH.checked_add(Duration::MAX), None);
    }

    #[test]
    fn a_system_time_is_cut_to_whole_microseconds_on_both_sides_of_the_epoch() {
        let nanos = Duration::from_nanos;
        let micros = |time| Timestamp::try_from(time).unwrap().unix_micros();
        assert_eq!(micros(UNIX_EPOCH), 0);
        assert_eq!(micros(UNIX_EPOCH + nanos(1_999)), 1);
        assert_eq!(micros(UNIX_EPOCH - nanos(1)), -1);
        assert_eq!(micros(UNIX_EPOCH - nanos(1_000)), -1);
    }

    #[test]
    fn a_system_time_outside_of_the_calendar_is_refused() {
        let years = |years: u64| Duration::from_secs(years * 366 * 86_400);
        let late = Timestamp::try_from(UNIX_EPOCH + years(8_100)).unwrap_err().to_string();
        assert!(late.contains("after the Unix epoch is after 9999-12-31"), "{late}");
        let Some(early) = UNIX_EPOCH.checked_sub(years(2_000)) else { return };
        let early = Timestamp::try_from(early).unwrap_err().to_string();
        assert!(early.contains("before the Unix epoch is before 0001-01-01"), "{early}");
    }

    #[test]
    fn the_last_second_of_the_year_9999_means_never() {
        assert!(at("9999-12-31T23:59:59Z").is_never());
        assert!(Timestamp::MAX.is_never());
        assert!(!at("9999-12-31T23:59:58.999999Z").is_never());
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
