//! A case: its name, needs, rules and body.

use std::fmt;

use crate::feature::{Feature, Tier};
use crate::harness::{CaseResult, Harness};
use crate::rule::Rule;

/// One test of the suite.
#[derive(Clone, Copy)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    pub(crate) needs: &'static [Feature],
    pub(crate) rules: &'static [&'static str],
    pub(crate) summary: &'static str,
    pub(crate) body: fn(&Harness<'_>) -> CaseResult,
}

impl Case {
    /// The name: a theme, a dot and a promise, such as `create_volume.refuses_a_taken_name`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The tier without which the case is skipped.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// The optional operations without which the case is skipped.
    #[must_use]
    pub const fn needs(&self) -> &'static [Feature] {
        self.needs
    }

    /// The identifiers of the rules that the case checks; see [`rules`](crate::rules).
    #[must_use]
    pub const fn rule_ids(&self) -> &'static [&'static str] {
        self.rules
    }

    /// The rules that the case checks.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.rules.iter().filter_map(|id| crate::rule::rule(id))
    }

    /// The check, in one sentence.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        self.summary.trim_ascii_start()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("tier", &self.tier)
            .field("needs", &self.needs)
            .field("rules", &self.rules)
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}
