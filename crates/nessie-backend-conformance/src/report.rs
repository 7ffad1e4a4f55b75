//! The report of a run.

use std::fmt;
use std::time::Duration;

use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::feature::Tier;
use crate::rule::rule;
use crate::trace::Trace;

/// The report of a run: one entry for each selected case, in the order of [`cases`](crate::cases()).
///
/// Displays as text of 80 columns: of the cases that break the same rule first, one is shown and the
/// others are named. Serialises for programs, with every failure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// The report of each case.
    pub cases: Vec<CaseReport>,
    /// How long the run took.
    pub time: Duration,
}

/// The report of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case's name.
    pub name: &'static str,
    /// The tier it needs.
    pub tier: Tier,
    /// Its outcome.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// The outcome of a case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The backend keeps the rules that the case checks.
    Passed,
    /// Nothing was found in the part of the case that fitted into half of the time limit.
    CutShort {
        /// How much of the case was run, for example `12 of 60 sequences`.
        reason: String,
    },
    /// The case does not apply to this backend, or could not be run.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The backend breaks a rule.
    Failed(Box<Failure>),
    /// The case exceeded the time limit.
    TimedOut {
        /// The time limit.
        limit: Duration,
        /// The calls so far. The last call may have no answer.
        trace: Trace,
    },
    /// The run ended before or during the case.
    Interrupted,
}

/// A rule that a backend breaks, and how.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The case that found it.
    pub case: &'static str,
    /// The identifiers of the broken rules, the most likely first.
    pub rules: Vec<&'static str>,
    /// The actual and the expected result.
    pub message: String,
    /// The calls that reproduce it.
    pub trace: Trace,
    /// The seed of the run.
    pub seed: u64,
}

impl Report {
    /// Whether no case failed, timed out or was interrupted. Skipped cases and those that were cut
    /// short do not count.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.cases.iter().all(|case| case.outcome.is_success())
    }

    /// The failures of all cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.cases.iter().filter_map(|case| match &case.outcome {
            Outcome::Failed(failure) => Some(&**failure),
            _ => None,
        })
    }

    /// The failures by the rule that each breaks first, in the order of the cases.
    #[must_use]
    pub fn failures_by_rule(&self) -> Vec<(&'static str, Vec<&Failure>)> {
        let mut groups: Vec<(&'static str, Vec<&Failure>)> = Vec::new();
        for failure in self.failures() {
            let rule = failure.rules.first().copied().unwrap_or_default();
            match groups.iter_mut().find(|(known, _)| *known == rule) {
                Some((_, failures)) => failures.push(failure),
                None => groups.push((rule, vec![failure])),
            }
        }
        groups
    }

    /// The number of cases for each outcome.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            let count = match case.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::CutShort { .. } => &mut counts.cut_short,
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
    /// The outcome as a word: `passed`, `cut_short`, `skipped`, `failed`, `timed_out` or
    /// `interrupted`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::CutShort { .. } => "cut_short",
            Self::Skipped { .. } => "skipped",
            Self::Failed(_) => "failed",
            Self::TimedOut { .. } => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether the case passed, was cut short or was skipped.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Passed | Self::CutShort { .. } | Self::Skipped { .. })
    }
}

/// The number of cases for each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that found nothing in half of the time limit, and were not complete then.
    pub cut_short: usize,
    /// Cases that do not apply or could not be run.
    pub skipped: usize,
    /// Cases that found a broken rule.
    pub failed: usize,
    /// Cases that exceeded the time limit.
    pub timed_out: usize,
    /// Cases that had not ended when the run ended.
    pub interrupted: usize,
}

/// The counts in words. Zeros are left out, except for passed.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        for (count, word) in [
            (self.failed, "failed"),
            (self.timed_out, "timed out"),
            (self.interrupted, "interrupted"),
            (self.cut_short, "cut short"),
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
        let groups = self.failures_by_rule();
        for (rule, failures) in &groups {
            let Some((first, others)) = failures.split_first() else { continue };
            writeln!(f, "{first}")?;
            if !others.is_empty() {
                writeln!(f, "{}\n", wrapped(&also(rule, others), "  "))?;
            }
        }
        for case in &self.cases {
            match &case.outcome {
                Outcome::TimedOut { limit, trace } => {
                    writeln!(f, "{}", title("TIMED OUT", case.name))?;
                    let text = format!(
                        "Not finished within the time limit of {limit:?}. A slower backend needs a \
                         larger one. The calls so far:"
                    );
                    writeln!(f, "{}\n{}", wrapped(&text, "  "), indented(&trace.as_rust()))?;
                }
                Outcome::CutShort { reason } => {
                    let text = format!("cut short {}: {reason}", case.name);
                    writeln!(f, "{}", wrapped(&text, ""))?;
                }
                Outcome::Passed
                | Outcome::Failed(_)
                | Outcome::Skipped { .. }
                | Outcome::Interrupted => {}
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
        for (rule, failures) in &groups {
            let first = failures.first().map_or("", |failure| failure.case);
            writeln!(f, "{rule}: {}, first {first}", cases_in_words(failures.len()))?;
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

/// Number of cases that are named when they break a rule that another case has shown.
const MAX_NAMED: usize = 8;

/// Names the other cases that break a rule first.
fn also(rule: &str, others: &[&Failure]) -> String {
    let names: Vec<&str> = others.iter().take(MAX_NAMED).map(|failure| failure.case).collect();
    let rest = match others.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let (noun, verb) = if others.len() == 1 { ("case", "breaks") } else { ("cases", "break") };
    let count = others.len();
    format!("{count} more {noun} {verb} {rule} first: {}{rest}", names.join(", "))
}

fn cases_in_words(count: usize) -> String {
    format!("{count} {}", if count == 1 { "case" } else { "cases" })
}

/// A heading, filled with dashes to the full width.
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

/// Every key is present; `reason`, `failure` and `trace` are null if the outcome has none.
impl Serialize for CaseReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut reason, mut failure, mut calls) = (None, None, None);
        match &self.outcome {
            Outcome::Skipped { reason: why } | Outcome::CutShort { reason: why } => {
                reason = Some(why.clone());
            }
            Outcome::Failed(found) => failure = Some(found),
            Outcome::TimedOut { limit, trace } => {
                reason = Some(format!("not finished within the time limit of {limit:?}"));
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
