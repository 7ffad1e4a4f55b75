//! Benchmarks of the other crates: `cargo bench -p nessie-benches --bench NAME`.
//!
//! - `single_calls`: each operation of `nessie-backend-mem`, without Python.
//! - `listing`: parsing of requests and writing of replies in `nessie-ontap-protocol`.
//! - `request_parts`: the parts of a GET and of a POST in `nessie-store`, without a socket.
//! - `requests`: the REST server of `nessie-store`, compared with an empty axum handler.
//!
//! The folder `python` has the benchmarks of the Python package. Its programs `compare.py`, `bulk.py`,
//! `columns.py`, `scaling.py` and `space.py` are run with an interpreter that has the package.
#![forbid(unsafe_code)]
