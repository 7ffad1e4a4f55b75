//! The interpreter and the process: attaching and detaching, signals, forks, exit.

pub(crate) mod exit;
pub(crate) mod fork;
pub(crate) mod freed;
pub(crate) mod interrupt;
pub(crate) mod worker;
