//! The builder of a backend.

use nessie_backend_core::{Result, Timestamp};

use crate::backend::MemBackend;
use crate::env::clock::Clock;
use crate::env::random::IdSource;
use crate::inner::Inner;
use crate::state::{Space, State, check_capacity};

impl MemBackend {
    /// Sets the seed, the clock and the capacity of a new backend.
    pub fn builder() -> MemBackendBuilder {
        MemBackendBuilder::default()
    }
}

/// Sets the seed, the clock and the capacity of a new [`MemBackend`]. Without both, its times are those of the
/// system's clock in whole seconds.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct MemBackendBuilder {
    seed: Option<u64>,
    start: Option<Timestamp>,
    capacity_bytes: Option<u64>,
}

impl MemBackendBuilder {
    /// The default time of a seeded backend's clock: `2000-01-01T00:00:00Z`.
    pub const DEFAULT_START: Timestamp = match Timestamp::from_unix_micros(946_684_800 * 1_000_000)
    {
        Some(time) => time,
        None => Timestamp::UNIX_EPOCH,
    };

    /// Makes the backend deterministic: the same calls give the same records. The clock is
    /// stopped at [`start`](Self::start), or by default at [`DEFAULT_START`](Self::DEFAULT_START).
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Stops the clock at a time. It is stopped until it is [advanced](MemBackend::advance).
    pub const fn start(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Sets the size of the pool that all volumes share; `None`, the default, is unlimited.
    pub fn capacity_bytes(mut self, capacity_bytes: impl Into<Option<u64>>) -> Self {
        self.capacity_bytes = capacity_bytes.into();
        self
    }

    /// Creates the backend.
    ///
    /// # Errors
    /// [`InvalidArgument`](nessie_backend_core::BackendError::InvalidArgument) for a capacity of 0;
    /// [`Substrate`](nessie_backend_core::BackendError::Substrate) if the operating system has no
    /// random numbers.
    pub fn build(self) -> Result<MemBackend> {
        let default_start = self.seed.map(|_| Self::DEFAULT_START);
        let clock = match self.start.or(default_start) {
            Some(start) => Clock::standing(start),
            None => Clock::SYSTEM,
        };
        check_capacity(self.capacity_bytes)?;
        let (source, key) = IdSource::new(self.seed)?;
        let mut state = State::new(key);
        state.space = Space::with_capacity(self.capacity_bytes);
        Ok(MemBackend::from_inner(Inner { state, clock, source }))
    }
}
