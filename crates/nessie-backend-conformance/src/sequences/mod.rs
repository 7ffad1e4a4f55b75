//! Generated sequences of operations: `generate` draws them, `replay` runs them, `shrink` shortens a
//! failing one. `shrink_calls` shortens the calls of any other case.

pub(crate) mod generate;
pub(crate) mod op;
pub(crate) mod replay;
mod rng;
pub(crate) mod shrink;
pub(crate) mod shrink_calls;
