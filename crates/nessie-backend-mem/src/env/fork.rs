//! Telling a forked process from its parent.
//!
//! After `fork(2)` the child holds a copy of every backend, generator state included. It must not
//! give out the identifiers that its parent gives out, so it has to notice. Asking for the process
//! id costs a system call on every identifier; counting forks in a handler costs one load.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

static FORKS: AtomicU64 = AtomicU64::new(0);
/// A number of this process's own, and 0 until it is drawn. No lock guards it: a process may be
/// forked while another thread holds one, and then nobody ever releases it in the child.
static OWN: AtomicU64 = AtomicU64::new(0);
static WATCH: Once = Once::new();

/// A number that changes whenever this process turns out to be a fork of the one that asked last.
pub(crate) fn epoch() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// The number that tells this process from those that were forked from the same one. The first
/// call draws it.
pub(crate) fn own_number<E>(draw: impl FnOnce() -> Result<u64, E>) -> Result<u64, E> {
    let drawn = match OWN.load(Ordering::Relaxed) {
        0 => draw()?.max(1),
        number => return Ok(number),
    };
    let won = OWN.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed);
    Ok(won.map_or_else(|earlier| earlier, |_| drawn))
}

/// Starts counting forks; before this, [`epoch`] never changes.
pub(crate) fn watch() {
    WATCH.call_once(register);
}

#[cfg(unix)]
fn register() {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        OWN.store(0, Ordering::Relaxed);
    }
    // SAFETY: `pthread_atfork` only stores the pointers. The handler is a function without
    // arguments that lives as long as the program, cannot unwind, and does nothing but one atomic
    // addition and one atomic store to statics, which are async-signal-safe as POSIX asks of a
    // child's handler.
    #[expect(unsafe_code, reason = "the standard library offers no safe way to notice a fork")]
    let status = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    assert!(status == 0, "no memory to register a fork handler");
}

#[cfg(not(unix))]
fn register() {}
