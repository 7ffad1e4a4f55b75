//! Which of the calls or requests that match a fault are hit.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nessie_backend_core::splitmix64::SplitMix64;
use nessie_backend_core::{BackendError, Result};

/// Which of the calls or requests that match a fault are hit.
///
/// The first `after` pass. Of each `every` that follow, the last is hit, with the given probability, and
/// at most `times` in all. By default all are hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    after: u64,
    times: Option<u64>,
    every: u64,
    probability: Option<f64>,
}

impl Selection {
    /// All.
    #[must_use]
    pub const fn new() -> Self {
        Self { after: 0, times: None, every: 1, probability: None }
    }

    /// The first ones pass. The default is 0.
    #[must_use]
    pub const fn after(mut self, count: u64) -> Self {
        self.after = count;
        self
    }

    /// At most so many are hit.
    #[must_use]
    pub const fn times(mut self, hits: u64) -> Self {
        self.times = Some(hits);
        self
    }

    /// Of so many the last is hit. The default is 1.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for 0.
    pub fn every(mut self, count: u64) -> Result<Self> {
        if count == 0 {
            return Err(broken("every", "0 is less than 1; 1 hits every call".to_owned()));
        }
        self.every = count;
        Ok(self)
    }

    /// Each one that would be hit is hit with this probability.
    ///
    /// # Errors
    /// [`InvalidArgument`](BackendError::InvalidArgument) for a number outside 0 to 1.
    pub fn probability(mut self, probability: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(broken("probability", format!("{probability} is outside 0 to 1")));
        }
        self.probability = Some(probability);
        Ok(self)
    }
}

impl Default for Selection {
    fn default() -> Self {
        Self::new()
    }
}

/// Defines the setters of a fault whose field `selection` is its [`Selection`].
#[doc(hidden)]
#[macro_export]
macro_rules! selection_setters {
    () => {
        /// Of the calls or requests that match, the first ones pass. The default is 0.
        #[must_use]
        pub const fn after(mut self, count: u64) -> Self {
            self.selection = self.selection.after(count);
            self
        }

        /// At most so many are hit.
        #[must_use]
        pub const fn times(mut self, hits: u64) -> Self {
            self.selection = self.selection.times(hits);
            self
        }

        /// Of so many the last is hit. The default is 1.
        ///
        /// # Errors
        /// `InvalidArgument` for 0.
        pub fn every(
            mut self,
            count: u64,
        ) -> ::std::result::Result<Self, ::nessie_backend_core::BackendError> {
            self.selection = self.selection.every(count)?;
            Ok(self)
        }

        /// Each one that would be hit is hit with this probability.
        ///
        /// # Errors
        /// `InvalidArgument` for a number outside 0 to 1.
        pub fn probability(
            mut self,
            probability: f64,
        ) -> ::std::result::Result<Self, ::nessie_backend_core::BackendError> {
            self.selection = self.selection.probability(probability)?;
            Ok(self)
        }

        /// Sets `after`, `times`, `every` and `probability` together.
        #[must_use]
        pub const fn selection(mut self, selection: $crate::Selection) -> Self {
            self.selection = selection;
            self
        }
    };
}

/// The error of a number that breaks a rule.
fn broken(argument: &'static str, reason: String) -> BackendError {
    BackendError::InvalidArgument { argument: argument.into(), reason }
}

/// How often a fault has matched and hit, and its random numbers.
#[derive(Clone, Debug)]
struct Counter {
    selection: Selection,
    matched: u64,
    hits: u64,
    random: SplitMix64,
}

impl Counter {
    /// A counter of the fault at a position in its plan. The seed and the position give its random
    /// numbers.
    fn new(selection: Selection, seed: u64, position: u64) -> Self {
        let random = SplitMix64::new(SplitMix64::mix((seed ^ FAULTS).wrapping_add(position)));
        Self { selection, matched: 0, hits: 0, random }
    }

    /// Counts a call that matches, and decides whether the fault hits it.
    fn hits(&mut self) -> bool {
        let Selection { after, times, every, probability } = self.selection;
        self.matched += 1;
        let Some(later) = self.matched.checked_sub(after).filter(|later| *later > 0) else {
            return false;
        };
        if later % every != 0 || times.is_some_and(|times| self.hits >= times) {
            return false;
        }
        if probability.is_some_and(|probability| self.draw() >= probability) {
            return false;
        }
        self.hits += 1;
        true
    }

    /// Whether no call has matched.
    const fn is_unused(&self) -> bool {
        self.matched == 0
    }

    /// A number from 0 to less than 1.
    #[expect(clippy::cast_precision_loss, reason = "the number has 53 bits")]
    fn draw(&mut self) -> f64 {
        (self.random.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The counters of the faults of a plan, and what they have hit.
#[derive(Debug)]
pub struct Tally<H> {
    state: Mutex<TallyState<H>>,
}

#[derive(Debug)]
struct TallyState<H> {
    counters: Vec<Counter>,
    hits: Vec<H>,
}

impl<H: Clone> Tally<H> {
    /// The counters of faults with these selections, in the order of the plan.
    #[must_use]
    pub fn new(selections: impl IntoIterator<Item = Selection>, seed: u64) -> Self {
        let selections = (0..).zip(selections);
        let counters = selections.map(|(position, each)| Counter::new(each, seed, position));
        let state = TallyState { counters: counters.collect(), hits: Vec::new() };
        Self { state: Mutex::new(state) }
    }

    /// Counts a call that the fault at a position matches. Whether the fault hits it; the hit is then
    /// recorded.
    pub fn count(&self, position: usize, hit: impl FnOnce() -> H) -> bool {
        let mut state = self.state();
        let is_hit = state.counters.get_mut(position).is_some_and(Counter::hits);
        if is_hit {
            state.hits.push(hit());
        }
        is_hit
    }

    /// What was hit, in its order.
    #[must_use]
    pub fn hits(&self) -> Vec<H> {
        self.state().hits.clone()
    }

    /// The positions of the faults that no call has matched.
    #[must_use]
    pub fn unused(&self) -> Vec<usize> {
        let state = self.state();
        let counters = state.counters.iter().enumerate();
        counters.filter(|(_, counter)| counter.is_unused()).map(|(position, _)| position).collect()
    }

    // A panic leaves the counters valid.
    fn state(&self) -> MutexGuard<'_, TallyState<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So that the numbers of faults differ from the identifiers of the same seed.
const FAULTS: u64 = u64::from_be_bytes(*b"a fault!");
