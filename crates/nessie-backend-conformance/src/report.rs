//! What a run found.

use std::fmt;
use std::time::Duration;

use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::feature::Tier;
use crate::rule::rule;
use crate::trace::Trace;

/// What a run found: one entry for each selected case, in the order of [`cases`](crate::cases()).
///
/// Displays as text of 80 columns; serialises for programs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// What came of each case.
    pub cases: Vec<CaseReport>,
    /// How long the run took.
    pub time: Duration,
}

/// What came of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case's name.
    pub name: &'static str,
    /// The tier it needs.
    pub tier: Tier,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The backend keeps what the case checks.
    Passed,
    /// The case does not apply to this backend, or could not be run.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The backend breaks a rule.
    Failed(Box<Failure>),
    /// The case was not over within its time.
    TimedOut {
        /// The limit that was set.
        limit: Duration,
        /// What was called until then. The last call may have no answer.
        trace: Trace,
    },
    /// The run was ended before the case was over.
    Interrupted,
}

/// A rule that a backend breaks, and how.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The case that found it.
    pub case: &'static str,
    /// The identifiers of the rules it breaks, the likeliest first.
    pub rules: Vec<&'static str>,
    /// What happened, and what should have.
    pub message: String,
    /// The calls that lead there.
    pub trace: Trace,
    /// The seed of the run.
    pub seed: u64,
}

impl Report {
    /// Whether nothing failed, timed out or was interrupted. Skips are no failures.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.cases.iter().all(|case| case.outcome.is_success())
    }

    /// What failed.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.cases.iter().filter_map(|case| match &case.outcome {
            Outcome::Failed(failure) => Some(&**failure),
            _ => None,
        })
    }

    /// How many cases came to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            let count = match case.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Skipped { .. } => &mut counts.skipped,
                Outcome::Failed(_) => &mut counts.failed,
                Outcome::TimedOut { .. } => &mut counts.timed_out,
                Outcome::Interrupted => &mut counts.interrupted,
            };
            *count += 1;
        }
        counts
    }
}

impl Outcome {
    /// The word for it: `passed`, `skipped`, `failed`, `timed_out` or `interrupted`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped { .. } => "skipped",
            Self::Failed(_) => "failed",
            Self::TimedOut { .. } => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether the case passed or was skipped.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Passed | Self::Skipped { .. })
    }
}

/// How many cases came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that do not apply.
    pub skipped: usize,
    /// Cases that found a broken rule.
    pub failed: usize,
    /// Cases that were not over in time.
    pub timed_out: usize,
    /// Cases that the run was ended before or during.
    pub interrupted: usize,
}

/// The counts in words, those that are zero left out.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        for (count, word) in [
            (self.failed, "failed"),
            (self.timed_out, "timed out"),
            (self.interrupted, "interrupted"),
            (self.skipped, "skipped"),
        ] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            match &case.outcome {
                Outcome::Failed(failure) => writeln!(f, "{failure}")?,
                Outcome::TimedOut { limit, trace } => {
                    writeln!(f, "{}", title("TIMED OUT", case.name))?;
                    let text = format!("It was not over within {limit:?}. The calls until then:");
                    writeln!(f, "{}\n{}", wrapped(&text, "  "), indented(&trace.as_rust()))?;
                }
                Outcome::Passed | Outcome::Skipped { .. } | Outcome::Interrupted => {}
            }
        }
        let mut reasons: Vec<(&str, usize)> = Vec::new();
        for case in &self.cases {
            if let Outcome::Skipped { reason } = &case.outcome {
                match reasons.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, count)) => *count += 1,
                    None => reasons.push((reason, 1)),
                }
            }
        }
        for (reason, count) in reasons {
            writeln!(f, "{}", wrapped(&format!("skipped {count}: {reason}"), ""))?;
        }
        write!(f, "{} in {:.2} s; seed {}", self.counts(), self.time.as_secs_f64(), self.seed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", title("FAILED", self.case))?;
        for rule in self.rules.iter().filter_map(|id| rule(id)) {
            let text = format!("breaks {} ({}): {}", rule.id, rule.section, rule.text);
            writeln!(f, "{}", wrapped(&text, "  "))?;
        }
        writeln!(f)?;
        for line in self.message.lines() {
            writeln!(f, "{}", wrapped(line, "  "))?;
        }
        let calls = self.trace.as_rust();
        if !calls.is_empty() {
            writeln!(f, "\n  The calls that lead there, with `b` the backend:\n")?;
            f.write_str(&indented(&calls))?;
        }
        Ok(())
    }
}

/// A heading that fills the line.
fn title(word: &str, name: &str) -> String {
    let text = format!("{word} {name} ");
    format!("{text}{}", "-".repeat(COLUMNS.saturating_sub(text.len())))
}

const COLUMNS: usize = 80;

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

/// The text in lines of 80 columns where its words allow it, each after the indent.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        let is_fresh = line.len() == indent.len();
        if is_fresh || line.chars().count() + 1 + word.chars().count() <= COLUMNS {
            if !is_fresh {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(format!("{indent}  {word}"));
        }
    }
    lines.join("\n")
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Report", 5)?;
        fields.serialize_field("success", &self.is_success())?;
        fields.serialize_field("seed", &self.seed)?;
        fields.serialize_field("seconds", &self.time.as_secs_f64())?;
        fields.serialize_field("counts", &self.counts())?;
        fields.serialize_field("cases", &self.cases)?;
        fields.end()
    }
}

/// Every key is always there: the reason of a skip, the failure and the calls are null where the
/// outcome has none.
impl Serialize for CaseReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut reason, mut failure, mut calls) = (None, None, None);
        match &self.outcome {
            Outcome::Skipped { reason: why } => reason = Some(why.clone()),
            Outcome::Failed(found) => failure = Some(found),
            Outcome::TimedOut { limit, trace } => {
                reason = Some(format!("not over within {limit:?}"));
                calls = Some(trace);
            }
            Outcome::Passed | Outcome::Interrupted => {}
        }
        let mut fields = serializer.serialize_struct("CaseReport", 7)?;
        fields.serialize_field("case", self.name)?;
        fields.serialize_field("tier", self.tier.as_str())?;
        fields.serialize_field("outcome", self.outcome.as_str())?;
        fields.serialize_field("seconds", &self.time.as_secs_f64())?;
        fields.serialize_field("reason", &reason)?;
        fields.serialize_field("failure", &failure)?;
        fields.serialize_field("trace", &calls)?;
        fields.end()
    }
}
