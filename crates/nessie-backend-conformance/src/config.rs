//! Settings of a run.

use std::borrow::Borrow;
use std::time::Duration;

use nessie_backend_core::{BackendError, Result};
use wildmatch::WildMatch;

use crate::feature::Feature;

/// Settings of a run. The defaults suit a backend that answers in microseconds; lower the numbers
/// for a slow one.
///
/// ```
/// use nessie_backend_conformance::Config;
///
/// let config = Config::default().seed(7).objects(50).only("create_volume.*");
/// assert_eq!(config, Config::default().seed(7).objects(50).only("create_volume.*"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    pub(crate) seed: u64,
    pub(crate) prefix: String,
    pub(crate) time_limit: Duration,
    pub(crate) objects: usize,
    pub(crate) threads: usize,
    pub(crate) rounds: usize,
    pub(crate) sequences: usize,
    pub(crate) steps: usize,
    pub(crate) only: Vec<String>,
    pub(crate) expected: Vec<Feature>,
    pub(crate) compares_details: bool,
}

impl Config {
    /// Maximum length of a [`prefix`](Self::prefix), in characters.
    pub const MAX_PREFIX: usize = 32;

    /// Seed of the generated sequences. Default 0. The same seed gives the same sequences.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Prefix of the names of the suite's volumes. Default `conf`. The suite appends a number, so
    /// that no existing volume has a name with the resulting prefix.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) if it is longer than
    /// [`MAX_PREFIX`](Self::MAX_PREFIX) or not a valid volume name.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Result<Self> {
        let prefix = prefix.into();
        nessie_backend_core::rules::volume_name(&prefix)
            .map_err(|error| error.for_argument("prefix"))?;
        if prefix.len() > Self::MAX_PREFIX {
            return Err(BackendError::invalid("prefix", &prefix, "is longer than 32 characters"));
        }
        self.prefix = prefix;
        Ok(self)
    }

    /// Time limit of each case. Default 30 seconds. At half of it, cases of generated sequences and
    /// of repeated races end early; see [`Outcome::CutShort`](crate::Outcome::CutShort).
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Number of volumes, snapshots, clones or calls in the `scale` cases. Default 1 030, at least
    /// 20. Limits of a backend that are above this number are not found.
    #[must_use]
    pub fn objects(mut self, objects: usize) -> Self {
        self.objects = objects.max(20);
        self
    }

    /// Number of threads in the `concurrency` cases. Default 4, clamped to 2–16.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(2, 16);
        self
    }

    /// Number of repetitions of each `concurrency` case. Default 100, at least 1. Up to twice as many
    /// are made if the calls of two threads have hardly overlapped.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds.max(1);
        self
    }

    /// Number of generated sequences in each `model` case. Default 60. With 0 these cases are
    /// skipped. Below 60, the `histories` cases run that many sixtieths of their histories.
    #[must_use]
    pub fn sequences(mut self, sequences: usize) -> Self {
        self.sequences = sequences;
        self
    }

    /// Number of operations in each generated sequence. Default 60, at least 1.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps.max(1);
        self
    }

    /// Runs only the cases whose name matches the pattern. In a pattern, `*` means any text
    /// and `?` for one character. Several patterns select the cases that match any of them.
    #[must_use]
    pub fn only(mut self, pattern: impl Into<String>) -> Self {
        self.only.push(pattern.into());
        self
    }

    /// The features that the backend must have. A case that would be skipped because the backend
    /// lacks one of them fails instead. Several calls add up. Default none.
    ///
    /// Name what your backend supports: then a forgotten accessor or a tier that is lost fails the
    /// run, and does not shorten it.
    ///
    /// ```
    /// use nessie_backend_conformance::{Config, Feature, run};
    /// use nessie_backend_mem::MemBackend;
    ///
    /// let config = Config::default().expect([Feature::Clones, Feature::SplitClone]).only("split.*");
    /// assert!(run(&MemBackend::new(), &config).is_success());
    ///
    /// let everything = Config::default().expect(Feature::ALL).only("restore.*");
    /// assert!(run(&MemBackend::new(), &everything).is_success());
    /// ```
    #[must_use]
    pub fn expect(mut self, features: impl IntoIterator<Item = impl Borrow<Feature>>) -> Self {
        self.expected.extend(features.into_iter().map(|feature| *feature.borrow()));
        self
    }

    /// Whether the fields of errors are compared that are not part of the code, the target or the
    /// dependents: the state in [`VolumeOffline`](BackendError::VolumeOffline), and the volume in
    /// [`SnapshotNotFound`](BackendError::SnapshotNotFound) and
    /// [`SnapshotExists`](BackendError::SnapshotExists). Default true.
    ///
    /// Set it to false for an adapter to a language whose errors do not have these fields.
    #[must_use]
    pub fn error_details(mut self, are_compared: bool) -> Self {
        self.compares_details = are_compared;
        self
    }

    pub(crate) fn selects(&self, name: &str) -> bool {
        self.only.is_empty()
            || self.only.iter().any(|pattern| WildMatch::new(pattern).matches(name))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            prefix: "conf".to_owned(),
            time_limit: Duration::from_secs(30),
            objects: 1030,
            threads: 4,
            rounds: 100,
            sequences: 60,
            steps: 60,
            only: Vec::new(),
            expected: Vec::new(),
            compares_details: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_text_and_a_question_mark_one_character() {
        let selects = |pattern: &str| Config::default().only(pattern).selects("create_volume.name");
        for pattern in
            ["*", "create*", "*name", "c*e*e", "create_volume.name", "create*.*", "*.nam?"]
        {
            assert!(selects(pattern), "{pattern}");
        }
        for pattern in ["", "create", "*volume", "name*", "x*", "create_volume.name?"] {
            assert!(!selects(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_matched_at_once() {
        let pattern = "*a".repeat(40) + "*z";
        assert!(!Config::default().only(pattern).selects(&"a".repeat(60)));
    }

    #[test]
    fn several_patterns_are_combined_and_no_pattern_selects_all() {
        assert!(Config::default().selects("a.b"));
        let config = Config::default().only("a.*").only("b.c");
        assert!(config.selects("a.b") && config.selects("b.c") && !config.selects("b.d"));
    }

    #[test]
    fn a_prefix_that_no_name_can_begin_with_is_refused() {
        for prefix in ["", "-a", "a b", &"x".repeat(33)] {
            let error = Config::default().prefix(prefix).unwrap_err();
            assert_eq!(error.target().as_deref(), Some("prefix"), "{prefix:?}");
        }
    }
}
