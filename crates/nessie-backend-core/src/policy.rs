//! Snapshot policies: rules by which a backend takes and deletes snapshots.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::{Schedule, Timestamp};

/// Takes snapshots of the volumes that use it, and deletes old ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotPolicy {
    /// Name, unique in the backend; the rules are those of
    /// [`rules::volume_name`](crate::rules::volume_name). It does not change.
    pub name: String,
    /// The rules, at least one; see [`rules::snapshot_rules`](crate::rules::snapshot_rules).
    pub rules: Vec<SnapshotRule>,
}

impl SnapshotPolicy {
    /// The policy of a name with these rules.
    #[must_use]
    pub fn new(name: impl Into<String>, rules: impl Into<Vec<SnapshotRule>>) -> Self {
        Self { name: name.into(), rules: rules.into() }
    }
}

/// A rule of a [`SnapshotPolicy`].
///
/// ```
/// use nessie_backend_core::SnapshotRule;
///
/// let rule = SnapshotRule::new("0 0 * * *".parse()?, "nightly", 7);
/// let midnight = "2000-01-02T00:00:00Z".parse()?;
/// assert_eq!(rule.snapshot_name(midnight), "nightly.2000-01-02_0000");
/// assert!(rule.has_made("nightly.1999-12-31_0000"));
/// assert!(!rule.has_made("before-upgrade"));
/// # Ok::<(), nessie_backend_core::BackendError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotRule {
    /// When it takes a snapshot of each volume.
    pub schedule: Schedule,
    /// The names of its snapshots begin with this, followed by a dot and the time; see
    /// [`rules::snapshot_prefix`](crate::rules::snapshot_prefix). Different in each rule of a policy.
    pub prefix: String,
    /// How many of its snapshots a volume keeps, at least 1.
    pub keep: u64,
}

/// The length of a dot and a time.
const SUFFIX: usize = ".YYYY-MM-DD_HHMM".len();

impl SnapshotRule {
    /// The rule with this schedule and prefix, of which a volume keeps so many snapshots.
    #[must_use]
    pub fn new(schedule: Schedule, prefix: impl Into<String>, keep: u64) -> Self {
        Self { schedule, prefix: prefix.into(), keep }
    }

    /// The name of the snapshots that are due at a time: the prefix, a dot, and the time as
    /// `YYYY-MM-DD_HHMM` in UTC.
    #[must_use]
    pub fn snapshot_name(&self, due: Timestamp) -> String {
        let utc = due.civil();
        let (year, month, day) = (utc.year(), utc.month(), utc.day());
        let (hour, minute) = (utc.hour(), utc.minute());
        format!("{}.{year:04}-{month:02}-{day:02}_{hour:02}{minute:02}", self.prefix)
    }

    /// Whether a snapshot of this name counts as one of the rule: the name has its prefix and a time,
    /// as from [`snapshot_name`](Self::snapshot_name).
    #[must_use]
    pub fn has_made(&self, name: &str) -> bool {
        name.len() == self.prefix.len() + SUFFIX
            && name.as_bytes().starts_with(self.prefix.as_bytes())
            && name.get(self.prefix.len()..).is_some_and(is_time)
    }
}

/// Whether a text is a dot and the time of a minute.
fn is_time(suffix: &str) -> bool {
    let number = |place: std::ops::Range<usize>| {
        let digits = suffix.as_bytes().get(place)?;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |place| number(place).and_then(|number| i8::try_from(number).ok());
    let has = |place, mark| suffix.as_bytes().get(place) == Some(&mark);
    let time = || {
        let (year, month, day) = (number(1..5)?, small(6..8)?, small(9..11)?);
        DateTime::new(year, month, day, small(12..14)?, small(14..16)?, 0, 0).ok()
    };
    has(0, b'.')
        && has(5, b'-')
        && has(8, b'-')
        && has(11, b'_')
        && time().is_some_and(|time| time.year() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_made_the_names_that_it_gives() {
        let rule = SnapshotRule::new("* * * * *".parse().unwrap(), "a", 1);
        for time in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            let name = rule.snapshot_name(time);
            assert!(rule.has_made(&name), "{name}");
        }
        assert!(rule.has_made("a.2000-02-29_2359"));
    }

    #[test]
    fn other_names_are_not_of_the_rule() {
        let rule = SnapshotRule::new("* * * * *".parse().unwrap(), "a", 1);
        for name in [
            "",
            "a",
            "a.",
            "b.2000-02-29_2359",
            "A.2000-02-29_2359",
            "aa.2000-02-29_2359",
            "a.a.2000-02-29_2359",
            "a.2000-02-29_235",
            "a.2000-02-29_23590",
            "a.2001-02-29_2359",
            "a.2000-13-01_0000",
            "a.2000-00-01_0000",
            "a.2000-01-01_2400",
            "a.2000-01-01_0060",
            "a.0000-01-01_0000",
            "a.2000-01-0a_0000",
            "a.2000_01-01_0000",
            "a:2000-01-01_0000",
            "é2000-01-01_0000",
        ] {
            assert!(!rule.has_made(name), "{name:?}");
        }
    }

    #[test]
    fn a_policy_survives_text() {
        let rule = SnapshotRule::new("0 0 * * mon".parse().unwrap(), "weekly", 4);
        let policy = SnapshotPolicy::new("p", [rule]);
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(
            text,
            "{\"name\":\"p\",\"rules\":[{\"schedule\":\"0 0 * * mon\",\"prefix\":\"weekly\",\
             \"keep\":4}]}"
        );
        assert_eq!(serde_json::from_str::<SnapshotPolicy>(&text).unwrap(), policy);
        let never = text.replace("0 0 * * mon", "0 0 30 2 *");
        let error = serde_json::from_str::<SnapshotPolicy>(&never).unwrap_err().to_string();
        assert!(error.contains("never due"), "{error}");
    }
}
