//! The contract as the suite reads it: calls and answers as values, the grammar of values, and a
//! naive model that gives the expected answer to every call.

pub(crate) mod call;
pub(crate) mod grammar;
pub(crate) mod model;
