//! When the rule of a snapshot policy runs: the five fields of crontab(5), in UTC.
//!
//! The fields are compiled to sets of bits here. No crate does what a clock of the years 1 to 9999
//! needs. `cronexpr` searches four years ahead, but from 1 March 2096 the next 29 February is eight
//! years away, and a 29 February that is a Monday can be forty. It also needs the time zones of
//! `jiff`. `croner` ends at the year 5000, and takes `*/2` in a field of days for a restriction. It
//! and `cron` accept seconds, years, `L`, `W` and `#`, so the fields would have to be parsed here
//! anyway, to refuse them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::Shown;
use crate::{BackendError, Timestamp};

/// The times at which the rule of a snapshot policy runs: whole minutes in UTC.
///
/// The text has the five fields of crontab(5), separated by spaces or tabs: minute (0 to 59), hour
/// (0 to 23), day of the month (1 to 31), month (1 to 12 or `jan` to `dec`) and day of the week (0 to
/// 7 or `sun` to `sat`; 0 and 7 are Sunday). A field is a list of items that are separated by commas.
/// An item is `*`, a value, or a range as in `1-5`; a step can follow `*` and a range, as in `*/15`.
/// The case of names does not matter.
///
/// If neither field of days begins with `*`, a day has to match one of the two; otherwise it has to
/// match both.
///
/// ```
/// use nessie_backend_core::{Schedule, Timestamp};
///
/// let nightly: Schedule = "30 2 * * *".parse()?;
/// let next = nightly.next_after("2000-01-01T02:30:00Z".parse()?);
/// assert_eq!(next, Some("2000-01-02T02:30:00Z".parse()?));
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    text: Box<str>,
    /// A bit for each value of a field.
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// Sunday is 0.
    weekdays: u64,
    /// Whether a day that matches one of the two fields of days matches.
    either_day: bool,
}

/// A field of a schedule.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// The names of the values, from the first one on.
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", first: 0, last: 59, names: &[] };
const HOUR: Field = Field { name: "hour", first: 0, last: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", first: 1, last: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    first: 1,
    last: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Field = Field {
    name: "day of the week",
    first: 0,
    last: SUNDAY,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};
/// The other number of Sunday.
const SUNDAY: u32 = 7;

/// The texts that other crons accept in place of the fields.
const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const MICROS_PER_MINUTE: i64 = 60_000_000;
const MINUTES_PER_DAY: i64 = 1_440;
/// The calendar repeats after 400 years.
const CYCLE_DAYS: i64 = 146_097;

impl Schedule {
    /// The first time of the schedule after `time`. `None` if it is after the year 9999.
    #[must_use]
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let minute = time.unix_micros().div_euclid(MICROS_PER_MINUTE) + 1;
        let mut day = minute.div_euclid(MINUTES_PER_DAY);
        let mut from = minute.rem_euclid(MINUTES_PER_DAY);
        let mut date = date_of(day)?;
        // Some day of any cycle matches.
        for _ in 0..=CYCLE_DAYS {
            if self.has_day(date)
                && let Some(minute) = self.first_minute(from)
            {
                return instant(day, minute);
            }
            let skipped = self.days_to_next_month(date);
            day += skipped;
            from = 0;
            date = if skipped == 1 { date.tomorrow().ok()? } else { date_of(day)? };
        }
        None
    }

    /// The last time of the schedule that is not after `time`. `None` if it is before the year 1.
    #[must_use]
    pub fn last_until(&self, time: Timestamp) -> Option<Timestamp> {
        let minute = time.unix_micros().div_euclid(MICROS_PER_MINUTE);
        let mut day = minute.div_euclid(MINUTES_PER_DAY);
        let mut until = minute.rem_euclid(MINUTES_PER_DAY);
        let mut date = date_of(day)?;
        for _ in 0..=CYCLE_DAYS {
            if self.has_day(date)
                && let Some(minute) = self.last_minute(until)
            {
                return instant(day, minute);
            }
            (day, until) = (day - 1, MINUTES_PER_DAY - 1);
            date = date.yesterday().ok()?;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        if !has(self.months, i64::from(date.month())) {
            return false;
        }
        let day = has(self.days, i64::from(date.day()));
        let weekday = has(self.weekdays, i64::from(date.weekday().to_sunday_zero_offset()));
        if self.either_day { day || weekday } else { day && weekday }
    }

    /// How many days later the next date is that can match: the next day, or if the schedule lacks
    /// the month, the first day of the next month.
    fn days_to_next_month(&self, date: Date) -> i64 {
        if has(self.months, i64::from(date.month())) {
            return 1;
        }
        i64::from(date.days_in_month() - date.day()) + 1
    }

    /// The first minute of a day from this one on.
    fn first_minute(&self, from: i64) -> Option<i64> {
        let (hour, minute) = (from / 60, from % 60);
        if has(self.hours, hour)
            && let Some(minute) = lowest_from(self.minutes, minute)
        {
            return Some(hour * 60 + minute);
        }
        Some(lowest_from(self.hours, hour + 1)? * 60 + lowest_from(self.minutes, 0)?)
    }

    /// The last minute of a day up to this one.
    fn last_minute(&self, until: i64) -> Option<i64> {
        let (hour, minute) = (until / 60, until % 60);
        if has(self.hours, hour)
            && let Some(minute) = highest_until(self.minutes, minute)
        {
            return Some(hour * 60 + minute);
        }
        Some(highest_until(self.hours, hour - 1)? * 60 + highest_until(self.minutes, 59)?)
    }
}

const fn has(set: u64, value: i64) -> bool {
    set >> value & 1 == 1
}

/// The lowest value of the set from this one on.
fn lowest_from(set: u64, value: i64) -> Option<i64> {
    let left = set >> value;
    (left != 0).then(|| value + i64::from(left.trailing_zeros()))
}

/// The highest value of the set up to this one.
fn highest_until(set: u64, value: i64) -> Option<i64> {
    if value < 0 {
        return None;
    }
    let left = set << (63 - value);
    (left != 0).then(|| value - i64::from(left.leading_zeros()))
}

/// The date of a day, counted from the Unix epoch.
fn date_of(day: i64) -> Option<Date> {
    Some(Timestamp::from_unix_micros(day * MINUTES_PER_DAY * MICROS_PER_MINUTE)?.civil().date())
}

/// The time of a minute of a day.
const fn instant(day: i64, minute: i64) -> Option<Timestamp> {
    Timestamp::from_unix_micros((day * MINUTES_PER_DAY + minute) * MICROS_PER_MINUTE)
}

impl FromStr for Schedule {
    type Err = BackendError;

    /// # Errors
    /// [`BackendError::InvalidArgument`] for text that crontab(5) does not have, and for a schedule
    /// that is never due, as on 30 February.
    fn from_str(text: &str) -> Result<Self, BackendError> {
        let refuse = |rule: String| BackendError::invalid("schedule", text, rule);
        if let Some((_, fields)) = NICKNAMES.iter().find(|(name, _)| *name == text.trim()) {
            return Err(refuse(format!("is a nickname; write the five fields {fields:?}")));
        }
        let fields: Vec<&str> = text.split([' ', '\t']).filter(|field| !field.is_empty()).collect();
        let [minute, hour, day, month, weekday] = *fields else {
            return Err(refuse(format!(
                "has {} fields; it has five: minute, hour, day of the month, month and day of the \
                 week",
                fields.len()
            )));
        };
        let mut weekdays = WEEKDAY.values(weekday).map_err(refuse)?;
        weekdays |= weekdays >> SUNDAY & 1;
        let schedule = Self {
            text: text.into(),
            minutes: MINUTE.values(minute).map_err(refuse)?,
            hours: HOUR.values(hour).map_err(refuse)?,
            days: DAY.values(day).map_err(refuse)?,
            months: MONTH.values(month).map_err(refuse)?,
            weekdays,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        if schedule.next_after(Timestamp::UNIX_EPOCH).is_none() {
            return Err(refuse("is never due: no year has such a day".to_owned()));
        }
        Ok(schedule)
    }
}

impl Field {
    /// The set of the values of a field's text.
    ///
    /// # Errors
    /// The rule that the text breaks.
    fn values(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |set, item| Ok(set | self.item(item)?))
    }

    /// The set of the values of an item of a list.
    fn item(&self, item: &str) -> Result<u64, String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.first, self.last),
            Some((first, last)) => (self.value(first)?, self.value(last)?),
            None if step.is_some() => {
                let Self { name, first, last, .. } = self;
                return Err(format!(
                    "has the {name} {}; a step follows * or a range, as in {first}-{last}/2",
                    Shown(item)
                ));
            }
            None => (self.value(range)?, self.value(range)?),
        };
        if first > last {
            let Self { name, last: highest, .. } = self;
            let is_sunday = *highest == SUNDAY && last == 0;
            let hint = if is_sunday { "; as the last day Sunday is 7" } else { "" };
            let item = Shown(item);
            return Err(format!("has the {name} {item}, a range that ends before it begins{hint}"));
        }
        let step = match step.map(|step| (step, number(step))) {
            None => 1,
            Some((_, Some(step))) if step > 0 => step,
            Some((step, _)) => {
                let step = Shown(step);
                return Err(format!("has the step {step}, which is not a number from 1 on"));
            }
        };
        let values = (first..=last).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        Ok(values.fold(0, |set, value| set | 1 << value))
    }

    /// A number or a name.
    fn value(&self, text: &str) -> Result<u32, String> {
        let mut words = self.names.iter().zip(self.first..);
        let word = words.find(|(name, _)| name.eq_ignore_ascii_case(text));
        let value = word.map(|(_, value)| value).or_else(|| number(text));
        value.filter(|value| (self.first..=self.last).contains(value)).ok_or_else(|| {
            let Self { name, first, last, names } = self;
            let names = match **names {
                [first, .., last] => format!(" or {first} to {last}"),
                _ => String::new(),
            };
            format!(
                "has the {name} {}; it is *, {first} to {last}{names}, ranges, steps, or a list of \
                 these",
                Shown(text)
            )
        })
    }
}

/// The number that a text of digits is.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Schedule {
    /// The text from which the schedule was parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({:?})", self.text)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
