//! Job schedules.

use std::fmt::Write;

use jiff::Span;
use nessie_backend_core::{Schedule, Uuid};
use nessie_ontap_protocol::records::{CronTimes, ScheduleTiming};
use nessie_ontap_protocol::{ApiError, Body};
use serde::{Deserialize, Serialize};

/// A schedule of the cluster or of an SVM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JobSchedule {
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) timing: ScheduleTiming,
    /// Whether the array itself needs it.
    pub(crate) is_system: bool,
}

/// The cron schedules that every array has, with the five fields of crontab(5).
const CRON: [(&str, &str); 7] = [
    ("5min", "0,5,10,15,20,25,30,35,40,45,50,55 * * * *"),
    ("8hour", "15 2,10,18 * * *"),
    ("12-hourly", "15 0,12 * * *"),
    ("hourly", "5 * * * *"),
    ("daily", "10 0 * * *"),
    ("weekly", "15 0 * * 0"),
    ("monthly", "20 0 1 * *"),
];

/// The interval schedules that every array has.
const INTERVAL: [(&str, &str); 3] = [
    ("Auto Balance Aggregate Scheduler", "PT1H"),
    ("Balanced Placement Model Cache Update", "PT7M30S"),
    ("Application Templates ASUP Dump", "P1D"),
];

/// A field of a cron schedule: its path, its first and its last value.
type CronField = (&'static str, u64, u64);

const MINUTES: CronField = ("cron.minutes", 0, 59);
const HOURS: CronField = ("cron.hours", 0, 23);
const DAYS: CronField = ("cron.days", 1, 31);
const MONTHS: CronField = ("cron.months", 1, 12);
const WEEKDAYS: CronField = ("cron.weekdays", 0, 6);

impl JobSchedule {
    /// The schedules that every array has.
    pub(crate) fn builtin(uuid: impl Fn(&str) -> Uuid) -> Vec<Self> {
        let schedule = |name: &str, timing, is_system| Self {
            uuid: uuid(name),
            name: name.to_owned(),
            timing,
            is_system,
        };
        let cron = CRON.map(|(name, text)| {
            schedule(name, ScheduleTiming::Cron(times_of_builtin(text)), false)
        });
        let interval = INTERVAL
            .map(|(name, text)| schedule(name, ScheduleTiming::Interval(text.to_owned()), true));
        cron.into_iter().chain(interval).collect()
    }

    /// The times as the five fields of crontab(5); `None` for an interval schedule.
    pub(crate) fn crontab(&self) -> Option<String> {
        match &self.timing {
            ScheduleTiming::Cron(times) => Some(crontab(times)),
            ScheduleTiming::Interval(_) => None,
        }
    }
}

/// Accepts a name of 1 to 256 characters.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    if (1..=256).contains(&name.chars().count()) {
        return Ok(());
    }
    let shown: String = name.chars().take(64).collect();
    let message = format!("The schedule name {shown:?} does not have 1 to 256 characters.");
    Err(ApiError::new(400, 458_788, message).about("name"))
}

/// When a new schedule is due.
pub(crate) fn new_timing(body: &Body) -> Result<ScheduleTiming, ApiError> {
    match (body.has("cron"), body.text("interval")?) {
        (true, None) => cron(body, None).map(ScheduleTiming::Cron),
        (false, Some(interval)) => checked_interval(interval).map(ScheduleTiming::Interval),
        (true, Some(_)) => {
            let message = "A schedule has either cron or interval, and the request has both.";
            Err(ApiError::new(400, 459_760, message).about("interval"))
        }
        (false, None) => {
            let message = "The request has neither cron.minutes nor interval.";
            Err(ApiError::new(400, 459_760, message).about("cron"))
        }
    }
}

/// When a schedule is due after a change. The type does not change.
pub(crate) fn changed_timing(
    before: &ScheduleTiming,
    body: &Body,
) -> Result<ScheduleTiming, ApiError> {
    let interval = body.text("interval")?;
    match before {
        ScheduleTiming::Cron(_) if interval.is_some() => {
            let message = "A cron schedule has no interval. Change cron instead.";
            Err(ApiError::new(400, 461_785, message).about("interval"))
        }
        ScheduleTiming::Interval(_) if body.has("cron") => {
            let message = "An interval schedule has no cron times. Change interval instead.";
            Err(ApiError::new(400, 461_786, message).about("cron"))
        }
        ScheduleTiming::Cron(before) if body.has("cron") => {
            cron(body, Some(before)).map(ScheduleTiming::Cron)
        }
        ScheduleTiming::Cron(_) => Ok(before.clone()),
        ScheduleTiming::Interval(before) => {
            checked_interval(interval.unwrap_or(before)).map(ScheduleTiming::Interval)
        }
    }
}

/// The times of a body. A field that is not given matches all values, except that a change keeps the
/// minutes.
fn cron(body: &Body, before: Option<&CronTimes>) -> Result<CronTimes, ApiError> {
    let values = |field| Ok::<_, ApiError>(cron_values(body, field)?.unwrap_or_default());
    let minutes = match (cron_values(body, MINUTES)?, before) {
        (Some(minutes), _) if minutes.is_empty() => (0..=59).collect(),
        (Some(minutes), _) => minutes,
        (None, Some(before)) => before.minutes.clone(),
        (None, None) => {
            let message = "A cron schedule needs cron.minutes; an empty array means every minute.";
            return Err(ApiError::new(400, 458_788, message).about("cron.minutes"));
        }
    };
    let times = CronTimes {
        minutes,
        hours: values(HOURS)?,
        days: values(DAYS)?,
        months: values(MONTHS)?,
        weekdays: values(WEEKDAYS)?,
    };
    check_times(&times)?;
    Ok(times)
}

/// The values of a field in ascending order.
fn cron_values(body: &Body, field: CronField) -> Result<Option<Vec<u64>>, ApiError> {
    let (path, ..) = field;
    let Some(mut values) = body.integers(path)? else { return Ok(None) };
    check_values(field, &values)?;
    values.sort_unstable();
    values.dedup();
    Ok(Some(values))
}

fn check_values((path, first, last): CronField, values: &[u64]) -> Result<(), ApiError> {
    let wrong = values.iter().find(|value| !(first..=last).contains(*value));
    wrong.map_or(Ok(()), |wrong| {
        let message = format!("The value {wrong} of {path} is not one of {first} to {last}.");
        Err(ApiError::new(400, 458_788, message).about(path))
    })
}

/// Refuses times at which nothing is ever due.
fn check_times(times: &CronTimes) -> Result<(), ApiError> {
    let refuse = |error| ApiError::new(400, 458_788, format!("{error}.")).about("cron");
    crontab(times).parse::<Schedule>().map(drop).map_err(refuse)
}

/// Accepts what a request can give a schedule.
#[cfg(feature = "simulator")]
pub(crate) fn check_timing(timing: &ScheduleTiming) -> Result<(), ApiError> {
    match timing {
        ScheduleTiming::Interval(interval) => checked_interval(interval).map(drop),
        ScheduleTiming::Cron(times) => {
            check_values(MINUTES, &times.minutes)?;
            check_values(HOURS, &times.hours)?;
            check_values(DAYS, &times.days)?;
            check_values(MONTHS, &times.months)?;
            check_values(WEEKDAYS, &times.weekdays)?;
            check_times(times)
        }
    }
}

/// The five fields of crontab(5).
fn crontab(times: &CronTimes) -> String {
    let every_minute = times.minutes.len() == 60;
    let minutes = if every_minute { &[][..] } else { &times.minutes };
    let mut text = String::new();
    for values in [minutes, &times.hours, &times.days, &times.months, &times.weekdays] {
        if !text.is_empty() {
            text.push(' ');
        }
        if values.is_empty() {
            text.push('*');
        }
        for (index, value) in values.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}{value}");
        }
    }
    text
}

/// The times of a text in which each field is `*` or a list of numbers.
fn times_of_builtin(text: &str) -> CronTimes {
    let mut fields = text
        .split(' ')
        .map(|field| field.split(',').filter_map(|value| value.parse().ok()).collect::<Vec<u64>>());
    let mut next = || fields.next().unwrap_or_default();
    let (minutes, hours, days) = (next(), next(), next());
    CronTimes { minutes, hours, days, months: next(), weekdays: next() }
}

fn checked_interval(text: &str) -> Result<String, ApiError> {
    match duration(text) {
        Some(interval) if interval.is_positive() => Ok(text.to_owned()),
        _ => {
            let rule = "is not a duration of ISO 8601 that is longer than zero, such as PT7M30S";
            Err(ApiError::invalid_value("interval", text, rule))
        }
    }
}

/// A duration in ISO 8601. Clients may send a different notation that the library accepts, too.
pub(crate) fn duration(text: &str) -> Option<Span> {
    if text.starts_with('P') { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_cron_schedules_have_their_times() {
        for (_, text) in CRON {
            assert_eq!(crontab(&times_of_builtin(text)), text);
            text.parse::<Schedule>().unwrap();
        }
        for (_, text) in INTERVAL {
            assert_eq!(checked_interval(text).unwrap(), text);
        }
    }

    #[test]
    fn intervals_are_durations_of_iso_8601() {
        for text in ["P1W", "P2DT5M", "PT0.5S"] {
            assert_eq!(checked_interval(text).unwrap(), text);
        }
        for text in ["", "P", "PT", "PT0S", "-P1D", "1 hour", "P1", "p1d x"] {
            assert!(checked_interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_a_body_are_sorted() {
        let body = Body::parse(br#"{"cron":{"minutes":["30",5,5],"days":[]}}"#).unwrap();
        let times = cron(&body, None).unwrap();
        assert_eq!(crontab(&times), "5,30 * * * *");
        let body = Body::parse(br#"{"cron":{"minutes":[],"weekdays":[6,0],"days":[1]}}"#).unwrap();
        let times = cron(&body, None).unwrap();
        assert_eq!(crontab(&times), "* * 1 * 0,6");
        assert_eq!(times.minutes.len(), 60);
        for wrong in [
            r#"{"cron":{"hours":[1]}}"#,
            r#"{"cron":{"minutes":[60]}}"#,
            r#"{"cron":{"minutes":[0],"days":[0]}}"#,
            r#"{"cron":{"minutes":[0],"days":[31],"months":[2]}}"#,
        ] {
            let error = cron(&Body::parse(wrong.as_bytes()).unwrap(), None).unwrap_err();
            assert_eq!(error.code, 458_788, "{wrong}");
        }
    }
}
