//! Limits the number of connections, and chooses the one to close for a new one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

/// The slots for connections.
pub(super) struct Slots {
    free: Arc<Semaphore>,
    unauthenticated: Mutex<Unauthenticated>,
}

/// The connections that have not logged in, in order of arrival.
#[derive(Default)]
struct Unauthenticated {
    next: u64,
    by_arrival: BTreeMap<u64, AbortHandle>,
}

impl Slots {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), unauthenticated: Mutex::default() })
    }

    /// Waits for a free slot. If there is none, the oldest connection that has not logged in is
    /// closed; connections that have logged in are never closed for another.
    ///
    /// `None` if the semaphore is closed.
    pub(super) async fn acquire(self: &Arc<Self>) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(permit);
        }
        if let Some((_, oldest)) = self.unauthenticated().by_arrival.pop_first() {
            oldest.abort();
        }
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Starts a connection in a slot. `start` gets the slot and returns the handle that aborts the
    /// connection.
    pub(super) fn start(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        start: impl FnOnce(Slot) -> AbortHandle,
    ) {
        // Locked until the insertion: a connection that logs in immediately must find its entry.
        let mut unauthenticated = self.unauthenticated();
        let arrival = unauthenticated.next;
        unauthenticated.next += 1;
        let slot =
            Slot { slots: Arc::clone(self), arrival, is_authenticated: false, _permit: permit };
        let handle = start(slot);
        unauthenticated.by_arrival.insert(arrival, handle);
    }

    fn unauthenticated(&self) -> MutexGuard<'_, Unauthenticated> {
        self.unauthenticated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("free", &self.free.available_permits())
            .finish_non_exhaustive()
    }
}

/// The slot of one connection. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    arrival: u64,
    is_authenticated: bool,
    _permit: OwnedSemaphorePermit,
}

impl Slot {
    /// Notes that the connection has logged in, so that it keeps its slot. False if it lost the
    /// slot before; then the connection ends.
    pub(super) fn mark_authenticated(&mut self) -> bool {
        if !self.is_authenticated {
            self.is_authenticated =
                self.slots.unauthenticated().by_arrival.remove(&self.arrival).is_some();
        }
        self.is_authenticated
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.is_authenticated {
            self.slots.unauthenticated().by_arrival.remove(&self.arrival);
        }
    }
}
