//! The outcomes that the steps of random histories had.

use std::collections::BTreeSet;
use std::sync::Mutex;

/// Steps and their outcomes. Without the refusals, agreement with a model would prove little.
pub(crate) struct Outcomes(Mutex<BTreeSet<String>>);

impl Outcomes {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    pub(crate) fn note(&self, step: &str, outcome: &str) {
        self.0.lock().unwrap().insert(of(step, outcome));
    }

    /// Fails unless the step had each of the outcomes.
    pub(crate) fn assert_had(&self, step: &str, outcomes: &[&str]) {
        let had = self.0.lock().unwrap();
        for outcome in outcomes {
            let expected = of(step, outcome);
            assert!(had.contains(&expected), "no history has {expected:?}: {had:#?}");
        }
    }
}

fn of(step: &str, outcome: &str) -> String {
    format!("{step}: {outcome}")
}
