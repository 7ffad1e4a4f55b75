//! Distinguishing a forked process from its parent.
//!
//! After `fork(2)` the child has a copy of every backend, and must not give out the identifiers
//! that its parent gives out. Reading the process id costs a system call for every identifier;
//! counting forks in a handler costs one load.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

static FORKS: AtomicU64 = AtomicU64::new(0);
/// Random number of this process; 0 until drawn. Atomic rather than locked, because a lock held
/// during `fork` is never released in the child.
static OWN: AtomicU64 = AtomicU64::new(0);
static WATCH: Once = Once::new();

/// How often this process and its ancestors were forked from a parent since [`watch`].
pub(crate) fn count() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// Random number of this process, which the first call draws.
pub(crate) fn own_number<E>(draw: impl FnOnce() -> Result<u64, E>) -> Result<u64, E> {
    let drawn = match OWN.load(Ordering::Relaxed) {
        0 => draw()?.max(1),
        number => return Ok(number),
    };
    let won = OWN.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed);
    Ok(won.map_or_else(|earlier| earlier, |_| drawn))
}

/// Starts counting forks; before this, [`count`] never changes.
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
    // addition and one atomic store to statics, which are async-signal-safe as POSIX requires of a
    // child's handler.
    #[expect(unsafe_code, reason = "the standard library offers no safe way to notice a fork")]
    let status = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    assert!(status == 0, "no memory to register a fork handler");
}

#[cfg(not(unix))]
fn register() {}
