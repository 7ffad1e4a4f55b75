//! Generated sequences of operations: how they are drawn, run and shrunk.

pub(crate) mod op;
pub(crate) mod replay;
mod rng;
pub(crate) mod shrink;
pub(crate) mod shrink_calls;
