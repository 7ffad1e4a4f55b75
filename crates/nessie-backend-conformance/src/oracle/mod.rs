//! The contract as the suite reads it: calls and answers as values, the grammar of values, and a
//! naive model that gives the expected answer to every call.
//!
//! Public with the feature `oracle`, for tests that need more than the suite's cases, for example
//! operations outside the contract between the calls. Unstable: any release can change this module.
//!
//! [`call::Call::make`] makes a call; `model::Model::check` compares its answer with the one that
//! the contract expects.
#![cfg_attr(
    not(feature = "oracle"),
    allow(unreachable_pub, reason = "the module is public with the feature `oracle`")
)]

pub mod call;
pub mod grammar;
pub mod model;
pub mod route;
