//! Schedules against a naive clock that looks at every minute.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nessie_backend_core::{Schedule, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

const MINUTE: Duration = Duration::from_secs(60);

fn schedule(text: &str) -> Schedule {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The reason why a text is refused.
fn refused(text: &str) -> String {
    let error = text.parse::<Schedule>().unwrap_err();
    assert_eq!(error.target().as_deref(), Some("schedule"));
    error.to_string()
}

/// A schedule as a person reads it: lists of values.
#[derive(Clone, Debug)]
struct Fields {
    text: String,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    days: Vec<i8>,
    months: Vec<i8>,
    weekdays: Vec<i8>,
    either_day: bool,
}

impl Fields {
    /// The minutes of a day, counted from the Unix epoch, that match.
    fn minutes_of(&self, day: i64) -> Vec<Timestamp> {
        let midnight = Timestamp::from_unix_micros(day * 86_400_000_000).unwrap();
        let text = midnight.to_string();
        let number = |from: usize| text[from..from + 2].parse::<i8>().unwrap();
        let in_month = self.months.contains(&number(5));
        let by_day = self.days.contains(&number(8));
        // 1 January 1970 was a Thursday.
        let by_weekday = self.weekdays.contains(&i8::try_from((day + 4).rem_euclid(7)).unwrap());
        let has_day = if self.either_day { by_day || by_weekday } else { by_day && by_weekday };
        let mut found = Vec::new();
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            let has_time = self.hours.contains(&hour) && self.minutes.contains(&minute);
            if in_month && has_day && has_time {
                let minutes = 60 * u32::try_from(hour).unwrap() + u32::try_from(minute).unwrap();
                found.push(midnight.checked_add(minutes * MINUTE).unwrap());
            }
        }
        found
    }
}

/// The text of a field, and its values.
fn field(first: i8, last: i8, names: &'static [&'static str]) -> BoxedStrategy<(String, Vec<i8>)> {
    let name = move |value: i8| match names.get(usize::try_from(value - first).unwrap()) {
        Some(name) => (*name).to_owned(),
        None => value.to_string(),
    };
    let item = prop_oneof![
        2 => (first..=last).prop_map(move |value| (name(value), vec![value])),
        2 => (first..=last, first..=last).prop_map(move |(one, other)| {
            let (from, to) = (one.min(other), one.max(other));
            (format!("{from}-{}", name(to)), (from..=to).collect())
        }),
        1 => (first..=last, first..=last, 1..9_usize).prop_map(|(one, other, step)| {
            let (from, to) = (one.min(other), one.max(other));
            (format!("{from}-{to}/{step}"), (from..=to).step_by(step).collect())
        }),
        1 => (1..9_usize).prop_map(move |step| {
            (format!("*/{step}"), (first..=last).step_by(step).collect())
        }),
        1 => Just(("*".to_owned(), (first..=last).collect())),
    ];
    let all: Vec<i8> = (first..=last).collect();
    let some = proptest::collection::vec(item, 1..4).prop_map(|items| {
        let (texts, values): (Vec<String>, Vec<Vec<i8>>) = items.into_iter().unzip();
        (texts.join(","), values.concat())
    });
    prop_oneof![2 => Just(("*".to_owned(), all)), 3 => some].boxed()
}

const MONTHS: &[&str] =
    &["JAN", "feb", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "Mon", "tue", "wed", "thu", "FRI", "sat", "7"];

fn fields() -> impl Strategy<Value = Fields> {
    let all = (field(0, 59, &[]), field(0, 23, &[]), field(1, 31, &[]), field(1, 12, MONTHS));
    (all, field(0, 7, DAYS), select(vec![" ", "\t", "  "])).prop_map(
        |((minutes, hours, days, months), weekdays, blank)| Fields {
            either_day: !days.0.starts_with('*') && !weekdays.0.starts_with('*'),
            text: [&minutes.0, &hours.0, &days.0, &months.0, &weekdays.0]
                .map(String::as_str)
                .join(blank),
            minutes: minutes.1,
            hours: hours.1,
            days: days.1,
            months: months.1,
            weekdays: weekdays.1.into_iter().map(|day| day % 7).collect(),
        },
    )
}

/// Runs the same random cases each time.
fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let rng_seed = RngSeed::Fixed(0x6e65_7373_6965);
    let config = Config { cases, rng_seed, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

/// The days are of the years 1970 to 2100; each is looked at minute by minute, with the day after it.
#[test]
fn a_schedule_is_due_at_the_minutes_that_match_its_fields() {
    let day = 0..131 * 365_i64 + 32;
    let strategy = (fields(), proptest::collection::vec(day, 4), 0..60_000_000_i64);
    check(200, &strategy, |(fields, days, micros)| {
        // A schedule such as that of 30 February has no day; others are found below.
        let Ok(schedule) = fields.text.parse::<Schedule>() else {
            assert!(refused(&fields.text).contains("never due"), "{fields:?}");
            return;
        };
        assert_eq!(schedule.to_string(), fields.text);
        for day in days {
            let midnight = Timestamp::from_unix_micros(day * 86_400_000_000 - 1).unwrap();
            let end = midnight.checked_add(2 * 1_440 * MINUTE).unwrap();
            let due = [fields.minutes_of(day), fields.minutes_of(day + 1)].concat();
            let mut found = Vec::new();
            let mut time = midnight;
            while let Some(next) = schedule.next_after(time).filter(|next| *next <= end) {
                found.push(next);
                time = next;
            }
            assert_eq!(found, due, "{fields:?}");

            let last = schedule.last_until(end).filter(|last| *last > midnight);
            assert_eq!(last, due.last().copied(), "{fields:?}");
            if let [.., before, last] = *due {
                assert_eq!(schedule.last_until(last), Some(last), "{fields:?}");
                let within = before.checked_add(Duration::from_micros(micros.unsigned_abs()));
                assert_eq!(schedule.last_until(within.unwrap()), Some(before), "{fields:?}");
                assert_eq!(schedule.next_after(within.unwrap()), Some(last), "{fields:?}");
            }
        }
    });
}

#[test]
fn rare_days_are_found() {
    let next = |text: &str, after: &str| schedule(text).next_after(at(after)).unwrap().to_string();
    assert_eq!(next("0 0 29 2 *", "2096-02-29T00:00:00Z"), "2104-02-29T00:00:00Z");
    // The next leap day that is a Sunday, over the year 2100.
    assert_eq!(next("0 0 29 2 */7", "2088-02-29T00:00:00Z"), "2128-02-29T00:00:00Z");
    assert_eq!(next("59 23 31 12 *", "1999-12-31T23:59:00Z"), "2000-12-31T23:59:00Z");
    let last = schedule("0 0 29 2 *").last_until(at("2104-02-28T23:59:59Z"));
    assert_eq!(last, Some(at("2096-02-29T00:00:00Z")));
}

#[test]
fn nothing_is_due_outside_of_the_calendar() {
    let always = schedule("* * * * *");
    assert_eq!(always.next_after(Timestamp::MAX), None);
    assert_eq!(always.next_after(at("9999-12-31T23:58:59Z")), Some(at("9999-12-31T23:59:00Z")));
    assert_eq!(schedule("0 0 29 2 *").next_after(at("9996-03-01T00:00:00Z")), None);
    assert_eq!(always.last_until(Timestamp::MIN), Some(Timestamp::MIN));
    assert_eq!(always.next_after(Timestamp::MIN), Some(at("0001-01-01T00:01:00Z")));
    assert_eq!(schedule("1 0 * * *").last_until(Timestamp::MIN), None);
}

#[test]
fn sunday_has_two_numbers_and_a_name() {
    let next = |day: &str| {
        schedule(&format!("0 0 * * {day}")).next_after(at("2000-01-01T00:00:00Z")).unwrap()
    };
    // 1 January 2000 was a Saturday, whose first minute is not after the time.
    for sunday in ["0", "7", "SUN", "sun,7", "6-7", "0-0"] {
        assert_eq!(next(sunday), at("2000-01-02T00:00:00Z"), "{sunday}");
    }
    assert_eq!(next("mon-fri"), at("2000-01-03T00:00:00Z"));
}

#[test]
fn what_crontab_does_not_have_is_refused_with_the_rule() {
    for (text, reason) in [
        ("", "has 0 fields"),
        ("* * * *", "has 4 fields; it has five: minute, hour"),
        ("0 0 0 * * *", "has 6 fields"),
        ("@daily", "is a nickname; write the five fields \"0 0 * * *\""),
        ("@reboot", "has 1 fields"),
        ("60 * * * *", "has the minute \"60\"; it is *, 0 to 59, ranges"),
        ("* 24 * * *", "has the hour \"24\""),
        ("* * 0 * *", "has the day of the month \"0\""),
        ("* * L * *", "has the day of the month \"L\""),
        ("* * 15W * *", "\"15W\""),
        ("* * ? * *", "\"?\""),
        ("* * * 13 *", "has the month \"13\"; it is *, 1 to 12 or jan to dec"),
        ("* * * january *", "\"january\""),
        ("* * * * 8", "has the day of the week \"8\"; it is *, 0 to 7 or sun to sat"),
        ("* * * * 5#2", "\"5#2\""),
        ("* * * * 5L", "\"5L\""),
        ("* * * * sat-sun", "a range that ends before it begins; as the last day Sunday is 7"),
        ("5-4 * * * *", "has the minute \"5-4\", a range that ends before it begins"),
        ("1-2-3 * * * *", "\"2-3\""),
        ("5/15 * * * *", "a step follows * or a range, as in 0-59/2"),
        ("*/0 * * * *", "has the step \"0\""),
        ("*/x * * * *", "has the step \"x\""),
        ("*/1/2 * * * *", "has the step \"1/2\""),
        ("*/99999999999 * * * *", "has the step \"99999999999\""),
        ("*-5 * * * *", "has the minute \"*\""),
        (", * * * *", "has the minute \"\""),
        ("1, * * * *", "has the minute \"\""),
        ("-1 * * * *", "has the minute \"\""),
        ("+1 * * * *", "\"+1\""),
        ("0~30 * * * *", "\"0~30\""),
        ("0 0 30 2 *", "is never due"),
        ("0 0 31 2,4,6,9,11 *", "is never due"),
        ("0 0 30-31 feb */2", "is never due"),
        ("٣ * * * *", "has the minute"),
        ("*\n* * * *", "has 4 fields"),
    ] {
        let error = refused(text);
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    let long = refused(&"* ".repeat(100_000));
    assert!(long.contains("has 100000 fields") && long.len() < 300, "{long}");
    let long = refused(&format!("{} * * * *", "1".repeat(100_000)));
    assert!(long.len() < 400, "{}", long.len());
}

#[test]
fn blanks_around_the_fields_are_ignored_and_the_text_is_kept() {
    let spaced = schedule(" \t05  0\t1,15 * * ");
    assert_eq!(spaced.to_string(), " \t05  0\t1,15 * * ");
    assert_eq!(
        spaced.next_after(Timestamp::UNIX_EPOCH),
        schedule("5 0 1,15 * *").next_after(Timestamp::UNIX_EPOCH)
    );
}
