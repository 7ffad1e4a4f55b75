//! Faults of requests and of backends, and the resources of `/simulator`, over a socket.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test of what cannot happen fails by a panic"
)]

mod backend_faults;
mod configuration;
mod control;
mod http_faults;
mod job_faults;
mod support;
