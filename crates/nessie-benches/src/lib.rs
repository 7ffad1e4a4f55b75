//! Benchmarks of the other crates: `cargo bench -p nessie-benches --bench NAME`.
//!
//! - `single_calls`: each operation of `nessie-backend-mem`, without Python.
//! - `listing`: parsing of requests and writing of replies in `nessie-ontap-protocol`.
//! - `requests`: the REST server of `nessie-store` beside an empty axum handler.
#![forbid(unsafe_code)]
