//! The ONTAP REST API over Python's backends: a cluster, and a server in front of it.
//!
//! `nessie_backend_mem.ontap` checks the arguments and has the documentation.
#![allow(clippy::doc_markdown, reason = "these are Python's docstrings, shown as plain text")]

pub(crate) mod access_log;
pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod coverage;
pub(crate) mod errors;
pub(crate) mod fork_guarded;
pub(crate) mod http_faults;
pub(crate) mod listener;
pub(crate) mod records;
