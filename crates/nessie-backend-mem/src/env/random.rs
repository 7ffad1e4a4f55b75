//! Randomness: where keys and lineages of identifiers come from. No other module draws any.

use nessie_backend_core::splitmix64::SplitMix64;
use nessie_backend_core::{BackendError, Result};
use serde::{Deserialize, Serialize};

use crate::env::fork;
use crate::storage::ids::{IdKey, KEY_WORDS, LINEAGES};

/// Gives new records their lineage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    origin: Origin,
    lineage: u64,
    /// The process epoch in which `lineage` was drawn.
    epoch: u64,
}

/// Where a backend's randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// The operating system.
    System,
    /// A seed: the same one gives the same identifiers.
    Seed(u64),
}

impl Source {
    /// A source, and the key of the identifiers it makes.
    pub(crate) fn new(origin: Origin) -> Result<(Self, IdKey)> {
        fork::watch();
        let mut words = [0; 1 + KEY_WORDS];
        match origin {
            Origin::Seed(seed) => {
                let mut generator = SplitMix64::new(seed);
                words.fill_with(|| generator.next());
            }
            Origin::System => {
                for word in &mut words {
                    *word = system_random()?;
                }
            }
        }
        let [lineage, key @ ..] = words;
        let source = Self { origin, lineage: lineage % LINEAGES, epoch: fork::epoch() };
        Ok((source, IdKey::new(key)))
    }

    /// A source that goes on where a saved one stopped.
    pub(crate) fn resumed(origin: Origin, lineage: u64) -> Self {
        fork::watch();
        Self { origin, lineage, epoch: fork::epoch() }
    }

    pub(crate) const fn origin(&self) -> Origin {
        self.origin
    }

    /// The lineage as it stands, for saving.
    pub(crate) const fn last_lineage(&self) -> u64 {
        self.lineage
    }

    /// The lineage of a record that is made now. In a forked process it is a new one, unless the
    /// identifiers come from a seed: one for each old lineage, so that copies of one backend still
    /// agree there.
    pub(crate) fn lineage(&mut self) -> Result<u64> {
        let epoch = fork::epoch();
        if self.epoch != epoch && self.origin == Origin::System {
            let own = fork::own_number(system_random)?;
            self.lineage = SplitMix64::new(self.lineage ^ own).next() % LINEAGES;
            self.epoch = epoch;
        }
        Ok(self.lineage)
    }
}

fn system_random() -> Result<u64> {
    getrandom::u64().map_err(|error| BackendError::substrate("drawing random identifiers", error))
}
