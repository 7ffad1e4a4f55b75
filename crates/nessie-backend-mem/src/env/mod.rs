//! Inputs from outside the process: the time, random numbers, and forks.

pub(crate) mod clock;
pub(crate) mod fork;
pub(crate) mod random;
