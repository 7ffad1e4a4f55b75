//! Randomness: the source of keys and epochs of identifiers. No other module draws any.

use nessie_backend_core::splitmix64::SplitMix64;
use nessie_backend_core::{BackendError, Result};

use crate::env::fork;
use crate::storage::ids::{IdKey, KEY_WORDS};
use crate::storage::serial::EPOCHS;

/// The source of the epochs of new records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdSource {
    seed: Option<u64>,
    epoch: u64,
    /// The [count of forks](fork::count) when the epoch was drawn.
    forks: u64,
}

impl IdSource {
    /// A source, and the key of its identifiers. Both come from the seed, or from the system's
    /// randomness if there is none.
    pub(crate) fn new(seed: Option<u64>) -> Result<(Self, IdKey)> {
        let mut words = [0; 1 + KEY_WORDS];
        if let Some(seed) = seed {
            let mut generator = SplitMix64::new(seed);
            words.fill_with(|| generator.next());
        } else {
            for word in &mut words {
                *word = system_random()?;
            }
        }
        let [epoch, key @ ..] = words;
        Ok((Self::resumed(seed, epoch % EPOCHS), IdKey::new(key)))
    }

    /// A source that continues a saved one.
    pub(crate) fn resumed(seed: Option<u64>, epoch: u64) -> Self {
        fork::watch();
        Self { seed, epoch, forks: fork::count() }
    }

    pub(crate) const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The epoch of the last record, for saving.
    pub(crate) const fn last_epoch(&self) -> u64 {
        self.epoch
    }

    /// The epoch of a record that is created now. In a forked process it is a new one, unless the
    /// identifiers come from a seed. It depends on the old one, so that copies of a backend agree
    /// in the forked process too.
    pub(crate) fn epoch(&mut self) -> Result<u64> {
        let forks = fork::count();
        if self.forks != forks && self.seed.is_none() {
            let own = fork::own_number(system_random)?;
            self.epoch = SplitMix64::new(self.epoch ^ own).next() % EPOCHS;
            self.forks = forks;
        }
        Ok(self.epoch)
    }
}

fn system_random() -> Result<u64> {
    getrandom::u64().map_err(|error| BackendError::substrate("drawing random identifiers", error))
}
