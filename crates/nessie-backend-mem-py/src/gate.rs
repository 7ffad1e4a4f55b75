//! Work without the interpreter, and forks of the process meanwhile.
//!
//! A thread that is not attached may hold a backend's lock at any instant, and a child forked at
//! that instant would find it locked for ever: the thread that would release it is not copied. So
//! a fork waits until such work is done, and work that begins while one waits stays attached.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

#[derive(Default)]
struct Gate {
    /// How much work is under way without the interpreter.
    running: usize,
    /// How many threads are about to fork.
    forking: usize,
}

static GATE: Mutex<Gate> = Mutex::new(Gate { running: 0, forking: 0 });
static IDLE: Condvar = Condvar::new();

fn gate() -> MutexGuard<'static, Gate> {
    // Held for a few instructions, by nobody who waits for the interpreter.
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes the end of work, even if it panics.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        let mut gate = gate();
        gate.running -= 1;
        if gate.running == 0 {
            IDLE.notify_all();
        }
    }
}

/// Runs work that takes a backend's lock for long, while other Python threads go on.
pub(crate) fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> R {
    {
        let mut gate = gate();
        if gate.forking > 0 {
            drop(gate);
            return work();
        }
        gate.running += 1;
    }
    py.detach(|| {
        let _running = Running;
        work()
    })
}

/// Waits until nothing runs detached, and keeps it so until the fork is over.
#[pyfunction]
#[pyo3(name = "_before_fork")]
pub(crate) fn before_fork(py: Python<'_>) {
    gate().forking += 1;
    py.detach(|| {
        let idle = IDLE.wait_while(gate(), |gate| gate.running > 0);
        drop(idle.unwrap_or_else(PoisonError::into_inner));
    });
}

/// Ends what `_before_fork` began, in the parent and in the child.
#[pyfunction]
#[pyo3(name = "_after_fork")]
pub(crate) fn after_fork() {
    let mut gate = gate();
    gate.forking = gate.forking.saturating_sub(1);
}
