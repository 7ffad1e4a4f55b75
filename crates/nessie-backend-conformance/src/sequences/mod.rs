//! Generated sequences of operations: `generate` draws them, `replay` runs them, `shrink` shortens a
//! failing one and the calls of any other case.

mod again;
pub(crate) mod generate;
pub(crate) mod op;
pub(crate) mod replay;
pub(crate) mod rng;
pub(crate) mod shrink;
mod simpler;
