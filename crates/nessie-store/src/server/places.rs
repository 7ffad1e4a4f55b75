//! How many connections there may be, and which one makes room for another.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

/// The places for connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    strangers: Mutex<Strangers>,
}

/// The connections that have not logged in, in the order in which they came.
#[derive(Default)]
struct Strangers {
    next: u64,
    by_arrival: BTreeMap<u64, AbortHandle>,
}

impl Places {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), strangers: Mutex::default() })
    }

    /// Waits for a free place. If there is none, the connection that has been there longest without
    /// a login is closed; connections that have logged in stay as long as they want.
    ///
    /// Nothing if the places are no longer used.
    pub(super) async fn take(self: &Arc<Self>) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(permit);
        }
        if let Some((_, stranger)) = self.strangers().by_arrival.pop_first() {
            stranger.abort();
        }
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Starts a connection at a place. `start` gets the place and returns what ends the connection.
    pub(super) fn start(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        start: impl FnOnce(Place) -> AbortHandle,
    ) {
        // Locked all the time: a connection that logs in at once finds itself here.
        let mut strangers = self.strangers();
        let arrival = strangers.next;
        strangers.next += 1;
        let place =
            Place { places: Arc::clone(self), arrival, has_logged_in: false, _permit: permit };
        let handle = start(place);
        strangers.by_arrival.insert(arrival, handle);
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places")
            .field("free", &self.free.available_permits())
            .finish_non_exhaustive()
    }
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    arrival: u64,
    has_logged_in: bool,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Keeps the place: the connection has logged in. False if it was given away already; then the
    /// connection ends.
    pub(super) fn keep(&mut self) -> bool {
        if !self.has_logged_in {
            self.has_logged_in = self.places.strangers().by_arrival.remove(&self.arrival).is_some();
        }
        self.has_logged_in
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.has_logged_in {
            self.places.strangers().by_arrival.remove(&self.arrival);
        }
    }
}
