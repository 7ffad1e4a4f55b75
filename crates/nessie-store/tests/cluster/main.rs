//! The cluster without a server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails that way")]

mod backends;
mod changes;
mod cli;
mod collections;
mod coverage;
mod discovery;
mod export_policies;
mod files;
mod flexgroups;
mod hostile;
mod life;
mod movement;
mod parameters;
mod policies;
mod qos_policies;
mod qtrees;
mod quotas;
mod recovery_queue;
mod references;
mod refusals;
mod reset;
mod schedules;
mod snapshot_policies;
mod space;
mod support;
mod svms;
