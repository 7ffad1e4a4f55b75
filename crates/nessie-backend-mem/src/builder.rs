//! The builder of a backend.

use nessie_backend_core::{Result, Timestamp};

use crate::backend::MemBackend;
use crate::env::clock::Clock;
use crate::env::random::IdSource;
use crate::inner::Inner;
use crate::limits::{Limits, Profile};
use crate::state::{Restrictions, Space, State, check_capacity};

impl MemBackend {
    /// Sets the seed, the clock, the capacity and the limits of a new backend.
    pub fn builder() -> MemBackendBuilder {
        MemBackendBuilder::default()
    }
}

/// Sets the seed, the clock, the capacity and the limits of a new [`MemBackend`]. Without a seed and
/// a start, its times are those of the system's clock in whole seconds.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct MemBackendBuilder {
    seed: Option<u64>,
    start: Option<Timestamp>,
    capacity_bytes: Option<u64>,
    profile: Option<Profile>,
    limits: Option<Limits>,
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

    /// Gives the backend the limits and rules of a storage system.
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Sets all limits, in place of those of the [profile](Self::profile). To change a few of
    /// those, change the [limits of the profile](Profile::limits).
    ///
    /// ```
    /// use nessie_backend_mem::{MemBackend, Profile};
    ///
    /// let profile = Profile::Ontap;
    /// let limits = profile.limits().snapshots_per_volume(None).volumes(10_000);
    /// let backend = MemBackend::builder().profile(profile).limits(limits).build()?;
    /// # assert_eq!(backend.limits().clone_depth, Some(499));
    /// # Ok::<(), nessie_backend_core::BackendError>(())
    /// ```
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
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
        let of_profile = self.profile.map_or(Limits::NONE, Profile::limits);
        state.restrictions = Restrictions::new(self.profile, self.limits.unwrap_or(of_profile));
        Ok(MemBackend::from_inner(Inner { state, clock, source }))
    }
}
